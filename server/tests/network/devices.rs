//! A customer with several devices, and a bank that changes its key while payments go on.

use super::demo::{Customer, Demo};
use crate::{available, booked, refused, to};
use message::{
    device::{
        DeviceChange, Devices, DevicesAsk, Join, JoinAsk, RenewAsk, Renewed, Rights, Standing,
    },
    notice::{ChangeSeen, Notice},
    receipt::{Receipt, Refusal},
    text::Label,
};
use server::device::{Device, Opened};

/// What is told of changes.
fn told(change: ChangeSeen) -> impl FnMut(&Opened) -> Option<()> {
    move |letter| match letter.read::<Notice>()?.body {
        Notice::DeviceChanged { change: told, .. } => (told == change).then_some(()),
        _ => None,
    }
}

fn standing(list: &Devices, device: &Device) -> Standing {
    let found = list.devices.iter().find(|view| view.device == device.id());
    found.unwrap().standing
}

/// Approves, suspends, resumes, revokes, replaces.
pub async fn a_customer_manages_devices(demo: &Demo, ann: &mut Customer, bo: &Customer) {
    let order = to(ann, "Bo", &bo.iban, 100);
    let mut tablet = demo.device(0).await;
    let request = tablet.join_request().unwrap();
    tablet.show(&request).await.unwrap();
    let code = tablet.join_code();
    let found: Join = ann.device.ask(JoinAsk { code }).await.unwrap();
    assert_eq!(found.device, tablet.id());
    ann.device
        .change(tablet.approval(Rights::Sign))
        .await
        .unwrap();
    tablet.confirm(&request).await.unwrap();
    assert!(booked(&tablet.pay(&order).await.unwrap()));

    let device = tablet.id();
    ann.device
        .change(DeviceChange::Suspend { device })
        .await
        .unwrap();
    // What is sealed in its session is asked for again: it seals to the bank's key.
    tablet.end_session();
    let receipt = tablet.pay(&order).await.unwrap();
    assert_eq!(refused(&receipt), Refusal::DeviceSuspended);
    ann.device
        .change(DeviceChange::Resume { device })
        .await
        .unwrap();
    tablet.wait(told(ChangeSeen::Resumed)).await.unwrap();
    tablet.open_session().await.unwrap();
    assert!(booked(&tablet.pay(&order).await.unwrap()));

    // New keys for the tablet: an order that the old ones signed before still counts.
    let mut rotated = demo.device(0).await;
    let request = rotated.join_request().unwrap();
    let change = DeviceChange::Replace {
        request: request.as_str().to_owned(),
    };
    tablet.change(change).await.unwrap();
    let (id, before) = tablet.order(&order).unwrap();
    rotated.confirm(&request).await.unwrap();
    ann.device.wait(told(ChangeSeen::Replaced)).await.unwrap();
    tablet.send(&tablet.seal(&before).unwrap()).await.unwrap();
    assert!(booked(&tablet.receipt(id).await.unwrap()));
    assert!(booked(&rotated.pay(&order).await.unwrap()));
    let renewed: Renewed = rotated.ask(RenewAsk {}).await.unwrap();
    assert_eq!(renewed.chain.len(), 2);

    let reason = Label::parse("Lost").unwrap();
    let device = rotated.id();
    ann.device
        .change(DeviceChange::Revoke { device, reason })
        .await
        .unwrap();
    demo.until("the revoked device's mailbox is shut", async || {
        let read = rotated.read_mail().await;
        read.is_err_and(|error| error.to_string().contains("403"))
    })
    .await;
    let list: Devices = ann.device.ask(DevicesAsk {}).await.unwrap();
    assert_eq!(standing(&list, &ann.device), Standing::Active);
    for gone in [&tablet, &rotated] {
        assert_eq!(standing(&list, gone), Standing::Revoked);
    }
    the_operator_does_the_same(demo, ann).await;
}

async fn the_operator_does_the_same(demo: &Demo, ann: &mut Customer) {
    let id = ann.device.id().to_string();
    let listed = demo.operator(0, &["device", "list"]);
    assert!(listed.contains(&id), "{listed}");
    demo.operator(0, &["device", "suspend", "--device", &id]);
    demo.operator(0, &["device", "resume", "--device", &id]);
    ann.device.wait(told(ChangeSeen::Resumed)).await.unwrap();
    ann.device.open_session().await.unwrap();
    let list: Devices = ann.device.ask(DevicesAsk {}).await.unwrap();
    assert_eq!(standing(&list, &ann.device), Standing::Active);
    // With the letter.
    let line = listed.lines().find(|line| line.contains(&id)).unwrap();
    let customer = line.split_whitespace().next().unwrap();
    let mut new = demo.device(0).await;
    let request = new.join_request().unwrap();
    new.show(&request).await.unwrap();
    let words = envelope::words::five_words(&new.id()).join(" ");
    let code = new.join_code();
    demo.operator(
        0,
        &[
            "device",
            "admit",
            "--customer",
            customer,
            "--code",
            &code,
            "--words",
            &words,
        ],
    );
    new.confirm(&request).await.unwrap();
    let slip = demo.operator(0, &["customer", "slip", "--customer", customer]);
    assert!(slip.contains("slip code"));
    let printed = |letter: &Opened| {
        let notice = letter.read::<Notice>()?.body;
        matches!(notice, Notice::SlipMade { .. }).then_some(())
    };
    new.wait(printed).await.unwrap();
}

/// Both banks change their keys while orders of both kinds are under way; none is lost.
pub async fn keys_are_rotated_under_payments(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let (before_ann, before_cleo) = (available(ann).await, available(cleo).await);
    let mut orders = Vec::new();
    for round in 0..3_u64 {
        for _ in 0..10 {
            let (id, jws) = ann.device.order(&to(ann, "Cleo", &cleo.iban, 7)).unwrap();
            // Without a session: sealed to the key that the device knows.
            ann.device
                .send(&ann.device.seal_to_bank(&jws).unwrap())
                .await
                .unwrap();
            orders.push(id);
        }
        if round == 0 {
            // Whoever has not looked again seals to the old key all through the next round.
            demo.operator(0, &["key", "rotate"]);
            demo.operator(1, &["key", "rotate"]);
        }
        if round == 1 {
            demo.until("the edge shows the new key set", async || {
                ann.device.refresh().await.unwrap() == 2
            })
            .await;
        }
    }
    for id in &orders {
        let receipt: Receipt = demo.receipt(ann, *id).await;
        assert!(booked(&receipt), "{:?}", receipt.outcome);
    }
    let moved = i64::try_from(orders.len()).unwrap() * 7;
    assert_eq!(available(ann).await, before_ann - moved);
    demo.until("the payee has everything", async || {
        demo.available(cleo).await == before_cleo + moved
    })
    .await;
    for bank in [0, 1] {
        let status = demo.operator(bank, &["status"]);
        assert!(
            !status.contains("other-bank") && !status.contains("unopenable"),
            "{status}"
        );
    }
}
