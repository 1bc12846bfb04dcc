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
        key_set,
        peer::{self, Admission, PeerRow},
        processor,
    },
};
use envelope::{Certificate, Jws, Role, VerifiedCertificate, verify_chain};
use message::{link::ItemKind, text::Name};
use relay::link::{Party, chain::start_hash};
use sqlx::PgConnection;

const NO_CHAIN: Reason = (
    "no-chain",
    "The certificate or key set does not lead to the pinned root, or is not for this link.",
);

impl Processor {
    /// A certificate: from the authority a licence, from a bank one of its own.
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
        if *from == Party::Authority {
            return self.take_licence(core, &leaf, work).await;
        }
        let peers = peer::all(core).await?;
        let Some(peer) = peers.iter().find(|row| row.bic.lower() == from.lower()) else {
            return Ok(Err(NO_CHAIN));
        };
        if !matches!(leaf.role(), Role::ProcessorCa | Role::Processor) {
            return Ok(Err(NO_CHAIN));
        }
        let mut intermediates = vec![Certificate::from_der(&peer.licence)?];
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
            &peer.bic,
            work.now,
        );
        if chain.is_err() {
            return Ok(Err(NO_CHAIN));
        }
        certificate::insert(core, &row_of(&from.lower(), &leaf), work.now).await?;
        Ok(Ok(()))
    }

    /// The authority has licensed a bank: it becomes a peer, and is told who signs for us.
    async fn take_licence(
        &self,
        core: &mut PgConnection,
        leaf: &Certificate,
        work: &mut Work,
    ) -> Result<Result<(), Reason>, Fault> {
        let Some(bic) = leaf.party().bic().cloned() else {
            return Ok(Err(NO_CHAIN));
        };
        let anchor = &self.keyring.anchor;
        let licence = verify_chain(&*self.rsa, anchor, leaf, &[], Role::BankCa, &bic, work.now);
        let terms = licence.ok().and_then(|licence| licence.licence().cloned());
        let name = Name::parse(&leaf.common_name());
        let (Some(terms), Ok(name)) = (terms, name) else {
            return Ok(Err(NO_CHAIN));
        };
        if bic == self.keyring.bank.bic {
            // The authority knows us now: it believes our acknowledgements once it has this.
            self.introduce(core, &Party::Authority.lower(), work)
                .await?;
            return Ok(Ok(()));
        }
        let (us, them) = (
            Party::Bank(self.keyring.bank.bic.clone()),
            Party::Bank(bic.clone()),
        );
        let admission = Admission {
            bic: &bic,
            name: &name,
            iban_prefix: &terms.iban_prefix,
            settlement_cap: terms.settlement_cap_minor,
            licence: leaf.der(),
            start_out: *start_hash(&us, &them, 1).as_bytes(),
            start_in: *start_hash(&them, &us, 1).as_bytes(),
        };
        certificate::insert(core, &row_of(&them.lower(), leaf), work.now).await?;
        if peer::admit(core, &admission, work.now).await? {
            tracing::info!(bank = %bic, "a licensed bank is now a peer");
            self.introduce(core, &them.lower(), work).await?;
        }
        Ok(Ok(()))
    }

    /// What another party needs in order to believe and reach us.
    async fn introduce(
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
        let peers = peer::all(core).await?;
        let peer = peers.iter().find(|row| row.bic.lower() == from.lower());
        let jws = std::str::from_utf8(body)
            .ok()
            .and_then(|text| Jws::parse(text).ok());
        let (Some(peer), Some(jws)) = (peer, jws) else {
            return Ok(Err(NO_CHAIN));
        };
        let Some(bank_ca) = self.licence_of(peer, work.now)? else {
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

    fn licence_of(
        &self,
        peer: &PeerRow,
        now: message::Timestamp,
    ) -> Result<Option<VerifiedCertificate>, Fault> {
        let leaf = Certificate::from_der(&peer.licence)?;
        let anchor = &self.keyring.anchor;
        let chain = verify_chain(&*self.rsa, anchor, &leaf, &[], Role::BankCa, &peer.bic, now);
        Ok(chain.ok())
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
