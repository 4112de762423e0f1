//! Locked starts, unlocking, locking.

use plausch_model::LockError;

use super::*;

fn request(request: LockRequest) -> ToEngine {
    ToEngine::Lock(request)
}

fn unlock() -> ToEngine {
    request(LockRequest::Unlock(Secret::new("correct horse")))
}

fn protect() -> ToEngine {
    request(LockRequest::Protect { old: None, new: Some(Secret::new("correct horse")) })
}

fn unlocked() -> Event {
    Event::CarriedOut(Outcome::Unlocked(vec![romeo()], AutoLock::FiveMinutes))
}

/// A hub with greeted views on a device that is locked.
fn locked(views: u32) -> Hub {
    let mut hub = hub(views);
    (1..=views).for_each(|view| drop(hub.handle(Event::Message(ViewId(view), hello()))));
    hub.handle(Event::LockTaken);
    hub.handle(Event::Locked);
    hub
}

/// A hub with greeted views, a passphrase and romeo.
fn protected(views: u32) -> Hub {
    let mut hub = locked(views);
    hub.handle(Event::Message(ONE, unlock()));
    hub.handle(unlocked());
    hub
}

fn kinds(actions: &[Action]) -> Vec<String> {
    let short = |action: &Action| match action {
        Action::Begin(..) => "Begin".to_owned(),
        Action::CarryOut(_) => "CarryOut".to_owned(),
        action => brief(action),
    };
    actions.iter().map(short).collect()
}

#[test]
fn a_locked_start_begins_nothing_and_says_so_to_every_view() {
    let mut hub = hub(2);
    hub.handle(Event::Message(ONE, hello()));
    hub.handle(Event::LockTaken);
    check(&mut hub, Event::Locked, &["Post([(1)], Locked)"]);
    check(&mut hub, Event::Message(TWO, hello()), &["Watch((2), \"lock\")", "Post([(2)], Locked)"]);
    check(&mut hub, Event::Locked, &[]);
}

#[test]
fn nobody_signs_in_or_commands_while_it_is_locked() {
    let mut hub = hub(1);
    hub.handle(Event::Message(ONE, hello()));
    check(&mut hub, Event::Message(ONE, sign_in(ROMEO, true)), &[]);
    hub.handle(Event::LockTaken);
    check(&mut hub, Event::Locked, &["Post([(1)], Locked)", "Post([(1)], SignInFailed(Temporary(None)))"]);
    for stay in [true, false] {
        check(&mut hub, Event::Message(ONE, sign_in(ROMEO, stay)), &["Post([(1)], SignInFailed(Temporary(None)))"]);
    }
    let command = ToEngine::Command { account: romeo(), id: CommandId(4), command: Command::Reconnect };
    let refused = hub.handle(Event::Message(ONE, command));
    assert!(brief(&refused[0]).contains("Err(NotFound)"), "{refused:?}");
    check(&mut hub, Event::Message(ONE, protect()), &["Post([(1)], LockAnswer(Err(NotNow)))"]);
}

#[test]
fn the_right_passphrase_starts_the_accounts_and_tells_all_views() {
    let mut hub = locked(2);
    check(&mut hub, Event::Message(TWO, unlock()), &["CarryOut(Unlock(Secret(…)))"]);
    let actions = hub.handle(unlocked());
    assert_eq!(
        kinds(&actions),
        [
            "Begin",
            "Post([(1)], Welcome { accounts: [romeo], hosting: SharedWorker })",
            "Post([(1)], Passphrase(Some(FiveMinutes)))",
            "Feed(romeo, ViewOpened((1)))",
            "Post([(2)], Welcome { accounts: [romeo], hosting: SharedWorker })",
            "Post([(2)], Passphrase(Some(FiveMinutes)))",
            "Feed(romeo, ViewOpened((2)))",
            "Post([(2)], LockAnswer(Ok(())))",
        ]
    );
}

#[test]
fn a_wrong_passphrase_is_told_to_who_tried_and_another_try_is_free() {
    let mut hub = locked(2);
    hub.handle(Event::Message(TWO, unlock()));
    let wrong = Event::CarriedOut(Outcome::Refused(LockError::WrongPassphrase));
    check(&mut hub, wrong, &["Post([(2)], LockAnswer(Err(WrongPassphrase)))"]);
    assert_eq!(kinds(&hub.handle(Event::Message(TWO, unlock()))), ["CarryOut"]);
}

