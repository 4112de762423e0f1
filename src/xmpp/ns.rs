//! Namespaces, each with the document that defines it.

/// RFC 6120 §4.8.2: stanzas between client and server.
pub const CLIENT: &str = "jabber:client";
/// RFC 6120 §8.3: stanza error conditions.
pub const STANZAS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// RFC 6121 §2: the roster.
pub const ROSTER: &str = "jabber:iq:roster";
/// RFC 6121 §3.4: the stream feature of subscription pre-approval.
pub const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
/// RFC 6121 §2.6: the stream feature of roster versioning.
pub const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";

/// XEP-0004: data forms.
pub const DATA_FORMS: &str = "jabber:x:data";
/// XEP-0030: identities and features of an entity.
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// XEP-0030: items of an entity.
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// XEP-0045: what a room says of its occupants and their messages.
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// XEP-0049: private XML storage.
pub const PRIVATE: &str = "jabber:iq:private";
/// XEP-0054: vcard-temp.
pub const VCARD: &str = "vcard-temp";
/// XEP-0059: result set management.
pub const RSM: &str = "http://jabber.org/protocol/rsm";
/// XEP-0060: publish-subscribe.
pub const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
/// XEP-0060: what the owner of a node may do.
pub const PUBSUB_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// XEP-0060: notifications.
pub const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// XEP-0060: error conditions.
pub const PUBSUB_ERRORS: &str = "http://jabber.org/protocol/pubsub#errors";
/// XEP-0060 §16.4.4: form of a node's configuration.
pub const PUBSUB_NODE_CONFIG: &str = "http://jabber.org/protocol/pubsub#node_config";
/// XEP-0060 §7.1.5: form of publish-options, and the feature that they are honoured.
pub const PUBSUB_PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
/// XEP-0084: an avatar's bytes.
pub const AVATAR_DATA: &str = "urn:xmpp:avatar:data";
/// XEP-0084: what is known about an avatar.
pub const AVATAR_METADATA: &str = "urn:xmpp:avatar:metadata";
/// XEP-0085: chat states.
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// XEP-0092: software version.
pub const VERSION: &str = "jabber:iq:version";
/// XEP-0115: entity capabilities.
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// XEP-0153: hash of the vCard's photo in presence.
pub const VCARD_UPDATE: &str = "vcard-temp:x:update";
/// XEP-0172: user nickname.
pub const NICK: &str = "http://jabber.org/protocol/nick";
/// XEP-0184: delivery receipts.
pub const RECEIPTS: &str = "urn:xmpp:receipts";
/// XEP-0191: blocking.
pub const BLOCKING: &str = "urn:xmpp:blocking";
/// XEP-0191 §3.5: error condition of stanzas to a blocked address.
pub const BLOCKING_ERRORS: &str = "urn:xmpp:blocking:errors";
/// XEP-0199: ping.
pub const PING: &str = "urn:xmpp:ping";
/// XEP-0202: entity time.
pub const TIME: &str = "urn:xmpp:time";
/// XEP-0203: delayed delivery.
pub const DELAY: &str = "urn:xmpp:delay";
/// XEP-0280: message carbons.
pub const CARBONS: &str = "urn:xmpp:carbons:2";
/// XEP-0297: stanza forwarding.
pub const FORWARD: &str = "urn:xmpp:forward:0";
/// XEP-0308: last message correction.
pub const CORRECT: &str = "urn:xmpp:message-correct:0";
/// XEP-0313: message archive management.
pub const MAM: &str = "urn:xmpp:mam:2";
/// XEP-0313 §7: feature of an archive that knows ids, flipped pages and metadata.
pub const MAM_EXTENDED: &str = "urn:xmpp:mam:2#extended";
/// XEP-0333: displayed markers.
pub const CHAT_MARKERS: &str = "urn:xmpp:chat-markers:0";
/// XEP-0334: message processing hints.
pub const HINTS: &str = "urn:xmpp:hints";
/// XEP-0352: client state indication.
pub const CSI: &str = "urn:xmpp:csi:0";
/// XEP-0359: unique and stable stanza ids.
pub const STANZA_IDS: &str = "urn:xmpp:sid:0";
/// XEP-0380: explicit message encryption.
pub const EME: &str = "urn:xmpp:eme:0";
/// XEP-0398: feature of a server that turns PEP avatars into vCard photos and back.
pub const AVATAR_CONVERSION: &str = "urn:xmpp:pep-vcard-conversion:0";
/// XEP-0402: PEP native bookmarks.
pub const BOOKMARKS: &str = "urn:xmpp:bookmarks:1";
/// XEP-0424: message retraction.
pub const RETRACT: &str = "urn:xmpp:message-retract:1";
/// XEP-0428: fallback indication.
pub const FALLBACK: &str = "urn:xmpp:fallback:0";
/// XEP-0444: message reactions.
pub const REACTIONS: &str = "urn:xmpp:reactions:0";
/// XEP-0461: message replies.
pub const REPLY: &str = "urn:xmpp:reply:0";
/// XEP-0490: message displayed synchronization, and the node it lives in.
pub const DISPLAYED: &str = "urn:xmpp:mds:displayed:0";
