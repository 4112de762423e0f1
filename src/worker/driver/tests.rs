#![allow(clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::collections::VecDeque;

use plausch_engine::io::{AccountConfig, SocketId};
use plausch_engine::store::{Loaded, MemoryStore, Table};
use plausch_model::{BareJid, CommandId, EndReason, SignInError};
use rand_core::{Infallible, TryCryptoRng, TryRng};

use super::*;

type Journal = Rc<RefCell<Vec<String>>>;

/// An account that answers its inputs with effects written down beforehand.
struct Script {
    journal: Journal,
    answers: VecDeque<Effects>,
}

impl Machine for Script {
    fn parse_address(typed: &str, _: Option<&str>) -> Result<BareJid, SignInError> {
        Ok(BareJid::new(typed))
    }

    fn new(_: AccountConfig) -> Option<Self> {
        unreachable!("the driver gets its machine ready-made")
    }

    fn handle(&mut self, input: Input, now: Timestamp, _: &mut dyn CryptoRng) -> Effects {
        self.journal.borrow_mut().push(format!("{}: {input:?}", now.0));
        self.answers.pop_front().unwrap_or_default()
    }
}

/// A store that fails as told, and otherwise works.
struct Shaky {
    journal: Journal,
    inner: MemoryStore,
    commit_errors: VecDeque<StoreError>,
    load_errors: VecDeque<StoreError>,
    damage: Option<StoreError>,
    stop_while_committing: Option<Rc<Inbox>>,
}

