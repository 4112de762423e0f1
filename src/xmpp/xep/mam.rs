//! XEP-0313: Message Archive Management.
//!
//! Types only: a result counts only as the answer to an open query, from the entity that was asked (§8.2, attack cases A-05
//! and A-06). That is checked where wrappers are opened.

use super::data_forms::DataForm;
use super::forward::{Forwarded, forwarded_in};
use super::rsm::{PageInfo, PageRequest};
use crate::datetime::DateTime;
use crate::jid::Jid;
use crate::ns;
use crate::payload::{Payload, PayloadError, boolean, empty, expect, first_payload, required, required_id};
use crate::xml::Element;

/// Which messages are wanted (XEP-0313 §4.1). Everything set must apply.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// To or from this address, with any resource if it has none.
    pub with: Option<Jid>,
    /// Received at this time or later.
    pub start: Option<DateTime>,
    /// Received at this time or earlier.
    pub end: Option<DateTime>,
    /// Older than the message with this id; needs [`ns::MAM_EXTENDED`].
    pub before_id: Option<String>,
    /// Newer than the message with this id; needs [`ns::MAM_EXTENDED`].
    pub after_id: Option<String>,
    /// The messages with these ids; needs [`ns::MAM_EXTENDED`].
    pub ids: Vec<String>,
    /// Whether those of rooms are wanted; may be said only where the server announces that it knows the field.
    pub include_groupchat: Option<bool>,
}

/// `<query/>`: asks an archive for a page of messages (XEP-0313 §4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArchiveQuery {
    /// Comes back with every result, so that it can be told which query it answers.
    pub query_id: Option<String>,
    /// Which messages.
    pub filter: Filter,
    /// Which page of them.
    pub page: Option<PageRequest>,
    /// Newest first within the page (§4.3.4); needs [`ns::MAM_EXTENDED`].
    pub flip_page: bool,
}

impl Payload for ArchiveQuery {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::MAM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let form = first_payload::<DataForm>(element.children()).transpose()?;
        Ok(Self {
            query_id: element.attr("queryid").map(str::to_owned),
            filter: form.map_or(Ok(Filter::default()), |form| Filter::read(&form))?,
            page: first_payload(element.children()).transpose()?,
            flip_page: element.child("flip-page", ns::MAM).is_some(),
        })
    }

    fn to_element(&self) -> Element {
        let filter = (self.filter != Filter::default()).then(|| self.filter.write().to_element());
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("queryid", self.query_id.as_deref())
            .child_opt(filter)
            .child_opt(self.page.as_ref().map(PageRequest::to_element))
            .child_opt(self.flip_page.then(|| empty("flip-page", ns::MAM)))
            .build()
    }
}

impl Filter {
    fn read(form: &DataForm) -> Result<Self, PayloadError> {
        let text = |var| form.value(var).map(str::to_owned);
        let time = |var: &'static str| {
            form.value(var).map(|text| DateTime::parse(text).map_err(|_| PayloadError::Invalid(var))).transpose()
        };
        Ok(Self {
            with: form.value("with").map(Jid::parse).transpose().map_err(|_| PayloadError::Invalid("with"))?,
            start: time("start")?,
            end: time("end")?,
            before_id: text("before-id"),
            after_id: text("after-id"),
            ids: form.field("ids").map(|field| field.values.clone()).unwrap_or_default(),
            include_groupchat: form.field("include-groupchat").map(|field| field.is_true()),
        })
    }

    fn write(&self) -> DataForm {
        let time = |time: &Option<DateTime>| time.as_ref().map(DateTime::to_string);
        let mut form = DataForm::submit(ns::MAM)
            .with_opt("with", self.with.as_ref().map(Jid::to_string))
            .with_opt("start", time(&self.start))
            .with_opt("end", time(&self.end))
            .with_opt("before-id", self.before_id.clone())
            .with_opt("after-id", self.after_id.clone())
            .with_opt("include-groupchat", self.include_groupchat.map(|include| include.to_string()));
        if !self.ids.is_empty() {
            form = form.with("ids", "");
            if let Some(field) = form.fields.last_mut() {
                field.values.clone_from(&self.ids);
            }
        }
        form
    }
}

