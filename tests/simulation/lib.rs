//! Many accounts and a model server in one process, over a network that delays, cuts and doubles, on devices that die between
//! any two effects and whose disks refuse. All of it comes from one seed, so what goes wrong once goes wrong again.
//!
//! When everything has healed, every text that a program had taken is on every device of both sides exactly once, in the
//! order of the archive, edited, taken back and reacted to as the archive has it; no gap is left that the archive can fill;
//! no message's state ever fell; nothing was confirmed to the server that was not on disk; and no program that rests holds
//! more of a chat than the list shows of it.
//!
//! Then some devices are away for long, and the archives forget a part of what was said and of what became of it, before
//! they are back and while they read. Who was there knows it all nevertheless; who was away knows what they had before, and
//! all that is left; and each shows what the stanzas that they have make, be that a message, its edits, or both.
//!
//! Some accounts have no archive: what they miss is lost to them, but nothing waits for it.

mod device;
mod dice;
mod plan;
mod queue;
pub mod server;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use plausch_engine::io::Input;
use plausch_engine::store::MemoryStore;
use plausch_model::{Anchor, BareJid, Command, Direction, Gap, GapState, TimelineItem};
use plausch_native::text_of;

pub use dice::Dice;

use device::Device;
use plan::{Absence, Faults, Plan};
use server::{Has, Manners, Order, PASSWORD, Said, Server, Shown, Slot, agree, slots};
use world::World;

/// When everything begins.
const START: queue::Millis = 1_780_000_000_000;
/// Added to a seed, it gives the number of changes: so the rest of the plan does not depend on that.
const CHANGES_SEED: u64 = 1 << 32;
/// The most that a program may hold at rest, itself and for each chat: so many places of messages ...
const PLACES_AT_REST: [usize; 2] = [32, 8];
/// ... and so many characters in all, as it is written for people who look for mistakes.
const CHARACTERS_AT_REST: [usize; 2] = [16_000, 6_000];

/// How long healing may take: longer than any pause between two tries.
const HEALING: queue::Millis = 900_000;

/// A mistake put in on purpose, to show that it is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// Frames go out before the batch is committed.
    WireBeforeCommit,
    /// Messages are not found again by their ids.
    NoIndex,
}

/// What a run has shown.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Texts that arrived everywhere.
    pub texts: usize,
    /// Texts that programs were found to hold at rest.
    pub held: usize,
    /// What went wrong.
    pub broken: Vec<String>,
    /// What happened, if it was asked for.
    pub log: Vec<String>,
}

/// Runs a seed.
pub fn run(seed: u64, mutation: Option<Mutation>, with_log: bool) -> Report {
    let changes = Dice::of(seed.wrapping_add(CHANGES_SEED)).below(40);
    run_with(seed, changes, mutation, with_log)
}

/// Runs a seed, with so many edits, retractions and reactions.
fn run_with(seed: u64, changes: usize, mutation: Option<Mutation>, with_log: bool) -> Report {
    let mut dice = Dice::of(seed);
    let mut plan = Plan { changes, ..Plan::of(&mut dice) };
    let names: Vec<String> = plan.accounts.iter().map(|(name, _)| name.clone()).collect();
    let mut later = Dice::of(!seed);
    plan.absence = Absence { changes, ..Absence::of(&mut later) };
    if is_poor(seed) {
        plan.without_archive = names.iter().filter(|_| later.chance(3_000)).cloned().collect();
    }
    let mut server = Server::new(plan.manners, &names, 0);
    server.without_archive.clone_from(&plan.without_archive);
    let mut devices = Vec::new();
    for (name, count) in &plan.accounts {
        for _ in 0..*count {
            let skew = dice.up_to(plan.skew.saturating_mul(2)).saturating_sub(plan.skew);
            let own = Dice::of(seed.wrapping_mul(1_000).wrapping_add(u64::try_from(devices.len()).unwrap_or_default()));
            devices.push(Device::new(name, signed_in(name), skew, own));
        }
    }
    let lasts = plan.lasts;
    let (accounts, without_archive) = (plan.accounts.clone(), plan.without_archive.clone());
    let header = format!("{plan:?}");
    let mut world = World::new(plan, server, devices, dice, START);
    world.mutation = mutation;
    world.log = with_log.then(|| vec![header]);
    world.prepare();
    world.run(lasts);
    world.heal();
    world.run(HEALING);
    check(&mut world, &accounts, &without_archive);
    let held = check_memory(&mut world);
    world.all_is_known();
    world.part();
    world.heal();
    world.run(HEALING);
    check(&mut world, &accounts, &without_archive);
    let held = held.saturating_add(check_memory(&mut world));
    Report { texts: world.taken.len(), held, broken: world.broken, log: world.log.unwrap_or_default() }
}

