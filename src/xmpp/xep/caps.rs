//! XEP-0115: Entity Capabilities.
//!
//! A hash in presence stands for a whole `disco#info` answer. It is believed only after it has been recomputed from that
//! answer (§5.4, attack case C-15). The format has a known weakness (§9.3): its input is parts joined by `<`, so that one
//! answer can be written as another with the same hash. Two of the ways are closed here: parts that contain `<`, and answers
//! that no entity may give. The third, features passed off as a form, can't be told from an honest answer; so what depends
//! on security should be asked of the entity itself.

use sha1::{Digest, Sha1};

use super::data_forms::{DataForm, FORM_TYPE, Field};
use super::disco::{DiscoInfo, Identity};
use crate::ascii::has;
use crate::base64;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, required};
use crate::sorted::sorted;
use crate::xml::Element;

/// The hash function that everybody must know (§9.1).
pub const SHA_1: &str = "sha-1";

/// `<c/>` in presence (XEP-0115 §4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Caps {
    /// The hash function. `None` is the legacy format, which says nothing that could be verified.
    pub hash: Option<String>,
    /// The software, as a URI.
    pub node: String,
    /// The hash.
    pub ver: String,
}

/// What an answer is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verification {
    /// The hash is right: the answer holds for everybody who announces this `ver`.
    Valid,
    /// The hash function is not known here, or the format is the legacy one: the answer holds for the one asked alone.
    Unverifiable,
    /// The hash is wrong, or the answer ill-formed: it holds for the one asked alone, and somebody else should be asked.
    Invalid,
}

impl Caps {
    /// What to announce for ourselves, or `None` if the information is not fit for it.
    pub fn of(node: &str, info: &DiscoInfo) -> Option<Self> {
        Some(Self { hash: Some(SHA_1.to_owned()), node: node.to_owned(), ver: verification_string(info)? })
    }

    /// The node to ask about (§6.2).
    pub fn query_node(&self) -> String {
        format!("{}#{}", self.node, self.ver)
    }

    /// What an answer to a question about these capabilities is worth (§5.4).
    pub fn verify(&self, info: &DiscoInfo) -> Verification {
        match self.hash.as_deref() {
            Some(SHA_1) if verification_string(info).as_ref() == Some(&self.ver) => Verification::Valid,
            Some(SHA_1) => Verification::Invalid,
            _ => Verification::Unverifiable,
        }
    }
}

impl Payload for Caps {
    const NAME: &'static str = "c";
    const NS: &'static str = ns::CAPS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            hash: element.attr("hash").map(str::to_owned),
            node: required(element, "node")?.to_owned(),
            ver: required(element, "ver")?.to_owned(),
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("hash", self.hash.as_deref())
            .attr("node", &self.node)
            .attr("ver", &self.ver)
            .build()
    }
}

/// The hash of an answer (§5.1), or `None` if the answer is ill-formed (§5.4, step 3).
fn verification_string(info: &DiscoInfo) -> Option<String> {
    let identities: Vec<String> = info.identities.iter().map(identity_key).into_list();
    let identities = sorted_set(identities.iter().map(String::as_str))?;
    let features = sorted_set(info.features.iter().map(String::as_str))?;
    // Every entity has an identity and answers this very request (XEP-0030 §3.1).
    if identities.is_empty() || !info.has(ns::DISCO_INFO) {
        return None;
    }
    let mut input = Input::default();
    for identity in identities {
        input.add(&identity.replace(BETWEEN, "/"))?;
    }
    for feature in features {
        input.add(feature)?;
    }
    for (form_type, form) in sorted_forms(&info.forms)? {
        input.add(form_type)?;
        input.add_fields(form)?;
    }
    Some(base64::encode(Sha1::digest(input.0)))
}

/// Stands between parts that are sorted one after the other: less than any character that XML may have.
const BETWEEN: char = '\0';

/// Category, type, language and name, by which identities are sorted.
fn identity_key(identity: &Identity) -> String {
    let Identity { category, kind, lang, name } = identity;
    let parts = [category, kind, lang.as_deref().unwrap_or_default(), name.as_deref().unwrap_or_default()];
    parts.join(BETWEEN.encode_utf8(&mut [0; 4]))
}

/// Some parts in the order of their bytes (`i;octet`), unless one is there twice.
fn sorted_set<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Vec<&'a str>> {
    let parts = sorted(parts.into_list());
    parts.is_sorted_by(|a, b| a < b).then_some(parts)
}

/// The forms that count, by type. Those without a hidden `FORM_TYPE` are ignored; two of one type, or a type of several
/// different values, make the answer ill-formed.
fn sorted_forms(forms: &[DataForm]) -> Option<Vec<(&str, &DataForm)>> {
    let mut typed = Vec::new();
    for form in forms {
        if let Some(form_type) = form.form_type() {
            let values = form.fields.iter().filter(|field| is_form_type(field)).flat_map(|field| &field.values);
            if values.into_iter().any(|value| value != form_type) {
                return None;
            }
            typed.push((form_type, form));
        }
    }
    let order = order(typed.iter().map(|(form_type, _)| Some(*form_type)));
    let typed: Vec<_> = order.filter_map(|index| typed.get(index).copied()).into_list();
    typed.is_sorted_by(|(a, _), (b, _)| a < b).then_some(typed)
}

/// The places of some texts, in the order of the texts.
fn order<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> impl Iterator<Item = usize> {
    sorted(texts.zip(0..).into_list()).into_iter().map(|(_, index)| index)
}

fn is_form_type(field: &Field) -> bool {
    field.var.as_deref() == Some(FORM_TYPE)
}

/// The input of the hash.
#[derive(Default)]
struct Input(String);

