//! One core transaction for a batch of what customers have sent.
//!
//! Its locks, in the order that migration 0001 writes down, with what came later: `inbox` keys, all
//! `device` rows of the customers whose devices change, by id; `session` rows, by id, those that
//! carried the batch together with those of these customers; `slip` rows, by locator; `join_request`
//! rows, by device; from there on as written there.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{Arrival, Message, Reason, Said, aside},
    receipts::Ruling,
    work::Work,
};
use crate::{
    Customer, Fault,
    store::{
        answer,
        device::{self, Device},
        inbox::{self, Identity, InboxRow},
        outbox, receipt, session,
    },
};
use envelope::Jws;
use message::{
    Digest, SessionId, Thumbprint, Timestamp, device::Standing, receipt::Refusal,
    session::SealAgain,
};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const ID_REUSED: Reason = (
    "id-reused",
    "Another message with this id was taken before.",
);

/// The devices that signed the messages of a batch, as they stand in its transaction.
pub(super) type Devices = HashMap<Thumbprint, Device>;

/// Who is behind each order of a batch, by its digest, as of the moment it came.
pub(super) type Judged = HashMap<Digest, Result<Customer, Refusal>>;

impl Processor {
    /// Decides and writes a batch, all or nothing.
    pub(super) async fn commit_arrivals(
        &self,
        arrivals: &[Arrival],
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut tx = self.core.begin().await?;
        let mut work = Work::new(now, outbox::FRONT);
        let (mut said, mut ended) = (Vec::new(), BTreeMap::new());
        for arrival in arrivals {
            match arrival {
                Arrival::Said(message) => said.push(&**message),
                Arrival::Aside(row) => work.aside.push(row.clone()),
                Arrival::SealAgain { session, device } => drop(ended.insert(*session, *device)),
            }
        }
        if !said.is_empty() {
            work.parameters = self.in_force(&mut tx).await?;
        }
        let fresh = self.take_once(&mut tx, &said, &mut work).await?;
        let (mut devices, changing) = self.devices(&mut tx, &said, &ended).await?;
        count_sessions(&mut tx, &said, &changing, now).await?;
        self.take_enrol_requests(&mut tx, &said, &mut work).await?;
        self.ask_to_seal_again(&ended, &devices, &mut work)?;
        let judged = self
            .decide_others(&mut tx, &fresh, &mut devices, &mut work)
            .await?;
        self.take_join_requests(&mut tx, &said, &mut work).await?;
        let peers = self.peers(&mut tx, now).await?;
        self.decide_orders(&mut tx, &fresh, &judged, &peers, &mut work)
            .await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        // Questions see what this very batch has done.
        self.answer_questions(&mut tx, &said, &devices, &mut work)
            .await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        mark_used(&mut tx, &said, &devices, now).await?;
        self.close(&mut tx, work).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Decides what is no payment, in the order in which it came; says of each payment who is behind it
    /// at its place among them.
    async fn decide_others(
        &self,
        core: &mut PgConnection,
        fresh: &[&Message],
        devices: &mut Devices,
        work: &mut Work,
    ) -> Result<Judged, Fault> {
        let mut judged = Judged::new();
        for message in fresh {
            let signer = message.verified.signer();
            match &message.said {
                Said::EnrolConfirm(payload) => {
                    self.confirm(core, message, payload, work).await?;
                    reread(core, signer, devices).await?;
                }
                Said::SessionOpen(payload) => {
                    let device = devices.get(&signer);
                    self.open_session(core, message, payload, device, work)
                        .await?;
                }
                Said::DeviceOrder(payload) => {
                    if let Some(device) = devices.get(&signer).cloned() {
                        self.order_device(core, message, payload, &device, work)
                            .await?;
                        reread(core, signer, devices).await?;
                    }
                }
                Said::RenewAsk(_) => {
                    if let Some(device) = devices.get(&signer) {
                        self.renew(core, message, device, work).await?;
                    }
                }
                Said::Order(payload) => {
                    let times = (payload.iat, work.now);
                    let customer = match devices.get(&signer) {
                        Some(device) => orderer(core, message, device, times).await?,
                        None => Err(Refusal::DeviceNotActive),
                    };
                    judged.insert(message.verified.digest(), customer);
                }
                _ => {}
            }
        }
        Ok(judged)
    }

    /// Takes the messages that have an effect into the inbox. What was there before is answered as
    /// before; what bears a used id is refused. Answers those that are new.
    async fn take_once<'a>(
        &self,
        core: &mut PgConnection,
        said: &[&'a Message],
        work: &mut Work,
    ) -> Result<Vec<&'a Message>, Fault> {
        let (mut first, mut others) = (HashMap::<Identity, &'a Message>::new(), Vec::new());
        let mut rows = Vec::new();
        for message in said.iter().filter(|m| m.said.has_effect()) {
            let identity = (message.verified.signer(), message.said.id());
            match first.get(&identity) {
                // The same twice in one batch: one answer is enough.
                Some(known) if known.verified.digest() == message.verified.digest() => {}
                Some(_) => others.push(*message),
                None => {
                    first.insert(identity, message);
                    rows.push(InboxRow {
                        identity,
                        digest: message.verified.digest(),
                        kind: message.verified.kind(),
                    });
                }
            }
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let new = inbox::take(core, &rows, &work.source, work.now).await?;
        let known: Vec<Identity> = rows
            .iter()
            .map(|row| row.identity)
            .filter(|identity| !new.contains(identity))
            .collect();
        let digests = inbox::digests(core, &known).await?;
        let mut again = Vec::new();
        for identity in &known {
            let Some(message) = first.get(identity) else {
                continue;
            };
            if digests.get(identity) == Some(&message.verified.digest()) {
                again.push(*message);
            } else {
                others.push(message);
            }
        }
        self.answer_again(core, &again, work).await?;
        self.refuse_other_content(core, &others, work).await?;
        let fresh = rows.iter().filter(|row| new.contains(&row.identity));
        Ok(fresh
            .filter_map(|row| first.get(&row.identity).copied())
            .collect())
    }

    /// The same message again: the same answer again.
    async fn answer_again(
        &self,
        core: &mut PgConnection,
        again: &[&Message],
        work: &mut Work,
    ) -> Result<(), Fault> {
        if again.is_empty() {
            return Ok(());
        }
        let digests: Vec<Digest> = again.iter().map(|m| m.verified.digest()).collect();
        let mut stored = receipt::of(core, &digests).await?;
        stored.extend(answer::to(core, &digests).await?);
        for message in again {
            // Without one the answer is still to come.
            if let Some(jws) = stored.get(&message.verified.digest()) {
                let to = To::Device(message.verified.signer());
                work.drafts.push(Draft::again(Jws::parse(jws)?, to));
            }
        }
        Ok(())
    }

    /// A used id with other content: an order is refused with a receipt of its own.
    async fn refuse_other_content(
        &self,
        core: &mut PgConnection,
        others: &[&Message],
        work: &mut Work,
    ) -> Result<(), Fault> {
        if others.is_empty() {
            return Ok(());
        }
        let digests: Vec<Digest> = others.iter().map(|m| m.verified.digest()).collect();
        let mut stored = receipt::of(core, &digests).await?;
        stored.extend(answer::to(core, &digests).await?);
        let mut seen = HashSet::new();
        for message in others {
            let digest = message.verified.digest();
            if !seen.insert(digest) {
                continue;
            }
            let to = To::Device(message.verified.signer());
            match (&message.said, stored.get(&digest)) {
                (Said::Order(_) | Said::DeviceOrder(_), Some(jws)) => {
                    work.drafts.push(Draft::again(Jws::parse(jws)?, to));
                }
                (Said::Order(payload), None) => {
                    let refused = Ruling::refused(Refusal::SameIdOtherContent, work.version());
                    let digest = message.verified.digest();
                    let signer = message.verified.signer();
                    work.drafts
                        .push(self.receipt(digest, signer, payload, refused, to, work.now));
                }
                (Said::DeviceOrder(_), None) => {
                    self.refuse(message, Refusal::SameIdOtherContent, to, work);
                }
                _ => work.aside.push(aside(&message.envelope, ID_REUSED)),
            }
        }
        Ok(())
    }

    /// The devices that speak, and the customers whose devices are locked.
    async fn devices(
        &self,
        core: &mut PgConnection,
        said: &[&Message],
        ended: &BTreeMap<SessionId, Thumbprint>,
    ) -> Result<(Devices, Vec<i64>), Fault> {
        let ids: HashSet<Thumbprint> = said
            .iter()
            .map(|m| m.verified.signer())
            .chain(ended.values().copied())
            .collect();
        let ids: Vec<Thumbprint> = ids.into_iter().collect();
        let mut devices = device::by_ids(core, &ids).await?;
        // Whoever changes devices has all of the customer's to himself, and reads them afterwards.
        let changing: HashSet<Thumbprint> = said
            .iter()
            .filter(|m| changes_devices(&m.said))
            .map(|m| m.verified.signer())
            .collect();
        let customers: BTreeSet<i64> = devices
            .iter()
            .filter(|device| changing.contains(&device.id))
            .map(|device| device.customer)
            .collect();
        let customers: Vec<i64> = customers.into_iter().collect();
        if !customers.is_empty() {
            device::lock_of(core, &customers).await?;
            devices = device::by_ids(core, &ids).await?;
        }
        Ok((devices.into_iter().map(|d| (d.id, d)).collect(), customers))
    }

    fn ask_to_seal_again(
        &self,
        ended: &BTreeMap<SessionId, Thumbprint>,
        devices: &Devices,
        work: &mut Work,
    ) -> Result<(), Fault> {
        for (session, id) in ended {
            if let Some(device) = devices.get(id) {
                let key = self.keys.of(&device.encryption_key)?;
                let body = SealAgain { session: *session };
                let payload = self.payload(id.to_string(), None, body, work.now);
                let draft = Draft::new(payload, Keep::Nothing, To::Key(*id, key));
                work.drafts
                    .push(draft.expiring(work.now.saturating_add(super::ANSWER_SECONDS)));
            }
        }
        Ok(())
    }
}

/// Whether the devices of its customer must stand still while a message is decided.
const fn changes_devices(said: &Said) -> bool {
    matches!(
        said,
        Said::DeviceOrder(_) | Said::EnrolConfirm(_) | Said::JoinAsk(_) | Said::SessionOpen(_)
    )
}

/// Who is behind a payment order, as things stand in this transaction.
async fn orderer(
    core: &mut PgConnection,
    message: &Message,
    device: &Device,
    times: (Timestamp, Timestamp),
) -> Result<Result<Customer, Refusal>, Fault> {
    let heir = match device.standing {
        Standing::Replaced => device::heir(core, device.id).await?,
        _ => None,
    };
    let verified = &message.verified;
    Ok(Customer::ordering(verified, device, heir.as_ref(), times))
}

/// Something may have changed about any device of this one's customer.
async fn reread(
    core: &mut PgConnection,
    signer: Thumbprint,
    devices: &mut Devices,
) -> Result<(), Fault> {
    let Some(customer) = devices.get(&signer).map(|device| device.customer) else {
        return Ok(());
    };
    let its: Vec<Thumbprint> = devices
        .values()
        .filter(|device| device.customer == customer)
        .map(|device| device.id)
        .collect();
    let again = device::by_ids(core, &its).await?;
    devices.extend(again.into_iter().map(|device| (device.id, device)));
    Ok(())
}

/// Notes which devices were used, to the hour: at most one change per device and hour.
async fn mark_used(
    core: &mut PgConnection,
    said: &[&Message],
    devices: &Devices,
    now: Timestamp,
) -> Result<(), Fault> {
    let hour = now - now.rem_euclid(60 * 60);
    let used: BTreeSet<Thumbprint> = said
        .iter()
        .filter_map(|message| devices.get(&message.verified.signer()))
        .filter(|device| device.standing == Standing::Active)
        .filter(|device| device.last_used_at.is_none_or(|at| at < hour))
        .map(|device| device.id)
        .collect();
    if used.is_empty() {
        return Ok(());
    }
    let used: Vec<Thumbprint> = used.into_iter().collect();
    device::mark_used(core, &used, hour).await
}

/// Counts what came in each session. Locks these sessions, and those that an order about the devices of
/// `changing` customers may end, all at once.
async fn count_sessions(
    core: &mut PgConnection,
    said: &[&Message],
    changing: &[i64],
    now: Timestamp,
) -> Result<(), Fault> {
    let mut used: BTreeMap<SessionId, i64> = BTreeMap::new();
    for id in said.iter().filter_map(|m| m.session) {
        *used.entry(id).or_default() += 1;
    }
    let used: Vec<(SessionId, i64)> = used.into_iter().collect();
    if !changing.is_empty() {
        session::lock_with(core, &used, changing).await?;
    }
    if used.is_empty() {
        return Ok(());
    }
    session::count(core, &used, now).await
}
