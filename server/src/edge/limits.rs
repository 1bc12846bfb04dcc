//! What one caller may take of an edge: requests by their rate, event streams by their number.

use super::{Edge, Shared, problem::Rejected};
use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use message::Thumbprint;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

#[cfg(test)]
mod tests;

/// Event streams held at the same time, by all together.
const STREAMS_MAX: usize = 4_096;
/// By one device.
const STREAMS_PER_DEVICE_MAX: usize = 8;
/// By one network: any key opens a mailbox, so that counting devices alone would stop nobody.
const STREAMS_PER_NETWORK_MAX: usize = 64;
/// Between two looks for callers that have asked for nothing lately.
const FORGET_AFTER: Duration = Duration::from_secs(60);

/// How much one network may ask of an edge: on average a second, and ten times that at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Envelopes.
    pub envelopes_per_second: u32,
    /// Mailbox challenges and openings together; an opening costs a signature check.
    pub openings_per_second: u32,
    /// Readings: mailboxes, event streams opened, public documents.
    #[serde(default = "reads_per_second")]
    pub reads_per_second: u32,
}

const fn reads_per_second() -> u32 {
    100
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            envelopes_per_second: 50,
            openings_per_second: 10,
            reads_per_second: reads_per_second(),
        }
    }
}

/// Where a caller is: an IPv4 address, or the /64 of an IPv6 address, which is what one household has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl From<SocketAddr> for Network {
    fn from(from: SocketAddr) -> Self {
        Self(match from.ip().to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// How often each network may do one thing.
pub(crate) struct Rate(DefaultKeyedRateLimiter<Network>);

impl Rate {
    pub(crate) fn per_second(rate: u32) -> Self {
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        let at_once = rate.saturating_mul(NonZeroU32::MIN.saturating_add(9));
        Self(RateLimiter::keyed(
            Quota::per_second(rate).allow_burst(at_once),
        ))
    }

    /// Counts one request.
    pub(crate) fn check(&self, from: SocketAddr) -> Result<(), Rejected> {
        let checked = self.0.check_key(&from.into());
        checked.map_err(|_| Rejected::TooMany(1))
    }

    /// Forgets the networks that could do as much as any other.
    fn forget(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// Counts a reading.
pub(crate) async fn count_read(
    State(edge): State<Edge>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Rejected> {
    edge.reads_rate.check(from)?;
    Ok(next.run(request).await)
}

/// Forgets who has asked for nothing lately, for as long as the edge is there.
pub(crate) async fn forget(edge: Weak<Shared>) {
    loop {
        tokio::time::sleep(FORGET_AFTER).await;
        let Some(edge) = edge.upgrade() else {
            return;
        };
        for rate in [&edge.envelopes_rate, &edge.openings_rate, &edge.reads_rate] {
            rate.forget();
        }
    }
}

/// The event streams that are open.
#[derive(Default)]
pub(crate) struct Streams(Mutex<Held>);

#[derive(Default)]
struct Held {
    all: usize,
    devices: HashMap<Thumbprint, usize>,
    networks: HashMap<Network, usize>,
}

fn of<K: Hash + Eq>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn give_back<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Streams {
    /// A place for one more stream of this device from there, until it is dropped. Refused
    /// when the device, its network or all together have as many as they may.
    pub(crate) fn take(
        self: &Arc<Self>,
        device: Thumbprint,
        from: SocketAddr,
    ) -> Result<Place, Rejected> {
        let network = Network::from(from);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.all >= STREAMS_MAX
            || of(&held.devices, &device) >= STREAMS_PER_DEVICE_MAX
            || of(&held.networks, &network) >= STREAMS_PER_NETWORK_MAX
        {
            return Err(Rejected::TooMany(5));
        }
        held.all += 1;
        *held.devices.entry(device).or_default() += 1;
        *held.networks.entry(network).or_default() += 1;
        Ok(Place {
            streams: self.clone(),
            device,
            network,
        })
    }
}

/// The place of one event stream.
pub(crate) struct Place {
    streams: Arc<Streams>,
    device: Thumbprint,
    network: Network,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        held.all = held.all.saturating_sub(1);
        give_back(&mut held.devices, &self.device);
        give_back(&mut held.networks, &self.network);
    }
}
