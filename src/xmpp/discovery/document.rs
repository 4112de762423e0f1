//! host-meta files: XRD (RFC 6415 §3, OASIS XRD 1.0) and JRD (RFC 6415 appendix A).

use super::json::{self, Value};
use super::{BOSH_REL, WEBSOCKET_REL};
use crate::list::IntoList;
use crate::stream::Transport;
use crate::xml::{Limits, XmlError, parse_document};

const XRD_NS: &str = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

/// Why a file is no host-meta.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is not XML that may be read.
    #[error("the file is not valid XML: {0}")]
    Xml(#[from] XmlError),
    /// It is XML of another kind.
    #[error("the file's root is not <XRD xmlns='{XRD_NS}'/>")]
    Root,
    /// It begins like JSON, but is not, or of another shape.
    #[error("the file is not valid JSON with `links`")]
    Json,
}

/// The links that XEP-0156 defines, in the file's order, with the transport that their relation says. Whether a file is XML
/// or JSON is told by its first character, as some servers give one for the other.
pub(super) fn links(document: &str) -> Result<Vec<(Transport, String)>, DocumentError> {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document).trim_start();
    let links = if document.starts_with('{') { jrd_links(document)? } else { xrd_links(document)? };
    Ok(links.into_iter().filter_map(|(rel, href)| Some((transport(&rel)?, href))).into_list())
}

fn transport(rel: &str) -> Option<Transport> {
    match rel {
        WEBSOCKET_REL => Some(Transport::WebSocket),
        BOSH_REL => Some(Transport::Bosh),
        _ => None,
    }
}

fn xrd_links(document: &str) -> Result<Vec<(String, String)>, DocumentError> {
    let root = parse_document(document, &Limits::default())?;
    if !root.is("XRD", XRD_NS) {
        return Err(DocumentError::Root);
    }
    let link = |link: &crate::xml::Element| Some((link.attr("rel")?.to_owned(), link.attr("href")?.to_owned()));
    Ok(root.children_named("Link", XRD_NS).filter_map(link).into_list())
}

/// What is not a link is none of ours; it does not make the file useless.
fn jrd_links(document: &str) -> Result<Vec<(String, String)>, DocumentError> {
    let jrd = json::parse(document).ok_or(DocumentError::Json)?;
    let links = match (&jrd, jrd.get("links")) {
        (_, Some(Value::Array(links))) => links.as_slice(),
        (Value::Object(members), None) if !members.iter().any(|(name, _)| name == "links") => &[],
        _ => return Err(DocumentError::Json),
    };
    let link = |link: &Value| Some((link.get("rel")?.text()?.to_owned(), link.get("href")?.text()?.to_owned()));
    Ok(links.iter().filter_map(link).into_list())
}
