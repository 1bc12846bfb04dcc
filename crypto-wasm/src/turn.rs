//! Waiting on one thread: taking turns, and whichever comes first.

use crate::host::Clock;
use futures_channel::oneshot;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Lets one task at a time through a stretch of code with awaits in it.
#[derive(Default)]
pub(crate) struct Turn {
    busy: Cell<bool>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

/// Held while it is one's turn.
pub(crate) struct Taken<'a>(&'a Turn);

impl Turn {
    /// Waits until nobody else holds it.
    pub(crate) async fn take(&self) -> Taken<'_> {
        while self.busy.get() {
            let (tell, told) = oneshot::channel();
            self.waiting.borrow_mut().push(tell);
            // A dropped sender means the same: look again.
            let _ = told.await;
        }
        self.busy.set(true);
        Taken(self)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
        // All are woken and one wins: a waiter may have been dropped between waking and running.
        for tell in self.0.waiting.take() {
            let _ = tell.send(());
        }
    }
}

/// What came first.
pub(crate) enum First<A, B> {
    /// The first future.
    A(A),
    /// The second.
    B(B),
}

/// Runs both until one is done; the other is dropped.
pub(crate) async fn first<A, B>(
    a: impl Future<Output = A>,
    b: impl Future<Output = B>,
) -> First<A, B> {
    let mut a = pin!(a);
    let mut b = pin!(b);
    poll_fn(|cx| {
        if let Poll::Ready(done) = a.as_mut().poll(cx) {
            return Poll::Ready(First::A(done));
        }
        b.as_mut().poll(cx).map(First::B)
    })
    .await
}

/// The future's result, or `None` when the time is over.
pub(crate) async fn within<T>(
    clock: &impl Clock,
    ms: u32,
    future: impl Future<Output = T>,
) -> Option<T> {
    match first(future, clock.sleep(ms)).await {
        First::A(done) => Some(done),
        First::B(()) => None,
    }
}
