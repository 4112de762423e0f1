//! The quick switcher: a few letters lead to any chat or contact. Unread chats come first.

use plausch_model::{AvatarId, BareJid};
use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    super::{
        Ui,
        kit::{
            avatar::avatar,
            dialog::{Size, dialog},
            dom::{self, Step},
            icon::{icon, icons},
        },
    },
    close,
};
use crate::reactive::*;
use crate::text::fold;
use crate::ui::draw::{Draw, Drawn, NodeRef, html, live, memo};
use crate::view::Account;
use crate::view::sort_by;

/// How many places are offered.
const MOST: usize = 12;

#[derive(Clone, PartialEq)]
struct Target {
    account: Account,
    jid: BareJid,
    name: String,
    address: String,
    avatar: Option<AvatarId>,
    unread: u32,
}

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

fn targets(ui: Ui, words: &str) -> Vec<Target> {
    let chats = ui.state.chat_rows().into_iter().map(|row| {
        let account = row.account;
        row.entry.summary.with_untracked(|chat| Target {
            account,
            jid: chat.jid.clone(),
            name: chat.name.clone(),
            address: chat.address.clone(),
            avatar: chat.avatar.clone(),
            unread: chat.unread,
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
            }));
        }
    }
    let mut ranked: Vec<(usize, Target)> = all
        .into_iter()
        .filter_map(|target| {
            let rank = rank(&target.name, words).into_iter().chain(rank(&target.address, words)).min()?;
            Some((rank, target))
        })
        .collect();
    sort_by(&mut ranked, |(a, one), (b, other)| (a, one.unread == 0).cmp(&(b, other.unread == 0)));
    ranked.into_iter().take(MOST).map(|(_, target)| target).collect()
}

fn index32(chosen: RwSignal<usize>) -> u32 {
    u32::try_from(chosen.get_untracked()).unwrap_or(u32::MAX)
}

/// Draws the switcher.
pub fn go_to(ui: Ui) -> Drawn {
    let words = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let found = memo(move || targets(ui, &words.with(|words| fold::lower(words.trim()))));
    let list = NodeRef::<HtmlElement>::new();
    let list_id = ui.unique("targets");
    let option_id = {
        let list_id = list_id.clone();
        move |index: usize| [list_id.as_str(), "-", &index.to_string()].concat()
    };
    let active = option_id.clone();
    let go = move |index: usize| {
        let Some(target) = found.with_untracked(|found| found.get(index).cloned()) else { return };
        close(ui);
        ui.state.open_chat_with(target.account, target.jid);
    };
    let key = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        if event.key() == "Enter" {
            event.prevent_default();
            go(chosen.get_untracked());
        } else if let Some(step @ Step::By(-1 | 1)) = Step::of(&event) {
            event.prevent_default();
            chosen.update(|chosen| *chosen = step.from(Some(*chosen), found.with_untracked(Vec::len)));
            if let Some(option) = list.get_untracked().and_then(|list| list.children().item(index32(chosen))) {
                dom::reveal(&option);
            }
        }
    };
    let options = live(move || {
        let all = found.get().into_iter().enumerate();
        all.map(|(index, target)| option(ui, &target, option_id(index), index, chosen, go)).collect::<Vec<_>>()
    });
    let body = (
        html::div().attr("class", "search").child((
            icon(icons::SEARCH),
            html::input()
                .attr("type", "text")
                .attr("role", "combobox")
                .attr("autofocus", true)
                .attr("autocomplete", "off")
                .attr("dir", "auto")
                .attr("aria-label", ui.t(|t| t.go_to_hint()))
                .attr("placeholder", ui.t(|t| t.go_to_hint()))
                .attr("aria-expanded", "true")
                .attr("aria-controls", list_id.clone())
                .attr(
                    "aria-activedescendant",
                    live(move || found.with(|found| !found.is_empty()).then(|| active(chosen.get()))),
                )
                .on(ev::input, move |event| {
                    words.set(event_target_value(&event));
                    chosen.set(0);
                })
                .on(ev::keydown, key),
        )),
        html::div()
            .attr("class", "targets")
            .attr("role", "listbox")
            .attr("id", list_id)
            .attr("aria-label", ui.t(|t| t.go_to()))
            .node_ref(list)
            .child(options),
        html::p()
            .attr("class", "dialog-hint")
            .attr("role", "status")
            .child(live(move || found.with(Vec::is_empty).then(|| ui.texts().nothing_found()))),
    );
    dialog(ui, Size::Small, ui.t(|t| t.go_to()), move || close(ui), body.drawn())
}

fn option(
    ui: Ui,
    target: &Target,
    id: String,
    index: usize,
    chosen: RwSignal<usize>,
    go: impl Fn(usize) + 'static,
) -> Drawn {
    let (name, photo) = (target.name.clone(), target.avatar.clone());
    html::div()
        .attr("class", "target")
        .attr("role", "option")
        .attr("id", id)
        .attr("aria-selected", live(move || if chosen.get() == index { "true" } else { "false" }))
        .on(ev::click, move |_| go(index))
        .child((
            avatar(ui, target.account, target.jid.clone(), move || name.clone(), move || photo.clone()),
            html::span().attr("class", "row-words").child((
                html::bdi().attr("class", "row-name").child(target.name.clone()),
                html::bdi().attr("class", "row-preview").child(target.address.clone()),
            )),
            (target.unread > 0).then(|| html::span().attr("class", "badge").child(target.unread.to_string())),
        ))
        .drawn()
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
