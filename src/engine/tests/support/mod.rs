//! An account with a store in memory and a server that is a script: frames in, frames and updates out, no time but the
//! test's own.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::indexing_slicing
)]

use std::collections::VecDeque;

use plausch_engine::{
    Account,
    io::{AccountConfig, Audience, Effects, End, HttpFailure, Input, LoadId, Password, SocketId, Wire},
    store::{Batch, Loaded, MemoryStore, Query, Store, Table},
};
use plausch_model::{BareJid, Command, CommandId, Timestamp, Update, ViewId, WorkerSettings};
use plausch_xmpp::xml::{Element, Limits, parse};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The moment when every test begins: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000;
/// The account.
pub const ME: &str = "juliet@cap.example";
/// Its full JID.
pub const FULL: &str = "juliet@cap.example/web1";
/// The view that commands come from.
pub const VIEW: ViewId = ViewId(1);

/// What the server of a test can do.
#[derive(Clone, Copy)]
pub struct Server {
    pub stream_management: bool,
    pub archive: bool,
    /// The archive says how far back it goes (XEP-0313 §5).
    pub archive_ends: bool,
    pub client_state: bool,
    /// Keeps private nodes (XEP-0223).
    pub private_nodes: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { stream_management: true, archive: true, archive_ends: false, client_state: false, private_nodes: false }
    }
}

/// An account under test.
pub struct Harness {
    pub account: Account,
    pub store: MemoryStore,
    pub now: i64,
    rng: ChaCha20Rng,
    pub socket: Option<SocketId>,
    sent: VecDeque<Element>,
    updates: Vec<Update>,
    pub wire: Vec<Wire>,
    pub end: Option<End>,
    pub wake_at: Option<Timestamp>,
    pub signed_in: bool,
    /// Fails the next commits.
    pub broken_store: bool,
    /// What was committed, batch by batch, and what was sent: in the order in which it happened.
    pub log: Vec<Event>,
    next_command: u32,
    server: Server,
    /// Stanzas that the server has received since stream management was enabled.
    pub stanzas_of_session: u32,
    /// How many of those it has acknowledged.
    pub acknowledged: u32,
    /// The server's archive, oldest first.
    pub archive: Vec<Archived>,
    /// How many archive queries were answered.
    pub archive_queries: u32,
    /// How they are.
    pub odd: Odd,
    /// The items of our account's node for what was displayed, as XML.
    pub displayed: Vec<String>,
    /// The same for bookmarks.
    pub bookmarks: Vec<String>,
}

/// How the server answers queries of its archive, all of which happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Odd {
    /// As XEP-0313 and XEP-0059 have it.
    #[default]
    Not,
    /// Never says that a page is the last.
    NeverComplete,
    /// Says nothing of the page's ends.
    NoSet,
    /// The newest message of a page comes first.
    Reversed,
    /// The oldest message of a page comes last.
    Shuffled,
    /// Each message comes twice.
    Doubled,
    /// Pages are as large as can be.
    Greedy,
    /// The count is wrong, and another each time.
    Miscounted,
    /// It knows no ids of messages that do not match the filter.
    Forgetful,
}

/// A message in the server's archive.
#[derive(Clone)]
pub struct Archived {
    pub id: String,
    pub stamp: String,
    pub stanza: String,
}

/// Something that a driver did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Committed(Batch),
    Sent(String),
    Told(Update),
}

fn config(password: Option<&str>) -> AccountConfig {
    AccountConfig {
        jid: BareJid::new(ME),
        settings: WorkerSettings {
            websocket_url: Some("ws://localhost:5280/xmpp-websocket".into()),
            allow_plain_auth: true,
            ..WorkerSettings::default()
        },
        stays: true,
        nfkd: plausch_native::nfkd,
        password: password.map(|typed| Password::new(typed, plausch_native::nfkc)),
    }
}

fn is_question(element: &Element) -> bool {
    element.name() == "iq" && matches!(element.attr("type"), Some("get" | "set"))
}

