//! The messages of the open chat. It draws the slice that [`layout`] works out, stays at the end while it is there,
//! and otherwise keeps what is in view where it is.
//!
//! Everything happens between a change and the next paint: the slice is set, the view machinery draws it in a
//! microtask, and the next microtask measures the new rows and puts spacers and scroll position right.

mod acts;
mod reach;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use plausch_model::{TimelineKey, Way};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

use super::{
    super::{
        Ui, dialogs,
        kit::{
            avatar::avatar,
            dom,
            empty::skeleton_rows,
            hold,
            icon::{icon, icons},
            timer::Timer,
        },
        wording,
    },
    highlight,
    layout::{self, Anchor, Reach, View},
    message,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, choose, each, effect, html, live, memo, when};
use crate::{
    text::format,
    view::{Entry, OpenChat, Target, Window, clock},
};

/// How long the floating day stays after the last scrolling.
const DAY_STAYS: Duration = Duration::from_millis(1400);
/// What is out of view is drawn once nothing has changed for this long.
const CALM: Duration = Duration::from_millis(120);
/// Rounds of drawing and measuring before a paint; two are enough unless guesses were far off.
const ROUNDS: u32 = 4;

struct Log {
    ui: Ui,
    chat: OpenChat,
    scroller: HtmlElement,
    content: HtmlElement,
    view: Cell<View>,
    spaces: Cell<(f64, f64)>,
    stuck: Cell<bool>,
    gone: Cell<bool>,
    anchor: Cell<Option<Anchor>>,
    opened: Cell<Option<u32>>,
    newest: Cell<Option<TimelineKey>>,
    asked: Cell<(Option<TimelineKey>, Option<TimelineKey>)>,
    marked: Cell<Option<TimelineKey>>,
    filled: Cell<Option<(TimelineKey, usize)>>,
    /// How many messages the window had when a part of it was let go.
    cut: Cell<usize>,
    flash: Cell<Option<TimelineKey>>,
    highlighted: Cell<bool>,
    observer: RefCell<Option<ResizeObserver>>,
    watched: RefCell<HashMap<usize, Element>>,
    day_timer: Timer,
    calm_timer: Timer,
    signals: Signals,
}

/// What the log shows besides itself.
#[derive(Clone, Copy)]
struct Signals {
    shown: RwSignal<Vec<Arc<Entry>>>,
    at_end: RwSignal<bool>,
    day: RwSignal<Option<plausch_model::Timestamp>>,
    day_visible: RwSignal<bool>,
    said: RwSignal<String>,
}

/// Draws the log.
pub fn log(ui: Ui, chat: OpenChat) -> Drawn {
    let signals = Signals {
        shown: RwSignal::new(Vec::new()),
        at_end: RwSignal::new(true),
        day: RwSignal::new(None),
        day_visible: RwSignal::new(false),
        said: RwSignal::new(String::new()),
    };
    let (scroller, content) = (NodeRef::<HtmlElement>::new(), NodeRef::<HtmlElement>::new());
    let kept: StoredValue<Option<Rc<Log>>> = StoredValue::new(None);
    let opened = chat.clone();
    content.on_load(move |content| {
        let Some(scroller) = scroller.get_untracked() else { return };
        let log = Log::start(ui, opened, scroller, content, signals);
        kept.set_value(Some(log));
    });
    let with = move |act: &dyn Fn(&Rc<Log>)| {
        if let Some(log) = kept.try_get_value().flatten() {
            act(&log);
        }
    };
    let timeline = chat.account.timeline;
    let (row_chat, lead_chat) = (chat.clone(), chat.clone());
    html::div()
        .attr("class", "log-frame")
        .child((
            html::div()
                .attr("class", "log-scroller")
                .node_ref(scroller)
                .on(ev::scroll, move |_| with(&|log| log.scrolled()))
                .child(
                    hold::on_hold(html::div(), move |event| with(&|log| log.held(event)))
                        .attr("class", "log")
                        .attr("role", "log")
                        // New messages are read out by a region of their own: scrolling back must not read history.
                        .attr("aria-live", "off")
                        .attr("aria-label", ui.t(|t| t.messages()))
                        .attr("data-count", live(move || timeline.with(Window::total).to_string()))
                        .attr("tabindex", "0")
                        .node_ref(content)
                        .on(ev::click, move |event| with(&|log| log.clicked(&event)))
                        .on(ev::contextmenu, move |event| with(&|log| log.context_menu(&event)))
                        .on(ev::keydown, move |event| with(&|log| log.key(&event)))
                        .child((
                            lead(ui, lead_chat),
                            each(
                                move || signals.shown.get(),
                                // A message that moves is another entry under the same id.
                                |entry| Arc::as_ptr(entry).addr().to_string(),
                                move |entry| message::message(ui, &row_chat, &entry),
                            ),
                        )),
                ),
            floating_day(ui, signals),
            when(move || ui.state.place.results.with(Option::is_some), move || dialogs::way_back(ui)),
            jump(ui, chat, signals, move || with(&|log| log.jump())),
            html::div().attr("class", "unseen").attr("aria-live", "polite").child(live(move || signals.said.get())),
        ))
        .drawn()
}

