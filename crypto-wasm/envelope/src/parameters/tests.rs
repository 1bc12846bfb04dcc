use super::*;
use crate::{
    Certificate, Issuer, LicenceTerms, Party, Role, RustCryptoRsa, Subject, TrustAnchor, Validity,
    issue, make_root,
    operator::{read_request, request, sign_removal},
    testing::{NOW, rng, rsa_key, signing_key},
};
use message::{
    amount::Currency,
    operator::OperatorRemoval,
    parameters::CurrencyParameters,
    text::{Label, Name},
};
use std::sync::LazyLock;

const YEAR: i64 = 365 * 24 * 60 * 60;

/// Operators by the keys that they sign with.
const ANN: &str = "device_signing";
const BO: &str = "enrolment_ca";
const CY: &str = "transport_ca";

static ROOT: LazyLock<Issuer> = LazyLock::new(|| {
    let key = rsa_key("root");
    let validity = until(NOW + 10 * YEAR);
    let certificate = make_root(&RustCryptoRsa, &key, "Authority", validity, &mut rng()).unwrap();
    Issuer { certificate, key }
});
static HALDEN: LazyLock<Issuer> = LazyLock::new(|| bank_ca("HALDDEFF", "bank_a_ca"));
static BRISA: LazyLock<Issuer> = LazyLock::new(|| bank_ca("BRISDEMM", "bank_b_ca"));

fn until(not_after: Timestamp) -> Validity {
    Validity {
        not_before: NOW - YEAR,
        not_after,
    }
}

fn bic(text: &str) -> Bic {
    Bic::parse(text).unwrap()
}

fn certificate(issuer: &Issuer, role: Role, party: &str, name: &str, key: &str) -> Certificate {
    let licence = (role == Role::BankCa).then(|| LicenceTerms {
        transport_ca: None,
        number: "L-0001".to_owned(),
        iban_prefix: "DE37090502".to_owned(),
        settlement_cap_minor: 100_000_000,
        class: "retail".to_owned(),
    });
    let subject = Subject {
        role,
        party: Party::Bank(bic(party)),
        name: name.to_owned(),
        key_spki: signing_key(key).verifying_key().to_spki_der().unwrap(),
        holder: None,
        validity: until(NOW + YEAR),
        licence,
        tls_names: Vec::new(),
        common_name: None,
    };
    issue(&RustCryptoRsa, issuer, &subject, &mut rng()).unwrap()
}

fn bank_ca(party: &str, key: &str) -> Issuer {
    Issuer {
        certificate: certificate(&ROOT, Role::BankCa, party, "Some Bank", key),
        key: rsa_key(key),
    }
}

fn operator(name: &str, key: &str) -> Certificate {
    certificate(&HALDEN, Role::Operator, "HALDDEFF", name, key)
}

fn operators() -> Operators {
    let anchor = TrustAnchor::new(ROOT.certificate.clone()).unwrap();
    let licences = vec![HALDEN.certificate.clone()];
    let mut operators = Operators::new(anchor, bic("HALDDEFF"), licences);
    for (name, key) in [("Ann Lee", ANN), ("Bo Lind", BO)] {
        operators
            .admit(&RustCryptoRsa, operator(name, key))
            .unwrap();
    }
    operators
}

fn chain() -> ParameterChain {
    ParameterChain::new(operators())
}

fn values(payment_max: i64) -> ParameterValues {
    ParameterValues {
        currencies: vec![CurrencyParameters {
            currency: Currency::EUR,
            payment_max,
            day_max: 1_000_000,
            fee_inside: 0,
            fee_outside: 25,
            offline_single_max: 20_000,
            offline_total_max: 500_000,
        }],
        cut_off_minutes: 16 * 60,
    }
}

/// A version that two keys have signed, whatever it lays down and whoever they are.
fn signed(position: Position, values: ParameterValues, by: [&str; 2], at: [i64; 2]) -> (Jws, Jws) {
    let (rsa, bank, [first, second]) = (&RustCryptoRsa, bic("HALDDEFF"), by.map(signing_key));
    let proposal = sign_proposal(rsa, &first, &bank, position, values, at[0], &mut rng()).unwrap();
    let about = (&proposal, position.number + 1);
    let approval = sign_approval(rsa, &second, &bank, about, at[1], &mut rng()).unwrap();
    (proposal, approval)
}

impl ParameterChain {
    fn pair(&self, payment_max: i64, by: [&str; 2]) -> (Jws, Jws) {
        signed(self.position(), values(payment_max), by, [NOW, NOW])
    }

    fn say(&mut self, payment_max: i64, by: [&str; 2]) -> Result<u64, ParametersError> {
        let pair = self.pair(payment_max, by);
        self.hear(&pair)
    }

    /// What is refused leaves everything as it was.
    fn hear(&mut self, (proposal, approval): &(Jws, Jws)) -> Result<u64, ParametersError> {
        let before = format!("{self:?}");
        let taken = self.take(&RustCryptoRsa, proposal, approval, NOW);
        let taken = taken.map(|version| version.position.number);
        if taken.is_err() {
            assert_eq!(format!("{self:?}"), before);
        }
        taken
    }

