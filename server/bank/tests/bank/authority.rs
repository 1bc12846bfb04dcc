//! The licensing authority, as far as banks see it: records of two officers, and heads.

use crate::harness::{NOW, TestBank, insert_item, material, rsa};
use bank::{Clock as _, Entropy as _, SystemEntropy};
use data_encoding::BASE64;
use envelope::{
    Party, Role, RsaPrivateKey, SigningKey, Subject, Validity,
    register::{Entry, Position as At, sign_cosign, sign_head, sign_record},
};
use message::{Timestamp, record::AuthorityAct};
use relay::link::chain::Position;
use sha2::{Digest as _, Sha256};
use sqlx::ConnectOptions;
use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

/// Two officers and the head key, with their certificates.
struct People {
    officers: [SigningKey; 2],
    head: SigningKey,
    founded: AuthorityAct,
}

static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    let officers = [0, 1].map(|i| {
        let (key, _): &(RsaPrivateKey, _) = &material().devices[i];
        SigningKey::Rsa(key.clone())
    });
    let head = SigningKey::ed25519_generate(&mut *SystemEntropy.rng()).unwrap();
    let certify = |key: &SigningKey, role: Role, called: &str| {
        let subject = Subject {
            role,
            party: Party::Authority,
            name: called.to_owned(),
            key_spki: key.verifying_key().to_spki_der().unwrap(),
            holder: None,
            validity: Validity {
                not_before: NOW - 1_000_000,
                not_after: NOW + 20 * 365 * 24 * 60 * 60,
            },
            licence: None,
            tls_names: Vec::new(),
            common_name: None,
        };
        let mut rng = SystemEntropy.rng();
        let certificate = envelope::issue(&*rsa(), &material().root, &subject, &mut *rng);
        BASE64.encode(certificate.unwrap().der())
    };
    let founded = AuthorityAct::Founded {
        officers: vec![
            certify(&officers[0], Role::Officer, "Ada Berg"),
            certify(&officers[1], Role::Officer, "Bo Lind"),
        ],
        head: certify(&head, Role::AuthorityHead, "Head"),
    };
    People {
        officers,
        head,
        founded,
    }
});

/// A register, and what each bank was told of it.
pub struct TestAuthority {
    pub at: At,
    pub entries: Vec<String>,
    links: HashMap<String, (usize, Position)>,
}

impl TestAuthority {
    /// Founded, with both banks licensed.
    pub fn with_licences() -> Self {
        let mut authority = Self {
            at: At::START,
            entries: Vec::new(),
            links: HashMap::new(),
        };
        authority.record(PEOPLE.founded.clone(), NOW);
        for (_, _, founding) in &material().banks {
            let licence = BASE64.encode(founding.licence.der());
            let succession = None;
            let act = AuthorityAct::LicenceGranted {
                licence,
                succession,
            };
            authority.record(act, NOW);
        }
        authority
    }

    /// An entry by both officers.
    pub fn record(&mut self, act: AuthorityAct, now: Timestamp) {
        let entry = entry(self.at, act, [0, 1], now);
        self.at = At {
            number: self.at.number + 1,
            digest: entry.digest(),
        };
        self.entries.push(entry.to_text());
    }

    /// Puts what the bank was not told yet, and a head, into its gateway.
    pub async fn tell(&mut self, bank: &TestBank) {
        let us = Party::Bank(bank.bic.clone());
        let start = (0, Position::start(&Party::Authority, &us, 1));
        let (told, mut position) = *self.links.get(&bank.bic.lower()).unwrap_or(&start);
        for entry in &self.entries[told..] {
            position = put(bank, &position, "record", entry.as_bytes()).await;
        }
        self.links
            .insert(bank.bic.lower(), (self.entries.len(), position));
        say_head(bank, self.at, bank.clock.now()).await;
    }

    /// Whoever sits at the authority's end of the link sends something else, in its chain.
    pub async fn slip_in(&mut self, bank: &TestBank, kind: &str, body: &[u8]) {
        let (_, position) = self.links.get_mut(&bank.bic.lower()).unwrap();
        *position = put(bank, position, kind, body).await;
    }
}

async fn put(bank: &TestBank, position: &Position, kind: &str, body: &[u8]) -> Position {
    let (item, next) = position.append(kind, body.to_vec()).unwrap();
    let (_, gateway) = &bank.gateways[0];
    let mut superuser = gateway.connect().await.unwrap();
    insert_item(&mut superuser, &item).await;
    next
}

/// An entry at this place, signed by these officers.
pub fn entry(at: At, act: AuthorityAct, [one, other]: [usize; 2], now: Timestamp) -> Entry {
    let mut rng = SystemEntropy.rng();
    let (one, other) = (&PEOPLE.officers[one], &PEOPLE.officers[other]);
    let record = sign_record(&*rsa(), one, at, act, now, &mut *rng).unwrap();
    let number = at.number + 1;
    let cosign = sign_cosign(&*rsa(), other, &record, number, now, &mut *rng).unwrap();
    Entry { record, cosign }
}

/// The newest head that each bank was told, so that it can be said again later.
static HEADS: LazyLock<Mutex<HashMap<String, At>>> = LazyLock::new(Mutex::default);

/// The authority says where its register stands.
pub async fn say_head(bank: &TestBank, at: At, now: Timestamp) {
    let (_, gateway) = &bank.gateways[0];
    let key = format!("{:?}", gateway.get_database());
    HEADS.lock().unwrap().insert(key, at);
    let jws = sign_head(&*rsa(), &PEOPLE.head, at, now, &mut *SystemEntropy.rng()).unwrap();
    let mut superuser = gateway.connect().await.unwrap();
    sqlx::query("INSERT INTO link.ack_inbound (id, body) VALUES ($1, $2)")
        .bind(Sha256::digest(jws.as_str()).to_vec())
        .bind(jws.as_str())
        .execute(&mut superuser)
        .await
        .unwrap();
}

/// The same again, with the time of now: the authority is there.
pub async fn heard(bank: &TestBank) {
    let (_, gateway) = &bank.gateways[0];
    let key = format!("{:?}", gateway.get_database());
    let at = HEADS.lock().unwrap().get(&key).copied();
    if let Some(at) = at {
        say_head(bank, at, bank.clock.now()).await;
    }
}