/// What stands above the first message: grey shapes while older ones may come, else the beginning of the chat.
fn lead(ui: Ui, chat: OpenChat) -> Drawn {
    let OpenChat { account, jid } = chat;
    let timeline = account.timeline;
    let state = move || timeline.with(|window| (window.chat().is_some(), window.at_start()));
    let inside = choose(state, move |(loaded, at_start)| match (loaded, at_start) {
        (true, true) => {
            let (letters, named, shown) = (jid.clone(), jid.clone(), jid.clone());
            let photo = move || account.contacts.watch(&shown)?.contact.with(|contact| contact.avatar.clone());
            let words = live(move || {
                let (before, after) = ui.texts().start_of_chat().around();
                (before, html::bdi().child(account.name_of(&named)), after)
            });
            html::div()
                .attr("class", "log-start")
                .child((
                    avatar(ui, account, jid.clone(), move || account.name_of(&letters), photo),
                    html::p().child(words),
                ))
                .drawn()
        }
        (true, false) => skeleton_rows(2),
        (false, _) => skeleton_rows(6),
    });
    html::div().attr("class", "log-lead").child(inside).drawn()
}

fn floating_day(ui: Ui, signals: Signals) -> Drawn {
    let words = live(move || signals.day.get().map(|at| ui.day(at)));
    html::div()
        .attr("class", "day-float")
        .attr("aria-hidden", "true")
        .attr("data-visible", live(move || signals.day_visible.get().then_some("true")))
        .child(html::span().child(words))
        .drawn()
}

fn jump(ui: Ui, chat: OpenChat, signals: Signals, click: impl Fn() + Copy + Send + 'static) -> Drawn {
    let unread = memo(move || {
        chat.account.chats.watch(&chat.jid).map(|entry| entry.summary.with(|chat| chat.unread)).unwrap_or_default()
    });
    let name = move || match unread.get() {
        0 => ui.texts().jump_to_newest().to_owned(),
        count => ui.plural(|t| t.jump_with_count(), f64::from(count)),
    };
    when(
        move || !signals.at_end.get(),
        move || {
            html::button()
                .attr("type", "button")
                .attr("class", "jump")
                .attr("aria-label", live(name))
                .on(ev::click, move |_| click())
                .child((
                    icon(icons::ARROW_DOWN),
                    live(move || {
                        let count = unread.get();
                        let number = format::number(ui.locale(), f64::from(count));
                        (count > 0)
                            .then(|| html::span().attr("class", "badge").attr("aria-hidden", "true").child(number))
                    }),
                ))
                .drawn()
        },
    )
}

