//! Processing servers: asked for on the new machine, admitted, listed and removed by the operator.

mod admit;
mod list;
mod nodes;
mod remove;
mod request;

pub use admit::{ProcessorAdmit, admit_processor};
pub use list::{ProcessorList, list_processors};
pub use remove::{ProcessorRemove, remove_processor};
pub use request::{ProcessorRequest, request_processor};
