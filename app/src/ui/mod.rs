//! Components, one file each, paired with `style/components`.

pub(crate) mod announcer;
pub(crate) mod brand;
pub(crate) mod busy;
pub(crate) mod choices;
pub(crate) mod day;
pub(crate) mod dialog;
pub(crate) mod drop;
mod early;
pub(crate) mod error_summary;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod fingerprint;
pub(crate) mod footer;
pub(crate) mod icon;
pub(crate) mod masthead;
pub(crate) mod money;
pub(crate) mod notice;
pub(crate) mod page;
pub(crate) mod qr;
pub(crate) mod section;
pub(crate) mod sheet;
pub(crate) mod steps;
pub(crate) mod summary;
pub(crate) mod tag;
pub(crate) mod tasks;
pub(crate) mod timeline;
pub(crate) mod waiting;
