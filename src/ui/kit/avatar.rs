//! Avatars: the person's picture, or their initials on a colour that every client agrees on (XEP-0392).

use plausch_model::{AvatarId, BareJid, Command};

use super::icon::{icon, icons};
use crate::page::call;
use crate::reactive::{Memo, RwSignal, ev, untrack};
use crate::text::fold;
use crate::ui::draw::{Draw, Drawn, choose, html, live, memo};
use crate::{ui::Ui, view::Account};

/// Red, green and blue for each of 256 steps around the hue circle.
static COLOURS: [[u8; 3]; 256] = include!(concat!(env!("OUT_DIR"), "/colours.rs"));

/// The colour of an address. The hue is the first two bytes of its SHA-1, the second the more significant
/// (XEP-0392 §5.1); this one byte picks from a palette of 256 hues.
fn colour(jid: &BareJid) -> String {
    let digest = sha1_smol::Sha1::from(jid.as_str()).digest().bytes();
    let step = usize::from(digest.get(1).copied().unwrap_or_default());
    let [red, green, blue] = COLOURS.get(step).copied().unwrap_or_default();
    format!("rgb({red} {green} {blue})")
}

/// One or two letters for a name: of its first and last word, where the script has capitals; else its first sign.
fn initials(name: &str) -> String {
    let mut words = name.split(|sign: char| !fold::is_word(sign)).filter(|word| !word.is_empty());
    let Some(first) = words.next().and_then(|word| word.chars().next()) else { return "#".into() };
    let last = words.next_back().and_then(|word| word.chars().next());
    let first = first.to_string();
    let mut letters = fold::upper(&first);
    // Scripts without upper case are shown by one sign.
    let cased = letters == first && fold::lower(&first) != first;
    if let Some(last) = last.filter(|last| cased && !last.is_ascii_digit()) {
        letters.push_str(&fold::upper(&last.to_string()));
    }
    letters
}

/// An avatar. It says nothing to screen readers: the name stands beside it.
pub fn avatar(
    ui: Ui,
    account: Account,
    jid: BareJid,
    name: impl Fn() -> String + Send + Sync + 'static,
    id: impl Fn() -> Option<AvatarId> + Send + Sync + 'static,
) -> Drawn {
    face(ui, account, colour(&jid), memo(move || initials(&name())), memo(id))
}

/// A room's avatar: several people on its address's colour.
pub fn of_room(jid: &BareJid) -> Drawn {
    let colour = colour(jid);
    html::span()
        .attr("class", "avatar")
        .attr("aria-hidden", "true")
        .style("--avatar-colour", live(move || colour.clone()))
        .child(icon(icons::USERS_ROUND))
        .drawn()
}

fn face(ui: Ui, account: Account, colour: String, name: Memo<String>, id: Memo<Option<AvatarId>>) -> Drawn {
    let picture = memo(move || {
        let id = id.get()?;
        let (picture, unknown) = account.avatars.watch(&id, || of_last_view(&id));
        if unknown {
            ui.state.command(account, Command::LoadAvatar(id));
        }
        picture.get()
    });
    let broken = RwSignal::new(None::<String>);
    let shown = memo(move || picture.get().filter(|address| broken.with(|broken| broken.as_ref() != Some(address))));
    html::span()
        .attr("class", "avatar")
        .attr("aria-hidden", "true")
        .style("--avatar-colour", live(move || colour.clone()))
        .child(choose(
            move || shown.get().is_some(),
            move |is_photo| {
                if is_photo {
                    photo(id, shown, broken)
                } else {
                    html::span().attr("class", "avatar-letters").child(live(move || name.get())).drawn()
                }
            },
        ))
        .drawn()
}

/// What the last view showed, until the picture is here (public/last.js).
fn of_last_view(id: &AvatarId) -> Option<String> {
    call("last", "photo", &[id.as_str().into()])?.as_string()
}

/// A picture, which changes in place; one that the browser can't show says so.
fn photo(id: Memo<Option<AvatarId>>, address: Memo<Option<String>>, broken: RwSignal<Option<String>>) -> Drawn {
    html::img()
        .attr("class", "avatar-photo")
        .attr("data-avatar", live(move || id.get().map(|id| id.as_str().to_owned())))
        .attr("src", live(move || address.get()))
        .attr("alt", "")
        .attr("draggable", "false")
        .on(ev::error, move |_| broken.set(untrack(|| address.get())))
        .drawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_those_of_xep_0392() {
        // From the test vectors of XEP-0392 §14.1; a step is 1.4 degrees.
        for (text, degrees) in [("Romeo", 327.255249), ("juliet@capulet.lit", 209.410400), ("😺", 331.199341)] {
            let digest = sha1_smol::Sha1::from(text).digest().bytes();
            let step = f64::from(digest[1]) / 256.0 * 360.0;
            assert!((step..step + 1.41).contains(&degrees), "{text}: {step}");
        }
    }

    #[test]
    fn white_letters_can_be_read_on_every_colour() {
        for [red, green, blue] in COLOURS {
            let channel = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            let luminance = 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
            assert!(1.05 / (luminance + 0.05) >= 4.5, "{red} {green} {blue}");
        }
    }

    #[test]
    fn initials_of_all_kinds_of_names() {
        for (name, letters) in [
            ("Romeo Montague", "RM"),
            ("romeo", "R"),
            ("Anna Maria von Hohenfels", "AH"),
            ("🌸 Hana", "H"),
            ("田中 花子", "田"),
            ("محمد علي", "م"),
            ("ßen", "SS"),
            ("???", "#"),
            ("", "#"),
            ("Team 7", "T"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
