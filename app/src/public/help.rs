//! Help: short answers, in the order in which people ask.

use crate::{PageConfig, ui::page::PageTitle};
use leptos::prelude::*;

/// Question and answer. What stands here must be true of the program, not of a brochure.
const ANSWERS: [(&str, &str); 8] = [
    (
        "Where do I get an activation slip?",
        "From the bank. It carries a slip number, a code, and five words by which your browser knows \
         the bank. Five wrong tries use it up: the bank then gives you a new one.",
    ),
    (
        "I have forgotten my passphrase",
        "Nobody can open your keys without it, the bank included. Forget the device under Devices or \
         on the unlock page, ask the bank to revoke it, and enrol again with a new slip. Your money \
         and your receipts stay at the bank.",
    ),
    (
        "What does “Received by the bank” mean?",
        "The bank has your order and has checked your signature. It becomes “Paid” or “Not paid” when \
         the bank's signed receipt is here and your device has checked that signature.",
    ),
    (
        "My payment stays on its way",
        "The money is set aside until the other bank answers. It is never taken twice, and it comes \
         back if the other bank refuses. You can close the page: the answer waits for you.",
    ),
    (
        "The bank could not be reached. Is my payment lost?",
        "No. A signed order is saved on this device before it is sent, and it is sent again by itself \
         under the same number, so it can never be paid twice.",
    ),
    (
        "What is on a receipt file?",
        "Your signed order, the bank's signed answer, and the certificates to check both. Any standard \
         JOSE tool can check it, without an account and without us.",
    ),
    (
        "Someone else uses this browser",
        "Several customers can enrol in one browser. Each chooses who they are when unlocking, and \
         each has a passphrase of their own.",
    ),
    (
        "This device is lost or was used by someone else",
        "Call the bank at once and name the device. From the moment it is revoked, nothing that it \
         signs is accepted.",
    ),
];

#[component]
pub(crate) fn Help() -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let answers = ANSWERS.map(|(question, answer)| {
        view! {
            <section class="flow flow-tight">
                <h2>{question}</h2>
                <p>{answer}</p>
            </section>
        }
    });
    view! {
        <PageTitle words="Help".to_owned() />
        <div class="narrow flow help">
            <div class="page-head">
                <h1>"Help"</h1>
                <p class="quiet">
                    {format!("When you call {bank}, say the number of the order: it is on each payment.")}
                </p>
            </div>
            {answers}
            <p class="note">
                <a href="/about/speed">"How fast your browser signs and seals"</a>
            </p>
        </div>
    }
}
