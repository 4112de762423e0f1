//! The whole state of a view: its accounts, where the person is, and the way to the engine.

mod opening;
mod receive;
#[cfg(test)]
mod tests;

use std::{ops::Deref, rc::Rc};

use plausch_model::{
    BareJid, Command, CommandError, CommandId, EndReason, Hosting, SignIn, SignInError, Storage, TimelineItem, ToEngine,
};

use super::{Account, ChatRow, Lock, Notices, OpenChat, Place, Search, sort::sort_by};
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

    /// Whether it is known what to draw: who is signed in, their chats, and the messages of the one that is open.
    pub fn is_ready(&self) -> bool {
        let opened = |chat: &OpenChat| chat.account.timeline.with(|window| window.chat() == Some(&chat.jid));
        match self.phase.get() {
            Phase::Starting => false,
            Phase::In => {
                let listed = self.accounts.with(|accounts| accounts.iter().all(|account| account.chats.known.get()));
                listed && self.place.chat.with(|chat| chat.as_ref().is_none_or(opened))
            }
            Phase::Out | Phase::Elsewhere | Phase::Locked => true,
        }
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

    /// Works out what follows from all that was taken over: once a frame, not once a message.
    pub fn settle(&self) {
        for account in self.accounts.get_untracked() {
            account.chats.settle();
            account.contacts.settle();
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
}
