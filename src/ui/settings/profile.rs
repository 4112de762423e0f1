//! Our own name and picture.

use crate::page::spawn;
use plausch_model::{Command, ProfileChange};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::{
    super::{
        Ui,
        kit::{
            avatar::avatar,
            button::{self, Look},
            field::{Field, Kind, field},
            icon::{icon, icons},
        },
        wording,
    },
    page, picture,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, html, live, when};
use crate::view::{Account, NoticeKind, Reply};

/// Draws the page.
pub fn profile(ui: Ui) -> Drawn {
    let Some(account) = untrack(|| ui.state.account()) else { return Drawn::nothing() };
    page(ui.t(|t| t.profile()), (portrait(ui, account), nickname(ui, account)).drawn())
}

/// Sends a change and says how it went.
fn change(ui: Ui, account: Account, change: ProfileChange) {
    ui.state.ask(account, Command::ChangeProfile(change), move |reply| {
        let (kind, words) = match reply {
            Reply::Done(Err(error)) => (NoticeKind::Problem, wording::command_error(ui.words(), &error)),
            Reply::Done(Ok(())) | Reply::Chat(_) => (NoticeKind::Done, ui.words().saved().to_owned()),
        };
        ui.state.notices.show(kind, words);
    });
}

fn portrait(ui: Ui, account: Account) -> Drawn {
    let input = NodeRef::<HtmlInputElement>::new();
    let photo = move || account.own.with(|own| own.avatar.clone());
    let pick = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let picked = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        // The same file may be chosen again later.
        input.set_value("");
        spawn(async move {
            match picture::avatar_of(&file).await {
                Some(picture) => change(ui, account, ProfileChange::Avatar(Some(picture))),
                None => ui.state.notices.show(NoticeKind::Problem, ui.words().picture_bad().to_owned()),
            }
        });
    };
    html::div()
        .attr("class", "portrait")
        .child((
            avatar(ui, account, account.jid(), move || account.own_name(), photo),
            html::div().attr("class", "page-actions").child((
                html::input()
                    .attr("type", "file")
                    .attr("accept", "image/png,image/jpeg,image/gif,image/webp")
                    .attr("hidden", true)
                    .node_ref(input)
                    .on(ev::change, picked),
                button::button(Look::Plain, (icon(icons::CAMERA), ui.t(|t| t.choose_picture())), pick),
                when(
                    move || account.own.with(|own| own.avatar.is_some()),
                    move || {
                        button::button(Look::Quiet, ui.t(|t| t.remove_picture()), move |_| {
                            change(ui, account, ProfileChange::Avatar(None));
                        })
                    },
                ),
                html::p().attr("class", "page-hint").child(ui.t(|t| t.picture_hint())),
            )),
        ))
        .drawn()
}

fn nickname(ui: Ui, account: Account) -> Drawn {
    let before = account.own.with_untracked(|own| own.nickname.clone()).unwrap_or_default();
    let typed = Field::new(before);
    let unchanged = move || {
        account.own.with(|own| own.nickname.clone()).unwrap_or_default()
            == typed.value.with(|value| value.trim().to_owned())
    };
    html::form()
        .attr("class", "one-field")
        .attr("novalidate", true)
        .on(ev::submit, move |event| {
            event.prevent_default();
            let name = typed.trimmed();
            change(ui, account, ProfileChange::Nickname((!name.is_empty()).then_some(name)));
        })
        .child((
            field(ui, typed, Kind::WORDS, ui.t(|t| t.nickname()), Some(ui.t(|t| t.nickname_hint()).drawn()), None),
            button::submit(ui.t(|t| t.save()), live(unchanged)),
        ))
        .drawn()
}
