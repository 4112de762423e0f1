//! XEP-0153: vCard-Based Avatars, the hash in presence.
//!
//! In a room this is the only way to learn of an occupant's avatar; elsewhere XEP-0084 is better.

use super::avatar::ImageHash;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect};
use crate::xml::Element;

/// `<x/>` in presence: what the vCard's photo is (XEP-0153 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VcardUpdate {
    /// The client does not know yet.
    NotReady,
    /// There is none.
    NoPhoto,
    /// The photo with this hash.
    Photo(ImageHash),
}

impl Payload for VcardUpdate {
    const NAME: &'static str = "x";
    const NS: &'static str = ns::VCARD_UPDATE;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        match element.child_text("photo", Self::NS).as_deref().map(str::trim) {
            None => Ok(Self::NotReady),
            Some("") => Ok(Self::NoPhoto),
            Some(hash) => ImageHash::parse(hash).map(Self::Photo).ok_or(PayloadError::Invalid("photo")),
        }
    }

    fn to_element(&self) -> Element {
        let photo = |text| Element::builder("photo", Self::NS).text(text).build();
        let photo = match self {
            Self::NotReady => None,
            Self::NoPhoto => Some(photo("")),
            Self::Photo(hash) => Some(photo(hash.as_str())),
        };
        Element::builder(Self::NAME, Self::NS).child_opt(photo).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn all_three_survive_the_round_trip() {
        assert_eq!(round_trip::<VcardUpdate>("<x xmlns='vcard-temp:x:update'/>"), VcardUpdate::NotReady);
        assert_eq!(round_trip::<VcardUpdate>("<x xmlns='vcard-temp:x:update'><photo/></x>"), VcardUpdate::NoPhoto);
        let photo = "<x xmlns='vcard-temp:x:update'><photo>a9993e364706816aba3e25717850c26c9cd0d89d</photo></x>";
        assert_eq!(round_trip::<VcardUpdate>(photo), VcardUpdate::Photo(ImageHash::of(b"abc")));
    }

    #[test]
    fn a_hash_must_be_one() {
        let refused = read::<VcardUpdate>("<x xmlns='vcard-temp:x:update'><photo>sha1-hash-of-image</photo></x>");
        assert_eq!(refused, Err(PayloadError::Invalid("photo")));
    }
}
