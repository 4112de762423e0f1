//! Elements, and what can be said about them.

use std::borrow::Cow;

use js_sys::Reflect;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, EventTarget, HtmlElement};

use super::{
    act::{Act, Handle},
    attribute::Attribute,
    content::{Draw, Drawn},
    follow,
    live::Live,
    node_ref::NodeRef,
};
use crate::reactive::{ev::EventDescriptor, *};

/// An element. Its methods change it at once; the order of the calls does not matter but for children.
pub struct El(Element);

impl El {
    /// Takes an element.
    pub const fn new(element: Element) -> Self {
        Self(element)
    }

    /// Sets an attribute.
    pub fn attr(self, name: &'static str, value: impl Into<Attribute>) -> Self {
        match value.into() {
            Attribute::Fixed(value) => set_attribute(&self.0, name, value.as_deref()),
            Attribute::Live(read) => follow_attribute(&self.0, name, read),
        }
        self
    }

    /// Sets a property of the DOM object, where there is no attribute that does the same.
    pub fn prop(self, name: &'static str, value: impl Into<JsValue>) -> Self {
        set_property(&self.0, name, &value.into());
        self
    }

    /// Sets a property of the DOM object that is on or off.
    pub fn prop_live(self, name: &'static str, mut value: Live<bool>) -> Self {
        let element = self.0.clone();
        follow(Box::new(move || set_property(&element, name, &value.read().into())));
        self
    }

    /// Sets a style property or custom property. By the object model, which a content security policy lets through.
    pub fn style(self, name: &'static str, mut value: Live<String>) -> Self {
        if let Some(element) = self.0.dyn_ref::<HtmlElement>() {
            let style = element.style();
            follow(Box::new(move || {
                // Only an invalid name fails.
                let _ = style.set_property(name, &value.read());
            }));
        }
        self
    }

    /// Adds a child, or several, at the end.
    pub fn child(self, child: impl Draw) -> Self {
        self.put(child.drawn());
        self
    }

    fn put(&self, child: Drawn) {
        // An element takes any node that does not contain it.
        let _ = self.0.append_child(&child.into_node());
    }

    /// Listens to an event until the owner cleans up.
    pub fn on<E>(self, event: E, mut handle: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        listen(&self.0, event.name().into_owned(), Box::new(move |event: Event| handle(event.unchecked_into())));
        self
    }

    /// Lets this lead to the element.
    pub fn node_ref<T: JsCast + 'static>(self, way: NodeRef<T>) -> Self {
        way.lead_to(self.0.clone());
        self
    }

    /// The element itself.
    pub fn into_element(self) -> Element {
        self.0
    }
}

impl Draw for El {
    fn drawn(self) -> Drawn {
        Drawn::node(self.0.into())
    }
}

fn follow_attribute(element: &Element, name: &'static str, mut read: Box<dyn Act<Option<Cow<'static, str>>>>) {
    let element = element.clone();
    let mut last: Option<Cow<'static, str>> = None;
    follow(Box::new(move || {
        let now = read.act();
        if now != last {
            set_attribute(&element, name, now.as_deref());
            last = now;
        }
    }));
}

#[inline(never)]
fn set_attribute(element: &Element, name: &str, value: Option<&str>) {
    // Only an invalid name fails.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

fn set_property(element: &Element, name: &str, value: &JsValue) {
    // An element takes any property that is not read-only.
    let _ = Reflect::set(element, &name.into(), value);
}

fn listen(target: &EventTarget, name: String, mut handle: Box<dyn Handle<Event>>) {
    let listener = Closure::<dyn FnMut(Event)>::new(move |event| handle.handle(event));
    // Adding and removing fail only for what is no function.
    let _ = target.add_event_listener_with_callback(&name, listener.as_ref().unchecked_ref());
    let kept = SendWrapper::new((target.clone(), name, listener));
    on_cleanup(move || {
        let (target, name, listener) = kept.take();
        let _ = target.remove_event_listener_with_callback(&name, listener.as_ref().unchecked_ref());
    });
}
