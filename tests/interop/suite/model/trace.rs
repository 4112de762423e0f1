//! Plays a script and writes down what each device gets to see, in words that both servers share: people and devices by
//! their names, ids of archives by numbers, no stamps. Presence is left out: the model has it for routing only, and who is
//! whose contact makes no other difference.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use plausch_native::nfkc;
use plausch_simulation::Dice;
use plausch_xmpp::ns;
use plausch_xmpp::sasl::{Exchange, IterationBounds, Offer, Password, Proof, ScramHash};
use plausch_xmpp::stream::ns as stream;
use plausch_xmpp::xml::{Element, Limits, Node, parse};

use super::scripts::{Script, Step};
use super::stage::{PEOPLE, Stage};
use crate::tools::Fallible;

/// Plays it to the end.
pub async fn play(script: &Script, stage: impl Stage) -> Fallible<Vec<String>> {
    let mut play = Play {
        stage,
        devices: BTreeMap::new(),
        signed_in: 0,
        words: Words::default(),
        counts: false,
        arrived: Vec::new(),
        trace: Vec::new(),
        settled: 0,
    };
    for step in script.steps {
        play.trace.push(format!("# {step:?}"));
        play.step(step).await.map_err(|error| format!("{error} after\n{}", play.trace.join("\n")))?;
    }
    Ok(play.trace)
}

/// A device as its person's client keeps it.
#[derive(Default)]
struct Device {
    connected: bool,
    /// The full addresses of its sessions, the present one last.
    addresses: Vec<String>,
    /// What its session is resumed by.
    session: String,
    /// Stanzas that it received in its session.
    handled: u32,
    /// The same, when it was last written to disk.
    stored: u32,
}

impl Device {
    fn address(&self) -> &str {
        self.addresses.last().map(String::as_str).unwrap_or_default()
    }
}

struct Play<S> {
    stage: S,
    devices: BTreeMap<&'static str, Device>,
    signed_in: u64,
    words: Words,
    /// The last query was for the count.
    counts: bool,
    /// What came in this step, and to which device; nothing is the end of its connection.
    arrived: Vec<(&'static str, Option<Element>)>,
    trace: Vec<String>,
    settled: u32,
}

impl<S: Stage> Play<S> {
    async fn step(&mut self, step: &Step) -> Fallible<()> {
        match *step {
            Step::SignIn(device) => self.sign_in(device, None).await?,
            Step::Resume(device) => {
                let handled = self.device(device).handled;
                self.sign_in(device, Some(handled)).await?;
            }
            Step::ResumeFromStored(device) => {
                let handled = self.device(device).stored;
                self.device(device).handled = handled;
                self.sign_in(device, Some(handled)).await?;
            }
            Step::Store(device) => {
                let device = self.device(device);
                device.stored = device.handled;
            }
            Step::Send(device, xml) => self.send(device, xml).await?,
            Step::Acknowledge(device) => {
                let handled = self.device(device).handled;
                self.send(device, &format!("<a xmlns='{}' h='{handled}'/>", stream::SM)).await?;
            }
            Step::RequestAck(device) => self.send(device, &format!("<r xmlns='{}'/>", stream::SM)).await?,
            Step::Leave(device) => {
                self.send(device, &format!("<close xmlns='{}'/>", stream::FRAMING)).await?;
                while let Some(element) = self.receive(device).await? {
                    self.arrived.push((device, Some(element)));
                }
            }
            Step::Lose(device) => {
                self.device(device).connected = false;
                self.stage.cut(device).await?;
            }
            Step::Expire(device) => {
                let address = self.device(device).address().to_owned();
                self.stage.expire(&address).await?;
            }
            Step::Wait => self.stage.wait().await,
        }
        self.settle().await
    }

    fn device(&mut self, device: &'static str) -> &mut Device {
        self.devices.entry(device).or_default()
    }

    async fn send(&mut self, device: &'static str, xml: &str) -> Fallible<()> {
        if xml.contains(ns::MAM) {
            self.counts = xml.contains("<max>0</max>");
        }
        let frame = self.real(xml);
        self.stage.send(device, frame).await
    }

    /// A script's XML as this server is to get it.
    fn real(&self, xml: &str) -> String {
        let mut frame = self.words.real(xml);
        for (name, device) in &self.devices {
            frame = frame.replace(&format!("{{{name}}}"), device.address());
        }
        for person in PEOPLE {
            frame = frame.replace(&format!("{{{person}}}"), &self.stage.address(person));
        }
        let stanza = ["<message", "<presence", "<iq"].into_iter().find(|start| frame.starts_with(start));
        match stanza {
            Some(start) => frame.replacen(start, &format!("{start} xmlns='jabber:client'"), 1),
            None => frame,
        }
    }

