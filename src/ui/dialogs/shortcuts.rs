//! The list of keys.

use super::{
    super::{
        Ui,
        kit::dialog::{Size, dialog},
    },
    close,
};
use crate::text::Texts;
use crate::ui::draw::{Draw, Drawn, html};

type Line = (&'static [&'static str], fn(&'static Texts) -> &'static str);

const LINES: [Line; 10] = [
    (&["Ctrl", "K"], |t| t.key_go_to()),
    (&["Ctrl", "F"], |t| t.find_in_chat()),
    (&["Alt", "↑ ↓"], |t| t.key_next_chat()),
    (&["Ctrl", ","], |t| t.key_settings()),
    (&["Ctrl", "/"], |t| t.key_shortcuts()),
    (&["Esc"], |t| t.key_escape()),
    (&["Enter"], |t| t.key_send()),
    (&["Shift", "Enter"], |t| t.key_newline()),
    (&["↑ ↓"], |t| t.key_walk()),
    (&["Enter"], |t| t.key_menu()),
];

/// Draws the dialog.
pub fn shortcuts(ui: Ui) -> Drawn {
    let lines: Vec<Drawn> = LINES
        .into_iter()
        .map(|(keys, words)| {
            let keys: Vec<Drawn> = keys.iter().map(|key| html::kbd().child(*key).drawn()).collect();
            html::div().attr("class", "shortcut").child((html::dt().child(ui.t(words)), html::dd().child(keys))).drawn()
        })
        .collect();
    let body = html::dl().attr("class", "shortcuts").child(lines).drawn();
    dialog(ui, Size::Small, ui.t(|t| t.shortcuts()), move || close(ui), body)
}
