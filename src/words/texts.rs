//! The texts a language has to have.

use super::template::{Fill, Plural};

/// A text without a gap.
pub type Text = &'static str;

macro_rules! texts {
    ($(pub $name:ident: $kind:ident,)*) => {
        /// A language as it is written in the source: the compiler sees that no text is missing.
        pub(crate) struct Source {
            $(pub(crate) $name: $kind,)*
        }

        impl Source {
            /// The texts as the app has them.
            pub(crate) const fn texts(self) -> Texts {
                Texts([$(line!(self.$name, $kind)),*])
            }
        }

        /// The places of the texts in their order.
        #[allow(non_camel_case_types, reason = "named as the texts are")]
        #[derive(Clone, Copy)]
        enum Place {
            $($name,)*
        }

        const COUNT: usize = [$(Place::$name),*].len();

        /// All texts of the app in one language.
        ///
        /// They are a list with names for its places: what reads a list that has just been loaded is short, what fills some
        /// three hundred fields is 10 KB.
        pub struct Texts([&'static str; COUNT]);

        #[allow(missing_docs, reason = "a text's name says what it is")]
        #[allow(clippy::indexing_slicing, reason = "the list is as long as there are names; slices cannot be asked in constants")]
        impl Texts {
            $(pub const fn $name(&self) -> $kind {
                text!(self.0[Place::$name as usize], $kind)
            })*
        }
    };
}

/// The line that a text is in a language's file.
macro_rules! line {
    ($text:expr, Text) => {
        $text
    };
    ($text:expr, $kind:ident) => {
        $text.line()
    };
}

/// The text that a line is.
macro_rules! text {
    ($line:expr, Text) => {
        $line
    };
    ($line:expr, $kind:ident) => {
        $kind::of($line)
    };
}

impl Texts {
    /// All texts in their order, each on a line.
    pub fn lines(&self) -> String {
        self.0.join("\n")
    }

    /// Reads such lines; `None` if they are not as many as there are texts.
    pub fn from_lines(lines: &'static str) -> Option<Self> {
        let mut texts = Self([""; COUNT]);
        let mut lines = lines.split('\n');
        for text in &mut texts.0 {
            *text = lines.next()?;
        }
        lines.next().is_none().then_some(texts)
    }
}

texts! {
    // General
    pub cancel: Text,
    pub close: Text,
    pub save: Text,
    pub back: Text,
    pub copy: Text,
    pub copied: Text,
    pub retry: Text,
    pub delete: Text,
    pub dismiss: Text,
    pub more: Text,
    pub today: Text,
    pub yesterday: Text,
    pub nothing_found: Text,
    pub nothing_found_hint: Text,
    pub clear_search: Text,
    pub notifications: Text,
    // Navigation
    pub main: Text,
    pub chats: Text,
    pub contacts: Text,
    pub settings: Text,
    pub account: Text,
    pub unread: Plural,
    pub request_count: Plural,
    pub log_out: Text,
    pub connection: Text,
    pub shortcuts: Text,
    pub edit_profile: Text,
    // Signing in
    pub log_in: Text,
    pub logging_in: Text,
    pub welcome: Text,
    pub xmpp_address: Text,
    pub domain_hint: Fill,
    pub password: Text,
    pub show_password: Text,
    pub hide_password: Text,
    pub stay_signed_in: Text,
    pub stay_hint: Text,
    pub address_missing: Text,
    pub password_missing: Text,
    pub error_bad_address: Text,
    pub error_wrong_password: Text,
    pub error_disabled: Text,
    pub error_unreachable: Fill,
    pub error_no_endpoint: Fill,
    pub error_unknown_host: Fill,
    pub error_no_mechanism: Text,
    pub error_not_authentic: Text,
    pub error_temporary: Text,
    pub error_other: Text,
    pub error_already: Text,
    pub error_details: Text,
    pub ended_signed_out: Text,
    pub ended_incompletely: Fill,
    pub ended_rejected: Text,
    pub ended_replaced: Text,
    pub fatal: Fill,
    pub reload_page: Text,
    pub elsewhere: Text,
    pub elsewhere_hint: Text,
    pub use_here: Text,
    // The connection
    pub state_offline: Text,
    pub state_connecting: Text,
    pub state_disconnected: Text,
    pub state_online: Text,
    pub reconnect_now: Text,
    pub storage_trouble: Fill,
    pub connection_address: Text,
    pub connection_resource: Text,
    pub connection_endpoint: Text,
    pub connection_transport: Text,
    pub connection_security: Text,
    pub connection_tls: Text,
    pub connection_loopback: Text,
    pub connection_login: Text,
    pub connection_resumption: Text,
    pub connection_resumable: Text,
    pub connection_not_resumable: Text,
    pub connection_since: Text,
    pub connection_software: Text,
    pub connection_hosting: Text,
    pub hosting_shared: Text,
    pub hosting_worker: Text,
    pub hosting_page: Text,
    pub not_connected: Text,
    // The list of chats
    pub new_chat: Text,
    pub search_chats: Text,
    pub search_messages: Text,
    pub no_chats: Text,
    pub first_chat: Text,
    pub no_chats_hint: Text,
    pub draft: Text,
    pub you: Text,
    pub typing_short: Text,
    pub start_chat: Text,
    pub new_chat_hint: Text,
    pub link_hint: Text,
    pub remove_chat: Text,
    pub remove_chat_question: Fill,
    pub remove_chat_hint: Text,
    pub choose_chat: Text,
    pub choose_chat_hint: Text,
    // Contacts
    pub add_contact: Text,
    pub add: Text,
    pub search_contacts: Text,
    pub no_contacts: Text,
    pub no_contacts_hint: Text,
    pub nobody_here: Text,
    pub groups: Text,
    pub rooms: Text,
    pub room: Text,
    pub room_unsupported: Text,
    pub room_unsupported_hint: Text,
    pub remove_bookmark: Text,
    pub remove_bookmark_question: Fill,
    pub remove_bookmark_hint: Text,
    pub group_all: Text,
    pub group_reachable: Text,
    pub presence_online: Text,
    pub presence_away: Text,
    pub presence_busy: Text,
    pub presence_offline: Text,
    pub asked: Text,
    pub name_optional: Text,
    pub groups_optional: Text,
    pub add_contact_hint: Text,
    pub edit_contact: Text,
    pub remove_contact: Text,
    pub remove_contact_question: Fill,
    pub remove_contact_hint: Text,
    pub remove: Text,
    pub block: Text,
    pub block_question: Fill,
    pub block_hint: Text,
    pub unblock: Text,
    pub request_title: Fill,
    pub request_hint: Text,
    pub accept: Text,
    pub decline: Text,
    // Conversation
    pub conversation_with: Fill,
    pub messages: Text,
    pub new_messages: Text,
    pub jump_to_newest: Text,
    pub jump_with_count: Plural,
    pub message: Text,
    pub send: Text,
    pub typing: Fill,
    pub gap_loading: Text,
    pub gap_missing: Text,
    pub gap_gone: Text,
    pub load: Text,
    pub start_of_chat: Fill,
    pub waiting: Text,
    pub sent: Text,
    pub delivered: Text,
    pub read: Text,
    pub failed: Text,
    pub failed_not_found: Text,
    pub failed_refused: Text,
    pub failed_blocked: Text,
    pub failed_unreachable: Text,
    pub failed_other: Fill,
    pub failed_too_long: Text,
    pub message_actions: Text,
    pub details: Text,
    pub show_more: Text,
    pub show_less: Text,
    pub unreadable: Text,
    pub from_you: Text,
    pub retracted: Text,
    pub edited: Text,
    pub edit: Text,
    pub editing: Text,
    pub react: Text,
    pub other_emoji: Text,
    pub not_an_emoji: Text,
    pub reacted_by: Fill,
    pub drop_change: Text,
    pub retract_question: Text,
    pub retract_hint: Text,
    pub stranger_hint: Text,
    pub blocked_hint: Text,
    pub detail_from: Text,
    pub detail_time: Text,
    pub detail_state: Text,
    pub detail_received: Text,
    pub detail_encryption: Text,
    pub not_encrypted: Text,
    pub detail_id: Text,
    // Details pane
    pub address: Text,
    pub copy_address: Text,
    pub status: Text,
    pub sharing: Text,
    pub sharing_both: Text,
    pub sharing_to: Text,
    pub sharing_from: Text,
    pub sharing_none: Text,
    pub profile_full_name: Text,
    pub profile_nickname: Text,
    pub profile_email: Text,
    pub profile_phone: Text,
    pub profile_url: Text,
    pub profile_organisation: Text,
    pub profile_birthday: Text,
    pub profile_note: Text,
    // Settings
    pub appearance: Text,
    pub theme: Text,
    pub theme_system: Text,
    pub theme_light: Text,
    pub theme_dark: Text,
    pub theme_contrast: Text,
    pub text_size: Text,
    pub size_small: Text,
    pub size_normal: Text,
    pub size_large: Text,
    pub size_larger: Text,
    pub language: Text,
    pub language_missing: Text,
    pub notify: Text,
    pub notify_nothing: Text,
    pub notify_names: Text,
    pub notify_texts: Text,
    pub notify_hint: Text,
    pub notify_refused: Text,
    pub notify_unable: Text,
    pub notify_from: Fill,
    pub privacy: Text,
    pub send_typing: Text,
    pub send_typing_hint: Text,
    pub send_receipts: Text,
    pub send_receipts_hint: Text,
    pub strangers_learn_nothing: Text,
    pub archive_keeps: Text,
    pub archive_everybody: Text,
    pub archive_contacts: Text,
    pub archive_nobody: Text,
    pub archive_hint: Text,
    pub blocked_people: Text,
    pub nobody_blocked: Text,
    pub nobody_blocked_hint: Text,
    pub storage: Text,
    pub storage_used: Fill,
    pub storage_lost: Text,
    pub storage_chats: Text,
    pub storage_messages: Plural,
    pub clear_chat: Text,
    pub clear_chat_question: Fill,
    pub clear_chat_hint: Text,
    pub export_chat: Text,
    pub export_question: Fill,
    pub export_hint: Text,
    pub export_text: Text,
    pub export_page: Text,
    pub export_data: Text,
    pub storage_quota: Fill,
    pub storage_kept: Text,
    pub storage_evictable: Text,
    pub storage_ask: Text,
    pub storage_refused: Text,
    pub profile: Text,
    pub nickname: Text,
    pub nickname_hint: Text,
    pub picture: Text,
    pub choose_picture: Text,
    pub remove_picture: Text,
    pub picture_hint: Text,
    pub picture_bad: Text,
    pub saved: Text,
    pub about: Text,
    pub about_text: Text,
    pub version: Fill,
    pub licence: Text,
    pub log_out_question: Text,
    pub log_out_hint: Text,
    // The lock
    pub lock: Text,
    pub unlock: Text,
    pub locked: Text,
    pub passphrase: Text,
    pub passphrase_wrong: Text,
    pub passphrase_short: Text,
    pub passphrase_differs: Text,
    pub passphrase_present: Text,
    pub passphrase_new: Text,
    pub passphrase_again: Text,
    pub passphrase_set: Text,
    pub passphrase_change: Text,
    pub passphrase_remove: Text,
    pub app_lock: Text,
    pub lock_text: Text,
    pub lock_warning: Text,
    pub lock_by_itself: Text,
    pub lock_never: Text,
    pub lock_five_minutes: Text,
    pub lock_quarter_hour: Text,
    pub lock_hour: Text,
    pub lock_nothing_kept: Text,
    pub lock_forgotten: Text,
    // Commands that failed
    pub failed_bad_address: Text,
    pub failed_own_address: Text,
    pub failed_not_connected: Text,
    pub failed_unsupported: Text,
    pub failed_refused_by_server: Fill,
    pub failed_timed_out: Text,
    pub failed_bad_text: Text,
    pub failed_gone: Text,
    pub failed_too_late: Text,
    pub failed_storage: Fill,
    // Quick switcher and keys
    pub go_to: Text,
    pub go_to_hint: Text,
    pub key_go_to: Text,
    pub search_incomplete: Text,
    pub back_to_results: Text,
    pub find_in_chat: Text,
    pub find_older: Text,
    pub find_newer: Text,
    pub go_to_date: Text,
    pub key_next_chat: Text,
    pub key_settings: Text,
    pub key_shortcuts: Text,
    pub key_escape: Text,
    pub key_send: Text,
    pub key_newline: Text,
    pub key_walk: Text,
    pub key_menu: Text,
}
