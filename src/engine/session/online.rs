//! While online: what is asked at the start of a session, what comes over the stream, staying alive, going away.

use plausch_model::{
    BareJid, CommandError, ConnectionDetails, DeliveryState, EndReason, FailureReason, SecurityLayer, Timestamp,
    TransportKind, Update, ViewId,
};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    ns,
    payload::Payload,
    sm::{Sm, SmState},
    stanza::{Message, MessageType},
    stream::{Incoming, Ready, Session as Past, StreamCondition, StreamError, Transport, classify},
    xep::{
        blocking::Blocking, carbons::EnableCarbons, chat_markers::Markable, chat_states::ChatState,
        client_state::ClientState, disco::DiscoInfo, entity_time::TimeQuery, ping::Ping, receipts::ReceiptRequest,
        roster::Roster, stanza_id::OriginId, version::SoftwareVersion,
    },
    xml::Element,
};

use super::{FAREWELL_MILLIS, LINGER_MILLIS, NEWS_MILLIS, Online, Phase, SAFE_STANZA_BYTES, SILENCE_MILLIS};
use crate::{
    Account,
    ingest::place_after,
    jids,
    messages::text_of,
    records::{MessageRecord, Outgoing, Setup},
    requests::Purpose,
    step::Step,
};

/// What is sent so long after it was written gets another place.
const LATE_MILLIS: i64 = 1_000;

impl Account {
    /// A session has begun or goes on.
    pub(super) fn online(&mut self, step: &mut Step<'_>, ready: Ready) {
        let resumed = matches!(ready.session, Past::Resumed { .. });
        let online = Online {
            details: self.describe(step.now, &ready, resumed),
            csi_active: true,
            looked_until: step.now.plus_millis(LINGER_MILLIS),
            last_heard: step.now,
            asked_if_alive: false,
            ack_due: false,
            request_due: false,
            since_request: 0,
            barrier_pending: false,
        };
        self.session.phase = Phase::Online(Box::new(online));
        match ready.session {
            Past::Resumed { sm, acked } => {
                self.resumed(step, sm, &|number| acked.contains(&number));
                self.set_up(step, ready.features.roster_versioning);
                if !self.session.record.setup.has(Setup::ACCOUNT) {
                    self.go_on_reading(step);
                    self.tell_displayed_soon(step);
                }
            }
            Past::New { sm, handled_before } => {
                if let Some(handled) = handled_before {
                    // What else the server took before it, we have not heard.
                    self.archive.hold_back();
                    self.acknowledged(step, &|number| handled.contains(&number));
                }
                self.session_lost(step);
                self.session.settled_inbound = 0;
                self.session.sm = sm;
                self.session.record.client_state = ready.features.client_state;
                self.session.max_stanza_bytes = ready.features.limits.and_then(|limits| limits.max_bytes);
                self.begin_session(step, ready.carbons_enabled, ready.features.roster_versioning);
            }
        }
        for stanza in &ready.uncounted {
            self.stanza(step, stanza);
        }
    }

    fn describe(&self, now: Timestamp, ready: &Ready, resumed: bool) -> ConnectionDetails {
        let endpoint = self.session.endpoint();
        let resumable = match &ready.session {
            Past::New { sm, .. } => sm.as_ref().is_some_and(|sm| sm.resumption().is_some()),
            Past::Resumed { .. } => true,
        };
        ConnectionDetails {
            address: self.me.clone(),
            resource: ready.jid.resource().to_owned(),
            endpoint: endpoint.map(|endpoint| endpoint.url().to_owned()).unwrap_or_default(),
            transport: match endpoint.map(plausch_xmpp::stream::Endpoint::transport) {
                Some(Transport::Bosh) => TransportKind::Bosh,
                _ => TransportKind::WebSocket,
            },
            security: match endpoint.is_some_and(plausch_xmpp::stream::Endpoint::is_encrypted) {
                true => SecurityLayer::Tls,
                false => SecurityLayer::Loopback,
            },
            mechanism: ready.mechanism.to_owned(),
            sasl2: ready.sasl2,
            resumable,
            resumed,
            since: now,
            software: self.session.software.clone().filter(|_| resumed),
        }
    }

