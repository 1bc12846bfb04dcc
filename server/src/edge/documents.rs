//! What everybody may read: the bank's certificates and keys. Readers verify it; the edge does not
//! have to be believed.

use super::{Edge, problem::Rejected};
use axum::{
    Json,
    extract::{Path, State},
};
use message::{
    Thumbprint,
    api::{BankInfo, CertificateChain},
};

/// `GET /v1/health`: answers when the store does.
pub(crate) async fn health(State(edge): State<Edge>) -> Result<&'static str, Rejected> {
    // A reading that every edge may do: it shows that the front is reached.
    edge.store.bank_info(crate::boot::now()).await?;
    Ok("ok")
}

/// `GET /v1/bank`
pub(crate) async fn bank(State(edge): State<Edge>) -> Result<Json<BankInfo>, Rejected> {
    let info = edge.store.bank_info(crate::boot::now()).await?;
    Ok(Json(info.ok_or(Rejected::NotFound)?))
}

/// `GET /v1/certificates/THUMBPRINT`
pub(crate) async fn certificate(
    State(edge): State<Edge>,
    Path(thumbprint): Path<String>,
) -> Result<Json<CertificateChain>, Rejected> {
    let thumbprint =
        Thumbprint::parse(&thumbprint).map_err(|_| Rejected::Address("a key thumbprint"))?;
    let chain = edge
        .store
        .certificate(&thumbprint)
        .await?
        .ok_or(Rejected::NotFound)?;
    Ok(Json(chain))
}
