//! The outside world of a role: clock, random source, logs, shutdown. Nothing else reads them.

use message::{MessageId, Timestamp};
use rand_core::{Rng, UnwrapErr};
use tracing_subscriber::EnvFilter;

/// The operating system's random source. A system without one cannot run a bank: it aborts.
pub type SystemRng = UnwrapErr<getrandom::SysRng>;

/// The operating system's random source.
pub fn rng() -> SystemRng {
    UnwrapErr(getrandom::SysRng)
}

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    rng().fill_bytes(&mut bytes);
    bytes
}

/// Seconds since 1970, by the system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub fn now() -> Timestamp {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        .unwrap_or_default()
}

/// The system's clock, for the parts that take a clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl bank::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// A new reference: what a person quotes and an operator finds in the log.
pub fn reference() -> String {
    MessageId::new(random()).reference()
}

/// Logs to standard error, one line an event; `RUST_LOG` says how much, and where it is silent a
/// role tells what it does, a command at the terminal only what went wrong. Messages carry ids and
/// digests, never names, account numbers or amounts.
pub fn logs(role: bool) {
    let level = if role {
        "info,sqlx=warn,hyper=warn,tower_http=warn"
    } else {
        "warn"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    // A second start within one process (tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(true)
        .try_init();
}

/// Resolves when the process is asked to stop (Ctrl-C or SIGTERM).
pub async fn shutdown() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// How long open requests (event streams above all) may keep a server that is asked to stop.
const DRAIN_LIMIT: std::time::Duration = std::time::Duration::from_secs(2);

/// Serves a router until `stopping` resolves; open requests then get [`DRAIN_LIMIT`] to end.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: axum::Router,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (drain, draining) = tokio::sync::oneshot::channel::<()>();
    let asked = async move {
        stopping.await;
        let _ = drain.send(());
    };
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(asked)
        .into_future();
    tokio::select! {
        served = serving => served,
        () = async {
            let _ = draining.await;
            tokio::time::sleep(DRAIN_LIMIT).await;
        } => Ok(()),
    }
}
