//! One of several, nothing chosen beforehand.

use super::{early, error_summary::Errors, field::FieldError};
use leptos::prelude::*;

/// What can be chosen.
#[derive(Clone)]
pub(crate) struct Choice<T> {
    pub(crate) value: T,
    pub(crate) name: String,
    pub(crate) hint: ViewFn,
}

#[component]
pub(crate) fn Choices<T>(
    /// Of the first choice, to which the error summary leads; also the name of the group.
    id: &'static str,
    legend: &'static str,
    choices: Vec<Choice<T>>,
    chosen: RwSignal<Option<T>>,
    errors: Errors,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let choice = move |(at, choice): (usize, Choice<T>)| {
        let Choice { value, name, hint } = choice;
        let own = value.clone();
        let element = match at {
            0 => id.to_owned(),
            _ => format!("{id}-{at}"),
        };
        if early::is_chosen(&element) {
            chosen.set(Some(value.clone()));
        }
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=id
                    id=element
                    prop:checked=move || chosen.with(|chosen| chosen.as_ref() == Some(&own))
                    on:change=move |_| chosen.set(Some(value.clone()))
                />
                <span>{name}</span>
                <span class="hint">{hint.run()}</span>
            </label>
        }
    };
    let error_id = format!("{id}-error");
    let described = error_id.clone();
    let error = move || {
        let words = errors.at(id)?;
        Some(view! { <FieldError id=error_id.clone() words=words /> })
    };
    view! {
        <fieldset
            class="field"
            class:has-error=move || errors.at(id).is_some()
            aria-describedby=described
        >
            <legend>{legend}</legend>
            {error}
            <div class="choices">
                {choices.into_iter().enumerate().map(choice).collect_view()}
            </div>
        </fieldset>
    }
}
