//! Avatars (XEP-0084), nicknames (XEP-0172) and profiles (XEP-0054).

use plausch_interop::{Server, pixel};
use plausch_model::{Availability, BareJid, Command, ProfileChange};
use plausch_native::State;
use serde_json::json;

use crate::tools::{Outcome, befriend, friends, peer, signed_in};

on_both_servers!(avatars_travel, nicknames_travel, profiles_are_read);

async fn avatars_travel(server: Server) -> Outcome {
    let (romeo, peer) = friends(&server).await?;
    drop(peer);
    let mut romeo = romeo;
    let juliet = signed_in(&server).await?;
    let her = juliet.jid().clone();
    let mut juliet = juliet;
    romeo.run(Command::AddContact { address: her.to_string(), name: None, groups: vec![] }).await?;
    let him = romeo.jid().clone();
    juliet.until("his request", |state| state.requests.iter().any(|request| request.jid == him)).await?;
    juliet.run(Command::AcceptRequest(him.clone())).await?;
    // Her server tells those of whom it knows that they want to hear.
    let sees_him = |state: &State| state.contacts.get(&him).is_some_and(|him| him.availability == Availability::Online);
    juliet.until("him to be online", sees_him).await?;
    juliet.run(Command::ChangeProfile(ProfileChange::Avatar(Some(pixel())))).await?;
    juliet.until("her own avatar", |state| state.own.as_ref().is_some_and(|own| own.2 == Some(pixel().id))).await?;
    let shown = |state: &State| state.contacts.get(&her).is_some_and(|contact| contact.avatar == Some(pixel().id));
    romeo.until("her avatar", shown).await?;
    romeo.run(Command::LoadAvatar(pixel().id)).await?;
    romeo.until("its bytes", |state| state.avatars.contains_key(&pixel().id)).await?;
    assert_eq!(romeo.state().avatars[&pixel().id], pixel());
    juliet.run(Command::ChangeProfile(ProfileChange::Avatar(None))).await?;
    romeo.until("no avatar", |state| state.contacts.get(&her).is_some_and(|contact| contact.avatar.is_none())).await?;
    Ok(())
}

async fn nicknames_travel(server: Server) -> Outcome {
    let (mut session, mut peer) = befriend(signed_in(&server).await?, peer(&server).await?).await?;
    let them = BareJid::new(&peer.jid);
    let node = "http://jabber.org/protocol/nick";
    let xml = format!("<nick xmlns='{node}'>Ishmael</nick>");
    peer.act(json!({ "do": "publish", "node": node, "id": "current", "xml": xml })).await?;
    session
        .until("their nickname", |state| state.contacts.get(&them).is_some_and(|contact| contact.name == "Ishmael"))
        .await?;
    session.run(Command::ChangeProfile(ProfileChange::Nickname(Some("Ahab".to_owned())))).await?;
    session.until("our own", |state| state.own.as_ref().is_some_and(|own| own.1.as_deref() == Some("Ahab"))).await?;
    Ok(())
}

async fn profiles_are_read(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let them = BareJid::new(&peer.jid);
    let card = "<vCard xmlns='vcard-temp'><FN>Ishmael of the Pequod</FN><URL>https://example.org/</URL></vCard>";
    peer.act(json!({ "do": "iq", "type": "set", "xml": card })).await?;
    peer.wait("the vCard to be set", |event| event["event"] == "iq").await?;
    session.run(Command::LoadProfile(them.clone())).await?;
    session.until("their profile", |state| state.profiles.get(&them).is_some_and(Option::is_some)).await?;
    let profile = session.state().profiles[&them].clone().unwrap_or_default();
    assert_eq!(profile.full_name.as_deref(), Some("Ishmael of the Pequod"));
    assert_eq!(profile.urls, ["https://example.org/"]);
    Ok(())
}
