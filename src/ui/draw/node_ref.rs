//! A way to an element from outside of where it is drawn.

use std::marker::PhantomData;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::effect;
use crate::reactive::RwSignal;

/// A way to an element, once it is drawn.
pub struct NodeRef<T = HtmlElement> {
    element: RwSignal<Option<Element>>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for NodeRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NodeRef<T> {}

impl<T: JsCast + 'static> NodeRef<T> {
    /// A way to nowhere yet.
    pub fn new() -> Self {
        Self { element: RwSignal::new(None), kind: PhantomData }
    }

    /// The element, watched.
    pub fn get(self) -> Option<T> {
        self.element.get().and_then(|element| element.dyn_into().ok())
    }

    /// The element, if it is drawn and of this kind.
    pub fn get_untracked(self) -> Option<T> {
        self.element.try_get_untracked().flatten().and_then(|element| element.dyn_into().ok())
    }

    /// Does something once, when the element is in the document.
    pub fn on_load(self, act: impl FnOnce(T) + 'static) {
        let mut act = Some(act);
        // Effects run after everything that is drawn in one go has been put in its place.
        effect(move || {
            if let Some(element) = self.get()
                && let Some(act) = act.take()
            {
                act(element);
            }
        });
    }

    /// Leads to this element from now on.
    pub(super) fn lead_to(self, element: Element) {
        self.element.set(Some(element));
    }
}
