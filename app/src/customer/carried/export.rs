//! Saving the device as a file. It counts once it was read back.

use super::{line, too_short};
use crate::{
    customer::private::Private,
    device::{Device, files::Picked},
    ui::{
        busy::BusyButton,
        choices::{Choice, Choices},
        drop::Drop,
        error_summary::{ErrorSummary, Errors},
        field::Passphrase,
        icon::Icon,
        page::{Back, BackStep, PageTitle, focus_main},
        steps::Steps,
        tag::{Tag, Tone},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::keys::FileForm;

const STEPS: &[&str] = &["Save the file", "Read it back"];
const FORM: &str = "form";
const PASSPHRASE: &str = "passphrase";
const FILE_PASSPHRASE: &str = "file_passphrase";
const FILE: &str = "file";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Save,
    ReadBack,
    Done,
}

#[derive(Clone, Copy)]
struct Export {
    device: Device,
    at: RwSignal<At>,
    form: RwSignal<Option<FileForm>>,
    passphrase: RwSignal<String>,
    file_passphrase: RwSignal<String>,
    name: RwSignal<String>,
    /// Another tool's file is used once: there is no passphrase yet that could open the key file.
    bare: bool,
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Export {
    fn go(self, at: At) {
        self.errors.clear();
        self.busy.set(false);
        self.at.set(at);
        focus_main();
    }

    fn save(self) {
        if self.busy.get_untracked() {
            return;
        }
        let form = self.form.get_untracked();
        let mut wrong = Vec::new();
        if form.is_none() {
            wrong.push((FORM, "Choose the kind of file".to_owned()));
        }
        if self.bare && form != Some(FileForm::Pkcs12) {
            let short = self.passphrase.with_untracked(|it| too_short(it));
            wrong.extend(short.map(|words| (PASSPHRASE, words)));
        } else if !self.bare && self.passphrase.with_untracked(String::is_empty) {
            wrong.push((PASSPHRASE, "Enter the passphrase of this device".to_owned()));
        }
        if form == Some(FileForm::Pkcs12) {
            let short = self.file_passphrase.with_untracked(|it| too_short(it));
            wrong.extend(short.map(|words| (FILE_PASSPHRASE, words)));
        }
        let (Some(form), true) = (form, wrong.is_empty()) else {
            self.errors.show(wrong);
            return;
        };
        self.errors.clear();
        self.busy.set(true);
        spawn_local(async move {
            let passphrase = self.passphrase.get_untracked();
            let own = (form == FileForm::Pkcs12).then(|| self.file_passphrase.get_untracked());
            match self.device.export(form, passphrase, own).await {
                Ok(name) => {
                    self.passphrase.set(String::new());
                    self.file_passphrase.set(String::new());
                    self.name.set(name);
                    self.go(At::ReadBack);
                }
                Err(failure) => {
                    self.busy.set(false);
                    self.errors.show(vec![(PASSPHRASE, line(&failure))]);
                }
            }
        });
    }

    fn read_back(self, picked: Picked) {
        if self.busy.get_untracked() {
            return;
        }
        self.errors.clear();
        self.busy.set(true);
        spawn_local(async move {
            match self.device.read_back(picked.file).await {
                Ok(()) => self.go(At::Done),
                Err(failure) => {
                    self.busy.set(false);
                    self.errors.show(vec![(FILE, line(&failure))]);
                }
            }
        });
    }
}

#[component]
pub(crate) fn ExportPage() -> impl IntoView {
    view! {
        <Private title="Save a key file">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let export = Export {
        device,
        bare: device.keys.are_bare(),
        at: RwSignal::new(At::Save),
        form: RwSignal::new(None),
        passphrase: RwSignal::default(),
        file_passphrase: RwSignal::default(),
        name: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    move || match export.at.get() {
        At::Save => view! { <Save export=export /> }.into_any(),
        At::ReadBack => view! { <ReadBack export=export /> }.into_any(),
        At::Done => view! { <Done export=export /> }.into_any(),
    }
}

#[component]
fn Save(export: Export) -> impl IntoView {
    let choice = |value, name: &str, hint: &'static str| Choice {
        value,
        name: name.to_owned(),
        hint: ViewFn::from(move || hint),
    };
    let choices = vec![
        choice(
            FileForm::KeyFile,
            "Key file",
            "Carries the whole device, for this program on any computer. OpenSSL reads it, too.",
        ),
        choice(
            FileForm::Pkcs12,
            "PKCS #12 (.p12)",
            "For other programs that sign. It gets a passphrase of its own.",
        ),
    ];
    let name = export
        .device
        .profile_now()
        .map(|it| it.device_name)
        .unwrap_or_default();
    let own = name.clone();
    let once = export.device.keys.once.get_untracked();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        export.save();
    };
    view! {
        <PageTitle words="Save a key file".to_owned() errors=export.errors />
        <Back href="/settings" words="Devices" />
        <div class="narrow flow">
            <ErrorSummary errors=export.errors />
            <div class="page-head flow">
                <Steps label="Key file" steps=STEPS current=0 />
                <h1>"Save a key file"</h1>
                <p class="quiet">
                    {if once {
                        "A copy of this device for a thumb drive or a safe. It is encrypted with its passphrase."
                    } else {
                        "A copy of this device for a thumb drive or a safe. If this browser loses its storage, the file brings the device back. It stays encrypted."
                    }}
                </p>
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                <Choices
                    id=FORM
                    legend="Kind of file"
                    choices=choices
                    chosen=export.form
                    errors=export.errors
                />
                <Show when=move || !(export.bare && export.form.get() == Some(FileForm::Pkcs12))>
                    <Passphrase
                        id=PASSPHRASE
                        label=if export.bare { "A passphrase for the key file" } else { "Passphrase of this device" }
                        hint=move || {
                            if export.bare {
                                "12 characters or more. It encrypts the keys in the new file."
                            } else {
                                "It also opens the key file. We ask for it so that you know that you know it."
                            }
                        }
                        value=export.passphrase
                        errors=export.errors
                        autocomplete=if export.bare { "new-password" } else { "current-password" }
                        of=StoredValue::new(name.clone()).get_value()
                    />
                </Show>
                <Show when=move || export.form.get() == Some(FileForm::Pkcs12)>
                    <Passphrase
                        id=FILE_PASSPHRASE
                        label="Passphrase of the .p12 file"
                        hint=|| "12 characters or more"
                        value=export.file_passphrase
                        errors=export.errors
                        autocomplete="new-password"
                        of=StoredValue::new(own.clone()).get_value()
                    />
                </Show>
                <p class="actions">
                    <BusyButton busy=export.busy words="Save the file" meanwhile="Making the file" />
                    <a class="button button-plain" href="/settings">
                        "Not now"
                    </a>
                </p>
            </form>
        </div>
    }
}

#[component]
fn ReadBack(export: Export) -> impl IntoView {
    let picked = Callback::new(move |picked| export.read_back(picked));
    let back = Callback::new(move |()| export.go(At::Save));
    view! {
        <PageTitle words="Read it back".to_owned() errors=export.errors />
        <BackStep words="Save it again" go=back />
        <div class="narrow flow">
            <ErrorSummary errors=export.errors />
            <div class="page-head flow">
                <Steps label="Key file" steps=STEPS current=1 />
                <h1>"Now read it back"</h1>
                <p class="quiet">
                    {move || format!("Your browser has saved {}. Choose that file where it lies now, best on the drive itself: it is opened, and its key signs once. Only then you can rely on it.", export.name.get())}
                </p>
            </div>
            <Drop
                id=FILE
                label="Drop the saved file here"
                hint="The file itself, not a link to it"
                errors=export.errors
                picked=picked
            />
            <p class="note quiet" role="status">
                {move || if export.busy.get() { "Opening the file and signing with it" } else { "" }}
            </p>
        </div>
    }
}

#[component]
fn Done(export: Export) -> impl IntoView {
    let waits = export.device.keys.payment_waits.get_untracked();
    let (href, words) = if waits {
        ("/pay", "Go on with your payment")
    } else {
        ("/settings", "Back to Devices")
    };
    view! {
        <PageTitle words="The key file works".to_owned() />
        <div class="narrow flow">
            <div class="page-head" role="status">
                <p>
                    <Tag tone=Tone::Positive icon=Icon::Checked words="Read back" />
                </p>
                <h1>"The key file works"</h1>
                <p class="quiet">
                    "It was opened with its passphrase, and its key has signed. Keep it where nobody else gets at it, and keep the passphrase elsewhere."
                </p>
            </div>
            <p class="actions">
                <a class="button button-main button-large" href=href>
                    {words}
                </a>
            </p>
        </div>
    }
}
