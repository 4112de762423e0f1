//! The details pane: who somebody is, and what can be done about them.

use plausch_model::{Command, Contact, Profile, Subscription};
use web_sys::HtmlElement;

use super::{
    Room, Ui, conversation,
    kit::{
        avatar::avatar,
        button::{self, Look, icon_button},
        dom,
        icon::icons,
    },
    wording,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, choose, html, live};
use crate::view::{Dialog, OpenChat};

/// Draws the pane while it is open.
pub fn details(ui: Ui) -> Drawn {
    let place = ui.state.place;
    choose(
        move || place.chat.get().filter(|_| place.details.get()),
        move |chat| chat.map(|chat| pane(ui, chat)).drawn(),
    )
}

fn pane(ui: Ui, chat: OpenChat) -> Drawn {
    let place = ui.state.place;
    ui.state.command(chat.account, Command::LoadProfile(chat.jid.clone()));
    let of_contact = {
        let (watched, whom) = (chat.clone(), chat.clone());
        choose(
            move || watched.account.contacts.watch(&watched.jid).is_some(),
            move |is_contact| if is_contact { known(ui, &whom) } else { stranger(ui, &whom) },
        )
    };
    let close = icon_button(
        if ui.room.get_untracked() == Room::Narrow { icons::ARROW_LEFT } else { icons::X },
        ui.t(|t| t.close()),
        move |event| {
            // The pane goes: the focus returns to the button that opens it.
            let root = dom::nearest(&event, ".plausch");
            place.details.set(false);
            if let Some(opener) = root.and_then(|root| dom::find(&root, ".chat-head [aria-expanded]")) {
                dom::focus_quietly(&opener);
            }
        },
    );
    let pane = NodeRef::<HtmlElement>::new();
    pane.on_load(|pane| {
        // Only for whoever has just opened it: with another chat it is drawn anew, and the focus belongs elsewhere.
        let opened = dom::focused(&pane).is_some_and(|focused| focused.has_attribute("aria-expanded"));
        if let Some(close) = dom::find(&pane, "button").filter(|_| opened) {
            dom::focus_quietly(&close);
        }
    });
    html::aside()
        .attr("class", "details")
        .node_ref(pane)
        .attr("aria-label", ui.t(|t| t.details()))
        .child((
            html::header().attr("class", "details-head").child((html::h2().child(ui.t(|t| t.details())), close)),
            html::div().attr("class", "details-body").child((who(ui, chat.clone()), of_contact, profile(ui, chat))),
        ))
        .drawn()
}

fn who(ui: Ui, chat: OpenChat) -> Drawn {
    let OpenChat { account, jid } = chat;
    let (letters, named, shown, seen, written) = (jid.clone(), jid.clone(), jid.clone(), jid.clone(), jid.clone());
    let photo = move || account.contacts.watch(&shown)?.contact.with(|contact| contact.avatar.clone());
    let presence = live(move || {
        let entry = account.contacts.watch(&seen)?;
        Some(entry.contact.with(|contact| wording::availability(ui.texts(), contact.availability)))
    });
    let address = move || {
        let of_contact =
            account.contacts.watch(&written).map(|entry| entry.contact.with(|contact| contact.address.clone()));
        let of_chat = || account.chats.watch(&written).map(|entry| entry.summary.with(|chat| chat.address.clone()));
        of_contact.or_else(of_chat).unwrap_or_else(|| written.to_string())
    };
    let copied = address.clone();
    html::div()
        .attr("class", "who")
        .child((
            avatar(ui, account, jid, move || account.name_of(&letters), photo),
            html::p().attr("class", "who-name").child(html::bdi().child(live(move || account.name_of(&named)))),
            html::p().attr("class", "who-presence").child(presence),
            html::p().attr("class", "who-address").child((
                html::bdi().child(live(address)),
                icon_button(icons::COPY, ui.t(|t| t.copy_address()), move |_| {
                    conversation::copy(ui, untrack(&copied));
                }),
            )),
        ))
        .drawn()
}

