//! What becomes of a message after it was written: corrections (XEP-0308), reactions (XEP-0444), a retraction (XEP-0424).
//!
//! The message that is shown is a reduction of these events, which are kept with it: the last correction by place, the
//! last set of reactions of each person by place, and nothing at all once it was taken back. So the order in which they
//! arrive does not matter. Places are the archive's wherever it has told them.

use plausch_model::{BareJid, Emoji, MessageBody, Reaction, TimelineItem, TimelineKey, Timestamp, Way};
use serde::{Deserialize, Serialize};

use crate::{order::are_of_one_part, records::MessageRecord};

/// So many corrections of a message are kept, beside what it said at first; then the oldest make room.
const MAX_CORRECTIONS: usize = 20;

/// So many sets of reactions are kept of each person.
const MAX_SETS: usize = 10;

/// Something that becomes of a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Event {
    /// The id of the stanza that says so.
    pub id: String,
    /// Who says so.
    pub author: BareJid,
    /// Where it stands among what was said in the chat.
    pub place: TimelineKey,
    /// What.
    pub what: What,
}

/// What becomes of a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum What {
    /// It says this now.
    Correct(String),
    /// Its author takes it back.
    Retract,
    /// These are all of somebody's reactions.
    React(Vec<Emoji>),
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Story {
    /// Another id that its author gave it, beside the first one.
    other_id: Option<String>,
    /// The message itself is not here, only corrections of it: it stands where the first of those does.
    missing: bool,
    /// What it said at first, once it was corrected.
    original: Option<String>,
    /// Its corrections in order.
    corrections: Vec<Correction>,
    /// Sets of reactions in order; the last of each person counts. What came before is kept for a while, since a server
    /// delivers again what it does not know to have arrived.
    reactions: Vec<Reacted>,
    /// The id of the stanza that took it back.
    retraction: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
struct Correction {
    id: String,
    text: String,
    place: TimelineKey,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
struct Reacted {
    author: BareJid,
    id: String,
    emojis: Vec<Emoji>,
    place: TimelineKey,
}

/// What the place of an event is worth, if that is known already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placing {
    /// It is where the event came: the place where it came first is as good.
    Arrival,
    /// It is the archive's, but where the event stands no later than this it is in order.
    Archive(Timestamp),
    /// So is this, of a part that was missing and may have been read before.
    Missed(Timestamp),
}

impl Placing {
    fn replaces(self, known: TimelineKey, new: TimelineKey) -> bool {
        match self {
            Self::Arrival => false,
            Self::Archive(floor) => floor < known.at,
            Self::Missed(floor) => floor < known.at && !are_of_one_part(known, new),
        }
    }

    /// Whether this is the place of what is as old as all that is here: it was here before.
    fn is_of_the_past(self, place: TimelineKey) -> bool {
        matches!(self, Self::Archive(floor) | Self::Missed(floor) if place.at <= floor.plus_millis(1))
    }
}

impl MessageRecord {
    /// Takes an event in. False if that changes nothing.
    pub(crate) fn tell(&mut self, event: &Event, placing: Placing) -> bool {
        let authors = event.author == self.item.author;
        if self.item.body == MessageBody::Retracted || !authors && !matches!(event.what, What::React(_)) {
            return false;
        }
        let before = self.clone();
        let original = text(&self.item.body);
        let story = self.story.get_or_insert_default();
        match &event.what {
            What::Correct(text) => story.correct(event, text, original, placing),
            What::Retract => story.retraction = Some(event.id.clone()),
            What::React(emojis) => story.react(event, emojis, placing),
        }
        self.reduce();
        *self != before
    }

    /// What was said of a message that stood for this one is said of this one.
    pub fn absorb(&mut self, other: Self) {
        let Some(theirs) = other.story else { return };
        let author = other.item.author;
        let event = |id, author, place, what| Event { id, author, place, what };
        for Correction { id, text, place } in theirs.corrections {
            self.tell(&event(id, author.clone(), place, What::Correct(text)), Placing::Arrival);
        }
        for Reacted { author, id, emojis, place } in theirs.reactions {
            self.tell(&event(id, author, place, What::React(emojis)), Placing::Arrival);
        }
        if let Some(id) = theirs.retraction {
            self.tell(&event(id, author, other.item.key, What::Retract), Placing::Arrival);
        }
    }

    /// The message itself has come, of which only corrections were here. Its place is to follow.
    pub fn found(&mut self, body: MessageBody) {
        let Some(story) = self.story.as_deref_mut().filter(|story| story.missing) else { return };
        story.missing = false;
        story.original = text(&body).filter(|_| story.retraction.is_none());
        self.reduce();
    }

    /// This, which a correction says, stands for the message with this id, which is not here.
    pub fn stand_for(&mut self, target: &str) {
        self.wire_id = Some(target.to_owned());
        self.story.get_or_insert_default().missing = true;
    }

    /// Where it stands for a message that is not here: in the place of the first of those that correct that.
    pub fn stands_at(&self) -> Option<TimelineKey> {
        let story = self.story.as_ref().filter(|story| story.missing)?;
        story.corrections.first().map(|first| first.place)
    }

    /// Whether it stands for a message that is not here.
    pub fn is_missing(&self) -> bool {
        self.story.as_ref().is_some_and(|story| story.missing)
    }

    /// What it said before it was corrected.
    pub fn first_text(&self) -> Option<String> {
        let first = self.story.as_ref().and_then(|story| story.original.clone());
        first.or_else(|| text(&self.item.body))
    }

    /// The ids beside the first one under which its author knows it: others it gave it, and those of its corrections.
    pub fn other_ids(&self) -> impl Iterator<Item = &String> {
        self.story.iter().flat_map(|story| story.other_id.iter().chain(story.corrections.iter().map(|made| &made.id)))
    }

    /// The ids of events of ours, and what was in them: what may come back.
    pub fn own_events(&self) -> Vec<(&BareJid, &String, What)> {
        let author = &self.item.author;
        let mut events = Vec::new();
        for story in self.story.iter() {
            let sets = story.last_reactions().filter(|set| is_own(&self.item, &self.chat, &set.author));
            events.extend(sets.map(|set| (&set.author, &set.id, What::React(set.emojis.clone()))));
            if self.item.way == Way::Out {
                let corrections = story.corrections.iter();
                events.extend(corrections.map(|made| (author, &made.id, What::Correct(made.text.clone()))));
                events.extend(story.retraction.iter().map(|id| (author, id, What::Retract)));
            }
        }
        events
    }

    /// Somebody's reactions, in their order.
    pub fn reactions_of(&self, author: &BareJid) -> Vec<Emoji> {
        let mut sets = self.story.iter().flat_map(|story| story.last_reactions());
        sets.find(|set| set.author == *author).map(|set| set.emojis.clone()).unwrap_or_default()
    }

    /// Our reactions came back: those before them count (XEP-0444 §3.4).
    pub fn reaction_bounced(&mut self, id: &str) {
        if let Some(story) = &mut self.story {
            story.reactions.retain(|set| set.id != id);
        }
        self.reduce();
    }

    /// Makes what is shown out of what was said.
    fn reduce(&mut self) {
        let (item, chat) = (&mut self.item, &self.chat);
        let Some(story) = self.story.as_deref_mut() else { return };
        if story.retraction.is_some() {
            // Who took it back wants it gone, with all that was said of it.
            story.original = None;
            story.corrections.clear();
            story.reactions.clear();
            item.body = MessageBody::Retracted;
        } else if let Some(text) = story.corrections.last().map(|last| &last.text).or(story.original.as_ref()) {
            item.body = MessageBody::Text(text.clone());
        }
        item.edited = story.corrections.last().map(|last| last.place.at);
        item.reactions.clear();
        for set in story.last_reactions() {
            let own = is_own(item, chat, &set.author);
            set.emojis.iter().for_each(|emoji| add_reaction(item, emoji, &set.author, own));
        }
    }
}

impl Story {
    /// Nothing became of it yet; its author knows it by another id, too.
    pub fn known_as(id: String) -> Self {
        Self { other_id: Some(id), ..Self::default() }
    }

    fn correct(&mut self, event: &Event, text: &str, original: Option<String>, placing: Placing) {
        if self.corrections.is_empty() && !self.missing {
            self.original = original;
        }
        let place = event.place;
        // Many clients count from 1 again: an id names a correction only together with its text.
        let is_it = |made: &Correction| made.id == event.id && made.text == text;
        if self.corrections.iter().any(|made| is_it(made) && !placing.replaces(made.place, place)) {
            return;
        }
        self.corrections.retain(|made| !is_it(made));
        let at = self.corrections.iter().take_while(|made| made.place <= place).count();
        self.corrections.insert(at, Correction { id: event.id.clone(), text: text.to_owned(), place });
        if self.corrections.len() > MAX_CORRECTIONS {
            self.corrections.remove(0);
        }
    }

    fn react(&mut self, event: &Event, emojis: &[Emoji], placing: Placing) {
        let Event { id, author, place, .. } = event;
        let is_it = |set: &Reacted| set.author == *author && set.id == *id && set.emojis == emojis;
        let kept = self.reactions.iter().filter(|set| set.author == *author).count();
        // What is of the past and not among so many has made room for them.
        let stays = match self.reactions.iter().find(|set| is_it(set)) {
            Some(set) => !placing.replaces(set.place, *place),
            None => kept >= MAX_SETS && placing.is_of_the_past(*place),
        };
        if stays {
            return;
        }
        self.reactions.retain(|set| !is_it(set));
        let new = Reacted { author: author.clone(), id: id.clone(), emojis: emojis.to_vec(), place: *place };
        let at = self.reactions.iter().take_while(|set| set.place <= *place).count();
        self.reactions.insert(at, new);
        let theirs = self.reactions.iter().filter(|set| set.author == *author).count();
        let first = self.reactions.iter().position(|set| set.author == *author);
        if let Some(first) = first.filter(|_| theirs > MAX_SETS) {
            self.reactions.remove(first);
        }
    }

    /// The last set of each person.
    fn last_reactions(&self) -> impl Iterator<Item = &Reacted> {
        let last =
            |at: usize, author: &BareJid| !self.reactions.iter().skip(at).skip(1).any(|set| set.author == *author);
        self.reactions.iter().enumerate().filter(move |(at, set)| last(*at, &set.author)).map(|(_, set)| set)
    }
}

/// Shows an item with one reaction more. They are in an order of their own, so that none changes its place.
fn add_reaction(item: &mut TimelineItem, emoji: &Emoji, author: &BareJid, own: bool) {
    let at = item.reactions.iter().take_while(|reaction| reaction.emoji < *emoji).count();
    match item.reactions.get_mut(at).filter(|reaction| reaction.emoji == *emoji) {
        Some(reaction) => {
            let at = reaction.by.iter().take_while(|other| *other < author).count();
            reaction.by.insert(at, author.clone());
            reaction.own |= own;
        }
        None => item.reactions.insert(at, Reaction { emoji: emoji.clone(), by: vec![author.clone()], own }),
    }
}

/// Shows an item with these reactions of ours instead of those it has.
pub(crate) fn show_own_reactions(item: &mut TimelineItem, me: &BareJid, emojis: &[Emoji]) {
    for reaction in &mut item.reactions {
        reaction.by.retain(|author| author != me);
        reaction.own = false;
    }
    emojis.iter().for_each(|emoji| add_reaction(item, emoji, me, true));
    item.reactions.retain(|reaction| !reaction.by.is_empty());
}

/// Whose reactions those of a message are: with oneself, one's own.
fn is_own(item: &TimelineItem, chat: &BareJid, author: &BareJid) -> bool {
    author != chat || item.way == Way::Out && item.author == *chat
}

fn text(body: &MessageBody) -> Option<String> {
    match body {
        MessageBody::Text(text) => Some(text.clone()),
        MessageBody::Unreadable | MessageBody::Retracted => None,
    }
}
