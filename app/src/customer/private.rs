//! The door of every private page: shut until the keys are open.

use super::{stopped::Stopped, unlock::Unlock};
use crate::{
    device::{Device, Stage},
    ui::{page::PageTitle, waiting::Waiting},
};
use leptos::prelude::*;

/// Which of the three states a private page is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Starting,
    Shut,
    Open,
    /// The keys are open, and must not be used: the page says why.
    Stopped,
}

/// Shows its children when the device is unlocked, and the way to unlock it before that.
#[component]
pub(crate) fn Private(#[prop(into)] title: String, children: ChildrenFn) -> impl IntoView {
    let device = Device::of_page();
    let door = Memo::new(move |_| {
        let stopped = device.stop.with(Option::is_some) || device.barred.with(Option::is_some);
        device.stage.with(|stage| match stage {
            Stage::Starting => Door::Starting,
            Stage::Locked => Door::Shut,
            Stage::Unlocked(_) if stopped => Door::Stopped,
            Stage::Unlocked(_) => Door::Open,
        })
    });
    move || match door.get() {
        Door::Starting => view! {
            <PageTitle words=title.clone() />
            <h1 class="visually-hidden">{title.clone()}</h1>
            <Waiting words="Looking for your device in this browser" />
        }
        .into_any(),
        Door::Shut => view! { <Unlock /> }.into_any(),
        Door::Stopped => view! { <Stopped /> }.into_any(),
        Door::Open => children().into_any(),
    }
}
