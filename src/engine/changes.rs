//! What a person does to messages that are there: edits, retractions and reactions, on their way out.
//!
//! A message that was not sent yet is changed where it is, and so is a change that was not. Everything else is an entry of
//! the outbox, behind the message it is for. Until the server has it, views are shown the message with it ("overlay").

use plausch_model::{
    CommandError, CommandId, DeliveryState, EDITABLE_MILLIS, Emoji, FailureReason, MessageBody, OriginId, TimelineKey,
    Update, ViewId, Way, WindowChange,
};
use plausch_xmpp::{
    ns,
    stanza::{Message, MessageType},
    xep::{
        correct::Replace, fallback::Fallback, hints::Hint, reactions::Reactions, retract::RetractMessage,
        stanza_id::OriginId as OriginIdPayload,
    },
    xml::Element,
};

use crate::{
    Account,
    account::Then,
    commands::{MAX_TEXT_BYTES, one},
    events::MAX_REACTIONS,
    ingest::place_after,
    jids,
    records::{Change, MessageRecord, Outgoing, Stage, by_origin_id},
    step::Step,
    store::{Loaded, Query, Table},
    story::{Event, What},
};

/// What clients that don't know retractions show (XEP-0424 §4).
const RETRACTION_FALLBACK: &str = "/me retracted a previous message, but it's unsupported by your client.";

/// What is to become of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    /// It is to say this.
    Text(String),
    /// It is to be gone.
    Nothing,
    /// This reaction of ours is to be there or not.
    Reaction(Emoji, bool),
}

impl Account {
    /// Somebody wants something to become of a message.
    pub(crate) fn change(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        message: &OriginId,
        wanted: Wanted,
    ) -> Option<Result<(), CommandError>> {
        let wanted = match wanted {
            Wanted::Text(text) if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES => {
                return Some(Err(CommandError::BadText));
            }
            Wanted::Text(text) => Wanted::Text(text.trim_end().to_owned()),
            other => other,
        };
        self.find_own(step, message, Then::Change(view, id, wanted))
    }

    pub(crate) fn change_loaded(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        wanted: Wanted,
        found: Option<Loaded>,
    ) {
        let shown = one(found).map(|message| {
            let mut shown = message.clone();
            self.outbox.overlay(&self.me, &mut shown.item);
            (message, shown)
        });
        let there = shown.filter(|(_, shown)| shown.item.body != MessageBody::Retracted);
        let result = there.ok_or(CommandError::NotFound).and_then(|(message, shown)| match wanted {
            Wanted::Text(text) => self.edit(step, message, &shown, text),
            Wanted::Nothing => self.retract(step, message),
            Wanted::Reaction(emoji, on) => self.react(step, message, emoji, on),
        });
        self.done(step, view, id, result);
    }

    fn edit(
        &mut self,
        step: &mut Step<'_>,
        mut message: MessageRecord,
        shown: &MessageRecord,
        text: String,
    ) -> Result<(), CommandError> {
        let is_text = matches!(message.item.body, MessageBody::Text(_));
        if message.item.way != Way::Out || !is_text {
            return Err(CommandError::NotFound);
        }
        let failed = matches!(message.item.state, Some(DeliveryState::Failed(_)));
        let body = MessageBody::Text(text.clone());
        if failed || self.outbox.is_message_unsent(&message.item.id) {
            // Nobody has seen what it said before.
            let before = message.clone();
            message.item.body = body;
            self.outbox.rewrite(step, &message);
            self.text_changed(step, &before, &message);
            self.change_message(step, &message);
            return Ok(());
        }
        if self.session.by_server(step.now).millis_since(message.item.at) > EDITABLE_MILLIS {
            return Err(CommandError::TooLate);
        }
        if shown.item.body == body {
            return Ok(());
        }
        self.outbox.drop_changes(step, &message.item.id, &|what| matches!(what, What::Correct(_)));
        let remains = self.outbox.changes(&message.item.id).any(|change| matches!(change.event.what, What::Correct(_)));
        if message.item.body != body || remains {
            self.push_change(step, &message, What::Correct(text), Stage::Queued);
        }
        self.show_changed(&message);
        Ok(())
    }

    fn retract(&mut self, step: &mut Step<'_>, message: MessageRecord) -> Result<(), CommandError> {
        if message.item.way != Way::Out {
            return Err(CommandError::NotFound);
        }
        let failed = matches!(message.item.state, Some(DeliveryState::Failed(_)));
        if failed || self.outbox.is_message_unsent(&message.item.id) {
            self.remove_message(step, message);
            return Ok(());
        }
        self.outbox.drop_changes(step, &message.item.id, &|_| true);
        self.push_change(step, &message, What::Retract, Stage::Queued);
        self.show_changed(&message);
        Ok(())
    }

