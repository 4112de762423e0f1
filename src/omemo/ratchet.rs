//! The Double Ratchet (§3 of its document) with the parameters of OMEMO (XEP-0384 §4.3).
//!
//! Receiving finds the message's key without changing anything, checks tag and padding, and only then applies what it found. So
//! a message that is refused leaves no trace.
//!
//! Differences from the document:
//! - The new ratchet key of this side is drawn at once when the other's arrives, as all implementations do.
//! - Some clients send one less than the length of their previous chain. So the key after the last that is said to exist is
//!   kept, too; else the last message of their chain would be lost when it comes late.
//! - A previous chain that is said to be longer than any limit allows is no error: the gap is not filled, the message is read.
//! - Of the other's past ratchet keys the last [`MAX_PAST_CHAINS`] are remembered, which tells a repeated message from one that
//!   cannot be read.

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cipher::{CipherKeys, OpenError};
use crate::kdf::{chain_step, root_step};
use crate::keys::{CurveKey, KeyPair, LowOrderKey, RatchetKey};
use crate::protocol::Protocol;
use crate::secret::Secret;
use crate::skipped::{MessageKey, SkippedKeys, same};
use crate::state::{Reader, StateError, Writer};
use crate::wire::{Header, RatchetMessage, encode_authenticated, encode_message};

/// How many messages of a chain may be missing before one that arrives.
pub const MAX_JUMP: u32 = 2000;
/// Past ratchet keys of the other side that are remembered.
pub const MAX_PAST_CHAINS: usize = 50;
/// The first message of a chain with at least this number makes an empty message due (XEP-0384 §6).
pub const HEARTBEAT_NUMBER: u32 = 53;

/// Why a ratchet message was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RatchetError {
    /// It was decrypted before.
    #[error("the message was decrypted before")]
    Duplicate,
    /// More messages are missing before it than are ever skipped.
    #[error("too many messages are missing")]
    TooFarAhead,
    /// It belongs to a past chain, of which its key was not kept.
    #[error("the key of this late message was not kept")]
    KeyNotKept,
    /// Its ratchet key is of low order.
    #[error(transparent)]
    LowOrderKey(#[from] LowOrderKey),
    /// Its tag does not fit: it was altered, or made for another session.
    #[error("the tag does not fit")]
    Tag,
    /// Its tag fits, but its padding does not: the sender's software is broken.
    #[error("the padding is wrong")]
    Padding,
}

impl From<OpenError> for RatchetError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Tag => Self::Tag,
            OpenError::Padding => Self::Padding,
        }
    }
}

/// A chain of message keys.
#[derive(Clone, Debug)]
struct Chain {
    key: Secret,
    /// The number of the next message.
    number: u32,
}

impl Chain {
    fn new(key: Secret) -> Self {
        Self { key, number: 0 }
    }

    /// The key of the next message. `None` at the end of the chain, 2³² − 1 messages on.
    fn next(&mut self) -> Option<MessageKey> {
        let following = self.number.checked_add(1)?;
        let (chain, key) = chain_step(&self.key);
        let number = std::mem::replace(&mut self.number, following);
        self.key = chain;
        Some(MessageKey { number, key })
    }

    /// The keys before this number, and the one of it.
    fn skip_to(&mut self, number: u32) -> Result<(Vec<MessageKey>, MessageKey), RatchetError> {
        let missing = number.checked_sub(self.number).ok_or(RatchetError::Duplicate)?;
        if missing > MAX_JUMP {
            return Err(RatchetError::TooFarAhead);
        }
        let skipped = (0..missing).map_while(|_| self.next()).collect();
        self.next().map(|key| (skipped, key)).ok_or(RatchetError::TooFarAhead)
    }

    fn write(&self, writer: &mut Writer) {
        writer.secret(&self.key);
        writer.u32(self.number);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self { key: reader.secret()?, number: reader.u32()? })
    }
}

/// The other side's present chain.
#[derive(Clone, Debug)]
struct Receiving {
    ratchet_key: RatchetKey,
    chain: Chain,
    /// Whether its heartbeat was reported.
    heartbeat_reported: bool,
}

/// A past chain of the other side.
#[derive(Clone, Debug)]
struct PastChain {
    ratchet_key: RatchetKey,
    /// Messages from this number on were never known.
    end: u32,
}

/// One side of a Double Ratchet.
#[derive(Clone, Debug)]
pub(crate) struct Ratchet {
    root: Secret,
    own: KeyPair<RatchetKey>,
    sending: Chain,
    previous: u32,
    receiving: Option<Receiving>,
    skipped: SkippedKeys,
    past: Vec<PastChain>,
}

/// A ratchet's output for a message that was accepted.
#[derive(Debug)]
pub(crate) struct Received {
    pub plaintext: Zeroizing<Vec<u8>>,
    pub heartbeat_due: bool,
}