/// Whether some accounts may have no archive: with none of the seeds that have found something once.
fn is_poor(seed: u64) -> bool {
    matches!(seed.rem_euclid(13), 1 | 4 | 8 | 9 | 10)
}

/// The disk of a device that has signed in once, without any trouble. Passwords are dear to prove, so once is enough.
fn signed_in(name: &str) -> MemoryStore {
    static STORES: OnceLock<BTreeMap<String, MemoryStore>> = OnceLock::new();
    let stores = STORES.get_or_init(|| {
        let names = ["ann", "ben", "cem", "dua"].map(|name| format!("{name}@{}", server::DOMAIN));
        names.map(|name| (name.clone(), sign_in(&name))).into_iter().collect()
    });
    stores.get(name).cloned().unwrap_or_default()
}

fn sign_in(name: &str) -> MemoryStore {
    let mut dice = Dice::of(0);
    let plan = Plan { faults: Faults::default(), texts: 0, delay: 5, ..Plan::of(&mut dice) };
    let manners = Manners { resumable_for: 0, ..plan.manners };
    let device = Device::new(name, MemoryStore::new(), 0, Dice::of(1));
    // No session of this server is one of another's.
    let server = Server::new(manners, &[name.to_owned()], 1_000_000);
    let mut world = World::new(plan, server, vec![device], dice, START.saturating_sub(3_600_000));
    world.devices.iter_mut().for_each(|device| device.boot(Some(PASSWORD)));
    world.feed(0, Input::Start);
    world.run(60_000);
    world.devices.pop().map(|device| device.store).unwrap_or_default()
}

/// After healing: every text everywhere, once, in the archive's order, and nothing missing that could be had.
fn check(world: &mut World, accounts: &[(String, usize)], without_archive: &[String]) {
    for number in 0..world.devices.len() {
        let Some(own) = world.devices.get(number).map(|device| device.jid.clone()) else { continue };
        if world.devices.get(number).is_some_and(|device| !device.view.is_online()) {
            world.broken.push(format!("device {number} is not online"));
        }
        for (other, _) in accounts.iter().filter(|(other, _)| *other != own) {
            let shown = whole_chat(world, number, other);
            let (slots, order) = expected(world, number, other, without_archive);
            if !agree(&shown, &slots, order) {
                let shown: Vec<String> = shown.iter().map(Shown::to_string).collect();
                let slots: Vec<String> = slots.iter().filter(|slot| !slot.is_empty()).map(Slot::to_string).collect();
                world.broken.push(format!("device {number} shows {shown:?}, expected is {slots:?}"));
            }
            let window = world.devices.get(number).and_then(|device| device.view.window.as_ref());
            let gaps: Vec<_> = window.iter().flat_map(|window| &window.gaps).collect();
            let expected = |gap: &&Gap| gap.state == GapState::Gone && !without_archive.contains(&own);
            if !gaps.iter().all(expected) {
                let words = format!("device {number} still misses something: {gaps:?}");
                world.broken.push(words);
            }
        }
    }
    let mut everything: Vec<String> = Vec::new();
    for (name, _) in accounts {
        for (other, _) in accounts.iter().filter(|(other, _)| name < other) {
            everything.extend(world.server.texts(name, other));
        }
        let doubled: Vec<_> = world.server.doubled(name);
        if !without_archive.contains(name) && !doubled.is_empty() {
            world.broken.push(format!("more than once in the archive of {name}: {doubled:?}"));
        }
    }
    let times = |text: &String| everything.iter().filter(|other| *other == text).count();
    let is_once = |text: &&String| match times(text) {
        0 => false,
        1 => true,
        _ => world.repeated.contains(*text),
    };
    // What was changed before it was sent is only sent as it was last.
    let sure = world.taken.iter().filter(|text| !world.changed.contains(*text));
    let lost: Vec<_> = sure.filter(|text| !is_once(text)).map(|text| (text, times(text))).collect();
    let twice = |text: &&String| times(text) > 1 && !world.repeated.contains(*text);
    let doubled: Vec<_> = world.unsure.iter().chain(&world.changed).filter(twice).collect();
    if !lost.is_empty() || !doubled.is_empty() {
        let words = format!("not exactly once in the archive: {lost:?}, {doubled:?}");
        world.broken.push(words);
    }
}

