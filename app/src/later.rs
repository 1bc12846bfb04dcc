//! Pages whose program code is fetched only when they are opened. What a browser loads at first holds
//! the start, unlocking and the accounts; the other pages come in three parts.
//!
//! A part that is there is drawn at once, so that a page from the server is taken over as it stands:
//! its part is fetched before that ([`ready_for`]).

use crate::{
    customer, public,
    ui::{
        notice::{Notice, Weight},
        page::PageTitle,
        waiting::Waiting,
    },
};
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
#[cfg(feature = "hydrate")]
use message::worker::{Answer, Failure, wire::Wire};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// A page that is fetched when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Enrol,
    Join,
    Bring,
    Recover,
    Statement,
    Pay,
    Payments,
    Payment,
    Devices,
    AddDevice,
    OneDevice,
    ReplaceKeys,
    Revoke,
    Settings,
    Export,
    Left,
    Passphrase,
    Sheet,
    Speed,
}

/// What is fetched together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Getting a device.
    Coming,
    /// Looking and paying.
    Money,
    /// Looking after devices and keys.
    Care,
}

impl Page {
    const fn part(self) -> Part {
        match self {
            Self::Enrol | Self::Join | Self::Bring | Self::Recover => Part::Coming,
            Self::Statement | Self::Pay | Self::Payments | Self::Payment => Part::Money,
            Self::Devices
            | Self::AddDevice
            | Self::OneDevice
            | Self::ReplaceKeys
            | Self::Revoke
            | Self::Settings
            | Self::Export
            | Self::Left
            | Self::Passphrase
            | Self::Sheet
            | Self::Speed => Part::Care,
        }
    }
}

impl Part {
    /// The part that a page of the server needs, by its address.
    #[cfg(any(feature = "hydrate", test))]
    fn at(path: &str) -> Option<Self> {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        match (names.next()?, names.next()) {
            ("enrol", _) | ("keys", Some("import" | "recover")) => Some(Self::Coming),
            ("accounts", Some(_)) | ("pay" | "payments", _) => Some(Self::Money),
            ("devices" | "settings" | "keys", _) | ("about", Some("speed")) => Some(Self::Care),
            _ => None,
        }
    }

    /// Fetches it, unless it is there.
    pub(crate) async fn fetch(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::Coming => fetch_coming().await,
            Self::Money => fetch_money().await,
            Self::Care => fetch_care().await,
        }
    }
}

#[wasm_split(coming, wasm_split_path = ::leptos::wasm_split, preload(fetch_coming), fallible)]
fn coming(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Join => customer::join::Join().into_any(),
        Page::Bring => customer::carried::bring::BringPage().into_any(),
        Page::Recover => customer::carried::recover::RecoverPage().into_any(),
        _ => customer::enrol::Enrol().into_any(),
    })
}

#[wasm_split(money, wasm_split_path = ::leptos::wasm_split, preload(fetch_money), fallible)]
fn money(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Statement => customer::statement::StatementPage().into_any(),
        Page::Pay => customer::pay::Pay().into_any(),
        Page::Payments => customer::payments::Payments().into_any(),
        _ => customer::payment::PaymentPage().into_any(),
    })
}

#[wasm_split(care, wasm_split_path = ::leptos::wasm_split, preload(fetch_care), fallible)]
fn care(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::AddDevice => customer::devices::add::AddDevice().into_any(),
        Page::OneDevice => customer::devices::one::OneDevice().into_any(),
        Page::ReplaceKeys => customer::devices::replace::ReplaceKeys().into_any(),
        Page::Revoke => customer::devices::revoke::Revoke().into_any(),
        Page::Settings => customer::settings::Settings().into_any(),
        Page::Export => customer::carried::export::ExportPage().into_any(),
        Page::Left => customer::carried::left::LeftPage().into_any(),
        Page::Passphrase => customer::carried::passphrase::PassphrasePage().into_any(),
        Page::Sheet => customer::carried::sheet::SheetPage().into_any(),
        Page::Speed => public::speed::Speed().into_any(),
        _ => customer::devices::list::DevicesPage().into_any(),
    })
}

