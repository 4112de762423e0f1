//! Where a few letters lead to: chats, contacts, rooms, and things to do.

use plausch_model::{AvatarId, BareJid};

use super::super::super::{
    Ui,
    kit::icon::{Icon, icons},
};
use crate::text::{Texts, fold};
use crate::view::{Account, Dialog, SettingsSection, sort_by};

/// How many chats, contacts and rooms are offered.
const MOST: usize = 12;
/// How many of them where messages are shown as well.
const MOST_WITH_MESSAGES: usize = 5;

/// A chat, contact or room.
#[derive(Clone, PartialEq)]
pub struct Target {
    /// Whose.
    pub account: Account,
    /// Their address.
    pub jid: BareJid,
    /// Their name.
    pub name: String,
    /// The address as people should see it.
    pub address: String,
    /// Their picture.
    pub avatar: Option<AvatarId>,
    /// Messages that were not read.
    pub unread: u32,
    /// Whether it is a bookmarked room.
    pub room: bool,
}

/// Something to do.
#[derive(Clone, Copy)]
pub struct Action {
    /// Its picture.
    pub icon: Icon,
    /// What it is called.
    pub name: fn(&'static Texts) -> &'static str,
    /// What it opens.
    pub opens: fn(Account) -> Dialog,
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.icon == other.icon
    }
}

/// Everything there is to do.
const ACTIONS: [Action; 9] = [
    Action { icon: icons::SQUARE_PEN, name: |t| t.new_chat(), opens: |_| Dialog::NewChat { address: String::new() } },
    Action {
        icon: icons::USER_ROUND_PLUS,
        name: |t| t.add_contact(),
        opens: |_| Dialog::AddContact { address: String::new() },
    },
    Action {
        icon: icons::USER_ROUND,
        name: |t| t.edit_profile(),
        opens: |_| Dialog::Settings(SettingsSection::Profile),
    },
    Action { icon: icons::PALETTE, name: |t| t.appearance(), opens: |_| Dialog::Settings(SettingsSection::Appearance) },
    Action { icon: icons::LANGUAGES, name: |t| t.language(), opens: |_| Dialog::Settings(SettingsSection::Language) },
    Action { icon: icons::EYE, name: |t| t.privacy(), opens: |_| Dialog::Settings(SettingsSection::Privacy) },
    Action { icon: icons::PLUG_ZAP, name: |t| t.connection(), opens: Dialog::Connection },
    Action { icon: icons::KEYBOARD, name: |t| t.shortcuts(), opens: |_| Dialog::Shortcuts },
    Action { icon: icons::LOG_OUT, name: |t| t.log_out(), opens: Dialog::LogOut },
];

/// How well a name fits what was typed: lower is better; `None` not at all.
fn rank(name: &str, words: &str) -> Option<usize> {
    let name = fold::lower(name);
    if name.starts_with(words) {
        return Some(0);
    }
    if name.split(|sign: char| !fold::is_word(sign)).any(|word| word.starts_with(words)) {
        return Some(1);
    }
    if name.contains(words) {
        return Some(2);
    }
    let mut letters = words.chars().filter(|letter| !letter.is_whitespace());
    let mut next = letters.next();
    for letter in name.chars() {
        if Some(letter) == next {
            next = letters.next();
        }
    }
    next.is_none().then_some(3)
}

/// The chats, contacts and rooms that fit, the best first. Unread chats come before others that fit as well.
pub fn targets(ui: Ui, words: &str) -> Vec<Target> {
    let chats = ui.state.chat_rows().into_iter().map(|row| {
        let account = row.account;
        row.entry.summary.with_untracked(|chat| Target {
            account,
            jid: chat.jid.clone(),
            name: chat.name.clone(),
            address: chat.address.clone(),
            avatar: chat.avatar.clone(),
            unread: chat.unread,
            room: false,
        })
    });
    let mut all: Vec<Target> = chats.collect();
    for account in ui.state.accounts.get() {
        for entry in account.contacts.order().iter().filter(|entry| account.chats.find(&entry.jid).is_none()) {
            all.push(entry.contact.with_untracked(|contact| Target {
                account,
                jid: contact.jid.clone(),
                name: contact.name.clone(),
                address: contact.address.clone(),
                avatar: contact.avatar.clone(),
                unread: 0,
                room: false,
            }));
        }
        all.extend(account.bookmarks.all().iter().map(|room| Target {
            account,
            jid: room.jid.clone(),
            name: room.name.clone(),
            address: room.address.clone(),
            avatar: None,
            unread: 0,
            room: true,
        }));
    }
    let mut ranked: Vec<(usize, Target)> = all
        .into_iter()
        .filter_map(|target| {
            let rank = rank(&target.name, words).into_iter().chain(rank(&target.address, words)).min()?;
            Some((rank, target))
        })
        .collect();
    sort_by(&mut ranked, |(a, one), (b, other)| (a, one.unread == 0).cmp(&(b, other.unread == 0)));
    let most = if words.is_empty() { MOST } else { MOST_WITH_MESSAGES };
    ranked.into_iter().take(most).map(|(_, target)| target).collect()
}

/// The things to do that fit: by a word of their name.
pub fn actions(ui: Ui, words: &str) -> Vec<Action> {
    let fits =
        |action: &Action| !words.is_empty() && rank((action.name)(ui.texts()), words).is_some_and(|rank| rank < 2);
    ACTIONS.into_iter().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn beginnings_come_before_middles_and_scattered_letters() {
        assert_eq!(rank("Romeo Montague", "rom"), Some(0));
        assert_eq!(rank("Romeo Montague", "mont"), Some(1));
        assert_eq!(rank("Romeo Montague", "tag"), Some(2));
        assert_eq!(rank("Romeo Montague", "rmt"), Some(3));
        assert_eq!(rank("Romeo Montague", "xyz"), None);
        assert_eq!(rank("Romeo", ""), Some(0));
    }
}