impl Log {
    fn start(ui: Ui, chat: OpenChat, scroller: HtmlElement, content: HtmlElement, signals: Signals) -> Rc<Self> {
        let log = Rc::new(Self {
            ui,
            chat,
            scroller,
            content,
            view: Cell::new(View::default()),
            spaces: Cell::new((0.0, 0.0)),
            stuck: Cell::new(true),
            gone: Cell::new(false),
            anchor: Cell::new(None),
            opened: Cell::new(None),
            newest: Cell::new(None),
            asked: Cell::new((None, None)),
            marked: Cell::new(None),
            filled: Cell::new(None),
            cut: Cell::new(0),
            flash: Cell::new(None),
            highlighted: Cell::new(false),
            observer: RefCell::new(None),
            watched: RefCell::new(HashMap::new()),
            day_timer: Timer::default(),
            calm_timer: Timer::default(),
            signals,
        });
        log.observe();
        let last = SendWrapper::new(Rc::clone(&log));
        on_cleanup(move || {
            last.gone.set(true);
            last.chat.account.chats.follow(&last.chat.jid, false);
        });
        let timeline = log.chat.account.timeline;
        let follower = Rc::clone(&log);
        effect(move || {
            timeline.with(|_| {});
            follower.changed();
        });
        let (sender, mut sent) = (Rc::clone(&log), None);
        effect(move || {
            let now = timeline.sent();
            if sent.replace(now).is_some_and(|before| before != now) {
                sender.to_the_end();
            }
        });
        let goer = Rc::clone(&log);
        effect(move || {
            if let Some(target) = timeline.target() {
                goer.go(target);
            }
        });
        let highlighter = Rc::clone(&log);
        effect(move || {
            highlighter.ui.state.find.hits.track();
            highlighter.highlight();
        });
        let marker = Rc::clone(&log);
        let leaver = Rc::clone(&log);
        effect(move || {
            if !leaver.ui.state.looking.get() && leaver.stuck.get() {
                leaver.chat.account.timeline.forget_divider();
            }
        });
        effect(move || {
            marker.ui.state.looking.track();
            marker.mark();
        });
        log
    }

    fn window<T>(&self, look: impl FnOnce(&Window) -> T) -> T {
        self.chat.account.timeline.peek(look)
    }

    /// Watches everything whose size matters. Rows are watched from when they are drawn.
    fn observe(self: &Rc<Self>) {
        let log = Rc::downgrade(self);
        let callback = Closure::<dyn FnMut()>::new(move || {
            if let Some(log) = log.upgrade() {
                log.resized();
            }
        });
        let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
        observer.observe(&self.scroller);
        self.observer.replace(Some(observer.clone()));
        let kept = SendWrapper::new((observer, callback));
        on_cleanup(move || kept.take().0.disconnect());
    }

    /// The window changed.
    fn changed(self: &Rc<Self>) {
        if self.window(|window| window.chat() != Some(&self.chat.jid)) {
            return;
        }
        self.window(|window| {
            if self.opened.replace(Some(window.opened())) != Some(window.opened()) {
                self.begin(window);
            }
            self.news(window);
        });
        self.arrange(ROUNDS, Reach::Near);
    }

    /// Another window: where the person wants to go, else at the unread divider, or at the end.
    fn begin(&self, window: &Window) {
        let below_top = f64::from(self.scroller.client_height()) / 4.0;
        let unread = || window.unread_from().map(|key| Anchor { key, below_top });
        let anchor = match self.chat.account.timeline.take_target() {
            Some(target) => Some(self.aim(target)),
            None => unread(),
        };
        self.stuck.set(anchor.is_none());
        self.anchor.set(anchor);
        self.newest.set(window.entries().last().map(|entry| entry.key));
        self.asked.set((None, None));
        self.marked.set(None);
        self.filled.set(None);
    }

    /// The place that a target means.
    fn aim(&self, target: Target) -> Anchor {
        let third = || f64::from(self.scroller.client_height()) / 3.0;
        self.flash.set(Some(target.key).filter(|_| target.flash));
        Anchor { key: target.key, below_top: target.below_top.unwrap_or_else(third) }
    }

    /// The person wants to go to a message: at once if it is in the window.
    fn go(self: &Rc<Self>, target: Target) {
        let here = self.window(|window| window.chat() == Some(&self.chat.jid) && window.has(target.key));
        if here && self.chat.account.timeline.take_target().is_some() {
            self.anchor.set(Some(self.aim(target)));
            self.stuck.set(false);
            self.arrange(ROUNDS, Reach::Near);
        }
    }

