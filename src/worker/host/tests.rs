//! In Chromium: views on real ports, a scripted account, real stores and locks.

mod lock;

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::{Array, Function, Promise, Uint8Array};
use plausch_engine::io::{
    AccountConfig, Audience, Effects, End, HttpId, HttpRequest, LoadId, Password, SocketId, Wire,
};
use plausch_engine::store::{Query, Table};
use plausch_model::{
    BareJid, Command, CommandId, ConnectionState, EndReason, Secret, SignIn, SignInError, ToEngine, Update,
    WorkerSettings,
};
use rand_core::CryptoRng;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MessageChannel, MessageEvent};

use super::*;
use crate::platform::{object, random_name};
use crate::store::tests::{clean_device, databases_with, raise_version};

/// An account without a server. It signs in with the password `right`, remembers that, and tells what happens to it in
/// the words of `StorageTrouble`, the one update that carries a text.
struct Scripted {
    password: Option<Password>,
}

fn words(text: impl Into<String>) -> Update {
    Update::StorageTrouble(text.into())
}

impl Machine for Scripted {
    fn parse_address(typed: &str, _: Option<&str>) -> Result<BareJid, SignInError> {
        if typed.contains('@') { Ok(BareJid::new(typed)) } else { Err(SignInError::BadAddress) }
    }

    fn new(config: AccountConfig) -> Option<Self> {
        Some(Self { password: config.password })
    }

    fn handle(&mut self, input: Input, now: Timestamp, _: &mut dyn CryptoRng) -> Effects {
        let mut effects = Effects::default();
        match input {
            Input::Start => self.start(&mut effects),
            Input::Loaded(answers) => effects.tell(words(format!("loaded {}", answers.len()))),
            Input::ViewOpened(view) => effects.tell_view(view, Update::Connection(ConnectionState::Online)),
            Input::ViewClosed(_) => effects.tell(words("a view is gone")),
            Input::Tick => effects.tell(words("tick")),
            Input::SocketClosed(_) => effects.tell(words("socket closed")),
            Input::SocketOpened(_) => effects.tell(words("socket opened")),
            Input::HttpDone { outcome, .. } => {
                let outcome = outcome.map(|response| (response.status, response.body.is_empty()));
                effects.tell(words(format!("{outcome:?}")));
            }
            Input::Command { command, .. } => command_effects(command, now, &mut effects),
            Input::Network { up } => effects.tell(words(format!("network {up}"))),
            Input::Frames { .. } | Input::CommitFailed(_) => {}
        }
        effects
    }
}

impl Scripted {
    fn start(&self, effects: &mut Effects) {
        match self.password.as_ref().map(Password::reveal) {
            Some(Ok("right")) => {
                effects.batch.put(Table::Credentials, *b"token", b"token".to_vec());
                effects.signed_in = true;
                effects.tell(Update::Synced);
            }
            Some(_) => {
                let reason = EndReason::SignInFailed(SignInError::WrongPassword);
                effects.end = Some(End { wipe: true, reason });
            }
            None => effects.loads.push((LoadId(1), Query::Get(Table::Credentials, vec![b"token".to_vec()]))),
        }
    }
}

/// Commands that make the account do what a test wants to see.
fn command_effects(command: Command, now: Timestamp, effects: &mut Effects) {
    match command {
        Command::SignOut => effects.end = Some(End { wipe: true, reason: EndReason::SignedOut }),
        Command::RemoveChat(_) => effects.end = Some(End { wipe: false, reason: EndReason::Replaced }),
        Command::Reconnect => effects.wake_at = Some(now.plus_millis(50)),
        Command::StartChat { address } => effects.wire.push(Wire::Open { socket: SocketId(1), url: address }),
        Command::AddContact { address, .. } => {
            let (id, url) = (HttpId(1), address);
            let request = HttpRequest {
                id,
                url,
                post: None,
                probe: false,
                timeout_millis: 3_000,
                max_bytes: 64,
                farewell: false,
            };
            effects.wire.push(Wire::Http(request));
        }
        _ => {}
    }
}