impl Input {
    /// Adds a part, unless it contains the separator and could so pass for two.
    fn add(&mut self, part: &str) -> Option<()> {
        if has(part, b'<') {
            return None;
        }
        self.0.push_str(part);
        self.0.push('<');
        Some(())
    }

    fn add_fields(&mut self, form: &DataForm) -> Option<()> {
        let order = order(form.fields.iter().map(|field| field.var.as_deref()));
        let fields = order.filter_map(|index| form.fields.get(index));
        for field in fields.filter(|field| !is_form_type(field)) {
            self.add(field.var.as_deref().unwrap_or_default())?;
            for value in sorted(field.values.iter().map(String::as_str).into_list()) {
                self.add(value)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    const SIMPLE: &str = "<identity category='client' type='pc' name='Exodus 0.9.1'/>\
         <feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>\
         <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/disco#info'/>";

    const COMPLEX: &str = "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>\
         <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>\
         <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
         <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>";

    const FORM: &str = "<x xmlns='jabber:x:data' type='result'>\
         <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>\
         <field var='software'><value>Psi</value></field><field var='os'><value>Mac</value></field>\
         <field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>\
         <field var='os_version'><value>10.5.1</value></field><field var='software_version'><value>0.11</value></field></x>";

    fn info(inner: &str) -> DiscoInfo {
        read(&format!("<query xmlns='http://jabber.org/protocol/disco#info'>{inner}</query>")).unwrap()
    }

    fn ver(inner: &str) -> Option<String> {
        verification_string(&info(inner))
    }

    #[test]
    fn the_examples_of_the_specification() {
        assert_eq!(ver(SIMPLE).as_deref(), Some("QgayPKawpkPSDYmwT/WM94uAlu0="));
        assert_eq!(ver(&format!("{COMPLEX}{FORM}")).as_deref(), Some("q07IKJEyjvHSyhy//CH0CxmKi8w="));
    }

    #[test]
    fn an_announcement_survives_the_round_trip() {
        let caps: Caps = round_trip(
            "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' \
             ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>",
        );
        assert_eq!(caps.query_node(), "http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0=");
        assert_eq!(Caps::of("http://code.google.com/p/exodus", &info(SIMPLE)), Some(caps));
        let legacy: Caps = round_trip("<c xmlns='http://jabber.org/protocol/caps' node='n' ver='0.9' />");
        assert_eq!(legacy.hash, None);
        assert_eq!(
            read::<Caps>("<c xmlns='http://jabber.org/protocol/caps' node='n'/>"),
            Err(PayloadError::MissingAttribute("ver"))
        );
    }

    #[test]
    fn answers_are_worth_what_their_hash_says() {
        let caps = |hash: Option<&str>| Caps {
            hash: hash.map(str::to_owned),
            node: "n".into(),
            ver: "QgayPKawpkPSDYmwT/WM94uAlu0=".into(),
        };
        let honest = info(SIMPLE);
        let poisoned = info(&format!("{SIMPLE}<feature var='urn:xmpp:jingle:1'/>"));
        assert_eq!(caps(Some("sha-1")).verify(&honest), Verification::Valid);
        assert_eq!(caps(Some("sha-1")).verify(&poisoned), Verification::Invalid);
        assert_eq!(caps(Some("sha-256")).verify(&honest), Verification::Unverifiable);
        assert_eq!(caps(None).verify(&honest), Verification::Unverifiable);
    }

    #[test]
    fn ill_formed_answers() {
        let with = |more: &str| ver(&format!("{SIMPLE}{more}"));
        assert_eq!(with("<identity category='client' type='pc' name='Exodus 0.9.1'/>"), None, "identity twice");
        assert_eq!(with("<feature var='http://jabber.org/protocol/muc'/>"), None, "feature twice");
        assert_eq!(with(&FORM.repeat(2)), None, "two forms of one type");
        let form = |type_field: &str| with(&format!("<x xmlns='jabber:x:data' type='result'>{type_field}</x>"));
        let two = "<field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field>";
        assert_eq!(form(two), None, "two types");
        let same = "<field var='FORM_TYPE' type='hidden'><value>a</value><value>a</value></field>";
        assert!(form(same).is_some(), "the same type twice is allowed");
    }

    #[test]
    fn forms_without_a_hidden_type_are_ignored() {
        let with = |form: &str| ver(&format!("{SIMPLE}<x xmlns='jabber:x:data' type='result'>{form}</x>"));
        assert_eq!(with("<field var='os'><value>Mac</value></field>"), ver(SIMPLE));
        assert_eq!(with("<field var='FORM_TYPE' type='text-single'><value>a</value></field>"), ver(SIMPLE));
        assert_ne!(with("<field var='FORM_TYPE' type='hidden'><value>a</value></field>"), ver(SIMPLE));
    }

    #[test]
    fn parts_cannot_pass_for_others() {
        let info = "<feature var='http://jabber.org/protocol/disco#info'/>";
        let joined = format!("<identity category='client' type='pc' name='x&lt;aaa'/>{info}");
        assert_eq!(ver(&joined), None, "a name that contains a feature");
        let feature = format!("<identity category='client' type='pc'/>{info}<feature var='x&lt;y'/>");
        assert_eq!(ver(&feature), None, "a feature that contains another");
        assert_eq!(ver(&format!("<feature var='client/pc//x'/>{info}")), None, "an identity passed off as a feature");
        assert_eq!(ver("<identity category='client' type='pc'/><feature var='a'/>"), None, "no disco#info");
        assert!(ver(&format!("<identity category='client' type='pc'/>{info}")).is_some());
    }

    #[test]
    fn an_escaped_separator_is_no_separator() {
        let info = "<feature var='http://jabber.org/protocol/disco#info'/>";
        assert!(ver(&format!("<identity category='client' type='pc' name='x&amp;lt;y'/>{info}")).is_some());
    }
}
