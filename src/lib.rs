//! Plausch's face: draws what the engine says and tells it what a person does.
//!
//! It knows no XML, no cryptography and no storage. [`mount`] puts it into any element or shadow root; everything it
//! needs (dialogs, menus, notices) lies within that, and the styles are the caller's to link there.

mod config;
mod embed;
mod inbox;
mod page;
mod reactive;
mod runtime;
mod text;
mod ui;
mod view;

use std::rc::Rc;

use any_spawner::Executor;
use plausch_model::{FromEngine, ToEngine};
use web_sys::{Element, Node};

pub use config::{Config, ConfigError, Value};
pub use embed::{Embedded, embed};
pub use page::{files, spawn};
pub use runtime::{EngineLink, Lifeline};
pub use text::Locale;

use inbox::Inbox;
use view::State;

use crate::reactive::*;

/// How the app sits in its page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Placing {
    /// It is the page: it may use the title and the history.
    Page,
    /// It is a part of somebody else's page.
    Part,
}

/// A mounted app. Dropping it takes the app out of the page again.
pub struct Mounted {
    state: State,
    inbox: Rc<Inbox>,
    host: Element,
    owner: Owner,
}

/// Loads the texts of the language that the app will speak, so that it speaks it from the first moment on. Where they do not
/// come, the app asks for them once more, and says so.
pub fn prepare(hoster_locale: Option<Locale>, then: impl FnOnce() + 'static) {
    ui::prefs::wanted_locale(hoster_locale).load(Box::new(|_| then()));
}

/// Puts the app into an element or a shadow root. It shows nothing but its first state until it is attached to an
/// engine.
///
/// # Errors
/// The document could not make or take the app's element.
pub fn mount(target: &Node, config: Config, placing: Placing) -> Result<Mounted, wasm_bindgen::JsValue> {
    // Only the first call does anything.
    let _ = Executor::init_wasm_bindgen();
    let host = document().create_element("div")?;
    host.set_attribute("class", "plausch-host")?;
    target.append_child(&host)?;
    let owner = Owner::new();
    let (state, inbox) = owner.with(|| {
        let state = State::new(ui::prefs::expected());
        let inbox = Inbox::new(state, owner.clone());
        page::listen(state, &inbox);
        (state, inbox)
    });
    let drawn = owner.with(|| ui::app(ui::Ui::new(state, config, placing == Placing::Page)));
    host.append_child(&drawn.into_node())?;
    Ok(Mounted { state, inbox, host, owner })
}

impl Mounted {
    /// Sets the way to the engine.
    pub fn attach(&self, send: impl Fn(&ToEngine) + 'static) {
        self.state.attach(Rc::new(send));
    }

    /// Where what the engine says goes in.
    pub fn receiver(&self) -> impl Fn(FromEngine) + 'static {
        let inbox = Rc::clone(&self.inbox);
        move |message| inbox.put(message)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.inbox.stop();
        self.state.detach();
        self.host.remove();
        self.owner.cleanup();
    }
}
