//! A message's text: plain text and links, nothing else, built from text nodes (attack cases C-01, C-04, C-16).

use web_sys::{MouseEvent, Url};

use super::{
    super::Ui,
    links::{Piece, address_of, pieces},
};
use crate::reactive::{RwSignal, ev};
use crate::ui::draw::{Draw, Drawn, html, live};
use crate::view::Dialog;

/// Texts up to this many bytes are wholly in the document, folded by the style sheet if they are high.
const WHOLE: usize = 20_000;
/// Texts with more lines than this are folded.
const LINES: usize = 24;
/// Texts with more bytes than this are folded.
const LONG: usize = 1_800;
/// How much more a click shows of a text that is not wholly in the document.
const STEP: usize = 40_000;

/// Draws a text, folded if it is long.
pub fn text(ui: Ui, text: String) -> Drawn {
    if text.len() <= LONG && text.bytes().filter(|byte| *byte == b'\n').count() < LINES {
        return html::div().attr("class", "message-body").child(drawn(ui, &text)).drawn();
    }
    long(ui, text)
}

fn long(ui: Ui, text: String) -> Drawn {
    let length = text.len();
    let open = RwSignal::new(false);
    let shown = RwSignal::new(WHOLE);
    let body = live(move || text.get(..boundary(&text, shown.get())).map(|part| drawn(ui, part)));
    let more = move |_| {
        if open.get_untracked() {
            shown.update(|shown| *shown = shown.saturating_add(STEP).min(length));
        }
        open.set(true);
    };
    let all = move || shown.get() >= length;
    (
        html::div()
            .attr("class", "message-body")
            .attr("data-folded", live(move || (!open.get()).then_some("true")))
            .child(body),
        html::button()
            .attr("type", "button")
            .attr("class", "fold")
            .on(ev::click, move |event| if open.get_untracked() && all() { open.set(false) } else { more(event) })
            .child(live(move || if open.get() && all() { ui.texts().show_less() } else { ui.texts().show_more() })),
    )
        .drawn()
}

/// The last character boundary at or before an index.
fn boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

fn drawn(ui: Ui, text: &str) -> Drawn {
    let all = pieces(text);
    match all.as_slice() {
        [Piece::Text(text)] => (*text).to_owned().drawn(),
        _ => all.into_iter().map(|piece| draw(ui, piece)).collect::<Vec<_>>().drawn(),
    }
}

fn draw(ui: Ui, piece: Piece<'_>) -> Drawn {
    match piece {
        Piece::Text(text) => text.to_owned().drawn(),
        Piece::Link(link) if permitted(link) => anchor(ui, link),
        Piece::Link(link) => link.to_owned().drawn(),
    }
}

/// What the browser makes of the link has to have a permitted scheme, too.
fn permitted(link: &str) -> bool {
    let scheme = Url::new(link).map(|url| url.protocol()).unwrap_or_default();
    matches!(scheme.as_str(), "http:" | "https:" | "mailto:" | "tel:" | "sms:" | "geo:" | "xmpp:")
}

fn anchor(ui: Ui, link: &str) -> Drawn {
    let address = address_of(link);
    let is_xmpp = link.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("xmpp:"));
    html::a()
        .attr("href", link.to_owned())
        .attr("target", "_blank")
        .attr("rel", "noopener noreferrer nofollow")
        .attr("referrerpolicy", "no-referrer")
        .on(ev::click, move |event: MouseEvent| {
            // An `xmpp:` link never acts: it asks, and one that can't be read does nothing.
            if is_xmpp {
                event.prevent_default();
            }
            if let Some(address) = &address {
                ui.state.place.dialog.set(Some(Dialog::NewChat { address: address.clone() }));
            }
        })
        .child(link.to_owned())
        .drawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(boundary("aßb", 2), 1);
        assert_eq!(boundary("aßb", 3), 3);
        assert_eq!(boundary("aßb", 99), 4);
        assert_eq!(boundary("", 5), 0);
    }
}
