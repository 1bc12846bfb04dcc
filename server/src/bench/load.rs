//! Many devices pay at the same time: each sends what it has signed beforehand, and reads its
//! mailbox until every receipt is there.

use super::{Payer, one_euro};
use crate::{cli::Failure, device::Opened};
use envelope::Jwe;
use message::{
    Iban, MessageId,
    receipt::{Outcome, Receipt},
    text::Name,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Envelopes of one device that are under way to the edge at the same time.
const IN_FLIGHT: usize = 8;
/// How long a run may go on.
const LIMIT: Duration = Duration::from_secs(600);

/// How long each payment took, and all of them together.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    latencies: Vec<Duration>,
    took: Duration,
}

impl Measured {
    pub(super) fn new(mut latencies: Vec<Duration>, took: Duration) -> Self {
        latencies.sort_unstable();
        Self { latencies, took }
    }

    /// Payments a second.
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency that this share of the payments stayed below, in milliseconds.
    pub(super) fn quantile_ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * share).round() as usize;
        self.latencies
            .get(at)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Everybody pays the account in the same place of the list.
pub(super) async fn run(
    payers: Vec<Payer>,
    payees: &[(Name, Iban)],
    orders: usize,
) -> Result<(Measured, Vec<Payer>), Failure> {
    // Signing and sealing come first; their time does not count.
    let mut ready = Vec::with_capacity(payers.len());
    for (payer, payee) in payers.into_iter().zip(payees) {
        let order = one_euro(&payer, payee)?;
        let mut sealed = Vec::with_capacity(orders);
        for _ in 0..orders {
            let (id, jws) = payer.device.order(&order)?;
            sealed.push((id, payer.device.seal(&jws)?));
        }
        ready.push((payer, sealed));
    }
    let start = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for (payer, sealed) in ready {
        running.spawn(pay_all(payer, sealed));
    }
    let (mut latencies, mut payers) = (Vec::new(), Vec::new());
    while let Some(done) = running.join_next().await {
        let (mut own, payer) = done??;
        latencies.append(&mut own);
        payers.push(payer);
    }
    Ok((Measured::new(latencies, start.elapsed()), payers))
}

/// One device: sends everything, and reads until every receipt is there.
async fn pay_all(
    mut payer: Payer,
    sealed: Vec<(MessageId, Jwe)>,
) -> Result<(Vec<Duration>, Payer), Failure> {
    let mut accepted: HashMap<MessageId, Instant> = HashMap::with_capacity(sealed.len());
    let mut latencies = Vec::with_capacity(sealed.len());
    let until = Instant::now() + LIMIT;
    for group in sealed.chunks(IN_FLIGHT) {
        let sending = group
            .iter()
            .map(|(_, envelope)| payer.device.send(envelope));
        for sent in futures::future::join_all(sending).await {
            sent?;
        }
        let now = Instant::now();
        accepted.extend(group.iter().map(|(id, _)| (*id, now)));
        take_receipts(&mut payer, &mut accepted, &mut latencies).await?;
    }
    while !accepted.is_empty() {
        if Instant::now() > until {
            return Err(format!("{} receipts did not come in time", accepted.len()).into());
        }
        if take_receipts(&mut payer, &mut accepted, &mut latencies).await? == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    Ok((latencies, payer))
}

/// Reads the mailbox once; answers how many letters there were.
async fn take_receipts(
    payer: &mut Payer,
    accepted: &mut HashMap<MessageId, Instant>,
    latencies: &mut Vec<Duration>,
) -> Result<usize, Failure> {
    let letters = payer.device.read_mail().await?;
    for receipt in letters.iter().filter_map(Opened::read::<Receipt>) {
        if let Outcome::Refused { reason } = receipt.body.outcome {
            return Err(format!("an order was refused: {}", reason.words()).into());
        }
        if let Some(at) = accepted.remove(&receipt.body.order) {
            latencies.push(at.elapsed());
        }
    }
    Ok(letters.len())
}
