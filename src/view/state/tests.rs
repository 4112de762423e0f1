//! What is said to the state and what it shows then.

use std::cell::RefCell;

use plausch_model::{
    AccountId, Anchor, AutoLock, ChatState, ConnectionState, FromEngine, LockError, LockRequest, Update, Way,
    WindowChange,
};

use super::*;
use crate::reactive::Owner;
use crate::view::fixtures::{bookmark, chat, message};

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
    bench.updates(vec![Update::Bookmarks(vec![bookmark("both@x", "Both")]), Update::Chats(vec![chat("both@x", 1, 0)])]);
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
    bench.updates(vec![Update::Settings(plausch_model::AccountSettings { send_typing: false, send_receipts: true })]);
    bench.state.set_typing(&open, ChatState::Composing);
    assert_eq!(bench.commands().len(), 1);
}

#[test]
fn the_merged_list_interleaves_accounts() {
    let bench = Bench::signed_in();
    let other = AccountId(BareJid::new("juliet@y"));
    bench.state.receive(FromEngine::SignedIn(other.clone()));
    bench.updates(vec![Update::Chats(vec![chat("a@x", 10, 1), chat("b@x", 30, 0)])]);
    bench.state.receive(FromEngine::Updates { account: other, updates: vec![Update::Chats(vec![chat("c@y", 20, 2)])] });
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
