//! The operations of this crate on standard input and output, for tests with other libraries:
//! `interop COMMAND` reads one JSON object and prints one line.

#[path = "interop/key_files.rs"]
mod key_files;
#[path = "interop/seeds.rs"]
mod seeds;

use envelope::{
    Certificate, Jwe, Jws, RsaPrivateKey, RsaPublicKey, RustCryptoRsa, SessionKey, SigningKey,
    VerifyingKey, enrol, key_file, seal_to_key, seal_to_session, sign, words,
};
use message::{
    Body, Payload, SessionId, Thumbprint,
    api::MailboxOpen,
    jwk::Jwk,
    order::PaymentOrder,
    receipt::Receipt,
    slip::{Locator, Secret},
};
use pkcs8::der::pem;
use rand_core::UnwrapErr;
use serde_json::Value;
use std::{error::Error, io::Read};

type Outcome = Result<String, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let command = std::env::args().nth(1).unwrap_or_default();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let input: Value = serde_json::from_str(&text)?;
    println!("{}", run(&command, &input)?);
    Ok(())
}

fn run(command: &str, input: &Value) -> Outcome {
    match command {
        "thumbprint" => Ok(verifying_key(input)?.thumbprint().to_string()),
        "jwk" => public_jwk(input),
        "sign" => sign_payload(input),
        "verify" => verify(input),
        "seal" => seal(input),
        "open" => open(input),
        "seal-session" => seal_session(input),
        "open-session" => open_session(input),
        "proof" => proof(input),
        "words" => five_words(input),
        "encrypt-key" => encrypt_key(input),
        "decrypt-key" => decrypt_key(input),
        "certificate" => certificate(input),
        "import" => key_files::import_file(input),
        "write-key-file" => key_files::write_key_file(input),
        "write-pkcs12" => key_files::write_pkcs12(input),
        "seed-words" => seeds::words(input),
        "words-seed" => seeds::from_words(input),
        "seed-key" => seeds::key(input),
        other => Err(format!("no command {other:?}").into()),
    }
}

fn member<'a>(input: &'a Value, name: &str) -> Result<&'a str, String> {
    input
        .get(name)
        .and_then(Value::as_str)
        .ok_or(format!("no text member {name:?}"))
}

fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn key_der(input: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let (_, der) = pem::decode_vec(member(input, "key")?.as_bytes()).map_err(|e| e.to_string())?;
    Ok(der)
}

fn verifying_key(input: &Value) -> Result<VerifyingKey, Box<dyn Error>> {
    let jwk: Jwk = serde_json::from_value(input["jwk"].clone())?;
    Ok(VerifyingKey::from_jwk(&jwk)?)
}

fn public_jwk(input: &Value) -> Outcome {
    let key = SigningKey::from_pkcs8_der(&key_der(input)?)?;
    Ok(serde_json::to_string(&key.verifying_key().to_jwk())?)
}

fn sign_payload(input: &Value) -> Outcome {
    fn with<B: Body>(input: &Value) -> Outcome {
        let key = SigningKey::from_pkcs8_der(&key_der(input)?)?;
        let payload: Payload<B> = serde_json::from_value(input["payload"].clone())?;
        let jws = sign(&RustCryptoRsa, &key, &payload, &mut rng())?;
        Ok(jws.as_str().to_owned())
    }
    match member(input, "typ")? {
        "pain.001" => with::<PaymentOrder>(input),
        "receipt" => with::<Receipt>(input),
        "mailbox-open" => with::<MailboxOpen>(input),
        other => Err(format!("no typ {other:?} here").into()),
    }
}

fn verify(input: &Value) -> Outcome {
    let jws = Jws::parse(member(input, "jws")?)?;
    let verified = jws.verify(&RustCryptoRsa, &verifying_key(input)?)?;
    Ok(serde_json::json!({
        "typ": verified.kind(),
        "signer": verified.signer(),
        "digest": verified.digest(),
        "payload": serde_json::from_slice::<Value>(jws.unverified_payload())?,
    })
    .to_string())
}

fn seal(input: &Value) -> Outcome {
    let jwk: Jwk = serde_json::from_value(input["jwk"].clone())?;
    let to = RsaPublicKey::from_jwk(&jwk)?;
    let jws = Jws::parse(member(input, "jws")?)?;
    let jwe = seal_to_key(&RustCryptoRsa, &to, &jws, &mut rng())?;
    Ok(jwe.as_str().to_owned())
}

fn open(input: &Value) -> Outcome {
    let key = RsaPrivateKey::from_pkcs8_der(&key_der(input)?)?;
    let jwe = Jwe::parse(member(input, "jwe")?)?;
    let jws = jwe.open_with_key(&RustCryptoRsa, &key)?;
    Ok(jws.as_str().to_owned())
}

fn seal_session(input: &Value) -> Outcome {
    let session = SessionId::parse(member(input, "session")?)?;
    let key = SessionKey::from_base64url(member(input, "key")?)?;
    let jws = Jws::parse(member(input, "jws")?)?;
    let jwe = seal_to_session(session, &key, &jws, &mut rng())?;
    Ok(jwe.as_str().to_owned())
}

fn open_session(input: &Value) -> Outcome {
    let key = SessionKey::from_base64url(member(input, "key")?)?;
    let jwe = Jwe::parse(member(input, "jwe")?)?;
    Ok(jwe.open_with_session(&key)?.as_str().to_owned())
}

fn proof(input: &Value) -> Outcome {
    Ok(enrol::proof(
        &Secret::parse(member(input, "secret")?)?,
        &Locator::parse(member(input, "locator")?)?,
        &Thumbprint::parse(member(input, "signing")?)?,
        &Thumbprint::parse(member(input, "encryption")?)?,
    ))
}

fn five_words(input: &Value) -> Outcome {
    let thumbprint = Thumbprint::parse(member(input, "thumbprint")?)?;
    Ok(words::five_words(&thumbprint).join(" "))
}

fn encrypt_key(input: &Value) -> Outcome {
    let pem = key_file::encrypt_pkcs8(&key_der(input)?, member(input, "passphrase")?, &mut rng())?;
    Ok(serde_json::to_string(&pem)?)
}

fn decrypt_key(input: &Value) -> Outcome {
    let der = key_file::decrypt_pkcs8(member(input, "file")?, member(input, "passphrase")?)?;
    Ok(SigningKey::from_pkcs8_der(&der)?.thumbprint().to_string())
}

fn certificate(input: &Value) -> Outcome {
    let certificate = Certificate::from_pem(member(input, "pem")?)?;
    Ok(serde_json::json!({
        "role": certificate.role().word(),
        "party": certificate.party().to_string(),
        "holder": certificate.holder(),
        "key": certificate.key_thumbprint(),
        "subject": certificate.subject(),
    })
    .to_string())
}
