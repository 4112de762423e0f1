//! RFC 6121 §2: the roster, with versioning (§2.6).
//!
//! Whose pushes count (our own account's alone, §2.1.6, attack case A-07) is for the receiver to check.

use crate::jid::BareJid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, boolean, expect, required, text_element, words};
use crate::xml::Element;

/// More items than this are no roster.
pub const MAX_ITEMS: usize = 50_000;
/// Names and group names are cut after this many characters.
const MAX_NAME_CHARS: usize = 1_023;
/// Further groups of an item are ignored.
const MAX_GROUPS: usize = 64;

words! {
    /// Who sees whose presence (RFC 6121 §2.1.2.5).
    #[derive(Default)]
    Subscription {
        /// Nobody sees anybody.
        #[default]
        None = "none",
        /// We see theirs.
        To = "to",
        /// They see ours.
        From = "from",
        /// Both see each other.
        Both = "both",
        /// The item has been, or is to be, removed.
        Remove = "remove",
    }
}

/// One contact (RFC 6121 §2.1.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RosterItem {
    /// Their address.
    pub jid: BareJid,
    /// The name that the user gave them.
    pub name: Option<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// We asked to see their presence and wait for an answer.
    pub asked: bool,
    /// We let them see our presence before they asked (§3.4).
    pub approved: bool,
    /// The groups they are in; each once, none empty.
    pub groups: Vec<String>,
}

/// `<query/>`: a request, a roster, a push or a change, depending on the `<iq/>` around it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// In a request the version known here (empty: none), else the version that this leads to.
    pub version: Option<String>,
    /// The contacts. One whose address is not valid is left out: it can be shown and changed by nobody.
    pub items: Vec<RosterItem>,
}

impl RosterItem {
    /// A contact with nothing but an address.
    pub fn new(jid: BareJid) -> Self {
        Self { jid, name: None, subscription: Subscription::None, asked: false, approved: false, groups: Vec::new() }
    }
}

impl Roster {
    /// A request for the roster. With a version, the server may answer "nothing new" by an empty result; the empty
    /// version asks for all. Without one, the server does not do versioning (§2.6.2).
    pub fn query(version: Option<String>) -> Self {
        Self { version, items: Vec::new() }
    }

    /// The change that adds a contact or gives them a new name and groups (§2.3, §2.4). Everything else is the server's.
    pub fn change(jid: BareJid, name: Option<String>, groups: Vec<String>) -> Self {
        Self { version: None, items: vec![RosterItem { name, groups, ..RosterItem::new(jid) }] }
    }

    /// The change that removes a contact, with both subscriptions (§2.5).
    pub fn removal(jid: BareJid) -> Self {
        Self { version: None, items: vec![RosterItem { subscription: Subscription::Remove, ..RosterItem::new(jid) }] }
    }

    /// The one item of a push. With none or several it is no push (§2.1.6).
    pub fn into_push(self) -> Result<(RosterItem, Option<String>), PayloadError> {
        let mut items = self.items.into_iter();
        let item = items.next().ok_or(PayloadError::MissingChild("item"))?;
        if items.next().is_some() { Err(PayloadError::Duplicate("item")) } else { Ok((item, self.version)) }
    }
}

impl Payload for Roster {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::ROSTER;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let items = || element.children_named("item", Self::NS);
        if items().count() > MAX_ITEMS {
            return Err(PayloadError::TooLarge("query"));
        }
        Ok(Self {
            version: element.attr("ver").map(str::to_owned),
            items: items().filter_map(|item| RosterItem::read(item).ok()).into_list(),
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("ver", self.version.as_deref())
            .children(self.items.iter().map(RosterItem::write))
            .build()
    }
}

impl RosterItem {
    /// What an item of a result or push says. An unknown subscription counts as none, as if it were not there.
    fn read(element: &Element) -> Result<Self, PayloadError> {
        let jid = BareJid::parse(required(element, "jid")?).map_err(|_| PayloadError::Invalid("jid"))?;
        Ok(Self {
            jid,
            name: element.attr("name").filter(|name| !name.is_empty()).map(cut),
            subscription: element.attr("subscription").and_then(Subscription::from_word).unwrap_or_default(),
            asked: element.attr("ask") == Some("subscribe"),
            approved: boolean(element, "approved").unwrap_or(false),
            groups: read_groups(element),
        })
    }

