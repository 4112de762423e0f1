//! Reactions: the chips below a message, and the popover that adds one.

use std::rc::Rc;

use plausch_model::{BareJid, Command, Emoji, MessageBody, OriginId, Reaction, TimelineItem};
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

use super::super::{
    Ui,
    kit::menu::{self, Menu},
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, html, live};
use crate::view::{Account, NoticeKind, OpenChat};

/// What is offered at once.
const FREQUENT: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/// The chips of a message, whose clicks the log listens for (`data-act`).
pub fn chips(ui: Ui, account: Account, reactions: &[Reaction], waits: bool) -> Drawn {
    if reactions.is_empty() {
        return Drawn::nothing();
    }
    let own = account.jid();
    let chips: Vec<Drawn> = reactions.iter().map(|reaction| chip(ui, account, &own, reaction, waits)).collect();
    html::div().attr("class", "reactions").child(chips).drawn()
}

fn chip(ui: Ui, account: Account, own: &BareJid, reaction: &Reaction, waits: bool) -> Drawn {
    let (emoji, count) = (reaction.emoji.to_string(), reaction.by.len().to_string());
    let (by, own, lead) = (reaction.by.clone(), own.clone(), [emoji.as_str(), " ", &count, ", "].concat());
    let label = live(move || {
        let name = |author: &BareJid| match *author == own {
            true => ui.texts().from_you().to_owned(),
            false => account.name_of(author),
        };
        let names = by.iter().map(name).collect::<Vec<_>>().join(", ");
        [lead.as_str(), &ui.texts().reacted_by().fill(&names)].concat()
    });
    html::button()
        .attr("type", "button")
        .attr("class", "reaction")
        .attr("data-act", "react")
        .attr("data-emoji", emoji.clone())
        .attr("data-state", (reaction.own && waits).then_some("waiting"))
        .attr("aria-pressed", if reaction.own { "true" } else { "false" })
        .attr("aria-label", label)
        .child((emoji, html::span().attr("class", "reaction-count").child(count)))
        .drawn()
}

/// What a click on the chip with this emoji does.
pub fn toggle(item: &TimelineItem, emoji: &str) -> Option<Command> {
    let emoji = Emoji::parse(emoji)?;
    let on = !item.reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji);
    Some(Command::React { message: item.id.clone(), emoji, on })
}

/// Whether one can react to a message.
pub fn may_react(item: &TimelineItem) -> bool {
    item.body != MessageBody::Retracted && !matches!(item.state, Some(plausch_model::DeliveryState::Failed(_)))
}

/// Opens the popover for a message.
pub fn open(ui: Ui, chat: &OpenChat, item: &TimelineItem, anchor: HtmlElement, point: Option<(f64, f64)>) {
    let (account, item) = (chat.account, item.clone());
    let panel = Rc::new(move || panel(ui, account, &item));
    let name = ui.words().react().to_owned();
    ui.menu.set(Some(Menu { name, head: None, items: Vec::new(), panel: Some(panel), anchor, point }));
}

fn panel(ui: Ui, account: Account, item: &TimelineItem) -> Drawn {
    let act = move |command: Option<Command>| {
        menu::close(ui.menu);
        if let Some(command) = command {
            ui.act(account, command);
        }
    };
    let buttons: Vec<Drawn> = FREQUENT
        .iter()
        .map(|emoji| {
            let command = toggle(item, emoji);
            let on = !matches!(command, Some(Command::React { on: true, .. }));
            html::button()
                .attr("type", "button")
                .attr("class", "reaction-choice")
                .attr("aria-pressed", if on { "true" } else { "false" })
                .on(ev::click, move |_| act(command.clone()))
                .child(*emoji)
                .drawn()
        })
        .collect();
    let field = NodeRef::<HtmlInputElement>::new();
    let id: OriginId = item.id.clone();
    let typed = move || {
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        match Emoji::parse(&text) {
            Some(emoji) => act(Some(Command::React { message: id.clone(), emoji, on: true })),
            None => ui.state.notices.show(NoticeKind::Problem, ui.words().not_an_emoji().to_owned()),
        }
    };
    html::div()
        .attr("class", "reaction-panel")
        .child((
            html::div().attr("class", "reaction-choices").child(buttons),
            html::input()
                .attr("type", "text")
                .attr("class", "reaction-field")
                .attr("aria-label", ui.t(|t| t.other_emoji()))
                .attr("placeholder", ui.t(|t| t.other_emoji()))
                .attr("maxlength", "32")
                .attr("autocomplete", "off")
                .attr("enterkeyhint", "done")
                .node_ref(field)
                .on(ev::keydown, move |event: KeyboardEvent| {
                    if event.key() == "Enter" && !event.is_composing() {
                        event.prevent_default();
                        typed();
                    }
                }),
        ))
        .drawn()
}
