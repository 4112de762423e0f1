//! What the engine says.

use plausch_model::{
    AccountId, Command, CommandError, CommandId, EndReason, FromEngine, TimelineItem, ToEngine, Update,
};

use super::{Expected, Phase, Pictures, Reply, State};
use crate::view::{Account, Section, search::Page};

impl State {
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
