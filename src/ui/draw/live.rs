//! Values that change.

use super::{
    act::Act,
    content::{Draw, Drawn},
    region::Region,
};
use crate::reactive::*;

/// A value that changes: it is read again whenever a signal that it read before has changed.
pub struct Live<T>(Box<dyn Act<T>>);

impl<T: 'static> Live<T> {
    /// Reads it.
    pub fn read(&mut self) -> T {
        self.0.act()
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
        let drawn = unwatched(&mut || draw(now.clone()));
        last = Some(now);
        Some(drawn)
    }))
}

/// Draws without watching: what is read meanwhile does not make it draw again.
fn unwatched(draw: &mut dyn Act<Drawn>) -> Drawn {
    untrack(|| draw.act())
}

impl<T: Draw + 'static> Draw for Live<T> {
    fn drawn(self) -> Drawn {
        T::drawn_live(self)
    }
}
