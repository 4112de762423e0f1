//! Messages, presence, requests and errors.

use plausch_xmpp::stanza::{
    Condition, ErrorKind, Iq, IqKind, LangText, Message, MessageType, Presence, PresenceType, Show, StanzaError, Thread,
};
use plausch_xmpp::xml::Element;
use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;

use crate::values::{foreign, foreigners, id, jid, one_of, text};
use crate::{agree, through};

/// At most one text per language, in the order in which the other library sorts them.
fn texts() -> impl Strategy<Value = Vec<LangText>> {
    btree_map(of("[a-z]{2}"), text(), 0..3)
        .prop_map(|texts| texts.into_iter().map(|(lang, text)| LangText { lang, text }).collect())
}

pub fn message() -> impl Strategy<Value = Message> {
    let thread = (id(), of(id())).prop_map(|(id, parent)| Thread { id, parent });
    let head = (of(jid()), of(jid()), of(id()), one_of(MessageType::ALL));
    (head, texts(), texts(), of(thread), foreigners()).prop_map(
        |((from, to, id, kind), bodies, subjects, thread, payloads)| Message {
            from,
            to,
            id,
            kind,
            lang: None,
            bodies,
            subjects,
            thread,
            payloads,
        },
    )
}

fn presence() -> impl Strategy<Value = Presence> {
    let head = (of(jid()), of(jid()), of(id()), one_of(PresenceType::ALL));
    (head, of(one_of(Show::ALL)), texts(), any::<i8>(), foreigners()).prop_map(
        |((from, to, id, kind), show, statuses, priority, payloads)| Presence {
            from,
            to,
            id,
            kind,
            lang: None,
            show,
            statuses,
            priority,
            payloads,
        },
    )
}

fn error() -> impl Strategy<Value = StanzaError> {
    let head = (one_of(ErrorKind::ALL), one_of(Condition::ALL), of("xmpp:[a-z]{1,9}@[a-z]{1,9}"));
    (head, of(text()), of(jid()), of(foreign())).prop_map(|((kind, condition, address), text, by, application)| {
        StanzaError {
            kind,
            condition,
            new_address: address.filter(|_| matches!(condition, Condition::Gone | Condition::Redirect)),
            text,
            by,
            application: application.map(Box::new),
        }
    })
}

fn iq() -> impl Strategy<Value = Iq> {
    let kind = prop_oneof![
        foreign().prop_map(IqKind::Get),
        foreign().prop_map(IqKind::Set),
        of(foreign()).prop_map(IqKind::Result),
        error().prop_map(IqKind::Error),
    ];
    (of(jid()), of(jid()), id(), kind).prop_map(|(from, to, id, kind)| Iq { from, to, id, kind })
}

proptest! {
    #[test]
    fn messages(ours in message()) {
        let (theirs, back) = through::<xmpp_parsers::message::Message>(&ours.to_element());
        prop_assert_eq!(Message::from_element(&back), Ok(ours.clone()));
        prop_assert_eq!(theirs.bodies.len(), ours.bodies.len());
        prop_assert_eq!(theirs.get_best_body(vec![]).map(|(_, body)| body.as_str()), ours.body());
        prop_assert_eq!(theirs.from.map(|from| from.to_string()), ours.from.map(|from| from.to_string()));
    }

    #[test]
    fn presences(ours in presence()) {
        let (theirs, back) = through::<xmpp_parsers::presence::Presence>(&ours.to_element());
        prop_assert_eq!(Presence::from_element(&back), Ok(ours.clone()));
        prop_assert_eq!(theirs.priority.0, ours.priority);
        prop_assert_eq!(theirs.show.is_some(), ours.show.is_some());
    }

    #[test]
    fn requests_and_answers(ours in iq()) {
        let (theirs, back) = through::<xmpp_parsers::iq::Iq>(&ours.to_element());
        prop_assert_eq!(Iq::from_element(&back), Ok(ours.clone()));
        prop_assert_eq!(theirs.id(), &ours.id);
    }

    #[test]
    fn errors(ours in error()) {
        let theirs: xmpp_parsers::stanza_error::StanzaError = agree(&ours);
        prop_assert_eq!(theirs.texts.values().next(), ours.text.as_ref());
    }
}

/// What every condition is called, agreed with the other library one by one.
#[test]
fn every_condition() {
    for condition in Condition::ALL {
        let _: xmpp_parsers::stanza_error::StanzaError = agree(&StanzaError::new(*condition));
    }
}

/// A refused request is a proper error to the other library, too.
#[test]
fn refusals() {
    let broken = Element::builder("iq", "jabber:client").attr("id", "1").attr("type", "get").build();
    let (theirs, _) = through::<xmpp_parsers::iq::Iq>(&Iq::refusal_of(&broken).unwrap().to_element());
    assert!(matches!(theirs, xmpp_parsers::iq::Iq::Error { .. }));
}