/// `<result/>` in a message: one message of the archive (XEP-0313 §4.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiveResult {
    /// The query that it answers.
    pub query_id: Option<String>,
    /// The message's id in this archive; never empty.
    pub id: String,
    /// The message, and when the archive got it.
    pub forwarded: Forwarded,
}

impl Payload for ArchiveResult {
    const NAME: &'static str = "result";
    const NS: &'static str = ns::MAM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            query_id: element.attr("queryid").map(str::to_owned),
            id: required_id(element, "id")?,
            forwarded: forwarded_in(element)?,
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("queryid", self.query_id.as_deref())
            .attr("id", &self.id)
            .child(self.forwarded.to_element())
            .build()
    }
}

/// `<fin/>`: the page is complete (XEP-0313 §4.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiveFin {
    /// Nothing more matches: this was the last page.
    pub complete: bool,
    /// What came may be taken for final.
    pub stable: bool,
    /// What the page held.
    pub page: PageInfo,
}

impl Payload for ArchiveFin {
    const NAME: &'static str = "fin";
    const NS: &'static str = ns::MAM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            complete: boolean(element, "complete")?,
            stable: element.attr("stable").is_none() || boolean(element, "stable")?,
            // Some servers leave it out where a page is empty.
            page: first_payload(element.children()).transpose()?.unwrap_or_default(),
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("complete", self.complete.then_some("true"))
            .attr_opt("stable", (!self.stable).then_some("false"))
            .child(self.page.to_element())
            .build()
    }
}

/// One end of an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiveEnd {
    /// The message's id.
    pub id: String,
    /// When the archive got it.
    pub timestamp: DateTime,
}

/// `<metadata/>`: the request about an archive as a whole, and its answer (XEP-0313 §5).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArchiveMetadata {
    /// The oldest message and the newest; `None` in a request, or if the archive is empty.
    pub range: Option<(ArchiveEnd, ArchiveEnd)>,
}

impl Payload for ArchiveMetadata {
    const NAME: &'static str = "metadata";
    const NS: &'static str = ns::MAM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let end = |name| element.child(name, ns::MAM).map(ArchiveEnd::read).transpose();
        Ok(Self { range: end("start")?.zip(end("end")?) })
    }

    fn to_element(&self) -> Element {
        let builder = Element::builder(Self::NAME, Self::NS);
        match &self.range {
            Some((start, end)) => builder.child(start.write("start")).child(end.write("end")).build(),
            None => builder.build(),
        }
    }
}

impl ArchiveEnd {
    fn read(element: &Element) -> Result<Self, PayloadError> {
        let timestamp = DateTime::parse(required(element, "timestamp")?);
        Ok(Self {
            id: required_id(element, "id")?,
            timestamp: timestamp.map_err(|_| PayloadError::Invalid("timestamp"))?,
        })
    }

