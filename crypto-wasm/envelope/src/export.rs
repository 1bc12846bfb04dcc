//! A device as PKCS #12, for other programs: `openssl pkcs12`, keytool, mail clients.

use crate::{
    Certificate, EnvelopeError, RsaPrivateKey,
    import::pkcs12::{CERT_BAG, DATA, SHA256, SHROUDED_BAG, X509, mac_key},
    key_file::{PBKDF2_ITERATIONS, encrypt_pkcs8_der},
    tlv::{BMP_STRING, CONTEXT_0, NULL, OCTET_STRING, OID, SEQUENCE, SET, write, write_number},
};
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;

const LOCAL_KEY_ID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];

/// A key with its certificates, issuer after issued, the key's own first.
pub type KeyAndChain<'a> = (&'a RsaPrivateKey, &'a [Certificate]);

/// Writes both keys with their chains: each key under PBES2 (PBKDF2-HMAC-SHA256 with 600,000
/// iterations, AES-256-CBC), the certificates in the open, HMAC-SHA256 over all of it. The entries
/// are called `signing` and `encryption`.
pub fn to_pkcs12(
    signing: KeyAndChain<'_>,
    encryption: KeyAndChain<'_>,
    passphrase: &str,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, EnvelopeError> {
    let mut certificates = Vec::new();
    let mut keys = Vec::new();
    let mut written: Vec<&[u8]> = Vec::new();
    for ((key, chain), name) in [(signing, "signing"), (encryption, "encryption")] {
        let print = key.public().thumbprint();
        if chain.first().map(Certificate::key_thumbprint) != Some(print) {
            return Err(EnvelopeError::Key);
        }
        let attributes = attributes(print.as_bytes(), name);
        for (place, certificate) in chain.iter().enumerate() {
            // The CAs are the same for both.
            if !written.contains(&certificate.der()) {
                written.push(certificate.der());
                let own: &[u8] = if place == 0 { &attributes } else { &[] };
                certificates.extend(certificate_bag(certificate, own));
            }
        }
        let sealed = encrypt_pkcs8_der(&key.to_pkcs8_der(), passphrase, rng)?;
        keys.extend(bag(SHROUDED_BAG, &sealed, &attributes));
    }
    let safe = write(
        SEQUENCE,
        &[
            &content(&write(SEQUENCE, &[&certificates])),
            &content(&write(SEQUENCE, &[&keys])),
        ],
    );
    let mac = mac(&safe, passphrase, rng)?;
    Ok(write(SEQUENCE, &[&write_number(3), &content(&safe), &mac]))
}

/// `ContentInfo` with plain content.
fn content(bytes: &[u8]) -> Vec<u8> {
    let bytes = write(OCTET_STRING, &[bytes]);
    write(
        SEQUENCE,
        &[&write(OID, &[DATA]), &write(CONTEXT_0, &[&bytes])],
    )
}

fn bag(kind: &[u8], value: &[u8], attributes: &[u8]) -> Vec<u8> {
    let value = write(CONTEXT_0, &[value]);
    write(SEQUENCE, &[&write(OID, &[kind]), &value, attributes])
}

fn certificate_bag(certificate: &Certificate, attributes: &[u8]) -> Vec<u8> {
    let der = write(OCTET_STRING, &[certificate.der()]);
    let value = write(
        SEQUENCE,
        &[&write(OID, &[X509]), &write(CONTEXT_0, &[&der])],
    );
    bag(CERT_BAG, &value, attributes)
}

/// What tells a reader that a key and a certificate belong together, and a name.
fn attributes(id: &[u8], name: &str) -> Vec<u8> {
    let attribute = |oid: &[u8], value: &[u8]| {
        let values = write(SET, &[value]);
        write(SEQUENCE, &[&write(OID, &[oid]), &values])
    };
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let name = attribute(FRIENDLY_NAME, &write(BMP_STRING, &[&name]));
    let id = attribute(LOCAL_KEY_ID, &write(OCTET_STRING, &[id]));
    // DER sorts a set by its bytes.
    let mut both = [name, id];
    both.sort();
    write(SET, &[&both.concat()])
}

fn mac(safe: &[u8], passphrase: &str, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, EnvelopeError> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let key = mac_key::<Sha256>(passphrase, &salt, PBKDF2_ITERATIONS, 64);
    let mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| EnvelopeError::Primitive)?;
    let digest = mac.chain_update(safe).finalize().into_bytes();
    let algorithm = write(SEQUENCE, &[&write(OID, &[SHA256]), &write(NULL, &[])]);
    let info = write(SEQUENCE, &[&algorithm, &write(OCTET_STRING, &[&digest])]);
    Ok(write(
        SEQUENCE,
        &[
            &info,
            &write(OCTET_STRING, &[&salt]),
            &write_number(PBKDF2_ITERATIONS.into()),
        ],
    ))
}
