//! The foot of every page: who the bank is and until when it is licensed.

use crate::PageConfig;
use leptos::prelude::*;

#[component]
pub(crate) fn Footer() -> impl IntoView {
    let PageConfig {
        bank_name,
        bic,
        licence_until,
        ..
    } = use_context::<PageConfig>().unwrap_or_default();
    let licence = if licence_until.is_empty() {
        "licensed by the Authority".to_owned()
    } else {
        format!("licensed by the Authority until {licence_until}")
    };
    view! {
        <footer class="footer">
            <div class="page">
                <span>{format!("{bank_name}, {bic}, {licence}")}</span>
                <ul>
                    <li>
                        <a href="/">"How it works"</a>
                    </li>
                    <li>
                        <a href="/help">"Help"</a>
                    </li>
                </ul>
            </div>
        </footer>
    }
}
