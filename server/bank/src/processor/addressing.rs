//! Finds the devices and banks that messages go to.

use super::{
    Processor,
    draft::{Draft, Keep, Outgoing, Recipient, To},
    work::{Peers, Work},
};
use crate::{
    Fault,
    store::{
        device::{self, Device},
        session::{self, SessionRow},
    },
};
use message::{Thumbprint, device::Standing};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};

/// Devices with the live sessions in which they spoke last.
#[derive(Default)]
struct Recipients {
    /// The active ones.
    by_customer: HashMap<i64, Vec<Recipient>>,
    /// Those that have ordered something before another took their place.
    replaced: HashMap<Thumbprint, Recipient>,
    /// Those that were asked for by name, whatever their status.
    by_device: HashMap<Thumbprint, Recipient>,
}

impl Processor {
    /// Addresses the drafts, and each notice to every device that is to be told.
    pub(super) async fn address(
        &self,
        core: &mut PgConnection,
        work: &mut Work,
        peers: &Peers,
    ) -> Result<Vec<Outgoing>, Fault> {
        if work.drafts.is_empty() && work.notices.is_empty() {
            return Ok(Vec::new());
        }
        let recipients = self.recipients(core, work).await?;
        let mut outgoing = Vec::with_capacity(work.drafts.len());
        for draft in std::mem::take(&mut work.drafts) {
            outgoing.push(recipients.of(draft, peers));
        }
        for (customer, except, notice) in std::mem::take(&mut work.notices) {
            for to in recipients.by_customer.get(&customer).into_iter().flatten() {
                if Some(to.mailbox) != except {
                    let aud = to.mailbox.to_string();
                    let payload = self.payload(aud, None, notice.clone(), work.now);
                    outgoing.push(Outgoing {
                        draft: Draft::new(payload, Keep::Nothing, To::Device(to.mailbox)),
                        recipients: vec![to.clone()],
                        copies: Vec::new(),
                        peer: None,
                    });
                }
            }
        }
        Ok(outgoing)
    }

    /// Reads the devices that a transaction's messages go to, all at once.
    async fn recipients(
        &self,
        core: &mut PgConnection,
        work: &mut Work,
    ) -> Result<Recipients, Fault> {
        let mut customers: BTreeSet<i64> = work.notices.iter().map(|n| n.0).collect();
        let mut named: BTreeSet<Thumbprint> = BTreeSet::new();
        for draft in &work.drafts {
            match draft.to {
                To::Customer(number, _) => drop(customers.insert(number)),
                To::Device(id) => drop(named.insert(id)),
                To::Key(..) | To::Peer(_) | To::PeerKey(_) => {}
            }
        }
        let customers: Vec<i64> = customers.into_iter().collect();
        let named: Vec<Thumbprint> = named.into_iter().collect();
        let (mut active, mut others) = (Vec::new(), Vec::new());
        if !customers.is_empty() {
            active = device::active_of(core, &customers).await?;
        }
        // A device whose place another has taken gets the answers to what it ordered before.
        let orderers = work.drafts.iter().filter_map(|draft| match draft.to {
            To::Customer(_, id) if active.iter().all(|device| device.id != id) => Some(id),
            _ => None,
        });
        let replaced: BTreeSet<Thumbprint> = orderers.filter(|id| !named.contains(id)).collect();
        if !named.is_empty() || !replaced.is_empty() {
            let ids: Vec<Thumbprint> = named.iter().chain(&replaced).copied().collect();
            others = device::by_ids(core, &ids).await?;
            others.retain(|device| {
                named.contains(&device.id) || device.standing == Standing::Replaced
            });
        }
        let ids: BTreeSet<Thumbprint> = active.iter().chain(&others).map(|d| d.id).collect();
        let ids: Vec<Thumbprint> = ids.into_iter().collect();
        let mut live: HashMap<Thumbprint, SessionRow> = HashMap::new();
        if !ids.is_empty() {
            let rows = session::last_used_of(core, &ids, work.now).await?;
            live.extend(rows.into_iter().map(|row| (row.device, row)));
        }
        let mut recipients = Recipients::default();
        for device in &active {
            let recipient = self.recipient(device, &live)?;
            let own = recipients.by_customer.entry(device.customer).or_default();
            own.push(recipient);
        }
        for device in &others {
            let recipient = self.recipient(device, &live)?;
            if device.standing == Standing::Replaced {
                recipients.replaced.insert(device.id, recipient.clone());
            }
            recipients.by_device.insert(device.id, recipient);
        }
        Ok(recipients)
    }

    fn recipient(
        &self,
        device: &Device,
        live: &HashMap<Thumbprint, SessionRow>,
    ) -> Result<Recipient, Fault> {
        Ok(Recipient {
            mailbox: device.id,
            key: self.keys.of(&device.encryption_key)?,
            session: live.get(&device.id).cloned(),
        })
    }
}

impl Recipients {
    /// A draft with those it goes to.
    fn of(&self, draft: Draft, peers: &Peers) -> Outgoing {
        let (mut recipients, mut copies, mut peer) = (Vec::new(), Vec::new(), None);
        match &draft.to {
            To::Customer(number, ordered_by) => {
                let active = self.by_customer.get(number).cloned().unwrap_or_default();
                let ordered = |to: &Recipient| to.mailbox == *ordered_by;
                (recipients, copies) = active.into_iter().partition(ordered);
                recipients.extend(self.replaced.get(ordered_by).cloned());
            }
            To::Device(id) => recipients.extend(self.by_device.get(id).cloned()),
            To::Key(mailbox, key) => recipients.push(Recipient {
                mailbox: *mailbox,
                key: key.clone(),
                session: None,
            }),
            To::Peer(bic) => peer = peers.recipient(bic, true),
            To::PeerKey(bic) => peer = peers.recipient(bic, false),
        }
        Outgoing {
            draft,
            recipients,
            copies,
            peer,
        }
    }
}
