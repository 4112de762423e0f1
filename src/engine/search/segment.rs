//! A segment of the index: some messages, and which of them have which terms. It is never changed, only replaced.

use plausch_model::{BareJid, MessageBody, TimelineKey, Way};
use plausch_xmpp::{list::IntoList, sorted::sorted};

use super::{
    docs::DOCUMENTS_CHUNK,
    fold::{Decompose, Folded, Term},
    links::has_link,
    pack::{PackedDocument, Terms, pack_documents, pack_terms, unpack_documents},
};
use crate::{
    map::Set,
    records::{
        MessageRecord, Packed, SearchDocumentsRecord, SearchHeadRecord, SearchPart, SearchTermsRecord, decode_row,
        encode, search_key, search_prefix,
    },
    store::{Batch, Order, Query, Row, Table},
};

/// Where a message stands. Places are ordered as messages are, whatever chats they are in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Its place in its chat.
    pub key: TimelineKey,
    /// Its chat.
    pub chat: BareJid,
}

impl Place {
    /// Where this message stands.
    pub fn of(message: &MessageRecord) -> Self {
        Self { key: message.item.key, chat: message.chat.clone() }
    }
}

/// What is known of a message beside its words, as a term. No word begins like one of these.
pub enum Trait<'a> {
    /// Its text has a link.
    Link,
    /// It is ours.
    Own,
    /// Somebody else wrote it.
    By(&'a BareJid),
    /// It is in this chat.
    In(&'a BareJid),
}

impl Trait<'_> {
    /// The term.
    pub fn term(&self) -> Term {
        let (kind, address) = match self {
            Self::Link => (1, ""),
            Self::Own => (2, ""),
            Self::By(author) => (3, author.as_str()),
            Self::In(chat) => (4, chat.as_str()),
        };
        [&[kind], address.as_bytes()].concat()
    }
}

/// A segment in memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Segment {
    /// Newest first; a document's number is its place here.
    documents: Vec<Place>,
    /// Terms in order, each with the documents that have it, ascending.
    postings: Vec<(Term, Vec<u32>)>,
}

impl Segment {
    /// The segment of these messages.
    pub fn of(messages: &[MessageRecord], decompose: Decompose) -> Self {
        let (mut documents, mut pairs) = (Vec::new(), Vec::new());
        for message in messages {
            let MessageBody::Text(text) = &message.item.body else { continue };
            let number = to_u32(documents.len());
            documents.push(Place::of(message));
            let author = match message.item.way {
                Way::Out => Trait::Own,
                Way::In => Trait::By(&message.item.author),
            };
            let link = has_link(text).then_some(Trait::Link);
            let traits = [author, Trait::In(&message.chat)].into_iter().chain(link).map(|known| known.term());
            let words = Folded::new(text, decompose).terms().into_vec();
            traits.chain(words).for_each(|term| pairs.push((term, number)));
        }
        let mut postings: Vec<(Term, Vec<u32>)> = Vec::new();
        for (term, number) in sorted(pairs) {
            match postings.last_mut().filter(|(last, _)| *last == term) {
                Some((_, numbers)) => numbers.push(number),
                None => postings.push((term, vec![number])),
            }
        }
        Self::join(vec![Self { documents, postings }], &|_| true)
    }

    /// One segment of several, without the documents that are not to be kept. A message that is in more than one is found
    /// by what any of them knows.
    pub fn join(parts: Vec<Self>, keep: &dyn Fn(&Place) -> bool) -> Self {
        let (mut documents, mut lists) = (Vec::new(), Vec::new());
        let mut first = 0_u32;
        // Later parts have newer documents, as a rule, and lower numbers in what comes of it.
        for part in parts.into_iter().rev() {
            let end = first.saturating_add(to_u32(part.documents.len()));
            let kept = part.documents.into_iter().zip(first..end).filter(|(document, _)| keep(document));
            kept.for_each(|document| documents.push(document));
            lists.push((first, part.postings.into_iter().peekable()));
            first = end;
        }
        let (documents, numbers) = renumber(documents, first);
        let mut postings = Vec::new();
        while let Some(term) = lists.iter_mut().filter_map(|(_, list)| list.peek()).map(|(term, _)| term).min() {
            let term = term.clone();
            let mut new = Vec::new();
            for (first, list) in &mut lists {
                let (_, old) = list.next_if(|(other, _)| *other == term).unwrap_or_default();
                let number = |old: u32| *numbers.get(to_usize(first.saturating_add(old)))?;
                old.into_iter().filter_map(number).for_each(|number| new.push(number));
            }
            if !new.is_sorted() {
                new = sorted(new);
            }
            new.dedup();
            if !new.is_empty() {
                postings.push((term, new));
            }
        }
        Self { documents, postings }
    }

