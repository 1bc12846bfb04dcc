//! Questions: a device asks, and is told how things stand.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    front_batch::Devices,
    intake::{Message, Said},
    work::Work,
};
use crate::{
    Customer, Fault,
    store::{
        account::{self, AccountRow},
        customer, payment_made, statement_line,
    },
};
use ledger::AccountStatus;
use message::{
    Balance, Body, MessageId, Timestamp,
    enquiry::{
        AccountView, ENTRIES_PER_PAGE_MAX, EntryView, Overview, Payment, PaymentView, Statement,
        StatementAsk,
    },
    parameters::Terms,
    receipt::Refusal,
    text::Name,
};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};

/// How many of the newest entries an overview shows.
const RECENT: i64 = 10;

/// How many bytes of JSON each list of an answer may have, so that the answer fits an envelope
/// ([`envelope::jws::PAYLOAD_BYTES_MAX`]) whatever names and texts people have written.
const ENTRIES_BYTES_MAX: usize = 22_000;
const RECENT_BYTES_MAX: usize = 8_000;
const ON_THEIR_WAY_BYTES_MAX: usize = 8_000;
const REFUSED_BYTES_MAX: usize = 5_000;

/// The first of these, as many as fit.
pub(super) fn fitting<T: Serialize + Clone>(rows: &[T], bytes_max: usize) -> Vec<T> {
    let mut room = bytes_max;
    rows.iter()
        .take_while(|row| {
            let length = serde_json::to_vec(row).map_or(usize::MAX, |json| json.len() + 1);
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        })
        .cloned()
        .collect()
}

/// What overviews are made of, read for all askers at once.
struct Overviews {
    names: HashMap<i64, Name>,
    accounts: Vec<AccountRow>,
    on_their_way: HashMap<i64, Vec<PaymentView>>,
    refused: HashMap<i64, Vec<PaymentView>>,
    recent: HashMap<i64, Vec<EntryView>>,
}

