//! What two operators have not both signed, on real PostgreSQL: it has no effect, and is seen.

use crate::{
    device::{Device, is_booked, refused},
    harness::{NOW, TestBank, material, name, rsa},
    parameters::{approve, generous, key, lay_down, pay, propose, with},
};
use bank::{Entropy as _, SystemEntropy, operator};
use envelope::{Jws, operator::request};
use message::{Currency, receipt::Refusal, text::Label};
use sqlx::ConnectOptions;

#[tokio::test]
async fn what_two_operators_have_not_signed_has_no_effect_and_raises_an_alarm() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let tight = || with(|c| (c.payment_max, c.day_max) = (1, 1));
    // A proposal alone, and one that its own author would approve.
    let proposal = propose(&bank, 0, tight()).await.unwrap();
    assert!(approve(&bank, 0, proposal).await.is_err());
    assert!(is_booked(&pay(&ann, &bank, &bo, 1_00).await.outcome));
    // Somebody who is no operator, with every right in the database.
    let superuser = &mut bank.core.connect().await.unwrap();
    let insert = async |core: &mut sqlx::PgConnection, jws: &Jws| {
        sqlx::query("INSERT INTO bank.parameter_record (jws, at) VALUES ($1, 0)")
            .bind(jws.as_str())
            .execute(core)
            .await
            .unwrap();
    };
    let state = operator::parameters(superuser, &*rsa(), NOW).await.unwrap();
    let position = state.in_force().unwrap().position;
    let mut rng = SystemEntropy.rng();
    let (rsa, bic) = (rsa(), &bank.bic);
    let (eve, per) = (key(2), key(1));
    let forged =
        envelope::parameters::sign_proposal(&*rsa, eve, bic, position, tight(), NOW, &mut *rng)
            .unwrap();
    let approve_by = |who, about: &Jws, rng: &mut dyn envelope::CryptoRng| {
        envelope::parameters::sign_approval(&*rsa, who, bic, (about, 2), NOW, rng).unwrap()
    };
    insert(superuser, &forged).await;
    insert(superuser, &approve_by(per, &forged, &mut *rng)).await;
    // The proposal of an operator, approved by nobody who may, and by its author.
    let real = &state.proposals[0].jws;
    insert(superuser, &approve_by(eve, real, &mut *rng)).await;
    insert(superuser, &approve_by(key(0), real, &mut *rng)).await;
    bank.settle().await;
    let receipt = pay(&ann, &bank, &bo, 1_00).await;
    assert!(is_booked(&receipt.outcome));
    assert_eq!(receipt.parameters, 1);
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'parameter_record'";
    assert_eq!(bank.number(alarms).await, 4);
    bank.settle().await;
    assert_eq!(bank.number(alarms).await, 4, "once each");
    // None of it keeps operators from laying down the next version.
    assert_eq!(approve(&bank, 1, proposal).await.unwrap(), 2);
    let receipt = pay(&ann, &bank, &bo, 2).await;
    assert_eq!(receipt.outcome, refused(Refusal::AmountTooLarge));
    assert_eq!(receipt.parameters, 2);
    let state = operator::parameters(superuser, &*rsa, NOW).await.unwrap();
    assert_eq!((state.versions.len(), state.ignored.len()), (2, 4));
    assert_eq!(
        state.by[1],
        ("Olga Brandt".to_owned(), "Per Hansen".to_owned())
    );
    bank.assert_right().await;
}

#[tokio::test]
async fn a_version_that_is_taken_back_stays_in_force_where_it_is_known() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    lay_down(&bank, with(|c| (c.payment_max, c.day_max) = (5_00, 50_00))).await;
    let above = refused(Refusal::AmountTooLarge);
    assert_eq!(pay(&ann, &bank, &bo, 6_00).await.outcome, above);
    let mut core = bank.owner().await;
    for sql in [
        "ALTER TABLE bank.parameter_record DISABLE TRIGGER for_ever",
        "DELETE FROM bank.parameter_record WHERE id > 2",
    ] {
        sqlx::query(sql).execute(&mut core).await.unwrap();
    }
    bank.settle().await;
    let receipt = pay(&ann, &bank, &bo, 6_00).await;
    assert_eq!((receipt.outcome, receipt.parameters), (above, 2));
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'parameters-taken-back'";
    assert_eq!(bank.number(alarms).await, 1);
    // A payment that was booked under it is missed by the audit.
    assert!(is_booked(&pay(&ann, &bank, &bo, 4_00).await.outcome));
    let audit = operator::audit(&mut core, &*rsa(), NOW).await.unwrap();
    let what = "receipts name parameters that nobody has laid down";
    assert_eq!(audit.findings[0].0, what);
}

#[tokio::test]
async fn operators_are_admitted_once_and_removed_for_good() {
    let bank = TestBank::halden().await;
    let mut core = bank.owner().await;
    let (rsa, entropy) = (rsa(), SystemEntropy);
    let bank_ca = &material().banks[0].1.bank_ca;
    let ask = |who: usize, called: &str| {
        request(&*rsa, key(who), name(called), NOW, &mut *entropy.rng()).unwrap()
    };
    let taken = ask(2, "OLGA brandt");
    let done = operator::admit_operator(&mut core, &*rsa, &entropy, bank_ca, &taken, NOW).await;
    assert!(done.is_err(), "one name is one person");
    let second = ask(0, "Dee Lund");
    let done = operator::admit_operator(&mut core, &*rsa, &entropy, bank_ca, &second, NOW).await;
    assert!(done.is_err(), "one key is one person");
    let foreign = &material().banks[1].1.bank_ca;
    let quinn = ask(2, "Quinn Aas");
    let done = operator::admit_operator(&mut core, &*rsa, &entropy, foreign, &quinn, NOW).await;
    assert!(done.is_err(), "another bank's CA");
    let admitted = operator::admit_operator(&mut core, &*rsa, &entropy, bank_ca, &quinn, NOW)
        .await
        .unwrap();
    assert_eq!(admitted.name, "Quinn Aas");
    let proposal = propose(&bank, 2, generous()).await.unwrap();
    assert_eq!(approve(&bank, 0, proposal).await.unwrap(), 2);
    let why = || Label::parse("Has left").unwrap();
    let gone = (admitted.key, why());
    let last = operator::remove_operator(&mut core, &*rsa, &entropy, bank_ca, gone, NOW)
        .await
        .unwrap();
    assert_eq!(last, 2);
    assert!(propose(&bank, 2, generous()).await.is_err());
    let proposal = propose(&bank, 0, generous()).await.unwrap();
    assert!(approve(&bank, 2, proposal).await.is_err());
    assert_eq!(approve(&bank, 1, proposal).await.unwrap(), 3);
    let done = operator::admit_operator(&mut core, &*rsa, &entropy, bank_ca, &quinn, NOW).await;
    assert!(done.is_err(), "a removed key does not come back");
    let listed = operator::operators(&mut core, &*rsa, NOW).await.unwrap();
    let removed: Vec<_> = listed.iter().filter_map(|one| one.removed).collect();
    assert_eq!((listed.len(), removed), (3, vec![2]));
    // Values out of range, and a bank without its own currency.
    let wrong = with(|c| c.payment_max = 0);
    assert!(propose(&bank, 0, wrong).await.is_err());
    let other = with(|c| c.currency = Currency::JPY);
    assert!(propose(&bank, 0, other).await.is_err());
}
