//! `bank.entry`: lines on accounts.

use crate::Fault;
use ledger::Entry;
use sqlx::PgConnection;

/// Writes entries with the number of their posting and whether they are about its fee. The tables check
/// that they balance.
pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[(i64, Entry, bool)],
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let accounts: Vec<i64> = rows.iter().map(|(_, e, _)| e.account.0).collect();
    let numbers: Vec<i64> = rows.iter().map(|(_, e, _)| e.n).collect();
    let postings: Vec<i64> = rows.iter().map(|(posting, ..)| *posting).collect();
    let amounts: Vec<i64> = rows.iter().map(|(_, e, _)| e.amount).collect();
    let balances: Vec<i64> = rows.iter().map(|(_, e, _)| e.balance_after).collect();
    let fees: Vec<bool> = rows.iter().map(|(.., fee)| *fee).collect();
    sqlx::query(
        "INSERT INTO bank.entry (account, n, posting, amount, balance_after, fee)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
             $6::boolean[])",
    )
    .bind(accounts)
    .bind(numbers)
    .bind(postings)
    .bind(amounts)
    .bind(balances)
    .bind(fees)
    .execute(core)
    .await?;
    Ok(())
}
