//! Where everything of the demo listens, from one base port.

use std::net::TcpListener;

/// The ports of a demo. With the base 7000: authority 7010 and up, bank A 7100 and up, bank B 7200
/// and up.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    base: u16,
}

/// A port that somebody else listens on.
#[derive(Debug, thiserror::Error)]
#[error(
    "port {port} ({what}) is taken by another program. Stop that program, or choose other ports: cargo xtask demo --port {other}"
)]
pub struct Taken {
    port: u16,
    what: String,
    other: u16,
}

impl Ports {
    /// The highest base whose ports all exist.
    pub const BASE_MAX: u16 = 65_000;

    /// Ports counted from a base.
    pub fn new(base: u16) -> Self {
        Self { base }
    }

    /// The page origin of a bank, 0 or 1.
    pub fn web(self, bank: u16) -> u16 {
        self.base + 100 * (bank + 1)
    }

    /// An edge of a bank, from 1.
    pub fn edge(self, bank: u16, edge: u16) -> u16 {
        self.web(bank) + edge
    }

    /// A node of a bank, from 0.
    pub fn node(self, bank: u16, node: u16) -> u16 {
        self.web(bank) + 10 + node
    }

    /// A node of the authority, from 0.
    pub fn authority(self, node: u16) -> u16 {
        self.base + 10 + node
    }

    /// Tries each port. A port that is free now may be taken a moment later; the role then says so.
    pub fn check(self, wanted: &[(u16, String)]) -> Result<(), Taken> {
        for (port, what) in wanted {
            let free = TcpListener::bind(("127.0.0.1", *port)).is_ok();
            if !free {
                let other = if self.base < 60_000 {
                    self.base + 1_000
                } else {
                    7_000
                };
                return Err(Taken {
                    port: *port,
                    what: what.clone(),
                    other,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_a_way_out() {
        let held = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let error = Ports::new(7000)
            .check(&[(port, "web of Halden Bank".to_owned())])
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&port.to_string()) && text.contains("--port 8000"),
            "{text}"
        );
    }
}
