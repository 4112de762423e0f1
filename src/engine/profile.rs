//! What people say of themselves: avatars (XEP-0084, XEP-0153), nicknames (XEP-0172), vCards (XEP-0054).
//!
//! Hashes and nicknames arrive by themselves, from contacts only. An image is fetched when a view asks for it, and is kept
//! only if its bytes have the announced hash, are a raster image by their own header, and are not larger than anybody
//! needs (attack cases C-08, C-09). Nothing is ever asked of strangers unless the person does it.

use plausch_model::{Avatar, AvatarId, BareJid, CommandError, CommandId, Profile, ProfileChange, Update, ViewId};
use plausch_xmpp::{
    iq_tracker::Outcome,
    ns,
    payload::Payload,
    xep::{
        avatar::{AvatarData, AvatarInfo, AvatarMetadata, ImageHash},
        nick::Nick,
        pubsub::{AccessModel, Item, Items, ItemsQuery, NodeConfig, Publish},
        pubsub_event::{NodeChange, PubsubEvent},
        vcard::Vcard,
        vcard_avatar::VcardUpdate,
    },
};

use crate::{
    Account,
    account::Then,
    envelope::Incoming,
    jids,
    map::Set,
    records::{decode_row, encode},
    requests::{Purpose, refused},
    step::Step,
    store::{Loaded, Query, Table},
};

/// The largest image file that is kept or published, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// The largest image that is decoded, in pixels on each side.
const MAX_SIDE: usize = 4096;

/// A question about a person that is being answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fetch {
    /// An image published by PEP (XEP-0084 §4.3).
    AvatarData(BareJid, AvatarId),
    /// An image in a vCard (XEP-0153 §4).
    VCardPhoto(BareJid, AvatarId),
    /// A profile that a view asked for.
    Profile(ViewId, CommandId, BareJid),
    /// Our image is being published; then what describes it.
    PublishData(ViewId, CommandId, Box<Avatar>),
    /// Our nickname, or the description of our image, is being published.
    Publish(ViewId, CommandId, Own),
}

/// A part of our own profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Own {
    /// The nickname.
    Nickname(Option<String>),
    /// The avatar.
    Avatar(Option<AvatarId>),
}

/// Which images are on their way.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    fetching: Set<AvatarId>,
}

impl Account {
    /// Takes what PEP brings (XEP-0163). True if the message was nothing else. A node counts only from the account whose
    /// it is, and only if it is ours or a contact's (attack cases A-09, L-12).
    pub(crate) fn pep_event(&mut self, step: &mut Step<'_>, incoming: &Incoming) -> bool {
        let Some(event) = incoming.message.payload::<PubsubEvent>() else { return false };
        let from_account = incoming.message.from.as_ref().is_none_or(|from| from.resource().is_none());
        let known = incoming.author == self.me || self.contacts.is_contact(&incoming.author);
        if let (Ok(event), true) = (event, from_account && known) {
            self.pep_items(step, &incoming.author, &event);
        }
        true
    }

    fn pep_items(&mut self, step: &mut Step<'_>, jid: &BareJid, event: &PubsubEvent) {
        if let (ns::DISPLAYED, NodeChange::Items { published, .. }) = (event.node.as_str(), &event.change) {
            if *jid == self.me {
                self.displayed_elsewhere(step, published);
            }
            return;
        }
        if event.node == ns::BOOKMARKS {
            if *jid == self.me {
                self.bookmarks_changed(step, &event.change);
            }
            return;
        }
        let payload = match &event.change {
            NodeChange::Items { published, .. } => published.last().and_then(|item| item.payload.as_ref()),
            NodeChange::Purged | NodeChange::Deleted => None,
            NodeChange::Configured(_) => return,
        };
        match event.node.as_str() {
            ns::AVATAR_METADATA => {
                let metadata = payload.and_then(|payload| AvatarMetadata::from_element(payload).ok());
                let avatar = metadata.and_then(|metadata| Some(avatar_id(&metadata.on_data_node()?.id)));
                self.contacts.set_person(step, jid, &|person| {
                    person.avatar = avatar.clone();
                    person.avatar_from_pep = true;
                });
            }
            ns::NICK => {
                let nickname = payload.and_then(|payload| Nick::from_element(payload).ok()).and_then(|nick| nick.name);
                self.contacts.set_person(step, jid, &|person| person.nickname = nickname.clone());
            }
            _ => {}
        }
    }

