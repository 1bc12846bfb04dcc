//! The mailbox: letters are read in order, opened, verified, and handed to whoever waits.

use crate::{
    host::Host,
    line::Miss,
    session::session_of,
    state::{Answered, Worker, fault, from_json, not_verified},
};
use envelope::{Jwe, Jws, Verified};
use message::{
    Body, Digest, Kind, MessageId, Payload, Timestamp,
    api::{Letter, Mail},
    device::{DeviceOrdered, Devices, Join, Joining, Renewed},
    enquiry::{Overview, Payment, Statement},
    enrol::{Activated, Enrolled},
    notice::Notice,
    payload::CLOCK_SKEW_SECONDS_MAX,
    receipt::{Receipt, ReceiptAttest, ReceiptCopy, Refusal, Refused},
    session::{SealAgain, SessionOpened},
    worker::{Failure, FromWorker, stored},
};

/// Letters of sessions that another tab opened: so many are kept until its keys come.
const UNREAD_MAX: usize = 200;

/// What is in the mailbox of keys that were brought here is news for so long, in seconds.
const NEWS_SECONDS: i64 = 14 * 86_400;

/// What the bank can say, by kind.
pub(crate) enum Reply {
    Overview(Box<Overview>),
    Statement(Box<Statement>),
    Payment(Box<Payment>),
    Refused(Refused),
    SessionOpened(SessionOpened),
    Enrolled(Box<Enrolled>),
    Activated(Activated),
    Receipt(Box<Receipt>),
    ReceiptCopy(ReceiptCopy),
    Notice(Box<Notice>),
    SealAgain(SealAgain),
    Devices(Box<Devices>),
    DeviceOrdered(DeviceOrdered),
    Joining(Joining),
    Join(Box<Join>),
    Renewed(Box<Renewed>),
    Attested(Digest),
}

impl Reply {
    /// What to say of an answer that is not of the kind that was asked for.
    pub(crate) fn unexpected(self, id: MessageId) -> Failure {
        match self {
            Reply::Refused(refused) => refusal(refused.reason, Some(id.reference())),
            _ => fault(format_args!(
                "the bank answered something else ({})",
                id.reference()
            )),
        }
    }
}

/// A refusal as the page takes it.
pub(crate) fn refusal(reason: Refusal, reference: Option<String>) -> Failure {
    Failure::Refused {
        code: reason.code().to_owned(),
        words: reason.words().to_owned(),
        reference,
    }
}

/// A message of the bank whose signature holds, before its signer was judged.
struct Read {
    reply: Reply,
    id: MessageId,
    iat: Timestamp,
    exp: Timestamp,
    re: Option<Digest>,
}

fn read_as<B: Body>(
    verified: &Verified,
    device: &str,
    wrap: impl FnOnce(B) -> Reply,
) -> Result<Read, Failure> {
    let payload: Payload<B> = verified.payload().map_err(not_verified)?;
    payload
        .check_frame(&verified.signer().to_string(), device)
        .map_err(not_verified)?;
    Ok(Read {
        id: payload.jti,
        iat: payload.iat,
        exp: payload.exp,
        re: payload.re,
        reply: wrap(payload.body),
    })
}

fn read(verified: &Verified, device: &str) -> Result<Read, Failure> {
    match verified.kind() {
        Kind::Overview => read_as(verified, device, |b| Reply::Overview(Box::new(b))),
        Kind::Statement => read_as(verified, device, |b| Reply::Statement(Box::new(b))),
        Kind::Payment => read_as(verified, device, |b| Reply::Payment(Box::new(b))),
        Kind::Refused => read_as(verified, device, Reply::Refused),
        Kind::SessionOpened => read_as(verified, device, Reply::SessionOpened),
        Kind::Enrolled => read_as(verified, device, |b| Reply::Enrolled(Box::new(b))),
        Kind::Activated => read_as(verified, device, Reply::Activated),
        Kind::Receipt => read_as(verified, device, |b| Reply::Receipt(Box::new(b))),
        Kind::ReceiptCopy => read_as(verified, device, Reply::ReceiptCopy),
        Kind::ReceiptAttest => read_as(verified, device, |b: ReceiptAttest| {
            Reply::Attested(b.attested)
        }),
        Kind::Notice => read_as(verified, device, |b| Reply::Notice(Box::new(b))),
        Kind::SealAgain => read_as(verified, device, Reply::SealAgain),
        Kind::Devices => read_as(verified, device, |b| Reply::Devices(Box::new(b))),
        Kind::DeviceOrdered => read_as(verified, device, Reply::DeviceOrdered),
        Kind::Joining => read_as(verified, device, Reply::Joining),
        Kind::Join => read_as(verified, device, |b| Reply::Join(Box::new(b))),
        Kind::Renewed => read_as(verified, device, |b| Reply::Renewed(Box::new(b))),
        _ => Err(not_verified(
            "the bank does not send such messages to devices",
        )),
    }
}

