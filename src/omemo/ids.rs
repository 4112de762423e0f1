//! Numbers that must not be mistaken for each other.

use std::fmt;

use rand_core::CryptoRng;

/// Ids are the positive numbers of a signed 32-bit integer (XEP-0384 §5.1, §5.3.2).
const MAX_ID: u32 = i32::MAX as u32;

/// The id of a device: 1 to 2³¹ − 1, unique within its account over both versions (XEP-0384 §5.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeviceId(u32);

impl DeviceId {
    /// The id of this number, if it is one.
    pub const fn new(number: u32) -> Option<Self> {
        if number >= 1 && number <= MAX_ID { Some(Self(number)) } else { None }
    }

    /// Draws an id. The caller checks that it is on none of the account's device lists before publishing it, and draws again
    /// otherwise (XEP-0384 §6).
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        loop {
            if let Some(id) = Self::new(rng.next_u32() & MAX_ID) {
                return id;
            }
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! key_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Ours are counted from 1 and never used again. Those of others may be 0, which some clients publish.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u32);

        impl $name {
            /// The first id that is given out.
            pub(crate) const FIRST: Self = Self(1);

            /// The id of this number, if it is one: 0 to 2³¹ − 1.
            pub const fn new(number: u32) -> Option<Self> {
                if number <= MAX_ID { Some(Self(number)) } else { None }
            }

            /// The number.
            pub const fn get(self) -> u32 {
                self.0
            }

            /// The id after this one. After 2³¹ − 1 it begins anew.
            pub(crate) const fn next(self) -> Self {
                match self.0.checked_add(1) {
                    Some(number) if number <= MAX_ID => Self(number),
                    _ => Self::FIRST,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

key_id!(
    /// The id of a one-time pre-key within its device and version.
    PreKeyId
);
key_id!(
    /// The id of a signed pre-key within its device and version. A one-time pre-key may have the same number (XEP-0384 §5.3.2).
    SignedPreKeyId
);

/// Seconds since 1970, UTC: given by the caller, as this crate has no clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Seconds from an earlier time until this one; 0 if that time is later.
    pub(crate) const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_ids_are_positive_and_of_31_bits() {
        assert_eq!(DeviceId::new(0), None);
        assert_eq!(DeviceId::new(1).map(DeviceId::get), Some(1));
        assert_eq!(DeviceId::new(0x7fff_ffff).map(DeviceId::get), Some(0x7fff_ffff));
        assert_eq!(DeviceId::new(0x8000_0000), None);
        assert_eq!(DeviceId::new(27_183).map(|id| id.to_string()).as_deref(), Some("27183"));
    }

    #[test]
    fn key_ids_may_be_read_as_zero_and_are_counted_from_one() {
        assert_eq!(PreKeyId::new(0).map(PreKeyId::get), Some(0));
        assert_eq!(PreKeyId::new(0x8000_0000), None);
        assert_eq!(PreKeyId::FIRST.next().get(), 2);
        assert_eq!(SignedPreKeyId::new(0x7fff_ffff).map(|id| id.next().get()), Some(1));
        assert_eq!(SignedPreKeyId::FIRST.to_string(), "1");
        assert_eq!(PreKeyId::FIRST.to_string(), "1");
    }

    #[test]
    fn time_does_not_run_backwards() {
        assert_eq!(Timestamp(7).since(Timestamp(3)), 4);
        assert_eq!(Timestamp(3).since(Timestamp(7)), 0);
    }
}
