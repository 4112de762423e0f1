//! Presence subscriptions (RFC 6121 §3 and Appendix A): the nine states of a contact and what moves between them.
//!
//! The server decides; its roster pushes are the truth. A client that knows the rules can show the outcome before the push
//! comes, and can tell which of its stanzas would do nothing.

use super::PresenceType;
use crate::xep::roster::Subscription;

/// What a presence stanza asks of, or says about, a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubscriptionAction {
    /// The sender asks to see the recipient's presence.
    Subscribe,
    /// The sender no longer wants to see the recipient's presence.
    Unsubscribe,
    /// The sender lets the recipient see their presence.
    Subscribed,
    /// The sender does not, or no longer, let the recipient see their presence.
    Unsubscribed,
}

/// RFC 6121 Appendix A.1, seen from the user: `To` = we see theirs, `From` = they see ours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SubscriptionState {
    /// Nobody sees anybody; also everybody who is not in the roster.
    #[default]
    None,
    /// Nobody sees anybody; we asked.
    NonePendingOut,
    /// Nobody sees anybody; they asked.
    NonePendingIn,
    /// Nobody sees anybody; both asked.
    NonePendingOutIn,
    /// We see theirs.
    To,
    /// We see theirs; they asked.
    ToPendingIn,
    /// They see ours.
    From,
    /// They see ours; we asked.
    FromPendingOut,
    /// Both see each other.
    Both,
}

/// What a stanza does to a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The state afterwards.
    pub state: SubscriptionState,
    /// Whether the stanza goes through: an outbound one is routed to the contact, an inbound one is shown to the user.
    pub passes: bool,
}

/// A state taken apart: one's relation to the other's presence, in both directions.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Parts {
    to: Access,
    from: Access,
}

/// How far access to a presence has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    No,
    Asked,
    Yes,
}

impl SubscriptionAction {
    /// The action of a presence stanza, if its type is one of a subscription.
    pub fn from_presence(kind: PresenceType) -> Option<Self> {
        match kind {
            PresenceType::Subscribe => Some(Self::Subscribe),
            PresenceType::Unsubscribe => Some(Self::Unsubscribe),
            PresenceType::Subscribed => Some(Self::Subscribed),
            PresenceType::Unsubscribed => Some(Self::Unsubscribed),
            _ => None,
        }
    }
}

impl SubscriptionState {
    /// The state of a contact after what their roster item says, with or without a request of theirs that we have not
    /// answered. What contradicts itself (asked for what is there) counts as there.
    pub fn new(subscription: Subscription, asked: bool, request_pending: bool) -> Self {
        let access = |yes, asked| match (yes, asked) {
            (true, _) => Access::Yes,
            (false, true) => Access::Asked,
            (false, false) => Access::No,
        };
        let (to, from) = match subscription {
            Subscription::None | Subscription::Remove => (false, false),
            Subscription::To => (true, false),
            Subscription::From => (false, true),
            Subscription::Both => (true, true),
        };
        Parts { to: access(to, asked), from: access(from, request_pending) }.state()
    }

    /// Whether we see their presence.
    pub fn we_see_theirs(self) -> bool {
        self.parts().to == Access::Yes
    }

    /// Whether they see our presence.
    pub fn they_see_ours(self) -> bool {
        self.parts().from == Access::Yes
    }

    /// Whether we asked to see their presence and wait for an answer.
    pub fn asked(self) -> bool {
        self.parts().to == Access::Asked
    }

    /// Whether they asked to see our presence and wait for an answer.
    pub fn request_pending(self) -> bool {
        self.parts().from == Access::Asked
    }

    /// What a stanza that we send does (Appendix A.2). A `subscribed` that does not pass is a pre-approval: it may be sent
    /// where the server offers that (§3.4), and otherwise does nothing.
    pub fn outbound(self, action: SubscriptionAction) -> Transition {
        let Parts { to, from } = self.parts();
        match action {
            SubscriptionAction::Subscribe => Transition { passes: true, ..self.moved_to(to.ask(), from) },
            SubscriptionAction::Unsubscribe => Transition { passes: true, ..self.moved_to(Access::No, from) },
            SubscriptionAction::Subscribed => self.moved_to(to, from.grant()),
            SubscriptionAction::Unsubscribed => self.moved_to(to, Access::No),
        }
    }