    fn forget(&mut self, key: &str, last: u64) {
        let jws = removal(&HALDEN, "HALDDEFF", key, last);
        self.operators.remove(&RustCryptoRsa, &jws).unwrap();
    }
}

fn removal(by: &Issuer, bank: &str, key: &str, last: u64) -> Jws {
    let body = OperatorRemoval {
        operator: signing_key(key).thumbprint(),
        parameters: last,
        reason: Label::parse("Has left").unwrap(),
    };
    sign_removal(&RustCryptoRsa, &by.key, &bic(bank), body, NOW, &mut rng()).unwrap()
}

#[test]
fn versions_follow_each_other() {
    let mut chain = chain();
    assert_eq!(chain.in_force(), None);
    assert_eq!(chain.say(500_000, [ANN, BO]), Ok(1));
    assert_eq!(chain.say(600_000, [BO, ANN]), Ok(2));
    let newest = chain.in_force().unwrap();
    assert_eq!(newest.values, values(600_000));
    assert_eq!(newest.proposed.0, signing_key(BO).thumbprint());
    assert_eq!(newest.approved.0, signing_key(ANN).thumbprint());
    assert_eq!(chain.version(1).unwrap().values, values(500_000));
    assert_eq!(chain.versions().count(), 2);
}

#[test]
fn one_operator_does_not_act_as_two() {
    let mut chain = chain();
    assert_eq!(chain.say(1, [ANN, ANN]), Err(ParametersError::OnePerson));
    // A second key of the same person is not a second person.
    let second = operator("ANN lee", CY);
    chain.operators.admit(&RustCryptoRsa, second).unwrap();
    assert_eq!(chain.say(1, [ANN, CY]), Err(ParametersError::OnePerson));
    assert_eq!(chain.say(1, [BO, CY]), Ok(1));
    // Nor is the same key under a second name.
    let renamed = operator("Dee Lund", ANN);
    chain.operators.admit(&RustCryptoRsa, renamed).unwrap();
    assert_eq!(chain.say(1, [ANN, CY]), Err(ParametersError::OnePerson));
}

#[test]
fn who_is_removed_signs_nothing_more_whatever_the_date() {
    let mut chain = chain();
    let admitted = operator("Cy Marr", CY);
    chain.operators.admit(&RustCryptoRsa, admitted).unwrap();
    chain.say(500_000, [ANN, BO]).unwrap();
    chain.forget(BO, 1);
    assert_eq!(chain.say(1, [BO, ANN]), Err(ParametersError::Removed));
    assert_eq!(chain.say(1, [ANN, BO]), Err(ParametersError::Removed));
    assert_eq!(chain.say(600_000, [ANN, CY]), Ok(2));
    // Read again from the start, what was signed before still counts, and no more than that.
    let again = |operators: &Operators| {
        let mut again = ParameterChain::new(operators.clone());
        again.say(500_000, [ANN, BO])
    };
    assert_eq!(again(chain.operators()), Ok(1));
    chain.forget(BO, 0);
    chain.forget(BO, 9);
    assert_eq!(again(chain.operators()), Err(ParametersError::Removed));
}

#[test]
fn only_the_banks_own_ca_admits_and_removes() {
    let mut operators = operators();
    let theirs = certificate(&BRISA, Role::Operator, "BRISDEMM", "Eve Roth", CY);
    assert!(operators.admit(&RustCryptoRsa, theirs).is_err());
    // A bank CA of the right name under another root.
    let key = rsa_key("foreign_root");
    let root = make_root(
        &RustCryptoRsa,
        &key,
        "Authority",
        until(NOW + YEAR),
        &mut rng(),
    );
    let root = Issuer {
        certificate: root.unwrap(),
        key,
    };
    let forged = Issuer {
        certificate: certificate(&root, Role::BankCa, "HALDDEFF", "Some Bank", "bank_b_ca"),
        key: rsa_key("bank_b_ca"),
    };
    let forged = certificate(&forged, Role::Operator, "HALDDEFF", "Eve Roth", CY);
    assert!(operators.admit(&RustCryptoRsa, forged).is_err());
    let licence = HALDEN.certificate.clone();
    assert!(operators.admit(&RustCryptoRsa, licence).is_err());
    for wrong in [
        removal(&BRISA, "BRISDEMM", ANN, 0),
        removal(&BRISA, "HALDDEFF", ANN, 0),
        removal(&HALDEN, "BRISDEMM", ANN, 0),
    ] {
        assert!(operators.remove(&RustCryptoRsa, &wrong).is_err());
    }
    assert_eq!(operators.removed(&signing_key(ANN).thumbprint()), None);
    let mut chain = ParameterChain::new(operators);
    assert_eq!(chain.say(1, [ANN, CY]), Err(ParametersError::Operator));
    assert_eq!(chain.say(1, [CY, ANN]), Err(ParametersError::Operator));
}