    fn react(
        &mut self,
        step: &mut Step<'_>,
        message: MessageRecord,
        emoji: Emoji,
        on: bool,
    ) -> Result<(), CommandError> {
        if message.wire_id.is_none() || matches!(message.item.state, Some(DeliveryState::Failed(_))) {
            return Err(CommandError::NotFound);
        }
        let is_reaction = |what: &What| matches!(what, What::React(_));
        let stored = message.reactions_of(&self.me);
        let last = self.outbox.changes(&message.item.id).filter_map(|change| match &change.event.what {
            What::React(emojis) => Some(emojis.clone()),
            _ => None,
        });
        let mut emojis = last.last().unwrap_or_else(|| stored.clone());
        if emojis.contains(&emoji) == on {
            return Ok(());
        }
        emojis.retain(|other| *other != emoji);
        if on {
            emojis.push(emoji);
        }
        if emojis.len() > MAX_REACTIONS {
            return Err(CommandError::BadText);
        }
        self.outbox.drop_changes(step, &message.item.id, &is_reaction);
        let remains = self.outbox.changes(&message.item.id).any(|change| is_reaction(&change.event.what));
        if emojis != stored || remains {
            self.push_change(step, &message, What::React(emojis), Stage::Queued);
        }
        self.show_changed(&message);
        Ok(())
    }

    /// Puts a change of a message into the outbox.
    pub(crate) fn push_change(&mut self, step: &mut Step<'_>, message: &MessageRecord, what: What, stage: Stage) {
        let place = TimelineKey { at: self.session.by_server(step.now), sequence: step.sequence() };
        let event = Event { id: step.random_id(), author: self.me.clone(), place, what };
        let target = message.wire_id.clone().unwrap_or_else(|| message.item.id.to_string());
        let (chat, id) = (message.chat.clone(), message.item.id.clone());
        self.outbox.push(step, Outgoing::Event(Change { chat, message: id, target, event, stage }));
    }

    /// Tries a failed edit or retraction of a message again, or drops what is unsent. False if there is none.
    pub(crate) fn settle_failed_change(&mut self, step: &mut Step<'_>, message: &MessageRecord, again: bool) -> bool {
        let wanted = self.outbox.changes(&message.item.id).filter_map(|change| match change.stage {
            Stage::Failed(_) => Some(change.event.what.clone()),
            Stage::Queued | Stage::Taken => None,
        });
        let wanted = wanted.last();
        let dropped = self.outbox.drop_changes(step, &message.item.id, &|what| !matches!(what, What::React(_)));
        if let Some(what) = wanted.filter(|_| again) {
            self.push_change(step, message, what, Stage::Queued);
        }
        if dropped > 0 {
            self.show_changed(message);
        }
        dropped > 0
    }

    /// Sends a change.
    pub(crate) fn send_change(&mut self, step: &mut Step<'_>, sequence: u64, change: &Change) {
        let fits = |stanza: &Element| match &change.event.what {
            What::Correct(text) => self.fits(text, stanza),
            What::Retract | What::React(_) => true,
        };
        let Some(stanza) = self.change_stanza(change).filter(fits) else {
            if let Some(failed) = self.outbox.fail(step, sequence, &FailureReason::TooLong) {
                self.show_again(step, failed.message);
            }
            return;
        };
        let (floor, at) = (self.settled(&change.chat), self.session.by_server(step.now));
        let place = place_after(step, floor, at);
        self.outbox.placed(sequence, place);
        self.chats.settle_event(&change.chat, place);
        self.send_content(step, sequence, &stanza);
    }

    fn change_stanza(&self, change: &Change) -> Option<Element> {
        let Change { chat, target, event, .. } = change;
        let (id, target) = (event.id.clone(), target.clone());
        let mut stanza = match &event.what {
            What::Correct(text) => self.text_stanza(chat, &id, text)?.with_payload(&Replace { id: target }),
            What::Retract => Message::new(MessageType::Chat, jids::recipient(chat)?)
                .with_body(RETRACTION_FALLBACK)
                .with_payload(&RetractMessage { id: target })
                .with_payload(&Fallback { feature: Some(ns::RETRACT.to_owned()), parts: Vec::new() })
                .with_payload(&OriginIdPayload { id: id.clone() })
                .with_payload(&Hint::Store),
            What::React(emojis) => {
                let emojis = emojis.iter().map(|emoji| emoji.as_str().to_owned()).collect();
                Message::new(MessageType::Chat, jids::recipient(chat)?)
                    .with_payload(&Reactions { id: target, emojis })
                    .with_payload(&OriginIdPayload { id: id.clone() })
                    .with_payload(&Hint::Store)
            }
        };
        stanza.id = Some(id);
        Some(stanza.to_element())
    }

    // ---- showing ---------------------------------------------------------------------------------------------------

    /// A message is to be shown again: less or more of what was done to it is unsent.
    pub(crate) fn show_again(&mut self, step: &mut Step<'_>, message: OriginId) {
        let keys = vec![by_origin_id(&message)];
        let query = Query::Resolve { index: Table::MessageIds, keys, target: Table::Messages };
        self.loads.ask(step, vec![query], Then::ShowAgain);
    }

    pub(crate) fn shown_again(&mut self, found: Option<Loaded>) {
        if let Some(message) = one(found) {
            self.show_changed(&message);
        }
    }

    /// Shows messages as what was done to them makes them, on their way to the views.
    pub(crate) fn show_unsent(&self, step: &mut Step<'_>) {
        if !self.outbox.has_changes() {
            return;
        }
        for (_, update) in &mut step.fx.updates {
            match update {
                Update::Window { items, .. } | Update::WindowGrown { items, .. } => {
                    items.iter_mut().for_each(|item| self.outbox.overlay(&self.me, item));
                }
                Update::WindowChanged { changes, .. } => changes.iter_mut().for_each(|change| {
                    if let WindowChange::Put(item) = change {
                        self.outbox.overlay(&self.me, item);
                    }
                }),
                _ => {}
            }
        }
    }
}