impl Harness {
    /// An account that has not been started.
    pub fn new(server: Server) -> Self {
        Self::over(MemoryStore::new(), Some("r0m30"), server)
    }

    /// An account over what another one left on disk.
    pub fn over(store: MemoryStore, password: Option<&str>, server: Server) -> Self {
        Self {
            account: Account::new(config(password)).unwrap(),
            store,
            now: START,
            rng: ChaCha20Rng::seed_from_u64(7),
            socket: None,
            sent: VecDeque::new(),
            updates: Vec::new(),
            wire: Vec::new(),
            end: None,
            wake_at: None,
            signed_in: false,
            broken_store: false,
            log: Vec::new(),
            next_command: 0,
            server,
            stanzas_of_session: 0,
            acknowledged: 0,
            archive: Vec::new(),
            archive_queries: 0,
            odd: Odd::Not,
            displayed: Vec::new(),
            bookmarks: Vec::new(),
        }
    }

    /// Other randomness than in other runs of the program.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = ChaCha20Rng::seed_from_u64(seed);
    }

    /// Signed in, with one view, the roster given as `<item/>`s, and everything up to here forgotten.
    pub fn online_with(server: Server, roster: &str) -> Self {
        let mut harness = Self::new(server);
        harness.start();
        harness.sign_in(roster);
        harness
    }

    /// The same with everything that a server can do, and Romeo as a contact.
    pub fn online() -> Self {
        Self::online_with(
            Server::default(),
            "<item jid='romeo@mont.example' name='Romeo' subscription='both'/>\
             <item jid='nurse@cap.example' subscription='to'/>",
        )
    }

    pub fn start(&mut self) {
        self.input(Input::Start);
        self.input(Input::ViewOpened(VIEW));
    }

    /// Opens the socket and plays the server's part of signing in.
    pub fn sign_in(&mut self, roster: &str) {
        self.authenticate();
        self.begin_session(roster);
    }

    /// Opens the socket and plays the server's part until a resource is asked for.
    pub fn authenticate(&mut self) {
        self.connect();
        let features = "<features xmlns='http://etherx.jabber.org/streams'>";
        self.receive(&format!(
            "{features}<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></features>"
        ));
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.receive(OPEN);
        let sm = if self.server.stream_management { "<sm xmlns='urn:xmpp:sm:3'/>" } else { "" };
        let csi = if self.server.client_state { "<csi xmlns='urn:xmpp:csi:0'/>" } else { "" };
        self.receive(&format!(
            "{features}<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><ver xmlns='urn:xmpp:features:rosterver'/>{sm}{csi}</features>"
        ));
    }

    /// Answers what a new session asks: binding, roster, archive and so on.
    pub fn begin_session(&mut self, roster: &str) {
        self.bind();
        self.answer_setup(roster);
        if self.server.stream_management {
            self.acknowledge_all();
        }
        self.forget();
    }

    /// Gives the resource that is asked for.
    pub fn bind(&mut self) {
        let bind = self.sent_last("iq");
        let id = bind.attr("id").unwrap().to_owned();
        self.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{FULL}</jid></bind></iq>"
        ));
        if self.server.stream_management {
            self.receive("<enabled xmlns='urn:xmpp:sm:3' resume='true' id='sm-1' max='600'/>");
        }
    }

    /// Gives the resource and what comes with it in one frame each, without waiting for what is said to it.
    pub fn bind_without_asking(&mut self) {
        let bind = self.sent_last("iq");
        let id = bind.attr("id").unwrap().to_owned();
        let bound = format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{FULL}</jid></bind></iq>"
        );
        self.receive_all(&[&bound, "<enabled xmlns='urn:xmpp:sm:3' resume='true' id='sm-1' max='600'/>"]);
    }

    /// Answers every request of a new session.
    pub fn answer_setup(&mut self, roster: &str) {
        while self.sent.iter().any(is_question) {
            self.answer_once(roster);
        }
    }

    /// Answers the request that was made first.
    pub fn answer_one(&mut self, roster: &str) {
        self.sent.retain(is_question);
        let Some(first) = self.sent.pop_front() else { return };
        let rest = std::mem::take(&mut self.sent);
        self.sent.push_back(first);
        self.answer_once(roster);
        self.sent = rest.into_iter().chain(std::mem::take(&mut self.sent)).collect();
    }

    /// The next query of the archive, all else being answered.
    pub fn next_archive_query(&mut self) -> Option<Element> {
        let is_query = |iq: &Element| iq.child("query", "urn:xmpp:mam:2").is_some();
        while self.sent.iter().any(|sent| is_question(sent) && !is_query(sent)) {
            let queries: VecDeque<Element> = self.sent.iter().filter(|sent| is_query(sent)).cloned().collect();
            self.sent.retain(|sent| !is_query(sent));
            self.answer_once("");
            self.sent.extend(queries);
        }
        let place = self.sent.iter().position(is_query)?;
        self.sent.remove(place)
    }

    /// Answers a query with the first page, whatever was asked.
    pub fn answer_with_first_page(&mut self, iq: &Element) {
        let query = iq.children().next().unwrap();
        let mut asked = query.to_xml();
        let set = query.child("set", "http://jabber.org/protocol/rsm").unwrap();
        for name in ["after", "before"] {
            if let Some(end) = set.child(name, "http://jabber.org/protocol/rsm") {
                let end = end.child_text("x", "x").unwrap_or_else(|| end.text());
                asked = asked.replace(&format!("<{name}>{end}</{name}>"), "").replace(&format!("<{name}/>"), "");
            }
        }
        let id = iq.attr("id").unwrap();
        let asked = format!("<iq xmlns='jabber:client' type='set' id='{id}'>{asked}</iq>");
        self.answer_archive(&parse(&asked, &Limits::default()).unwrap());
    }

    /// Answers every request made so far.
    pub fn answer_once(&mut self, roster: &str) {
        let asked: Vec<Element> = self.sent.drain(..).filter(is_question).collect();
        for iq in asked {
            let Some(payload) = iq.children().next() else { continue };
            if (payload.name(), payload.ns()) == ("query", "urn:xmpp:mam:2") {
                self.answer_archive(&iq);
                continue;
            }
            let answer = match (payload.name(), payload.ns()) {
                ("metadata", "urn:xmpp:mam:2") => self.archive_ends(),
                (_, "jabber:iq:roster") => format!("<query xmlns='jabber:iq:roster' ver='1'>{roster}</query>"),
                (_, "http://jabber.org/protocol/disco#info") => {
                    let mam = if self.server.archive {
                        "<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>"
                    } else {
                        ""
                    };
                    let nodes = if self.server.private_nodes {
                        "<feature var='http://jabber.org/protocol/pubsub#publish-options'/>"
                    } else {
                        ""
                    };
                    let ends = match self.server.archive_ends {
                        true => "<feature var='urn:xmpp:mam:2#extended'/>",
                        false => "",
                    };
                    format!("<query xmlns='http://jabber.org/protocol/disco#info'>{mam}{ends}{nodes}</query>")
                }
                (_, "http://jabber.org/protocol/pubsub") => self.pubsub(payload),
                (_, "urn:xmpp:blocking") => "<blocklist xmlns='urn:xmpp:blocking'/>".into(),
                _ => String::new(),
            };
            self.answer(&iq, &answer);
        }
    }

    fn archive_ends(&self) -> String {
        let end = |name, archived: &Archived| format!("<{name} id='{}' timestamp='{}'/>", archived.id, archived.stamp);
        let ends = self.archive.first().map(|first| end("start", first)).into_iter();
        let ends = ends.chain(self.archive.last().map(|last| end("end", last)));
        format!("<metadata xmlns='urn:xmpp:mam:2'>{}</metadata>", ends.collect::<String>())
    }

    /// Keeps what is published, and answers with what was.
    fn pubsub(&mut self, payload: &Element) -> String {
        let ns = "http://jabber.org/protocol/pubsub";
        if let Some(publish) = payload.child("publish", ns) {
            self.displayed.extend(publish.children().map(Element::to_xml));
            return String::new();
        }
        if let Some(retract) = payload.child("retract", ns) {
            let id = retract.children().next().and_then(|item| item.attr("id")).unwrap();
            self.bookmarks.retain(|item| !item.contains(&format!("id='{id}'")));
            return String::new();
        }
        let node = payload.child("items", ns).and_then(|items| items.attr("node")).unwrap();
        let items = if node == "urn:xmpp:bookmarks:1" { self.bookmarks.concat() } else { self.displayed.concat() };
        format!("<pubsub xmlns='{ns}'><items node='{node}'>{items}</items></pubsub>")
    }

    /// Answers a query as XEP-0313 and XEP-0059 have it.
    pub fn answer_archive(&mut self, iq: &Element) {
        self.archive_queries += 1;
        let query = iq.children().next().unwrap();
        let field = |name: &str| {
            let form = query.child("x", "jabber:x:data")?;
            let field = form.children().find(|field| field.attr("var") == Some(name))?;
            field.child_text("value", "jabber:x:data").map(|text| text.to_string())
        };
        let (with, start, end) = (field("with"), field("start"), field("end"));
        let millis = |stamp: &str| plausch_xmpp::datetime::DateTime::parse(stamp).unwrap().millis();
        let matches = |archived: &&Archived| {
            with.as_ref().is_none_or(|with| {
                archived.stanza.contains(&format!("from='{with}")) || archived.stanza.contains(&format!("to='{with}"))
            }) && end.as_ref().is_none_or(|end| millis(&archived.stamp) <= millis(end))
                && start.as_ref().is_none_or(|start| millis(&archived.stamp) >= millis(start))
        };
        let all: Vec<Archived> = self.archive.iter().filter(matches).cloned().collect();
        let set = query.child("set", "http://jabber.org/protocol/rsm").unwrap();
        let text = |name| set.child_text(name, "http://jabber.org/protocol/rsm").map(|text| text.to_string());
        let max: usize = text("max").and_then(|max| max.parse().ok()).unwrap_or(50);
        let max = if self.odd == Odd::Greedy { 1_500 } else { max };
        // Most servers find a message by its id whether it matches or not.
        let known = |id: &str| self.archive.iter().position(|archived| archived.id == id);
        let from_known = |known: usize| {
            let before = self.archive[..known].iter().filter(matches).count();
            let matching = matches(&&self.archive[known]);
            (matching || self.odd != Odd::Forgetful).then_some((before, before + usize::from(matching)))
        };
        let place = |id: &str| known(id).and_then(from_known);
        let (from, to) = match (text("after"), text("before")) {
            (Some(after), _) => {
                let Some((_, next)) = place(&after) else { return self.refuse(iq, "item-not-found") };
                (next, (next + max).min(all.len()))
            }
            (None, Some(before)) => {
                let end = if before.is_empty() { Some(all.len()) } else { place(&before).map(|(end, _)| end) };
                let Some(end) = end else { return self.refuse(iq, "item-not-found") };
                (end.saturating_sub(max), end)
            }
            (None, None) => (0, max.min(all.len())),
        };
        let forward = text("before").is_none();
        let complete = if forward { to == all.len() } else { from == 0 };
        let complete = if self.odd == Odd::NeverComplete { String::new() } else { format!(" complete='{complete}'") };
        let id = query.attr("queryid").unwrap();
        let mut frames: Vec<String> = all[from..to]
            .iter()
            .map(|Archived { id: archived, stamp, stanza }| {
                format!(
                    "<message xmlns='jabber:client' from='{ME}' to='{FULL}'>\
                     <result xmlns='urn:xmpp:mam:2' queryid='{id}' id='{archived}'>\
                     <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>{stanza}\
                     </forwarded></result></message>"
                )
            })
            .collect();
        match self.odd {
            Odd::Reversed => frames.reverse(),
            Odd::Shuffled if !frames.is_empty() => frames.rotate_left(1),
            Odd::Doubled => frames = frames.into_iter().flat_map(|frame| [frame.clone(), frame]).collect(),
            _ => {}
        }
        let (first, last) = match &all[from..to] {
            [] => (String::new(), String::new()),
            page => (
                format!("<first index='{from}'>{}</first>", page[0].id),
                format!("<last>{}</last>", page[page.len() - 1].id),
            ),
        };
        let count = if self.odd == Odd::Miscounted { self.archive_queries as usize % 7 } else { all.len() };
        let set = format!("<set xmlns='http://jabber.org/protocol/rsm'>{first}{last}<count>{count}</count></set>");
        let set = if self.odd == Odd::NoSet { String::new() } else { set };
        frames.push(format!(
            "<iq xmlns='jabber:client' type='result' id='{}'><fin xmlns='urn:xmpp:mam:2'{complete}>{set}</fin></iq>",
            iq.attr("id").unwrap(),
        ));
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        self.receive_all(&frames);
    }

    /// Answers a request of ours with an error.
    pub fn refuse(&mut self, iq: &Element, condition: &str) {
        let from = iq.attr("to").map(|to| format!(" from='{to}'")).unwrap_or_default();
        let id = iq.attr("id").unwrap();
        self.receive(&format!(
            "<iq xmlns='jabber:client' type='error' id='{id}'{from}><error type='cancel'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
    }

    pub fn connect(&mut self) {
        let Some(Wire::Open { socket, .. }) = self.wire.iter().rev().find(|wire| matches!(wire, Wire::Open { .. }))
        else {
            panic!("nothing is opened");
        };
        let socket = *socket;
        self.socket = Some(socket);
        self.input(Input::SocketOpened(socket));
        self.receive(OPEN);
    }

    /// A frame arrives.
    pub fn receive(&mut self, frame: &str) {
        self.receive_all(&[frame]);
    }

    /// Frames arrive together.
    pub fn receive_all(&mut self, frames: &[&str]) {
        let frames = frames.iter().map(|frame| (*frame).to_owned()).collect();
        let socket = self.socket.unwrap();
        self.input(Input::Frames { socket, frames });
    }

    /// Answers a request of ours.
    pub fn answer(&mut self, iq: &Element, payload: &str) {
        let from = iq.attr("to").map(|to| format!(" from='{to}'")).unwrap_or_default();
        let id = iq.attr("id").unwrap();
        self.receive(&format!("<iq xmlns='jabber:client' type='result' id='{id}'{from}>{payload}</iq>"));
    }

    /// Does something in the view; returns its number.
    pub fn command(&mut self, command: Command) -> CommandId {
        self.next_command += 1;
        let id = CommandId(self.next_command);
        self.input(Input::Command { view: VIEW, id, command });
        id
    }

    /// The program after a restart, a second later.
    pub fn restarted(&self) -> Self {
        let mut again = Self::over(self.store.clone(), Some("r0m30"), self.server);
        again.now = self.now + 1_000;
        // Chance does not repeat itself.
        again.rng = ChaCha20Rng::seed_from_u64(again.now.cast_unsigned());
        again.archive.clone_from(&self.archive);
        again.bookmarks.clone_from(&self.bookmarks);
        again.start();
        again
    }

    /// Lets time pass.
    pub fn advance(&mut self, millis: i64) {
        self.now += millis;
        self.input(Input::Tick);
    }

    /// The connection is cut.
    pub fn cut(&mut self) {
        let socket = self.socket.take().unwrap();
        self.input(Input::SocketClosed(socket));
    }

    /// Plays the driver's part as its contract says.
    pub fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let effects = self.account.handle(input, Timestamp(self.now), &mut self.rng);
            if let Some(next) = self.carry_out(effects) {
                inputs.push_front(next);
            }
        }
    }

    fn carry_out(&mut self, effects: Effects) -> Option<Input> {
        let Effects { batch, wire, updates, loads, wake_at, signed_in, end, notes: _ } = effects;
        if !batch.is_empty() {
            if self.broken_store {
                return Some(Input::CommitFailed("broken".into()));
            }
            pollster::block_on(self.store.commit(batch.clone())).unwrap();
            self.log.push(Event::Committed(batch));
        }
        self.wake_at = wake_at;
        self.signed_in |= signed_in;
        for wire in wire {
            if let Wire::Send { frame, .. } = &wire {
                self.log.push(Event::Sent(frame.clone()));
                let element = parse(frame, &Limits::default()).unwrap();
                match element.ns() {
                    "jabber:client" => self.stanzas_of_session += 1,
                    "urn:xmpp:sm:3" if element.name() == "enable" => self.stanzas_of_session = 0,
                    _ => {}
                }
                self.sent.push_back(element);
            }
            self.wire.push(wire);
        }
        for (audience, update) in updates {
            assert!(matches!(audience, Audience::All | Audience::View(_)));
            self.log.push(Event::Told(update.clone()));
            self.updates.push(update);
        }
        self.end = end.or(self.end.take());
        let (ids, queries): (Vec<LoadId>, Vec<Query>) = loads.into_iter().unzip();
        if ids.is_empty() {
            return None;
        }
        let found = pollster::block_on(self.store.load(queries)).unwrap();
        Some(Input::Loaded(ids.into_iter().zip(found).collect()))
    }

    /// What was sent since last asked.
    pub fn sent(&mut self) -> Vec<Element> {
        self.sent.drain(..).collect()
    }

    /// What was sent since last asked, acknowledgements and their requests aside.
    pub fn stanzas(&mut self) -> Vec<Element> {
        self.sent().into_iter().filter(|element| element.ns() == "jabber:client").collect()
    }

    /// The last element of a name that was sent.
    pub fn sent_last(&mut self, name: &str) -> Element {
        let sent = self.sent();
        sent.iter()
            .rev()
            .find(|element| element.name() == name)
            .cloned()
            .unwrap_or_else(|| panic!("no <{name}/> in {sent:?}"))
    }

    /// The updates since last asked.
    pub fn updates(&mut self) -> Vec<Update> {
        std::mem::take(&mut self.updates)
    }

    /// Forgets what was told.
    pub fn forget_updates(&mut self) {
        self.updates.clear();
    }

    /// Forgets what was sent and told.
    pub fn forget(&mut self) {
        self.sent.clear();
        self.updates.clear();
        self.log.clear();
    }

    /// The rows of a table.
    pub fn rows(&mut self, table: Table) -> usize {
        match pollster::block_on(self.store.load(vec![Query::All(table)])).unwrap().pop() {
            Some(Loaded::Rows(rows)) => rows.len(),
            _ => 0,
        }
    }

    /// The texts of all messages on disk in a chat, in order, as a view sees them.
    pub fn texts(&mut self, chat: &str) -> Vec<String> {
        self.window(chat)
            .into_iter()
            .map(|item| match item.body {
                plausch_model::MessageBody::Text(text) => text,
                plausch_model::MessageBody::Unreadable => "(unreadable)".into(),
                plausch_model::MessageBody::Retracted => "(retracted)".into(),
            })
            .collect()
    }

    /// How many messages of a chat are unread, as a new view hears.
    pub fn unread(&mut self, chat: &str) -> u32 {
        let before = self.updates();
        self.input(Input::ViewOpened(ViewId(99)));
        let unread = self.updates().into_iter().find_map(|update| match update {
            Update::Chats(chats) => chats.into_iter().find(|known| known.jid.as_str() == chat),
            _ => None,
        });
        self.input(Input::ViewClosed(ViewId(99)));
        self.updates = before;
        unread.map_or(0, |chat| chat.unread)
    }

    /// The messages of a chat as a view sees them.
    pub fn window(&mut self, chat: &str) -> Vec<plausch_model::TimelineItem> {
        let before = self.updates();
        let chat = BareJid::new(chat);
        self.command(Command::OpenChat { chat: chat.clone(), anchor: plausch_model::Anchor::End });
        let items = self.updates().into_iter().find_map(|update| match update {
            Update::Window { items, .. } => Some(items),
            _ => None,
        });
        self.command(Command::CloseChat);
        self.updates = before;
        items.unwrap()
    }
}

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='cap.example' id='s1' version='1.0'/>";

