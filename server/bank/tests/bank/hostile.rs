//! Envelopes that nobody should send: each is put aside with its reason, and the queue goes on.

use crate::{
    device::{Device, bank_key, is_booked, message_id},
    harness::{TestBank, material, rsa},
};
use bank::{Entropy, SystemEntropy};
use envelope::{Jwe, Jws, seal_bytes, seal_to_key};
use message::{Kind, Payload, order::PaymentOrder, receipt::Receipt};
use relay::Refused;

/// A text that is no signed message, sealed as if it were one.
fn seal_text(bank: &TestBank, text: &str) -> Jwe {
    let mut content = text.as_bytes().to_vec();
    content.resize(content.len().next_multiple_of(1024), b' ');
    let mut rng = SystemEntropy.rng();
    seal_bytes(&*rsa(), &bank_key(bank), &content, &mut *rng).unwrap()
}

/// A compact JWS with any header over some payload.
fn with_header(jws: &Jws, header: &str) -> String {
    let header = data_encoding::BASE64URL_NOPAD.encode(header.as_bytes());
    let (_, rest) = jws.as_str().split_once('.').unwrap();
    format!("{header}.{rest}")
}

/// Signed with care, then spoilt.
fn broken(good: &Jws) -> Jws {
    let text = good.as_str();
    let cut = text.len() - 20;
    let swapped = if &text[cut..=cut] == "A" { "B" } else { "A" };
    Jws::parse(&format!("{}{swapped}{}", &text[..cut], &text[cut + 1..])).unwrap()
}

/// What nobody should send, each with the reason why it is put aside.
fn hostile(bank: &TestBank, ann: &Device, bo: &Device, good: &Jws) -> Vec<(&'static str, Jwe)> {
    let order = |change: &dyn Fn(&mut Payload<PaymentOrder>)| {
        let mut payload = ann.payload(bank, ann.order(&bo.iban, 1_00));
        change(&mut payload);
        ann.seal(bank, &ann.sign(&payload))
    };
    let stranger = Device {
        keys: material().devices[4].clone(),
        customer: 0,
        iban: ann.iban.clone(),
        session: None,
    };
    let unknown = stranger.sign(&stranger.payload(bank, stranger.order(&bo.iban, 1)));
    let other_bank = material().banks[1].1.encryption.public();
    let mut rng = SystemEntropy.rng();
    let foreign = seal_to_key(&*rsa(), other_bank, good, &mut *rng).unwrap();
    let kid = ann.id();
    let header = |alg: &str, typ: &str, more: &str| {
        let header = format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"{typ}"{more}}}"#);
        seal_text(bank, &with_header(good, &header))
    };
    let session = message::SessionId::new([1; 16]);
    let answer = ann.sign(&ann.payload(bank, message::session::SealAgain { session }));
    vec![
        ("other-bank", foreign),
        ("unknown-key", stranger.seal(bank, &unknown)),
        ("bad-signature", ann.seal(bank, &broken(good))),
        ("unopenable", header("PS256", "pain.999", "")),
        ("unopenable", header("none", "pain.001", "")),
        (
            "unopenable",
            header("PS256", "pain.001", r#","crit":["b64"]"#),
        ),
        ("unopenable", seal_text(bank, "not a message")),
        ("frame", order(&|p| p.aud = "BRISDEMM".to_owned())),
        ("frame", order(&|p| p.exp += 10 * 86_400)),
        ("frame", order(&|p| p.iss = bo.id().to_string())),
        ("unexpected-kind", ann.seal(bank, &answer)),
    ]
}

#[tokio::test]
async fn hostile_envelopes_are_put_aside_and_the_queue_goes_on() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let good = ann.sign(&ann.payload(&bank, ann.order(&bo.iban, 1_00)));
    let sealed = ann.seal(&bank, &good);
    let texts = hostile(&bank, &ann, &bo, &good);
    let mut expected: Vec<&str> = texts.iter().map(|(reason, _)| *reason).collect();
    for (_, text) in &texts {
        bank.edge.store_envelope(text.as_str()).await.unwrap();
    }
    // Truncated, and not even close: where the edge lets it in, the processor puts it aside.
    let cut = &sealed.as_str()[..sealed.as_str().len() - 40];
    for text in [cut, "a.b.c.d.e"] {
        if bank.edge.store_envelope(text).await.is_ok() {
            expected.push("malformed");
        }
    }
    let oversized = "a".repeat(message::api::ENVELOPE_BYTES_MAX + 1);
    let refused = bank.edge.store_envelope(&oversized).await.unwrap_err();
    assert_eq!(refused.refused(), Some(Refused::Malformed));
    bank.edge.store_envelope(sealed.as_str()).await.unwrap();
    bank.settle().await;
    expected.sort_unstable();
    assert_eq!(bank.quarantined().await, expected);
    // The good one among them was paid, once.
    let receipt = ann.receipt(&bank, good.digest()).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(bank.number("SELECT count(*) FROM bank.receipt").await, 1);
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.outbox WHERE target <> 'authority'")
            .await,
        0
    );
    bank.assert_right().await;
}

#[tokio::test]
async fn an_order_id_belongs_to_whoever_used_it_first() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 50_00).await;
    let id = message_id();
    let mut first = ann.payload(&bank, ann.order(&bo.iban, 1_00));
    first.jti = id;
    let mut second = bo.payload(&bank, bo.order(&ann.iban, 2_00));
    second.jti = id;
    let (first, second) = (ann.send(&bank, &first).await, bo.send(&bank, &second).await);
    bank.settle().await;
    let mail: Vec<_> = bo.heard::<Receipt>(&bank).await;
    assert!(is_booked(
        &ann.receipt(&bank, first).await.unwrap().body.outcome
    ));
    let refused = &mail
        .iter()
        .find(|r| r.re == Some(second))
        .unwrap()
        .body
        .outcome;
    assert!(!is_booked(refused));
    assert!(
        ann.mail(&bank)
            .await
            .iter()
            .any(|j| j.kind() == Kind::Receipt)
    );
    bank.assert_right().await;
}
