//! Plausch's face: draws what the engine says and tells it what a person does.
//!
//! It knows no XML, no cryptography and no storage. An [`App`] can be put into any element or shadow root; everything it
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

use std::{rc::Rc, time::Duration};

use any_spawner::Executor;
use js_sys::{Function, Promise};
use plausch_model::{FromEngine, ToEngine};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
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

/// How long the app waits with its first drawing for the engine to say what there is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The app. Dropping it takes it out of the page again.
pub struct App {
    ui: ui::Ui,
    inbox: Rc<Inbox>,
    owner: Owner,
    host: Option<Element>,
}

/// Loads the texts of the language that the app will speak, so that it speaks it from the first moment on. Where they do not
/// come, the app asks for them once more, and says so.
pub fn prepare(hoster_locale: Option<Locale>, then: impl FnOnce() + 'static) {
    ui::prefs::wanted_locale(hoster_locale).load(Box::new(|_| then()));
}

impl App {
    /// An app that is nowhere yet, and knows nothing until it is attached to an engine.
    pub fn new(config: Config, placing: Placing) -> Self {
        // Only the first call does anything.
        let _ = Executor::init_wasm_bindgen();
        let owner = Owner::new();
        let (ui, inbox) = owner.with(|| {
            let state = State::new(ui::prefs::expected());
            let inbox = Inbox::new(state, owner.clone());
            page::listen(state, &inbox);
            (ui::Ui::new(state, config, placing == Placing::Page), inbox)
        });
        Self { ui, inbox, owner, host: None }
    }

    /// Sets the way to the engine.
    pub fn attach(&self, send: impl Fn(&ToEngine) + 'static) {
        self.ui.state.attach(Rc::new(send));
    }

    /// Where what the engine says goes in.
    pub fn receiver(&self) -> impl Fn(FromEngine) + 'static {
        let inbox = Rc::clone(&self.inbox);
        move |message| inbox.put(message)
    }

    /// Goes to where the page was left, and waits until it is known what to draw there, but not for long: then it takes the place
    /// of the last view without anything missing.
    pub async fn come_back(&self) {
        let (ui, state) = (self.ui, self.ui.state);
        self.owner.with(|| ui::history::keep(ui));
        let known = Promise::new(&mut |resolve, _| {
            let give_up = resolve.clone();
            let say = |resolve: &Function| drop(resolve.call0(&JsValue::UNDEFINED));
            self.owner.with(|| {
                Effect::new(move |_: Option<()>| {
                    if state.is_ready() {
                        say(&resolve);
                    }
                });
            });
            set_timeout(move || say(&give_up), PATIENCE);
        });
        // It is never rejected.
        let _ = JsFuture::from(known).await;
    }

    /// Draws the app into an element or a shadow root.
    ///
    /// # Errors
    /// The document could not make or take the app's element.
    pub fn mount(&mut self, target: &Node) -> Result<(), JsValue> {
        let host = document().create_element("div")?;
        host.set_attribute("class", "plausch-host")?;
        target.append_child(&host)?;
        let drawn = self.owner.with(|| ui::app(self.ui));
        host.append_child(&drawn.into_node())?;
        self.host = Some(host);
        Ok(())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.inbox.stop();
        self.ui.state.detach();
        if let Some(host) = &self.host {
            host.remove();
        }
        self.owner.cleanup();
    }
}
