//! A bank's operators: how they ask to be certified, who of them counts, and how one is removed.

use crate::{
    Certificate, CertificateError, EnvelopeError, Jws, Malformed, Role, Rsa, RsaPrivateKey,
    SigningKey, TrustAnchor, VerifyingKey, jws, register::is_one_person, verify_chain,
};
use message::{
    Bic, Body, Digest, MessageId, Payload, Thumbprint, Timestamp,
    operator::{OperatorRemoval, OperatorRequest, REQUEST_AUDIENCE},
    payload::CLOCK_SKEW_SECONDS_MAX,
    text::Name,
};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// A person asks to be certified. Whoever gets the request checks the five words of the key.
pub fn request(
    rsa: &dyn Rsa,
    key: &SigningKey,
    name: Name,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let body = OperatorRequest {
        name,
        key: key.verifying_key().to_jwk(),
    };
    sign(rsa, key, (REQUEST_AUDIENCE, None), body, now, rng)
}

/// Who asks, with the key: the request is signed by that very key. It does not run out: it proves
/// that the key is in hand, and who admits compares its words with the person.
pub fn read_request(
    rsa: &dyn Rsa,
    request: &Jws,
    now: Timestamp,
) -> Result<(Name, VerifyingKey), EnvelopeError> {
    let unread: Payload<OperatorRequest> = serde_json::from_slice(request.unverified_payload())
        .map_err(|_| Malformed("operator request"))?;
    let key = VerifyingKey::from_jwk(&unread.body.key)?;
    let payload = request.verify(rsa, &key)?.payload::<OperatorRequest>()?;
    let fits = payload.iss == key.thumbprint().to_string()
        && payload.aud == REQUEST_AUDIENCE
        && payload.re.is_none()
        && matches!(key, VerifyingKey::Rsa(_))
        && payload.iat <= now.saturating_add(CLOCK_SKEW_SECONDS_MAX);
    if !fits {
        return Err(Malformed("operator request").into());
    }
    Ok((payload.body.name, key))
}

/// The bank CA removes an operator.
pub fn sign_removal(
    rsa: &dyn Rsa,
    bank_ca: &RsaPrivateKey,
    bank: &Bic,
    removal: OperatorRemoval,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let key = SigningKey::Rsa(bank_ca.clone());
    let payload = frame(bank.to_string(), (bank.as_str(), None), removal, now, rng);
    jws::sign(rsa, &key, &payload, rng)
}

/// Signs what an operator says, to somebody and perhaps about something.
pub(crate) fn sign<B: Body>(
    rsa: &dyn Rsa,
    key: &SigningKey,
    (aud, re): (&str, Option<Digest>),
    body: B,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let payload = frame(key.thumbprint().to_string(), (aud, re), body, now, rng);
    jws::sign(rsa, key, &payload, rng)
}

fn frame<B>(
    iss: String,
    (aud, re): (&str, Option<Digest>),
    body: B,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Payload<B> {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    Payload {
        iss,
        aud: aud.to_owned(),
        jti: MessageId::new(id),
        iat: now,
        exp: now,
        re,
        body,
    }
}

/// The operators of one bank, as the bank CA has certified and removed them.
#[derive(Clone, Debug)]
pub struct Operators {
    anchor: TrustAnchor,
    bank: Bic,
    /// Every certificate that the bank's CA has had: what it issued leads to the root by one of them.
    licences: Vec<Certificate>,
    certificates: Vec<Certificate>,
    /// The last version of the parameters that an operator's signature counts on.
    removed: BTreeMap<Thumbprint, u64>,
}

impl Operators {
    /// None yet, of a bank with these licences under this root.
    pub fn new(anchor: TrustAnchor, bank: Bic, licences: Vec<Certificate>) -> Self {
        Self {
            anchor,
            bank,
            licences,
            certificates: Vec::new(),
            removed: BTreeMap::new(),
        }
    }

    /// The bank.
    pub fn bank(&self) -> &Bic {
        &self.bank
    }

    /// Takes a certificate; one that the bank's CA has not issued to an operator of its own is refused.
    pub fn admit(
        &mut self,
        rsa: &dyn Rsa,
        certificate: Certificate,
    ) -> Result<(), CertificateError> {
        // Whether it counts is judged when something was signed; here, that the CA issued it at all.
        let mut refused = CertificateError::Role;
        for licence in &self.licences {
            let at = certificate.not_before().max(licence.not_before());
            match self.check(rsa, &certificate, licence, at) {
                Ok(()) => {
                    if !self.certificates.contains(&certificate) {
                        self.certificates.push(certificate);
                    }
                    return Ok(());
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Takes a removal, signed by the bank's CA. Of several for one operator the strictest counts.
    pub fn remove(&mut self, rsa: &dyn Rsa, jws: &Jws) -> Result<OperatorRemoval, EnvelopeError> {
        let keys = self.licences.iter().filter_map(Certificate::verifying_key);
        let mut refused = EnvelopeError::Signature;
        for key in keys {
            let verified = match jws.verify(rsa, key) {
                Ok(verified) => verified,
                Err(error) => {
                    refused = error;
                    continue;
                }
            };
            let payload = verified.payload::<OperatorRemoval>()?;
            let bank = self.bank.as_str();
            let framed = payload.iss == bank && payload.aud == bank && payload.re.is_none();
            if !framed || payload.exp != payload.iat {
                return Err(Malformed("operator removal").into());
            }
            let removal = payload.body;
            let last = self.removed.entry(removal.operator);
            let last = last.or_insert(removal.parameters);
            *last = removal.parameters.min(*last);
            return Ok(removal);
        }
        Err(refused)
    }

    /// Every certificate that was taken, with the last version that its key counts on once it is
    /// removed.
    pub fn iter(&self) -> impl Iterator<Item = (&Certificate, Option<u64>)> {
        self.certificates.iter().map(|certificate| {
            let removed = self.removed.get(&certificate.key_thumbprint());
            (certificate, removed.copied())
        })
    }

    /// The last version that a key counts on, when it was removed.
    pub fn removed(&self, key: &Thumbprint) -> Option<u64> {
        self.removed.get(key).copied()
    }

    /// The operator who has this key, certified for this time.
    pub fn certified(
        &self,
        rsa: &dyn Rsa,
        key: &Thumbprint,
        at: Timestamp,
    ) -> Result<&Certificate, Option<CertificateError>> {
        let mut refused = None;
        let of_key = |certificate: &&Certificate| certificate.key_thumbprint() == *key;
        for certificate in self.certificates.iter().filter(of_key) {
            for licence in &self.licences {
                match self.check(rsa, certificate, licence, at) {
                    Ok(()) => return Ok(certificate),
                    Err(error) => refused = Some(error),
                }
            }
        }
        Err(refused)
    }

    /// Whether two keys are one person's: the same key, or certificates with one name, small or
    /// capital.
    pub fn are_one_person(&self, one: &Thumbprint, other: &Thumbprint) -> bool {
        let of = |key: Thumbprint| {
            let certificates = self.certificates.iter();
            certificates.filter(move |certificate| certificate.key_thumbprint() == key)
        };
        one == other || of(*one).any(|one| of(*other).any(|other| is_one_person(one, other)))
    }

    fn check(
        &self,
        rsa: &dyn Rsa,
        certificate: &Certificate,
        licence: &Certificate,
        at: Timestamp,
    ) -> Result<(), CertificateError> {
        let above = std::slice::from_ref(licence);
        let role = Role::Operator;
        verify_chain(rsa, &self.anchor, certificate, above, role, &self.bank, at).map(drop)
    }
}
