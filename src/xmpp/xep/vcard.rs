//! XEP-0054: vcard-temp.
//!
//! All fields are kept as they came, and read when asked for: so changing one's own photo loses nothing that another client
//! wrote and this one does not know.

use super::avatar::MAX_IMAGE_BYTES;
use crate::base64;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, bytes_of, expect, text_element, trimmed};
use crate::xml::Element;

/// A field has at most this many characters; the rest is cut off.
const MAX_TEXT_CHARS: usize = 4_000;
/// Further values of a field are ignored.
const MAX_VALUES: usize = 50;

/// `<vCard/>`: the request for somebody's vCard, if it holds nothing, or the vCard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vcard {
    fields: Vec<Element>,
}

/// The picture in a vCard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VcardPhoto {
    /// Its media type, as it says.
    pub media_type: Option<String>,
    /// The image file.
    pub bytes: Vec<u8>,
}

impl Payload for Vcard {
    const NAME: &'static str = "vCard";
    const NS: &'static str = ns::VCARD;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self { fields: element.children().cloned().into_list() })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).children(self.fields.iter().cloned()).build()
    }
}

impl Vcard {
    /// The full name.
    pub fn full_name(&self) -> Option<String> {
        self.text("FN")
    }

    /// The nickname.
    pub fn nickname(&self) -> Option<String> {
        self.text("NICKNAME")
    }

    /// The day of birth, as written.
    pub fn birthday(&self) -> Option<String> {
        self.text("BDAY")
    }

    /// A free text: the note, else the description.
    pub fn note(&self) -> Option<String> {
        self.text("NOTE").or_else(|| self.text("DESC"))
    }

    /// The organisation, its units after it.
    pub fn organisation(&self) -> Option<String> {
        let parts =
            |name| self.named("ORG").flat_map(move |org| org.children_named(name, ns::VCARD)).filter_map(text_of);
        let parts: Vec<String> = parts("ORGNAME").take(1).chain(parts("ORGUNIT").take(MAX_VALUES)).into_list();
        Some(parts.join(", ")).filter(|text| !text.is_empty())
    }

    /// The e-mail addresses.
    pub fn emails(&self) -> Vec<String> {
        self.texts("EMAIL", Some("USERID"))
    }

    /// The telephone numbers.
    pub fn phones(&self) -> Vec<String> {
        self.texts("TEL", Some("NUMBER"))
    }

    /// The web addresses, whatever their scheme: what may be opened is for the caller to decide (attack case C-04).
    pub fn urls(&self) -> Vec<String> {
        self.texts("URL", None)
    }

    /// The picture. One that is elsewhere (`EXTVAL`) is none: loading it would tell the host who looks.
    pub fn photo(&self) -> Option<Result<VcardPhoto, PayloadError>> {
        let photo = self.named("PHOTO").next()?;
        let binval = photo.child_text("BINVAL", ns::VCARD).filter(|text| !text.trim().is_empty())?;
        let media_type = photo.child_text("TYPE", ns::VCARD).filter(|text| !text.is_empty());
        Some(bytes_of(&binval, "BINVAL", MAX_IMAGE_BYTES).map(|bytes| VcardPhoto { media_type, bytes }))
    }

    /// This vCard with another picture, or none.
    #[must_use]
    pub fn with_photo(mut self, photo: Option<&VcardPhoto>) -> Self {
        self.fields.retain(|field| !field.is("PHOTO", ns::VCARD));
        self.fields.extend(photo.map(VcardPhoto::write));
        self
    }

    /// This vCard with another nickname, or none.
    #[must_use]
    pub fn with_nickname(mut self, nickname: Option<&str>) -> Self {
        self.fields.retain(|field| !field.is("NICKNAME", ns::VCARD));
        self.fields.extend(nickname.map(|nickname| text_element("NICKNAME", ns::VCARD, nickname)));
        self
    }

    fn named(&self, name: &'static str) -> impl Iterator<Item = &Element> {
        self.fields.iter().filter(move |field| field.is(name, ns::VCARD))
    }

    /// The text of the first field of a name that has one.
    fn text(&self, name: &'static str) -> Option<String> {
        self.named(name).find_map(text_of)
    }

    /// The texts of all fields of a name, or of a child of theirs. Clients disagree on which of the two it is.
    fn texts(&self, name: &'static str, child: Option<&str>) -> Vec<String> {
        let inner = |field: &Element| child.and_then(|child| field.child(child, ns::VCARD)).and_then(text_of);
        self.named(name).take(MAX_VALUES).filter_map(|field| inner(field).or_else(|| text_of(field))).into_list()
    }
}

impl VcardPhoto {
    fn write(&self) -> Element {
        let media_type = self.media_type.as_deref();
        Element::builder("PHOTO", ns::VCARD)
            .child_opt(media_type.map(|media_type| text_element("TYPE", ns::VCARD, media_type)))
            .child(text_element("BINVAL", ns::VCARD, &base64::encode(&self.bytes)))
            .build()
    }
}

