//! Forms, discovery, capabilities and publish-subscribe.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plausch_xmpp::ns;
use plausch_xmpp::payload::Payload;
use plausch_xmpp::xep::bookmarks::Conference;
use plausch_xmpp::xep::caps::{Caps, Verification};
use plausch_xmpp::xep::data_forms::{DataForm, FORM_TYPE, Field, FieldKind, FieldOption, FormKind};
use plausch_xmpp::xep::disco::{DiscoInfo, DiscoItem, DiscoItems, Identity};
use plausch_xmpp::xep::pubsub::{
    AccessModel, Configure, DeleteNode, Item, Items, ItemsQuery, MaxItems, NodeConfig, Publish, Retract, SendLast,
};
use plausch_xmpp::xep::pubsub_event::{NodeChange, PubsubEvent};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use xmpp_parsers::hashes::Algo;

use crate::values::{foreign, foreigners, id, jid, one_of, text, word};
use crate::{agree, through};

fn option() -> impl Strategy<Value = FieldOption> {
    (of(word()), text()).prop_map(|(label, value)| FieldOption { label, value })
}

fn field() -> impl Strategy<Value = Field> {
    let texts = (of(word()), of(text()), any::<bool>());
    (word(), one_of(FieldKind::ALL), texts, vec(text(), 0..3), vec(option(), 0..3)).prop_map(
        |(var, kind, (label, description, required), values, options)| Field {
            var: Some(format!("x{var}")),
            kind: Some(kind),
            label,
            description,
            required,
            values,
            options: if matches!(kind, FieldKind::ListMulti | FieldKind::ListSingle) { options } else { Vec::new() },
        },
    )
}

fn form() -> impl Strategy<Value = DataForm> {
    let kind = one_of(&[FormKind::Form, FormKind::Submit, FormKind::Result]);
    (kind, of(text()), of(text()), word(), vec(field(), 0..4)).prop_map(
        |(kind, title, instructions, form_type, fields)| DataForm {
            title,
            instructions: instructions.into_iter().collect(),
            fields: std::iter::once(Field::hidden(FORM_TYPE, &form_type)).chain(fields).collect(),
            ..DataForm::new(kind)
        },
    )
}

/// `text-single` is the default, which the other library leaves out.
fn without_defaults(mut form: DataForm) -> DataForm {
    for field in &mut form.fields {
        field.kind = field.kind.filter(|kind| *kind != FieldKind::TextSingle);
    }
    form
}

/// A text that may be part of a capabilities hash, of characters that sort after `<`: the other library sorts the parts with
/// the `<` that ends them, so that "50" comes before "5". XEP-0115 §5.1 sorts the texts themselves.
fn part() -> impl Strategy<Value = String> {
    "[a-zA-Zäß€😀>?@]{1,16}"
}

fn identity() -> impl Strategy<Value = Identity> {
    ("[a-z]{1,6}", "[a-z]{1,6}", of("[a-z]{2}"), of(part())).prop_map(|(category, kind, lang, name)| Identity {
        category,
        kind,
        lang,
        name,
    })
}

/// An extension form, as in answers about software and servers.
fn extension() -> impl Strategy<Value = (String, DataForm)> {
    (part(), btree_map(part(), vec(part(), 0..3), 0..3)).prop_map(|(form_type, fields)| {
        let mut form = DataForm::new(FormKind::Result);
        form.fields.push(Field::hidden(FORM_TYPE, &form_type));
        let fields = fields.into_iter().filter(|(var, _)| var != FORM_TYPE);
        form.fields.extend(fields.map(|(var, values)| Field { var: Some(var), values, ..Field::default() }));
        (form_type, form)
    })
}

