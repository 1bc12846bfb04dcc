//! How an instance is configured: small, made for links, and silent about what its rows hold.

use std::fmt::Write as _;
use std::path::Path;

/// What may differ from instance to instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Shared memory for pages, in megabytes.
    pub shared_buffers_mb: u32,
    /// How many connections are taken at once.
    pub connections_max: u32,
    /// How much write-ahead log a slot may hold back before it is given up, in megabytes.
    pub slot_wal_keep_mb: u32,
    /// Whether commits wait for the disk. Only tests say no.
    pub durable: bool,
    /// Whether the texts of statement errors reach the log. An error's text can quote a value, so
    /// only nodes that hold nothing but ciphertext say yes.
    pub log_errors: bool,
    /// Whether every role, not only the superuser, may come in by the local socket. Only tests say
    /// yes.
    pub local_roles: bool,
    /// The addresses that are listened on, as in `listen_addresses`.
    pub listen: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shared_buffers_mb: 16,
            connections_max: 60,
            slot_wal_keep_mb: 1024,
            durable: true,
            log_errors: false,
            local_roles: false,
            listen: "localhost".to_owned(),
        }
    }
}

/// Where the parts of an instance lie, for its configuration file.
pub(crate) struct Places<'a> {
    pub socket: &'a Path,
    pub access: &'a Path,
    pub port: u16,
    pub tls: bool,
}

/// The fixed part. Sizes allow sixteen links; no background processes that a small node can spare.
const FIXED: &str = "\
datestyle = 'iso, ymd'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.english'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
ssl_min_protocol_version = 'TLSv1.3'
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_active_replication_origins = 20
max_worker_processes = 24
max_logical_replication_workers = 20
max_sync_workers_per_subscription = 1
max_parallel_workers_per_gather = 0
wal_retrieve_retry_interval = '1s'
wal_sender_timeout = '20s'
wal_receiver_timeout = '20s'
wal_buffers = '4MB'
min_wal_size = '64MB'
max_wal_size = '512MB'
io_method = sync
jit = off
autovacuum_max_workers = 2
autovacuum_naptime = '20s'
idle_in_transaction_session_timeout = '60s'
";

/// Statements, parameters and details never reach the log: they would put rows into it.
const SILENT: &str = "\
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %b '
log_error_verbosity = terse
log_min_error_statement = panic
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_lock_waits = off
log_temp_files = -1
log_autovacuum_min_duration = -1
log_replication_commands = off
";

impl Settings {
    /// The whole of `postgresql.conf`.
    pub(crate) fn text(&self, places: &Places<'_>) -> String {
        let mut text = String::from("# Written at every start; changes made here are lost.\n");
        text.push_str(FIXED);
        text.push_str(SILENT);
        let level = if self.log_errors { "error" } else { "log" };
        let durable = on_off(self.durable);
        let quoted = |path: &Path| quote(&path.display().to_string());
        let mut line = |key: &str, value: String| {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{key} = {value}");
        };
        line("listen_addresses", quote(&self.listen));
        line("port", places.port.to_string());
        line("unix_socket_directories", quoted(places.socket));
        line("hba_file", quoted(&places.access.join("pg_hba.conf")));
        line("ident_file", quoted(&places.access.join("pg_ident.conf")));
        line("max_connections", self.connections_max.to_string());
        line("shared_buffers", format!("'{}MB'", self.shared_buffers_mb));
        line(
            "max_slot_wal_keep_size",
            format!("'{}MB'", self.slot_wal_keep_mb),
        );
        line("log_min_messages", level.to_owned());
        line("fsync", durable.to_owned());
        line("synchronous_commit", durable.to_owned());
        line("full_page_writes", durable.to_owned());
        line("ssl", on_off(places.tls).to_owned());
        if places.tls {
            line("ssl_ca_file", quoted(&places.access.join("ca.pem")));
            line(
                "ssl_cert_file",
                quoted(&places.access.join("certificate.pem")),
            );
            line("ssl_key_file", quoted(&places.access.join("key.pem")));
        }
        text
    }
}

fn on_off(yes: bool) -> &'static str {
    if yes { "on" } else { "off" }
}

/// A value in quotes, as a configuration file wants it.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}
