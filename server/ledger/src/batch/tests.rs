use super::*;
use crate::{AccountKind, rebuild};
use message::Currency;
use proptest::prelude::*;

const CAP: i64 = 5_000;
const CUSTOMERS: i64 = 4;
const MIRROR: AccountId = AccountId(100);
const VAULT: AccountId = AccountId(200);
const INCOME: AccountId = AccountId(300);

fn account(id: i64, kind: AccountKind, booked: i64) -> Account {
    let (floor, ceiling) = match kind {
        AccountKind::Customer => (Some(0), None),
        AccountKind::Mirror => (Some(-CAP), Some(CAP)),
        AccountKind::Vault => (None, Some(0)),
        AccountKind::Fees => (Some(0), None),
    };
    Account {
        id: AccountId(id),
        kind,
        currency: Currency::EUR,
        status: AccountStatus::Open,
        booked,
        held: 0,
        awaited: 0,
        floor,
        ceiling,
        n: 0,
    }
}

fn eur(minor: i64) -> Amount {
    Amount::try_new(minor, Currency::EUR).unwrap()
}

/// Four customers, a mirror account, the vault and the account for fees, all at zero.
fn bank() -> Batch {
    let customers = (1..=CUSTOMERS).map(|id| account(id, AccountKind::Customer, 0));
    Batch::new(customers.chain([
        account(MIRROR.0, AccountKind::Mirror, 0),
        account(VAULT.0, AccountKind::Vault, 0),
        account(INCOME.0, AccountKind::Fees, 0),
    ]))
}

