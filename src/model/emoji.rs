//! One emoji, as reactions are made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that is shown as a single emoji (UTS #51, ED-17): no word, no two of them (XEP-0444 §4, attack case C-21).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct Emoji(String);

/// The longest sequence has ten characters (a kiss between people with two skin tones); flags of regions have seven.
const MAX_CHARS: usize = 16;

const JOINER: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

impl Emoji {
    /// The emoji in a text, which may have space around it; `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut chars = text.chars().peekable();
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return None;
        }
        loop {
            let first = chars.next()?;
            match first {
                '0'..='9' | '#' | '*' => {
                    chars.next_if_eq(&EMOJI_STYLE);
                    chars.next_if_eq(&KEYCAP)?;
                }
                _ if is_flag_letter(first) => {
                    chars.next_if(|letter| is_flag_letter(*letter))?;
                }
                _ if is_picture(first) => {
                    chars.next_if(|char| *char == EMOJI_STYLE || is_skin_tone(*char));
                    while chars.next_if(|char| is_tag(*char)).is_some() {}
                }
                _ => return None,
            }
            if chars.peek().is_none() {
                return Some(Self(text.to_owned()));
            }
            chars.next_if_eq(&JOINER)?;
        }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_flag_letter(char: char) -> bool {
    matches!(char, '\u{1f1e6}'..='\u{1f1ff}')
}

fn is_skin_tone(char: char) -> bool {
    matches!(char, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_tag(char: char) -> bool {
    matches!(char, '\u{e0020}'..='\u{e007f}')
}

/// Blocks that hold pictures, with what is kept free in them for more: new emoji need no new version of this.
fn is_picture(char: char) -> bool {
    matches!(char,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{23ff}' | 'Ⓜ'
        | '\u{25aa}'..='\u{25fe}' | '\u{2600}'..='\u{27bf}' | '⤴' | '⤵' | '\u{2b05}'..='\u{2b55}' | '〰' | '〽' | '㊗' | '㊙'
        | '\u{1f000}'..='\u{1f1e5}' | '\u{1f200}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_emoji_are_read() {
        for text in ["👍", "❤️", "❤", "👍🏽", "👩‍👧", "🏳️‍🌈", "🇩🇪", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "1️⃣", "#⃣", "👩🏽‍❤️‍💋‍👨🏿", "🫶", "☺️", " 🎉 "]
        {
            assert_eq!(Emoji::parse(text).as_ref().map(Emoji::as_str), Some(text.trim()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            " ",
            "lol",
            "1",
            "👍👍",
            "👍 👍",
            "a👍",
            "👍a",
            "🇩",
            "👍\u{200d}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{202e}👍",
            "🇩🇪🇫🇷",
            "<b>",
            "👍\u{301}",
        ] {
            assert_eq!(Emoji::parse(text), None, "{text:?}");
        }
        assert_eq!(Emoji::parse(&["👩"; 9].join("\u{200d}")), None, "endless");
    }
}
