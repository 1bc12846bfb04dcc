//! Two operators lay down limits and fees by the command line, and running processors keep to them.

use super::demo::{Customer, Demo};
use crate::{booked, euros, refused, to};
use message::receipt::Refusal;
use std::fs;

const PASSPHRASE: &str = "four eyes see more than two";

/// Request, admission, proposal, approval, and what comes of it; afterwards all is as it was.
pub async fn two_operators_lay_down_limits_and_fees(
    demo: &Demo,
    ann: &mut Customer,
    bo: &Customer,
) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("passphrase"), PASSPHRASE).unwrap();
    let (out, passphrase) = (path("cy"), path("passphrase"));
    let request = ["operator", "request", "--name", "Cy Marr", "--out", &out];
    let with = ["--passphrase-file", &passphrase];
    let said = demo.run(&[&request[..], &with].concat()).unwrap();
    assert!(said.contains("Cy Marr asks to be an operator"), "{said}");
    let pem = fs::read_to_string(path("cy/operator-key.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let file = path("cy/operator-request.jws");
    let said = demo.operator(0, &["operator", "admit", "--request", &file]);
    assert!(said.contains("Cy Marr"), "{said}");
    let id = said.split_whitespace().next().unwrap().to_owned();
    let listed = demo.operator(0, &["operator", "list"]);
    assert!(
        listed.contains("Olga Brandt") && listed.contains(&id),
        "{listed}"
    );

    let key = path("cy/operator-key.pem");
    let cy = ["--yes", "--key", &key, "--passphrase-file", &passphrase];
    let (key, passphrase) = demo.operator_key(0, "per-hansen");
    let per = ["--yes", "--key", &key, "--passphrase-file", &passphrase];
    let tighter = [
        "parameters",
        "propose",
        "--payment-max",
        "1000.00",
        "--fee-inside",
        "0.10",
    ];
    let said = demo.operator(0, &[&tighter[..], &cy].concat());
    assert!(
        said.contains("10000000.00 EUR") && said.contains("1000.00 EUR"),
        "{said}"
    );
    // Proposed, it has no effect, and whoever proposes does not approve.
    let order = to(ann, "Bo", &bo.iban, 100);
    let receipt = ann.device.pay(&order).await.unwrap();
    assert!(booked(&receipt) && receipt.fee.is_none());
    assert_eq!(receipt.parameters, 1);
    let approve = ["parameters", "approve"];
    let wrong = demo.refused(0, &[&approve[..], &cy].concat());
    assert!(wrong.contains("another operator must approve"), "{wrong}");
    let said = demo.operator(0, &[&approve[..], &per].concat());
    assert!(said.contains("Version 2 is in force"), "{said}");
    let receipt = ann.device.pay(&order).await.unwrap();
    assert!(booked(&receipt));
    assert_eq!((receipt.fee, receipt.parameters), (Some(euros(10)), 2));
    let receipt = ann
        .device
        .pay(&to(ann, "Bo", &bo.iban, 100_001))
        .await
        .unwrap();
    assert_eq!(refused(&receipt), Refusal::AmountTooLarge);
    assert_eq!(receipt.limit, Some(euros(100_000)));
    let said = demo.operator(0, &["parameters", "show"]);
    assert!(
        said.contains("Proposed by Cy Marr, approved by Per Hansen"),
        "{said}"
    );

    // Back to what was; then Cy leaves, and the key signs nothing more.
    let wider = [
        "parameters",
        "propose",
        "--payment-max",
        "10000000.00",
        "--fee-inside",
        "0",
    ];
    demo.operator(0, &[&wider[..], &cy].concat());
    demo.operator(0, &[&approve[..], &per].concat());
    let remove = [
        "operator",
        "remove",
        "--operator",
        &id,
        "--reason",
        "Has left",
    ];
    let said = demo.operator(0, &remove);
    assert!(said.contains("counts on no version after 3"), "{said}");
    let wrong = demo.refused(0, &[&tighter[..], &cy].concat());
    assert!(wrong.contains("removed"), "{wrong}");
    let receipt = ann.device.pay(&order).await.unwrap();
    assert!(booked(&receipt) && receipt.fee.is_none());
    assert_eq!(receipt.parameters, 3);
    let said = demo.operator(0, &["parameters", "list"]);
    assert_eq!(said.lines().count(), 3, "{said}");
}
