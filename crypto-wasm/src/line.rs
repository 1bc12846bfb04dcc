//! The line to the bank: whichever edge answers.

use crate::{
    host::{Host, Method, Request, Response},
    mail::refusal,
    state::{Worker, fault, from_json},
};
use message::{
    api::{Challenge, MailboxOpen, Problem},
    receipt::Refusal,
    worker::{Failure, FromWorker},
};

/// How long one edge may take before the next is tried.
const REQUEST_LIMIT_MS: u32 = 8_000;

/// How long a `mailbox-open` counts.
const OPEN_SECONDS: i64 = 60;

/// Why an edge did not do it.
pub(crate) enum Miss {
    /// This edge cannot now; another may.
    Edge,
    /// This edge says no. Nobody has to believe one edge: another is asked, and this is what is told
    /// when none does better.
    Says(Failure),
    /// No edge will.
    All(Failure),
}

impl<H: Host> Worker<H> {
    /// Tries the edges, the one that answered last first.
    pub(crate) async fn on_an_edge<T>(
        &self,
        attempt: impl AsyncFn(String) -> Result<T, Miss>,
    ) -> Result<T, Failure> {
        let (edges, start) = self.with(|state| (state.edges.clone(), state.edge));
        let mut said = None;
        for step in 0..edges.len() {
            let index = (start + step) % edges.len();
            match attempt(edges[index].clone()).await {
                Ok(done) => {
                    self.with(|state| state.edge = index);
                    self.line(true);
                    return Ok(done);
                }
                Err(Miss::All(failure)) => {
                    self.line(true);
                    return Err(failure);
                }
                Err(Miss::Says(failure)) => said = said.or(Some(failure)),
                Err(Miss::Edge) => {}
            }
        }
        self.line(said.is_some());
        Err(said.unwrap_or(Failure::NoLine))
    }

    /// Tells the page when the line goes or comes.
    pub(crate) fn line(&self, up: bool) {
        if self.with(|state| state.line_up.replace(up)) != Some(up) {
            self.post(&FromWorker::Line { up });
        }
    }

    /// One request to one edge. What another edge may do better is a [`Miss::Edge`]; other statuses
    /// are the caller's.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: String,
        body: Option<(&'static str, String)>,
    ) -> Result<Response, Miss> {
        let request = Request {
            method,
            url,
            body,
            limit_ms: REQUEST_LIMIT_MS,
        };
        let response = self.host.send(request).await.map_err(|_| Miss::Edge)?;
        match response.status {
            408 | 429 | 500.. => Err(Miss::Edge),
            _ => Ok(response),
        }
    }

    /// Reads a public document.
    pub(crate) async fn get_public<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Failure> {
        self.on_an_edge(async |edge| {
            let response = self
                .call(Method::Get, format!("{edge}{path}"), None)
                .await?;
            if response.status != 200 {
                return Err(Miss::Says(problem(&response)));
            }
            // Whatever is not ours (a captive portal's page, say) is no answer of an edge.
            from_json(&response.body).map_err(|_| Miss::Edge)
        })
        .await
    }

    /// Hands an envelope to an edge, which stores it.
    pub(crate) async fn post_envelope(&self, envelope: &str) -> Result<(), Failure> {
        self.on_an_edge(async |edge| {
            let body = Some(("application/jose", envelope.to_owned()));
            let response = self
                .call(Method::Post, format!("{edge}/v1/envelopes"), body)
                .await?;
            match response.status {
                200..300 => Ok(()),
                _ => Err(Miss::Says(problem(&response))),
            }
        })
        .await
    }

    /// Reads under the own mailbox at one edge, opening its door first where that is needed.
    pub(crate) async fn get_mailbox(&self, edge: &str, query: &str) -> Result<Response, Miss> {
        for again in [false, true] {
            self.open_door(edge, again).await?;
            let response = self
                .call(Method::Get, format!("{edge}/v1/mailbox{query}"), None)
                .await?;
            match response.status {
                200 => return Ok(response),
                401 | 403 if !again => {}
                _ => return Err(Miss::All(problem(&response))),
            }
        }
        Err(Miss::Edge)
    }

    /// Signs the edge's challenge; the edge gives a cookie. Nothing is done where that has happened,
    /// unless the cookie does not count any more.
    pub(crate) async fn open_door(&self, edge: &str, again: bool) -> Result<(), Miss> {
        let known = self
            .with_open(|open| !again && open.doors.contains(edge))
            .map_err(Miss::All)?;
        if known {
            return Ok(());
        }
        let url = format!("{edge}/v1/mailbox/challenge");
        let response = self.call(Method::Post, url, None).await?;
        if response.status != 200 {
            return Err(Miss::All(problem(&response)));
        }
        let challenge: Challenge = from_json(&response.body).map_err(|_| Miss::Edge)?;
        let open = MailboxOpen {
            challenge: challenge.challenge,
            key: self
                .with_open(|open| open.keys.signing.verifying_key().to_jwk())
                .map_err(Miss::All)?,
        };
        let jws = self
            .sign(open, edge, OPEN_SECONDS, None)
            .map_err(Miss::All)?;
        let url = format!("{edge}/v1/mailbox/open");
        let body = Some(("application/jose", jws.as_str().to_owned()));
        let response = self.call(Method::Post, url, body).await?;
        match response.status {
            200..300 => {
                let edge = edge.to_owned();
                self.with_open(|open| open.doors.insert(edge))
                    .map(|_| ())
                    .map_err(Miss::All)
            }
            _ => Err(Miss::All(shut(&response))),
        }
    }
}

/// Why a mailbox stays shut: the device was revoked, or else it is our mistake.
fn shut(response: &Response) -> Failure {
    match from_json::<Problem>(&response.body) {
        Ok(told) if told.kind.ends_with("/not-yours") => {
            refusal(Refusal::DeviceNotActive, Some(told.instance))
        }
        _ => problem(response),
    }
}

/// An answer that only our own mistake explains.
fn problem(response: &Response) -> Failure {
    match from_json::<Problem>(&response.body) {
        Ok(problem) => fault(format_args!(
            "the edge says {}: {} ({})",
            problem.status, problem.title, problem.instance
        )),
        Err(_) => fault(format_args!("the edge answered {}", response.status)),
    }
}
