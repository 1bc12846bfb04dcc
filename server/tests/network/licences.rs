//! Two officers of the authority decide who is a bank, and banks keep to it within seconds.

use super::demo::{Customer, Demo};
use crate::{booked, refused, to};
use message::receipt::Refusal;
use std::{fs, path::PathBuf, time::Duration, time::Instant};

const PASSPHRASE: &str = "two officers know a phrase each";

/// How soon a decision is obeyed everywhere in a healthy network.
const OBEYED: Duration = Duration::from_secs(5);

/// Requests, an authority of its own, and the first record.
pub fn an_authority_is_made(demo: &Demo) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("passphrase"), PASSPHRASE).unwrap();
    let phrase = path("passphrase");
    for (name, out) in [("Ada Berg", "ada"), ("Bo Lind", "bo"), ("ADA berg", "too")] {
        let out = path(out);
        let asked = ["authority", "officer", "--name", name, "--out", &out];
        let said = demo
            .run(&[&asked[..], &["--passphrase-file", &phrase]].concat())
            .unwrap();
        assert!(said.contains(name), "{said}");
    }
    let request = |who: &str| path(&format!("{who}/operator-request.jws"));
    let init = |second: &str| {
        let (one, other, out) = (request("ada"), request(second), path("authority"));
        demo.run(&[
            "authority",
            "init",
            "--name",
            "Test Authority",
            "--officer",
            &one,
            "--officer",
            &other,
            "--out",
            &out,
            "--passphrase-file",
            &phrase,
        ])
    };
    let words = init("too").unwrap_err();
    assert!(words.contains("two officers at least"), "{words}");
    let said = init("bo").unwrap();
    assert!(
        said.contains("Ada Berg") && said.contains("Bo Lind"),
        "{said}"
    );
    assert_eq!(
        said.lines().next(),
        fs::read_to_string(path("authority/transcript.txt"))
            .unwrap()
            .lines()
            .next()
    );
    let root = fs::read_to_string(path("authority/keys/ceremony/root-key.pem")).unwrap();
    assert!(root.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    // Once more does not write over it.
    assert!(init("bo").unwrap_err().contains("already"));
    let (record, key) = (path("authority/founded.json"), path("ada/operator-key.pem"));
    let out = path("founded.jws");
    let sign = ["authority", "sign", "--record", &record, "--key", &key];
    let rest = ["--passphrase-file", &phrase, "--out", &out];
    demo.run(&[&sign[..], &rest].concat()).unwrap();
    assert!(fs::read_to_string(&out).unwrap().starts_with("ey"));
}

/// What officers do in the network of the demo.
struct Office<'a> {
    demo: &'a Demo,
    config: String,
    records: tempfile::TempDir,
}

impl Office<'_> {
    fn record(&self) -> String {
        let file = self.records.path().join("record.jws");
        file.to_str().unwrap().to_owned()
    }

    fn officer(&self, who: &str, act: &[&str]) -> Result<String, String> {
        let folder = PathBuf::from(&self.config);
        let folder = folder.parent().unwrap().join("keys/officers").join(who);
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (key, phrase) = (file("officer-key.pem"), file("passphrase.txt"));
        let common = ["--config", &self.config, "--key", &key];
        let with = ["--passphrase-file", &phrase];
        self.demo.run(&[&["licence"], act, &common, &with].concat())
    }

    /// The first officer proposes it.
    fn propose(&self, act: &[&str]) -> String {
        let record = self.record();
        let out = ["--out", &record];
        self.officer("ines-falk", &[act, &out].concat()).unwrap()
    }

    fn approve(&self, who: &str) -> Result<String, String> {
        let record = self.record();
        self.officer(who, &["approve", "--yes", "--record", &record])
    }
}

/// Suspends the second bank, and resumes it.
pub async fn a_bank_is_suspended_and_resumed(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let config = PathBuf::from(demo.config(0));
    let config = config.parent().unwrap().parent().unwrap();
    let config = config.join("authority/authority.toml");
    let office = Office {
        demo,
        config: config.to_str().unwrap().to_owned(),
        records: tempfile::tempdir().unwrap(),
    };
    let listed = ["licence", "list", "--config", &office.config];
    let said = demo.run(&listed).unwrap();
    assert!(
        said.contains("Halden Bank") && said.contains("Brisa Bank"),
        "{said}"
    );
    assert_eq!(said.matches("  active").count(), 2, "{said}");

    let asked = office.records.path().join("request.jws");
    let asked = asked.to_str().unwrap();
    let said = demo.operator(
        0,
        &["licence", "request", "--cap", "1000000.00", "--out", asked],
    );
    let shown = demo.run(&["licence", "show", "--request", asked]).unwrap();
    assert!(
        said.contains(shown.lines().next().unwrap()),
        "{said}{shown}"
    );

    let suspend = [
        "suspend",
        "--bank",
        "BRISDEMM",
        "--reason",
        "Its books are late",
    ];
    let said = office.propose(&suspend);
    assert!(said.contains("Its books are late"), "{said}");
    let words = office.approve("ines-falk").unwrap_err();
    assert!(words.contains("one person twice"), "{words}");
    let order = to(ann, "Cleo", &cleo.iban, 100);
    assert!(
        booked(&ann.device.pay(&order).await.unwrap()),
        "one signature does nothing"
    );
    let start = Instant::now();
    office.approve("jon-aasen").unwrap();
    until_refused(ann, cleo).await;
    until_refused(cleo, ann).await;
    assert!(start.elapsed() < OBEYED, "{:?}", start.elapsed());
    // The same record cannot be used again.
    assert!(office.approve("jon-aasen").is_err());
    assert!(demo.run(&listed).unwrap().contains("Its books are late"));

    office.propose(&["resume", "--bank", "BRISDEMM", "--reason", "They are here"]);
    office.approve("jon-aasen").unwrap();
    let start = Instant::now();
    while !booked(
        &ann.device
            .pay(&to(ann, "Cleo", &cleo.iban, 100))
            .await
            .unwrap(),
    ) {
        assert!(start.elapsed() < OBEYED, "the suspension does not end");
    }
    let said = demo.operator(0, &["trust"]);
    assert!(
        said.contains("BRISDEMM is suspended, signed by Ines Falk and Jon Aasen"),
        "{said}"
    );
    let said = demo.operator(1, &["trust", "verify"]);
    assert!(said.contains(", 0 would be refused"), "{said}");
}

async fn until_refused(payer: &mut Customer, payee: &Customer) {
    let start = Instant::now();
    loop {
        let order = to(payer, "Payee", &payee.iban, 100);
        let receipt = payer.device.pay(&order).await.unwrap();
        if !booked(&receipt) {
            assert_eq!(refused(&receipt), Refusal::LicenceSuspended);
            return;
        }
        assert!(start.elapsed() < OBEYED, "payments go on");
    }
}
