//! A row of a list that leads somewhere: a face, a name, a line below it, and a menu of its own.

use std::rc::Rc;

use web_sys::MouseEvent;

use super::hold::on_hold;
use crate::reactive::ev;
use crate::ui::draw::{Drawn, El, Live, html, live};

/// What a row shows, and where it leads.
pub struct Row {
    /// What tells it apart from the list's other rows: its `data-jid`.
    pub key: String,
    /// The row in words, the name first.
    pub label: Live<String>,
    /// Whether one is where it leads to.
    pub current: Box<dyn Fn() -> bool>,
    /// Its picture.
    pub face: Drawn,
    /// Its name.
    pub name: Live<String>,
    /// What stands behind the name.
    pub behind: Drawn,
    /// What stands below the name.
    pub below: Drawn,
    /// What stands behind that.
    pub badge: Drawn,
    /// What pictures and colours say, for those who do not see them.
    pub unseen: Drawn,
    /// Where it leads.
    pub open: Box<dyn Fn()>,
    /// What opens its menu, from a pointer or a finger.
    pub menu: Rc<dyn Fn(&MouseEvent)>,
}

impl Row {
    /// Draws it.
    pub fn draw(self) -> El {
        let Self { key, label, current, face, name, behind, below, badge, unseen, open, menu } = self;
        let held = Rc::clone(&menu);
        let line = || html::span().attr("class", "row-line");
        on_hold(html::li(), move |event| held(event))
            .attr("class", "row")
            .attr("data-jid", key)
            .attr("aria-label", label)
            .on(ev::contextmenu, move |event| menu(&event))
            .child(
                html::button()
                    .attr("type", "button")
                    .attr("class", "row-button")
                    .attr("tabindex", "-1")
                    .attr("aria-current", live(move || current().then_some("true")))
                    .on(ev::click, move |_| open())
                    .child((
                        html::span().attr("class", "row-face").child(face),
                        html::span().attr("class", "row-words").child((
                            line().child((html::bdi().attr("class", "row-name").child(name), behind)),
                            line().child((
                                html::span().attr("class", "row-preview").attr("dir", "auto").child(below),
                                badge,
                            )),
                        )),
                        unseen,
                    )),
            )
    }
}
