//! Files that are chosen or dropped, and files that are saved: as base64, as the worker takes them.

use leptos::prelude::*;
use message::worker::Failure;

/// The largest file that is read; the worker takes no larger one.
#[cfg(feature = "hydrate")]
const FILE_BYTES_MAX: f64 = 65_536.0;

/// A file that was chosen.
#[derive(Clone)]
pub(crate) struct Picked {
    pub(crate) name: String,
    /// Its bytes, base64.
    pub(crate) base64: Result<String, Failure>,
}

/// Reads the file that an event brings: `target` of a choice, `dataTransfer` of a drop.
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

/// Reads the first file of a control or of what was dropped.
#[cfg(feature = "hydrate")]
pub(crate) fn take(source: wasm_bindgen::JsValue, done: Callback<Picked>) {
    use wasm_bindgen::JsCast as _;
    let file = get(&source, "files")
        .and_then(|files| get(&files, "0"))
        .filter(wasm_bindgen::JsValue::is_object);
    // Choosing the same file once more must be an event, too.
    let input = source.dyn_into::<web_sys::HtmlInputElement>().ok();
    let Some(file) = file else { return };
    leptos::task::spawn_local(async move {
        let name = get(&file, "name").and_then(|it| it.as_string());
        let base64 = read(&file).await;
        if let Some(input) = input {
            input.set_value("");
        }
        done.run(Picked {
            name: name.unwrap_or_default(),
            base64,
        });
    });
}

#[cfg(feature = "hydrate")]
async fn read(file: &wasm_bindgen::JsValue) -> Result<String, Failure> {
    let failed = |code: &str| Failure::NotUsable {
        code: code.to_owned(),
        detail: String::new(),
    };
    let size = js_sys::Reflect::get(file, &"size".into()).ok();
    let size = size.and_then(|it| it.as_f64()).unwrap_or_default();
    if size > FILE_BYTES_MAX {
        return Err(failed("too-large"));
    }
    let buffer = js_sys::Reflect::get(file, &"arrayBuffer".into())
        .and_then(wasm_bindgen::JsCast::dyn_into::<js_sys::Function>)
        .and_then(|read| read.call0(file))
        .and_then(wasm_bindgen::JsCast::dyn_into::<js_sys::Promise>);
    let Ok(promise) = buffer else {
        return Err(failed("unreadable"));
    };
    // A drive that was removed meanwhile, or a folder.
    match wasm_bindgen_futures::JsFuture::from(promise).await {
        Ok(buffer) => {
            let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
            Ok(data_encoding::BASE64.encode(&bytes))
        }
        Err(_) => Err(failed("unreadable")),
    }
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