    /// Presence announces the photo of a vCard (XEP-0153 §3). What was published by PEP is newer.
    pub(crate) fn vcard_avatar_announced(&mut self, step: &mut Step<'_>, jid: &BareJid, update: &VcardUpdate) {
        let avatar = match update {
            VcardUpdate::NotReady => return,
            VcardUpdate::NoPhoto => None,
            VcardUpdate::Photo(hash) => Some(avatar_id(hash)),
        };
        self.contacts.set_person(step, jid, &|person| {
            if !person.avatar_from_pep {
                person.avatar = avatar.clone();
            }
        });
    }

    /// A view needs an image.
    pub(crate) fn load_avatar(&mut self, step: &mut Step<'_>, avatar: AvatarId) {
        let query = Query::Get(Table::Avatars, vec![avatar.as_str().as_bytes().to_vec()]);
        self.loads.ask(step, vec![query], Then::Avatar(avatar));
    }

    /// The image is on disk, or has to be fetched.
    pub(crate) fn avatar_loaded(&mut self, step: &mut Step<'_>, avatar: &AvatarId, found: Option<Loaded>) {
        if let Some(Loaded::Found(rows)) = found
            && let Some(avatar) = rows.iter().flatten().find_map(decode_row::<Avatar>)
        {
            return step.fx.tell(Update::Avatar(avatar));
        }
        let Some(owner) = self.contacts.with_avatar(avatar).cloned() else { return };
        if self.session.is_online() && self.profiles.fetching.insert(avatar.clone()) {
            let ids = vec![avatar.as_str().to_owned()];
            let request = ItemsQuery { node: ns::AVATAR_DATA.to_owned(), ids, ..ItemsQuery::default() };
            let why = Purpose::Person(Fetch::AvatarData(owner.clone(), avatar.clone()));
            self.request_get(step, jids::recipient(&owner), &request, why);
        }
    }

    /// What a person says of themselves, for a view.
    pub(crate) fn load_profile(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: &BareJid,
    ) -> Option<Result<(), CommandError>> {
        if let Err(error) = self.connected() {
            return Some(Err(error));
        }
        let to = jids::recipient(jid).filter(|_| *jid != self.me);
        let why = Purpose::Person(Fetch::Profile(view, id, jid.clone()));
        self.request_get(step, to, &Vcard::default(), why);
        None
    }

    /// Changes what we say of ourselves.
    pub(crate) fn change_profile(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        change: ProfileChange,
    ) -> Option<Result<(), CommandError>> {
        if let Err(error) = self.connected() {
            return Some(Err(error));
        }
        match change {
            ProfileChange::Nickname(nickname) => {
                let nickname = nickname.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
                let publish = publish(ns::NICK, "current", &Nick { name: nickname.clone() }, AccessModel::Presence);
                let why = Fetch::Publish(view, id, Own::Nickname(nickname));
                self.request_set(step, None, &publish, Purpose::Person(why));
            }
            ProfileChange::Avatar(None) => {
                let nothing = AvatarMetadata::default();
                let publish = publish(ns::AVATAR_METADATA, "current", &nothing, AccessModel::Open);
                let why = Fetch::Publish(view, id, Own::Avatar(None));
                self.request_set(step, None, &publish, Purpose::Person(why));
            }
            ProfileChange::Avatar(Some(avatar)) => {
                let Some(avatar) = checked(avatar.bytes) else { return Some(Err(CommandError::BadText)) };
                let data = AvatarData { bytes: avatar.bytes.clone() };
                let publish = publish(ns::AVATAR_DATA, avatar.id.as_str(), &data, AccessModel::Open);
                let why = Fetch::PublishData(view, id, Box::new(avatar));
                self.request_set(step, None, &publish, Purpose::Person(why));
            }
        }
        None
    }

