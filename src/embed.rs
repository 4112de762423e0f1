//! The app as a part of somebody else's page.
//!
//! It lives in a shadow root with a style sheet of its own, so that neither page's styles reach the other; it listens to
//! keys only within itself, and leaves title and history alone.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Node, ShadowRoot, ShadowRootInit, ShadowRootMode};

use crate::{App, Config, EngineLink, Lifeline, Placing, spawn};

/// The app in a page. It stays there, whatever becomes of this, until it is unmounted.
#[wasm_bindgen]
pub struct Embedded {
    app: Option<App>,
    outer: Option<Element>,
    sheet: Element,
}

/// Puts the app into an element or a shadow root; `style` is the address of its style sheet.
///
/// # Errors
/// The settings do not fit the schema (see the README), or the target takes no children.
#[wasm_bindgen]
pub fn embed(target: &Node, config: &Object, style: &str) -> Result<Embedded, JsValue> {
    let config = Config::from_js(config).map_err(|error| js_sys::Error::new(&error.to_string()))?;
    let (root, outer) = match target.dyn_ref::<ShadowRoot>() {
        Some(root) => (root.clone(), None),
        None => own_root(target)?,
    };
    let sheet = crate::reactive::document().create_element("link")?;
    sheet.set_attribute("rel", "stylesheet")?;
    sheet.set_attribute("href", style)?;
    root.append_child(&sheet)?;
    let settings = config.worker_settings();
    let mut app = App::new(config, Placing::Part);
    app.mount(&root)?;
    let link = EngineLink::new(app.receiver());
    spawn(link.connect(settings, Lifeline::ask()));
    app.attach(move |message| link.send(message));
    Ok(Embedded { app: Some(app), outer, sheet })
}

fn own_root(target: &Node) -> Result<(ShadowRoot, Option<Element>), JsValue> {
    let outer = crate::reactive::document().create_element("div")?;
    if let Some(outer) = outer.dyn_ref::<web_sys::HtmlElement>() {
        outer.style().set_property("block-size", "100%")?;
    }
    target.append_child(&outer)?;
    let root = outer.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open))?;
    Ok((root, Some(outer)))
}

#[wasm_bindgen]
impl Embedded {
    /// Takes the app out of the page. Whoever is signed in stays so.
    pub fn unmount(&mut self) {
        self.app = None;
        self.sheet.remove();
        if let Some(outer) = self.outer.take() {
            outer.remove();
        }
    }
}
