//! Archives (XEP-0313) and their pages (XEP-0059).

use plausch_native::fake::{refusal, result};
use plausch_xmpp::xml::Element;

use super::{Server, bare, stamp, whole};
use crate::dice::Dice;
use crate::queue::Millis;

const MAM: &str = "urn:xmpp:mam:2";
const RSM: &str = "http://jabber.org/protocol/rsm";

/// A message in somebody's archive.
#[derive(Clone)]
pub struct Archived {
    pub id: String,
    pub at: Millis,
    pub with: String,
    pub stanza: Element,
}

impl Server {
    /// Puts a message into an archive; returns its id there.
    pub(super) fn archive(&mut self, account: &str, with: &str, stanza: &Element) -> Option<String> {
        let id = format!("{}-{}", account.split('@').next()?, self.number());
        let at = if self.manners.whole_seconds { whole(self.now) } else { self.now };
        let archived = Archived { id: id.clone(), at, with: with.to_owned(), stanza: stanza.clone() };
        self.accounts.get_mut(account)?.archive.push(archived);
        Some(id)
    }

    /// Answers a query.
    pub(super) fn page(&mut self, account: &str, session: &str, iq: &Element, query: &Element, dice: &mut Dice) {
        let most = self.manners.page;
        let Some(archive) = self.accounts.get(account).map(|account| &account.archive) else { return };
        let item_not_found = || refusal(iq, "modify", "item-not-found");
        let field = |name: &str| {
            let form = query.child("x", "jabber:x:data")?;
            let field = form.children().find(|field| field.attr("var") == Some(name))?;
            field.children().next().map(Element::text)
        };
        let with = field("with");
        let time = |name: &str| field(name).and_then(|time| time.parse::<plausch_xmpp::datetime::DateTime>().ok());
        // Prosody compares with whole seconds, whatever its stamps are.
        let (start, end) =
            (time("start").map(|start| whole(start.millis())), time("end").map(|end| whole(end.millis())));
        let fits = |(_, archived): &(usize, &Archived)| {
            with.as_ref().is_none_or(|with| bare(with) == archived.with)
                && start.is_none_or(|start| archived.at >= start)
                && end.is_none_or(|end| archived.at <= end)
        };
        let all: Vec<(usize, &Archived)> = archive.iter().enumerate().filter(fits).collect();
        let set = query.child("set", RSM);
        let within = |name: &str| set.and_then(|set| set.child_text(name, RSM));
        let most = within("max").and_then(|max| max.parse().ok()).unwrap_or(most).min(most);
        // What is asked from need not be among what is asked for.
        let place = |id: &str| archive.iter().position(|archived| archived.id == id);
        let (from, to) = match (within("after"), within("before")) {
            (Some(after), _) => match place(&after) {
                Some(place) => {
                    let from = all.partition_point(|(number, _)| *number <= place);
                    (from, from.saturating_add(most).min(all.len()))
                }
                None => return self.answer(account, session, &item_not_found(), dice),
            },
            (None, Some(before)) => {
                let place = if before.is_empty() { Some(archive.len()) } else { place(&before) };
                match place.map(|place| all.partition_point(|(number, _)| *number < place)) {
                    Some(end) => (end.saturating_sub(most), end),
                    None => return self.answer(account, session, &item_not_found(), dice),
                }
            }
            (None, None) => (0, most.min(all.len())),
        };
        let complete = if most == 0 {
            true // as Prosody says
        } else if within("before").is_some() {
            from == 0
        } else {
            to == all.len()
        };
        let page: Vec<Archived> =
            all.get(from..to).unwrap_or_default().iter().map(|(_, archived)| (*archived).clone()).collect();
        let count = all.len();
        let attribute = |name, value: Option<&str>| value.map(|value| format!(" {name}='{value}'")).unwrap_or_default();
        let (from_attribute, query_id) =
            (attribute("from", iq.attr("to")), attribute("queryid", query.attr("queryid")));
        let Some(known) = self.session(account, session) else { return };
        known.has_read_archive = true;
        let to_attribute = format!("{account}/{}", known.resource);
        for archived in &page {
            let forwarded = format!(
                "<message xmlns='jabber:client' to='{to_attribute}'{from_attribute}><result xmlns='{MAM}'{query_id} id='{}'>\
                 <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{}'/>{}</forwarded></result></message>",
                archived.id,
                stamp(archived.at),
                archived.stanza.to_xml()
            );
            self.answer(account, session, &forwarded, dice);
        }
        let ends = page
            .first()
            .zip(page.last())
            .map(|(first, last)| format!("<first index='{from}'>{}</first><last>{}</last>", first.id, last.id));
        let complete = if complete { " complete='true'" } else { "" };
        let fin = format!(
            "<fin xmlns='{MAM}'{complete}><set xmlns='{RSM}'>{}<count>{count}</count></set></fin>",
            ends.unwrap_or_default()
        );
        self.answer(account, session, &result(iq, &fin), dice);
    }
}
