//! Putting an [`Element`] together from tags and texts, namespaces resolved.

use crate::shared::SharedText;

use crate::ascii::{find, has};

use super::attributes::{QualifiedName, RawAttribute, next_attribute};
use super::element::{Attribute, Element, Node};
use super::error::{Malformation, XmlError};
use super::limits::Limits;
use super::parse::PRUNED;
use super::references::resolve;
use super::syntax::{XML_NS, XMLNS_NS, is_reserved_namespace, is_space, normalize_line_ends};

/// The elements that are open, and what they hold so far.
///
/// The nodes of all open elements are on one stack, so that each finished element gets its nodes in a single allocation
/// of the right size.
pub(super) struct Tree<'a> {
    limits: Limits,
    /// How many elements are around a stanza, if a stanza that exceeds a limit is emptied instead of refused.
    envelope: Option<usize>,
    /// The stanza that is open exceeds a limit: nothing more of it is kept.
    exceeded: bool,
    /// Open elements that are not kept.
    skipped: usize,
    open: Vec<Open>,
    bindings: Vec<Binding<'a>>,
    nodes: Vec<Node>,
    text: PendingText<'a>,
    attributes: Vec<RawAttribute<'a>>,
    elements: usize,
    root: Option<Element>,
}

/// An element whose end tag is yet to come.
struct Open {
    element: Element,
    first_node: usize,
    bindings_outside: usize,
}

/// A prefix, or `""` for the default namespace, and what it stands for.
struct Binding<'a> {
    prefix: &'a str,
    ns: SharedText,
}

/// Text since the last tag: nearly always one piece that can be taken as it stands.
#[derive(Default)]
struct PendingText<'a> {
    only: &'a str,
    joined: String,
}

impl<'a> Tree<'a> {
    pub(super) fn new(limits: &Limits, envelope: Option<usize>) -> Self {
        let limits = Limits { max_depth: limits.max_depth.min(Limits::HARD_MAX_DEPTH), ..*limits };
        Self {
            limits,
            envelope,
            exceeded: false,
            skipped: 0,
            open: Vec::new(),
            bindings: Vec::new(),
            nodes: Vec::new(),
            text: PendingText::default(),
            attributes: Vec::new(),
            elements: 0,
            root: None,
        }
    }

    /// A start tag; `tag` is what is between its angle brackets.
    pub(super) fn open(&mut self, tag: &'a str) -> Result<(), XmlError> {
        if !self.exceeded {
            self.check_room()?;
        }
        let (name, attributes) = split_tag(tag)?;
        if self.is_left_out() {
            self.skipped = self.skipped.saturating_add(1);
            return Ok(());
        }
        self.flush_text();
        let bindings_outside = self.bindings.len();
        self.read_attributes(name.prefix, attributes)?;
        if self.is_left_out() {
            self.bindings.truncate(bindings_outside);
            self.skipped = self.skipped.saturating_add(1);
            return Ok(());
        }
        let ns = self.resolve(name.prefix)?;
        let mut element =
            Element { name: SharedText::new(name.local), ns, lang: None, attrs: Vec::new(), nodes: Vec::new() };
        self.take_attributes(&mut element)?;
        self.open.push(Open { element, first_node: self.nodes.len(), bindings_outside });
        Ok(())
    }

    /// An end tag, which the reader found to match.
    pub(super) fn close(&mut self) -> Result<(), XmlError> {
        if let Some(skipped) = self.skipped.checked_sub(1) {
            self.skipped = skipped;
            return Ok(());
        }
        self.flush_text();
        let Open { mut element, first_node, bindings_outside } = self.open.pop().ok_or(Malformation::EndTag)?;
        self.bindings.truncate(bindings_outside);
        element.nodes = self.nodes.drain(first_node..).collect();
        if self.exceeded && self.envelope == Some(self.open.len()) {
            self.exceeded = false;
            element.nodes = vec![Node::Element(pruned())];
        }
        if self.open.is_empty() {
            self.root = Some(element);
        } else {
            self.nodes.push(Node::Element(element));
        }
        Ok(())
    }

