//! Certificates and key sets that come in over links. Whoever inserted them: what counts is the chain
//! to the pinned root.

use super::{
    Processor,
    intake::Reason,
    work::{Item, Work},
};
use crate::{
    Fault,
    store::{
        alarm::Alarm,
        certificate::{self, CertificateRow},
        key_set, processor,
    },
};
use envelope::{Certificate, Jws, Role, VerifiedCertificate, verify_chain};
use message::{Timestamp, link::ItemKind};
use relay::link::Party;
use sqlx::PgConnection;

pub(super) const NO_CHAIN: Reason = (
    "no-chain",
    "The certificate or key set does not lead to the pinned root, or is not for this link.",
);

impl Processor {
    /// A certificate of a bank's own. Licences come in records.
    pub(super) async fn take_certificate(
        &self,
        core: &mut PgConnection,
        from: &Party,
        der: &[u8],
        work: &mut Work,
    ) -> Result<Result<(), Reason>, Fault> {
        let Ok(leaf) = Certificate::from_der(der) else {
            return Ok(Err(NO_CHAIN));
        };
        let Some(bank) = from.bic() else {
            return Ok(Err(NO_CHAIN));
        };
        let known = self.register(core, work.now).await?;
        let Some(standing) = known.register.bank(bank) else {
            return Ok(Err(NO_CHAIN));
        };
        if !matches!(leaf.role(), Role::ProcessorCa | Role::Processor) {
            return Ok(Err(NO_CHAIN));
        }
        let mut intermediates = vec![standing.licence.clone()];
        intermediates.extend(standing.replaced.iter().rev().take(4).cloned());
        let cas = certificate::of_party(core, &from.lower(), Role::ProcessorCa.word()).await?;
        for ca in cas.iter().take(4) {
            intermediates.push(Certificate::from_der(&ca.der)?);
        }
        let chain = verify_chain(
            &*self.rsa,
            &self.keyring.anchor,
            &leaf,
            &intermediates,
            leaf.role(),
            bank,
            work.now,
        );
        if chain.is_err() {
            return Ok(Err(NO_CHAIN));
        }
        certificate::insert(core, &row_of(&from.lower(), &leaf), work.now).await?;
        Ok(Ok(()))
    }

    /// What another party needs in order to believe and reach us.
    pub(super) async fn introduce(
        &self,
        core: &mut PgConnection,
        party: &str,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let own = self.keyring.bank.bic.lower();
        let cas = certificate::of_party(core, &own, Role::ProcessorCa.word()).await?;
        let mut bodies: Vec<(ItemKind, Vec<u8>)> = cas
            .into_iter()
            .map(|row| (ItemKind::Certificate, row.der))
            .collect();
        let processors = processor::active(core).await?;
        let ids: Vec<_> = processors.iter().map(|row| row.id).collect();
        for row in certificate::of_subjects(core, &ids).await? {
            if row.party == own && row.role == Role::Processor.word() {
                bodies.push((ItemKind::Certificate, row.der));
            }
        }
        if let Some((_, jws)) = key_set::newest(core).await?.remove(&own) {
            bodies.push((ItemKind::KeySet, jws.into_bytes()));
        }
        work.items
            .extend(bodies.into_iter().map(|(kind, body)| Item {
                party: party.to_owned(),
                kind,
                body,
                payment: None,
            }));
        Ok(())
    }

    /// A bank's key set. A number lower than the highest seen is refused.
    pub(super) async fn take_key_set(
        &self,
        core: &mut PgConnection,
        from: &Party,
        body: &[u8],
        work: &mut Work,
    ) -> Result<Result<(), Reason>, Fault> {
        let known = self.register(core, work.now).await?;
        let bank = from.bic().and_then(|bank| known.register.bank(bank));
        let jws = std::str::from_utf8(body)
            .ok()
            .and_then(|text| Jws::parse(text).ok());
        let (Some(standing), Some(jws)) = (bank, jws) else {
            return Ok(Err(NO_CHAIN));
        };
        let Some(bank_ca) = self.licence_of(&standing.licence, work.now) else {
            return Ok(Err(NO_CHAIN));
        };
        let Ok(set) = envelope::key_set::verify(&*self.rsa, &bank_ca, &jws, work.now) else {
            return Ok(Err(NO_CHAIN));
        };
        let known = key_set::newest(core).await?.remove(&from.lower());
        if known.is_some_and(|(number, text)| {
            number > set.number || (number == set.number && text != jws.as_str())
        }) {
            work.alarms.push(Alarm {
                party: from.lower(),
                epoch: 0,
                seq: i64::try_from(set.number).unwrap_or(i64::MAX),
                what: "key-set",
                detail: "A key set has a number that was used before, or a lower one.".to_owned(),
            });
            return Ok(Err(NO_CHAIN));
        }
        key_set::insert(core, &from.lower(), set.number, jws.as_str(), work.now).await?;
        Ok(Ok(()))
    }

    fn licence_of(&self, licence: &Certificate, now: Timestamp) -> Option<VerifiedCertificate> {
        let bank = licence.party().bic()?;
        let anchor = &self.keyring.anchor;
        verify_chain(&*self.rsa, anchor, licence, &[], Role::BankCa, bank, now).ok()
    }
}

/// A certificate as it is stored.
pub(crate) fn row_of(party: &str, certificate: &Certificate) -> CertificateRow {
    CertificateRow {
        party: party.to_owned(),
        role: certificate.role().word().to_owned(),
        subject: certificate.key_thumbprint(),
        der: certificate.der().to_vec(),
        not_after: certificate.not_after(),
    }
}
