//! `server processor remove`: a processing server signs for the bank no more.

use super::nodes;
use crate::{
    boot, ceremony,
    cli::{BankArguments, Failure},
    configuration::BankConfiguration,
    roles::operator::core,
};
use bank::{
    SystemEntropy,
    operator::{self, ListedProcessor},
};
use clap::Args;
use envelope::RsaPrivateKey;
use message::text::Label;
use relay::primitive::AwsLcRsa;
use std::path::PathBuf;

/// `server processor remove`
#[derive(Args, Clone)]
pub struct ProcessorRemove {
    #[command(flatten)]
    bank: BankArguments,
    /// The processor's name or id, as `server processor list` shows them.
    #[arg(long, value_name = "NAME|ID")]
    processor: String,
    /// Why, for the record.
    #[arg(long, default_value = "Removed by the operator")]
    reason: String,
    /// The key of the bank's CA, PKCS#8 in PEM; the demo keeps it in `keys/ceremony/bank-ca-key.pem`.
    #[arg(long, value_name = "FILE")]
    ca_key: Option<PathBuf>,
}

/// Removes a processor. First its access is cut, so that nothing of it comes behind the key set that
/// names it; done before, it may be done again.
pub async fn remove_processor(remove: &ProcessorRemove) -> Result<(), Failure> {
    let reason = Label::parse(&remove.reason).map_err(|error| format!("the reason {error}"))?;
    let (configuration, mut core) = core(&remove.bank).await?;
    let all = operator::processors(&mut core).await?;
    let gone = named(&all, &remove.processor)?;
    let others = all
        .iter()
        .filter(|one| one.removed.is_none() && one.id != gone.id);
    if others.count() == 0 {
        return Err("this is the bank's last processor: admit another one first".into());
    }
    let bank_ca = bank_ca(&configuration, remove.ca_key.clone())?;
    let elsewhere = nodes::cut_off(&configuration, &gone.name).await?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let what = (gone.id, &reason);
    let number = operator::remove_processor(&mut core, &rsa, &entropy, &bank_ca, what, now).await?;
    match number {
        Some(number) => println!("{} is removed: key set {number} says so.", gone.name),
        None => println!("{} was removed before.", gone.name),
    }
    println!(
        "Nothing it signs from now on counts, whatever its date; what it has signed before is"
    );
    println!("attested by the others. All sessions have ended; devices and banks open new ones.");
    if elsewhere {
        println!("Cut it off at the nodes on other machines as well, as shown above.");
    }
    Ok(())
}

fn named<'a>(all: &'a [ListedProcessor], typed: &str) -> Result<&'a ListedProcessor, Failure> {
    let fits = |one: &&ListedProcessor| one.name == typed || one.id.to_string() == typed;
    let known = || {
        let names = all.iter().filter(|one| one.removed.is_none());
        names
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = all.iter().find(fits);
    found.ok_or_else(|| format!("the bank has no processor {typed}. It has: {}", known()).into())
}

/// The bank CA's key, checked before anything is changed.
fn bank_ca(
    configuration: &BankConfiguration,
    file: Option<PathBuf>,
) -> Result<RsaPrivateKey, Failure> {
    let file = file.unwrap_or_else(|| configuration.keys("ceremony").join("bank-ca-key.pem"));
    let key = ceremony::read_key(&file)?;
    let licence = ceremony::read_certificate(&configuration.path(&configuration.licence))?;
    if licence.key_thumbprint() != key.public().thumbprint() {
        let words = format!("{} is not the key of the bank's CA", file.display());
        return Err(words.into());
    }
    Ok(key)
}
