//! The whole state of a view: its accounts, where the person is, and the way to the engine.

use std::{ops::Deref, rc::Rc};

use plausch_model::{
    AccountId, Anchor, BareJid, ChatState, Command, CommandError, CommandId, EndReason, FromEngine, Hosting, SignIn,
    SignInError, Storage, TimelineItem, TimelineKey, ToEngine, Update,
};

use super::{
    Account, ChatRow, Lock, Notices, OpenChat, Place, Search, Section, Target, clock,
    search::{Found, Page},
    sort::sort_by,
};
use crate::reactive::{RwSignal, StoredValue};

/// The way to the engine: takes one message.
pub type Port = Rc<dyn Fn(&ToEngine)>;

/// What the engine answers to a command.
pub enum Reply {
    /// It has been carried out, or not.
    Done(Result<(), CommandError>),
    /// The chat that was asked for is in the list.
    Chat(BareJid),
}

/// What fills the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is not known yet whether somebody is signed in.
    Starting,
    /// Nobody is: the sign-in page.
    Out,
    /// Another tab runs the engine.
    Elsewhere,
    /// A passphrase is asked for.
    Locked,
    /// Somebody is: the app.
    In,
}

/// The sign-in page's state.
#[derive(Clone, Copy)]
pub struct SignInState {
    /// An attempt is under way.
    pub busy: RwSignal<bool>,
    /// Why the last one failed.
    pub error: RwSignal<Option<SignInError>>,
    /// Why the last session ended, if that wants saying.
    pub ended: RwSignal<Option<EndReason>>,
    /// The browser has deleted what the device was to keep.
    pub lost: RwSignal<bool>,
}

/// What the page is to do with pictures: make an address of one that came in, or give up addresses.
pub enum Pictures {
    /// Make an address and put it among the account's avatars.
    Show(Account, Box<plausch_model::Avatar>),
    /// These addresses are not needed any more.
    Forget(Vec<String>),
}

/// Does it.
pub type OnPictures = Rc<dyn Fn(Pictures)>;

/// What is to be done with some messages of a chat that is handed out; whether they are the last ones.
type OnPart = Box<dyn FnMut(Vec<TimelineItem>, bool)>;

/// Whom the device remembered when the page was last open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nobody was signed in.
    Nobody,
    /// Somebody was, for as long as the app was open.
    Somebody,
    /// Somebody was, and wanted to stay so: who is not remembered any more was lost.
    Stayed,
}

/// What is to be done with an answer.
type OnReply = Box<dyn FnOnce(Reply)>;

/// The state of one view, to be handed around; it stays for as long as the page does.
#[derive(Clone, Copy)]
pub struct State(&'static Parts);

/// What a view's state consists of.
pub struct Parts {
    /// What fills the screen.
    pub phase: RwSignal<Phase>,
    /// The signed-in accounts.
    pub accounts: RwSignal<Vec<Account>>,
    /// Where the person is.
    pub place: Place,
    /// The sign-in page.
    pub sign_in: SignInState,
    /// The lock before what is kept here.
    pub lock: Lock,
    /// What the device stores, once asked.
    pub storage: RwSignal<Option<Storage>>,
    /// What is looked for in all chats.
    pub search: Search,
    /// What is looked for in the open chat.
    pub find: Search,
    /// Short messages.
    pub notices: Notices,
    /// Where the engine runs.
    pub hosting: RwSignal<Option<Hosting>>,
    /// What made the engine give up.
    pub fatal: RwSignal<Option<String>>,
    /// Whether the person can see the page.
    pub looking: RwSignal<bool>,
    /// What the page does with pictures.
    pub pictures: StoredValue<OnPictures>,
    port: StoredValue<Option<Port>>,
    unsent: StoredValue<Vec<ToEngine>>,
    pending: StoredValue<Vec<(CommandId, OnReply)>>,
    exports: StoredValue<Vec<(CommandId, OnPart)>>,
    /// Whether the account that was signed in to last was to stay, if that was in this page.
    pub stays: StoredValue<Option<bool>>,
    expected: Expected,
    next_command: StoredValue<u32>,
}

impl Deref for State {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0
    }
}

