//! What stays on the device: one IndexedDB database per account, and one small one that knows which accounts there are.
//!
//! Values are sealed ([`crate::sealing`]) under a data key that lies in the account's database, wrapped by a master key
//! that lies in the device's and that the browser never hands out, and once more by a passphrase's if one is set
//! ([`vault`]). Nothing is written before an account signs in to stay.

mod account;
mod connection;
mod data_key;
mod device;
mod idb;
mod master_key;
mod vault;
mod wipe;

pub use account::AccountStore;
pub use device::{Device, Standing};
pub use master_key::MasterKey;
pub use vault::{Kept, Vault};

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
pub(crate) mod tests;
