//! What is told outside the page.

use super::{
    super::{
        Ui,
        kit::field::choice,
        notify::{self, Permission},
        prefs::Telling,
    },
    page,
};
use crate::page::spawn;
use crate::ui::draw::{Draw, Drawn, html};
use crate::view::NoticeKind;

/// Draws the page.
pub fn notifications(ui: Ui) -> Drawn {
    let hint = match notify::permission() {
        Permission::Unable => {
            let hint = html::p().attr("class", "page-hint").child(ui.t(|t| t.notify_unable()));
            return page(ui.t(|t| t.notify()), hint.drawn());
        }
        Permission::Refused => ui.t(|t| t.notify_refused()),
        Permission::Granted | Permission::Unasked => ui.t(|t| t.notify_hint()),
    };
    let group = ui.unique("notifications");
    let telling = ui.prefs.telling;
    let cards: Vec<Drawn> = Telling::ALL
        .into_iter()
        .map(|which| {
            let name = ui.t(match which {
                Telling::Nothing => |t| t.notify_nothing(),
                Telling::Names => |t| t.notify_names(),
                Telling::Texts => |t| t.notify_texts(),
            });
            choice(group.clone(), name, None, move || telling.get() == which, move || choose(ui, which))
        })
        .collect();
    let body = (
        html::fieldset()
            .attr("class", "choices")
            .child((html::legend().attr("class", "unseen").child(ui.t(|t| t.notify())), cards)),
        html::p().attr("class", "page-hint").child(hint),
    );
    page(ui.t(|t| t.notify()), body.drawn())
}

/// Asks the browser, if it has to be asked, and keeps the choice if it agrees.
fn choose(ui: Ui, which: Telling) {
    ui.prefs.telling.set(which);
    spawn(async move {
        if which == Telling::Nothing || notify::ask().await {
            return ui.prefs.set_telling(which);
        }
        ui.prefs.set_telling(Telling::Nothing);
        ui.state.notices.show(NoticeKind::Problem, ui.words().notify_refused().to_owned());
    });
}
