//! Saves a conversation as a file.

use js_sys::{Array, JsString};
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};

use super::{
    super::{
        Ui,
        kit::{
            button::{self, Look},
            dialog::{Size, actions, dialog},
        },
    },
    close, complain,
};
use crate::reactive::*;
use crate::text::{
    export::{Export, Form},
    format,
};
use crate::ui::draw::{Draw, Drawn, html, live};
use crate::view::OpenChat;

/// Draws the dialog: in which form?
pub fn export(ui: Ui, chat: OpenChat) -> Drawn {
    let name = untrack(|| chat.account.name_of(&chat.jid));
    let title = live(move || {
        let (before, after) = ui.texts().export_question().around();
        (before, html::bdi().child(name.clone()), after)
    });
    let choice = |form: Form, word| {
        let chat = chat.clone();
        button::button(Look::Plain, word, move |_| {
            close(ui);
            save(ui, &chat, form);
        })
    };
    let body = (
        html::p().attr("class", "dialog-hint").child(ui.t(|t| t.export_hint())),
        actions((
            choice(Form::Text, ui.t(|t| t.export_text())),
            choice(Form::Html, ui.t(|t| t.export_page())),
            choice(Form::Json, ui.t(|t| t.export_data())),
        )),
    );
    dialog(ui, Size::Small, title, move || close(ui), body.drawn())
}

/// Gathers the messages as they come, and hands the file to the browser with the last ones.
fn save(ui: Ui, chat: &OpenChat, form: Form) {
    let parts = Array::new();
    let of = chat.clone();
    let mut written = false;
    let on_part = move |items: Vec<plausch_model::TimelineItem>, last: bool| {
        let locale = ui.prefs.locale.get_untracked();
        let (peer, own) = untrack(|| (of.account.name_of(&of.jid), of.account.own_name()));
        let export = Export {
            form,
            peer: &peer,
            own: &own,
            chat: of.jid.as_str(),
            language: locale.tag(),
            moment: &|at| format::moment(locale, at),
            iso: &format::iso,
        };
        let mut text = if parts.length() == 0 { export.head() } else { String::new() };
        for item in &items {
            text.push_str(&export.message(item, !written));
            written = true;
        }
        if last {
            text.push_str(export.foot());
        }
        parts.push(&JsString::from(text));
        if last {
            // A browser that can't make the file says so itself.
            let _ = hand_over(&parts, form, &[of.jid.as_str(), form.ending()].concat());
        }
    };
    ui.state.export(chat, on_part, complain(ui));
}

/// Has the browser save a file, as it saves any.
fn hand_over(parts: &Array, form: Form, name: &str) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type(form.media_type());
    let blob = Blob::new_with_str_sequence_and_options(parts, &options).ok()?;
    let address = Url::create_object_url_with_blob(&blob).ok()?;
    let link = html::a().attr("href", address.clone()).attr("download", name.to_owned()).into_element();
    link.dyn_into::<HtmlElement>().ok()?.click();
    // The browser has taken it by the next turn.
    set_timeout(move || drop(Url::revoke_object_url(&address)), std::time::Duration::from_secs(60));
    Some(())
}
