//! A bank in memory: two edges, a mailbox, and one processor that answers at once. What goes wrong is
//! switched on by its public fields.

use super::pki::{HALDEN, IMPOSTOR, Pki, RSA, START, base64};
use crate::host::{Method, Request, Response, Unreachable};
use envelope::{Jws, RsaPublicKey, SessionKey, SigningKey, VerifyingKey, words::five_words};
use futures::channel::mpsc;
use message::{
    Digest, Iban, Kind, MessageId, Payload, SessionId, Thumbprint, Timestamp,
    api::{BankInfo, CertificateChain, Challenge, Letter, Mail, MailboxOpen, Problem},
    enquiry::Payment,
    receipt::Receipt,
    slip::{Locator, Secret},
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone)]
pub(super) struct Device {
    pub(super) id: Thumbprint,
    pub(super) signing: VerifyingKey,
    pub(super) encryption: RsaPublicKey,
}

pub(super) struct Session {
    pub(super) device: Thumbprint,
    pub(super) to_bank: SessionKey,
    pub(super) to_device: SessionKey,
    /// Which of them was opened when.
    pub(super) n: i64,
}

pub(super) struct Bank {
    pub(super) pki: &'static Pki,
    /// What `GET /v1/bank` shows instead of the truth.
    pub(super) shown: Option<fn(&mut BankInfo)>,
    pub(super) edges: Vec<String>,
    pub(super) down: BTreeSet<String>,
    /// These edges store what they get, and say that they do not.
    pub(super) liars: BTreeSet<String>,
    /// Envelopes are stored and not opened.
    pub(super) asleep: bool,
    pub(super) locator: Locator,
    pub(super) secret: Secret,
    pub(super) devices: BTreeMap<Thumbprint, Device>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) ended: BTreeMap<SessionId, Thumbprint>,
    pub(super) mailboxes: BTreeMap<Thumbprint, Vec<Letter>>,
    pub(super) next_n: i64,
    /// The answers to enrolments: the same keys get the same one.
    pub(super) enrolled: BTreeMap<Thumbprint, Jws>,
    /// The mailbox stays shut.
    pub(super) revoked: bool,
    doors: BTreeSet<String>,
    pub(super) streams: Vec<(String, mpsc::UnboundedSender<Vec<u8>>)>,
    pub(super) waiting: Vec<String>,
    /// Every envelope an edge has stored, in order; and what was in storage at that moment.
    pub(super) envelopes: Vec<String>,
    pub(super) storage_then: Vec<BTreeMap<String, String>>,
    /// Digests of what was opened.
    pub(super) opened: Vec<(Kind, Digest)>,
    pub(super) payments: BTreeMap<MessageId, (Payment, Digest)>,
    /// Payments wait for another bank.
    pub(super) slow: bool,
    /// Changes a receipt before it is signed.
    pub(super) forge: Option<fn(&mut Receipt)>,
    /// Signs instead of the processor.
    pub(super) signer: Option<SigningKey>,
    /// Processors that were removed, and whether what they had signed is attested.
    pub(super) removed: Vec<Thumbprint>,
    pub(super) attests: bool,
    /// Edges that have not heard of the processor.
    pub(super) unheard: BTreeSet<String>,
    /// An edge that shows the processor's key under another authority.
    pub(super) liar: Option<String>,
    /// How long a device's certificates count from the start, where that is short.
    pub(super) short: Option<i64>,
    /// Nobody answers orders.
    pub(super) silent: bool,
    /// New devices that wait, as they have asked.
    pub(super) joins: BTreeMap<Thumbprint, message::device::JoinRequest>,
    /// Where the devices stand that are not simply active.
    pub(super) standing: BTreeMap<Thumbprint, message::device::Standing>,
    /// Changes that were made, and the answer to each.
    pub(super) changes: Vec<message::device::DeviceChange>,
    pub(super) changed: BTreeMap<Digest, Jws>,
    /// Which device takes the place of which.
    pub(super) successors: BTreeMap<Thumbprint, Thumbprint>,
    pub(super) now: Timestamp,
}

