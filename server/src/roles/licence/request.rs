//! How a bank asks for a licence, and what the authority reads of it.

use crate::{
    boot,
    ceremony::write_public,
    cli::{BankArguments, Failure},
    roles::operator,
};
use clap::Args;
use envelope::{Jws, SigningKey, VerifyingKey, register::read_request, words::five_words};
use message::{Amount, licence::LicenceRequest};
use relay::primitive::AwsLcRsa;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest file that is read, in bytes: a record with all that it can carry.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// `server licence request`
#[derive(Args, Clone)]
pub struct Request {
    #[command(flatten)]
    bank: BankArguments,
    /// The most that any other bank may be owed or owe, like 50000000.00.
    #[arg(long, value_name = "AMOUNT")]
    cap: String,
    /// The class of licence.
    #[arg(long, default_value = "retail")]
    class: String,
    /// Where the request is written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    ca: operator::CaKey,
}

/// `server licence show`
#[derive(Args, Clone)]
pub struct Show {
    /// The bank's request.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
}

impl Show {
    /// Says what is asked.
    pub fn run(&self) -> Result<(), Failure> {
        let (asked, key) = read(&self.request)?;
        print(&asked, &key)
    }
}

/// Makes and writes a request.
pub async fn request(asked: &Request) -> Result<(), Failure> {
    let (configuration, mut core) = operator::core(&asked.bank).await?;
    let bank_ca = asked.ca.read(&configuration.keys("ceremony"))?;
    let own = bank::operator::own_terms(&mut core).await?;
    let body = LicenceRequest {
        bank: own.bic,
        name: own.name,
        iban_prefix: own.iban_prefix,
        class: asked.class.clone(),
        settlement_cap: Amount::parse(&asked.cap, own.currency)
            .map_err(|error| format!("the cap {error}"))?
            .minor(),
        currency: own.currency,
        key: SigningKey::Rsa(bank_ca.clone()).verifying_key().to_jwk(),
        transport_ca: own.transport_ca,
    };
    let key = SigningKey::Rsa(bank_ca);
    let jws =
        envelope::register::request(&AwsLcRsa, &key, body.clone(), boot::now(), &mut boot::rng())?;
    write_public(&asked.out, &format!("{}\n", jws.as_str()))?;
    print(&body, &key.verifying_key())?;
    println!("Hand {} to the authority.", asked.out.display());
    Ok(())
}

/// A request with its key, checked.
pub fn read(path: &Path) -> Result<(LicenceRequest, VerifyingKey), Failure> {
    let jws = Jws::parse(&text(path)?);
    let read = jws
        .map_err(Into::into)
        .and_then(|jws| read_request(&AwsLcRsa, &jws, boot::now()));
    let words = format!(
        "{} is no request for a licence, or was changed",
        path.display()
    );
    Ok(read.map_err(|_| words)?)
}

/// Says it in words.
pub fn print(asked: &LicenceRequest, key: &VerifyingKey) -> Result<(), Failure> {
    let cap = Amount::try_new(asked.settlement_cap, asked.currency)?;
    println!("{} ({}) asks for a licence.", asked.name, asked.bank);
    println!("  class           {}", asked.class);
    println!("  accounts begin  {}", asked.iban_prefix);
    println!("  settlement cap  {cap}");
    println!("  transport CA    {}", asked.transport_ca);
    println!("  key of its CA   {}", key.thumbprint());
    println!(
        "  five words      {}",
        five_words(&key.thumbprint()).join(" ")
    );
    println!("Compare the words with the bank's people before anything is granted.");
    Ok(())
}

/// A file of one line or two.
pub fn text(path: &Path) -> Result<String, Failure> {
    let cannot = |error| format!("{} cannot be read: {error}", path.display());
    if fs::metadata(path).map_err(cannot)?.len() > FILE_BYTES_MAX {
        return Err(format!("{} is too long for what it should hold", path.display()).into());
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    Ok(text.trim().to_owned())
}
