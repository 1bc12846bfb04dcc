//! Seeds, their words and their keys on standard input and output.

use super::{Outcome, member};
use data_encoding::HEXLOWER;
use envelope::{KeyUse, Seed, det_keygen, key::RSA_BITS, recovery};
use message::Bic;
use serde_json::Value;
use std::error::Error;

fn seed(input: &Value) -> Result<Seed, Box<dyn Error>> {
    let bytes = HEXLOWER.decode(member(input, "seed")?.as_bytes())?;
    let bytes = bytes.try_into().map_err(|_| "a seed has 32 bytes")?;
    Ok(Seed::from_bytes(bytes))
}

/// `seed` (hexadecimal): its 24 words.
pub(crate) fn words(input: &Value) -> Outcome {
    Ok(recovery::to_words(&seed(input)?).join(" "))
}

/// `words`: their seed.
pub(crate) fn from_words(input: &Value) -> Outcome {
    let seed = recovery::from_words(member(input, "words")?)?;
    Ok(HEXLOWER.encode(seed.as_bytes()))
}

/// `seed`, `bank`, `use`, `generation`: the public key as a JWK.
pub(crate) fn key(input: &Value) -> Outcome {
    let name = member(input, "use")?;
    let usage = KeyUse::ALL.into_iter().find(|usage| usage.word() == name);
    let generation = u32::try_from(input["generation"].as_u64().ok_or("no generation")?)?;
    let bank = Bic::parse(member(input, "bank")?)?;
    let key_seed = seed(input)?.key_seed(&bank, usage.ok_or("no such use")?, generation);
    let made = det_keygen::generate(&key_seed, RSA_BITS, &mut |_| true)?;
    let key = made.ok_or("cancelled")?;
    Ok(serde_json::to_string(&key.public().to_jwk())?)
}