#[test]
fn attempts_come_one_after_another_however_many_views_make_them() {
    let mut hub = locked(3);
    assert_eq!(kinds(&hub.handle(Event::Message(ONE, unlock()))), ["CarryOut"]);
    check(&mut hub, Event::Message(TWO, unlock()), &[]);
    check(&mut hub, Event::Message(ViewId(3), unlock()), &[]);
    check(&mut hub, Event::Message(TWO, unlock()), &["Post([(2)], LockAnswer(Err(NotNow)))"]);
    let wrong = || Event::CarriedOut(Outcome::Refused(LockError::WrongPassphrase));
    let next = ["Post([(1)], LockAnswer(Err(WrongPassphrase)))", "CarryOut"];
    assert_eq!(kinds(&hub.handle(wrong())), next);
    let actions = hub.handle(unlocked());
    let answers = ["Post([(2)], LockAnswer(Ok(())))", "Post([(3)], LockAnswer(Ok(())))"];
    assert!(kinds(&actions).ends_with(&answers.map(String::from)), "the third finds it open: {actions:?}");
    check(&mut hub, wrong(), &[]);
}

#[test]
fn a_view_that_said_no_hello_tries_nothing() {
    let mut hub = locked(1);
    let stranger = hub.connect();
    check(&mut hub, Event::Message(stranger, unlock()), &["Post([(2)], LockAnswer(Err(NotNow)))"]);
}

#[test]
fn locking_ends_all_and_tells_every_view_at_once() {
    let mut hub = protected(2);
    let locked = ["Post([(1), (2)], Locked)", "FinishAll", "ForgetKey"];
    check(&mut hub, Event::Message(TWO, ToEngine::LockNow), &locked);
    check(&mut hub, Event::Published(romeo(), vec![(Audience::All, Update::Synced)]), &[]);
    check(&mut hub, Event::Message(ONE, ToEngine::LockNow), &[]);
    assert_eq!(kinds(&hub.handle(Event::Message(ONE, unlock()))), ["CarryOut"]);
    assert_eq!(kinds(&hub.handle(unlocked()))[0], "Begin");
}

#[test]
fn without_a_passphrase_nothing_locks_and_the_view_is_told_anew() {
    let mut hub = signed_in(1);
    check(
        &mut hub,
        Event::Message(ONE, ToEngine::LockNow),
        &[
            "Feed(romeo, ViewClosed((1)))",
            "Post([(1)], Welcome { accounts: [romeo], hosting: SharedWorker })",
            "Feed(romeo, ViewOpened((1)))",
        ],
    );
    check(&mut hub, Event::Clock(Timestamp(0)), &[]);
    check(&mut hub, Event::Clock(Timestamp(i64::MAX)), &[]);
}

#[test]
fn it_locks_by_itself_when_nobody_has_used_it_by_the_clock() {
    let mut hub = protected(1);
    let minutes = |minutes: i64| Timestamp(1_000_000 + minutes * 60_000);
    check(&mut hub, Event::Clock(minutes(0)), &[]);
    check(&mut hub, Event::Clock(minutes(4)), &[]);
    check(&mut hub, Event::Used(minutes(4)), &[]);
    check(&mut hub, Event::Clock(minutes(8)), &[]);
    let locked = ["Post([(1)], Locked)", "FinishAll", "ForgetKey"];
    check(&mut hub, Event::Clock(minutes(9)), &locked);
    check(&mut hub, Event::Clock(minutes(60)), &[]);
    // Time begins anew with every unlocking.
    hub.handle(Event::Message(ONE, unlock()));
    hub.handle(unlocked());
    check(&mut hub, Event::Clock(minutes(100)), &[]);
    check(&mut hub, Event::Clock(minutes(104)), &[]);
}

#[test]
fn who_wakes_the_machine_too_late_finds_it_locked() {
    let mut hub = protected(1);
    check(&mut hub, Event::Used(Timestamp(0)), &[]);
    check(&mut hub, Event::Used(Timestamp(300_000)), &["Post([(1)], Locked)", "FinishAll", "ForgetKey"]);
    hub.handle(Event::Message(ONE, unlock()));
    hub.handle(unlocked());
    check(&mut hub, Event::Clock(Timestamp(900_000)), &[]);
}

