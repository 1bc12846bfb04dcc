//! `server operator`: who may lay down limits and fees, with keys of their own.

use super::core;
use crate::{
    boot,
    ceremony::{self, write_private, write_public},
    cli::{BankArguments, Failure},
    passphrase::PassphraseFile,
};
use bank::{
    SystemEntropy,
    operator::{self, ListedOperator},
};
use clap::{Args, Subcommand};
use envelope::{Jws, RsaPrivateKey, SigningKey, key_file, operator::request, words::five_words};
use message::{
    Thumbprint,
    text::{Label, Name},
};
use relay::primitive::AwsLcRsa;
use std::{
    fs,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The operator's key, encrypted, in the folder that a request is made in.
pub(crate) const KEY_FILE: &str = "operator-key.pem";
/// The request, to be handed to the bank.
const REQUEST_FILE: &str = "operator-request.jws";

/// `server operator`
#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Make a key of your own, encrypted, and a request for the bank.
    Request(OperatorRequest),
    /// Certify somebody who asks, with the key of the bank's CA.
    Admit(OperatorAdmit),
    /// Remove an operator: what the key signs from now on does not count, whatever date it bears.
    Remove(OperatorRemove),
    /// List operators with their five words.
    List(BankArguments),
}

/// `server operator request`
#[derive(Args, Clone)]
pub struct OperatorRequest {
    /// Your name, as it is to be certified.
    #[arg(long)]
    name: String,
    /// Where key and request are written.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
}

/// `server operator admit`
#[derive(Args, Clone)]
pub struct OperatorAdmit {
    #[command(flatten)]
    bank: BankArguments,
    /// The request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    #[command(flatten)]
    ca: CaKey,
}

/// `server operator remove`
#[derive(Args, Clone)]
pub struct OperatorRemove {
    #[command(flatten)]
    bank: BankArguments,
    /// The operator: the id of the key, as `server operator list` shows it.
    #[arg(long)]
    operator: String,
    /// Why, for the record.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    ca: CaKey,
}

/// The key of the bank's CA.
#[derive(Args, Clone)]
pub(crate) struct CaKey {
    /// The key of the bank's CA, PKCS#8 in PEM; the demo keeps it in `keys/ceremony/bank-ca-key.pem`.
    #[arg(long, value_name = "FILE")]
    ca_key: Option<PathBuf>,
}

impl CaKey {
    /// Reads it; without a path the one in this folder.
    pub(crate) fn read(&self, ceremony: &Path) -> Result<RsaPrivateKey, Failure> {
        let own = || ceremony.join("bank-ca-key.pem");
        ceremony::read_key(&self.ca_key.clone().unwrap_or_else(own))
    }
}

/// Runs one of the commands.
pub async fn operators(command: OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Request(asked) => {
            tokio::task::spawn_blocking(move || make_request(&asked)).await?
        }
        OperatorCommand::Admit(admit) => admit_operator(&admit).await,
        OperatorCommand::Remove(remove) => remove_operator(&remove).await,
        OperatorCommand::List(bank) => list(&bank).await,
    }
}

/// A key of a person and the request that it be certified.
pub(crate) fn make_request(asked: &OperatorRequest) -> Result<(), Failure> {
    let name = Name::parse(&asked.name).map_err(|error| format!("the name {error}"))?;
    let file = asked.out.join(KEY_FILE);
    if file.exists() {
        return Err(format!("{} is there already: choose another folder", file.display()).into());
    }
    let passphrase = asked.passphrase.new_one()?;
    let key = SigningKey::Rsa(ceremony::make_key()?);
    write_operator_key(&asked.out, &key, &passphrase)?;
    let jws = request(&AwsLcRsa, &key, name.clone(), boot::now(), &mut boot::rng())?;
    let request = asked.out.join(REQUEST_FILE);
    write_public(&request, &format!("{}\n", jws.as_str()))?;
    println!("{name} asks to be an operator.");
    println!("  your key, encrypted   {}", file.display());
    println!("  hand this to the bank {}", request.display());
    println!(
        "  and say these words   {}",
        five_words(&key.thumbprint()).join(" ")
    );
    Ok(())
}

/// Writes an operator's key, encrypted with the passphrase.
pub(crate) fn write_operator_key(
    folder: &Path,
    key: &SigningKey,
    passphrase: &str,
) -> Result<(), Failure> {
    let pem = key_file::encrypt_pkcs8(&key.to_pkcs8_der()?, passphrase, &mut boot::rng())?;
    write_private(&folder.join(KEY_FILE), &pem)
}

/// The PKCS#8 of an encrypted key file.
pub(crate) fn open_key(file: &Path, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let pem = fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let der = key_file::decrypt_pkcs8(&pem, passphrase).map_err(|_| {
        format!(
            "the passphrase does not open {}, or it is no encrypted key",
            file.display()
        )
    })?;
    Ok(der)
}

/// Opens an operator's key.
pub(crate) fn read_operator_key(
    file: &Path,
    passphrase: &PassphraseFile,
) -> Result<SigningKey, Failure> {
    let der = open_key(file, &passphrase.of_key()?)?;
    Ok(SigningKey::from_pkcs8_der(&der)?)
}

fn print(operator: &ListedOperator) -> Result<(), Failure> {
    let until = time::OffsetDateTime::from_unix_timestamp(operator.until)?.date();
    let standing = operator.removed.map_or_else(
        || format!("until {until}"),
        |last| format!("removed after version {last}"),
    );
    println!("{}  {standing:<24}  {}", operator.key, operator.name);
    println!("    {}", operator.words.join(" "));
    Ok(())
}

async fn admit_operator(admit: &OperatorAdmit) -> Result<(), Failure> {
    let text = fs::read_to_string(&admit.request)
        .map_err(|error| format!("{} cannot be read: {error}", admit.request.display()))?;
    let request = Jws::parse(text.trim())
        .map_err(|_| format!("{} holds no request", admit.request.display()))?;
    let (configuration, mut core) = core(&admit.bank).await?;
    let bank_ca = admit.ca.read(&configuration.keys("ceremony"))?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let admitted =
        operator::admit_operator(&mut core, &rsa, &entropy, &bank_ca, &request, now).await?;
    print(&admitted)?;
    println!("Compare the words with the person. If they differ, remove this operator at once.");
    Ok(())
}

async fn remove_operator(remove: &OperatorRemove) -> Result<(), Failure> {
    let key = Thumbprint::parse(&remove.operator).map_err(
        |_| "give the operator's id of 43 characters, as `server operator list` shows it",
    )?;
    let reason = Label::parse(&remove.reason).map_err(|error| format!("the reason {error}"))?;
    let (configuration, mut core) = core(&remove.bank).await?;
    let bank_ca = remove.ca.read(&configuration.keys("ceremony"))?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let who = (key, reason);
    let last = operator::remove_operator(&mut core, &rsa, &entropy, &bank_ca, who, now).await?;
    println!("Operator {key} is removed: the key counts on no version after {last}.");
    Ok(())
}

async fn list(bank: &BankArguments) -> Result<(), Failure> {
    let (_, mut core) = core(bank).await?;
    for operator in operator::operators(&mut core, &AwsLcRsa, boot::now()).await? {
        print(&operator)?;
    }
    Ok(())
}
