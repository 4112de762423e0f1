//! Modal dialogs on the browser's own `<dialog>`: it traps the focus, makes the rest inert and closes on Esc.
//!
//! The focus returns to where it was, also when a dialog goes away because its work is done.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

use super::{button::icon_button, dom, icon::icons, notices::notices};
use crate::reactive::*;
use crate::ui::Ui;
use crate::ui::draw::{Draw, Drawn, NodeRef, html};

/// How large a dialog is (`data-size`).
#[derive(Clone, Copy)]
pub enum Size {
    /// A question or a few fields.
    Small,
    /// Pages of settings.
    Large,
    /// A search and what it finds: as high as it can be, so that nothing jumps while somebody types.
    Search,
}

/// Draws a dialog and opens it. `close` is called when the person closes it.
pub fn dialog(ui: Ui, size: Size, title: impl Draw, close: impl Fn() + 'static, body: Drawn) -> Drawn {
    framed(ui, size, title.drawn(), Box::new(close), body)
}

fn framed(ui: Ui, size: Size, title: Drawn, close: Box<dyn Fn()>, body: Drawn) -> Drawn {
    let node = NodeRef::<HtmlDialogElement>::new();
    let gone = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&gone);
    node.on_load(move |dialog| open(dialog, &mark));
    let id = ui.unique("title");
    html::dialog()
        .attr("class", "dialog")
        .attr(
            "data-size",
            match size {
                Size::Small => "small",
                Size::Large => "large",
                Size::Search => "search",
            },
        )
        .attr("aria-labelledby", id.clone())
        .node_ref(node)
        .on(ev::close, move |_| {
            if !gone.load(Ordering::Relaxed) {
                close();
            }
        })
        .on(ev::pointerdown, move |event| {
            if let Some(dialog) = outside(&event) {
                dialog.close();
            }
        })
        .child((
            html::header().attr("class", "dialog-head").child((
                html::h2().attr("id", id).attr("class", "dialog-title").child(title),
                icon_button(icons::X, ui.t(|t| t.close()), move |_| {
                    if let Some(dialog) = node.get_untracked() {
                        dialog.close();
                    }
                }),
            )),
            html::div().attr("class", "dialog-body").child(body),
            // What lies outside of an open dialog can be neither seen nor heard.
            notices(ui),
        ))
        .drawn()
}

fn open(dialog: HtmlDialogElement, gone: &Arc<AtomicBool>) {
    let before = dom::focused(&dialog);
    // It is connected and not open yet, which is all that is asked for.
    let _ = dialog.show_modal();
    let kept = SendWrapper::new((dialog, before));
    let gone = Arc::clone(gone);
    on_cleanup(move || {
        gone.store(true, Ordering::Relaxed);
        let (dialog, before) = kept.take();
        dialog.close();
        if let Some(before) = before.filter(|element| element.is_connected()) {
            dom::focus_quietly(&before);
        }
    });
}

/// The dialog, if a press was on its backdrop.
fn outside(event: &web_sys::PointerEvent) -> Option<HtmlDialogElement> {
    let dialog: HtmlDialogElement = event.target()?.dyn_into().ok()?;
    let frame = dialog.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let inside = x >= frame.left() && x <= frame.right() && y >= frame.top() && y <= frame.bottom();
    (!inside).then_some(dialog)
}

/// The row of buttons at a dialog's foot.
pub fn actions(buttons: impl Draw) -> Drawn {
    html::div().attr("class", "dialog-actions").child(buttons.drawn()).drawn()
}