fn info() -> impl Strategy<Value = DiscoInfo> {
    (of(word()), btree_set(identity(), 1..4), btree_set(part(), 0..9), vec(extension(), 0..3)).prop_map(
        |(node, identities, mut features, forms)| {
            features.insert(ns::DISCO_INFO.to_owned());
            let mut known = std::collections::BTreeSet::new();
            let forms = forms.into_iter().filter(|(form_type, _)| known.insert(form_type.clone()));
            DiscoInfo {
                node,
                identities: identities.into_iter().collect(),
                forms: forms.map(|(_, form)| form).collect(),
                features: features.into_iter().collect(),
            }
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    (of(id()), of(foreign())).prop_map(|(id, payload)| Item { id, payload })
}

fn config() -> impl Strategy<Value = NodeConfig> {
    let max_items = prop_oneof![Just(MaxItems::Max), any::<u32>().prop_map(MaxItems::Count)];
    (of(one_of(AccessModel::ALL)), of(any::<bool>()), of(max_items), of(one_of(SendLast::ALL))).prop_map(
        |(access_model, persist_items, max_items, send_last)| NodeConfig {
            access_model,
            persist_items,
            max_items,
            send_last,
        },
    )
}

proptest! {
    #[test]
    fn forms(ours in form()) {
        let (theirs, back) = through::<xmpp_parsers::data_forms::DataForm>(&ours.to_element());
        let back = DataForm::from_element(&back).unwrap();
        prop_assert_eq!(theirs.form_type(), ours.form_type());
        prop_assert_eq!(without_defaults(back), without_defaults(ours));
    }

    #[test]
    fn discovery(ours in info()) {
        let theirs: xmpp_parsers::disco::DiscoInfoResult = agree(&ours);
        prop_assert_eq!(theirs.identities.len(), ours.identities.len());
        prop_assert_eq!(theirs.extensions.len(), ours.forms.len());
    }

    #[test]
    fn discovered_items(node in of(word()), items in vec((jid(), of(word()), of(word())), 0..4)) {
        let items = items.into_iter().map(|(jid, node, name)| DiscoItem { jid, node, name });
        let _: xmpp_parsers::disco::DiscoItemsResult = agree(&DiscoItems { node, items: items.collect() });
    }

    /// Both libraries come to the same hash.
    #[test]
    fn capabilities(info in info(), node in word()) {
        let ours = Caps::of(&node, &info).unwrap();
        let (answer, _) = through::<xmpp_parsers::disco::DiscoInfoResult>(&info.to_element());
        let hash = xmpp_parsers::caps::hash_caps(&xmpp_parsers::caps::compute_disco(&answer), Algo::Sha_1).unwrap();
        prop_assert_eq!(&ours.ver, &STANDARD.encode(&hash.hash));
        prop_assert_eq!(ours.verify(&info), Verification::Valid);
        let theirs: xmpp_parsers::caps::Caps = agree(&ours);
        prop_assert_eq!(theirs.ver, hash.hash);
    }

    #[test]
    fn fetching(node in word(), max_items in of(any::<u32>()), ids in vec(id(), 0..3), items in vec(item(), 0..4)) {
        let query = ItemsQuery { node: node.clone(), max_items, ids, page: None };
        let _: xmpp_parsers::pubsub::PubSub = agree(&query);
        let _: xmpp_parsers::pubsub::PubSub = agree(&Items { node, items, page: None });
    }

    #[test]
    fn publishing(node in word(), item in item(), options in of(config())) {
        let theirs: xmpp_parsers::pubsub::PubSub = agree(&Publish { node, item, options });
        let xmpp_parsers::pubsub::PubSub::Publish { publish_options, .. } = theirs else { panic!("{theirs:?}") };
        prop_assert_eq!(publish_options.is_some(), options.is_some());
    }

    #[test]
    fn retracting(node in word(), id in id(), notify in any::<bool>()) {
        let _: xmpp_parsers::pubsub::PubSub = agree(&Retract { node, id, notify });
    }

    #[test]
    fn owning(node in word(), config in config()) {
        let ours = Configure::change(&node, &config);
        let (_, back) = through::<xmpp_parsers::pubsub::Owner>(&ours.to_element());
        prop_assert_eq!(Configure::from_element(&back).unwrap().config(), Some(config));
        let _: xmpp_parsers::pubsub::Owner = agree(&Configure::query(&node));
        let _: xmpp_parsers::pubsub::Owner = agree(&DeleteNode { node });
    }

    #[test]
    fn events(node in word(), published in vec(item(), 0..3), retracted in vec(id(), 0..3)) {
        let event = |change| PubsubEvent { node: node.clone(), change };
        let _: xmpp_parsers::pubsub::Event = agree(&event(NodeChange::Items { published, retracted }));
        let _: xmpp_parsers::pubsub::Event = agree(&event(NodeChange::Purged));
        let _: xmpp_parsers::pubsub::Event = agree(&event(NodeChange::Deleted));
        let _: xmpp_parsers::pubsub::Event = agree(&event(NodeChange::Configured(None)));
    }

    #[test]
    fn bookmarks(name in of(word()), autojoin in any::<bool>(), nick in of("[a-z]{1,9}"), extensions in foreigners()) {
        let password = name.clone();
        let theirs: xmpp_parsers::bookmarks2::Conference =
            agree(&Conference { name: name.clone(), autojoin, nick, password, extensions });
        prop_assert_eq!((theirs.autojoin, theirs.name), (autojoin, name));
    }
}

#[test]
fn requests() {
    let _: xmpp_parsers::disco::DiscoInfoQuery = agree(&DiscoInfo::query(Some("n".into())));
    let _: xmpp_parsers::disco::DiscoItemsQuery = agree(&DiscoItems::query(None));
}
