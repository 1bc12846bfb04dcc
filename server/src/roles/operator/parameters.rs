//! `server parameters`: limits, fees, the cut-off time and offline allowances, laid down by two
//! operators.

use super::{core, operators::read_operator_key};
use crate::{
    boot,
    cli::{BankArguments, Failure},
    passphrase::PassphraseFile,
};
use bank::{
    SystemEntropy,
    operator::{self, LaidDown},
};
use clap::{Args, Subcommand};
use message::{
    Amount, Balance, Currency, Digest,
    parameters::{CUT_OFF_MINUTES_MAX, CurrencyParameters, ParameterValues},
};
use relay::primitive::AwsLcRsa;
use std::{io::BufRead as _, path::PathBuf};

/// `server parameters`
#[derive(Subcommand)]
pub enum ParametersCommand {
    /// Show what is in force.
    Show(BankArguments),
    /// Show every version, and proposals that wait.
    List(BankArguments),
    /// Propose the next version; what is not named stays as it is.
    Propose(Propose),
    /// Approve another operator's proposal: it is in force at once.
    Approve(Approve),
}

/// Who signs.
#[derive(Args, Clone)]
struct Signer {
    /// Your operator's key, as `server operator request` has made it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
    /// Sign without asking.
    #[arg(long)]
    yes: bool,
}

/// `server parameters propose`
#[derive(Args, Clone)]
pub struct Propose {
    #[command(flatten)]
    bank: BankArguments,
    #[command(flatten)]
    signer: Signer,
    /// The currency that the amounts are in.
    #[arg(long, default_value = "EUR")]
    currency: String,
    /// The largest single payment, like 5000.00.
    #[arg(long)]
    payment_max: Option<String>,
    /// The most that a customer may pay in one day (UTC).
    #[arg(long)]
    day_max: Option<String>,
    /// What a payment within the bank costs, like 0.00.
    #[arg(long)]
    fee_inside: Option<String>,
    /// What a payment to another bank costs.
    #[arg(long)]
    fee_outside: Option<String>,
    /// Until when payments to other banks are booked on the same business day, in UTC, like 16:00.
    #[arg(long)]
    cut_off: Option<String>,
    /// The largest single amount of cash while a branch is cut off.
    #[arg(long)]
    offline_single: Option<String>,
    /// All cash that a branch may pay out while it is cut off.
    #[arg(long)]
    offline_total: Option<String>,
}

/// `server parameters approve`
#[derive(Args, Clone)]
pub struct Approve {
    #[command(flatten)]
    bank: BankArguments,
    #[command(flatten)]
    signer: Signer,
    /// The digest of the proposal, as its author tells you; may be left out when only one waits.
    #[arg(long)]
    proposal: Option<String>,
}

/// Runs one of the commands.
pub async fn parameters(command: ParametersCommand) -> Result<(), Failure> {
    match command {
        ParametersCommand::Show(bank) => show(&bank).await,
        ParametersCommand::List(bank) => list(&bank).await,
        ParametersCommand::Propose(wish) => propose(&wish).await,
        ParametersCommand::Approve(approve) => approve_one(&approve).await,
    }
}

/// A sum that may be nothing.
fn sum(typed: &str, currency: Currency) -> Result<i64, Failure> {
    let nothing = typed.chars().all(|c| matches!(c, '0' | '.' | ','));
    if nothing && typed.contains('0') {
        return Ok(0);
    }
    Ok(Amount::parse(typed, currency)?.minor())
}

/// Minutes after midnight.
fn cut_off(typed: &str) -> Result<u16, Failure> {
    let read = typed.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let sum = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && sum <= CUT_OFF_MINUTES_MAX).then_some(sum)
    });
    read.ok_or_else(|| "give the cut-off time in hours and minutes, like 16:00".into())
}

