//! The processor: the bridge between core, front and gateways. Many run side by side, all alike.
//!
//! A round: claim what waits, open and verify it on all cores, decide and write in one core
//! transaction, commit, copy the outbox, then delete what waited. A crash at any point is answered by
//! the inbox key: what was committed is answered as before, what was not is decided then.
//!
//! - `intake` opens and verifies what customers say, `link_open` what banks say; `front_batch` is the
//!   transaction for customers' messages, `link_batch` the one for a link's items.
//! - `orders`, `interbank` and `clearing`, `enrolment`, `joining`, `device_orders` and `replacing`,
//!   `renewal`, `sessions` and `peer_sessions`, `enquiries` and `devices`, `documents_in` decide.
//! - `addressing` and `sealing` sign and seal; `work` writes; `copy` brings it to front and gateways after the commit.
//! - `revoked` knows what removed processors have signed, here and at other banks.
//! - `parameters` what two operators have laid down, `limits` what that means for orders.
//! - `announce`, `silent`, `acks` do what no incoming message asks for.
//!
//! Never does: release a hold on silence, judge by anything that was read outside of the deciding
//! transaction, or delete what waits before the commit.

mod acks;
mod addressing;
mod announce;
mod clearing;
mod copy;
pub(crate) mod device_orders;
mod devices;
mod documents_in;
pub(crate) mod draft;
mod enquiries;
pub(crate) mod enrolment;
mod front_batch;
mod intake;
mod interbank;
pub(crate) mod joining;
pub(crate) mod keyring;
mod keys;
mod licences;
mod limits;
mod link_aside;
mod link_batch;
mod link_open;
mod orders;
mod parameters;
mod peer_sessions;
mod receipts;
mod register;
mod renewal;
mod replacing;
mod revoked;
mod rounds;
mod sealing;
mod sessions;
mod silent;
mod suspense;
mod work;

pub(crate) use documents_in::row_of;

use crate::{Clock, Entropy, Fault, ProcessorSecret, store::fault_log, time::random};
use envelope::Rsa;
use intake::{Arrival, Reason, aside};
use keyring::Keyring;
use keys::Keys;
use message::{Bic, Thumbprint, Timestamp};
use register::Registry;
use relay::{front::Front, gateway::Gateway, link::Party};
use sqlx::{PgConnection, PgPool};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64},
    },
};

/// Envelopes taken at a time.
const ENVELOPES: u32 = 1_000;

/// How long answers to questions are kept, in seconds.
const ANSWER_SECONDS: i64 = 60 * 60;

/// What failed by our own fault.
const FAULT: Reason = (
    "fault",
    "Deciding this failed by a fault of ours; the log has the reference.",
);

/// What a processor works with.
pub struct Wiring {
    /// The core, as role `processor`. Six connections or more.
    pub core: PgPool,
    /// The front, as role `processor`.
    pub front: Front,
    /// The gateway of each outside party, as role `processor`.
    pub gateways: Vec<(Party, Gateway)>,
    /// The origins of the bank's edges, for the public documents.
    pub edges: Vec<String>,
    /// RSA: `relay::primitive::AwsLcRsa`.
    pub rsa: Arc<dyn Rsa>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A processor. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Processor(Arc<Inner>);

/// What a processor holds.
pub struct Inner {
    core: PgPool,
    front: Front,
    gateways: Vec<(Party, Gateway)>,
    edges: Vec<String>,
    rsa: Arc<dyn Rsa>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keyring: Keyring,
    keys: Keys,
    /// The authority's register.
    registry: Registry,
    /// What two operators have laid down.
    parameters: parameters::Known,
    /// When to look whether this processor's certificates are to be renewed.
    renew_at: AtomicI64,
    /// The fronts may not have the newest documents yet.
    unpublished: AtomicBool,
    /// Something was written for gateways.
    outbound: tokio::sync::Notify,
}

impl Deref for Processor {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Processor {
    /// Reads the bank from its core and opens the keys that were wrapped to this processor.
    ///
    /// # Errors
    /// [`Fault::Setup`] says what is missing; [`Fault::Unavailable`] passes.
    pub async fn start(wiring: Wiring, secret: &ProcessorSecret) -> Result<Self, Fault> {
        let mut core = wiring.core.acquire().await?;
        let now = wiring.clock.now();
        let keyring = Keyring::open(&mut core, &*wiring.rsa, secret, now).await?;
        drop(core);
        Ok(Self(Arc::new(Inner {
            core: wiring.core,
            front: wiring.front,
            gateways: wiring.gateways,
            edges: wiring.edges,
            rsa: wiring.rsa,
            clock: wiring.clock,
            entropy: wiring.entropy,
            registry: Registry::new(keyring.anchor.clone()),
            keyring,
            keys: Keys::default(),
            parameters: parameters::Known::default(),
            renew_at: AtomicI64::new(0),
            // Whoever was here before may have ended between a commit and what follows it.
            unpublished: AtomicBool::new(true),
            outbound: tokio::sync::Notify::new(),
        })))
    }