    /// The lost session goes on: what the server has not acknowledged is sent again.
    fn resumed(&mut self, step: &mut Step<'_>, sm: Sm, acked: &dyn Fn(u64) -> bool) {
        self.session.sm = Some(sm);
        if self.in_flight() {
            // What was delivered while we were away may have come before what of ours had arrived by then, or after.
            self.archive.hold_back();
        }
        self.acknowledged(step, acked);
        // What was lost with an earlier run of ours can't be sent again; from here on both sides count alike.
        if let Some(sm) = &mut self.session.sm {
            let state = sm.state().clone();
            *sm = Sm::restore(SmState { outbound: state.acked, ..state });
        }
        self.outbox.resend(step);
        for lost in std::mem::take(&mut self.session.unacknowledged) {
            if !is_asked_anew(&lost.stanza) {
                self.send(step, &lost.stanza);
            }
        }
        self.contacts.set_reachable(true);
    }

    /// A new session: everything that is known of the server and of people is asked again.
    fn begin_session(&mut self, step: &mut Step<'_>, carbons_enabled: bool, versioning: bool) {
        self.contacts.forget_presence(step);
        self.contacts.set_reachable(true);
        self.archive.session_began();
        let record = &mut self.session.record;
        record.began_at = step.now;
        record.setup = Setup::default();
        if self.jid.local().is_none() {
            record.setup.add(Setup::PRESENCE);
        } else {
            let parts = [Setup::ROSTER, Setup::ACCOUNT, Setup::BLOCKED, Setup::BOOKMARKS];
            parts
                .into_iter()
                .chain((!carbons_enabled).then_some(Setup::CARBONS))
                .for_each(|part| record.setup.add(part));
        }
        self.session.unsaved = true;
        self.session.software = None;
        self.session.caught_up_at = None;
        self.set_up(step, versioning);
    }

    /// Asks for what a session begins with, as far as it has not been answered.
    fn set_up(&mut self, step: &mut Step<'_>, versioning: bool) {
        let setup = self.session.record.setup;
        if setup.has(Setup::ROSTER) {
            let version = versioning.then(|| self.contacts.version().to_owned());
            self.request_get(step, None, &Roster::query(version), Purpose::Roster);
        } else if setup.has(Setup::PRESENCE) {
            self.announce(step);
        }
        if setup.has(Setup::CARBONS) {
            self.request_set(step, None, &EnableCarbons, Purpose::Carbons);
        }
        if setup.has(Setup::ACCOUNT) {
            let account = Some(self.jid.clone().into());
            self.request_get(step, account, &DiscoInfo::query(None), Purpose::AccountInfo);
        }
        if setup.has(Setup::BLOCKED) {
            self.request_get(step, None, &Blocking::query(), Purpose::Blocked);
        }
        if setup.has(Setup::BOOKMARKS) {
            self.ask_bookmarks(step);
        } else {
            self.tell_removed_bookmarks(step);
        }
        if self.session.software.is_none() && self.jid.local().is_some() {
            self.request_get(step, Some(self.jid.server().into()), &SoftwareVersion::default(), Purpose::Software);
            self.request_get(step, Some(self.jid.server().into()), &TimeQuery, Purpose::Clock(step.now));
        }
    }

    /// The roster is there: from now on presence can be understood (RFC 6121 §2.2).
    pub(crate) fn roster_ready(&mut self, step: &mut Step<'_>) {
        self.contacts.set_known();
        self.session.setup_done(Setup::ROSTER);
        self.announce(step);
        step.fx.tell(Update::Contacts(self.contacts.contacts()));
    }

    /// Our presence is on its way: it has to be acknowledged before it counts as told.
    pub(crate) fn announced(&mut self) {
        self.session.record.setup.add(Setup::PRESENCE);
        self.session.unsaved = true;
        self.session.announced_as = self.session.sm.as_ref().map(|sm| sm.state().outbound);
        if let Phase::Online(online) = &mut self.session.phase {
            online.request_due |= self.session.sm.is_some();
        }
    }

