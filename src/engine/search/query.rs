//! What a person looks for: words, phrases, and whose, where and when.
//!
//! ```text
//! lunch "at noon" from:romeo in:"the balcony" has:link after:2024-05 before:2025
//! ```
//!
//! Everything has to be true of a message. A word is found as the beginning of one; what is typed without a space, such as
//! `rock-n-roll` or `東京`, also has to stand like that. In quotes, words are whole and in this order; as long as the quote
//! is open, the last one is still being typed. `from:` and `in:` twice mean either. Days are those of the person's clock.
//! What looks like a filter but is none is looked for as it stands, and no text is an error.

use std::ops::Range;

use plausch_model::{BareJid, MessageBody, Timestamp, Way};
use plausch_xmpp::{datetime::DateTime, list::IntoList};

use super::{
    fold::{Decompose, Folded, Term, Word, term},
    links::has_link,
    segment::Trait,
};
use crate::{map::Set, records::MessageRecord};

/// So many characters of what is typed count.
const MAX_QUERY: usize = 1_000;
/// So many terms are looked up; what is left is compared with the texts alone.
const MAX_NEEDLES: usize = 24;
/// So many matches of a text are told.
const MAX_RANGES: usize = 100;
/// The filters, with the colon that belongs to them.
const FILTERS: [&str; 6] = ["from:", "in:", "has:", "before:", "after:", "on:"];
const MILLIS_PER_MINUTE: i64 = 60_000;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// What a query is read with.
pub struct Reading<'a> {
    /// The account's own address.
    pub me: &'a BareJid,
    /// The host's NFKD.
    pub decompose: Decompose,
    /// By how many minutes the person's clock is ahead of UTC.
    pub utc_offset_minutes: i32,
    /// The addresses of those whose name or address this may be a part of.
    pub resolve: &'a dyn Fn(&str) -> Vec<BareJid>,
}

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SearchQuery {
    phrases: Vec<Phrase>,
    authors: Option<Authors>,
    chats: Option<Set<BareJid>>,
    link: bool,
    /// Not before this.
    since: Option<Timestamp>,
    /// Before this.
    until: Option<Timestamp>,
}

/// Whose messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Authors {
    /// Our own.
    own: bool,
    /// Those of others.
    people: Set<BareJid>,
}

/// Words that stand together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    words: Vec<Word>,
    /// The last word may go on.
    open: bool,
}

/// Terms of which a message that is found has one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Needle {
    /// The terms.
    pub terms: Set<Term>,
    /// Every term that begins with one of them counts.
    pub open: bool,
}

impl Needle {
    fn new(term: Term, open: bool) -> Self {
        Self { terms: [term].into_iter().collect(), open }
    }

    /// Whether a term counts.
    pub fn takes(&self, term: &Term) -> bool {
        self.terms.contains(term) || self.open && self.terms.iter().any(|known| term.starts_with(known))
    }
}

impl SearchQuery {
    /// Reads what was typed.
    pub fn parse(text: &str, reading: &Reading<'_>) -> Self {
        let mut query = Self::default();
        let end = text.char_indices().nth(MAX_QUERY).map_or(text.len(), |(end, _)| end);
        let mut rest = text.get(..end).unwrap_or_default().trim_start();
        while !rest.is_empty() {
            let filter = FILTERS.iter().find_map(|name| Some((*name, strip_name(rest, name)?)));
            let (value, after) = take_value(filter.map_or(rest, |(_, value)| value));
            let known = filter.is_some_and(|(name, _)| query.narrow(name, &value, reading));
            match filter {
                Some((name, _)) if !known => query.add(&[name, value.text].concat(), true, reading),
                Some(_) => {}
                None => query.add(value.text, value.open, reading),
            }
            rest = after.trim_start();
        }
        query
    }

    /// The same within one chat. Where nothing is looked for, nothing is there, either.
    #[must_use]
    pub fn in_chat(mut self, chat: BareJid) -> Self {
        if !self.is_empty() {
            self.chats = Some([chat].into_iter().collect());
        }
        self
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, text: &str, open: bool, reading: &Reading<'_>) {
        self.phrases.extend(Phrase::new(text, open, reading.decompose));
    }

