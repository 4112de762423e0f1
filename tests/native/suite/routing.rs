//! wrappers and pushes count only from those who may send them.

use plausch_model::{AvatarId, BareJid, Command, Update};

use crate::stage::{EVE, ME, Outcome, ROMEO, Stage, chat, forwarded, message};

fn carbon(outer_from: &str, direction: &str, kind: &str, inner: &str) -> String {
    let content = forwarded(inner);
    let from = if outer_from.is_empty() { String::new() } else { format!(" from='{outer_from}'") };
    format!(
        "<message xmlns='jabber:client'{from} to='{ME}/web1' type='{kind}'>\
         <{direction} xmlns='urn:xmpp:carbons:2'>{content}</{direction}></message>"
    )
}

#[tokio::test]
async fn a_01_carbons_from_strangers_are_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let inner = chat("romeo@mont.example/a", "c1", "send money");
    for outer in
        ["eve@evil.example/x", "eve@evil.example", "cap.example", "juliet@evil.example", "juliet@cap.example/other"]
    {
        stage.is_dropped(&carbon(outer, "received", "chat", &inner)).await?;
        stage.is_dropped(&carbon(outer, "sent", "chat", &inner)).await?;
    }
    stage.deliver(&carbon(ME, "received", "chat", &inner)).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("send money"));
    stage.deliver(&carbon("", "received", "chat", &chat("romeo@mont.example/a", "c2", "by the server"))).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("by the server"));
    Ok(())
}

#[tokio::test]
async fn a_02_carbons_from_rooms_are_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let inner = message("hall@muc.cap.example/i_am_groot", "c1", "<body>I am Groot</body>");
    stage.is_dropped(&carbon("hall@muc.cap.example/mallory", "received", "groupchat", &inner)).await?;
    stage.is_dropped(&carbon(ME, "received", "groupchat", &inner)).await
}

#[tokio::test]
async fn a_03_carbons_have_to_concern_us() -> Outcome {
    let mut stage = Stage::new().await?;
    let inner = |from: &str, to: &str| {
        format!(
            "<message xmlns='jabber:client' from='{from}' to='{to}' id='i{from}{to}' type='chat'><body>psst</body></message>"
        )
    };
    let foreign = inner("romeo@mont.example/a", "tybalt@cap.example/b");
    stage.is_dropped(&carbon(ME, "received", "chat", &foreign)).await?;
    stage.is_dropped(&carbon(ME, "sent", "chat", &foreign)).await?;
    stage.is_dropped(&carbon(ME, "sent", "chat", &inner("romeo@mont.example/a", "juliet@cap.example/phone"))).await?;
    stage.deliver(&carbon(ME, "received", "chat", &inner("romeo@mont.example/a", "juliet@cap.example/phone"))).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("psst"));
    stage.deliver(&carbon(ME, "sent", "chat", &inner("juliet@cap.example/phone", "nurse@cap.example"))).await?;
    assert_eq!(stage.preview("nurse@cap.example").as_deref(), Some("psst"), "what another device of ours sent");
    Ok(())
}

#[tokio::test]
async fn a_04_bare_forwards_are_not_the_inner_senders() -> Outcome {
    let mut stage = Stage::new().await?;
    let inner = chat("romeo@mont.example/a", "f1", "I confess");
    let nested = (0..3).fold(inner.clone(), |inner, _| message("romeo@mont.example/a", "f", &forwarded(&inner)));
    for content in [forwarded(&inner), forwarded(&nested)] {
        stage.is_dropped(&message("eve@evil.example/x", "e1", &content)).await?;
    }
    stage.deliver(&message("romeo@mont.example/a", "e2", &format!("{}<body>look</body>", forwarded(&inner)))).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("look"), "a body beside it is its sender's own");
    Ok(())
}

fn push(from: &str, id: &str, content: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    format!("<iq xmlns='jabber:client'{from} to='{ME}/web1' type='set' id='{id}'>{content}</iq>")
}

#[tokio::test]
async fn a_07_roster_pushes_from_others_are_refused() -> Outcome {
    let mut stage = Stage::new().await?;
    let item = "<query xmlns='jabber:iq:roster'><item jid='trap@evil.example' name='Mum' subscription='both'/></query>";
    let before = stage.session.state().clone();
    for (number, from) in [EVE, "eve@evil.example/x", "hall@muc.cap.example", ROMEO].iter().enumerate() {
        let id = format!("push{number}");
        stage.deliver(&push(from, &id, item)).await?;
        assert!(*stage.session.state() == before, "honoured a push from {from}");
        let answer = stage.fake.expect("a refusal", |stanza| stanza.attr("id") == Some(&id)).await?;
        assert_eq!(answer.attr("type"), Some("error"));
        assert!(answer.to_xml().contains("<service-unavailable"), "{}", answer.to_xml());
    }
    for (number, from) in ["", ME].iter().enumerate() {
        let item = format!(
            "<query xmlns='jabber:iq:roster'><item jid='friend{number}@mont.example' subscription='both'/></query>"
        );
        let id = format!("good{number}");
        stage.deliver(&push(from, &id, &item)).await?;
        assert!(stage.session.state().contacts.contains_key(&BareJid::new(format!("friend{number}@mont.example"))));
        let answer = stage.fake.expect("an answer", |stanza| stanza.attr("id") == Some(&id)).await?;
        assert_eq!(answer.attr("type"), Some("result"));
    }
    Ok(())
}

