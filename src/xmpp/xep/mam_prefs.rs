//! XEP-0441: Message Archive Management Preferences.

use crate::jid::Jid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, words};
use crate::xml::Element;

words! {
    /// Whose messages are archived, unless they are an exception (§2.1).
    ArchiveDefault {
        /// All.
        Always = "always",
        /// Nobody's.
        Never = "never",
        /// Those of contacts.
        Roster = "roster",
    }
}

/// `<prefs/>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchivePrefs {
    /// Whose messages are archived; asked for if there is none.
    pub default: Option<ArchiveDefault>,
    /// Whose messages are archived whatever the default is.
    pub always: Vec<Jid>,
    /// Whose are not.
    pub never: Vec<Jid>,
}

impl ArchivePrefs {
    /// Asks what is set.
    pub fn query() -> Self {
        Self { default: None, always: Vec::new(), never: Vec::new() }
    }
}

impl Payload for ArchivePrefs {
    const NAME: &'static str = "prefs";
    const NS: &'static str = ns::MAM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let default =
            element.attr("default").map(|word| ArchiveDefault::from_word(word).ok_or(PayloadError::Invalid("default")));
        let jids = |name| {
            let list = element.child(name, ns::MAM);
            let jids = list.into_iter().flat_map(|list| list.children_named("jid", ns::MAM));
            // An address that is not valid is nobody's.
            jids.filter_map(|jid| Jid::parse(&jid.text()).ok()).into_list()
        };
        Ok(Self { default: default.transpose()?, always: jids("always"), never: jids("never") })
    }

    fn to_element(&self) -> Element {
        let prefs = Element::builder(Self::NAME, Self::NS);
        let Some(default) = self.default else { return prefs.build() };
        let jid = |jid: &Jid| Element::builder("jid", Self::NS).text(jid.as_str()).build();
        let list = |name, jids: &[Jid]| Element::builder(name, Self::NS).children(jids.iter().map(jid)).build();
        let lists = [list("always", &self.always), list("never", &self.never)];
        prefs.attr("default", default.word()).children(lists).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn preferences_survive_the_round_trip() {
        assert_eq!(ArchivePrefs::query(), round_trip("<prefs xmlns='urn:xmpp:mam:2'/>"));
        let prefs: ArchivePrefs = round_trip(
            "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>romeo@montague.lit</jid></always>\
             <never><jid>montague@montague.lit</jid></never></prefs>",
        );
        assert_eq!(prefs.default, Some(ArchiveDefault::Roster));
        assert_eq!(prefs.always, [Jid::parse("romeo@montague.lit").unwrap()]);
        assert_eq!(prefs.never, [Jid::parse("montague@montague.lit").unwrap()]);
    }

    #[test]
    fn what_cannot_be_read_is_no_preference() {
        let prefs: ArchivePrefs = read(
            "<prefs xmlns='urn:xmpp:mam:2' default='never'><always><jid>@</jid><jid/><jid>a@b</jid></always></prefs>",
        )
        .unwrap();
        assert_eq!((prefs.always.len(), prefs.never.len()), (1, 0));
        assert!(read::<ArchivePrefs>("<prefs xmlns='urn:xmpp:mam:2' default='sometimes'/>").is_err());
    }
}
