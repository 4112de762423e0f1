//! Multiples of the base point, by a table that is made when first needed.
//!
//! dalek has such a table as a constant of 30 KB, which no compression makes smaller: half of what this crate may add to a web
//! page. Making it takes as long as thirty agreements, once; each new key is drawn in a third of the time after that.

use std::sync::OnceLock;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{EdwardsBasepointTable, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::BasepointTable;

static TABLE: OnceLock<Box<EdwardsBasepointTable>> = OnceLock::new();

fn table() -> &'static EdwardsBasepointTable {
    TABLE.get_or_init(|| Box::new(EdwardsBasepointTable::create(&ED25519_BASEPOINT_POINT)))
}

/// The base point times the scalar, in constant time.
pub(crate) fn multiply(scalar: &Scalar) -> EdwardsPoint {
    table().mul_base(scalar)
}

/// The u-coordinate of the public key of a secret key (RFC 7748 §6.1).
pub(crate) fn curve25519_public(secret: &[u8; 32]) -> [u8; 32] {
    table().mul_base_clamped(*secret).to_montgomery().to_bytes()
}
