use super::*;
use crate::link::Party;
use proptest::prelude::*;

fn own() -> Bic {
    Bic::parse("HALDDEFF").unwrap()
}

fn peer() -> Bic {
    Bic::parse("BRISDEMM").unwrap()
}

fn ends() -> Ends {
    Ends::new(Party::Bank(own()), Party::Bank(peer())).unwrap()
}

/// The positions after 0, 1, 2 .. items.
fn positions(count: u8) -> Vec<Position> {
    let mut positions = vec![Position::start(ends().own(), ends().peer(), 1)];
    for body in 0..count {
        let last = positions.last().unwrap();
        positions.push(last.append("envelope", vec![body]).unwrap().1);
    }
    positions
}

fn judge_at(
    positions: &[Position],
    acknowledged: u64,
    ack: &LinkAck,
) -> Result<Progress, AckFault> {
    let sent = Sent {
        last: *positions.last().unwrap(),
        acknowledged,
    };
    let at = |seq: u64| {
        positions
            .get(usize::try_from(seq).ok()?)
            .map(|position| position.hash)
    };
    judge(&ends(), &sent, ack, at)
}

proptest! {
    #[test]
    fn the_receivers_word_moves_the_sender_forward_only(
        count in 1u8..20, acknowledged in 0u64..20, seq in 0u64..20
    ) {
        let positions = positions(count);
        let last = u64::from(count);
        let (acknowledged, seq) = (acknowledged.min(last), seq.min(last));
        let position = &positions[usize::try_from(seq).unwrap()];
        let ack = acknowledge(&ends().reversed(), &peer(), position, &[]);
        let progress = judge_at(&positions, acknowledged, &ack).unwrap();
        if seq > acknowledged {
            prop_assert_eq!(progress, Progress::Committed { seq });
        } else {
            prop_assert_eq!(progress, Progress::Stale);
        }
    }

    #[test]
    fn what_is_outstanding_is_what_is_not_acknowledged(count in 0u8..20, acknowledged in 0u64..20) {
        let last = *positions(count).last().unwrap();
        let acknowledged = acknowledged.min(last.seq);
        let sent = Sent { last, acknowledged };
        let outstanding = sent.outstanding().map_or(0, Iterator::count);
        prop_assert_eq!(u64::try_from(outstanding).unwrap(), last.seq - acknowledged);
    }
}

#[test]
fn what_cannot_be_true_is_a_fault() {
    let positions = positions(3);
    let good = acknowledge(&ends().reversed(), &peer(), &positions[2], &[1]);
    assert_eq!(
        judge_at(&positions, 0, &good),
        Ok(Progress::Committed { seq: 2 })
    );
    let judged = |change: &dyn Fn(&mut LinkAck)| {
        let mut ack = good.clone();
        change(&mut ack);
        judge_at(&positions, 0, &ack)
    };
    assert_eq!(
        judged(&|ack| ack.sender = "authority".to_owned()),
        Err(AckFault::Link)
    );
    assert_eq!(judged(&|ack| ack.receiver = own()), Err(AckFault::Link));
    assert_eq!(judged(&|ack| ack.epoch = 2), Err(AckFault::Epoch));
    assert_eq!(judged(&|ack| ack.seq = 4), Err(AckFault::NeverSent));
    assert_eq!(
        judged(&|ack| ack.hash = positions[1].hash.to_string()),
        Err(AckFault::Hash)
    );
    assert_eq!(
        judged(&|ack| ack.unreadable = vec![3]),
        Err(AckFault::Unreadable)
    );
    assert_eq!(
        judged(&|ack| ack.unreadable = vec![1; 101]),
        Err(AckFault::Unreadable)
    );
    assert_eq!(judged(&|ack| ack.epoch = 0), Ok(Progress::Stale));
}

#[test]
fn the_newest_unreadable_items_are_named() {
    let position = Position {
        seq: 500,
        ..positions(0)[0]
    };
    let all: Vec<u64> = (1..=300).collect();
    let ack = acknowledge(&ends(), &own(), &position, &all);
    assert_eq!(ack.unreadable, (201..=300).collect::<Vec<u64>>());
}
