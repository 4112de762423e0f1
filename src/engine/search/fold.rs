//! Texts as they are compared: without case, accents and forms of letters, cut into words that know where they stand.
//!
//! Compatibility decomposition (NFKD) comes from the host, as composition does (`plausch_xmpp::unicode`): every browser has
//! it. Marks are then dropped, letters lowered, and those replaced that do not decompose but are typed in another way.
//!
//! A word is a run of letters and digits. Scripts that put no spaces between words, and emoji, have a word per character;
//! these are *joined* to each other, so that a query typed without a space is found where there is none either.

use std::ops::Range;

use plausch_xmpp::list::IntoList;

use crate::map::Set;

/// Gives the normalization form KD of a text.
pub type Decompose = fn(&str) -> String;

/// So many words of a text count.
pub const MAX_WORDS: usize = 2_000;
/// So many characters of a word are indexed.
const MAX_TERM_CHARS: usize = 32;
/// Separates characters that are decomposed together: decomposes to itself, is in no decomposition, and nothing moves over
/// it.
const SEPARATOR: char = '\n';

/// A word of the index: at most [`MAX_TERM_CHARS`] characters of a folded word, in UTF-8.
pub type Term = Vec<u8>;

/// A folded character, and which bytes of the original text it stands for.
#[derive(Clone, Copy, Debug)]
struct Letter {
    sign: char,
    from: usize,
    to: usize,
}

/// A folded word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// Its characters.
    pub text: String,
    /// It is a single character of a script without spaces, or an emoji.
    pub dense: bool,
    /// Nothing is between it and the word before.
    pub joined: bool,
    /// Which letter of the text is its first one.
    first: usize,
}

/// A folded text.
#[derive(Clone, Debug)]
pub struct Folded {
    letters: Vec<Letter>,
    /// Its words, [`MAX_WORDS`] at most.
    pub words: Vec<Word>,
}

impl Folded {
    /// Folds a text.
    pub fn new(text: &str, decompose: Decompose) -> Self {
        let letters = letters(text, decompose);
        Self { words: words(&letters), letters }
    }

    /// Which bytes of the original text the words from one to another make up, of the last only so many characters.
    pub fn span(&self, first: &Word, last: &Word, chars: usize) -> Range<usize> {
        let end = last.first.saturating_add(chars).saturating_sub(1);
        let from = self.letters.get(first.first).map_or(0, |letter| letter.from);
        from..self.letters.get(end).map_or(from, |letter| letter.to)
    }

    /// The terms under which the text is found, sorted. Of characters that are joined it takes each pair and the last one,
    /// so that a single one is found as the beginning of a pair.
    pub fn terms(&self) -> Set<Term> {
        let following = self.words.iter().skip(1).map(Some).chain([None]);
        self.words.iter().zip(following).map(|(word, next)| term(word, next)).collect()
    }
}

/// A whole text as it is compared.
pub fn folded(text: &str, decompose: Decompose) -> String {
    letters(text, decompose).into_iter().map(|letter| letter.sign).collect()
}

/// The term for a word that is followed by another.
pub fn term(word: &Word, next: Option<&Word>) -> Term {
    let pair = next.filter(|next| word.dense && next.dense && next.joined);
    let signs = word.text.chars().take(MAX_TERM_CHARS);
    signs.chain(pair.into_iter().flat_map(|next| next.text.chars())).collect::<String>().into_bytes()
}

/// Folds characters one by one, so that each knows where it comes from.
fn letters(text: &str, decompose: Decompose) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let foreign: Set<char> = text.chars().filter(|sign| !sign.is_ascii()).collect();
    let decomposed = match foreign.is_empty() {
        true => String::new(),
        false => decompose(&foreign.iter().flat_map(|sign| [*sign, SEPARATOR]).collect::<String>()),
    };
    let decomposed = decomposed.split(SEPARATOR).into_list();
    let foreign = foreign.into_vec();
    for (from, sign) in text.char_indices() {
        let to = from.saturating_add(sign.len_utf8());
        match foreign.binary_search(&sign) {
            Err(_) => letters.push(Letter { sign: sign.to_ascii_lowercase(), from, to }),
            Ok(place) => {
                let parts = decomposed.get(place).copied().unwrap_or_default();
                parts.chars().for_each(|part| fold(&mut letters, part, from, to));
            }
        }
    }
    letters
}

