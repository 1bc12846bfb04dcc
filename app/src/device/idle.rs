//! Keys do not stay open on an empty chair: ten minutes without a touch, and they are wiped.

use super::{Device, clock};
use leptos::prelude::*;
use message::Timestamp;

/// Idle for so long, and the device locks.
pub(crate) const IDLE_SECONDS: i64 = 10 * 60;

/// The warning comes so long before.
pub(crate) const WARNING_SECONDS: i64 = 60;

/// What a moment means for open keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Warning,
    Lock,
}

fn due(now: Timestamp, locks_at: Timestamp) -> Due {
    match locks_at - now {
        ..=0 => Due::Lock,
        1..=WARNING_SECONDS => Due::Warning,
        _ => Due::Nothing,
    }
}

impl Device {
    /// Somebody is there. During the warning only the dialog's own button counts.
    pub(crate) fn touched(self) {
        if self.profile_now().is_none() && !self.keys.held.get_untracked() {
            return;
        }
        self.locks_at.set(Some(clock::now() + IDLE_SECONDS));
        self.about_to_lock.set(false);
    }

    /// Looks at the clock: called every second, and when the tab is looked at again.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "a server has no chair")
    )]
    pub(super) fn look_at_clock(self) {
        let Some(locks_at) = self.locks_at.get_untracked() else {
            return;
        };
        match due(clock::now(), locks_at) {
            Due::Nothing => {}
            Due::Warning if self.about_to_lock.get_untracked() => {}
            Due::Warning => self.about_to_lock.set(true),
            Due::Lock => self.lock(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_before_the_lock() {
        assert_eq!(due(0, IDLE_SECONDS), Due::Nothing);
        assert_eq!(
            due(IDLE_SECONDS - WARNING_SECONDS, IDLE_SECONDS),
            Due::Warning
        );
        assert_eq!(due(IDLE_SECONDS - 1, IDLE_SECONDS), Due::Warning);
        assert_eq!(due(IDLE_SECONDS, IDLE_SECONDS), Due::Lock);
        // A laptop that was asleep wakes up long after.
        assert_eq!(due(IDLE_SECONDS + 5_000, IDLE_SECONDS), Due::Lock);
    }
}
