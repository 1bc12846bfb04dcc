//! `server licence`: how a bank asks to be licensed, and what two officers of the authority decide.

mod request;

use super::{
    authority::{ceremony, register, words},
    operator,
};
use crate::{
    boot,
    ceremony::{self as keys, write_public},
    cli::Failure,
    configuration::AuthorityConfiguration,
    passphrase::PassphraseFile,
};
use clap::{Args, Subcommand};
use envelope::{
    Jws, LicenceTerms, Party, Role, SigningKey, Subject,
    register::{Entry, sign_cosign, sign_record},
};
use message::{
    Bic, Digest, Payload,
    record::{AuthorityAct, AuthorityRecord, LastItem},
    text::Label,
};
use relay::primitive::AwsLcRsa;
use request::{print, read, text};
use sqlx::{Connection as _, PgConnection};
use std::path::PathBuf;

/// `server licence`
#[derive(Subcommand)]
pub enum LicenceCommand {
    /// Ask for a licence, with the key of the bank's CA.
    Request(request::Request),
    /// Say in words what a bank asks, with the five words of its key.
    Show(request::Show),
    /// As first officer, grant a licence with the root's key. It counts once another has approved it.
    Grant(Grant),
    /// As first officer, suspend a bank: no new payments to or from it.
    Suspend(Change),
    /// As first officer, end a suspension.
    Resume(Change),
    /// As first officer, revoke a licence for good.
    Revoke(Revoke),
    /// As first officer, decide a payment that a revocation left without an answer.
    Resolve(Resolve),
    /// As second officer, read what the first has signed, and put it into the register.
    Approve(Approve),
    /// List licences with their five words.
    List(AuthorityArguments),
}

