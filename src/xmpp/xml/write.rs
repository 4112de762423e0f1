//! Writing an [`Element`].
//!
//! Default namespaces only: the root declares its own, a child declares one only where it differs from its parent's.
//! Prefixes are never written, since some peers look for names with the prefix they expect, or none.

use super::element::{Attribute, Element, Node};

impl Element {
    /// The element as a document of its own (RFC 7395 §3.3.3).
    pub fn to_xml(&self) -> String {
        let mut out = String::with_capacity(256);
        self.write_xml(&mut out);
        out
    }

    /// Appends the element as a document of its own.
    pub fn write_xml(&self, out: &mut String) {
        self.write_inside("", out);
    }

    fn write_inside(&self, outer_ns: &str, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        if self.ns != outer_ns {
            write_attribute("xmlns", &self.ns, out);
        }
        if let Some(lang) = &self.lang {
            write_attribute("xml:lang", lang, out);
        }
        for Attribute { name, value } in &self.attrs {
            write_attribute(name, value, out);
        }
        self.write_content(out);
    }

    fn write_content(&self, out: &mut String) {
        if self.nodes.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.nodes {
            match node {
                Node::Element(child) => child.write_inside(&self.ns, out),
                Node::Text(text) => write_escaped(text, text_escape, out),
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

fn write_attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    write_escaped(value, value_escape, out);
    out.push('\'');
}

fn write_escaped(text: &str, escape: fn(char) -> Option<&'static str>, out: &mut String) {
    for piece in text.split_inclusive(|c| escape(c).is_some()) {
        match piece.chars().next_back().and_then(|last| Some((last, escape(last)?))) {
            Some((last, escaped)) => {
                out.push_str(piece.strip_suffix(last).unwrap_or_default());
                out.push_str(escaped);
            }
            None => out.push_str(piece),
        }
    }
}

/// `>` is escaped for the sake of `]]>`, a carriage return because a reader would make a line feed of it.
fn text_escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        _ => None,
    }
}

/// White space other than a blank would become a blank in the reader (XML 1.0 §3.3.3).
fn value_escape(c: char) -> Option<&'static str> {
    match c {
        '\'' => Some("&apos;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        _ => text_escape(c),
    }
}
