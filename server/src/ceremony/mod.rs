//! Key ceremonies: the keys and certificates of an authority, and of both ends of every TLS
//! connection. What a bank begins with is made by `bank::founding`.

mod authority;
mod disk;
mod transport;

pub use authority::{AuthorityKeys, certify, founded, granted, make_authority, signed_by_both};
pub use disk::{read_certificate, read_key, read_pkcs8, write_key, write_private, write_public};
pub use transport::{TransportParty, client, client_certificate, guest, server};

use crate::{boot, cli::Failure};
use envelope::{Certificate, Issuer, Party, Role, RsaPrivateKey, Subject, Validity, issue};
use message::Timestamp;
use relay::primitive::AwsLcRsa;

/// RSA keys of everything that a ceremony makes.
const RSA_BITS: usize = 3072;
const DAY: i64 = 24 * 60 * 60;
/// How long a root counts.
const ROOT_DAYS: i64 = 20 * 365;
/// How long the authority's transport CA counts, and the certificates of its people.
const CA_DAYS: i64 = 5 * 365;
/// How long certificates of TLS ends count.
pub const LEAF_DAYS: i64 = 90;

/// A validity from a little before now, so that clocks which differ a little agree.
pub fn validity(now: Timestamp, days: i64) -> Validity {
    Validity {
        not_before: now - 60 * 60,
        not_after: now + days * DAY,
    }
}

/// A new RSA key.
pub fn make_key() -> Result<RsaPrivateKey, Failure> {
    use envelope::Rsa;
    Ok(AwsLcRsa.generate(RSA_BITS, &mut boot::rng())?)
}

fn make_ca(issuer: &Issuer, role: Role, party: &Party, now: Timestamp) -> Result<Issuer, Failure> {
    let key = make_key()?;
    let subject = Subject {
        role,
        party: party.clone(),
        name: format!("{party} {role}"),
        key_spki: key.public().to_spki_der().to_vec(),
        holder: None,
        validity: validity(now, CA_DAYS),
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    };
    let certificate = issue_leaf(issuer, &subject)?;
    Ok(Issuer { certificate, key })
}

/// Issues a certificate with the system's random source.
pub fn issue_leaf(issuer: &Issuer, subject: &Subject) -> Result<Certificate, Failure> {
    Ok(issue(&AwsLcRsa, issuer, subject, &mut boot::rng())?)
}
