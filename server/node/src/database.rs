//! Databases of an instance, and names inside SQL texts.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::Fault;

/// How long a running instance may take to read its files again.
const RELOAD_LIMIT: Duration = Duration::from_secs(10);

/// A name as an SQL identifier, in quotes.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal, in quotes: for the statements that take no parameters. Relies on
/// `standard_conforming_strings`, which is always on.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One connection, without the noise of statement logs.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    options.clone().disable_statement_logging().connect().await
}

/// Makes a database unless it is there.
pub(crate) async fn create(superuser: &PgConnectOptions, name: &str) -> Result<(), Fault> {
    let mut connection = connect(superuser).await?;
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
    if !there {
        let statement = format!("CREATE DATABASE {}", identifier(name));
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

/// Has PostgreSQL read its files again, waits until it has, and asks whether it liked them.
pub(crate) async fn reload(superuser: &PgConnectOptions, name: &str) -> Result<(), Fault> {
    let refused = |reason: String| Fault::Access {
        name: name.to_owned(),
        reason,
    };
    let mut connection = connect(superuser).await?;
    let before: String = loaded_at(superuser).await?;
    let _: bool = sqlx::query_scalar("SELECT pg_reload_conf()")
        .fetch_one(&mut connection)
        .await?;
    let start = Instant::now();
    // Only a new session shows what the postmaster has read.
    while loaded_at(superuser).await? == before {
        if start.elapsed() > RELOAD_LIMIT {
            return Err(refused("it did not read them in time".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let errors: Vec<String> = sqlx::query_scalar(
        "SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL \
         UNION ALL SELECT error FROM pg_ident_file_mappings WHERE error IS NOT NULL \
         UNION ALL SELECT error FROM pg_file_settings WHERE error IS NOT NULL",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    if errors.is_empty() {
        Ok(())
    } else {
        Err(refused(errors.join("; ")))
    }
}

async fn loaded_at(superuser: &PgConnectOptions) -> Result<String, sqlx::Error> {
    let mut connection = connect(superuser).await?;
    let time = sqlx::query_scalar("SELECT pg_conf_load_time()::text")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(time)
}
