//! Messages of ours before they are signed, and signed ones before they are sealed.

use crate::store::{
    payment_in::InRow, payment_out::OutRow, receipt::ReceiptRow, session::SessionRow,
};
use envelope::{CryptoRng, EnvelopeError, Jws, Rsa, RsaPublicKey, SessionKey, SigningKey};
use message::{Bic, Body, Digest, Payload, SessionId, Thumbprint, Timestamp};

type Sign =
    Box<dyn FnOnce(&dyn Rsa, &SigningKey, &mut dyn CryptoRng) -> Result<Jws, EnvelopeError> + Send>;

/// Whom a message goes to.
#[derive(Clone, Debug)]
pub(crate) enum To {
    /// The device of a customer that has ordered. The customer's other active devices get copies.
    Customer(i64, Thumbprint),
    /// One device: in its session if it has one.
    Device(Thumbprint),
    /// One device, always to its encryption key.
    Key(Thumbprint, RsaPublicKey),
    /// Another bank: in a session with it if there is one.
    Peer(Bic),
    /// Another bank, always to its key.
    PeerKey(Bic),
}

/// What is kept of a message once it is signed. The rows lack what only the signature gives.
pub(crate) enum Keep {
    /// Nothing.
    Nothing,
    /// The final answer to an order.
    Receipt(ReceiptRow),
    /// The answer to another message that has an effect.
    Answer(Digest),
    /// A payment that another bank is asked to credit.
    Out(Box<OutRow>),
    /// Our final answer to another bank.
    In(Box<InRow>),
}

/// A message to be signed and sealed.
pub(crate) struct Draft {
    pub(crate) sign: Sign,
    pub(crate) keep: Keep,
    pub(crate) to: To,
    /// For answers to questions, which are pruned.
    pub(crate) expires_at: Option<Timestamp>,
    /// Who has signed it, when that was done before.
    pub(crate) signer: Option<Thumbprint>,
}

impl Draft {
    /// A message with this payload.
    pub(crate) fn new<B: Body + Send + 'static>(payload: Payload<B>, keep: Keep, to: To) -> Self {
        Self {
            sign: Box::new(move |rsa, key, rng| envelope::sign(rsa, key, &payload, rng)),
            keep,
            to,
            expires_at: None,
            signer: None,
        }
    }

    /// A message that was signed before: the same answer again.
    pub(crate) fn again(jws: Jws, to: To) -> Self {
        Self {
            signer: Some(jws.kid()),
            sign: Box::new(move |_, _, _| Ok(jws)),
            keep: Keep::Nothing,
            to,
            expires_at: None,
        }
    }

    /// The same, to be pruned after a while.
    pub(crate) fn expiring(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }
}

/// A device that something is sealed to, with the live session in which it spoke last.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) mailbox: Thumbprint,
    pub(crate) key: RsaPublicKey,
    pub(crate) session: Option<SessionRow>,
}

/// A bank that something is sealed to.
#[derive(Clone, Debug)]
pub(crate) struct PeerRecipient {
    /// The other end of the link.
    pub(crate) party: String,
    pub(crate) key: RsaPublicKey,
    /// Used instead of the key where there is one.
    pub(crate) session: Option<(SessionId, SessionKey)>,
}

/// A signed message and where it goes.
pub(crate) struct Outgoing {
    pub(crate) draft: Draft,
    pub(crate) recipients: Vec<Recipient>,
    /// Those that get the message in a copy of their own.
    pub(crate) copies: Vec<Recipient>,
    pub(crate) peer: Option<PeerRecipient>,
}
