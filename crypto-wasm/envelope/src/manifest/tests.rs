use super::*;
use crate::{
    RustCryptoRsa,
    testing::{NOW, rng, signing_key},
};
use message::Bic;

fn device(key: &SigningKey) -> StoredDevice {
    StoredDevice {
        version: 1,
        device: key.thumbprint(),
        customer_name: "Marta Lindqvist".to_owned(),
        customer_number: "10001".to_owned(),
        device_name: "Laptop".to_owned(),
        bank: Bic::parse("HALDDEFF").unwrap(),
        bank_name: "Halden Bank".to_owned(),
        enrolled_at: NOW,
        signing_key: "signing".to_owned(),
        encryption_key: "encryption".to_owned(),
        certificates: vec!["one".to_owned(), "two".to_owned()],
        root: "root".to_owned(),
        key_set: 3,
        request: None,
        manifest: String::new(),
    }
}

#[test]
fn a_changed_part_is_found() {
    let key = signing_key("rsa2048");
    let mut stored = device(&key);
    let manifest = make_manifest(&RustCryptoRsa, &key, &stored, NOW, &mut rng()).unwrap();
    stored.manifest = manifest.as_str().to_owned();
    assert_eq!(check_manifest(&RustCryptoRsa, &key, &stored), Ok(()));
    let changes: [fn(&mut StoredDevice); 12] = [
        |device| device.version = 2,
        |device| device.customer_name.push('x'),
        |device| device.customer_number.push('1'),
        |device| device.device_name.clear(),
        |device| device.bank = Bic::parse("BRISDEMM").unwrap(),
        |device| device.bank_name.clear(),
        |device| device.enrolled_at += 1,
        |device| device.signing_key.push('x'),
        |device| device.encryption_key.push('x'),
        |device| device.certificates.swap(0, 1),
        |device| device.key_set = 2,
        |device| device.request = Some("x".to_owned()),
    ];
    for change in changes {
        let mut changed = stored.clone();
        change(&mut changed);
        assert!(check_manifest(&RustCryptoRsa, &key, &changed).is_err());
    }
    let other = signing_key("device_signing");
    assert!(check_manifest(&RustCryptoRsa, &other, &stored).is_err());
    assert!(make_manifest(&RustCryptoRsa, &other, &stored, NOW, &mut rng()).is_err());
    stored.manifest.clear();
    assert!(check_manifest(&RustCryptoRsa, &key, &stored).is_err());
}
