use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plausch_engine::io::{Audience, Effects, End, Input, LoadId, SocketId, Wire};
use plausch_engine::store::{Batch, Query, StoreError, Table};
use plausch_model::{ConnectionState, EndReason, Timestamp, Update, ViewId};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use tokio::sync::mpsc;

use super::{Core, Driver, DriverError, Event, Lines, Surroundings};
use crate::clock::Clock;
use crate::dial::{Dialer, NetworkOptions};
use crate::fake::FakeServer;
use crate::store::SharedStore;
use crate::transcript::Transcript;

/// Answers each input with the next effects, and remembers the inputs.
#[derive(Clone, Default)]
struct Script {
    inputs: Arc<Mutex<Vec<String>>>,
    effects: Arc<Mutex<VecDeque<Effects>>>,
}

impl Script {
    fn new(effects: Vec<Effects>) -> Self {
        Self { effects: Arc::new(Mutex::new(effects.into())), ..Self::default() }
    }

    fn inputs(&self) -> Vec<String> {
        self.inputs.lock().unwrap().clone()
    }
}

impl Core for Script {
    fn handle(&mut self, input: Input, _: Timestamp, _: &mut dyn CryptoRng) -> Effects {
        self.inputs.lock().unwrap().push(format!("{input:?}"));
        self.effects.lock().unwrap().pop_front().unwrap_or_default()
    }
}

fn driver(script: &Script, store: &SharedStore) -> (Driver<Script, SharedStore>, Lines) {
    let surroundings = Surroundings {
        rng: ChaCha20Rng::seed_from_u64(1),
        clock: Clock::default(),
        dialer: Dialer::new(&NetworkOptions::default()).unwrap(),
        transcript: Transcript::default(),
    };
    Driver::new(script.clone(), store.clone(), surroundings)
}

fn batch() -> Batch {
    let mut batch = Batch::default();
    batch.put(Table::Meta, *b"key", b"value".to_vec());
    batch
}

fn end() -> Effects {
    Effects { end: Some(End { wipe: false, reason: EndReason::Replaced }), ..Effects::default() }
}

