//! What goes along with a message.

use plausch_xmpp::xep::chat_markers::{Displayed, Markable};
use plausch_xmpp::xep::chat_states::ChatState;
use plausch_xmpp::xep::client_state::ClientState;
use plausch_xmpp::xep::correct::Replace;
use plausch_xmpp::xep::encryption::ExplicitEncryption;
use plausch_xmpp::xep::muc_user::MucUser;
use plausch_xmpp::xep::ping::Ping;
use plausch_xmpp::xep::reactions::Reactions;
use plausch_xmpp::xep::receipts::{Receipt, ReceiptRequest};
use proptest::collection::btree_set;
use proptest::option::of;
use proptest::prelude::*;

use crate::agree;
use crate::values::{id, text, word};

proptest! {
    #[test]
    fn ids(id in id()) {
        let receipt: xmpp_parsers::receipts::Received = agree(&Receipt { id: id.clone() });
        prop_assert_eq!(&receipt.id, &id);
        let displayed: xmpp_parsers::displayed_markers::Displayed = agree(&Displayed { id: id.clone() });
        prop_assert_eq!(&displayed.id.0, &id);
        let replace: xmpp_parsers::message_correct::Replace = agree(&Replace { id: id.clone() });
        prop_assert_eq!(&replace.id.0, &id);
    }

    #[test]
    fn reactions(id in id(), emojis in btree_set(text(), 0..4)) {
        let ours = Reactions { id, emojis: emojis.into_iter().filter(|emoji| emoji.len() <= 64).collect() };
        let theirs: xmpp_parsers::reactions::Reactions = agree(&ours);
        let emojis: Vec<String> = theirs.reactions.into_iter().map(|reaction| reaction.emoji).collect();
        prop_assert_eq!(emojis, ours.emojis);
    }

    #[test]
    fn encryption(namespace in word(), name in of(word())) {
        let theirs: xmpp_parsers::eme::ExplicitMessageEncryption = agree(&ExplicitEncryption { namespace, name: name.clone() });
        prop_assert_eq!(theirs.name, name);
    }
}

#[test]
fn flags() {
    for state in ChatState::ALL {
        let _: xmpp_parsers::chatstates::ChatState = agree(state);
    }
    let _: xmpp_parsers::receipts::Request = agree(&ReceiptRequest);
    let _: xmpp_parsers::displayed_markers::Markable = agree(&Markable);
    let _: xmpp_parsers::ping::Ping = agree(&Ping);
    let _: xmpp_parsers::csi::Active = agree(&ClientState::Active);
    let _: xmpp_parsers::csi::Inactive = agree(&ClientState::Inactive);
    let muc: xmpp_parsers::muc::user::MucUser = agree(&MucUser { statuses: vec![100, 110, 307], ..MucUser::default() });
    assert_eq!(muc.status.len(), 3);
    let _: xmpp_parsers::muc::user::MucUser = agree(&MucUser::default());
}
