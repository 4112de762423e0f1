//! What a chat looks like by its archive: a second reading of XEP-0308, XEP-0424 and XEP-0444, beside the engine's.

use std::collections::{BTreeMap, BTreeSet};

use plausch_xmpp::xml::Element;

use super::{bare, body};

/// A message, and what became of it.
pub struct Said {
    author: String,
    id: String,
    /// What it says; `None` once it was taken back.
    pub text: Option<String>,
    /// It was edited.
    pub edited: bool,
    /// Who reacted with what.
    pub reactions: BTreeMap<String, BTreeSet<String>>,
}

impl Said {
    /// Takes the next stanza of an archive in.
    pub fn take(said: &mut Vec<Self>, stanza: &Element) {
        let author = bare(stanza.attr("from").unwrap_or_default()).to_owned();
        let target = |name: &str, ns: &str| stanza.child(name, ns).and_then(|child| child.attr("id"));
        let text = body(stanza);
        if let Some(id) = target("retract", "urn:xmpp:message-retract:1") {
            let own = said.iter_mut().filter(|known| known.author == author && known.id == id);
            own.for_each(|known| (known.text, known.edited, known.reactions) = (None, false, BTreeMap::new()));
        } else if let Some(id) = target("replace", "urn:xmpp:message-correct:0") {
            let own = said.iter_mut().filter(|known| known.author == author && known.id == id && known.text.is_some());
            own.for_each(|known| (known.text, known.edited) = (text.clone(), true));
        } else if let Some(reactions) = stanza.child("reactions", "urn:xmpp:reactions:0") {
            let emojis: BTreeSet<String> = reactions.children().map(Element::text).collect();
            let id = reactions.attr("id").unwrap_or_default();
            for known in said.iter_mut().filter(|known| known.id == id && known.text.is_some()) {
                known.reactions.remove(&author);
                if !emojis.is_empty() {
                    known.reactions.insert(author.clone(), emojis.clone());
                }
            }
        } else if text.is_some() {
            let id = stanza.attr("id").unwrap_or_default().to_owned();
            said.push(Self { author, id, text, edited: false, reactions: BTreeMap::new() });
        }
    }
}
