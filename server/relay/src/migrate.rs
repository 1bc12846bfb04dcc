//! The tables of each kind of node. Migrations are additive; run them as the superuser of the node.

use crate::RelayError;
use crate::link::Ends;
use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};

static FRONT: Migrator = sqlx::migrate!("migrations/front");
static GATEWAY: Migrator = sqlx::migrate!("migrations/gateway");

/// Brings the tables of a front up to date.
///
/// # Errors
/// When the database refuses, or its tables are those of a later version.
pub async fn front(superuser: &PgConnectOptions) -> Result<(), RelayError> {
    run(&FRONT, superuser).await
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
    let migrations = GATEWAY.iter().map(|migration| {
        let sql = migration
            .sql
            .as_str()
            .replace("{own}", &ends.own().lower())
            .replace("{peer}", &ends.peer().lower());
        Migration::new(
            migration.version,
            migration.description.clone(),
            migration.migration_type,
            AssertSqlSafe(sql).into_sql_str(),
            migration.no_tx,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
