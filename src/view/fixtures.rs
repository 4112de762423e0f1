//! Values for the tests of the view state.

use plausch_model::{
    BareJid, Bookmark, ChatSummary, Contact, DeliveryState, Encryption, MessageBody, OriginId, TimelineItem,
    TimelineKey, Timestamp, Way,
};

use super::timeline::Opened;

pub fn chat(jid: &str, active_at: i64, unread: u32) -> ChatSummary {
    ChatSummary {
        jid: BareJid::new(jid),
        address: jid.into(),
        kind: plausch_model::ChatKind::Direct,
        name: jid.into(),
        avatar: None,
        unread,
        preview: None,
        active_at: Timestamp(active_at),
        draft: None,
        state: plausch_model::ChatState::Idle,
        stranger: false,
        blocked: false,
    }
}

pub fn contact(jid: &str, name: &str) -> Contact {
    Contact {
        jid: BareJid::new(jid),
        address: jid.into(),
        name: name.into(),
        roster_name: Some(name.into()),
        groups: Vec::new(),
        subscription: plausch_model::Subscription::Both,
        asked: false,
        availability: plausch_model::Availability::Offline,
        status: None,
        avatar: None,
        blocked: false,
    }
}

pub fn bookmark(jid: &str, name: &str) -> Bookmark {
    Bookmark { jid: BareJid::new(jid), address: jid.into(), name: name.into(), autojoin: false }
}

pub fn message(id: &str, way: Way, at: i64) -> TimelineItem {
    let author = match way {
        Way::In => "romeo@x",
        Way::Out => "juliet@x",
    };
    TimelineItem {
        id: OriginId::new(id),
        key: TimelineKey { at: Timestamp(at), sequence: 0 },
        author: BareJid::new(author),
        way,
        at: Timestamp(at),
        body: MessageBody::Text(format!("text of {id}")),
        encryption: Encryption::None,
        state: (way == Way::Out).then_some(DeliveryState::Waiting),
        edited: None,
        reactions: Vec::new(),
        unsent: None,
        reacting: false,
    }
}

pub fn window(chat: &str, items: Vec<TimelineItem>) -> Opened {
    let total = items.len() as u64;
    Opened { chat: BareJid::new(chat), items, at_start: true, at_end: true, read_up_to: None, total }
}
