//! How fast this browser is: what a device does, beside the browser's own cryptography.

use crate::{
    device::{Device, words},
    ui::{busy::BusyButton, page::PageTitle},
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::keys::Measured;
use std::collections::BTreeMap;

/// What is measured, and what a device does it for.
const ROWS: [(Measured, &str, &str); 5] = [
    (
        Measured::MakeKey,
        "Make a key",
        "With one thread. Once, when a device is enrolled, twice over; two threads share it then",
    ),
    (
        Measured::Sign,
        "Sign",
        "Each order and each question to the bank",
    ),
    (
        Measured::Verify,
        "Check a signature",
        "Each answer and each receipt, and certificates",
    ),
    (Measured::Seal, "Seal", "The first message of a session"),
    (
        Measured::Open,
        "Open",
        "The bank’s answer to it, and kept orders",
    ),
];

/// The median of a few runs, in words.
fn median(mut micros: Vec<u32>) -> String {
    micros.sort_unstable();
    let Some(middle) = micros.get(micros.len() / 2).copied() else {
        return "not measured".to_owned();
    };
    let ms = f64::from(middle) / 1000.0;
    match ms {
        ms if ms < 0.1 => "below 0.1 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

/// Ours and the browser's, in words.
type Figures = BTreeMap<Measured, [Option<String>; 2]>;

#[cfg(feature = "hydrate")]
async fn of_browser(what: Measured) -> String {
    match crate::device::webcrypto::measure(what).await {
        Ok(micros) => median(micros),
        Err(_) => "not offered here".to_owned(),
    }
}

#[cfg(not(feature = "hydrate"))]
async fn of_browser(_what: Measured) -> String {
    String::new()
}

#[component]
pub(crate) fn Speed() -> impl IntoView {
    let device = Device::of_page();
    let busy = RwSignal::new(false);
    let said = RwSignal::new(String::new());
    let figures = RwSignal::new(Figures::new());
    let measure = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        figures.set(Figures::new());
        said.set("Measuring. It takes up to half a minute.".to_owned());
        spawn_local(async move {
            let mut failed = None;
            for (what, ..) in ROWS {
                let ours = match device.measure(what).await {
                    Ok(micros) => median(micros),
                    Err(failure) => {
                        failed = Some(words::line(&failure));
                        break;
                    }
                };
                figures.update(|all| drop(all.insert(what, [Some(ours.clone()), None])));
                let theirs = of_browser(what).await;
                figures.update(|all| drop(all.insert(what, [Some(ours), Some(theirs)])));
            }
            busy.set(false);
            said.set(failed.unwrap_or_else(|| "Measured: the table is complete.".to_owned()));
        });
    };
    let row = move |(what, name, why): (Measured, &'static str, &'static str)| {
        let cell = move |at: usize| {
            let found = figures.with(|all| all.get(&what).and_then(|it| it[at].clone()));
            found.unwrap_or_else(|| "–".to_owned())
        };
        view! {
            <tr>
                <th scope="row">
                    <strong>{name}</strong>
                    <span class="small quiet speed-why">{why}</span>
                </th>
                <td class="num">{move || cell(0)}</td>
                <td class="num">{move || cell(1)}</td>
            </tr>
        }
    };
    view! {
        <PageTitle words="How fast your browser is".to_owned() />
        <div class="narrow flow">
            <div class="page-head">
                <h1>"How fast your browser is"</h1>
                <p class="quiet">
                    "Keys of 3072 bits, measured here and now with keys that are thrown away. Nothing is sent."
                </p>
            </div>
            <form on:submit=measure>
                <p class="actions">
                    <BusyButton busy=busy words="Measure" meanwhile="Measuring" />
                </p>
            </form>
            <p class="note quiet" role="status">
                {move || said.get()}
            </p>
            <table class="table speed">
                <caption class="visually-hidden">
                    "Median time of each operation, by our program code and by the browser’s own"
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col" class="num">
                            "This page’s worker"
                        </th>
                        <th scope="col" class="num">
                            "Browser’s own"
                        </th>
                    </tr>
                </thead>
                <tbody>{ROWS.map(row).collect_view()}</tbody>
            </table>
            <p class="note">
                "The browser’s own cryptography (WebCrypto) signs and opens faster. We do not use it for your keys: it cannot make the same keys again from a recovery sheet, and it cannot read most key files. You wait for a signature a few hundredths of a second longer, and for the keys once."
            </p>
            <p class="note quiet">
                "Making a key depends on luck: each run looks for two primes by trying. The figure is the middle one of three runs, the others of seven."
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_run_counts() {
        assert_eq!(median(vec![9_000, 1_000, 2_340]), "2.3 ms");
        assert_eq!(median(vec![812_400]), "812 ms");
        assert_eq!(median(vec![20]), "below 0.1 ms");
        assert_eq!(median(Vec::new()), "not measured");
    }
}
