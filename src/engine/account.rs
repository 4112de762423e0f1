//! One account: takes an input, returns effects. Everything else in this crate is a part of it.

use plausch_model::{
    AccountSettings, BareJid, CommandError, CommandId, StanzaId, TimelineKey, Timestamp, Update, ViewId, WorkerSettings,
};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    iq_tracker::IqTracker,
    jid::{self, Jid},
    stanza::{Message, Stanza},
    xep::caps::Caps,
    xml::Element,
};
use rand_core::CryptoRng;

use crate::{
    archive::Archive,
    bookmarks::Bookmarks,
    caps::Capabilities,
    changes::Wanted,
    chats::Chats,
    contacts::Contacts,
    displayed::Displayed,
    envelope::{Door, Opened},
    events::{Waiting, event_of},
    finder::Finder,
    ingest::{Arrival, Known, References},
    io::{AccountConfig, Audience, Effects, Input},
    jids,
    map::Map,
    outbox::Outbox,
    profile::Profiles,
    records::{SETTINGS, encode, jid_key},
    requests::Purpose,
    search::Work,
    session::Session,
    step::{Loads, Step},
    storage::Forgetting,
    store::{Key, Loaded, Query, Table},
    views::{Growing, Opening, Views},
};

/// What to do with an answer of the store.
#[derive(Debug)]
pub(crate) enum Then {
    /// Everything that an account starts with.
    Boot,
    /// The messages that arrivals speak of.
    Ingest(Vec<Key>),
    /// A window to show.
    Open(Opening),
    /// More of a window.
    Grow(Growing),
    /// What is unread behind a mark.
    CountUnread(BareJid),
    /// What to tell the server of a chat that was read.
    TellDisplayed(BareJid),
    /// The messages up to which other devices have read these chats.
    Displayed(Vec<(BareJid, StanzaId)>),
    /// A message to send again.
    Retry(ViewId, CommandId),
    /// A message to delete.
    Discard(ViewId, CommandId),
    /// A message of which something is to become.
    Change(ViewId, CommandId, Wanted),
    /// A message to show again, since less or more of what we did to it is unsent.
    ShowAgain,
    /// What to show in the list after a message was deleted.
    NewestOf(BareJid),
    /// What programs with these capabilities can do.
    Caps(Jid, Box<Caps>),
    /// An avatar that a view asked for.
    Avatar(plausch_model::AvatarId),
    /// Messages to delete with their chat.
    Forget(Forgetting),
    /// What the first of these chats takes, and what is known of it by now.
    Measure(ViewId, Vec<BareJid>, u64),
    /// A page of a chat that is handed out.
    Export(ViewId, CommandId, BareJid),
    /// What a view's search goes on with.
    Search(ViewId, CommandId),
    /// What a piece of the search index's work needs.
    Index(Work),
}

impl Then {
    /// The command that waits for this.
    fn command(&self) -> Option<(ViewId, CommandId)> {
        match self {
            Self::Retry(view, id) | Self::Discard(view, id) | Self::Export(view, id, _) => Some((*view, *id)),
            Self::Change(view, id, _) => Some((*view, *id)),
            Self::Forget(forgetting) => Some(forgetting.command()),
            _ => None,
        }
    }
}

/// One account.
#[derive(Debug)]
pub struct Account {
    pub(crate) me: BareJid,
    pub(crate) jid: jid::BareJid,
    pub(crate) hoster: WorkerSettings,
    pub(crate) settings: AccountSettings,
    pub(crate) booted: bool,
    pub(crate) session: Session,
    pub(crate) iqs: IqTracker<Purpose>,
    pub(crate) contacts: Contacts,
    pub(crate) chats: Chats,
    pub(crate) views: Views,
    pub(crate) outbox: Outbox,
    pub(crate) archive: Archive,
    pub(crate) displayed: Displayed,
    pub(crate) bookmarks: Bookmarks,
    pub(crate) finder: Finder,
    pub(crate) profiles: Profiles,
    pub(crate) capabilities: Capabilities,
    pub(crate) loads: Loads<Then>,
    pub(crate) references: References,
    pub(crate) waiting: Waiting,
    /// The last message of the archive in each chat, while pages of it are read on.
    pub(crate) page_ends: Map<BareJid, TimelineKey>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) ingesting: bool,
    last_sequence: u64,
    now: Timestamp,
    /// What the last step said or counted on that is true only if its batch was committed.
    unconfirmed: Unconfirmed,
}

