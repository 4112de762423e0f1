//! How far the archive has been read, and what is missing.

use plausch_model::{BareJid, StanzaId, TimelineKey, Timestamp};
use serde::{Deserialize, Serialize};

use super::Record;

/// How far the archive has been read (Meta, [`ARCHIVE`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct ArchiveRecord {
    /// Everything up to this message is on disk ...
    pub read_up_to: Option<StanzaId>,
    /// ... from this message on ...
    pub read_from: Option<StanzaId>,
    /// ... which is as old as this.
    pub read_since: Option<Timestamp>,
    /// There is nothing before that in the archive.
    pub reached_start: bool,
    /// How many messages have been read back.
    pub read_back: u32,
    /// No message up to the mark stands at a later time than this.
    pub up_to_at: Option<Timestamp>,
    /// What has not been read in between, oldest first.
    pub gaps: Vec<GapRecord>,
    /// Of what is here nevertheless, by where it begins.
    pub blocks: Vec<BlockRecord>,
    /// Behind the mark nothing is missing, and all is in order, up to this place of something of ours.
    pub own_until: Option<TimelineKey>,
}
impl Record for ArchiveRecord {
    const VERSION: u8 = 5;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        match version {
            3 => postcard::from_bytes::<ArchiveRecordV3>(body).ok().map(Self::from),
            4 => postcard::from_bytes::<ArchiveRecordV4>(body).ok().map(Self::from),
            _ => None,
        }
    }
}

/// Did not know of what we sent behind the mark.
#[derive(Deserialize)]
struct ArchiveRecordV4 {
    read_up_to: Option<StanzaId>,
    read_from: Option<StanzaId>,
    read_since: Option<Timestamp>,
    reached_start: bool,
    read_back: u32,
    up_to_at: Option<Timestamp>,
    gaps: Vec<GapRecord>,
    blocks: Vec<BlockRecord>,
}

impl From<ArchiveRecordV4> for ArchiveRecord {
    fn from(earlier: ArchiveRecordV4) -> Self {
        let ArchiveRecordV4 { read_up_to, read_from, read_since, reached_start, read_back, .. } = earlier;
        let ArchiveRecordV4 { up_to_at, gaps, blocks, .. } = earlier;
        Self { read_up_to, read_from, read_since, reached_start, read_back, up_to_at, gaps, blocks, own_until: None }
    }
}

/// Did not know of gaps.
#[derive(Deserialize)]
struct ArchiveRecordV3 {
    read_up_to: Option<StanzaId>,
    read_from: Option<StanzaId>,
    read_since: Option<Timestamp>,
    reached_start: bool,
    read_back: u32,
}

impl From<ArchiveRecordV3> for ArchiveRecord {
    fn from(earlier: ArchiveRecordV3) -> Self {
        let ArchiveRecordV3 { read_up_to, read_from, read_since, reached_start, read_back } = earlier;
        Self { read_up_to, read_from, read_since, reached_start, read_back, ..Self::default() }
    }
}

/// A part of the archive that has not been read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct GapRecord {
    /// What is as old as this is here.
    pub after: Timestamp,
    /// So is what is as new as this ...
    pub before: Timestamp,
    /// ... from this message on, if the archive knows it.
    pub before_id: Option<StanzaId>,
    /// The archive does not go back so far any more.
    pub gone: bool,
    /// Where in the order of arrival its messages belong.
    pub places: Places,
}

/// A part of the archive of which nothing is missing, in one chat or in all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BlockRecord {
    /// In which chat.
    pub chat: Option<BareJid>,
    /// It begins at this time ...
    pub from: Timestamp,
    /// ... with this message, if there is one that has an id.
    pub from_id: Option<StanzaId>,
    /// It ends at this time ...
    pub to: Timestamp,
    /// ... with this message.
    pub to_id: Option<StanzaId>,
}

/// Places in the order of arrival that are free.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Places {
    /// The first.
    pub start: u64,
    /// The first behind them.
    pub end: u64,
}

/// Key of the [`ArchiveRecord`].
pub const ARCHIVE: &[u8] = b"archive";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::decode;

    /// Written by the third version: mark, oldest message and its time, no start, 7 messages.
    #[test]
    fn the_mark_of_an_earlier_version_is_kept() {
        let bytes = [3, 1, 1, b'm', 1, 1, b'o', 1, 20, 0, 7];
        let record = decode::<ArchiveRecord>(&bytes).unwrap();
        assert_eq!((record.read_up_to, record.read_from), (Some(StanzaId::new("m")), Some(StanzaId::new("o"))));
        assert_eq!((record.read_since, record.reached_start, record.read_back), (Some(Timestamp(10)), false, 7));
        assert_eq!((record.up_to_at, record.gaps, record.blocks), (None, Vec::new(), Vec::new()));
        // The fourth knew of gaps.
        let fourth = [4, 1, 1, b'm', 1, 1, b'o', 1, 20, 0, 7, 1, 40, 0, 0];
        let record = decode::<ArchiveRecord>(&fourth).unwrap();
        assert_eq!((record.up_to_at, record.read_back, record.own_until), (Some(Timestamp(20)), 7, None));
    }
}