    /// Points out the message that was gone to.
    fn point_out(&self) {
        let Some(key) = self.flash.get() else { return };
        let id = self.window(|window| {
            let entry = window.entries().get(window.index_of(key))?;
            Some(entry.id.as_str().to_owned())
        });
        let articles = dom::find_all(&self.content, "[data-id]");
        let article = articles.iter().find(|article| article.get_attribute("data-id") == id);
        let Some(article) = article.filter(|_| id.is_some()) else { return };
        self.flash.set(None);
        dom::play(article, "data-found");
        if !self.ui.state.place.finding.get_untracked() {
            dom::focus_quietly(article);
        }
    }

    /// Marks what was looked for in the messages that are drawn.
    fn highlight(&self) {
        let state = self.ui.state;
        if !state.place.finding.get_untracked() && !self.highlighted.get() {
            return;
        }
        let some = state.find.hits.with_untracked(|hits| highlight::show(&self.content, hits));
        self.highlighted.set(some);
    }

    /// What is new at the end: an own message scrolls there, others are read out.
    fn news(&self, window: &Window) {
        let last = self.newest.replace(window.entries().last().map(|entry| entry.key));
        let from = last.map_or(0, |last| window.entries().partition_point(|entry| entry.key <= last));
        let news = window.entries().get(from..).unwrap_or_default();
        let incoming: Vec<_> = news.iter().filter(|entry| entry.way == Way::In).collect();
        match incoming.as_slice() {
            [] => {}
            [one] => self.signals.said.set(self.spoken(one)),
            many => self.signals.said.set(self.ui.plural(|t| t.unread(), many.len() as f64)),
        }
    }

    fn spoken(&self, entry: &Entry) -> String {
        let name = self.chat.account.name_of(&self.chat.jid);
        let words = entry.item.with_untracked(|item| wording::spoken(self.ui.words(), &item.body));
        [name, words].join(": ")
    }

    /// Draws what has to be drawn, and once that is in the document puts everything in its place.
    fn arrange(self: &Rc<Self>, rounds: u32, reach: Reach) {
        if self.gone.get() {
            return;
        }
        let drawn = self.window(|window| {
            let entries = window.entries();
            let view = self.view_to_be(entries);
            let slice = self.signals.shown.with_untracked(|shown| layout::slice(entries, view, shown, reach));
            self.space(layout::spaces(entries, view, slice.clone()));
            entries.get(slice).unwrap_or_default().to_vec()
        });
        let same = self.signals.shown.with_untracked(|shown| same_entries(shown, &drawn));
        if !same {
            self.keep_focus(&drawn);
            self.signals.shown.set(drawn);
        }
        let log = Rc::clone(self);
        // Queued behind the drawing that the signal has just queued.
        crate::page::spawn(async move {
            log.settle(rounds, reach);
        });
    }

    /// The visible part as it will be once the scroll position is put right.
    fn view_to_be(&self, entries: &[Arc<Entry>]) -> View {
        let mut view = self.view.get();
        if view.height <= 0.0 {
            // Later the observer tells: asking lays everything out.
            view.height = f64::from(self.scroller.client_height());
        }
        if let (false, Some(anchor)) = (self.stuck.get(), self.anchor.get()) {
            view.top = layout::top_for(entries, view, anchor).max(0.0);
        }
        if self.stuck.get() { view.at_end(entries) } else { view }
    }

    /// Measures the rows, then sets spacers and scroll position; draws more if the guesses were too high.
    fn settle(self: &Rc<Self>, rounds: u32, reach: Reach) {
        if self.gone.get() {
            return;
        }
        let measured = self.measure();
        let another = rounds.checked_sub(1).filter(|_| measured);
        let placed = self.window(|window| {
            let entries = window.entries();
            let mut view = self.view_to_be(entries);
            let drawn = self.signals.shown.with_untracked(|shown| layout::place(entries, shown));
            // What is not all of the visible part yet is not put into its place yet: that lays everything out.
            if another.is_some() && !layout::covers(entries, view, &drawn) {
                return false;
            }
            self.space(layout::spaces(entries, view, drawn));
            view.top = self.put(entries, view);
            self.view.set(view);
            true
        });
        match another {
            Some(rounds) if !placed => self.arrange(rounds, reach),
            _ => self.after(reach),
        }
    }

