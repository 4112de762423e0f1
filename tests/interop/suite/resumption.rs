//! Lost connections: stream management (XEP-0198) resumes them, and where it can't, nothing is lost or doubled either.

use std::time::Duration;

use plausch_engine::store::Table;
use plausch_interop::Server;
use plausch_model::{Command, DeliveryState};
use plausch_native::{CutProxy, Flow, Session, State, Toward};

use crate::tools::{Forgetful, Outcome, befriend, details, kill, open, peer, reaches, send, shows, through};

on_both_servers!(
    resumes_after_a_cut,
    what_was_sent_into_the_void_arrives_once,
    what_is_written_offline_arrives_in_order,
    goes_on_after_a_failed_resumption,
    notices_a_dead_connection,
    a_killed_program_goes_on_where_it_was,
    a_crash_between_disk_and_wire_loses_nothing,
    goes_offline_and_back_with_the_network,
);

async fn until_back(session: &mut Session) -> Outcome {
    session.until("the connection to be lost", |state| !state.is_online()).await?;
    session.command(Command::Reconnect);
    Ok(session.until("to be online again", State::is_online).await?)
}

async fn resumes_after_a_cut(server: Server) -> Outcome {
    let (proxy, url) = CutProxy::in_front_of(&server.websocket).await?;
    let (_, session) = through(&server, &url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    open(&mut session, &peer.jid).await?;
    let me = session.jid().to_string();
    peer.say(&me, "before").await?;
    shows(&mut session, "before").await?;
    session.until_settled().await?;
    proxy.refuse(true);
    proxy.cut();
    proxy.until_ended().await?;
    session.until("the connection to be lost", |state| !state.is_online()).await?;
    peer.say(&me, "during").await?;
    send(&mut session, &peer.jid.clone(), "from the tunnel").await?;
    proxy.refuse(false);
    session.command(Command::Reconnect);
    session.until("to be online again", State::is_online).await?;
    assert!(details(&mut session).await?.resumed);
    shows(&mut session, "during").await?;
    peer.hear("from the tunnel").await?;
    peer.say(&me, "after").await?;
    shows(&mut session, "after").await?;
    reaches(&mut session, "from the tunnel", DeliveryState::Delivered).await?;
    assert_eq!(peer.count("from the tunnel"), 0, "it arrived twice");
    for text in ["before", "during", "after", "from the tunnel"] {
        assert_eq!(session.state().count(text), 1, "{text:?}");
    }
    Ok(())
}

/// The messages leave, but the server never gets them: only it can say so.
async fn what_was_sent_into_the_void_arrives_once(server: Server) -> Outcome {
    let (proxy, url) = CutProxy::in_front_of(&server.websocket).await?;
    let (_, session) = through(&server, &url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    proxy.set(Toward::Server, Flow::Lose);
    for text in ["one", "two", "three"] {
        send(&mut session, &them, text).await?;
    }
    proxy.heal();
    proxy.cut();
    until_back(&mut session).await?;
    for text in ["one", "two", "three"] {
        reaches(&mut session, text, DeliveryState::Delivered).await?;
    }
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let message = peer.wait("a message", |event| event["event"] == "message" && event["body"].is_string()).await?;
        heard.push(message["body"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(heard, ["one", "two", "three"]);
    Ok(())
}

async fn what_is_written_offline_arrives_in_order(server: Server) -> Outcome {
    let (proxy, url) = CutProxy::in_front_of(&server.websocket).await?;
    let (_, session) = through(&server, &url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    proxy.refuse(true);
    proxy.cut();
    proxy.until_ended().await?;
    session.until("the connection to be lost", |state| !state.is_online()).await?;
    let texts: Vec<String> = (0..10).map(|number| format!("line {number}")).collect();
    for text in &texts {
        send(&mut session, &them, text).await?;
        assert_eq!(session.state().delivery_of(text), Some(&DeliveryState::Waiting));
    }
    session.restart().await?;
    proxy.refuse(false);
    session.command(Command::Reconnect);
    open(&mut session, &them).await?;
    for text in &texts {
        reaches(&mut session, text, DeliveryState::Delivered).await?;
        let next = peer.wait("a message", |event| event["event"] == "message" && event["body"].is_string()).await?;
        assert_eq!(next["body"], text.as_str());
    }
    assert_eq!(session.state().texts(), texts);
    Ok(())
}

/// The server has forgotten the session, as after its restart: here, because someone spoils the question.
async fn goes_on_after_a_failed_resumption(server: Server) -> Outcome {
    let way = Forgetful::of(&server).await?;
    let (_, session) = through(&server, &way.url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    send(&mut session, &them, "out before").await?;
    peer.hear("out before").await?;
    peer.say(&me, "in before").await?;
    shows(&mut session, "in before").await?;
    way.forget();
    way.cut(&session).await?;
    session.until("the connection to be lost", |state| !state.is_online()).await?;
    peer.say(&me, "in during").await?;
    send(&mut session, &them, "out during").await?;
    session.command(Command::Reconnect);
    session.until("to be online again", State::is_online).await?;
    assert!(!details(&mut session).await?.resumed);
    shows(&mut session, "in during").await?;
    peer.hear("out during").await?;
    peer.say(&me, "in after").await?;
    shows(&mut session, "in after").await?;
    reaches(&mut session, "out during", DeliveryState::Delivered).await?;
    for text in ["out before", "in before", "in during", "out during", "in after"] {
        assert_eq!(session.state().count(text), 1, "{text:?}");
    }
    assert_eq!(peer.count("out before") + peer.count("out during"), 0, "something arrived twice");
    Ok(())
}

/// Nothing says that the connection is gone; the ping that stays unanswered does.
async fn notices_a_dead_connection(server: Server) -> Outcome {
    let (proxy, url) = CutProxy::in_front_of(&server.websocket).await?;
    let (_, mut session) = through(&server, &url).await?;
    proxy.set(Toward::Client, Flow::Stall);
    proxy.set(Toward::Server, Flow::Stall);
    for _ in 0..60 {
        if !session.catch_up().is_online() {
            break;
        }
        session.advance(Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    session.until("the connection to be given up", |state| !state.is_online()).await?;
    proxy.heal();
    session.command(Command::Reconnect);
    session.until("to be online again", State::is_online).await?;
    Ok(())
}

async fn a_killed_program_goes_on_where_it_was(server: Server) -> Outcome {
    let (line, url) = CutProxy::in_front_of(&server.websocket).await?;
    let (_, session) = through(&server, &url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    peer.say(&me, "before").await?;
    shows(&mut session, "before").await?;
    kill(&mut session, &line).await?;
    peer.say(&me, "while dead").await?;
    session.restart().await?;
    open(&mut session, &them).await?;
    assert_eq!(session.state().count("before"), 1, "it was on disk");
    shows(&mut session, "while dead").await?;
    send(&mut session, &them, "risen").await?;
    peer.hear("risen").await?;
    reaches(&mut session, "risen", DeliveryState::Delivered).await?;
    assert_eq!(session.state().count("while dead"), 1);
    Ok(())
}

/// Dies right after the message was written down, before the server heard of it.
async fn a_crash_between_disk_and_wire_loses_nothing(server: Server) -> Outcome {
    let (_, session) = through(&server, &server.websocket).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    session.store().hang_on(Table::Outbox);
    session.command(Command::SendText { chat: plausch_model::BareJid::new(&them), text: "last words".to_owned() });
    let store = session.store().clone();
    tokio::time::timeout(Duration::from_secs(20), async {
        while !store.hangs() {
            tokio::task::yield_now().await;
        }
    })
    .await?;
    session.restart().await?;
    open(&mut session, &them).await?;
    shows(&mut session, "last words").await?;
    peer.hear("last words").await?;
    reaches(&mut session, "last words", DeliveryState::Delivered).await?;
    assert_eq!(peer.count("last words"), 0, "it arrived twice");
    Ok(())
}

async fn goes_offline_and_back_with_the_network(server: Server) -> Outcome {
    let (_, session) = through(&server, &server.websocket).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    session.set_network(false);
    session.until("to be offline", |state| !state.is_online()).await?;
    send(&mut session, &them, "later").await?;
    session.set_network(true);
    session.until("to be online again", State::is_online).await?;
    peer.hear("later").await?;
    reaches(&mut session, "later", DeliveryState::Delivered).await?;
    assert_eq!(session.state().count("later"), 1);
    Ok(())
}
