//! Values that change.

use leptos::prelude::*;

use super::{
    content::{Draw, Drawn},
    region::Region,
};

/// A value that changes: it is read again whenever a signal that it read before has changed.
pub struct Live<T>(Box<dyn FnMut() -> T>);

impl<T: 'static> Live<T> {
    /// Reads it.
    pub fn read(&mut self) -> T {
        (self.0)()
    }
}

/// Boxes a value that changes.
pub fn live<T: 'static>(value: impl FnMut() -> T + 'static) -> Live<T> {
    Live(Box::new(value))
}

/// Shows something while a condition holds; it is drawn anew only when the condition turns.
pub fn when(condition: impl Fn() -> bool + 'static, draw: impl Fn() -> Drawn + 'static) -> Drawn {
    choose(condition, move |holds| if holds { draw() } else { Drawn::nothing() })
}

/// Shows what fits a value; it is drawn anew only when the value changes.
pub fn choose<T: PartialEq + Clone + 'static>(
    value: impl Fn() -> T + 'static,
    draw: impl Fn(T) -> Drawn + 'static,
) -> Drawn {
    let mut last = None;
    Region::follow(Box::new(move || {
        let now = value();
        if last.as_ref() == Some(&now) {
            return None;
        }
        last = Some(now.clone());
        // What is read while drawing does not make it draw again.
        Some(untrack(|| draw(now)))
    }))
}

impl<T: Draw + 'static> Draw for Live<T> {
    fn drawn(self) -> Drawn {
        T::drawn_live(self)
    }
}
