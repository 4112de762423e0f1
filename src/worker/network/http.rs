//! One HTTP request: no cookies, no referrer, a deadline, and a limit to what is read of the answer.

use std::cell::Cell;

use js_sys::{Object, Promise, Uint8Array};
use plausch_engine::io::{HttpFailure, HttpRequest, HttpResponse};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, Response};

use super::endpoint::{allows_http, scheme};
use crate::platform::{object, property, within};

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str, options: &Object) -> Promise;
}

/// A request that can be given up.
pub struct Exchange {
    abort: Option<AbortController>,
    aborted: Cell<bool>,
}

impl Exchange {
    /// One that has not begun.
    pub fn new() -> Self {
        Self { abort: AbortController::new().ok(), aborted: Cell::new(false) }
    }

    /// Gives the request up.
    pub fn abort(&self) {
        self.aborted.set(true);
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }

    /// Makes the request and reads its answer.
    pub async fn run(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        if self.aborted.get() || !allows_http(&request.url) {
            return Err(HttpFailure::Network);
        }
        let timeout = i32::try_from(request.timeout_millis).unwrap_or(i32::MAX);
        let answered = within(timeout, self.exchange(request)).await;
        answered.unwrap_or_else(|| {
            self.abort();
            Err(HttpFailure::TimedOut)
        })
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let response = JsFuture::from(fetch(&request.url, &self.options(request))).await.map_err(no_network)?;
        let response: Response = response.dyn_into().map_err(no_network)?;
        if request.probe {
            self.abort();
            return Ok(HttpResponse { status: response.status(), content_type: None, body: String::new() });
        }
        // Only the last hop of a redirection is seen; the policy of the page forbids plain ones on the way.
        if scheme(&response.url()) != scheme(&request.url) {
            self.abort();
            return Err(HttpFailure::Network);
        }
        let content_type = response.headers().get("content-type").ok().flatten();
        let body = read(&response, request.max_bytes).await;
        if body.is_err() {
            self.abort();
        }
        Ok(HttpResponse { status: response.status(), content_type, body: body? })
    }

    /// What is posted is for this endpoint alone: such a request is not redirected at all.
    fn options(&self, request: &HttpRequest) -> Object {
        let options = object(&[
            ("method", if request.post.is_some() { "POST" } else { "GET" }.into()),
            ("mode", if request.probe { "no-cors" } else { "cors" }.into()),
            ("credentials", "omit".into()),
            ("referrerPolicy", "no-referrer".into()),
            ("cache", "no-store".into()),
            ("keepalive", request.farewell.into()),
            ("redirect", if request.post.is_some() { "error" } else { "follow" }.into()),
            ("signal", self.abort.as_ref().map_or(JsValue::UNDEFINED, |abort| abort.signal().into())),
        ]);
        if let Some(body) = &request.post {
            let headers = object(&[("Content-Type", "text/xml; charset=utf-8".into())]);
            let _ = js_sys::Reflect::set(&options, &"headers".into(), &headers);
            let _ = js_sys::Reflect::set(&options, &"body".into(), &body.into());
        }
        options
    }
}

async fn read(response: &Response, max_bytes: u32) -> Result<String, HttpFailure> {
    let Some(stream) = response.body() else { return Ok(String::new()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().dyn_into().map_err(|_| HttpFailure::BadBody)?;
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut body = vec![];
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(no_network)?;
        if property(&part, "done").is_truthy() {
            return String::from_utf8(body).map_err(|_| HttpFailure::BadBody);
        }
        let chunk: Uint8Array = property(&part, "value").dyn_into().map_err(|_| HttpFailure::BadBody)?;
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if length > limit.saturating_sub(body.len()) {
            return Err(HttpFailure::BadBody);
        }
        body.extend_from_slice(&chunk.to_vec());
    }
}

fn no_network<E>(_: E) -> HttpFailure {
    HttpFailure::Network
}