/// Draws a page, if its part is there: on the server always.
fn drawn(page: Page) -> Option<AnyView> {
    match page.part() {
        Part::Coming => at_once(coming(page)),
        Part::Money => at_once(money(page)),
        Part::Care => at_once(care(page)),
    }
}

/// What a future comes to without waiting.
fn at_once(future: impl Future<Output = Result<AnyView, SplitLoaderError>>) -> Option<AnyView> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(Ok(view)) => Some(view),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

/// Fetches the part of the page that the server has sent.
#[cfg(feature = "hydrate")]
pub(crate) async fn ready_for(path: &str) -> Result<(), SplitLoaderError> {
    match Part::at(path) {
        Some(part) => part.fetch().await,
        None => Ok(()),
    }
}

/// Fetches every part, so that a page opens without waiting and without a line: a moment after the
/// customer sees what they came for. A part that does not come is asked for again when its page is
/// opened.
#[cfg(feature = "hydrate")]
pub(crate) fn fetch_all() {
    let fetch = || {
        spawn_local(async {
            for part in [Part::Money, Part::Coming, Part::Care] {
                let _ = part.fetch().await;
            }
        });
    };
    set_timeout(fetch, std::time::Duration::from_secs(1));
}

/// Reads what the worker answers about carried keys and devices: the pages of both parts need it.
#[cfg(feature = "hydrate")]
#[wasm_split(answers, wasm_split_path = ::leptos::wasm_split, fallible)]
fn rare(wire: Wire) -> Result<Result<Answer, Failure>, SplitLoaderError> {
    Ok(wire.read_rare().map_err(|_| Failure::Fault {
        why: "the worker said something unknown".to_owned(),
    }))
}

/// The same, with a failure where its code cannot be fetched.
#[cfg(feature = "hydrate")]
pub(crate) async fn read_rare(wire: Wire) -> Result<Answer, Failure> {
    rare(wire).await.map_err(|_| Failure::NotLoaded)?
}

/// How far a part is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fetching {
    UnderWay,
    There,
    Failed,
}

/// A page of a part. While the part is fetched it says so; a part that does not come, or is not what
/// the bank published, is said as well.
#[component]
pub(crate) fn Later(page: Page) -> impl IntoView {
    #[cfg(test)]
    {
        let path = leptos_router::hooks::use_location().pathname;
        assert_eq!(Part::at(&path.get_untracked()), Some(page.part()));
    }
    if let Some(view) = drawn(page) {
        return view;
    }
    let state = RwSignal::new(Fetching::UnderWay);
    let fetch = move || {
        state.set(Fetching::UnderWay);
        spawn_local(async move {
            let there = page.part().fetch().await.is_ok();
            // The page may have been left meanwhile.
            let _ = state.try_set(if there {
                Fetching::There
            } else {
                Fetching::Failed
            });
        });
    };
    fetch();
    let view = move || match state.get() {
        // With a title of its own: the page before is gone, and its title with it.
        Fetching::UnderWay => view! {
            <PageTitle words="Loading this page".to_owned() />
            <h1 class="visually-hidden">"Loading this page"</h1>
            <Waiting words="Loading this page" />
        }
        .into_any(),
        Fetching::There => drawn(page).into_any(),
        Fetching::Failed => view! { <NotFetched again=move |()| fetch() /> }.into_any(),
    };
    view.into_any()
}

#[component]
fn NotFetched(#[prop(into)] again: Callback<()>) -> impl IntoView {
    view! {
        <PageTitle words="This page could not be loaded".to_owned() />
        <div role="alert" class="narrow flow">
            <h1>"This page could not be loaded"</h1>
            <Notice weight=Weight::Warning head="A part of its program code is missing">
                <p>
                    "It did not come, or it is not what the bank published, so it was not run. Check your connection and try again. If this stays, call your bank. Nothing has been sent."
                </p>
            </Notice>
            <p class="actions">
                <button class="button" type="button" on:click=move |_| again.run(())>
                    "Try again"
                </button>
            </p>
        </div>
    }
}