    /// An answer about a person.
    pub(crate) fn person_answered(&mut self, step: &mut Step<'_>, fetch: Fetch, outcome: Outcome<'_>) {
        match fetch {
            Fetch::AvatarData(owner, avatar) => {
                let bytes = outcome.ok().flatten().and_then(|element| {
                    let items = Items::from_element(element).ok()?;
                    let data = items.items.into_iter().find_map(|item| item.payload)?;
                    AvatarData::from_element(&data).ok().map(|data| data.bytes)
                });
                match bytes {
                    Some(bytes) => self.avatar_fetched(step, &avatar, bytes),
                    None => {
                        let why = Purpose::Person(Fetch::VCardPhoto(owner.clone(), avatar));
                        self.request_get(step, jids::recipient(&owner), &Vcard::default(), why);
                    }
                }
            }
            Fetch::VCardPhoto(_, avatar) => {
                let vcard = outcome.ok().flatten().and_then(|element| Vcard::from_element(element).ok());
                match vcard.and_then(|vcard| vcard.photo()?.ok()) {
                    Some(photo) => self.avatar_fetched(step, &avatar, photo.bytes),
                    None => {
                        self.profiles.fetching.remove(&avatar);
                    }
                }
            }
            Fetch::Profile(view, id, jid) => self.profile_fetched(step, view, id, jid, outcome),
            Fetch::PublishData(view, id, avatar) => match outcome {
                Ok(_) => self.publish_metadata(step, view, id, *avatar),
                Err(error) => self.done(step, view, id, Err(refused(error))),
            },
            Fetch::Publish(view, id, own) => {
                if outcome.is_ok() {
                    self.own_published(step, own);
                }
                self.done(step, view, id, outcome.map(|_| ()).map_err(refused));
            }
        }
    }

    /// A question about a person stays without answer.
    pub(crate) fn person_unanswered(&mut self, step: &mut Step<'_>, fetch: Fetch, error: CommandError) {
        match fetch {
            Fetch::AvatarData(_, avatar) | Fetch::VCardPhoto(_, avatar) => {
                self.profiles.fetching.remove(&avatar);
            }
            Fetch::Profile(view, id, _) | Fetch::PublishData(view, id, _) | Fetch::Publish(view, id, _) => {
                self.done(step, view, id, Err(error));
            }
        }
    }

    fn avatar_fetched(&mut self, step: &mut Step<'_>, expected: &AvatarId, bytes: Vec<u8>) {
        self.profiles.fetching.remove(expected);
        if let Some(avatar) = checked(bytes).filter(|avatar| avatar.id == *expected) {
            self.keep_avatar(step, avatar);
        }
    }

    fn keep_avatar(&self, step: &mut Step<'_>, avatar: Avatar) {
        step.fx.batch.put(Table::Avatars, avatar.id.as_str().as_bytes(), encode(&avatar));
        step.fx.tell(Update::Avatar(avatar));
    }

    fn publish_metadata(&mut self, step: &mut Step<'_>, view: ViewId, id: CommandId, avatar: Avatar) {
        let info = AvatarInfo {
            id: ImageHash::of(&avatar.bytes),
            bytes: u32::try_from(avatar.bytes.len()).unwrap_or(u32::MAX),
            media_type: avatar.media_type.clone(),
            width: None,
            height: None,
            url: None,
        };
        let metadata = AvatarMetadata { infos: vec![info] };
        let publish = publish(ns::AVATAR_METADATA, avatar.id.as_str(), &metadata, AccessModel::Open);
        let why = Fetch::Publish(view, id, Own::Avatar(Some(avatar.id.clone())));
        self.keep_avatar(step, avatar);
        self.request_set(step, None, &publish, Purpose::Person(why));
    }

