//! Devices, a server, and a network between them that does its worst.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use plausch_engine::io::{Effects, HttpFailure, Input, LoadId, SocketId, Wire};
use plausch_engine::store::{Loaded, Op, Query, Store, Table};
use plausch_model::{
    Anchor, BareJid, Command, CommandId, Emoji, MessageBody, TimelineItem, Timestamp, Update, ViewId, Way, WindowChange,
};
use plausch_native::text_of;
use plausch_xmpp::xml::{Element, Limits, parse};

use crate::Mutation;
use crate::device::{Device, rank};
use crate::dice::Dice;
use crate::plan::{Faults, Plan};
use crate::queue::{Millis, Queue};
use crate::server::{Conn, Out, Server, body, message_in};

/// The one view of each device.
const VIEW: ViewId = ViewId(1);
/// The longest that an end of a lost connection takes to notice.
const NOTICE: Millis = 25_000;
/// The longest that somebody leaves a dead program alone.
const AWAY: Millis = 8_000;

/// Something that happens.
pub enum Event {
    Opened(Conn),
    ToServer(Conn, String),
    ToDevice(Conn, String),
    ServerSeesEnd(Conn),
    DeviceSeesEnd(Conn),
    Flush(usize),
    Wake(usize, Millis),
    Http(usize, plausch_engine::io::HttpId),
    Start(usize),
    Say(usize),
    Change(usize),
    Cut,
    Restart,
    Trim(Millis),
}

/// A connection, and until when each direction works.
struct Link {
    device: usize,
    socket: SocketId,
    last_to_server: Millis,
    last_to_device: Millis,
    server_hears_until: Millis,
    device_hears_until: Millis,
}

/// Everything of one run.
pub struct World {
    pub queue: Queue<Event>,
    pub dice: Dice,
    pub server: Server,
    pub devices: Vec<Device>,
    pub faults: Faults,
    pub mutation: Option<Mutation>,
    /// Texts that a program has taken: they must arrive.
    pub taken: Vec<String>,
    /// Texts of messages that were then edited or taken back: perhaps before they were sent.
    pub changed: BTreeSet<String>,
    /// The first text of a message, by each later one.
    first_texts: BTreeMap<String, String>,
    /// The first texts of messages that were taken back: nobody has to keep them.
    gone: BTreeSet<String>,
    /// Texts of which nobody knows whether they were taken.
    pub unsure: Vec<String>,
    /// What went wrong, as soon as it did.
    pub broken: Vec<String>,
    /// What happened, if somebody wants to read it.
    pub log: Option<Vec<String>>,
    /// Texts that may arrive more than once: who has no archive cannot know what has.
    pub repeated: Vec<String>,
    links: BTreeMap<Conn, Link>,
    conns: Conn,
    plan: Plan,
    said: usize,
}

impl World {
    /// A world at its beginning.
    pub fn new(plan: Plan, server: Server, devices: Vec<Device>, dice: Dice, start: Millis) -> Self {
        Self {
            queue: Queue::new(start),
            dice,
            server,
            devices,
            faults: plan.faults,
            mutation: None,
            taken: Vec::new(),
            changed: BTreeSet::new(),
            first_texts: BTreeMap::new(),
            gone: BTreeSet::new(),
            unsure: Vec::new(),
            broken: Vec::new(),
            log: None,
            repeated: Vec::new(),
            links: BTreeMap::new(),
            conns: 0,
            plan,
            said: 0,
        }
    }

    /// Puts in what people and bad luck will do.
    pub fn prepare(&mut self) {
        let lasts = self.plan.lasts;
        let count = self.devices.len();
        for device in 0..count {
            let first = self.dice.up_to(lasts.div_euclid(4));
            self.after(first, Event::Start(device));
        }
        self.say_within(self.plan.texts, lasts);
        self.change_within(self.plan.changes, lasts);
        for _ in 0..self.faults.cuts {
            let after = self.evenly(lasts);
            self.after(after, Event::Cut);
        }
        for _ in 0..self.faults.restarts {
            let after = self.evenly(lasts);
            self.after(after, Event::Restart);
        }
    }

