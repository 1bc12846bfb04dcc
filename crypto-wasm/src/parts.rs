//! What is not needed to unlock, to read and to pay, in three parts that a browser fetches when one of
//! their asks comes: making a device, keys that are carried, the customer's devices.

use crate::{Worker, enrol, host::Host, state::fault};
use message::worker::{
    Answer, Ask, Failure,
    devices::DeviceTask,
    keys::KeysAsk,
    wire::{Said, Wire, from_json},
};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// What was asked.
pub(crate) enum Asked {
    /// What is always there.
    Plain(Box<Ask>),
    /// What belongs to a part.
    Rare(Rare),
}

/// What is asked of a part; texts are read there. They may hold passphrases.
pub enum Rare {
    /// Making keys and enrolling them; what two workers say to each other meanwhile.
    Coming(Box<Ask>),
    /// Files, sheets, passphrases: the JSON of [`KeysAsk`].
    Keys(Zeroizing<String>),
    /// The customer's devices: the JSON of [`DeviceTask`].
    Devices(Zeroizing<String>),
}

impl Asked {
    /// Finds out to which part a message of the page belongs.
    pub(crate) fn read(wire: Wire) -> serde_json::Result<Self> {
        let text = Zeroizing::new(wire.text);
        Ok(match wire.said {
            Said::Keys => Self::Rare(Rare::Keys(text)),
            Said::Devices => Self::Rare(Rare::Devices(text)),
            Said::Plain | Said::Event => match from_json(&text)? {
                ask @ (Ask::CompareWords { .. }
                | Ask::MakeKeys
                | Ask::Enrol { .. }
                | Ask::ResumeEnrol { .. }) => Self::Rare(Rare::Coming(Box::new(ask))),
                ask => Self::Plain(Box::new(ask)),
            },
        })
    }
}

/// Reads what belongs to a part. serde's words would quote what was sent.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    from_json(text).map_err(|_| fault("the page sent something that is no question"))
}

impl<H: Host> Worker<H> {
    /// Answers [`Rare::Coming`].
    pub async fn answer_coming(&self, ask: Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::CompareWords { typed } => self.compare_words(&typed),
            Ask::MakeKeys => self.make_keys().await,
            Ask::Enrol {
                locator,
                secret,
                device_name,
                passphrase,
            } => {
                self.enrol(enrol::Typed {
                    locator,
                    secret: Zeroizing::new(secret),
                    device_name,
                    passphrase: Zeroizing::new(passphrase),
                })
                .await
            }
            Ask::ResumeEnrol { device, passphrase } => {
                self.resume_enrol(device, Zeroizing::new(passphrase)).await
            }
            // Another part's.
            _ => Ok(Answer::Done),
        }
    }

    /// Answers [`Rare::Keys`].
    pub async fn answer_carried(&self, text: &str) -> Result<Answer, Failure> {
        let ask: KeysAsk = read(text)?;
        self.answer_keys(ask).await
    }

    /// Answers [`Rare::Devices`].
    pub async fn answer_listed(&self, text: &str) -> Result<Answer, Failure> {
        let task: DeviceTask = read(text)?;
        self.answer_devices(task).await
    }
}