/// Where the key of a message was found, and what to do if the message is genuine.
enum Step {
    /// Among the skipped keys.
    Late,
    /// In the present chain.
    Advance { skipped: Vec<MessageKey>, chain: Chain },
    /// In a new chain.
    Turn(Turn),
}

/// What remains of the present chain when a new one begins.
struct Closing {
    keys: Vec<MessageKey>,
    doubtful: Option<u32>,
    end: u32,
}

/// The first half of a turn of the Diffie-Hellman ratchet.
struct Turn {
    root: Secret,
    skipped: Vec<MessageKey>,
    chain: Chain,
}

/// The second half: a new key of this side, and the chain to send by.
struct Turned {
    root: Secret,
    own: KeyPair<RatchetKey>,
    sending: Chain,
}

impl Turn {
    /// The receiving chain of a new ratchet key, and the key of a message of it.
    fn derive(
        protocol: &Protocol,
        root: &Secret,
        own: &KeyPair<RatchetKey>,
        header: &Header,
    ) -> Result<(Self, MessageKey), RatchetError> {
        if header.number > MAX_JUMP {
            return Err(RatchetError::TooFarAhead);
        }
        let (root, chain) = root_step(protocol, root, &own.diffie_hellman(&header.ratchet_key)?);
        let mut chain = Chain::new(chain);
        let (skipped, key) = chain.skip_to(header.number)?;
        Ok((Self { root, skipped, chain }, key))
    }