#[test]
fn a_certificate_counts_in_its_time_alone() {
    let chain = chain();
    let expired = CertificateError::Expired;
    let early = CertificateError::NotYetValid;
    for (at, wrong) in [(NOW + 2 * YEAR, expired), (NOW - 2 * YEAR, early)] {
        let (proposal, approval) = signed(Position::START, values(1), [ANN, BO], [at, at]);
        let taken = chain
            .clone()
            .take(&RustCryptoRsa, &proposal, &approval, at)
            .map(drop);
        assert_eq!(taken, Err(ParametersError::Certificate(wrong)));
    }
}

#[test]
fn nothing_is_left_out_put_in_or_taken_back() {
    let mut chain = chain();
    let first = chain.pair(500_000, [ANN, BO]);
    chain.hear(&first).unwrap();
    let second = chain.pair(600_000, [ANN, BO]);
    let mut empty = super::tests::chain();
    let (expected, found) = (1, 2);
    assert_eq!(
        empty.hear(&second),
        Err(ParametersError::Number { expected, found })
    );
    chain.hear(&second).unwrap();
    for (before, found) in [(&first, 1), (&second, 2)] {
        let expected = 3;
        assert_eq!(
            chain.hear(before),
            Err(ParametersError::Number { expected, found })
        );
    }
    // Another history under the same numbers.
    let mut rival = super::tests::chain();
    rival.say(700_000, [ANN, BO]).unwrap();
    rival.say(700_000, [ANN, BO]).unwrap();
    let third = rival.pair(700_000, [ANN, BO]);
    assert_eq!(chain.hear(&third), Err(ParametersError::Chain));
}

#[test]
fn the_approval_is_for_this_version() {
    let mut chain = chain();
    let one = chain.pair(500_000, [ANN, BO]);
    let other = chain.pair(600_000, [ANN, BO]);
    let mixed = (one.0.clone(), other.1);
    assert_eq!(chain.hear(&mixed), Err(ParametersError::Signature));
    // A proposal is no approval, and the other way round.
    let twice = (one.0.clone(), chain.pair(500_000, [BO, ANN]).0);
    assert!(matches!(
        chain.hear(&twice),
        Err(ParametersError::Malformed(_))
    ));
    let swapped = (one.1, one.0.clone());
    assert!(matches!(
        chain.hear(&swapped),
        Err(ParametersError::Malformed(_))
    ));
    // For another number, and for another bank.
    for (bank, number) in [("HALDDEFF", 2), ("BRISDEMM", 1)] {
        let about = (&one.0, number);
        let bo = signing_key(BO);
        let approval =
            sign_approval(&RustCryptoRsa, &bo, &bic(bank), about, NOW, &mut rng()).unwrap();
        let taken = chain.hear(&(one.0.clone(), approval));
        assert_eq!(taken, Err(ParametersError::Signature));
    }
}

#[test]
fn dates_go_forwards() {
    let mut chain = chain();
    let wrong = Err(ParametersError::Date);
    for at in [[NOW, NOW - 1], [NOW + 3600, NOW + 3600], [NOW, NOW + 3600]] {
        assert_eq!(
            chain.hear(&signed(Position::START, values(1), [ANN, BO], at)),
            wrong
        );
    }
    chain.say(500_000, [ANN, BO]).unwrap();
    let early = signed(chain.position(), values(1), [ANN, BO], [NOW - 1, NOW]);
    assert_eq!(chain.hear(&early), wrong);
}

#[test]
fn what_cannot_be_laid_down_is_refused() {
    let mut chain = chain();
    assert!(matches!(
        chain.say(0, [ANN, BO]),
        Err(ParametersError::Values(_))
    ));
    // A field that this version does not know could mean anything.
    let (proposal, _) = chain.pair(500_000, [ANN, BO]);
    let text = String::from_utf8(proposal.unverified_payload().to_vec()).unwrap();
    let more = text.replace("\"cut_off_minutes\"", "\"weekend\":1,\"cut_off_minutes\"");
    let read: Result<Payload<Parameters>, _> = serde_json::from_str(&more);
    assert!(read.unwrap_err().to_string().contains("unknown field"));
}

#[test]
fn a_request_is_signed_by_the_key_that_it_names() {
    let (rsa, name) = (&RustCryptoRsa, Name::parse("Ann Lee").unwrap());
    let asked = request(rsa, &signing_key(ANN), name.clone(), NOW, &mut rng()).unwrap();
    let (who, key) = read_request(rsa, &asked, NOW).unwrap();
    assert_eq!(
        (who, key.thumbprint()),
        (name.clone(), signing_key(ANN).thumbprint())
    );
    assert!(read_request(rsa, &asked, NOW - YEAR).is_err());
    let other = crate::testing::changed(asked.as_str(), asked.as_str().len() - 9);
    assert!(read_request(rsa, &Jws::parse(&other).unwrap(), NOW).is_err());
    let weak = request(rsa, &signing_key("processor"), name, NOW, &mut rng()).unwrap();
    assert!(read_request(rsa, &weak, NOW).is_err());
}