impl Propose {
    /// What is in force, with the changes.
    fn values(&self, before: Option<&ParameterValues>) -> Result<ParameterValues, Failure> {
        let currency = Currency::parse(&self.currency).ok_or("give a currency like EUR")?;
        let old = before.and_then(|values| values.of(currency));
        let pick = |typed: &Option<String>, old: Option<i64>, option: &str| match (typed, old) {
            (Some(typed), _) => sum(typed, currency),
            (None, Some(old)) => Ok(old),
            (None, None) => Err(format!("nothing is laid down yet: give --{option}, too").into()),
        };
        let new = CurrencyParameters {
            currency,
            payment_max: pick(&self.payment_max, old.map(|o| o.payment_max), "payment-max")?,
            day_max: pick(&self.day_max, old.map(|o| o.day_max), "day-max")?,
            fee_inside: pick(&self.fee_inside, old.map(|o| o.fee_inside), "fee-inside")?,
            fee_outside: pick(&self.fee_outside, old.map(|o| o.fee_outside), "fee-outside")?,
            offline_single_max: pick(
                &self.offline_single,
                old.map(|o| o.offline_single_max),
                "offline-single",
            )?,
            offline_total_max: pick(
                &self.offline_total,
                old.map(|o| o.offline_total_max),
                "offline-total",
            )?,
        };
        let others = before.map(|values| values.currencies.as_slice());
        let others = others.unwrap_or_default().iter().copied();
        let mut currencies: Vec<_> = others.filter(|c| c.currency != currency).collect();
        currencies.push(new);
        currencies.sort_by_key(|c| c.currency.code());
        let cut_off_minutes = match (&self.cut_off, before) {
            (Some(typed), _) => cut_off(typed)?,
            (None, Some(values)) => values.cut_off_minutes,
            (None, None) => return Err("nothing is laid down yet: give --cut-off, too".into()),
        };
        let values = ParameterValues {
            currencies,
            cut_off_minutes,
        };
        values.check()?;
        Ok(values)
    }
}

/// Each thing that is laid down, in words.
fn lines(values: &ParameterValues) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for of in &values.currencies {
        let mut line = |words: &str, minor| {
            let sum = Balance::new(minor, of.currency).to_string();
            lines.push((words.to_owned(), sum));
        };
        line("largest single payment", of.payment_max);
        line("most in one day and customer", of.day_max);
        line("fee within the bank", of.fee_inside);
        line("fee to another bank", of.fee_outside);
        line("branch cut off: one amount of cash", of.offline_single_max);
        line("branch cut off: all cash", of.offline_total_max);
    }
    let (hours, minutes) = (values.cut_off_minutes / 60, values.cut_off_minutes % 60);
    let time = format!("{hours:02}:{minutes:02} UTC");
    lines.push(("cut-off to other banks, Mon-Fri".to_owned(), time));
    lines
}

/// Old and new side by side; what changes has a mark.
fn compare(old: Option<&ParameterValues>, new: &ParameterValues) {
    let before = old.map(lines).unwrap_or_default();
    println!("  {:<36}{:>22}{:>22}", "", "in force", "proposed");
    for (at, (words, after)) in lines(new).into_iter().enumerate() {
        let was = before.get(at).filter(|(same, _)| *same == words);
        let was = was.map_or("-", |(_, was)| was.as_str());
        let mark = if was == after { "" } else { "  <- changes" };
        println!("  {words:<36}{was:>22}{after:>22}{mark}");
    }
}

fn agree(signer: &Signer, question: &str) -> Result<(), Failure> {
    if signer.yes {
        return Ok(());
    }
    println!("{question} Type yes:");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err("nothing is signed".into())
    }
}

async fn read(bank: &BankArguments) -> Result<(sqlx::PgConnection, LaidDown), Failure> {
    let (_, mut core) = core(bank).await?;
    let laid = operator::parameters(&mut core, &AwsLcRsa, boot::now()).await?;
    for (table, row, why) in &laid.ignored {
        println!("IGNORED: row {row} of {table}: {why}");
    }
    Ok((core, laid))
}

