//! `fetch`, with a limit, and with a body that is read as it comes.

use super::Browser;
use crate::{
    host::{Chunks, Method, Net, Request, Response, Unreachable},
    turn::within,
};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestInit, RequestMode, RequestRedirect,
};

/// How long the head of an event stream may take.
const STREAM_LIMIT_MS: u32 = 8_000;

/// Ends the request when nobody waits for it any more.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Browser {
    async fn fetch(
        &self,
        method: Method,
        url: &str,
        body: Option<(&str, &str)>,
    ) -> Result<(web_sys::Response, Abort), JsValue> {
        let abort = Abort(AbortController::new()?);
        let init = RequestInit::new();
        init.set_method(match method {
            Method::Get => "GET",
            Method::Post => "POST",
        });
        init.set_mode(RequestMode::Cors);
        // The mailbox session is a cookie of the edge's own origin.
        init.set_credentials(RequestCredentials::Include);
        init.set_cache(RequestCache::NoStore);
        init.set_redirect(RequestRedirect::Error);
        init.set_signal(Some(&abort.0.signal()));
        if let Some((media_type, text)) = body {
            let headers = Headers::new()?;
            headers.set("content-type", media_type)?;
            init.set_headers(&headers);
            init.set_body(&JsValue::from_str(text));
        }
        let request = web_sys::Request::new_with_str_and_init(url, &init)?;
        let response = JsFuture::from(self.scope.fetch_with_request(&request)).await?;
        Ok((response.dyn_into()?, abort))
    }

    async fn fetch_text(&self, request: &Request) -> Result<Response, JsValue> {
        let body = request.body.as_ref();
        let body = body.map(|(media_type, text)| (*media_type, text.as_str()));
        let (response, _abort) = self.fetch(request.method, &request.url, body).await?;
        let text = JsFuture::from(response.text()?).await?;
        Ok(Response {
            status: response.status(),
            body: text.as_string().unwrap_or_default(),
        })
    }
}

impl Net for Browser {
    type Stream = Stream;

    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        match within(self, request.limit_ms, self.fetch_text(&request)).await {
            Some(Ok(response)) => Ok(response),
            _ => Err(Unreachable),
        }
    }

    async fn stream(&self, url: String) -> Result<Result<Stream, u16>, Unreachable> {
        let opened = within(self, STREAM_LIMIT_MS, self.fetch(Method::Get, &url, None)).await;
        let Some(Ok((response, abort))) = opened else {
            return Err(Unreachable);
        };
        if response.status() != 200 {
            return Ok(Err(response.status()));
        }
        let body = response.body().ok_or(Unreachable)?;
        Ok(Ok(Stream {
            reader: body.get_reader().unchecked_into(),
            reading: None,
            _abort: abort,
        }))
    }
}

/// A body that is read as it comes.
pub(crate) struct Stream {
    reader: ReadableStreamDefaultReader,
    /// Kept while it runs: a piece must not be lost when the waiting for it is given up.
    reading: Option<JsFuture>,
    _abort: Abort,
}

impl Chunks for Stream {
    async fn next(&mut self) -> Option<Vec<u8>> {
        let reader = &self.reader;
        let reading = self
            .reading
            .get_or_insert_with(|| JsFuture::from(reader.read()));
        let read = reading.await;
        self.reading = None;
        // `{ done, value }`; at the end there is no value.
        let value = Reflect::get(&read.ok()?, &JsValue::from_str("value")).ok()?;
        Some(value.dyn_into::<Uint8Array>().ok()?.to_vec())
    }
}
