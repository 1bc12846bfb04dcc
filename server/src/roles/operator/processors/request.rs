//! `server processor request`: a new machine makes its own keys and asks to be admitted.

use crate::{
    boot, ceremony,
    cli::{BankArguments, Failure},
    configuration::BankConfiguration,
};
use bank::{ProcessorSecret, SystemEntropy, admission};
use clap::Args;
use envelope::words::five_words;
use message::{Bic, text::Label};
use relay::primitive::AwsLcRsa;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the request is called in the key folder.
const REQUEST: &str = "request.jws";

/// `server processor request`
#[derive(Args, Clone)]
pub struct ProcessorRequest {
    /// Where the configuration is or will be; the keys are made in `keys/NAME` beside it.
    #[command(flatten)]
    bank: BankArguments,
    /// What the processor is to be called: processor-, and small letters, figures or hyphens.
    #[arg(long)]
    name: String,
    /// The bank's BIC, when there is no configuration here yet.
    #[arg(long)]
    bic: Option<String>,
}

/// Makes the keys of a new processor, unless they are there, and writes a signed request.
pub fn request_processor(request: &ProcessorRequest) -> Result<(), Failure> {
    let file = &request.bank.config;
    let bic = match &request.bic {
        Some(bic) => Bic::parse(bic)?,
        None if file.exists() => BankConfiguration::read(file)?.bic,
        None => {
            let words = format!(
                "{} is not here yet: say with --bic which bank is asked",
                file.display()
            );
            return Err(words.into());
        }
    };
    let name = Label::parse(&request.name).map_err(|error| format!("the name {error}"))?;
    if !admission::is_name(name.as_str()) {
        let words = "call it processor- and small letters, figures or hyphens, like processor-3";
        return Err(words.into());
    }
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let keys = folder.join("keys").join(name.as_str());
    let secret = own_keys(&keys.join("secret.pem"))?;
    let transport = keys.join("tls-key.pem");
    if !transport.exists() {
        ceremony::write_key(&transport, &ceremony::make_key()?.to_pkcs8_der())?;
    }
    let transport = ceremony::read_key(&transport)?;
    let with = (&secret, transport.public());
    let jws = admission::request(&AwsLcRsa, &SystemEntropy, &bic, &name, with, boot::now())?;
    let written = keys.join(REQUEST);
    ceremony::write_public(&written, &format!("{}\n", jws.as_str()))?;
    println!(
        "{name} asks {bic} to be admitted. Its id is {}",
        secret.id()
    );
    println!("    {}", five_words(&secret.id()).join(" "));
    println!("Its keys are in {} and stay there.", keys.display());
    println!("Bring {} to the operator", written.display());
    println!("within a day, and tell him the five words.");
    Ok(())
}

/// The keys that are there from an earlier request, or new ones.
fn own_keys(file: &PathBuf) -> Result<ProcessorSecret, Failure> {
    if file.exists() {
        let pem = zeroize::Zeroizing::new(fs::read_to_string(file)?);
        return Ok(ProcessorSecret::from_pem(&pem)?);
    }
    let secret = ProcessorSecret::make(&AwsLcRsa, &SystemEntropy)?;
    ceremony::write_private(file, &secret.to_pem()?)?;
    Ok(secret)
}
