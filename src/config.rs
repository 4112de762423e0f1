//! The hoster's settings: `config.json` beside the page, held against a typed schema. A mistake is named with its key
//! and the type that was expected; a missing file means defaults.
//!
//! Nothing in here comes from the page's address: where credentials go is the hoster's choice alone.

use js_sys::Object;
use plausch_model::WorkerSettings;
use wasm_bindgen::{JsCast, JsValue};

use crate::text::Locale;

/// The hoster's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Completes an address typed without a domain.
    pub default_domain: Option<String>,
    /// The WebSocket endpoint; discovered where absent.
    pub websocket_url: Option<String>,
    /// The BOSH endpoint.
    pub bosh_url: Option<String>,
    /// Whether accounts may be created here.
    pub allow_registration: bool,
    /// The language to start with.
    pub locale: Option<Locale>,
    /// Whether SASL PLAIN may be used.
    pub allow_plain_auth: bool,
}

/// A value of a JSON object, as far as the schema tells values apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(String),
    /// A number, an array or an object.
    Other,
}

/// What is wrong with `config.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// It is not JSON, or not an object.
    NotAnObject,
    /// It could not be read.
    Unreadable(String),
    /// A key that is not known.
    UnknownKey(String),
    /// A key whose value has another type than expected.
    WrongType {
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("config.json: expected a JSON object"),
            Self::Unreadable(why) => write!(f, "config.json could not be read: {why}"),
            Self::UnknownKey(key) => write!(f, "config.json: unknown key \"{key}\""),
            Self::WrongType { key, expected } => write!(f, "config.json: \"{key}\" must be {expected}"),
        }
    }
}

const TEXT: &str = "a string or null";
const SWITCH: &str = "true or false";
const SOCKET: &str = "a wss:// address (ws:// for this computer only) or null";
const WEB: &str = "an https:// address (http:// for this computer only) or null";
const LANGUAGE: &str = "\"en\", \"de\" or null";

impl Config {
    /// Reads the members of the JSON object.
    ///
    /// # Errors
    /// The first member that does not fit the schema.
    pub fn from_members(members: impl IntoIterator<Item = (String, Value)>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (key, value) in members {
            let wrong = |expected| ConfigError::WrongType { key: key.clone(), expected };
            match key.as_str() {
                "default_domain" => config.default_domain = text(value).ok_or_else(|| wrong(TEXT))?,
                "websocket_url" => {
                    config.websocket_url = endpoint(value, "wss://", "ws://").ok_or_else(|| wrong(SOCKET))?;
                }
                "bosh_url" => config.bosh_url = endpoint(value, "https://", "http://").ok_or_else(|| wrong(WEB))?,
                "allow_registration" => config.allow_registration = switch(&value).ok_or_else(|| wrong(SWITCH))?,
                "locale" => config.locale = language(value).ok_or_else(|| wrong(LANGUAGE))?,
                "allow_plain_auth" => config.allow_plain_auth = switch(&value).ok_or_else(|| wrong(SWITCH))?,
                _ => return Err(ConfigError::UnknownKey(key)),
            }
        }
        Ok(config)
    }

    /// Reads a JSON object.
    ///
    /// # Errors
    /// It is none, or a member does not fit the schema.
    pub fn from_js(parsed: &JsValue) -> Result<Self, ConfigError> {
        Self::from_members(members(parsed)?)
    }

    /// What the engine needs of it.
    pub fn worker_settings(&self) -> WorkerSettings {
        WorkerSettings {
            default_domain: self.default_domain.clone(),
            websocket_url: self.websocket_url.clone(),
            bosh_url: self.bosh_url.clone(),
            allow_plain_auth: self.allow_plain_auth,
        }
    }
}

/// The members of a JSON object.
fn members(parsed: &JsValue) -> Result<Vec<(String, Value)>, ConfigError> {
    let object = parsed.dyn_ref::<Object>().filter(|object| !js_sys::Array::is_array(object));
    let entries = Object::entries(object.ok_or(ConfigError::NotAnObject)?);
    let member = |entry: JsValue| {
        let pair: js_sys::Array = entry.unchecked_into();
        (pair.get(0).as_string().unwrap_or_default(), value(&pair.get(1)))
    };
    Ok(entries.iter().map(member).collect())
}

fn value(value: &JsValue) -> Value {
    if value.is_null() {
        Value::Null
    } else if let Some(on) = value.as_bool() {
        Value::Bool(on)
    } else {
        value.as_string().map_or(Value::Other, Value::Text)
    }
}

fn text(value: Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::Text(text) => Some(Some(text)),
        _ => None,
    }
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        _ => None,
    }
}

fn language(value: Value) -> Option<Option<Locale>> {
    match text(value)? {
        Some(tag) => Locale::parse(&tag).map(Some),
        None => Some(None),
    }
}

/// An address with the safe scheme, or with the plain one and a loopback host.
fn endpoint(value: Value, safe: &str, plain: &str) -> Option<Option<String>> {
    let Some(address) = text(value)? else { return Some(None) };
    let fits = address.starts_with(safe) || address.strip_prefix(plain).is_some_and(is_loopback);
    fits.then_some(Some(address))
}

/// Whether the host at the beginning of an address without scheme is this computer.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let v4 = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let v6 = host.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || v4 || v6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &[(&str, Value)]) -> Result<Config, ConfigError> {
        Config::from_members(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())))
    }

    fn string(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn the_whole_schema() {
        let config = read(&[
            ("default_domain", string("localhost")),
            ("websocket_url", string("ws://localhost:5280/xmpp-websocket")),
            ("bosh_url", Value::Null),
            ("allow_registration", Value::Bool(true)),
            ("locale", string("en")),
            ("allow_plain_auth", Value::Bool(false)),
        ])
        .unwrap();
        assert_eq!(config.default_domain.as_deref(), Some("localhost"));
        assert_eq!(config.locale, Some(Locale::En));
        assert!(config.allow_registration && !config.allow_plain_auth);
        assert_eq!(read(&[]), Ok(Config::default()));
    }

    #[test]
    fn mistakes_are_named_with_key_and_type() {
        let wrong = |key: &str, value| read(&[(key, value)]).unwrap_err().to_string();
        assert_eq!(wrong("websocket", Value::Null), "config.json: unknown key \"websocket\"");
        assert_eq!(wrong("allow_plain_auth", string("yes")), "config.json: \"allow_plain_auth\" must be true or false");
        assert_eq!(wrong("default_domain", Value::Other), "config.json: \"default_domain\" must be a string or null");
        assert!(wrong("locale", string("tlh")).contains("\"locale\""));
    }

    #[test]
    fn plain_endpoints_are_for_this_computer_only() {
        for good in ["wss://x.example/ws", "ws://localhost/ws", "ws://127.0.0.1:5280", "ws://[::1]:5280/ws"] {
            assert!(read(&[("websocket_url", string(good))]).is_ok(), "{good}");
        }
        for bad in [
            "ws://x.example/ws",
            "ws://localhost.evil.example/",
            "ws://localhost@evil.example/",
            "ws://127.0.0.1.evil.example/",
            "http://localhost",
            "javascript:alert(1)",
            "",
        ] {
            assert!(read(&[("websocket_url", string(bad))]).is_err(), "{bad}");
        }
        assert!(read(&[("bosh_url", string("http://x.example/bosh"))]).is_err());
        assert!(read(&[("bosh_url", string("https://x.example/bosh"))]).is_ok());
    }
}
