//! The customer's devices: what the bank answers about them, what has happened, and why this one may
//! have to stop.

use super::{Device, Stage, asking::unexpected, files::Chosen, storage};
use leptos::{prelude::*, task::spawn_local};
#[cfg(feature = "hydrate")]
use message::notice::Notice;
use message::{
    Thumbprint, Timestamp,
    device::{DeviceChange, Rights, Standing},
    receipt::Refusal,
    worker::{
        Answer, Ask, Failure, Profile,
        devices::{DeviceAnswer, DeviceTask, ListedDevice},
        keys::KeysAnswer,
    },
};

/// How many notices a page remembers.
#[cfg(feature = "hydrate")]
const HAPPENED_MAX: usize = 20;

/// Something that was done about a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Happened {
    pub(crate) at: Timestamp,
    pub(crate) words: String,
}

#[cfg(feature = "hydrate")]
impl Happened {
    /// What a notice says, where it is about devices.
    pub(crate) fn of(notice: &Notice) -> Option<Self> {
        let (at, words) = match notice {
            Notice::DeviceAdded {
                device_name,
                words,
                at,
            } => (
                *at,
                format!(
                    "{device_name} ({}) is a new device of yours.",
                    words.join(" ")
                ),
            ),
            Notice::DeviceRevoked {
                device_name,
                by,
                at,
            } => (
                *at,
                format!(
                    "{device_name} is revoked: nothing it signs is accepted any more. {}",
                    done_by(by.as_ref())
                ),
            ),
            Notice::SlipMade { at, .. } => (
                *at,
                "The bank has made a slip with which a device can be added.".to_owned(),
            ),
            Notice::DeviceChanged {
                device_name,
                change,
                by,
                at,
                ..
            } => {
                let done = done_by(by.as_ref());
                (*at, format!("{} {done}", change.words(device_name)))
            }
            _ => return None,
        };
        Some(Self { at, words })
    }
}

#[cfg(feature = "hydrate")]
fn done_by(by: Option<&message::text::Label>) -> String {
    by.map_or_else(
        || "Done by the bank.".to_owned(),
        |by| format!("Done by {by}."),
    )
}

/// Why the bank takes nothing from this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// Until another device or the bank resumes it.
    Suspended,
    /// For ever.
    Revoked,
    /// For ever: newer keys have taken the place of these, at this moment where it is known.
    Replaced(Option<Timestamp>),
}

/// What the bank shows of its keys does not fit what this device has pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) why: String,
    pub(crate) words: Vec<String>,
    pub(crate) hex: Vec<String>,
}

/// Whether the bank takes orders about devices from this one, and how many others sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Powers {
    /// This device may sign.
    pub(crate) signs: bool,
    /// Active devices that may sign, this one included.
    pub(crate) signing: usize,
}

/// A device that signs orders at this moment.
pub(crate) fn signs(listed: &ListedDevice) -> bool {
    listed.view.standing == Standing::Active && listed.view.rights == Rights::Sign
}

impl Powers {
    pub(crate) fn of(devices: &[ListedDevice], own: Option<Thumbprint>) -> Self {
        let signing = devices.iter().filter(|it| signs(it));
        Self {
            signs: signing.clone().any(|it| Some(it.view.device) == own),
            signing: signing.count(),
        }
    }
}

