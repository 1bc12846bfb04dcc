//! The other worker, over a channel that the page has opened between the two.

use super::{Browser, WORKER};
use crate::host::Peer;
use js_sys::Function;
use std::cell::RefCell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

thread_local! {
    static SAY: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// The script has got the channel's end; `say` posts to the other one.
#[wasm_bindgen]
pub fn join(say: Function) {
    SAY.set(Some(say));
    WORKER.with(|slot| {
        if let Some(worker) = slot.get() {
            worker.join();
        }
    });
}

/// Takes what the other worker says.
#[wasm_bindgen]
pub fn take_peer(text: String) {
    WORKER.with(|slot| {
        if let Some(worker) = slot.get() {
            worker.take_peer(text);
        }
    });
}

impl Peer for Browser {
    fn to_peer(&self, text: &str) {
        SAY.with_borrow(|say| {
            if let Some(say) = say {
                // A worker that has ended hears nothing, and the search goes on without it.
                let _ = say.call1(&JsValue::NULL, &JsValue::from_str(text));
            }
        });
    }
}
