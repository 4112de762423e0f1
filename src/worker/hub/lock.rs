//! The lock, as far as the hub is concerned: locked, there is no account, and one view after another may try a passphrase.

use std::mem;

use plausch_engine::take_first;
use plausch_model::{AccountId, AutoLock, FromEngine, LockError, LockRequest, Timestamp, ViewId};

use super::{Action, Hub, Stage};

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is unlocked: these accounts are remembered, and so it locks by itself.
    Unlocked(Vec<AccountId>, AutoLock),
    /// Whether a passphrase is set now, and when it locks by itself.
    Protected(Option<AutoLock>),
    /// Everything is deleted, or not all of it: what is left, in words.
    Wiped(Result<(), String>),
    /// It was not carried out.
    Refused(LockError),
}

impl Hub {
    /// The device has a lock.
    pub(super) fn found_locked(&mut self) {
        if matches!(self.stage, Stage::Starting) {
            self.show_locked();
            mem::take(&mut self.early).into_iter().for_each(|(view, sign_in)| self.try_sign_in(view, sign_in));
        }
    }

    /// A view may have let go of everything already, and has to see what there is if nothing is locked.
    pub(super) fn lock_now(&mut self, from: ViewId) {
        match (&self.stage, self.passphrase) {
            (Stage::Running(_), Some(_)) => self.lock(),
            (Stage::Running(_), None) if self.greeted().contains(&from) => self.start_over(from),
            _ => {}
        }
    }

    /// What was said before is still done: what waits to be sent, and what was typed, is on the disk then.
    fn lock(&mut self) {
        self.show_locked();
        self.actions.push(Action::FinishAll);
        self.forget();
    }

    fn show_locked(&mut self) {
        self.stage = Stage::Locked;
        self.actions.push(Action::Post(self.greeted(), FromEngine::Locked));
    }

    /// Knows no account any more, and no key.
    pub(super) fn forget(&mut self) {
        self.accounts.clear();
        (self.passphrase, self.used_at) = (None, None);
        self.actions.push(Action::ForgetKey);
    }

    /// Somebody uses the app, unless that comes too late.
    pub(super) fn used(&mut self, now: Timestamp) {
        self.lock_if_unused(now);
        self.used_at = Some(now);
    }

    /// Locks if nobody has used the app for too long, by the clock: a machine may have slept.
    pub(super) fn lock_if_unused(&mut self, now: Timestamp) {
        let Some(limit) = self.passphrase.and_then(AutoLock::millis) else { return };
        let used_at = *self.used_at.get_or_insert(now);
        if now.millis_since(used_at) >= limit && matches!(self.stage, Stage::Running(_)) {
            self.lock();
        }
    }

    /// One request at a time, and one of each view.
    pub(super) fn request(&mut self, from: ViewId, request: LockRequest) {
        if self.requests.iter().any(|(view, _)| *view == from) || !self.greeted().contains(&from) {
            return self.answer(from, Err(LockError::NotNow));
        }
        self.requests.push((from, request));
        if self.requests.len() == 1 {
            self.next_request();
        }
    }

    fn next_request(&mut self) {
        while let Some((from, request)) = self.requests.first().cloned() {
            let answer = match (&request, &self.stage) {
                (LockRequest::Unlock(_) | LockRequest::Wipe, Stage::Locked)
                | (LockRequest::Protect { .. } | LockRequest::SetAutoLock(_), Stage::Running(_)) => {
                    return self.actions.push(Action::CarryOut(request));
                }
                // Somebody else was faster.
                (LockRequest::Unlock(_), Stage::Running(_)) => Ok(()),
                _ => Err(LockError::NotNow),
            };
            drop(take_first(&mut self.requests));
            self.answer(from, answer);
        }
    }

    /// The app may have been locked, or the accounts taken over by another host, in the meantime.
    pub(super) fn carried_out(&mut self, outcome: Outcome) {
        let Some((from, _)) = take_first(&mut self.requests) else { return };
        let answer = match (outcome, &self.stage) {
            (Outcome::Refused(error), stage) => {
                if error == LockError::NothingKept && matches!(stage, Stage::Locked) {
                    self.look_again();
                }
                Err(error)
            }
            (Outcome::Unlocked(accounts, auto_lock), Stage::Locked) => {
                self.stage = Stage::Running(accounts);
                (self.passphrase, self.used_at) = (Some(auto_lock), None);
                self.greeted().into_iter().for_each(|view| self.welcome(view));
                Ok(())
            }
            (Outcome::Wiped(wiped), Stage::Locked) => {
                self.look_again();
                wiped.map_err(LockError::Storage)
            }
            (Outcome::Protected(passphrase), Stage::Running(_)) => {
                self.set_passphrase(passphrase);
                Ok(())
            }
            (Outcome::Protected(_), Stage::Locked) => {
                // There may be no passphrase any more that would unlock it.
                self.look_again();
                Ok(())
            }
            (Outcome::Wiped(wiped), _) => wiped.map_err(LockError::Storage),
            (Outcome::Unlocked(..) | Outcome::Protected(_), _) => {
                self.actions.push(Action::ForgetKey);
                Err(LockError::NotNow)
            }
        };
        self.answer(from, answer);
        self.next_request();
    }

    fn look_again(&mut self) {
        self.stage = Stage::Starting;
        self.actions.push(Action::Remember);
    }

    /// It may have been locked while that account was on its way out.
    pub(super) fn unprotected(&mut self) {
        match self.stage {
            Stage::Locked => self.look_again(),
            _ => self.set_passphrase(None),
        }
    }

    fn set_passphrase(&mut self, passphrase: Option<AutoLock>) {
        if self.passphrase != passphrase {
            (self.passphrase, self.used_at) = (passphrase, None);
            self.actions.push(Action::Post(self.greeted(), FromEngine::Passphrase(passphrase)));
        }
    }

    fn answer(&mut self, to: ViewId, answer: Result<(), LockError>) {
        self.post(to, FromEngine::LockAnswer(answer));
    }
}
