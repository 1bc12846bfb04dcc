//! The tables of each kind of node. Migrations are additive; run them as the superuser of the node.

use crate::RelayError;
use crate::link::Ends;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};

/// Migrations in the program: the file's name without `.sql` (`0001_name`), and its text.
pub type Embedded = &'static [(&'static str, &'static str)];

/// Takes migrations into the program, each by its file's name. (The macro of sqlx does the same and
/// brings a second build of the whole driver, which a first start would wait for.)
#[macro_export]
macro_rules! migrations {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!($folder, "/", $name, ".sql")))),+]
    };
}

const FRONT: Embedded = migrations!("../migrations/front":
    "0001_envelopes",
    "0002_mailboxes",
    "0003_documents",
    "0004_pruning",
);
const GATEWAY: Embedded = migrations!("../migrations/gateway":
    "0001_roles",
    "0002_link",
    "0003_intake",
    "0004_acknowledgements",
);

/// What brings a database up to date with these. Names without a number count for none: a test
/// over the checkout finds them.
pub fn migrator(migrations: Embedded) -> Migrator {
    adapted(migrations, str::to_owned)
}

fn adapted(migrations: Embedded, adapt: impl Fn(&str) -> String) -> Migrator {
    let read = |(name, text): &(&'static str, &'static str)| {
        let (version, description) = name.split_once('_')?;
        Some(Migration::new(
            version.parse().ok()?,
            description.replace('_', " ").into(),
            MigrationType::Simple,
            AssertSqlSafe(adapt(text)).into_sql_str(),
            false,
        ))
    };
    Migrator::with_migrations(migrations.iter().filter_map(read).collect())
}

/// Brings the tables of a front up to date.
///
/// # Errors
/// When the database refuses, or its tables are those of a later version.
pub async fn front(superuser: &PgConnectOptions) -> Result<(), RelayError> {
    run(&migrator(FRONT), superuser).await
}

/// Brings the tables of a gateway up to date. Its tables are named after the two parties.
///
/// # Errors
/// When the database refuses, or its tables are those of a later version or of other parties.
pub async fn gateway(superuser: &PgConnectOptions, ends: &Ends) -> Result<(), RelayError> {
    run(&gateway_migrator(ends), superuser).await
}

async fn run(migrator: &Migrator, superuser: &PgConnectOptions) -> Result<(), RelayError> {
    let options = superuser.clone().disable_statement_logging();
    let mut connection = options.connect().await?;
    migrator.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// The gateway's migrations with the parties' names put in. A BIC is nothing but
/// letters and digits, so a name cannot break out of its place.
fn gateway_migrator(ends: &Ends) -> Migrator {
    adapted(GATEWAY, |text| {
        text.replace("{own}", &ends.own().lower())
            .replace("{peer}", &ends.peer().lower())
    })
}
