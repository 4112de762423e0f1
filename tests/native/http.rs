//! One HTTP request, as a browser's `fetch` would make it without cookies and referrer: for discovery and BOSH.

use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, LOCATION};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use plausch_engine::io::{HttpFailure, HttpRequest, HttpResponse};
use tokio::task::JoinSet;

use crate::dial::{Dialer, Target};

/// How many redirects a `GET` follows.
const MAX_REDIRECTS: usize = 5;

/// Makes the request, within its time.
pub(crate) async fn perform(dialer: Dialer, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
    let time = Duration::from_millis(request.timeout_millis.into());
    tokio::time::timeout(time, follow(&dialer, &request)).await.unwrap_or(Err(HttpFailure::TimedOut))
}

async fn follow(dialer: &Dialer, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
    let mut target = Target::parse(&request.url).map_err(network)?;
    for _ in 0..=MAX_REDIRECTS {
        let mut background = JoinSet::new();
        let response = ask(dialer, &target, request.post.as_deref(), &mut background).await.map_err(network)?;
        match redirect(&response, &target, request) {
            None if request.probe => return Ok(anything(&response)),
            None => return read(response, request.max_bytes).await,
            Some(next) => target = next?,
        }
    }
    Err(HttpFailure::Network)
}

/// Sends one request on a connection of its own, which `background` keeps going while the answer is read.
async fn ask(
    dialer: &Dialer,
    target: &Target,
    post: Option<&str>,
    background: &mut JoinSet<()>,
) -> io::Result<Response<Incoming>> {
    let stream = dialer.dial(target).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    background.spawn(async move {
        let _ended_with_the_answer = connection.await;
    });
    let authority = target.uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let path = target.uri.path_and_query().map(|path| path.as_str()).unwrap_or("/");
    let request = Request::builder().uri(path).header(HOST, authority);
    let request = match post {
        None => request.body(Full::new(Bytes::new())),
        Some(body) => request
            .method("POST")
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes()))),
    };
    sender.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)
}

/// Where a redirected `GET` goes on: never to another scheme. What is posted goes to its endpoint alone.
fn redirect(
    response: &Response<Incoming>,
    from: &Target,
    request: &HttpRequest,
) -> Option<Result<Target, HttpFailure>> {
    if !response.status().is_redirection() {
        return None;
    }
    if request.post.is_some() {
        return Some(Err(HttpFailure::Network));
    }
    let location = header(response.headers(), &LOCATION)?;
    let next = Target::parse(&absolute(&location, &from.uri)).map_err(network);
    Some(next.and_then(|next| if next.secure == from.secure { Ok(next) } else { Err(HttpFailure::Network) }))
}

fn absolute(location: &str, from: &Uri) -> String {
    match (location.starts_with('/'), from.scheme_str(), from.authority()) {
        (true, Some(scheme), Some(authority)) => format!("{scheme}://{authority}{location}"),
        _ => location.to_owned(),
    }
}

/// The answer to a probe: that there is one.
fn anything(response: &Response<Incoming>) -> HttpResponse {
    HttpResponse { status: response.status().as_u16(), content_type: None, body: String::new() }
}

async fn read(response: Response<Incoming>, max_bytes: u32) -> Result<HttpResponse, HttpFailure> {
    let status = response.status().as_u16();
    let content_type = header(response.headers(), &CONTENT_TYPE);
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let body = Limited::new(response.into_body(), limit)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { HttpFailure::BadBody } else { HttpFailure::Network })?;
    let body = String::from_utf8(body.to_bytes().to_vec()).map_err(|_| HttpFailure::BadBody)?;
    Ok(HttpResponse { status, content_type, body })
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn network(_: io::Error) -> HttpFailure {
    HttpFailure::Network
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::dial::NetworkOptions;

    /// Answers each connection with the next of these texts; returns the address and what was asked.
    async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut buffer = vec![0; 4096];
                let length = stream.read(&mut buffer).await.unwrap();
                asked.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        });
        (address, asked)
    }

    fn answer(head: &str, body: &str) -> String {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    async fn fetch(url: String, post: Option<&str>) -> Result<HttpResponse, HttpFailure> {
        let post = post.map(str::to_owned);
        perform_request(HttpRequest { post, ..get(url) }).await
    }

    fn get(url: String) -> HttpRequest {
        let id = Default::default();
        HttpRequest { id, url, post: None, probe: false, timeout_millis: 2000, max_bytes: 100, farewell: false }
    }

    async fn perform_request(request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        perform(Dialer::new(&NetworkOptions::default()).unwrap(), request).await
    }

    #[tokio::test]
    async fn gets_and_posts() {
        let (url, asked) =
            server(vec![answer("200 OK\r\nContent-Type: text/xml", "<a/>"), answer("404 Not Found", "no")]).await;
        let got = fetch(format!("{url}/meta?x=1"), None).await.unwrap();
        assert_eq!((got.status, got.content_type.as_deref(), got.body.as_str()), (200, Some("text/xml"), "<a/>"));
        assert_eq!(fetch(url, Some("<body/>")).await.unwrap().status, 404);
        let asked = asked.await.unwrap();
        assert!(asked[0].starts_with("GET /meta?x=1 HTTP/1.1\r\n"), "{}", asked[0]);
        assert!(asked[1].starts_with("POST / HTTP/1.1\r\n") && asked[1].ends_with("<body/>"), "{}", asked[1]);
        assert!(!asked.concat().to_lowercase().contains("cookie"));
    }

    #[tokio::test]
    async fn follows_redirects_within_the_scheme_only() {
        let (url, _asked) = server(vec![answer("302 Found\r\nLocation: /other", ""), answer("200 OK", "there")]).await;
        assert_eq!(fetch(url, None).await.unwrap().body, "there");
        let (url, _asked) = server(vec![answer("302 Found\r\nLocation: https://localhost/other", "")]).await;
        assert_eq!(fetch(url, None).await, Err(HttpFailure::Network));
    }

    #[tokio::test]
    async fn what_is_posted_is_not_redirected() {
        let (url, _asked) = server(vec![answer("307 Temporary Redirect\r\nLocation: /other", "")]).await;
        assert_eq!(fetch(url, Some("<body/>")).await, Err(HttpFailure::Network));
    }

    #[tokio::test]
    async fn a_probe_does_not_look() {
        let (url, _asked) = server(vec![answer("200 OK", &"x".repeat(101))]).await;
        let found = perform_request(HttpRequest { probe: true, ..get(url) }).await.unwrap();
        assert_eq!((found.status, found.body.as_str()), (200, ""));
    }

    #[tokio::test]
    async fn refuses_long_and_broken_answers() {
        let (url, _asked) = server(vec![answer("200 OK", &"x".repeat(101))]).await;
        assert_eq!(fetch(url, None).await, Err(HttpFailure::BadBody));
        let (url, _asked) = server(vec!["nonsense\r\n\r\n".to_owned()]).await;
        assert_eq!(fetch(url, None).await, Err(HttpFailure::Network));
        assert_eq!(fetch("http://127.0.0.1:1/".to_owned(), None).await, Err(HttpFailure::Network));
    }

    #[tokio::test]
    async fn gives_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let outcome = perform_request(HttpRequest { timeout_millis: 50, ..get(url) }).await;
        assert_eq!(outcome, Err(HttpFailure::TimedOut));
    }
}
