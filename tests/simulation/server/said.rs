//! What a chat looks like by its archive: a second reading of XEP-0308, XEP-0424 and XEP-0444, beside the engine's. Who has
//! only some of its stanzas shows what those make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plausch_xmpp::xml::Element;

use super::{bare, body};

/// A stanza that says something.
#[derive(Clone)]
pub struct Said {
    author: String,
    /// What its author calls it.
    pub id: String,
    /// The message that it is, or is about.
    target: String,
    what: What,
    /// The archive does not have it any more.
    pub forgotten: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum What {
    Text(String),
    Correct(String),
    Retract,
    React(BTreeSet<String>),
}

/// Whether a device has a stanza.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Has {
    /// It has.
    Surely,
    /// The same, but the archive forgot it before the device could read where it belongs.
    Somewhere,
    /// It came, but nobody knows whether it was stored.
    Perhaps,
    /// It has not.
    Not,
}

/// What tells which of several stanzas counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The order of the archive, which the device knows.
    Archive,
    /// What nobody can tell the device for sure.
    Unknown,
}

/// A message as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// What it says; `None` if it was taken back.
    pub text: Option<String>,
    /// It was edited.
    pub edited: bool,
    /// Who reacted with what.
    pub reactions: BTreeMap<String, BTreeSet<String>>,
    /// Something was done to it that the server does not have.
    pub unsent: bool,
}

/// What may be shown in a place of a chat: none, if it has no texts.
#[derive(Clone, Default)]
pub struct Slot {
    /// The texts, and whether they are edits; `None` for what was taken back.
    texts: BTreeSet<(Option<String>, bool)>,
    /// The sets that everybody's reactions may be.
    reactions: BTreeMap<String, BTreeSet<BTreeSet<String>>>,
    /// Something has to be shown.
    must: bool,
    /// It may be shown elsewhere.
    free: bool,
}

impl Said {
    /// A stanza of an archive, if it says something.
    pub fn of(stanza: &Element, forgotten: bool) -> Option<Self> {
        let author = bare(stanza.attr("from").unwrap_or_default()).to_owned();
        let id = stanza.attr("id").unwrap_or_default().to_owned();
        let target = |name: &str, ns: &str| stanza.child(name, ns)?.attr("id").map(str::to_owned);
        let (target, what) = if let Some(target) = target("retract", "urn:xmpp:message-retract:1") {
            (target, What::Retract)
        } else if let Some(target) = target("replace", "urn:xmpp:message-correct:0") {
            (target, What::Correct(body(stanza)?))
        } else if let Some(reactions) = stanza.child("reactions", "urn:xmpp:reactions:0") {
            let emojis = reactions.children().map(Element::text).collect();
            (reactions.attr("id")?.to_owned(), What::React(emojis))
        } else {
            (id.clone(), What::Text(body(stanza)?))
        };
        Some(Self { author, id, target, what, forgotten })
    }
}

/// What a device shows of these stanzas, which are in the archive's order: a slot for the place of each. What corrects
/// something that is not there stands in its stead, where the first of such corrections does.
pub fn slots(said: &[Said], has: &dyn Fn(&Said) -> Has, order: Order) -> Vec<Slot> {
    let mut slots: Vec<Slot> = said.iter().map(|_| Slot::default()).collect();
    let mut messages: BTreeMap<&str, Vec<Known<'_>>> = BTreeMap::new();
    for (place, said) in said.iter().enumerate() {
        let has = has(said);
        if has != Has::Not {
            let (surely, free) = (has != Has::Perhaps, has != Has::Surely);
            messages.entry(&said.target).or_default().push(Known { place, said, surely, free: has == Has::Somewhere });
            slots.get_mut(place).into_iter().for_each(|slot| slot.free = free);
        }
    }
    for stanzas in messages.values() {
        let (slot, places) = show(stanzas, order);
        let must = slot.must && (places.len() == 1 || order == Order::Unknown);
        for place in places {
            if let Some(there) = slots.get_mut(place) {
                *there = Slot { must, free: there.free, ..slot.clone() };
            }
        }
    }
    slots
}

/// Whether a chat shows what it should.
pub fn agree(shown: &[Shown], slots: &[Slot], order: Order) -> bool {
    if order == Order::Unknown {
        let there = |slot: &&Slot| shown.iter().any(|line| slot.fits(line));
        return shown.iter().all(|line| slots.iter().any(|slot| slot.fits(line)))
            && slots.iter().filter(|slot| slot.must).all(|slot| there(&slot));
    }
    if is_in_order(shown, slots) {
        return true;
    }
    // Only what says something can be told apart.
    let (mut shown, mut slots) = (shown.to_vec(), slots.to_vec());
    for slot in &mut slots {
        if slot.free
            && let Some(place) = shown.iter().position(|line| line.text.is_some() && slot.fits(line))
        {
            shown.remove(place);
            *slot = Slot::default();
        }
    }
    is_in_order(&shown, &slots)
}