    fn evenly(&mut self, lasts: Millis) -> Millis {
        let below = self.dice.below(usize::try_from(lasts).unwrap_or_default());
        Millis::try_from(below).unwrap_or_default()
    }

    fn after(&mut self, after: Millis, event: Event) {
        let at = self.queue.now().saturating_add(after);
        self.queue.at(at, event);
    }

    /// Lets time pass.
    pub fn run(&mut self, millis: Millis) {
        let end = self.queue.now().saturating_add(millis);
        while let Some(event) = self.queue.next(end) {
            self.happen(event);
        }
    }

    /// Some devices go away while nothing is on its way, much is said, the archives change, and they come back into trouble.
    pub fn part(&mut self) {
        let absence = self.plan.absence;
        let count = self.devices.len();
        let away: Vec<usize> = (0..count).filter(|_| self.dice.chance(6_000)).collect();
        for number in &away {
            self.note(|| format!("device {number} goes away"));
            self.end(*number);
        }
        self.say_within(absence.texts, 60_000);
        self.change_within(absence.changes, 60_000);
        self.run(3_600_000);
        self.all_is_known();
        // What is said from now on is younger, also where stamps are whole seconds.
        let back = self.queue.now().div_euclid(1_000).saturating_mul(1_000);
        self.server.trim(absence.trimmed, back);
        if absence.renumbered {
            self.server.renumber();
        }
        self.faults = self.plan.faults;
        for number in away {
            let after = self.dice.up_to(10_000);
            self.after(after, Event::Start(number));
        }
        self.say_within(absence.texts.div_euclid(4), 30_000);
        self.change_within(absence.changes.div_euclid(4), 30_000);
        for _ in 0..self.faults.cuts {
            let after = self.evenly(30_000);
            self.after(after, Event::Cut);
        }
        let after = self.evenly(30_000);
        self.after(after, Event::Trim(back));
        self.run(30_000);
    }

    fn say_within(&mut self, texts: usize, millis: Millis) {
        for _ in 0..texts {
            let (device, after) = (self.dice.below(self.devices.len()), self.evenly(millis));
            self.after(after, Event::Say(device));
        }
    }

    fn change_within(&mut self, changes: usize, millis: Millis) {
        for _ in 0..changes {
            let (device, after) = (self.dice.below(self.devices.len()), self.evenly(millis));
            self.after(after, Event::Change(device));
        }
    }

    /// Nothing has gone wrong for long: who is there has what its archive has.
    pub fn all_is_known(&mut self) {
        let (server, without) = (&self.server, &self.plan.without_archive);
        let there = self.devices.iter_mut().filter(|device| device.account.is_some() && !without.contains(&device.jid));
        there.for_each(|device| device.read.extend(server.ids(&device.jid)));
    }

    /// From now on nothing goes wrong, and everybody is there.
    pub fn heal(&mut self) {
        self.faults = Faults::default();
        for device in 0..self.devices.len() {
            if self.running(device) {
                self.command(device, Command::Reconnect);
            } else {
                self.start(device);
            }
        }
    }

    fn note(&mut self, words: impl FnOnce() -> String) {
        let now = self.queue.now();
        if let Some(log) = &mut self.log {
            log.push(format!("{:>8} {}", now.rem_euclid(100_000_000), words()));
        }
    }

    fn running(&self, device: usize) -> bool {
        self.devices.get(device).is_some_and(|device| device.account.is_some())
    }

