//! `POST /v1/envelopes`: takes a sealed message and stores it.

use super::{Edge, intake::Arrival, problem::Rejected};
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use data_encoding::HEXLOWER;
use envelope::Jwe;
use message::api::{ENVELOPE_BYTES_MAX, Stored};
use std::net::SocketAddr;
use tokio::sync::oneshot;

pub(crate) async fn store(
    State(edge): State<Edge>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Stored>), Rejected> {
    edge.envelopes_rate.check(from)?;
    let text = jose_body(&headers, body)?;
    let envelope = Jwe::parse(&text).map_err(|error| Rejected::Shape(error.to_string()))?;
    let id = HEXLOWER.encode(&envelope.id());
    let (stored, answer) = oneshot::channel();
    edge.intake
        .try_send(Arrival { envelope, stored })
        .map_err(|_| Rejected::TooMany(1))?;
    answer.await.map_err(|_| Rejected::Unavailable)??;
    tracing::debug!(envelope = %id, "stored");
    Ok((StatusCode::ACCEPTED, Json(Stored { envelope: id })))
}

/// The text of an `application/jose` body within the size limit.
pub(super) fn jose_body(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<String, Rejected> {
    let jose = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|t| t.trim() == "application/jose")
        });
    if !jose {
        return Err(Rejected::ContentType);
    }
    let body = body.map_err(|_| Rejected::TooLarge)?;
    if body.len() > ENVELOPE_BYTES_MAX {
        return Err(Rejected::TooLarge);
    }
    String::from_utf8(body.into()).map_err(|_| Rejected::Shape("it is not text".to_owned()))
}
