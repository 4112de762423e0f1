//! The roster, blocking, profiles and avatars.

use plausch_xmpp::payload::Payload;
use plausch_xmpp::xep::avatar::{AvatarData, AvatarInfo, AvatarMetadata, ImageHash};
use plausch_xmpp::xep::blocking::{Blocking, BlockingCommand};
use plausch_xmpp::xep::entity_time::{EntityTime, TimeQuery};
use plausch_xmpp::xep::nick::Nick;
use plausch_xmpp::xep::roster::{Roster, RosterItem, Subscription};
use plausch_xmpp::xep::vcard::{Vcard, VcardPhoto};
use plausch_xmpp::xep::vcard_avatar::VcardUpdate;
use plausch_xmpp::xep::version::SoftwareVersion;
use plausch_xmpp::xml::Element;
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

use crate::agree;
use crate::values::{bare, id, jid, moment, one_of, text, word};

fn item() -> impl Strategy<Value = RosterItem> {
    let flags = (any::<bool>(), any::<bool>());
    let item = (bare(), of(word()), one_of(Subscription::ALL), flags, btree_set(text(), 0..4));
    item.prop_map(|(jid, name, subscription, (asked, approved), groups)| RosterItem {
        jid,
        name,
        subscription,
        asked,
        approved,
        groups: groups.into_iter().collect(),
    })
}

fn avatar_info() -> impl Strategy<Value = AvatarInfo> {
    let image = vec(any::<u8>(), 0..9).prop_map(|bytes| ImageHash::of(&bytes));
    let sizes = (any::<u32>(), of(any::<u16>()), of(any::<u16>()));
    (image, sizes, word(), of(word())).prop_map(|(id, (bytes, width, height), media_type, url)| AvatarInfo {
        id,
        bytes,
        media_type,
        width,
        height,
        url,
    })
}

/// The other library writes `-03:-1` for what is behind UTC by a part of an hour.
fn offset_minutes() -> impl Strategy<Value = i16> {
    prop_oneof![0i16..=840, (-14i16..0).prop_map(|hours| hours * 60)]
}

proptest! {
    #[test]
    fn rosters(version in of(id()), items in vec(item(), 0..5)) {
        let ours = Roster { version, items };
        let theirs: xmpp_parsers::roster::Roster = agree(&ours);
        prop_assert_eq!(theirs.ver, ours.version);
        prop_assert_eq!(theirs.items.len(), ours.items.len());
        for (theirs, ours) in theirs.items.iter().zip(&ours.items) {
            prop_assert_eq!(theirs.jid.to_string(), ours.jid.to_string());
            prop_assert_eq!(&theirs.name, &ours.name);
        }
    }

    #[test]
    fn blocking(jids in vec(jid(), 1..4)) {
        let command = |command| Blocking { command, jids: jids.clone() };
        let list: xmpp_parsers::blocking::BlocklistResult = agree(&command(BlockingCommand::List));
        prop_assert_eq!(list.items.len(), jids.len());
        let _: xmpp_parsers::blocking::Block = agree(&command(BlockingCommand::Block));
        let _: xmpp_parsers::blocking::Unblock = agree(&command(BlockingCommand::Unblock));
    }

    #[test]
    fn avatars(infos in vec(avatar_info(), 0..4), bytes in vec(any::<u8>(), 0..200)) {
        let theirs: xmpp_parsers::avatar::Metadata = agree(&AvatarMetadata { infos: infos.clone() });
        prop_assert_eq!(theirs.infos.len(), infos.len());
        let theirs: xmpp_parsers::avatar::Data = agree(&AvatarData { bytes: bytes.clone() });
        prop_assert_eq!(&theirs.data, &bytes);
        let theirs: xmpp_parsers::vcard_update::VCardUpdate = agree(&VcardUpdate::Photo(ImageHash::of(&bytes)));
        prop_assert!(theirs.photo.is_some_and(|photo| photo.data.is_some()));
    }

    #[test]
    fn vcards(name in text(), bytes in vec(any::<u8>(), 1..200)) {
        let photo = VcardPhoto { media_type: Some("image/png".into()), bytes: bytes.clone() };
        let name = Element::builder("FN", "vcard-temp").text(name).build();
        let ours = Vcard::from_element(&Element::builder("vCard", "vcard-temp").child(name).build()).unwrap();
        let ours = ours.with_photo(Some(&photo));
        let (theirs, back) = crate::through::<xmpp_parsers::vcard::VCard>(&ours.to_element());
        prop_assert_eq!(theirs.photo.unwrap().binval.data, bytes);
        // It writes the photo first.
        let back = Vcard::from_element(&back).unwrap();
        prop_assert_eq!(back.photo(), Some(Ok(photo)));
        prop_assert_eq!(back.full_name(), ours.full_name());
    }

    #[test]
    fn nicknames(name in text()) {
        let theirs: xmpp_parsers::nick::Nick = agree(&Nick { name: Some(name.clone()) });
        prop_assert_eq!(theirs.0, name);
    }

    #[test]
    fn times(utc in moment(), offset_minutes in offset_minutes()) {
        let theirs: xmpp_parsers::time::TimeResult = agree(&EntityTime { utc, offset_minutes });
        prop_assert_eq!(theirs.utc.timestamp_millis(), utc.millis());
        prop_assert_eq!(theirs.tz_offset.local_minus_utc(), i32::from(offset_minutes) * 60);
    }

    #[test]
    fn versions(name in text(), version in text(), os in of(text())) {
        let ours = SoftwareVersion { name: Some(name.clone()), version: Some(version), os };
        let theirs: xmpp_parsers::version::VersionResult = agree(&ours);
        prop_assert_eq!(theirs.name, name);
    }
}

#[test]
fn requests() {
    let _: xmpp_parsers::blocking::BlocklistRequest = agree(&Blocking::query());
    let _: xmpp_parsers::time::TimeQuery = agree(&TimeQuery);
    let _: xmpp_parsers::version::VersionQuery = agree(&SoftwareVersion::default());
    let _: xmpp_parsers::vcard::VCardQuery = agree(&Vcard::default());
    let not_ready: xmpp_parsers::vcard_update::VCardUpdate = agree(&VcardUpdate::NotReady);
    assert!(not_ready.photo.is_none());
    let none: xmpp_parsers::vcard_update::VCardUpdate = agree(&VcardUpdate::NoPhoto);
    assert!(none.photo.is_some_and(|photo| photo.data.is_none()));
}
