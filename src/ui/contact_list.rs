//! The list of contacts, with the bookmarked rooms at its end.

use std::{rc::Rc, sync::Arc};

use plausch_model::{Bookmark, Contact};
use web_sys::MouseEvent;

use super::{
    Ui, bookmark,
    kit::{
        avatar::avatar,
        button::{self, Look, icon_button},
        empty::{empty, skeleton_rows},
        field::search,
        icon::icons,
        menu::{self, Item},
        row::Row,
        virtual_list::{Rows, virtual_list},
    },
    requests, wording,
};
use crate::reactive::*;
use crate::text::fold;
use crate::ui::draw::{Draw, Drawn, El, choose, effect, html, live, memo};
use crate::view::{Account, ContactEntry, ContactFilter, Dialog, OpenChat, Section};

/// Draws the list with its head; `heading` is the id that the heading gets.
pub fn contact_list(ui: Ui, heading: String) -> Drawn {
    let words = RwSignal::new(String::new());
    let filter = RwSignal::new(ContactFilter::default());
    let shown = memo(move || {
        let words = words.with(|words| fold::lower(words.trim()));
        Found(ui.state.account().map(|account| {
            let filter = filter.get();
            // Rooms are in no group of the roster, and nobody is there or not.
            let rooms = (filter == ContactFilter::All).then(|| account.bookmarks.filtered(&words));
            (account, account.contacts.filtered(&filter, &words), rooms.unwrap_or_default())
        }))
    });
    let add = move || ui.state.place.dialog.set(Some(Dialog::AddContact { address: String::new() }));
    let known = move || ui.state.account().is_some_and(|account| account.contacts.known.get());
    let none = choose(
        move || (known(), is_empty(ui), shown.with(Found::is_empty), filter.with(|f| *f == ContactFilter::Reachable)),
        move |(known, none, none_shown, reachable)| match (known, none, none_shown) {
            (false, true, _) => skeleton_rows(8),
            (true, true, _) => empty(
                icons::USERS_ROUND,
                ui.t(|t| t.no_contacts()),
                ui.t(|t| t.no_contacts_hint()),
                Some(button::button(Look::Primary, ui.t(|t| t.add_contact()), move |_| add())),
            ),
            (_, false, true) if reachable && words.with_untracked(String::is_empty) => {
                empty(icons::USERS_ROUND, ui.t(|t| t.nobody_here()), ui.t(|t| t.no_contacts_hint()), None)
            }
            (_, false, true) => {
                empty(icons::SEARCH, ui.t(|t| t.nothing_found()), ui.t(|t| t.nothing_found_hint()), None)
            }
            (_, false, false) => Drawn::nothing(),
        },
    );
    (
        html::div().attr("class", "list-head").child((
            html::h1().attr("id", heading).child(ui.t(|t| t.contacts())),
            icon_button(icons::USER_ROUND_PLUS, ui.t(|t| t.add_contact()), move |_| add()),
        )),
        search(ui, words, ui.t(|t| t.search_contacts())),
        filters(ui, filter),
        requests::requests(ui),
        virtual_list(ui, rows(ui, shown), none),
    )
        .drawn()
}

fn count(ui: Ui) -> usize {
    ui.state.account().map(|account| account.contacts.order().len()).unwrap_or_default()
}

/// Whether there is neither a contact nor a room.
fn is_empty(ui: Ui) -> bool {
    count(ui) == 0 && ui.state.account().is_none_or(|account| account.bookmarks.all().is_empty())
}

/// Contacts and rooms that a memo can compare.
#[derive(Clone)]
struct Found(Option<(Account, People, Rooms)>);

type People = Arc<Vec<Arc<ContactEntry>>>;
type Rooms = Arc<Vec<Bookmark>>;

impl Found {
    fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|(_, found, rooms)| found.is_empty() && rooms.is_empty())
    }

    /// The contacts, and behind them the rooms.
    fn rows(&self) -> Arc<Vec<Entry>> {
        let Some((account, found, rooms)) = &self.0 else { return Arc::default() };
        let mut rows: Vec<Entry> = Vec::with_capacity(found.len());
        rows.extend(found.iter().map(|entry| Entry::Person(Person { account: *account, entry: Arc::clone(entry) })));
        if !rooms.is_empty() {
            rows.push(Entry::RoomsBelow);
        }
        rows.extend(rooms.iter().map(|room| Entry::Room(OpenChat { account: *account, jid: room.jid.clone() })));
        Arc::new(rows)
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some((account, found, rooms)), Some((other_account, others, other_rooms))) => {
                account == other_account && Arc::ptr_eq(found, others) && Arc::ptr_eq(rooms, other_rooms)
            }
            (None, None) => true,
            _ => false,
        }
    }
}

#[derive(Clone)]
struct Person {
    account: Account,
    entry: Arc<ContactEntry>,
}

impl PartialEq for Person {
    fn eq(&self, other: &Self) -> bool {
        self.account == other.account && Arc::ptr_eq(&self.entry, &other.entry)
    }
}

/// A row of the list.
#[derive(Clone, PartialEq)]
enum Entry {
    Person(Person),
    /// The heading of the rooms.
    RoomsBelow,
    Room(OpenChat),
}

