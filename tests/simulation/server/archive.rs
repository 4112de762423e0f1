//! Archives (XEP-0313) and their pages (XEP-0059).

use plausch_native::fake::{error, result};
use plausch_xmpp::xml::Element;

use super::{Server, bare, stamp};
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
        let at = if self.manners.whole_seconds { self.now.div_euclid(1000).saturating_mul(1000) } else { self.now };
        let archived = Archived { id: id.clone(), at, with: with.to_owned(), stanza: stanza.clone() };
        self.accounts.get_mut(account)?.archive.push(archived);
        Some(id)
    }

    /// Answers a query.
    pub(super) fn page(&mut self, account: &str, session: &str, iq: &Element, query: &Element, dice: &mut Dice) {
        let most = self.manners.page;
        let Some(archive) = self.accounts.get(account).map(|account| &account.archive) else { return };
        let field = |name: &str| {
            let form = query.child("x", "jabber:x:data")?;
            let field = form.children().find(|field| field.attr("var") == Some(name))?;
            field.children().next().map(Element::text)
        };
        let with = field("with");
        let time = |name: &str| field(name).and_then(|time| time.parse::<plausch_xmpp::datetime::DateTime>().ok());
        let (start, end) = (time("start"), time("end"));
        let fits = |archived: &&Archived| {
            with.as_ref().is_none_or(|with| bare(with) == archived.with)
                && start.as_ref().is_none_or(|start| archived.at >= start.millis())
                && end.as_ref().is_none_or(|end| archived.at <= end.millis())
        };
        let all: Vec<&Archived> = archive.iter().filter(fits).collect();
        let set = query.child("set", RSM);
        let within = |name: &str| set.and_then(|set| set.child_text(name, RSM));
        let most = within("max").and_then(|max| max.parse().ok()).unwrap_or(most).min(most);
        let place = |id: &str| all.iter().position(|archived| archived.id == id);
        let (from, to) = match (within("after"), within("before")) {
            (Some(after), _) => match place(&after) {
                Some(place) => (place.saturating_add(1), place.saturating_add(1).saturating_add(most).min(all.len())),
                None => return self.answer(account, session, &error(iq, "item-not-found"), dice),
            },
            (None, Some(before)) => {
                let end = if before.is_empty() { Some(all.len()) } else { place(&before) };
                match end {
                    Some(end) => (end.saturating_sub(most), end),
                    None => return self.answer(account, session, &error(iq, "item-not-found"), dice),
                }
            }
            (None, None) => (0, most.min(all.len())),
        };
        let complete = if within("before").is_some() { from == 0 } else { to == all.len() };
        let page: Vec<Archived> =
            all.get(from..to).unwrap_or_default().iter().map(|archived| (*archived).clone()).collect();
        let count = all.len();
        let query_id = query.attr("queryid").unwrap_or_default().to_owned();
        for archived in &page {
            let forwarded = format!(
                "<message xmlns='jabber:client' from='{account}'><result xmlns='{MAM}' queryid='{query_id}' id='{}'>\
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