    /// Signs in as the app does: with SASL2 and Bind 2, resuming the former session if it has received so much in it.
    async fn sign_in(&mut self, device: &'static str, handled: Option<u32>) -> Fallible<()> {
        self.stage.connect(device).await?;
        let open = format!("<open xmlns='{}' to='{}' version='1.0'/>", stream::FRAMING, self.stage.domain());
        self.stage.send(device, open).await?;
        self.until(device, "features").await?;
        self.signed_in += 1;
        let (person, _) = device.split_once('/').unwrap_or_default();
        let mut exchange = self.exchange(person);
        let resume = handled.map(|handled| {
            format!("<resume xmlns='{}' previd='{}' h='{handled}'/>", stream::SM, self.devices[device].session)
        });
        // Each time from somewhere else: with the same user agent, Prosody would put the new session in the former one's
        // place, where the model gives it a resource of its own.
        let authenticate = format!(
            "<authenticate xmlns='{}' mechanism='{}'><initial-response>{}</initial-response>\
             <user-agent id='{:08x}-0000-4000-8000-000000000000'/>{}<bind xmlns='{}'><tag>Plausch</tag><enable xmlns='{}'/>\
             <enable xmlns='{}' resume='true'/></bind></authenticate>",
            stream::SASL2,
            exchange.mechanism(),
            BASE64.encode(exchange.initial_response()?),
            self.signed_in,
            resume.unwrap_or_default(),
            stream::BIND2,
            ns::CARBONS,
            stream::SM
        );
        self.stage.send(device, authenticate).await?;
        let challenge = BASE64.decode(self.until(device, "challenge").await?.text())?;
        let response = BASE64.encode(exchange.respond(&challenge)?);
        self.stage.send(device, format!("<response xmlns='{}'>{response}</response>", stream::SASL2)).await?;
        let success = self.until(device, "success").await?;
        let proof = success.child_text("additional-data", stream::SASL2).unwrap_or_default();
        exchange.finish(Some(&BASE64.decode(proof)?))?;
        self.is_in(device, &success);
        self.until(device, "features").await?;
        Ok(())
    }

    fn exchange(&self, person: &str) -> Exchange {
        let proof = Proof::Password(Password::new(&self.stage.password(person), nfkc));
        let address = self.stage.address(person);
        let user = address.split('@').next().unwrap_or_default();
        let mut dice = Dice::of(self.signed_in);
        let bounds = IterationBounds::default();
        Exchange::scram(ScramHash::Sha256, user, &proof, Offer::default(), bounds, &mut dice.0)
    }

    fn is_in(&mut self, name: &'static str, success: &Element) {
        let address = success.child_text("authorization-identifier", stream::SASL2).unwrap_or_default();
        let enabled = success.child("bound", stream::BIND2).and_then(|bound| bound.child("enabled", stream::SM));
        let device = self.device(name);
        device.connected = true;
        if let Some(enabled) = enabled {
            device.addresses.push(address);
            device.session = enabled.attr("id").unwrap_or_default().to_owned();
            (device.handled, device.stored) = (0, 0);
        }
        let told = success.children().filter(|child| !matches!(child.ns(), stream::SASL2 | stream::FAST));
        self.arrived.extend(told.map(|child| (name, Some(child.clone()))));
    }

    /// The next element of this name; what comes before it is written down.
    async fn until(&mut self, device: &'static str, name: &str) -> Fallible<Element> {
        loop {
            let element = self.receive(device).await?.ok_or_else(|| format!("{device}: no {name}"))?;
            if element.name() == name {
                return Ok(element);
            }
            if element.name() != "open" {
                self.arrived.push((device, Some(element)));
            }
        }
    }

    async fn receive(&mut self, device: &'static str) -> Fallible<Option<Element>> {
        let Some(frame) = self.stage.receive(device).await? else {
            self.device(device).connected = false;
            self.arrived.push((device, None));
            return Ok(None);
        };
        let element = parse(&frame, &Limits::default()).map_err(|error| format!("{error}: {frame}"))?;
        if matches!(element.name(), "message" | "presence" | "iq") {
            self.device(device).handled += 1;
        }
        Ok(Some(element))
    }

    fn note(&mut self, device: &'static str, element: &Element) {
        self.words.learn(element);
        let mut line = self.words.normal(element, self.counts).to_xml();
        for (address, name) in self.names() {
            line = line.replace(&address, &name);
        }
        if element.name() == "iq" {
            // It came over this connection, so it is for this device, whether that is said or not.
            line = line.replacen(&format!(" to='{{{device}}}'"), "", 1);
        }
        line = line.replace(&format!("'{}'", self.stage.domain()), "'{server}'");
        self.trace.push(format!("{device} < {line}"));
    }

