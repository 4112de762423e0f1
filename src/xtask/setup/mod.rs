//! Sets the machine up: what is there already is left alone, what is missing is installed where that can be done, and otherwise the
//! user reads exactly what to install by hand.
//!
//! Debian packages are installed when this runs as root; everything else goes below cargo's target folder.

mod apt;
mod python;
mod tools;
mod wasm;

pub use apt::{Program, ensure, in_path};
pub use python::{Python, python_peers};
pub use tools::{Tools, wasm_tools};
pub use wasm::{Lints, wasm_target};
