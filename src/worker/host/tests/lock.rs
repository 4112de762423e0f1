//! The lock, from port to disk.

use plausch_model::{AutoLock, LockError};

use super::*;

const PASSPHRASE: &str = "correct horse";

impl TestView {
    fn request(&self, request: LockRequest) {
        self.say(&ToEngine::Lock(request));
    }

    fn unlock(&self, passphrase: &str) {
        self.request(LockRequest::Unlock(Secret::new(passphrase)));
    }

    fn protect(&self, old: Option<&str>, new: Option<&str>) {
        self.request(LockRequest::Protect { old: old.map(Secret::new), new: new.map(Secret::new) });
    }

    /// Says hello and takes over if needed; it must be locked.
    async fn get_to_the_lock(&self) {
        self.hello(None);
        loop {
            match self.next().await {
                FromEngine::HeldElsewhere => self.say(&ToEngine::TakeOver),
                FromEngine::Locked => return,
                FromEngine::Lifeline(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What is told of an account until the answer to a request.
    async fn until_answered(&self, expected: &Result<(), LockError>) -> Vec<FromEngine> {
        let mut heard = vec![];
        loop {
            match self.next().await {
                FromEngine::LockAnswer(answer) if answer == *expected => return heard,
                FromEngine::LockAnswer(answer) => panic!("{answer:?}"),
                other => heard.push(other),
            }
        }
    }
}

/// Signed in to stay, with a passphrase.
async fn protected(host: &Rc<Host<Scripted>>, account: &AccountId) -> TestView {
    let view = TestView::open(host);
    view.get_in().await;
    view.sign_in(account, "right", true);
    view.until(&told(account, Update::Connection(ConnectionState::Online))).await;
    view.protect(None, Some(PASSPHRASE));
    assert_eq!(view.next().await, FromEngine::Passphrase(Some(AutoLock::QuarterHour)));
    assert_eq!(view.next().await, FromEngine::LockAnswer(Ok(())));
    view
}

#[wasm_bindgen_test]
async fn all_views_lock_and_unlock_together_and_the_account_is_as_it_was() {
    let romeo = account("locked");
    let host = first_host().await;
    let one = protected(&host, &romeo).await;
    let two = TestView::open(&host);
    assert_eq!(two.get_in().await, std::slice::from_ref(&romeo));
    assert_eq!(two.next().await, FromEngine::Passphrase(Some(AutoLock::QuarterHour)));
    two.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;

    one.say(&ToEngine::LockNow);
    one.until(&FromEngine::Locked).await;
    two.until(&FromEngine::Locked).await;
    assert!(!host.vault.is_unlocked() && host.accounts.borrow().is_empty());
    one.command(&romeo, Command::Reconnect);
    let FromEngine::Updates { updates, .. } = one.next().await else { panic!("updates") };
    assert!(matches!(updates.as_slice(), [Update::Done { result: Err(_), .. }]));
    one.sign_in(&romeo, "right", true);
    assert_eq!(one.next().await, FromEngine::SignInFailed(SignInError::Temporary(None)));

    one.unlock("correct house");
    assert_eq!(one.next().await, FromEngine::LockAnswer(Err(LockError::WrongPassphrase)));
    // Two tabs at once: the second finds it open.
    two.unlock(PASSPHRASE);
    one.unlock(PASSPHRASE);
    for view in [&one, &two] {
        let heard = view.until_answered(&Ok(())).await;
        let welcome = FromEngine::Welcome { accounts: vec![romeo.clone()], hosting: Hosting::Page };
        assert_eq!(heard[..2], [welcome, FromEngine::Passphrase(Some(AutoLock::QuarterHour))]);
    }
    // What was stored is read again.
    host.handle(Event::Clock(host.now()));
    one.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    one.command(&romeo, Command::SignOut);
    one.until(&told(&romeo, Update::Ended(EndReason::SignedOut))).await;
    assert_eq!(databases_with("").await, Vec::<String>::new(), "the lock went with the last account");
    assert!(!host.vault.is_unlocked());
}

#[wasm_bindgen_test]
async fn a_new_host_starts_locked_and_what_is_forgotten_can_be_deleted() {
    let romeo = account("forgotten");
    drop(protected(&first_host().await, &romeo).await);
    let host = new_host();
    let view = TestView::open(&host);
    view.get_to_the_lock().await;
    view.unlock("");
    assert_eq!(view.next().await, FromEngine::LockAnswer(Err(LockError::WrongPassphrase)));
    view.request(LockRequest::Wipe);
    assert_eq!(view.next().await, FromEngine::LockAnswer(Ok(())));
    assert_eq!(view.next().await, FromEngine::Welcome { accounts: vec![], hosting: Hosting::Page });
    assert_eq!(databases_with("").await, Vec::<String>::new());
    view.sign_in(&romeo, "right", true);
    view.until(&FromEngine::SignedIn(romeo.clone())).await;
    view.command(&romeo, Command::SignOut);
    view.until(&told(&romeo, Update::Ended(EndReason::SignedOut))).await;
}

#[wasm_bindgen_test]
async fn what_was_said_before_the_lock_is_still_done() {
    let romeo = account("hasty");
    let view = protected(&first_host().await, &romeo).await;
    view.command(&romeo, Command::SignOut);
    view.say(&ToEngine::LockNow);
    view.until(&FromEngine::Locked).await;
    // Nothing is left that could be unlocked.
    view.until(&FromEngine::Welcome { accounts: vec![], hosting: Hosting::Page }).await;
    assert_eq!(databases_with("").await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn whoever_keeps_nothing_here_has_nothing_to_lock() {
    let romeo = account("passing");
    let view = TestView::open(&first_host().await);
    view.get_in().await;
    view.sign_in(&romeo, "right", false);
    view.until(&told(&romeo, Update::Connection(ConnectionState::Online))).await;
    view.protect(None, Some(PASSPHRASE));
    assert_eq!(view.next().await, FromEngine::LockAnswer(Err(LockError::NothingKept)));
    assert_eq!(databases_with("").await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn out_of_use_it_locks_and_an_account_that_signs_in_later_is_locked_as_well() {
    let (romeo, juliet) = (account("early"), account("late"));
    let host = first_host().await;
    let view = protected(&host, &romeo).await;
    view.sign_in(&juliet, "right", true);
    view.until(&FromEngine::SignedIn(juliet.clone())).await;
    view.request(LockRequest::SetAutoLock(AutoLock::FiveMinutes));
    view.until(&FromEngine::Passphrase(Some(AutoLock::FiveMinutes))).await;
    view.until(&FromEngine::LockAnswer(Ok(()))).await;
    view.say(&ToEngine::Used);
    view.say(&ToEngine::Ping);
    view.until(&FromEngine::Pong).await;
    host.handle(Event::Clock(host.now().plus_millis(299_000)));
    assert!(host.vault.is_unlocked());
    host.handle(Event::Clock(host.now().plus_millis(300_000)));
    view.until(&FromEngine::Locked).await;
    view.unlock(PASSPHRASE);
    let heard = view.until_answered(&Ok(())).await;
    let everybody = |heard: &FromEngine| matches!(heard, FromEngine::Welcome { accounts, .. } if accounts.len() == 2);
    assert!(heard.iter().any(everybody), "{heard:?}");
    clean_device().await;
}
