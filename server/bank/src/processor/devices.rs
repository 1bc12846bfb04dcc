//! The list of a customer's devices.

use super::{Processor, enquiries::fitting};
use crate::{
    Customer, Fault,
    store::device::{self, Device},
};
use message::{
    Timestamp,
    device::{DeviceView, Devices, Standing},
};
use sqlx::PgConnection;

/// The most devices of a list.
const LISTED_MAX: usize = 50;

/// How many bytes of JSON the list may have, so that it fits an envelope.
const LISTED_BYTES_MAX: usize = 22_000;

impl Processor {
    /// The customer's devices: those that count first.
    pub(super) async fn device_list(
        &self,
        core: &mut PgConnection,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<Devices, Fault> {
        let mut all = device::of_customer(core, customer.number()).await?;
        all.sort_by_key(|device| matches!(device.standing, Standing::Revoked | Standing::Replaced));
        let views: Vec<DeviceView> = all.into_iter().take(LISTED_MAX).map(view).collect();
        Ok(Devices {
            at: now,
            devices: fitting(&views, LISTED_BYTES_MAX),
        })
    }
}

fn view(device: Device) -> DeviceView {
    let ended_at = match device.standing {
        Standing::Suspended => device.suspended_at,
        Standing::Revoked => device.revoked_at,
        Standing::Replaced => device.replaced_at,
        Standing::New | Standing::Waiting | Standing::Active => None,
    };
    DeviceView {
        device: device.id,
        name: device.name,
        enrolled_by: device.enrolled_by,
        standing: device.standing,
        rights: device.rights,
        requested_at: device.requested_at,
        active_at: device.active_at,
        last_used_at: device.last_used_at,
        ended_at,
        certificates_until: device.certificates_until,
        predecessor: device.predecessor,
    }
}