/// See [`Account::commit_failed`].
#[derive(Debug, Default)]
struct Unconfirmed {
    /// Commands that were answered.
    commands: Vec<(ViewId, CommandId)>,
    /// The first session was announced.
    signed_in: bool,
}

impl Account {
    /// An account that does nothing before [`Input::Start`]. `None` if the configured address is none.
    pub fn new(config: AccountConfig) -> Option<Self> {
        let jid = jids::wire(&config.jid)?;
        Some(Self {
            me: config.jid.clone(),
            iqs: IqTracker::new(jid.clone()),
            session: Session::new(config.password, config.stays, &config.settings),
            jid,
            hoster: config.settings,
            settings: AccountSettings::default(),
            booted: false,
            contacts: Contacts::default(),
            chats: Chats::default(),
            views: Views::default(),
            outbox: Outbox::default(),
            archive: Archive::default(),
            displayed: Displayed::default(),
            bookmarks: Bookmarks::default(),
            finder: Finder::new(config.nfkd),
            profiles: Profiles::default(),
            capabilities: Capabilities::default(),
            loads: Loads::default(),
            references: References::default(),
            waiting: Waiting::default(),
            page_ends: Map::default(),
            arrivals: Vec::new(),
            ingesting: false,
            last_sequence: 0,
            now: Timestamp::default(),
            unconfirmed: Unconfirmed::default(),
        })
    }

    /// Handles one input. `now` never goes backwards: an earlier time counts as the last one.
    pub fn handle(&mut self, input: Input, now: Timestamp, rng: &mut dyn CryptoRng) -> Effects {
        self.now = self.now.max(now);
        let mut last_sequence = self.last_sequence;
        let mut step = Step { now: self.now, rng, fx: Effects::default(), last_sequence: &mut last_sequence };
        if !matches!(input, Input::CommitFailed(_)) {
            self.session.committed();
        }
        self.dispatch(&mut step, input);
        self.finish(&mut step);
        self.unconfirmed = Unconfirmed { commands: answered(&step.fx), signed_in: step.fx.signed_in };
        let effects = step.fx;
        self.last_sequence = last_sequence;
        effects
    }

    fn dispatch(&mut self, step: &mut Step<'_>, input: Input) {
        match input {
            Input::Start => self.start(step),
            Input::Loaded(answers) => {
                for (then, found) in self.loads.answered(answers) {
                    self.loaded(step, then, found);
                }
            }
            Input::CommitFailed(words) => self.commit_failed(step, words),
            Input::ViewOpened(view) => self.view_opened(step, view),
            Input::ViewClosed(view) => self.view_gone(view),
            Input::Command { view, id, command } => self.command(step, view, id, command),
            Input::SocketOpened(socket) => self.socket_opened(step, socket),
            Input::Frames { socket, frames } => self.frames(step, socket, frames),
            Input::SocketClosed(socket) => self.socket_closed(step, socket),
            Input::HttpDone { id, outcome } => self.http_done(step, id, outcome),
            Input::Network { up } => self.network(step, up),
            Input::Tick => {}
        }
        self.tick(step);
        self.work_on_index(step);
        self.receive(step);
    }

    fn start(&mut self, step: &mut Step<'_>) {
        let tables = [
            Table::Meta,
            Table::Credentials,
            Table::Roster,
            Table::Requests,
            Table::Chats,
            Table::Outbox,
            Table::People,
            Table::Presence,
            Table::Waiting,
        ];
        self.loads.ask(step, tables.map(Query::All).to_vec(), Then::Boot);
    }

