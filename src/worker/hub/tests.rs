mod lock;

use super::*;

const ROMEO: &str = "romeo@example.org";
const ONE: ViewId = ViewId(1);
const TWO: ViewId = ViewId(2);

fn parse(typed: &str, default_domain: Option<&str>) -> Result<BareJid, SignInError> {
    match (typed.contains('@'), default_domain) {
        (true, _) => Ok(BareJid::new(typed)),
        (false, Some(domain)) => Ok(BareJid::new(format!("{typed}@{domain}"))),
        (false, None) => Err(SignInError::BadAddress),
    }
}

fn romeo() -> AccountId {
    AccountId(BareJid::new(ROMEO))
}

fn hello() -> ToEngine {
    let settings = WorkerSettings { default_domain: Some("example.org".into()), ..WorkerSettings::default() };
    ToEngine::Hello { settings, lifeline: Some("lock".into()) }
}

fn sign_in(address: &str, stay: bool) -> ToEngine {
    ToEngine::SignIn(SignIn { address: address.into(), password: Secret::new("r0m30"), stay })
}

/// A hub with so many views, before anything else.
fn hub(views: u32) -> Hub {
    let mut hub = Hub::new(Hosting::SharedWorker, parse);
    for _ in 0..views {
        hub.connect();
    }
    hub
}

/// A running hub with greeted views, in which romeo is signed in.
fn signed_in(views: u32) -> Hub {
    let mut hub = hub(views);
    hub.handle(Event::LockTaken);
    hub.handle(Event::Remembered(vec![romeo()]));
    (1..=views).for_each(|view| drop(hub.handle(Event::Message(ViewId(view), hello()))));
    hub
}

fn check(hub: &mut Hub, event: Event, expected: &[&str]) {
    let actions: Vec<_> = hub.handle(event).iter().map(brief).collect();
    assert_eq!(actions, expected);
}