    /// The bank.
    pub fn bank(&self) -> &Bic {
        &self.keyring.bank.bic
    }

    /// This processor's id: the thumbprint of its signing key.
    pub fn id(&self) -> Thumbprint {
        self.keyring.signing.thumbprint()
    }

    /// Takes one batch of what customers have sent, decides, commits, copies, and deletes what
    /// waited. Answers how many envelopes it took.
    ///
    /// # Errors
    /// A [`Fault`] leaves everything waiting.
    pub async fn take_front(&self) -> Result<usize, Fault> {
        let claim = self.front.claim(ENVELOPES).await?;
        if claim.is_empty() {
            claim.release().await?;
            return Ok(0);
        }
        let count = claim.items().len();
        self.decide_envelopes(claim.items()).await?;
        self.copy_letters().await?;
        claim.all_done().await?;
        Ok(count)
    }

    /// Opens, decides and commits envelopes; copies nothing yet.
    pub(crate) async fn decide_envelopes(
        &self,
        envelopes: &[relay::front::InEnvelope],
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let arrivals = self.open(envelopes, now).await?;
        self.commit_or_single_out(&arrivals, now).await?;
        self.outbound.notify_waiters();
        Ok(())
    }

    /// Commits a batch, or its messages one by one when that fails: what breaks a promise of the
    /// tables is put aside, and the queue goes on.
    async fn commit_or_single_out(
        &self,
        arrivals: &[Arrival],
        now: Timestamp,
    ) -> Result<(), Fault> {
        match self.commit_arrivals(arrivals, now).await {
            Err(fault) if !fault.is_passing() => {
                tracing::error!(%fault, "a batch failed: deciding its messages one by one");
            }
            done => return done,
        }
        for arrival in arrivals {
            let one = std::slice::from_ref(arrival);
            match self.commit_arrivals(one, now).await {
                Err(fault) if !fault.is_passing() => self.put_aside(arrival, &fault, now).await?,
                done => done?,
            }
        }
        Ok(())
    }

    async fn put_aside(
        &self,
        arrival: &Arrival,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let row = match arrival {
            Arrival::Said(message) => aside(&message.envelope, FAULT),
            Arrival::Aside(row) => row.clone(),
            Arrival::SealAgain { session, .. } => {
                tracing::error!(%session, %fault, "a device was not asked to seal again");
                return Ok(());
            }
        };
        let mut tx = self.core.begin().await?;
        let source = crate::store::outbox::FRONT;
        self.note_fault(&mut tx, &row.envelope, source, fault, now)
            .await?;
        crate::store::quarantine::insert(&mut tx, &[row], source, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down a fault of ours: the reference stands in the log beside the details.
    async fn note_fault(
        &self,
        core: &mut PgConnection,
        envelope: &[u8; 32],
        source: &str,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let reference = data_encoding::HEXLOWER.encode(envelope.get(..8).unwrap_or_default());
        tracing::error!(reference, source, %fault, "fault");
        fault_log::insert(core, &reference, "deciding a message failed", source, now).await
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        random(&*self.entropy)
    }
}

/// Runs a computation on all cores without holding up the other tasks.
async fn crypto<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    Ok(tokio::task::spawn_blocking(compute).await?)
}