impl State {
    /// A state that knows nothing. If it expects somebody, it waits for the engine's welcome before it shows the sign-in page.
    pub fn new(expected: Expected) -> Self {
        Self(Box::leak(Box::new(Parts {
            phase: RwSignal::new(if expected == Expected::Nobody { Phase::Out } else { Phase::Starting }),
            accounts: RwSignal::new(Vec::new()),
            place: Place::default(),
            sign_in: SignInState {
                busy: RwSignal::new(false),
                error: RwSignal::new(None),
                ended: RwSignal::new(None),
                lost: RwSignal::new(false),
            },
            lock: Lock::default(),
            storage: RwSignal::new(None),
            search: Search::default(),
            find: Search::default(),
            notices: Notices::default(),
            hosting: RwSignal::new(None),
            fatal: RwSignal::new(None),
            looking: RwSignal::new(true),
            pictures: StoredValue::new(Rc::new(|_| {})),
            port: StoredValue::new(None),
            unsent: StoredValue::new(Vec::new()),
            pending: StoredValue::new(Vec::new()),
            exports: StoredValue::new(Vec::new()),
            stays: StoredValue::new(None),
            expected,
            next_command: StoredValue::new(1),
        })))
    }

    /// Connects the state with the engine, which then hears what was said before.
    pub fn attach(&self, port: Port) {
        let unsent = self.unsent.try_update_value(std::mem::take).unwrap_or_default();
        for message in &unsent {
            port(message);
        }
        self.port.set_value(Some(port));
    }

    /// Lets go of the engine.
    pub fn detach(&self) {
        self.port.set_value(None);
    }

    /// Tells the engine something.
    pub fn tell(&self, message: &ToEngine) {
        match self.port.get_value() {
            Some(port) => port(message),
            None => self.unsent.update_value(|unsent| unsent.push(message.clone())),
        }
    }

    /// Sends a command whose outcome nobody waits for.
    pub fn command(&self, account: Account, command: Command) {
        let id = self.number();
        self.tell(&ToEngine::Command { account: account.id(), id, command });
    }

    /// Sends a command and does something with the answer.
    pub fn ask(&self, account: Account, command: Command, on_reply: impl FnOnce(Reply) + 'static) {
        let id = self.number();
        self.pending.update_value(|pending| {
            pending.push((id, Box::new(on_reply)));
        });
        self.tell(&ToEngine::Command { account: account.id(), id, command });
    }

    fn number(&self) -> CommandId {
        let number = self.next_command.get_value();
        self.next_command.set_value(number.wrapping_add(1));
        CommandId(number)
    }

    /// The account that acts where none is named: the only one, or the first.
    pub fn account(&self) -> Option<Account> {
        self.accounts.with(|accounts| accounts.first().copied())
    }

    /// The chats of all accounts, newest activity first.
    pub fn chat_rows(&self) -> Vec<ChatRow> {
        let accounts = self.accounts.get();
        let mut rows: Vec<ChatRow> = accounts
            .iter()
            .flat_map(|account| account.chats.order().into_iter().map(|entry| ChatRow { account: *account, entry }))
            .collect();
        if accounts.len() > 1 {
            let active_at = |row: &ChatRow| row.entry.summary.with_untracked(|summary| summary.active_at);
            sort_by(&mut rows, |a, b| active_at(b).cmp(&active_at(a)));
        }
        rows
    }

    /// The sum of unread messages over all accounts.
    pub fn unread(&self) -> u64 {
        self.accounts.with(|accounts| accounts.iter().map(|account| account.chats.unread()).sum())
    }

    /// The number of pending requests over all accounts.
    pub fn request_count(&self) -> usize {
        self.accounts.with(|accounts| accounts.iter().map(|account| account.requests.with(Vec::len)).sum())
    }

    /// Tries to sign in.
    pub fn sign_in(&self, sign_in: SignIn) {
        self.sign_in.busy.set(true);
        self.sign_in.error.set(None);
        self.sign_in.ended.set(None);
        self.sign_in.lost.set(false);
        self.stays.set_value(Some(sign_in.stay));
        self.tell(&ToEngine::SignIn(sign_in));
    }

    /// Opens a chat, at its first unread message.
    pub fn open_chat(&self, account: Account, jid: BareJid) {
        let chat = OpenChat { account, jid: jid.clone() };
        if self.place.chat.with_untracked(|open| open.as_ref() == Some(&chat)) {
            return;
        }
        self.enter(&chat);
        self.command(account, Command::OpenChat { chat: jid, anchor: Anchor::FirstUnread });
    }

    /// From now on this chat is shown: what belonged to another one goes.
    fn enter(&self, chat: &OpenChat) {
        self.leave_timeline(chat.account);
        chat.account.timeline.expect(chat.jid.clone());
        self.leave_results(chat);
        self.place.room.set(None);
        self.place.chat.set(Some(chat.clone()));
    }

    /// Opens a bookmarked room. One that is not bookmarked any more can't be opened.
    pub fn open_room(&self, room: OpenChat) {
        self.close_chat();
        if !room.account.bookmarks.lack(&room.jid) {
            self.place.room.set(Some(room));
        }
    }

