//! Randomness that the vectors say.

use std::collections::VecDeque;
use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// Gives the bytes that it was made of, and panics where more are drawn.
pub struct Given(VecDeque<u8>);

impl Given {
    pub fn new(pieces: &[Vec<u8>]) -> Self {
        Self(pieces.concat().into())
    }

    /// Whether all was drawn.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for byte in target {
            *byte = self.0.pop_front().expect("more randomness is drawn than the vector allows");
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}
