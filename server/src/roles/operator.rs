//! The acts of a bank's operator, on the core's own machine.

mod devices;
mod operators;
mod parameters;
mod processors;
mod trust;

pub use devices::{
    CustomerSlip, DeviceAdmit, DeviceList, DeviceNamed, DeviceRevoke, KeyRotate, admit_device,
    list_devices, print_new_slip, resume_device, revoke_device, rotate_key, suspend_device,
};

pub(crate) use operators::{CaKey, make_request, open_key, read_operator_key, write_operator_key};
pub use operators::{OperatorCommand, OperatorRequest, operators};
pub use parameters::{ParametersCommand, parameters};
pub use processors::{
    ProcessorAdmit, ProcessorList, ProcessorRemove, ProcessorRequest, admit_processor,
    list_processors, remove_processor, request_processor,
};
pub use trust::{TrustArguments, trust};

use super::registrar;
use crate::{
    boot,
    cli::{BankArguments, Failure},
    configuration::BankConfiguration,
};
use bank::{
    SystemEntropy,
    operator::{self, PrintedSlip},
};
use clap::Args;
use message::{
    Amount, Currency, Iban,
    text::{Label, Name},
};
use relay::primitive::AwsLcRsa;
use serde::Serialize;
use sqlx::{Connection, PgConnection};

/// `server customer add`
#[derive(Args, Clone)]
pub struct CustomerAdd {
    #[command(flatten)]
    bank: BankArguments,
    /// The customer's name.
    #[arg(long)]
    name: String,
    /// What the account is called.
    #[arg(long, default_value = "Everyday")]
    account: String,
    /// What is paid in from the vault, like 1250.00.
    #[arg(long)]
    deposit: Option<String>,
    /// Print JSON for a program.
    #[arg(long)]
    json: bool,
}

/// `server account close`
#[derive(Args, Clone)]
pub struct AccountClose {
    #[command(flatten)]
    bank: BankArguments,
    /// The account.
    #[arg(long)]
    iban: String,
}

#[derive(Serialize)]
struct Opened {
    number: i64,
    iban: String,
    locator: String,
    secret: String,
    words: String,
}

pub(crate) async fn core(
    bank: &BankArguments,
) -> Result<(BankConfiguration, PgConnection), Failure> {
    let configuration = BankConfiguration::read(&bank.config)?;
    let options = configuration.core.owner()?;
    let connection = PgConnection::connect_with(&options)
        .await
        .map_err(|error| {
            format!(
                "the core of {} does not answer ({error}). Start it first",
                configuration.name
            )
        })?;
    Ok((configuration, connection))
}

/// Opens a customer with an account and prints the activation slip.
pub async fn add_customer(add: &CustomerAdd) -> Result<(), Failure> {
    let name = Name::parse(&add.name).map_err(|error| format!("the name {error}"))?;
    let label =
        Label::parse(&add.account).map_err(|error| format!("the account's name {error}"))?;
    let deposit = add.deposit.as_deref();
    let deposit = deposit
        .map(|typed| Amount::parse(typed, Currency::EUR))
        .transpose()?;
    let (configuration, mut core) = core(&add.bank).await?;
    let now = boot::now();
    let opened =
        operator::open_customer(&mut core, &SystemEntropy, &name, &label, deposit, now).await?;
    if add.json {
        let printed = Opened {
            number: opened.number,
            iban: opened.account.as_str().to_owned(),
            locator: opened.slip.locator.to_string(),
            secret: opened.slip.secret.reveal(),
            words: opened.slip.words.join(" "),
        };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!("Customer {}, account {}", opened.number, opened.account);
    print_slip(&configuration, &name, &opened.slip)
}

/// The slip as it is handed over. Its code is shown this once.
fn print_slip(
    configuration: &BankConfiguration,
    name: &Name,
    slip: &PrintedSlip,
) -> Result<(), Failure> {
    let until = time::OffsetDateTime::from_unix_timestamp(slip.valid_until)?.date();
    println!();
    println!("  Activation slip of {} for {name}", configuration.name);
    println!(
        "  Open {} and choose \"Enrol this browser\".",
        configuration.web.origin
    );
    println!("    slip number  {}", slip.locator);
    println!("    slip code    {}", slip.secret.reveal());
    println!("    bank's words {}", slip.words.join(" "));
    println!("  Good once, until {until}, for five tries.");
    Ok(())
}

/// Closes an account.
pub async fn close_account(close: &AccountClose) -> Result<(), Failure> {
    let iban = Iban::parse(&close.iban)?;
    let (_, mut core) = core(&close.bank).await?;
    operator::close_account(&mut core, &iban).await?;
    println!("Account {iban} is closed.");
    Ok(())
}

/// Recomputes the books and says whether they are right.
pub async fn audit(bank: &BankArguments) -> Result<(), Failure> {
    let (configuration, mut core) = core(bank).await?;
    let audit = operator::audit(&mut core, &AwsLcRsa, boot::now()).await?;
    println!("Audit of {}", configuration.name);
    for (what, number) in &audit.figures {
        println!("  {what:<32}{number:>16}");
    }
    if audit.is_right() {
        println!("The books are right.");
        return Ok(());
    }
    for (what, which) in &audit.findings {
        println!("  WRONG: {what}: {which}");
    }
    Err(format!("the books are not right: {} findings", audit.findings.len()).into())
}
