//! XEP-0084: User Avatar, published by PEP on two nodes, and XEP-0398: servers that keep it and the vCard's photo (XEP-0153)
//! the same. Where the account announces [`ns::AVATAR_CONVERSION`], publish here only, and leave hashes in presence to it.

use std::fmt;

use sha1::{Digest, Sha1};

use crate::base64;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, bytes_of, expect, parsed, required};
use crate::xml::Element;

/// Larger images are not accepted (attack case C-09).
pub const MAX_IMAGE_BYTES: usize = 1 << 20;
/// Further formats of an avatar are ignored.
const MAX_FORMATS: usize = 32;

/// The SHA-1 of an image's bytes in lower-case hexadecimal (XEP-0084 §4.2.1, XEP-0153 §4.4): the avatar's name. Whoever gets
/// an image must check that it has the hash asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageHash(String);

impl ImageHash {
    /// The hash of an image.
    pub fn of(image: &[u8]) -> Self {
        Self(Sha1::digest(image).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads a hash: 40 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let valid = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ImageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known about an image without having it (XEP-0084 §4.2.1). Nothing of it is to be believed before the image is
/// there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AvatarInfo {
    /// The image's hash, and its item on the data node.
    pub id: ImageHash,
    /// Its size.
    pub bytes: u32,
    /// Its media type.
    pub media_type: String,
    /// Its width in pixels.
    pub width: Option<u16>,
    /// Its height in pixels.
    pub height: Option<u16>,
    /// Where it is if not on the data node. Loading it from there tells the host who looks (attack case C-13).
    pub url: Option<String>,
}

/// `<metadata/>`: the avatar in one or more formats, or none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AvatarMetadata {
    /// The formats; empty means that there is no avatar (any more). One that lacks what it must say is left out.
    pub infos: Vec<AvatarInfo>,
}

impl AvatarMetadata {
    /// The format that is on the data node: there must be one (XEP-0084 §4.2.1).
    pub fn on_data_node(&self) -> Option<&AvatarInfo> {
        self.infos.iter().find(|info| info.url.is_none())
    }
}

impl Payload for AvatarMetadata {
    const NAME: &'static str = "metadata";
    const NS: &'static str = ns::AVATAR_METADATA;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let infos = element.children_named("info", Self::NS).take(MAX_FORMATS);
        Ok(Self { infos: infos.filter_map(|info| AvatarInfo::read(info).ok()).into_list() })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).children(self.infos.iter().map(AvatarInfo::write)).build()
    }
}

impl AvatarInfo {
    fn read(element: &Element) -> Result<Self, PayloadError> {
        Ok(Self {
            id: ImageHash::parse(required(element, "id")?).ok_or(PayloadError::Invalid("id"))?,
            bytes: parsed(element, "bytes")?.ok_or(PayloadError::MissingAttribute("bytes"))?,
            media_type: required(element, "type")?.to_owned(),
            width: parsed(element, "width").unwrap_or_default(),
            height: parsed(element, "height").unwrap_or_default(),
            url: element.attr("url").map(str::to_owned),
        })
    }

    fn write(&self) -> Element {
        let number = |number: Option<u16>| number.map(|number| number.to_string());
        Element::builder("info", ns::AVATAR_METADATA)
            .attr("id", self.id.as_str())
            .attr("bytes", self.bytes.to_string())
            .attr("type", &self.media_type)
            .attr_opt("width", number(self.width))
            .attr_opt("height", number(self.height))
            .attr_opt("url", self.url.as_deref())
            .build()
    }
}

/// `<data/>`: an image (XEP-0084 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AvatarData {
    /// The image file.
    pub bytes: Vec<u8>,
}

impl Payload for AvatarData {
    const NAME: &'static str = "data";
    const NS: &'static str = ns::AVATAR_DATA;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        bytes_of(&element.text(), "data", MAX_IMAGE_BYTES).map(|bytes| Self { bytes })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).text(base64::encode(&self.bytes)).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    const ID: &str = "111f4b3c50d7b0df729d299bc6f8e9ef9066971f";

    #[test]
    fn metadata_survives_the_round_trip() {
        let metadata: AvatarMetadata = round_trip(&format!(
            "<metadata xmlns='urn:xmpp:avatar:metadata'>\
             <info id='e279f80c38f99c1e7e53e262b440993b2f7eea57' bytes='12345' type='image/png' url='https://a.example/x'/>\
             <info id='{ID}' bytes='23456' type='image/png' width='64' height='64'/></metadata>"
        ));
        let info = metadata.on_data_node().unwrap();
        assert_eq!((info.id.as_str(), info.bytes, info.width), (ID, 23_456, Some(64)));
        let none: AvatarMetadata = round_trip("<metadata xmlns='urn:xmpp:avatar:metadata'/>");
        assert_eq!(none.on_data_node(), None);
    }

    #[test]
    fn a_broken_format_harms_no_other() {
        let metadata: AvatarMetadata = read(&format!(
            "<metadata xmlns='urn:xmpp:avatar:metadata'><info/><info id='../../x' bytes='1' type='a/b'/>\
             <info id='{ID}' bytes='-1' type='a/b'/><info id='{ID}' type='a/b'/><info id='{ID}' bytes='1'/>\
             <info id='{}' bytes='1' type='image/png' width='99999' height='tall'/></metadata>",
            ID.to_uppercase()
        ))
        .unwrap();
        assert_eq!(metadata.infos.len(), 1);
        let info = &metadata.infos[0];
        assert_eq!((info.id.as_str(), info.width, info.height), (ID, None, None));
    }

    #[test]
    fn data_survives_the_round_trip() {
        let data: AvatarData = round_trip("<data xmlns='urn:xmpp:avatar:data'>iVBORw0KGgo=</data>");
        assert_eq!(data.bytes, b"\x89PNG\r\n\x1a\n");
        let wrapped: AvatarData = read("<data xmlns='urn:xmpp:avatar:data'>\n iVBO\r\n\tRw0K Ggo\n</data>").unwrap();
        assert_eq!(wrapped, data);
    }

    #[test]
    fn data_must_be_base64_and_of_a_sane_size() {
        let broken = read::<AvatarData>("<data xmlns='urn:xmpp:avatar:data'>&lt;svg></data>");
        assert_eq!(broken, Err(PayloadError::Invalid("data")));
        let largest = AvatarData { bytes: vec![0; MAX_IMAGE_BYTES] };
        assert_eq!(AvatarData::from_element(&largest.to_element()), Ok(largest));
        for more in [1, 2, 3, 4, 1_000] {
            let huge = AvatarData { bytes: vec![0; MAX_IMAGE_BYTES.saturating_add(more)] }.to_element();
            assert_eq!(AvatarData::from_element(&huge), Err(PayloadError::TooLarge("data")), "{more}");
        }
    }

    #[test]
    fn hashes() {
        assert_eq!(ImageHash::of(b"abc").as_str(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(ImageHash::parse(" A9993E364706816ABA3E25717850C26C9CD0D89D\n"), Some(ImageHash::of(b"abc")));
        for bad in
            ["", "a9993e", "g9993e364706816aba3e25717850c26c9cd0d89d", "a9993e364706816aba3e25717850c26c9cd0d89d0"]
        {
            assert_eq!(ImageHash::parse(bad), None, "{bad}");
        }
    }
}
