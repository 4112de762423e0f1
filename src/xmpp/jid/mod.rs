//! Addresses (RFC 7622): `local@domain/resource`, normalised when parsed.
//!
//! An address that exists is a valid one in its normal form, so comparing is comparing bytes. What a peer sends in
//! another form (capitals, combining accents, `xn--` labels) becomes the same address; what is no address is refused here
//! and nowhere else. For showing one to a person see [`display_address`]; for XEP-0106 see [`escape_local`].

mod error;
mod escape;
mod parts;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::shared::SharedText;

use crate::unicode::domain_to_ascii;

pub use error::JidError;
pub use escape::{display_address, escape_local, unescape_local};

/// An address with or without a resource.
///
/// Short addresses are held in place; cloning a long one shares it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jid {
    text: SharedText,
    /// Length of the localpart; 0 if there is none.
    local_len: u16,
    /// Where the domainpart ends.
    domain_end: u16,
}

/// An address without a resource: an account, a room, a server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BareJid(Jid);

/// An address with a resource: one device of an account, one occupant of a room.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FullJid(Jid);

impl Jid {
    /// Reads and normalises an address (RFC 7622 §3).
    pub fn parse(text: &str) -> Result<Self, JidError> {
        // The first slash ends the domainpart, whatever follows; the first `@` before it ends the localpart (§3.1).
        let (rest, resource) = match text.split_once('/') {
            Some((rest, resource)) => (rest, Some(resource)),
            None => (text, None),
        };
        match rest.split_once('@') {
            Some((local, domain)) => Self::from_parts(Some(local), domain, resource),
            None => Self::from_parts(None, rest, resource),
        }
    }

    /// Normalises the parts of an address and joins them.
    pub fn from_parts(local: Option<&str>, domain: &str, resource: Option<&str>) -> Result<Self, JidError> {
        let local = local.map(parts::prepare_local).transpose()?;
        let domain = parts::prepare_domain(domain)?;
        let resource = resource.map(parts::prepare_resource).transpose()?;
        Ok(Self::join(local.as_deref(), &domain, resource.as_deref()))
    }

    /// The localpart.
    pub fn local(&self) -> Option<&str> {
        self.text.get(..usize::from(self.local_len)).filter(|local| !local.is_empty())
    }

    /// The domainpart, in Unicode where it is internationalised.
    pub fn domain(&self) -> &str {
        let start = match self.local_len {
            0 => 0,
            len => usize::from(len).saturating_add(1),
        };
        self.text.get(start..usize::from(self.domain_end)).unwrap_or_default()
    }

    /// The resourcepart.
    pub fn resource(&self) -> Option<&str> {
        self.text.get(usize::from(self.domain_end).saturating_add(1)..)
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is a resource.
    pub fn is_full(&self) -> bool {
        self.resource().is_some()
    }

    /// The address without its resource.
    pub fn bare(&self) -> BareJid {
        match self.text.get(..usize::from(self.domain_end)) {
            Some(bare) if self.is_full() => BareJid(Self { text: SharedText::new(bare), ..self.clone() }),
            _ => BareJid(self.clone()),
        }
    }

    /// The address as one with a resource, if it has one.
    pub fn full(&self) -> Option<FullJid> {
        self.is_full().then(|| FullJid(self.clone()))
    }

    /// This address with another resource.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, JidError> {
        let resource = parts::prepare_resource(resource)?;
        Ok(FullJid(Self::join(self.local(), self.domain(), Some(&resource))))
    }

    /// Joins parts that are normalised, and so at most 1023 bytes each.
    fn join(local: Option<&str>, domain: &str, resource: Option<&str>) -> Self {
        let mut text = String::with_capacity(
            local
                .map_or(0, str::len)
                .saturating_add(domain.len())
                .saturating_add(resource.map_or(0, str::len))
                .saturating_add(2),
        );
        if let Some(local) = local {
            text.push_str(local);
            text.push('@');
        }
        text.push_str(domain);
        let domain_end = length(&text);
        if let Some(resource) = resource {
            text.push('/');
            text.push_str(resource);
        }
        Self { text: SharedText::new(&text), local_len: local.map_or(0, length), domain_end }
    }
}

fn length(text: &str) -> u16 {
    u16::try_from(text.len()).unwrap_or(u16::MAX)
}

impl BareJid {
    /// Reads and normalises an address that must have no resource.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let jid = Jid::parse(text)?;
        if jid.is_full() { Err(JidError::UnexpectedResource) } else { Ok(Self(jid)) }
    }

    /// The localpart.
    pub fn local(&self) -> Option<&str> {
        self.0.local()
    }

    /// The domainpart, in Unicode where it is internationalised.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The domainpart as the DNS has it, internationalised labels encoded.
    pub fn ascii_domain(&self) -> Cow<'_, str> {
        domain_to_ascii(self.domain())
    }

    /// The address of the server that this address is on.
    pub fn server(&self) -> BareJid {
        Self(Jid::join(None, self.domain(), None))
    }

    /// This address with a resource.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, JidError> {
        self.0.with_resource(resource)
    }
}

impl FullJid {
    /// Reads and normalises an address that must have a resource.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let jid = Jid::parse(text)?;
        if jid.is_full() { Ok(Self(jid)) } else { Err(JidError::MissingResource) }
    }

    /// The localpart.
    pub fn local(&self) -> Option<&str> {
        self.0.local()
    }

    /// The domainpart, in Unicode where it is internationalised.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The resourcepart.
    pub fn resource(&self) -> &str {
        self.0.resource().unwrap_or_default()
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address without its resource.
    pub fn bare(&self) -> BareJid {
        self.0.bare()
    }

    /// This address with another resource.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, JidError> {
        self.0.with_resource(resource)
    }
}

macro_rules! text_form {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = JidError;

            fn from_str(text: &str) -> Result<Self, JidError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

text_form!(Jid);
text_form!(BareJid);
text_form!(FullJid);

impl From<BareJid> for Jid {
    fn from(bare: BareJid) -> Self {
        bare.0
    }
}

impl From<FullJid> for Jid {
    fn from(full: FullJid) -> Self {
        full.0
    }
}

impl PartialEq<BareJid> for Jid {
    fn eq(&self, other: &BareJid) -> bool {
        *self == other.0
    }
}

impl PartialEq<FullJid> for Jid {
    fn eq(&self, other: &FullJid) -> bool {
        *self == other.0
    }
}