/// Which authority.
#[derive(Args, Clone)]
pub struct AuthorityArguments {
    /// The authority's configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// An officer's key.
#[derive(Args, Clone)]
struct Officer {
    /// Your key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
}

/// What a first officer does: the authority, the officer, and where the record is written.
#[derive(Args, Clone)]
struct First {
    #[command(flatten)]
    authority: AuthorityArguments,
    #[command(flatten)]
    officer: Officer,
    /// Where the record is written, for the second officer.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `server licence grant`
#[derive(Args, Clone)]
pub struct Grant {
    #[command(flatten)]
    first: First,
    /// The bank's request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The licence's number, like 2026-007.
    #[arg(long)]
    number: String,
    /// How many years it counts, at most ten.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=10))]
    years: i64,
    /// For another key of a bank's CA: what the key before has signed.
    #[arg(long, value_name = "FILE")]
    succession: Option<PathBuf>,
    #[command(flatten)]
    root: ceremony::RootKey,
}

/// `server licence suspend` and `resume`
#[derive(Args, Clone)]
pub struct Change {
    #[command(flatten)]
    first: First,
    /// The bank.
    #[arg(long, value_name = "BIC")]
    bank: String,
    /// Why, in words that customers may read.
    #[arg(long)]
    reason: String,
}

/// `server licence revoke`
#[derive(Args, Clone)]
pub struct Revoke {
    #[command(flatten)]
    change: Change,
    /// For another bank, the last items of the links with it that count: BIC:SENT:RECEIVED, the numbers
    /// as `status` at that bank shows them; an epoch other than the first is written 2/57.
    #[arg(long, value_name = "BIC:SENT:RECEIVED")]
    last: Vec<String>,
}

/// `server licence resolve`
#[derive(Args, Clone)]
pub struct Resolve {
    #[command(flatten)]
    first: First,
    /// The payer's bank, which has the money in suspense.
    #[arg(long, value_name = "BIC")]
    payer_bank: String,
    /// The bank that was revoked.
    #[arg(long, value_name = "BIC")]
    payee_bank: String,
    /// The payment, as `status` at the payer's bank names it.
    #[arg(long, value_name = "DIGEST")]
    payment: String,
    /// The payee has it; otherwise it goes back to the payer.
    #[arg(long)]
    credited: bool,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// `server licence approve`
#[derive(Args, Clone)]
pub struct Approve {
    #[command(flatten)]
    authority: AuthorityArguments,
    #[command(flatten)]
    officer: Officer,
    /// What the first officer has signed.
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Do not ask before signing.
    #[arg(long)]
    yes: bool,
}

/// Runs one of the commands.
pub async fn run(command: LicenceCommand) -> Result<(), Failure> {
    match command {
        LicenceCommand::Request(asked) => request::request(&asked).await,
        LicenceCommand::Show(show) => show.run(),
        LicenceCommand::Grant(grant) => grant_licence(&grant).await,
        LicenceCommand::Suspend(change) => {
            let (bank, reason) = change.named()?;
            let act = AuthorityAct::LicenceSuspended { bank, reason };
            change.first.sign(act).await
        }
        LicenceCommand::Resume(change) => {
            let (bank, reason) = change.named()?;
            let act = AuthorityAct::LicenceResumed { bank, reason };
            change.first.sign(act).await
        }
        LicenceCommand::Revoke(revoke) => {
            let (bank, reason) = revoke.change.named()?;
            let last = revoke.last.iter().map(|text| last_item(text));
            let last = last.collect::<Result<Vec<_>, _>>()?;
            let act = AuthorityAct::LicenceRevoked { bank, reason, last };
            revoke.change.first.sign(act).await
        }
        LicenceCommand::Resolve(resolve) => {
            let act = AuthorityAct::SuspenseResolved {
                payer_bank: bic(&resolve.payer_bank)?,
                payee_bank: bic(&resolve.payee_bank)?,
                payment: Digest::parse(&resolve.payment)
                    .map_err(|_| "give the payment's digest of 43 characters")?,
                credited: resolve.credited,
                reason: label(&resolve.reason)?,
            };
            resolve.first.sign(act).await
        }
        LicenceCommand::Approve(approve) => approve_record(&approve).await,
        LicenceCommand::List(authority) => list(&authority).await,
    }
}

async fn grant_licence(grant: &Grant) -> Result<(), Failure> {
    let (asked, key) = read(&grant.request)?;
    print(&asked, &key)?;
    let configuration = AuthorityConfiguration::read(&grant.first.authority.config)?;
    let root = grant.root.open(&configuration)?;
    let now = boot::now();
    let subject = Subject {
        role: Role::BankCa,
        party: Party::Bank(asked.bank.clone()),
        name: asked.name.as_str().to_owned(),
        key_spki: key.to_spki_der()?,
        holder: None,
        validity: keys::validity(now, grant.years * 365),
        licence: Some(LicenceTerms {
            number: grant.number.clone(),
            iban_prefix: asked.iban_prefix.clone(),
            settlement_cap_minor: asked.settlement_cap,
            class: asked.class.clone(),
            transport_ca: Some(asked.transport_ca),
        }),
        tls_names: Vec::new(),
        common_name: None,
    };
    let licence = keys::issue_leaf(&root, &subject)?;
    let succession = match &grant.succession {
        Some(file) => Some(text(file)?),
        None => None,
    };
    let act = AuthorityAct::LicenceGranted {
        licence: data_encoding::BASE64.encode(licence.der()),
        succession,
    };
    grant.first.sign(act).await
}

impl Change {
    fn named(&self) -> Result<(Bic, Label), Failure> {
        Ok((bic(&self.bank)?, label(&self.reason)?))
    }
}

fn bic(text: &str) -> Result<Bic, Failure> {
    Ok(Bic::parse(text).map_err(|error| format!("{text}: {error}"))?)
}

fn label(text: &str) -> Result<Label, Failure> {
    Ok(Label::parse(text).map_err(|error| format!("the reason {error}"))?)
}

/// `HALDDEFF:57:2/60`
fn last_item(text: &str) -> Result<LastItem, Failure> {
    let wrong = || format!("{text} is not of the form BIC:SENT:RECEIVED");
    let mut parts = text.split(':');
    let (Some(peer), Some(sent), Some(received), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong().into());
    };
    let place = |text: &str| -> Result<(u32, u64), Failure> {
        let (epoch, seq) = text.split_once('/').unwrap_or(("1", text));
        let epoch = epoch.parse().map_err(|_| wrong())?;
        Ok((epoch, seq.parse().map_err(|_| wrong())?))
    };
    Ok(LastItem {
        peer: bic(peer)?,
        sent: place(sent)?,
        received: place(received)?,
    })
}

impl Officer {
    fn open(&self) -> Result<SigningKey, Failure> {
        operator::read_operator_key(&self.key, &self.passphrase)
    }
}

impl First {
    /// Signs a record that follows the newest entry, and writes it for the second officer.
    async fn sign(&self, act: AuthorityAct) -> Result<(), Failure> {
        let configuration = AuthorityConfiguration::read(&self.authority.config)?;
        let anchor = configuration.anchor()?;
        let mut node = PgConnection::connect_with(&configuration.node.owner()?).await?;
        let records = register::Records::read(&mut node, anchor).await?;
        node.close().await?;
        let key = self.officer.open()?;
        ceremony::check_officer(&records.register, &key)?;
        let at = records.register.position();
        let lines = words::of(&act)?;
        let record = sign_record(&AwsLcRsa, &key, at, act, boot::now(), &mut boot::rng())?;
        write_public(&self.out, &format!("{}\n", record.as_str()))?;
        println!("Entry {} would say:", at.number.saturating_add(1));
        for line in lines {
            println!("  {line}");
        }
        println!(
            "It counts once another officer has approved {}.",
            self.out.display()
        );
        Ok(())
    }
}

async fn approve_record(approve: &Approve) -> Result<(), Failure> {
    let configuration = AuthorityConfiguration::read(&approve.authority.config)?;
    let path = &approve.record;
    let record = Jws::parse(&text(path)?)
        .map_err(|_| format!("{} holds no signed record", path.display()))?;
    // Shown before it is verified: a signature that does not hold is refused below.
    let said: Payload<AuthorityRecord> = serde_json::from_slice(record.unverified_payload())
        .map_err(|_| format!("{} holds no signed record", path.display()))?;
    println!("Entry {} says:", said.body.number);
    for line in words::of(&said.body.act)? {
        println!("  {line}");
    }
    if !approve.yes {
        ceremony::confirm("Type yes to sign it: ")?;
    }
    let key = approve.officer.open()?;
    let number = said.body.number;
    let cosign = sign_cosign(
        &AwsLcRsa,
        &key,
        &record,
        number,
        boot::now(),
        &mut boot::rng(),
    )?;
    let anchor = configuration.anchor()?;
    let entry = Entry { record, cosign };
    let (number, _) = register::add(&configuration.node.owner()?, anchor, &entry).await?;
    println!("Entry {number} is in the register. The banks have it within seconds.");
    Ok(())
}

async fn list(authority: &AuthorityArguments) -> Result<(), Failure> {
    let configuration = AuthorityConfiguration::read(&authority.config)?;
    let mut node = PgConnection::connect_with(&configuration.node.owner()?).await?;
    let records = register::Records::read(&mut node, configuration.anchor()?).await?;
    for (bank, standing) in records.register.banks() {
        for line in words::standing(bank, standing)? {
            println!("{line}");
        }
    }
    Ok(())
}