    /// What our account offers is known; `None` if it does not say, which changes nothing.
    pub(crate) fn account_info(&mut self, step: &mut Step<'_>, info: Option<&DiscoInfo>) {
        if let Some(info) = info {
            let record = &mut self.session.record;
            record.archive = info.has(ns::MAM);
            // XEP-0313 §5.1.3.1: an archive of this version vouches for its ids.
            record.stanza_ids = info.has(ns::STANZA_IDS) || record.archive;
            record.setup.done(Setup::ACCOUNT);
            self.session.unsaved = true;
            // XEP-0490 §7: without publish-options the node might be open to all.
            self.displayed_offered(step, info.has(ns::PUBSUB_PUBLISH_OPTIONS));
            if info.has(ns::MAM_EXTENDED) {
                self.archive.tells_ends();
            }
        }
        self.catch_up(step);
    }

    /// The server's software is known.
    pub(crate) fn software_known(&mut self, step: &mut Step<'_>, version: Option<SoftwareVersion>) {
        let Phase::Online(online) = &mut self.session.phase else { return };
        let words = version.map(|version| {
            let words = version.name.into_iter().chain(version.version);
            words.map(|word| word.chars().take(60).collect::<String>()).into_list().join(" ")
        });
        self.session.software = words.filter(|words| !words.is_empty());
        online.details.software.clone_from(&self.session.software);
        step.fx.tell(Update::ConnectionDetails(self.session.details()));
    }

    /// An element arrived.
    pub(super) fn online_element(&mut self, step: &mut Step<'_>, element: Element) {
        let Phase::Online(online) = &mut self.session.phase else { return };
        online.last_heard = step.now;
        match classify(element) {
            Incoming::Stanza(stanza) => {
                if let Some(sm) = &mut self.session.sm {
                    sm.count_inbound();
                }
                self.stanza(step, &stanza);
            }
            Incoming::SmRequest => online.ack_due = true,
            Incoming::SmAck(h) => self.server_acknowledged(step, h),
            Incoming::Error(error) => {
                self.blame_outbox(step, &error);
                self.disconnect(step);
                self.stream_failed(step, error);
            }
            Incoming::Close { see_other_uri } => {
                self.disconnect(step);
                match see_other_uri {
                    Some(target) => self.redirect(step, &target),
                    None => self.disconnected(step),
                }
            }
            Incoming::Features(_) | Incoming::Unknown(_) => {}
        }
    }

    fn server_acknowledged(&mut self, step: &mut Step<'_>, h: u32) {
        let Some(sm) = &mut self.session.sm else { return };
        match sm.on_ack(h) {
            Ok(numbers) => self.acknowledged(step, &|number| numbers.contains(&number)),
            Err(error) => {
                let error = error.to_stream_error();
                self.transmit(step, &error);
                self.session_lost(step);
                self.disconnect(step);
                self.disconnected(step);
            }
        }
    }

    /// The server has these stanzas.
    pub(crate) fn acknowledged(&mut self, step: &mut Step<'_>, covers: &dyn Fn(u64) -> bool) {
        self.session.unacknowledged.retain(|unacknowledged| !covers(unacknowledged.number));
        if self.session.announced_as.take_if(|number| covers(*number)).is_some() {
            self.session.setup_done(Setup::PRESENCE);
        }
        for content in self.outbox.acknowledged(step, covers) {
            let place = content.place();
            match content {
                Outgoing::Message(message) => self.change_message(step, &message),
                Outgoing::Event(change) => self.change_taken(change),
            }
            if self.archive.is_synced() && !self.archive.is_held_back() {
                self.archive.own_taken(step, place);
            }
        }
        self.ask_for_the_order(step);
        if let Phase::Online(online) = &mut self.session.phase {
            online.barrier_pending = false;
            online.request_due |= self.outbox.has_unacknowledged() && self.session.sm.is_none();
        }
    }

    /// The session is gone for good: what the server did not acknowledge may or may not have arrived.
    pub(super) fn session_lost(&mut self, step: &mut Step<'_>) {
        self.session.sm = None;
        self.session.unacknowledged.clear();
        self.session.announced_as = None;
        self.outbox.session_lost(step);
    }