impl Bank {
    pub(super) fn new() -> Self {
        Self {
            pki: &HALDEN,
            shown: None,
            edges: vec!["https://a1".to_owned(), "https://a2".to_owned()],
            down: BTreeSet::new(),
            liars: BTreeSet::new(),
            asleep: false,
            locator: Locator([1, 2, 3, 4, 5]),
            secret: Secret([9; 10]),
            devices: BTreeMap::new(),
            sessions: BTreeMap::new(),
            ended: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            next_n: 1,
            enrolled: BTreeMap::new(),
            revoked: false,
            doors: BTreeSet::new(),
            streams: Vec::new(),
            waiting: Vec::new(),
            envelopes: Vec::new(),
            storage_then: Vec::new(),
            opened: Vec::new(),
            payments: BTreeMap::new(),
            slow: false,
            forge: None,
            signer: None,
            removed: Vec::new(),
            attests: true,
            unheard: BTreeSet::new(),
            liar: None,
            short: None,
            silent: false,
            joins: BTreeMap::new(),
            standing: BTreeMap::new(),
            changes: Vec::new(),
            changed: BTreeMap::new(),
            successors: BTreeMap::new(),
            now: START,
        }
    }

    pub(super) fn words(&self) -> String {
        five_words(&self.pki.bank_ca.key.public().thumbprint()).join(" ")
    }

