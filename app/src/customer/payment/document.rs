//! What stands on signed documents that the worker has verified already: who signed, and when. Nothing
//! is believed here that was not checked there.

use data_encoding::BASE64URL_NOPAD;
use message::{Body, Payload, Thumbprint};
use serde::Deserialize;

/// A compact JWS, read without checking its signature again.
pub(super) struct Document<B> {
    /// Whose key signed it.
    pub(super) signer: Thumbprint,
    /// What was signed.
    pub(super) payload: Payload<B>,
}

#[derive(Deserialize)]
struct Head {
    kid: Thumbprint,
}

impl<B: Body> Document<B> {
    /// Reads a document that the worker has verified.
    pub(super) fn read(jws: &str) -> Option<Self> {
        let mut parts = jws
            .split('.')
            .map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
        let (head, payload) = (parts.next()??, parts.next()??);
        let Head { kid } = serde_json::from_slice(&head).ok()?;
        Some(Self {
            signer: kid,
            payload: serde_json::from_slice(&payload).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::{
        Amount, Digest, Iban, MessageId,
        amount::Currency,
        receipt::{Outcome, Receipt},
    };

    #[test]
    fn signer_and_payload_are_read() {
        let receipt = Receipt {
            order: MessageId::new([1; 16]),
            order_digest: Digest::new([2; 32]),
            debtor_account: Iban::from_bban("DE", "370905020004100117").unwrap(),
            creditor_name: "Ann Lee".to_owned().try_into().unwrap(),
            creditor_account: Iban::from_bban("DE", "700205700004100117").unwrap(),
            amount: Amount::try_new(2_000, Currency::EUR).unwrap(),
            remittance: String::new().try_into().unwrap(),
            at: 5,
            outcome: Outcome::Booked {
                posting: "7".to_owned(),
            },
            parameters: 1,
            fee: None,
            limit: None,
            booking_day: None,
        };
        let signer = Thumbprint::new([9; 32]);
        let payload = Payload {
            iss: signer.to_string(),
            aud: "device".to_owned(),
            jti: MessageId::new([3; 16]),
            iat: 4,
            exp: 6,
            re: None,
            body: receipt,
        };
        let head = format!(r#"{{"alg":"EdDSA","kid":"{signer}","typ":"receipt"}}"#);
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let body = serde_json::to_vec(&payload).unwrap();
        let jws = format!(
            "{}.{}.{}",
            encode(head.as_bytes()),
            encode(&body),
            encode(b"signature")
        );
        let document = Document::<Receipt>::read(&jws).unwrap();
        assert_eq!(document.signer, signer);
        assert_eq!(document.payload, payload);
        assert!(Document::<Receipt>::read("a.b").is_none());
        assert!(Document::<Receipt>::read("").is_none());
    }
}
