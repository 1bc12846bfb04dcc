use super::*;
use data_encoding::HEXLOWER;

#[test]
fn a_proof_fits_its_slip_and_keys_alone() {
    let secret = Secret::parse("4F7K-9QWE-2MNB-8XPA").unwrap();
    let locator = Locator::parse("K7QM-2P4X").unwrap();
    let (signing, encryption) = (Thumbprint::new([1; 32]), Thumbprint::new([2; 32]));
    let made = proof(&secret, &locator, &signing, &encryption);
    // Computed with Python's hashlib and hmac from the same parts.
    assert_eq!(made, "O2Xyx_DxVigL8ta0UfPpsrfNVX2dFZcrv2Xkv6t4uSw");
    assert_eq!(
        HEXLOWER.encode(slip_key(&secret).as_bytes()),
        "5a4420f590ae2589cdb9ee98aab36f47ec47823fe059b85d3e4a9fb62a5f7b08"
    );
    let key = SlipKey::from_bytes(*slip_key(&secret).as_bytes());
    assert!(check_proof(&key, &locator, &signing, &encryption, &made));
    assert!(!check_proof(&key, &locator, &encryption, &signing, &made));
    let other = Locator::parse("K7QM-2P4Z").unwrap();
    assert!(!check_proof(&key, &other, &signing, &encryption, &made));
    let other = slip_key(&Secret::parse("4F7K-9QWE-2MNB-8XPB").unwrap());
    assert!(!check_proof(&other, &locator, &signing, &encryption, &made));
    for bad in ["", "x", &made[1..], &format!("{made}=")] {
        assert!(!check_proof(&key, &locator, &signing, &encryption, bad));
    }
    assert_eq!(format!("{key:?}"), "SlipKey(..)");
}

#[test]
fn a_new_device_is_found_by_its_code() {
    let (signing, encryption) = (Thumbprint::new([1; 32]), Thumbprint::new([2; 32]));
    // Computed with Python's hashlib from the same parts.
    assert_eq!(join_code(&signing, &encryption), "0YEKPC28");
    assert_ne!(join_code(&encryption, &signing), "0YEKPC28");
}
