//! What wraps messages: forwarding, carbons, archives and their pages.

use plausch_xmpp::xep::carbons::{Carbon, CarbonDirection, DisableCarbons, EnableCarbons, PrivateMessage};
use plausch_xmpp::xep::delay::Delay;
use plausch_xmpp::xep::forward::Forwarded;
use plausch_xmpp::xep::mam::{ArchiveEnd, ArchiveFin, ArchiveMetadata, ArchiveQuery, ArchiveResult, Filter};
use plausch_xmpp::xep::rsm::{Page, PageInfo, PageRequest};
use plausch_xmpp::xep::stanza_id::{OriginId, StanzaId};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::agree;
use crate::stanzas::message;
use crate::values::{id, jid, moment, text};

fn delay() -> impl Strategy<Value = Delay> {
    (of(jid()), moment(), of(text())).prop_map(|(from, stamp, reason)| Delay { from, stamp, reason })
}

fn forwarded() -> impl Strategy<Value = Forwarded> {
    (of(delay()), message()).prop_map(|(delay, message)| Forwarded { delay, message })
}

fn page_request() -> impl Strategy<Value = PageRequest> {
    let page =
        prop_oneof![Just(Page::First), Just(Page::Last), id().prop_map(Page::After), id().prop_map(Page::Before),];
    (of(any::<u32>()), page).prop_map(|(max, page)| PageRequest { max, page })
}

fn page_info() -> impl Strategy<Value = PageInfo> {
    let page = (of((id(), of(0u64..1_000_000))), of(id()), of(0u64..1_000_000));
    page.prop_map(|(first, last, count)| PageInfo {
        first: first.as_ref().map(|(first, _)| first.clone()),
        first_index: first.and_then(|(_, index)| index),
        last,
        count,
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let ids = (of(id()), of(id()), vec(id(), 0..3));
    (of(jid()), of(moment()), of(moment()), ids, of(any::<bool>())).prop_map(
        |(with, start, end, (before_id, after_id, ids), include_groupchat)| Filter {
            with,
            start,
            end,
            before_id,
            after_id,
            ids,
            include_groupchat,
        },
    )
}

proptest! {
    #[test]
    fn delays(ours in delay()) {
        let theirs: xmpp_parsers::delay::Delay = agree(&ours);
        prop_assert_eq!(theirs.stamp.0.timestamp_millis(), ours.stamp.millis());
    }

    #[test]
    fn forwarding(ours in forwarded()) {
        let _: xmpp_parsers::forwarding::Forwarded = agree(&ours);
    }

    #[test]
    fn carbons(forwarded in forwarded()) {
        let carbon = |direction| Carbon { direction, forwarded: forwarded.clone() };
        let _: xmpp_parsers::carbons::Received = agree(&carbon(CarbonDirection::Received));
        let _: xmpp_parsers::carbons::Sent = agree(&carbon(CarbonDirection::Sent));
    }

    #[test]
    fn pages(request in page_request(), info in page_info()) {
        let theirs: xmpp_parsers::rsm::SetQuery = agree(&request);
        prop_assert_eq!(theirs.max, request.max.map(|max| max as usize));
        let theirs: xmpp_parsers::rsm::SetResult = agree(&info);
        prop_assert_eq!(theirs.last, info.last);
    }

    #[test]
    fn archive_queries(query_id in of(id()), filter in filter(), page in of(page_request()), flip_page in any::<bool>()) {
        let ours = ArchiveQuery { query_id, filter, page, flip_page };
        let theirs: xmpp_parsers::mam::Query = agree(&ours);
        prop_assert_eq!(theirs.flip_page, flip_page);
        prop_assert!(theirs.form.is_none_or(|form| form.form_type() == Some("urn:xmpp:mam:2")));
    }

    #[test]
    fn archive_results(query_id in of(id()), id in id(), forwarded in forwarded()) {
        let theirs: xmpp_parsers::mam::Result_ = agree(&ArchiveResult { query_id, id: id.clone(), forwarded });
        prop_assert_eq!(theirs.id, id);
    }

    #[test]
    fn archive_ends_of_pages(complete in any::<bool>(), page in page_info()) {
        let theirs: xmpp_parsers::mam::Fin = agree(&ArchiveFin { complete, stable: true, page });
        prop_assert_eq!(theirs.complete, complete);
    }

    #[test]
    fn archive_metadata(ids in (id(), id()), times in (moment(), moment())) {
        let start = ArchiveEnd { id: ids.0, timestamp: times.0 };
        let end = ArchiveEnd { id: ids.1, timestamp: times.1 };
        let _: xmpp_parsers::mam::MetadataResponse = agree(&ArchiveMetadata { range: Some((start, end)) });
    }

    #[test]
    fn stanza_ids(by in jid(), id in id()) {
        let theirs: xmpp_parsers::stanza_id::StanzaId = agree(&StanzaId { by: by.clone(), id: id.clone() });
        prop_assert_eq!((theirs.by.to_string(), &theirs.id), (by.to_string(), &id));
        let _: xmpp_parsers::stanza_id::OriginId = agree(&OriginId { id });
    }
}

#[test]
fn switches() {
    let _: xmpp_parsers::carbons::Enable = agree(&EnableCarbons);
    let _: xmpp_parsers::carbons::Disable = agree(&DisableCarbons);
    let _: xmpp_parsers::carbons::Private = agree(&PrivateMessage);
    let _: xmpp_parsers::mam::MetadataQuery = agree(&ArchiveMetadata::default());
}
