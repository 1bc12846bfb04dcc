//! What a device is, in words.

use crate::{
    device::Happened,
    ui::{
        day,
        icon::Icon,
        tag::{Tag, Tone},
    },
};
use leptos::prelude::*;
use message::{
    device::{DeviceView, EnrolledBy, Rights, Standing},
    worker::devices::ListedDevice,
};

/// How it came to be.
pub(super) const fn came(by: EnrolledBy) -> &'static str {
    match by {
        EnrolledBy::Slip => "with a slip from the bank",
        EnrolledBy::Device => "approved by another device of yours",
        EnrolledBy::Letter => "with a letter to the bank",
        EnrolledBy::Rotation => "with new keys in the place of old ones",
    }
}

/// What it may do.
pub(super) const fn may(rights: Rights) -> &'static str {
    match rights {
        Rights::Sign => "May look, sign payments, and manage devices",
        Rights::View => "May look only: it signs no payments",
    }
}

/// Where it stands, as a tag.
pub(super) fn standing(standing: Standing) -> AnyView {
    let (tone, icon, words) = match standing {
        Standing::New => (Tone::Plain, Icon::Clock, "Being certified"),
        Standing::Waiting => (Tone::Plain, Icon::Clock, "Waiting for activation"),
        Standing::Active => (Tone::Positive, Icon::Checked, "Active"),
        Standing::Suspended => (Tone::Negative, Icon::Warning, "Suspended"),
        Standing::Revoked => (Tone::Hollow, Icon::Cross, "Revoked"),
        Standing::Replaced => (Tone::Hollow, Icon::Check, "Replaced"),
    };
    view! { <Tag tone=tone icon=icon words=words /> }.into_any()
}

/// Whether it can still do anything.
pub(super) const fn over(standing: Standing) -> bool {
    matches!(standing, Standing::Revoked | Standing::Replaced)
}

/// When it was used last.
pub(super) fn used(view: &DeviceView) -> String {
    match view.last_used_at {
        Some(at) => format!("{}, around {}", day::date(at), day::minute(at)),
        None => "Not yet".to_owned(),
    }
}

/// What has happened lately, newest first: what the bank's list says, and what notices say beyond it.
pub(super) fn lately(devices: &[ListedDevice], told: &[Happened]) -> Vec<Happened> {
    const LATELY_MAX: usize = 8;
    let mut all: Vec<Happened> = devices.iter().flat_map(|it| of_list(&it.view)).collect();
    for happened in told {
        let known = all
            .iter()
            .any(|it| it.at == happened.at && same_name(&it.words, &happened.words));
        if !known {
            all.push(happened.clone());
        }
    }
    all.sort_by(|a, b| b.cmp(a));
    all.truncate(LATELY_MAX);
    all
}

/// Both sentences are about one event when they were made in the same second and share the device.
fn same_name(listed: &str, told: &str) -> bool {
    let name = listed.split(" was ").next().unwrap_or(listed);
    let name = name.split(" got ").next().unwrap_or(name);
    told.contains(name)
}

fn of_list(view: &DeviceView) -> Vec<Happened> {
    let name = &view.name;
    let added = view.active_at.map(|at| Happened {
        at,
        words: match view.enrolled_by {
            EnrolledBy::Rotation => format!("{name} got new keys."),
            by => format!("{name} was added, {}.", came(by)),
        },
    });
    let ended = view.ended_at.and_then(|at| {
        let words = match view.standing {
            Standing::Suspended => format!("{name} was suspended."),
            Standing::Revoked => format!("{name} was revoked."),
            _ => return None,
        };
        Some(Happened { at, words })
    });
    added.into_iter().chain(ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_is_told_once() {
        let view = DeviceView {
            device: message::Thumbprint::new([1; 32]),
            name: "Phone".to_owned().try_into().unwrap(),
            enrolled_by: EnrolledBy::Device,
            standing: Standing::Suspended,
            rights: Rights::Sign,
            requested_at: 1,
            active_at: Some(2),
            last_used_at: None,
            ended_at: Some(9),
            certificates_until: None,
            predecessor: None,
        };
        let listed = ListedDevice {
            view,
            words: Vec::new(),
        };
        let told = [
            Happened {
                at: 9,
                words: "Your device Phone is suspended. Done by Laptop.".to_owned(),
            },
            Happened {
                at: 5,
                words: "One of your devices is called Phone now.".to_owned(),
            },
        ];
        let all = lately(&[listed], &told);
        assert_eq!(all.iter().map(|it| it.at).collect::<Vec<_>>(), [9, 5, 2]);
    }
}
