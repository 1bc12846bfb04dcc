//! Public documents: certificates, the key set, and what a device needs to know of the bank.

use super::Front;
use crate::RelayError;
use message::Thumbprint;
use message::api::BankInfo;

/// The name of [`BankInfo`] among the documents.
pub(crate) const BANK: &str = "bank";

impl Front {
    /// Publishes the certificate of a signing key with the CAs above it: DER, issuer after issued,
    /// without the root. A renewed certificate of the same key takes the old one's place.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn publish_certificate(
        &self,
        key: &Thumbprint,
        chain: &[Vec<u8>],
    ) -> Result<(), RelayError> {
        sqlx::query("SELECT front.publish_certificate($1, $2)")
            .bind(key.to_string())
            .bind(chain)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Publishes a key set, a compact JWS. Readers get the one with the highest number.
    ///
    /// # Errors
    /// [`crate::Refused::Different`] when the number stands for another key set.
    pub async fn publish_key_set(&self, number: u64, jws: &str) -> Result<(), RelayError> {
        let number =
            i64::try_from(number).map_err(|_| RelayError::Refused(crate::Refused::Malformed))?;
        sqlx::query("SELECT front.publish_key_set($1, $2)")
            .bind(number)
            .bind(jws)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Publishes what devices need to know of the bank. Its key set and clock are put in anew by
    /// whoever reads it.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn publish_bank_info(&self, info: &BankInfo) -> Result<(), RelayError> {
        let body = serde_json::to_string(info).map_err(|error| RelayError::Inconsistent {
            table: "front.bank_document",
            what: error.to_string(),
        })?;
        sqlx::query("SELECT front.publish_document($1, $2)")
            .bind(BANK)
            .bind(body)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
