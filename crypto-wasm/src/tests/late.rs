//! Letters whose signer is not to be had for a while, or never.

use super::{desk::Desk, fixture::unlocked};
use crate::host::rng;
use envelope::SigningKey;
use message::{
    notice::Notice,
    text::Label,
    worker::{Ask, FromWorker, stored},
};

fn say(desk: &Desk, at: i64) {
    let device = desk.stored_device().device;
    let notice = Notice::DeviceRevoked {
        device_name: Label::parse("Old phone").unwrap(),
        by: None,
        at,
    };
    desk.bank().say(device, notice, None, false);
}

fn told(desk: &Desk) -> Vec<i64> {
    desk.events(|message| match message {
        FromWorker::Notice { notice } => match **notice {
            Notice::DeviceRevoked { at, .. } => Some(at),
            _ => None,
        },
        _ => None,
    })
}

fn cursor(desk: &Desk) -> i64 {
    desk.stored(stored::MAILBOX)[0].parse().unwrap()
}

#[test]
fn another_edge_is_asked_for_a_signer() {
    let mut desk = unlocked();
    let edge = desk.bank().edges[0].clone();
    desk.bank().unheard.insert(edge);
    say(&desk, 1);
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(told(&desk), [1]);
}

#[test]
fn an_edge_that_shows_a_false_certificate_loses_no_letter() {
    let mut desk = unlocked();
    let edge = desk.bank().edges[0].clone();
    desk.bank().liar = Some(edge);
    say(&desk, 1);
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(told(&desk), [1]);
    assert!(desk.place.warned.borrow().is_empty());
}

#[test]
fn a_letter_waits_until_the_edges_have_heard_of_its_signer() {
    let mut desk = unlocked();
    let all = desk.bank().edges.iter().cloned().collect();
    desk.bank().unheard = all;
    say(&desk, 1);
    desk.ask(Ask::ReadMail).unwrap();
    assert!(told(&desk).is_empty());
    assert_eq!(cursor(&desk), 0, "a reload reads it again");
    desk.bank().unheard.clear();
    desk.pass(60_000);
    assert_eq!(told(&desk), [1]);
    assert_eq!(cursor(&desk), desk.bank().next_n - 1);
}

#[test]
fn a_letter_of_nobody_blocks_no_other_and_is_given_up() {
    let mut desk = unlocked();
    desk.bank().signer = Some(SigningKey::ed25519_generate(&mut rng()).unwrap());
    say(&desk, 1);
    desk.bank().signer = None;
    say(&desk, 2);
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(told(&desk), [2]);
    desk.pass(3_600_000);
    assert_eq!(told(&desk), [2]);
    assert_eq!(cursor(&desk), desk.bank().next_n - 1);
}
