//! Group commit at the edge: envelopes that arrive together are stored by one statement, so that
//! many senders share one flush to disk.

use super::problem::Rejected;
use relay::edge_store::EdgeStore;
use tokio::sync::{mpsc, oneshot};

/// Envelopes that may wait for the store; beyond that the edge refuses early.
pub(crate) const WAITING_MAX: usize = 4_096;
/// Envelopes in one statement.
const GROUP_MAX: usize = 512;

/// One envelope on its way into the store.
pub(crate) struct Arrival {
    pub(crate) envelope: envelope::Jwe,
    pub(crate) stored: oneshot::Sender<Result<(), Rejected>>,
}

/// Takes what is waiting, stores it in one go, and tells each sender. Ends with the last sender.
pub(crate) async fn gather(store: EdgeStore, mut arrivals: mpsc::Receiver<Arrival>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while arrivals.recv_many(&mut group, GROUP_MAX).await > 0 {
        let (envelopes, senders): (Vec<_>, Vec<_>) = group
            .drain(..)
            .map(|arrival| (arrival.envelope, arrival.stored))
            .unzip();
        let texts: Vec<&str> = envelopes.iter().map(envelope::Jwe::as_str).collect();
        let outcome = store
            .store_envelopes(&texts)
            .await
            .map(drop)
            .map_err(Rejected::from);
        for sender in senders {
            // A sender that has gone away needs no answer: the envelope is stored all the same.
            let _ = sender.send(outcome.clone());
        }
    }
}
