//! The notices at the edge of the screen.

use std::time::Duration;

use super::{
    button::icon_button,
    icon::{icon, icons},
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, El, each, html};
use crate::{
    ui::Ui,
    view::{Notice, NoticeKind},
};

/// How long a notice of something that worked stays.
const SHORT: Duration = Duration::from_secs(4);

/// The notices, newest last. The polite live region is always there, so that screen readers watch it; a problem is an
/// alert of its own.
pub fn notices(ui: Ui) -> Drawn {
    html::div()
        .attr("class", "notices")
        .child(each(move || ui.state.notices.list(), |notice| notice.id.to_string(), move |shown| notice(ui, shown)))
        .drawn()
}

fn notice(ui: Ui, notice: Notice) -> El {
    let id = notice.id;
    let (mark, kind, role) = match notice.kind {
        NoticeKind::Done => (icons::CIRCLE_CHECK, "done", "status"),
        NoticeKind::Problem => (icons::CIRCLE_ALERT, "problem", "alert"),
    };
    if notice.kind == NoticeKind::Done {
        set_timeout(move || ui.state.notices.dismiss(id), SHORT);
    }
    html::div().attr("class", "notice").attr("data-kind", kind).attr("role", role).child((
        icon(mark),
        html::span().attr("class", "notice-words").child(notice.words),
        icon_button(icons::X, ui.t(|t| t.dismiss()), move |_| ui.state.notices.dismiss(id)),
    ))
}
