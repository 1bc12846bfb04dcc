//! The worker that holds a device's keys: wasm-bindgen surface over message and envelope.
