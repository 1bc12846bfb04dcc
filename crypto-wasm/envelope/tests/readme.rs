//! The READMEs leave nothing out: every kind, every refusal, every role stands in them.

#![expect(clippy::unwrap_used, reason = "a test's helper may fail loudly")]

use envelope::Role;
use message::{Kind, receipt::Refusal};
use std::fs;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_kind_and_code_is_described() {
    let text = read("../message/README.md");
    for kind in Kind::ALL {
        let heading = format!("**`{}`**", kind.typ());
        assert!(text.contains(&heading), "{kind} is not described");
    }
    for refusal in Refusal::ALL {
        let row = format!("| `{}` |", refusal.code());
        assert!(text.contains(&row), "{} is not described", refusal.code());
    }
}

#[test]
fn every_role_is_described() {
    let text = read("README.md");
    for role in Role::ALL {
        let row = format!("| {} | `{}` |", role.number(), role.word());
        assert!(text.contains(&row), "{role} is not described");
    }
}