    /// Narrows by a filter. False if it is none.
    fn narrow(&mut self, name: &str, value: &Value<'_>, reading: &Reading<'_>) -> bool {
        if value.text.is_empty() {
            // It is still being typed.
            return true;
        }
        match name {
            "from:" => {
                let authors = self.authors.get_or_insert_default();
                let people = match value.text.eq_ignore_ascii_case("me") {
                    true => vec![reading.me.clone()],
                    false => (reading.resolve)(value.text),
                };
                authors.people.extend(people);
                authors.own |= authors.people.remove(reading.me);
            }
            "in:" => self.chats.get_or_insert_default().extend((reading.resolve)(value.text)),
            "has:" if ["link", "links"].iter().any(|word| word.eq_ignore_ascii_case(value.text)) => self.link = true,
            "has:" => return false,
            _ => {
                let Some(days) = days(value.text, reading.utc_offset_minutes) else { return false };
                if name != "before:" {
                    let since = if name == "on:" { days.start } else { days.end };
                    self.since = self.since.max(Some(since));
                }
                if name != "after:" {
                    let until = if name == "on:" { days.end } else { days.start };
                    self.until = Some(self.until.map_or(until, |known| known.min(until)));
                }
            }
        }
        true
    }

    /// What is to be looked up: a message that is found has terms of all of these.
    pub fn needles(&self) -> Vec<Needle> {
        let link = self.link.then(|| Needle::new(Trait::Link.term(), false));
        let authors = self.authors.as_ref().map(|authors| {
            let own = authors.own.then_some(Trait::Own);
            let people = authors.people.iter().map(Trait::By);
            Needle { terms: own.into_iter().chain(people).map(|author| author.term()).collect(), open: false }
        });
        let chats = self.chats.as_ref().map(|chats| {
            let chats = chats.iter().map(Trait::In);
            Needle { terms: chats.map(|chat| chat.term()).collect(), open: false }
        });
        let words = self.phrases.iter().flat_map(Phrase::needles);
        link.into_iter().chain(authors).chain(chats).chain(words).take(MAX_NEEDLES).into_list()
    }

    /// When the oldest message that counts may have been sent, and the newest.
    pub fn times(&self) -> (Timestamp, Timestamp) {
        let newest = self.until.map_or(Timestamp(i64::MAX), |until| until.plus_millis(-1));
        (self.since.unwrap_or(Timestamp(i64::MIN)), newest)
    }

    /// Whether messages of some of these chats may count.
    pub fn may_be_in(&self, chats: &[BareJid]) -> bool {
        self.chats.as_ref().is_none_or(|wanted| chats.iter().any(|chat| wanted.contains(chat)))
    }

    fn takes(&self, message: &MessageRecord) -> bool {
        let (oldest, newest) = self.times();
        let by = |authors: &Authors| match message.item.way {
            Way::Out => authors.own,
            Way::In => authors.people.contains(&message.item.author),
        };
        (oldest..=newest).contains(&message.item.key.at)
            && self.chats.as_ref().is_none_or(|chats| chats.contains(&message.chat))
            && self.authors.as_ref().is_none_or(by)
    }

    /// Which bytes of a message's text match, in order. `None` if the message is not what is looked for.
    pub fn find_in(&self, message: &MessageRecord, decompose: Decompose) -> Option<Vec<Range<usize>>> {
        let MessageBody::Text(text) = &message.item.body else { return None };
        if !self.takes(message) || self.link && !has_link(text) {
            return None;
        }
        find(&self.phrases, text, decompose)
    }
}

impl Phrase {
    /// What was typed; `None` if there is no word in it.
    pub fn new(text: &str, open: bool, decompose: Decompose) -> Option<Self> {
        let words = Folded::new(text, decompose).words;
        (!words.is_empty()).then_some(Self { words, open })
    }

    /// The terms of every text that the phrase is in.
    fn needles(&self) -> Vec<Needle> {
        let mut needles = Vec::new();
        let mut words = self.words.iter().peekable();
        let mut paired = false;
        while let Some(word) = words.next() {
            let next = words.peek().copied();
            let pair = next.is_some_and(|next| word.dense && next.dense && next.joined);
            // Of characters that are joined, the pairs say everything; a single one begins some pair, or stands last.
            if pair || !paired {
                let open = word.dense && !pair || self.open && next.is_none();
                needles.push(Needle::new(term(word, next), open));
            }
            paired = pair;
        }
        needles
    }

