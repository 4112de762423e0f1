//! Texts for people in one or more languages: `<body/>`, `<subject/>`, `<status/>`.

use crate::ns;
use crate::xml::Element;

/// Further texts of a stanza are ignored.
const MAX_TEXTS: usize = 64;

/// One text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LangText {
    /// Its language: its own `xml:lang`, else the stanza's.
    pub lang: Option<String>,
    /// The text.
    pub text: String,
}

impl LangText {
    /// A text in no particular language.
    pub fn new(text: impl Into<String>) -> Self {
        Self { lang: None, text: text.into() }
    }

    /// Reads a stanza's children of one name. There may be one per language (RFC 6121 §5.2.3); of several in the same
    /// language the first counts, so that two readers of one stanza see the same.
    pub(super) fn read_all(stanza: &Element, name: &str) -> Vec<Self> {
        let mut texts = Vec::new();
        for child in stanza.children_named(name, ns::CLIENT).take(MAX_TEXTS) {
            let lang = child.lang().or(stanza.lang()).map(str::to_owned);
            if texts.iter().all(|text: &Self| text.lang != lang) {
                texts.push(Self { lang, text: child.text() });
            }
        }
        texts
    }

    /// Writes a child of a stanza in language `outer`, which it need not repeat.
    pub(super) fn to_element(&self, name: &str, outer: Option<&str>) -> Element {
        let lang = self.lang.as_deref().filter(|lang| Some(*lang) != outer);
        Element::builder(name, ns::CLIENT).lang(lang).text(&*self.text).build()
    }

    /// The text to show where one is shown: the one in the stanza's own language, else the first.
    pub(super) fn preferred<'a>(texts: &'a [Self], lang: Option<&str>) -> Option<&'a str> {
        let own = texts.iter().find(|text| text.lang.as_deref() == lang);
        own.or(texts.first()).map(|text| text.text.as_str())
    }
}
