//! Finding a domain's WebSocket and BOSH endpoints by host-meta (XEP-0156, RFC 6415).
//!
//! [`Discovery`] is a sans-IO machine: it names files to [`Fetch`], takes what came of each, and ends with the endpoints,
//! WebSocket before BOSH, or with a [`DiscoveryError`] that tells the one who runs the server which file or header is
//! missing. Both forms of the file, XML and JSON, are fetched at once; the first one that names a WebSocket endpoint
//! decides.
//!
//! What it refuses (attack case L-03): files over plain HTTP and endpoints without TLS, unless they stay on this machine;
//! files larger than [`MAX_BYTES`]; DTDs and entities. An endpoint outside of the domain is marked
//! [`Discovered::is_foreign`], so that the person can be asked once.

use std::fmt;

use crate::list::IntoList;
use crate::stream::{Endpoint, EndpointError, Transport, is_loopback};

mod document;
mod json;
#[cfg(test)]
mod tests;

pub use document::DocumentError;

/// The link relation of WebSocket endpoints.
pub const WEBSOCKET_REL: &str = "urn:xmpp:alt-connections:websocket";
/// The link relation of BOSH endpoints.
pub const BOSH_REL: &str = "urn:xmpp:alt-connections:xbosh";
/// The most bytes a host-meta file may have.
pub const MAX_BYTES: u32 = 64 * 1024;
/// The header that lets a page of another origin read an answer.
const CORS_HEADER: &str = "Access-Control-Allow-Origin";

/// A file to fetch, by GET and without credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Its number, for [`Discovery::fetched`].
    pub id: u32,
    /// Its address.
    pub url: String,
    /// Whether only to find out if anything answers there (`mode: "no-cors"` in a browser): the answer's content and status
    /// do not matter. Where that is not possible, answer [`FetchOutcome::NotTried`].
    pub probe: bool,
}

/// What came of a fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchOutcome {
    /// An answer. For a probe, whatever can be said of it.
    Answered {
        /// Its status code.
        status: u16,
        /// Its body.
        body: String,
    },
    /// Nothing answered, or the browser did not let us read the answer.
    Failed,
    /// Nothing answered in time.
    TimedOut,
    /// The body is longer than [`MAX_BYTES`], or not UTF-8.
    BadBody,
    /// It was not tried, as probes are not possible here.
    NotTried,
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiscoveryStep {
    /// Fetch these (none: wait for what is under way).
    Fetch(Vec<Fetch>),
    /// The end. What is still under way may be abandoned.
    Done(Result<Vec<Discovered>, DiscoveryError>),
}

/// An endpoint that the domain names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discovered {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Whether its host is outside of the domain: whoever runs it can read along, so ask the person once.
    pub is_foreign: bool,
}

/// No endpoint was found.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct DiscoveryError {
    /// The domain.
    pub domain: String,
    /// What is wrong with each file.
    pub problems: Vec<(String, FileProblem)>,
}

/// What is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileProblem {
    /// Nothing answers there, not even to a request that needs no permission.
    #[error("nothing answers there")]
    Unreachable,
    /// It could not be read: either nothing answers, or the header is missing.
    #[error("nothing answers there, or the header `{CORS_HEADER}: *` is missing")]
    Unreadable,
    /// The server answers, but does not let pages of other origins read the file.
    #[error("the answer lacks the header `{CORS_HEADER}: *`")]
    MissingHeader,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The file is not there.
    #[error("the file is missing (HTTP status {0})")]
    Status(u16),
    /// The file is too large or not UTF-8.
    #[error("the file is longer than {MAX_BYTES} bytes, or not UTF-8")]
    BadBody,
    /// The file is not of the right form.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// The file names no endpoint.
    #[error("no link has the rel `{WEBSOCKET_REL}` or `{BOSH_REL}`")]
    NoLink,
    /// The file names endpoints, but none that may be used.
    #[error("the link to {url} may not be used: {error}")]
    BadLink {
        /// The first such address.
        url: String,
        /// What is wrong with it.
        error: EndpointError,
    },
}

/// A search for one domain's endpoints.
#[derive(Clone, Debug)]
pub struct Discovery {
    domain: String,
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    url: String,
    state: FileState,
}

#[derive(Clone, Debug)]
enum FileState {
    Fetching,
    Probing,
    Read(Vec<Endpoint>),
    Useless(FileProblem),
}

impl Discovery {
    /// A search for the endpoints of the domain of an address, and the files to fetch first.
    pub fn new(domain: &str) -> (Self, Vec<Fetch>) {
        let schemes: &[&str] = if is_loopback(domain) { &["https", "http"] } else { &["https"] };
        let urls = schemes.iter().flat_map(|scheme| {
            ["host-meta", "host-meta.json"].map(|file| format!("{scheme}://{domain}/.well-known/{file}"))
        });
        let files: Vec<File> = urls.map(|url| File { url, state: FileState::Fetching }).into_list();
        let fetches = (0..).zip(&files).map(|(id, file)| Fetch { id, url: file.url.clone(), probe: false }).into_list();
        (Self { domain: domain.to_owned(), files }, fetches)
    }