    fn own_published(&mut self, step: &mut Step<'_>, own: Own) {
        let me = self.me.clone();
        let news = self.contacts.set_person(step, &me, &|person| match &own {
            Own::Nickname(nickname) => person.nickname = nickname.clone(),
            Own::Avatar(avatar) => {
                person.avatar = avatar.clone();
                person.avatar_from_pep = true;
            }
        });
        if news {
            self.announce(step);
        }
    }

    /// Shows the account itself again, if it is its entry that changed.
    pub(crate) fn own_changed(&self, step: &mut Step<'_>, jid: &BareJid) {
        if *jid == self.me && self.booted {
            step.fx.tell(self.own());
        }
    }

    fn profile_fetched(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: BareJid,
        outcome: Outcome<'_>,
    ) {
        let vcard = outcome.ok().flatten().and_then(|element| Vcard::from_element(element).ok());
        let profile = vcard.map(|vcard| profile(&vcard)).filter(|profile| *profile != Profile::default());
        step.fx.tell_view(view, Update::Profile { jid, profile });
        self.done(step, view, id, Ok(()));
    }
}

/// A vCard in the model's words.
fn profile(vcard: &Vcard) -> Profile {
    Profile {
        full_name: vcard.full_name(),
        nickname: vcard.nickname(),
        emails: vcard.emails(),
        phones: vcard.phones(),
        urls: vcard.urls(),
        organisation: vcard.organisation(),
        birthday: vcard.birthday(),
        note: vcard.note(),
    }
}

/// The hash that names an avatar.
fn avatar_id(hash: &ImageHash) -> AvatarId {
    AvatarId::new(hash.as_str())
}

/// Publishes an item on a node of ours that has to be open to these (XEP-0060 §7.1.5).
fn publish(node: &str, id: &str, payload: &impl Payload, access: AccessModel) -> Publish {
    let options = NodeConfig { access_model: Some(access), ..NodeConfig::default() };
    Publish { node: node.to_owned(), item: Item::new(id, payload), options: Some(options) }
}

/// The image in some bytes: a raster image by its own header, of a bearable size.
fn checked(bytes: Vec<u8>) -> Option<Avatar> {
    use imagesize::ImageType;
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let media_type = match imagesize::image_type(&bytes).ok()? {
        ImageType::Png => "image/png",
        ImageType::Jpeg => "image/jpeg",
        ImageType::Gif => "image/gif",
        ImageType::Webp => "image/webp",
        _ => return None,
    };
    let size = imagesize::blob_size(&bytes).ok()?;
    let bearable = (1..=MAX_SIDE).contains(&size.width) && (1..=MAX_SIDE).contains(&size.height);
    bearable.then(|| Avatar { id: avatar_id(&ImageHash::of(&bytes)), media_type: media_type.to_owned(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG of one pixel's header with the given size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn an_image_is_what_its_bytes_say() {
        let avatar = checked(png(64, 64)).unwrap();
        assert_eq!(avatar.media_type, "image/png");
        assert_eq!(avatar.id.as_str().len(), 40);
    }

    #[test]
    fn what_is_no_raster_image_of_a_bearable_size_is_none() {
        assert_eq!(checked(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()), None);
        assert_eq!(checked(b"<!DOCTYPE html>".to_vec()), None);
        assert_eq!(checked(png(40_000, 40_000)), None);
        assert_eq!(checked(png(0, 64)), None);
        assert_eq!(checked(png(64, 64).into_iter().chain(vec![0; MAX_BYTES]).collect()), None);
        assert_eq!(checked(Vec::new()), None);
    }
}
