//! `server authority init`, and the people of the authority.

use crate::{
    boot,
    ceremony::{self, write_key, write_private, write_public},
    cli::Failure,
    configuration::AuthorityConfiguration,
    passphrase::PassphraseFile,
    roles::{authority::words, operator},
};
use clap::{Args, Subcommand};
use envelope::{
    Issuer, Jws, RsaPrivateKey, SigningKey, VerifyingKey,
    key_file::encrypt_pkcs8,
    operator::read_request,
    register::{Position, Register, sign_record},
    words::five_words,
};
use message::text::Name;
use relay::primitive::AwsLcRsa;
use std::{fs, path::PathBuf};

/// The root's key, encrypted, as a ceremony leaves it.
pub const ROOT_KEY: &str = "root-key.pem";

/// `server authority`
#[derive(Subcommand)]
pub enum AuthorityCommand {
    /// Make a key of your own as officer, encrypted, and a request for the root to certify it.
    Officer(operator::OperatorRequest),
    /// Make an authority: its root, encrypted, its other keys, and the first record for two officers
    /// to sign.
    Init(Init),
    /// As one of the first officers, sign the first record; another approves it with `licence approve`.
    Sign(Sign),
}

/// `server authority init`
#[derive(Args, Clone)]
pub struct Init {
    /// The authority's name.
    #[arg(long)]
    name: String,
    /// The requests of the first officers, two at least.
    #[arg(long, value_name = "FILE", required = true, num_args = 1)]
    officer: Vec<PathBuf>,
    /// Where everything is written; `keys/ceremony` in it may lie on a drive that is locked away.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
}

