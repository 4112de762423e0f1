//! Elements, and what changes in them by itself.
//!
//! Leptos decides *when* something is drawn: signals, memos, effects, and owners that clean up after what they own. This
//! decides *how*: elements are made at once, as the builder calls say, and what depends on signals gets a render effect of
//! its own. Everything here is of few types on purpose. Leptos' own views are of a type per shape, each compiled anew:
//! measured, they made the app 290 KB (Brotli) instead of some 150.
//!
//! Text becomes text nodes and attributes, never markup.

mod act;
mod attribute;
mod content;
mod each;
mod element;
pub mod html;
mod live;
mod node_ref;
mod region;

use act::Act;
pub use act::Handle;
pub use attribute::Attribute;
pub use content::{Draw, Drawn};
pub use each::each;
pub use element::El;
pub use live::{Live, choose, live, when};
pub use node_ref::NodeRef;

use send_wrapper::SendWrapper;

use crate::reactive::*;

/// Runs something soon, when all that is being drawn is in its place, and again whenever a signal that it read has changed.
pub fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

fn start(mut run: Box<dyn Act>) {
    Effect::new(move |_: Option<()>| run.act());
}

/// A value that is worked out from signals, and tells of a change only when it is another.
pub fn memo<T: PartialEq + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    Memo::new(value)
}

/// Runs something now, and again whenever a signal that it read has changed, until the owner cleans up.
fn follow(mut run: Box<dyn Act>) {
    let effect = SendWrapper::new(RenderEffect::new(move |_: Option<()>| run.act()));
    on_cleanup(move || drop(effect));
}
