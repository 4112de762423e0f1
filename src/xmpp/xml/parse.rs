//! From a frame to an [`Element`].
//!
//! quick-xml finds the tags; what it leaves to its user is checked here: names, characters, attributes, namespaces, one
//! root, and everything that RFC 6120 §11.1 forbids.

use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::Event;
use quick_xml::{Error as TokenError, Reader};

use super::attributes::{QualifiedName, RawAttribute, next_attribute};
use super::element::Element;
use super::error::{Malformation, Restriction, XmlError};
use super::limits::Limits;
use super::syntax::is_all_chars;
use super::tree::Tree;

/// Reads a frame that must be exactly one element in restricted XML (RFC 7395 §3.3.3, RFC 6120 §11). White space around
/// the element and an XML declaration before it are accepted.
pub fn parse(frame: &str, limits: &Limits) -> Result<Element, XmlError> {
    read(frame, limits, Comments::Refuse, None)
}

/// The namespace of `<pruned/>`, which [`parse_pruning`] leaves in place of what a stanza contained.
pub const PRUNED: &str = "urn:x-plausch:pruned";

/// As [`parse`], for what comes over a stream: a stanza with more in it than [`Limits`] allow costs itself only, since
/// anybody can have a server deliver one, again and again. It keeps its name and its address, and contains a
/// `<pruned/>` that nobody understands. `envelope` is the number of elements around a stanza.
///
/// # Errors
/// As [`parse`]; what exceeds a limit outside of stanzas, and a frame that is too large, remain errors.
pub fn parse_pruning(frame: &str, limits: &Limits, envelope: usize) -> Result<Element, XmlError> {
    read(frame, limits, Comments::Refuse, Some(envelope))
}

/// Reads a document that came over HTTP, such as host-meta (RFC 6415): as [`parse`], but comments are passed over.
pub fn parse_document(document: &str, limits: &Limits) -> Result<Element, XmlError> {
    read(document, limits, Comments::Skip, None)
}

/// What to do with `<!-- … -->`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comments {
    Refuse,
    Skip,
}

fn read(frame: &str, limits: &Limits, comments: Comments, envelope: Option<usize>) -> Result<Element, XmlError> {
    if frame.len() > limits.max_bytes {
        return Err(XmlError::TooLarge);
    }
    if !is_all_chars(frame) {
        return Err(Malformation::Character.into());
    }
    // quick-xml would skip a byte order mark, which RFC 6120 §11.6 has as an ordinary character.
    if frame.starts_with('\u{feff}') {
        return Err(Malformation::TextOutside.into());
    }
    let mut reader = Reader::from_str(frame);
    let mut tree = Tree::new(limits, envelope);
    let mut start = 0;
    loop {
        let event = reader.read_event().map_err(refusal)?;
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let markup = frame.get(start..end).ok_or(Malformation::Markup)?;
        match event {
            Event::Start(_) => tree.open(inside(markup, "<", ">")?)?,
            Event::Empty(_) => {
                tree.open(inside(markup, "<", "/>")?)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(_) => tree.text(markup)?,
            Event::CData(_) => tree.cdata(inside(markup, "<![CDATA[", "]]>")?)?,
            Event::GeneralRef(_) => tree.reference(inside(markup, "&", ";")?)?,
            Event::Decl(_) if start == 0 => check_declaration(inside(markup, "<?xml", "?>")?)?,
            Event::Decl(_) => return Err(Malformation::Declaration.into()),
            Event::Comment(_) if comments == Comments::Skip => {}
            Event::Comment(_) => return Err(Restriction::Comment.into()),
            Event::PI(_) => return Err(Restriction::ProcessingInstruction.into()),
            Event::DocType(_) => return Err(Restriction::Doctype.into()),
            Event::Eof => return tree.finish(),
        }
        start = end;
    }
}

fn inside<'a>(markup: &'a str, before: &str, after: &str) -> Result<&'a str, XmlError> {
    markup.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).ok_or_else(|| Malformation::Markup.into())
}

/// `<?xml version='1.0'?>`, perhaps with an encoding, which must be UTF-8, and `standalone`, which means nothing here
/// (RFC 6120 §11.5, §11.6).
fn check_declaration(mut rest: &str) -> Result<(), XmlError> {
    let mut next = || next_attribute(&mut rest).map_err(|_| Malformation::Declaration);
    let is = |attribute: &RawAttribute<'_>, name| attribute.name == QualifiedName { prefix: "", local: name };
    if !next()?.is_some_and(|version| is(&version, "version") && version.value == "1.0") {
        return Err(Malformation::Declaration.into());
    }
    let mut attribute = next()?;
    if let Some(encoding) = attribute.take_if(|attribute| is(attribute, "encoding")) {
        if !encoding.value.eq_ignore_ascii_case("utf-8") {
            return Err(XmlError::UnsupportedEncoding);
        }
        attribute = next()?;
    }
    if attribute.take_if(|attribute| is(attribute, "standalone")).is_some() {
        attribute = next()?;
    }
    if attribute.is_none() { Ok(()) } else { Err(Malformation::Declaration.into()) }
}

/// What quick-xml found wrong, in our words. What it began to read as a forbidden thing is refused as such, finished or
/// not.
fn refusal(error: TokenError) -> XmlError {
    match error {
        TokenError::Syntax(syntax) => match syntax {
            SyntaxError::UnclosedDoctype => Restriction::Doctype.into(),
            SyntaxError::UnclosedComment => Restriction::Comment.into(),
            SyntaxError::UnclosedPI => Restriction::ProcessingInstruction.into(),
            SyntaxError::InvalidBangMarkup => Malformation::Markup.into(),
            SyntaxError::UnclosedXmlDecl => Malformation::Declaration.into(),
            _ => Malformation::Unfinished.into(),
        },
        TokenError::IllFormed(ill_formed) => match ill_formed {
            IllFormedError::MissingDoctypeName => Restriction::Doctype.into(),
            IllFormedError::DoubleHyphenInComment => Restriction::Comment.into(),
            IllFormedError::MissingEndTag(_) => Malformation::Unfinished.into(),
            IllFormedError::UnclosedReference => Malformation::Reference.into(),
            IllFormedError::UnmatchedEndTag(_) | IllFormedError::MismatchedEndTag { .. } => Malformation::EndTag.into(),
            _ => Malformation::Declaration.into(),
        },
        _ => Malformation::Markup.into(),
    }
}
