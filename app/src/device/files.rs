//! Files that are chosen or dropped, and files that are saved. A chosen file is never read here: the
//! browser's handle on it goes to the worker, which reads it.

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use std::cell::RefCell;

#[cfg(feature = "hydrate")]
thread_local! {
    /// The file that was chosen last, and its number.
    static LAST: RefCell<(u32, wasm_bindgen::JsValue)> =
        const { RefCell::new((0, wasm_bindgen::JsValue::UNDEFINED)) };
}

/// A file that was chosen: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen(u32);

#[cfg(feature = "hydrate")]
impl Chosen {
    fn keep(file: wasm_bindgen::JsValue) -> Self {
        LAST.with_borrow_mut(|(number, last)| {
            *number = number.wrapping_add(1);
            *last = file;
            Self(*number)
        })
    }

    /// The browser's handle on it; nothing where another one was chosen since.
    pub(super) fn handle(self) -> wasm_bindgen::JsValue {
        LAST.with_borrow(|(number, last)| match *number == self.0 {
            true => last.clone(),
            false => wasm_bindgen::JsValue::UNDEFINED,
        })
    }
}

/// What a page knows of a file that was chosen.
#[derive(Clone)]
pub(crate) struct Picked {
    pub(crate) name: String,
    pub(crate) file: Chosen,
}

/// Takes the file that an event brings: `target` of a choice, `dataTransfer` of a drop.
#[cfg(feature = "hydrate")]
pub(crate) fn pick(event: &leptos::web_sys::Event, of: &str, done: Callback<Picked>) {
    if let Some(source) = get(event.as_ref(), of) {
        take(source, done);
    }
}

#[cfg(feature = "hydrate")]
fn get(it: &wasm_bindgen::JsValue, name: &str) -> Option<wasm_bindgen::JsValue> {
    js_sys::Reflect::get(it, &name.into()).ok()
}

/// Takes the first file of a control or of what was dropped.
#[cfg(feature = "hydrate")]
pub(crate) fn take(source: wasm_bindgen::JsValue, done: Callback<Picked>) {
    use wasm_bindgen::JsCast as _;
    let file = get(&source, "files")
        .and_then(|files| get(&files, "0"))
        .filter(wasm_bindgen::JsValue::is_object);
    let Some(file) = file else { return };
    // Choosing the same file once more must be an event, too.
    if let Ok(input) = source.dyn_into::<web_sys::HtmlInputElement>() {
        input.set_value("");
    }
    let name = get(&file, "name").and_then(|it| it.as_string());
    let picked = Picked {
        name: name.unwrap_or_default(),
        file: Chosen::keep(file),
    };
    // Not in the middle of drawing: a file may have been chosen before the page was taken over.
    leptos::task::spawn_local(async move { done.run(picked) });
}

#[cfg(not(feature = "hydrate"))]
pub(crate) fn pick(_event: &leptos::web_sys::Event, _of: &str, _done: Callback<Picked>) {}

/// Hands bytes to the browser as a file.
#[cfg(feature = "hydrate")]
pub(crate) fn save(name: &str, media_type: &str, base64: &str) {
    let Ok(bytes) = data_encoding::BASE64.decode(base64.as_bytes()) else {
        return;
    };
    let bytes = js_sys::Uint8Array::from(bytes.as_slice());
    super::download::save_part(name, media_type, &bytes.into());
}

#[cfg(not(feature = "hydrate"))]
pub(crate) fn save(_name: &str, _media_type: &str, _base64: &str) {}
