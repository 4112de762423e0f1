//! People who ask to see when we are online.

use plausch_model::{Command, ContactRequest};
use web_sys::MouseEvent;

use super::{
    Ui,
    kit::{
        avatar::avatar,
        button::{Look, button},
        dom,
    },
};
use crate::ui::draw::{Draw, Drawn, El, each, html, live};
use crate::view::Account;

/// Draws the pending requests; nothing where there are none.
pub fn requests(ui: Ui) -> Drawn {
    let all = move || {
        let of = |account: &Account| {
            let account = *account;
            account.requests.get().into_iter().map(move |request| (account, request)).collect::<Vec<_>>()
        };
        ui.state.accounts.with(|accounts| accounts.iter().flat_map(of).collect::<Vec<_>>())
    };
    html::div()
        .attr("class", "requests")
        .child(each(all, |(_, request)| request.jid.to_string(), move |(account, request)| draw(ui, account, request)))
        .drawn()
}

fn draw(ui: Ui, account: Account, request: ContactRequest) -> El {
    let jid = request.jid.clone();
    // The name that strangers give themselves never stands without their address.
    let name = request.nickname.clone().unwrap_or_else(|| request.address.clone());
    let shown = name.clone();
    let title = live(move || {
        let (before, after) = ui.texts().request_title().around();
        (before, html::bdi().child(shown.clone()), after)
    });
    let act = move |command: fn(plausch_model::BareJid) -> Command| {
        let jid = jid.clone();
        move |event: MouseEvent| {
            hand_on_focus(&event);
            ui.act(account, command(jid.clone()));
        }
    };
    html::div().attr("class", "request").attr("role", "alert").child((
        html::div().attr("class", "request-who").child((
            avatar(ui, account, request.jid.clone(), move || name.clone(), || None),
            html::div().child((
                html::p().attr("class", "request-title").child(title),
                html::p().attr("class", "request-address").child(html::bdi().child(request.address)),
            )),
        )),
        request.text.map(|text| html::p().attr("class", "request-text").attr("dir", "auto").child(text)),
        html::div().attr("class", "request-actions").child((
            button(Look::Primary, ui.t(|t| t.accept()), act(Command::AcceptRequest)),
            button(Look::Plain, ui.t(|t| t.decline()), act(Command::DeclineRequest)),
            button(Look::Danger, ui.t(|t| t.block()), act(Command::Block)),
        )),
    ))
}

/// An answered request goes: the focus moves to the next one, or to the list below.
fn hand_on_focus(event: &MouseEvent) {
    let Some(card) = dom::nearest(event, ".request") else { return };
    let beside = card.next_element_sibling().or_else(|| card.previous_element_sibling());
    let next = beside.and_then(|card| dom::find(&card, "button"));
    let below = || dom::find(&card.closest(".list-pane").ok().flatten()?, ".virtual-list");
    if let Some(target) = next.or_else(below) {
        dom::focus_quietly(&target);
    }
}