fn telling(state: ConnectionState) -> Vec<(Audience, Update)> {
    vec![(Audience::All, Update::Connection(state))]
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

#[tokio::test]
async fn commits_then_tells_then_loads_what_is_committed() {
    let loads = vec![(LoadId(7), Query::Get(Table::Meta, vec![b"key".to_vec()]))];
    let updates = telling(ConnectionState::Online);
    let script =
        Script::new(vec![Effects::default(), Effects { batch: batch(), updates, loads, ..Effects::default() }, end()]);
    let (driver, lines) = driver(&script, &SharedStore::new());
    let (sender, mut updates) = mpsc::unbounded_channel();
    lines.events.send(Event::ViewOpened(ViewId(3), sender)).unwrap();
    lines.events.send(Event::Network(true)).unwrap();
    in_time(driver.run()).await.unwrap();
    let inputs = script.inputs();
    assert_eq!(inputs[..2], ["Start", "ViewOpened(ViewId(3))"]);
    let value = b"value".to_vec();
    assert!(inputs[2].starts_with("Loaded([(LoadId(7)") && inputs[2].contains(&format!("{value:?}")), "{inputs:?}");
    assert_eq!(inputs.len(), 3, "the network's event waits behind the loads, and after the end nothing goes in");
    assert_eq!(updates.recv().await, Some(Update::Connection(ConnectionState::Online)));
    assert_eq!(updates.recv().await, Some(Update::Ended(EndReason::Replaced)));
    assert_eq!(updates.recv().await, None);
}

#[tokio::test]
async fn a_failed_commit_drops_the_rest() {
    let updates = telling(ConnectionState::Online);
    let wire = vec![Wire::Open { socket: SocketId(1), url: "ws://localhost:1/".to_owned() }];
    let loads = vec![(LoadId(1), Query::All(Table::Meta))];
    let doomed = Effects { batch: batch(), updates, wire, loads, signed_in: true, ..end() };
    let script = Script::new(vec![Effects::default(), doomed, end()]);
    let store = SharedStore::new();
    store.fail(StoreError::QuotaExceeded, 1);
    let (driver, lines) = driver(&script, &store);
    let (sender, mut updates) = mpsc::unbounded_channel();
    lines.events.send(Event::ViewOpened(ViewId(3), sender)).unwrap();
    in_time(driver.run()).await.unwrap();
    assert_eq!(script.inputs()[2..], ["CommitFailed(\"no room left on the device\")"]);
    assert_eq!(updates.recv().await, Some(Update::Ended(EndReason::Replaced)), "and nothing before");
    assert!(!*lines.signed_in.borrow());
}

#[tokio::test]
async fn frames_that_arrive_together_go_in_together() {
    let server = FakeServer::start().await.unwrap();
    let opening = vec![Wire::Open { socket: SocketId(5), url: server.url().to_owned() }];
    let sending = vec![Wire::Send { socket: SocketId(5), frame: "<open/>".to_owned() }];
    let script = Script::new(vec![
        Effects { wire: opening, ..Effects::default() },
        Effects { wire: sending, ..Effects::default() },
    ]);
    let (mut driver, _lines) = driver(&script, &SharedStore::new());
    assert!(driver.feed(Input::Start).await.unwrap().is_none());
    let mut stream = server.accept().await.unwrap();
    let opened = next(&mut driver).await;
    assert_eq!(format!("{opened:?}"), "SocketOpened(SocketId(5))");
    assert!(driver.feed(opened).await.unwrap().is_none());
    stream.expect("open").await.unwrap();
    for number in 1..=3 {
        stream.send(format!("<f{number}/>")).await.unwrap();
    }
    let mut frames = Vec::new();
    while frames.len() < 3 {
        let Input::Frames { socket: SocketId(5), frames: arrived } = next(&mut driver).await else { panic!("frames") };
        frames.extend(arrived);
    }
    assert_eq!(frames, ["<f1/>", "<f2/>", "<f3/>"]);
    drop(stream);
    assert_eq!(format!("{:?}", next(&mut driver).await), "SocketClosed(SocketId(5))");
}

#[tokio::test]
async fn neighbours_in_the_queue_are_one_input() {
    let (mut driver, _lines) = driver(&Script::default(), &SharedStore::new());
    let (orders, _task) = mpsc::unbounded_channel();
    driver.socket = Some((SocketId(2), orders));
    let frame = |text: &str| Event::Socket(SocketId(2), super::SocketEvent::Frame(text.to_owned()));
    driver.backlog.extend([frame("a"), frame("b"), Event::Network(true), frame("c")]);
    let inputs =
        [next(&mut driver).await, next(&mut driver).await, next(&mut driver).await].map(|input| format!("{input:?}"));
    let frames = |frames: &str| format!("Frames {{ socket: SocketId(2), frames: {frames} }}");
    assert_eq!(inputs, [frames("[\"a\", \"b\"]"), "Network { up: true }".to_owned(), frames("[\"c\"]")]);
}

#[tokio::test]
async fn a_closed_socket_is_heard_no_more() {
    let server = FakeServer::start().await.unwrap();
    let (mut driver, _lines) = driver(&Script::default(), &SharedStore::new());
    driver.do_wire(Wire::Open { socket: SocketId(1), url: server.url().to_owned() });
    let mut stream = server.accept().await.unwrap();
    assert!(matches!(next(&mut driver).await, Input::SocketOpened(SocketId(1))));
    driver.do_wire(Wire::Send { socket: SocketId(1), frame: "<close/>".to_owned() });
    driver.do_wire(Wire::Send { socket: SocketId(9), frame: "<stray/>".to_owned() });
    driver.do_wire(Wire::Close(SocketId(1)));
    stream.expect("close").await.expect("what was sent before still leaves");
    assert!(stream.receive().await.is_err(), "and then it closes");
    driver.backlog.push_back(Event::Network(false));
    assert!(matches!(next(&mut driver).await, Input::Network { up: false }));
    assert!(driver.events.try_recv().is_err() && driver.socket.is_none());
}

#[tokio::test]
async fn an_unreachable_socket_is_closed() {
    let wire = vec![Wire::Open { socket: SocketId(1), url: "ws://localhost:1/".to_owned() }];
    let script = Script::new(vec![Effects { wire, ..Effects::default() }, end()]);
    let (driver, _lines) = driver(&script, &SharedStore::new());
    in_time(driver.run()).await.unwrap();
    assert_eq!(script.inputs(), ["Start", "SocketClosed(SocketId(1))"]);
}

#[tokio::test]
async fn ticks_come_when_due_and_not_without_end() {
    let clock = Clock::default();
    let wake_at = Some(clock.now().plus_millis(3_600_000));
    let script = Script::new(vec![Effects { wake_at, ..Effects::default() }, end()]);
    let (driver, lines) = driver(&script, &SharedStore::new());
    let clock = driver.surroundings.clock.clone();
    let running = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(script.inputs(), ["Start"]);
    clock.advance(Duration::from_secs(3600));
    lines.events.send(Event::ClockMoved).unwrap();
    in_time(running).await.unwrap().unwrap();
    assert_eq!(script.inputs(), ["Start", "Tick"]);
}

#[tokio::test]
async fn an_account_that_never_rests_is_stopped() {
    struct Restless;
    impl Core for Restless {
        fn handle(&mut self, _: Input, now: Timestamp, _: &mut dyn CryptoRng) -> Effects {
            Effects { wake_at: Some(now), ..Effects::default() }
        }
    }
    let (Driver { surroundings, store, .. }, _) = driver(&Script::default(), &SharedStore::new());
    let (driver, _lines) = Driver::new(Restless, store, surroundings);
    assert!(matches!(in_time(driver.run()).await, Err(DriverError::Spinning)));
}

#[tokio::test]
async fn the_end_wipes_if_told_to() {
    let wiping =
        Effects { end: Some(End { wipe: true, reason: EndReason::SignedOut }), batch: batch(), ..Effects::default() };
    let store = SharedStore::new();
    let (driver, _lines) = driver(&Script::new(vec![wiping]), &store);
    in_time(driver.run()).await.unwrap();
    assert!(store.is_wiped());
}

async fn next(driver: &mut Driver<Script, SharedStore>) -> Input {
    in_time(async {
        loop {
            if let Some(input) = driver.next_input().await.unwrap() {
                return input;
            }
        }
    })
    .await
}
