//! TLS ends: each party's nodes trust exactly that party's transport CA, which certifies the party's
//! own servers and everybody whom it lets in.

use super::{LEAF_DAYS, disk::key_pem, issue_leaf, make_key, validity};
use crate::{boot, cli::Failure};
use envelope::{Certificate, Issuer, Party, Role, RsaPublicKey, Subject, transport_anchor};
use message::Timestamp;
use node::Tls;
use relay::primitive::AwsLcRsa;

/// A transport CA and its self-signed twin, which PostgreSQL takes as the one anchor.
pub struct TransportParty {
    /// The CA under the bank CA or root.
    pub ca: Issuer,
    /// The twin.
    pub anchor: Certificate,
}

impl TransportParty {
    /// Makes the twin of a CA.
    pub fn new(ca: Issuer) -> Result<Self, Failure> {
        let anchor = transport_anchor(&AwsLcRsa, &ca, &mut boot::rng())?;
        Ok(Self { ca, anchor })
    }

    fn party(&self) -> Party {
        self.ca.certificate.party().clone()
    }

    fn tls(&self, subject: Subject, key: &envelope::RsaPrivateKey) -> Result<Tls, Failure> {
        let certificate = issue_leaf(&self.ca, &subject)?;
        let key_pem = key_pem(&key.to_pkcs8_der())?;
        Ok(Tls {
            ca_pem: self.anchor.to_pem()?,
            certificate_pem: certificate.to_pem()?,
            key_pem: key_pem.to_string(),
        })
    }
}

/// The TLS end of a server under these host names.
pub fn server(party: &TransportParty, hosts: &[&str], now: Timestamp) -> Result<Tls, Failure> {
    let key = make_key()?;
    let subject = Subject {
        role: Role::TransportServer,
        party: party.party(),
        name: hosts.first().copied().unwrap_or("server").to_owned(),
        key_spki: key.public().to_spki_der().to_vec(),
        holder: None,
        validity: validity(now, LEAF_DAYS),
        licence: None,
        tls_names: hosts.iter().map(|host| (*host).to_owned()).collect(),
        common_name: None,
    };
    party.tls(subject, &key)
}

/// The TLS end of a holder of the party's own, who connects as this database role.
pub fn client(own: &TransportParty, role: &str, now: Timestamp) -> Result<Tls, Failure> {
    guest(own, &own.party(), role, now)
}

/// The certificate by which a holder of the party's own connects as this database role, with a key
/// that it has made itself.
pub fn client_certificate(
    ca: &Issuer,
    role: &str,
    key: &RsaPublicKey,
    now: Timestamp,
) -> Result<Certificate, Failure> {
    let party = ca.certificate.party().clone();
    issue_leaf(ca, &client_subject(party, role, key, now))
}

fn client_subject(party: Party, role: &str, key: &RsaPublicKey, now: Timestamp) -> Subject {
    Subject {
        role: Role::TransportClient,
        party,
        name: role.to_owned(),
        key_spki: key.to_spki_der().to_vec(),
        holder: None,
        validity: validity(now, LEAF_DAYS),
        licence: None,
        tls_names: Vec::new(),
        common_name: Some(role.to_owned()),
    }
}

/// The TLS end of another party, whom `own` lets in as this database role. The certificate names
/// that party, and only `own`'s nodes accept it.
pub fn guest(
    own: &TransportParty,
    party: &Party,
    role: &str,
    now: Timestamp,
) -> Result<Tls, Failure> {
    let key = make_key()?;
    let subject = client_subject(party.clone(), role, key.public(), now);
    own.tls(subject, &key)
}