/// The text of a field, trimmed and cut, unless it is empty.
fn text_of(field: &Element) -> Option<String> {
    let text = trimmed(&field.text(), MAX_TEXT_CHARS);
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};

    const STPETER: &str = "<vCard xmlns='vcard-temp'><FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY>\
         <GIVEN>Peter</GIVEN><MIDDLE/></N><NICKNAME>stpeter</NICKNAME><URL>http://www.xmpp.org/xsf/people/stpeter.shtml</URL>\
         <BDAY>1966-08-06</BDAY><ORG><ORGNAME>XMPP Standards Foundation</ORGNAME><ORGUNIT>Council</ORGUNIT></ORG>\
         <TITLE>Executive Director</TITLE><TEL><WORK/><VOICE/><NUMBER>303-308-3282</NUMBER></TEL>\
         <TEL><WORK/><FAX/><NUMBER/></TEL><EMAIL><INTERNET/><PREF/><USERID>stpeter@jabber.org</USERID></EMAIL>\
         <EMAIL>other@jabber.org</EMAIL><JABBERID>stpeter@jabber.org</JABBERID><DESC> More about me. </DESC>\
         <PHOTO><TYPE>image/png</TYPE><BINVAL>\niVBORw0KGgo=\n</BINVAL></PHOTO></vCard>";

    #[test]
    fn a_vcard_survives_the_round_trip() {
        let vcard: Vcard = round_trip(STPETER);
        assert_eq!(vcard.full_name().as_deref(), Some("Peter Saint-Andre"));
        assert_eq!(vcard.nickname().as_deref(), Some("stpeter"));
        assert_eq!(vcard.birthday().as_deref(), Some("1966-08-06"));
        assert_eq!(vcard.note().as_deref(), Some("More about me."));
        assert_eq!(vcard.organisation().as_deref(), Some("XMPP Standards Foundation, Council"));
        assert_eq!(vcard.emails(), ["stpeter@jabber.org", "other@jabber.org"]);
        assert_eq!(vcard.phones(), ["303-308-3282"]);
        assert_eq!(vcard.urls(), ["http://www.xmpp.org/xsf/people/stpeter.shtml"]);
        let photo = vcard.photo().unwrap().unwrap();
        assert_eq!(
            (photo.media_type.as_deref(), photo.bytes.as_slice()),
            (Some("image/png"), &b"\x89PNG\r\n\x1a\n"[..])
        );
    }

    #[test]
    fn an_empty_vcard_says_nothing() {
        let vcard: Vcard = round_trip("<vCard xmlns='vcard-temp'/>");
        assert_eq!(vcard, Vcard::default());
        assert_eq!((vcard.full_name(), vcard.organisation(), vcard.photo()), (None, None, None));
        assert!(vcard.emails().is_empty());
    }

    #[test]
    fn changing_one_field_loses_no_other() {
        let photo = VcardPhoto { media_type: Some("image/png".into()), bytes: b"abc".to_vec() };
        let vcard = read::<Vcard>(STPETER).unwrap().with_photo(Some(&photo)).with_nickname(Some("pete"));
        let again = Vcard::from_element(&vcard.to_element()).unwrap();
        assert_eq!(again.photo(), Some(Ok(photo)));
        assert_eq!(again.nickname().as_deref(), Some("pete"));
        assert_eq!(again.full_name().as_deref(), Some("Peter Saint-Andre"));
        assert!(again.to_element().to_xml().contains("Executive Director"));
        assert_eq!(again.with_photo(None).with_nickname(None).photo(), None);
    }

    #[test]
    fn hostile_photos() {
        let photo = |inner: &str| {
            read::<Vcard>(&format!("<vCard xmlns='vcard-temp'><PHOTO>{inner}</PHOTO></vCard>")).unwrap().photo()
        };
        assert_eq!(photo("<EXTVAL>https://tracker.example/x.png</EXTVAL>"), None);
        assert_eq!(photo("<TYPE>image/png</TYPE><BINVAL>  </BINVAL>"), None);
        assert_eq!(photo("<BINVAL>!</BINVAL>"), Some(Err(PayloadError::Invalid("BINVAL"))));
        let huge = "A".repeat(MAX_IMAGE_BYTES.saturating_mul(2));
        assert_eq!(photo(&format!("<BINVAL>{huge}</BINVAL>")), Some(Err(PayloadError::TooLarge("BINVAL"))));
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "ä".repeat(10_000);
        let vcard: Vcard = read(&format!("<vCard xmlns='vcard-temp'><FN>{long}</FN></vCard>")).unwrap();
        assert_eq!(vcard.full_name().unwrap().chars().count(), MAX_TEXT_CHARS);
        let many = element(&format!("<vCard xmlns='vcard-temp'>{}</vCard>", "<URL>x</URL>".repeat(1_000)));
        assert_eq!(Vcard::from_element(&many).unwrap().urls().len(), MAX_VALUES);
    }
}