    fn happen(&mut self, event: Event) {
        let now = self.queue.now();
        match event {
            Event::Opened(conn) => {
                if let Some(link) = self.links.get(&conn) {
                    let (device, socket) = (link.device, link.socket);
                    self.server.opened(conn);
                    if self.is_current(device, conn) {
                        self.feed(device, Input::SocketOpened(socket));
                    }
                }
            }
            Event::ToServer(conn, frame) => {
                if self.links.get(&conn).is_some_and(|link| now <= link.server_hears_until) {
                    self.server.frame(conn, &frame, now, &mut self.dice);
                    self.flush_server();
                }
            }
            Event::ToDevice(conn, frame) => {
                let Some(link) = self.links.get(&conn).filter(|link| now <= link.device_hears_until) else { return };
                let number = link.device;
                if self.is_current(number, conn)
                    && let Some(device) = self.devices.get_mut(number)
                {
                    device.inbox.push(frame);
                    if device.inbox.len() == 1 {
                        let after = self.dice.up_to(5);
                        self.after(after, Event::Flush(number));
                    }
                }
            }
            Event::ServerSeesEnd(conn) => {
                self.server.closed(conn, now);
                self.flush_server();
            }
            Event::DeviceSeesEnd(conn) => self.device_sees_end(conn),
            Event::Flush(device) => self.flush_device(device),
            Event::Wake(device, at) => {
                if self.devices.get(device).is_some_and(|known| known.wake_at == Some(at)) {
                    self.feed(device, Input::Tick);
                }
            }
            Event::Http(device, id) => {
                if self.running(device) {
                    self.feed(device, Input::HttpDone { id, outcome: Err(HttpFailure::Network) });
                }
            }
            Event::Start(device) => {
                if !self.running(device) {
                    self.start(device);
                }
            }
            Event::Say(device) => self.say(device),
            Event::Change(device) => self.change(device),
            Event::Cut => self.cut_one(),
            Event::Trim(before) => {
                self.note(|| "the archives forget".to_owned());
                self.server.trim(self.plan.absence.trimmed, before);
            }
            Event::Restart => {
                self.note(|| "the server restarts".to_owned());
                self.server.restart();
                self.flush_server();
            }
        }
    }

    /// Starts a device's program and opens a view of it.
    pub fn start(&mut self, number: usize) {
        let Some(device) = self.devices.get_mut(number) else { return };
        device.boot(None);
        self.note(|| format!("device {number} starts"));
        self.feed(number, Input::Start);
        self.feed(number, Input::ViewOpened(VIEW));
        self.command(number, Command::SetVisible(true));
        if let Some(other) = self.somebody_else(number) {
            self.command(number, Command::OpenChat { chat: BareJid::new(&other), anchor: Anchor::End });
        }
    }

    fn somebody_else(&mut self, number: usize) -> Option<String> {
        let own = self.devices.get(number)?.jid.clone();
        let others: Vec<String> =
            self.plan.accounts.iter().map(|(name, _)| name.clone()).filter(|name| *name != own).collect();
        self.dice.pick(&others).cloned()
    }

    /// A person does something.
    pub fn command(&mut self, number: usize, command: Command) {
        if let Some(device) = self.devices.get_mut(number) {
            device.commands = device.commands.saturating_add(1);
            let id = CommandId(device.commands);
            if let Command::SendText { text, .. } | Command::Edit { text, .. } = &command {
                device.asked.insert(id, text.clone());
            }
            self.feed(number, Input::Command { view: VIEW, id, command });
        }
    }

    fn say(&mut self, number: usize) {
        if !self.running(number) {
            return;
        }
        let Some(other) = self.somebody_else(number) else { return };
        self.said = self.said.saturating_add(1);
        let text = format!("text {}.", self.said);
        self.may_repeat(number, &text);
        self.note(|| format!("device {number} sends {text:?} to {other}"));
        self.command(number, Command::SendText { chat: BareJid::new(&other), text });
    }

    /// A device is to send a text, perhaps more than once.
    fn may_repeat(&mut self, number: usize, text: &str) {
        if self.devices.get(number).is_some_and(|device| self.plan.without_archive.contains(&device.jid)) {
            self.repeated.push(text.to_owned());
        }
    }

