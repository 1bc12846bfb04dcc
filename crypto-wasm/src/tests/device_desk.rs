//! What the bank in memory does about devices, as the real one does.

use super::{
    bank::{Bank, Device},
    pki::{RSA, base64},
};
use envelope::{Jws, Role, RsaPublicKey, Validity, VerifyingKey, enrol::join_code};
use message::{
    Kind, Payload, Thumbprint,
    device::{
        DeviceChange, DeviceOrder, DeviceOrdered, DeviceView, Devices, DevicesAsk, EnrolledBy,
        Join, JoinAsk, JoinRequest, Joining, RenewAsk, Renewed, Rights, Standing,
    },
    notice::Notice,
    receipt::{Refusal, Refused},
    text::Label,
};

fn keys(request: &JoinRequest) -> (VerifyingKey, RsaPublicKey) {
    (
        VerifyingKey::from_jwk(&request.signing_key).unwrap(),
        RsaPublicKey::from_jwk(&request.encryption_key).unwrap(),
    )
}

/// A request, its signature checked with the key it shows.
fn shown(jws: &Jws) -> JoinRequest {
    let payload: Payload<JoinRequest> = serde_json::from_slice(jws.unverified_payload()).unwrap();
    let (signing, _) = keys(&payload.body);
    jws.verify(&RSA, &signing).unwrap();
    payload.body
}

impl Bank {
    /// Where a device stands.
    pub(super) fn stands(&self, device: Thumbprint) -> Standing {
        let standing = self.standing.get(&device).copied();
        standing.unwrap_or(Standing::Active)
    }

    /// A device that does not count is told so, whatever it asks; an order that was answered before
    /// gets the same answer again.
    pub(super) fn refuses(&mut self, jws: &Jws) -> bool {
        let device = jws.kid();
        if self.changed.contains_key(&jws.digest()) || jws.kind() == Kind::JoinRequest {
            return false;
        }
        let reason = match self.standing.get(&device) {
            Some(Standing::Suspended) => Refusal::DeviceSuspended,
            Some(Standing::Revoked) => Refusal::DeviceNotActive,
            Some(Standing::Replaced) => Refusal::DeviceReplaced,
            _ => return false,
        };
        self.say(device, Refused { reason }, Some(jws.digest()), false);
        true
    }

    pub(super) fn about_devices(&mut self, jws: &Jws) {
        let device = jws.kid();
        match jws.kind() {
            Kind::DevicesAsk => {
                self.read::<DevicesAsk>(jws);
                let devices = self.list();
                self.say(device, devices, Some(jws.digest()), true);
            }
            Kind::JoinRequest => self.wait_for_approval(jws),
            Kind::JoinAsk => {
                let code = self.read::<JoinAsk>(jws).body.code;
                let found = self.joins.values().find_map(|request| {
                    let (signing, encryption) = keys(request);
                    let join = Join {
                        device: signing.thumbprint(),
                        encryption: encryption.thumbprint(),
                        device_name: request.device_name.clone(),
                        at: self.now,
                    };
                    (join_code(&join.device, &join.encryption) == code).then_some(join)
                });
                match found {
                    Some(join) => self.say(device, join, Some(jws.digest()), true),
                    None => {
                        let reason = Refusal::JoinUnknown;
                        self.say(device, Refused { reason }, Some(jws.digest()), true);
                    }
                }
            }
            Kind::RenewAsk => {
                self.read::<RenewAsk>(jws);
                let renewed = self.renewed(device);
                self.say(device, renewed, Some(jws.digest()), true);
            }
            _ => self.change(jws),
        }
    }

    fn list(&self) -> Devices {
        let devices = self.devices.keys().map(|id| DeviceView {
            device: *id,
            name: Label::parse("Kitchen laptop").unwrap(),
            enrolled_by: EnrolledBy::Slip,
            standing: self.stands(*id),
            rights: Rights::Sign,
            requested_at: self.now,
            active_at: Some(self.now),
            last_used_at: None,
            ended_at: None,
            certificates_until: None,
            predecessor: self.successors.get(id).copied(),
        });
        Devices {
            at: self.now,
            devices: devices.collect(),
        }
    }

    fn renewed(&self, id: Thumbprint) -> Renewed {
        let device = &self.devices[&id];
        // From now on, as a registrar writes it.
        let validity = Validity {
            not_before: self.now,
            not_after: self.now + 60_000_000,
        };
        let certificate = |role, spki: &[u8]| base64(&self.pki.certify(role, spki, id, validity));
        let spki = device.signing.to_spki_der().unwrap();
        Renewed {
            signing_certificate: certificate(Role::DeviceSigning, &spki),
            encryption_certificate: certificate(
                Role::DeviceEncryption,
                device.encryption.to_spki_der(),
            ),
            chain: vec![base64(&self.pki.enrolment_ca.certificate)],
        }
    }

    fn wait_for_approval(&mut self, jws: &Jws) {
        let request = shown(jws);
        let (signing, encryption) = keys(&request);
        let id = signing.thumbprint();
        if let Some(answer) = self.enrolled.get(&id).cloned() {
            return self.post(id, &answer, false);
        }
        let device = Device {
            id,
            signing,
            encryption,
        };
        self.devices.insert(id, device);
        if self.stands(id) == Standing::Revoked {
            let reason = Refusal::JoinUnknown;
            return self.say(id, Refused { reason }, Some(jws.digest()), false);
        }
        self.standing.insert(id, Standing::New);
        self.joins.insert(id, request);
        let until = self.now + 3_600;
        self.say(id, Joining { until }, Some(jws.digest()), false);
    }

    fn change(&mut self, jws: &Jws) {
        let device = jws.kid();
        if let Some(answer) = self.changed.get(&jws.digest()).cloned() {
            return self.post(device, &answer, false);
        }
        let change = self.read::<DeviceOrder>(jws).body.change;
        self.changes.push(change.clone());
        let (target, standing) = match &change {
            DeviceChange::Rename { device, .. } | DeviceChange::Allow { device, .. } => {
                (*device, self.stands(*device))
            }
            DeviceChange::Suspend { device } => (*device, Standing::Suspended),
            DeviceChange::Resume { device } => (*device, Standing::Active),
            DeviceChange::Revoke { device, .. } | DeviceChange::Mismatch { device } => {
                self.joins.remove(device);
                (*device, Standing::Revoked)
            }
            DeviceChange::Approve { device, .. } => (*device, Standing::New),
            DeviceChange::Replace { request } => {
                let request = shown(&Jws::parse(request).unwrap());
                let (signing, encryption) = keys(&request);
                let id = signing.thumbprint();
                let new = Device {
                    id,
                    signing,
                    encryption,
                };
                self.devices.insert(id, new);
                self.successors.insert(id, jws.kid());
                (id, Standing::New)
            }
        };
        self.standing.insert(target, standing);
        let ordered = DeviceOrdered {
            device: target,
            standing,
        };
        let answer = self.signed(device, ordered, Some(jws.digest()));
        self.post(device, &answer, true);
        self.changed.insert(jws.digest(), answer);
        if let DeviceChange::Approve { .. } | DeviceChange::Replace { .. } = &change {
            self.joins.remove(&target);
            self.certify(target, jws.digest());
        }
    }

    /// A device has signed its nonce back: it counts, and whose place it takes does not.
    pub(super) fn activated(&mut self, device: Thumbprint) {
        self.standing.remove(&device);
        if let Some(old) = self.successors.get(&device).copied() {
            self.standing.insert(old, Standing::Replaced);
            let at = self.now;
            self.say(old, Notice::KeysReplaced { device, at }, None, false);
        }
    }
}
