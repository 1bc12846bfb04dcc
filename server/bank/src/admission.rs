//! The request by which a new processing server shows its keys: a small signed text that is carried to
//! the operator.

use crate::{Entropy, Fault, ProcessorSecret, time::random};
use envelope::{Jws, Malformed, Rsa, RsaPublicKey, VerifyingKey, words::five_words};
use message::{
    Bic, MessageId, Payload, Thumbprint, Timestamp,
    payload::LIFETIME_SECONDS_MAX,
    processor::{ProcessorRequest, REQUEST_BYTES_MAX},
    text::Label,
};

/// What the names of processors begin with: their database roles are nobody else's.
pub const NAME_PREFIX: &str = "processor-";

/// The most characters of a processor's name.
const NAME_MAX: usize = 40;

/// A request that was read and whose signature holds.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What the processor is to be called.
    pub name: Label,
    /// Its signing key.
    pub signing: VerifyingKey,
    /// What the bank's keys are wrapped to.
    pub unwrap: RsaPublicKey,
    /// What it connects with.
    pub transport: RsaPublicKey,
    /// When it was signed.
    pub at: Timestamp,
    /// As signed.
    pub jws: Jws,
}

impl Asked {
    /// The processor's id.
    pub fn id(&self) -> Thumbprint {
        self.signing.thumbprint()
    }

    /// What people compare.
    pub fn words(&self) -> [&'static str; 5] {
        five_words(&self.id())
    }
}

/// Whether a processor may be called so: its database role follows from its name.
pub fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix(NAME_PREFIX).unwrap_or_default();
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !rest.is_empty() && name.len() <= NAME_MAX && rest.bytes().all(fits)
}

/// Signs a request with the new processor's own key.
///
/// # Errors
/// When the name does not fit, or the primitive fails.
pub fn request(
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank: &Bic,
    name: &Label,
    (secret, transport): (&ProcessorSecret, &RsaPublicKey),
    now: Timestamp,
) -> Result<Jws, Fault> {
    check_name(name)?;
    let signing = secret.signing.verifying_key();
    let payload = Payload {
        iss: signing.thumbprint().to_string(),
        aud: bank.to_string(),
        jti: MessageId::new(random(entropy)),
        iat: now,
        exp: now.saturating_add(LIFETIME_SECONDS_MAX),
        re: None,
        body: ProcessorRequest {
            name: name.clone(),
            signing_key: signing.to_jwk(),
            unwrap_key: secret.unwrap.public().to_jwk(),
            transport_key: transport.to_jwk(),
        },
    };
    Ok(envelope::sign(
        rsa,
        &secret.signing,
        &payload,
        &mut *entropy.rng(),
    )?)
}

/// Reads a request: its form, its time, that it is for this bank, that whoever holds the signing key
/// has signed it, and that each of the three keys is another one.
///
/// # Errors
/// What does not fit, in words.
pub fn read(rsa: &dyn Rsa, bank: &Bic, text: &str, now: Timestamp) -> Result<Asked, Fault> {
    if text.len() > REQUEST_BYTES_MAX {
        return Err(Fault::Setup(
            "the request is longer than one can be".to_owned(),
        ));
    }
    let jws = Jws::parse(text.trim_end())?;
    let unverified: Payload<ProcessorRequest> = serde_json::from_slice(jws.unverified_payload())
        .map_err(|_| Malformed("processor request"))?;
    let body = unverified.body;
    let signing = VerifyingKey::from_jwk(&body.signing_key)?;
    if !matches!(signing, VerifyingKey::Ed25519(_)) {
        return Err(Malformed("processor request").into());
    }
    let verified = jws.verify(rsa, &signing)?;
    let payload: Payload<ProcessorRequest> = verified.payload()?;
    payload
        .check_frame(&signing.thumbprint().to_string(), bank.as_str())
        .and_then(|()| payload.check_time(now))
        .map_err(|error| Fault::Setup(format!("the request cannot be taken: {error}")))?;
    check_name(&body.name)?;
    let asked = Asked {
        name: body.name,
        unwrap: RsaPublicKey::from_jwk(&body.unwrap_key)?,
        transport: RsaPublicKey::from_jwk(&body.transport_key)?,
        at: payload.iat,
        signing,
        jws,
    };
    if asked.unwrap.thumbprint() == asked.transport.thumbprint() {
        return Err(Fault::Setup(
            "the request shows one key for two uses".to_owned(),
        ));
    }
    Ok(asked)
}

fn check_name(name: &Label) -> Result<(), Fault> {
    if is_name(name.as_str()) {
        return Ok(());
    }
    Err(Fault::Setup(format!(
        "a processor is called {NAME_PREFIX} and small letters, figures or hyphens, at most {NAME_MAX} characters"
    )))
}

#[cfg(test)]
mod tests;
