//! Where messages are written. It grows with its text, keeps a draft, and tells that the person is typing.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use plausch_model::{ChatState, Command, CommandError};
use send_wrapper::SendWrapper;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::super::{
    Ui,
    kit::{
        dom,
        icon::{icon, icons},
        timer::Timer,
    },
    wording,
};
use super::editing;
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, effect, html, live, memo};
use crate::view::{Edit, NoticeKind, OpenChat, Reply};

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
    /// What was typed before a message was edited; comes back after that.
    kept: RefCell<Option<String>>,
    told: RefCell<ChatState>,
    draft_timer: Timer,
    pause_timer: Timer,
}

impl Writing {
    fn changed(self: &Rc<Self>, text: String) {
        self.tell(if text.trim().is_empty() { ChatState::Idle } else { ChatState::Composing });
        self.text.set(text);
        let (saver, pauser) = (Rc::clone(self), Rc::clone(self));
        self.draft_timer.restart(DRAFT_DELAY, move || saver.save());
        self.pause_timer.restart(PAUSE_DELAY, move || pauser.pause());
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
        if self.kept.borrow().is_some() {
            return;
        }
        let text = self.text.get_untracked();
        if *self.saved.borrow() != text {
            self.saved.replace(text.clone());
            let draft = (!text.trim().is_empty()).then_some(text);
            let chat = self.chat.jid.clone();
            self.ui.state.command(self.chat.account, Command::SaveDraft { chat, text: draft });
        }
    }

    /// Sends what is written; the composer is then empty.
    fn send(&self) {
        let text = self.text.get_untracked();
        if text.trim().is_empty() {
            return;
        }
        self.draft_timer.stop();
        self.pause_timer.stop();
        // Sending says by itself that the typing is over.
        self.told.replace(ChatState::Idle);
        self.text.set(String::new());
        let (ui, chat) = (self.ui, self.chat.clone());
        if let Some(edit) = untrack(|| chat.account.timeline.editing(&chat.jid)) {
            return self.send_edit(edit, text);
        }
        self.chat.account.timeline.own_sent();
        let command = Command::SendText { chat: chat.jid.clone(), text: text.clone() };
        ui.state.ask(self.chat.account, command, move |reply| match reply {
            Reply::Done(Err(error)) => give_back(ui, &chat, text, &error),
            Reply::Done(Ok(())) | Reply::Chat(_) => {}
        });
        self.save();
    }

    fn send_edit(&self, edit: Edit, text: String) {
        let (ui, chat) = (self.ui, self.chat.clone());
        chat.account.timeline.edit(None);
        if text == edit.text {
            return;
        }
        let command = Command::Edit { message: edit.message, text: text.clone() };
        ui.state.ask(chat.account, command, move |reply| {
            if let Reply::Done(Err(error)) = reply {
                give_back(ui, &chat, text, &error);
            }
        });
    }

    fn leave(&self) {
        self.draft_timer.stop();
        self.pause_timer.stop();
        self.chat.account.timeline.stop_editing();
        self.save();
        self.tell(ChatState::Idle);
    }
}

/// A text was not taken: it comes back as the chat's draft, wherever that is shown, so that it is not lost.
fn give_back(ui: Ui, chat: &OpenChat, text: String, error: &CommandError) {
    ui.state.notices.show(NoticeKind::Problem, wording::command_error(ui.words(), error));
    chat.account.timeline.refused(chat.jid.clone(), text);
}

/// Draws the composer.
pub fn composer(ui: Ui, chat: OpenChat) -> Drawn {
    let entry = chat.account.chats.find(&chat.jid);
    let draft = entry.and_then(|entry| entry.summary.with_untracked(|chat| chat.draft.clone())).unwrap_or_default();
    let text = RwSignal::new(draft.clone());
    let area = NodeRef::<HtmlTextAreaElement>::new();
    let writing = Rc::new(Writing {
        ui,
        chat: chat.clone(),
        text,
        saved: RefCell::new(draft.clone()),
        kept: RefCell::new(None),
        told: RefCell::new(ChatState::Idle),
        draft_timer: Timer::default(),
        pause_timer: Timer::default(),
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
    take_back(&writing, area);
    keep_on_leaving(&writing);
    follow_draft(&writing, area);
    follow_editing(&writing, area);
    let bar = editing::bar(ui, &chat);
    let (typed, keyed, clicked) = (Rc::clone(&writing), Rc::clone(&writing), writing);
    let empty = memo(move || text.with(|text| text.trim().is_empty()));
    let form = html::form()
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
                .attr("aria-label", ui.t(|t| t.message()))
                .attr("placeholder", ui.t(|t| t.message()))
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
                    } else if wants_last(&event)
                        && keyed.text.with_untracked(String::is_empty)
                        && editing::begin_last(&keyed.chat)
                    {
                        event.prevent_default();
                    }
                }),
            html::button()
                .attr("type", "submit")
                .attr("class", "send")
                .attr("aria-label", ui.t(|t| t.send()))
                .attr("title", ui.t(|t| t.send()))
                .attr("aria-disabled", live(move || empty.get().then_some("true")))
                .child(icon(icons::SEND_HORIZONTAL)),
        ));
    (bar, form).drawn()
}

