//! What the logic needs of the place it runs in. The browser's side is in `bind`; the tests bring a
//! bank in memory.

use crate::{Worker, parts::Rare};
use envelope::det_keygen::may_be_prime;
use message::worker::{Answer, Failure, FromWorker};
use std::{future::Future, rc::Rc};

/// The clock of the device, and waiting.
pub trait Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;
    /// Ends after so many milliseconds.
    fn sleep(&self, ms: u32) -> impl Future<Output = ()>;
    /// Ends as soon as whatever came meanwhile was taken: for work that goes on for long.
    fn pause(&self) -> impl Future<Output = ()>;
    /// Microseconds since some moment, for measuring.
    fn now_us(&self) -> u64;
}

/// A second worker that helps to make keys. What the two say to each other no page hears.
pub trait Peer {
    /// Says something to it. Nothing happens where there is none.
    fn to_peer(&self, text: &str);
}

/// Program code beside the module, for those browsers that can run it.
pub trait Quick {
    /// Loads what there is. Without it everything comes to the same, later.
    fn load_quick(&self) -> impl Future<Output = ()> {
        async {}
    }

    /// What [`may_be_prime`] says of a candidate.
    fn may_be_prime(&self, candidate: &[u8]) -> bool {
        may_be_prime(candidate)
    }
}

/// The page that started the worker.
pub trait Page {
    /// Says something to the page.
    fn post(&self, message: &FromWorker);
    /// For the console: what was put aside and why. Never a secret, never what a message says.
    fn warn(&self, words: &str);
}

/// HTTP methods of `/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes.
    Post,
}

/// One request to an edge. Cookies always go along: the mailbox session is one.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Origin and path.
    pub url: String,
    /// Media type and text of what is sent.
    pub body: Option<(&'static str, String)>,
    /// When to give up.
    pub limit_ms: u32,
}

/// What an edge answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The text.
    pub body: String,
}

/// No answer: refused, cut off, or too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// A response that goes on: the event stream.
pub trait Chunks {
    /// The next piece; `None` when the stream has ended or broken.
    fn next(&mut self) -> impl Future<Output = Option<Vec<u8>>>;
}

/// The way to the edges.
pub trait Net {
    /// A response in pieces.
    type Stream: Chunks;
    /// Sends, and waits for the whole answer.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, Unreachable>>;
    /// Opens an event stream; the status where it is not 200.
    fn stream(
        &self,
        url: String,
    ) -> impl Future<Output = Result<Result<Self::Stream, u16>, Unreachable>>;
}

/// Starts tasks on the one thread there is.
pub trait Spawn {
    /// Runs until done, beside the others.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

/// Work that few asks need: its program code can be fetched when it is needed.
pub trait Parts: Sized {
    /// Answers it with the part's code.
    fn answer_rare(
        worker: Rc<Worker<Self>>,
        rare: Rare,
    ) -> impl Future<Output = Result<Answer, Failure>>;
}

/// All of it.
pub trait Host: Clock + Page + Net + Spawn + Peer + Quick + Parts + 'static {}

impl<T: Clock + Page + Net + Spawn + Peer + Quick + Parts + 'static> Host for T {}

/// Randomness of the operating system or the browser.
pub fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// So many random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    use rand_core::Rng as _;
    let mut bytes = [0; N];
    rng().fill_bytes(&mut bytes);
    bytes
}
