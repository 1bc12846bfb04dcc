//! A bank begins.

use crate::{
    Entropy, Fault, ProcessorSecret,
    founding::{BankSecrets, Founding},
    processor::{keyring::wrap, row_of},
    store::{
        account, certificate,
        certificate_request::{self, RequestRow, SubjectKind},
        institution::{self, Institution},
        key_set, link,
        processor::{self, ProcessorRow},
        wrapped_key,
    },
};
use envelope::{Rsa, RsaPublicKey, VerifyingKey};
use message::{Timestamp, text::Name};
use relay::link::{Party, chain::start_hash};
use sqlx::{Connection as _, PgConnection};

/// Writes a new bank into its empty core: licence, CAs, key set, vault, the link to the authority,
/// and its first processors with the bank's keys wrapped to them. Run the registrar once afterwards:
/// it certifies the processors.
///
/// # Errors
/// When the core holds a bank already, or a processor's key cannot be used.
pub async fn found(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    founding: &Founding,
    secrets: &BankSecrets,
    processors: &[(&str, &ProcessorSecret)],
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    let terms = &founding.terms;
    let bank = Institution {
        bic: terms.bic.clone(),
        name: terms.name.clone(),
        iban_prefix: terms.iban_prefix.clone(),
        currency: terms.currency,
        settlement_cap: terms.settlement_cap,
        root: founding.root.der().to_vec(),
        licence: founding.licence.der().to_vec(),
    };
    if institution::read(&mut tx).await?.is_some() {
        return Err(Fault::Setup("the core holds a bank already".to_owned()));
    }
    institution::insert(&mut tx, &bank, now).await?;
    let own = terms.bic.lower();
    let cas = [
        &founding.licence,
        &founding.processor_ca,
        &founding.enrolment_ca,
        &founding.transport_ca,
    ];
    for ca in cas {
        certificate::insert(&mut tx, &row_of(&own, ca), now).await?;
    }
    key_set::insert(&mut tx, &own, 1, founding.key_set.as_str(), now).await?;
    account::insert_vault(&mut tx, terms.currency, now).await?;
    account::insert_fees(&mut tx, terms.currency, now).await?;
    let (us, authority) = (Party::Bank(terms.bic.clone()), Party::Authority);
    let start_out = *start_hash(&us, &authority, 1).as_bytes();
    let start_in = *start_hash(&authority, &us, 1).as_bytes();
    link::insert(&mut tx, &authority.lower(), "out", start_out).await?;
    link::insert(&mut tx, &authority.lower(), "in", start_in).await?;
    for (name, secret) in processors {
        let to = secret.unwrap.public();
        record(&mut tx, name, &secret.signing.verifying_key(), to, now).await?;
        let mut rng = entropy.rng();
        let wrapped = wrap(rsa, to, &[&secrets.encryption], &secrets.storage, &mut *rng)?;
        drop(rng);
        for key in &wrapped {
            wrapped_key::insert(&mut tx, secret.id(), key, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Records one more processor by its public keys. The registrar certifies it, then a running processor
/// hands it the bank's keys.
///
/// # Errors
/// When the name or the key is taken.
pub async fn add_processor(
    core: &mut PgConnection,
    name: &Name,
    signing: &VerifyingKey,
    unwrap: &RsaPublicKey,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    record(&mut tx, name.as_str(), signing, unwrap, now).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn record(
    core: &mut PgConnection,
    name: &str,
    signing: &VerifyingKey,
    unwrap: &RsaPublicKey,
    now: Timestamp,
) -> Result<(), Fault> {
    let row = ProcessorRow {
        id: signing.thumbprint(),
        name: name.to_owned(),
        signing_key: signing.to_spki_der()?,
        unwrap_key: unwrap.to_spki_der().to_vec(),
    };
    processor::insert(core, &row, now).await?;
    let request = RequestRow {
        subject: row.id,
        kind: SubjectKind::Processor,
        name: row.name,
        signing_key: row.signing_key,
        encryption_key: row.unwrap_key,
    };
    certificate_request::insert(core, &request, now).await
}
