//! The whole app: sign-in page or shell, and what lies over them.

use plausch_model::{ConnectionState, ToEngine};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, ResizeObserver};

use super::{
    Room, Ui, banner, conversation, details, dialogs, keys,
    kit::{
        button::{self, Look},
        empty::{empty, skeleton_rows},
        icon::{icons, logo},
        menu, notices,
    },
    last, list_pane, lock, marks, nav, notify, prefs, sign_in,
};
use crate::page::call;
use crate::reactive::*;
use crate::text::format;
use crate::ui::draw::{Draw, Drawn, NodeRef, choose, effect, html, live};
use crate::view::Phase;

/// Draws the app.
pub fn app(ui: Ui) -> Drawn {
    let root = NodeRef::<HtmlElement>::new();
    root.on_load(move |root| watch_room(ui, &root));
    marks::watch(ui);
    lock::watch_use(ui);
    remember(ui);
    ui.watch_the_day();
    if ui.page {
        effect(move || {
            if let Some(page) = document().document_element() {
                // The name is valid.
                let _ = page.set_attribute("lang", ui.locale().tag());
            }
        });
        last::keep(ui, root);
        notify::watch(ui);
    }
    // What is drawn at the start was there before: it comes in without a movement.
    let still = RwSignal::new(true);
    let used = move || {
        if still.get_untracked() {
            still.set(false);
        }
    };
    keys::listen(ui, html::div())
        .on(ev::click, move |_| used())
        .on(ev::keydown, move |_| used())
        .attr("class", "plausch")
        .attr("data-still", live(move || still.get()))
        .attr("data-connection", live(move || connection(ui)))
        .attr("data-theme", live(move || ui.prefs.theme.get().name()))
        .attr("data-text-size", live(move || ui.prefs.text_size.get().name()))
        .attr("data-layout", live(move || ui.room.get().name()))
        .attr("data-showing", live(move || showing(ui)))
        .attr("data-clock", live(move || format::has_long_times(ui.locale()).then_some("long")))
        .attr("lang", live(move || ui.locale().tag()))
        .attr("dir", "ltr")
        .node_ref(root)
        .child((
            banner::banner(ui),
            choose(
                move || ui.state.phase.get(),
                move |phase| match phase {
                    Phase::Starting => starting(),
                    Phase::Out => sign_in::sign_in(ui),
                    Phase::Elsewhere => elsewhere(ui),
                    Phase::Locked => lock::lock_screen(ui),
                    Phase::In => shell(ui),
                },
            ),
            dialogs::dialogs(ui),
            menu::menu(ui),
            // An open dialog has them within it.
            choose(
                move || ui.state.place.dialog.with(Option::is_none),
                move |alone| if alone { notices::notices(ui) } else { Drawn::nothing() },
            ),
        ))
        .drawn()
}

/// `data-connection`.
fn connection(ui: Ui) -> &'static str {
    match ui.state.account().map(|account| account.connection.get()) {
        None | Some(ConnectionState::Offline) => "offline",
        Some(ConnectionState::Connecting) => "connecting",
        Some(ConnectionState::Online) => "online",
        Some(ConnectionState::Disconnected { .. }) => "disconnected",
    }
}

/// Which pane a narrow screen shows.
fn showing(ui: Ui) -> &'static str {
    match (ui.state.place.is_open(), ui.state.place.details.get()) {
        (false, _) => "list",
        (true, false) => "chat",
        (true, true) => "details",
    }
}

/// The shell before it is known whether somebody is signed in: the same shapes as in `index.html`.
fn starting() -> Drawn {
    html::div()
        .attr("class", "shell")
        .attr("aria-busy", "true")
        .child((
            html::div().attr("class", "rail"),
            html::div().attr("class", "stage").child((
                html::div().attr("class", "list-pane").child(skeleton_rows(9)),
                html::div().attr("class", "chat-pane").child(html::div().attr("class", "splash").child(logo())),
            )),
        ))
        .drawn()
}

/// Another tab runs the engine, in browsers where tabs can't share it.
fn elsewhere(ui: Ui) -> Drawn {
    html::main()
        .attr("class", "elsewhere")
        .child(empty(
            icons::MESSAGES_SQUARE,
            ui.t(|t| t.elsewhere()),
            ui.t(|t| t.elsewhere_hint()),
            Some(button::button(Look::Primary, ui.t(|t| t.use_here()), move |_| ui.state.tell(&ToEngine::TakeOver))),
        ))
        .drawn()
}

fn shell(ui: Ui) -> Drawn {
    let main = live(move || (ui.room.get() != Room::Narrow).then_some("main"));
    html::div()
        .attr("class", "shell")
        .child((
            nav::nav(ui),
            html::div()
                .attr("class", "stage")
                .attr("role", main)
                .child((list_pane::list_pane(ui), conversation::chat_pane(ui))),
            details::details(ui),
        ))
        .drawn()
}

/// Keeps track of the room that the app has, which in an embedding page is not the window's.
fn watch_room(ui: Ui, root: &HtmlElement) {
    let watched = root.clone();
    let read = move || {
        let room = Room::of(f64::from(watched.client_width()));
        if ui.room.get_untracked() != room {
            ui.room.set(room);
        }
    };
    read();
    let callback = Closure::<dyn FnMut()>::new(read);
    if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(root);
        let kept = SendWrapper::new((observer, callback));
        on_cleanup(move || kept.take().0.disconnect());
    }
}

/// Remembers for the next start whether somebody is signed in, and has the app's files kept for whoever signs in.
fn remember(ui: Ui) {
    let mut was_out = false;
    effect(move || match ui.state.phase.get() {
        Phase::In => {
            prefs::remember_signed_in(ui.state.stays.get_value());
            if std::mem::take(&mut was_out) {
                let _ = call("shell", "keep", &[]);
            }
        }
        Phase::Out => {
            was_out = true;
            prefs::remember_signed_out();
        }
        Phase::Starting | Phase::Elsewhere | Phase::Locked => {}
    });
}
