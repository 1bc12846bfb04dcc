mod hostile;

use super::*;
use crate::{
    Issuer, LicenceTerms, RustCryptoRsa, SigningKey, Subject, Validity, issue, make_root,
    testing::{NOW, changed, rng, rsa_key, signing_key},
};
use std::sync::LazyLock;

const YEAR: i64 = 365 * 24 * 60 * 60;

/// Three officers by the keys that they sign with.
const ADA: &str = "device_signing";
const BO: &str = "enrolment_ca";
const CY: &str = "transport_ca";

static ROOT: LazyLock<Issuer> = LazyLock::new(|| root("root"));

fn root(key: &str) -> Issuer {
    let key = rsa_key(key);
    let certificate = make_root(&RustCryptoRsa, &key, "Authority", years(10), &mut rng()).unwrap();
    Issuer { certificate, key }
}

fn years(count: i64) -> Validity {
    Validity {
        not_before: NOW - YEAR,
        not_after: NOW + count * YEAR,
    }
}

fn certificate(issuer: &Issuer, subject: &Subject) -> String {
    let certificate = issue(&RustCryptoRsa, issuer, subject, &mut rng()).unwrap();
    BASE64.encode(certificate.der())
}

fn subject(role: Role, party: Party, name: &str, key: &str) -> Subject {
    Subject {
        role,
        party,
        name: name.to_owned(),
        key_spki: signing_key(key).verifying_key().to_spki_der().unwrap(),
        holder: None,
        validity: years(2),
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    }
}

fn officer(name: &str, key: &str) -> String {
    certificate(&ROOT, &subject(Role::Officer, Party::Authority, name, key))
}

fn head_certificate(key: &str) -> String {
    let subject = subject(Role::AuthorityHead, Party::Authority, "Head", key);
    certificate(&ROOT, &subject)
}

fn bic(text: &str) -> Bic {
    Bic::parse(text).unwrap()
}

fn halden() -> Bic {
    bic("HALDDEFF")
}