    /// A fetch ended. What comes twice, or unasked, changes nothing.
    pub fn fetched(&mut self, id: u32, outcome: FetchOutcome) -> DiscoveryStep {
        let file = usize::try_from(id).ok().and_then(|index| self.files.get_mut(index));
        let mut probes = Vec::new();
        if let Some(file) = file {
            file.state = match &file.state {
                FileState::Fetching if outcome == FetchOutcome::Failed => {
                    probes.push(Fetch { id, url: file.url.clone(), probe: true });
                    FileState::Probing
                }
                FileState::Fetching => read(outcome),
                FileState::Probing => FileState::Useless(probed(&outcome)),
                state => state.clone(),
            };
        }
        match self.result() {
            Some(result) => DiscoveryStep::Done(result),
            None => DiscoveryStep::Fetch(probes),
        }
    }

    fn result(&self) -> Option<Result<Vec<Discovered>, DiscoveryError>> {
        let is_pending = |file: &File| matches!(file.state, FileState::Fetching | FileState::Probing);
        let endpoints = self.endpoints();
        let decided = endpoints.first().is_some_and(|first| first.endpoint.transport() == Transport::WebSocket);
        if !decided && self.files.iter().any(is_pending) {
            return None;
        }
        Some(if endpoints.is_empty() { Err(self.error()) } else { Ok(endpoints) })
    }

    /// What was found so far, WebSocket first, without repetitions.
    fn endpoints(&self) -> Vec<Discovered> {
        let found = self.files.iter().flat_map(|file| match &file.state {
            FileState::Read(endpoints) => endpoints.as_slice(),
            _ => &[],
        });
        let mut endpoints: Vec<Discovered> = Vec::new();
        for endpoint in found {
            if !endpoints.iter().any(|known| known.endpoint == *endpoint) {
                let is_foreign = !endpoint.belongs_to(&self.domain);
                endpoints.push(Discovered { endpoint: endpoint.clone(), is_foreign });
            }
        }
        let is_websocket = |found: &Discovered| found.endpoint.transport() == Transport::WebSocket;
        let (mut endpoints, others): (Vec<_>, Vec<_>) = endpoints.into_iter().partition(is_websocket);
        endpoints.extend(others);
        endpoints
    }

    fn error(&self) -> DiscoveryError {
        let problems = self.files.iter().filter_map(|file| match &file.state {
            FileState::Useless(problem) => Some((file.url.clone(), problem.clone())),
            _ => None,
        });
        DiscoveryError { domain: self.domain.clone(), problems: problems.into_list() }
    }
}

/// What a fetch brought.
fn read(outcome: FetchOutcome) -> FileState {
    let body = match outcome {
        FetchOutcome::Answered { status: 200..=299, body } => body,
        FetchOutcome::Answered { status, .. } => return FileState::Useless(FileProblem::Status(status)),
        FetchOutcome::Failed | FetchOutcome::NotTried => return FileState::Useless(FileProblem::Unreadable),
        FetchOutcome::TimedOut => return FileState::Useless(FileProblem::TimedOut),
        FetchOutcome::BadBody => return FileState::Useless(FileProblem::BadBody),
    };
    match usable_links(&body) {
        Ok(endpoints) => FileState::Read(endpoints),
        Err(problem) => FileState::Useless(problem),
    }
}

/// What a probe says about a file that could not be read.
fn probed(outcome: &FetchOutcome) -> FileProblem {
    match outcome {
        FetchOutcome::Answered { .. } | FetchOutcome::BadBody => FileProblem::MissingHeader,
        FetchOutcome::Failed => FileProblem::Unreachable,
        FetchOutcome::NotTried => FileProblem::Unreadable,
        FetchOutcome::TimedOut => FileProblem::TimedOut,
    }
}

/// The endpoints a file names. One bad link does not spoil the others.
fn usable_links(body: &str) -> Result<Vec<Endpoint>, FileProblem> {
    if body.len() > usize::try_from(MAX_BYTES).unwrap_or(usize::MAX) {
        return Err(FileProblem::BadBody);
    }
    let mut endpoints = Vec::new();
    let mut problem = FileProblem::NoLink;
    for (transport, url) in document::links(body)? {
        match Endpoint::parse(url.trim()) {
            Ok(endpoint) if endpoint.transport() == transport => endpoints.push(endpoint),
            bad if problem == FileProblem::NoLink => {
                let error = bad.err().unwrap_or(EndpointError::Scheme);
                problem = FileProblem::BadLink { url: crate::stream::clip_text(&url), error };
            }
            _ => {}
        }
    }
    if endpoints.is_empty() { Err(problem) } else { Ok(endpoints) }
}

impl fmt::Display for DiscoveryError {
    /// One line per file, for the one who runs the server.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} names no endpoint for browsers (XEP-0156)", self.domain)?;
        for (url, problem) in &self.problems {
            write!(f, "\n{url}: {problem}")?;
        }
        Ok(())
    }
}
