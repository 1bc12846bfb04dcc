//! `server processor admit`: the operator lets a new processing server in.

use super::nodes;
use crate::{
    boot, ceremony,
    cli::{BankArguments, Failure},
    configuration::{self, BankConfiguration, NodeAddress, role_of},
    roles::{operator::core, registrar},
};
use bank::{
    admission::{self, Asked},
    operator,
};
use clap::Args;
use envelope::words::compare_words;
use message::processor::REQUEST_BYTES_MAX;
use relay::primitive::AwsLcRsa;
use sqlx::PgConnection;
use std::{
    fs::File,
    io::{BufRead as _, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long registrar and processors may take.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `server processor admit`
#[derive(Args, Clone)]
pub struct ProcessorAdmit {
    #[command(flatten)]
    bank: BankArguments,
    /// The request of the new machine.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The five words that the new machine shows; without them they are shown, and "yes" is to be
    /// typed.
    #[arg(long)]
    words: Option<String>,
    /// Where the public files for the new machine are written; else `admitted/NAME` beside the
    /// configuration.
    #[arg(long, value_name = "FOLDER")]
    answer: Option<PathBuf>,
}

/// Admits the processor that has asked.
pub async fn admit_processor(admit: &ProcessorAdmit) -> Result<(), Failure> {
    let (configuration, mut core) = core(&admit.bank).await?;
    let text = read_small(&admit.request)?;
    let asked = admission::read(&AwsLcRsa, &configuration.bic, &text, boot::now())?;
    compare(&configuration, &asked, admit.words.as_deref())?;
    operator::admit_processor(&mut core, &asked, boot::now()).await?;
    let name = asked.name.as_str();
    println!("{name} is admitted.");
    nodes::let_in(&configuration, name).await?;
    let folder = admit.answer.clone();
    let folder = folder.unwrap_or_else(|| configuration.folder.join("admitted").join(name));
    write_answer(&configuration, &mut core, &asked, &folder).await?;
    if wait_until_ready(&mut core, &asked).await? {
        println!("It is certified, and the bank's keys are wrapped to it.");
    } else {
        println!(
            "It is not certified yet, or has no keys: the registrar and a processor must run."
        );
    }
    println!("Copy what is in {} to the new machine,", folder.display());
    println!("into the folder that holds its `keys` (nothing of it is secret), and start there:");
    println!("    server processor --config bank.toml --name {name}");
    Ok(())
}

/// A request is small: a file that is not is not read.
fn read_small(path: &Path) -> Result<String, Failure> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut text = String::new();
    let limit = u64::try_from(REQUEST_BYTES_MAX)?;
    file.take(limit + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Shows what is asked; the operator compares the words with those that the new machine shows.
fn compare(
    configuration: &BankConfiguration,
    asked: &Asked,
    typed: Option<&str>,
) -> Result<(), Failure> {
    let at = time::OffsetDateTime::from_unix_timestamp(asked.at)?;
    println!(
        "{} asks {} to process its payments.",
        asked.name, configuration.name
    );
    println!("  id      {}", asked.id());
    println!("  words   {}", asked.words().join(" "));
    println!("  signed  {at}");
    match typed {
        Some(typed) if compare_words(typed, &asked.id()).fit => return Ok(()),
        Some(_) => {
            let words = "the words are not those of the request: it is not admitted. Do not try \
                         again before you know why";
            return Err(words.into());
        }
        None => {}
    }
    print!("Does the new machine show these words? Type yes: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err("the processor is not admitted".into()),
    }
}

/// The public files with which the new machine starts: configuration, root, licence, and its
/// certificate for the bank's nodes.
async fn write_answer(
    configuration: &BankConfiguration,
    core: &mut PgConnection,
    asked: &Asked,
    folder: &Path,
) -> Result<(), Failure> {
    let name = asked.name.as_str();
    let copy = |from: &Path, to: PathBuf| -> Result<(), Failure> {
        ceremony::write_public(&to, &configuration::read(from)?)
    };
    let away = |node: &NodeAddress| NodeAddress {
        socket: None,
        ..node.clone()
    };
    let mut own = configuration.clone();
    own.core = away(&own.core);
    own.front = away(&own.front);
    for gateway in &mut own.gateways {
        gateway.node = away(&gateway.node);
    }
    own.processors = vec![name.to_owned()];
    own.root = PathBuf::from("root.pem");
    own.licence = PathBuf::from("licence.pem");
    ceremony::write_public(&folder.join("bank.toml"), &toml::to_string(&own)?)?;
    copy(
        &configuration.path(&configuration.root),
        folder.join(&own.root),
    )?;
    copy(
        &configuration.path(&configuration.licence),
        folder.join(&own.licence),
    )?;
    let keys = folder.join("keys").join(name);
    let anchor = configuration.keys(registrar::HOLDER).join("tls-ca.pem");
    copy(&anchor, keys.join("tls-ca.pem"))?;
    let ca = operator::transport_ca(core).await?;
    let ca = registrar::secret(configuration)?.transport_issuer(&ca);
    let (role, now) = (role_of(name), boot::now());
    let certificate = ceremony::client_certificate(&ca, &role, &asked.transport, now)?;
    ceremony::write_public(&keys.join("tls.pem"), &certificate.to_pem()?)
}

/// Whether the registrar has certified it and a processor has handed it the bank's keys, in time.
async fn wait_until_ready(core: &mut PgConnection, asked: &Asked) -> Result<bool, Failure> {
    let start = Instant::now();
    while start.elapsed() < READY_LIMIT {
        let all = operator::processors(core).await?;
        let found = all.iter().find(|one| one.id == asked.id());
        if found.is_some_and(|one| one.has_keys && one.certificates_until.is_some()) {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}