fn known(ui: Ui, whom: &OpenChat) -> Drawn {
    let Some(entry) = whom.account.contacts.find(&whom.jid) else { return Drawn::nothing() };
    let (described, contact) = (entry.contact.clone(), entry.contact.clone());
    let open = |dialog: fn(OpenChat) -> Dialog| {
        let whom = whom.clone();
        move |_| ui.state.place.dialog.set(Some(dialog(whom.clone())))
    };
    let (unblock, block) = (whom.clone(), open(Dialog::Block));
    (
        choose(move || described.with(|contact| described_in(ui, contact)), facts),
        html::div().attr("class", "details-actions").child((
            button::button(Look::Plain, ui.t(|t| t.edit_contact()), open(Dialog::EditContact)),
            choose(
                move || contact.with(|contact| contact.blocked),
                move |blocked| match blocked {
                    true => unblock_button(ui, unblock.clone()),
                    false => button::button(Look::Danger, ui.t(|t| t.block()), block.clone()),
                },
            ),
            button::button(Look::Plain, ui.t(|t| t.export_chat()), open(Dialog::Export)),
            button::button(Look::Danger, ui.t(|t| t.remove_contact()), open(Dialog::RemoveContact)),
            button::button(Look::Danger, ui.t(|t| t.remove_chat()), open(Dialog::RemoveChat)),
        )),
    )
        .drawn()
}

fn unblock_button(ui: Ui, whom: OpenChat) -> Drawn {
    button::button(Look::Plain, ui.t(|t| t.unblock()), move |_| {
        ui.act(whom.account, Command::Unblock(whom.jid.clone()));
    })
}

/// What is known of a contact, in words.
fn described_in(ui: Ui, contact: &Contact) -> Vec<(&'static str, String)> {
    let t = ui.texts();
    let sharing = match contact.subscription {
        Subscription::Both => t.sharing_both(),
        Subscription::To => t.sharing_to(),
        Subscription::From => t.sharing_from(),
        Subscription::None if contact.asked => t.asked(),
        Subscription::None => t.sharing_none(),
    };
    let status = contact.status.as_ref().map(|status| status.trim().to_owned()).filter(|status| !status.is_empty());
    let mut rows = vec![(t.sharing(), sharing.to_owned())];
    rows.extend(status.map(|status| (t.status(), status)));
    if !contact.groups.is_empty() {
        rows.push((t.groups(), contact.groups.join(", ")));
    }
    rows
}

fn stranger(ui: Ui, whom: &OpenChat) -> Drawn {
    let (add, watched, unblock) = (whom.clone(), whom.clone(), whom.clone());
    let open = |dialog: fn(OpenChat) -> Dialog| {
        let whom = whom.clone();
        move |_| ui.state.place.dialog.set(Some(dialog(whom.clone())))
    };
    let open_block = open(Dialog::Block);
    let blocked =
        move || watched.account.chats.watch(&watched.jid).is_some_and(|entry| entry.summary.with(|chat| chat.blocked));
    let block = choose(blocked, move |blocked| {
        if blocked {
            unblock_button(ui, unblock.clone())
        } else {
            button::button(Look::Danger, ui.t(|t| t.block()), open_block.clone())
        }
    });
    html::div()
        .attr("class", "details-actions")
        .child((
            button::button(Look::Primary, ui.t(|t| t.add_contact()), move |_| {
                ui.state.place.dialog.set(Some(Dialog::AddContact { address: add.jid.to_string() }));
            }),
            block,
            button::button(Look::Plain, ui.t(|t| t.export_chat()), open(Dialog::Export)),
            button::button(Look::Danger, ui.t(|t| t.remove_chat()), open(Dialog::RemoveChat)),
        ))
        .drawn()
}

/// What they say of themselves.
fn profile(ui: Ui, chat: OpenChat) -> Drawn {
    let of = move || chat.account.profiles.with(|profiles| profiles.get(&chat.jid).cloned().flatten());
    choose(move || of().map(|profile| profile_rows(ui, profile)), |rows| rows.map(facts).drawn())
}

fn profile_rows(ui: Ui, profile: Profile) -> Vec<(&'static str, String)> {
    let t = ui.texts();
    let one = |name: &'static str, value: Option<String>| value.into_iter().map(move |value| (name, value));
    let many = |name: &'static str, values: Vec<String>| values.into_iter().map(move |value| (name, value));
    one(t.profile_full_name(), profile.full_name)
        .chain(one(t.profile_nickname(), profile.nickname))
        .chain(many(t.profile_email(), profile.emails))
        .chain(many(t.profile_phone(), profile.phones))
        .chain(many(t.profile_url(), profile.urls))
        .chain(one(t.profile_organisation(), profile.organisation))
        .chain(one(t.profile_birthday(), profile.birthday))
        .chain(one(t.profile_note(), profile.note))
        .filter(|(_, value)| !value.trim().is_empty())
        .collect()
}

/// Names and values, one below the other.
pub fn facts(rows: Vec<(&'static str, String)>) -> Drawn {
    let rows: Vec<Drawn> = rows
        .into_iter()
        .map(|(name, value)| {
            html::div()
                .attr("class", "fact")
                .child((html::dt().child(name), html::dd().attr("dir", "auto").child(value)))
                .drawn()
        })
        .collect();
    html::dl().attr("class", "facts").child(rows).drawn()
}