    /// Adds which bytes of the original text match. False if none do.
    fn find_in(&self, text: &Folded, ranges: &mut Vec<Range<usize>>) -> bool {
        let mut found = false;
        for place in text.words.windows(self.words.len()).filter(|words| self.is(words)) {
            let (Some(first), Some(last), Some(typed)) = (place.first(), place.last(), self.words.last()) else {
                break;
            };
            found = true;
            ranges.push(text.span(first, last, typed.text.chars().count()));
        }
        found
    }

    /// Whether the phrase is these words.
    fn is(&self, words: &[Word]) -> bool {
        let last = self.words.len().saturating_sub(1);
        let mut pairs = words.iter().zip(&self.words).enumerate();
        pairs.all(|(place, (word, typed))| {
            let together = word.joined || !typed.joined || place == 0;
            let same = word.text == typed.text || self.open && place == last && word.text.starts_with(&typed.text);
            together && same
        })
    }
}

/// Which bytes of a text match, in order and apart from each other; `None` if a phrase is not in it.
pub fn find(phrases: &[Phrase], text: &str, decompose: Decompose) -> Option<Vec<Range<usize>>> {
    let mut ranges = Vec::new();
    if !phrases.is_empty() {
        let folded = Folded::new(text, decompose);
        if !phrases.iter().all(|phrase| phrase.find_in(&folded, &mut ranges)) {
            return None;
        }
    }
    Some(apart(ranges))
}

/// Puts ranges in order and joins those that meet.
fn apart(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let ordered = plausch_xmpp::sorted::sorted(ranges.into_iter().map(|range| (range.start, range.end)).into_list());
    let mut apart: Vec<Range<usize>> = Vec::new();
    for (start, end) in ordered {
        match apart.last_mut().filter(|last| start <= last.end) {
            Some(last) => last.end = last.end.max(end),
            None => apart.push(start..end),
        }
    }
    apart.truncate(MAX_RANGES);
    apart
}

/// What is typed between two spaces, or in quotes.
struct Value<'a> {
    text: &'a str,
    /// It may go on.
    open: bool,
}

