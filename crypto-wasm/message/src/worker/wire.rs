//! How asks, answers and events travel: the JSON of what is said, as a text inside of the JSON that says
//! what kind it is. So each side holds the code for reading a kind only where that kind is read, and a
//! browser fetches it only then.

use super::{Answer, Ask, FromWorker, devices::DeviceAnswer, keys::KeysAnswer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What the text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// An [`Ask`], or an [`Answer`] to it, that is not one of the others.
    Plain,
    /// [`super::keys`].
    Keys,
    /// [`super::devices`].
    Devices,
    /// A [`FromWorker`] that is no answer.
    Event,
}

/// One message, in either direction.
#[derive(Serialize, Deserialize)]
pub struct Wire {
    /// Chosen by the page for an ask; comes back with the answer.
    pub id: u32,
    /// How to read the text.
    pub said: Said,
    /// JSON. It may hold a passphrase.
    pub text: String,
}

/// Reads JSON from its bytes: serde's readers of texts and of bytes are two types, and every message
/// would be compiled for both.
pub fn from_json<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_slice(text.as_bytes())
}

impl Wire {
    /// Page to worker.
    pub fn ask(id: u32, ask: &Ask) -> serde_json::Result<Self> {
        let (said, text) = match ask {
            Ask::Keys(ask) => (Said::Keys, serde_json::to_string(ask)?),
            Ask::Devices(task) => (Said::Devices, serde_json::to_string(task)?),
            ask => (Said::Plain, serde_json::to_string(ask)?),
        };
        Ok(Self { id, said, text })
    }

    /// Worker to page.
    pub fn tell(told: &FromWorker) -> serde_json::Result<Self> {
        let (id, said, text) = match told {
            FromWorker::Answer { id, answer } => match &**answer {
                Answer::Keys(answer) => (*id, Said::Keys, serde_json::to_string(answer)?),
                Answer::Devices(answer) => (*id, Said::Devices, serde_json::to_string(answer)?),
                answer => (*id, Said::Plain, serde_json::to_string(answer)?),
            },
            event => (0, Said::Event, serde_json::to_string(event)?),
        };
        Ok(Self { id, said, text })
    }

    /// Reads an answer about carried keys or devices.
    pub fn read_rare(&self) -> serde_json::Result<Answer> {
        match self.said {
            Said::Keys => from_json::<KeysAnswer>(&self.text).map(Answer::Keys),
            Said::Devices => from_json::<DeviceAnswer>(&self.text).map(Answer::Devices),
            Said::Plain | Said::Event => self.read(),
        }
    }

    /// Reads what is of one kind.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        from_json(&self.text)
    }
}
