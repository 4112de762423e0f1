//! What a typed piece of XML has in common: it is read from an [`Element`] and written to one.
//!
//! Reading refuses what the specification requires and the element lacks; it ignores what it does not know. An error names
//! the part that is wrong, never the text that was there, so that it can be logged.

use std::str::FromStr;

use crate::base64;
use crate::jid::Jid;
use crate::xml::Element;

/// Why an element could not be read as the type asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PayloadError {
    /// It is another element.
    #[error("this is not <{0}/>")]
    WrongElement(&'static str),
    /// A required attribute is not there.
    #[error("attribute `{0}` is missing")]
    MissingAttribute(&'static str),
    /// A required child is not there.
    #[error("<{0}/> is missing")]
    MissingChild(&'static str),
    /// An attribute, child or text has a value that it may not have.
    #[error("`{0}` has no valid value")]
    Invalid(&'static str),
    /// Something that may be there once is there more often, so that nobody can tell which one counts.
    #[error("`{0}` is there more than once")]
    Duplicate(&'static str),
    /// Something is larger, or there is more of it, than is accepted.
    #[error("`{0}` is too large")]
    TooLarge(&'static str),
}

/// An element with a type.
pub trait Payload: Sized {
    /// The element's name; for types with several, the one that stands for all.
    const NAME: &'static str;
    /// The element's namespace.
    const NS: &'static str;

    /// Whether an element is one of this type.
    fn matches(element: &Element) -> bool {
        element.is(Self::NAME, Self::NS)
    }

    /// Reads an element.
    fn from_element(element: &Element) -> Result<Self, PayloadError>;

    /// Writes an element.
    fn to_element(&self) -> Element;
}

/// The first of some elements that is a `P`, read.
pub fn first_payload<'a, P: Payload>(
    elements: impl IntoIterator<Item = &'a Element>,
) -> Option<Result<P, PayloadError>> {
    elements.into_iter().find(|element| P::matches(element)).map(P::from_element)
}

/// A text without blanks around it, cut to so many characters; the cut leaves no blank at the end either, so that what is
/// written reads as itself again.
pub(crate) fn trimmed(text: &str, most_chars: usize) -> String {
    let cut: String = text.trim().chars().take(most_chars).collect();
    cut.trim_end().to_owned()
}

/// Fails unless the element is a `P`.
pub(crate) fn expect<P: Payload>(element: &Element) -> Result<(), PayloadError> {
    if P::matches(element) { Ok(()) } else { Err(PayloadError::WrongElement(P::NAME)) }
}

/// An attribute that must be there.
pub(crate) fn required<'a>(element: &'a Element, name: &'static str) -> Result<&'a str, PayloadError> {
    element.attr(name).ok_or(PayloadError::MissingAttribute(name))
}

/// An attribute that must be there and not be empty: an id.
pub(crate) fn required_id(element: &Element, name: &'static str) -> Result<String, PayloadError> {
    match required(element, name)? {
        "" => Err(PayloadError::Invalid(name)),
        id => Ok(id.to_owned()),
    }
}

/// An attribute that, if it is there, must be a `T`.
pub(crate) fn parsed<T: FromStr>(element: &Element, name: &'static str) -> Result<Option<T>, PayloadError> {
    element.attr(name).map(|text| text.trim().parse().map_err(|_| PayloadError::Invalid(name))).transpose()
}

/// The text of a child that, if it is there, must be a `T`.
pub(crate) fn parsed_child<T: FromStr>(
    element: &Element,
    name: &'static str,
    ns: &str,
) -> Result<Option<T>, PayloadError> {
    element.child_text(name, ns).map(|text| text.trim().parse().map_err(|_| PayloadError::Invalid(name))).transpose()
}

/// An attribute that, if it is there, must be an address.
pub(crate) fn jid(element: &Element, name: &'static str) -> Result<Option<Jid>, PayloadError> {
    element.attr(name).map(|text| Jid::parse(text).map_err(|_| PayloadError::Invalid(name))).transpose()
}

/// An attribute of the type `xs:boolean`, absent meaning false.
pub(crate) fn boolean(element: &Element, name: &'static str) -> Result<bool, PayloadError> {
    element.attr(name).map_or(Some(false), boolean_text).ok_or(PayloadError::Invalid(name))
}

/// An `xs:boolean` as text.
pub(crate) fn boolean_text(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The bytes of a text in Base64, whitespace ignored (XEP-0084 §4.1), unless there are more than `max_bytes`.
pub(crate) fn bytes_of(text: &str, name: &'static str, max_bytes: usize) -> Result<Vec<u8>, PayloadError> {
    let digits: String = text.split_ascii_whitespace().collect();
    // An estimate for the length may be three too high.
    if digits.len().div_ceil(4).saturating_mul(3) > max_bytes.saturating_add(3) {
        return Err(PayloadError::TooLarge(name));
    }
    let bytes = base64::decode_lenient(&digits).ok_or(PayloadError::Invalid(name))?;
    if bytes.len() > max_bytes { Err(PayloadError::TooLarge(name)) } else { Ok(bytes) }
}

/// An element with a name and namespace and nothing else.
pub(crate) fn empty(name: &str, ns: &str) -> Element {
    Element::builder(name, ns).build()
}

/// An element that holds a text.
pub(crate) fn text_element(name: &str, ns: &str, text: &str) -> Element {
    Element::builder(name, ns).text(text).build()
}

/// An enum whose values are written as fixed words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value that a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}
pub(crate) use words;

/// A payload that is a name and a namespace and nothing else.
macro_rules! flag {
    ($(#[$meta:meta])* $type:ident = $name:literal, $ns:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $type;

        impl $crate::payload::Payload for $type {
            const NAME: &'static str = $name;
            const NS: &'static str = $ns;

            fn from_element(element: &$crate::xml::Element) -> Result<Self, $crate::payload::PayloadError> {
                $crate::payload::expect::<Self>(element).map(|()| Self)
            }

            fn to_element(&self) -> $crate::xml::Element {
                $crate::payload::empty(Self::NAME, Self::NS)
            }
        }
    };
}
pub(crate) use flag;

/// A payload that is an id and nothing else.
macro_rules! id_payload {
    ($(#[$meta:meta])* $type:ident = $name:literal, $ns:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $type {
            /// The id; never empty.
            pub id: String,
        }

        impl $crate::payload::Payload for $type {
            const NAME: &'static str = $name;
            const NS: &'static str = $ns;

            fn from_element(element: &$crate::xml::Element) -> Result<Self, $crate::payload::PayloadError> {
                $crate::payload::expect::<Self>(element)?;
                $crate::payload::required_id(element, "id").map(|id| Self { id })
            }

            fn to_element(&self) -> $crate::xml::Element {
                $crate::xml::Element::builder(Self::NAME, Self::NS).attr("id", &*self.id).build()
            }
        }
    };
}
pub(crate) use id_payload;

/// What the tests of payloads share.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Payload, PayloadError};
    use crate::xml::{Element, Limits, parse};

    /// Reads XML text.
    pub(crate) fn element(xml: &str) -> Element {
        parse(xml, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {xml}"))
    }

    /// Reads XML text as a `P`.
    pub(crate) fn read<P: Payload>(xml: &str) -> Result<P, PayloadError> {
        P::from_element(&element(xml))
    }

    /// Reads XML text as a `P` and checks that writing it gives the same XML.
    pub(crate) fn round_trip<P: Payload>(xml: &str) -> P {
        let payload = read::<P>(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
        assert_eq!(payload.to_element(), element(xml), "written: {}", payload.to_element().to_xml());
        payload
    }
}
