//! Looking through the open conversation: from match to match, or to a day.

use std::{rc::Rc, time::Duration};

use plausch_model::{TimelineKey, Timestamp};
use send_wrapper::SendWrapper;
use web_sys::{HtmlInputElement, KeyboardEvent};

use super::super::{
    Ui,
    kit::{
        button::icon_button,
        dom,
        icon::{icon, icons},
        timer::Timer,
    },
};
use crate::reactive::*;
use crate::text::format;
use crate::ui::draw::{Draw, Drawn, NodeRef, effect, html, live, when};
use crate::view::{OpenChat, Target};

/// The conversation is looked through this long after the last letter.
const PAUSE: Duration = Duration::from_millis(150);

/// Draws the bar while it is wanted.
pub fn find(ui: Ui, chat: OpenChat) -> Drawn {
    when(move || ui.state.place.finding.get(), move || Bar::new(ui, chat.clone()).draw())
}

/// The bar's parts.
#[derive(Clone)]
struct Bar {
    ui: Ui,
    chat: OpenChat,
    /// Which match is looked at, counted from the newest.
    current: RwSignal<usize>,
    /// The next page has been asked for, to go to its first match.
    going_on: RwSignal<bool>,
    input: NodeRef<HtmlInputElement>,
    day: NodeRef<HtmlInputElement>,
    timer: Rc<Timer>,
}

impl Bar {
    fn new(ui: Ui, chat: OpenChat) -> Self {
        Self {
            ui,
            chat,
            current: RwSignal::new(0),
            going_on: RwSignal::new(false),
            input: NodeRef::new(),
            day: NodeRef::new(),
            timer: Rc::default(),
        }
    }

    fn draw(self) -> Drawn {
        let Self { ui, input, day, .. } = self;
        // What was found elsewhere has done its work.
        ui.state.place.results.set(None);
        input.on_load(|input: HtmlInputElement| dom::focus(&input));
        self.follow();
        let (typing, walking, older, newer, dated) =
            (self.clone(), self.clone(), self.clone(), self.clone(), self.clone());
        let timer = SendWrapper::new(Rc::clone(&self.timer));
        on_cleanup(move || timer.stop());
        let counted = self;
        html::div()
            .attr("class", "find")
            .attr("role", "search")
            .child((
                html::div().attr("class", "search").child((
                    icon(icons::SEARCH),
                    html::input()
                        .attr("type", "text")
                        .attr("role", "searchbox")
                        .attr("autocomplete", "off")
                        .attr("dir", "auto")
                        .attr("maxlength", "300")
                        .attr("enterkeyhint", "search")
                        .attr("aria-label", ui.t(|t| t.find_in_chat()))
                        .attr("placeholder", ui.t(|t| t.find_in_chat()))
                        .node_ref(input)
                        .on(ev::input, move |event| typing.typed(event_target_value(&event)))
                        .on(ev::keydown, move |event| walking.key(&event)),
                    html::span()
                        .attr("class", "find-count")
                        .attr("role", "status")
                        .child(live(move || counted.count())),
                )),
                icon_button(icons::CHEVRON_UP, ui.t(|t| t.find_older()), move |_| older.older()),
                icon_button(icons::CHEVRON_DOWN, ui.t(|t| t.find_newer()), move |_| newer.newer()),
                html::span().attr("class", "find-day").child((
                    icon_button(icons::CALENDAR, ui.t(|t| t.go_to_date()), move |_| {
                        // Where a browser shows no picker, the field itself can be typed into.
                        if let Some(day) = day.get_untracked().filter(|day| day.show_picker().is_err()) {
                            dom::focus(&day);
                        }
                    }),
                    html::input()
                        .attr("type", "date")
                        .attr("tabindex", "-1")
                        .attr("aria-label", ui.t(|t| t.go_to_date()))
                        .node_ref(day)
                        .on(ev::change, move |event| dated.go_to_day(&event_target_value(&event))),
                )),
                icon_button(icons::X, ui.t(|t| t.close()), move |_| ui.state.stop_finding()),
            ))
            .drawn()
    }

    /// Goes to the newest match of each new query, and on when the next page has come.
    fn follow(&self) {
        let this = self.clone();
        let shown = StoredValue::new(String::new());
        effect(move || {
            let find = this.ui.state.find;
            let (count, query) = (find.hits.with(Vec::len), find.query.get());
            if find.busy.get() {
                return;
            }
            if shown.get_value() != query {
                shown.set_value(query);
                this.current.set(0);
                this.show();
            } else if this.going_on.get_untracked() {
                this.going_on.set(false);
                let next = this.current.get_untracked().saturating_add(1);
                this.current.set(if next < count { next } else { 0 });
                this.show();
            }
        });
    }

    fn typed(&self, text: String) {
        let (state, chat) = (self.ui.state, self.chat.clone());
        let look = move || state.look_for(&state.find, text, Some(&chat));
        self.timer.restart(PAUSE, look);
    }

    fn key(&self, event: &KeyboardEvent) {
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "Enter" if event.shift_key() => self.newer(),
            "Enter" | "ArrowUp" => self.older(),
            "ArrowDown" => self.newer(),
            _ => return,
        }
        event.prevent_default();
    }

    /// To the match before, and from the oldest to the newest.
    fn older(&self) {
        let find = self.ui.state.find;
        let (count, next) = (find.hits.with_untracked(Vec::len), self.current.get_untracked().saturating_add(1));
        if next >= count && find.more.get_untracked() {
            self.going_on.set(true);
            return self.ui.state.look_on(&find);
        }
        self.current.set(if next < count { next } else { 0 });
        self.show();
    }

    /// To the match behind, and from the newest to the oldest that is known.
    fn newer(&self) {
        let last = self.ui.state.find.hits.with_untracked(Vec::len).saturating_sub(1);
        self.current.update(|current| *current = current.checked_sub(1).unwrap_or(last));
        self.show();
    }

    fn show(&self) {
        let find = self.ui.state.find;
        let found = find.hits.with_untracked(|hits| hits.get(self.current.get_untracked()).cloned());
        if let Some(found) = found.filter(|found| found.chat() == self.chat) {
            self.ui.state.show_found(&found);
        }
    }

    /// Which match of how many is looked at.
    fn count(&self) -> Option<String> {
        let find = self.ui.state.find;
        if find.query.with(String::is_empty) {
            return None;
        }
        let (count, number) = (find.hits.with(Vec::len), |value: usize| format::number(self.ui.locale(), value as f64));
        if count == 0 {
            return (!find.busy.get()).then(|| self.ui.texts().nothing_found().to_owned());
        }
        let more = if find.more.get() { "+" } else { "" };
        Some([&number(self.current.get().saturating_add(1)), " / ", &number(count), more].concat())
    }

    /// To the first message of a day, as a date field gives it.
    fn go_to_day(&self, day: &str) {
        if let Some(at) = start_of_day(day) {
            let key = TimelineKey { at, sequence: 0 };
            self.ui.state.show_in_chat(&self.chat, Target { key, below_top: None, flash: false });
        }
    }
}

/// The moment at which a day begins where the person is.
fn start_of_day(day: &str) -> Option<Timestamp> {
    // A moment that is written without a zone is meant in the person's.
    let at = js_sys::Date::new(&[day, "T00:00"].concat().into()).get_time();
    at.is_finite().then_some(Timestamp(at as i64))
}