/// A message of the bank that holds.
struct Judged {
    reply: Reply,
    id: MessageId,
    re: Option<Digest>,
    iat: Timestamp,
}

/// What a letter turned out to be.
enum Opened {
    Jws(Box<Jws>),
    /// Sealed in a session of another tab.
    OtherSession,
    Unreadable,
}

impl<H: Host> Worker<H> {
    /// Reads everything that is new; how many letters that were.
    pub(crate) async fn read_mail(&self) -> Result<usize, Failure> {
        let _turn = self.mail_turn.take().await;
        let mut count = self.take_late_letters().await?;
        loop {
            let (device, after) = self.with_open(|open| (open.keys.device(), open.after))?;
            let query = format!("?device={device}&after={after}");
            let mail: Mail = self
                .on_an_edge(async |edge| {
                    let response = self.get_mailbox(&edge, &query).await?;
                    from_json(&response.body).map_err(|_| Miss::Edge)
                })
                .await?;
            let before = count;
            let mut outcome = Ok(());
            for letter in mail.messages.iter().filter(|letter| letter.n > after) {
                self.check_open(device)?;
                outcome = self.take_letter(letter).await;
                if outcome.is_err() {
                    break;
                }
                self.check_open(device)?;
                self.with_open(|open| open.after = open.after.max(letter.n))?;
                count += 1;
            }
            if count > before {
                self.store_cursor()?;
            }
            outcome?;
            if !mail.more || count == before {
                return Ok(count);
            }
        }
    }

    pub(crate) fn store_cursor(&self) -> Result<(), Failure> {
        let (device, after, active) =
            self.with_open(|open| (open.keys.device(), open.read_until(), open.active))?;
        // Until the device is active the mailbox is read from its beginning.
        if active {
            let key = format!("{}{device}", stored::MAILBOX);
            self.store(key, Some(after.to_string()));
        }
        Ok(())
    }