fn brisa() -> Bic {
    bic("BRISDEMM")
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn licence_from(issuer: &Issuer, bank: Bic, prefix: &str, key: &str) -> String {
    let subject = Subject {
        licence: Some(LicenceTerms {
            number: "L-0001".to_owned(),
            iban_prefix: prefix.to_owned(),
            settlement_cap_minor: 100_000_000,
            class: "retail".to_owned(),
            transport_ca: None,
        }),
        ..subject(Role::BankCa, Party::Bank(bank), "Some Bank", key)
    };
    certificate(issuer, &subject)
}

fn granted(bank: Bic, prefix: &str, key: &str) -> AuthorityAct {
    AuthorityAct::LicenceGranted {
        licence: licence_from(&ROOT, bank, prefix, key),
        succession: None,
    }
}

fn grant_halden() -> AuthorityAct {
    granted(halden(), "DE37090502", "bank_a_ca")
}

fn grant_brisa() -> AuthorityAct {
    granted(brisa(), "DE70020570", "bank_b_ca")
}

fn suspended(bank: Bic) -> AuthorityAct {
    AuthorityAct::LicenceSuspended {
        bank,
        reason: label("Its books were not handed in"),
    }
}

fn revoked(bank: Bic) -> AuthorityAct {
    AuthorityAct::LicenceRevoked {
        bank,
        reason: label("It has closed"),
        last: vec![LastItem {
            peer: brisa(),
            sent: (1, 7),
            received: (1, 9),
        }],
    }
}

fn founded() -> AuthorityAct {
    AuthorityAct::Founded {
        officers: vec![officer("Ada Quist", ADA), officer("Bo Lind", BO)],
        head: head_certificate("processor"),
    }
}

/// An entry that two keys have signed, whatever it says and whoever they are.
fn signed(position: Position, act: AuthorityAct, by: [&SigningKey; 2], at: Timestamp) -> Entry {
    let record = sign_record(&RustCryptoRsa, by[0], position, act, at, &mut rng()).unwrap();
    let number = position.number + 1;
    let cosign = sign_cosign(&RustCryptoRsa, by[1], &record, number, at, &mut rng()).unwrap();
    Entry { record, cosign }
}

fn register() -> Register {
    let anchor = TrustAnchor::new(ROOT.certificate.clone()).unwrap();
    Register::new(anchor)
}

impl Register {
    fn entry(&self, act: AuthorityAct, by: [&str; 2]) -> Entry {
        let [first, second] = by.map(signing_key);
        signed(self.position(), act, [&first, &second], NOW)
    }

    fn say(&mut self, act: AuthorityAct) -> Result<AuthorityAct, RegisterError> {
        let entry = self.entry(act, [ADA, BO]);
        self.take(&RustCryptoRsa, &entry, NOW)
    }

    /// What is refused leaves everything as it was.
    fn refuse(&mut self, entry: &Entry) -> RegisterError {
        let before = format!("{self:?}");
        let error = self.take(&RustCryptoRsa, entry, NOW).unwrap_err();
        assert_eq!(format!("{self:?}"), before);
        error
    }

    fn refuse_act(&mut self, act: AuthorityAct) -> RegisterError {
        let entry = self.entry(act, [ADA, BO]);
        self.refuse(&entry)
    }
}

/// Founded, with both banks licensed.
fn with_banks() -> Register {
    let mut register = register();
    for act in [founded(), grant_halden(), grant_brisa()] {
        register.say(act).unwrap();
    }
    register
}

#[test]
fn the_life_of_a_bank() {
    let mut register = with_banks();
    assert_eq!(register.position().number, 3);
    let standing = register.bank(&halden()).unwrap();
    assert!(standing.is_active(NOW));
    assert_eq!(standing.granted_in, 2);
    assert_eq!(standing.terms().unwrap().iban_prefix, "DE37090502");
    assert!(!standing.is_active(NOW + 3 * YEAR), "its licence runs out");
    assert_eq!(register.bank(&bic("NOBODEFF")), None);

    register.say(suspended(halden())).unwrap();
    assert!(!register.bank(&halden()).unwrap().is_active(NOW));
    assert!(register.bank(&brisa()).unwrap().is_active(NOW));
    // A licence that is only renewed does not end the suspension.
    register.say(grant_halden()).unwrap();
    assert!(!register.bank(&halden()).unwrap().is_active(NOW));
    let resumed = AuthorityAct::LicenceResumed {
        bank: halden(),
        reason: label("They were handed in"),
    };
    register.say(resumed.clone()).unwrap();
    assert!(register.bank(&halden()).unwrap().is_active(NOW));
    register.refuse_act(resumed.clone());

    register.say(revoked(halden())).unwrap();
    let Status::Revoked { last, .. } = &register.bank(&halden()).unwrap().status else {
        panic!("it was revoked");
    };
    assert_eq!(last[0].sent, (1, 7));
    for act in [
        resumed,
        suspended(halden()),
        revoked(halden()),
        grant_halden(),
    ] {
        assert!(matches!(register.refuse_act(act), RegisterError::Act(_)));
    }
}

#[test]
fn a_payment_in_suspense_is_decided_once() {
    let mut register = with_banks();
    let payment = Digest::new([9; 32]);
    let decided = |credited| AuthorityAct::SuspenseResolved {
        payer_bank: brisa(),
        payee_bank: halden(),
        payment,
        credited,
        reason: label("Both books were looked at"),
    };
    register.refuse_act(decided(true));
    register.say(revoked(halden())).unwrap();
    register.say(decided(true)).unwrap();
    assert_eq!(register.resolved(&payment), Some(true));
    register.refuse_act(decided(false));
}

#[test]
fn officers_come_and_go_but_two_remain() {
    let mut register = with_banks();
    let removed = |key| AuthorityAct::OfficerRemoved {
        officer: signing_key(key).thumbprint(),
        reason: label("Has left"),
    };
    register.refuse_act(removed(BO));
    let admitted = AuthorityAct::OfficerAdmitted {
        certificate: officer("Cy Marr", CY),
    };
    let entry = register.entry(suspended(halden()), [ADA, CY]);
    assert_eq!(register.refuse(&entry), RegisterError::Officer);
    register.say(admitted).unwrap();
    register.say(removed(BO)).unwrap();
    let entry = register.entry(suspended(halden()), [ADA, BO]);
    assert_eq!(register.refuse(&entry), RegisterError::Officer);
    let entry = register.entry(suspended(halden()), [ADA, CY]);
    register.take(&RustCryptoRsa, &entry, NOW).unwrap();
    assert_eq!(register.officers().count(), 2);
}

#[test]
fn the_head_says_where_the_register_stands() {
    let mut register = with_banks();
    let head_key = signing_key("processor");
    let head =
        |position, at| sign_head(&RustCryptoRsa, &head_key, position, at, &mut rng()).unwrap();
    let position = register.position();
    let check = |register: &Register, jws: &Jws| register.check_head(&RustCryptoRsa, jws, NOW);
    let good = check(&register, &head(position, NOW - 5)).unwrap();
    assert_eq!((good.position, good.at), (position, NOW - 5));
    // A head that is further on says that entries are missing here.
    let further = Position {
        number: 9,
        digest: Digest::new([1; 32]),
    };
    assert_eq!(
        check(&register, &head(further, NOW)).unwrap().position,
        further
    );
    let other = Position {
        digest: Digest::new([1; 32]),
        ..position
    };
    assert_eq!(
        check(&register, &head(other, NOW)),
        Err(RegisterError::Chain)
    );
    assert_eq!(
        check(&register, &head(position, NOW + 3600)),
        Err(RegisterError::Date)
    );
    let officer = signing_key(ADA);
    let forged = sign_head(&RustCryptoRsa, &officer, position, NOW, &mut rng()).unwrap();
    assert_eq!(check(&register, &forged), Err(RegisterError::Signature));

    let old = head(position, NOW);
    let new_key = SigningKey::ed25519_generate(&mut rng()).unwrap();
    let subject = Subject {
        key_spki: new_key.verifying_key().to_spki_der().unwrap(),
        ..subject(Role::AuthorityHead, Party::Authority, "Head", "processor")
    };
    let certificate = certificate(&ROOT, &subject);
    register
        .say(AuthorityAct::HeadReplaced { certificate })
        .unwrap();
    assert_eq!(check(&register, &old), Err(RegisterError::Signature));
    let position = register.position();
    let new = sign_head(&RustCryptoRsa, &new_key, position, NOW, &mut rng()).unwrap();
    assert_eq!(check(&register, &new).unwrap().position, position);
}

#[test]
fn a_bank_gets_another_key_only_from_the_one_before() {
    let mut register = with_banks();
    let licence = licence_from(&ROOT, halden(), "DE37090502", "processor_ca");
    let successor = signing_key("processor_ca").thumbprint();
    let granted = |succession: Option<Jws>| AuthorityAct::LicenceGranted {
        licence: licence.clone(),
        succession: succession.map(|jws| jws.as_str().to_owned()),
    };
    let by = |key: &str, bank: &Bic, successor| {
        let key = signing_key(key);
        sign_succession(&RustCryptoRsa, &key, bank, successor, NOW, &mut rng()).unwrap()
    };
    let other = signing_key("bank_b_ca").thumbprint();
    for wrong in [
        None,
        Some(by("bank_b_ca", &halden(), successor)),
        Some(by("bank_a_ca", &brisa(), successor)),
        Some(by("bank_a_ca", &halden(), other)),
    ] {
        register.refuse_act(granted(wrong));
    }
    let right = by("bank_a_ca", &halden(), successor);
    register.say(granted(Some(right))).unwrap();
    let standing = register.bank(&halden()).unwrap();
    assert_eq!(standing.licence.key_thumbprint(), successor);
    let before = signing_key("bank_a_ca").thumbprint();
    assert_eq!(standing.replaced[0].key_thumbprint(), before);
}

#[test]
fn an_entry_is_two_lines() {
    let mut register = register();
    let entry = register.entry(founded(), [ADA, BO]);
    let text = entry.to_text();
    let read = Entry::parse(&text).unwrap();
    assert_eq!(read.to_text(), text);
    assert_eq!(read.digest(), entry.digest());
    register.take(&RustCryptoRsa, &read, NOW).unwrap();
    assert_eq!(register.position().digest, entry.digest());
    for broken in [
        "",
        "\n",
        text.trim_end_matches(|c| c != '\n'),
        &format!("{text}\n"),
    ] {
        assert!(Entry::parse(broken).is_err());
    }
    assert!(Entry::parse(&"x".repeat(ENTRY_BYTES_MAX + 1)).is_err());
}
