//! JSON objects all of whose fields must be looked at.

use std::cell::RefCell;
use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// An object, and which of its fields were looked at.
pub struct Object<'a> {
    name: String,
    fields: &'a Map<String, Value>,
    seen: RefCell<BTreeSet<String>>,
}

impl<'a> Object<'a> {
    pub fn new(name: &str, value: &'a Value) -> Self {
        let fields = value.as_object().unwrap_or_else(|| panic!("{name}: not an object"));
        Self { name: name.to_owned(), fields, seen: RefCell::default() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    fn get(&self, field: &str) -> &'a Value {
        self.seen.borrow_mut().insert(field.to_owned());
        self.fields.get(field).unwrap_or_else(|| panic!("{}: no field {field}", self.name))
    }

    pub fn text(&self, field: &str) -> &'a str {
        self.get(field).as_str().unwrap_or_else(|| panic!("{}: {field} is no text", self.name))
    }

    /// `None` for null.
    pub fn optional_text(&self, field: &str) -> Option<&'a str> {
        (!self.get(field).is_null()).then(|| self.text(field))
    }

    pub fn flag(&self, field: &str) -> bool {
        self.get(field).as_bool().unwrap_or_else(|| panic!("{}: {field} is no flag", self.name))
    }

    pub fn number(&self, field: &str) -> u32 {
        let number = self.get(field).as_u64().and_then(|number| u32::try_from(number).ok());
        number.unwrap_or_else(|| panic!("{}: {field} is no number", self.name))
    }

    /// `None` for null.
    pub fn optional_number(&self, field: &str) -> Option<u32> {
        (!self.get(field).is_null()).then(|| self.number(field))
    }

    pub fn hex(&self, field: &str) -> Vec<u8> {
        hex(self.text(field)).unwrap_or_else(|| panic!("{}: {field} is not hexadecimal", self.name))
    }

    /// `None` for null.
    pub fn optional_hex(&self, field: &str) -> Option<Vec<u8>> {
        (!self.get(field).is_null()).then(|| self.hex(field))
    }

    pub fn array<const N: usize>(&self, field: &str) -> [u8; N] {
        self.hex(field).try_into().unwrap_or_else(|_| panic!("{}: {field} has another length", self.name))
    }

    pub fn object(&self, field: &str) -> Object<'a> {
        Object::new(&format!("{}/{field}", self.name), self.get(field))
    }

    pub fn texts(&self, field: &str) -> Vec<&'a str> {
        self.values(field).iter().map(|value| value.as_str().unwrap()).collect()
    }

    pub fn numbers(&self, field: &str) -> Vec<u32> {
        self.values(field).iter().map(|value| value.as_u64().unwrap().try_into().unwrap()).collect()
    }

    pub fn hexes(&self, field: &str) -> Vec<Vec<u8>> {
        self.texts(field).into_iter().map(|text| hex(text).unwrap()).collect()
    }

    fn values(&self, field: &str) -> &'a [Value] {
        self.get(field).as_array().unwrap_or_else(|| panic!("{}: {field} is no list", self.name))
    }

    /// The objects of a list, named after their `name`, `case`, `id` or place.
    pub fn list(&self, field: &str) -> Vec<Object<'a>> {
        let named = |(place, value): (usize, &'a Value)| {
            let name = ["name", "case", "id"].iter().find_map(|key| value.get(key)?.as_str());
            let name = name.map_or_else(|| place.to_string(), |name| format!("{place} {name}"));
            Object::new(&format!("{}/{field}/{name}", self.name), value)
        };
        self.values(field).iter().enumerate().map(named).collect()
    }

    /// The objects that are the values of an object.
    pub fn entries(&self, field: &str) -> Vec<(&'a str, Object<'a>)> {
        let fields = self.object(field).fields;
        fields.iter().map(|(key, value)| (key.as_str(), Object::new(&format!("{}/{key}", self.name), value))).collect()
    }

    /// The texts or nulls that are the values of an object.
    pub fn text_entries(&self, field: &str) -> Vec<(&'a str, Option<&'a str>)> {
        self.object(field).fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// Fields for people.
    pub fn ignore(&self, fields: &[&str]) {
        self.seen.borrow_mut().extend(fields.iter().map(|field| (*field).to_owned()));
    }

    /// All fields were looked at.
    pub fn done(&self) {
        let seen = self.seen.borrow();
        let unknown: Vec<_> = self.fields.keys().filter(|field| !seen.contains(*field)).collect();
        assert!(unknown.is_empty(), "{}: unknown fields {unknown:?}", self.name);
    }
}

/// The bytes of hexadecimal digits.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// The bytes of Base64, white space removed as receivers do.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    BASE64_STANDARD.decode(text).ok()
}

/// The bytes as Base64.
pub fn to_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
