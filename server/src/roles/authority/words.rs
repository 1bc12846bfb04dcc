//! What the register says, in words for people at the command line.

use crate::cli::Failure;
use data_encoding::BASE64;
use envelope::{
    Certificate,
    register::{Standing, Status},
    words::five_words,
};
use message::{Amount, Bic, Currency, Timestamp, record::AuthorityAct};

/// A record, a line for each thing that it says.
pub fn of(act: &AuthorityAct) -> Result<Vec<String>, Failure> {
    Ok(match act {
        AuthorityAct::Founded { officers, head } => {
            let mut lines = vec!["The register begins.".to_owned()];
            for officer in officers {
                lines.extend(person("officer", officer)?);
            }
            lines.extend(person("key of heads", head)?);
            lines
        }
        AuthorityAct::OfficerAdmitted { certificate } => {
            let mut lines = vec!["One more officer signs records.".to_owned()];
            lines.extend(person("officer", certificate)?);
            lines
        }
        AuthorityAct::OfficerRemoved { officer, reason } => vec![
            format!("Officer {officer} signs nothing any more."),
            format!("reason        {reason}"),
        ],
        AuthorityAct::HeadReplaced { certificate } => {
            let mut lines = vec!["Another key signs heads of the register.".to_owned()];
            lines.extend(person("key of heads", certificate)?);
            lines
        }
        AuthorityAct::LicenceGranted {
            licence,
            succession,
        } => {
            let licence = certificate(licence)?;
            let bank = licence.party().bic().ok_or("a licence names a bank")?;
            let mut lines = vec![format!("{} ({bank}) is licensed.", licence.common_name())];
            lines.extend(terms(&licence)?);
            if succession.is_some() {
                lines.push("The key before has signed for this one.".to_owned());
            }
            lines
        }
        AuthorityAct::LicenceSuspended { bank, reason } => vec![
            format!("{bank} is suspended: no new payments to or from it."),
            format!("reason        {reason}"),
        ],
        AuthorityAct::LicenceResumed { bank, reason } => vec![
            format!("The suspension of {bank} ends."),
            format!("reason        {reason}"),
        ],
        AuthorityAct::LicenceRevoked { bank, reason, last } => {
            let mut lines = vec![
                format!("The licence of {bank} is revoked for good."),
                format!("reason        {reason}"),
            ];
            for item in last {
                let (sent, received) = (item.sent, item.received);
                lines.push(format!(
                    "with {}: what it sent counts up to {}/{}, what it got up to {}/{}",
                    item.peer, sent.0, sent.1, received.0, received.1
                ));
            }
            lines
        }
        AuthorityAct::SuspenseResolved {
            payer_bank,
            payee_bank,
            payment,
            credited,
            reason,
        } => vec![
            format!("A payment from {payer_bank} to {payee_bank} is decided."),
            format!("payment       {payment}"),
            match credited {
                true => "The payee has it.".to_owned(),
                false => "It goes back to the payer.".to_owned(),
            },
            format!("reason        {reason}"),
        ],
    })
}

/// A bank, as the register has it.
pub fn standing(bank: &Bic, standing: &Standing) -> Result<Vec<String>, Failure> {
    let licence = &standing.licence;
    let mut lines = vec![format!("{} ({bank})", licence.common_name())];
    lines.push(match &standing.status {
        Status::Active => format!("  active        licensed in entry {}", standing.granted_in),
        Status::Suspended { since, reason } => {
            format!("  suspended     since {}: {reason}", day(*since)?)
        }
        Status::Revoked { since, reason, .. } => {
            format!("  revoked       since {}: {reason}", day(*since)?)
        }
    });
    lines.extend(terms(licence)?.into_iter().map(|line| format!("  {line}")));
    Ok(lines)
}

fn certificate(base64: &str) -> Result<Certificate, Failure> {
    Ok(Certificate::from_der(&BASE64.decode(base64.as_bytes())?)?)
}

fn person(what: &str, base64: &str) -> Result<Vec<String>, Failure> {
    let certificate = certificate(base64)?;
    Ok(vec![
        format!("{what:<13} {}", certificate.common_name()),
        format!(
            "              {} ({})",
            five_words(&certificate.key_thumbprint()).join(" "),
            certificate.key_thumbprint()
        ),
    ])
}

fn terms(licence: &Certificate) -> Result<Vec<String>, Failure> {
    let terms = licence.licence().ok_or("a licence has terms")?;
    let cap = Amount::try_new(terms.settlement_cap_minor, Currency::EUR)?;
    let mut lines = vec![
        format!("number        {}, class {}", terms.number, terms.class),
        format!(
            "valid         {} to {}",
            day(licence.not_before())?,
            day(licence.not_after())?
        ),
        format!("accounts      begin with {}", terms.iban_prefix),
        format!("cap           {cap} between it and any other bank"),
    ];
    if let Some(transport_ca) = terms.transport_ca {
        lines.push(format!("transport CA  {transport_ca}"));
    }
    lines.push(format!(
        "five words    {}",
        five_words(&licence.key_thumbprint()).join(" ")
    ));
    Ok(lines)
}

/// The day of a time, in UTC.
pub fn day(at: Timestamp) -> Result<String, Failure> {
    Ok(time::OffsetDateTime::from_unix_timestamp(at)?
        .date()
        .to_string())
}
