//! What is not needed to unlock, to read and to pay, in three parts that a browser fetches when one of
//! their asks comes: making a device, keys that are carried, the customer's devices.

use crate::{Worker, enrol, host::Host};
use message::worker::{Answer, Ask, Failure};
use zeroize::Zeroizing;

/// What is fetched together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Making keys and enrolling them; what two workers say to each other meanwhile.
    Coming,
    /// Files, sheets, passphrases.
    Keys,
    /// The customer's devices.
    Devices,
}

impl Part {
    /// The part that an ask belongs to, if it is none of what is always there.
    pub(crate) fn of(ask: &Ask) -> Option<Self> {
        match ask {
            Ask::CompareWords { .. }
            | Ask::MakeKeys
            | Ask::Enrol { .. }
            | Ask::ResumeEnrol { .. } => Some(Self::Coming),
            Ask::Keys(_) => Some(Self::Keys),
            Ask::Devices(_) => Some(Self::Devices),
            _ => None,
        }
    }
}

impl<H: Host> Worker<H> {
    /// Answers what belongs to [`Part::Coming`].
    pub(crate) async fn answer_coming(&self, ask: Ask) -> Result<Answer, Failure> {
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

    /// Answers what belongs to [`Part::Keys`].
    pub(crate) async fn answer_carried(&self, ask: Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::Keys(ask) => self.answer_keys(ask).await,
            _ => Ok(Answer::Done),
        }
    }

    /// Answers what belongs to [`Part::Devices`].
    pub(crate) async fn answer_listed(&self, ask: Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::Devices(task) => self.answer_devices(task).await,
            _ => Ok(Answer::Done),
        }
    }
}