fn is_in_order(shown: &[Shown], slots: &[Slot]) -> bool {
    // How many of the slots may have been passed.
    let mut passed = BTreeSet::from([0]);
    for line in shown {
        let mut next = BTreeSet::new();
        for from in passed {
            for (place, slot) in slots.iter().enumerate().skip(from) {
                if slot.fits(line) {
                    next.insert(place.saturating_add(1));
                }
                if slot.must {
                    break;
                }
            }
        }
        passed = next;
    }
    passed.into_iter().any(|from| slots.iter().skip(from).all(|slot| !slot.must))
}

/// A stanza that a device has, or may have.
struct Known<'a> {
    place: usize,
    said: &'a Said,
    surely: bool,
    /// Nobody can tell the device where it belongs.
    free: bool,
}

/// What is shown of one message, and where that may be.
fn show(stanzas: &[Known<'_>], order: Order) -> (Slot, Vec<usize>) {
    let is_reaction = |known: &Known<'_>| known.said.what.emojis().is_some();
    let author = stanzas.iter().find(|known| !is_reaction(known)).map(|known| &known.said.author);
    let of = |wanted: fn(&What) -> bool| -> Vec<&Known<'_>> {
        let by_author = stanzas.iter().filter(|known| Some(&known.said.author) == author);
        by_author.filter(|known| wanted(&known.said.what)).collect()
    };
    let messages = of(|what| matches!(what, What::Text(_)));
    let edits = of(|what| matches!(what, What::Correct(_)));
    // Who has no archive may send a message twice; then what is said of it is said of one of the two.
    let repeated = messages.len() > 1;
    let retractions = of(|what| *what == What::Retract);
    let mut slot = Slot::default();
    let is_sure = |list: &[&Known<'_>]| list.iter().any(|known| known.surely);

    let mut places: Vec<usize> = messages.iter().map(|known| known.place).collect();
    if !is_sure(&messages) {
        let first = counting(edits.iter().copied(), order);
        places.extend(first.iter().map(|known| known.place));
    }
    slot.must = is_sure(&messages) || is_sure(&edits);

    if !retractions.is_empty() {
        slot.texts.insert((None, false));
    }
    if !is_sure(&retractions) || repeated {
        let last = counting(edits.iter().rev().copied(), order);
        slot.texts.extend(last.iter().map(|known| (known.said.what.text(), true)));
        if !is_sure(&edits) || repeated {
            slot.texts.extend(messages.iter().map(|known| (known.said.what.text(), false)));
        }
    }
    let people: BTreeSet<&String> = stanzas.iter().map(|known| &known.said.author).collect();
    for person in people {
        let is_theirs = |known: &&Known<'_>| known.said.author == *person && is_reaction(known);
        let theirs: Vec<&Known<'_>> = stanzas.iter().filter(is_theirs).collect();
        let mut sets: BTreeSet<BTreeSet<String>> =
            counting(theirs.iter().rev().copied(), order).iter().filter_map(|known| known.said.what.emojis()).collect();
        if !is_sure(&theirs) || repeated {
            sets.insert(BTreeSet::new());
        }
        slot.reactions.insert(person.clone(), sets);
    }
    (slot, places)
}

/// Those of which each may be the one that counts, if that is the first that is there.
fn counting<'k>(list: impl Iterator<Item = &'k Known<'k>>, order: Order) -> Vec<&'k Known<'k>> {
    let mut counting = Vec::new();
    let mut found = false;
    for known in list {
        if !found || known.free {
            counting.push(known);
        }
        found |= known.surely && !known.free && order == Order::Archive;
    }
    counting
}

impl What {
    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Correct(text) => Some(text.clone()),
            Self::Retract | Self::React(_) => None,
        }
    }

    fn emojis(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::React(emojis) => Some(emojis.clone()),
            _ => None,
        }
    }
}

impl Slot {
    /// Whether nothing can be shown here.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    fn fits(&self, shown: &Shown) -> bool {
        let none = BTreeSet::new();
        let may_be = |person: &String| {
            let set = shown.reactions.get(person).unwrap_or(&none);
            self.reactions.get(person).map_or(set.is_empty(), |sets| sets.contains(set))
        };
        let reactions = match shown.text {
            Some(_) => shown.reactions.keys().chain(self.reactions.keys()).all(may_be),
            None => shown.reactions.is_empty(),
        };
        !shown.unsent && reactions && self.texts.contains(&(shown.text.clone(), shown.edited))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edited = if self.edited { " (edited)" } else { "" };
        let unsent = if self.unsent { " (unsent)" } else { "" };
        write!(f, "{}{edited}{unsent}", self.text.as_deref().unwrap_or("(gone)"))?;
        self.reactions.iter().try_for_each(|(person, emojis)| write!(f, " {person}: {emojis:?}"))
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.texts.iter().map(|(text, _)| text.as_deref().unwrap_or("(gone)")).collect();
        write!(f, "{}{}", texts.join(" / "), if self.must { "" } else { " (perhaps)" })?;
        let mut some = self.reactions.iter().filter(|(_, sets)| sets.iter().any(|set| !set.is_empty()));
        some.try_for_each(|(person, sets)| write!(f, " {person}: {sets:?}"))
    }
}
