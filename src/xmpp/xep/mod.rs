//! Payloads, one specification a file: the type, how it is read and written, and what the specification demands of it.

pub mod blocking;
pub mod caps;
pub mod carbons;
pub mod chat_markers;
pub mod chat_states;
pub mod client_state;
pub mod data_forms;
pub mod delay;
pub mod disco;
pub mod forward;
pub mod mam;
pub mod ping;
pub mod receipts;
pub mod roster;
pub mod rsm;
pub mod stanza_id;
