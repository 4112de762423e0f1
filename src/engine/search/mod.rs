//! Finds messages of the whole local history by their words.
//!
//! # The index
//!
//! A message that is stored is *listed* in the same batch (Unindexed): it is found from then on, since every search reads
//! what is listed. When enough is listed, it becomes a segment: an inverted index of its own, stored in chunks (Search),
//! which is never changed, only replaced. Small segments are merged, as in a log-structured merge tree, so that there are
//! few. All of this is done in bounded pieces of work ([`Index`]).
//!
//! The index names a message by its *place*: its chat and [`TimelineKey`](plausch_model::TimelineKey), which are its key in
//! Messages. So what is found in it costs one read, and is found in order. Whoever moves a message lists it anew; what the
//! index then says of its old place leads to no message. A hit is always a message as it is now, compared with the query.
//!
//! The values of the store may be sealed, its keys are not: here they are numbers that say nothing of words or addresses.
//!
//! # A search
//!
//! A [`SearchQuery`] is read from what a person types; a [`Search`] asks the store for what it needs next until it has a
//! page. Texts are compared after folding ([`fold`]), and what a [`Hit`] shows is cut out by [`excerpt`].

mod docs;
pub mod fold;
mod hit;
mod index;
mod links;
mod pack;
mod query;
mod run;
mod segment;

#[cfg(test)]
mod tests;

pub use fold::Decompose;
pub use hit::{Excerpt, Hit, excerpt};
pub use index::{Index, Work};
pub use query::{Phrase, Reading, SearchQuery, find};
pub use run::{Progress, Search};

pub use crate::records::{MessageRecord, SearchRecord};