impl Store for Shaky {
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if let Some(inbox) = &self.stop_while_committing {
            inbox.stop();
        }
        if let Some(error) = self.commit_errors.pop_front() {
            return Err(error);
        }
        self.journal.borrow_mut().push("committed".into());
        self.inner.commit(batch).await
    }

    async fn load(&mut self, queries: Vec<Query>) -> Result<Vec<Loaded>, StoreError> {
        match self.load_errors.pop_front() {
            Some(error) => Err(error),
            None => self.inner.load(queries).await,
        }
    }

    fn take_damage(&mut self) -> Option<StoreError> {
        self.damage.take()
    }

    async fn wipe(self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct NoRandomness;

impl TryRng for NoRandomness {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for NoRandomness {}

struct Recorder {
    journal: Journal,
    now: Timestamp,
    rng: NoRandomness,
}

impl Outside for Recorder {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn rng(&mut self) -> &mut dyn CryptoRng {
        &mut self.rng
    }

    fn wire(&mut self, wire: Wire) {
        let Wire::Send { frame, .. } = wire else { panic!("only frames are sent here") };
        self.journal.borrow_mut().push(format!("sent {frame}"));
    }

    fn wake_at(&mut self, at: Timestamp) {
        self.journal.borrow_mut().push(format!("wake at {}", at.0));
        self.now = self.now.max(at);
    }

    fn note(&mut self, note: &'static str) {
        self.journal.borrow_mut().push(format!("noted {note}"));
    }

    fn publish(&mut self, updates: Vec<(Audience, Update)>) {
        self.journal.borrow_mut().push(format!("told {updates:?}"));
    }

    async fn signed_in(&mut self) -> Result<(), StoreError> {
        self.journal.borrow_mut().push("remembered".into());
        Ok(())
    }

    async fn pause(&mut self, millis: u32) {
        self.journal.borrow_mut().push(format!("paused {millis}"));
    }
}

struct Bench {
    journal: Journal,
    inbox: Rc<Inbox>,
    answers: Vec<Effects>,
    commit_errors: Vec<StoreError>,
    load_errors: Vec<StoreError>,
    damage: Option<StoreError>,
    stop_while_committing: bool,
}

impl Bench {
    /// The account answers its inputs in turn with these, and with nothing afterwards.
    fn new(answers: Vec<Effects>) -> Self {
        Self {
            journal: Journal::default(),
            inbox: Rc::default(),
            answers,
            commit_errors: vec![],
            load_errors: vec![],
            damage: None,
            stop_while_committing: false,
        }
    }

    /// Hands in the inputs, then a tick that ends the account.
    fn run(self, inputs: Vec<Input>) -> (Verdict, Vec<String>) {
        inputs.into_iter().for_each(|input| self.inbox.push(input));
        let journal = self.journal.clone();
        let script = Script { journal: journal.clone(), answers: self.answers.into() };
        let store = Shaky {
            journal: journal.clone(),
            inner: MemoryStore::new(),
            commit_errors: self.commit_errors.into(),
            load_errors: self.load_errors.into(),
            damage: self.damage,
            stop_while_committing: self.stop_while_committing.then(|| self.inbox.clone()),
        };
        let outside = Recorder { journal: journal.clone(), now: Timestamp(0), rng: NoRandomness };
        let (verdict, ..) = pollster::block_on(Driver::new(script, store, outside, self.inbox).run());
        (verdict, journal.take())
    }
}

fn end() -> Effects {
    Effects { end: Some(End { wipe: false, reason: EndReason::Replaced }), ..Effects::default() }
}

fn batch() -> Batch {
    let mut batch = Batch::default();
    batch.put(Table::Meta, *b"key", b"value".to_vec());
    batch
}

fn everything() -> Effects {
    Effects {
        batch: batch(),
        wire: ["one", "two"].map(|frame| Wire::Send { socket: SocketId(1), frame: frame.into() }).into(),
        updates: vec![(Audience::All, Update::Synced)],
        loads: vec![(LoadId(7), Query::Get(Table::Meta, vec![b"key".to_vec()]))],
        wake_at: Some(Timestamp(5)),
        notes: vec!["odd"],
        ..Effects::default()
    }
}

#[test]
fn commits_then_sends_then_tells_then_loads_before_any_other_input() {
    let (verdict, journal) =
        Bench::new(vec![everything(), Effects::default(), end()]).run(vec![Input::Start, Input::Network { up: true }]);
    let loaded =
        r#"5: Loaded([(LoadId(7), Found([Some(Row { key: [107, 101, 121], value: [118, 97, 108, 117, 101] })]))])"#;
    let expected = [
        "0: Start",
        "noted odd",
        "committed",
        "sent one",
        "sent two",
        "told [(All, Synced)]",
        "wake at 5",
        loaded,
        "5: Tick",
    ];
    assert_eq!(journal, expected, "and a due tick comes before what waits");
    assert_eq!(verdict, Verdict::Ended(End { wipe: false, reason: EndReason::Replaced }));
}

#[test]
fn nothing_is_committed_where_there_is_nothing_to_commit() {
    let (_, journal) = Bench::new(vec![end()]).run(vec![Input::Start]);
    assert_eq!(journal, ["0: Start"]);
}

#[test]
fn a_failed_commit_drops_the_other_effects_and_is_handed_in() {
    let mut bench = Bench::new(vec![everything(), end()]);
    bench.commit_errors = vec![StoreError::QuotaExceeded];
    let (_, journal) = bench.run(vec![Input::Start]);
    assert_eq!(journal.len(), 3, "{journal:?}");
    assert!(journal[2].starts_with("0: CommitFailed(\"This device has no room left"));
}

#[test]
fn a_store_that_keeps_failing_is_not_asked_in_a_tight_loop() {
    let once_more = || Effects { batch: batch(), ..Effects::default() };
    let mut bench = Bench::new(vec![once_more(), once_more(), once_more(), once_more(), end()]);
    bench.commit_errors = vec![StoreError::Other("aborted".into()); 3];
    let (_, journal) = bench.run(vec![Input::Start, Input::Tick]);
    let pauses: Vec<_> = journal.iter().filter(|line| line.starts_with("paused")).collect();
    assert_eq!(pauses, ["paused 250", "paused 500"]);
    assert_eq!(journal.iter().filter(|line| *line == "committed").count(), 1);
}

#[test]
fn a_store_that_is_gone_ends_the_run_and_nothing_is_sent() {
    for error in [StoreError::Closed("gone".into()), StoreError::Damaged("swapped".into())] {
        let mut bench = Bench::new(vec![everything()]);
        bench.commit_errors = vec![error.clone()];
        let (verdict, journal) = bench.run(vec![Input::Start]);
        assert_eq!(verdict, Verdict::Broken(error));
        assert_eq!(journal, ["0: Start", "noted odd"]);
    }
}

#[test]
fn a_command_that_meets_a_store_that_is_gone_is_answered() {
    let mut bench = Bench::new(vec![everything()]);
    bench.commit_errors = vec![StoreError::Closed("gone".into())];
    let command = Command::CloseChat;
    let (_, journal) = bench.run(vec![Input::Command { view: ViewId(3), id: CommandId(4), command }]);
    let answer = journal.last().map(String::as_str).unwrap_or_default();
    assert!(
        answer.starts_with("told [(View(ViewId(3)), Done { command: CommandId(4), result: Err(Storage("),
        "{answer}"
    );
}

#[test]
fn damage_that_a_load_meets_is_reported_and_the_account_goes_on() {
    let mut bench = Bench::new(vec![everything(), end()]);
    bench.damage = Some(StoreError::Damaged("a record".into()));
    let (verdict, journal) = bench.run(vec![Input::Start]);
    assert!(matches!(verdict, Verdict::Ended(_)));
    assert!(journal.iter().any(|line| line.contains("StorageTrouble") && line.contains("damaged (a record)")));
}

#[test]
fn what_was_stopped_during_its_commit_sends_nothing() {
    let mut bench = Bench::new(vec![everything()]);
    bench.stop_while_committing = true;
    let (verdict, journal) = bench.run(vec![Input::Start]);
    assert_eq!(verdict, Verdict::Stopped);
    assert_eq!(journal, ["0: Start", "noted odd", "committed"]);
}

#[test]
fn a_load_is_tried_again_and_then_given_up() {
    let other = || StoreError::Other("busy".into());
    let mut bench = Bench::new(vec![everything(), end()]);
    bench.load_errors = vec![other(), other()];
    let (verdict, _) = bench.run(vec![Input::Start]);
    assert!(matches!(verdict, Verdict::Ended(_)));

    let mut bench = Bench::new(vec![everything(), end()]);
    bench.load_errors = vec![other(); 4];
    assert_eq!(bench.run(vec![Input::Start]).0, Verdict::Broken(other()));
}

#[test]
fn signing_in_is_remembered_before_the_views_are_told() {
    let first = Effects { signed_in: true, batch: batch(), updates: everything().updates, ..Effects::default() };
    let (_, journal) = Bench::new(vec![first, end()]).run(vec![Input::Start, Input::Tick]);
    assert_eq!(journal[1..4], ["committed", "remembered", "told [(All, Synced)]"]);
}

#[test]
fn a_broken_account_explains_itself_until_the_person_signs_out() {
    let journal = Journal::default();
    let mut outside = Recorder { journal: journal.clone(), now: Timestamp(0), rng: NoRandomness };
    let inbox = Inbox::default();
    let command = |id, command| Input::Command { view: ViewId(3), id: CommandId(id), command };
    inbox.push(Input::ViewOpened(ViewId(3)));
    inbox.push(command(8, Command::Reconnect));
    inbox.push(command(9, Command::SignOut));
    let error = StoreError::Damaged("swapped".into());
    assert!(pollster::block_on(serve_broken(&inbox, &mut outside, &error)));
    let journal = journal.take();
    assert_eq!(journal.len(), 3);
    assert!(journal[0].contains("All, Connection(Offline)") && journal[0].contains("Log out and in again"));
    assert!(journal[1].contains("View(ViewId(3)), StorageTrouble"));
    assert!(journal[2].contains("Done { command: CommandId(8), result: Err(Storage("));

    inbox.stop();
    assert!(!pollster::block_on(serve_broken(&inbox, &mut outside, &error)));
}
