//! A small immutable XML element: what a stanza is made of once its frame has been read.
//!
//! Names and namespaces are resolved: an [`Element`] knows its namespace, not its prefix. Attributes are those without a
//! namespace (XMPP payloads use no others); `xml:lang` is kept as [`Element::lang`]. Comparing two elements compares what
//! they mean, so the order of attributes does not matter.
//!
//! Texts are small strings: up to 23 bytes (nearly every name, most attribute values) need no allocation, and cloning a
//! longer one shares it.

use crate::shared::SharedText;

use super::builder::ElementBuilder;

/// One XML element.
#[derive(Clone, Debug)]
pub struct Element {
    pub(super) name: SharedText,
    pub(super) ns: SharedText,
    pub(super) lang: Option<SharedText>,
    pub(super) attrs: Vec<Attribute>,
    pub(super) nodes: Vec<Node>,
}

/// What an element contains, in document order. Neighbouring texts are joined, and there are no empty ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Character data, unescaped.
    Text(SharedText),
}

/// An attribute without a namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Attribute {
    pub(super) name: SharedText,
    pub(super) value: SharedText,
}

impl Element {
    /// Starts an element of this name in this namespace (`""` for none). See [`ElementBuilder`].
    pub fn builder(name: &str, ns: &str) -> ElementBuilder {
        ElementBuilder::new(name, ns)
    }

    /// The local name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace name; empty if the element is in none.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// Whether both name and namespace are these: the only safe way to recognise an element.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        self.name == name && self.ns == ns
    }

    /// The value of an attribute that has no namespace.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }

    /// The attributes without a namespace, in document order.
    pub fn attrs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attrs.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
    }

    /// This element's own `xml:lang`; an ancestor's is not inherited here.
    pub fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }

    /// Child elements and texts, in document order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The child elements, in document order.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name and namespace.
    pub fn child(&self, name: &str, ns: &str) -> Option<&Element> {
        self.children().find(|child| child.is(name, ns))
    }

    /// All children of this name and namespace, in document order.
    pub fn children_named(&self, name: &str, ns: &str) -> impl Iterator<Item = &Element> {
        self.children().filter(move |child| child.is(name, ns))
    }

    /// The element's own text, without that of its children.
    pub fn text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// The text of the first child of this name and namespace.
    pub fn child_text(&self, name: &str, ns: &str) -> Option<String> {
        self.child(name, ns).map(Element::text)
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        let same_attributes = || {
            self.attrs.len() == other.attrs.len()
                && self.attrs.iter().all(|attribute| other.attr(&attribute.name) == Some(attribute.value.as_str()))
        };
        self.name == other.name
            && self.ns == other.ns
            && self.lang == other.lang
            && same_attributes()
            && self.nodes == other.nodes
    }
}

impl Eq for Element {}
