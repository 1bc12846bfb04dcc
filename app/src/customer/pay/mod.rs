//! Paying: details, check, and then the payment's own page. The steps are held in memory: going back
//! keeps what was typed, and a reload starts over with nothing signed.

mod check;
mod details;

use super::{carried::safety::SafetyFirst, private::Private};
use crate::device::{Asked, Device};
use leptos::prelude::*;

#[component]
pub(crate) fn Pay() -> impl IntoView {
    view! {
        <Private title="Pay someone">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    // The accounts to pay from, as they stand now.
    let asked = Asked::new(device, move || async move {
        device.load_overview().await.map(|_| ())
    });
    let checking = Memo::new(move |_| device.pay_form.draft.with(Option::is_some));
    move || match (checking.get(), device.pay_form.draft.get_untracked()) {
        (true, Some(draft)) if device.pay_form.is_signed(draft.payment) => {
            view! { <check::Signed draft=draft /> }.into_any()
        }
        (true, Some(draft)) if device.must_be_safe_first(&draft) => {
            view! { <SafetyFirst draft=draft /> }.into_any()
        }
        (true, Some(draft)) => {
            device.keys.payment_waits.set(false);
            view! { <check::Check draft=draft /> }.into_any()
        }
        _ => view! { <details::Details asked=asked /> }.into_any(),
    }
}
