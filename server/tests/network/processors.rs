//! Processing servers come and go while payments are under way, by the real command line.

use super::demo::{Customer, Demo};
use crate::{available, booked, to};
use envelope::Jws;
use message::{
    MessageId,
    enquiry::{Payment, PaymentAsk},
    receipt::Receipt,
};
use server::{configuration::BankConfiguration, device::Opened};
use sqlx::ConnectOptions;
use std::path::Path;

const NAME: &str = "processor-3";

/// A third one is admitted and works; the first one goes in the middle of payments.
pub async fn processors_come_and_go(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let third = admitted(demo);
    let machine = demo.start_on(&demo.machine(), &["processor", "--name", NAME]);
    works_alone(demo, ann, cleo, &third).await;
    let first = id_of(demo, "processor-1");
    let signed_by_first = |letter: &Opened| {
        let receipt = letter.read::<Receipt>()?;
        (receipt.iss == first).then_some(receipt.body.order)
    };
    let old = ann.device.letters().iter().find_map(signed_by_first);
    goes_under_payments(demo, ann, cleo).await;
    is_shut_out(demo).await;
    // In all the payments before, it has signed some.
    let old = old.unwrap();
    is_shown_attested(ann, old, &first).await;
    drop(machine);
}

/// Asks on the new machine, admits at the bank, and copies what is public. Answers its id.
fn admitted(demo: &Demo) -> String {
    let folder = demo.machine();
    let config = folder.join("bank.toml");
    let asked = demo
        .run(&[
            "processor",
            "request",
            "--config",
            config.to_str().unwrap(),
            "--bic",
            "HALDDEFF",
            "--name",
            NAME,
        ])
        .unwrap();
    let words = asked.lines().nth(1).unwrap().trim().to_owned();
    let request = folder.join("keys").join(NAME).join("request.jws");
    let request = request.to_str().unwrap();
    let answer = folder.join("answer");
    let answer = answer.to_str().unwrap();
    let admit = |words: &str| {
        demo.try_operator(
            0,
            &[
                "processor",
                "admit",
                "--request",
                request,
                "--words",
                words,
                "--answer",
                answer,
            ],
        )
    };
    admit("abacus abdomen abide able abnormal").unwrap_err();
    let said = admit(&words).unwrap();
    assert!(said.contains("wrapped to it"), "{said}");
    // What goes to the new machine is public.
    demo.copy_public(Path::new(answer), &folder);
    id_of(demo, NAME)
}

