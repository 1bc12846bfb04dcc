//! What the demo says when it is ready: what to open, what to type, what to try.

use super::{
    plan::Plan,
    seed::{self, Seeded},
};
use crate::cli::Failure;
use serde::Serialize;
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf, time::Duration};

/// The same for programs, in `welcome.json` of the data folder. It holds the slips' codes, as the
/// printed slips do; a slip is good once.
#[derive(Serialize)]
struct Welcome {
    banks: Vec<WelcomeBank>,
    customers: Vec<Seeded>,
}

#[derive(Serialize)]
struct WelcomeBank {
    name: String,
    bic: String,
    web: String,
    edges: Vec<String>,
    config: PathBuf,
}

/// Writes `welcome.json` and prints the way in.
pub(super) fn print(plan: &Plan, took: Duration) -> Result<(), Failure> {
    let customers = seed::read(plan)?;
    let banks = plan.banks.iter().map(|bank| WelcomeBank {
        name: bank.name.to_owned(),
        bic: bank.bic.to_string(),
        web: plan.web_origin(bank),
        edges: plan.edge_origins(bank),
        config: plan.bank_file(bank),
    });
    let welcome = Welcome {
        banks: banks.collect(),
        customers,
    };
    write_private(plan, &serde_json::to_string_pretty(&welcome)?)?;

    println!(
        "\nThe demo bank is ready after {:.1} s.\n",
        took.as_secs_f64()
    );
    for bank in &welcome.banks {
        println!("  {:<12} {}", bank.name, bank.web);
    }
    println!("\nActivation slips (each makes one browser a device of that customer):\n");
    for customer in &welcome.customers {
        println!(
            "  {} at {}: {}",
            customer.name, customer.bank_name, customer.iban_grouped
        );
        println!("    slip number  {}", customer.locator);
        println!("    slip code    {}", customer.secret);
        println!("    bank's words {}\n", customer.words);
    }
    println!("Try this:");
    println!("  1. Open the first bank, choose \"Enrol this browser\", type the first slip.");
    println!("  2. Open the second bank in another window and enrol the other customer.");
    println!("  3. Pay from one to the other and watch both windows.");
    println!(
        "\nLook inside: cargo run -q -p server -- status --config {}",
        welcome.banks[0].config.display()
    );
    println!("Ctrl-C stops everything; the data stays for the next start.");
    Ok(())
}

fn write_private(plan: &Plan, text: &str) -> Result<(), Failure> {
    // Written under another name first: whoever waits for the file never reads half of it.
    let path = plan.folder.join("welcome.json");
    let unfinished = plan.folder.join("welcome.json.part");
    let mut options = fs::File::options();
    let mut file = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    fs::rename(unfinished, path)?;
    Ok(())
}
