//! Binds the parts of a stored device together: a signature of the device over each of them.

use crate::{EnvelopeError, Jws, Malformed, Rsa, SigningKey, encoding};
use message::{Digest, MessageId, Payload, Timestamp, manifest::Manifest, worker::StoredDevice};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// How long a manifest says that it counts, in seconds. Nobody looks at it; the frame wants a figure.
const LIFETIME_SECONDS: i64 = message::payload::LIFETIME_SECONDS_MAX;

/// Makes the manifest of a device: put the answer's text into [`StoredDevice::manifest`].
pub fn make_manifest(
    rsa: &dyn Rsa,
    key: &SigningKey,
    device: &StoredDevice,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    if device.device != key.thumbprint() {
        return Err(EnvelopeError::Key);
    }
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let payload = Payload {
        iss: device.device.to_string(),
        aud: device.device.to_string(),
        jti: MessageId::new(id),
        iat: now,
        exp: now.saturating_add(LIFETIME_SECONDS),
        re: None,
        body: Manifest {
            parts: parts(device),
        },
    };
    crate::jws::sign(rsa, key, &payload, rng)
}

/// Checks that every part of a stored device is as the device signed it.
pub fn check_manifest(
    rsa: &dyn Rsa,
    key: &SigningKey,
    device: &StoredDevice,
) -> Result<(), EnvelopeError> {
    if device.device != key.thumbprint() {
        return Err(EnvelopeError::Key);
    }
    let verified = Jws::parse(&device.manifest)?.verify(rsa, &key.verifying_key())?;
    let payload = verified.payload::<Manifest>()?;
    let own = device.device.to_string();
    if payload.iss == own && payload.aud == own && payload.body.parts == parts(device) {
        Ok(())
    } else {
        Err(Malformed("manifest of this device").into())
    }
}

/// Each part as text. Certificates stand one after the other, numbers are decimal, and what is
/// absent is empty.
fn parts(device: &StoredDevice) -> BTreeMap<String, Digest> {
    // Taking the struct apart makes the compiler say when a part is added and not covered.
    let StoredDevice {
        version,
        device,
        customer_name,
        customer_number,
        device_name,
        bank,
        bank_name,
        enrolled_at,
        signing_key,
        encryption_key,
        certificates,
        root,
        key_set,
        request,
        manifest: _,
    } = device;
    [
        ("version", version.to_string()),
        ("device", device.to_string()),
        ("customer_name", customer_name.clone()),
        ("customer_number", customer_number.clone()),
        ("device_name", device_name.clone()),
        ("bank", bank.to_string()),
        ("bank_name", bank_name.clone()),
        ("enrolled_at", enrolled_at.to_string()),
        ("signing_key", signing_key.clone()),
        ("encryption_key", encryption_key.clone()),
        ("certificates", certificates.concat()),
        ("root", root.clone()),
        ("key_set", key_set.to_string()),
        ("request", request.clone().unwrap_or_default()),
    ]
    .into_iter()
    .map(|(name, text)| {
        let digest = Digest::new(encoding::sha256(&[text.as_bytes()]));
        (name.to_owned(), digest)
    })
    .collect()
}

#[cfg(test)]
mod tests;
