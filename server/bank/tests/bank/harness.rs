//! A bank on real PostgreSQL whose processors are stepped by hand.

use crate::{authority, parameters};
use bank::{
    Clock, Entropy, Processor, ProcessorSecret, SystemEntropy, Wiring,
    founding::{BankSecrets, BankTerms, Founding, licence_request},
    operator,
    registrar::{Registrar, RegistrarWiring},
};
use envelope::{Certificate, Issuer, Party, Rsa, RsaPrivateKey, SigningKey, Validity, make_root};
use message::{Amount, Bic, Currency, Timestamp, text::Name};
use relay::{
    edge_store::EdgeStore, front::Front, gateway::Gateway, link::Ends, primitive::AwsLcRsa,
};
use sqlx::{ConnectOptions, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

pub const NOW: Timestamp = 1_800_000_000;

/// Processors' certificates outlast the leaps of time in most tests.
pub const PROCESSOR_SECONDS: i64 = 2 * 365 * 86_400;

/// A clock that stands until it is set.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}

pub fn rsa() -> Arc<dyn Rsa> {
    Arc::new(AwsLcRsa)
}

pub fn eur(cents: i64) -> Amount {
    Amount::try_new(cents, Currency::EUR).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// What is made once for all tests: making keys takes long, and which keys they are never matters.
pub struct Material {
    pub root: Issuer,
    pub banks: [(BankTerms, BankSecrets, Founding); 2],
    pub processors: [ProcessorSecret; 3],
    /// Keys of operators; the first two are those of every bank.
    pub operators: [SigningKey; 3],
    /// Signing and encryption keys of devices.
    pub devices: Vec<(RsaPrivateKey, RsaPrivateKey)>,
}

pub fn material() -> &'static Material {
    static MATERIAL: OnceLock<Material> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let (rsa, entropy) = (rsa(), SystemEntropy);
        let mut rng = entropy.rng();
        let key = rsa.generate(2048, &mut *rng).unwrap();
        let validity = Validity {
            not_before: NOW - 1_000_000,
            not_after: NOW + 20 * 365 * 24 * 60 * 60,
        };
        let certificate = make_root(&*rsa, &key, "Authority", validity, &mut *rng).unwrap();
        let root = Issuer { certificate, key };
        let bank = |bic: &str, called: &str, prefix: &str| {
            let terms = BankTerms {
                bic: Bic::parse(bic).unwrap(),
                name: name(called),
                iban_prefix: prefix.to_owned(),
                currency: Currency::EUR,
                settlement_cap: 1_000_000,
            };
            let secrets = BankSecrets::make(&*rsa, &entropy).unwrap();
            let request = licence_request(&terms, &secrets, "1", NOW);
            let mut rng = entropy.rng();
            let licence = envelope::issue(&*rsa, &root, &request, &mut *rng).unwrap();
            let root = root.certificate.clone();
            let founding =
                Founding::make(&*rsa, &entropy, terms.clone(), root, licence, &secrets, NOW)
                    .unwrap();
            (terms, secrets, founding)
        };
        let banks = [
            bank("HALDDEFF", "Halden Bank", "DE37090502"),
            bank("BRISDEMM", "Brisa Bank", "DE70020570"),
        ];
        let processors = [(); 3].map(|()| ProcessorSecret::make(&*rsa, &entropy).unwrap());
        let operators = [(); 3].map(|()| SigningKey::Rsa(rsa.generate(2048, &mut *rng).unwrap()));
        let mut pair = || {
            (
                rsa.generate(2048, &mut *rng).unwrap(),
                rsa.generate(2048, &mut *rng).unwrap(),
            )
        };
        let devices = (0..7).map(|_| pair()).collect();
        Material {
            root,
            banks,
            processors,
            operators,
            devices,
        }
    })
}

/// One bank with its core, front and gateways.
pub struct TestBank {
    pub which: usize,
    pub bic: Bic,
    pub clock: Arc<TestClock>,
    pub core: PgConnectOptions,
    pub front: PgConnectOptions,
    pub gateways: Vec<(Party, PgConnectOptions)>,
    pub edge: EdgeStore,
    pub processor: Processor,
    pub registrar: Registrar,
}

/// The superuser's way to a database, in the shoes of a role.
pub fn in_role(superuser: &PgConnectOptions, role: &str) -> PgConnectOptions {
    superuser.clone().options([("role", role)])
}

