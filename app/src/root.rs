//! The pages and the addresses under which they stand. No address holds an IBAN, a name or a sum.

use crate::{
    PageConfig, customer,
    device::Device,
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

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=public::not_found::NotFound>
            <Route path=path!("/") view=public::start::Start />
            <Route path=path!("/help") view=public::help::Help />
            <Route path=path!("/about/speed") view=public::speed::Speed />
            <Route path=path!("/enrol") view=customer::enrol::Enrol />
            <Route path=path!("/unlock") view=customer::unlock::UnlockPage />
            <Route path=path!("/accounts") view=customer::accounts::Accounts />
            <Route
                path=path!("/accounts/:account/statement")
                view=customer::statement::StatementPage
            />
            <Route path=path!("/pay") view=customer::pay::Pay />
            <Route path=path!("/payments") view=customer::payments::Payments />
            <Route path=path!("/payments/:payment") view=customer::payment::PaymentPage />
            <Route path=path!("/enrol/join") view=customer::join::Join />
            <Route path=path!("/devices") view=customer::devices::list::DevicesPage />
            <Route path=path!("/devices/add") view=customer::devices::add::AddDevice />
            <Route path=path!("/devices/replace") view=customer::devices::replace::ReplaceKeys />
            <Route path=path!("/devices/:device") view=customer::devices::one::OneDevice />
            <Route path=path!("/devices/:device/revoke") view=customer::devices::revoke::Revoke />
            <Route path=path!("/settings") view=customer::settings::Settings />
            <Route path=path!("/keys/import") view=customer::carried::bring::BringPage />
            <Route path=path!("/keys/export") view=customer::carried::export::ExportPage />
            <Route path=path!("/keys/left") view=customer::carried::left::LeftPage />
            <Route
                path=path!("/keys/passphrase")
                view=customer::carried::passphrase::PassphrasePage
            />
            <Route path=path!("/keys/recover") view=customer::carried::recover::RecoverPage />
            <Route path=path!("/keys/sheet") view=customer::carried::sheet::SheetPage />
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