#[test]
fn never_is_never() {
    let mut hub = protected(1);
    hub.handle(Event::Message(ONE, request(LockRequest::SetAutoLock(AutoLock::Never))));
    let never = Event::CarriedOut(Outcome::Protected(Some(AutoLock::Never)));
    check(&mut hub, never, &["Post([(1)], Passphrase(Some(Never)))", "Post([(1)], LockAnswer(Ok(())))"]);
    check(&mut hub, Event::Used(Timestamp(0)), &[]);
    check(&mut hub, Event::Clock(Timestamp(i64::MAX)), &[]);
    assert_eq!(hub.handle(Event::Message(ONE, ToEngine::LockNow)).len(), 3);
}

#[test]
fn a_passphrase_is_set_and_removed_and_all_views_know() {
    let mut hub = signed_in(2);
    assert_eq!(kinds(&hub.handle(Event::Message(ONE, protect()))), ["CarryOut"]);
    check(
        &mut hub,
        Event::CarriedOut(Outcome::Protected(Some(AutoLock::QuarterHour))),
        &["Post([(1), (2)], Passphrase(Some(QuarterHour)))", "Post([(1)], LockAnswer(Ok(())))"],
    );
    hub.handle(Event::Message(TWO, request(LockRequest::Protect { old: None, new: None })));
    check(
        &mut hub,
        Event::CarriedOut(Outcome::Protected(None)),
        &["Post([(1), (2)], Passphrase(None))", "Post([(2)], LockAnswer(Ok(())))"],
    );
    check(&mut hub, Event::Clock(Timestamp(i64::MAX)), &[]);
}

#[test]
fn what_was_locked_while_its_passphrase_changed_is_looked_at_again() {
    let mut hub = protected(1);
    hub.handle(Event::Message(ONE, request(LockRequest::Protect { old: None, new: None })));
    hub.handle(Event::Message(ONE, ToEngine::LockNow));
    let removed = Event::CarriedOut(Outcome::Protected(None));
    check(&mut hub, removed, &["Remember", "Post([(1)], LockAnswer(Ok(())))"]);
    assert_eq!(kinds(&hub.handle(Event::Remembered(vec![romeo()])))[0], "Begin");
}

#[test]
fn a_host_that_lost_the_lock_keeps_no_key_that_comes_late() {
    let mut hub = locked(1);
    hub.handle(Event::Message(ONE, unlock()));
    hub.handle(Event::LockLost);
    check(&mut hub, unlocked(), &["ForgetKey", "Post([(1)], LockAnswer(Err(NotNow)))"]);
    let mut hub = protected(1);
    let lost = ["StopAll", "ForgetKey", "Post([(1)], HeldElsewhere)", "QueueForLock"];
    check(&mut hub, Event::LockLost, &lost);
    hub.handle(Event::LockTaken);
    check(&mut hub, Event::Locked, &["Post([(1)], Locked)"]);
}

#[test]
fn wiping_needs_no_passphrase_and_works_only_where_it_is_locked() {
    let mut hub = protected(1);
    let wipe = || Event::Message(ONE, request(LockRequest::Wipe));
    check(&mut hub, wipe(), &["Post([(1)], LockAnswer(Err(NotNow)))"]);
    hub.handle(Event::Message(ONE, ToEngine::LockNow));
    check(&mut hub, wipe(), &["CarryOut(Wipe)"]);
    let wiped = Event::CarriedOut(Outcome::Wiped(Ok(())));
    check(&mut hub, wiped, &["Remember", "Post([(1)], LockAnswer(Ok(())))"]);
    let welcome = ["Post([(1)], Welcome { accounts: [], hosting: SharedWorker })"];
    check(&mut hub, Event::Remembered(vec![]), &welcome);
    assert_eq!(kinds(&hub.handle(Event::Message(ONE, sign_in(ROMEO, true)))), ["Begin"]);
}

#[test]
fn with_the_last_account_the_passphrase_is_gone() {
    let mut hub = protected(2);
    check(&mut hub, Event::Unprotected, &["Post([(1), (2)], Passphrase(None))"]);
    check(&mut hub, Event::Unprotected, &[]);
    check(&mut hub, Event::Clock(Timestamp(i64::MAX)), &[]);
    // Also where it was on its way out when the app was locked.
    let mut hub = locked(1);
    check(&mut hub, Event::Unprotected, &["Remember"]);
    let mut hub = locked(1);
    hub.handle(Event::Message(ONE, unlock()));
    let nothing = Event::CarriedOut(Outcome::Refused(LockError::NothingKept));
    check(&mut hub, nothing, &["Remember", "Post([(1)], LockAnswer(Err(NothingKept)))"]);
}
