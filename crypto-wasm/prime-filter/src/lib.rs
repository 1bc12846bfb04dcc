//! A small module of its own, beside the one that holds keys, for browsers with vector instructions
//! (`simd128`): the test that sorts out most candidates for the primes of a key. The others use the
//! same test in `envelope::det_keygen`, at half the speed, and whatever it lets through the library
//! decides. It imports nothing and has no state between two calls: whoever calls it writes the
//! candidate to [`room`], calls [`may_be_prime`], and overwrites all of the memory.

#![cfg(target_arch = "wasm32")]
#![no_std]

mod simd;

pub use simd::{may_be_prime, room};
