//! Reactive values of few types. Each closure is a type of its own, and each type is compiled anew by the view
//! machinery; boxed, all of one kind share one copy of it.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;

/// A value that changes.
pub type Live<T> = Arc<Mutex<dyn FnMut() -> T + Send>>;

/// Boxes a reactive value.
pub fn live<T: 'static>(value: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Arc::new(Mutex::new(value))
}

/// Shows something while a condition holds; it is built anew only when the condition turns.
pub fn when(
    condition: impl Fn() -> bool + Send + Sync + 'static,
    view: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let holds = Memo::new(move |_| condition());
    live(move || holds.get().then(&view)).into_any()
}

/// Shows what fits a value; it is built anew only when the value changes.
pub fn choose<T: PartialEq + Clone + Send + Sync + 'static>(
    value: impl Fn() -> T + Send + Sync + 'static,
    view: impl Fn(T) -> AnyView + Send + 'static,
) -> AnyView {
    let value = Memo::new(move |_| value());
    live(move || view(value.get())).into_any()
}