    fn loaded(&mut self, step: &mut Step<'_>, then: Then, found: Vec<Loaded>) {
        let mut found = found.into_iter();
        match then {
            Then::Boot => self.boot(step, found.into_list()),
            Then::Ingest(keys) => self.ingest(step, Known::new(keys, found.next())),
            Then::Open(opening) => {
                let total = self.chats.get(opening.chat()).map_or(0, |chat| chat.record.total);
                let older_elsewhere = self.may_have_older(opening.chat());
                let chat = opening.chat().clone();
                self.views.opened_chat(step, opening, found.into_list(), total, older_elsewhere);
                self.read_ahead(step, &chat);
            }
            Then::Grow(growing) => self.window_grown(step, growing, found.into_list()),
            Then::CountUnread(chat) => self.unread_counted(&chat, found.next()),
            Then::TellDisplayed(chat) => self.displayed_loaded(step, chat, found.next()),
            Then::Displayed(read) => self.displayed_found(step, read, found.next()),
            Then::Change(view, id, wanted) => self.change_loaded(step, view, id, wanted, found.next()),
            Then::ShowAgain => self.shown_again(found.next()),
            Then::Retry(view, id) => self.retry_loaded(step, view, id, found.next()),
            Then::Discard(view, id) => self.discard_loaded(step, view, id, found.next()),
            Then::NewestOf(chat) => self.newest_loaded(&chat, found.next()),
            Then::Caps(from, caps) => self.caps_loaded(step, from, *caps, found.next()),
            Then::Avatar(avatar) => self.avatar_loaded(step, &avatar, found.next()),
            Then::Forget(forgetting) => self.forget_messages(step, forgetting, found.next()),
            Then::Measure(view, chats, bytes) => self.measured(step, view, chats, bytes, found.next()),
            Then::Export(view, id, chat) => self.exported(step, view, id, chat, found.next()),
            Then::Search(view, id) => self.go_on_searching(step, view, id, found.into_list()),
            Then::Index(work) => self.index_loaded(step, work, found.into_list()),
        }
    }

    /// The batch is lost: what it contained is known here but not on disk. The store may have trouble for the moment only,
    /// so we say so, take nothing as confirmed, and start over from what is on disk. Whoever waits for the answer to a
    /// command hears that it came to nothing.
    fn commit_failed(&mut self, step: &mut Step<'_>, words: String) {
        let Unconfirmed { mut commands, signed_in } = std::mem::take(&mut self.unconfirmed);
        commands.extend(self.loads.take_all().into_iter().filter_map(|then| then.command()));
        self.arrivals.clear();
        self.ingesting = false;
        for (view, id) in commands {
            self.done(step, view, id, Err(CommandError::Storage(words.clone())));
        }
        step.fx.tell(Update::StorageTrouble(words));
        self.storage_failed(step, signed_in);
    }

    /// Forgets everything but the views and reads it from disk again.
    pub(crate) fn start_over(&mut self, step: &mut Step<'_>) {
        let stays = self.session.stays();
        let (jid, settings, nfkd) = (self.me.clone(), self.hoster.clone(), self.finder.decompose());
        let config = AccountConfig { jid, settings, password: None, stays, nfkd };
        self.finder.abandon(step);
        let Some(mut fresh) = Self::new(config) else { return };
        std::mem::swap(&mut fresh.views, &mut self.views);
        fresh.session.carry_over(&mut self.session);
        fresh.now = self.now;
        *self = fresh;
        self.start(step);
    }

    /// A stanza of the stream.
    pub(crate) fn stanza(&mut self, step: &mut Step<'_>, element: &Element) {
        match Stanza::from_element(element) {
            Ok(Stanza::Message(message)) => self.message(step, message),
            Ok(Stanza::Presence(presence)) => self.presence(step, presence),
            Ok(Stanza::Iq(iq)) => self.iq(step, &iq),
            Err(_) => {
                step.fx.notes.push("stanza that can't be read");
                self.refuse(step, element);
            }
        }
    }

    fn message(&mut self, step: &mut Step<'_>, message: Message) {
        let stanza_ids = self.session.announces_stanza_ids();
        let kept_since = self.session.kept_since(step.now);
        let door = Door {
            me: &self.jid,
            stanza_ids,
            now: self.session.by_server(step.now),
            kept_since,
            here_until: self.archive.here_until(),
        };
        match door.open(message) {
            Opened::Message(incoming) => {
                if !self.pep_event(step, &incoming) {
                    let counts = incoming.stanza_id.is_some()
                        || incoming.message.body().is_some()
                        || event_of(&incoming.message).is_some();
                    if counts && self.in_flight() {
                        self.archive.hold_back();
                    }
                    self.arrivals.push(Arrival::Message(Box::new(incoming)));
                }
            }
            Opened::FromArchive { query, id, incoming } => self.archive.result(&query, id, incoming),
            Opened::Refused(why) => step.fx.notes.push(why),
        }
    }

