//! Customers with several devices: all of them learn what became of an order.

use crate::{
    device::{Device, is_booked},
    harness::{NOW, TestBank, exchange, material, rsa},
};
use bank::{SystemEntropy, operator};
use envelope::Jws;
use message::{
    Digest, Payload,
    receipt::{Receipt, ReceiptCopy},
};

/// One more device of a customer.
async fn another(bank: &TestBank, first: &Device, which: usize) -> Device {
    let mut core = bank.owner().await;
    let slip = operator::new_slip(&mut core, &SystemEntropy, first.customer, NOW);
    let slip = slip.await.unwrap();
    let device = Device {
        keys: material().devices[which].clone(),
        customer: first.customer,
        iban: first.iban.clone(),
        session: None,
    };
    device.enrol(bank, &slip).await;
    device
}

/// The receipt that came as a copy, with its signature checked.
async fn copied(bank: &TestBank, device: &Device, order: Digest) -> Option<Payload<Receipt>> {
    for copy in device.heard::<ReceiptCopy>(bank).await {
        assert_eq!(copy.aud, device.id().to_string());
        let jws = Jws::parse(&copy.body.receipt).unwrap();
        let key = material().processors[0].signing.verifying_key();
        let receipt: Payload<Receipt> = jws.verify(&*rsa(), &key).unwrap().payload().unwrap();
        if receipt.body.order_digest == order {
            return Some(receipt);
        }
    }
    None
}

#[tokio::test]
async fn every_device_of_a_customer_learns_what_became_of_an_order() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let mut tablet = another(&a, &ann, 2).await;
    tablet.open_session(&a).await;
    let bo = Device::enrolled(&a, 1, 0).await;
    let cy = Device::enrolled(&b, 3, 0).await;
    let inside = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    let between = ann.say(&a, ann.order(&cy.iban, 5_00)).await;
    let refused = ann.say(&a, ann.order(&bo.iban, 900_00)).await;
    exchange(&a, &b).await;
    for (order, paid) in [(inside, true), (between, true), (refused, false)] {
        let receipt = ann.receipt(&a, order).await.unwrap();
        assert_eq!(receipt.aud, ann.id().to_string());
        assert_eq!(is_booked(&receipt.body.outcome), paid);
        // The very same one, and one signature for it.
        assert_eq!(copied(&a, &tablet, order).await.unwrap(), receipt);
        assert!(tablet.receipt(&a, order).await.is_none());
        assert!(copied(&a, &ann, order).await.is_none());
        assert!(copied(&a, &bo, order).await.is_none());
    }
    // The other way round.
    let back = tablet.say(&a, tablet.order(&bo.iban, 1_00)).await;
    assert!(tablet.receipt(&a, back).await.is_some());
    assert!(copied(&a, &ann, back).await.is_some());
    assert_eq!(a.number("SELECT count(*) FROM bank.receipt").await, 4);
    a.assert_right().await;
}
