//! Customers' orders about their devices. The signed order is kept: it is the record of who did it.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::Message,
    work::Work,
};
use crate::{
    Customer, Fault,
    store::{
        device::{self, Device},
        device_order, revocation, session,
    },
};
use message::{
    Payload, Thumbprint, Timestamp,
    device::{DeviceChange, DeviceOrder, DeviceOrdered, Standing},
    notice::{ChangeSeen, Notice},
    receipt::Refusal,
    text::Label,
};
use sqlx::PgConnection;

/// What became of an order about devices.
pub(super) type Changed = Result<DeviceOrdered, Refusal>;

/// A change of a device that stands as it should already is made.
fn stands(device: &Device) -> Changed {
    Ok(DeviceOrdered {
        device: device.id,
        standing: device.standing,
    })
}

/// Whether nothing is left to do.
fn stands_so(change: &DeviceChange, target: &Device) -> bool {
    let over = matches!(target.standing, Standing::Revoked | Standing::Replaced);
    match change {
        DeviceChange::Rename { name, .. } => *name == target.name && !over,
        DeviceChange::Allow { rights, .. } => *rights == target.rights && !over,
        DeviceChange::Suspend { .. } => target.standing == Standing::Suspended,
        DeviceChange::Resume { .. } => target.standing == Standing::Active,
        _ => false,
    }
}

/// Makes a change of one device. None when it does not stand where the change needs it.
async fn apply(
    core: &mut PgConnection,
    change: &DeviceChange,
    target: &Device,
    now: Timestamp,
) -> Result<Option<ChangeSeen>, Fault> {
    let id = target.id;
    let over = matches!(target.standing, Standing::Revoked | Standing::Replaced);
    Ok(match change {
        DeviceChange::Rename { name, .. } if !over => {
            device::rename(core, id, name).await?;
            Some(ChangeSeen::Renamed)
        }
        DeviceChange::Allow { rights, .. } if !over => {
            device::allow(core, id, *rights).await?;
            Some(ChangeSeen::of(*rights))
        }
        DeviceChange::Suspend { .. } => {
            let done = device::suspend(core, id, now).await?;
            session::end_of(core, id, now).await?;
            done.then_some(ChangeSeen::Suspended)
        }
        DeviceChange::Resume { .. } => {
            let done = device::resume(core, id).await?;
            done.then_some(ChangeSeen::Resumed)
        }
        _ => None,
    })
}

impl Processor {
    /// Does what a device orders about devices, if it may. The customer's devices are locked.
    pub(super) async fn order_device(
        &self,
        core: &mut PgConnection,
        message: &Message,
        payload: &Payload<DeviceOrder>,
        signer: &Device,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let changed = match permitted(message, &payload.body.change, signer, work.now) {
            Ok(_) if !message.said.in_time(work.now) => Err(Refusal::Expired),
            Ok(_) => {
                self.change_device(core, message, &payload.body.change, signer, work)
                    .await?
            }
            Err(refusal) => Err(refusal),
        };
        let (verified, refused) = (&message.verified, changed.as_ref().err().copied());
        device_order::insert(core, verified, signer.customer, refused, work.now).await?;
        let to = To::Device(signer.id);
        match changed {
            Ok(body) => {
                let digest = verified.digest();
                let answer = self.payload(signer.id.to_string(), Some(digest), body, work.now);
                let draft = Draft::new(answer, Keep::Answer(digest), to);
                work.drafts.push(draft);
            }
            Err(refusal) => self.refuse(message, refusal, to, work),
        }
        Ok(())
    }

    async fn change_device(
        &self,
        core: &mut PgConnection,
        message: &Message,
        change: &DeviceChange,
        signer: &Device,
        work: &mut Work,
    ) -> Result<Changed, Fault> {
        let id = match change {
            DeviceChange::Approve {
                device,
                encryption,
                rights,
            } => {
                return self
                    .approve(core, signer, *device, *encryption, *rights, work)
                    .await;
            }
            DeviceChange::Mismatch { device } => {
                return self.block(core, signer, *device, work).await;
            }
            DeviceChange::Replace { request } => {
                return self.replace(core, signer, request, work).await;
            }
            DeviceChange::Rename { device, .. }
            | DeviceChange::Suspend { device }
            | DeviceChange::Resume { device }
            | DeviceChange::Revoke { device, .. }
            | DeviceChange::Allow { device, .. } => *device,
        };
        let found = device::by_ids(core, &[id]).await?.pop();
        let Some(target) = found.filter(|device| device.customer == signer.customer) else {
            return Ok(Err(Refusal::DeviceChangeRefused));
        };
        if let DeviceChange::Revoke { reason, .. } = change {
            let jws = message.verified.jws().as_str();
            revoke_line(core, id, jws, reason, work.now).await?;
            return Ok(Ok(DeviceOrdered {
                device: id,
                standing: Standing::Revoked,
            }));
        }
        if stands_so(change, &target) {
            return Ok(stands(&target));
        }
        let Some(seen) = apply(core, change, &target, work.now).await? else {
            return Ok(Err(Refusal::DeviceChangeRefused));
        };
        let changed = device::by_ids(core, &[id]).await?.pop().unwrap_or(target);
        self.tell_others(&changed, seen, signer, work);
        Ok(stands(&changed))
    }

    /// Every active device of the customer but the one that did it is told.
    pub(super) fn tell_others(
        &self,
        changed: &Device,
        seen: ChangeSeen,
        by: &Device,
        work: &mut Work,
    ) {
        let notice = Notice::DeviceChanged {
            device: changed.id,
            device_name: changed.name.clone(),
            change: seen,
            by: Some(by.name.clone()),
            at: work.now,
        };
        work.notices.push((changed.customer, Some(by.id), notice));
    }
}

/// Whether a device may order this: one that may sign, or any about itself as far as that goes.
fn permitted(
    message: &Message,
    change: &DeviceChange,
    signer: &Device,
    now: Timestamp,
) -> Result<Customer, Refusal> {
    let about_itself = match change {
        DeviceChange::Rename { device, .. }
        | DeviceChange::Suspend { device }
        | DeviceChange::Revoke { device, .. } => *device == signer.id,
        // New keys get certificates: that is for those whose own ones hold.
        DeviceChange::Replace { .. } => return Customer::certified(&message.verified, signer, now),
        _ => false,
    };
    if about_itself {
        Customer::of(&message.verified, signer)
    } else {
        Customer::signing(&message.verified, signer, now)
    }
}

/// Revokes a device with those whose place it has taken and those that wait for its place, ends their
/// sessions, and has the fronts and the customer's other devices told. False when nothing was left
/// to revoke.
pub(crate) async fn revoke_line(
    core: &mut PgConnection,
    id: Thumbprint,
    jws: &str,
    reason: &Label,
    now: Timestamp,
) -> Result<bool, Fault> {
    let revoked = device::revoke(core, id, now).await?;
    for id in &revoked {
        session::end_of(core, *id, now).await?;
        revocation::insert(core, *id, jws, reason.as_str(), now).await?;
    }
    Ok(!revoked.is_empty())
}
