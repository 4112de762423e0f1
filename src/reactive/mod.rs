//! What decides when something is drawn: leptos' signals, effects and owners, and its helpers for the page.

mod signal;

pub use leptos::{
    ev,
    prelude::{
        Effect, Owner, RenderEffect, TimeoutHandle, document, event_target_checked, event_target_value, on_cleanup,
        request_animation_frame, set_interval_with_handle, set_timeout, set_timeout_with_handle, untrack, window,
        window_event_listener, window_event_listener_untyped,
    },
};
pub use signal::{ArcRwSignal, Memo, RwSignal, StoredValue};