/// Takes a value off the beginning of a text.
fn take_value(text: &str) -> (Value<'_>, &str) {
    let mut signs = text.chars();
    if signs.next().is_some_and(is_quote) {
        let inside = signs.as_str();
        let (text, after) = inside.split_once(is_quote).unwrap_or((inside, ""));
        return (Value { text: text.trim(), open: !inside.contains(is_quote) }, after);
    }
    let end = text.find(|sign: char| sign.is_whitespace() || is_quote(sign)).unwrap_or(text.len());
    let (text, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (Value { text, open: true }, after)
}

/// Quotes as keyboards type and telephones improve them.
fn is_quote(sign: char) -> bool {
    matches!(sign, '"' | '“' | '”' | '„' | '«' | '»')
}

/// What follows a name, in whatever case.
fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// From when to when a year, a month or a day is, by the person's clock.
fn days(text: &str, utc_offset_minutes: i32) -> Option<Range<Timestamp>> {
    let offset = i64::from(utc_offset_minutes).saturating_mul(MILLIS_PER_MINUTE);
    let midnight = |date: String| {
        let moment = DateTime::parse(&format!("{date}T00:00:00Z")).ok()?;
        Some(Timestamp(moment.millis().saturating_sub(offset)))
    };
    let parts = text.split('-').into_list();
    if !text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        return None;
    }
    let number = |part: &str| part.parse::<u16>().ok();
    let next_year = |year: &str| Some(format!("{:04}-01-01", number(year)?.saturating_add(1)));
    let (start, end) = match parts.as_slice() {
        [year] => (midnight(format!("{year}-01-01"))?, midnight(next_year(year)?)),
        [year, month] => {
            let start = midnight(format!("{year}-{month}-01"))?;
            let next_month = format!("{year}-{:02}-01", number(month)?.saturating_add(1));
            (start, midnight(next_month).or_else(|| midnight(next_year(year)?)))
        }
        [_, _, _] => {
            let start = midnight(text.to_owned())?;
            (start, Some(start.plus_millis(MILLIS_PER_DAY)))
        }
        _ => return None,
    };
    // After the year 9999 there is nothing.
    Some(start..end.unwrap_or(Timestamp(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn nfkd(text: &str) -> String {
        text.nfkd().collect()
    }

    fn resolve(name: &str) -> Vec<BareJid> {
        let known = ["romeo@verona.example", "juliet@cap.example", "nurse@cap.example"];
        known.into_iter().filter(|jid| jid.contains(name)).map(BareJid::new).collect()
    }

    fn parse(text: &str) -> SearchQuery {
        let me = BareJid::new("juliet@cap.example");
        SearchQuery::parse(text, &Reading { me: &me, decompose: nfkd, utc_offset_minutes: 60, resolve: &resolve })
    }

    /// Words of a phrase, with an ellipsis if it is open.
    fn phrases(text: &str) -> Vec<String> {
        let shown = |phrase: &Phrase| {
            let words: Vec<&str> = phrase.words.iter().map(|word| word.text.as_str()).collect();
            words.join(" ") + if phrase.open { "…" } else { "" }
        };
        parse(text).phrases.iter().map(shown).collect()
    }

    fn needles(text: &str) -> Vec<String> {
        let shown = |needle: Needle| {
            let terms = needle.terms.into_vec().join(&b'|');
            String::from_utf8(terms).unwrap() + if needle.open { "…" } else { "" }
        };
        parse(text).needles().into_iter().map(shown).collect()
    }

    fn matches(typed: &str, text: &str) -> Option<Vec<String>> {
        let ranges = find(&parse(typed).phrases, text, nfkd)?;
        Some(ranges.into_iter().map(|range| text.get(range).unwrap().to_owned()).collect())
    }

    fn people(names: &[&str]) -> Set<BareJid> {
        names.iter().copied().map(BareJid::new).collect()
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        for (text, expected) in [
            ("", &[] as &[&str]),
            ("  Moon\tCHEESE ", &["moon…", "cheese…"]),
            ("\"made of\" cheese", &["made of", "cheese…"]),
            ("\"made of che", &["made of che…"]),
            ("„made of“ «so» x", &["made of", "so", "x…"]),
            ("rock-n-roll it's", &["rock n roll…", "it s…"]),
            ("foo\"bar baz\"", &["foo…", "bar baz"]),
            ("\"\" \"!\" ! :-)", &[]),
            ("note:milk before:noon has:x on:", &["note milk…", "before noon…", "has x…"]),
        ] {
            assert_eq!(phrases(text), expected, "{text}");
        }
    }

    #[test]
    fn terms_are_what_every_match_has() {
        for (text, expected) in [
            ("moon", &["moon…"] as &[&str]),
            ("\"the moon\"", &["the", "moon"]),
            ("\"the moon", &["the", "moon…"]),
            ("日", &["日…"]),
            ("日本", &["日本"]),
            ("日本語", &["日本", "本語"]),
            ("\"日 本\"", &["日…", "本…"]),
            ("x日本y", &["x", "日本", "y…"]),
            (
                "has:link from:me from:rom in:cap",
                &["\u{1}", "\u{2}|\u{3}romeo@verona.example", "\u{4}juliet@cap.example|\u{4}nurse@cap.example"],
            ),
        ] {
            assert_eq!(needles(text), expected, "{text}");
        }
        assert_eq!(needles(&"a ".repeat(100)).len(), MAX_NEEDLES);
    }

    #[test]
    fn a_word_is_found_at_its_beginning_and_a_phrase_as_it_stands() {
        for (typed, text, expected) in [
            ("che moon", "The moon, made of cheese. Moonlight!", Some(vec!["moon", "che", "Moon"])),
            ("eese", "cheese", None),
            ("cheese wine", "cheese", None),
            ("\"made of\"", "not MADE -- of gold, made often", Some(vec!["MADE -- of"])),
            ("\"of made\"", "made of", None),
            ("\"made of", "made often", Some(vec!["made of"])),
            ("grusse", "Schöne Grüße!", Some(vec!["Grüße"])),
            ("GRÜ", "gru\u{308}n", Some(vec!["gru\u{308}"])),
            ("東京", "東京都と京都", Some(vec!["東京"])),
            ("東京", "東 京", None),
            ("\"東 京\"", "東京", Some(vec!["東京"])),
            ("京", "東京都と京都", Some(vec!["京", "京"])),
            ("שלום", "שָׁלוֹם!", Some(vec!["שָׁלוֹם"])),
            ("👍", "ok 👍🏽", Some(vec!["👍🏽"])),
            ("", "anything", Some(vec![])),
        ] {
            let expected = expected.map(|parts| parts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(matches(typed, text), expected, "{typed} in {text}");
        }
    }

    #[test]
    fn filters_name_people_and_chats() {
        let query = parse("from:romeo FROM:me in:\"cap.example\" From:nobody x");
        let authors = Authors { own: true, people: people(&["romeo@verona.example"]) };
        assert_eq!(query.authors, Some(authors));
        assert_eq!(query.chats, Some(people(&["juliet@cap.example", "nurse@cap.example"])));
        assert!(query.may_be_in(&people(&["nurse@cap.example", "x@y"]).into_vec()));
        assert!(!query.may_be_in(&people(&["romeo@verona.example"]).into_vec()));
        assert_eq!(parse("from:juliet").authors, parse("from:me").authors, "whoever looks for their own name");
        assert_eq!(parse("from:").authors, None, "still being typed");
        assert_eq!(parse("from:nobody").authors, Some(Authors::default()), "nobody wrote nothing");
        assert!(parse("from: in: before: \"\"").is_empty() && !parse("has:LINK").is_empty());
    }

    #[test]
    fn days_are_those_of_the_persons_clock() {
        let start = |text| DateTime::parse(text).unwrap().millis() - HOUR;
        for (text, from, to) in [
            ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ] {
            let (from, to) = (start(from), start(to));
            assert_eq!(days(text, 60), Some(Timestamp(from)..Timestamp(to)), "{text}");
            let times = |name: &str| parse(&format!("{name}:{text}")).times();
            assert_eq!(times("on"), (Timestamp(from), Timestamp(to - 1)));
            assert_eq!(times("before"), (Timestamp(i64::MIN), Timestamp(from - 1)));
            assert_eq!(times("after"), (Timestamp(to), Timestamp(i64::MAX)));
        }
        for text in
            ["", "-", "24", "2024-", "2024-13", "2024-1-1", "2023-02-29", "2024-01-01-01", "+024", "0000", "２０２４"]
        {
            assert_eq!(days(text, 0), None, "{text}");
        }
        assert_eq!(days("9999", 0).map(|days| days.end), Some(Timestamp(i64::MAX)));
        assert!(days("9999-12", i32::MAX).is_some() && days("0001-01-01", i32::MIN).is_some());
        let both = parse("after:2023 before:2024-03 before:2024-02 on:2024-01");
        assert_eq!(both.times(), days("2024-01", 60).map(|days| (days.start, days.end.plus_millis(-1))).unwrap());
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_does_harm(
            typed in "\\PC{0,40}|((from|in|has|before|on):?|[\"„“ a語2024-]){0,12}",
            text in "\\PC{0,40}|[a語 2024-]{0,20}",
        ) {
            let query = parse(&typed);
            let _ = (query.needles(), query.times(), query.is_empty());
            let found = find(&query.phrases, &text, nfkd).unwrap_or_default();
            prop_assert!(found.iter().all(|range| text.get(range.clone()).is_some()));
            prop_assert!(found.is_sorted_by(|one, next| one.end < next.start));
        }

        #[test]
        fn every_match_has_every_term(typed in "[ab語本 \"-]{1,8}", text in "[ab語本 -]{0,12}") {
            let terms = Folded::new(&text, nfkd).terms();
            let query = parse(&typed);
            if find(&query.phrases, &text, nfkd).is_some() {
                for needle in query.needles() {
                    prop_assert!(terms.iter().any(|term| needle.takes(term)));
                }
            }
        }
    }
}
