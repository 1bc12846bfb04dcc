//! What did not work, in words that say how to mend it and where the money is.

use message::worker::Failure;

/// A heading and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Said {
    pub(super) fn new(head: &str, text: impl Into<String>) -> Self {
        Self {
            head: head.to_owned(),
            text: text.into(),
        }
    }
}

/// Words for a failure on a page that only reads.
pub(crate) fn of(failure: &Failure) -> Said {
    match failure {
        Failure::Locked => Said::new(
            "This device is locked",
            "Unlock it with your passphrase. What you typed is kept.",
        ),
        Failure::WrongPassphrase => Said::new(
            "The passphrase does not open this device",
            "Check capital letters and the keyboard's language, and type it again.",
        ),
        Failure::StoredDeviceDamaged => Said::new(
            "What this browser keeps of the device does not fit together",
            "It was changed or only partly saved. Forget this device and enrol again with a new slip.",
        ),
        Failure::NoLine => Said::new(
            "The bank cannot be reached",
            "Check your connection. Nothing is lost: what you have signed is sent again by itself.",
        ),
        Failure::NotLoaded => Said::new(
            "A part of the program code could not be loaded",
            "Check your connection and try again. If this stays, call your bank. Nothing has been sent.",
        ),
        Failure::NoAnswer => Said::new(
            "The bank has not answered yet",
            "Your question has arrived and waits there. Ask again in a moment.",
        ),
        Failure::WordsNotCompared => Said::new(
            "The bank's five words have not been compared",
            "Type the five words from your slip first. Nothing has been sent.",
        ),
        Failure::BankNotVerified { why } => Said::new(
            "This is not the bank it says it is",
            format!(
                "We stop here, and nothing has been sent. Call your bank by the number on your \
                 slip and say: {why}"
            ),
        ),
        Failure::BankKeysDiffer { why, .. } => Said::new(
            "The bank’s keys do not fit",
            format!("We stop here, and nothing has been sent. Call your bank and say: {why}"),
        ),
        Failure::Refused {
            words, reference, ..
        } => Said::new(
            "The bank has refused this",
            match reference {
                Some(reference) => format!("{words} If you call us, say {reference}."),
                None => words.clone(),
            },
        ),
        Failure::Field { words, .. } => Said::new("There is a problem", words.clone()),
        Failure::NoDraft => Said::new(
            "This draft cannot be signed any more",
            "It was left for too long. Nothing has been signed or sent. Go on and check it again.",
        ),
        Failure::NotKept => Said::new(
            "This browser keeps nothing",
            "Its storage is full or not allowed, so nothing was sent. Make room, then try again.",
        ),
        Failure::NotUsable { code, detail } => super::key_words::of(code, detail),
        Failure::Fault { why } => Said::new(
            "Sorry, there is a problem with this page",
            format!("Reload it and unlock again. What you have signed is saved. ({why})"),
        ),
    }
}

/// The same in one line.
pub(crate) fn line(failure: &Failure) -> String {
    let Said { head, text } = of(failure);
    format!("{head}. {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mend_and_do_not_scold() {
        let failures = [
            Failure::Locked,
            Failure::WrongPassphrase,
            Failure::NoLine,
            Failure::NoAnswer,
            Failure::NoDraft,
            Failure::NotKept,
            Failure::StoredDeviceDamaged,
            Failure::WordsNotCompared,
        ];
        for failure in failures {
            let said = of(&failure);
            let text = format!("{} {}", said.head, said.text).to_lowercase();
            for word in ["invalid", "oops", "please", "successfully"] {
                assert!(!text.contains(word), "{text}");
            }
        }
    }

    #[test]
    fn a_refusal_keeps_its_reference() {
        let failure = Failure::Refused {
            code: "SL01".to_owned(),
            words: "Check the slip.".to_owned(),
            reference: Some("9QX4-2MTB-7HRA".to_owned()),
        };
        assert!(of(&failure).text.ends_with("say 9QX4-2MTB-7HRA."));
    }
}
