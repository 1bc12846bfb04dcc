//! The browser's side: what a module worker offers, and nothing of ours decided here.

mod file;
mod net;
mod parts;
mod peer;
mod quick;

use crate::{
    Worker,
    host::{Clock, Page, Spawn},
};
use js_sys::Promise;
use message::worker::{FromWorker, wire::Wire};
use std::{cell::OnceCell, future::Future, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::DedicatedWorkerGlobalScope;

thread_local! {
    static WORKER: OnceCell<Rc<Worker<Browser>>> = const { OnceCell::new() };
}

/// A module worker.
pub(crate) struct Browser {
    scope: DedicatedWorkerGlobalScope,
    /// The script's `pause`: a message to itself, which timers of no length are too slow for.
    pause: js_sys::Function,
    /// The script's `quick`: gives what only some browsers can run.
    quick: js_sys::Function,
    filter: OnceCell<quick::Filter>,
}

/// Starts the worker. The script calls it once, when the module is there.
#[wasm_bindgen]
pub fn start(pause: js_sys::Function, quick: js_sys::Function) {
    WORKER.with(|slot| {
        let worker = slot.get_or_init(|| {
            let scope = js_sys::global().unchecked_into();
            Worker::new(Browser {
                scope,
                pause,
                quick,
                filter: OnceCell::new(),
            })
        });
        worker.ready();
    });
}

/// Takes one message of the page: the JSON of `message::worker::wire::Wire`.
#[wasm_bindgen]
pub fn take(text: String) {
    WORKER.with(|slot| {
        if let Some(worker) = slot.get() {
            worker.take(text);
        }
    });
}

/// The same with a file, which is read here and nowhere else.
#[wasm_bindgen]
pub async fn take_file(text: String, file: JsValue) {
    let file = file::read(&file).await;
    WORKER.with(|slot| {
        if let Some(worker) = slot.get() {
            worker.take_with_file(text, file);
        }
    });
}

impl Clock for Browser {
    fn now_ms(&self) -> i64 {
        // Whole milliseconds, far below 2^53.
        js_sys::Date::now() as i64
    }

    async fn sleep(&self, ms: u32) {
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let promise = Promise::new(&mut |resolve, _| {
            let _ = self
                .scope
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
        });
        let _ = JsFuture::from(promise).await;
    }

    async fn pause(&self) {
        let promise = Promise::new(&mut |resolve, _| {
            let _ = self.pause.call1(&JsValue::NULL, &resolve);
        });
        let _ = JsFuture::from(promise).await;
    }

    fn now_us(&self) -> u64 {
        // The time since the worker was started: small and never negative.
        let ms = js_sys::Reflect::get(&self.scope, &"performance".into())
            .and_then(|it| js_sys::Reflect::get(&it, &"now".into()).map(|now| (it, now)))
            .ok()
            .and_then(|(it, now)| now.dyn_into::<js_sys::Function>().ok()?.call0(&it).ok())
            .and_then(|ms| ms.as_f64());
        (ms.unwrap_or_default() * 1000.0) as u64
    }
}

impl Page for Browser {
    fn post(&self, message: &FromWorker) {
        if let Ok(json) = Wire::tell(message).and_then(|wire| serde_json::to_string(&wire)) {
            let _ = self.scope.post_message(&JsValue::from_str(&json));
        }
    }

    fn warn(&self, words: &str) {
        web_sys::console::warn_1(&JsValue::from_str(words));
    }
}

impl Spawn for Browser {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        spawn_local(task);
    }
}
