//! The rows of the switcher.

use plausch_model::{MatchRange, Way};

use super::{
    super::super::{
        Ui,
        kit::{
            avatar::{avatar, of_room},
            icon::icon,
        },
    },
    places::{Action, Target},
};
use crate::ui::draw::{Draw, Drawn, El, html, live};
use crate::view::Found;

fn row() -> El {
    html::div().attr("class", "target").attr("role", "option")
}

/// A chat, contact or room.
pub fn place(ui: Ui, target: &Target) -> El {
    let (name, photo) = (target.name.clone(), target.avatar.clone());
    // The address of a room without a name stands in for that.
    let named = target.name != target.address;
    let face = match target.room {
        true => of_room(&target.jid),
        false => avatar(ui, target.account, target.jid.clone(), move || name.clone(), move || photo.clone()),
    };
    row().child((
        face,
        html::span().attr("class", "row-words").child((
            html::bdi().attr("class", "row-name").child(target.name.clone()),
            html::span().attr("class", "row-preview").child((
                target.room.then(|| ui.t(|t| t.room())),
                (target.room && named).then_some(" · "),
                (named || !target.room).then(|| html::bdi().child(target.address.clone())),
            )),
        )),
        (target.unread > 0).then(|| html::span().attr("class", "badge").child(target.unread.to_string())),
    ))
}

/// Something to do.
pub fn action(ui: Ui, action: Action) -> El {
    row().attr("data-kind", "action").child((
        html::span().attr("class", "target-mark").child(icon(action.icon)),
        html::span().attr("class", "row-words").child(html::span().attr("class", "row-name").child(ui.t(action.name))),
    ))
}

/// A message that was found: in which chat, when, and what it says around what was looked for.
pub fn message(ui: Ui, found: &Found) -> El {
    let Found { account, hit } = found.clone();
    let (named, letters, photo) = (hit.chat.clone(), hit.chat.clone(), hit.chat.clone());
    let photo = move || {
        let contact = account.contacts.watch(&photo)?.contact.with(|contact| contact.avatar.clone());
        contact.or_else(|| account.chats.watch(&photo)?.summary.with(|chat| chat.avatar.clone()))
    };
    let own = (hit.way == Way::Out).then(|| live(move || [ui.texts().from_you(), ": "].concat()));
    row().attr("data-kind", "message").child((
        avatar(ui, account, hit.chat.clone(), move || account.name_of(&letters), photo),
        html::span().attr("class", "row-words").child((
            html::span().attr("class", "target-head").child((
                html::bdi().attr("class", "row-name").child(live(move || account.name_of(&named))),
                html::time().attr("class", "row-time").child(live(move || ui.recent(hit.at))),
            )),
            html::span()
                .attr("class", "target-text")
                .attr("dir", "auto")
                .child((own, marked(&hit.excerpt, &hit.marks))),
        )),
    ))
}

/// A text in which some parts stand out.
fn marked(text: &str, marks: &[MatchRange]) -> Vec<Drawn> {
    let mut parts = Vec::new();
    let mut from = 0;
    let part = |from: usize, to: usize| text.get(from..to).filter(|part| !part.is_empty()).map(str::to_owned);
    for mark in marks {
        let (start, end) = (mark.start as usize, mark.end as usize);
        parts.extend(part(from, start).map(Draw::drawn));
        parts.extend(part(start, end).map(|part| html::mark().child(part).drawn()));
        from = from.max(end);
    }
    parts.extend(part(from, text.len()).map(Draw::drawn));
    parts
}