async fn show(bank: &BankArguments) -> Result<(), Failure> {
    let (_, laid) = read(bank).await?;
    let (Some(version), Some((first, second))) = (laid.in_force(), laid.by.last()) else {
        println!("Nothing is laid down: payments have no limits and cost nothing.");
        return Ok(());
    };
    println!("Version {}", version.position.number);
    for (words, value) in lines(&version.values) {
        println!("  {words:<36}{value:>22}");
    }
    let since = time::OffsetDateTime::from_unix_timestamp(version.approved.1)?;
    println!("Proposed by {first}, approved by {second}, in force since {since}.");
    Ok(())
}

async fn list(bank: &BankArguments) -> Result<(), Failure> {
    let (_, laid) = read(bank).await?;
    for (version, (first, second)) in laid.versions.iter().zip(&laid.by) {
        let at = time::OffsetDateTime::from_unix_timestamp(version.approved.1)?;
        let number = version.position.number;
        println!("version {number}  {at}  proposed by {first}, approved by {second}");
    }
    for proposal in &laid.proposals {
        let at = time::OffsetDateTime::from_unix_timestamp(proposal.at)?;
        println!(
            "proposal for version {}  {at}  by {}: waits, without effect",
            proposal.number, proposal.by
        );
        println!("  digest {}", proposal.jws.digest());
        compare(laid.in_force().map(|v| &v.values), &proposal.values);
    }
    Ok(())
}

async fn propose(wish: &Propose) -> Result<(), Failure> {
    let (mut core, laid) = read(&wish.bank).await?;
    let before = laid.in_force().map(|version| &version.values);
    let values = wish.values(before)?;
    if before == Some(&values) {
        return Err("this is what is in force: name what is to change".into());
    }
    compare(before, &values);
    agree(&wish.signer, "Sign this as a proposal?")?;
    let key = read_operator_key(&wish.signer.key, &wish.signer.passphrase)?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let digest = operator::propose_parameters(&mut core, &rsa, &entropy, &key, values, now).await?;
    println!("Proposed. It has no effect until another operator approves it:");
    println!("  server parameters approve --proposal {digest}");
    Ok(())
}

async fn approve_one(approve: &Approve) -> Result<(), Failure> {
    let (mut core, laid) = read(&approve.bank).await?;
    let wanted = approve.proposal.as_deref().map(Digest::parse).transpose();
    let wanted = wanted.map_err(|_| "give the proposal's digest of 43 characters")?;
    let mut waiting = laid.proposals.iter();
    let proposal = match (wanted, waiting.len()) {
        (Some(digest), _) => waiting.find(|one| one.jws.digest() == digest),
        (None, 1) => waiting.next(),
        (None, 0) => None,
        (None, _) => return Err("several proposals wait: say which with --proposal".into()),
    };
    let proposal = proposal.ok_or("no such proposal waits: look at `server parameters list`")?;
    println!(
        "Version {}, signed by {}, says:",
        proposal.number, proposal.by
    );
    // Read from the bytes that were signed and are signed again now.
    compare(laid.in_force().map(|v| &v.values), &proposal.values);
    agree(&approve.signer, "Approve it?")?;
    let key = read_operator_key(&approve.signer.key, &approve.signer.passphrase)?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let digest = proposal.jws.digest();
    let version =
        operator::approve_parameters(&mut core, &rsa, &entropy, &key, digest, now).await?;
    println!("Version {} is in force.", version.position.number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_times_are_read_as_typed() {
        let euros = |typed| sum(typed, Currency::EUR).ok();
        assert_eq!(euros("0"), Some(0));
        assert_eq!(euros("0.00"), Some(0));
        assert_eq!(euros("5000.00"), Some(500_000));
        assert_eq!(
            (euros(""), euros("."), euros("-1"), euros("x")),
            (None, None, None, None)
        );
        let minutes = |typed| cut_off(typed).ok();
        assert_eq!(minutes("16:00"), Some(960));
        assert_eq!(minutes("24:00"), Some(1_440));
        for wrong in ["", "16", "16:60", "24:01", "-1:00", "4pm"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
