//! The navigation: a rail beside the list, or a bar below it on narrow screens.

use web_sys::{HtmlElement, MouseEvent};

use super::{
    Ui,
    kit::{
        avatar::avatar,
        dom,
        icon::{Icon, icon, icons},
        menu::{Item, Menu},
    },
    lock,
};
use crate::reactive::{Memo, ev};
use crate::ui::Word;
use crate::ui::draw::{Draw, Drawn, El, choose, html, live, memo};
use crate::{
    text::{Plural, Texts, format},
    view::{Account, Dialog, Section, SettingsSection},
};

/// Draws the navigation.
pub fn nav(ui: Ui) -> Drawn {
    let place = ui.state.place;
    let unread = memo(move || ui.state.unread());
    let requests = memo(move || ui.state.request_count() as u64);
    html::nav()
        .attr("class", "rail")
        .attr("aria-label", ui.t(|t| t.main()))
        .child((
            entry(
                ui,
                icons::MESSAGE_CIRCLE,
                ui.t(|t| t.chats()),
                Some(Section::Chats),
                Some((unread, |t| t.unread())),
                move |_| {
                    show(ui, Section::Chats);
                },
            ),
            entry(
                ui,
                icons::USERS_ROUND,
                ui.t(|t| t.contacts()),
                Some(Section::Contacts),
                Some((requests, |t| t.request_count())),
                move |_| show(ui, Section::Contacts),
            ),
            entry(ui, icons::SETTINGS, ui.t(|t| t.settings()), None, None, move |_| {
                place.dialog.set(Some(Dialog::Settings(SettingsSection::default())));
            }),
            html::span().attr("class", "rail-space"),
            choose(
                move || ui.state.account().map(Chosen),
                move |account| account.map(|Chosen(account)| account_button(ui, account)).drawn(),
            ),
        ))
        .drawn()
}

/// An account that a memo can hold.
#[derive(Clone, Copy, PartialEq)]
struct Chosen(Account);

fn show(ui: Ui, section: Section) {
    ui.state.place.section.set(section);
}

fn entry(
    ui: Ui,
    mark: Icon,
    name: Word,
    section: Option<Section>,
    count: Option<Count>,
    click: impl FnMut(MouseEvent) + 'static,
) -> Drawn {
    let click: Box<dyn FnMut(MouseEvent)> = Box::new(click);
    let current = live(move || section.filter(|section| ui.state.place.section.get() == *section).map(|_| "page"));
    let id = ui.unique("count");
    let described = count.is_some().then(|| id.clone());
    let (badge, words) = count.map(|count| badge(ui, id, count)).unzip();
    let button = html::button()
        .attr("type", "button")
        .attr("class", "rail-entry")
        .attr("aria-current", current)
        .attr("aria-describedby", described)
        .on(ev::click, click)
        .child((
            html::span().attr("class", "rail-mark").child(icon(mark)),
            html::span().attr("class", "rail-name").child(name),
            badge,
        ));
    (button, words).drawn()
}

/// A number, and the words for it.
type Count = (Memo<u64>, fn(&'static Texts) -> Plural);

/// A number on an icon. The button keeps its plain name; the number in words, which stands beside it, describes it.
fn badge(ui: Ui, id: String, (count, words): Count) -> (Drawn, El) {
    let number = live(move || {
        let count = count.get();
        let shown = if count > 999 { "999+".into() } else { format::number(ui.locale(), count as f64) };
        (count > 0).then(|| html::span().attr("class", "badge").attr("aria-hidden", "true").child(shown))
    });
    let words = live(move || (count.get() > 0).then(|| ui.plural(words, count.get() as f64)));
    (number.drawn(), html::span().attr("class", "unseen").attr("id", id).attr("aria-hidden", "true").child(words))
}

fn account_button(ui: Ui, account: Account) -> Drawn {
    html::button()
        .attr("type", "button")
        .attr("class", "rail-account")
        .attr("aria-haspopup", "menu")
        .attr("aria-label", ui.t(|t| t.account()))
        .attr("title", live(move || account.own.with(|own| own.address.clone())))
        .on(ev::click, move |event| {
            if let Some(anchor) = dom::current::<HtmlElement>(&event) {
                ui.menu.set(Some(account_menu(ui, account, anchor)));
            }
        })
        .child((
            avatar(
                ui,
                account,
                account.jid(),
                move || account.own_name(),
                move || account.own.with(|own| own.avatar.clone()),
            ),
            html::span().attr("class", "account-dot"),
        ))
        .drawn()
}

fn account_menu(ui: Ui, account: Account, anchor: HtmlElement) -> Menu {
    let t = ui.words();
    let open = move |dialog: Dialog| move || ui.state.place.dialog.set(Some(dialog.clone()));
    let address = account.own.with_untracked(|own| own.address.clone());
    let name = account.own.with_untracked(|own| own.nickname.clone()).unwrap_or_else(|| address.clone());
    let mut items = vec![
        Item::new(icons::USER_ROUND, t.edit_profile(), open(Dialog::Settings(SettingsSection::Profile))),
        Item::new(icons::PLUG_ZAP, t.connection(), open(Dialog::Connection(account))),
        Item::new(icons::KEYBOARD, t.shortcuts(), open(Dialog::Shortcuts)),
    ];
    if lock::is_set(ui) {
        items.push(Item::new(icons::LOCK, t.lock(), move || {
            lock::lock(ui);
        }));
    }
    items.push(Item::danger(icons::LOG_OUT, t.log_out(), open(Dialog::LogOut(account))));
    Menu { name: t.account().to_owned(), head: Some((name, address)), items, panel: None, anchor, point: None }
}