#[derive(Clone, Debug)]
enum Step {
    Do(Instruction),
    /// Answer the n-th open hold.
    Answer(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let customer = || (1..=CUSTOMERS).prop_map(AccountId);
    let amount = || (1..3_000_i64).prop_map(eur);
    let fee = || {
        (0..30_i64).prop_map(|minor| {
            (minor > 0).then_some(Fee {
                income: INCOME,
                minor,
            })
        })
    };
    prop_oneof![
        (customer(), customer(), amount(), fee()).prop_map(|(debtor, creditor, amount, fee)| {
            Step::Do(Instruction::Pay {
                debtor,
                creditor,
                amount,
                fee,
            })
        }),
        (customer(), amount(), fee()).prop_map(|(debtor, amount, fee)| Step::Do(
            Instruction::SetAside(Hold {
                debtor,
                mirror: MIRROR,
                amount,
                fee
            })
        )),
        (customer(), amount()).prop_map(|(creditor, amount)| Step::Do(Instruction::Credit {
            mirror: MIRROR,
            creditor,
            amount
        })),
        (customer(), amount()).prop_map(|(creditor, amount)| Step::Do(Instruction::Deposit {
            vault: VAULT,
            creditor,
            amount
        })),
        (0..4_usize, any::<bool>()).prop_map(|(which, accept)| Step::Answer(which, accept)),
    ]
}

/// Runs the steps; answers all entries and the holds that are still open.
fn run(batch: &mut Batch, steps: &[Step]) -> (Vec<Entry>, Vec<Hold>) {
    let (mut entries, mut holds) = (Vec::new(), Vec::new());
    for step in steps {
        let instruction = match step {
            Step::Do(instruction) => *instruction,
            Step::Answer(which, accept) if *which < holds.len() => {
                let hold: Hold = holds.remove(*which);
                if *accept {
                    Instruction::Book(hold)
                } else {
                    Instruction::Release(hold)
                }
            }
            Step::Answer(..) => continue,
        };
        let before = batch.clone();
        match batch.decide(&instruction).unwrap() {
            Decision::Posted(posting) => entries.extend(posting.entries().map(|(entry, _)| entry)),
            Decision::SetAside(hold) => holds.push(hold),
            Decision::Released(_) => {}
            Decision::Refused(_) => {
                assert_eq!(before.accounts, batch.accounts, "a refusal changes nothing");
            }
        }
    }
    (entries, holds)
}

proptest! {
    #[test]
    fn the_books_hold(steps in prop::collection::vec(step(), 0..120)) {
        let mut batch = bank();
        let (entries, holds) = run(&mut batch, &steps);
        let booked: i64 = batch.accounts.values().map(|a| a.booked).sum();
        prop_assert_eq!(booked, 0, "all balances sum to zero");
        for pair in entries.chunks(2) {
            prop_assert_eq!(pair[0].amount + pair[1].amount, 0, "each posting sums to zero");
        }
        let rebuilt = rebuild(&entries, &holds).unwrap();
        for account in batch.accounts.values() {
            let r = rebuilt.get(&account.id).copied().unwrap_or_default();
            prop_assert_eq!(
                (r.booked, r.held, r.awaited, r.n),
                (account.booked, account.held, account.awaited, account.n)
            );
            prop_assert_eq!(account.available(), Some(account.booked - account.held));
            prop_assert!(account.floor.is_none_or(|f| account.booked - account.held >= f));
            prop_assert!(account.ceiling.is_none_or(|c| account.booked + account.awaited <= c));
        }
        let touched = batch.changed().count();
        let distinct: BTreeSet<_> = entries.iter().map(|e| e.account).collect();
        prop_assert!(distinct.len() <= touched && touched <= batch.accounts.len());
    }

    /// Where nobody comes near a limit, the order of payments does not matter for what is left.
    #[test]
    fn order_does_not_matter_with_enough_money(
        (steps, shuffled) in prop::collection::vec(
            (1..=CUSTOMERS, 1..=CUSTOMERS, 1..20_i64), 0..60,
        ).prop_flat_map(|pays| (Just(pays.clone()), Just(pays).prop_shuffle()))
    ) {
        let play = |pays: &[(i64, i64, i64)]| {
            let mut batch = Batch::new(
                (1..=CUSTOMERS).map(|id| account(id, AccountKind::Customer, 10_000)),
            );
            for (from, to, minor) in pays {
                let decided = batch.decide(&Instruction::Pay {
                    debtor: AccountId(*from),
                    creditor: AccountId(*to),
                    amount: eur(*minor),
                    fee: None,
                }).unwrap();
                let refused = decided == Decision::Refused(Refusal::SameAccount);
                assert_eq!(refused, from == to);
            }
            batch.accounts
        };
        prop_assert_eq!(play(&steps), play(&shuffled));
    }

    /// However a stream is cut into batches, the outcome is the same.
    #[test]
    fn batches_can_be_cut_anywhere(
        steps in prop::collection::vec(step(), 0..60), at in 0..60_usize,
    ) {
        let does: Vec<Step> = steps.into_iter().filter(|s| matches!(s, Step::Do(_))).collect();
        let mut whole = bank();
        run(&mut whole, &does);
        let (head, tail) = does.split_at(at.min(does.len()));
        let mut first = bank();
        run(&mut first, head);
        let mut second = Batch::new(first.accounts.into_values());
        run(&mut second, tail);
        prop_assert_eq!(whole.accounts, second.accounts);
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let mut closed = account(3, AccountKind::Customer, 500);
    closed.status = AccountStatus::Closed;
    let mut yen = account(4, AccountKind::Customer, 500);
    yen.currency = Currency::JPY;
    let mut batch = Batch::new([
        account(1, AccountKind::Customer, 500),
        account(2, AccountKind::Customer, 0),
        closed,
        yen,
        account(MIRROR.0, AccountKind::Mirror, CAP - 100),
    ]);
    let mut pay = |debtor: i64, creditor: i64, minor: i64| {
        batch
            .decide(&Instruction::Pay {
                debtor: AccountId(debtor),
                creditor: AccountId(creditor),
                amount: eur(minor),
                fee: None,
            })
            .unwrap()
    };
    assert_eq!(pay(1, 1, 1), Refused(Refusal::SameAccount));
    assert_eq!(pay(9, 1, 1), Refused(Refusal::DebtorAccountUnknown));
    assert_eq!(pay(3, 1, 1), Refused(Refusal::DebtorAccountClosed));
    assert_eq!(pay(1, 9, 1), Refused(Refusal::CreditorAccountUnknown));
    assert_eq!(pay(1, 3, 1), Refused(Refusal::CreditorAccountClosed));
    assert_eq!(pay(1, 4, 1), Refused(Refusal::OtherCurrency));
    assert_eq!(pay(4, 1, 1), Refused(Refusal::OtherCurrency));
    assert_eq!(pay(1, 2, 501), Refused(Refusal::InsufficientFunds));
    assert!(matches!(pay(1, 2, 500), Decision::Posted(_)));
    let hold = Hold {
        debtor: AccountId(2),
        mirror: MIRROR,
        amount: eur(101),
        fee: None,
    };
    let decided = batch.decide(&Instruction::SetAside(hold)).unwrap();
    assert_eq!(decided, Refused(Refusal::SettlementCap));
    let error = batch.decide(&Instruction::Release(hold)).unwrap_err();
    assert_eq!(error, Inconsistent::HoldTooLarge(AccountId(2)));
}

#[test]
fn money_set_aside_cannot_be_spent_and_an_account_may_close_meanwhile() {
    let mut batch = Batch::new([
        account(1, AccountKind::Customer, 500),
        account(2, AccountKind::Customer, 0),
        account(MIRROR.0, AccountKind::Mirror, 0),
    ]);
    let hold = Hold {
        debtor: AccountId(1),
        mirror: MIRROR,
        amount: eur(400),
        fee: None,
    };
    let pay = Instruction::Pay {
        debtor: AccountId(1),
        creditor: AccountId(2),
        amount: eur(101),
        fee: None,
    };
    batch.decide(&Instruction::SetAside(hold)).unwrap();
    assert_eq!(
        batch.decide(&pay).unwrap(),
        Refused(Refusal::InsufficientFunds)
    );
    batch.accounts.get_mut(&AccountId(1)).unwrap().status = AccountStatus::Closed;
    let decided = batch.decide(&Instruction::Book(hold)).unwrap();
    assert!(matches!(decided, Decision::Posted(_)));
    let left = batch.account(AccountId(1)).unwrap();
    assert_eq!((left.booked, left.held), (100, 0));
}

#[test]
fn a_fee_is_taken_beside_the_payment_and_only_when_it_is_made() {
    let mut batch = Batch::new([
        account(1, AccountKind::Customer, 500),
        account(2, AccountKind::Customer, 0),
        account(MIRROR.0, AccountKind::Mirror, 0),
        account(INCOME.0, AccountKind::Fees, 0),
    ]);
    let fee = Some(Fee {
        income: INCOME,
        minor: 25,
    });
    let pay = |minor| Instruction::Pay {
        debtor: AccountId(1),
        creditor: AccountId(2),
        amount: eur(minor),
        fee,
    };
    let short = batch.decide(&pay(476)).unwrap();
    assert_eq!(short, Refused(Refusal::InsufficientFunds));
    let Decision::Posted(posting) = batch.decide(&pay(100)).unwrap() else {
        panic!("there is enough");
    };
    let lines: Vec<_> = posting
        .entries()
        .map(|(e, fee)| (e.account.0, e.n, e.amount, fee))
        .collect();
    let expected = [
        (1, 1, -100, false),
        (2, 1, 100, false),
        (1, 2, -25, true),
        (300, 1, 25, true),
    ];
    assert_eq!(lines, expected);
    let hold = |minor| Hold {
        debtor: AccountId(1),
        mirror: MIRROR,
        amount: eur(minor),
        fee,
    };
    let short = batch.decide(&Instruction::SetAside(hold(351))).unwrap();
    assert_eq!(short, Refused(Refusal::InsufficientFunds));
    batch.decide(&Instruction::SetAside(hold(350))).unwrap();
    let payer = batch.account(AccountId(1)).unwrap();
    assert_eq!((payer.available(), payer.held), (Some(0), 375));
    assert_eq!(batch.account(MIRROR).unwrap().awaited, 350);
    // What did not arrive costs nothing.
    batch.decide(&Instruction::Release(hold(350))).unwrap();
    assert_eq!(batch.account(AccountId(1)).unwrap().available(), Some(375));
    batch.decide(&Instruction::SetAside(hold(300))).unwrap();
    batch.decide(&Instruction::Book(hold(300))).unwrap();
    let booked = |id| batch.account(AccountId(id)).unwrap().booked;
    assert_eq!((booked(1), booked(100), booked(300)), (50, 300, 50));
    assert_eq!(batch.account(AccountId(1)).unwrap().held, 0);
}
