//! What somebody tries who can write into every database, but has not two officers' keys.

use super::*;
use proptest::prelude::*;

#[test]
fn a_licence_that_nobody_granted_does_not_count() {
    let mut register = with_banks();
    // Self-issued: a root of one's own.
    let own = root("foreign_root");
    let licence = licence_from(&own, bic("EVILDEFF"), "DE00000001", "bank_b_ca");
    let act = AuthorityAct::LicenceGranted {
        licence,
        succession: None,
    };
    assert!(matches!(
        register.refuse_act(act),
        RegisterError::Certificate(_)
    ));
    // A real certificate, but a record that no officer has signed.
    let act = granted(bic("EVILDEFF"), "DE00000001", "bank_b_ca");
    let entry = register.entry(act.clone(), ["rsa2048", "rsa4096"]);
    assert_eq!(register.refuse(&entry), RegisterError::Officer);
    // Half a signature is none.
    let entry = register.entry(act, [ADA, "rsa2048"]);
    assert_eq!(register.refuse(&entry), RegisterError::Officer);
    assert_eq!(register.bank(&bic("EVILDEFF")), None);
}

#[test]
fn another_banks_code_is_taken() {
    let mut register = with_banks();
    let act = granted(bic("EVILDEFF"), "DE37090502", "processor_ca");
    assert_eq!(
        register.refuse_act(act),
        RegisterError::Act("another bank has this bank code")
    );
}

#[test]
fn one_officer_does_not_act_as_two() {
    let mut register = with_banks();
    let entry = register.entry(suspended(halden()), [ADA, ADA]);
    assert_eq!(register.refuse(&entry), RegisterError::OnePerson);
    // A second key of the same person is not a second person.
    let certificate = officer("ADA quist", CY);
    let act = AuthorityAct::OfficerAdmitted { certificate };
    assert_eq!(register.refuse_act(act), RegisterError::OnePerson);
    let mut founding = super::register();
    let act = AuthorityAct::Founded {
        officers: vec![officer("Ada Quist", ADA), officer("Ada Quist", CY)],
        head: head_certificate("processor"),
    };
    let entry = founding.entry(act, [ADA, CY]);
    assert_eq!(founding.refuse(&entry), RegisterError::OnePerson);
}

#[test]
fn nothing_is_left_out_put_in_or_taken_back() {
    let mut register = with_banks();
    let suspend = register.entry(suspended(halden()), [ADA, BO]);
    let resume = AuthorityAct::LicenceResumed {
        bank: halden(),
        reason: label("All is well"),
    };
    let mut ahead = register.clone();
    ahead.take(&RustCryptoRsa, &suspend, NOW).unwrap();
    let resume = ahead.entry(resume, [ADA, BO]);
    // Left out.
    let (expected, found) = (4, 5);
    assert_eq!(
        register.refuse(&resume),
        RegisterError::Number { expected, found }
    );
    // Taken back.
    register.take(&RustCryptoRsa, &suspend, NOW).unwrap();
    let (expected, found) = (5, 4);
    assert_eq!(
        register.refuse(&suspend),
        RegisterError::Number { expected, found }
    );
    // Another history under the same numbers.
    let mut rival = with_banks();
    rival.say(suspended(brisa())).unwrap();
    let act = AuthorityAct::LicenceResumed {
        bank: brisa(),
        reason: label("All is well"),
    };
    let entry = rival.entry(act, [ADA, BO]);
    assert_eq!(register.refuse(&entry), RegisterError::Chain);
    // Founded once more.
    assert!(matches!(
        register.refuse_act(founded()),
        RegisterError::Act(_)
    ));
    let mut empty = super::register();
    let entry = empty.entry(grant_halden(), [ADA, BO]);
    assert_eq!(empty.refuse(&entry), RegisterError::Officer);
}

#[test]
fn the_second_signature_is_for_this_record() {
    let mut register = with_banks();
    let one = register.entry(suspended(halden()), [ADA, BO]);
    let other = register.entry(suspended(brisa()), [ADA, BO]);
    let entry = Entry {
        record: one.record.clone(),
        cosign: other.cosign,
    };
    assert_eq!(register.refuse(&entry), RegisterError::Signature);
    // The record itself is no second signature.
    let entry = Entry {
        record: one.record.clone(),
        cosign: register.entry(suspended(halden()), [BO, ADA]).record,
    };
    assert!(matches!(
        register.refuse(&entry),
        RegisterError::Malformed(_)
    ));
    // For another number.
    let bo = signing_key(BO);
    let cosign = sign_cosign(&RustCryptoRsa, &bo, &one.record, 9, NOW, &mut rng()).unwrap();
    let entry = Entry {
        record: one.record,
        cosign,
    };
    assert_eq!(register.refuse(&entry), RegisterError::Signature);
}

#[test]
fn an_officers_time_is_limited_and_so_is_a_records_date() {
    let mut register = with_banks();
    let [ada, bo] = [ADA, BO].map(signing_key);
    let position = register.position();
    let later = NOW + 3 * YEAR;
    let entry = signed(position, suspended(halden()), [&ada, &bo], later);
    assert_eq!(register.refuse(&entry), RegisterError::Date);
    let refused = register.clone().take(&RustCryptoRsa, &entry, later);
    let expired = RegisterError::Certificate(CertificateError::Expired);
    assert_eq!(refused, Err(expired));
    let entry = signed(position, suspended(halden()), [&ada, &bo], NOW - 1);
    assert_eq!(register.refuse(&entry), RegisterError::Date);
}

#[test]
fn a_certificate_for_something_else_makes_no_officer_and_no_head() {
    let mut register = with_banks();
    for act in [
        AuthorityAct::OfficerAdmitted {
            certificate: head_certificate("processor"),
        },
        AuthorityAct::OfficerAdmitted {
            certificate: licence_from(&ROOT, bic("EVILDEFF"), "DE00000001", CY),
        },
        AuthorityAct::HeadReplaced {
            certificate: officer("Cy Marr", CY),
        },
        AuthorityAct::LicenceGranted {
            licence: officer("Cy Marr", CY),
            succession: None,
        },
        AuthorityAct::OfficerAdmitted {
            certificate: "AAAA".to_owned(),
        },
    ] {
        register.refuse_act(act);
    }
    let bank = Party::Bank(halden());
    for role in [Role::Officer, Role::AuthorityHead] {
        let subject = subject(role, bank.clone(), "Halden", "processor");
        assert!(issue(&RustCryptoRsa, &ROOT, &subject, &mut rng()).is_err());
    }
}

static FROZEN: LazyLock<(Register, String)> = LazyLock::new(|| {
    let register = with_banks();
    let entry = register.entry(suspended(halden()), [ADA, BO]);
    (register, entry.to_text())
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever character is changed, the entry is another one, and refused.
    #[test]
    fn an_entry_cannot_be_changed(at in 0usize..4096) {
        let (register, text) = &*FROZEN;
        let at = at % text.len();
        let text = changed(text, at);
        if let Ok(entry) = Entry::parse(&text) {
            let mut register = register.clone();
            prop_assert!(register.take(&RustCryptoRsa, &entry, NOW).is_err());
            prop_assert_eq!(register.position(), FROZEN.0.position());
        }
    }
}
