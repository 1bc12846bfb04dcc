use super::*;
use crate::{
    Issuer, LicenceTerms, RustCryptoRsa, Subject, TrustAnchor, Validity, issue, make_root,
    testing::{NOW, rng, rsa_key},
    verify_chain,
};
use message::{Bic, Thumbprint, key_set::RevokedSigner};

const YEAR: i64 = 365 * 24 * 60 * 60;

fn licensed(bic: &Bic, key: &str) -> VerifiedCertificate {
    let validity = Validity {
        not_before: NOW - 60,
        not_after: NOW + YEAR,
    };
    let root_key = rsa_key("root");
    let root = make_root(&RustCryptoRsa, &root_key, "Authority", validity, &mut rng()).unwrap();
    let issuer = Issuer {
        certificate: root.clone(),
        key: root_key,
    };
    let request = Subject {
        role: Role::BankCa,
        party: bic.into(),
        name: "A bank".to_owned(),
        key_spki: rsa_key(key).public().to_spki_der().to_vec(),
        holder: None,
        validity,
        licence: Some(LicenceTerms {
            number: "L-1".to_owned(),
            iban_prefix: "DE37090502".to_owned(),
            settlement_cap_minor: 1,
            class: "retail".to_owned(),
            transport_ca: None,
        }),
        tls_names: Vec::new(),
        common_name: None,
    };
    let certificate = issue(&RustCryptoRsa, &issuer, &request, &mut rng()).unwrap();
    let anchor = TrustAnchor::new(root).unwrap();
    verify_chain(
        &RustCryptoRsa,
        &anchor,
        &certificate,
        &[],
        Role::BankCa,
        bic,
        NOW,
    )
    .unwrap()
}

fn set(bic: &Bic) -> KeySet {
    KeySet {
        bank: bic.clone(),
        number: 2,
        current: entry(rsa_key("bank_encryption").public()),
        old: vec![entry(rsa_key("rsa2048").public())],
        revoked: Vec::new(),
    }
}

fn revoked(n: usize) -> RevokedSigner {
    RevokedSigner {
        signer: Thumbprint::new([u8::try_from(n).unwrap(); 32]),
        since: NOW,
    }
}

#[test]
fn the_fullest_key_set_fits_an_envelope() {
    let bic = Bic::parse("HALDDEFF").unwrap();
    let bank = licensed(&bic, "bank_a_ca");
    let mut full = set(&bic);
    full.old = vec![entry(rsa_key("root").public()); OLD_KEYS_MAX];
    full.revoked = (0..REVOKED_MAX).map(revoked).collect();
    let key = rsa_key("bank_a_ca");
    let until = NOW + YEAR;
    let jws = sign(&RustCryptoRsa, &key, &full, NOW, until, &mut rng()).unwrap();
    let read = verify(&RustCryptoRsa, &bank, &jws, NOW).unwrap();
    assert!(read.revokes(&revoked(3).signer));
    assert!(!read.revokes(&bank.thumbprint()));
    // What an older version has written still reads, and says that nobody was removed.
    let mut text = serde_json::to_value(set(&bic)).unwrap();
    assert!(text.as_object_mut().unwrap().remove("revoked").is_none());
    let old: KeySet = serde_json::from_value(text).unwrap();
    assert_eq!(old.revoked, []);
}

#[test]
fn a_key_set_is_its_banks_own() {
    let bic = Bic::parse("HALDDEFF").unwrap();
    let bank = licensed(&bic, "bank_a_ca");
    let key = rsa_key("bank_a_ca");
    let jws = sign(
        &RustCryptoRsa,
        &key,
        &set(&bic),
        NOW,
        NOW + YEAR,
        &mut rng(),
    )
    .unwrap();
    let read = verify(&RustCryptoRsa, &bank, &jws, NOW).unwrap();
    assert_eq!(read, set(&bic));
    let current = current_key(&read).unwrap();
    assert_eq!(&current, rsa_key("bank_encryption").public());
    assert!(verify(&RustCryptoRsa, &bank, &jws, NOW + YEAR).is_ok());
    assert!(verify(&RustCryptoRsa, &bank, &jws, NOW + YEAR + 1).is_err());
    assert!(verify(&RustCryptoRsa, &bank, &jws, NOW - 3600).is_err());
    // Another bank's CA, and another bank's name under this CA.
    let other = Bic::parse("BRISDEMM").unwrap();
    let other_bank = licensed(&other, "bank_b_ca");
    assert!(verify(&RustCryptoRsa, &other_bank, &jws, NOW).is_err());
    let foreign = sign(
        &RustCryptoRsa,
        &key,
        &set(&other),
        NOW,
        NOW + YEAR,
        &mut rng(),
    )
    .unwrap();
    assert!(verify(&RustCryptoRsa, &bank, &foreign, NOW).is_err());
}

#[test]
fn a_key_set_that_does_not_hold_together_is_not_signed() {
    let bic = Bic::parse("HALDDEFF").unwrap();
    let key = rsa_key("bank_a_ca");
    let good = set(&bic);
    let swapped = EncryptionKey {
        kid: good.old[0].kid,
        key: good.current.key.clone(),
    };
    let bad = [
        KeySet {
            number: 0,
            ..good.clone()
        },
        KeySet {
            current: swapped,
            ..good.clone()
        },
        KeySet {
            old: vec![good.current.clone()],
            ..good.clone()
        },
        KeySet {
            old: vec![good.old[0].clone(); OLD_KEYS_MAX + 1],
            ..good.clone()
        },
        KeySet {
            revoked: vec![revoked(1), revoked(1)],
            ..good.clone()
        },
        KeySet {
            revoked: (0..=REVOKED_MAX).map(revoked).collect(),
            ..good.clone()
        },
    ];
    for bad in bad {
        assert!(sign(&RustCryptoRsa, &key, &bad, NOW, NOW + YEAR, &mut rng()).is_err());
    }
    for until in [NOW, NOW - 1, NOW + 2 * YEAR] {
        assert!(sign(&RustCryptoRsa, &key, &good, NOW, until, &mut rng()).is_err());
    }
}