    /// Ends every step: what changed is stored and published, what may be sent is sent.
    fn finish(&mut self, step: &mut Step<'_>) {
        // What goes out comes after what has come in.
        if self.all_ingested() {
            self.flush_outbox(step);
        }
        self.look_up_arrivals(step);
        if !self.is_reloading() {
            self.publish(step);
        }
        self.show_unsent(step);
        self.settle(step);
        self.pump(step);
        // A command is answered when its effects have been told.
        let updates = std::mem::take(&mut step.fx.updates);
        let (answers, news): (Vec<_>, Vec<_>) =
            updates.into_iter().partition(|(_, update)| matches!(update, Update::Done { .. }));
        step.fx.updates = news;
        step.fx.updates.extend(answers);
        step.fx.wake_at = self.next_deadline();
    }

    fn publish(&mut self, step: &mut Step<'_>) {
        self.contacts.save_presence(step);
        self.save_displayed(step);
        self.save_bookmarks(step);
        let changes = self.contacts.take_changes();
        for jid in changes.changed.iter().chain(changes.removed.iter()) {
            self.chats.touch(jid);
            self.own_changed(step, jid);
        }
        let changed: Vec<_> = changes.changed.iter().filter_map(|jid| self.contacts.contact(jid)).into_list();
        for jid in self.chats.take_unsaved().iter() {
            if let Some(chat) = self.chats.get(jid) {
                step.fx.batch.put(Table::Chats, jid_key(jid), encode(&chat.record));
            }
        }
        let chats = self.chats.take_changed(step.now, self.archive.is_behind());
        if !self.booted {
            return;
        }
        if !changed.is_empty() {
            step.fx.tell(Update::ContactsChanged(changed));
        }
        if !changes.removed.is_empty() {
            step.fx.tell(Update::ContactsRemoved(changes.removed.into_vec()));
        }
        if changes.requests {
            step.fx.tell(Update::Requests(self.contacts.requests()));
        }
        if changes.blocked {
            step.fx.tell(Update::Blocked(self.contacts.blocked()));
        }
        for (chat, state) in self.chats.take_typing() {
            step.fx.tell(Update::Typing { chat, state });
        }
        let chats: Vec<_> = chats.iter().filter_map(|jid| self.summary(jid)).into_list();
        if !chats.is_empty() {
            step.fx.tell(Update::ChatsChanged(chats));
        }
        self.publish_gaps(step);
        let chats = &self.chats;
        self.views.publish(step, |jid| chats.get(jid).map_or(0, |chat| chat.record.total));
    }

    /// When something is due next.
    fn next_deadline(&self) -> Option<Timestamp> {
        let iqs = self.iqs.next_deadline().map(Timestamp);
        let own = [self.session.next_deadline(), self.chats.next_deadline(), self.displayed.tell_at()];
        // What is due and must not be done yet must not wake us for ever.
        let later = [self.finder.work_at(), self.chats.show_at()].map(|at| at.filter(|_| !self.is_reloading()));
        own.into_iter().chain(later).chain([iqs, self.archive.retry_at()]).flatten().min()
    }

    /// Answers a command.
    pub(crate) fn done(&self, step: &mut Step<'_>, view: ViewId, id: CommandId, result: Result<(), CommandError>) {
        step.fx.tell_view(view, Update::Done { command: id, result });
    }

    /// Stores the settings and shows them.
    pub(crate) fn set_settings(&mut self, step: &mut Step<'_>, settings: AccountSettings) {
        self.settings = settings;
        step.fx.batch.put(Table::Meta, SETTINGS, encode(&settings));
        step.fx.tell(Update::Settings(settings));
    }
}

/// The commands that a step answers.
fn answered(effects: &Effects) -> Vec<(ViewId, CommandId)> {
    let answers = effects.updates.iter().filter_map(|(audience, update)| match (audience, update) {
        (Audience::View(view), Update::Done { command, .. }) => Some((*view, *command)),
        _ => None,
    });
    answers.collect()
}
