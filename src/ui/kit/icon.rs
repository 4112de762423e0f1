//! Icons: Lucide (ISC licence), as real SVG elements of one path each.

use crate::ui::draw::{
    Draw, Drawn,
    html::{path, svg},
    live,
};

/// The outline of an icon on a grid of 24.
#[derive(Clone, Copy, PartialEq)]
pub struct Icon(&'static str);

impl Icon {
    /// Its outline as SVG has it.
    pub const fn path(self) -> &'static str {
        self.0
    }
}

/// The vendored icons.
pub mod icons {
    use super::Icon;

    include!(concat!(env!("OUT_DIR"), "/icons.rs"));
}

/// Draws an icon. It says nothing to screen readers: what it means is the text beside it or its button's name.
pub fn icon(icon: Icon) -> Drawn {
    svg()
        .attr("class", "icon")
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .child(path().attr("d", icon.0))
        .drawn()
}

/// Draws the icon of the moment.
pub fn changing_icon(which: impl Fn() -> Icon + Send + 'static) -> Drawn {
    svg()
        .attr("class", "icon")
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .child(path().attr("d", live(move || which().0)))
        .drawn()
}

/// The app's own mark: two speech bubbles.
pub fn logo() -> Drawn {
    svg()
        .attr("class", "logo")
        .attr("viewBox", "0 0 48 48")
        .attr("aria-hidden", "true")
        .child(path().attr("class", "logo-back").attr(
            "d",
            "M30 6a13 13 0 0 1 12.4 17 13 13 0 0 1-2.6 4.6l.9 5.2a1 1 0 0 1-1.4 1.1l-5-2.2A13 13 0 1 1 30 6z",
        ))
        .child(
            path()
                .attr("class", "logo-front")
                .attr("d", "M18 12a14 14 0 1 1-5.6 26.8l-5.7 2.1a1.2 1.2 0 0 1-1.6-1.5l1.7-5.5A14 14 0 0 1 18 12z"),
        )
        .drawn()
}
