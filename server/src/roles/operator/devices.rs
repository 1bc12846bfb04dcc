//! The operator's acts about devices and the bank's encryption key.

use super::{core, print_slip, registrar};
use crate::{
    boot, ceremony,
    cli::{BankArguments, Failure},
};
use bank::{
    SystemEntropy,
    operator::{self, ListedDevice},
};
use clap::Args;
use envelope::words::{compare_words, five_words};
use message::{
    Thumbprint,
    device::{EnrolledBy, Rights},
    text::Label,
};
use relay::primitive::AwsLcRsa;
use std::{
    io::{BufRead as _, Write as _},
    path::PathBuf,
};

/// `server customer slip`
#[derive(Args, Clone)]
pub struct CustomerSlip {
    #[command(flatten)]
    bank: BankArguments,
    /// The customer's number.
    #[arg(long)]
    customer: i64,
}

/// `server device list`
#[derive(Args, Clone)]
pub struct DeviceList {
    #[command(flatten)]
    bank: BankArguments,
    /// Only this customer's.
    #[arg(long)]
    customer: Option<i64>,
}

/// `server device suspend` and `server device resume`
#[derive(Args, Clone)]
pub struct DeviceNamed {
    #[command(flatten)]
    bank: BankArguments,
    /// The device's id: the thumbprint of its signing key.
    #[arg(long)]
    device: String,
}

/// `server device revoke`
#[derive(Args, Clone)]
pub struct DeviceRevoke {
    #[command(flatten)]
    named: DeviceNamed,
    /// Why, for the record.
    #[arg(long)]
    reason: String,
}

/// `server device admit`
#[derive(Args, Clone)]
pub struct DeviceAdmit {
    #[command(flatten)]
    bank: BankArguments,
    /// Whose device it becomes.
    #[arg(long)]
    customer: i64,
    /// The code that the new device shows, as on the letter.
    #[arg(long)]
    code: String,
    /// The five words on the letter; without them they are shown, and "yes" is to be typed.
    #[arg(long)]
    words: Option<String>,
}

/// `server key rotate`
#[derive(Args, Clone)]
pub struct KeyRotate {
    #[command(flatten)]
    bank: BankArguments,
    /// The key of the bank's CA, PKCS#8 in PEM; the demo keeps it in `keys/ceremony/bank-ca-key.pem`.
    #[arg(long, value_name = "FILE")]
    ca_key: Option<PathBuf>,
}

fn id(named: &DeviceNamed) -> Result<Thumbprint, Failure> {
    Thumbprint::parse(&named.device).map_err(|_| {
        "give the device's id of 43 characters, as `server device list` shows it".into()
    })
}

/// Prints a new activation slip for a customer. The devices he has are told.
pub async fn print_new_slip(slip: &CustomerSlip) -> Result<(), Failure> {
    let (configuration, mut core) = core(&slip.bank).await?;
    let name = operator::customer_name(&mut core, slip.customer).await?;
    let printed = operator::new_slip(&mut core, &SystemEntropy, slip.customer, boot::now()).await?;
    print_slip(&configuration, &name, &printed)
}

/// Lists devices.
pub async fn list_devices(list: &DeviceList) -> Result<(), Failure> {
    let (_, mut core) = core(&list.bank).await?;
    for device in operator::devices(&mut core, list.customer).await? {
        print_device(&device)?;
    }
    Ok(())
}

fn print_device(device: &ListedDevice) -> Result<(), Failure> {
    let standing = device.standing.word();
    let rights = match device.rights {
        Rights::Sign => "signs",
        Rights::View => "views",
    };
    let by = match device.enrolled_by {
        EnrolledBy::Slip => "slip",
        EnrolledBy::Device => "device",
        EnrolledBy::Letter => "letter",
        EnrolledBy::Rotation => "rotation",
    };
    let day = |at: Option<i64>| -> Result<String, Failure> {
        let date = at.map(|at| {
            time::OffsetDateTime::from_unix_timestamp(at).map(time::OffsetDateTime::date)
        });
        Ok(date
            .transpose()?
            .map_or_else(|| "-".to_owned(), |date| date.to_string()))
    };
    println!(
        "{}  {}  {standing:<9}  {rights}  by {by:<8}  used {:<10}  until {:<10}  {}",
        device.customer,
        device.id,
        day(device.last_used_at)?,
        day(device.certificates_until)?,
        device.name
    );
    println!("          {}", five_words(&device.id).join(" "));
    Ok(())
}

