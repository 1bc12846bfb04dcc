//! The customers of a new demo, opened once.

use super::{Running, plan::Plan};
use crate::{ceremony::write_private, cli::Failure};
use message::{Amount, Currency, text::Name};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};

/// Bank, name, and what is paid in, in cents.
const CUSTOMERS: [(usize, &str, i64); 3] = [
    (0, "Mira Lindqvist", 1_248_022),
    (1, "Jean-Baptiste Archambault", 230_410),
    (0, "Chukwuemeka Okonkwo", 104_820_000),
];

/// A customer of the demo with the slip, as printed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seeded {
    pub(super) name: String,
    pub(super) bank: String,
    pub(super) bank_name: String,
    pub(super) iban: String,
    pub(super) iban_grouped: String,
    pub(super) locator: String,
    pub(super) secret: String,
    pub(super) words: String,
}

fn file(plan: &Plan) -> PathBuf {
    plan.folder.join("customers.json")
}

/// Opens the customers, unless an earlier start has.
pub(super) async fn seed(running: &Running) -> Result<(), Failure> {
    let path = file(&running.plan);
    if path.exists() {
        return Ok(());
    }
    let mut seeded = Vec::new();
    for (at, name, minor) in CUSTOMERS {
        let bank = &running.plan.banks[at];
        let deposit = Amount::try_new(minor, Currency::EUR)?;
        let opened = running
            .open_customer(at, &Name::parse(name)?, deposit)
            .await?;
        seeded.push(Seeded {
            name: name.to_owned(),
            bank: bank.bic.to_string(),
            bank_name: bank.name.to_owned(),
            iban: opened.account.as_str().to_owned(),
            iban_grouped: opened.account.grouped(),
            locator: opened.slip.locator.to_string(),
            secret: opened.slip.secret.reveal(),
            words: opened.slip.words.join(" "),
        });
    }
    write_private(&path, &serde_json::to_string_pretty(&seeded)?)
}

/// The customers of this demo.
pub(super) fn read(plan: &Plan) -> Result<Vec<Seeded>, Failure> {
    Ok(serde_json::from_str(&fs::read_to_string(file(plan))?)?)
}
