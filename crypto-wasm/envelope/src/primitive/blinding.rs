//! Blinding of a decryption without a generator: random bytes that only the key's holder knows.

use crate::{RsaPrivateKey, encoding};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use zeroize::Zeroizing;

const LABEL: &[u8] = b"countersign blinding v1";

/// SHA-256 in counter mode over the private key and the ciphertext. Opening an envelope takes no
/// generator, and the factor that blinds it only has to be unknown to whoever made the ciphertext.
pub(super) struct Blinding {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Blinding {
    pub(super) fn new(key: &RsaPrivateKey, ciphertext: &[u8]) -> Self {
        let secret = key.to_pkcs8_der();
        Self {
            seed: Zeroizing::new(encoding::sha256(&[LABEL, &secret, ciphertext])),
            counter: 0,
        }
    }

    fn block(&mut self) -> Zeroizing<[u8; 32]> {
        self.counter = self.counter.wrapping_add(1);
        let block = encoding::sha256(&[self.seed.as_slice(), &self.counter.to_be_bytes()]);
        Zeroizing::new(block)
    }
}

impl TryRng for Blinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for part in target.chunks_mut(32) {
            let block = self.block();
            for (to, from) in part.iter_mut().zip(block.iter()) {
                *to = *from;
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for Blinding {}
