//! Response headers that keep a page to itself: nothing from elsewhere, nothing inline.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
};
use tower_http::set_header::SetResponseHeaderLayer;

/// The content security policy of the pages of one bank.
#[derive(Clone)]
pub(super) struct Policy {
    connect: String,
}

impl Policy {
    /// A policy under which the program code may talk to these edges.
    pub(super) fn new(edges: &[String]) -> Self {
        Self {
            connect: edges.join(" "),
        }
    }

    /// The header for one response; only scripts that carry its nonce run. No form is ever sent by the
    /// browser itself: before the program code is there, that would write a passphrase into the address.
    pub(super) fn header(&self, nonce: &str) -> String {
        format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
             style-src 'self'; connect-src 'self' {}; img-src 'self' data:; font-src 'self'; \
             worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; object-src 'none'; \
             require-trusted-types-for 'script'; trusted-types default",
            self.connect
        )
    }
}

/// Headers that every response of the role carries. Files (the worker above all) get a policy of
/// their own, which pages replace by one with a nonce.
pub(super) fn harden(router: Router, policy: &Policy) -> Router {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let files = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' {}; \
         frame-ancestors 'none'",
        policy.connect
    );
    let files =
        HeaderValue::from_str(&files).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    router
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            files,
        ))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(fixed(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ))
        .layer(fixed(header::CACHE_CONTROL, "no-cache"))
}