fn brief(action: &Action) -> String {
    let text = format!("{action:?}");
    [("ViewId", ""), ("AccountId(BareJid(\"romeo@example.org\"))", "romeo")]
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

#[test]
fn a_view_is_welcomed_once_the_lock_is_ours_and_the_accounts_are_known() {
    let mut hub = hub(1);
    check(&mut hub, Event::Message(ONE, hello()), &["Watch((1), \"lock\")"]);
    check(&mut hub, Event::LockTaken, &["Remember"]);
    let begin = brief(&Action::Begin(
        romeo(),
        Begin {
            settings: WorkerSettings { default_domain: Some("example.org".into()), ..WorkerSettings::default() },
            origin: Origin::Remembered,
        },
    ));
    check(
        &mut hub,
        Event::Remembered(vec![romeo()]),
        &[&begin, "Post([(1)], Welcome { accounts: [romeo], hosting: SharedWorker })", "Feed(romeo, ViewOpened((1)))"],
    );
}

#[test]
fn accounts_wait_for_the_first_view_and_begin_once() {
    let mut hub = hub(2);
    hub.handle(Event::LockTaken);
    check(&mut hub, Event::Remembered(vec![romeo()]), &[]);
    assert_eq!(hub.handle(Event::Message(ONE, hello())).len(), 4);
    check(
        &mut hub,
        Event::Message(TWO, hello()),
        &[
            "Watch((2), \"lock\")",
            "Post([(2)], Welcome { accounts: [romeo], hosting: SharedWorker })",
            "Feed(romeo, ViewOpened((2)))",
        ],
    );
}

#[test]
fn a_sign_in_is_announced_to_every_view_when_its_session_begins() {
    let mut hub = hub(2);
    hub.handle(Event::LockTaken);
    hub.handle(Event::Remembered(vec![]));
    hub.handle(Event::Message(ONE, hello()));
    hub.handle(Event::Message(TWO, hello()));
    let begun = hub.handle(Event::Message(ONE, sign_in("romeo", true)));
    let [Action::Begin(account, Begin { origin: Origin::SignInAndStay(password), .. })] = begun.as_slice() else {
        panic!("{begun:?}")
    };
    assert_eq!((account, password.expose()), (&romeo(), "r0m30"));
    check(&mut hub, Event::Published(romeo(), vec![(Audience::All, Update::Synced)]), &[]);
    check(
        &mut hub,
        Event::SignedIn(romeo()),
        &["Post([(1), (2)], SignedIn(romeo))", "Feed(romeo, ViewOpened((1)))", "Feed(romeo, ViewOpened((2)))"],
    );
    check(
        &mut hub,
        Event::Published(romeo(), vec![(Audience::All, Update::Synced)]),
        &["Post([(1), (2)], Updates { account: romeo, updates: [Synced] })"],
    );
}

#[test]
fn a_sign_in_that_is_faster_than_the_start_waits_for_it() {
    let mut hub = hub(1);
    hub.handle(Event::Message(ONE, hello()));
    check(&mut hub, Event::Message(ONE, sign_in("romeo", true)), &[]);
    hub.handle(Event::LockTaken);
    let begun = hub.handle(Event::Remembered(vec![]));
    assert!(
        matches!(begun.as_slice(), [Action::Post(..), Action::Begin(account, _)] if *account == romeo()),
        "{begun:?}"
    );
}

#[test]
fn a_failed_sign_in_is_told_to_who_asked_and_can_be_tried_again() {
    let mut hub = hub(2);
    hub.handle(Event::LockTaken);
    hub.handle(Event::Remembered(vec![]));
    hub.handle(Event::Message(ONE, hello()));
    hub.handle(Event::Message(TWO, hello()));
    hub.handle(Event::Message(TWO, sign_in(ROMEO, false)));
    check(&mut hub, Event::Message(ONE, sign_in(ROMEO, false)), &["Post([(1)], SignInFailed(AlreadySignedIn))"]);
    check(
        &mut hub,
        Event::Ended(romeo(), EndReason::SignInFailed(SignInError::WrongPassword)),
        &["Post([(2)], SignInFailed(WrongPassword))"],
    );
    let again = hub.handle(Event::Message(TWO, sign_in(ROMEO, false)));
    assert!(matches!(again.as_slice(), [Action::Begin(_, Begin { origin: Origin::SignInInMemory(_), .. })]));
}

#[test]
fn a_bad_address_begins_nothing() {
    let mut hub = Hub::new(Hosting::Page, parse);
    hub.connect();
    hub.handle(Event::LockTaken);
    hub.handle(Event::Remembered(vec![]));
    let settings = WorkerSettings::default();
    hub.handle(Event::Message(ONE, ToEngine::Hello { settings, lifeline: None }));
    check(&mut hub, Event::Message(ONE, sign_in("romeo", true)), &["Post([(1)], SignInFailed(BadAddress))"]);
}

#[test]
fn nobody_signs_in_before_hello_or_while_held_elsewhere() {
    let mut hub = hub(1);
    check(&mut hub, Event::Message(ONE, sign_in(ROMEO, true)), &["Post([(1)], SignInFailed(Temporary(None)))"]);
    hub.handle(Event::Message(ONE, hello()));
    hub.handle(Event::LockRefused);
    check(&mut hub, Event::Message(ONE, sign_in(ROMEO, true)), &["Post([(1)], SignInFailed(Temporary(None)))"]);
}

#[test]
fn each_view_gets_its_own_updates_in_order_and_in_one_message() {
    let mut hub = signed_in(2);
    let updates = vec![
        (Audience::View(TWO), Update::Synced),
        (Audience::All, Update::StorageTrouble("full".into())),
        (Audience::View(TWO), Update::Synced),
    ];
    check(
        &mut hub,
        Event::Published(romeo(), updates),
        &[
            "Post([(1)], Updates { account: romeo, updates: [StorageTrouble(\"full\")] })",
            "Post([(2)], Updates { account: romeo, updates: [Synced, StorageTrouble(\"full\"), Synced] })",
        ],
    );
    check(&mut hub, Event::Published(romeo(), vec![(Audience::View(ViewId(9)), Update::Synced)]), &[]);
}

#[test]
fn commands_reach_their_account_and_unknown_accounts_are_answered() {
    let mut hub = signed_in(1);
    let command = |account| ToEngine::Command { account, id: CommandId(4), command: Command::Reconnect };
    check(
        &mut hub,
        Event::Message(ONE, command(romeo())),
        &["Feed(romeo, Command { view: (1), id: CommandId(4), command: Reconnect })"],
    );
    let unknown = AccountId(BareJid::new("x@y"));
    let actions = hub.handle(Event::Message(ONE, command(unknown)));
    assert!(brief(&actions[0]).contains("Done { command: CommandId(4), result: Err(NotFound) }"));
}

#[test]
fn a_view_that_goes_is_closed_once_and_the_others_stay() {
    let mut hub = signed_in(2);
    check(&mut hub, Event::Message(ONE, ToEngine::Bye), &["Close((1))", "Feed(romeo, ViewClosed((1)))"]);
    check(&mut hub, Event::ViewGone(ONE), &[]);
    check(&mut hub, Event::Message(ONE, hello()), &[]);
    check(
        &mut hub,
        Event::Published(romeo(), vec![(Audience::All, Update::Synced)]),
        &["Post([(2)], Updates { account: romeo, updates: [Synced] })"],
    );
}

#[test]
fn the_end_of_an_account_is_told_to_all_and_it_may_sign_in_again() {
    let mut hub = signed_in(2);
    check(
        &mut hub,
        Event::Ended(romeo(), EndReason::SignedOut),
        &["Post([(1), (2)], Updates { account: romeo, updates: [Ended(SignedOut)] })"],
    );
    let again = hub.handle(Event::Message(ONE, sign_in(ROMEO, true)));
    assert!(matches!(again.as_slice(), [Action::Begin(..)]));
}

#[test]
fn a_change_of_the_network_is_told_once_and_to_accounts_that_begin_later() {
    let mut hub = signed_in(2);
    let network = |up| ToEngine::Network { up };
    check(&mut hub, Event::Message(ONE, network(true)), &[]);
    check(&mut hub, Event::Message(ONE, network(false)), &["Feed(romeo, Network { up: false })"]);
    check(&mut hub, Event::Message(TWO, network(false)), &[]);
    let begun = hub.handle(Event::Message(ONE, sign_in("juliet", false)));
    assert!(matches!(begun.as_slice(), [Action::Begin(..), Action::Feed(_, Input::Network { up: false })]));
    assert_eq!(hub.handle(Event::Message(TWO, network(true))).len(), 2);
}

#[test]
fn only_views_without_a_lifeline_are_swept_and_an_answer_saves_them() {
    let mut hub = signed_in(1);
    check(&mut hub, Event::Sweep, &[]);
    let silent = hub.connect();
    hub.handle(Event::Message(silent, ToEngine::Hello { settings: WorkerSettings::default(), lifeline: None }));
    for _ in 0..MISSED_PINGS {
        check(&mut hub, Event::Sweep, &["Post([(2)], Ping)"]);
    }
    check(&mut hub, Event::Message(silent, ToEngine::Pong), &[]);
    for _ in 0..MISSED_PINGS {
        check(&mut hub, Event::Sweep, &["Post([(2)], Ping)"]);
    }
    check(&mut hub, Event::Sweep, &["Close((2))", "Feed(romeo, ViewClosed((2)))"]);
}

#[test]
fn a_host_that_loses_the_lock_stops_and_goes_on_when_it_gets_it_back() {
    let mut hub = signed_in(1);
    check(&mut hub, Event::LockLost, &["StopAll", "ForgetKey", "Post([(1)], HeldElsewhere)", "QueueForLock"]);
    check(&mut hub, Event::Published(romeo(), vec![(Audience::All, Update::Synced)]), &[]);
    check(&mut hub, Event::Message(ONE, ToEngine::TakeOver), &["StealLock"]);
    check(&mut hub, Event::LockTaken, &["Remember"]);
    assert_eq!(hub.handle(Event::Remembered(vec![romeo()])).len(), 3);
    check(&mut hub, Event::Message(ONE, ToEngine::TakeOver), &[]);
}

#[test]
fn a_waiting_host_tells_views_that_come_later_too() {
    let mut hub = hub(1);
    check(&mut hub, Event::LockRefused, &["Post([], HeldElsewhere)"]);
    check(&mut hub, Event::Message(ONE, hello()), &["Watch((1), \"lock\")", "Post([(1)], HeldElsewhere)"]);
}

#[test]
fn a_second_hello_starts_the_view_over() {
    let mut hub = signed_in(1);
    check(
        &mut hub,
        Event::Message(ONE, hello()),
        &[
            "Feed(romeo, ViewClosed((1)))",
            "Post([(1)], Welcome { accounts: [romeo], hosting: SharedWorker })",
            "Feed(romeo, ViewOpened((1)))",
        ],
    );
}

#[test]
fn what_the_device_remembers_counts_only_while_the_lock_is_ours() {
    let mut hub = hub(1);
    hub.handle(Event::Message(ONE, hello()));
    hub.handle(Event::LockTaken);
    hub.handle(Event::LockLost);
    check(&mut hub, Event::Remembered(vec![romeo()]), &[]);
}
