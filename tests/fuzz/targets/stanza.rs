//! Stanzas, and every payload wherever it turns up.

use std::fmt::Debug;

use plausch_xmpp::payload::Payload;
use plausch_xmpp::stanza::{Iq, Stanza};
use plausch_xmpp::xep::{
    avatar, blocking, bookmarks, caps, carbons, chat_markers, chat_states, client_state, correct, data_forms, delay,
    disco, encryption, entity_time, fallback, forward, hints, mam, muc_user, nick, ping, private_storage, pubsub,
    pubsub_event, reactions, receipts, reply, retract, roster, rsm, stanza_id, vcard, vcard_avatar, version,
};
use plausch_xmpp::xml::{Element, Limits, parse};

/// What is read as a type can be written and reads the same; only what must not be answered has no refusal.
pub fn run(data: &[u8]) {
    if let Ok(element) = parse(&String::from_utf8_lossy(data), &Limits::default()) {
        check_stanza(&element);
        check_tree(&element, "");
    }
}

fn check_stanza(element: &Element) {
    let refusal = Iq::refusal_of(element);
    match Stanza::from_element(element) {
        Ok(stanza) => {
            assert_eq!(refusal, None);
            assert_eq!(Stanza::from_element(&stanza.to_element()).as_ref(), Ok(&stanza));
            look_at(&stanza);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Calls what computes something from a stanza.
fn look_at(stanza: &Stanza) {
    match stanza {
        Stanza::Message(message) => {
            let _ = (message.body(), message.subject(), message.error(), muc_user::MucUser::marks_private(message));
            for id in message.payloads_of::<stanza_id::StanzaId>().flatten() {
                let found = message.stanza_id_by(&id.by.bare());
                assert!(found.is_none() || found == Some(id.id) || !id.by.bare().as_str().eq(id.by.as_str()));
            }
            for fallback in message.payloads_of::<fallback::Fallback>().flatten() {
                let body = message.body().unwrap_or_default();
                assert!(fallback.cut_from_body(body).is_none_or(|rest| rest.len() <= body.len()));
            }
        }
        Stanza::Presence(presence) => {
            let _ = (presence.status(), presence.error());
        }
        Stanza::Iq(iq) => assert_eq!(iq.unsupported().is_some(), iq.request().is_some()),
    }
}

/// Tries every type on every element.
fn check_tree(element: &Element, parent: &str) {
    check_payloads(element, parent);
    for child in element.children() {
        check_tree(child, element.name());
    }
}

fn check_payloads(element: &Element, parent: &str) {
    macro_rules! check {
        ($($($module:ident)::+),+ $(,)?) => {
            $(check::<$($module)::+>(element, parent);)+
        };
    }
    check!(
        avatar::AvatarData,
        avatar::AvatarMetadata,
        blocking::Blocking,
        bookmarks::Conference,
        caps::Caps,
        carbons::Carbon,
        carbons::DisableCarbons,
        carbons::EnableCarbons,
        carbons::PrivateMessage,
        chat_markers::Displayed,
        chat_markers::Markable,
        chat_states::ChatState,
        client_state::ClientState,
        correct::Replace,
        data_forms::DataForm,
        delay::Delay,
        disco::DiscoInfo,
        disco::DiscoItems,
        encryption::ExplicitEncryption,
        entity_time::EntityTime,
        entity_time::TimeQuery,
        fallback::Fallback,
        forward::Forwarded,
        hints::Hint,
        mam::ArchiveFin,
        mam::ArchiveMetadata,
        mam::ArchiveQuery,
        mam::ArchiveResult,
        muc_user::MucUser,
        nick::Nick,
        ping::Ping,
        private_storage::PrivateStorage,
        pubsub::Configure,
        pubsub::DeleteNode,
        pubsub::Items,
        pubsub::ItemsQuery,
        pubsub::Publish,
        pubsub::Retract,
        pubsub_event::PubsubEvent,
        reactions::Reactions,
        receipts::Receipt,
        receipts::ReceiptRequest,
        reply::Reply,
        retract::RetractMessage,
        retract::Retracted,
        roster::Roster,
        rsm::PageInfo,
        rsm::PageRequest,
        stanza_id::OriginId,
        stanza_id::StanzaId,
        vcard::Vcard,
        vcard_avatar::VcardUpdate,
        version::SoftwareVersion,
    );
    check_values(element);
}

fn check<P: Payload + PartialEq + Debug>(element: &Element, parent: &str) {
    match P::from_element(element) {
        Ok(payload) => {
            assert!(P::matches(element), "{} in {parent}", element.name());
            assert_eq!(P::from_element(&payload.to_element()).as_ref(), Ok(&payload));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Calls what computes something from a payload.
fn check_values(element: &Element) {
    if let Ok(info) = disco::DiscoInfo::from_element(element)
        && let Some(caps) = caps::Caps::of("https://example.org", &info)
    {
        assert_eq!(caps.verify(&info), caps::Verification::Valid);
    }
    if let Ok(roster) = roster::Roster::from_element(element) {
        let one = roster.items.len() == 1;
        assert_eq!(roster.into_push().is_ok(), one);
    }
    if let Ok(vcard) = vcard::Vcard::from_element(element) {
        let _ = (vcard.full_name(), vcard.organisation(), vcard.note(), vcard.emails(), vcard.phones(), vcard.photo());
        assert_eq!(vcard.with_photo(None).photo(), None);
    }
    if let Ok(items) = pubsub::Items::from_element(element) {
        let _ = items.items.iter().map(bookmarks::Bookmark::from_item).count();
    }
}
