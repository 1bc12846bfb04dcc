//! A demo network as a child process, with what tests do to it.

use message::{
    Iban, MessageId, Thumbprint,
    enquiry::{Overview, OverviewAsk},
    receipt::Receipt,
    slip::{Locator, Secret},
};
use serde_json::Value;
use server::{
    configuration::{AuthorityConfiguration, BankConfiguration},
    device::Device,
};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_millis(100);

/// A customer with an enrolled device.
pub struct Customer {
    pub device: Device,
    pub iban: Iban,
}

pub struct Demo {
    child: Child,
    folder: tempfile::TempDir,
    welcome: Value,
}

/// Something that can be killed.
#[derive(Debug)]
pub enum Victim {
    Role {
        party: &'static str,
        name: &'static str,
    },
    Node(&'static str),
}

impl Demo {
    /// Starts a fresh network; pages are not needed here, so its site is empty.
    pub async fn raise(name: &str, port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        let site = folder.path().join("site");
        fs::create_dir(&site).unwrap();
        fs::write(site.join("manifest.json"), r#"{"files":{}}"#).unwrap();
        let log = fs::File::create(folder.path().join("demo.log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["demo", "--port", &port.to_string(), "--folder"])
            .arg(folder.path().join("network"))
            .arg("--site")
            .arg(&site)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let welcome = folder.path().join("network/welcome.json");
        let start = Instant::now();
        while !welcome.exists() {
            let ended = child.try_wait().unwrap();
            if ended.is_some() || start.elapsed() > LIMIT {
                let log = fs::read_to_string(folder.path().join("demo.log")).unwrap();
                let _ = child.kill();
                panic!("the demo is not ready ({ended:?}):\n{log}");
            }
            tokio::time::sleep(EVERY).await;
        }
        let welcome = serde_json::from_str(&fs::read_to_string(welcome).unwrap()).unwrap();
        Self {
            child,
            folder,
            welcome,
        }
    }

    /// Where everything of this test lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn network(&self) -> PathBuf {
        self.folder.path().join("network")
    }

    pub fn config(&self, bank: usize) -> String {
        self.welcome["banks"][bank]["config"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// One number from a bank's core.
    pub async fn in_core(&self, bank: usize, sql: &'static str) -> i64 {
        let bank = BankConfiguration::read(Path::new(&self.config(bank))).unwrap();
        number(&bank.core.owner().unwrap(), sql).await
    }

    /// One number from the authority's node.
    pub async fn in_authority(&self, sql: &'static str) -> i64 {
        let file = self.network().join("authority/authority.toml");
        let authority = AuthorityConfiguration::read(&file).unwrap();
        number(&authority.connect(&authority.node).unwrap(), sql).await
    }

    fn edges(&self, bank: usize) -> Vec<String> {
        let edges = self.welcome["banks"][bank]["edges"].as_array().unwrap();
        edges
            .iter()
            .map(|edge| edge.as_str().unwrap().to_owned())
            .collect()
    }

    fn open(&self, bank: usize, name: &str, deposit: &str) -> Value {
        let add = [
            "customer",
            "add",
            "--json",
            "--name",
            name,
            "--deposit",
            deposit,
        ];
        serde_json::from_str(&self.operator(bank, &add)).unwrap()
    }

    /// New keys that the bank does not know.
    pub async fn device(&self, bank: usize) -> Device {
        Device::make(&self.edges(bank)).await.unwrap()
    }

    /// Opens a customer and enrols a device.
    pub async fn customer(&self, bank: usize, name: &str, deposit: &str) -> Customer {
        let opened = self.open(bank, name, deposit);
        let text = |what: &str| opened[what].as_str().unwrap().to_owned();
        let mut device = Device::make(&self.edges(bank)).await.unwrap();
        let (locator, secret) = (text("locator"), text("secret"));
        let (locator, secret) = (
            Locator::parse(&locator).unwrap(),
            Secret::parse(&secret).unwrap(),
        );
        device.enrol(&locator, &secret).await.unwrap();
        Customer {
            device,
            iban: Iban::parse(&text("iban")).unwrap(),
        }
    }

    /// An account that was opened and closed.
    pub fn closed_account(&self, bank: usize) -> Iban {
        let opened = self.open(bank, "Gone Canary-Away", "1.00");
        let iban = opened["iban"].as_str().unwrap();
        self.operator(bank, &["account", "close", "--iban", iban]);
        Iban::parse(iban).unwrap()
    }

    pub fn revoke(&self, bank: usize, device: Thumbprint) {
        let device = device.to_string();
        self.operator(
            bank,
            &["device", "revoke", "--device", &device, "--reason", "lost"],
        );
    }

    /// Both books must be right.
    pub fn audit(&self) {
        for bank in [0, 1] {
            assert!(
                self.operator(bank, &["audit"])
                    .contains("The books are right.")
            );
            assert!(self.operator(bank, &["status"]).contains("core"));
        }
    }

    /// Every kind of process, once.
    pub fn victims(&self) -> Vec<Victim> {
        let role = |party, name| Victim::Role { party, name };
        vec![
            role("halddeff", "processor-1"),
            role("brisdemm", "processor-2"),
            role("halddeff", "edge-1"),
            role("halddeff", "registrar"),
            Victim::Node("halddeff-core"),
            Victim::Node("halddeff-front"),
            Victim::Node("halddeff-gateway-brisdemm"),
            Victim::Node("brisdemm-gateway-halddeff"),
            Victim::Node("brisdemm-core"),
            Victim::Node("authority-authority"),
        ]
    }

    pub fn kill(&self, victim: &Victim) {
        match victim {
            Victim::Role { party, name } => self.signal_role(party, name, "KILL"),
            Victim::Node(name) => {
                let file = self
                    .network()
                    .join("nodes")
                    .join(name)
                    .join("data/postmaster.pid");
                let text = fs::read_to_string(file).unwrap();
                signal(text.lines().next().unwrap(), "KILL");
            }
        }
    }

    /// Sends a signal to every role process of a party whose name begins like this.
    pub fn signal_role(&self, party: &str, name: &str, what: &str) {
        let folder = self.network().join(party);
        let folder = folder.to_str().unwrap();
        let mut found = 0;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(line) = fs::read(entry.path().join("cmdline")) else {
                continue;
            };
            let words: Vec<_> = line
                .split(|b| *b == 0)
                .map(String::from_utf8_lossy)
                .collect();
            let ours = words.iter().any(|word| word.starts_with(folder));
            let role = name.split('-').next().unwrap();
            let named = !name.contains('-') || words.iter().any(|word| word == name);
            if ours && named && words.get(1).is_some_and(|word| word == role) {
                signal(&entry.file_name().to_string_lossy(), what);
                found += 1;
            }
        }
        assert!(found > 0, "no process {party} {name}");
    }

    /// Waits for a condition, with a limit.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        while !holds().await {
            assert!(start.elapsed() < LIMIT, "not in time: {what}");
            tokio::time::sleep(EVERY).await;
        }
    }

    /// The receipt of an order, however long the servers need to come back.
    pub async fn receipt(&self, customer: &mut Customer, order: MessageId) -> Receipt {
        let start = Instant::now();
        loop {
            match customer.device.receipt(order).await {
                Ok(receipt) => return receipt,
                Err(error) => assert!(start.elapsed() < LIMIT, "no receipt: {error}"),
            }
        }
    }

    pub async fn available(&self, customer: &mut Customer) -> i64 {
        let start = Instant::now();
        loop {
            match customer.device.ask::<_, Overview>(OverviewAsk {}).await {
                Ok(overview) => return overview.accounts[0].available.minor(),
                Err(error) => assert!(start.elapsed() < LIMIT, "no overview: {error}"),
            }
        }
    }

    /// Files outside the cores in which one of these words stands.
    pub fn search_outside_cores(&self, needles: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        let core = |path: &Path| path.to_string_lossy().contains("-core/");
        // What was printed for the operator holds the slips, as paper would.
        let printed =
            |path: &Path| path.ends_with("customers.json") || path.ends_with("welcome.json");
        for file in files(&self.network()) {
            if core(&file) || printed(&file) {
                continue;
            }
            let bytes = fs::read(&file).unwrap_or_default();
            for needle in needles {
                if contains(&bytes, needle.as_bytes()) {
                    found.push(format!("{needle} in {}", file.display()));
                }
            }
        }
        found
    }

    pub fn core_holds(&self, needle: &str) -> bool {
        let core = self.network().join("nodes/halddeff-core");
        files(&core)
            .iter()
            .any(|file| contains(&fs::read(file).unwrap_or_default(), needle.as_bytes()))
    }

    /// Ctrl-C, and nothing may be left of it.
    pub async fn stop(mut self) {
        signal(&self.child.id().to_string(), "TERM");
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < LIMIT, "the demo does not end");
            tokio::time::sleep(EVERY).await;
        }
        let folder = self.network().to_str().unwrap().to_owned();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            assert!(!line.contains(&folder), "left behind: {line}");
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A test that failed leaves nothing running either: the roles end with their parent.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn number(node: &PgConnectOptions, sql: &'static str) -> i64 {
    let mut connection = node.connect().await.unwrap();
    sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn signal(process: &str, what: &str) {
    let done = Command::new("kill")
        .args([&format!("-{what}"), process])
        .status()
        .unwrap();
    assert!(done.success());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
    all
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
