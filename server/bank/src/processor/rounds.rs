//! Running: one task for the front, one for each gateway, one for what no message asks for. Whoever
//! is woken scans; a slow scan finds what nobody was woken for.

use super::Processor;
use crate::Fault;
use relay::{Wakeups, gateway::Gateway, link::Party};
use sqlx::postgres::PgListener;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// The slow scan.
const SCAN: Duration = Duration::from_secs(2);

/// How long to wait after something failed.
const AFTER_FAULT: Duration = Duration::from_millis(300);

/// Expired answers, or useless acknowledgements, removed at a time.
const PRUNE: u32 = 1_000;

/// How many times in a row, before other work has its turn.
const PRUNE_ROUNDS_MAX: u32 = 20;

impl Processor {
    /// Works until `shutdown` is done. What is at hand then is finished or left for another
    /// processor; nothing is lost either way.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(self.clone().serve_front(stopped.clone()));
        for (party, gateway) in self.gateways.clone() {
            tasks.spawn(self.clone().serve_gateway(party, gateway, stopped.clone()));
        }
        tasks.spawn(self.clone().serve_core(stopped));
        tracing::info!(bank = %self.bank(), processor = %self.id(), "processing");
        shutdown.await;
        let _ = stop.send(true);
        while tasks.join_next().await.is_some() {}
    }

    /// One round of everything, for tests and tools that step by hand. Answers how much it did.
    ///
    /// # Errors
    /// The first [`Fault`]; what was not done waits.
    pub async fn step(&self) -> Result<usize, Fault> {
        let mut done = self.take_front().await?;
        for (party, gateway) in &self.gateways {
            done += self.serve_gateway_once(party, gateway).await?;
        }
        done += self.chores().await?;
        self.publish_news().await?;
        for (party, gateway) in &self.gateways {
            done += self.copy_items(party, gateway).await?;
        }
        Ok(done)
    }

    async fn serve_front(self, mut stopped: watch::Receiver<bool>) {
        let mut wakeups: Option<Wakeups> = None;
        while !*stopped.borrow() {
            if wakeups.is_none() {
                wakeups = logged("front", self.front.listen().await.map_err(Fault::from));
            }
            let taken = logged("front", self.take_front().await);
            if taken.is_some_and(|count| count > 0) {
                continue;
            }
            let wait = async {
                match (&mut wakeups, taken) {
                    (Some(wakeups), Some(_)) => {
                        if wakeups.wait(SCAN).await.is_err() {
                            tokio::time::sleep(AFTER_FAULT).await;
                        }
                    }
                    _ => tokio::time::sleep(AFTER_FAULT).await,
                }
            };
            tokio::select! {
                () = wait => {}
                _ = stopped.changed() => {}
            }
        }
    }

    async fn serve_gateway(
        self,
        party: Party,
        gateway: Gateway,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut wakeups: Option<Wakeups> = None;
        let mut pruned = Instant::now();
        while !*stopped.borrow() {
            if pruned.elapsed() > SCAN {
                let useless = gateway.prune_acks(PRUNE).await;
                logged("gateway", useless.map_err(Fault::from));
                pruned = Instant::now();
            }
            if wakeups.is_none() {
                wakeups = logged("gateway", gateway.listen().await.map_err(Fault::from));
                // After a connection was lost, the gateway may be a new one.
                if wakeups.is_some() {
                    logged("gateway", self.refill(&party, &gateway).await);
                    // The last acknowledgement may have been lost with it.
                    let now = self.clock.now();
                    logged("gateway", self.acknowledge(&party, &gateway, now).await);
                }
            }
            // Before the scan: what is written from here on wakes us again.
            let outbound = self.outbound.notified();
            let done = logged("gateway", self.serve_gateway_once(&party, &gateway).await);
            if done.is_some_and(|count| count > 0) {
                continue;
            }
            let mut lost = false;
            {
                let wait = async {
                    match (&mut wakeups, done) {
                        (Some(wakeups), Some(_)) => wakeups.wait(SCAN).await.is_err(),
                        _ => {
                            tokio::time::sleep(AFTER_FAULT).await;
                            true
                        }
                    }
                };
                tokio::select! {
                    failed = wait => lost = failed,
                    () = outbound => {}
                    _ = stopped.changed() => {}
                }
            }
            if lost {
                wakeups = None;
                tokio::time::sleep(AFTER_FAULT).await;
            }
        }
    }

    /// Copies what is committed for a gateway, takes what came in, and copies the answers.
    async fn serve_gateway_once(&self, party: &Party, gateway: &Gateway) -> Result<usize, Fault> {
        let mut done = self.copy_items(party, gateway).await?;
        while self.take_link(party, gateway).await? {
            done += 1;
            self.outbound.notify_waiters();
            self.copy_letters().await?;
            done += self.copy_items(party, gateway).await?;
        }
        Ok(done)
    }

    /// What no incoming message asks for. Answers how much was done.
    async fn chores(&self) -> Result<usize, Fault> {
        let told = self.announce().await?;
        let asked = self.enquire().await?;
        self.watch_head().await?;
        let opened = self.open_peer_sessions().await?;
        self.watch_parameters().await?;
        let copied = self.copy_letters().await?;
        if told + asked + opened > 0 {
            self.outbound.notify_waiters();
        }
        Ok(told + asked + opened + copied)
    }

    async fn serve_core(self, mut stopped: watch::Receiver<bool>) {
        let mut listener: Option<PgListener> = None;
        while !*stopped.borrow() {
            if listener.is_none() {
                listener = logged("core", self.listen_core().await);
            }
            let done = logged("core", self.chores().await);
            logged("front", self.publish_news().await);
            logged("front", self.prune_front().await);
            let wait = async {
                match (&mut listener, done) {
                    (Some(listener), Some(_)) => {
                        let woken = tokio::time::timeout(SCAN, listener.recv()).await;
                        matches!(woken, Ok(Err(_)))
                    }
                    _ => {
                        tokio::time::sleep(AFTER_FAULT).await;
                        true
                    }
                }
            };
            tokio::select! {
                lost = wait => if lost { listener = None; },
                _ = stopped.changed() => {}
            }
        }
    }

    /// Removes what has expired at the front, for as long as there is a full measure of it.
    async fn prune_front(&self) -> Result<(), Fault> {
        for _ in 0..PRUNE_ROUNDS_MAX {
            if self.front.prune(PRUNE).await? < u64::from(PRUNE) {
                break;
            }
        }
        Ok(())
    }

    async fn listen_core(&self) -> Result<PgListener, Fault> {
        let mut listener = PgListener::connect_with(&self.core).await?;
        listener.listen("processor").await?;
        Ok(listener)
    }
}

/// Logs a failure once; what was being done is tried again.
fn logged<T>(at: &str, result: Result<T, Fault>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(fault) if fault.is_passing() => {
            tracing::warn!(at, %fault, "not available, trying again");
            None
        }
        Err(fault) => {
            tracing::error!(at, %fault, "failed, trying again");
            None
        }
    }
}