fn rows(ui: Ui, shown: Memo<Found>) -> Rows<Entry> {
    Rows {
        section: Section::Contacts,
        name: live(move || ui.texts().contacts()),
        all: memo(move || shown.with(Found::rows)),
        key: |row| match row {
            Entry::Person(person) => person.entry.jid.to_string(),
            Entry::RoomsBelow => String::new(),
            Entry::Room(room) => bookmark::key(room),
        },
        draw: |ui, row| match row {
            Entry::Person(person) => draw_row(ui, person),
            Entry::RoomsBelow => {
                html::li().attr("class", "row row-heading").child(html::h2().child(ui.t(|t| t.rooms())))
            }
            Entry::Room(room) => bookmark::row(ui, room),
        },
        count: live(move || count(ui).to_string()),
        unread: None,
    }
}

/// Chips that narrow the list: who is here, and the roster groups.
fn filters(ui: Ui, filter: RwSignal<ContactFilter>) -> Drawn {
    let groups = memo(move || ui.state.account().map(|account| account.contacts.groups()).unwrap_or_default());
    let chip = move |value: ContactFilter, name: Drawn| {
        let own = value.clone();
        html::button()
            .attr("type", "button")
            .attr("class", "chip")
            .attr("aria-pressed", live(move || if filter.with(|filter| *filter == own) { "true" } else { "false" }))
            .on(ev::click, move |_| filter.set(value.clone()))
            .child(name)
    };
    // A group that is gone can't stay chosen.
    effect(move || {
        let groups = groups.get();
        let gone =
            filter.with_untracked(|filter| matches!(filter, ContactFilter::Group(name) if !groups.contains(name)));
        if gone {
            filter.set(ContactFilter::All);
        }
    });
    let of_groups = move || {
        let chips = groups.get().into_iter().map(|group| {
            let name = html::bdi().child(group.clone()).drawn();
            chip(ContactFilter::Group(group), name).drawn()
        });
        chips.collect::<Vec<_>>()
    };
    html::div()
        .attr("class", "chips")
        .attr("role", "group")
        .attr("aria-label", ui.t(|t| t.groups()))
        .child((
            chip(ContactFilter::All, ui.t(|t| t.group_all()).drawn()),
            chip(ContactFilter::Reachable, ui.t(|t| t.group_reachable()).drawn()),
            live(of_groups),
        ))
        .drawn()
}

fn draw_row(ui: Ui, person: &Person) -> El {
    let account = person.account;
    let jid = person.entry.jid.clone();
    let contact = person.entry.contact.clone();
    let whom = OpenChat { account, jid: jid.clone() };
    let here = whom.clone();
    let current = memo(move || ui.state.place.chat.with(|chat| chat.as_ref() == Some(&here)));
    let (name, photo, letters, line, state, labelled) =
        (contact.clone(), contact.clone(), contact.clone(), contact.clone(), contact.clone(), contact);
    let presence = memo(move || state.with(|contact| wording::presence(contact.availability)));
    let label = move |contact: &Contact| {
        [&contact.name, ", ", wording::availability(ui.texts(), contact.availability)].concat()
    };
    let face = avatar(
        ui,
        account,
        jid.clone(),
        move || letters.with(|contact| contact.name.clone()),
        move || photo.with(|contact| contact.avatar.clone()),
    );
    let dot = html::span().attr("class", "presence-dot").attr("data-presence", live(move || presence.get()));
    Row {
        key: jid.to_string(),
        label: live(move || labelled.with(label)),
        current: Box::new(move || current.get()),
        face: (face, dot).drawn(),
        name: live(move || name.with(|contact| contact.name.clone())),
        behind: Drawn::nothing(),
        below: live(move || line.with(|contact| second_line(ui, contact))).drawn(),
        badge: Drawn::nothing(),
        unseen: Drawn::nothing(),
        open: Box::new(move || ui.state.open_chat_with(account, jid.clone())),
        menu: Rc::new(move |event| context_menu(ui, &whom, event)),
    }
    .draw()
    .attr("data-presence", live(move || presence.get()))
}

/// The status text, or what there is to know instead.
fn second_line(ui: Ui, contact: &Contact) -> String {
    let t = ui.texts();
    if contact.blocked {
        return t.blocked_hint().to_owned();
    }
    if contact.asked {
        return t.asked().to_owned();
    }
    let status = contact.status.as_deref().map(str::trim).filter(|status| !status.is_empty());
    status.map_or_else(|| wording::availability(t, contact.availability).to_owned(), str::to_owned)
}

fn context_menu(ui: Ui, whom: &OpenChat, event: &MouseEvent) {
    menu::open_at_row(ui, event, untrack(|| whom.account.name_of(&whom.jid)), actions(ui, whom));
}

/// What can be done with a contact.
pub fn actions(ui: Ui, whom: &OpenChat) -> Vec<Item> {
    let t = ui.words();
    let dialog = move |dialog: Dialog| move || ui.state.place.dialog.set(Some(dialog.clone()));
    let details = whom.clone();
    vec![
        Item::new(icons::INFO, t.details(), move || {
            ui.state.open_chat_with(details.account, details.jid.clone());
            ui.state.place.details.set(true);
        }),
        Item::new(icons::PENCIL, t.edit_contact(), dialog(Dialog::EditContact(whom.clone()))),
        Item::danger(icons::BAN, t.block(), dialog(Dialog::Block(whom.clone()))),
        Item::danger(icons::USER_ROUND_X, t.remove_contact(), dialog(Dialog::RemoveContact(whom.clone()))),
    ]
}
