//! Notifications outside the page, of what came while nobody looked at any page of the app. The service worker shows them
//! (public/sw.js): it knows all pages, and they may outlive one. They go when what they tell of has been read, here or on any
//! other device, and when the app is locked or left.

use std::{cell::RefCell, rc::Rc, time::Duration};

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Event;

use super::{Ui, kit::timer::Timer, prefs::Telling, wording};
use crate::page::call;
use crate::reactive::*;
use crate::ui::draw::effect;
use crate::view::{ChatRow, News, Phase, Turn};

/// What came is told so much later: by then it may have been read elsewhere.
const PAUSE: Duration = Duration::from_millis(700);
/// Chats that are told of one by one; more at once are told of together.
const FEW: usize = 3;
/// The name of the one that tells of many chats; an address has more than that.
const MANY: &str = "many";

/// Whether the browser shows notifications.
pub enum Permission {
    /// It cannot, or not here.
    Unable,
    /// It does.
    Granted,
    /// The person, or who manages the browser, does not want it.
    Refused,
    /// Nobody has been asked.
    Unasked,
}

/// Whether the browser shows notifications.
pub fn permission() -> Permission {
    match call("notify", "state", &[]).and_then(|state| state.as_string()).as_deref() {
        Some("granted") => Permission::Granted,
        Some("denied") => Permission::Refused,
        Some(_) => Permission::Unasked,
        None => Permission::Unable,
    }
}

/// Asks for the permission, where it is not given; tells whether it is.
pub async fn ask() -> bool {
    if let Permission::Unasked = permission()
        && let Some(asked) = call("notify", "ask", &[]).and_then(|asked| asked.dyn_into::<Promise>().ok())
    {
        // What was answered is asked for below.
        let _ = JsFuture::from(asked).await;
    }
    matches!(permission(), Permission::Granted)
}

/// What is to be told.
#[derive(Default)]
struct Teller {
    news: News,
    /// Chats with news, the newest first.
    waiting: RefCell<Vec<ChatRow>>,
    timer: Timer,
}

/// Tells what comes, and leads to what somebody clicks.
pub fn watch(ui: Ui) {
    let clicked = window_event_listener_untyped("plausch-open", move |event| open(ui, &event));
    on_cleanup(move || clicked.remove());
    let teller = Rc::new(Teller::default());
    effect(move || {
        let told = ui.prefs.telling.get() != Telling::Nothing;
        match ui.state.phase.get() {
            Phase::In if told => Teller::look(&teller, ui),
            Phase::Starting | Phase::Elsewhere => {}
            Phase::In | Phase::Out | Phase::Locked => teller.forget(told),
        }
    });
}

impl Teller {
    fn look(self: &Rc<Self>, ui: Ui) {
        let known = ui.state.accounts.with(|all| all.iter().filter(|account| account.chats.known.get()).count());
        // What was read changes no more than this.
        let _ = ui.state.unread();
        let rows = ui.state.chat_rows();
        let Turn { grown, read } = self.news.look(known, &rows);
        if read {
            let unread: Vec<_> = rows.iter().filter(|row| unread(row) > 0).cloned().collect();
            leave(ui, &unread);
        }
        if grown.is_empty() {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            let this = Rc::clone(self);
            self.timer.restart(PAUSE, move || untrack(|| this.tell(ui)));
        }
        waiting.retain(|row| !grown.contains(row));
        waiting.splice(0..0, grown);
    }

    /// Tells what is still unread of what came.
    fn tell(&self, ui: Ui) {
        let mut rows = self.waiting.take();
        rows.retain(|row| unread(row) > 0);
        if rows.len() > FEW {
            let (title, body) = of_many(ui, &rows);
            return show(MANY, &title, &body);
        }
        for row in rows.iter().rev() {
            let said = row.entry.summary.with_untracked(|chat| chat.preview.clone());
            let said = said.filter(|_| ui.prefs.telling.get_untracked() == Telling::Texts);
            let body = said.map_or_else(|| count(ui, unread(row)), |said| wording::spoken(ui.words(), &said.body));
            show(&name_of(row), &ui.words().notify_from().fill(&called(row)), &body);
        }
    }

    /// Takes everything back, if this page or one before may have told something: else the service worker need not start for it.
    fn forget(&self, told: bool) {
        self.timer.stop();
        self.waiting.take();
        if self.news.forget() || told {
            leave_nothing();
        }
    }
}

/// One notification of many chats: how many messages, and of whom.
fn of_many(ui: Ui, rows: &[ChatRow]) -> (String, String) {
    let sum = rows.iter().map(unread).fold(0, u32::saturating_add);
    let names: Vec<String> = rows.iter().take(FEW).map(called).collect();
    let more = if rows.len() > FEW { " …" } else { "" };
    (count(ui, sum), [&names.join(", "), more].concat())
}

fn count(ui: Ui, count: u32) -> String {
    ui.plural(|t| t.unread(), f64::from(count))
}

fn called(row: &ChatRow) -> String {
    row.entry.summary.with_untracked(|chat| chat.name.clone())
}

fn unread(row: &ChatRow) -> u32 {
    row.entry.summary.with_untracked(|chat| chat.unread)
}

/// What tells a chat apart from all others; leads to it.
fn name_of(row: &ChatRow) -> String {
    [row.account.jid().as_str(), " ", row.entry.jid.as_str()].concat()
}

fn show(name: &str, title: &str, body: &str) {
    let _ = call("notify", "tell", &[name.into(), title.into(), body.into()]);
}

/// Takes back all but these; what was told of many chats at once now tells of these.
fn leave(ui: Ui, rows: &[ChatRow]) {
    if rows.is_empty() {
        return leave_nothing();
    }
    let names: Array = rows.iter().map(name_of).chain([MANY.to_owned()]).map(JsValue::from).collect();
    let (title, body) = of_many(ui, rows);
    let _ = call("notify", "leave", &[names.into(), MANY.into(), title.into(), body.into()]);
}

/// Takes back everything.
fn leave_nothing() {
    let _ = call("notify", "leave", &[Array::new().into()]);
}

/// Opens the chat that was clicked, if it is still there.
fn open(ui: Ui, event: &Event) {
    let detail = Reflect::get(event, &"detail".into()).ok().and_then(|detail| detail.as_string());
    let rows = untrack(|| ui.state.chat_rows());
    if let Some(row) = detail.and_then(|name| rows.into_iter().find(|row| name_of(row) == name)) {
        ui.state.open_chat(row.account, row.entry.jid.clone());
    }
}
