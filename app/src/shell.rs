//! The document around the pages. The boot tags are our own: leptos' `HydrationScripts` knows no
//! integrity and writes the nonce where browsers do not look for it.

use crate::{App, PageConfig, config::ELEMENT};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;
use serde_json::{Map, Value, json};

/// Nothing but our worker may become a script, and no mark-up may carry one.
const TRUSTED_TYPES: &str = "\
if (window.trustedTypes) trustedTypes.createPolicy('default', {\
createScriptURL: text => { const url = new URL(text, location.href);\
return url.origin === location.origin && url.pathname === '/worker.js' ? text : null; },\
createHTML: markup => /<(script|iframe|object|embed|base)\\b/i.test(markup) ? null : markup});";

/// The whole document, rendered once for each request.
pub fn shell(_options: LeptosOptions) -> impl IntoView {
    let config = use_context::<PageConfig>().unwrap_or_default();
    let nonce = use_nonce().map(|nonce| nonce.to_string());
    let style = config.integrity_of("app.css");
    let program = config.integrity_of("pkg/app.js");
    // It fetches the other parts, each with its digest.
    let parts = config.integrity_of("pkg/app_parts.js");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <script nonce=nonce.clone() inner_html=TRUSTED_TYPES></script>
                <script nonce=nonce.clone() inner_html=HOLD></script>
                <script type="importmap" nonce=nonce.clone() inner_html=import_map(&config)></script>
                <link rel="stylesheet" href="/app.css" integrity=style />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <link
                    rel="preload"
                    r#as="font"
                    type="font/woff2"
                    crossorigin="anonymous"
                    href="/fonts/instrument-sans-latin-wght-normal.woff2"
                />
                <link rel="modulepreload" href="/pkg/app.js" integrity=program />
                <link rel="modulepreload" href="/pkg/app_parts.js" integrity=parts />
                <script type="application/json" id=ELEMENT inner_html=quoted(&config)></script>
                <script type="module" nonce=nonce inner_html=start(&config)></script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// JSON that cannot end the element it stands in.
fn quoted(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_default()
        .replace('<', "\\u003c")
}

/// The digests of every module, so that the browser refuses a changed one.
fn import_map(config: &PageConfig) -> String {
    let modules = config
        .integrity
        .iter()
        .filter(|(path, _)| path.ends_with(".js"));
    let integrity: Map<String, Value> = modules
        .map(|(path, digest)| (format!("/{path}"), json!(digest)))
        .collect();
    quoted(&json!({ "imports": {}, "integrity": integrity }))
}

/// A button that is pressed before the program code is there is held, and pressed again afterwards: the
/// last one, when it still stands. No module, since those run only once the whole page has come.
const HOLD: &str = "let held; const hold = event => { const button = event.target.closest('button');\
    if (button) { event.preventDefault(); event.stopPropagation(); held = button; } };\
    addEventListener('click', hold, true);";

/// Loads the program code; where that fails, the page says so.
fn start(config: &PageConfig) -> String {
    let options = match config.integrity_of("pkg/app_bg.wasm") {
        Some(digest) => json!({ "integrity": digest }),
        None => json!({}),
    };
    format!(
        "const wasm = fetch('/pkg/app_bg.wasm', {});\
         try {{ const app = await import('/pkg/app.js');\
         await app.default({{ module_or_path: wasm }}); await app.hydrate();\
         removeEventListener('click', hold, true); if (held?.isConnected) held.click(); }}\
         catch (fault) {{ console.error(fault);\
         const said = document.getElementById('boot-failure'); if (said) said.hidden = false; }}",
        quoted(&options)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_cannot_break_out_of_its_element() {
        let config = PageConfig {
            bank_name: "</script><script>alert(1)</script>".to_owned(),
            ..PageConfig::default()
        };
        let text = quoted(&config);
        assert!(!text.contains('<'));
        assert_eq!(serde_json::from_str::<PageConfig>(&text).unwrap(), config);
    }

    #[test]
    fn modules_and_program_code_carry_their_digests() {
        let integrity = [("pkg/app.js", "sha384-a"), ("pkg/app_bg.wasm", "sha384-b")];
        let integrity = integrity.map(|(path, digest)| (path.to_owned(), digest.to_owned()));
        let config = PageConfig {
            integrity: integrity.into(),
            ..PageConfig::default()
        };
        let map: Value = serde_json::from_str(&import_map(&config)).unwrap();
        assert_eq!(map["integrity"]["/pkg/app.js"], "sha384-a");
        assert!(map["integrity"].get("/pkg/app_bg.wasm").is_none());
        assert!(start(&config).contains(r#"{"integrity":"sha384-b"}"#));
    }
}