fn pool(superuser: &PgConnectOptions, role: &str, connections: u32) -> PgPool {
    relay::connect(in_role(superuser, role), connections)
}

impl TestBank {
    /// Halden Bank alone.
    pub async fn halden() -> Self {
        Self::make(0, &[], Arc::new(TestClock(AtomicI64::new(NOW)))).await
    }

    /// Halden and Brisa, linked to each other and the authority, and introduced.
    pub async fn two() -> (Self, Self) {
        let (a, b, _) = Self::two_and_authority().await;
        (a, b)
    }

    /// The same, and who licenses them.
    pub async fn two_and_authority() -> (Self, Self, authority::TestAuthority) {
        let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
        let bics = [0, 1].map(|i| Party::Bank(material().banks[i].0.bic.clone()));
        let a = Self::make(0, &[Party::Authority, bics[1].clone()], clock.clone()).await;
        let b = Self::make(1, &[Party::Authority, bics[0].clone()], clock).await;
        let mut authority = authority::TestAuthority::with_licences();
        for bank in [&a, &b] {
            authority.tell(bank).await;
            bank.settle().await;
        }
        exchange(&a, &b).await;
        (a, b, authority)
    }

    async fn make(which: usize, parties: &[Party], clock: Arc<TestClock>) -> Self {
        let material = material();
        let (terms, secrets, founding) = &material.banks[which];
        let node = node::testing::instance().await;
        let (core, front) = (node.fresh_database().await, node.fresh_database().await);
        bank::migrate(&core).await.unwrap();
        relay::migrate::front(&front).await.unwrap();
        let mut gateways = Vec::new();
        for party in parties {
            let database = node.fresh_database().await;
            let ends = Ends::new(Party::Bank(terms.bic.clone()), party.clone()).unwrap();
            relay::migrate::gateway(&database, &ends).await.unwrap();
            gateways.push((party.clone(), database));
        }
        let mut superuser: PgConnection = core.connect().await.unwrap();
        let processors = [("processor-1", 0), ("processor-2", 1)]
            .map(|(name, i)| (name, &material.processors[i]));
        operator::found(
            &mut superuser,
            &*rsa(),
            &SystemEntropy,
            founding,
            secrets,
            &processors,
            NOW,
        )
        .await
        .unwrap();
        parameters::begin(&mut superuser, &secrets.bank_ca).await;
        let registrar = registrar(&core, &clock, secrets, PROCESSOR_SECONDS).await;
        assert_eq!(registrar.issue_pending().await.unwrap(), 2);
        let wiring = wiring(&core, &front, &gateways, &clock);
        let processor = Processor::start(wiring, &material.processors[0])
            .await
            .unwrap();
        Self {
            which,
            bic: terms.bic.clone(),
            clock,
            edge: EdgeStore::new(pool(&front, "edge", 2)),
            core,
            front,
            gateways,
            processor,
            registrar,
        }
    }

    /// Another processor of the same bank.
    pub async fn second(&self) -> Processor {
        self.start(&material().processors[1]).await
    }

    /// A processor of this bank with these keys.
    pub async fn start(&self, secret: &ProcessorSecret) -> Processor {
        Processor::start(self.wiring(), secret).await.unwrap()
    }

    /// What a processor of this bank works with.
    pub fn wiring(&self) -> Wiring {
        wiring(&self.core, &self.front, &self.gateways, &self.clock)
    }

    /// Another registrar, which makes processors' certificates last so many seconds.
    pub async fn short_registrar(&self, seconds: i64) -> Registrar {
        let secrets = &material().banks[self.which].1;
        registrar(&self.core, &self.clock, secrets, seconds).await
    }

    /// The core as its owner.
    pub async fn owner(&self) -> PgConnection {
        self.core.connect().await.unwrap()
    }

    /// One number from the core.
    pub async fn number(&self, sql: &'static str) -> i64 {
        let mut core = self.owner().await;
        sqlx::query_scalar(sql).fetch_one(&mut core).await.unwrap()
    }

    /// The same with a text that a test puts together.
    pub async fn count(&self, sql: &str) -> i64 {
        let mut core = self.owner().await;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_one(&mut core).await.unwrap()
    }

    /// The reasons in quarantine.
    pub async fn quarantined(&self) -> Vec<String> {
        let mut core = self.owner().await;
        sqlx::query_scalar("SELECT reason FROM bank.quarantine ORDER BY reason")
            .fetch_all(&mut core)
            .await
            .unwrap()
    }