    /// Character data as written, without references.
    pub(super) fn text(&mut self, text: &'a str) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return if text.chars().all(is_space) { Ok(()) } else { Err(Malformation::TextOutside.into()) };
        }
        if find(text, b"]]>").is_some() {
            return Err(Malformation::CDataEnd.into());
        }
        self.push_text(text);
        Ok(())
    }

    /// The inside of a CDATA section. RFC 6120 §11.1 does not forbid those: they are another way to write text.
    pub(super) fn cdata(&mut self, text: &'a str) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return Err(Malformation::TextOutside.into());
        }
        self.push_text(text);
        Ok(())
    }

    /// A reference; `name` is what is between `&` and `;`.
    pub(super) fn reference(&mut self, name: &str) -> Result<(), XmlError> {
        let character = resolve(name)?;
        if self.open.is_empty() {
            return Err(Malformation::TextOutside.into());
        }
        if !self.exceeded {
            self.text.push_char(character);
        }
        Ok(())
    }

    /// The end of the frame.
    pub(super) fn finish(self) -> Result<Element, XmlError> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            None if self.open.is_empty() => Err(Malformation::NoElement.into()),
            _ => Err(Malformation::Unfinished.into()),
        }
    }

    fn check_room(&mut self) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(Malformation::SecondElement.into());
        }
        if self.open.len() >= self.limits.max_depth {
            return self.exceed(XmlError::TooDeep);
        }
        if self.elements >= self.limits.max_elements {
            return self.exceed(XmlError::TooManyElements);
        }
        self.elements = self.elements.saturating_add(1);
        Ok(())
    }

    /// A limit is exceeded: within a stanza that may cost the stanza only.
    fn exceed(&mut self, error: XmlError) -> Result<(), XmlError> {
        self.exceeded = self.envelope.is_some_and(|envelope| self.open.len() >= envelope);
        if self.exceeded { Ok(()) } else { Err(error) }
    }

    /// Whether what comes now is inside a stanza that exceeds a limit.
    fn is_left_out(&self) -> bool {
        self.exceeded && self.envelope.is_some_and(|envelope| self.open.len() > envelope)
    }

    fn push_text(&mut self, text: &'a str) {
        if !self.exceeded {
            self.text.push(text);
        }
    }

    fn flush_text(&mut self) {
        if let Some(text) = self.text.take() {
            self.nodes.push(Node::Text(text));
        }
    }

    /// Reads the attributes of a tag: declarations take effect, the others wait in `self.attributes`, as the prefixes
    /// they use may be declared after them. Of a tag with too many, only what tells where it belongs is kept: what it
    /// is, from whom and to whom it goes, and its id.
    fn read_attributes(&mut self, prefix: &str, mut rest: &'a str) -> Result<(), XmlError> {
        self.attributes.clear();
        let outside = self.bindings.len();
        while let Some(attribute) = next_attribute(&mut rest)? {
            let declared = self.bindings.len().saturating_sub(outside);
            let excess = self.attributes.len().saturating_add(declared).checked_sub(self.limits.max_attributes);
            if let Some(excess) = excess {
                self.exceed(XmlError::TooManyAttributes)?;
                if excess > ESSENTIAL.len() {
                    return Err(Malformation::DuplicateAttribute.into());
                }
                let declares = attribute.name.prefix == "xmlns" && attribute.name.local == prefix;
                let essential = attribute.name.prefix.is_empty() && ESSENTIAL.contains(&attribute.name.local);
                if !(declares || essential) {
                    continue;
                }
            }
            match attribute.name {
                QualifiedName { prefix: "", local: "xmlns" } => self.declare(outside, "", &attribute.value)?,
                QualifiedName { prefix: "xmlns", local } => self.declare(outside, local, &attribute.value)?,
                _ => self.attributes.push(attribute),
            }
        }
        Ok(())
    }

    /// Namespaces in XML §3 and §5.
    fn declare(&mut self, outside: usize, prefix: &'a str, ns: &str) -> Result<(), XmlError> {
        if self.bindings.iter().skip(outside).any(|binding| binding.prefix == prefix) {
            return Err(Malformation::DuplicateAttribute.into());
        }
        let allowed = match prefix {
            "xml" => ns == XML_NS,
            "xmlns" => false,
            "" => !is_reserved_namespace(ns),
            _ => !ns.is_empty() && !is_reserved_namespace(ns),
        };
        if !allowed {
            return Err(Malformation::NamespaceDeclaration.into());
        }
        self.bindings.push(Binding { prefix, ns: SharedText::new(ns) });
        Ok(())
    }

    /// The namespace that an element's prefix stands for.
    fn resolve(&self, prefix: &str) -> Result<SharedText, XmlError> {
        match self.bindings.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) if is_reserved_namespace(&binding.ns) => Err(Malformation::NamespaceDeclaration.into()),
            Some(binding) => Ok(binding.ns.clone()),
            None if prefix.is_empty() => Ok(SharedText::default()),
            None if prefix == "xml" || prefix == "xmlns" => Err(Malformation::NamespaceDeclaration.into()),
            None => Err(Malformation::UndeclaredPrefix.into()),
        }
    }

    /// The namespace of a prefixed attribute.
    fn resolve_attribute(&self, prefix: &str) -> Result<&str, XmlError> {
        let binding = self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
        match binding {
            _ if prefix == "xml" => Ok(XML_NS),
            Some(binding) => Ok(&binding.ns),
            None if prefix == "xmlns" => Ok(XMLNS_NS),
            None => Err(Malformation::UndeclaredPrefix.into()),
        }
    }

    /// Moves the attributes into the element: those without a namespace, and `xml:lang`. Others are checked and left out.
    fn take_attributes(&mut self, element: &mut Element) -> Result<(), XmlError> {
        self.check_unique()?;
        let plain = self.attributes.iter().filter(|attribute| attribute.name.prefix.is_empty());
        element.attrs.reserve_exact(plain.count());
        for RawAttribute { name, value } in self.attributes.drain(..) {
            match (name.prefix, name.local) {
                ("", local) => {
                    element.attrs.push(Attribute { name: SharedText::new(local), value: SharedText::new(&value) });
                }
                ("xml", "lang") => element.lang = Some(SharedText::new(&value)),
                _ => {}
            }
        }
        Ok(())
    }

    /// No attribute twice, be it by name (XML 1.0 §3.1) or by namespace and local name (Namespaces in XML §6.3).
    fn check_unique(&self) -> Result<(), XmlError> {
        for (index, attribute) in self.attributes.iter().enumerate() {
            let prefix = attribute.name.prefix;
            let ns = if prefix.is_empty() { "" } else { self.resolve_attribute(prefix)? };
            for earlier in self.attributes.iter().take(index).filter(|other| other.name.local == attribute.name.local) {
                let earlier_prefix = earlier.name.prefix;
                let same = earlier_prefix == prefix
                    || !prefix.is_empty()
                        && !earlier_prefix.is_empty()
                        && self.resolve_attribute(earlier_prefix)? == ns;
                if same {
                    return Err(Malformation::DuplicateAttribute.into());
                }
            }
        }
        Ok(())
    }
}

