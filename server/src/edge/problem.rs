//! Refusals at intake, as RFC 9457 problem details: what is wrong and how to mend it.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use message::api::Problem;
use relay::{Refused, RelayError};

/// Why the edge does not take or give something. Nothing of the request is repeated in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The body is no compact JWE of a known form.
    #[error("envelope: {0}")]
    Shape(String),
    /// The body is too long.
    #[error("envelope too large")]
    TooLarge,
    /// The content type is another.
    #[error("content type")]
    ContentType,
    /// A part of the address is no thumbprint or number.
    #[error("address: {0}")]
    Address(&'static str),
    /// The signature, challenge, time or audience of a mailbox-open does not hold.
    #[error("mailbox-open: {0}")]
    MailboxOpen(&'static str),
    /// No session cookie for this mailbox.
    #[error("no session")]
    NoSession,
    /// The session opens another mailbox, or the device is revoked.
    #[error("another mailbox")]
    NotYours,
    /// Nothing under this address.
    #[error("not found")]
    NotFound,
    /// Too many requests; seconds to wait.
    #[error("too many requests")]
    TooMany(u64),
    /// The store does not answer.
    #[error("store unavailable")]
    Unavailable,
}

impl Rejected {
    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        let own = |text: &str| text.to_owned();
        match self {
            Rejected::Shape(why) => (
                StatusCode::BAD_REQUEST,
                "envelope-shape",
                "The envelope cannot be read",
                format!("Send one compact JWE as the wire format describes it: {why}."),
            ),
            Rejected::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "envelope-size",
                "The envelope is too large",
                format!("Send at most {} bytes.", message::api::ENVELOPE_BYTES_MAX),
            ),
            Rejected::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                "The content type is not known here",
                own("Send the compact serialisation as application/jose."),
            ),
            Rejected::Address(what) => (
                StatusCode::BAD_REQUEST,
                "address",
                "The address cannot be read",
                format!("Give {what}."),
            ),
            Rejected::MailboxOpen(why) => (
                StatusCode::FORBIDDEN,
                "mailbox-open",
                "The mailbox stays shut",
                format!("Ask for a new challenge and sign it with the mailbox's key: {why}."),
            ),
            Rejected::NoSession => (
                StatusCode::UNAUTHORIZED,
                "no-session",
                "The mailbox is not open",
                own("Open the mailbox first: POST /v1/mailbox/challenge, then /v1/mailbox/open."),
            ),
            Rejected::NotYours => (
                StatusCode::FORBIDDEN,
                "not-yours",
                "The session does not open this mailbox",
                own("Open this mailbox with its own key. A revoked device's mailbox stays shut."),
            ),
            Rejected::NotFound => (
                StatusCode::NOT_FOUND,
                "not-found",
                "There is nothing here",
                own("Check the address against the interface's description."),
            ),
            Rejected::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many",
                "Too many requests",
                format!("Wait {seconds} seconds and send the same bytes again."),
            ),
            Rejected::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The store does not answer",
                own("Nothing was lost. Send the same bytes again, here or at another edge."),
            ),
        }
    }
}

impl From<RelayError> for Rejected {
    fn from(error: RelayError) -> Self {
        match error.refused() {
            Some(Refused::ChallengeUnknown) => {
                Rejected::MailboxOpen("the challenge is unknown, used up or too old")
            }
            Some(Refused::SessionUnknown) => Rejected::NoSession,
            Some(Refused::OtherMailbox | Refused::DeviceRevoked) => Rejected::NotYours,
            Some(Refused::Malformed) => Rejected::Shape("it is empty or too large".to_owned()),
            _ => {
                tracing::warn!(%error, "the front did not take a request");
                Rejected::Unavailable
            }
        }
    }
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let (status, kind, title, detail) = self.parts();
        let instance = crate::boot::reference();
        tracing::info!(reference = %instance, status = status.as_u16(), why = %self, "rejected");
        let problem = Problem {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            instance,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let problem_json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem_json);
        if let Rejected::TooMany(seconds) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        } else if self == Rejected::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