/// With nothing to do, a program holds of each chat the text that the list shows, and nothing of what was said before. Tells how
/// many texts were found to be held.
fn check_memory(world: &mut World) -> usize {
    let said: BTreeSet<&String> = world.taken.iter().chain(&world.unsure).collect();
    let (mut found, mut broken) = (0_usize, Vec::new());
    for (number, device) in world.devices.iter().enumerate() {
        let Some(account) = &device.account else { continue };
        let held = format!("{account:?}");
        let chats = device.view.chats.len();
        let most = |[itself, each]: [usize; 2]| itself.saturating_add(each.saturating_mul(chats));
        let texts: Vec<_> = said.iter().filter(|text| held.contains(text.as_str())).collect();
        found = found.saturating_add(texts.len());
        if texts.len() > chats {
            broken.push(format!("device {number} holds {texts:?} of {chats} chats"));
        }
        let places = held.matches("TimelineKey").count();
        if places > most(PLACES_AT_REST) || held.len() > most(CHARACTERS_AT_REST) {
            let length = held.len();
            broken.push(format!("device {number} holds {places} places, {length} characters for {chats} chats"));
        }
    }
    world.broken.extend(broken);
    found
}

/// What a device may show of a chat. Without an archive, nobody knows what came in which order, nor whether it had come before.
fn expected(world: &World, number: usize, other: &str, without_archive: &[String]) -> (Vec<Slot>, Order) {
    let Some(device) = world.devices.get(number) else { return (Vec::new(), Order::Unknown) };
    let has_archive = !without_archive.contains(&device.jid);
    let said = world.server.conversation(&device.jid, other);
    let ids: BTreeSet<&String> = said.iter().map(|said| &said.id).collect();
    let order = if has_archive && ids.len() == said.len() { Order::Archive } else { Order::Unknown };
    let has = |said: &Said| {
        if has_archive && !said.forgotten || device.read.contains(&said.id) {
            Has::Surely
        } else if device.kept.contains(&said.id) {
            Has::Somewhere
        } else if device.handed.contains(&said.id) {
            Has::Perhaps
        } else {
            Has::Not
        }
    };
    (slots(&said, &has, order), order)
}

/// A chat as a device shows it.
fn whole_chat(world: &mut World, number: usize, other: &str) -> Vec<Shown> {
    let chat = BareJid::new(other);
    world.command(number, Command::OpenChat { chat: chat.clone(), anchor: Anchor::End });
    world.run(10_000);
    for _ in 0..50 {
        let view = world.devices.get(number).map(|device| &device.view);
        let open = view.and_then(|view| view.window.as_ref()).filter(|window| window.chat == chat);
        if open.is_none_or(|window| window.at_start) {
            break;
        }
        world.command(number, Command::GrowWindow { chat: chat.clone(), direction: Direction::Older });
        world.run(10_000);
    }
    let view = world.devices.get(number).map(|device| &device.view);
    view.map(|view| view.items().map(shown).collect()).unwrap_or_default()
}

fn shown(item: &TimelineItem) -> Shown {
    let mut reactions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reaction in &item.reactions {
        for author in &reaction.by {
            reactions.entry(author.to_string()).or_default().insert(reaction.emoji.to_string());
        }
    }
    let text = text_of(item).map(str::to_owned);
    Shown { text, edited: item.edited.is_some(), reactions, unsent: item.unsent.is_some() || item.reacting }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(seeds: std::ops::Range<u64>, mutation: Option<Mutation>) -> Vec<(u64, Vec<String>)> {
        let reports = seeds.map(|seed| (seed, run(seed, mutation, false).broken));
        reports.filter(|(_, broken)| !broken.is_empty()).collect()
    }

    #[test]
    fn nothing_is_lost_and_nothing_doubled() {
        assert_eq!(broken(0..60, None), []);
    }

    /// Seeds that have found something once.
    #[test]
    fn what_was_found_stays_mended() {
        for seed in
            [94, 507, 1035, 1130, 1883, 3205, 3861, 3918, 7721, 7980, 8999, 9951, 103_131, 111_321, 111_872, 112_323]
        {
            assert_eq!(run_with(seed, 0, None, false).broken, Vec::<String>::new());
            assert_eq!(broken(seed..seed + 1, None), []);
        }
    }

    #[test]
    fn what_is_confirmed_before_it_is_stored_is_found() {
        assert!(!broken(0..100, Some(Mutation::WireBeforeCommit)).is_empty());
    }

    #[test]
    fn what_comes_twice_is_found() {
        assert!(!broken(0..20, Some(Mutation::NoIndex)).is_empty());
    }

    #[test]
    fn what_is_held_is_seen() {
        let report = run(7, None, false);
        assert!(report.held > 0, "the list shows the last text of each chat");
    }

    #[test]
    fn a_seed_is_always_the_same_run() {
        let (one, other) = (run(7, None, true), run(7, None, true));
        assert!(one.texts > 0 && one.log.len() > 100);
        assert_eq!(one.log, other.log);
    }
}
