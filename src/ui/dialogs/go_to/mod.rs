//! The quick switcher and search: a few letters lead to any chat, contact, room or thing to do, and a word to every message that
//! has it.

mod places;
mod rows;

use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    super::{
        Ui,
        kit::{
            dialog::{Size, dialog},
            dom::{self, Step},
            icon::{icon, icons},
        },
    },
    close,
};
use crate::reactive::*;
use crate::text::fold;
use crate::ui::draw::{Draw, Drawn, NodeRef, each, effect, html, live, memo};
use crate::view::{Dialog, Found, OpenChat, Returning};
use places::{Action, Target};

/// Words shorter than this are not looked for in messages: nearly all have them.
const SHORTEST: usize = 2;
/// The next page is asked for when so many rows are left below the chosen one.
const AHEAD: usize = 8;

/// One thing to choose.
#[derive(Clone, PartialEq)]
enum Choice {
    Place(Target),
    Action(Action),
    Message(Found),
}

impl Choice {
    /// What tells it apart from the others.
    fn key(&self) -> String {
        match self {
            Self::Place(target) => {
                [if target.room { "r" } else { "c" }, target.account.jid().as_str(), " ", target.jid.as_str()].concat()
            }
            Self::Action(action) => ["a", action.icon.path()].concat(),
            // What stands out in it is another thing for another query.
            Self::Message(Found { hit, .. }) => {
                let marks = hit.marks.iter().flat_map(|mark| [mark.start.to_string(), mark.end.to_string()]);
                let marks: Vec<String> = marks.collect();
                ["m", hit.chat.as_str(), " ", hit.id.as_str(), " ", &marks.join(" ")].concat()
            }
        }
    }
}

/// The dialog's parts.
#[derive(Clone, Copy)]
struct Switcher {
    ui: Ui,
    words: RwSignal<String>,
    choices: Memo<Vec<Choice>>,
    chosen: RwSignal<usize>,
    list: NodeRef<HtmlElement>,
}

/// Draws the switcher. What was found before for the same query is still there.
pub fn go_to(ui: Ui, query: String, chosen: usize) -> Drawn {
    let search = ui.state.search;
    if search.query.with_untracked(|known| *known != query) {
        // What was found before is of another query.
        ui.state.look_for(&search, String::new(), None);
        ui.state.look_for(&search, query.clone(), None);
    }
    let words = RwSignal::new(query.clone());
    let choices = memo(move || {
        let typed = words.with(|words| fold::lower(words.trim()));
        let places = places::targets(ui, &typed).into_iter().map(Choice::Place);
        let actions = places::actions(ui, &typed).into_iter().map(Choice::Action);
        let messages = search.hits.get().into_iter().map(Choice::Message);
        places.chain(actions).chain(messages).collect::<Vec<_>>()
    });
    let chosen = RwSignal::new(chosen);
    Switcher { ui, words, choices, chosen, list: NodeRef::new() }.draw(query)
}

