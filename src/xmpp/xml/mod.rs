//! XML as XMPP uses it: reading one frame into an [`Element`], building one, and writing it out again.
//!
//! RFC 7395 and XEP-0124 both hand over complete documents, so there is no incremental reader: [`parse`] takes one frame
//! and gives one element or an [`XmlError`], which names the stream error to close with. Restricted XML (RFC 6120 §11.1)
//! is enforced: no DTD, no comments, no processing instructions, no entities but the predefined five. Size, depth and
//! number of things are bounded by [`Limits`]; nothing here panics or recurses deeper than they allow.

mod attributes;
mod builder;
mod element;
mod error;
mod limits;
mod parse;
mod references;
mod syntax;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub use builder::ElementBuilder;
pub use element::{Element, Node};
pub use error::{Malformation, Restriction, XmlError};
pub use limits::Limits;
pub use parse::{PRUNED, parse, parse_document, parse_pruning};
