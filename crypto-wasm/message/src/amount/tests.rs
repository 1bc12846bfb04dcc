use super::*;
use proptest::prelude::*;

#[test]
fn reads_what_people_type() {
    for (typed, minor) in [
        ("20", 2000),
        ("20.00", 2000),
        ("20,5", 2050),
        ("1 000", 100_000),
        ("1\u{a0}000.01", 100_001),
        (" 0.01 ", 1),
    ] {
        assert_eq!(
            Amount::parse(typed, Currency::EUR).unwrap().minor(),
            minor,
            "{typed}"
        );
    }
    for (typed, error) in [
        ("", AmountError::NotANumber),
        (".5", AmountError::NotANumber),
        ("-3", AmountError::NotANumber),
        ("1.000,00", AmountError::NotANumber),
        ("1e3", AmountError::NotANumber),
        ("0", AmountError::NotPositive),
        ("0.001", AmountError::TooPrecise),
        ("10000000000", AmountError::TooLarge),
        ("99999999999999999999", AmountError::TooLarge),
    ] {
        assert_eq!(Amount::parse(typed, Currency::EUR), Err(error), "{typed}");
    }
    assert_eq!(
        Amount::parse("5.0", Currency::JPY),
        Err(AmountError::TooPrecise)
    );
}

#[test]
fn the_wire_has_one_spelling() {
    let twenty = Amount::try_new(2000, Currency::EUR).unwrap();
    let text = serde_json::to_string(&twenty).unwrap();
    assert_eq!(text, r#"{"value":"20.00","currency":"EUR"}"#);
    for other in [
        "20", "20.0", "020.00", "+20.00", "20.00 ", "2e1", "-20.00", "0.00",
    ] {
        let text = format!(r#"{{"value":"{other}","currency":"EUR"}}"#);
        assert!(serde_json::from_str::<Amount>(&text).is_err(), "{other}");
    }
}

proptest! {
    #[test]
    fn figures_survive_the_wire(minor in -AMOUNT_MINOR_MAX..AMOUNT_MINOR_MAX, yen: bool) {
        let currency = if yen { Currency::JPY } else { Currency::EUR };
        let balance = Balance::new(minor, currency);
        let text = serde_json::to_string(&balance).unwrap();
        prop_assert_eq!(serde_json::from_str::<Balance>(&text).unwrap(), balance);
    }

    #[test]
    fn parse_never_panics(typed in ".*") {
        let _ = Amount::parse(&typed, Currency::EUR);
    }
}
