//! The file, and its passphrase.

use super::{At, Bring, FILE, Head, PASSPHRASE, kind_words};
use crate::ui::{
    busy::BusyButton,
    drop::Drop,
    field::Passphrase,
    icon::Icon,
    page::{Back, BackStep, PageTitle},
};
use leptos::{prelude::*, task::spawn_local};

#[component]
pub(super) fn Choose(bring: Bring) -> impl IntoView {
    let picked = Callback::new(move |picked| bring.picked(picked));
    view! {
        <PageTitle words="Bring a key file".to_owned() errors=bring.errors />
        <Back href="/unlock" words="Unlock" />
        <div class="columns">
            <div class="flow">
                <Head
                    bring=bring
                    words="Which key file do you bring?"
                    more="It is opened in this page’s memory and goes nowhere. What becomes of it, you decide next."
                />
                <Drop
                    id=FILE
                    label="Drop the key file here"
                    hint="The file that “Save a key file” made, or an RSA key ending in .pem, .key, .p12 or .pfx"
                    errors=bring.errors
                    picked=picked
                />
                <p class="note quiet" role="status">
                    {move || if bring.busy.get() { "Looking at the file" } else { "" }}
                </p>
            </div>
            <aside class="flow" aria-label="Other ways">
                <div class="panel panel-sunk">
                    <h2>"On a computer that is not yours"</h2>
                    <p class="note quiet">
                        "You can use the file once: nothing of it is kept here. Be sure of the computer, though. A keyboard that is watched gives away any passphrase."
                    </p>
                </div>
                <div class="panel panel-sunk">
                    <h2>"No key file?"</h2>
                    <p class="note">
                        <a href="/keys/recover">"Recover with the sheet of 24 words"</a>
                    </p>
                    <p class="note">
                        <a href="/enrol">"Enrol with a new slip from the bank"</a>
                    </p>
                </div>
            </aside>
        </div>
    }
}

#[component]
pub(super) fn Open(bring: Bring) -> impl IntoView {
    let back = Callback::new(move |()| bring.start_over());
    let found = bring.found.get_untracked();
    let kind = found.as_ref().map(|it| kind_words(it.kind));
    let named = found.and_then(|it| it.named);
    let title = named.as_ref().map_or_else(
        || bring.name.get_untracked(),
        |named| named.device_name.clone(),
    );
    let about = named.map_or_else(
        || kind.unwrap_or_default().to_owned(),
        |named| format!("{}, at {}", named.customer_name, named.bank_name),
    );
    let of = title.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if bring.busy.get_untracked() || bring.at.get_untracked() != At::Passphrase {
            return;
        }
        if bring.passphrase.with_untracked(String::is_empty) {
            let words = "Enter the passphrase of this file";
            bring.errors.show(vec![(PASSPHRASE, words.to_owned())]);
            return;
        }
        bring.errors.clear();
        bring.busy.set(true);
        spawn_local(async move { bring.open(PASSPHRASE).await });
    };
    view! {
        <PageTitle words="Open the key file".to_owned() errors=bring.errors />
        <BackStep words="Another file" go=back />
        <div class="narrow flow">
            <Head
                bring=bring
                words="Open the key file"
                more="The passphrase opens it in this page’s memory. It is not sent anywhere."
            />
            <div class="panel panel-sunk">
                <p class="with-icon">{Icon::Device.draw()} <strong>{title}</strong></p>
                <p class="note quiet">{about}</p>
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                <Passphrase
                    id=PASSPHRASE
                    label="Passphrase of this file"
                    hint=|| "The one that was chosen when the file was saved"
                    value=bring.passphrase
                    errors=bring.errors
                    autocomplete="off"
                    of=Signal::derive(move || of.clone())
                />
                <p class="actions">
                    <BusyButton busy=bring.busy words="Open" meanwhile="Opening the file" />
                </p>
            </form>
        </div>
    }
}
