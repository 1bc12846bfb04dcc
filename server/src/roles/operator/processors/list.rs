//! `server processor list`: who signs for the bank, and who did.

use crate::{
    cli::{BankArguments, Failure},
    roles::operator::core,
};
use bank::operator::{self, ListedProcessor};
use clap::Args;
use envelope::words::five_words;
use message::Timestamp;

/// `server processor list`
#[derive(Args, Clone)]
pub struct ProcessorList {
    #[command(flatten)]
    bank: BankArguments,
}

/// Lists the processors that the bank has or had.
pub async fn list_processors(list: &ProcessorList) -> Result<(), Failure> {
    let (_, mut core) = core(&list.bank).await?;
    for one in operator::processors(&mut core).await? {
        print(&one)?;
    }
    Ok(())
}

fn print(one: &ListedProcessor) -> Result<(), Failure> {
    let day = |at: Timestamp| -> Result<String, Failure> {
        Ok(time::OffsetDateTime::from_unix_timestamp(at)?
            .date()
            .to_string())
    };
    let standing = match (&one.removed, one.certificates_until) {
        (Some((at, reason)), _) => format!("removed {}: {reason}", day(*at)?),
        (None, None) => "waits for the registrar".to_owned(),
        (None, Some(_)) if !one.has_keys => "waits for the bank's keys".to_owned(),
        (None, Some(until)) => format!("active, certified until {}", day(until)?),
    };
    println!(
        "{:<16}  {}  since {}  {standing}",
        one.name,
        one.id,
        day(one.since)?
    );
    println!("                  {}", five_words(&one.id).join(" "));
    Ok(())
}
