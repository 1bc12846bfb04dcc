//! The parts that are fetched when they are needed. Each function marked `wasm_split` is the door to one:
//! the build cuts the module there.

use super::Browser;
use crate::{Worker, host::Parts, parts::Rare};
use message::worker::{Answer, Ask, Failure};
use std::{
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use zeroize::Zeroizing;

/// An ask that the part reads.
type Text = Zeroizing<String>;

/// What a part has begun to do.
type Answering = Pin<Box<dyn Future<Output = Result<Answer, Failure>>>>;

#[wasm_split(coming, fallible)]
fn coming(worker: Rc<Worker<Browser>>, ask: Box<Ask>) -> Result<Answering, SplitLoaderError> {
    Ok(Box::pin(async move { worker.answer_coming(*ask).await }))
}

#[wasm_split(coming, preload(fetch_hear), fallible)]
fn hear(worker: Rc<Worker<Browser>>, text: String) -> Result<(), SplitLoaderError> {
    worker.take_peer(text);
    Ok(())
}

#[wasm_split(coming, fallible)]
fn join(worker: Rc<Worker<Browser>>) -> Result<(), SplitLoaderError> {
    worker.join();
    Ok(())
}

#[wasm_split(keys, fallible)]
fn keys(worker: Rc<Worker<Browser>>, text: Text) -> Result<Answering, SplitLoaderError> {
    Ok(Box::pin(async move { worker.answer_carried(&text).await }))
}

#[wasm_split(devices, fallible)]
fn devices(worker: Rc<Worker<Browser>>, text: Text) -> Result<Answering, SplitLoaderError> {
    Ok(Box::pin(async move { worker.answer_listed(&text).await }))
}

impl Parts for Browser {
    async fn answer_rare(worker: Rc<Worker<Self>>, rare: Rare) -> Result<Answer, Failure> {
        let answering = match rare {
            Rare::Coming(ask) => coming(worker, ask).await,
            Rare::Keys(text) => keys(worker, text).await,
            Rare::Devices(text) => devices(worker, text).await,
        };
        answering.map_err(|_| Failure::NotLoaded)?.await
    }
}

/// The other worker is there; answers when it can be heard.
pub(super) async fn joined(worker: Rc<Worker<Browser>>) -> Result<(), SplitLoaderError> {
    // Each door looks for its part by itself: this one must be open before the first word comes.
    fetch_hear().await?;
    join(worker).await
}

/// Takes what the other worker says, at once: the part is there since the two were joined.
pub(super) fn heard(worker: Rc<Worker<Browser>>, text: String) {
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(Err(_)) | Poll::Pending = pin!(hear(worker, text)).poll(&mut context) {
        web_sys::console::warn_1(&"the other worker spoke too early".into());
    }
}
