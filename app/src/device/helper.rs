//! A second worker, for as long as keys are made. The page joins the two by a channel and hears
//! nothing of what they say.

use super::{Device, worker};
use leptos::logging;
use std::cell::RefCell;
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, Worker, WorkerOptions, WorkerType};

struct Helper {
    worker: Worker,
    // Held as long as the worker may call it.
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

thread_local! {
    static HELPER: RefCell<Option<Helper>> = const { RefCell::new(None) };
}

/// Starts it, unless it runs already. Without it one worker does everything.
pub(super) fn start(device: Device) {
    if HELPER.with_borrow(Option::is_some) {
        return;
    }
    worker::ensure(device);
    if let Err(fault) = open() {
        logging::warn!("keys are made by one worker: {fault:?}");
    }
}

fn open() -> Result<(), JsValue> {
    let global = js_sys::global();
    let channel: js_sys::Function =
        js_sys::Reflect::get(&global, &"MessageChannel".into())?.dyn_into()?;
    let channel = js_sys::Reflect::construct(&channel, &js_sys::Array::new())?;
    let port = |name: &str| js_sys::Reflect::get(&channel, &name.into());
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let helper = Worker::new_with_options(&worker::address(), &options)?;
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(|event: ErrorEvent| {
        logging::warn!("the second worker does not run: {}", event.message());
        // Dropping the closure that runs now must wait until it has ended.
        leptos::task::spawn_local(async { stop() });
    });
    helper.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    let ports = js_sys::Array::of1(&port("port2")?);
    helper.post_message_with_transfer(&JsValue::NULL, &ports)?;
    HELPER.set(Some(Helper {
        worker: helper,
        _on_error: on_error,
    }));
    if !worker::join(&port("port1")?) {
        stop();
    }
    Ok(())
}

/// Ends it: whatever it held in memory is gone.
pub(super) fn stop() {
    if let Some(helper) = HELPER.take() {
        helper.worker.terminate();
        helper.worker.set_onerror(None);
    }
}
