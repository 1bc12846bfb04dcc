//! One question: label, hint, error, control.

use super::{early, error_summary::Errors, icon::Icon};
use leptos::prelude::*;

/// What differs between fields.
#[derive(Clone, Copy, Default)]
pub(crate) struct Look {
    /// Width of the control, and how its text is set.
    pub(crate) class: &'static str,
    /// Which keyboard a phone shows.
    pub(crate) inputmode: Option<&'static str>,
    /// For password managers; off where nothing may be kept.
    pub(crate) autocomplete: Option<&'static str>,
    /// Written behind the control: the currency.
    pub(crate) affix: Option<&'static str>,
}

#[component]
pub(crate) fn Field(
    id: &'static str,
    label: &'static str,
    /// Below the label.
    #[prop(optional, into)]
    hint: ViewFn,
    value: RwSignal<String>,
    errors: Errors,
    #[prop(optional)] look: Look,
    /// `text`, or `password` while it is hidden.
    #[prop(optional, into)]
    kind: Option<Signal<&'static str>>,
) -> impl IntoView {
    early::keep_typed(id, value);
    let error = Memo::new(move |_| errors.at(id));
    let has_error = move || error.with(Option::is_some);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || {
            if has_error() {
                format!("{hint_id} {error_id}")
            } else {
                hint_id.clone()
            }
        }
    };
    let class = format!("input {}", look.class);
    let kind = move || kind.map_or("text", |kind| kind.get());
    let input = view! {
        <input
            class=class
            id=id
            name=id
            type=kind
            inputmode=look.inputmode
            autocomplete=look.autocomplete.unwrap_or("off")
            autocapitalize="off"
            spellcheck="false"
            aria-describedby=described
            aria-invalid=move || has_error().then_some("true")
            prop:value=move || value.get()
            on:input:target=move |event| value.set(event.target().value())
        />
    };
    view! {
        <div class="field" class:has-error=has_error>
            <label for=id>{label}</label>
            <span class="hint" id=hint_id>
                {hint.run()}
            </span>
            {move || {
                let error_id = error_id.clone();
                error.get().map(|words| view! { <FieldError id=error_id words=words /> })
            }}
            {match look.affix {
                Some(affix) => {
                    view! {
                        <div class="affix w-amount">
                            {input} <span aria-hidden="true">{affix}</span>
                        </div>
                    }
                        .into_any()
                }
                None => input.into_any(),
            }}
        </div>
    }
}

/// The same words as in the summary, at the field.
#[component]
pub(crate) fn FieldError(id: String, words: String) -> impl IntoView {
    view! {
        <span class="error" id=id>
            {Icon::Warning.draw_small()}
            <span>
                <span class="visually-hidden">"Error: "</span>
                {words}
            </span>
        </span>
    }
}

/// A passphrase: pasted or filled in by a password manager, hidden until asked otherwise.
#[component]
pub(crate) fn Passphrase(
    id: &'static str,
    label: &'static str,
    #[prop(optional, into)] hint: ViewFn,
    value: RwSignal<String>,
    errors: Errors,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// Whose passphrase it is: the device's name, under which a password manager keeps it.
    #[prop(into)]
    of: Signal<String>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let kind = Signal::derive(move || if shown.get() { "text" } else { "password" });
    let look = Look {
        class: "w-half",
        autocomplete: Some(autocomplete),
        ..Look::default()
    };
    view! {
        <div class="flow flow-tight passphrase">
            <input
                class="visually-hidden"
                type="text"
                name="username"
                autocomplete="username"
                readonly
                tabindex="-1"
                aria-hidden="true"
                prop:value=move || of.get()
            />
            <Field id=id label=label hint=hint value=value errors=errors look=look kind=kind />
            <label class="choice choice-bare">
                <input
                    type="checkbox"
                    prop:checked=move || shown.get()
                    on:change:target=move |event| shown.set(event.target().checked())
                />
                <span>"Show the passphrase"</span>
            </label>
        </div>
    }
}