/// The other end of a port, with what came out of it.
struct TestView {
    port: MessagePort,
    heard: Rc<RefCell<VecDeque<FromEngine>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl TestView {
    fn open(host: &Rc<Host<Scripted>>) -> Self {
        let channel = MessageChannel::new().unwrap();
        let heard = Rc::new(RefCell::new(VecDeque::new()));
        let hears = heard.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>().unwrap().to_vec();
            hears.borrow_mut().push_back(postcard::from_bytes(&bytes).unwrap());
        });
        let port = channel.port1();
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        host.serve(channel.port2());
        Self { port, heard, _on_message: on_message }
    }

    fn say(&self, message: &ToEngine) {
        let bytes = Uint8Array::from(postcard::to_allocvec(message).unwrap().as_slice());
        self.port.post_message_with_transferable(&bytes, &Array::of1(&bytes.buffer())).unwrap();
    }

    fn hello(&self, lifeline: Option<&str>) {
        let lifeline = lifeline.map(Into::into);
        self.say(&ToEngine::Hello { settings: WorkerSettings::default(), lifeline });
    }

    /// The next message, which must come soon.
    async fn next(&self) -> FromEngine {
        for _ in 0..800 {
            if let Some(message) = self.heard.borrow_mut().pop_front() {
                return message;
            }
            sleep(10).await;
        }
        panic!("nothing was heard")
    }

    /// Drops messages until this one.
    async fn until(&self, expected: &FromEngine) {
        while self.next().await != *expected {}
    }

    /// Says hello and takes over if needed; answers who is signed in.
    async fn get_in(&self) -> Vec<AccountId> {
        self.hello(None);
        loop {
            match self.next().await {
                FromEngine::HeldElsewhere => self.say(&ToEngine::TakeOver),
                FromEngine::Welcome { accounts, .. } => return accounts,
                _ => {}
            }
        }
    }

    fn sign_in(&self, account: &AccountId, password: &str, stay: bool) {
        let address = account.0.to_string();
        self.say(&ToEngine::SignIn(SignIn { address, password: Secret::new(password), stay }));
    }

    fn command(&self, account: &AccountId, command: Command) {
        self.say(&ToEngine::Command { account: account.clone(), id: CommandId(1), command });
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, callback: &Function) -> Promise;
}

/// Holds a lock as a page does, until the function is called.
async fn hold_until_called(name: &str) -> Function {
    let release = Rc::new(RefCell::new(None));
    let (releases, mut taken) = (release.clone(), None);
    let taken_promise = Promise::new(&mut |resolve, _| taken = Some(resolve));
    let callback = Closure::once_into_js(move || {
        taken.unwrap().call0(&JsValue::UNDEFINED).unwrap();
        Promise::new(&mut |resolve, _| *releases.borrow_mut() = Some(resolve))
    });
    drop(request_lock(name, callback.unchecked_ref()));
    JsFuture::from(taken_promise).await.unwrap();
    release.take().unwrap()
}

fn account(name: &str) -> AccountId {
    AccountId(BareJid::new(format!("{name}@host.test")))
}

fn told(account: &AccountId, update: Update) -> FromEngine {
    FromEngine::Updates { account: account.clone(), updates: vec![update] }
}

/// A host on a device that remembers nobody.
async fn first_host() -> Rc<Host<Scripted>> {
    clean_device().await;
    new_host()
}

fn new_host() -> Rc<Host<Scripted>> {
    Host::start(Hosting::Page, random_name("test-host-"))
}

