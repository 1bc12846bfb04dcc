//! The pages and the addresses under which they stand. No address holds an IBAN, a name or a sum.

use crate::{
    PageConfig, customer,
    device::Device,
    later::{Later, Page},
    public,
    ui::{
        announcer::Announcer,
        footer::Footer,
        masthead::Masthead,
        page::{MAIN, focus_main},
    },
};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    components::{Route, Router, Routes},
    hooks::use_location,
    path,
};

/// Shown where scripting is switched off; nothing private works without it.
const NO_SCRIPT: &str = "<div class=\"page\"><div class=\"notice notice-warning\"><div>\
<h2>This page needs JavaScript</h2><p>Your keys are made and used in your own browser, by program code. \
Switch scripting on for this address and reload the page. Nothing has been sent.</p></div></div></div>";

/// Every page. The server provides a [`PageConfig`] before it renders.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let config = config();
    provide_context(config.clone());
    let device = use_context::<Device>().unwrap_or_else(Device::new);
    provide_context(device);
    // Effects run in the browser only, after the page is hydrated.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::device::events::begin(device, config.clone()));
    view! {
        <Router>
            <a class="skip-link" href=format!("#{MAIN}") on:click=skip>
                "Skip to main content"
            </a>
            <Masthead />
            <Announcer />
            <main id=MAIN tabindex="-1">
                <noscript inner_html=NO_SCRIPT></noscript>
                <BootFailure />
                <div class="page">
                    <Broken />
                    <Pages />
                </div>
            </main>
            <Footer />
            <customer::about_to_lock::AboutToLock />
            <FocusOnNewPage />
            <customer::carried::left::LeaveOnce />
        </Router>
    }
}

#[cfg(not(feature = "hydrate"))]
fn config() -> PageConfig {
    use_context().unwrap_or_default()
}

#[cfg(feature = "hydrate")]
fn config() -> PageConfig {
    PageConfig::of_page().unwrap_or_default()
}

fn skip(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    focus_main();
}

/// A page that is fetched when it is opened.
fn later(page: Page) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view! { <Later page=page /> }.into_any()
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=public::not_found::NotFound>
            <Route path=path!("/") view=public::start::Start />
            <Route path=path!("/help") view=public::help::Help />
            <Route path=path!("/about/speed") view=later(Page::Speed) />
            <Route path=path!("/enrol") view=later(Page::Enrol) />
            <Route path=path!("/unlock") view=customer::unlock::UnlockPage />
            <Route path=path!("/accounts") view=customer::accounts::Accounts />
            <Route
                path=path!("/accounts/:account/statement")
                view=later(Page::Statement)
            />
            <Route path=path!("/pay") view=later(Page::Pay) />
            <Route path=path!("/payments") view=later(Page::Payments) />
            <Route path=path!("/payments/:payment") view=later(Page::Payment) />
            <Route path=path!("/enrol/join") view=later(Page::Join) />
            <Route path=path!("/devices") view=later(Page::Devices) />
            <Route path=path!("/devices/add") view=later(Page::AddDevice) />
            <Route path=path!("/devices/replace") view=later(Page::ReplaceKeys) />
            <Route path=path!("/devices/:device") view=later(Page::OneDevice) />
            <Route path=path!("/devices/:device/revoke") view=later(Page::Revoke) />
            <Route path=path!("/settings") view=later(Page::Settings) />
            <Route path=path!("/keys/import") view=later(Page::Bring) />
            <Route path=path!("/keys/export") view=later(Page::Export) />
            <Route path=path!("/keys/left") view=later(Page::Left) />
            <Route
                path=path!("/keys/passphrase")
                view=later(Page::Passphrase)
            />
            <Route path=path!("/keys/recover") view=later(Page::Recover) />
            <Route path=path!("/keys/sheet") view=later(Page::Sheet) />
        </Routes>
    }
}

/// Hidden until the program code cannot be loaded; then the boot script shows it.
#[component]
fn BootFailure() -> impl IntoView {
    view! {
        <div class="page" id="boot-failure" role="alert" hidden>
            <div class="notice notice-negative">
                <div>
                    <h2>"This page could not be loaded completely"</h2>
                    <p>
                        "A part of its program code is missing or is not what the bank published, so it was not run. Reload the page. If this stays, call your bank. Nothing has been sent."
                    </p>
                </div>
            </div>
        </div>
    }
}

/// The worker does not run, or the browser keeps nothing.
#[component]
fn Broken() -> impl IntoView {
    use crate::ui::notice::{Notice, Weight};
    let device = Device::of_page();
    move || {
        device.broken.get().map(|words| {
            view! {
                <div class="broken" role="alert">
                    <Notice weight=Weight::Negative head="Sorry, there is a problem">
                        <p>{words}</p>
                    </Notice>
                </div>
            }
        })
    }
}

/// After a change of address the focus goes to the new page, and the last message goes away.
#[component]
fn FocusOnNewPage() -> impl IntoView {
    let device = Device::of_page();
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            device
                .said
                .update(|toast| drop(toast.take_if(|it| !it.stays)));
            focus_main();
        }
        now
    });
}
