//! A file that somebody chose: its bytes come into this memory and no other.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The largest file that is read.
const BYTES_MAX: f64 = 65_536.0;

/// Reads it; otherwise the code of why not.
pub(super) async fn read(file: &JsValue) -> Result<Vec<u8>, &'static str> {
    let size = Reflect::get(file, &"size".into()).ok();
    match size.and_then(|size| size.as_f64()) {
        Some(size) if size <= BYTES_MAX => {}
        Some(_) => return Err("too-large"),
        None => return Err("unreadable"),
    }
    // A drive that was removed meanwhile, or a folder.
    bytes(file).await.map_err(|_| "unreadable")
}

async fn bytes(file: &JsValue) -> Result<Vec<u8>, JsValue> {
    let read: Function = Reflect::get(file, &"arrayBuffer".into())?.dyn_into()?;
    let reading: Promise = read.call0(file)?.dyn_into()?;
    let copy = Uint8Array::new(&JsFuture::from(reading).await?);
    let bytes = copy.to_vec();
    // The key in it may not be encrypted.
    copy.fill(0, 0, copy.length());
    Ok(bytes)
}
