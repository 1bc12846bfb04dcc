//! Connections to a node, and waiting for its notifications.

use crate::RelayError;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgNotification, PgPool, PgPoolOptions};
use std::time::Duration;

/// How long a caller waits for a connection before the node counts as unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);

/// A pool of connections to a node. Nothing is opened before it is needed, so a node that is down
/// does not keep anybody from starting.
///
/// Statements are planned anew each time: these tables grow from nothing to millions, and a plan that
/// was kept from the beginning would read the whole of them.
#[must_use]
pub fn connect(options: PgConnectOptions, connections_max: u32) -> PgPool {
    let options = options.options([("plan_cache_mode", "force_custom_plan")]);
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_LIMIT)
        .connect_lazy_with(options.disable_statement_logging())
}

/// Notifications of a node. They are hints, not a queue: whoever is woken scans what is stored.
///
/// Listening begins when this value is made. Scan once after that, and after each waking.
#[derive(Debug)]
pub struct Wakeups {
    pool: PgPool,
    channels: &'static [&'static str],
    listener: Option<PgListener>,
}

impl Wakeups {
    /// Listens on these channels.
    pub(crate) async fn listen(
        pool: &PgPool,
        channels: &'static [&'static str],
    ) -> Result<Self, RelayError> {
        let mut wakeups = Self {
            pool: pool.clone(),
            channels,
            listener: None,
        };
        wakeups.begin().await?;
        Ok(wakeups)
    }

    async fn begin(&mut self) -> Result<(), RelayError> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen_all(self.channels.iter().copied()).await?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Waits for a notification, but not longer than `limit`, since notifications can be lost.
    /// Also returns after a lost connection was made anew: scan then. May be dropped while waiting.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] while the node cannot be reached: wait a little, call again.
    pub async fn wait(&mut self, limit: Duration) -> Result<(), RelayError> {
        if let Ok(result) = tokio::time::timeout(limit, self.next()).await {
            result?;
        }
        // One scan answers all notifications that have come in until now.
        if let Some(listener) = &mut self.listener {
            while listener.next_buffered().is_some() {}
        }
        Ok(())
    }

    /// The next notification; `None` after a lost connection was made anew, since some may have been
    /// missed.
    pub(crate) async fn next(&mut self) -> Result<Option<PgNotification>, RelayError> {
        let Some(listener) = &mut self.listener else {
            self.begin().await?;
            return Ok(None);
        };
        let result = listener.try_recv().await;
        if result.is_err() {
            self.listener = None;
        }
        Ok(result?)
    }
}