    /// How many documents it has.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether it has no documents.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Stores it under a number that no other segment ever had, and returns its head.
    pub fn put(&self, number: u32, batch: &mut Batch) -> SearchHeadRecord {
        let chats: Set<BareJid> = self.documents.iter().map(|document| document.chat.clone()).collect();
        let chats = chats.into_vec();
        let packed = self.documents.iter().map(|document| pack(document, &chats)).into_list();
        let at = |document: &PackedDocument| document.key.at;
        let mut head = SearchHeadRecord {
            documents: to_u32(self.documents.len()),
            oldest: packed.last().map(at).unwrap_or_default(),
            ..SearchHeadRecord::default()
        };
        for (documents, chunk) in packed.chunks(to_usize(DOCUMENTS_CHUNK)).zip(0..) {
            head.newest.push(documents.first().map(at).unwrap_or_default());
            let record = SearchDocumentsRecord(Packed(pack_documents(documents)));
            batch.put(Table::Search, search_key(SearchPart::Documents, number, chunk), encode(&record));
        }
        for ((first, terms), chunk) in pack_terms(&self.postings).into_iter().zip(0..) {
            head.terms.push(Packed(first));
            let record = SearchTermsRecord(Packed(terms));
            batch.put(Table::Search, search_key(SearchPart::Terms, number, chunk), encode(&record));
        }
        head.chats = chats;
        batch.put(Table::Search, search_key(SearchPart::Head, number, 0), encode(&head));
        head
    }

    /// Deletes what is stored under a number.
    pub fn delete(number: u32, batch: &mut Batch) {
        for part in [SearchPart::Head, SearchPart::Terms, SearchPart::Documents] {
            batch.delete_prefix(Table::Search, search_prefix(part, number));
        }
    }

    /// What to ask for to have [`Segment::read`] read all of it.
    pub fn reading(number: u32) -> [Query; 2] {
        [SearchPart::Terms, SearchPart::Documents].map(|part| {
            let (from, to) = (search_prefix(part, number), search_prefix(part, number.saturating_add(1)));
            Query::Range { table: Table::Search, from, to, order: Order::Ascending, limit: u32::MAX }
        })
    }

    /// The segment with this head; `None` if something of it is missing or damaged.
    pub fn read(head: &SearchHeadRecord, terms: &[Row], documents: &[Row]) -> Option<Self> {
        let mut segment = Self::default();
        for row in documents {
            let documents = read_documents(head, row)?;
            segment.documents.extend(documents);
        }
        for row in terms {
            let SearchTermsRecord(Packed(bytes)) = decode_row(row)?;
            let mut terms = Terms::new(&bytes);
            while let Some((term, postings)) = terms.next() {
                let term = term.clone();
                let mut numbers = Vec::new();
                postings.for_each(&mut |number| numbers.push(number));
                segment.postings.push((term, numbers));
            }
            if !terms.is_at_end() {
                return None;
            }
        }
        let whole = terms.len() == head.terms.len() && segment.len() == to_usize(head.documents);
        whole.then_some(segment)
    }
}

/// The documents in a chunk of a segment with this head.
pub fn read_documents(head: &SearchHeadRecord, row: &Row) -> Option<Vec<Place>> {
    let SearchDocumentsRecord(Packed(bytes)) = decode_row(row)?;
    let place = |packed: PackedDocument| {
        let chat = head.chats.get(to_usize(packed.chat))?;
        Some(Place { key: packed.key, chat: chat.clone() })
    };
    unpack_documents(&bytes)?.into_iter().map(place).collect()
}

/// Orders documents, newest first and each once, and says which number each of the old ones has now.
fn renumber(documents: Vec<(Place, u32)>, count: u32) -> (Vec<Place>, Vec<Option<u32>>) {
    let mut numbers = vec![None; to_usize(count)];
    let mut ordered: Vec<Place> = Vec::new();
    for (document, old) in sorted(documents).into_iter().rev() {
        if ordered.last() != Some(&document) {
            ordered.push(document);
        }
        let new = to_u32(ordered.len()).checked_sub(1);
        numbers.get_mut(to_usize(old)).into_iter().for_each(|number| *number = new);
    }
    (ordered, numbers)
}

fn pack(document: &Place, chats: &[BareJid]) -> PackedDocument {
    PackedDocument { key: document.key, chat: chats.binary_search(&document.chat).map_or(0, to_u32) }
}

pub fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