fn id_of(demo: &Demo, name: &str) -> String {
    let list = demo.operator(0, &["processor", "list"]);
    let line = list.lines().find(|line| line.starts_with(name));
    line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// While the two others stand still, the new one pays.
async fn works_alone(demo: &Demo, ann: &mut Customer, cleo: &Customer, third: &str) {
    demo.signal_role("halddeff", "processor", "STOP");
    let (id, jws) = ann.device.order(&to(ann, "Cleo", &cleo.iban, 100)).unwrap();
    let envelope = ann.device.seal(&jws).unwrap();
    ann.device.send(&envelope).await.unwrap();
    let receipt = demo.receipt(ann, id).await;
    assert!(booked(&receipt));
    let signer = |letter: &Opened| {
        let receipt = letter.read::<Receipt>()?;
        (receipt.body.order == id).then_some(receipt.iss)
    };
    let signer = ann.device.letters().iter().find_map(signer);
    assert_eq!(signer.unwrap(), third);
    demo.signal_role("halddeff", "processor", "CONT");
}

/// The first one is removed while orders come in: none is lost, none refused, each counts once.
async fn goes_under_payments(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let (before_ann, before_cleo) = (available(ann).await, available(cleo).await);
    let mut orders: Vec<(MessageId, Jws)> = Vec::new();
    let mut removing =
        demo.start_operator(0, &["processor", "remove", "--processor", "processor-1"]);
    let mut after = 0;
    while after < 10 {
        let (id, jws) = ann.device.order(&to(ann, "Cleo", &cleo.iban, 7)).unwrap();
        let envelope = ann.device.seal(&jws).unwrap();
        // An edge takes only so many at a time from one address.
        demo.until("an edge takes the order", async || {
            ann.device.send(&envelope).await.is_ok()
        })
        .await;
        orders.push((id, jws));
        if removing.try_wait().unwrap().is_some() {
            after += 1;
        }
    }
    assert!(removing.wait().unwrap().success());
    let number = ann.device.refresh().await.unwrap();
    demo.until("the edges show the new key set", async || {
        ann.device.refresh().await.unwrap() >= number.max(3)
    })
    .await;
    // Sessions are over: what is not answered is sealed again, as a browser does by itself.
    ann.device.end_session();
    demo.until("a session is opened anew", async || {
        ann.device.open_session().await.is_ok()
    })
    .await;
    demo.available(ann).await;
    for (id, jws) in &orders {
        let answered = |letter: &Opened| {
            letter
                .read::<Receipt>()
                .is_some_and(|r| r.body.order == *id)
        };
        if !ann.device.letters().iter().any(answered) {
            let envelope = ann.device.seal(jws).unwrap();
            demo.until("an edge takes the order again", async || {
                ann.device.send(&envelope).await.is_ok()
            })
            .await;
        }
        let receipt = demo.receipt(ann, *id).await;
        assert!(booked(&receipt), "{:?}", receipt.outcome);
    }
    let moved = i64::try_from(orders.len()).unwrap() * 7;
    assert_eq!(demo.available(ann).await, before_ann - moved);
    demo.until("the payee has everything", async || {
        demo.available(cleo).await == before_cleo + moved
    })
    .await;
    let refused = "SELECT count(*) FROM bank.quarantine WHERE reason = 'removed-signer'";
    assert_eq!(demo.in_core(1, refused).await, 0);
}

/// With its disk and all its certificates it gets in nowhere, and nothing new is wrapped to it.
async fn is_shut_out(demo: &Demo) {
    let bank = BankConfiguration::read(Path::new(&demo.config(0))).unwrap();
    let gateways = bank.gateways.iter().map(|gateway| &gateway.node);
    for node in [&bank.core, &bank.front].into_iter().chain(gateways) {
        let options = bank.connect("processor-1", node).unwrap();
        let words = options.connect().await.unwrap_err().to_string();
        assert!(
            !words.contains("refused"),
            "it is the node that says no: {words}"
        );
        bank.connect("processor-2", node)
            .unwrap()
            .connect()
            .await
            .unwrap();
    }
    let there = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'processor_1'";
    assert_eq!(demo.in_core(0, there).await, 0);
    let wrapped =
        "SELECT count(*) FROM bank.wrapped_key w JOIN bank.processor p ON p.id = w.processor
         WHERE p.status = 'removed' AND w.at >= p.removed_at";
    assert_eq!(demo.in_core(0, wrapped).await, 0);
    let live = "SELECT count(*) FROM bank.session s, bank.processor p
         WHERE s.ended_at IS NULL AND s.opened_at < p.removed_at";
    assert_eq!(demo.in_core(0, live).await, 0);
    // Its process is started again and again, and processes nothing.
    let list = demo.operator(0, &["processor", "list"]);
    assert!(list.contains("removed"), "{list}");
}

/// What it had signed in its time is shown beside the word of another.
async fn is_shown_attested(ann: &mut Customer, payment: MessageId, first: &str) {
    let shown: Payment = ann.device.ask(PaymentAsk { payment }).await.unwrap();
    let receipt = Jws::parse(&shown.receipt.unwrap()).unwrap();
    assert_eq!(receipt.kid().to_string(), first);
    let attestation = Jws::parse(&shown.attestation.unwrap()).unwrap();
    assert_ne!(attestation.kid(), receipt.kid());
}
