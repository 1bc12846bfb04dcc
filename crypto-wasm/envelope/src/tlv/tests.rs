use super::*;
use pkcs8::der::{Decode, Encode, asn1::OctetStringRef};
use proptest::prelude::*;

#[test]
fn lengths_of_every_kind_come_back() {
    for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
        let value = vec![7; length];
        let written = write(OCTET_STRING, &[&value]);
        assert_eq!(
            OctetStringRef::new(&value).unwrap().to_der().unwrap(),
            written
        );
        assert_eq!(
            Items::new(&written).take(OCTET_STRING),
            Ok(value.as_slice())
        );
        let short = written.get(..written.len() - 1).unwrap_or_default();
        let broken = Items::new(short).take(OCTET_STRING);
        assert_eq!(broken, Err(Broken::Short), "{length}");
    }
}

#[test]
fn what_is_not_der_is_told_apart() {
    assert_eq!(
        Items::new(&[0x30, 0x80, 0, 0]).any(),
        Err(Broken::Indefinite)
    );
    assert_eq!(
        Items::new(&[0x30, 0x84, 0, 0, 0, 0]).any(),
        Err(Broken::Form)
    );
    assert_eq!(Items::new(&[0x1f, 0x81, 0]).any(), Err(Broken::Form));
    assert_eq!(Items::new(&[]).any(), Err(Broken::Form));
    assert_eq!(Items::new(&[2, 1, 0xff]).number(), Err(Broken::Form));
    assert_eq!(Items::new(&[2, 0]).number(), Err(Broken::Form));
}

proptest! {
    #[test]
    fn numbers_are_those_of_the_library(number in any::<u64>()) {
        let written = write_number(number);
        prop_assert_eq!(&number.to_der().unwrap(), &written);
        let read = Items::new(&written).number();
        if let Ok(small) = i64::try_from(number) {
            prop_assert_eq!(read, Ok(number));
            prop_assert_eq!(i64::from_der(&written).unwrap(), small);
        } else {
            prop_assert_eq!(read, Err(Broken::Form));
        }
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut items = Items::new(&bytes);
        while items.any().is_ok() {}
        let _ = Items::new(&bytes).number();
        let _ = Items::of(SEQUENCE, &bytes);
    }
}
