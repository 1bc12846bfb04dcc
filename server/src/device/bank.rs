//! A bank as a device sees it: edges that need not be believed, and certificates that are checked.

use crate::{boot, cli::Failure};
use data_encoding::BASE64;
use envelope::{
    Certificate, Role, RsaPublicKey, TrustAnchor, VerifiedCertificate, key_set, verify_chain,
    words::five_words,
};
use message::{
    Bic, Thumbprint,
    api::{BankInfo, CertificateChain},
    key_set::KeySet,
};
use relay::primitive::AwsLcRsa;
use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How long one request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// A bank, met and verified.
pub struct Bank {
    pub(super) client: Client,
    pub(super) edges: Vec<String>,
    first: AtomicUsize,
    bic: Bic,
    anchor: TrustAnchor,
    authorities: Vec<Certificate>,
    licence: VerifiedCertificate,
    sealing: RsaPublicKey,
    /// The number of the key set.
    number: u64,
    /// Processors that the key set says were removed.
    removed: HashSet<Thumbprint>,
    words: [&'static str; 5],
    signers: Mutex<HashMap<Thumbprint, VerifiedCertificate>>,
}

fn certificates(texts: &[String]) -> Result<Vec<Certificate>, Failure> {
    let read = |text: &String| -> Result<Certificate, Failure> {
        Ok(Certificate::from_der(&BASE64.decode(text.as_bytes())?)?)
    };
    texts.iter().map(read).collect()
}

impl Bank {
    /// Fetches what the bank shows of itself and verifies it up to the root that it names; whoever
    /// holds the five words compares them with [`Bank::words`].
    pub async fn meet(edges: &[String]) -> Result<Self, Failure> {
        let client = Client::builder()
            .cookie_store(true)
            .timeout(REQUEST_LIMIT)
            .build()?;
        let info: BankInfo = first_answer(&client, edges, "/v1/bank")
            .await?
            .json()
            .await?;
        let anchor = TrustAnchor::new(Certificate::from_der(
            &BASE64.decode(info.root.as_bytes())?,
        )?)?;
        let authorities = certificates(&info.certificates)?;
        let licence = authorities
            .iter()
            .find(|certificate| certificate.role() == Role::BankCa)
            .ok_or("the bank shows no licence")?;
        let now = boot::now();
        let verified = verify_chain(
            &AwsLcRsa,
            &anchor,
            licence,
            &[],
            Role::BankCa,
            &info.bank,
            now,
        )?;
        let keys = key_set::verify(
            &AwsLcRsa,
            &verified,
            &envelope::Jws::parse(&info.key_set)?,
            now,
        )?;
        let sealing = RsaPublicKey::from_jwk(&keys.current.key)?;
        Ok(Self {
            client,
            edges: edges.to_vec(),
            first: AtomicUsize::new(0),
            bic: info.bank,
            words: five_words(&verified.key_thumbprint()),
            anchor,
            authorities,
            licence: verified,
            sealing,
            number: keys.number,
            removed: removed(&keys),
            signers: Mutex::default(),
        })
    }

    /// Takes up what the bank seals to now. A number that is lower than one seen before is refused.
    pub async fn refresh(&mut self) -> Result<u64, Failure> {
        let answer = first_answer(&self.client, &self.edges, "/v1/bank").await?;
        let info: BankInfo = answer.json().await?;
        let set = envelope::Jws::parse(&info.key_set)?;
        let set = key_set::verify(&AwsLcRsa, &self.licence, &set, boot::now())?;
        if set.number < self.number {
            return Err("the bank's key set is older than one seen before".into());
        }
        self.sealing = key_set::current_key(&set)?;
        self.number = set.number;
        self.removed = removed(&set);
        Ok(self.number)
    }

    /// The bank.
    pub fn bic(&self) -> &Bic {
        &self.bic
    }

    /// The five words of its CA.
    pub fn words(&self) -> [&'static str; 5] {
        self.words
    }

    /// Whether what this processor signs counts for nothing by itself.
    pub fn has_removed(&self, processor: &Thumbprint) -> bool {
        self.removed.contains(processor)
    }

    /// What to seal to.
    pub fn sealing_key(&self) -> &RsaPublicKey {
        &self.sealing
    }

    /// The edge that answered last.
    pub(super) fn edge(&self) -> usize {
        self.first.load(Ordering::Relaxed) % self.edges.len().max(1)
    }

    /// Goes on with the next edge.
    pub(super) fn next_edge(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    /// Posts a JOSE text to the first edge that takes it.
    pub(super) async fn post(&self, path: &str, jose: &str) -> Result<Response, Failure> {
        let mut last: Failure = "there are no edges".into();
        for _ in 0..self.edges.len() {
            let address = format!("{}{path}", self.edges[self.edge()]);
            let request = self
                .client
                .post(address)
                .header(CONTENT_TYPE, "application/jose");
            match request.body(jose.to_owned()).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if answer.status().is_client_error() => {
                    let status = answer.status();
                    if status != StatusCode::TOO_MANY_REQUESTS {
                        return Err(format!("{status}: {}", answer.text().await?).into());
                    }
                    last = status.to_string().into();
                }
                Ok(answer) => last = answer.status().to_string().into(),
                Err(error) => last = error.into(),
            }
            self.next_edge();
        }
        Err(last)
    }

    /// The certificate of a processor of this bank, checked up to the root.
    pub(super) async fn processor(&self, key: Thumbprint) -> Result<VerifiedCertificate, Failure> {
        let known = self
            .signers
            .lock()
            .ok()
            .and_then(|signers| signers.get(&key).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let path = format!("/v1/certificates/{key}");
        let answer = first_answer(&self.client, &self.edges, &path).await?;
        let chain: CertificateChain = answer.json().await?;
        let chain = certificates(&chain.certificates)?;
        let leaf = chain
            .iter()
            .find(|certificate| certificate.key_thumbprint() == key)
            .ok_or("no certificate of this key")?;
        let above = [chain.clone(), self.authorities.clone()].concat();
        let now = boot::now();
        let verified = verify_chain(
            &AwsLcRsa,
            &self.anchor,
            leaf,
            &above,
            Role::Processor,
            &self.bic,
            now,
        )?;
        if let Ok(mut signers) = self.signers.lock() {
            signers.insert(key, verified.clone());
        }
        Ok(verified)
    }
}

fn removed(set: &KeySet) -> HashSet<Thumbprint> {
    let revoked = set.revoked.iter();
    revoked.map(|revoked| revoked.signer).collect()
}

/// The first good answer of an edge.
async fn first_answer(client: &Client, edges: &[String], path: &str) -> Result<Response, Failure> {
    let mut last: Failure = "there are no edges".into();
    for edge in edges {
        match client.get(format!("{edge}{path}")).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(answer),
            Ok(answer) => last = format!("{}: {}", answer.status(), answer.text().await?).into(),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}
