//! Where messages are written. It grows with its text, keeps a draft, and tells that the person is typing.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{ev, prelude::*};
use plausch_model::{ChatState, Command};
use send_wrapper::SendWrapper;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::super::{
    Ui,
    kit::{
        dom,
        icon::{icon, icons},
    },
};
use crate::ui::draw::{Draw, Drawn, NodeRef, effect, html, live, memo};
use crate::view::OpenChat;

/// How long after the last key a draft is saved.
const DRAFT_DELAY: Duration = Duration::from_millis(500);
/// How long after the last key the person counts as having stopped.
const PAUSE_DELAY: Duration = Duration::from_secs(5);

/// What is going on in a composer.
struct Writing {
    ui: Ui,
    chat: OpenChat,
    text: RwSignal<String>,
    saved: RefCell<String>,
    told: RefCell<ChatState>,
    draft_timer: RefCell<Option<TimeoutHandle>>,
    pause_timer: RefCell<Option<TimeoutHandle>>,
}

impl Writing {
    fn changed(self: &Rc<Self>, text: String) {
        self.tell(if text.trim().is_empty() { ChatState::Idle } else { ChatState::Composing });
        self.text.set(text);
        let (saver, pauser) = (Rc::clone(self), Rc::clone(self));
        restart(&self.draft_timer, DRAFT_DELAY, move || saver.save());
        restart(&self.pause_timer, PAUSE_DELAY, move || pauser.pause());
    }

    fn pause(&self) {
        if *self.told.borrow() == ChatState::Composing {
            self.tell(ChatState::Paused);
        }
    }

    fn tell(&self, state: ChatState) {
        if self.told.replace(state) != state {
            self.ui.state.set_typing(&self.chat, state);
        }
    }

    fn save(&self) {
        let text = self.text.get_untracked();
        if *self.saved.borrow() != text {
            self.saved.replace(text.clone());
            let draft = (!text.trim().is_empty()).then_some(text);
            let chat = self.chat.jid.clone();
            self.ui.state.command(self.chat.account, Command::SaveDraft { chat, text: draft });
        }
    }

    /// Sends what is written; the composer is then empty.
    fn send(&self) -> bool {
        let text = self.text.get_untracked();
        if text.trim().is_empty() {
            return false;
        }
        stop(&self.draft_timer);
        stop(&self.pause_timer);
        // Sending says by itself that the typing is over.
        self.told.replace(ChatState::Idle);
        self.text.set(String::new());
        let chat = self.chat.jid.clone();
        self.ui.state.command(self.chat.account, Command::SendText { chat, text });
        self.save();
        true
    }

    fn leave(&self) {
        stop(&self.draft_timer);
        stop(&self.pause_timer);
        self.save();
        self.tell(ChatState::Idle);
    }
}

fn restart(timer: &RefCell<Option<TimeoutHandle>>, delay: Duration, then: impl FnOnce() + 'static) {
    stop(timer);
    // Without a timer the draft is saved when the chat is left.
    timer.replace(set_timeout_with_handle(then, delay).ok());
}

fn stop(timer: &RefCell<Option<TimeoutHandle>>) {
    if let Some(timer) = timer.take() {
        timer.clear();
    }
}

/// Draws the composer.
pub fn composer(ui: Ui, chat: OpenChat) -> Drawn {
    let entry = chat.account.chats.watch(&chat.jid);
    let draft = entry.and_then(|entry| entry.summary.with_untracked(|chat| chat.draft.clone())).unwrap_or_default();
    let text = RwSignal::new(draft.clone());
    let area = NodeRef::<HtmlTextAreaElement>::new();
    let writing = Rc::new(Writing {
        ui,
        chat: chat.clone(),
        text,
        saved: RefCell::new(draft.clone()),
        told: RefCell::new(ChatState::Idle),
        draft_timer: RefCell::new(None),
        pause_timer: RefCell::new(None),
    });
    area.on_load(move |area| {
        area.set_value(&draft);
        fit(&area);
        // On touch screens the keyboard would cover what one came to read.
        if !coarse_pointer() {
            dom::focus_quietly(&area);
        }
    });
    let last = SendWrapper::new(Rc::clone(&writing));
    on_cleanup(move || last.leave());
    follow_draft(&writing, area);
    let (typed, keyed, clicked) = (Rc::clone(&writing), Rc::clone(&writing), writing);
    let empty = memo(move || text.with(|text| text.trim().is_empty()));
    html::form()
        .attr("class", "composer")
        .on(ev::submit, move |event| {
            event.prevent_default();
            submit(&clicked, area);
        })
        .child((
            html::textarea()
                .attr("class", "composer-text")
                .attr("rows", "1")
                .attr("dir", "auto")
                .attr("aria-label", ui.t(|t| t.message))
                .attr("placeholder", ui.t(|t| t.message))
                .attr("enterkeyhint", "send")
                .attr("autocomplete", "off")
                .node_ref(area)
                .on(ev::input, move |event| {
                    typed.changed(event_target_value(&event));
                    if let Some(area) = area.get_untracked() {
                        fit(&area);
                    }
                })
                .on(ev::keydown, move |event| {
                    if sends(&event) {
                        event.prevent_default();
                        submit(&keyed, area);
                    }
                }),
            html::button()
                .attr("type", "submit")
                .attr("class", "send")
                .attr("aria-label", ui.t(|t| t.send))
                .attr("title", ui.t(|t| t.send))
                .attr("aria-disabled", live(move || empty.get().then_some("true")))
                .child(icon(icons::SEND_HORIZONTAL)),
        ))
        .drawn()
}

/// Another tab changed the draft: take it over, unless the person is writing here.
fn follow_draft(writing: &Rc<Writing>, area: NodeRef<HtmlTextAreaElement>) {
    let Some(entry) = writing.chat.account.chats.find(&writing.chat.jid) else { return };
    let writing = Rc::clone(writing);
    let summary = entry.summary.clone();
    effect(move || {
        let draft = summary.with(|chat| chat.draft.clone()).unwrap_or_default();
        let Some(area) = area.get_untracked() else { return };
        let here = dom::focused(&area).is_some_and(|focused| *focused == **area);
        if !here && *writing.saved.borrow() != draft && *writing.saved.borrow() == writing.text.get_untracked() {
            writing.saved.replace(draft.clone());
            area.set_value(&draft);
            writing.text.set(draft);
            fit(&area);
        }
    });
}

fn submit(writing: &Writing, area: NodeRef<HtmlTextAreaElement>) {
    let sent = writing.send();
    if let Some(area) = area.get_untracked() {
        if sent {
            area.set_value("");
            fit(&area);
        }
        dom::focus_quietly(&area);
    }
}

/// Enter sends; with Shift it breaks the line; while an input method composes it belongs to that.
fn sends(event: &KeyboardEvent) -> bool {
    let composing = event.is_composing() || event.key_code() == 229;
    event.key() == "Enter" && !event.shift_key() && !event.alt_key() && !composing
}

/// Grows or shrinks the field to its text; the style sheet sets the limits.
fn fit(area: &HtmlTextAreaElement) {
    dom::set_style(area, "block-size", "auto");
    dom::set_style(area, "block-size", &dom::pixels(f64::from(area.scroll_height())));
}

fn coarse_pointer() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
