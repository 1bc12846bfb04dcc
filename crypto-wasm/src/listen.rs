//! The event stream: the one tab that holds the lock keeps it, and tells the others.

use crate::{
    host::{Chunks, Host},
    line::Miss,
    state::{Worker, fault},
    turn::{First, first, within},
};
use futures_channel::oneshot;
use message::worker::{Failure, FromWorker};

/// After so long without a word the mailbox is read, which also shows whether the line still holds.
const SILENCE_MS: u32 = 25_000;

/// Pauses before the stream is opened again.
const AGAIN_MS: [u32; 5] = [200, 500, 1_000, 2_000, 5_000];

/// Reads server-sent events as far as they are needed: whether a whole event named `mail` has come.
#[derive(Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    mail: bool,
}

impl Events {
    /// Takes the next bytes; how many `mail` events they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> usize {
        /// No line of ours is longer; what is, is cut and means nothing.
        const LINE_MAX: usize = 256;
        let mut complete = 0;
        for byte in bytes {
            match byte {
                b'\r' => {}
                b'\n' => {
                    match self.line.as_slice() {
                        b"" if self.mail => {
                            complete += 1;
                            self.mail = false;
                        }
                        b"event: mail" | b"event:mail" => self.mail = true,
                        _ => {}
                    }
                    self.line.clear();
                }
                other if self.line.len() < LINE_MAX => self.line.push(*other),
                _ => {}
            }
        }
        complete
    }
}

impl<H: Host> Worker<H> {
    /// Starts listening, once for each time the keys are opened.
    pub(crate) fn start_listening(&self) -> Result<(), Failure> {
        self.check_active()?;
        let epoch = self.epoch();
        let (at_lock, locked) = oneshot::channel();
        let first_time = self.with(|state| {
            let first_time = state.listens != Some(epoch);
            state.listens = Some(epoch);
            if first_time {
                state.at_lock.push(at_lock);
            }
            first_time
        });
        if first_time {
            self.spawn(|me| async move {
                if let First::A(()) = first(me.listen(epoch), locked).await {
                    me.with(|state| state.listens = None);
                }
            });
        }
        Ok(())
    }

    async fn listen(&self, epoch: u64) {
        let mut pauses = AGAIN_MS.into_iter();
        let mut last = AGAIN_MS[0];
        while self.still(epoch) {
            match self.follow().await {
                Ok(()) => pauses = AGAIN_MS.into_iter(),
                // The device was revoked, or the keys are gone: there is nothing to wait for.
                Err(Failure::Locked | Failure::Refused { .. }) => return,
                Err(_) => {}
            }
            self.with(|state| state.listening = false);
            last = pauses.next().unwrap_or(last);
            self.host.sleep(last).await;
        }
    }

    /// Follows one stream to its end.
    async fn follow(&self) -> Result<(), Failure> {
        let device = self.with_open(|open| open.keys.device())?;
        let mut stream = self
            .on_an_edge(async |edge| self.open_stream(&edge, &device.to_string()).await)
            .await?;
        // The stream stands before the mailbox is read, so that nothing falls between the two.
        self.with(|state| state.listening = true);
        if self.read_mail().await? > 0 {
            self.post(&FromWorker::NewMail);
        }
        let mut events = Events::default();
        loop {
            match within(&self.host, SILENCE_MS, stream.next()).await {
                Some(Some(bytes)) => {
                    if events.push(&bytes) > 0 {
                        self.read_mail().await?;
                        self.post(&FromWorker::NewMail);
                    }
                }
                Some(None) => return Ok(()),
                None => {
                    self.read_mail().await?;
                }
            }
        }
    }

    async fn open_stream(&self, edge: &str, device: &str) -> Result<H::Stream, Miss> {
        for again in [false, true] {
            self.open_door(edge, again).await?;
            let url = format!("{edge}/v1/mailbox/events?device={device}");
            match self.host.stream(url).await.map_err(|_| Miss::Edge)? {
                Ok(stream) => return Ok(stream),
                Err(401 | 403) if !again => {}
                Err(408 | 429 | 500..) => return Err(Miss::Edge),
                Err(status) => {
                    let why = format!("the event stream answers {status}");
                    return Err(Miss::All(fault(why)));
                }
            }
        }
        Err(Miss::Edge)
    }
}