impl Harness {
    /// The server acknowledges everything that was sent in this session.
    pub fn acknowledge_all(&mut self) {
        let stanzas = self.stanzas_of_session;
        self.acknowledged = stanzas;
        self.receive(&format!("<a xmlns='urn:xmpp:sm:3' h='{stanzas}'/>"));
    }

    /// Plays the server's part of resuming the session, of which it has handled `h` stanzas.
    pub fn resume(&mut self, h: u32) {
        self.connect();
        let features = "<features xmlns='http://etherx.jabber.org/streams'>";
        self.receive(&format!(
            "{features}<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></features>"
        ));
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.receive(OPEN);
        self.stanzas_of_session = h;
        self.receive(&format!(
            "{features}<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></features>"
        ));
        self.sent.clear();
        self.receive(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{h}'/>"));
    }

    /// Plays the server's part where it has forgotten the session: a new one begins.
    pub fn fail_to_resume(&mut self, roster: &str) {
        self.refuse_to_resume();
        self.begin_session(roster);
    }

    /// The same, with nothing answered yet.
    pub fn connect_anew(&mut self) {
        self.refuse_to_resume();
        self.bind();
    }

    fn refuse_to_resume(&mut self) {
        self.connect();
        let features = "<features xmlns='http://etherx.jabber.org/streams'>";
        self.receive(&format!(
            "{features}<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></features>"
        ));
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.receive(OPEN);
        self.receive(&format!(
            "{features}<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></features>"
        ));
        self.receive(
            "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
        );
    }

    /// Plays the server's part up to where the client asks to resume.
    pub fn begin_resuming(&mut self) {
        self.connect();
        let features = "<features xmlns='http://etherx.jabber.org/streams'>";
        self.receive(&format!(
            "{features}<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></features>"
        ));
        self.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.receive(OPEN);
        self.receive(&format!(
            "{features}<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></features>"
        ));
    }

    /// Signed in over a WebSocket; BOSH may take its place.
    pub fn online_with_bosh() -> Self {
        let mut harness = Self::new(Server::default());
        let mut config = config(Some("r0m30"));
        config.settings.bosh_url = Some("http://localhost:5280/http-bind".into());
        harness.account = Account::new(config).unwrap();
        harness.start();
        harness.sign_in("");
        harness
    }

    /// The socket that was opened last.
    pub fn opened_socket(&self) -> SocketId {
        let opened = self.wire.iter().rev().find_map(|wire| match wire {
            Wire::Open { socket, .. } => Some(*socket),
            _ => None,
        });
        opened.unwrap()
    }

    /// Every HTTP request made so far fails.
    pub fn fail_requests(&mut self) {
        let made: Vec<_> = std::mem::take(&mut self.wire);
        for wire in &made {
            if let Wire::Http(request) = wire {
                self.input(Input::HttpDone { id: request.id, outcome: Err(HttpFailure::Network) });
            }
        }
        let rest = std::mem::take(&mut self.wire);
        self.wire = made.into_iter().filter(|wire| !matches!(wire, Wire::Http(_))).chain(rest).collect();
    }

    /// What a view that comes now is told of the connection.
    pub fn account_is(&mut self, state: plausch_model::ConnectionState) -> bool {
        let before = self.updates();
        self.input(Input::ViewOpened(VIEW));
        let told = self.updates().contains(&Update::Connection(state));
        self.updates = before;
        told
    }

    /// Answers every request, and keeps what else is sent.
    pub fn answer_setup_keeping(&mut self, roster: &str) {
        let mut kept = VecDeque::new();
        while self.sent.iter().any(is_question) {
            kept.extend(self.sent.iter().filter(|element| !is_question(element)).cloned());
            self.answer_once(roster);
        }
        kept.append(&mut self.sent);
        self.sent = kept;
    }
}
