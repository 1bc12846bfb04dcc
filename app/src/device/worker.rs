//! The Web Worker that holds keys: started by hand as a module, asked by JSON, ended to wipe it.

use super::{Device, events};
use crate::{PageConfig, later};
use futures_channel::oneshot;
use leptos::prelude::*;
use message::{
    Bic,
    worker::{
        Answer, Ask, Failure,
        wire::{Said, Wire, from_json},
    },
};
use std::{cell::RefCell, collections::BTreeMap};
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// A running worker and the questions it has not answered.
struct Line {
    worker: Worker,
    pending: BTreeMap<u32, oneshot::Sender<Wire>>,
    // Held as long as the worker may call them.
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

thread_local! {
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
    static NEXT_ID: RefCell<u32> = const { RefCell::new(1) };
    static CONFIG: RefCell<PageConfig> = RefCell::new(PageConfig::default());
}

/// Where the bank is; told to every worker first of all.
pub(super) fn configure(config: PageConfig) {
    CONFIG.set(config);
}

/// The origins of the bank's edges.
pub(super) fn edges() -> Vec<String> {
    CONFIG.with_borrow(|config| config.edges.clone())
}

/// Asks and waits for the answer. A worker that is ended in between leaves the device locked.
/// The file goes along as it is: the worker reads it.
pub(super) async fn ask(device: Device, ask: Ask, file: Option<JsValue>) -> Answer {
    if LINE.with_borrow(Option::is_none) {
        start(device);
    }
    let (tell, told) = oneshot::channel();
    if !send(&ask, Some(tell), file) {
        let why = "the worker of this page does not run".to_owned();
        return Answer::Failed {
            failure: Failure::Fault { why },
        };
    }
    let answer = match told.await {
        Ok(wire) if wire.said == Said::Plain => wire.read().map_err(|_| unknown()),
        Ok(wire) => later::read_rare(wire).await,
        Err(_) => Err(Failure::Locked),
    };
    answer.unwrap_or_else(|failure| Answer::Failed { failure })
}

fn unknown() -> Failure {
    Failure::Fault {
        why: "the worker said something unknown".to_owned(),
    }
}

/// Ends the worker: whatever it held in memory is gone.
pub(super) fn stop() {
    super::helper::stop();
    if let Some(line) = LINE.take() {
        line.worker.terminate();
        line.worker.set_onmessage(None);
        line.worker.set_onerror(None);
    }
}

/// Ends the worker and starts an empty one.
pub(super) fn restart(device: Device) {
    stop();
    start(device);
}

fn start(device: Device) {
    match open(device) {
        Ok(line) => {
            LINE.set(Some(line));
            CONFIG.with_borrow(|config| {
                if let Ok(bank) = Bic::parse(&config.bic) {
                    let edges = config.edges.clone();
                    let integrity = config.integrity_of("pkg/crypto_bg.wasm");
                    let configure = Ask::Configure {
                        edges,
                        bank,
                        integrity,
                    };
                    send(&configure, None, None);
                }
            });
        }
        Err(fault) => broken(device, &fault),
    }
}

fn open(device: Device) -> Result<Line, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&address(), &options)?;
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        let heard = from_json::<Wire>(&text).and_then(|wire| match wire.said {
            Said::Event => wire.read().map(|event| events::take(device, event)),
            _ => {
                answered(wire);
                Ok(())
            }
        });
        if let Err(fault) = heard {
            leptos::logging::error!("the worker said something unknown: {fault}");
        }
    });
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        broken(device, &event.message().into());
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    let pending = BTreeMap::new();
    Ok(Line {
        worker,
        pending,
        _on_message: on_message,
        _on_error: on_error,
    })
}

/// The worker checks what it loads against the digests that stand in its own address.
pub(super) fn address() -> String {
    CONFIG.with_borrow(|config| {
        let digest = |path| config.integrity_of(path).unwrap_or_default();
        let encoded = |path| String::from(js_sys::encode_uri_component(&digest(path)));
        format!(
            "/worker.js?js={}&parts={}&wasm={}&filter={}",
            encoded("pkg/crypto.js"),
            encoded("pkg/crypto_parts.js"),
            encoded("pkg/crypto_bg.wasm"),
            encoded("pkg/prime_filter.wasm")
        )
    })
}

/// Gives the worker its end of a channel; false when no worker runs.
pub(super) fn join(port: &JsValue) -> bool {
    LINE.with_borrow(|line| {
        let ports = js_sys::Array::of1(port);
        line.as_ref().is_some_and(|line| {
            let nothing = JsValue::NULL;
            line.worker
                .post_message_with_transfer(&nothing, &ports)
                .is_ok()
        })
    })
}

/// Starts the worker if it does not run.
pub(super) fn ensure(device: Device) {
    if LINE.with_borrow(Option::is_none) {
        start(device);
    }
}

fn broken(device: Device, fault: &JsValue) {
    leptos::logging::error!("the worker does not run: {fault:?}");
    let words = "The part of this page that holds your keys could not be started. Reload the page. \
                 If that does not help, use another browser.";
    device.broken.set(Some(words.to_owned()));
    // Whoever waits is told.
    stop();
}

fn send(ask: &Ask, tell: Option<oneshot::Sender<Wire>>, file: Option<JsValue>) -> bool {
    let id = NEXT_ID.with_borrow_mut(|next| {
        let id = *next;
        *next = next.wrapping_add(1);
        id
    });
    let text = Wire::ask(id, ask).and_then(|wire| serde_json::to_string(&wire));
    let Ok(text) = text else {
        return false;
    };
    let message = match &file {
        None => text.into(),
        Some(file) => with_file(&text, file),
    };
    LINE.with_borrow_mut(|line| {
        let Some(line) = line else { return false };
        if let Some(tell) = tell {
            line.pending.insert(id, tell);
        }
        line.worker.post_message(&message).is_ok()
    })
}

/// What `worker.js` takes apart again.
fn with_file(text: &str, file: &JsValue) -> JsValue {
    let message = js_sys::Object::new();
    // An object of our own takes whatever it is given.
    let _ = js_sys::Reflect::set(&message, &"text".into(), &text.into());
    let _ = js_sys::Reflect::set(&message, &"file".into(), file);
    message.into()
}

fn answered(wire: Wire) {
    let tell = LINE.with_borrow_mut(|line| line.as_mut()?.pending.remove(&wire.id));
    if let Some(tell) = tell {
        // Nobody waits for it any more when the page was left.
        let _ = tell.send(wire);
    }
}