#[wasm_bindgen_test]
async fn two_views_share_an_account_that_outlives_its_host() {
    let romeo = account("romeo");
    let host = first_host().await;
    let (one, two) = (TestView::open(&host), TestView::open(&host));
    assert!(matches!(one.next().await, FromEngine::Lifeline(_)));
    assert_eq!(one.get_in().await, []);
    assert_eq!(two.get_in().await, []);
    one.sign_in(&romeo, "right", true);
    for view in [&one, &two] {
        assert_eq!(view.next().await, FromEngine::SignedIn(romeo.clone()));
        assert_eq!(view.next().await, told(&romeo, Update::Synced));
        assert_eq!(view.next().await, told(&romeo, Update::Connection(ConnectionState::Online)));
    }

    let newer = new_host();
    let three = TestView::open(&newer);
    assert_eq!(three.get_in().await, std::slice::from_ref(&romeo));
    three.until(&told(&romeo, words("loaded 1"))).await;
    assert_eq!(one.next().await, FromEngine::HeldElsewhere, "the older host has let go");

    three.command(&romeo, Command::SignOut);
    three.until(&told(&romeo, Update::Ended(EndReason::SignedOut))).await;
    assert_eq!(databases_with("").await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn who_does_not_stay_leaves_nothing_on_the_disk() {
    let romeo = account("guest");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "right", false);
    view.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    assert_eq!(databases_with("").await, Vec::<String>::new());
    view.command(&romeo, Command::SignOut);
    view.until(&told(&romeo, Update::Ended(EndReason::SignedOut))).await;
    assert_eq!(databases_with("").await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn a_wrong_password_leaves_nothing_and_keeps_what_was_there() {
    let romeo = account("forgetful");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "wrong", true);
    assert_eq!(view.next().await, FromEngine::SignInFailed(SignInError::WrongPassword));
    assert_eq!(databases_with("").await, Vec::<String>::new());
    let typo = AccountId(BareJid::new("romeo"));
    view.sign_in(&typo, "right", true);
    assert_eq!(view.next().await, FromEngine::SignInFailed(SignInError::BadAddress));
    view.sign_in(&romeo, "right", true);
    view.until(&FromEngine::SignedIn(romeo.clone())).await;
    view.sign_in(&romeo, "right", true);
    view.until(&FromEngine::SignInFailed(SignInError::AlreadySignedIn)).await;
    view.command(&romeo, Command::SignOut);
    view.until(&told(&romeo, Update::Ended(EndReason::SignedOut))).await;
}

/// What cannot be opened now is not deleted because somebody typed a password.
#[wasm_bindgen_test]
async fn a_sign_in_over_data_that_cannot_be_opened_leaves_it_alone() {
    let romeo = account("keeper");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "right", true);
    view.until(&FromEngine::SignedIn(romeo.clone())).await;
    view.command(&romeo, Command::RemoveChat(romeo.0.clone()));
    view.until(&told(&romeo, Update::Ended(EndReason::Replaced))).await;
    raise_version(&romeo.0).await;
    let before = databases_with("keeper").await;
    assert_eq!(before.len(), 1);
    view.sign_in(&romeo, "wrong", true);
    loop {
        match view.next().await {
            FromEngine::SignInFailed(SignInError::Other(why)) => {
                assert!(why.contains("newer version"), "{why}");
                break;
            }
            FromEngine::SignInFailed(other) => panic!("{other:?}"),
            _ => {}
        }
    }
    assert_eq!(databases_with("keeper").await, before);
    clean_device().await;
}

#[wasm_bindgen_test]
async fn an_account_whose_database_the_browser_deleted_says_so_and_can_sign_out() {
    let romeo = account("evicted");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "right", true);
    view.until(&FromEngine::SignedIn(romeo.clone())).await;
    crate::store::AccountStore::delete(&romeo.0).await.unwrap();

    let view = TestView::open(&new_host());
    assert_eq!(view.get_in().await, std::slice::from_ref(&romeo));
    let FromEngine::Updates { updates, .. } = view.next().await else { panic!("updates") };
    let [Update::Connection(ConnectionState::Offline), Update::StorageTrouble(text)] = updates.as_slice() else {
        panic!("{updates:?}")
    };
    assert!(text.contains("the browser deleted it"), "{text}");
    view.command(&romeo, Command::SignOut);
    let left = EndReason::SignedOutIncompletely("the server could not be told to forget this device".into());
    view.until(&told(&romeo, Update::Ended(left))).await;
    assert_eq!(databases_with("").await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn what_is_no_message_is_dropped_and_the_next_one_is_heard() {
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    let junk = [
        JsValue::NULL,
        "a text".into(),
        object(&[("data", 1.into())]).into(),
        Uint8Array::from([0xff_u8; 40].as_slice()).into(),
        Uint8Array::new_with_length(0).into(),
    ];
    for junk in junk {
        view.port.post_message(&junk).unwrap();
    }
    view.say(&ToEngine::Ping);
    assert_eq!(view.next().await, FromEngine::Pong);
    view.say(&ToEngine::QueryStorage);
    let FromEngine::Storage(storage) = view.next().await else { panic!("storage") };
    assert!(storage.quota_bytes > 0);
}

#[wasm_bindgen_test]
async fn a_view_whose_lifeline_ends_is_gone() {
    let romeo = account("lonely");
    let host = first_host().await;
    let stays = TestView::open(&host);
    stays.get_in().await;
    stays.sign_in(&romeo, "right", false);
    stays.until(&FromEngine::SignedIn(romeo.clone())).await;

    let lock = random_name("test-view-");
    let release = hold_until_called(&lock).await;
    let goes = TestView::open(&host);
    goes.hello(Some(&lock));
    goes.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    release.call0(&JsValue::UNDEFINED).unwrap();
    stays.until(&told(&romeo, words("a view is gone"))).await;
}

#[wasm_bindgen_test]
async fn deadlines_sockets_and_requests_come_back_as_inputs() {
    let romeo = account("busy");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "right", false);
    view.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    view.command(&romeo, Command::Reconnect);
    assert_eq!(view.next().await, told(&romeo, words("tick")));

    for url in ["ws://example.org/", "wss://", "http://localhost/", "ws://127.0.0.1:9/"] {
        view.command(&romeo, Command::StartChat { address: url.into() });
        assert_eq!(view.next().await, told(&romeo, words("socket closed")), "{url}");
    }

    let origin = web_sys::window().unwrap().location().origin().unwrap();
    let requests = [
        ("http://example.org/".to_owned(), "Err(Network)"),
        ("http://127.0.0.1:9/".to_owned(), "Err(Network)"),
        (format!("{origin}/"), "Err(BadBody)"),
        (format!("{origin}/is-not-there"), "Ok((404, false))"),
    ];
    for (address, outcome) in requests {
        let command = Command::AddContact { address: address.clone(), name: None, groups: vec![] };
        view.command(&romeo, command);
        let heard = view.next().await;
        let is_expected = heard == told(&romeo, words(outcome)) || heard == told(&romeo, words("Ok((404, true))"));
        assert!(is_expected, "{address}: {heard:?}");
    }
    view.say(&ToEngine::Network { up: false });
    assert_eq!(view.next().await, told(&romeo, words("network false")));
}

#[wasm_bindgen_test]
async fn publishing_to_one_view_reaches_no_other() {
    let romeo = account("discreet");
    let host = first_host().await;
    let (one, two) = (TestView::open(&host), TestView::open(&host));
    one.get_in().await;
    two.get_in().await;
    one.sign_in(&romeo, "right", false);
    one.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    two.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    let private = (Audience::View(ViewId(2)), words("private"));
    host.handle(Event::Published(romeo.clone(), vec![private, (Audience::All, words("public"))]));
    assert_eq!(one.next().await, told(&romeo, words("public")));
    let updates = vec![words("private"), words("public")];
    assert_eq!(two.next().await, FromEngine::Updates { account: romeo, updates });
}