    fn write(&self) -> Element {
        let subscription = Some(self.subscription).filter(|subscription| *subscription != Subscription::None);
        Element::builder("item", ns::ROSTER)
            .attr("jid", self.jid.as_str())
            .attr_opt("name", self.name.as_deref())
            .attr_opt("subscription", subscription.map(Subscription::word))
            .attr_opt("ask", self.asked.then_some("subscribe"))
            .attr_opt("approved", self.approved.then_some("true"))
            .children(self.groups.iter().map(|group| text_element("group", ns::ROSTER, group)))
            .build()
    }
}

fn read_groups(item: &Element) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for group in item.children_named("group", ns::ROSTER).take(MAX_GROUPS) {
        let name = cut(&group.text());
        if !name.is_empty() && !groups.contains(&name) {
            groups.push(name);
        }
    }
    groups
}

fn cut(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn bare(text: &str) -> BareJid {
        BareJid::parse(text).unwrap()
    }

    #[test]
    fn a_roster_survives_the_round_trip() {
        let roster: Roster = round_trip(
            "<query xmlns='jabber:iq:roster' ver='ver7'><item jid='nurse@example.com'/>\
             <item jid='romeo@example.net' name='Romeo' subscription='both'><group>Friends</group><group>Mantua</group></item>\
             <item jid='paris@example.net' subscription='from' ask='subscribe' approved='true'/></query>",
        );
        assert_eq!(roster.version.as_deref(), Some("ver7"));
        assert_eq!(roster.items[0], RosterItem::new(bare("nurse@example.com")));
        assert_eq!(roster.items[1].name.as_deref(), Some("Romeo"));
        assert_eq!(roster.items[1].subscription, Subscription::Both);
        assert_eq!(roster.items[1].groups, ["Friends", "Mantua"]);
        assert!(roster.items[2].asked && roster.items[2].approved);
    }

    #[test]
    fn requests_and_changes() {
        let xml = |roster: &Roster| roster.to_element().to_xml();
        assert_eq!(Roster::query(Some(String::new())), round_trip("<query xmlns='jabber:iq:roster' ver=''/>"));
        assert_eq!(Roster::query(None), round_trip("<query xmlns='jabber:iq:roster'/>"));
        let change = Roster::change(bare("nurse@example.com"), Some("Nurse".into()), vec!["Servants".into()]);
        assert!(!xml(&change).contains("subscription"), "the subscription is the server's");
        assert_eq!(
            change,
            round_trip(
                "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'><group>Servants</group></item></query>"
            )
        );
        let removal = "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query>";
        assert_eq!(Roster::removal(bare("nurse@example.com")), round_trip(removal));
    }

    #[test]
    fn a_push_has_one_item() {
        let push =
            |items: &str| read::<Roster>(&format!("<query xmlns='jabber:iq:roster' ver='8'>{items}</query>")).unwrap();
        let item = "<item jid='nurse@example.com'/>";
        assert_eq!(push(item).into_push(), Ok((RosterItem::new(bare("nurse@example.com")), Some("8".into()))));
        assert_eq!(push("").into_push(), Err(PayloadError::MissingChild("item")));
        assert_eq!(push(&item.repeat(2)).into_push(), Err(PayloadError::Duplicate("item")));
    }

    #[test]
    fn a_broken_item_harms_no_other() {
        let roster: Roster = read(
            "<query xmlns='jabber:iq:roster'><item/><item jid='@'/><item jid='gateway.example/registered'/>\
             <item jid='Nurse@EXAMPLE.com' subscription='tomorrow' ask='nicely' approved='maybe' name=''/>\
             <item xmlns='other' jid='eve@evil.example'/></query>",
        )
        .unwrap();
        assert_eq!(roster.items, [RosterItem::new(bare("nurse@example.com"))]);
    }

    #[test]
    fn names_and_groups_have_limits() {
        let long = "é".repeat(5_000);
        let groups: String = (0..500).map(|number| format!("<group>{number}</group>")).collect();
        let roster: Roster = read(&format!(
            "<query xmlns='jabber:iq:roster'><item jid='a@b.example' name='{long}'>\
             <group/><group>x</group><group>x</group><group>{long}</group>{groups}</item></query>"
        ))
        .unwrap();
        let item = &roster.items[0];
        assert_eq!(item.name.as_ref().unwrap().chars().count(), MAX_NAME_CHARS);
        assert_eq!(item.groups[0], "x");
        assert_eq!(item.groups[1].chars().count(), MAX_NAME_CHARS);
        assert_eq!(item.groups[2], "0", "empty and repeated groups are left out");
        assert!(item.groups.len() <= MAX_GROUPS);
    }

    #[test]
    fn another_query_is_refused() {
        let refused = read::<Roster>("<query xmlns='jabber:iq:private'/>");
        assert_eq!(refused, Err(PayloadError::WrongElement("query")));
    }
}