    pub(super) fn impostor(&mut self) -> &'static Pki {
        &IMPOSTOR
    }

    pub(super) fn all_down(&mut self) {
        self.down = self.edges.iter().cloned().collect();
        self.streams.clear();
    }

    pub(super) fn up(&mut self) {
        self.down.clear();
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.opened.iter().filter(|(k, _)| *k == kind).count()
    }

    /// Loses what was stored and not opened.
    pub(super) fn lose_waiting(&mut self) {
        self.waiting.clear();
    }

    /// One edge dies with its streams.
    pub(super) fn break_edge(&mut self, edge: &str) {
        self.down.insert(edge.to_owned());
        self.streams.retain(|(at, _)| at != edge);
    }

    /// Ends every session, as removing a processor does.
    pub(super) fn end_sessions(&mut self) {
        for (id, session) in std::mem::take(&mut self.sessions) {
            self.ended.insert(id, session.device);
        }
    }

    // --- edge -------------------------------------------------------------------------------

    pub(super) fn serve(
        &mut self,
        request: &Request,
        now: Timestamp,
        storage: &BTreeMap<String, String>,
    ) -> Result<Response, Unreachable> {
        self.now = now;
        let edge = self.edge_of(&request.url)?;
        let path = &request.url[edge.len()..];
        let body = request.body.as_ref();
        let body = body.map_or("", |(_, text)| text.as_str());
        let answer = match (request.method, path) {
            (Method::Get, "/v1/bank") => (200, json(&self.info())),
            (Method::Get, _) if path.starts_with("/v1/certificates/") => {
                self.certificate(&edge, path)
            }
            (Method::Post, "/v1/envelopes") => {
                assert_eq!(request.body.as_ref().unwrap().0, "application/jose");
                self.envelopes.push(body.to_owned());
                self.storage_then.push(storage.clone());
                self.waiting.push(body.to_owned());
                self.wake();
                match self.liars.contains(&edge) {
                    true => problem(400),
                    false => (202, r#"{"envelope":"00"}"#.to_owned()),
                }
            }
            (Method::Post, "/v1/mailbox/challenge") => {
                let challenge = Challenge {
                    challenge: format!("for {edge}"),
                };
                (200, json(&challenge))
            }
            (Method::Post, "/v1/mailbox/open") => self.open_door(&edge, body),
            (Method::Get, _) if path.starts_with("/v1/mailbox?") => self.mail(&edge, path),
            _ => problem(404),
        };
        let (status, body) = answer;
        Ok(Response { status, body })
    }

    fn edge_of(&self, url: &str) -> Result<String, Unreachable> {
        let edge = self.edges.iter().find(|edge| url.starts_with(*edge));
        let edge = edge.unwrap().clone();
        match self.down.contains(&edge) {
            true => Err(Unreachable),
            false => Ok(edge),
        }
    }

    pub(super) fn subscribe(
        &mut self,
        url: &str,
    ) -> Result<Result<mpsc::UnboundedReceiver<Vec<u8>>, u16>, Unreachable> {
        let edge = self.edge_of(url)?;
        if !self.doors.contains(&edge) {
            return Ok(Err(401));
        }
        let (send, receive) = mpsc::unbounded();
        self.streams.push((edge, send));
        Ok(Ok(receive))
    }

    fn info(&self) -> BankInfo {
        let mut info = BankInfo {
            bank: self.pki.bic.clone(),
            name: "Halden Bank".to_owned(),
            root: base64(&self.pki.root),
            certificates: vec![base64(&self.pki.bank_ca.certificate)],
            key_set: match self.removed.as_slice() {
                [] => self.pki.key_set(2),
                removed => self.pki.key_set_without(3, removed),
            },
            edges: self.edges.clone(),
            now: self.now,
        };
        if let Some(shown) = &self.shown {
            shown(&mut info);
        }
        info
    }

    fn certificate(&self, edge: &str, path: &str) -> (u16, String) {
        if self.unheard.contains(edge) {
            return problem(404);
        }
        if self.liar.as_deref() == Some(edge) {
            let chain = [
                IMPOSTOR.impersonate(self.pki),
                IMPOSTOR.processor_ca.certificate.clone(),
            ];
            let certificates = chain.iter().map(base64).collect();
            return (200, json(&CertificateChain { certificates }));
        }
        let pki = [self.pki, &IMPOSTOR]
            .into_iter()
            .find(|pki| path.ends_with(&pki.processor_certificate.key_thumbprint().to_string()));
        let second = &self.pki.second_certificate;
        let (pki, leaf) = match pki {
            Some(pki) => (pki, &pki.processor_certificate),
            None if path.ends_with(&second.key_thumbprint().to_string()) => (self.pki, second),
            None => return problem(404),
        };
        let chain = [
            leaf,
            &pki.processor_ca.certificate,
            &pki.bank_ca.certificate,
        ];
        let certificates = chain.into_iter().map(base64).collect();
        (200, json(&CertificateChain { certificates }))
    }

    fn open_door(&mut self, edge: &str, text: &str) -> (u16, String) {
        let jws = Jws::parse(text).unwrap();
        let payload: Payload<MailboxOpen> =
            serde_json::from_slice(jws.unverified_payload()).unwrap();
        let key = VerifyingKey::from_jwk(&payload.body.key).unwrap();
        let payload = jws
            .verify(&RSA, &key)
            .unwrap()
            .payload::<MailboxOpen>()
            .unwrap();
        payload
            .check_frame(&key.thumbprint().to_string(), edge)
            .unwrap();
        payload.check_time(self.now).unwrap();
        assert_eq!(payload.body.challenge, format!("for {edge}"));
        if self.revoked {
            return problem(403);
        }
        self.doors.insert(edge.to_owned());
        (204, String::new())
    }

    fn mail(&mut self, edge: &str, path: &str) -> (u16, String) {
        if !self.doors.contains(edge) {
            return problem(401);
        }
        let (_, query) = path.split_once("?device=").unwrap();
        let (device, after) = query.split_once("&after=").unwrap();
        let (device, after): (_, i64) =
            (Thumbprint::parse(device).unwrap(), after.parse().unwrap());
        let letters = self.mailboxes.entry(device).or_default();
        let new = letters.iter().filter(|letter| letter.n > after);
        let mut messages: Vec<Letter> = new.cloned().collect();
        // Small pages, so that reading on is tried by every test.
        let more = messages.len() > 3;
        messages.truncate(3);
        (200, json(&Mail { messages, more }))
    }
}

pub(super) fn iban(number: u64) -> Iban {
    Iban::from_bban("DE", &format!("37090502{number:010}")).unwrap()
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

fn problem(status: u16) -> (u16, String) {
    let problem = Problem {
        kind: match status {
            403 => "/problems/not-yours".to_owned(),
            _ => "about:blank".to_owned(),
        },
        title: "Not here".to_owned(),
        status,
        detail: "Look elsewhere.".to_owned(),
        instance: "ref-1".to_owned(),
    };
    (status, json(&problem))
}
