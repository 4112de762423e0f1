//! A long press: what a right click is where there is no mouse.

use std::{cell::Cell, rc::Rc, time::Duration};

use web_sys::PointerEvent;

use super::timer::Timer;
use crate::reactive::*;
use crate::ui::draw::El;

/// How long a finger has to rest.
const REST: Duration = Duration::from_millis(500);
/// How far it may slip meanwhile, in CSS pixels.
const SLIP: i32 = 10;

/// Where and when a finger came down, and what happens if it stays.
#[derive(Default)]
struct Touch {
    timer: Timer,
    at: Cell<(i32, i32)>,
}

impl Touch {
    fn end(&self) {
        self.timer.stop();
    }

    fn begin(self: &Rc<Self>, event: PointerEvent, act: Rc<dyn Fn(&PointerEvent)>) {
        self.at.set((event.client_x(), event.client_y()));
        self.timer.restart(REST, move || act(&event));
    }

    fn moved(&self, event: &PointerEvent) {
        let (x, y) = self.at.get();
        let slipped = |from: i32, to: i32| from.abs_diff(to) > SLIP.unsigned_abs();
        if slipped(x, event.client_x()) || slipped(y, event.client_y()) {
            self.end();
        }
    }
}

/// Does something when a finger rests on the element; the event is the one of its coming down.
pub fn on_hold(element: El, act: impl Fn(&PointerEvent) + 'static) -> El {
    let touch = Rc::new(Touch::default());
    let act: Rc<dyn Fn(&PointerEvent)> = Rc::new(act);
    let (began, moved, ended, cancelled) = (Rc::clone(&touch), Rc::clone(&touch), Rc::clone(&touch), touch);
    element
        .on(ev::pointerdown, move |event: PointerEvent| {
            if event.pointer_type() == "touch" && event.is_primary() {
                began.begin(event, Rc::clone(&act));
            }
        })
        .on(ev::pointermove, move |event: PointerEvent| moved.moved(&event))
        .on(ev::pointerup, move |_| ended.end())
        .on(ev::pointercancel, move |_| cancelled.end())
}
