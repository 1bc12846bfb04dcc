//! The pages of Countersign, rendered on the server and hydrated in the browser.