    /// What a stanza that we receive does (Appendix A.3). One that does not pass is not shown.
    pub fn inbound(self, action: SubscriptionAction) -> Transition {
        let Parts { to, from } = self.parts();
        match action {
            SubscriptionAction::Subscribe => self.moved_to(to, from.ask()),
            SubscriptionAction::Unsubscribe => self.moved_to(to, Access::No),
            SubscriptionAction::Subscribed => self.moved_to(to.grant(), from),
            SubscriptionAction::Unsubscribed => self.moved_to(Access::No, from),
        }
    }

    fn moved_to(self, to: Access, from: Access) -> Transition {
        let state = Parts { to, from }.state();
        Transition { state, passes: state != self }
    }

    fn parts(self) -> Parts {
        use Access::{Asked, No, Yes};
        let (to, from) = match self {
            Self::None => (No, No),
            Self::NonePendingOut => (Asked, No),
            Self::NonePendingIn => (No, Asked),
            Self::NonePendingOutIn => (Asked, Asked),
            Self::To => (Yes, No),
            Self::ToPendingIn => (Yes, Asked),
            Self::From => (No, Yes),
            Self::FromPendingOut => (Asked, Yes),
            Self::Both => (Yes, Yes),
        };
        Parts { to, from }
    }
}

impl Parts {
    fn state(self) -> SubscriptionState {
        use Access::{Asked, No, Yes};
        match (self.to, self.from) {
            (No, No) => SubscriptionState::None,
            (Asked, No) => SubscriptionState::NonePendingOut,
            (No, Asked) => SubscriptionState::NonePendingIn,
            (Asked, Asked) => SubscriptionState::NonePendingOutIn,
            (Yes, No) => SubscriptionState::To,
            (Yes, Asked) => SubscriptionState::ToPendingIn,
            (No, Yes) => SubscriptionState::From,
            (Asked, Yes) => SubscriptionState::FromPendingOut,
            (Yes, Yes) => SubscriptionState::Both,
        }
    }
}

impl Access {
    /// Asking changes nothing where access is given or asked for already.
    fn ask(self) -> Self {
        if self == Self::No { Self::Asked } else { self }
    }

