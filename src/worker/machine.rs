//! What the host drives: the engine's account, behind the few functions that the host needs of it.
//!
//! The trait exists so that the host can be tested with a scripted account; [`Account`] is the only other implementation.

use plausch_engine::Account;
use plausch_engine::io::{AccountConfig, Effects, Input};
use plausch_model::{BareJid, SignInError, Timestamp};
use rand_core::CryptoRng;

/// A sans-IO account: one input in, all its effects out.
pub trait Machine: Sized + 'static {
    /// Normalises an address as a person typed it.
    fn parse_address(typed: &str, default_domain: Option<&str>) -> Result<BareJid, SignInError>;

    /// An account that has not seen [`Input::Start`] yet; `None` if the configured address is none.
    fn new(config: AccountConfig) -> Option<Self>;

    /// Takes one input and says what to do about it.
    fn handle(&mut self, input: Input, now: Timestamp, rng: &mut dyn CryptoRng) -> Effects;
}

impl Machine for Account {
    fn parse_address(typed: &str, default_domain: Option<&str>) -> Result<BareJid, SignInError> {
        plausch_engine::parse_address(typed, default_domain)
    }

    fn new(config: AccountConfig) -> Option<Self> {
        Self::new(config)
    }

    fn handle(&mut self, input: Input, now: Timestamp, rng: &mut dyn CryptoRng) -> Effects {
        self.handle(input, now, rng)
    }
}
