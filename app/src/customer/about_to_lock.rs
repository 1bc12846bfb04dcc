//! The last minute before the keys are wiped.

use crate::{
    device::{Device, clock},
    ui::{day, dialog::Dialog},
};
use leptos::prelude::*;

#[component]
pub(crate) fn AboutToLock() -> impl IntoView {
    let device = Device::of_page();
    let stay = Callback::new(move |()| device.touched());
    // Somebody is there, and is asked where something would be lost.
    let lock = move || {
        device.touched();
        device.ask_to_lock();
    };
    let at = move || {
        device
            .locks_at
            .get()
            .map(|at| day::time(at.max(clock::now())))
    };
    view! {
        <Dialog
            open=device.about_to_lock
            id="about-to-lock"
            head="You are about to be locked out"
            closed=stay
        >
            <p>
                "Nothing has happened for nine minutes. At " {at}
                " the keys are wiped from memory. Your form is kept."
            </p>
            <p class="actions">
                <button class="button button-main" type="button" on:click=move |_| stay.run(())>
                    "Stay unlocked"
                </button>
                <button class="button" type="button" on:click=move |_| lock()>
                    "Lock now"
                </button>
            </p>
        </Dialog>
    }
}
