//! `server trust`: whom a bank believes, and whether every signature of it holds.

use super::core;
use crate::{
    boot,
    cli::{BankArguments, Failure},
    roles::authority::words::day,
};
use bank::operator::{self, Trusted};
use clap::{Args, Subcommand};
use relay::primitive::AwsLcRsa;

/// `server trust`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TrustArguments {
    #[command(subcommand)]
    command: Option<TrustCommand>,
    #[command(flatten)]
    bank: Option<BankArguments>,
}

#[derive(Subcommand)]
enum TrustCommand {
    /// Check every record and certificate again from the root, and say what would be refused.
    Verify(BankArguments),
}

/// Prints the tree, or what in it would be refused.
pub async fn trust(arguments: &TrustArguments) -> Result<(), Failure> {
    let verify = match (&arguments.command, &arguments.bank) {
        (Some(TrustCommand::Verify(bank)), _) => Some(bank),
        _ => None,
    };
    let bank = verify.or(arguments.bank.as_ref());
    let (_, mut core) = core(bank.ok_or("name the bank with --config")?).await?;
    let tree = operator::trust(&mut core, &AwsLcRsa, boot::now()).await?;
    let refused: Vec<&Trusted> = tree.iter().filter(|one| one.refused.is_some()).collect();
    if verify.is_none() {
        for one in &tree {
            print(one)?;
        }
        return Ok(());
    }
    for one in &refused {
        print(one)?;
    }
    println!(
        "{} records and certificates checked from the root, {} would be refused",
        tree.len(),
        refused.len()
    );
    match refused.is_empty() {
        true => Ok(()),
        false => Err("not everything here counts: nothing relies on what is refused".into()),
    }
}

fn print(one: &Trusted) -> Result<(), Failure> {
    let indent = "  ".repeat(one.depth);
    let mut line = format!("{indent}{} {}", one.what, one.name);
    if let Some((from, until)) = one.validity {
        line += &format!(", {} to {}", day(from)?, day(until)?);
    }
    if !one.note.is_empty() {
        line += &format!(", {}", one.note);
    }
    if let Some(why) = &one.refused {
        line += &format!(" -- refused: {why}");
    }
    println!("{line}");
    if let (Some(words), Some(key)) = (one.words, one.key) {
        println!("{indent}  {}  {key}", words.join(" "));
    }
    Ok(())
}