impl Processor {
    /// Answers the questions among these messages.
    pub(super) async fn answer_questions(
        &self,
        core: &mut PgConnection,
        said: &[&Message],
        devices: &Devices,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let mut askers: Vec<(&Message, Customer)> = Vec::new();
        for message in said.iter().filter(|m| m.said.is_question()) {
            let signer = message.verified.signer();
            let customer = devices
                .get(&signer)
                .map_or(Err(Refusal::DeviceNotActive), |device| match message.said {
                    Said::JoinAsk(_) => Customer::signing(&message.verified, device, work.now),
                    _ => Customer::of(&message.verified, device),
                });
            let refusal = match customer {
                Err(refusal) => refusal,
                Ok(_) if !message.said.in_time(work.now) => Refusal::Expired,
                Ok(customer) => {
                    askers.push((message, customer));
                    continue;
                }
            };
            self.refuse(message, refusal, To::Device(signer), work);
        }
        let overviews = self.overviews(core, &askers).await?;
        for (message, customer) in askers {
            match &message.said {
                Said::Overview(_) => {
                    let mut body = overviews.of(&customer, work.now)?;
                    body.terms = self.terms(work);
                    self.answer(message, body, work);
                }
                Said::Statement(payload) => {
                    match self.statement(core, &customer, &payload.body).await? {
                        Some(body) => self.answer(message, body, work),
                        None => self.not_found(message, work),
                    }
                }
                Said::PaymentAsk(payload) => {
                    let id = payload.body.payment;
                    match self.payment(core, &customer, id, work.now).await? {
                        Some(body) => self.answer(message, body, work),
                        None => self.not_found(message, work),
                    }
                }
                Said::DevicesAsk(_) => {
                    let body = self.device_list(core, &customer, work.now).await?;
                    self.answer(message, body, work);
                }
                Said::JoinAsk(payload) => {
                    let (digest, code) = (message.verified.digest(), &payload.body.code);
                    match self.join(core, &customer, digest, code, work.now).await? {
                        Ok(body) => self.answer(message, body, work),
                        Err(refusal) => {
                            let to = To::Device(customer.device());
                            self.refuse(message, refusal, to, work);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answer<B: Body + Send + 'static>(&self, message: &Message, body: B, work: &mut Work) {
        let signer = message.verified.signer();
        let digest = message.verified.digest();
        let payload = self.payload(signer.to_string(), Some(digest), body, work.now);
        let draft = Draft::new(payload, Keep::Nothing, To::Device(signer));
        work.drafts
            .push(draft.expiring(work.now.saturating_add(super::ANSWER_SECONDS)));
    }

    /// The limits and fees that the next order would be decided under.
    fn terms(&self, work: &Work) -> Option<Terms> {
        let version = work.parameters.as_ref()?;
        let number = version.position.number;
        let bank = &self.keyring.bank;
        version
            .values
            .terms(number, bank.currency, &bank.iban_prefix)
    }

    fn not_found(&self, message: &Message, work: &mut Work) {
        let to = To::Device(message.verified.signer());
        self.refuse(message, Refusal::NotFound, to, work);
    }

    async fn overviews(
        &self,
        core: &mut PgConnection,
        askers: &[(&Message, Customer)],
    ) -> Result<Overviews, Fault> {
        let customers: BTreeSet<i64> = askers
            .iter()
            .filter(|(message, _)| matches!(message.said, Said::Overview(_)))
            .map(|(_, customer)| customer.number())
            .collect();
        let customers: Vec<i64> = customers.into_iter().collect();
        if customers.is_empty() {
            return Ok(Overviews {
                names: HashMap::new(),
                accounts: Vec::new(),
                on_their_way: HashMap::new(),
                refused: HashMap::new(),
                recent: HashMap::new(),
            });
        }
        let accounts = account::of_customers(core, &customers).await?;
        let ids: Vec<i64> = accounts.iter().map(|row| row.account.id.0).collect();
        Ok(Overviews {
            names: customer::names(core, &customers).await?,
            on_their_way: payment_made::on_their_way(core, &customers).await?,
            refused: payment_made::refused(core, &customers).await?,
            recent: statement_line::newest(core, &ids, RECENT).await?,
            accounts,
        })
    }

    /// A page of entries; none for an account that is not the customer's.
    async fn statement(
        &self,
        core: &mut PgConnection,
        customer: &Customer,
        ask: &StatementAsk,
    ) -> Result<Option<Statement>, Fault> {
        let accounts = account::of_customers(core, &[customer.number()]).await?;
        let Some(row) = accounts
            .iter()
            .find(|row| row.iban.as_ref() == Some(&ask.account))
        else {
            return Ok(None);
        };
        let limit = ask.limit.clamp(1, ENTRIES_PER_PAGE_MAX);
        let before = ask.before.unwrap_or(i64::MAX);
        let entries =
            statement_line::page(core, row.account.id.0, before, i64::from(limit)).await?;
        let entries = fitting(&entries, ENTRIES_BYTES_MAX);
        let older = entries.last().map(|entry| entry.n).filter(|n| *n > 1);
        Ok(Some(Statement {
            account: account_view(row)?,
            entries_total: row.account.n,
            entries,
            older,
        }))
    }

    /// One payment, for its payer with its documents, for its payee without.
    async fn payment(
        &self,
        core: &mut PgConnection,
        customer: &Customer,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Payment>, Fault> {
        if let Some(made) = payment_made::by_id(core, customer.number(), id).await? {
            let attestation = match &made.receipt {
                Some(receipt) => self.attestation(core, receipt, now).await?,
                None => None,
            };
            return Ok(Some(Payment {
                view: made.view,
                order: Some(made.order),
                receipt: made.receipt,
                attestation,
            }));
        }
        let received = statement_line::received(core, customer.number(), id).await?;
        Ok(received.map(|view| Payment {
            view,
            order: None,
            receipt: None,
            attestation: None,
        }))
    }
}

impl Overviews {
    fn of(&self, customer: &Customer, at: Timestamp) -> Result<Overview, Fault> {
        let number = customer.number();
        let own = self
            .accounts
            .iter()
            .filter(|row| row.customer == Some(number));
        let name = self.names.get(&number).ok_or(Fault::Row {
            table: "customer",
            column: "number",
        })?;
        Ok(Overview {
            customer_name: name.clone(),
            customer_number: number.to_string(),
            at,
            accounts: own.map(account_view).collect::<Result<_, _>>()?,
            on_their_way: list(self.on_their_way.get(&number), ON_THEIR_WAY_BYTES_MAX),
            refused: list(self.refused.get(&number), REFUSED_BYTES_MAX),
            recent: list(self.recent.get(&number), RECENT_BYTES_MAX),
            terms: None,
        })
    }
}

fn list<T: Serialize + Clone>(rows: Option<&Vec<T>>, bytes_max: usize) -> Vec<T> {
    rows.map_or_else(Vec::new, |rows| fitting(rows, bytes_max))
}

fn account_view(row: &AccountRow) -> Result<AccountView, Fault> {
    let wrong = |column| Fault::Row {
        table: "account",
        column,
    };
    let account = &row.account;
    let sum = |minor| Balance::new(minor, account.currency);
    Ok(AccountView {
        index: u32::try_from(row.index).map_err(|_| wrong("index"))?,
        iban: row.iban.clone().ok_or_else(|| wrong("iban"))?,
        label: row.label.clone(),
        booked: sum(account.booked),
        held: sum(account.held),
        available: sum(account.available().ok_or_else(|| wrong("held"))?),
        closed: account.status == AccountStatus::Closed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_to_its_room_from_the_front() {
        let rows = ["one", "two", "three"].map(str::to_owned);
        // Each text has two quotes, and a comma behind it.
        assert_eq!(fitting(&rows, 12), ["one", "two"]);
        assert_eq!(fitting(&rows, 5), Vec::<String>::new());
        assert_eq!(fitting(&rows, 100), rows);
        let overview = RECENT_BYTES_MAX + ON_THEIR_WAY_BYTES_MAX + REFUSED_BYTES_MAX;
        let lists = ENTRIES_BYTES_MAX.max(overview);
        assert!(lists + 1_500 < envelope::jws::PAYLOAD_BYTES_MAX);
    }
}