    /// Takes over the heights of the rows in the document; tells whether any was other than thought.
    fn measure(&self) -> bool {
        let rows = self.content.children();
        let mut changed = false;
        if let Some(lead) = rows.item(0) {
            let high = lead.get_bounding_client_rect().height();
            let mut view = self.view.get();
            changed |= view.lead != high;
            view.lead = high;
            self.view.set(view);
        }
        let mut drawn = HashMap::new();
        self.signals.shown.with_untracked(|shown| {
            for (index, entry) in (1_u32..).zip(shown) {
                let Some(row) = rows.item(index) else { break };
                let high = row.get_bounding_client_rect().height();
                if entry.height().is_none_or(|known| (known - high).abs() > 0.05) {
                    entry.set_height(high);
                    changed = true;
                }
                drawn.insert(Arc::as_ptr(entry).addr(), row);
            }
        });
        self.watch(drawn);
        if changed {
            self.view.set(self.signals.shown.with_untracked(|shown| self.view.get().learn(shown)));
        }
        changed
    }

    /// Watches the sizes of the rows that are in the document, and no others.
    fn watch(&self, drawn: HashMap<usize, Element>) {
        let Some(observer) = self.observer.borrow().clone() else { return };
        let mut watched = self.watched.borrow_mut();
        for (_, row) in watched.iter().filter(|(entry, _)| !drawn.contains_key(entry)) {
            observer.unobserve(row);
        }
        for (_, row) in drawn.iter().filter(|(entry, _)| !watched.contains_key(entry)) {
            observer.observe(row);
        }
        *watched = drawn;
    }

    /// Sets the spacers before and after what is drawn.
    fn space(&self, spaces: (f64, f64)) {
        let before = self.spaces.replace(spaces);
        // A custom property would be inherited, and each row would be styled anew.
        if before.0 != spaces.0
            && let Some(lead) = self.content.first_element_child().and_then(|lead| lead.dyn_into().ok())
        {
            dom::set_style(&lead, "margin-block-end", &dom::pixels(spaces.0));
        }
        if before.1 != spaces.1 {
            dom::set_style(&self.content, "padding-block-end", &dom::pixels(spaces.1));
        }
    }

    /// Sets the scroll position; returns it.
    fn put(&self, entries: &[Arc<Entry>], view: View) -> f64 {
        let most = (layout::total(entries, view) - view.height).max(0.0);
        let top = if self.stuck.get() { most } else { view.top.min(most) };
        if (f64::from(self.scroller.scroll_top()) - top).abs() >= 1.0 {
            self.scroller.set_scroll_top(top.ceil() as i32);
        }
        top
    }

    fn after(self: &Rc<Self>, reach: Reach) {
        if reach == Reach::Near {
            self.draw_the_rest_when_calm();
        }
        self.window(|window| {
            let view = self.view.get();
            if self.anchor.get().is_none() || self.stuck.get() {
                self.anchor.set(layout::anchor(window.entries(), view));
            }
            let at_end = window.at_end() && (self.stuck.get() || layout::at_end(window.entries(), view));
            // Where the end can be seen, what comes is followed, also if nobody has scrolled there.
            self.stuck.set(self.stuck.get() || at_end);
            if self.signals.at_end.get_untracked() != at_end {
                self.signals.at_end.set(at_end);
            }
            self.fetch(window, view);
            self.let_go(window, view);
            self.fill(window, view);
        });
        let anchor = self.anchor.get().filter(|_| !self.stuck.get());
        let position = anchor.map(|Anchor { key, below_top }| Target { key, below_top: Some(below_top), flash: false });
        self.chat.account.timeline.set_position(position);
        self.point_out();
        self.highlight();
        self.mark();
    }

