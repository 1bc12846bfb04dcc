//! Several tabs of one browser: one of them holds the event stream of a device, all of them hear of
//! new mail, and locking or forgetting a device reaches every tab.

use super::Device;
use leptos::{prelude::*, task::spawn_local};
use message::{Thumbprint, worker::Ask};
use std::cell::RefCell;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

/// The name of the channel between tabs.
const CHANNEL: &str = "countersign";

/// What tabs say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// There is new mail for a device.
    Mail(Thumbprint),
    /// A device is locked by hand.
    Lock(Thumbprint),
    /// A device was removed from this browser.
    Forgotten(Thumbprint),
}

impl Word {
    fn text(self) -> String {
        match self {
            Word::Mail(device) => format!("mail {device}"),
            Word::Lock(device) => format!("lock {device}"),
            Word::Forgotten(device) => format!("forgotten {device}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (word, device) = text.split_once(' ')?;
        let device = Thumbprint::parse(device).ok()?;
        match word {
            "mail" => Some(Word::Mail(device)),
            "lock" => Some(Word::Lock(device)),
            "forgotten" => Some(Word::Forgotten(device)),
            _ => None,
        }
    }
}

struct Channel {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

thread_local! {
    static OPEN: RefCell<Option<Channel>> = const { RefCell::new(None) };
    /// Ends the hold on the stream's lock.
    static RELEASE: RefCell<Option<js_sys::Function>> = const { RefCell::new(None) };
}

/// Joins the other tabs.
pub(super) fn open(device: Device) {
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else {
        return;
    };
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let word = event.data().as_string().and_then(|text| Word::parse(&text));
        let own = device.profile_now().map(|profile| profile.device);
        match word {
            Some(Word::Mail(id)) if own == Some(id) => spawn_local(async move {
                let _ = device.ask(Ask::ReadMail).await;
            }),
            Some(Word::Lock(id)) if own == Some(id) => device.lock(false),
            Some(Word::Forgotten(id)) => device.forgotten(id),
            _ => {}
        }
    });
    channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    OPEN.set(Some(Channel {
        channel,
        _on_message: on_message,
    }));
}

/// Tells the other tabs.
pub(super) fn tell(word: Word) {
    OPEN.with_borrow(|open| {
        if let Some(open) = open {
            // Nobody may be listening, and that is fine.
            let _ = open.channel.post_message(&word.text().into());
        }
    });
}

/// Waits for its turn to hold the device's event stream; the browser passes it on when a tab closes.
pub(super) fn listen(device: Device, id: Thumbprint) {
    let granted = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
        // Locked meanwhile: the turn goes on to the next tab at once.
        if device
            .profile_now()
            .is_none_or(|profile| profile.device != id)
        {
            return JsValue::UNDEFINED;
        }
        spawn_local(async move {
            let _ = device.ask(Ask::Listen).await;
        });
        js_sys::Promise::new(&mut |resolve, _| RELEASE.set(Some(resolve))).into()
    });
    if request(&format!("countersign.stream.{id}"), &granted).is_none() {
        // A browser without Web Locks: every tab listens for itself.
        spawn_local(async move {
            let _ = device.ask(Ask::Listen).await;
        });
    }
}

/// `navigator.locks.request`, which `web-sys` counts as unstable.
fn request(name: &str, granted: &JsValue) -> Option<JsValue> {
    let navigator = window().navigator();
    let locks = js_sys::Reflect::get(&navigator, &"locks".into()).ok()?;
    let request = js_sys::Reflect::get(&locks, &"request".into()).ok()?;
    let request: js_sys::Function = request.dyn_into().ok()?;
    request.call2(&locks, &name.into(), granted).ok()
}

/// Lets the event stream go.
pub(super) fn stop() {
    if let Some(release) = RELEASE.take() {
        let _ = release.call0(&JsValue::NULL);
    }
}