/// Adds what a decomposed character becomes.
fn fold(letters: &mut Vec<Letter>, part: char, from: usize, to: usize) {
    for sign in part.to_lowercase() {
        if is_dropped(sign) {
            // What is dropped still belongs to the letter before, for whoever shows it.
            let last = letters.last_mut().filter(|last| last.to == from);
            last.into_iter().for_each(|last| last.to = to);
        } else if let Some(replaced) = replacement(sign) {
            letters.extend(replaced.chars().map(|sign| Letter { sign, from, to }));
        } else if let Some((last, syllable)) =
            letters.last_mut().and_then(|last| Some((syllable(last.sign, sign)?, last)))
        {
            (syllable.sign, syllable.to) = (last, to);
        } else {
            letters.push(Letter { sign, from, to });
        }
    }
}

fn words(letters: &[Letter]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut joined = false;
    for (first, letter) in letters.iter().enumerate() {
        let dense = is_dense(letter.sign);
        if !dense && !letter.sign.is_alphanumeric() {
            joined = false;
            continue;
        }
        let is_full = words.len() == MAX_WORDS;
        match words.last_mut().filter(|last| joined && !dense && !last.dense) {
            Some(word) => word.text.push(letter.sign),
            None if is_full => break,
            None => words.push(Word { text: letter.sign.to_string(), dense, joined, first }),
        }
        joined = true;
    }
    words
}

