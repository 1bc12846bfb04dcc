//! Files, the clipboard and paper: what leaves the page when the customer says so.

/// Hands a text to the browser as a file.
#[cfg(feature = "hydrate")]
pub(crate) fn save(name: &str, media_type: &str, text: &str) {
    save_part(name, media_type, &text.into());
}

/// The same with anything that a `Blob` is made of.
#[cfg(feature = "hydrate")]
pub(super) fn save_part(name: &str, media_type: &str, part: &wasm_bindgen::JsValue) {
    use wasm_bindgen::JsCast as _;
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = js_sys::Array::of1(part);
    let saved = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)
        .and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob))
        .and_then(|url| {
            let link = leptos::prelude::document().create_element("a")?;
            if let Ok(link) = link.dyn_into::<web_sys::HtmlAnchorElement>() {
                link.set_href(&url);
                link.set_download(name);
                link.click();
            }
            web_sys::Url::revoke_object_url(&url)
        });
    if let Err(fault) = saved {
        leptos::logging::error!("a file could not be saved: {fault:?}");
    }
}

/// Only a browser has files to save.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn save(_name: &str, _media_type: &str, _text: &str) {}

/// Puts a text on the clipboard.
pub(crate) async fn copy(text: String) -> bool {
    #[cfg(feature = "hydrate")]
    {
        let clipboard = leptos::prelude::window().navigator().clipboard();
        wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text))
            .await
            .is_ok()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        drop(text);
        false
    }
}

/// Opens the browser's print dialog.
pub(crate) fn print() {
    #[cfg(feature = "hydrate")]
    if leptos::prelude::window().print().is_err() {
        leptos::logging::error!("the print dialog did not open");
    }
}