    /// Granting changes nothing unless it was asked for.
    fn grant(self) -> Self {
        if self == Self::Asked { Self::Yes } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::SubscriptionAction::{Subscribe, Subscribed, Unsubscribe, Unsubscribed};
    use super::SubscriptionState::{
        Both, From, FromPendingOut, None, NonePendingIn, NonePendingOut, NonePendingOutIn, To, ToPendingIn,
    };
    use super::*;

    type Row = (SubscriptionState, bool, SubscriptionState);

    /// RFC 6121 Appendix A.2, tables 2 to 5: existing state, routed?, new state.
    const OUTBOUND: [(SubscriptionAction, [Row; 9]); 4] = [
        (
            Subscribe,
            [
                (None, true, NonePendingOut),
                (NonePendingOut, true, NonePendingOut),
                (NonePendingIn, true, NonePendingOutIn),
                (NonePendingOutIn, true, NonePendingOutIn),
                (To, true, To),
                (ToPendingIn, true, ToPendingIn),
                (From, true, FromPendingOut),
                (FromPendingOut, true, FromPendingOut),
                (Both, true, Both),
            ],
        ),
        (
            Unsubscribe,
            [
                (None, true, None),
                (NonePendingOut, true, None),
                (NonePendingIn, true, NonePendingIn),
                (NonePendingOutIn, true, NonePendingIn),
                (To, true, None),
                (ToPendingIn, true, NonePendingIn),
                (From, true, From),
                (FromPendingOut, true, From),
                (Both, true, From),
            ],
        ),
        (
            Subscribed,
            [
                (None, false, None),
                (NonePendingOut, false, NonePendingOut),
                (NonePendingIn, true, From),
                (NonePendingOutIn, true, FromPendingOut),
                (To, false, To),
                (ToPendingIn, true, Both),
                (From, false, From),
                (FromPendingOut, false, FromPendingOut),
                (Both, false, Both),
            ],
        ),
        (
            Unsubscribed,
            [
                (None, false, None),
                (NonePendingOut, false, NonePendingOut),
                (NonePendingIn, true, None),
                (NonePendingOutIn, true, NonePendingOut),
                (To, false, To),
                (ToPendingIn, true, To),
                (From, true, None),
                (FromPendingOut, true, NonePendingOut),
                (Both, true, To),
            ],
        ),
    ];

    /// RFC 6121 Appendix A.3, tables 6 to 9: existing state, delivered?, new state.
    const INBOUND: [(SubscriptionAction, [Row; 9]); 4] = [
        (
            Subscribe,
            [
                (None, true, NonePendingIn),
                (NonePendingOut, true, NonePendingOutIn),
                (NonePendingIn, false, NonePendingIn),
                (NonePendingOutIn, false, NonePendingOutIn),
                (To, true, ToPendingIn),
                (ToPendingIn, false, ToPendingIn),
                (From, false, From),
                (FromPendingOut, false, FromPendingOut),
                (Both, false, Both),
            ],
        ),
        (
            Unsubscribe,
            [
                (None, false, None),
                (NonePendingOut, false, NonePendingOut),
                (NonePendingIn, true, None),
                (NonePendingOutIn, true, NonePendingOut),
                (To, false, To),
                (ToPendingIn, true, To),
                (From, true, None),
                (FromPendingOut, true, NonePendingOut),
                (Both, true, To),
            ],
        ),
        (
            Subscribed,
            [
                (None, false, None),
                (NonePendingOut, true, To),
                (NonePendingIn, false, NonePendingIn),
                (NonePendingOutIn, true, ToPendingIn),
                (To, false, To),
                (ToPendingIn, false, ToPendingIn),
                (From, false, From),
                (FromPendingOut, true, Both),
                (Both, false, Both),
            ],
        ),
        (
            Unsubscribed,
            [
                (None, false, None),
                (NonePendingOut, true, None),
                (NonePendingIn, false, NonePendingIn),
                (NonePendingOutIn, true, NonePendingIn),
                (To, true, None),
                (ToPendingIn, true, NonePendingIn),
                (From, false, From),
                (FromPendingOut, true, From),
                (Both, true, From),
            ],
        ),
    ];

    #[test]
    fn outbound_stanzas_follow_the_tables() {
        for (action, rows) in OUTBOUND {
            for (before, passes, state) in rows {
                assert_eq!(before.outbound(action), Transition { state, passes }, "{before:?}, {action:?}");
            }
        }
    }

    #[test]
    fn inbound_stanzas_follow_the_tables() {
        for (action, rows) in INBOUND {
            for (before, passes, state) in rows {
                assert_eq!(before.inbound(action), Transition { state, passes }, "{before:?}, {action:?}");
            }
        }
    }

    /// Appendix A.1: how each state is reflected in the roster.
    #[test]
    fn states_come_from_what_the_roster_says() {
        let table = [
            (Subscription::None, false, false, None),
            (Subscription::None, true, false, NonePendingOut),
            (Subscription::None, false, true, NonePendingIn),
            (Subscription::None, true, true, NonePendingOutIn),
            (Subscription::To, false, false, To),
            (Subscription::To, false, true, ToPendingIn),
            (Subscription::From, false, false, From),
            (Subscription::From, true, false, FromPendingOut),
            (Subscription::Both, false, false, Both),
            (Subscription::Both, true, true, Both),
        ];
        for (subscription, asked, request_pending, state) in table {
            assert_eq!(SubscriptionState::new(subscription, asked, request_pending), state);
        }
    }

    #[test]
    fn states_say_what_they_mean() {
        let facts = |state: SubscriptionState| {
            (state.we_see_theirs(), state.they_see_ours(), state.asked(), state.request_pending())
        };
        assert_eq!(facts(None), (false, false, false, false));
        assert_eq!(facts(NonePendingOutIn), (false, false, true, true));
        assert_eq!(facts(ToPendingIn), (true, false, false, true));
        assert_eq!(facts(FromPendingOut), (false, true, true, false));
        assert_eq!(facts(Both), (true, true, false, false));
    }

    #[test]
    fn both_sides_agree_in_the_end() {
        let mut romeo = None;
        let mut juliet = None;
        for (romeo_acts, action) in [(true, Subscribe), (false, Subscribed), (false, Subscribe), (true, Subscribed)] {
            let (sender, recipient) = if romeo_acts { (&mut romeo, &mut juliet) } else { (&mut juliet, &mut romeo) };
            *sender = sender.outbound(action).state;
            *recipient = recipient.inbound(action).state;
        }
        assert_eq!((romeo, juliet), (Both, Both));
    }

    #[test]
    fn only_four_types_of_presence_concern_subscriptions() {
        let actions = PresenceType::ALL.iter().filter_map(|kind| SubscriptionAction::from_presence(*kind));
        assert_eq!(actions.collect::<Vec<_>>(), [Subscribe, Subscribed, Unsubscribe, Unsubscribed]);
    }
}
