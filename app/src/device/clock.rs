//! The clock of the device, and where it stands. The server has no use for either: what it renders is
//! the same at any time.

use message::Timestamp;

/// Now, in seconds.
#[cfg(feature = "hydrate")]
pub(crate) fn now() -> Timestamp {
    // Whole seconds since 1970 fit an i64 for longer than there are browsers.
    (js_sys::Date::now() / 1000.0) as Timestamp
}

/// Now, in seconds: not known on the server.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn now() -> Timestamp {
    0
}

/// How far local time is ahead of UTC at a moment, in seconds.
#[cfg(feature = "hydrate")]
pub(crate) fn offset_seconds(at: Timestamp) -> i64 {
    let date = js_sys::Date::new(&(at as f64 * 1000.0).into());
    -(date.get_timezone_offset() as i64) * 60
}

/// How far local time is ahead of UTC at a moment: UTC on the server.
#[cfg(not(feature = "hydrate"))]
pub(crate) fn offset_seconds(_at: Timestamp) -> i64 {
    0
}
