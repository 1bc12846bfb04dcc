//! Interruptions: only for lock-out and loss of work. The native element keeps the focus inside.

use leptos::{html, prelude::*};

#[component]
pub(crate) fn Dialog(
    #[prop(into)] open: Signal<bool>,
    id: &'static str,
    head: &'static str,
    /// Called when Escape closes it.
    #[prop(into)]
    closed: Callback<()>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        let is_open = dialog.open();
        if open.get() && !is_open {
            if let Err(fault) = dialog.show_modal() {
                leptos::logging::error!("the dialog did not open: {fault:?}");
            }
        } else if !open.get() && is_open {
            dialog.close();
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = open;
    let head_id = format!("{id}-head");
    let labelled = head_id.clone();
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-labelledby=labelled
            on:cancel=move |_: leptos::web_sys::Event| closed.run(())
        >
            <h2 id=head_id>{head}</h2>
            {children()}
        </dialog>
    }
}