/// `server authority sign`
#[derive(Args, Clone)]
pub struct Sign {
    /// What `init` has written: `founded.json`.
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Your key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
    /// Where the signed record is written, for the second officer.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The root's key on its drive.
#[derive(Args, Clone)]
pub struct RootKey {
    /// The root's key; without it `keys/ceremony/root-key.pem` beside the configuration.
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
    /// A file whose first line is the passphrase of the root's key; without it you are asked.
    #[arg(long, value_name = "FILE")]
    root_passphrase_file: Option<PathBuf>,
}

impl RootKey {
    /// Opens it.
    pub fn open(&self, configuration: &AuthorityConfiguration) -> Result<Issuer, Failure> {
        let own = || configuration.folder.join("keys/ceremony").join(ROOT_KEY);
        let file = self.root_key.clone().unwrap_or_else(own);
        let passphrase = PassphraseFile::at(self.root_passphrase_file.clone());
        let passphrase = passphrase.read("Passphrase of the root's key: ")?;
        let der = operator::open_key(&file, &passphrase)?;
        let certificate =
            ceremony::read_certificate(&configuration.folder.join(&configuration.root))?;
        let key = RsaPrivateKey::from_pkcs8_der(&der)?;
        if certificate.key_thumbprint() != key.public().thumbprint() {
            return Err("this is not the key of the authority's root".into());
        }
        Ok(Issuer { certificate, key })
    }
}

/// Runs one of the commands.
pub async fn run(command: AuthorityCommand) -> Result<(), Failure> {
    tokio::task::spawn_blocking(move || match command {
        AuthorityCommand::Officer(asked) => operator::make_request(&asked),
        AuthorityCommand::Init(init) => make(&init),
        AuthorityCommand::Sign(sign) => sign_founded(&sign),
    })
    .await?
}

fn make(init: &Init) -> Result<(), Failure> {
    let ceremony_folder = init.out.join("keys/ceremony");
    if ceremony_folder.join(ROOT_KEY).exists() {
        return Err(format!("there is an authority in {} already", init.out.display()).into());
    }
    let now = boot::now();
    let mut officers: Vec<(Name, VerifyingKey)> = Vec::new();
    for file in &init.officer {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let request = Jws::parse(text.trim());
        let read = request
            .map_err(Into::into)
            .and_then(|jws| read_request(&AwsLcRsa, &jws, now));
        officers
            .push(read.map_err(|_| format!("{} is no request, or was changed", file.display()))?);
    }
    check_founders(&officers)?;
    let passphrase = init.passphrase.new_one()?;
    let keys = ceremony::make_authority(&init.name, now)?;
    let founded = ceremony::founded(&keys.root, &officers, &keys.head, now)?;
    let locked = |file: &str, pkcs8: &[u8]| {
        let pem = encrypt_pkcs8(pkcs8, &passphrase, &mut boot::rng())?;
        write_private(&ceremony_folder.join(file), &pem)
    };
    locked(ROOT_KEY, &keys.root.key.to_pkcs8_der())?;
    locked(
        "transport-ca-key.pem",
        &keys.transport.ca.key.to_pkcs8_der(),
    )?;
    write_key(
        &init.out.join("keys/authority/head-key.pem"),
        &keys.head.to_pkcs8_der()?,
    )?;
    write_public(&init.out.join("root.pem"), &keys.root.certificate.to_pem()?)?;
    write_public(
        &init.out.join("transport-ca.pem"),
        &keys.transport.ca.certificate.to_pem()?,
    )?;
    write_public(
        &init.out.join("founded.json"),
        &serde_json::to_string_pretty(&founded)?,
    )?;
    let mut transcript = vec![
        format!("{} was made on {}.", init.name, words::day(now)?),
        format!(
            "root          {}",
            five_words(&keys.root.certificate.key_thumbprint()).join(" ")
        ),
        format!("              {}", keys.root.certificate.key_thumbprint()),
        format!(
            "transport CA  {}",
            keys.transport.ca.certificate.key_thumbprint()
        ),
    ];
    transcript.extend(words::of(&founded)?);
    let transcript = transcript.join("\n");
    write_public(&init.out.join("transcript.txt"), &format!("{transcript}\n"))?;
    println!("{transcript}");
    println!(
        "Now one officer signs {} with `server authority sign`, and another approves it.",
        init.out.join("founded.json").display()
    );
    Ok(())
}

fn check_founders(officers: &[(Name, VerifyingKey)]) -> Result<(), Failure> {
    let names: std::collections::BTreeSet<String> = officers
        .iter()
        .map(|(name, _)| name.as_str().to_lowercase())
        .collect();
    let keys: std::collections::BTreeSet<_> =
        officers.iter().map(|(_, key)| key.thumbprint()).collect();
    if officers.len() < 2 || names.len() < officers.len() || keys.len() < officers.len() {
        return Err(
            "two officers at least are needed, each with a name and a key of their own".into(),
        );
    }
    Ok(())
}

fn sign_founded(sign: &Sign) -> Result<(), Failure> {
    let text = fs::read_to_string(&sign.record)
        .map_err(|error| format!("{} cannot be read: {error}", sign.record.display()))?;
    let act = serde_json::from_str(&text)
        .map_err(|error| format!("{} is no record: {error}", sign.record.display()))?;
    for line in words::of(&act)? {
        println!("  {line}");
    }
    let key = operator::read_operator_key(&sign.key, &sign.passphrase)?;
    let (now, mut rng) = (boot::now(), boot::rng());
    let record = sign_record(&AwsLcRsa, &key, Position::START, act, now, &mut rng)?;
    write_public(&sign.out, &format!("{}\n", record.as_str()))?;
    println!(
        "It counts once another officer has approved {}.",
        sign.out.display()
    );
    Ok(())
}

/// Whoever is no officer is told before anything is signed.
pub fn check_officer(register: &Register, key: &SigningKey) -> Result<(), Failure> {
    let is_one = register.officers().any(|(id, _)| *id == key.thumbprint());
    match is_one {
        true => Ok(()),
        false => Err("this is the key of no officer of the authority".into()),
    }
}

/// Waits for a person to agree.
pub fn confirm(words: &str) -> Result<(), Failure> {
    use std::io::{BufRead as _, Write as _};
    eprint!("{words}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    match line.trim() {
        "yes" => Ok(()),
        _ => Err("nothing was signed".into()),
    }
}
