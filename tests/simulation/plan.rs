//! What a seed decides before anything happens.

use crate::dice::Dice;
use crate::queue::Millis;
use crate::server::{DOMAIN, Manners};

/// What a run is like.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The accounts, and how many devices each has.
    pub accounts: Vec<(String, usize)>,
    /// What the server is like.
    pub manners: Manners,
    /// How often what goes wrong, of 10,000.
    pub faults: Faults,
    /// How many texts are sent in all.
    pub texts: usize,
    /// How many edits, retractions and reactions are made in all, before some devices are away.
    pub changes: usize,
    /// For how long they are sent and things go wrong.
    pub lasts: Millis,
    /// The longest way of a frame.
    pub delay: Millis,
    /// How wrong the devices' clocks are at most.
    pub skew: Millis,
    /// The accounts that have no archive.
    pub without_archive: Vec<String>,
    /// What happens while some devices are away.
    pub absence: Absence,
}

/// Some devices are away for long, and the server does not keep everything for them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Absence {
    /// How many texts are sent meanwhile: several pages of the archive.
    pub texts: usize,
    /// How many edits, retractions and reactions are made meanwhile.
    pub changes: usize,
    /// The server forgets the oldest messages, of 10,000, when they come back and again while they read.
    pub trimmed: u32,
    /// The archive is made anew: the same messages have other ids.
    pub renumbered: bool,
}

impl Absence {
    /// One by chance.
    pub fn of(dice: &mut Dice) -> Self {
        Self {
            texts: *dice.pick(&[0, 30, 120]).unwrap_or(&0),
            changes: 0,
            trimmed: *dice.pick(&[0, 0, 3_000, 8_000, 10_000]).unwrap_or(&0),
            renumbered: dice.chance(2_000),
        }
    }
}

/// Chances of 10,000, each time that it could happen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The program dies between two effects.
    pub death: u32,
    /// A batch can't be stored.
    pub store: u32,
    /// A connection is not made.
    pub refused: u32,
    /// Connections that are cut while all lasts.
    pub cuts: usize,
    /// Restarts of the server while all lasts.
    pub restarts: usize,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(dice: &mut Dice) -> Self {
        let count = dice.below(3).saturating_add(2);
        let names = ["ann", "ben", "cem", "dua"].iter().take(count);
        let accounts = names.map(|name| (format!("{name}@{DOMAIN}"), dice.below(2).saturating_add(1))).collect();
        let manners = Manners {
            to_all: dice.chance(5_000),
            sent_carbons_have_ids: dice.chance(5_000),
            resumable_for: *dice.pick(&[1_000, 10_000, 300_000]).unwrap_or(&10_000),
            failed_with_count: dice.chance(5_000),
            page: dice.below(20).saturating_add(2),
            offline: dice.chance(5_000),
            offline_after_archive: dice.chance(5_000),
            whole_seconds: dice.chance(3_000),
        };
        let faults = Faults {
            death: *dice.pick(&[0, 5, 30]).unwrap_or(&0),
            store: *dice.pick(&[0, 0, 100]).unwrap_or(&0),
            refused: *dice.pick(&[0, 2_000]).unwrap_or(&0),
            cuts: dice.below(12),
            restarts: dice.below(2),
        };
        Self {
            accounts,
            manners,
            faults,
            texts: dice.below(40).saturating_add(5),
            changes: 0,
            lasts: 60_000,
            delay: *dice.pick(&[5, 200, 3_000]).unwrap_or(&200),
            skew: *dice.pick(&[0, 2_000, 90_000]).unwrap_or(&0),
            without_archive: Vec::new(),
            absence: Absence::default(),
        }
    }
}
