//! What can be put into an element.

use std::borrow::Cow;

use wasm_bindgen::JsCast;
use web_sys::Node;

use super::{act::Act, follow, live::Live, region::Region};
use crate::reactive::*;

/// Something drawn: a node, or a fragment that hands over its nodes when it is put somewhere.
pub struct Drawn(Node);

impl Drawn {
    /// A node.
    pub const fn node(node: Node) -> Self {
        Self(node)
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self(document().create_text_node(text).into())
    }

    /// No node at all.
    pub fn nothing() -> Self {
        Self(document().create_document_fragment().into())
    }

    /// Several nodes in order.
    pub fn all(nodes: impl IntoIterator<Item = Node>) -> Self {
        let all = Self::nothing();
        for node in nodes {
            all.add(&node);
        }
        all
    }

    /// Several things in order.
    fn together(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::all(parts.into_iter().map(Self::into_node))
    }

    fn add(&self, node: &Node) {
        // A fragment takes any node that does not contain it.
        let _ = self.0.append_child(node);
    }

    /// The node.
    pub fn into_node(self) -> Node {
        self.0
    }
}

/// What can be put into an element.
pub trait Draw: Sized {
    /// Draws it.
    fn drawn(self) -> Drawn;

    /// Draws it anew whenever it changes.
    fn drawn_live(mut value: Live<Self>) -> Drawn
    where
        Self: 'static,
    {
        Region::follow(Box::new(move || Some(value.read().drawn())))
    }
}

impl Draw for Drawn {
    fn drawn(self) -> Drawn {
        self
    }
}

impl Draw for &'static str {
    fn drawn(self) -> Drawn {
        Drawn::text(self)
    }

    fn drawn_live(mut value: Live<Self>) -> Drawn {
        live_text(Box::new(move || value.read().into()))
    }
}

impl Draw for String {
    fn drawn(self) -> Drawn {
        Drawn::text(&self)
    }

    fn drawn_live(mut value: Live<Self>) -> Drawn {
        live_text(Box::new(move || value.read().into()))
    }
}

impl<T: Draw> Draw for Option<T> {
    fn drawn(self) -> Drawn {
        self.map_or_else(Drawn::nothing, Draw::drawn)
    }
}

impl<T: Draw> Draw for Vec<T> {
    fn drawn(self) -> Drawn {
        Drawn::together(self.into_iter().map(Draw::drawn))
    }
}

macro_rules! tuples {
    ($(($($part:ident),+))+) => { $(
        impl<$($part: Draw),+> Draw for ($($part,)+) {
            fn drawn(self) -> Drawn {
                #[allow(non_snake_case, reason = "one name for a type and its value")]
                let ($($part,)+) = self;
                Drawn::together([$($part.drawn()),+])
            }
        }
    )+ };
}

tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }

/// A text node whose text changes.
fn live_text(mut read: Box<dyn Act<Cow<'static, str>>>) -> Drawn {
    let node = document().create_text_node("");
    let drawn = Drawn(node.clone().unchecked_into());
    let mut last = Cow::Borrowed("");
    follow(Box::new(move || {
        let now = read.act();
        if now != last {
            node.set_data(&now);
            last = now;
        }
    }));
    drawn
}
