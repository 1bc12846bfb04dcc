//! What the page asks, and who answers it.

use crate::{device, host::Host, parts::Asked, pay, state::Worker};
use message::{
    enquiry::StatementAsk,
    worker::{
        Answer, Ask, Failure, FromWorker,
        wire::{Wire, from_json},
    },
};
use zeroize::{Zeroize, Zeroizing};

impl<H: Host> Worker<H> {
    /// Takes one message of the page with a file that goes along, or why that cannot be read.
    pub fn take_with_file(&self, text: String, file: Result<Vec<u8>, &'static str>) {
        self.with(|state| state.handed = Some(file.map(Zeroizing::new)));
        self.take(text);
    }

    /// Takes one message of the page and answers it, in a task of its own.
    pub fn take(&self, mut text: String) {
        let asked: Result<Wire, _> = from_json(&text);
        // The text may hold a passphrase.
        text.zeroize();
        let asked = asked.and_then(|wire| {
            let id = wire.id;
            Asked::read(wire).map(|asked| (id, asked))
        });
        match asked {
            Ok((id, asked)) => self.spawn(move |me| async move {
                let answer = match asked {
                    Asked::Plain(ask) => me.answer(*ask).await,
                    Asked::Rare(rare) => H::answer_rare(me.clone(), rare).await,
                };
                let answer = answer.unwrap_or_else(|failure| Answer::Failed { failure });
                let answer = Box::new(answer);
                me.post(&FromWorker::Answer { id, answer });
            }),
            // serde's words would quote what was sent.
            Err(_) => self
                .host
                .warn("the page sent something that is no question"),
        }
    }

    /// Tells the page that questions may be sent.
    pub fn ready(&self) {
        self.post(&FromWorker::Ready);
    }

    async fn answer(&self, ask: Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::Configure { edges, bank, .. } => {
                self.with(|state| {
                    state.edges = edges;
                    state.edge = 0;
                    state.bank = Some(bank);
                    state.met = None;
                });
                Ok(Answer::Done)
            }
            Ask::MeetBank => self.bank().await,
            Ask::Unlock {
                device,
                passphrase,
                session,
                mailbox_after,
                orders,
            } => self.unlock(device::AtRest {
                device,
                passphrase: Zeroizing::new(passphrase),
                session,
                mailbox_after,
                orders,
            }),
            Ask::Lock => {
                self.lock();
                Ok(Answer::Done)
            }
            other => self.answer_device(other).await,
        }
    }

    /// What is asked with open keys.
    async fn answer_device(&self, ask: Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::Overview => self.overview().await,
            Ask::Statement {
                account,
                before,
                limit,
            } => {
                let ask = StatementAsk {
                    account,
                    before,
                    limit,
                };
                self.statement(ask).await
            }
            Ask::Payment { payment } => self.payment(payment).await,
            Ask::Draft {
                debtor_account,
                creditor_name,
                creditor_account,
                amount,
                remittance,
            } => {
                self.draft(pay::Typed {
                    debtor_account,
                    creditor_name,
                    creditor_account,
                    amount,
                    remittance,
                })
                .await
            }
            Ask::SignDraft { payment } => self.sign_draft(payment).await,
            Ask::ReadOrder { order } => self.read_order(&order),
            Ask::Stored { store, kept } => {
                self.stored(store, kept);
                Ok(Answer::Done)
            }
            Ask::ReadMail => self.read_mail().await.map(|_| Answer::Done),
            Ask::Session { sealed } => self.take_session(&sealed).await.map(|()| Answer::Done),
            Ask::Device { device } => self.take_device(device),
            Ask::Listen => self.start_listening().map(|()| Answer::Done),
            Ask::ReceiptFile { payment } => self.receipt_file(payment).await,
            // Answered before.
            _ => Ok(Answer::Done),
        }
    }
}
