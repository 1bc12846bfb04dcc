//! What has just happened, for the eye and for screen readers, in a place that is always there.

use crate::device::Device;
use leptos::prelude::*;

#[component]
pub(crate) fn Announcer() -> impl IntoView {
    let device = Device::of_page();
    view! {
        <div class="toast-place" role="status" aria-live="polite">
            {move || {
                device
                    .said
                    .get()
                    .map(|words| {
                        view! {
                            <div class="page">
                                <p class="toast">
                                    <span>{words}</span>
                                    <button
                                        class="toast-close"
                                        type="button"
                                        on:click=move |_| device.said.set(None)
                                    >
                                        "Close"
                                        <span class="visually-hidden">" this message"</span>
                                    </button>
                                </p>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
