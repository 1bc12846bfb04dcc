//! The other worker, over a channel that the page has opened between the two.

use super::{Browser, WORKER, parts};
use crate::host::Peer;
use js_sys::Function;
use std::cell::RefCell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

thread_local! {
    static SAY: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// The script has got the channel's end; `say` posts to the other one. What the other one says is
/// taken from then on when this has ended: the code for it may have to be fetched.
#[wasm_bindgen]
pub async fn join(say: Function) -> Result<(), JsValue> {
    SAY.set(Some(say));
    match WORKER.with(|slot| slot.get().cloned()) {
        Some(worker) => parts::joined(worker)
            .await
            .map_err(|error| error.to_string().into()),
        None => Ok(()),
    }
}

/// Takes what the other worker says.
#[wasm_bindgen]
pub fn take_peer(text: String) {
    if let Some(worker) = WORKER.with(|slot| slot.get().cloned()) {
        parts::heard(worker, text);
    }
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
