//! Building an [`Element`] to send.
//!
//! What is built can always be written as well-formed XML: characters that XML 1.0 cannot carry are dropped from texts
//! and values, and characters that no name may have from names. So a pasted control character costs itself, never the
//! stream.

use crate::shared::SharedText;

use crate::ascii::has;

use super::element::{Attribute, Element, Node};
use super::syntax::{clean_name, clean_text, is_reserved_namespace};

/// Makes an [`Element`], by value: each call returns the builder.
#[derive(Clone, Debug)]
#[must_use]
pub struct ElementBuilder {
    /// Boxed, so that passing the builder on is passing a pointer.
    element: Box<Element>,
}

impl ElementBuilder {
    pub(super) fn new(name: &str, ns: &str) -> Self {
        let name = clean_name(name).unwrap_or_else(|| SharedText::new("_"));
        let ns = if is_reserved_namespace(ns) { SharedText::default() } else { clean_text(ns) };
        Self { element: Box::new(Element { name, ns, lang: None, attrs: Vec::new(), nodes: Vec::new() }) }
    }

    /// Sets an attribute that has no namespace; a second value for a name replaces the first. The name `xml:lang` is
    /// [`ElementBuilder::lang`]; any other name with a colon, `xmlns`, or without a single usable character is ignored.
    pub fn attr(self, name: &str, value: impl AsRef<str>) -> Self {
        self.attr_text(name, value.as_ref())
    }

    fn attr_text(mut self, name: &str, value: &str) -> Self {
        let value = clean_text(value);
        if name == "xml:lang" {
            self.element.lang = Some(value);
        } else if name != "xmlns"
            && !has(name, b':')
            && let Some(name) = clean_name(name)
        {
            self.element.attrs.retain(|attribute| attribute.name != name);
            self.element.attrs.push(Attribute { name, value });
        }
        self
    }

    /// Sets an attribute if there is a value.
    pub fn attr_opt(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Sets or removes `xml:lang`.
    pub fn lang(mut self, lang: Option<&str>) -> Self {
        self.element.lang = lang.map(clean_text);
        self
    }

    /// Appends a child element.
    pub fn child(mut self, child: Element) -> Self {
        self.element.nodes.push(Node::Element(child));
        self
    }

    /// Appends a child element if there is one.
    pub fn child_opt(self, child: Option<Element>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    /// Appends child elements.
    pub fn children(self, children: impl IntoIterator<Item = Element>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Appends text; it joins text that was appended just before.
    pub fn text(self, text: impl AsRef<str>) -> Self {
        self.text_of(text.as_ref())
    }

    fn text_of(mut self, text: &str) -> Self {
        let text = clean_text(text);
        if let Some(Node::Text(previous)) = self.element.nodes.last_mut() {
            *previous = SharedText::new(&format!("{previous}{text}"));
        } else if !text.is_empty() {
            self.element.nodes.push(Node::Text(text));
        }
        self
    }

    /// The finished element.
    pub fn build(self) -> Element {
        *self.element
    }
}

impl From<ElementBuilder> for Element {
    fn from(builder: ElementBuilder) -> Self {
        builder.build()
    }
}