    /// Steps until nothing is left to do.
    pub async fn settle(&self) {
        for _ in 0..20 {
            let issued = self.registrar.issue_pending().await.unwrap();
            if self.processor.step().await.unwrap() + issued == 0 {
                return;
            }
        }
        panic!("the bank does not come to rest");
    }

    /// The books are right.
    pub async fn assert_right(&self) {
        let (mut core, now) = (self.owner().await, self.clock.now());
        let audit = operator::audit(&mut core, &*rsa(), now).await.unwrap();
        assert!(audit.is_right(), "{:?}", audit.findings);
        let faults = self.number("SELECT count(*) FROM bank.fault").await;
        assert_eq!(faults, 0, "faults");
    }

    pub fn gateway(&self, other: &TestBank) -> &PgConnectOptions {
        let party = Party::Bank(other.bic.clone());
        let found = self.gateways.iter().find(|(p, _)| *p == party);
        &found.unwrap().1
    }
}

async fn registrar(
    core: &PgConnectOptions,
    clock: &Arc<TestClock>,
    secrets: &BankSecrets,
    processor_seconds: i64,
) -> Registrar {
    let wiring = RegistrarWiring {
        core: pool(core, "registrar", 2),
        rsa: rsa(),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        device_seconds: None,
        processor_seconds: Some(processor_seconds),
    };
    Registrar::start(wiring, &secrets.registrar).await.unwrap()
}

fn wiring(
    core: &PgConnectOptions,
    front: &PgConnectOptions,
    gateways: &[(Party, PgConnectOptions)],
    clock: &Arc<TestClock>,
) -> Wiring {
    Wiring {
        core: pool(core, "processor", 6),
        front: Front::new(pool(front, "processor", 4)),
        gateways: gateways
            .iter()
            .map(|(party, options)| (party.clone(), Gateway::new(pool(options, "processor", 4))))
            .collect(),
        edges: vec!["http://localhost:7101".to_owned()],
        rsa: rsa(),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
    }
}

pub async fn insert_item(gateway: &mut PgConnection, item: &relay::link::LinkItem) {
    sqlx::query(
        "INSERT INTO link.inbound (epoch, seq, prev, hash, kind, body) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(i32::try_from(item.epoch).unwrap())
    .bind(i64::try_from(item.seq).unwrap())
    .bind(item.prev.as_bytes())
    .bind(item.hash.as_bytes())
    .bind(&item.kind)
    .bind(&item.body)
    .execute(gateway)
    .await
    .unwrap();
}

/// What replication would do: everything one gateway has sent is there at the other. Repeats do no
/// harm: the guard drops them.
pub async fn carry(from: &TestBank, to: &TestBank) {
    let mut source = from.gateway(to).connect().await.unwrap();
    let mut target = to.gateway(from).connect().await.unwrap();
    let rows =
        sqlx::query("SELECT epoch, seq, prev, hash, kind, body FROM link.outbound ORDER BY 1, 2")
            .fetch_all(&mut source)
            .await
            .unwrap();
    for row in rows {
        sqlx::query(
            "INSERT INTO link.inbound (epoch, seq, prev, hash, kind, body)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(row.get::<i32, _>(0))
        .bind(row.get::<i64, _>(1))
        .bind(row.get::<Vec<u8>, _>(2))
        .bind(row.get::<Vec<u8>, _>(3))
        .bind(row.get::<String, _>(4))
        .bind(row.get::<Vec<u8>, _>(5))
        .execute(&mut target)
        .await
        .unwrap();
    }
    let acks = sqlx::query("SELECT id, body FROM link.ack_outbound ORDER BY at")
        .fetch_all(&mut source)
        .await
        .unwrap();
    for row in acks {
        sqlx::query("INSERT INTO link.ack_inbound (id, body) VALUES ($1, $2)")
            .bind(row.get::<Vec<u8>, _>(0))
            .bind(row.get::<String, _>(1))
            .execute(&mut target)
            .await
            .unwrap();
    }
}

/// Both banks work and their links carry until everything has been said.
pub async fn exchange(a: &TestBank, b: &TestBank) {
    authority::heard(a).await;
    authority::heard(b).await;
    for _ in 0..4 {
        a.settle().await;
        carry(a, b).await;
        b.settle().await;
        carry(b, a).await;
    }
}

pub fn certificate(der: &str) -> Certificate {
    let der = data_encoding::BASE64.decode(der.as_bytes()).unwrap();
    Certificate::from_der(&der).unwrap()
}
