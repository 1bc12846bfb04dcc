use super::*;
use proptest::prelude::*;

const START: &str = "2e711b6bfc856b1d0295787c04d912d538d9954080da200d572cfff207fa0512";
const FIRST: &str = "53d92b09ad213b3352da1ecdf8bf46c76733cb82b99270d6d488cbd1d432c5cb";

fn parties() -> (Party, Party) {
    (
        Party::from_lower("halddeff").unwrap(),
        Party::from_lower("brisdemm").unwrap(),
    )
}

fn start() -> Position {
    let (sender, receiver) = parties();
    Position::start(&sender, &receiver, 1)
}

fn items(bodies: &[Vec<u8>]) -> Vec<LinkItem> {
    let mut position = start();
    let mut items = Vec::new();
    for body in bodies {
        let (item, next) = position.append("envelope", body.clone()).unwrap();
        items.push(item);
        position = next;
    }
    items
}

fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..12)
}

#[test]
fn hashes_are_those_that_are_written_down() {
    // SHA-256 over the bytes of the module's description, computed with another program.
    let (sender, receiver) = parties();
    let start = start_hash(&sender, &receiver, 1);
    let hex = |hash: &ChainHash| data_encoding::HEXLOWER.encode(hash.as_bytes());
    assert_eq!(hex(&start), START);
    assert_eq!(hex(&item_hash(&start, 1, 1, "envelope", b"hello")), FIRST);
}

#[test]
fn each_direction_and_epoch_starts_elsewhere() {
    let (a, b) = parties();
    let starts = [
        start_hash(&a, &b, 1),
        start_hash(&b, &a, 1),
        start_hash(&a, &b, 2),
    ];
    assert_ne!(starts[0], starts[1]);
    assert_ne!(starts[0], starts[2]);
}

#[test]
fn a_gap_stops_the_run_and_is_named() {
    let mut items = items(&[vec![1], vec![2], vec![3], vec![4]]);
    items.remove(2);
    let run = run(&start(), &items);
    assert_eq!(run.next.len(), 2);
    assert_eq!(run.end.seq, 2);
    assert_eq!(
        run.stop,
        Some(Stop::Gap {
            expected: 3,
            found: 4
        })
    );
}

#[test]
fn another_epoch_is_not_continued() {
    let (a, b) = parties();
    let (item, _) = Position::start(&a, &b, 2)
        .append("envelope", vec![1])
        .unwrap();
    let stop = run(&start(), &[item]).stop;
    assert_eq!(stop, Some(Stop::Epoch { seq: 1, found: 2 }));
}

#[test]
fn numbers_end() {
    let end = Position {
        seq: u64::try_from(i64::MAX).unwrap(),
        ..start()
    };
    assert!(end.append("envelope", vec![1]).is_none());
}

proptest! {
    #[test]
    fn a_whole_run_is_taken_from_any_point(bodies in bodies(), from in 0usize..12) {
        let items = items(&bodies);
        let from = from.min(items.len());
        let position = match from.checked_sub(1).map(|last| &items[last]) {
            Some(last) => Position { epoch: 1, seq: last.seq, hash: last.hash },
            None => start(),
        };
        let run = run(&position, &items);
        prop_assert_eq!(run.known.len(), from);
        prop_assert_eq!(run.next.len(), items.len() - from);
        prop_assert_eq!(run.stop, None);
        prop_assert_eq!(run.end.hash, items.last().unwrap().hash);
    }

    #[test]
    fn no_altered_item_is_taken(
        bodies in bodies(), at in any::<prop::sample::Index>(), part in 0u8..6, bit in 0usize..8
    ) {
        let mut items = items(&bodies);
        let at = at.index(items.len());
        let item = &mut items[at];
        let flip = |hash: &ChainHash| {
            let mut bytes = *hash.as_bytes();
            bytes[bit] ^= 1 << bit;
            ChainHash::new(bytes)
        };
        match part {
            0 => item.body[0] ^= 1 << bit,
            1 => item.body.push(0),
            2 => item.kind.push('x'),
            3 => item.prev = flip(&item.prev),
            4 => item.hash = flip(&item.hash),
            // Whoever computes the hash anew still cannot fit it into the chain.
            _ => {
                item.prev = flip(&item.prev);
                item.hash = item_hash(&item.prev, 1, item.seq, &item.kind, &item.body);
            }
        }
        let run = run(&start(), &items);
        prop_assert_eq!(run.next.len(), at);
        let seq = u64::try_from(at).unwrap() + 1;
        prop_assert_eq!(run.stop, Some(Stop::Broken { seq }));
    }

    #[test]
    fn an_item_that_was_swapped_for_a_rehashed_one_breaks_what_follows(
        bodies in bodies(), at in any::<prop::sample::Index>()
    ) {
        let mut items = items(&bodies);
        let at = at.index(items.len());
        let item = &mut items[at];
        item.body.push(0);
        item.hash = item_hash(&item.prev, 1, item.seq, &item.kind, &item.body);
        let run = run(&start(), &items);
        prop_assert_eq!(run.next.len(), at + 1);
        prop_assert_eq!(run.stop.is_some(), at + 1 < items.len());
    }

    #[test]
    fn order_is_part_of_the_chain(bodies in bodies(), at in any::<prop::sample::Index>()) {
        let mut items = items(&bodies);
        prop_assume!(items.len() > 1);
        let at = at.index(items.len() - 1);
        // Renumbered to look dense, in the wrong order.
        items.swap(at, at + 1);
        let first = items[at].seq;
        items[at].seq = items[at + 1].seq;
        items[at + 1].seq = first;
        let run = run(&start(), &items);
        prop_assert_eq!(run.next.len(), at);
    }
}
