//! What was found, and the part of it that is worth showing.

use std::ops::Range;

use plausch_xmpp::list::IntoList;

use crate::records::MessageRecord;

/// A message that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The message as it is now.
    pub message: MessageRecord,
    /// Which bytes of its text match: in order, apart from each other, and between characters.
    pub ranges: Vec<Range<usize>>,
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// It, with an ellipsis where something is left out.
    pub text: String,
    /// Which of its bytes match.
    pub ranges: Vec<Range<usize>>,
}

/// Stands for what is left out.
const ELLIPSIS: &str = "…";

/// So many characters of a text around its first match, or a few less: words stay whole where there are spaces.
pub fn excerpt(text: &str, ranges: &[Range<usize>], chars: usize) -> Excerpt {
    let first = ranges.first().cloned().unwrap_or_default();
    let start = back(text, first.start, chars / 4).min(back(text, text.len(), chars));
    let end = forth(text, start, chars);
    let start = if start == 0 { 0 } else { after_space(text, start..first.start) };
    let end = if end == text.len() { end } else { before_space(text, first.end.min(end)..end) };
    let mark = |cut: bool| if cut { ELLIPSIS } else { "" };
    let (before, after) = (mark(start > 0), mark(end < text.len()));
    let shift = |place: usize| place.clamp(start, end).saturating_sub(start).saturating_add(before.len());
    let ranges = ranges.iter().map(|range| shift(range.start)..shift(range.end)).filter(|range| !range.is_empty());
    let ranges = ranges.into_list();
    Excerpt { text: [before, text.get(start..end).unwrap_or_default(), after].concat(), ranges }
}

/// So many characters before a place.
fn back(text: &str, place: usize, chars: usize) -> usize {
    let before = text.get(..place).unwrap_or_default();
    before.char_indices().rev().take(chars).last().map_or(place, |(place, _)| place)
}

/// So many characters behind a place.
fn forth(text: &str, place: usize, chars: usize) -> usize {
    let after = text.get(place..).unwrap_or_default();
    after.char_indices().nth(chars).map_or(text.len(), |(length, _)| place.saturating_add(length))
}

/// Behind the first space of a part; its beginning, if there is none.
fn after_space(text: &str, part: Range<usize>) -> usize {
    let start = part.start;
    let mut signs = text.get(part).unwrap_or_default().char_indices();
    let space = signs.find(|(_, sign)| sign.is_whitespace());
    space.map_or(start, |(place, sign)| start.saturating_add(place).saturating_add(sign.len_utf8()))
}

/// Before the last space of a part; its end, if there is none.
fn before_space(text: &str, part: Range<usize>) -> usize {
    let Range { start, end } = part;
    let space = text.get(part).unwrap_or_default().rfind(char::is_whitespace);
    space.map_or(end, |place| start.saturating_add(place))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, clippy::single_range_in_vec_init)]

    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, word: &str, chars: usize) -> (String, Vec<String>) {
        let ranges: Vec<_> = text.match_indices(word).map(|(place, word)| place..place + word.len()).collect();
        let excerpt = excerpt(text, &ranges, chars);
        let marked = excerpt.ranges.iter().map(|range| excerpt.text.get(range.clone()).unwrap().to_owned()).collect();
        (excerpt.text, marked)
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(shown("one two three", "two", 40), ("one two three".into(), vec!["two".into()]));
        assert_eq!(excerpt("", &[], 40), Excerpt { text: String::new(), ranges: vec![] });
    }

    #[test]
    fn a_long_text_is_cut_between_words_around_the_first_match() {
        let text = "I do not know who said so, but the moon is made of cheese, and the cheese is old";
        assert_eq!(shown(text, "cheese", 30), ("…of cheese, and the cheese…".into(), vec!["cheese".into(); 2]));
        assert_eq!(shown(text, "I", 20), ("I do not know who…".into(), vec!["I".into()]));
        assert_eq!(shown(text, "old", 20), ("…the cheese is old".into(), vec!["old".into()]));
    }

    #[test]
    fn without_spaces_it_is_cut_between_characters() {
        let text = "語".repeat(50) + "月" + &"語".repeat(50);
        let (shown, marked) = shown(&text, "月", 8);
        assert_eq!((shown.as_str(), marked), ("…語語月語語語語語…", vec!["月".to_owned()]));
        let long = "x".repeat(100);
        assert_eq!(excerpt(&long, &[10..90], 8).ranges, [5..11]);
    }

    proptest! {
        #[test]
        fn ranges_lie_between_characters(
            text in proptest::collection::vec("[aé語 👍]", 0..60),
            from in 0..60_usize,
            length in 0..9_usize,
            chars in 0..40_usize,
        ) {
            let length_of = |count: usize| text.iter().take(count).map(String::len).sum::<usize>();
            let (range, text) = (length_of(from)..length_of(from + length), text.concat());
            let excerpt = excerpt(&text, &[range], chars);
            prop_assert!(excerpt.ranges.iter().all(|range| excerpt.text.get(range.clone()).is_some()));
            prop_assert!(excerpt.text.chars().count() <= chars + 2);
        }
    }
}