    /// Addresses and what they are called, the longest first. Former ones of a device are numbered.
    fn names(&self) -> Vec<(String, String)> {
        let mut names = PEOPLE.map(|person| (self.stage.address(person), format!("{{{person}}}"))).to_vec();
        for (name, device) in &self.devices {
            for (number, address) in device.addresses.iter().enumerate() {
                let is_present = number + 1 == device.addresses.len();
                let number = if is_present { String::new() } else { format!(" {number}") };
                names.push((address.clone(), format!("{{{name}{number}}}")));
            }
        }
        names.sort_by_key(|(address, _)| std::cmp::Reverse(address.len()));
        names
    }

    /// Lets everything arrive that comes of what was done: a first round of pings has the server do it all, a second one
    /// brings what followed.
    async fn settle(&mut self) -> Fallible<()> {
        for _ in 0..2 {
            let connected = self.devices.iter().filter(|(_, device)| device.connected).map(|(name, _)| *name);
            for device in connected.collect::<Vec<_>>() {
                self.settled += 1;
                let id = format!("settle-{}", self.settled);
                let domain = self.stage.domain();
                let ping = format!("<iq type='get' id='{id}' to='{domain}'><ping xmlns='{}'/></iq>", ns::PING);
                self.send(device, &ping).await?;
                while let Some(element) = self.receive(device).await? {
                    if element.attr("id") == Some(&id) {
                        break;
                    }
                    self.arrived.push((device, Some(element)));
                }
            }
        }
        // Which device got something first says nothing. Servers ask for acknowledgements whenever they like.
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.sort_by_key(|(device, _)| *device);
        for (device, element) in arrived {
            match element {
                Some(element) if element.is("r", stream::SM) || element.name() == "presence" => {}
                Some(element) => self.note(device, &element),
                None => self.trace.push(format!("{device}: the connection ends")),
            }
        }
        Ok(())
    }
}

/// Ids that only one server knows, by numbers in the order in which they turned up, and the stamps of what they name.
#[derive(Default)]
struct Words {
    ids: Vec<String>,
    stamps: BTreeMap<String, String>,
}

impl Words {
    /// `#1` becomes the id that turned up first, `@1` the stamp of the message that it names.
    fn real(&self, xml: &str) -> String {
        let ids = (1..).zip(&self.ids).collect::<Vec<(u32, &String)>>();
        ids.iter().rev().fold(xml.to_owned(), |xml, (number, id)| {
            let stamp = self.stamps.get(*id).map(String::as_str).unwrap_or_default();
            xml.replace(&format!("#{number}<"), &format!("{id}<")).replace(&format!("@{number}<"), &format!("{stamp}<"))
        })
    }

    fn learn(&mut self, message: &Element) {
        let stamp = |result: &Element| {
            let delay = result.child("forwarded", ns::FORWARD)?.child("delay", ns::DELAY)?;
            Some((result.attr("id")?.to_owned(), delay.attr("stamp")?.to_owned()))
        };
        self.stamps.extend(message.child("result", ns::MAM).and_then(stamp));
    }

    fn number(&mut self, id: &str) -> String {
        let known = self.ids.iter().position(|known| known == id).unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("#{}", known + 1)
    }

    /// The element without what says nothing: languages, stamps, ids of sessions, the order of attributes and of a page's ends,
    /// which prosody gives in another one each time it starts, and texts of errors.
    /// Counts and indices of pages need not be given (XEP-0059 §2.6), unless nothing but the count was asked for.
    fn normal(&mut self, element: &Element, counts: bool) -> Element {
        let is_archive_id =
            matches!((element.name(), element.ns()), ("stanza-id", ns::STANZA_IDS) | ("result", ns::MAM));
        let mut attributes: Vec<(&str, &str)> = element.attrs().collect();
        attributes.sort_unstable();
        let mut normal = Element::builder(element.name(), element.ns());
        for (name, value) in attributes {
            normal = match name {
                "stamp" | "max" | "previd" => normal.attr(name, ""),
                "id" if element.ns() == stream::SM => normal.attr(name, ""),
                "id" if is_archive_id => normal.attr(name, self.number(value)),
                "index" if element.ns() == ns::RSM => normal,
                "xml:lang" | "lang" => normal,
                _ => normal.attr(name, value),
            };
        }
        let is_place = element.ns() == ns::RSM && matches!(element.name(), "first" | "last");
        let mut nodes: Vec<&Node> = element.nodes().iter().collect();
        if element.is("set", ns::RSM) {
            nodes.sort_by_key(|node| match node {
                Node::Element(child) => child.name().to_owned(),
                Node::Text(_) => String::new(),
            });
        }
        for node in nodes {
            normal = match node {
                Node::Element(child) if child.is("text", ns::STANZAS) || child.is("count", ns::RSM) && !counts => {
                    normal
                }
                Node::Element(child) => normal.child(self.normal(child, counts)),
                Node::Text(text) if is_place => normal.text(self.number(text)),
                Node::Text(text) => normal.text(text),
            };
        }
        normal.build()
    }
}
