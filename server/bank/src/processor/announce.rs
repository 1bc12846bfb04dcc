//! What others have done in the core and somebody must be told of: certificates that the registrar
//! has issued, revocations, new processors.

use super::{
    Processor,
    draft::{Draft, To},
    keyring::wrap,
    renewal::Papers,
    work::{Item, Work},
};
use crate::{
    Fault,
    store::{
        certificate::{self, CertificateRow},
        certificate_request::{self, Issued, SubjectKind},
        customer,
        device::{self, Device},
        join, key_set, outbox, peer, processor,
        revocation::{self, Untold},
        session,
        to_tell::{self, ToTell},
        wrapped_key,
    },
    time::random,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use envelope::{Jws, Party, Role, RsaPublicKey};
use message::{
    Kind, Payload, Thumbprint,
    api::BankInfo,
    device::{DeviceChange, DeviceOrder, Standing},
    enrol::Enrolled,
    link::ItemKind,
    notice::Notice,
    revocation::DeviceRevocation,
};
use sqlx::PgConnection;
use std::sync::atomic::Ordering;

impl Processor {
    /// Tells whoever waits for it. Answers how many were told.
    pub async fn announce(&self) -> Result<usize, Fault> {
        let renewed = self.renew_own().await?;
        let issued = self.announce_issued().await?;
        let revoked = self.announce_revoked().await?;
        let told = self.tell().await?;
        self.hand_keys().await?;
        self.forget_strangers().await?;
        Ok(issued + revoked + told + usize::from(renewed))
    }

    /// Publishes the documents when there may be newer ones. A front that is away gets them later.
    pub(super) async fn publish_news(&self) -> Result<(), Fault> {
        if !self.unpublished.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let published = self.publish_documents().await;
        if published.is_err() {
            self.unpublished.store(true, Ordering::Release);
        }
        published
    }

    /// New devices that have waited too long go.
    async fn forget_strangers(&self) -> Result<(), Fault> {
        let mut core = self.core.acquire().await?;
        join::prune(&mut core, self.clock.now()).await
    }

    /// What operators have done: customers' devices get notices, fronts and banks a new key set. Says
    /// how much.
    async fn tell(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut tx = self.core.begin().await?;
        let untold = to_tell::lock(&mut tx).await?;
        if untold.is_empty() {
            return Ok(0);
        }
        let mut work = Work::new(now, outbox::FRONT);
        let (mut ids, mut rotated) = (Vec::new(), false);
        for (id, what) in untold {
            ids.push(id);
            match what {
                ToTell::Notice(customer, but_not, notice) => {
                    work.notices.push((customer, but_not, *notice));
                }
                ToTell::KeySet => rotated = true,
            }
        }
        if rotated {
            // Nobody is asked to seal to a key that could not be opened here.
            self.keyring.learn(&mut tx, &*self.rsa).await?;
            let own = self.keyring.bank.bic.lower();
            if let Some((_, jws)) = key_set::newest(&mut tx).await?.remove(&own) {
                for peer in peer::all(&mut tx).await? {
                    work.items.push(Item {
                        party: peer.bic.lower(),
                        kind: ItemKind::KeySet,
                        body: jws.clone().into_bytes(),
                        payment: None,
                    });
                }
            }
        }
        to_tell::delete(&mut tx, &ids).await?;
        let peers = self.peers(&mut tx, now).await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        self.close(&mut tx, work).await?;
        if rotated {
            // Before the commit: it is not told a second time.
            self.unpublished.store(true, Ordering::Release);
        }
        tx.commit().await?;
        Ok(ids.len())
    }

    /// Certificates that were issued: devices get theirs sealed, peers learn of new processors. Says
    /// how many.
    async fn announce_issued(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut tx = self.core.begin().await?;
        let issued = certificate_request::lock_issued(&mut tx).await?;
        if issued.is_empty() {
            return Ok(0);
        }
        let mut work = Work::new(now, outbox::FRONT);
        let mut processors = false;
        for one in &issued {
            match one.kind {
                SubjectKind::Device => self.tell_device(&mut tx, one, &mut work).await?,
                SubjectKind::Processor => {
                    processors = true;
                    self.tell_peers(&mut tx, one, &mut work).await?;
                }
            }
        }
        let subjects: Vec<Thumbprint> = issued.iter().map(|one| one.subject).collect();
        certificate_request::mark_told(&mut tx, &subjects).await?;
        let peers = self.peers(&mut tx, now).await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        self.close(&mut tx, work).await?;
        if processors {
            // Before the commit: it is not told a second time.
            self.unpublished.store(true, Ordering::Release);
        }
        tx.commit().await?;
        Ok(issued.len())
    }

    async fn tell_device(
        &self,
        core: &mut PgConnection,
        issued: &Issued,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let Some(device) = device::by_ids(core, &[issued.subject]).await?.pop() else {
            return Ok(());
        };
        let papers = self.papers(core, issued).await?;
        if let Some(question) = issued.renewal {
            device::mark_renewed(core, device.id, papers.until).await?;
            // It may be suspended at this moment: the answer is there when it counts again.
            if device.standing != Standing::Revoked {
                self.answer_renewal(&device, question, papers, work);
            }
            return Ok(());
        }
        let nonce: [u8; 16] = random(&*self.entropy);
        let until = papers.until;
        let enrolled = self.enrolled(core, &device, papers, &nonce).await?;
        let aud = device.id.to_string();
        let payload = self.payload(aud, Some(device.request), enrolled, work.now);
        let mut rng = self.entropy.rng();
        let jws = envelope::sign(&*self.rsa, &self.keyring.signing, &payload, &mut *rng)?;
        drop(rng);
        // A device that was revoked meanwhile gets nothing.
        if device::mark_enrolled(core, device.id, &nonce, jws.as_str(), until).await? {
            let key = self.keys.of(&device.encryption_key)?;
            work.drafts.push(Draft::again(jws, To::Key(device.id, key)));
        }
        Ok(())
    }

    async fn enrolled(
        &self,
        core: &mut PgConnection,
        device: &Device,
        papers: Papers,
        nonce: &[u8],
    ) -> Result<Enrolled, Fault> {
        let names = customer::names(core, &[device.customer]).await?;
        let name = names.get(&device.customer).ok_or(Fault::Row {
            table: "customer",
            column: "number",
        })?;
        Ok(Enrolled {
            customer_name: name.clone(),
            customer_number: device.customer.to_string(),
            signing_certificate: papers.signing,
            encryption_certificate: papers.encryption,
            chain: papers.chain,
            nonce: BASE64URL_NOPAD.encode(nonce),
        })
    }

    async fn tell_peers(
        &self,
        core: &mut PgConnection,
        issued: &Issued,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let found = certificate::by_fingerprint(core, &issued.signing_certificate).await?;
        let Some(row) = found else {
            return Ok(());
        };
        let peers = peer::all(core).await?;
        let banks = peers.iter().map(|peer| peer.bic.lower());
        for party in banks.chain([Party::Authority.lower()]) {
            work.items.push(Item {
                party,
                kind: ItemKind::Certificate,
                body: row.der.clone(),
                payment: None,
            });
        }
        Ok(())
    }

    /// Devices that were revoked: the fronts shut them out, the customer's others are told.
    async fn announce_revoked(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut tx = self.core.begin().await?;
        let untold = revocation::lock_untold(&mut tx).await?;
        if untold.is_empty() {
            return Ok(0);
        }
        let mut work = Work::new(now, outbox::FRONT);
        let ids: Vec<Thumbprint> = untold.iter().map(|row| row.device).collect();
        let mut named = ids.clone();
        for row in &untold {
            self.front.revoke_device(&row.device).await?;
            session::end_of(&mut tx, row.device, row.at).await?;
            named.extend(Jws::parse(&row.jws).map(|jws| jws.kid()));
        }
        let devices = device::by_ids(&mut tx, &named).await?;
        let find = |id| devices.iter().find(|device| device.id == id);
        for row in &untold {
            // Those that went with it are not spoken of.
            let (Some(device), true) = (find(row.device), names(row)) else {
                continue;
            };
            let by = Jws::parse(&row.jws).ok().and_then(|jws| find(jws.kid()));
            let notice = Notice::DeviceRevoked {
                device_name: device.name.clone(),
                by: by.map(|by| by.name.clone()),
                at: row.at,
            };
            let but_not = by.map_or(row.device, |by| by.id);
            work.notices.push((device.customer, Some(but_not), notice));
        }
        revocation::mark_told(&mut tx, &ids).await?;
        let peers = self.peers(&mut tx, now).await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        self.close(&mut tx, work).await?;
        tx.commit().await?;
        Ok(ids.len())
    }

    /// A processor that has certificates and no keys yet gets the bank's keys, sealed to it.
    async fn hand_keys(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut core = self.core.acquire().await?;
        for row in processor::without_keys(&mut core).await? {
            let certified = certificate::of_subjects(&mut core, &[row.id]).await?;
            let own = self.keyring.bank.bic.lower();
            if !certified
                .iter()
                .any(|c| c.party == own && c.not_after >= now)
            {
                continue;
            }
            let to = RsaPublicKey::from_spki_der(&row.unwrap_key)?;
            self.keyring.learn(&mut core, &*self.rsa).await?;
            let keys = self.keyring.decryption_keys();
            let keys: Vec<_> = keys.iter().collect();
            let mut rng = self.entropy.rng();
            let wrapped = wrap(&*self.rsa, &to, &keys, &self.keyring.storage, &mut *rng)?;
            drop(rng);
            for key in &wrapped {
                wrapped_key::insert(&mut core, row.id, key, now).await?;
            }
            tracing::info!(name = row.name, "a processor was handed the bank's keys");
        }
        Ok(())
    }

    /// Publishes what devices need to know of the bank: key set, certificates, edges.
    pub async fn publish_documents(&self) -> Result<(), Fault> {
        let mut core = self.core.acquire().await?;
        let own = self.keyring.bank.bic.lower();
        let set = key_set::newest(&mut core).await?.remove(&own);
        let (number, set) =
            set.ok_or_else(|| Fault::Setup("the core holds no key set".to_owned()))?;
        self.front.publish_key_set(number, &set).await?;
        let cas = certificate::of_party(&mut core, &own, Role::ProcessorCa.word()).await?;
        let mut certificates = vec![self.keyring.bank.licence.clone()];
        certificates.extend(cas.iter().map(|row| row.der.clone()));
        let enrolment = certificate::of_party(&mut core, &own, Role::EnrolmentCa.word()).await?;
        certificates.extend(enrolment.into_iter().map(|row| row.der));
        // Those that were removed as well: what they had signed is still checked with their keys.
        for id in processor::ids(&mut core).await? {
            let found = certificate::of_subjects(&mut core, &[id]).await?;
            // Others may have certified our key as theirs: that does not concern us.
            let ours = |c: &CertificateRow| c.party == own && c.role == Role::Processor.word();
            let newest = found.into_iter().rfind(ours);
            if let (Some(leaf), Some(ca)) = (newest, cas.first()) {
                let chain = [leaf.der, ca.der.clone(), self.keyring.bank.licence.clone()];
                self.front.publish_certificate(&id, &chain).await?;
            }
        }
        let info = BankInfo {
            bank: self.keyring.bank.bic.clone(),
            name: self.keyring.bank.name.as_str().to_owned(),
            root: BASE64.encode(&self.keyring.bank.root),
            certificates: certificates.iter().map(|der| BASE64.encode(der)).collect(),
            key_set: set,
            edges: self.edges.clone(),
            now: self.clock.now(),
        };
        self.front.publish_bank_info(&info).await?;
        Ok(())
    }
}

/// Whether the record of a revocation names this device, and not one that it went with. Its signature
/// was checked when it was stored.
fn names(row: &Untold) -> bool {
    let Ok(jws) = Jws::parse(&row.jws) else {
        return false;
    };
    let said = jws.unverified_payload();
    match jws.kind() {
        Kind::DeviceRevocation => serde_json::from_slice::<Payload<DeviceRevocation>>(said)
            .is_ok_and(|payload| payload.body.device == row.device),
        Kind::DeviceOrder => serde_json::from_slice::<Payload<DeviceOrder>>(said).is_ok_and(
            |payload| matches!(payload.body.change, DeviceChange::Revoke { device, .. } if device == row.device),
        ),
        _ => false,
    }
}
