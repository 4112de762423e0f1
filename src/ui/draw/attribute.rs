//! Values of attributes.

use std::borrow::Cow;

use super::{act::Act, live::Live};

/// The value of an attribute.
pub enum Attribute {
    /// It always is so; `None` leaves the attribute out.
    Fixed(Option<Cow<'static, str>>),
    /// It changes.
    Live(Box<dyn Act<Option<Cow<'static, str>>>>),
}

impl From<&'static str> for Attribute {
    fn from(text: &'static str) -> Self {
        Self::Fixed(Some(text.into()))
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Fixed(Some(text.into()))
    }
}

impl From<bool> for Attribute {
    fn from(on: bool) -> Self {
        Self::Fixed(on.then_some("".into()))
    }
}

impl From<Option<&'static str>> for Attribute {
    fn from(text: Option<&'static str>) -> Self {
        Self::Fixed(text.map(Into::into))
    }
}

impl From<Option<String>> for Attribute {
    fn from(text: Option<String>) -> Self {
        Self::Fixed(text.map(Into::into))
    }
}

impl From<Live<&'static str>> for Attribute {
    fn from(mut text: Live<&'static str>) -> Self {
        Self::Live(Box::new(move || Some(text.read().into())))
    }
}

impl From<Live<String>> for Attribute {
    fn from(mut text: Live<String>) -> Self {
        Self::Live(Box::new(move || Some(text.read().into())))
    }
}

impl From<Live<Option<&'static str>>> for Attribute {
    fn from(mut text: Live<Option<&'static str>>) -> Self {
        Self::Live(Box::new(move || text.read().map(Into::into)))
    }
}

impl From<Live<Option<String>>> for Attribute {
    fn from(mut text: Live<Option<String>>) -> Self {
        Self::Live(Box::new(move || text.read().map(Into::into)))
    }
}

impl From<Live<bool>> for Attribute {
    fn from(mut on: Live<bool>) -> Self {
        Self::Live(Box::new(move || on.read().then_some("".into())))
    }
}

impl<T> From<Option<Live<T>>> for Attribute
where
    Self: From<Live<T>>,
{
    fn from(value: Option<Live<T>>) -> Self {
        value.map_or(Self::Fixed(None), Self::from)
    }
}