    /// A person does something to a message that they see.
    fn change(&mut self, number: usize) {
        let Some(device) = self.devices.get(number).filter(|device| device.account.is_some()) else { return };
        let items: Vec<TimelineItem> = device.view.items().cloned().collect();
        let Some(item) = self.dice.pick(&items).cloned() else { return };
        let message = item.id.clone();
        let own = item.way == Way::Out && item.body != MessageBody::Retracted;
        let command = match self.dice.below(10) {
            0..4 if own => {
                self.said = self.said.saturating_add(1);
                let text = format!("text {}, edited.", self.said);
                self.may_repeat(number, &text);
                if let Some(before) = text_of(&item) {
                    let first = self.first_texts.get(before).cloned().unwrap_or_else(|| before.to_owned());
                    self.first_texts.insert(text.clone(), first);
                    self.changed.insert(before.to_owned());
                }
                Command::Edit { message, text }
            }
            4 if own => {
                if let Some(before) = text_of(&item) {
                    self.gone.insert(self.first_texts.get(before).cloned().unwrap_or_else(|| before.to_owned()));
                    self.changed.insert(before.to_owned());
                }
                Command::Retract(message)
            }
            _ => {
                let emoji = self.dice.pick(&["👍", "❤️", "🎉"]).and_then(|emoji| Emoji::parse(emoji));
                let Some(emoji) = emoji else { return };
                let on = !item.reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji);
                Command::React { message, emoji, on }
            }
        };
        self.note(|| format!("device {number}: {command:?}"));
        self.command(number, command);
    }

    /// Whether a device's program dies here.
    fn dies(&mut self, number: usize) -> bool {
        if !self.dice.chance(self.faults.death) {
            return false;
        }
        self.note(|| format!("device {number} dies"));
        self.end(number);
        let away = self.dice.up_to(AWAY);
        self.after(away, Event::Start(number));
        true
    }

    /// A device's program is no more.
    fn end(&mut self, number: usize) {
        let conn = self.devices.get(number).and_then(|device| device.socket).map(|(_, conn)| conn);
        let unsure = self.devices.get_mut(number).map(Device::kill).unwrap_or_default();
        self.unsure.extend(unsure);
        if let Some(conn) = conn {
            self.cut(conn);
        }
    }

    /// Hands in an input and does what comes of it, as the driver's contract says.
    pub fn feed(&mut self, number: usize, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let now = self.queue.now();
            let Some(device) = self.devices.get_mut(number) else { return };
            let at = Timestamp(now.saturating_add(device.skew));
            let Some(account) = device.account.as_mut() else { return };
            let mut effects = account.handle(input, at, &mut device.dice.0);
            if self.mutation == Some(Mutation::WireBeforeCommit) {
                for wire in std::mem::take(&mut effects.wire) {
                    self.do_wire(number, wire);
                }
            }
            if self.dies(number) {
                return;
            }
            match self.commit(number, &mut effects) {
                Err(words) => {
                    next = Some(Input::CommitFailed(words));
                    continue;
                }
                Ok(()) if self.dies(number) => return,
                Ok(()) => {}
            }
            match self.carry_out(number, effects) {
                Some(loads) => next = loads,
                None => return,
            }
        }
    }

    fn commit(&mut self, number: usize, effects: &mut Effects) -> Result<(), String> {
        if effects.batch.is_empty() {
            return Ok(());
        }
        if self.dice.chance(self.faults.store) {
            self.note(|| format!("device {number} cannot store"));
            return Err("no room left".to_owned());
        }
        let mut batch = std::mem::take(&mut effects.batch);
        if self.mutation == Some(Mutation::NoIndex) {
            let ops = batch.into_ops().into_iter();
            let kept = ops.filter_map(|op| match op {
                Op::Put(table, row) if table != Table::MessageIds => Some((table, row)),
                _ => None,
            });
            batch = plausch_engine::store::Batch::default();
            kept.for_each(|(table, row)| batch.put(table, row.key, row.value));
        }
        let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
        device.store.commit(batch).now_or_never().map_or(Ok(()), |done| done.map_err(|error| error.to_string()))
    }

    /// What comes after the commit; `None` if the program is no more.
    fn carry_out(&mut self, number: usize, effects: Effects) -> Option<Option<Input>> {
        if let Some(device) = self.devices.get_mut(number) {
            let at = effects.wake_at.map(|at| at.0);
            let skew = device.skew;
            if let Some(at) = at.filter(|at| device.wake_at != Some(*at)) {
                self.queue.at(at.saturating_sub(skew), Event::Wake(number, at));
            }
            device.wake_at = at;
        }
        for wire in effects.wire {
            self.do_wire(number, wire);
            if self.dies(number) {
                return None;
            }
        }
        for (_, update) in effects.updates {
            self.publish(number, &update);
        }
        if let Some(end) = effects.end {
            self.broken.push(format!("device {number} ended: {:?}", end.reason));
            self.devices.get_mut(number)?.kill();
            return None;
        }
        if self.dies(number) {
            return None;
        }
        Some(self.load(number, effects.loads))
    }

    fn load(&mut self, number: usize, loads: Vec<(LoadId, Query)>) -> Option<Input> {
        if loads.is_empty() {
            return None;
        }
        let (ids, queries): (Vec<_>, Vec<_>) = loads.into_iter().unzip();
        let answers = self.devices.get_mut(number)?.store.load(queries).now_or_never()?.ok()?;
        Some(Input::Loaded(ids.into_iter().zip(answers).collect()))
    }

    fn publish<'a>(&mut self, number: usize, update: &'a Update) {
        let Some(device) = self.devices.get_mut(number) else { return };
        device.view.apply(update);
        if let Update::Done { command, result } = update
            && let Some(text) = device.asked.remove(command)
        {
            if result.is_ok() { &mut self.taken } else { &mut self.unsure }.push(text);
        }
        let items = match update {
            Update::Window { items, .. } | Update::WindowGrown { items, .. } => items.iter().collect(),
            Update::WindowChanged { changes, .. } => {
                let put = |change: &'a WindowChange| match change {
                    WindowChange::Put(item) => Some(item),
                    WindowChange::Remove(_) => None,
                };
                changes.iter().filter_map(put).collect()
            }
            _ => Vec::new(),
        };
        for item in items {
            let rank = item.state.as_ref().map_or(0, rank);
            let before = device.shown.insert(item.id.clone(), rank).unwrap_or_default();
            if rank < before {
                self.broken.push(format!("device {number}: {:?} fell from {before} to {rank}", item.body));
            }
        }
    }

    fn do_wire(&mut self, number: usize, wire: Wire) {
        let now = self.queue.now();
        match wire {
            Wire::Open { socket, .. } => {
                self.conns = self.conns.saturating_add(1);
                let conn = self.conns;
                if let Some(device) = self.devices.get_mut(number) {
                    device.socket = Some((socket, conn));
                    device.inbox.clear();
                }
                let link = Link {
                    device: number,
                    socket,
                    last_to_server: now,
                    last_to_device: now,
                    server_hears_until: Millis::MAX,
                    device_hears_until: Millis::MAX,
                };
                self.links.insert(conn, link);
                let refused = self.dice.chance(self.faults.refused);
                let event = if refused { Event::DeviceSeesEnd(conn) } else { Event::Opened(conn) };
                let after = self.dice.up_to(self.plan.delay);
                self.after(after, event);
            }
            Wire::Send { socket, frame } => {
                let current = self.devices.get(number).and_then(|device| device.socket);
                if let Some((_, conn)) = current.filter(|(current, _)| *current == socket) {
                    self.note(|| format!("device {number} > {frame}"));
                    // What is sent is on disk.
                    let id = id_within(&frame).filter(|_| frame.starts_with("<message"));
                    if let Some(device) = self.devices.get_mut(number) {
                        device.kept.extend(id);
                    }
                    let delay = self.dice.up_to(self.plan.delay);
                    if let Some(link) = self.links.get_mut(&conn) {
                        link.last_to_server = link.last_to_server.max(now.saturating_add(delay));
                        let at = link.last_to_server;
                        self.queue.at(at, Event::ToServer(conn, frame));
                    }
                }
            }
            Wire::Close(socket) => {
                let Some(device) = self.devices.get_mut(number) else { return };
                if let Some((_, conn)) = device.socket.take_if(|(current, _)| *current == socket)
                    && let Some(link) = self.links.get_mut(&conn)
                {
                    link.device_hears_until = now;
                    let at = link.last_to_server;
                    self.queue.at(at, Event::ServerSeesEnd(conn));
                }
            }
            Wire::Http(request) => {
                if !request.farewell {
                    let after = self.dice.up_to(self.plan.delay);
                    self.after(after, Event::Http(number, request.id));
                }
            }
        }
    }

    fn is_current(&self, number: usize, conn: Conn) -> bool {
        let socket = self.devices.get(number).and_then(|device| device.socket);
        socket.is_some_and(|(_, current)| current == conn)
    }

    fn flush_device(&mut self, number: usize) {
        let Some(device) = self.devices.get_mut(number) else { return };
        let frames = std::mem::take(&mut device.inbox);
        let Some((socket, _)) = device.socket.filter(|_| !frames.is_empty()) else { return };
        device.handed.extend(frames.iter().filter_map(|frame| id_within(frame)));
        if self.log.is_some() {
            frames.iter().for_each(|frame| self.note(|| format!("device {number} < {frame}")));
        }
        self.feed(number, Input::Frames { socket, frames });
    }

    fn device_sees_end(&mut self, conn: Conn) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let (number, socket) = (link.device, link.socket);
        link.device_hears_until = self.queue.now();
        if self.is_current(number, conn) {
            self.flush_device(number);
            if self.is_current(number, conn)
                && let Some(device) = self.devices.get_mut(number)
            {
                device.socket = None;
                self.note(|| format!("device {number}: the connection is closed"));
                self.feed(number, Input::SocketClosed(socket));
            }
        }
    }

    fn flush_server(&mut self) {
        for (conn, message) in std::mem::take(&mut self.server.confirmed) {
            self.confirmed(conn, &message);
        }
        let now = self.queue.now();
        for (conn, out) in std::mem::take(&mut self.server.out) {
            let delay = self.dice.up_to(self.plan.delay);
            let Some(link) = self.links.get_mut(&conn) else { continue };
            link.last_to_device = link.last_to_device.max(now.saturating_add(delay));
            let at = link.last_to_device;
            let event = match out {
                Out::Frame(frame) => Event::ToDevice(conn, frame),
                Out::Close => Event::DeviceSeesEnd(conn),
            };
            self.queue.at(at, event);
        }
    }

    /// What a device has confirmed, it has.
    fn confirmed(&mut self, conn: Conn, message: &Element) {
        let Some(number) = self.links.get(&conn).map(|link| link.device) else { return };
        if let Some(device) = self.devices.get_mut(number) {
            device.kept.extend(message.attr("id").map(str::to_owned));
        }
        if let Some(text) = body(message) {
            self.check_on_disk(number, &text);
        }
    }

    fn check_on_disk(&mut self, number: usize, text: &str) {
        if self.gone.contains(self.first_texts.get(text).map_or(text, String::as_str)) {
            return;
        }
        let Some(device) = self.devices.get_mut(number) else { return };
        let loaded = device.store.load(vec![Query::All(Table::Messages)]).now_or_never();
        let Some(Ok(loaded)) = loaded else { return };
        let contains = |value: &[u8]| value.windows(text.len()).any(|window| window == text.as_bytes());
        let there = loaded.iter().any(|table| match table {
            Loaded::Rows(rows) => rows.iter().any(|row| contains(&row.value)),
            Loaded::Found(_) | Loaded::Size { .. } => false,
        });
        if !there {
            self.broken.push(format!("device {number} confirmed {text:?} and does not have it"));
        }
    }

    fn cut_one(&mut self) {
        let conns: Vec<Conn> = self.devices.iter().filter_map(|device| Some(device.socket?.1)).collect();
        if let Some(conn) = self.dice.pick(&conns).copied() {
            self.note(|| "a connection is cut".to_owned());
            self.cut(conn);
        }
    }

    /// A connection breaks: each direction at its own moment, and each end notices in its own time.
    fn cut(&mut self, conn: Conn) {
        let now = self.queue.now();
        let (to_server, to_device) = (self.dice.up_to(self.plan.delay), self.dice.up_to(self.plan.delay));
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.server_hears_until = link.server_hears_until.min(now.saturating_add(to_server));
        link.device_hears_until = link.device_hears_until.min(now.saturating_add(to_device));
        let (server, device) = (self.dice.up_to(NOTICE), self.dice.up_to(NOTICE));
        self.after(to_server.saturating_add(server), Event::ServerSeesEnd(conn));
        self.after(to_device.saturating_add(device), Event::DeviceSeesEnd(conn));
    }
}

/// What its author calls the message in a frame.
fn id_within(frame: &str) -> Option<String> {
    let stanza = parse(frame, &Limits::default()).ok()?;
    message_in(&stanza)?.attr("id").map(str::to_owned)
}