    fn write(&self, name: &str) -> Element {
        Element::builder(name, ns::MAM).attr("id", &self.id).attr("timestamp", self.timestamp.to_string()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rsm::Page;
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn queries_survive_the_round_trip() {
        let all: ArchiveQuery = round_trip("<query xmlns='urn:xmpp:mam:2' queryid='f27'/>");
        assert_eq!(all, ArchiveQuery { query_id: Some("f27".into()), ..ArchiveQuery::default() });
        let query: ArchiveQuery = round_trip(
            "<query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>\
             <field var='with'><value>juliet@capulet.lit</value></field>\
             <field var='start'><value>2010-06-07T00:00:00Z</value></field>\
             <field var='end'><value>2010-07-07T13:23:54Z</value></field>\
             <field var='before-id'><value>b</value></field><field var='after-id'><value>a</value></field>\
             <field var='include-groupchat'><value>true</value></field>\
             <field var='ids'><value>1</value><value>2</value></field></x>\
             <set xmlns='http://jabber.org/protocol/rsm'><max>50</max><before/></set><flip-page/></query>",
        );
        assert_eq!(query.filter.with, Some(Jid::parse("juliet@capulet.lit").unwrap()));
        assert_eq!(query.filter.start.unwrap().millis(), 1_275_868_800_000);
        assert_eq!(query.filter.ids, ["1", "2"]);
        assert_eq!(query.filter.include_groupchat, Some(true));
        assert_eq!(query.page, Some(PageRequest { max: Some(50), page: Page::Last }));
        assert!(query.flip_page);
    }

    #[test]
    fn a_result_survives_the_round_trip() {
        let result: ArchiveResult = round_trip(
            "<result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482-98726-73623'><forwarded xmlns='urn:xmpp:forward:0'>\
             <delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>\
             <message xmlns='jabber:client' from='witch@shakespeare.lit' to='macbeth@shakespeare.lit'>\
             <body>Hail to thee</body></message></forwarded></result>",
        );
        assert_eq!(result.query_id.as_deref(), Some("f27"));
        assert_eq!(result.forwarded.message.body(), Some("Hail to thee"));
    }

    #[test]
    fn a_result_must_have_an_id_and_a_message() {
        let refused = |xml| read::<ArchiveResult>(xml).unwrap_err();
        let forwarded = "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded>";
        let no_id = format!("<result xmlns='urn:xmpp:mam:2'>{forwarded}</result>");
        assert_eq!(refused(&no_id), PayloadError::MissingAttribute("id"));
        assert_eq!(refused("<result xmlns='urn:xmpp:mam:2' id='1'/>"), PayloadError::MissingChild("forwarded"));
        let empty = "<result xmlns='urn:xmpp:mam:2' id='1'><forwarded xmlns='urn:xmpp:forward:0'/></result>";
        assert_eq!(refused(empty), PayloadError::MissingChild("message"));
    }

    #[test]
    fn ends_of_pages_survive_the_round_trip() {
        let fin: ArchiveFin = round_trip(
            "<fin xmlns='urn:xmpp:mam:2' complete='true' stable='false'><set xmlns='http://jabber.org/protocol/rsm'>\
             <first index='0'>23452-4534-1</first><last>390-2342-22</last><count>16</count></set></fin>",
        );
        assert!(fin.complete && !fin.stable);
        assert_eq!(fin.page.last.as_deref(), Some("390-2342-22"));
        let more: ArchiveFin =
            round_trip("<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'/></fin>");
        assert!(!more.complete && more.stable);
        let bare = read::<ArchiveFin>("<fin xmlns='urn:xmpp:mam:2' complete='true'/>").unwrap();
        assert_eq!((bare.complete, bare.page), (true, PageInfo::default()));
        let odd = "<fin xmlns='urn:xmpp:mam:2' complete='perhaps'><set xmlns='http://jabber.org/protocol/rsm'/></fin>";
        assert_eq!(read::<ArchiveFin>(odd), Err(PayloadError::Invalid("complete")));
    }

    #[test]
    fn metadata_survives_the_round_trip() {
        let metadata: ArchiveMetadata = round_trip(
            "<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/>\
             <end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/></metadata>",
        );
        assert_eq!(metadata.range.unwrap().1.id, "b21lZ2Eg");
        assert_eq!(round_trip::<ArchiveMetadata>("<metadata xmlns='urn:xmpp:mam:2'/>"), ArchiveMetadata::default());
        let broken = "<metadata xmlns='urn:xmpp:mam:2'><start id='a' timestamp='x'/></metadata>";
        assert_eq!(read::<ArchiveMetadata>(broken), Err(PayloadError::Invalid("timestamp")));
    }
}