impl Device {
    /// Some failures concern every page.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "no worker, no failures")
    )]
    pub(super) fn take_note(self, failure: &Failure) {
        if !untrack(|| matches!(self.stage.get(), Stage::Unlocked(_))) {
            return;
        }
        match failure {
            Failure::BankKeysDiffer { why, words, hex } => self.stop.set(Some(Stop {
                why: why.clone(),
                words: words.clone(),
                hex: hex.clone(),
            })),
            Failure::Refused { code, .. } if code == Refusal::DeviceSuspended.code() => {
                self.barred.set(Some(Barred::Suspended));
            }
            Failure::Refused { code, .. } if code == Refusal::DeviceNotActive.code() => {
                self.barred.set(Some(Barred::Revoked));
            }
            Failure::Refused { code, .. } if code == Refusal::DeviceReplaced.code() => {
                self.replaced(None);
            }
            _ => {}
        }
    }

    /// Newer keys have taken the place of the open ones.
    pub(super) fn replaced(self, at: Option<Timestamp>) {
        self.barred.update(|barred| {
            let known = match barred {
                Some(Barred::Replaced(known)) => *known,
                _ => None,
            };
            *barred = Some(Barred::Replaced(at.or(known)));
        });
    }

    /// Remembers a notice about devices for the page that lists them.
    #[cfg(feature = "hydrate")]
    pub(super) fn remember(self, happened: Happened) {
        self.happened.update(|all| {
            if !all.contains(&happened) {
                all.push(happened);
            }
            let surplus = all.len().saturating_sub(HAPPENED_MAX);
            all.drain(..surplus);
        });
    }

    /// Asks for the customer's devices.
    pub(crate) async fn load_devices(self) -> Result<(), Failure> {
        match self.ask(Ask::Devices(DeviceTask::List)).await? {
            Answer::Devices(DeviceAnswer::Listed { devices, .. }) => {
                self.devices.set(Some(devices));
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    /// Signs a change and has the bank do it.
    pub(crate) async fn order(self, change: DeviceChange) -> Result<(), Failure> {
        match self.ask(Ask::Devices(DeviceTask::Order { change })).await? {
            Answer::Devices(DeviceAnswer::Ordered { .. }) => {
                self.changed();
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    /// Changes that were signed and have no answer yet go on.
    pub(super) fn resume_changes(self, device: Thumbprint) {
        let orders = storage::changes(device);
        if !orders.is_empty() {
            spawn_local(async move {
                let _ = self.ask(Ask::Devices(DeviceTask::Resume { orders })).await;
            });
        }
    }

    /// Whether new keys wait for the place of this device.
    pub(crate) fn rotation_waits(self) -> bool {
        self.profile_now()
            .is_some_and(|profile| storage::rotation(profile.device).is_some())
    }

    /// New keys take the place of this device's. They are made first, which needs the line, too.
    pub(crate) async fn replace_keys(self, passphrase: String) -> Result<Box<Profile>, Failure> {
        self.attempt(async {
            self.make_next_keys().await?;
            let task = DeviceTask::Replace { passphrase };
            self.in_new_place(task, None).await
        })
        .await
    }

    /// The same for a device that is used once: answers the name of the file that must be kept first.
    pub(crate) async fn prepare_keys(self, passphrase: String) -> Result<String, Failure> {
        let prepared = self.attempt(async {
            self.make_next_keys().await?;
            let task = DeviceTask::PrepareReplace { passphrase };
            self.ask(Ask::Devices(task)).await
        });
        match prepared.await? {
            Answer::Keys(KeysAnswer::File {
                name,
                media_type,
                base64,
            }) => {
                super::files::save(&name, &media_type, &base64);
                Ok(name)
            }
            _ => Err(unexpected()),
        }
    }

    /// The file is saved and chosen again: now its keys take the place.
    pub(crate) async fn finish_keys(self, file: Chosen) -> Result<Box<Profile>, Failure> {
        let profile = self
            .in_new_place(DeviceTask::FinishReplace, Some(file))
            .await?;
        self.keys.sealed.set(true);
        Ok(profile)
    }

    async fn make_next_keys(self) -> Result<(), Failure> {
        self.progress.set(None);
        self.call_helper();
        let made = self.ask(Ask::MakeKeys).await;
        self.dismiss_helper();
        made.map(|_| ())
    }

    async fn in_new_place(
        self,
        task: DeviceTask,
        file: Option<Chosen>,
    ) -> Result<Box<Profile>, Failure> {
        match self.ask_about(Ask::Devices(task), file).await? {
            Answer::Unlocked { profile } => Ok(profile),
            _ => Err(unexpected()),
        }
    }

    /// The customer's devices, and what this one may do about them.
    pub(crate) fn listed(self) -> Option<(Vec<ListedDevice>, Powers)> {
        let devices = self.devices.get()?;
        let own = self.profile().map(|profile| profile.device);
        let powers = Powers::of(&devices, own);
        Some((devices, powers))
    }

    /// New certificates for the same keys.
    pub(crate) async fn renew(self) -> Result<(), Failure> {
        match self.ask(Ask::Devices(DeviceTask::Renew)).await? {
            Answer::Unlocked { profile } => {
                self.stage.set(Stage::Unlocked(profile));
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }
}