    /// Opens, verifies and delivers one letter. It fails only where reading it again later can help;
    /// a letter that does not hold is put aside with a word in the console, and one whose signer no edge
    /// shows is kept for another try.
    pub(crate) async fn take_letter(&self, letter: &Letter) -> Result<(), Failure> {
        let opened = self.open_letter(letter)?;
        let jws = match opened {
            Opened::Jws(jws) => jws,
            Opened::OtherSession => return Ok(()),
            Opened::Unreadable => {
                self.host
                    .warn(&format!("letter {} cannot be opened", letter.n));
                return Ok(());
            }
        };
        if !self.signer_ready(letter, &jws).await? {
            return Ok(());
        }
        let judged = match self.judge(&jws) {
            Ok(Judged {
                reply: Reply::ReceiptCopy(copy),
                ..
            }) => match Jws::parse(&copy.receipt) {
                Ok(receipt) if !self.signer_ready(letter, &receipt).await? => return Ok(()),
                Ok(receipt) => self.judge_copy(&receipt).await,
                Err(error) => Err(not_verified(error)),
            },
            judged => judged,
        };
        match judged {
            Ok(judged) => self.deliver(judged, jws.digest()),
            Err(Failure::BankNotVerified { why } | Failure::Fault { why }) => {
                self.host.warn(&format!("letter {}: {why}", letter.n));
                self.ask_for_attestation(&jws);
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    fn open_letter(&self, letter: &Letter) -> Result<Opened, Failure> {
        let Ok(jwe) = Jwe::parse(&letter.envelope) else {
            return Ok(Opened::Unreadable);
        };
        self.with_open(|open| {
            let opened = match session_of(&jwe) {
                None => jwe.open_with_key(&self.rsa, &open.keys.encryption),
                Some(session) => match open.key_of(session) {
                    Some(key) => jwe.open_with_session(key),
                    None => {
                        if open.unread.len() >= UNREAD_MAX {
                            open.unread.remove(0);
                        }
                        open.unread.push(letter.clone());
                        return Opened::OtherSession;
                    }
                },
            };
            opened.map_or(Opened::Unreadable, |jws| Opened::Jws(Box::new(jws)))
        })
    }

    /// Verifies the signature, the frame, and that a processor of the bank made it. A receipt or a
    /// notice is judged as of the time it was made, since it may wait for long; an answer as of now.
    fn judge(&self, jws: &Jws) -> Result<Judged, Failure> {
        let device = self.with_open(|open| open.keys.device().to_string())?;
        let verified = self.verify(jws)?;
        let read = read(&verified, &device)?;
        let now = self.now();
        match read.reply {
            Reply::Receipt(_)
            | Reply::ReceiptCopy(_)
            | Reply::Notice(_)
            | Reply::Enrolled(_)
            | Reply::Activated(_)
            | Reply::DeviceOrdered(_)
            | Reply::Joining(_)
            | Reply::Renewed(_)
            | Reply::Attested(_) => {
                self.check_signer(jws, read.iat)?;
            }
            _ => {
                // Clocks may differ a little, and a processor's certificate may be brand new.
                let apart = read.iat.saturating_sub(now) > CLOCK_SKEW_SECONDS_MAX
                    || now.saturating_sub(read.exp) > CLOCK_SKEW_SECONDS_MAX;
                if apart {
                    return Err(not_verified("an answer is past its time"));
                }
                self.check_signer(jws, now.max(read.iat))?;
            }
        }
        Ok(Judged {
            reply: read.reply,
            id: read.id,
            re: read.re,
            iat: read.iat,
        })
    }

    /// The receipt in a copy, which was signed for this device: another one of the customer had ordered.
    async fn judge_copy(&self, jws: &Jws) -> Result<Judged, Failure> {
        let payload = self.check_signed_receipt(jws).await?;
        Ok(Judged {
            reply: Reply::Receipt(Box::new(payload.body)),
            id: payload.jti,
            re: payload.re,
            iat: payload.iat,
        })
    }

    /// Hands a verified message to whom it concerns.
    fn deliver(&self, judged: Judged, digest: Digest) -> Result<(), Failure> {
        let Judged { reply, id, re, iat } = judged;
        match reply {
            Reply::Notice(notice) if matches!(*notice, Notice::KeysReplaced { .. }) => {
                self.keys_replaced(*notice)
            }
            Reply::Receipt(_) | Reply::Notice(_) if !self.is_news(iat)? => Ok(()),
            Reply::SealAgain(_) if self.with_open(|open| open.searching)? => Ok(()),
            Reply::Receipt(receipt) => self.take_receipt(*receipt, re),
            Reply::Notice(notice) => self.take_notice(*notice),
            Reply::SealAgain(again) => self.seal_again(again.session),
            Reply::Attested(message) => self.note_attested(message),
            reply => {
                if let Reply::Enrolled(enrolled) = &reply
                    && self.with_open(|open| open.searching)?
                {
                    let found = Some((enrolled.clone(), digest));
                    self.with_open(|open| open.found = found)?;
                    return Ok(());
                }
                let awaited = self.awaited(&reply, re);
                let pending = awaited.and_then(|re| self.with(|state| state.pending.remove(&re)));
                match pending {
                    Some(pending) => {
                        let _ = pending.answer.send(Answered { reply, id, digest });
                    }
                    None if matches!(reply, Reply::Activated(_)) => {
                        self.with_open(|open| open.activated = true)?;
                    }
                    // A device that waits for its certificates reads its mailbox from the beginning:
                    // they may stand in it before anybody waits for them.
                    None if self.is_early(&reply, re) => {
                        let answered = Answered { reply, id, digest };
                        self.with_open(|open| open.early = Some(answered))?;
                    }
                    // An answer that came late, or that another tab asked for.
                    None => {}
                }
                Ok(())
            }
        }
    }

    /// Whether to tell of what was said then. Keys that were brought here read their whole mailbox:
    /// what is old in it was told where they were before, and to keys that are only looked up nothing
    /// is told at all.
    fn is_news(&self, at: Timestamp) -> Result<bool, Failure> {
        let now = self.now();
        self.with_open(|open| match (open.searching, open.active) {
            (false, _) => true,
            (true, active) => active && now.saturating_sub(at) <= NEWS_SECONDS,
        })
    }

    /// The question that an answer belongs to. In an enrolment the bank gives the same answer to the
    /// same keys again, naming the first request, which may have been signed anew since.
    fn awaited(&self, reply: &Reply, re: Option<Digest>) -> Option<Digest> {
        let questions: &[Kind] = match reply {
            Reply::Enrolled(_) => &[Kind::EnrolRequest, Kind::JoinRequest],
            Reply::Activated(_) => &[Kind::EnrolConfirm],
            // The same keys have one place in the bank's waiting room, whichever request came last.
            Reply::Joining(_) => &[Kind::JoinRequest],
            _ => return re,
        };
        self.with(|state| {
            let mut waiting = state.pending.iter();
            let found = waiting.find(|(_, pending)| questions.contains(&pending.jws.kind()));
            found.map(|(digest, _)| *digest)
        })
    }

    /// A receipt: final. It must name the very bytes that this device signed.
    pub(crate) fn take_receipt(&self, receipt: Receipt, re: Option<Digest>) -> Result<(), Failure> {
        let fits = self.with_open(|open| {
            re == Some(receipt.order_digest)
                && open
                    .orders
                    .get(&receipt.order)
                    .is_none_or(|order| order.jws.digest() == receipt.order_digest)
        })?;
        if !fits {
            self.host
                .warn("a receipt names other bytes than were signed: put aside");
            return Ok(());
        }
        self.order_final(receipt.order)?;
        let receipt = Box::new(receipt);
        self.post(&FromWorker::Receipt { receipt });
        Ok(())
    }

    pub(crate) fn take_notice(&self, notice: Notice) -> Result<(), Failure> {
        if let Notice::OnItsWay { payment, .. } = &notice {
            self.order_known(*payment)?;
        }
        let notice = Box::new(notice);
        self.post(&FromWorker::Notice { notice });
        Ok(())
    }
}
