//! The filter for candidates that uses a processor's vectors, in a module and a memory of its own.

use super::Browser;
use crate::host::Quick;
use envelope::det_keygen;
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What the script has loaded.
pub(crate) struct Filter {
    /// The place in the other memory where candidates are written: they pass through no other.
    room: Uint8Array,
    /// Tests what stands there and overwrites it.
    test: Function,
}

impl Filter {
    fn from_script(value: JsValue) -> Option<Self> {
        let parts = value.dyn_into::<Array>().ok()?;
        Some(Self {
            room: parts.get(0).dyn_into().ok()?,
            test: parts.get(1).dyn_into().ok()?,
        })
    }

    fn ask(&self, candidate: &[u8]) -> Option<bool> {
        let length = u32::try_from(candidate.len()).ok()?;
        if length > self.room.length() {
            return None;
        }
        self.room.subarray(0, length).copy_from(candidate);
        let said = self.test.call1(&JsValue::NULL, &length.into());
        said.ok()?.as_bool()
    }
}

impl Quick for Browser {
    async fn load_quick(&self) {
        if self.filter.get().is_some() {
            return;
        }
        let Ok(promise) = self.quick.call0(&JsValue::NULL) else {
            return;
        };
        let loaded = JsFuture::from(promise.unchecked_into::<Promise>()).await;
        if let Some(filter) = loaded.ok().and_then(Filter::from_script) {
            let _ = self.filter.set(filter);
        }
    }

    fn may_be_prime(&self, candidate: &[u8]) -> bool {
        let said = self.filter.get().and_then(|filter| filter.ask(candidate));
        said.unwrap_or_else(|| det_keygen::may_be_prime(candidate))
    }
}