#[tokio::test]
async fn a_08_answers_count_only_from_whom_was_asked() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.fake.respond(|stanza| stanza.child("vCard", "vcard-temp").map(|_| vec![]));
    stage.session.command(Command::LoadProfile(BareJid::new(ROMEO)));
    let asked =
        stage.fake.expect("a question for the vCard", |stanza| stanza.child("vCard", "vcard-temp").is_some()).await?;
    assert_eq!(asked.attr("to"), Some(ROMEO));
    let id = asked.attr("id").unwrap_or_default().to_owned();
    assert!(id.len() >= 16, "ids can be guessed: {id}");
    let answer = |from: &str, name: &str| {
        format!(
            "<iq xmlns='jabber:client' type='result' from='{from}' to='{ME}/web1' id='{id}'>\
             <vCard xmlns='vcard-temp'><FN>{name}</FN></vCard></iq>"
        )
    };
    for from in [EVE, "romeo@mont.example.evil.example", "cap.example", ME] {
        stage.is_dropped(&answer(from, "Mallory")).await?;
    }
    stage.fake.send(answer(ROMEO, "Romeo Montague"));
    let profile = stage
        .session
        .wait_for("the profile", |update| {
            if let Update::Profile { profile, .. } = update { Some(profile.clone()) } else { None }
        })
        .await?;
    assert_eq!(profile.and_then(|profile| profile.full_name).as_deref(), Some("Romeo Montague"));
    Ok(())
}

fn event(from: &str, node: &str, item: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{from}' to='{ME}/web1' type='headline'>\
         <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'>{item}</items></event></message>"
    )
}

#[tokio::test]
async fn a_09_private_data_from_others_is_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let bookmark = "<item id='trap@muc.evil.example'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='true'/></item>";
    let nick = "<item id='current'><nick xmlns='http://jabber.org/protocol/nick'>Mallory</nick></item>";
    for from in [EVE, "eve@evil.example/x"] {
        stage.is_dropped(&event(from, "urn:xmpp:bookmarks:1", bookmark)).await?;
        stage.is_dropped(&event(from, "urn:xmpp:mds:displayed:0", bookmark)).await?;
        stage.is_dropped(&event(from, "http://jabber.org/protocol/nick", nick)).await?;
    }
    stage.deliver(&event(ME, "http://jabber.org/protocol/nick", &nick.replace("Mallory", "Julia"))).await?;
    let own = stage.session.state().own.clone().unwrap_or_default();
    assert_eq!(own.1.as_deref(), Some("Julia"), "our own account may");
    Ok(())
}

#[tokio::test]
async fn a_10_block_list_pushes_from_others_are_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let block = "<block xmlns='urn:xmpp:blocking'><item jid='romeo@mont.example'/></block>";
    let before = stage.session.state().clone();
    for from in [EVE, "hall@muc.cap.example", "eve@cap.example"] {
        stage.deliver(&push(from, "b1", block)).await?;
        stage.deliver(&push(from, "b2", "<unblock xmlns='urn:xmpp:blocking'/>")).await?;
        assert!(*stage.session.state() == before, "honoured a push from {from}");
    }
    stage.deliver(&push("", "b3", block)).await?;
    assert!(stage.session.state().blocked.contains(&BareJid::new(ROMEO)));
    stage.deliver(&push(ME, "b4", &block.replace("block", "unblock").replace("unblocking", "blocking"))).await?;
    assert!(stage.session.state().blocked.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_10_pushes_of_what_we_do_not_have_change_nothing() -> Outcome {
    let mut stage = Stage::new().await?;
    let before = stage.session.state().clone();
    let pushes = [
        "<query xmlns='jabber:iq:privacy'><list name='trap'/></query>",
        "<enable xmlns='urn:xmpp:push:0' jid='push.evil.example' node='trap'/>",
        "<disable xmlns='urn:xmpp:push:0' jid='push.evil.example'/>",
        "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
    ];
    for (number, content) in pushes.iter().enumerate() {
        for (who, from) in [EVE, "hall@muc.cap.example", "eve@cap.example", ""].iter().enumerate() {
            let id = format!("p{number}-{who}");
            stage.deliver(&push(from, &id, content)).await?;
            let answer = stage.fake.expect("a refusal", |stanza| stanza.attr("id") == Some(&id)).await?;
            assert_eq!(answer.attr("type"), Some("error"), "{content} from {from:?}");
            assert!(*stage.session.state() == before, "{content} from {from:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_avatar_of_a_stranger_is_not_fetched() -> Outcome {
    let mut stage = Stage::new().await?;
    let hash = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12";
    let metadata = format!(
        "<item id='{hash}'><metadata xmlns='urn:xmpp:avatar:metadata'><info id='{hash}' type='image/png' bytes='10'/></metadata></item>"
    );
    stage.is_dropped(&event("eve@evil.example", "urn:xmpp:avatar:metadata", &metadata)).await?;
    stage.deliver(&event(ROMEO, "urn:xmpp:avatar:metadata", &metadata)).await?;
    let contact = stage.session.state().contacts.get(&BareJid::new(ROMEO)).cloned();
    let known = contact.and_then(|contact| contact.avatar) == Some(AvatarId::new(hash));
    let asked = stage.sent_to(ROMEO).iter().any(|stanza| stanza.contains("urn:xmpp:avatar:data"));
    assert!(known || asked, "a contact's is");
    Ok(())
}
