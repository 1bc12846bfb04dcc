//! Which device keys are that were brought without their certificates: the bank knows, in the letter of
//! their enrolment or when it is asked.

use crate::{
    bank::to_pem,
    carry::not_usable,
    device::VERSION,
    enquire::ASK_SECONDS,
    host::Host,
    keys::Keys,
    mail::Reply,
    state::{Open, Worker, fault},
};
use message::{
    Body, Thumbprint,
    device::{DevicesAsk, RenewAsk},
    enquiry::OverviewAsk,
    enrol::Enrolled,
    receipt::Refusal,
    worker::{Failure, StoredDevice},
};

impl<H: Host> Worker<H> {
    /// Searches the mailbox of these keys for what the bank said when their device was enrolled.
    pub(crate) async fn known_device(
        &self,
        keys: Keys,
        bank_ca: Thumbprint,
    ) -> Result<StoredDevice, Failure> {
        self.bank_ready().await?;
        let device = self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            if met.bank_ca.thumbprint() != bank_ca {
                return Err(not_usable("other-bank-key", String::new()));
            }
            Ok(StoredDevice {
                version: VERSION,
                device: keys.device(),
                customer_name: String::new(),
                customer_number: String::new(),
                device_name: String::new(),
                bank: met.bic.clone(),
                bank_name: met.name.clone(),
                enrolled_at: self.now(),
                signing_key: String::new(),
                encryption_key: String::new(),
                certificates: to_pem(&[met.bank_ca.certificate().clone()])?,
                root: met.anchor.certificate().to_pem().map_err(fault)?,
                key_set: met.key_set,
                request: None,
                manifest: String::new(),
            })
        })?;
        let words_fit = self.with(|state| state.words_fit);
        self.open_with(Open::new(keys, device, false));
        let device = self.find_device().await;
        self.lock();
        self.with(|state| state.words_fit = words_fit);
        device
    }

    /// The device that the open keys are: as the letter of its enrolment says, or, where that is not in
    /// the mailbox any more, as the bank says when it is asked.
    async fn find_device(&self) -> Result<StoredDevice, Failure> {
        self.search_mailbox().await?;
        if let Some((enrolled, _)) = self.with_open(|open| open.found.take())? {
            return self.enrolled_device(&enrolled);
        }
        let asked = self.ask_outside(RenewAsk {}).await;
        // It may have been among the letters whose signer no edge had shown when they were read.
        if let Some((enrolled, _)) = self.with_open(|open| open.found.take())? {
            return self.enrolled_device(&enrolled);
        }
        let renewed = match asked {
            Ok(Reply::Renewed(renewed)) => renewed,
            // It may be in one of those: then nothing is known yet.
            Err(Failure::NoAnswer) if self.with_open(|open| !open.late.is_empty())? => {
                return Err(Failure::NoAnswer);
            }
            // Nobody answers keys that the bank has never seen.
            Ok(_) | Err(Failure::NoAnswer) => {
                return Err(not_usable("unknown-device", String::new()));
            }
            Err(failure) => return Err(failure),
        };
        let Reply::Overview(overview) = self.ask_outside(OverviewAsk {}).await? else {
            return Err(fault("the bank answered something else"));
        };
        self.enrolled_device(&Enrolled {
            customer_name: overview.customer_name,
            customer_number: overview.customer_number,
            signing_certificate: renewed.signing_certificate,
            encryption_certificate: renewed.encryption_certificate,
            chain: renewed.chain,
            nonce: String::new(),
        })
    }

    /// Another tool's file does not say what the customer calls the device; the bank does. Without a line
    /// it has no name.
    pub(crate) async fn learn_name(&self) {
        if self.with_open(|open| open.device.device_name.is_empty()) != Ok(true) {
            return;
        }
        let asked = self.ask_bank(DevicesAsk {}).await;
        if let Ok(Reply::Devices(list)) = asked.map(|answered| answered.reply) {
            let _ = self.with_open(|open| {
                let own = list
                    .devices
                    .iter()
                    .find(|it| it.device == open.device.device);
                if let Some(own) = own {
                    open.device.device_name = own.name.to_string();
                }
            });
        }
    }

    /// Asks with keys whose device is not here yet: outside of every session, which would be stored.
    async fn ask_outside<B: Body>(&self, body: B) -> Result<Reply, Failure> {
        self.bank_ready().await?;
        let bank = self.bank_name()?;
        let jws = self.sign(body, &bank, ASK_SECONDS, None)?;
        let answered = self.exchange(jws, false).await?;
        match answered.reply {
            refused @ Reply::Refused(_) => Err(refused.unexpected(answered.id)),
            reply => Ok(reply),
        }
    }

    /// Reads the whole mailbox, and tells only of what is news.
    pub(crate) async fn search_mailbox(&self) -> Result<(), Failure> {
        self.with_open(|open| open.searching = true)?;
        let read = self.read_mail().await;
        self.with_open(|open| open.searching = false)?;
        if let Some(at) = self.with_open(|open| open.replaced_at)? {
            return Err(not_usable("replaced", at.to_string()));
        }
        match read {
            Ok(_) => Ok(()),
            Err(Failure::Refused { code, .. }) if code == Refusal::DeviceNotActive.code() => {
                Err(not_usable("revoked", String::new()))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Asks the bank at the door of the mailbox. Without a line the device is opened all the same,
    /// as one that is stored would be.
    pub(crate) async fn refuse_revoked(&self) -> Result<(), Failure> {
        let searched = match self.search_mailbox().await {
            Ok(()) => self.take_place_from_file().await,
            failed => failed,
        };
        match searched {
            Err(failure @ (Failure::NotUsable { .. } | Failure::Locked)) => Err(failure),
            _ => Ok(()),
        }
    }
}
