//! The roster: adding, accepting, declining, renaming, removing; presence; what is there again after a restart.

use plausch_interop::Server;
use plausch_model::{Availability, BareJid, Command, Subscription};
use plausch_native::{Session, State};
use serde_json::json;

use crate::tools::{Fallible, Forgetful, Outcome, befriend, friends, peer, signed_in, through};

on_both_servers!(
    two_engines_become_contacts,
    a_declined_request_is_over,
    edits_and_removes,
    shows_presence,
    the_roster_is_versioned,
    follows_changes_of_another_device,
);

fn add(whom: &Session) -> Command {
    Command::AddContact {
        address: whom.jid().to_string(),
        name: Some("A friend".to_owned()),
        groups: vec!["Verona".to_owned()],
    }
}

async fn until_both(session: &mut Session, other: &BareJid) -> Outcome {
    let both =
        |state: &State| state.contacts.get(other).is_some_and(|contact| contact.subscription == Subscription::Both);
    Ok(session.until("both to see each other", both).await?)
}

async fn pair(server: &Server) -> Fallible<(Session, Session)> {
    let (mut romeo, mut juliet) = (signed_in(server).await?, signed_in(server).await?);
    let (him, her) = (romeo.jid().clone(), juliet.jid().clone());
    romeo.run(add(&juliet)).await?;
    romeo.until("that he asked", |state| state.contacts.get(&her).is_some_and(|contact| contact.asked)).await?;
    juliet.until("his request", |state| state.requests.iter().any(|request| request.jid == him)).await?;
    juliet.run(Command::AcceptRequest(him.clone())).await?;
    until_both(&mut romeo, &her).await?;
    until_both(&mut juliet, &him).await?;
    juliet.until("the request to be gone", |state| state.requests.is_empty()).await?;
    Ok((romeo, juliet))
}

async fn two_engines_become_contacts(server: Server) -> Outcome {
    let (mut romeo, mut juliet) = pair(&server).await?;
    let (him, her) = (romeo.jid().clone(), juliet.jid().clone());
    for (session, other) in [(&mut romeo, &her), (&mut juliet, &him)] {
        let online = |state: &State| state.contacts[other].availability == Availability::Online;
        session.until("to see them online", online).await?;
    }
    let contact = &romeo.state().contacts[&her];
    assert_eq!((contact.name.as_str(), contact.groups.as_slice()), ("A friend", &["Verona".to_owned()][..]));
    Ok(())
}

async fn a_declined_request_is_over(server: Server) -> Outcome {
    let (mut romeo, mut juliet) = (signed_in(&server).await?, signed_in(&server).await?);
    let (him, her) = (romeo.jid().clone(), juliet.jid().clone());
    romeo.run(add(&juliet)).await?;
    juliet.until("his request", |state| state.requests.iter().any(|request| request.jid == him)).await?;
    juliet.run(Command::DeclineRequest(him.clone())).await?;
    juliet.until("the request to be gone", |state| state.requests.is_empty()).await?;
    romeo.until("to know", |state| state.contacts.get(&her).is_some_and(|contact| !contact.asked)).await?;
    assert_eq!(romeo.state().contacts[&her].subscription, Subscription::None);
    assert!(!juliet.state().contacts.contains_key(&him));
    juliet.restart().await?;
    juliet.until_synced().await?;
    assert!(juliet.state().requests.is_empty());
    Ok(())
}

async fn edits_and_removes(server: Server) -> Outcome {
    let (mut romeo, mut juliet) = pair(&server).await?;
    let (him, her) = (romeo.jid().clone(), juliet.jid().clone());
    let groups = vec!["Capulet".to_owned(), "Verona".to_owned()];
    romeo
        .run(Command::EditContact { contact: her.clone(), name: Some("Julia".to_owned()), groups: groups.clone() })
        .await?;
    romeo
        .until("the new name", |state| state.contacts[&her].name == "Julia" && state.contacts[&her].groups == groups)
        .await?;
    romeo.run(Command::EditContact { contact: her.clone(), name: None, groups: vec![] }).await?;
    romeo
        .until("no name", |state| state.contacts[&her].roster_name.is_none() && state.contacts[&her].groups.is_empty())
        .await?;
    romeo.run(Command::RemoveContact(her.clone())).await?;
    romeo.until("her to be gone", |state| !state.contacts.contains_key(&her)).await?;
    let unsubscribed =
        |state: &State| state.contacts.get(&him).is_none_or(|contact| contact.subscription == Subscription::None);
    juliet.until("him not to see her any more", unsubscribed).await?;
    Ok(())
}

async fn shows_presence(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let them = BareJid::new(&peer.jid);
    for (show, availability) in [
        ("away", Availability::Away),
        ("dnd", Availability::Busy),
        ("xa", Availability::Away),
        ("chat", Availability::Online),
    ] {
        peer.act(json!({ "do": "presence", "show": show, "status": show })).await?;
        let shown = |state: &State| {
            let contact = &state.contacts[&them];
            contact.availability == availability && contact.status.as_deref() == Some(show)
        };
        session.until(show, shown).await?;
    }
    peer.act(json!({ "do": "quit" })).await?;
    session.until("them to be offline", |state| state.contacts[&them].availability == Availability::Offline).await?;
    Ok(())
}

/// What did not change is not sent again (RFC 6121 §2.6).
async fn the_roster_is_versioned(server: Server) -> Outcome {
    let way = Forgetful::of(&server).await?;
    let (_, session) = through(&server, &way.url).await?;
    let (mut session, peer) = befriend(session, peer(&server).await?).await?;
    let them = BareJid::new(&peer.jid);
    way.forget();
    way.kill(&mut session).await?;
    let before = session.transcript().received().len();
    session.restart().await?;
    session.until_synced().await?;
    assert_eq!(session.state().contacts[&them].subscription, Subscription::Both);
    let received = session.transcript().received();
    let new = received.iter().skip(before);
    let items: Vec<_> = new.filter(|frame| frame.contains("jabber:iq:roster") && frame.contains("<item")).collect();
    assert_eq!(items, Vec::<&String>::new());
    Ok(())
}

async fn follows_changes_of_another_device(server: Server) -> Outcome {
    let (mut romeo, juliet) = pair(&server).await?;
    let her = juliet.jid().clone();
    let options = romeo.options().clone();
    let mut phone =
        crate::tools::ready(plausch_native::SessionOptions { store: Default::default(), ..options }).await?;
    assert!(phone.state().contacts.contains_key(&her));
    phone
        .run(Command::EditContact { contact: her.clone(), name: Some("From the phone".to_owned()), groups: vec![] })
        .await?;
    romeo.until("the other device's change", |state| state.contacts[&her].name == "From the phone").await?;
    Ok(())
}