    fn draw_the_rest_when_calm(self: &Rc<Self>) {
        let log = Rc::clone(self);
        self.calm_timer.restart(CALM, move || log.arrange(ROUNDS, Reach::Far));
    }

    /// The person scrolled, or a scroll position of ours took effect.
    fn scrolled(self: &Rc<Self>) {
        if self.gone.get() {
            return;
        }
        let mut view = self.view.get();
        let top = f64::from(self.scroller.scroll_top());
        if (top - view.top).abs() < 1.5 {
            return;
        }
        view.top = top;
        self.view.set(view);
        // Rows that became lower may have moved the position before their new heights are known here.
        let scroller = &self.scroller;
        let below = f64::from(scroller.scroll_height().saturating_sub(scroller.client_height())) - top;
        self.window(|window| {
            self.stuck.set(window.at_end() && (below < 2.0 || layout::at_end(window.entries(), view)));
            let anchor = layout::anchor(window.entries(), view);
            self.anchor.set(anchor);
            self.show_day(window, anchor);
        });
        self.arrange(ROUNDS, Reach::Near);
    }

    fn show_day(self: &Rc<Self>, window: &Window, anchor: Option<Anchor>) {
        let at = anchor.map(|anchor| anchor.key.at);
        let same = |a: plausch_model::Timestamp, b| clock::local_day(a) == clock::local_day(b);
        let known = self.signals.day.get_untracked();
        if !matches!((known, at), (Some(known), Some(at)) if same(known, at)) {
            self.signals.day.set(at);
        }
        let worth = !self.stuck.get() && !window.entries().is_empty();
        if self.signals.day_visible.get_untracked() != worth {
            self.signals.day_visible.set(worth);
        }
        let visible = self.signals.day_visible;
        let hide = move || {
            visible.set(false);
        };
        self.day_timer.restart(DAY_STAYS, hide);
    }

    /// A row, the foot or the pane changed its size.
    fn resized(self: &Rc<Self>) {
        if self.gone.get() {
            return;
        }
        let mut view = self.view.get();
        let known = view.height;
        view.height = f64::from(self.scroller.client_height());
        self.view.set(view);
        if self.measure() || known != view.height {
            self.settle(0, Reach::Near);
            // What has become visible is drawn after this frame: observers must not change what they observe.
            let log = Rc::clone(self);
            request_animation_frame(move || log.arrange(ROUNDS, Reach::Near));
        }
    }

    /// To the unread divider if that is further down, else to the end. The button goes; the focus stays in the log.
    fn jump(self: &Rc<Self>) {
        dom::focus_quietly(&self.content);
        let divider = self.window(|window| {
            let seen = layout::newest_visible(window.entries(), self.view.get());
            window.first_unread().filter(|key| seen.is_none_or(|seen| seen < *key))
        });
        if let Some(key) = divider {
            let below_top = self.view.get().height / 4.0;
            self.anchor.set(Some(Anchor { key, below_top }));
            self.stuck.set(false);
            self.arrange(ROUNDS, Reach::Near);
        } else {
            self.to_the_end();
        }
    }

    fn to_the_end(self: &Rc<Self>) {
        if self.window(Window::at_end) {
            self.stuck.set(true);
            self.arrange(ROUNDS, Reach::Near);
        } else {
            self.ui.state.jump_to_end(&self.chat);
        }
    }

    /// A row that has the focus is about to go: the log takes it.
    fn keep_focus(&self, drawn: &[Arc<Entry>]) {
        let Some(focused) = dom::focused(&self.content).filter(|focused| self.content.contains(Some(focused))) else {
            return;
        };
        let id = focused.closest("[data-id]").ok().flatten().and_then(|article| article.get_attribute("data-id"));
        if id.is_some_and(|id| !drawn.iter().any(|entry| entry.id.as_str() == id)) {
            dom::focus_quietly(&self.content);
        }
    }
}

fn same_entries(a: &[Arc<Entry>], b: &[Arc<Entry>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
}
