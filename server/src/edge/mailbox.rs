//! `/v1/mailbox`: a device proves its signing key and reads the mailbox named after it.

use super::{Edge, envelopes::jose_body, problem::Rejected};
use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Query, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use data_encoding::BASE64URL_NOPAD;
use envelope::{Jws, VerifyingKey};
use message::{
    Kind, Payload, Thumbprint, Timestamp,
    api::{Challenge, MAIL_PER_READING_MAX, Mail, MailboxOpen},
};
use serde::Deserialize;
use std::net::SocketAddr;

/// A challenge is good for this long, and so is the signature over it.
const CHALLENGE_SECONDS: i64 = 60;
/// How long a session opens the mailbox without a new signature.
const SESSION_SECONDS: u32 = 15 * 60;

/// `POST /v1/mailbox/challenge`
pub(crate) async fn challenge(
    State(edge): State<Edge>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<Json<Challenge>, Rejected> {
    edge.openings_rate.check(from)?;
    let challenge = BASE64URL_NOPAD.encode(&crate::boot::random::<32>());
    edge.store.put_challenge(&challenge).await?;
    Ok(Json(Challenge { challenge }))
}

/// `POST /v1/mailbox/open`
pub(crate) async fn open(
    State(edge): State<Edge>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, CookieJar), Rejected> {
    edge.openings_rate.check(from)?;
    let jws = Jws::parse(&jose_body(&headers, body)?)
        .map_err(|_| Rejected::MailboxOpen("the signature cannot be read"))?;
    let (device, challenge) = check_open(&edge, &jws, crate::boot::now())?;
    let session = BASE64URL_NOPAD.encode(&crate::boot::random::<32>());
    edge.store
        .open_mailbox(&challenge, &session, &device, SESSION_SECONDS)
        .await?;
    let cookie = session_cookie(&edge, device, session);
    Ok((StatusCode::NO_CONTENT, CookieJar::new().add(cookie)))
}

/// No age: the browser forgets it when it closes, and the store ends the session before that.
fn session_cookie(edge: &Edge, device: Thumbprint, session: String) -> Cookie<'static> {
    Cookie::build((cookie_name(edge, device), session))
        .path("/v1")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(edge.secure_cookies)
        .build()
}

/// The signature, the key it claims, the audience and the time must all hold; whether the challenge
/// is one of ours and still good, the store says.
fn check_open(edge: &Edge, jws: &Jws, now: Timestamp) -> Result<(Thumbprint, String), Rejected> {
    let refuse = Rejected::MailboxOpen;
    if jws.kind() != Kind::MailboxOpen {
        return Err(refuse("the signature is of another kind"));
    }
    // The payload is read before it is verified to find the key; the key must then be the one
    // whose thumbprint the header names, and the signature must hold under it.
    let claimed: Payload<MailboxOpen> = serde_json::from_slice(jws.unverified_payload())
        .map_err(|_| refuse("the content cannot be read"))?;
    let key =
        VerifyingKey::from_jwk(&claimed.body.key).map_err(|_| refuse("the key cannot be read"))?;
    if key.thumbprint() != jws.kid() {
        return Err(refuse("the key is not the signer's"));
    }
    let verified = jws
        .verify(&edge.rsa, &key)
        .map_err(|_| refuse("the signature does not hold"))?;
    let payload: Payload<MailboxOpen> = verified
        .payload()
        .map_err(|_| refuse("the content cannot be read"))?;
    payload
        .check_frame(&key.thumbprint().to_string(), &edge.origin)
        .map_err(|_| refuse("it is addressed to another edge"))?;
    payload
        .check_time(now)
        .map_err(|_| refuse("its time has run out"))?;
    if payload.exp - payload.iat > CHALLENGE_SECONDS {
        return Err(refuse("its life is longer than 60 seconds"));
    }
    // Ours are 32 bytes in base64url; anything else never reaches the store.
    let challenge = payload.body.challenge;
    match BASE64URL_NOPAD.decode(challenge.as_bytes()) {
        Ok(bytes) if bytes.len() == 32 => Ok((key.thumbprint(), challenge)),
        _ => Err(refuse("the challenge is none of this edge")),
    }
}

#[derive(Deserialize)]
pub(crate) struct ReadQuery {
    device: String,
    after: i64,
}

/// `GET /v1/mailbox?device=THUMBPRINT&after=N`
pub(crate) async fn read(
    State(edge): State<Edge>,
    Query(query): Query<ReadQuery>,
    cookies: CookieJar,
) -> Result<Json<Mail>, Rejected> {
    let (session, device) = session(&edge, &query.device, &cookies)?;
    let after = query.after.max(0);
    Ok(Json(
        edge.store
            .read_mailbox(&session, &device, after, MAIL_PER_READING_MAX)
            .await?,
    ))
}

#[derive(Deserialize)]
pub(crate) struct CloseQuery {
    device: String,
}

/// `POST /v1/mailbox/close?device=THUMBPRINT`: whoever leaves ends the session, and the browser forgets
/// its cookie. There is no session left after it, and that is all it says.
pub(crate) async fn close(
    State(edge): State<Edge>,
    Query(query): Query<CloseQuery>,
    cookies: CookieJar,
) -> Result<(StatusCode, CookieJar), Rejected> {
    let device =
        Thumbprint::parse(&query.device).map_err(|_| Rejected::Address("a device thumbprint"))?;
    let name = cookie_name(&edge, device);
    let mut jar = CookieJar::new();
    if let Some(cookie) = cookies.get(&name) {
        edge.store.close_mailbox(cookie.value()).await?;
        let mut gone = session_cookie(&edge, device, String::new());
        gone.make_removal();
        jar = jar.add(gone);
    }
    Ok((StatusCode::NO_CONTENT, jar))
}

/// The session that the caller's cookies hold for a mailbox. A caller who holds a session of another
/// mailbox only is told so by the store.
pub(super) fn session(
    edge: &Edge,
    device: &str,
    cookies: &CookieJar,
) -> Result<(String, Thumbprint), Rejected> {
    let device = Thumbprint::parse(device).map_err(|_| Rejected::Address("a device thumbprint"))?;
    let prefix = format!("mailbox-{}-", edge.bank.lower());
    let cookie = cookies
        .get(&cookie_name(edge, device))
        .or_else(|| {
            cookies
                .iter()
                .find(|cookie| cookie.name().starts_with(&prefix))
        })
        .ok_or(Rejected::NoSession)?;
    Ok((cookie.value().to_owned(), device))
}

/// One cookie for each mailbox, so that several customers can use one browser.
fn cookie_name(edge: &Edge, device: Thumbprint) -> String {
    format!("mailbox-{}-{device}", edge.bank.lower())
}
