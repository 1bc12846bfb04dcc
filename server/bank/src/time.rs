//! Time and chance are parameters: tests set them, the server hands in the real ones.

use envelope::CryptoRng;
use message::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970.
    fn now(&self) -> Timestamp;
}

/// Where randomness comes from. Each thread takes a generator of its own.
pub trait Entropy: Send + Sync {
    /// A generator fit for keys.
    fn rng(&self) -> Box<dyn CryptoRng + Send>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(rand_core::UnwrapErr(getrandom::SysRng))
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.rng().fill_bytes(&mut bytes);
    bytes
}
