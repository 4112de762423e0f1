//! Presence: who is there (RFC 6121 §4), and who asks to see whom (§3).

use plausch_model::{BareJid, ContactRequest, Subscription};
use plausch_xmpp::{
    jid::Jid,
    stanza::{Presence, PresenceType},
    xep::{avatar::ImageHash, nick::Nick, vcard_avatar::VcardUpdate},
};

use crate::{Account, contacts::address, identity, jids, step::Step};

impl Account {
    /// A presence stanza came.
    pub(crate) fn presence(&mut self, step: &mut Step<'_>, presence: Presence) {
        let Some(from) = presence.from.clone() else { return };
        let jid = jids::bare_of(&from);
        match presence.kind {
            PresenceType::Available => self.available(step, &from, &jid, &presence),
            PresenceType::Unavailable => {
                self.contacts.presence(&jid, from.resource().unwrap_or_default(), None);
            }
            PresenceType::Subscribe => self.asked_to_subscribe(step, jid, &presence),
            PresenceType::Unsubscribe => self.contacts.forget_request(step, &jid),
            // The server pushes what these mean for the roster (RFC 6121 §3.1.6, §3.2.3).
            PresenceType::Subscribed | PresenceType::Unsubscribed => {}
            // Probes are for servers; an error tells that a stanza of ours went nowhere, which the roster shows anyway.
            PresenceType::Probe | PresenceType::Error => {}
        }
    }

    fn available(&mut self, step: &mut Step<'_>, from: &Jid, jid: &BareJid, presence: &Presence) {
        self.contacts.presence(jid, from.resource().unwrap_or_default(), Some(presence));
        self.caps_announced(step, from, presence);
        let known = *jid == self.me || self.contacts.is_contact(jid);
        if let Some(Ok(update)) = presence.payload::<VcardUpdate>().filter(|_| known) {
            self.vcard_avatar_announced(step, jid, &update);
        }
    }

    /// Somebody asks to see our presence. The person decides, unless they have by adding them as a contact; nothing is
    /// answered to somebody blocked.
    fn asked_to_subscribe(&mut self, step: &mut Step<'_>, jid: BareJid, presence: &Presence) {
        if self.contacts.is_blocked(&jid) || jid == self.me {
            return;
        }
        let added = self
            .contacts
            .roster(&jid)
            .is_some_and(|record| record.asked || matches!(record.subscription, Subscription::To | Subscription::Both));
        if added {
            return self.subscription(step, &jid, PresenceType::Subscribed);
        }
        let request = ContactRequest {
            address: address(&jid),
            nickname: presence.payload::<Nick>().and_then(Result::ok).and_then(|nick| nick.name),
            text: presence.status().map(str::to_owned),
            at: step.now,
            jid,
        };
        self.contacts.request(step, request);
    }

    /// Tells everybody who may see it that we are there.
    pub(crate) fn announce(&mut self, step: &mut Step<'_>) {
        let mut presence = Presence::new(PresenceType::Available);
        if let Some(caps) = identity::caps() {
            presence = presence.with_payload(&caps);
        }
        let avatar = self.contacts.avatar(&self.me);
        let update = avatar.and_then(|avatar| ImageHash::parse(avatar.as_str())).map(VcardUpdate::Photo);
        let presence = presence.with_payload(&update.unwrap_or(VcardUpdate::NotReady));
        self.send(step, &presence.to_element());
        self.announced();
    }
}