/// What is kept of a stanza's tag that has too many attributes.
const ESSENTIAL: [&str; 5] = ["xmlns", "type", "from", "to", "id"];

/// Stands for the content of a stanza that exceeds a limit.
fn pruned() -> Element {
    Element::builder("pruned", PRUNED).build()
}

impl<'a> PendingText<'a> {
    fn push(&mut self, text: &'a str) {
        if self.only.is_empty() && self.joined.is_empty() && !has(text, b'\r') {
            self.only = text;
        } else {
            self.join();
            self.joined.push_str(&normalize_line_ends(text));
        }
    }

    fn push_char(&mut self, character: char) {
        self.join();
        self.joined.push(character);
    }

    fn join(&mut self) {
        self.joined.push_str(std::mem::take(&mut self.only));
    }

    fn take(&mut self) -> Option<SharedText> {
        if self.joined.is_empty() {
            let only = std::mem::take(&mut self.only);
            return (!only.is_empty()).then(|| SharedText::new(only));
        }
        let text = SharedText::new(&self.joined);
        self.joined.clear();
        Some(text)
    }
}

/// Splits what is between a start tag's angle brackets into the name and the rest.
fn split_tag(tag: &str) -> Result<(QualifiedName<'_>, &str), XmlError> {
    let end = tag.find(is_space).unwrap_or(tag.len());
    let (name, rest) = tag.split_at_checked(end).unwrap_or((tag, ""));
    Ok((QualifiedName::split(name)?, rest))
}