    fn complete(
        &self,
        protocol: &Protocol,
        remote: &RatchetKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Turned, LowOrderKey> {
        let own = KeyPair::draw(rng);
        let (root, sending) = root_step(protocol, &self.root, &own.diffie_hellman(remote)?);
        Ok(Turned { root, own, sending: Chain::new(sending) })
    }
}

impl Ratchet {
    /// The initiator's side: the responder's signed pre-key is its first ratchet key (Double Ratchet §7.1).
    pub fn initiate(
        protocol: &Protocol,
        shared_secret: &Secret,
        remote: &RatchetKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, LowOrderKey> {
        let own = KeyPair::draw(rng);
        let (root, sending) = root_step(protocol, shared_secret, &own.diffie_hellman(remote)?);
        let sending = Chain::new(sending);
        Ok(Self { root, own, sending, previous: 0, receiving: None, skipped: SkippedKeys::default(), past: Vec::new() })
    }

    /// The responder's side, by a first message.
    pub fn respond(
        protocol: &Protocol,
        shared_secret: &Secret,
        signed_pre_key: &KeyPair<RatchetKey>,
        message: &RatchetMessage<'_>,
        associated_data: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Received), RatchetError> {
        let header = message.header();
        let (turn, key) = Turn::derive(protocol, shared_secret, signed_pre_key, header)?;
        let plaintext = open(protocol, &key, message, associated_data)?;
        let turned = turn.complete(protocol, &header.ratchet_key, rng)?;
        let mut ratchet = Self {
            root: turned.root,
            own: turned.own,
            sending: turned.sending,
            previous: 0,
            receiving: None,
            skipped: SkippedKeys::default(),
            past: Vec::new(),
        };
        let heartbeat_due = ratchet.begin_receiving(header, turn.skipped, turn.chain);
        Ok((ratchet, Received { plaintext, heartbeat_due }))
    }

    /// How many messages were sent since the other side last showed that it receives them.
    pub fn unanswered(&self) -> u32 {
        self.sending.number
    }

    /// Encrypts a message. `None` at the end of the chain.
    pub fn send(&mut self, protocol: &Protocol, plaintext: &[u8], associated_data: &[u8]) -> Option<Vec<u8>> {
        let key = self.sending.next()?;
        let header = Header { ratchet_key: self.own.public(), number: key.number, previous: self.previous };
        let keys = CipherKeys::derive(key.key.as_bytes(), protocol.message_info);
        let authenticated = encode_message(protocol, &header, &keys.encrypt(plaintext));
        let tag = keys.tag(&[associated_data, &authenticated]);
        let tag = tag.get(..protocol.tag_bytes)?;
        Some(encode_authenticated(protocol, authenticated, tag))
    }

    /// Decrypts a message, or changes nothing.
    pub fn receive(
        &mut self,
        protocol: &Protocol,
        message: &RatchetMessage<'_>,
        associated_data: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Received, RatchetError> {
        let (step, key) = self.find(protocol, message.header())?;
        let plaintext = open(protocol, &key, message, associated_data)?;
        let heartbeat_due = self.apply(protocol, step, message.header(), rng)?;
        self.skipped.count_message();
        Ok(Received { plaintext, heartbeat_due })
    }

    fn find(&self, protocol: &Protocol, header: &Header) -> Result<(Step, MessageKey), RatchetError> {
        if let Some(key) = self.skipped.get(&header.ratchet_key, header.number) {
            return Ok((Step::Late, key.clone()));
        }
        if let Some(receiving) = self.receiving.as_ref().filter(|now| same(&now.ratchet_key, &header.ratchet_key)) {
            let mut chain = receiving.chain.clone();
            let (skipped, key) = chain.skip_to(header.number)?;
            return Ok((Step::Advance { skipped, chain }, key));
        }
        if let Some(past) = self.past.iter().find(|past| same(&past.ratchet_key, &header.ratchet_key)) {
            let known = header.number < past.end;
            return Err(if known { RatchetError::Duplicate } else { RatchetError::KeyNotKept });
        }
        let (turn, key) = Turn::derive(protocol, &self.root, &self.own, header)?;
        Ok((Step::Turn(turn), key))
    }

    /// Takes over what was found; whether a heartbeat is due.
    fn apply(
        &mut self,
        protocol: &Protocol,
        step: Step,
        header: &Header,
        rng: &mut dyn CryptoRng,
    ) -> Result<bool, RatchetError> {
        match step {
            Step::Late => {
                self.skipped.remove(&header.ratchet_key, header.number);
                Ok(false)
            }
            Step::Advance { skipped, chain } => {
                self.skipped.add(&header.ratchet_key, skipped);
                let Some(receiving) = &mut self.receiving else { return Ok(false) };
                receiving.chain = chain;
                Ok(receiving.report_heartbeat(header.number))
            }
            Step::Turn(turn) => {
                let turned = turn.complete(protocol, &header.ratchet_key, rng)?;
                self.close_receiving(header.previous);
                self.root = turned.root;
                self.own = turned.own;
                self.previous = self.sending.number;
                self.sending = turned.sending;
                Ok(self.begin_receiving(header, turn.skipped, turn.chain))
            }
        }
    }

    fn close_receiving(&mut self, previous: u32) {
        let Some(receiving) = self.receiving.take() else { return };
        let closing = Closing::of(receiving.chain, previous);
        self.skipped.add(&receiving.ratchet_key, closing.keys);
        self.skipped.close(&receiving.ratchet_key, closing.doubtful);
        if self.past.len() >= MAX_PAST_CHAINS {
            self.past.remove(0);
        }
        self.past.push(PastChain { ratchet_key: receiving.ratchet_key, end: closing.end });
    }

    fn begin_receiving(&mut self, header: &Header, skipped: Vec<MessageKey>, chain: Chain) -> bool {
        self.skipped.add(&header.ratchet_key, skipped);
        let receiving = Receiving { ratchet_key: header.ratchet_key, chain, heartbeat_reported: false };
        self.receiving.insert(receiving).report_heartbeat(header.number)
    }

    pub fn write(&self, writer: &mut Writer) {
        writer.secret(&self.root);
        writer.secret(self.own.secret());
        writer.bytes(self.own.public().as_bytes());
        self.sending.write(writer);
        writer.u32(self.previous);
        writer.option(self.receiving.as_ref(), |writer, receiving| {
            writer.bytes(receiving.ratchet_key.as_bytes());
            receiving.chain.write(writer);
            writer.flag(receiving.heartbeat_reported);
        });
        self.skipped.write(writer);
        writer.list(&self.past, |writer, past| {
            writer.bytes(past.ratchet_key.as_bytes());
            writer.u32(past.end);
        });
    }

    pub fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            root: reader.secret()?,
            own: KeyPair::from_stored(reader.secret()?, reader.array()?),
            sending: Chain::read(reader)?,
            previous: reader.u32()?,
            receiving: reader.option(|reader| {
                Ok(Receiving {
                    ratchet_key: RatchetKey::from_bytes(reader.array()?),
                    chain: Chain::read(reader)?,
                    heartbeat_reported: reader.flag()?,
                })
            })?,
            skipped: SkippedKeys::read(reader)?,
            past: reader.list(MAX_PAST_CHAINS, |reader| {
                Ok(PastChain { ratchet_key: RatchetKey::from_bytes(reader.array()?), end: reader.u32()? })
            })?,
        })
    }
}

impl Receiving {
    /// Whether this message makes an empty message due: once in a chain.
    fn report_heartbeat(&mut self, number: u32) -> bool {
        let due = number >= HEARTBEAT_NUMBER && !self.heartbeat_reported;
        self.heartbeat_reported |= due;
        due
    }
}

impl Closing {
    /// Keys up to the number `previous`, itself included.
    fn of(mut chain: Chain, previous: u32) -> Self {
        let keys = match chain.skip_to(previous) {
            Ok((mut skipped, last)) => {
                skipped.push(last);
                skipped
            }
            Err(_) => Vec::new(), // nothing is missing, or more than is ever filled
        };
        Self { doubtful: keys.last().map(|key| key.number), keys, end: chain.number }
    }
}

fn open(
    protocol: &Protocol,
    key: &MessageKey,
    message: &RatchetMessage<'_>,
    associated_data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
    let keys = CipherKeys::derive(key.key.as_bytes(), protocol.message_info);
    let authenticated = [associated_data, message.authenticated()];
    Ok(keys.open(&authenticated, message.tag(), protocol.tag_bytes, message.ciphertext())?)
}