/// Whether a character is a word of its own.
fn is_dense(sign: char) -> bool {
    let emoji = matches!(sign, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    // Thai, Lao, Myanmar, Khmer, Chinese, Japanese, Korean, Yi.
    let unspaced = matches!(sign, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{1b000}'..='\u{1b2ff}'
        | '\u{20000}'..='\u{3ffff}');
    emoji || unspaced && sign.is_alphanumeric()
}

/// Marks that say how a letter is spoken or shown, and signs that are not seen.
fn is_dropped(sign: char) -> bool {
    match sign {
        // Latin, Greek and Cyrillic.
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        // Hebrew points and accents, without the signs between them.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        // Arabic harakat, Quranic marks and the stroke that stretches.
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        // Thai, Lao, Myanmar and Khmer: tones and what kills a vowel.
        | '\u{e3a}' | '\u{e47}'..='\u{e4c}' | '\u{e4e}' | '\u{ec8}'..='\u{ecc}' | '\u{1037}' | '\u{1039}' | '\u{103a}'
        | '\u{17c9}'..='\u{17d3}'
        // Japanese: voicing.
        | '\u{3099}' | '\u{309a}'
        // Soft hyphen, joiners, directions, variation selectors, colours of skin.
        | '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}' => true,
        // The scripts of India are laid out alike: nukta and virama.
        '\u{900}'..='\u{d7f}' => matches!(u32::from(sign) & 0x7f, 0x3c | 0x4d),
        _ => false,
    }
}

/// What is typed for letters that do not decompose.
fn replacement(sign: char) -> Option<&'static str> {
    Some(match sign {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

/// The Hangul syllable that a syllable or letter and the letter after it make (Unicode, §3.12): decomposed, each would be
/// two or three words.
fn syllable(before: char, letter: char) -> Option<char> {
    const SYLLABLES: u32 = 0xac00;
    const VOWELS: u32 = 21;
    const FINALS: u32 = 28;
    let (before, letter) = (u32::from(before), u32::from(letter));
    let composed = match (before, letter) {
        (0x1100..=0x1112, 0x1161..=0x1175) => {
            let vowel = before.checked_sub(0x1100)?.checked_mul(VOWELS)?.checked_add(letter.checked_sub(0x1161)?)?;
            vowel.checked_mul(FINALS)?.checked_add(SYLLABLES)?
        }
        (SYLLABLES..=0xd7a3, 0x11a8..=0x11c2) if before.checked_sub(SYLLABLES)?.is_multiple_of(FINALS) => {
            before.checked_add(letter.checked_sub(0x11a7)?)?
        }
        _ => return None,
    };
    char::from_u32(composed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    fn nfkd(text: &str) -> String {
        text.nfkd().collect()
    }

    fn folded(text: &str) -> Folded {
        Folded::new(text, nfkd)
    }

    fn words(text: &str) -> Vec<String> {
        folded(text).words.into_iter().map(|word| word.text).collect()
    }

    fn terms(text: &str) -> Vec<String> {
        folded(text).terms().iter().map(|term| String::from_utf8(term.clone()).unwrap()).collect()
    }

    #[test]
    fn case_accents_and_forms_do_not_count() {
        for (written, typed) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("cre\u{300}me", "creme"),
            ("Straße ſtill ẞ", "strasse still ss"),
            ("Łódź Đorđe Þór Ærø Œuvre", "lodz dorde thor aero oeuvre"),
            ("Iğdır İstanbul", "igdir istanbul"),
            ("ΟΔΥΣΣΕΥΣ Ὀδυσσεύς", "οδυσσευσ οδυσσευσ"),
            ("Ёлка Йод", "елка иод"),
            ("ﬁ ＡＢＣ １２ ½", "fi abc 12 1 2"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد العـــربية أحمد", "محمد العربية احمد"),
            ("नहीं क़लम हिन्दी", "नहीं कलम हिनदी"),
            ("soft\u{ad}hyphen می\u{200c}خواهم", "softhyphen میخواهم"),
        ] {
            assert_eq!(words(written), words(typed), "{written}");
            assert_eq!(words(written).join(" "), typed, "{written}");
        }
    }

    #[test]
    fn scripts_without_spaces_have_a_word_per_character() {
        assert_eq!(terms("日本語"), ["日本", "本語", "語"]);
        assert_eq!(terms("東京 x都"), ["x", "京", "東京", "都"]);
        assert_eq!(terms("カタカナ ｶﾞ"), ["カ", "カタ", "カナ", "タカ", "ナ"]);
        assert_eq!(terms("한국"), ["국", "한국"]);
        assert_eq!(words("한국".nfd().collect::<String>().as_str()), ["한", "국"]);
        assert_eq!(words("ไม่"), ["ไ", "ม"]);
        assert_eq!(terms("👍🏽 ok👩‍👩‍👧"), ["ok", "👍", "👧", "👩👧", "👩👩"]);
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "Na, schöne Grüße! 한국";
        let folded = folded(text);
        let shown = |place: usize, chars| {
            let word = &folded.words[place];
            text.get(folded.span(word, word, chars)).unwrap()
        };
        assert_eq!(shown(1, 4), "schö");
        // A letter that became two is shown whole.
        assert_eq!(shown(2, 4), "Grüß");
        assert_eq!(shown(2, 5), "Grüß");
        assert_eq!(text.get(folded.span(&folded.words[3], &folded.words[4], 1)), Some("한국"));
        let marked = "e\u{301}t";
        let folded = Folded::new(marked, nfkd);
        assert_eq!(marked.get(folded.span(&folded.words[0], &folded.words[0], 1)), Some("e\u{301}"));
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(terms(&"ä".repeat(100)), ["a".repeat(MAX_TERM_CHARS)]);
        assert_eq!(words(&"a ".repeat(3_000)).len(), MAX_WORDS);
        assert_eq!(folded(&"語".repeat(3_000)).words.len(), MAX_WORDS);
    }

    #[test]
    fn a_host_that_decomposes_nothing_costs_letters_only() {
        assert_eq!(Folded::new("é ok 語", |_| String::new()).words.len(), 1);
        assert_eq!(Folded::new("é ok", str::to_owned).words.len(), 2);
    }

    proptest! {
        #[test]
        fn every_span_lies_in_its_text(text in "\\PC{0,40}|[a-zß가-힣ᄀ-하-ᅵᆨ-ᇂ\u{300}\u{200d}語👍 .]{0,40}") {
            let folded = folded(&text);
            for word in &folded.words {
                let chars = word.text.chars().count();
                prop_assert!((1..=chars).all(|chars| text.get(folded.span(word, word, chars)).is_some_and(|part| !part.is_empty())));
            }
        }

        #[test]
        fn folding_again_changes_nothing(text in any::<String>()) {
            let once = words(&text).join(" ");
            prop_assert_eq!(words(&once).concat(), words(&text).concat());
        }
    }
}