    /// Sends what waits, in order.
    pub(crate) fn flush_outbox(&mut self, step: &mut Step<'_>) {
        while self.session.is_online() {
            let Some((sequence, content)) = self.outbox.next_to_send() else { return };
            match content.clone() {
                Outgoing::Message(message) => self.send_message(step, sequence, message),
                Outgoing::Event(change) => self.send_change(step, sequence, &change),
            }
        }
    }

    fn send_message(&mut self, step: &mut Step<'_>, sequence: u64, mut message: MessageRecord) {
        let stanza = text_of(&message).and_then(|text| {
            let id = message.wire_id.as_deref().unwrap_or(message.item.id.as_str());
            let stanza = self.text_stanza(&message.chat, id, text)?.to_element();
            self.fits(text, &stanza).then_some(stanza)
        });
        let Some(stanza) = stanza else {
            self.outbox.remove(step, sequence);
            return self.message_failed(step, message, FailureReason::TooLong);
        };
        let (floor, at) = (self.settled(&message.chat), self.session.by_server(step.now));
        if floor > Some(message.item.key) || at.millis_since(message.item.key.at) > LATE_MILLIS {
            // What was said since it was written comes before it, even if that is not here yet.
            let place = place_after(step, floor, at);
            message = self.move_message(step, &message, place, at);
            self.outbox.moved(sequence, message.clone());
        }
        self.chats.settle(&message);
        self.send_content(step, sequence, &stanza);
    }

    /// Sends something of the outbox.
    pub(crate) fn send_content(&mut self, step: &mut Step<'_>, sequence: u64, stanza: &Element) {
        self.archive.own_sent();
        let number = self.send_from_outbox(step, stanza);
        self.outbox.sent(step, sequence, number);
        if let Phase::Online(online) = &mut self.session.phase {
            online.request_due = true;
        }
    }

    /// Whether the server takes a stanza of this size. Only long texts need to be measured.
    pub(crate) fn fits(&self, text: &str, stanza: &Element) -> bool {
        let limit = self.session.max_stanza_bytes.unwrap_or(SAFE_STANZA_BYTES);
        let fits = |bytes: usize| u64::try_from(bytes).is_ok_and(|bytes| bytes <= limit);
        let longest = text.len().saturating_mul(6).saturating_add(4_096);
        fits(longest) || fits(stanza.to_xml().len())
    }

    /// The stream ended in a way that a message may have caused: those on their way are suspected.
    fn blame_outbox(&mut self, step: &mut Step<'_>, error: &StreamError) {
        use StreamCondition as C;
        let angry = matches!(
            error.condition,
            C::PolicyViolation
                | C::NotWellFormed
                | C::InvalidXml
                | C::RestrictedXml
                | C::BadFormat
                | C::UnsupportedStanzaType
        );
        if angry {
            let why = FailureReason::Other(error.condition.name().to_owned());
            for sequence in self.outbox.refused(step) {
                if let Some(change) = self.outbox.fail(step, sequence, &why) {
                    self.show_again(step, change.message);
                } else if let Some(Outgoing::Message(message)) = self.outbox.remove(step, sequence) {
                    self.message_failed(step, message, why.clone());
                }
            }
        }
    }

    fn message_failed(&mut self, step: &mut Step<'_>, mut message: MessageRecord, why: FailureReason) {
        message.item.state = Some(DeliveryState::Failed(why));
        self.change_message(step, &message);
    }

    /// The stanza of a text message. `None` if it has nowhere to go. Only those who may know learn that we have stopped
    /// typing (attack case A-21).
    pub(crate) fn text_stanza(&self, chat: &BareJid, id: &str, text: &str) -> Option<Message> {
        let mut stanza = Message::new(MessageType::Chat, jids::recipient(chat)?)
            .with_body(text)
            .with_payload(&OriginId { id: id.to_owned() })
            .with_payload(&ReceiptRequest)
            .with_payload(&Markable);
        if self.settings.send_typing && self.contacts.may_see_us(chat) {
            stanza = stanza.with_payload(&ChatState::Active);
        }
        stanza.id = Some(id.to_owned());
        Some(stanza)
    }

