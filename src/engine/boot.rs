//! Starting from what is on disk, and showing everything to a view that comes.

use plausch_model::{ContactRequest, Update, ViewId};

use plausch_xmpp::list::IntoList;

use crate::{
    Account,
    contacts::address,
    records::{
        ARCHIVE, ArchiveRecord, BLOCKED, BOOKMARKS, BlockedRecord, BookmarksRecord, ChatRecord, DISPLAYED,
        DisplayedRecord, FAST, PersonRecord, ROSTER_VERSION, Record, RosterRecord, RosterVersionRecord, SCRAM, SEARCH,
        SESSION, SETTINGS, decode_row, jid_of_key,
    },
    step::Step,
    store::{Loaded, Row, rows},
};

impl Account {
    /// Takes over what was stored, shows it, and connects: in this order.
    pub(crate) fn boot(&mut self, step: &mut Step<'_>, found: Vec<Loaded>) {
        let mut tables = found.into_iter();
        let mut next = || rows(tables.next());
        let (meta, credentials) = (next(), next());
        self.contacts.load_roster(keyed::<RosterRecord>(&next()));
        self.contacts.load_requests(next().iter().filter_map(decode_row::<ContactRequest>));
        self.chats.load(keyed::<ChatRecord>(&next()));
        // The clock may have been set back since, or places been kept free shortly before.
        *step.last_sequence = self.chats.last_sequence().max(*step.last_sequence);
        self.outbox.load(&next());
        self.contacts.load_people(keyed::<PersonRecord>(&next()));
        self.contacts.load_presence(keyed(&next()));
        self.waiting.load(&next());
        self.outbox.taken().into_iter().for_each(|change| self.change_taken(change));
        self.session.load(record(&meta, SESSION), record(&credentials, SCRAM), record(&credentials, FAST));
        self.settings = record(&meta, SETTINGS).unwrap_or_default();
        if let Some(blocked) = record::<BlockedRecord>(&meta, BLOCKED) {
            self.contacts.load_blocked(blocked);
        }
        if let Some(version) = record::<RosterVersionRecord>(&meta, ROSTER_VERSION) {
            self.contacts.load_version(version);
        }
        if let Some(archive) = record::<ArchiveRecord>(&meta, ARCHIVE) {
            self.archive.load(archive);
            self.archive.up_to_at().into_iter().for_each(|at| self.chats.covered_until(at));
        }
        if let Some(displayed) = record::<DisplayedRecord>(&meta, DISPLAYED) {
            self.displayed.load(displayed);
        }
        match record::<BookmarksRecord>(&meta, BOOKMARKS) {
            Some(bookmarks) => self.bookmarks.load(bookmarks),
            None => self.session.began_without_bookmarks(),
        }
        self.finder.load(step.now, record(&meta, SEARCH));
        self.booted = true;
        for view in self.views.all() {
            self.show_everything(step, view);
        }
        self.begin(step);
    }

    /// A view came: shows it everything.
    pub(crate) fn view_opened(&mut self, step: &mut Step<'_>, view: ViewId) {
        self.views.opened(view);
        if self.booted {
            self.show_everything(step, view);
        }
        // A view that comes is looked at, until it says otherwise.
        self.set_visible(step, view, true);
    }

    fn show_everything(&mut self, step: &mut Step<'_>, view: ViewId) {
        let chats = self.chats.iter().filter_map(|(jid, _)| self.summary(jid)).into_list();
        for update in [
            Update::Connection(self.session.state()),
            Update::ConnectionDetails(self.session.details()),
            self.own(),
            Update::Settings(self.settings),
            Update::Requests(self.contacts.requests()),
            Update::Blocked(self.contacts.blocked()),
            Update::Bookmarks(self.bookmarks.list()),
            Update::Chats(chats),
        ] {
            step.fx.tell_view(view, update);
        }
        if self.contacts.are_known() {
            step.fx.tell_view(view, Update::Contacts(self.contacts.contacts()));
        }
    }

    /// The account itself as shown.
    pub(crate) fn own(&self) -> Update {
        let person = self.contacts.person(&self.me);
        Update::Own {
            address: address(&self.me),
            nickname: person.and_then(|person| person.nickname.clone()),
            avatar: person.and_then(|person| person.avatar.clone()),
        }
    }
}

fn keyed<R: Record>(rows: &[Row]) -> impl Iterator<Item = (plausch_model::BareJid, R)> {
    rows.iter().filter_map(|row| Some((jid_of_key(&row.key)?, decode_row(row)?)))
}

fn record<R: Record>(rows: &[Row], key: &[u8]) -> Option<R> {
    rows.iter().find(|row| row.key == key).and_then(decode_row)
}