/// While a message is edited, its text is where the draft was.
fn follow_editing(writing: &Rc<Writing>, area: NodeRef<HtmlTextAreaElement>) {
    let writing = Rc::clone(writing);
    effect(move || {
        let edit = writing.chat.account.timeline.editing(&writing.chat.jid);
        let text = match edit {
            Some(edit) => {
                if writing.kept.borrow().is_none() {
                    writing.draft_timer.stop();
                    writing.save();
                    writing.kept.replace(Some(writing.text.get_untracked()));
                }
                edit.text
            }
            None => match writing.kept.take() {
                Some(kept) => kept,
                None => return,
            },
        };
        writing.tell(ChatState::Idle);
        writing.pause_timer.stop();
        writing.text.set(text.clone());
        if let Some(area) = area.get_untracked() {
            area.set_value(&text);
            fit(&area);
            dom::focus_quietly(&area);
        }
    });
}

/// A text of this chat that was not taken is put back in front of whatever has been typed since.
fn take_back(writing: &Rc<Writing>, area: NodeRef<HtmlTextAreaElement>) {
    let writing = Rc::clone(writing);
    effect(move || {
        let Some(text) = writing.chat.account.timeline.take_refused(&writing.chat.jid) else { return };
        let typed = writing.text.get_untracked();
        let typed = writing.kept.borrow().clone().unwrap_or(typed);
        let all = if typed.trim().is_empty() { text } else { [text, typed].join("\n") };
        if writing.kept.borrow().is_some() {
            writing.kept.replace(Some(all));
            return;
        }
        if let Some(area) = area.get_untracked() {
            area.set_value(&all);
            fit(&area);
        }
        writing.changed(all);
    });
}

/// The page may be about to go for good.
fn keep_on_leaving(writing: &Rc<Writing>) {
    let (looked_away, left) = (SendWrapper::new(Rc::clone(writing)), SendWrapper::new(Rc::clone(writing)));
    let looking = writing.ui.state.looking;
    effect(move || {
        if !looking.get() {
            looked_away.save();
        }
    });
    let leaving = window_event_listener_untyped("pagehide", move |_| left.save());
    on_cleanup(move || leaving.remove());
}

/// Another tab changed the draft: take it over, unless the person is writing here. A chat may be open before the list of
/// chats has come, and its draft with that.
fn follow_draft(writing: &Rc<Writing>, area: NodeRef<HtmlTextAreaElement>) {
    let writing = Rc::clone(writing);
    let known = Cell::new(writing.chat.account.chats.find(&writing.chat.jid).is_some());
    effect(move || {
        let Some(entry) = writing.chat.account.chats.watch(&writing.chat.jid) else { return };
        let draft = entry.summary.with(|chat| chat.draft.clone()).unwrap_or_default();
        let Some(area) = area.get_untracked() else { return };
        let known = known.replace(true);
        let here = writing.kept.borrow().is_some()
            || known && page_has_focus() && dom::focused(&area).is_some_and(|focused| *focused == **area);
        if !here && *writing.saved.borrow() != draft && *writing.saved.borrow() == writing.text.get_untracked() {
            writing.saved.replace(draft.clone());
            area.set_value(&draft);
            writing.text.set(draft);
            fit(&area);
        }
    });
}

fn submit(writing: &Writing, area: NodeRef<HtmlTextAreaElement>) {
    writing.send();
    if let Some(area) = area.get_untracked() {
        // After an edit, the draft comes back.
        area.set_value(&writing.text.get_untracked());
        fit(&area);
        dom::focus_quietly(&area);
    }
}

/// Enter sends; with Shift it breaks the line; while an input method composes it belongs to that.
fn sends(event: &KeyboardEvent) -> bool {
    let composing = event.is_composing() || event.key_code() == 229;
    event.key() == "Enter" && !event.shift_key() && !event.alt_key() && !composing
}

/// The arrow up in an empty field edits the last message.
fn wants_last(event: &KeyboardEvent) -> bool {
    let plain = !event.shift_key() && !event.alt_key() && !event.ctrl_key() && !event.meta_key();
    event.key() == "ArrowUp" && plain && !event.is_composing()
}

/// Grows or shrinks the field to its text; the style sheet sets the limits.
fn fit(area: &HtmlTextAreaElement) {
    dom::set_style(area, "block-size", "auto");
    dom::set_style(area, "block-size", &dom::pixels(f64::from(area.scroll_height())));
}

/// Of several tabs, the one that the person types in.
fn page_has_focus() -> bool {
    document().has_focus().unwrap_or(true)
}

fn coarse_pointer() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
