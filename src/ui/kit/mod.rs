//! What components are made of: reactive values, icons, avatars, buttons, fields, dialogs, menus, long lists.
//!
//! Behaviour (focus, keys, ARIA) lives here; the look is CSS by class and `data-*`.
//!
//! The rule of this crate: elements are made by leptos' builder functions, never by `view!`. The macro turns markup
//! without dynamic parts into a string for `template.innerHTML`, which Trusted Types forbid; builders call
//! `createElement` and nothing else.

pub mod avatar;
pub mod button;
pub mod dialog;
pub mod dom;
pub mod empty;
pub mod field;
pub mod hold;
pub mod icon;
pub mod menu;
pub mod notices;
pub mod row;
pub mod timer;
pub mod virtual_list;
