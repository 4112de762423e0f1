//! A connection manager as XEP-0124 has it, and a network between that loses, delays, repeats and reorders.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::{CREATED, header, message, new, poll};
use crate::bosh::{Bosh, BoshAction, HttpOutcome};
use crate::xml::{Element, Limits, parse};

#[derive(Default)]
struct Server {
    /// The `rid` that is next in order.
    expected: u64,
    /// Requests that came too early.
    early: BTreeMap<u64, Element>,
    /// Requests without a response, oldest first.
    held: VecDeque<u64>,
    /// Which connection waits for which response.
    waiting: BTreeMap<u64, u32>,
    /// Responses that were given.
    given: BTreeMap<u64, String>,
    to_client: VecDeque<Element>,
    from_client: Vec<Element>,
    /// Responses on their way: connection and body.
    wire: Vec<(u32, String)>,
}

impl Server {
    fn request(&mut self, connection: u32, body: &str) {
        let body = parse(body, &Limits::default()).unwrap();
        let rid: u64 = body.attr("rid").unwrap().parse().unwrap();
        if body.attr("sid").is_none() {
            self.expected = rid + 1;
            self.given.insert(rid, CREATED.to_owned());
            self.wire.push((connection, CREATED.to_owned()));
            return;
        }
        if let Some(given) = self.given.get(&rid) {
            self.wire.push((connection, given.clone()));
            return;
        }
        if let Some(former) = self.waiting.insert(rid, connection) {
            self.wire.push((former, "<body type='error' xmlns='http://jabber.org/protocol/httpbind'/>".to_owned()));
            return;
        }
        assert!(rid < self.expected + 2, "the window of two requests is kept");
        self.early.insert(rid, body);
        while let Some(body) = self.early.remove(&self.expected) {
            self.from_client.extend(body.children().cloned());
            self.held.push_back(self.expected);
            self.expected += 1;
        }
        self.respond();
    }

    /// Holds one request at most, and none if there is something to say.
    fn respond(&mut self) {
        while self.held.len() > usize::from(self.to_client.is_empty()) {
            let Some(rid) = self.held.pop_front() else { return };
            let elements: String = self.to_client.drain(..).map(|element| element.to_xml()).collect();
            let body = format!("<body xmlns='http://jabber.org/protocol/httpbind'>{elements}</body>");
            self.given.insert(rid, body.clone());
            if let Some(connection) = self.waiting.remove(&rid) {
                self.wire.push((connection, body));
            }
        }
    }
}

struct World {
    bosh: Bosh,
    server: Server,
    /// Requests on their way: connection and body.
    wire: Vec<(u32, String)>,
    received: Vec<Element>,
    losses: u32,
    now: u64,
}

impl World {
    fn new() -> Self {
        let mut bosh = new();
        bosh.open(&header());
        Self { bosh, server: Server::default(), wire: Vec::new(), received: Vec::new(), losses: 0, now: 1 }
    }

    fn poll(&mut self) {
        for action in poll(&mut self.bosh, self.now) {
            match action {
                BoshAction::Post(post) => self.wire.push((post.id, post.body)),
                BoshAction::Received(element) => self.received.push(element),
                BoshAction::Closed(end) => panic!("the session ended: {end}"),
            }
        }
    }

    fn deliver_request(&mut self, which: usize) {
        if !self.wire.is_empty() {
            let (connection, body) = self.wire.remove(which % self.wire.len());
            self.server.request(connection, &body);
        }
    }

    fn deliver_response(&mut self, which: usize) {
        if !self.server.wire.is_empty() {
            let (connection, body) = self.server.wire.remove(which % self.server.wire.len());
            self.bosh.answered(connection, HttpOutcome::Answered { status: 200, body }, self.now);
        }
    }

    /// Loses a request or a response. The first request is not repeated, so it is not lost.
    fn lose(&mut self, which: usize, request: bool) {
        let wire = if request { &mut self.wire } else { &mut self.server.wire };
        if wire.is_empty() || self.losses >= 4 || self.received.is_empty() {
            return;
        }
        self.losses += 1;
        let (connection, _) = wire.remove(which % wire.len());
        self.bosh.answered(connection, HttpOutcome::Failed, self.now);
    }

    fn step(&mut self, (kind, which): (u8, usize)) {
        match kind {
            0 => self.deliver_request(which),
            1 => self.deliver_response(which),
            2 => self.lose(which, true),
            3 => self.lose(which, false),
            _ => self.now += 300,
        }
        self.poll();
    }
}

proptest! {
    /// Whatever happens on the way, both sides get everything once and in order.
    #[test]
    fn everything_arrives_once_and_in_order(
        steps in prop::collection::vec((0..8_u8, any::<prop::sample::Index>()), 0..120),
    ) {
        let mut world = World::new();
        world.poll();
        world.step((0, 0));
        world.step((1, 0));
        let (mut sent, mut told) = (0, 0);
        for (kind, which) in steps {
            match kind {
                6 => { world.bosh.send(message(sent)); sent += 1; }
                7 => { world.server.to_client.push_back(message(told)); told += 1; world.server.respond(); }
                kind => world.step((kind, which.index(64))),
            }
            world.poll();
        }
        for _ in 0..400 {
            for kind in [0, 1, 4] {
                world.step((kind, 0));
            }
            world.server.respond();
        }
        let from_client: Vec<Element> = (0..sent).map(message).collect();
        let to_client: Vec<Element> = (0..told).map(message).collect();
        prop_assert_eq!(&world.server.from_client, &from_client);
        prop_assert_eq!(world.received.get(1..).unwrap(), to_client.as_slice());
    }
}

proptest! {
    #[test]
    fn no_answer_panics(
        bodies in prop::collection::vec((0..6_u32, prop_oneof![
            Just(CREATED.to_owned()),
            Just("<body xmlns='http://jabber.org/protocol/httpbind'/>".to_owned()),
            Just("<body xmlns='http://jabber.org/protocol/httpbind' type='error'/>".to_owned()),
            Just("<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'/>".to_owned()),
            Just("<body xmlns='http://jabber.org/protocol/httpbind' sid='x' wait='0' requests='0' hold='99'/>".to_owned()),
            ".*",
        ], any::<u16>()), 0..12),
        now in any::<u64>(),
    ) {
        let mut bosh = new();
        bosh.open(&header());
        for (id, body, status) in bodies {
            let _ = bosh.poll(now);
            bosh.send(message(0));
            let status = if status % 3 == 0 { status } else { 200 };
            bosh.answered(id, HttpOutcome::Answered { status, body }, now);
            let _ = bosh.deadline();
        }
        bosh.terminate();
        let _ = bosh.poll(now);
    }
}
