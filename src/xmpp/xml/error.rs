//! Why a frame was refused, and the stream error that says so.

/// Why a frame is not an element we accept. [`XmlError::condition`] is what to close the stream with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum XmlError {
    /// The frame has more bytes than [`super::Limits::max_bytes`].
    #[error("the frame is too large")]
    TooLarge,
    /// Elements are nested deeper than [`super::Limits::max_depth`].
    #[error("elements are nested too deeply")]
    TooDeep,
    /// One element has more attributes than [`super::Limits::max_attributes`].
    #[error("an element has too many attributes")]
    TooManyAttributes,
    /// The frame has more elements than [`super::Limits::max_elements`].
    #[error("the frame has too many elements")]
    TooManyElements,
    /// The frame uses a feature of XML that XMPP forbids (RFC 6120 §11.1).
    #[error("forbidden in XMPP: {0}")]
    Restricted(Restriction),
    /// The frame is not well-formed or not namespace-well-formed (RFC 6120 §11.3).
    #[error("not well-formed: {0}")]
    NotWellFormed(Malformation),
    /// The XML declaration names an encoding other than UTF-8 (RFC 6120 §11.6).
    #[error("the encoding is not UTF-8")]
    UnsupportedEncoding,
}

/// A feature of XML that RFC 6120 §11.1 forbids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Restriction {
    /// `<!DOCTYPE …>`.
    #[error("document type declaration")]
    Doctype,
    /// `<!-- … -->`.
    #[error("comment")]
    Comment,
    /// `<?target …?>`.
    #[error("processing instruction")]
    ProcessingInstruction,
    /// A reference to an entity other than `lt`, `gt`, `amp`, `apos` and `quot`.
    #[error("entity reference")]
    Entity,
}

/// What makes a frame ill-formed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformation {
    /// There is no element.
    #[error("no element")]
    NoElement,
    /// A second element follows the first.
    #[error("more than one element")]
    SecondElement,
    /// There is text before or after the element.
    #[error("text outside the element")]
    TextOutside,
    /// The frame ends within an element or a tag.
    #[error("unexpected end")]
    Unfinished,
    /// An end tag does not match its start tag.
    #[error("mismatched end tag")]
    EndTag,
    /// A name is not one, or has more than one colon.
    #[error("invalid name")]
    Name,
    /// A tag's attributes are not attributes.
    #[error("invalid attribute")]
    Attribute,
    /// An attribute was given twice, or under two prefixes that stand for the same namespace.
    #[error("duplicate attribute")]
    DuplicateAttribute,
    /// A prefix is not declared. RFC 6120 §11.3 asks for `not-well-formed` here; its `bad-namespace-prefix` is about
    /// the prefix of the stream element itself, which WebSocket framing does not have.
    #[error("undeclared prefix")]
    UndeclaredPrefix,
    /// A reserved prefix or namespace was declared otherwise, or a prefix was undeclared (Namespaces in XML §3, §5).
    #[error("invalid namespace declaration")]
    NamespaceDeclaration,
    /// A character that XML 1.0 does not allow, written out or as a reference.
    #[error("invalid character")]
    Character,
    /// A `&` that starts no reference.
    #[error("invalid reference")]
    Reference,
    /// `]]>` in text (XML 1.0 §2.4).
    #[error("end of a CDATA section without its start")]
    CDataEnd,
    /// The XML declaration is not at the start, or is not one.
    #[error("invalid XML declaration")]
    Declaration,
    /// Anything else that is not markup.
    #[error("invalid markup")]
    Markup,
}

impl XmlError {
    /// The condition of the stream error to close with (RFC 6120 §4.9.3).
    pub fn condition(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooDeep | Self::TooManyAttributes | Self::TooManyElements => "policy-violation",
            Self::Restricted(_) => "restricted-xml",
            Self::NotWellFormed(_) => "not-well-formed",
            Self::UnsupportedEncoding => "unsupported-encoding",
        }
    }
}

impl From<Restriction> for XmlError {
    fn from(restriction: Restriction) -> Self {
        Self::Restricted(restriction)
    }
}

impl From<Malformation> for XmlError {
    fn from(malformation: Malformation) -> Self {
        Self::NotWellFormed(malformation)
    }
}
