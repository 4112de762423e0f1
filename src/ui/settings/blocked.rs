//! People who may not write.

use plausch_model::{BareJid, Command};

use super::{
    super::{
        Ui,
        dialogs::complain,
        kit::{
            avatar::avatar,
            button::{self, Look},
            empty::empty,
            icon::icons,
        },
    },
    page,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, El, choose, each, html, live};
use crate::view::Account;

/// Draws the page.
pub fn blocked(ui: Ui) -> Drawn {
    let Some(account) = untrack(|| ui.state.account()) else { return Drawn::nothing() };
    let body = choose(
        move || account.blocked.with(Vec::is_empty),
        move |nobody| {
            if nobody {
                return empty(icons::BAN, ui.t(|t| t.nobody_blocked()), ui.t(|t| t.nobody_blocked_hint()), None);
            }
            html::ul()
                .attr("class", "plain-list")
                .attr("aria-label", ui.t(|t| t.blocked_people()))
                .child(each(move || account.blocked.get(), BareJid::to_string, move |jid| line(ui, account, jid)))
                .drawn()
        },
    );
    page(ui.t(|t| t.blocked_people()), body)
}

fn line(ui: Ui, account: Account, jid: BareJid) -> El {
    let (letters, shown) = (jid.clone(), jid.clone());
    html::li().attr("class", "plain-row").child((
        avatar(ui, account, jid.clone(), move || account.name_of(&letters), || None),
        html::span().attr("class", "row-words").child((
            html::bdi().attr("class", "row-name").child(live(move || account.name_of(&shown))),
            html::bdi().attr("class", "row-preview").child(jid.to_string()),
        )),
        button::button(Look::Plain, ui.t(|t| t.unblock()), move |_| {
            ui.state.ask(account, Command::Unblock(jid.clone()), complain(ui));
        }),
    ))
}
