//! The authority's own keys: root, transport CA, head key, and the certificates of its people.

use super::{CA_DAYS, ROOT_DAYS, TransportParty, issue_leaf, make_ca, make_key, validity};
use crate::{boot, cli::Failure};
use data_encoding::BASE64;
use envelope::{
    Certificate, Issuer, Party, Role, SigningKey, Subject, VerifyingKey, make_root,
    register::{Entry, Position, sign_cosign, sign_record},
};
use message::{Timestamp, record::AuthorityAct, text::Name};
use relay::primitive::AwsLcRsa;

/// The authority's own CAs, and the key of its online server.
pub struct AuthorityKeys {
    /// Signs licences, and certifies officers and the head key.
    pub root: Issuer,
    /// Signs the TLS certificates of the authority's nodes and of whoever may connect to them.
    pub transport: TransportParty,
    /// Signs heads of the register.
    pub head: SigningKey,
}

/// Makes an authority: root, transport CA and head key.
pub fn make_authority(name: &str, now: Timestamp) -> Result<AuthorityKeys, Failure> {
    let key = make_key()?;
    let valid = validity(now, ROOT_DAYS);
    let certificate = make_root(&AwsLcRsa, &key, name, valid, &mut boot::rng())?;
    let root = Issuer { certificate, key };
    let transport = make_ca(&root, Role::TransportCa, &Party::Authority, now)?;
    Ok(AuthorityKeys {
        transport: TransportParty::new(transport)?,
        head: SigningKey::ed25519_generate(&mut boot::rng())?,
        root,
    })
}

/// The root certifies an officer or the head key.
pub fn certify(
    root: &Issuer,
    role: Role,
    name: &str,
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<Certificate, Failure> {
    let subject = Subject {
        role,
        party: Party::Authority,
        name: name.to_owned(),
        key_spki: key.to_spki_der()?,
        holder: None,
        validity: validity(now, CA_DAYS),
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    };
    issue_leaf(root, &subject)
}

/// What the first record of a register says.
pub fn founded(
    root: &Issuer,
    officers: &[(Name, VerifyingKey)],
    head: &SigningKey,
    now: Timestamp,
) -> Result<AuthorityAct, Failure> {
    let base64 = |certificate: Certificate| BASE64.encode(certificate.der());
    let mut certificates = Vec::new();
    for (name, key) in officers {
        certificates.push(base64(certify(
            root,
            Role::Officer,
            name.as_str(),
            key,
            now,
        )?));
    }
    let head = head.verifying_key();
    Ok(AuthorityAct::Founded {
        officers: certificates,
        head: base64(certify(
            root,
            Role::AuthorityHead,
            "Register head",
            &head,
            now,
        )?),
    })
}

/// A licence as the register records it.
pub fn granted(licence: &Certificate) -> AuthorityAct {
    AuthorityAct::LicenceGranted {
        licence: BASE64.encode(licence.der()),
        succession: None,
    }
}

/// An entry that both officers sign one after the other, as in a ceremony where both are present.
pub fn signed_by_both(
    [one, other]: [&SigningKey; 2],
    at: Position,
    act: AuthorityAct,
    now: Timestamp,
) -> Result<Entry, Failure> {
    let record = sign_record(&AwsLcRsa, one, at, act, now, &mut boot::rng())?;
    let number = at.number.saturating_add(1);
    let cosign = sign_cosign(&AwsLcRsa, other, &record, number, now, &mut boot::rng())?;
    Ok(Entry { record, cosign })
}
