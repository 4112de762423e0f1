//! XEP-0191: Blocking Command.
//!
//! Whose pushes count (our own account's alone, attack case A-10) is for the receiver to check.

use crate::jid::Jid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, words};
use crate::xml::Element;

words! {
    /// What a list of addresses is.
    BlockingCommand {
        /// The request for all blocked addresses, or its answer (§3.2).
        List = "blocklist",
        /// Block these, or: these have been blocked (§3.3).
        Block = "block",
        /// Unblock these (none: all), or: these (none: all) have been unblocked (§3.4, §3.5).
        Unblock = "unblock",
    }
}

/// `<blocklist/>`, `<block/>` or `<unblock/>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocking {
    /// Which of them.
    pub command: BlockingCommand,
    /// The addresses: a person, a device, a whole server (§5).
    pub jids: Vec<Jid>,
}

impl Blocking {
    /// The request for all blocked addresses. The server pushes changes only to who asked for the list.
    pub fn query() -> Self {
        Self { command: BlockingCommand::List, jids: Vec::new() }
    }

    /// Blocks an address.
    pub fn block(jid: Jid) -> Self {
        Self { command: BlockingCommand::Block, jids: vec![jid] }
    }

    /// Unblocks an address.
    pub fn unblock(jid: Jid) -> Self {
        Self { command: BlockingCommand::Unblock, jids: vec![jid] }
    }
}

impl Payload for Blocking {
    const NAME: &'static str = "blocklist";
    const NS: &'static str = ns::BLOCKING;

    fn matches(element: &Element) -> bool {
        element.ns() == Self::NS && BlockingCommand::from_word(element.name()).is_some()
    }

    /// In the list, an address that is not valid is left out. In a command it is an error: without it, an `unblock` would
    /// mean everybody.
    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let command = BlockingCommand::from_word(element.name()).filter(|_| element.ns() == Self::NS);
        let command = command.ok_or(PayloadError::WrongElement("blocking command"))?;
        let items = element.children_named("item", Self::NS);
        let jids = items.map(|item| Jid::parse(item.attr("jid").unwrap_or_default()));
        let jids: Vec<Jid> = match command {
            BlockingCommand::List => jids.flatten().into_list(),
            _ => jids.collect::<Result<_, _>>().map_err(|_| PayloadError::Invalid("jid"))?,
        };
        if command == BlockingCommand::Block && jids.is_empty() {
            return Err(PayloadError::MissingChild("item"));
        }
        Ok(Self { command, jids })
    }

    fn to_element(&self) -> Element {
        let item = |jid: &Jid| Element::builder("item", Self::NS).attr("jid", jid.as_str()).build();
        Element::builder(self.command.word(), Self::NS).children(self.jids.iter().map(item)).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    #[test]
    fn commands_survive_the_round_trip() {
        assert_eq!(Blocking::query(), round_trip("<blocklist xmlns='urn:xmpp:blocking'/>"));
        let block = "<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></block>";
        assert_eq!(Blocking::block(jid("romeo@montague.net")), round_trip(block));
        let unblock = "<unblock xmlns='urn:xmpp:blocking'><item jid='evil.example'/></unblock>";
        assert_eq!(Blocking::unblock(jid("evil.example")), round_trip(unblock));
        let all: Blocking = round_trip("<unblock xmlns='urn:xmpp:blocking'/>");
        assert!(all.jids.is_empty());
    }

    #[test]
    fn a_broken_address_in_the_list_harms_no_other() {
        let list: Blocking = read(
            "<blocklist xmlns='urn:xmpp:blocking'><item/><item jid='@'/><item jid='iago@shakespeare.lit'/></blocklist>",
        )
        .unwrap();
        assert_eq!(list.jids, [jid("iago@shakespeare.lit")]);
    }

    #[test]
    fn a_broken_command_is_refused() {
        let refused = |xml| read::<Blocking>(xml).unwrap_err();
        assert_eq!(refused("<block xmlns='urn:xmpp:blocking'/>"), PayloadError::MissingChild("item"));
        assert_eq!(
            refused("<unblock xmlns='urn:xmpp:blocking'><item jid='@'/></unblock>"),
            PayloadError::Invalid("jid")
        );
        assert_eq!(refused("<unblock xmlns='urn:xmpp:blocking'><item/></unblock>"), PayloadError::Invalid("jid"));
        assert_eq!(refused("<bloc xmlns='urn:xmpp:blocking'/>"), PayloadError::WrongElement("blocking command"));
    }
}