/// Suspends a device.
pub async fn suspend_device(named: &DeviceNamed) -> Result<(), Failure> {
    let device = id(named)?;
    let (_, mut core) = core(&named.bank).await?;
    operator::suspend_device(&mut core, device, boot::now()).await?;
    println!("Device {device} is suspended: nothing it signs counts until it is resumed.");
    Ok(())
}

/// Resumes a suspended device.
pub async fn resume_device(named: &DeviceNamed) -> Result<(), Failure> {
    let device = id(named)?;
    let (_, mut core) = core(&named.bank).await?;
    operator::resume_device(&mut core, device, boot::now()).await?;
    println!("Device {device} counts again.");
    Ok(())
}

/// Revokes a device with a signed record.
pub async fn revoke_device(revoke: &DeviceRevoke) -> Result<(), Failure> {
    let device = id(&revoke.named)?;
    let reason = Label::parse(&revoke.reason).map_err(|error| format!("the reason {error}"))?;
    let (configuration, mut core) = core(&revoke.named.bank).await?;
    let secret = registrar::secret(&configuration)?;
    let ca = &secret.enrolment_ca;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    operator::revoke_device(&mut core, &rsa, &entropy, ca, device, &reason, now).await?;
    println!("Device {device} is revoked: nothing it signs from now on counts.");
    Ok(())
}

/// Makes the device of an initialisation letter a customer's, after its words were compared.
pub async fn admit_device(admit: &DeviceAdmit) -> Result<(), Failure> {
    let (_, mut core) = core(&admit.bank).await?;
    let customer = operator::customer_name(&mut core, admit.customer).await?;
    let waiting = operator::waiting_device(&mut core, &admit.code, boot::now()).await?;
    match &admit.words {
        Some(typed) if compare_words(typed, &waiting.id).fit => {}
        Some(_) => {
            let words = "the words are not those of the new device: it is not admitted. Do not try \
                         again before you know why";
            return Err(words.into());
        }
        None => {
            println!(
                "{customer} (customer {}) adds the device {}",
                admit.customer, waiting.name
            );
            println!("    {}", waiting.words.join(" "));
            print!("Do these words stand on the signed letter? Type yes: ");
            std::io::stdout().flush()?;
            let mut answer = String::new();
            std::io::stdin().lock().read_line(&mut answer)?;
            if answer.trim() != "yes" {
                return Err("the device is not admitted".into());
            }
        }
    }
    operator::admit_device(&mut core, admit.customer, &waiting, boot::now()).await?;
    println!(
        "Device {} is admitted: it is active when it has confirmed.",
        waiting.id
    );
    Ok(())
}

/// Gives the bank a new encryption key.
pub async fn rotate_key(rotate: &KeyRotate) -> Result<(), Failure> {
    let (configuration, mut core) = core(&rotate.bank).await?;
    let file = rotate
        .ca_key
        .clone()
        .unwrap_or_else(|| configuration.keys("ceremony").join("bank-ca-key.pem"));
    let bank_ca = ceremony::read_key(&file)?;
    let (rsa, entropy, now) = (AwsLcRsa, SystemEntropy, boot::now());
    let number = operator::rotate_key(&mut core, &rsa, &entropy, &bank_ca, now).await?;
    println!("Key set {number} is signed. Running processors take the new key up by themselves.");
    println!("The old keys still open what is sealed to them.");
    Ok(())
}
