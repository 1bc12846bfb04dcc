//! A device replaces its keys: the old ones sign an order that carries a request signed by the new.
//! Until the new device has confirmed, the old one counts alone; afterwards the new one does.

use super::{
    Processor,
    device_orders::Changed,
    enrolment::Came,
    joining::{admit, join_row},
    work::Work,
};
use crate::{
    Fault,
    store::{
        device::{self, Device},
        join::{self, JoinRow},
    },
};
use envelope::{Jws, VerifyingKey};
use message::{
    Kind, Payload, Timestamp,
    device::{DeviceOrdered, JoinRequest, Standing},
    receipt::Refusal,
};
use sqlx::PgConnection;

const DAY: i64 = 24 * 60 * 60;

/// How many devices of a customer may have been asked for within a day when keys are replaced.
const REQUESTED_PER_DAY_MAX: i64 = 20;

impl Processor {
    /// Records the new keys and asks for their certificates. Those that were ordered before and are not
    /// confirmed yet are dropped.
    pub(super) async fn replace(
        &self,
        core: &mut PgConnection,
        signer: &Device,
        request: &str,
        work: &mut Work,
    ) -> Result<Changed, Fault> {
        let Some(new) = self.new_keys(request, work.now) else {
            return Ok(Err(Refusal::DeviceChangeRefused));
        };
        let known = device::by_ids(core, &[new.device]).await?.pop();
        if let Some(known) = known {
            // The same new keys again.
            let same = known.predecessor == Some(signer.id)
                && known.encryption_key == new.encryption_key
                && known.standing != Standing::Revoked;
            return Ok(if same {
                Ok(DeviceOrdered {
                    device: known.id,
                    standing: known.standing,
                })
            } else {
                Err(Refusal::DeviceChangeRefused)
            });
        }
        if join::is_blocked(core, new.device).await? {
            return Ok(Err(Refusal::DeviceChangeRefused));
        }
        // Each leaves a row for ever, and has the registrar make certificates.
        let since = work.now.saturating_sub(DAY);
        if device::requested_since(core, signer.customer, since).await? >= REQUESTED_PER_DAY_MAX {
            return Ok(Err(Refusal::TooManyDevices));
        }
        device::drop_successors(core, signer.id, work.now).await?;
        // Whoever shows these keys as a stranger's is not needed any more.
        join::drop_waiting(core, new.device).await?;
        let new = JoinRow {
            name: signer.name.clone(),
            ..new
        };
        let (device, came) = (new.device, Came::InPlaceOf(signer.id));
        admit(core, new, signer.customer, signer.rights, came, work.now).await?;
        Ok(Ok(DeviceOrdered {
            device,
            standing: Standing::New,
        }))
    }

    /// The keys in a request that they have signed themselves, for this bank and in time.
    fn new_keys(&self, request: &str, now: Timestamp) -> Option<JoinRow> {
        let jws = Jws::parse(request).ok()?;
        if jws.kind() != Kind::JoinRequest {
            return None;
        }
        let claimed: Payload<JoinRequest> =
            serde_json::from_slice(jws.unverified_payload()).ok()?;
        let key = VerifyingKey::from_jwk(&claimed.body.signing_key).ok()?;
        let verified = jws.verify(&*self.rsa, &key).ok()?;
        let payload: Payload<JoinRequest> = self.payload_of(&verified).ok()?;
        payload.check_time(now).ok()?;
        join_row(verified.digest(), &payload, now)
    }
}
