//! The browser's side: what a module worker offers, and nothing of ours decided here.

mod net;

use crate::{
    Worker,
    host::{Clock, Page, Spawn},
};
use js_sys::Promise;
use message::worker::FromWorker;
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
}

/// Starts the worker. The script calls it once, when the module is there.
#[wasm_bindgen]
pub fn start() {
    WORKER.with(|slot| {
        let worker = slot.get_or_init(|| {
            let scope = js_sys::global().unchecked_into();
            Worker::new(Browser { scope })
        });
        worker.ready();
    });
}

/// Takes one message of the page: the JSON of `message::worker::ToWorker`.
#[wasm_bindgen]
pub fn take(text: String) {
    WORKER.with(|slot| {
        if let Some(worker) = slot.get() {
            worker.take(text);
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
}

impl Page for Browser {
    fn post(&self, message: &FromWorker) {
        if let Ok(json) = serde_json::to_string(message) {
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