    /// A room that is open may not be bookmarked any more.
    fn leave_lost_room(&self) {
        let room = self.place.room.get_untracked();
        if room.is_some_and(|room| room.account.bookmarks.lack(&room.jid)) {
            self.place.room.set(None);
        }
    }

    /// Goes to a place in a chat.
    pub fn show_in_chat(&self, chat: &OpenChat, target: Target) {
        let timeline = chat.account.timeline;
        if self.place.chat.with_untracked(|open| open.as_ref() != Some(chat)) {
            self.enter(chat);
        } else if timeline.has(target.key) {
            return timeline.go_to(target);
        }
        timeline.go_to(target);
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor: Anchor::At(target.key) });
    }

    /// Goes to a message that was found.
    pub fn show_found(&self, found: &Found) {
        self.show_in_chat(&found.chat(), Target::message(found.hit.key));
    }

    /// Looks for messages, in all chats or in one.
    pub fn look_for(&self, search: &Search, query: String, chat: Option<&OpenChat>) {
        if query.trim().is_empty() {
            return self.end_search(search);
        }
        let accounts = chat.map_or_else(|| self.accounts.get_untracked(), |chat| vec![chat.account]);
        let asked: Vec<_> = accounts.into_iter().map(|account| (account, self.number())).collect();
        // The engine looks for one thing at a time in each view.
        [&self.search, &self.find].into_iter().for_each(Search::stop_here);
        search.begin(query.clone(), asked.iter().copied());
        for (account, id) in asked {
            let (query, chat) = (query.clone(), chat.map(|chat| chat.jid.clone()));
            let command = Command::Search { query, chat, utc_offset_minutes: clock::utc_offset_minutes() };
            self.tell(&ToEngine::Command { account: account.id(), id, command });
        }
    }

    /// Looks for more of the same.
    pub fn look_on(&self, search: &Search) {
        for account in search.next() {
            self.command(account, Command::SearchOn);
        }
    }

    /// Nothing is looked for in the open chat any more.
    pub fn stop_finding(&self) {
        self.place.finding.set(false);
        self.end_search(&self.find);
    }

    /// Looks for nothing any more. The engine looks for one thing at a time: it hears of it once nothing is left.
    fn end_search(&self, search: &Search) {
        let asked = search.clear();
        let others =
            [&self.search, &self.find].into_iter().any(|search| !search.query.with_untracked(String::is_empty));
        for account in asked.into_iter().filter(|_| !others) {
            self.command(account, Command::EndSearch);
        }
    }

    /// What belonged to another chat than this one goes.
    fn leave_results(&self, next: &OpenChat) {
        self.stop_finding();
        if self.place.results.with_untracked(|results| results.as_ref().is_some_and(|results| results.chat != *next)) {
            self.place.results.set(None);
        }
    }

    /// Opens a chat where it was left: nowhere means at its end.
    pub fn open_chat_at(&self, chat: &OpenChat, position: Option<Target>) {
        self.enter(chat);
        self.reopen(chat, position);
    }

    fn reopen(&self, chat: &OpenChat, position: Option<Target>) {
        let anchor = position.map_or(Anchor::End, |position| Anchor::At(position.key));
        position.into_iter().for_each(|position| chat.account.timeline.go_to(position));
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor });
    }

    /// Opens a chat with somebody who may not be in the list yet.
    pub fn open_chat_with(&self, account: Account, jid: BareJid) {
        let known = account.chats.find(&jid).is_some();
        if !known {
            self.command(account, Command::StartChat { address: jid.to_string() });
        }
        self.open_chat(account, jid);
    }

    /// Leaves the open chat or room.
    pub fn close_chat(&self) {
        self.place.room.set(None);
        if let Some(open) = self.place.chat.get_untracked() {
            self.place.chat.set(None);
            self.place.details.set(false);
            self.place.results.set(None);
            self.stop_finding();
            open.account.timeline.close();
            self.command(open.account, Command::CloseChat);
        }
    }

    fn leave_timeline(&self, next: Account) {
        let Some(open) = self.place.chat.get_untracked() else { return };
        open.account.timeline.close();
        if open.account != next {
            self.command(open.account, Command::CloseChat);
        }
    }

    /// Shows the newest messages of the open chat.
    pub fn jump_to_end(&self, chat: &OpenChat) {
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor: Anchor::End });
    }

    /// The person has seen the chat up to a message.
    pub fn mark_read(&self, chat: &OpenChat, up_to: TimelineKey) {
        self.command(chat.account, Command::MarkRead { chat: chat.jid.clone(), up_to });
    }

    /// The person is typing, stopped or emptied the composer.
    pub fn set_typing(&self, chat: &OpenChat, state: ChatState) {
        // Whoever switches it off in the middle of a text has stopped typing, as far as others are concerned.
        if state == ChatState::Idle || chat.account.settings.with_untracked(|settings| settings.send_typing) {
            self.command(chat.account, Command::SetTyping { chat: chat.jid.clone(), state });
        }
    }

    /// The page became visible or hidden.
    pub fn set_looking(&self, looking: bool) {
        if self.looking.get_untracked() == looking {
            return;
        }
        self.looking.set(looking);
        for account in self.accounts.get_untracked() {
            self.command(account, Command::SetVisible(looking));
        }
    }

    /// Takes over what the engine says.
    pub fn receive(&self, message: FromEngine) {
        match message {
            FromEngine::Welcome { accounts, hosting } => {
                self.hosting.set(Some(hosting));
                self.fatal.set(None);
                self.lock.passphrase.set(None);
                self.welcome(accounts);
            }
            FromEngine::SignedIn(id) => {
                self.sign_in.busy.set(false);
                self.admit(id);
                self.phase.set(Phase::In);
            }
            FromEngine::SignInFailed(error) => {
                self.sign_in.busy.set(false);
                self.sign_in.error.set(Some(error));
            }
            FromEngine::Updates { account, updates } => self.update(&account, updates),
            FromEngine::Storage(storage) => self.storage.set(Some(storage)),
            FromEngine::HeldElsewhere => self.phase.set(Phase::Elsewhere),
            FromEngine::Locked => self.lock_up(),
            FromEngine::Passphrase(passphrase) => self.lock.passphrase.set(passphrase),
            FromEngine::LockAnswer(answer) => self.lock_answered(answer),
            FromEngine::Ping => self.tell(&ToEngine::Pong),
            FromEngine::Pong | FromEngine::Lifeline(_) => {}
            FromEngine::Fatal(words) => {
                self.sign_in.busy.set(false);
                self.fatal.set(Some(words));
            }
        }
    }

    /// Works out what follows from all that was taken over: once a frame, not once a message.
    pub fn settle(&self) {
        for account in self.accounts.get_untracked() {
            account.chats.settle();
            account.contacts.settle();
        }
    }

    fn welcome(&self, ids: Vec<AccountId>) {
        for account in self.accounts.get_untracked() {
            if !ids.contains(&account.id()) {
                self.dismiss(account);
            }
        }
        for id in ids {
            self.admit(id);
        }
        self.begin_anew();
        let anybody = self.accounts.with_untracked(|accounts| !accounts.is_empty());
        let starting = self.phase.with_untracked(|phase| *phase == Phase::Starting);
        self.sign_in.lost.set(!anybody && starting && self.expected == Expected::Stayed);
        self.phase.set(if anybody { Phase::In } else { Phase::Out });
    }

    /// The engine knows nothing of this view: it is a new one, or sees us for the first time.
    fn begin_anew(&self) {
        self.sign_in.busy.set(false);
        let waiting = self.pending.try_update_value(std::mem::take).unwrap_or_default();
        for (_, on_reply) in waiting {
            on_reply(Reply::Done(Err(CommandError::NotConnected)));
        }
        self.exports.set_value(Vec::new());
        for account in self.accounts.get_untracked() {
            account.trouble.set(None);
        }
        if let Some(open) = self.place.chat.get_untracked() {
            let position = open.account.timeline.position();
            open.account.timeline.expect(open.jid.clone());
            self.reopen(&open, position);
        }
    }

    fn admit(&self, id: AccountId) {
        let account = self.find(&id).unwrap_or_else(|| {
            let account = Account::new(id);
            self.accounts.update(|accounts| accounts.push(account));
            account
        });
        self.command(account, Command::SetVisible(self.looking.get_untracked()));
    }

    fn find(&self, id: &AccountId) -> Option<Account> {
        self.accounts.with_untracked(|accounts| accounts.iter().find(|account| account.id() == *id).copied())
    }

    fn update(&self, id: &AccountId, updates: Vec<Update>) {
        let Some(account) = self.find(id) else { return };
        for update in updates {
            if let Some(update) = account.apply(update, self.looking.get_untracked()) {
                self.act_on(account, update);
            }
        }
        self.leave_lost_room();
    }

    fn act_on(&self, account: Account, update: Update) {
        match update {
            Update::Avatar(picture) => {
                let on_pictures = self.pictures.get_value();
                on_pictures(Pictures::Show(account, Box::new(picture)));
            }
            Update::ChatReady { command, chat } => self.answer(command, Reply::Chat(chat)),
            Update::Found { command, hits, more, complete } => {
                let page = Page { command, hits, more, complete };
                let _ = self.search.take(account, &page) || self.find.take(account, &page);
            }
            Update::Exported { command, items, last } => self.exported(command, items, last),
            Update::Done { command, result } => self.answer(command, Reply::Done(result)),
            Update::Ended(reason) => {
                self.dismiss(account);
                self.end(reason);
            }
            _ => {}
        }
    }

    /// Asks for all messages of a chat, which are handed over part by part, and does something when that has ended.
    pub fn export(
        &self,
        chat: &OpenChat,
        on_part: impl FnMut(Vec<TimelineItem>, bool) + 'static,
        on_reply: impl FnOnce(Reply) + 'static,
    ) {
        let id = self.number();
        self.exports.update_value(|exports| exports.push((id, Box::new(on_part))));
        self.pending.update_value(|pending| pending.push((id, Box::new(on_reply))));
        let command = Command::ExportChat(chat.jid.clone());
        self.tell(&ToEngine::Command { account: chat.account.id(), id, command });
    }

    fn exported(&self, command: CommandId, items: Vec<TimelineItem>, last: bool) {
        let taken = self.exports.try_update_value(|exports| {
            let place = exports.iter().position(|(id, _)| *id == command)?;
            Some(exports.swap_remove(place).1)
        });
        let Some(mut on_part) = taken.flatten() else { return };
        on_part(items, last);
        if !last {
            self.exports.update_value(|exports| exports.push((command, on_part)));
        }
    }

    /// An error answers for good; a chat may be followed by `Done`, which then finds nobody waiting.
    fn answer(&self, command: CommandId, reply: Reply) {
        let waiting = self.pending.try_update_value(|pending| {
            let place = pending.iter().position(|(id, _)| *id == command)?;
            Some(pending.remove(place))
        });
        if let Some((_, on_reply)) = waiting.flatten() {
            on_reply(reply);
        }
    }

    /// Nothing of any account stays here. Where the person was, the history knows.
    pub fn lock_up(&self) {
        self.phase.set(Phase::Locked);
        self.sign_in.busy.set(false);
        self.lock.busy.set(false);
        self.lock.error.set(None);
        // What was asked for is done, but nobody is to be told.
        self.pending.set_value(Vec::new());
        self.exports.set_value(Vec::new());
        self.accounts.get_untracked().into_iter().for_each(|account| self.let_go(account));
    }

    /// Nothing of the account is shown or kept any more.
    fn let_go(&self, account: Account) {
        let on_pictures = self.pictures.get_value();
        on_pictures(Pictures::Forget(account.avatars.clear()));
        self.notices.clear();
        self.place.leave(account);
        self.search.clear();
        self.find.clear();
        self.exports.set_value(Vec::new());
        self.accounts.update(|accounts| accounts.retain(|other| *other != account));
        account.forget();
    }

    fn dismiss(&self, account: Account) {
        self.let_go(account);
        if self.accounts.with_untracked(Vec::is_empty) {
            self.place.section.set(Section::default());
            self.place.dialog.set(None);
            self.phase.set(Phase::Out);
        }
    }

    fn end(&self, reason: EndReason) {
        self.sign_in.busy.set(false);
        match reason {
            EndReason::SignInFailed(error) => self.sign_in.error.set(Some(error)),
            other => self.sign_in.ended.set(Some(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use crate::reactive::Owner;

    use plausch_model::{AutoLock, ConnectionState, LockError, LockRequest, WindowChange};

    use super::*;
    use crate::view::fixtures::{bookmark, chat, message};
    use plausch_model::Way;

    struct Bench {
        state: State,
        told: Rc<RefCell<Vec<ToEngine>>>,
        _owner: Owner,
    }

    fn romeo() -> AccountId {
        AccountId(BareJid::new("romeo@x"))
    }

    fn bench() -> Bench {
        expecting(Expected::Somebody)
    }

    fn expecting(expected: Expected) -> Bench {
        let owner = Owner::new();
        owner.set();
        let state = State::new(expected);
        let told = Rc::new(RefCell::new(Vec::new()));
        let record = Rc::clone(&told);
        state.attach(Rc::new(move |message| record.borrow_mut().push(message.clone())));
        Bench { state, told, _owner: owner }
    }

    impl Bench {
        fn signed_in() -> Self {
            let bench = bench();
            bench.state.receive(FromEngine::Welcome { accounts: vec![romeo()], hosting: Hosting::SharedWorker });
            bench
        }

        fn updates(&self, updates: Vec<Update>) {
            self.state.receive(FromEngine::Updates { account: romeo(), updates });
            self.state.settle();
        }

        fn commands(&self) -> Vec<(CommandId, Command)> {
            let told = self.told.borrow();
            let commands = told.iter().filter_map(|message| match message {
                ToEngine::Command { command: Command::SetVisible(true), .. } => None,
                ToEngine::Command { id, command, .. } => Some((*id, command.clone())),
                _ => None,
            });
            commands.collect()
        }
    }

    #[test]
    fn waits_for_the_welcome_then_shows_what_is_there() {
        let nobody = bench();
        assert!(nobody.state.phase.get_untracked() == Phase::Starting);
        nobody.state.receive(FromEngine::Welcome { accounts: vec![], hosting: Hosting::Worker });
        assert!(nobody.state.phase.get_untracked() == Phase::Out);
        assert!(Bench::signed_in().state.phase.get_untracked() == Phase::In);
    }

    #[test]
    fn a_failed_sign_in_says_why_and_a_good_one_opens_the_app() {
        let bench = bench();
        let state = bench.state;
        state.sign_in(SignIn { address: "romeo@x".into(), password: Default::default(), stay: true });
        assert!(state.sign_in.busy.get_untracked());
        state.receive(FromEngine::SignInFailed(SignInError::WrongPassword));
        assert!(!state.sign_in.busy.get_untracked());
        assert_eq!(state.sign_in.error.get_untracked(), Some(SignInError::WrongPassword));
        state.receive(FromEngine::SignedIn(romeo()));
        assert!(state.phase.get_untracked() == Phase::In);
    }

    #[test]
    fn what_is_said_before_the_engine_is_there_is_not_lost() {
        let owner = Owner::new();
        owner.set();
        let state = State::new(Expected::Nobody);
        state.tell(&ToEngine::QueryStorage);
        let told = Rc::new(RefCell::new(Vec::new()));
        let record = Rc::clone(&told);
        state.attach(Rc::new(move |message| record.borrow_mut().push(message.clone())));
        state.tell(&ToEngine::Pong);
        assert_eq!(*told.borrow(), [ToEngine::QueryStorage, ToEngine::Pong]);
    }

    #[test]
    fn updates_of_an_unknown_account_are_dropped() {
        let bench = bench();
        bench.updates(vec![Update::Connection(ConnectionState::Online)]);
        assert!(bench.state.accounts.get_untracked().is_empty());
    }

    #[test]
    fn the_whole_trip_of_an_own_message() {
        let bench = Bench::signed_in();
        let account = bench.state.account().unwrap();
        bench.updates(vec![Update::Chats(vec![chat("juliet@x", 1, 0)])]);
        bench.state.open_chat(account, BareJid::new("juliet@x"));
        assert!(matches!(&bench.commands()[0].1, Command::OpenChat { anchor: Anchor::FirstUnread, .. }));
        bench.updates(vec![Update::Window {
            chat: BareJid::new("juliet@x"),
            items: vec![],
            at_start: true,
            at_end: true,
            read_up_to: None,
            total: 0,
        }]);
        for state in [
            plausch_model::DeliveryState::Waiting,
            plausch_model::DeliveryState::Sent,
            plausch_model::DeliveryState::Failed(plausch_model::FailureReason::NotFound),
        ] {
            let mut item = message("m1", Way::Out, 5);
            item.state = Some(state.clone());
            bench.updates(vec![Update::WindowChanged {
                chat: BareJid::new("juliet@x"),
                changes: vec![WindowChange::Put(item)],
                total: 1,
            }]);
            let shown = account.timeline.peek(|window| window.entries()[0].item.get_untracked().state);
            assert_eq!(shown, Some(state));
        }
        assert_eq!(account.timeline.peek(|window| window.entries().len()), 1);
    }

    #[test]
    fn the_answer_finds_the_one_who_asked_and_only_once() {
        let bench = Bench::signed_in();
        let account = bench.state.account().unwrap();
        let answers = Rc::new(RefCell::new(Vec::new()));
        let record = Rc::clone(&answers);
        bench.state.ask(account, Command::StartChat { address: "juliet@x".into() }, move |reply| {
            if let Reply::Chat(jid) = reply {
                record.borrow_mut().push(jid);
            }
        });
        let (command, _) = bench.commands()[0].clone();
        let ready = || Update::ChatReady { command, chat: BareJid::new("juliet@x") };
        bench.updates(vec![ready(), Update::Done { command, result: Ok(()) }, ready()]);
        assert_eq!(*answers.borrow(), [BareJid::new("juliet@x")]);
    }

    #[test]
    fn an_engine_that_was_started_anew_is_asked_for_the_open_chat_again() {
        let bench = Bench::signed_in();
        let account = bench.state.account().unwrap();
        bench.state.open_chat(account, BareJid::new("juliet@x"));
        let failed = Rc::new(RefCell::new(0));
        let record = Rc::clone(&failed);
        bench.state.ask(account, Command::Reconnect, move |reply| {
            assert!(matches!(reply, Reply::Done(Err(_))));
            *record.borrow_mut() += 1;
        });
        let before = bench.commands().len();
        bench.state.receive(FromEngine::Welcome { accounts: vec![romeo()], hosting: Hosting::SharedWorker });
        let asked = bench.commands().split_off(before);
        assert!(matches!(&asked[..], [(_, Command::OpenChat { anchor: Anchor::End, .. })]));
        assert_eq!(*failed.borrow(), 1, "nobody waits for an answer that will not come");
    }

    #[test]
    fn a_room_is_open_in_a_chats_stead_and_asks_for_nothing() {
        let bench = Bench::signed_in();
        let (state, account) = (bench.state, bench.state.account().unwrap());
        let same = OpenChat { account, jid: BareJid::new("both@x") };
        bench.updates(vec![
            Update::Bookmarks(vec![bookmark("both@x", "Both")]),
            Update::Chats(vec![chat("both@x", 1, 0)]),
        ]);
        state.open_room(same.clone());
        assert!(state.place.room.get_untracked().as_ref() == Some(&same) && bench.commands().is_empty());
        state.open_chat(account, same.jid.clone());
        assert!(state.place.room.with_untracked(Option::is_none));
        assert!(state.place.chat.get_untracked().as_ref() == Some(&same));
        state.open_room(same.clone());
        assert!(state.place.chat.with_untracked(Option::is_none), "of the same address, too");
        assert!(matches!(&bench.commands()[..], [(_, Command::OpenChat { .. }), (_, Command::CloseChat)]));
        state.close_chat();
        assert!(state.place.room.with_untracked(Option::is_none));
        assert_eq!(bench.commands().len(), 2);
    }

    #[test]
    fn a_room_that_is_not_bookmarked_any_more_is_closed_and_cannot_be_opened() {
        let bench = Bench::signed_in();
        let (state, account) = (bench.state, bench.state.account().unwrap());
        let room = OpenChat { account, jid: BareJid::new("a@muc.x") };
        let is_open = || state.place.room.with_untracked(Option::is_some);
        // After a reload the list may still be on its way.
        state.open_room(room.clone());
        bench.updates(vec![Update::Synced]);
        assert!(is_open());
        bench.updates(vec![Update::Bookmarks(vec![bookmark("a@muc.x", "A"), bookmark("b@muc.x", "B")])]);
        assert!(is_open());
        bench.updates(vec![Update::Bookmarks(vec![bookmark("b@muc.x", "B")])]);
        assert!(!is_open());
        state.open_room(room);
        assert!(!is_open());
    }

    #[test]
    fn the_end_of_the_last_account_leads_to_the_sign_in_page_and_says_why() {
        let bench = Bench::signed_in();
        let account = bench.state.account().unwrap();
        bench.state.open_chat(account, BareJid::new("juliet@x"));
        bench.updates(vec![Update::Ended(EndReason::SignedOut), Update::Synced]);
        assert!(bench.state.phase.get_untracked() == Phase::Out);
        assert!(bench.state.place.chat.get_untracked().is_none());
        assert_eq!(bench.state.sign_in.ended.get_untracked(), Some(EndReason::SignedOut));
    }

    #[test]
    fn locking_leaves_nothing_and_unlocking_brings_the_app_back() {
        let bench = Bench::signed_in();
        let state = bench.state;
        state.receive(FromEngine::Passphrase(Some(AutoLock::Hour)));
        let account = state.account().unwrap();
        bench.updates(vec![Update::Chats(vec![chat("juliet@x", 1, 3)])]);
        let open = OpenChat { account, jid: BareJid::new("juliet@x") };
        state.open_chat(account, open.jid.clone());
        bench.updates(vec![Update::Window {
            chat: open.jid.clone(),
            items: vec![message("m1", Way::In, 5)],
            at_start: true,
            at_end: true,
            read_up_to: None,
            total: 1,
        }]);
        bench.updates(vec![Update::Bookmarks(vec![bookmark("a@muc.x", "A")])]);
        state.place.room.set(Some(OpenChat { account, jid: BareJid::new("a@muc.x") }));
        state.place.dialog.set(Some(crate::view::Dialog::Export(open.clone())));
        state.search.query.set("balcony".into());
        state.notices.show(crate::view::NoticeKind::Done, "juliet".into());
        state.ask(account, Command::Reconnect, |_| panic!("nobody is told any more"));

        state.receive(FromEngine::Locked);
        assert!(state.phase.get_untracked() == Phase::Locked);
        assert!(state.accounts.get_untracked().is_empty() && state.account().is_none());
        assert_eq!(state.unread(), 0);
        assert!(account.chats.order().is_empty() && account.own.get_untracked().address.is_empty());
        assert_eq!(account.timeline.peek(|window| window.entries().len()), 0);
        assert!(state.place.chat.with_untracked(Option::is_none));
        assert!(state.place.room.with_untracked(Option::is_none) && account.bookmarks.all().is_empty());
        assert!(state.place.dialog.with_untracked(Option::is_none));
        assert!(state.search.query.get_untracked().is_empty() && state.notices.list().is_empty());
        bench.updates(vec![Update::Chats(vec![chat("juliet@x", 1, 3)])]);
        assert_eq!(state.unread(), 0, "what was on its way comes too late");

        state.ask_lock(LockRequest::Unlock(Default::default()));
        state.ask_lock(LockRequest::Unlock(Default::default()));
        let tries = bench.told.borrow().iter().filter(|told| matches!(told, ToEngine::Lock(_))).count();
        assert_eq!(tries, 1, "one at a time");
        state.receive(FromEngine::LockAnswer(Err(LockError::WrongPassphrase)));
        assert_eq!(state.lock.error.get_untracked(), Some(LockError::WrongPassphrase));
        state.receive(FromEngine::Welcome { accounts: vec![romeo()], hosting: Hosting::SharedWorker });
        state.receive(FromEngine::Passphrase(Some(AutoLock::Never)));
        assert!(state.phase.get_untracked() == Phase::In && state.account().unwrap() != account);
        assert_eq!(state.lock.passphrase.get_untracked(), Some(AutoLock::Never));
    }

    #[test]
    fn typing_is_not_told_when_the_person_does_not_want_it() {
        let bench = Bench::signed_in();
        let account = bench.state.account().unwrap();
        let open = OpenChat { account, jid: BareJid::new("juliet@x") };
        bench.state.set_typing(&open, ChatState::Composing);
        bench.updates(vec![Update::Settings(plausch_model::AccountSettings {
            send_typing: false,
            send_receipts: true,
        })]);
        bench.state.set_typing(&open, ChatState::Composing);
        assert_eq!(bench.commands().len(), 1);
    }

    #[test]
    fn the_merged_list_interleaves_accounts() {
        let bench = Bench::signed_in();
        let other = AccountId(BareJid::new("juliet@y"));
        bench.state.receive(FromEngine::SignedIn(other.clone()));
        bench.updates(vec![Update::Chats(vec![chat("a@x", 10, 1), chat("b@x", 30, 0)])]);
        bench
            .state
            .receive(FromEngine::Updates { account: other, updates: vec![Update::Chats(vec![chat("c@y", 20, 2)])] });
        bench.state.settle();
        let jids: Vec<String> = bench.state.chat_rows().iter().map(|row| row.entry.jid.to_string()).collect();
        assert_eq!(jids, ["b@x", "c@y", "a@x"]);
        assert_eq!(bench.state.unread(), 3);
    }

    #[test]
    fn who_was_to_stay_and_is_not_remembered_hears_that_it_was_lost() {
        for (expected, remembered, lost) in [
            (Expected::Stayed, vec![], true),
            (Expected::Stayed, vec![romeo()], false),
            (Expected::Somebody, vec![], false),
            (Expected::Nobody, vec![], false),
        ] {
            let bench = expecting(expected);
            bench.state.receive(FromEngine::Welcome { accounts: remembered, hosting: Hosting::SharedWorker });
            assert_eq!(bench.state.sign_in.lost.get_untracked(), lost);
        }
    }

    #[test]
    fn one_thing_is_looked_for_at_a_time_and_the_engine_hears_when_nothing_is() {
        let bench = Bench::signed_in();
        let (state, open) =
            (bench.state, OpenChat { account: bench.state.account().unwrap(), jid: BareJid::new("juliet@x") });
        let page = |command, more| Update::Found { command, hits: Vec::new(), more, complete: true };
        let last = || bench.commands().pop().unwrap();
        state.look_for(&state.find, "lark".to_owned(), Some(&open));
        bench.updates(vec![page(last().0, true)]);
        assert!(state.find.more.get_untracked());
        state.look_for(&state.search, "rose".to_owned(), None);
        assert!(!state.find.more.get_untracked(), "its place is taken");
        state.look_on(&state.find);
        assert!(matches!(last().1, Command::Search { chat: None, .. }) && !state.find.busy.get_untracked());
        state.stop_finding();
        assert!(matches!(last().1, Command::Search { .. }), "something else is still looked for");
        state.look_for(&state.search, String::new(), None);
        assert!(matches!(last().1, Command::EndSearch));
    }
}
