//! A QR code as one path: dark on light in every scheme, since cameras expect that.

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code, as the standard asks for.
const QUIET: i32 = 4;

/// The size in modules with the quiet edge, and the dark modules as a path.
fn path(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let cells = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let dark = cells.filter(|(x, y)| code.get_module(*x, *y));
    let parts = dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
    Some((size + 2 * QUIET, parts.collect()))
}

#[component]
pub(crate) fn Qr(
    text: String,
    /// What it says, for those who do not scan it.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    path(&text).map(|(size, path)| {
        view! {
            <svg class="qr" role="img" aria-label=label viewBox=format!("0 0 {size} {size}")>
                <rect width=size height=size></rect>
                <path d=path></path>
            </svg>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_are_finders() {
        let (size, path) = path("https://bank.example/devices/add#K7QM-2P4X").unwrap();
        assert!(size > 29 && path.starts_with("M4 4h1v1h-1z"));
    }
}