    /// Tells the server whether anybody is looking (XEP-0352). Who awaits something counts as looking, and for a moment after
    /// that: what the server keeps back may be answers and receipts, and Prosody (13, at least) has stopped writing altogether
    /// where they were on their way.
    pub(super) fn sync_client_state(&mut self, step: &mut Step<'_>) {
        let awaits = !self.iqs.is_empty() || self.outbox.has_unacknowledged();
        let visible = self.session.is_visible();
        let Phase::Online(online) = &mut self.session.phase else { return };
        if awaits {
            online.looked_until = online.looked_until.max(step.now.plus_millis(LINGER_MILLIS));
        }
        let active = visible || step.now < online.looked_until;
        if self.session.record.client_state && online.csi_active != active {
            online.csi_active = active;
            let state = if active { ClientState::Active } else { ClientState::Inactive };
            self.transmit(step, &state.to_element());
        }
    }

    /// Somebody has written.
    pub(crate) fn await_reading(&mut self, step: &Step<'_>) {
        if let Phase::Online(online) = &mut self.session.phase {
            online.looked_until = step.now.plus_millis(NEWS_MILLIS);
        }
    }

    /// A view became visible or hidden.
    pub(crate) fn set_visible(&mut self, step: &mut Step<'_>, view: ViewId, visible: bool) {
        self.session.visible.insert(view, visible);
        if visible {
            self.reconnect_soon(step);
        }
    }

    /// A view is gone.
    pub(crate) fn view_gone(&mut self, view: ViewId) {
        self.views.closed(view);
        self.finder.end(view);
        self.session.visible.remove(&view);
    }

    /// Nothing was heard for a while: asks whether the server is there.
    pub(super) fn check_alive(&mut self, step: &mut Step<'_>) {
        let Phase::Online(online) = &mut self.session.phase else { return };
        if !online.asked_if_alive && step.now.millis_since(online.last_heard) >= SILENCE_MILLIS {
            online.asked_if_alive = true;
            self.request_get(step, Some(self.jid.server().into()), &Ping, Purpose::KeepAlive);
        }
    }

    /// The server does not answer: the connection is dead, whatever the socket says.
    pub(crate) fn connection_dead(&mut self, step: &mut Step<'_>) {
        self.disconnect(step);
        self.disconnected(step);
    }

    /// Closes the connection politely.
    pub(super) fn disconnect(&mut self, step: &mut Step<'_>) {
        self.transmit_close(step);
        self.close_link(step);
    }

    /// The connection is gone: requests have no answers, people's presence is unknown.
    pub(super) fn offline(&mut self, step: &mut Step<'_>) {
        for purpose in self.iqs.drain() {
            self.unanswered(step, purpose, CommandError::NotConnected);
        }
        self.contacts.set_reachable(false);
        self.chats.disconnected();
        self.archive.disconnected();
    }

    /// Ends the session and deletes everything. The server is told to forget our token first, if it gave us one.
    pub(crate) fn sign_out(&mut self, step: &mut Step<'_>) {
        if self.session.is_online() {
            let gone = plausch_xmpp::stanza::Presence::new(plausch_xmpp::stanza::PresenceType::Unavailable);
            self.send(step, &gone.to_element());
            self.disconnect(step);
        }
        if self.session.fast.is_none() {
            return self.end(step, true, EndReason::SignedOut);
        }
        self.session.signing_out = true;
        self.offline(step);
        self.connect(step);
        self.session.farewell_by = Some(step.now.plus_millis(FAREWELL_MILLIS));
    }

    /// The server knows, or will not be told, that the token is not needed any more.
    pub(super) fn farewell_done(&mut self, step: &mut Step<'_>, told: bool) {
        let reason = if told {
            EndReason::SignedOut
        } else {
            EndReason::SignedOutIncompletely("the server could not be told to forget this device".to_owned())
        };
        self.end(step, true, reason);
    }
}

/// Whether a stanza that was lost with the link is not to be sent again: questions have been given up, and who waited
/// for the answer was told so; our presence is told anew.
fn is_asked_anew(stanza: &Element) -> bool {
    match stanza.name() {
        "iq" => matches!(stanza.attr("type"), Some("get" | "set")),
        "presence" => stanza.attr("to").is_none() && stanza.attr("type").is_none(),
        _ => false,
    }
}
