//! A bank's request for a licence.

use crate::{EnvelopeError, Jws, Malformed, Rsa, SigningKey, VerifyingKey, operator::sign};
use message::{
    Payload, Timestamp, licence::LicenceRequest, payload::CLOCK_SKEW_SECONDS_MAX, record::AUDIENCE,
};
use rand_core::CryptoRng;

/// A bank asks, with the key of its CA.
pub fn request(
    rsa: &dyn Rsa,
    bank_ca: &SigningKey,
    request: LicenceRequest,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    sign(rsa, bank_ca, (AUDIENCE, None), request, now, rng)
}

/// What is asked, with the key: the request is signed by that very key, an RSA one.
///
/// # Errors
/// When it is not well formed, not signed by its own key, or dated in the future.
pub fn read_request(
    rsa: &dyn Rsa,
    request: &Jws,
    now: Timestamp,
) -> Result<(LicenceRequest, VerifyingKey), EnvelopeError> {
    let unread: Payload<LicenceRequest> = serde_json::from_slice(request.unverified_payload())
        .map_err(|_| Malformed("licence request"))?;
    let key = VerifyingKey::from_jwk(&unread.body.key)?;
    let payload = request.verify(rsa, &key)?.payload::<LicenceRequest>()?;
    let fits = payload.iss == key.thumbprint().to_string()
        && payload.aud == AUDIENCE
        && payload.re.is_none()
        && matches!(key, VerifyingKey::Rsa(_))
        && payload.iat <= now.saturating_add(CLOCK_SKEW_SECONDS_MAX);
    match fits {
        true => Ok((payload.body, key)),
        false => Err(Malformed("licence request").into()),
    }
}
