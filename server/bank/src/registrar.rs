//! The registrar: issues the certificates that processors have asked for. When it is down nobody new
//! comes in, and payments go on.

use crate::{
    Clock, Entropy, Fault, RegistrarSecret,
    founding::validity,
    processor::row_of,
    store::{
        certificate,
        certificate_request::{self, RequestRow, SubjectKind},
        institution,
    },
};
use envelope::{Certificate, Issuer, Role, Rsa, RsaPrivateKey, Subject};
use message::{Bic, Timestamp};
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use std::{future::Future, sync::Arc, time::Duration};

/// How long devices' certificates last, in seconds.
const DEVICE_SECONDS: i64 = 2 * 365 * 24 * 60 * 60;

/// How long processors' certificates last, in seconds; they renew them by themselves.
const PROCESSOR_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The slow scan.
const SCAN: Duration = Duration::from_secs(2);

/// Requests fulfilled at a time.
const REQUESTS: i64 = 50;

/// What a registrar works with.
pub struct RegistrarWiring {
    /// The core, as role `registrar`. Two connections are enough.
    pub core: PgPool,
    /// RSA: `relay::primitive::AwsLcRsa`.
    pub rsa: Arc<dyn Rsa>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How long devices' certificates last, in seconds; without it two years.
    pub device_seconds: Option<i64>,
    /// How long processors' certificates last, in seconds; without it 30 days.
    pub processor_seconds: Option<i64>,
}

/// Holds the keys of the enrolment CA and the processor CA.
pub struct Registrar {
    wiring: RegistrarWiring,
    bank: Bic,
    processors: Issuer,
    devices: Issuer,
}

impl Registrar {
    /// Reads the bank and its CAs from the core.
    ///
    /// # Errors
    /// [`Fault::Setup`] says what is missing.
    pub async fn start(wiring: RegistrarWiring, secret: &RegistrarSecret) -> Result<Self, Fault> {
        let mut core = wiring.core.acquire().await?;
        let bank = institution::read(&mut core)
            .await?
            .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
        let bic = bank.bic;
        let (processor_ca, enrolment_ca) = (&secret.processor_ca, &secret.enrolment_ca);
        let processors = issuer(&mut core, &bic, Role::ProcessorCa, processor_ca).await?;
        let devices = issuer(&mut core, &bic, Role::EnrolmentCa, enrolment_ca).await?;
        drop(core);
        Ok(Self {
            wiring,
            bank: bic,
            processors,
            devices,
        })
    }

    /// Fulfils what was asked for. Answers how many requests.
    ///
    /// # Errors
    /// A [`Fault`] leaves the requests as they were.
    pub async fn issue_pending(&self) -> Result<usize, Fault> {
        let now = self.wiring.clock.now();
        let mut tx = self.wiring.core.begin().await?;
        let requests = certificate_request::lock_recorded(&mut tx, REQUESTS).await?;
        for request in &requests {
            let since = self.certified_since(&mut tx, request, now).await?;
            let (signing, encryption) = self.issue(request, since, now)?;
            let party = self.bank.lower();
            certificate::insert(&mut tx, &row_of(&party, &signing), now).await?;
            certificate::insert(&mut tx, &row_of(&party, &encryption), now).await?;
            certificate_request::mark_issued(
                &mut tx,
                request.subject,
                &certificate::fingerprint(signing.der()),
                &certificate::fingerprint(encryption.der()),
            )
            .await?;
            tracing::info!(subject = %request.subject, "certificates issued");
        }
        tx.commit().await?;
        Ok(requests.len())
    }

    /// Since when the key of a processor has been certified without a gap. Its next certificate reaches
    /// as far back, so that what it has signed meanwhile is checked with the newest alone.
    async fn certified_since(
        &self,
        core: &mut PgConnection,
        request: &RequestRow,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        if request.kind != SubjectKind::Processor {
            return Ok(None);
        }
        let rows = certificate::of_subjects(core, &[request.subject]).await?;
        let (own, role) = (self.bank.lower(), Role::Processor.word());
        let newest = rows
            .into_iter()
            .rfind(|row| row.party == own && row.role == role && row.not_after >= now);
        let newest = newest.map(|row| Certificate::from_der(&row.der));
        Ok(newest.transpose()?.map(|newest| newest.not_before()))
    }

    /// The two certificates of one subject.
    fn issue(
        &self,
        request: &RequestRow,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Certificate, Certificate), Fault> {
        let (issuer, signing, encryption, seconds) = match request.kind {
            SubjectKind::Device => (
                &self.devices,
                Role::DeviceSigning,
                Role::DeviceEncryption,
                self.wiring.device_seconds.unwrap_or(DEVICE_SECONDS),
            ),
            SubjectKind::Processor => (
                &self.processors,
                Role::Processor,
                Role::ProcessorUnwrap,
                self.wiring.processor_seconds.unwrap_or(PROCESSOR_SECONDS),
            ),
        };
        let mut validity = validity(now, seconds);
        validity.not_before = since.unwrap_or(validity.not_before);
        let mut rng = self.wiring.entropy.rng();
        let mut issue = |role: Role, key: &[u8], holder| {
            let subject = Subject {
                role,
                party: (&self.bank).into(),
                name: request.name.clone(),
                key_spki: key.to_vec(),
                holder,
                validity,
                licence: None,
                tls_names: Vec::new(),
                common_name: None,
            };
            envelope::issue(&*self.wiring.rsa, issuer, &subject, &mut *rng)
        };
        let holder = Some(request.subject);
        Ok((
            issue(signing, &request.signing_key, None)?,
            issue(encryption, &request.encryption_key, holder)?,
        ))
    }

    /// Works until `shutdown` is done.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let mut listener = self.listen().await.ok();
        loop {
            match self.issue_pending().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(fault) => tracing::warn!(%fault, "no certificates issued, trying again"),
            }
            let wait = async {
                match &mut listener {
                    Some(listener) => {
                        let woken = tokio::time::timeout(SCAN, listener.recv()).await;
                        matches!(woken, Ok(Err(_)))
                    }
                    None => {
                        tokio::time::sleep(SCAN).await;
                        true
                    }
                }
            };
            tokio::select! {
                lost = wait => if lost { listener = self.listen().await.ok(); },
                () = &mut shutdown => return,
            }
        }
    }

    async fn listen(&self) -> Result<PgListener, Fault> {
        let mut listener = PgListener::connect_with(&self.wiring.core).await?;
        listener.listen("registrar").await?;
        Ok(listener)
    }
}

/// A CA of the bank whose key this is.
async fn issuer(
    core: &mut PgConnection,
    bic: &Bic,
    role: Role,
    key: &RsaPrivateKey,
) -> Result<Issuer, Fault> {
    for row in certificate::of_party(core, &bic.lower(), role.word()).await? {
        if row.subject == key.public().thumbprint() {
            return Ok(Issuer {
                certificate: Certificate::from_der(&row.der)?,
                key: key.clone(),
            });
        }
    }
    Err(Fault::Setup(format!(
        "the core holds no certificate of {role} for the registrar's key"
    )))
}