impl Switcher {
    fn draw(self, query: String) -> Drawn {
        let Self { ui, choices, chosen, list, .. } = self;
        let list_id = ui.unique("targets");
        let option_id = {
            let list_id = list_id.clone();
            move |index: usize| [list_id.as_str(), "-", &index.to_string()].concat()
        };
        let active = option_id.clone();
        let rows = each(
            move || choices.get().into_iter().enumerate().collect(),
            |(_, choice)| choice.key(),
            move |(_, choice)| self.row(&choice),
        );
        // Rows stay while others come before them: their numbers follow.
        effect(move || {
            let count = choices.with(Vec::len);
            if chosen.get_untracked() >= count {
                chosen.set(count.saturating_sub(1));
            }
            let chosen = chosen.get();
            let option_id = option_id.clone();
            crate::page::spawn(async move { self.mark(chosen, &option_id) });
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
                    .attr("maxlength", "300")
                    .prop("value", query)
                    .attr("aria-label", ui.t(|t| t.go_to_hint()))
                    .attr("placeholder", ui.t(|t| t.go_to_hint()))
                    .attr("aria-expanded", "true")
                    .attr("aria-controls", list_id.clone())
                    .attr(
                        "aria-activedescendant",
                        live(move || choices.with(|all| !all.is_empty()).then(|| active(chosen.get()))),
                    )
                    .on(ev::input, move |event| self.typed(event_target_value(&event)))
                    .on(ev::keydown, move |event| self.key(&event)),
            )),
            html::div()
                .attr("class", "targets")
                .attr("role", "listbox")
                .attr("id", list_id)
                .attr("aria-label", ui.t(|t| t.go_to()))
                .node_ref(list)
                .on(ev::click, move |event| {
                    if let Some(index) = dom::nearest(&event, ".target").and_then(|row| self.index_of(&row)) {
                        self.go(index);
                    }
                })
                .child(rows),
            html::p().attr("class", "dialog-hint").attr("role", "status").child(live(move || self.status())),
        );
        dialog(ui, Size::Search, ui.t(|t| t.go_to()), move || close(ui), body.drawn())
    }

    fn row(self, choice: &Choice) -> crate::ui::draw::El {
        match choice {
            Choice::Place(target) => rows::place(self.ui, target),
            Choice::Action(action) => rows::action(self.ui, *action),
            Choice::Message(found) => rows::message(self.ui, found),
        }
    }

    /// Gives the rows their numbers, and says which is chosen.
    fn mark(self, chosen: usize, option_id: &dyn Fn(usize) -> String) {
        let Some(list) = self.list.get_untracked() else { return };
        for (index, row) in dom::find_all(&list, ".target").iter().enumerate() {
            row.set_id(&option_id(index));
            // The name is valid.
            let _ = row.set_attribute("aria-selected", if index == chosen { "true" } else { "false" });
        }
    }

    fn index_of(self, row: &HtmlElement) -> Option<usize> {
        let list = self.list.get_untracked()?;
        dom::find_all(&list, ".target").iter().position(|other| other == row)
    }

    /// Looks with each letter: a search gives way to the next one where it stands.
    fn typed(self, text: String) {
        self.words.set(text.clone());
        self.chosen.set(0);
        let long = text.trim().chars().count() >= SHORTEST;
        self.ui.state.look_for(&self.ui.state.search, if long { text } else { String::new() }, None);
    }

    fn key(self, event: &KeyboardEvent) {
        if event.is_composing() {
            return;
        }
        let chosen = self.chosen.get_untracked();
        if event.key() == "Enter" {
            event.prevent_default();
            self.go(chosen);
        } else if let Some(step @ Step::By(_)) = Step::of(event) {
            event.prevent_default();
            let count = self.choices.with_untracked(Vec::len);
            let next = step.from(Some(chosen), count);
            self.chosen.set(next);
            if next.saturating_add(AHEAD) >= count {
                self.ui.state.look_on(&self.ui.state.search);
            }
            let rows = self.list.get_untracked().map(|list| dom::find_all(&list, ".target")).unwrap_or_default();
            rows.get(next).into_iter().for_each(|row| dom::reveal(row));
        }
    }

    fn go(self, index: usize) {
        let Some(choice) = self.choices.with_untracked(|choices| choices.get(index).cloned()) else { return };
        let state = self.ui.state;
        match choice {
            Choice::Place(target) => {
                close(self.ui);
                match target.room {
                    true => state.open_room(OpenChat { account: target.account, jid: target.jid }),
                    false => state.open_chat_with(target.account, target.jid),
                }
            }
            Choice::Action(action) => {
                if let Some(account) = untrack(|| state.account()) {
                    state.place.dialog.set(Some((action.opens)(account)));
                }
            }
            Choice::Message(found) => {
                close(self.ui);
                let query = self.words.get_untracked();
                state.show_found(&found);
                state.place.results.set(Some(Returning { chat: found.chat(), query, chosen: index }));
            }
        }
    }

    /// What there is to say about what was found.
    fn status(self) -> Option<Drawn> {
        let search = self.ui.state.search;
        let looked = !search.query.with(String::is_empty);
        if search.busy.get() && search.hits.with(Vec::is_empty) {
            return None;
        }
        if self.choices.with(Vec::is_empty) {
            return Some(self.ui.texts().nothing_found().drawn());
        }
        if looked && search.incomplete.get() {
            return Some(self.ui.texts().search_incomplete().drawn());
        }
        None
    }
}

/// The way back to what was found, over a chat that was gone to from there.
pub fn way_back(ui: Ui) -> Drawn {
    let results = ui.state.place.results;
    let leave = move |_| results.set(None);
    let again = move |_| {
        if let Some(Returning { query, chosen, .. }) = results.get_untracked() {
            ui.state.place.dialog.set(Some(Dialog::GoTo { query, chosen }));
        }
    };
    html::div()
        .attr("class", "way-back")
        .child((
            html::button()
                .attr("type", "button")
                .attr("class", "way-back-button")
                .on(ev::click, again)
                .child((icon(icons::ARROW_LEFT), ui.t(|t| t.back_to_results()))),
            super::super::kit::button::icon_button(icons::X, ui.t(|t| t.dismiss()), leave),
        ))
        .drawn()
}
