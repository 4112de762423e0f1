//! XEP-0444: Message Reactions.
//!
//! Whether a reaction is an emoji, and whose counts, is for the receiver to check (attack case C-21).

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, required_id, text_element};
use crate::xml::Element;

/// Further reactions are ignored.
const MAX_REACTIONS: usize = 50;
/// Longer ones are no emoji: the longest sequences take some 35 bytes.
const MAX_REACTION_BYTES: usize = 64;

/// `<reactions/>`: all the sender's reactions to a message, replacing earlier ones (XEP-0444 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reactions {
    /// The message: in a room its stanza-id there, else its origin-id or id.
    pub id: String,
    /// The reactions, each once; none takes back all.
    pub emojis: Vec<String>,
}

impl Payload for Reactions {
    const NAME: &'static str = "reactions";
    const NS: &'static str = ns::REACTIONS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let mut emojis: Vec<String> = Vec::new();
        for reaction in element.children_named("reaction", Self::NS).take(MAX_REACTIONS) {
            let emoji = reaction.text().trim().to_owned();
            if (1..=MAX_REACTION_BYTES).contains(&emoji.len()) && !emojis.contains(&emoji) {
                emojis.push(emoji);
            }
        }
        Ok(Self { id: required_id(element, "id")?, emojis })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr("id", &self.id)
            .children(self.emojis.iter().map(|emoji| text_element("reaction", Self::NS, emoji)))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn reactions_survive_the_round_trip() {
        let reactions: Reactions = round_trip(
            "<reactions xmlns='urn:xmpp:reactions:0' id='744f6e18'><reaction>👋</reaction><reaction>🐢</reaction></reactions>",
        );
        assert_eq!(reactions.emojis, ["👋", "🐢"]);
        assert!(round_trip::<Reactions>("<reactions xmlns='urn:xmpp:reactions:0' id='744f6e18'/>").emojis.is_empty());
    }

    #[test]
    fn repeated_empty_and_endless_reactions_are_ignored() {
        let long = "x".repeat(65);
        let reactions: Reactions = read(&format!(
            "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction/><reaction>👋</reaction><reaction> 👋</reaction>\
             <reaction>{long}</reaction></reactions>"
        ))
        .unwrap();
        assert_eq!(reactions.emojis, ["👋"]);
        let many: String = (0..500).map(|number| format!("<reaction>{number}</reaction>")).collect();
        let many: Reactions =
            read(&format!("<reactions xmlns='urn:xmpp:reactions:0' id='1'>{many}</reactions>")).unwrap();
        assert_eq!(many.emojis.len(), MAX_REACTIONS);
        let no_id = read::<Reactions>("<reactions xmlns='urn:xmpp:reactions:0'/>");
        assert_eq!(no_id, Err(PayloadError::MissingAttribute("id")));
    }
}
