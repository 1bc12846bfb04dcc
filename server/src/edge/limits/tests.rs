use super::*;

fn from(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 1)
}

fn device(n: usize) -> Thumbprint {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Thumbprint::new(bytes)
}

#[test]
fn a_network_is_an_address_or_the_first_half_of_one() {
    let network = |address| Network::from(from(address));
    assert_eq!(network("2001:db8:1:2::3"), network("2001:db8:1:2:ff::9"));
    assert_ne!(network("2001:db8:1:2::3"), network("2001:db8:1:3::3"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
}

#[test]
fn whoever_asks_too_much_waits_and_is_forgotten_when_quiet() {
    let rate = Rate::per_second(1);
    for n in 1..=10 {
        let address = format!("2001:db8::{n}");
        assert_eq!(rate.check(from(&address)), Ok(()));
    }
    assert_eq!(rate.check(from("2001:db8::99")), Err(Rejected::TooMany(1)));
    assert_eq!(rate.check(from("2001:db8:0:1::1")), Ok(()));
    assert_eq!(rate.0.len(), 2);
    // Those who have asked just now are still known.
    rate.forget();
    assert_eq!(rate.0.len(), 2);
    let quick = Rate::per_second(1_000_000);
    assert_eq!(quick.check(from("192.0.2.1")), Ok(()));
    while !quick.0.is_empty() {
        quick.forget();
    }
}

#[test]
fn nobody_takes_every_stream() {
    let streams = Arc::new(Streams::default());
    let mut held: Vec<Place> = (0..STREAMS_PER_DEVICE_MAX)
        .map(|n| streams.take(device(0), from(&format!("192.0.2.{n}"))))
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(streams.take(device(0), from("192.0.2.99")).is_err());
    // Many devices at one place have 64 together.
    let crowd: Vec<Place> = (1..)
        .map_while(|n| streams.take(device(n), from("198.51.100.1")).ok())
        .collect();
    assert_eq!(crowd.len(), STREAMS_PER_NETWORK_MAX);
    let elsewhere = streams.take(device(99), from("203.0.113.1"));
    assert!(elsewhere.is_ok());
    held.pop();
    assert!(streams.take(device(0), from("192.0.2.99")).is_ok());
    drop((held, crowd, elsewhere));
    let left = streams.0.lock().unwrap();
    assert_eq!(left.all, 0);
    assert!(left.devices.is_empty() && left.networks.is_empty());
}

#[test]
fn all_together_have_an_end() {
    let streams = Arc::new(Streams::default());
    let place = |n: usize| {
        let address = format!("10.{}.{}.1", n >> 8, n & 255);
        streams.take(device(n), from(&address))
    };
    let all: Vec<Place> = (0..).map_while(|n| place(n).ok()).collect();
    assert_eq!(all.len(), STREAMS_MAX);
}
