//! What was said while we were away: the archive (XEP-0313) and offline messages (XEP-0160).

use plausch_interop::{Peer, Server};
use plausch_model::{ArchivePolicy, ArchivePreferences, BareJid, Command, DeliveryState, Direction, Update};
use plausch_native::State;

use crate::tools::{Forgetful, Outcome, befriend, open, peer, reaches, ready, send, shows, through};

on_both_servers!(
    catches_up_on_another_device,
    messages_for_an_account_without_sessions_wait,
    reads_long_histories_in_windows,
    knows_its_own_messages_again,
    what_was_missed_is_whole_and_in_order,
    says_what_the_server_is_to_keep,
);

async fn catches_up_on_another_device(server: Server) -> Outcome {
    let account = server.account().await?;
    let session = ready(account.over(&server.websocket)).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    send(&mut session, &them, "mine").await?;
    peer.hear("mine").await?;
    peer.say(&me, "theirs").await?;
    shows(&mut session, "theirs").await?;
    session.sign_out().await?;
    let mut fresh = ready(account.over(&server.websocket)).await?;
    open(&mut fresh, &them).await?;
    shows(&mut fresh, "mine").await?;
    shows(&mut fresh, "theirs").await?;
    assert_eq!(fresh.state().texts(), ["mine", "theirs"]);
    Ok(())
}

async fn messages_for_an_account_without_sessions_wait(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut peer = Peer::start(&server, &server.account().await?).await?;
    peer.say(&account.jid, "you have mail").await?;
    peer.say(&account.jid, "and more").await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    open(&mut session, &peer.jid).await?;
    shows(&mut session, "you have mail").await?;
    shows(&mut session, "and more").await?;
    let texts: Vec<_> =
        session.state().texts().into_iter().filter(|text| ["you have mail", "and more"].contains(text)).collect();
    assert_eq!(texts, ["you have mail", "and more"], "each once, though the archive has them as well");
    Ok(())
}

async fn reads_long_histories_in_windows(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut peer = Peer::start(&server, &server.account().await?).await?;
    let texts: Vec<String> = (0..120).map(|number| format!("line {number}")).collect();
    for text in &texts {
        peer.say(&account.jid, text).await?;
    }
    // The last one has arrived when another device has seen it.
    let mut witness = ready(account.over(&server.websocket)).await?;
    open(&mut witness, &peer.jid).await?;
    shows(&mut witness, "line 119").await?;
    witness.sign_out().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    open(&mut session, &peer.jid).await?;
    shows(&mut session, "line 119").await?;
    let chat = BareJid::new(&peer.jid);
    for _ in 0..50 {
        if session.state().texts() == texts {
            break;
        }
        session.run(Command::GrowWindow { chat: chat.clone(), direction: Direction::Older }).await?;
        session
            .wait_for("the window to grow", |update| matches!(update, Update::WindowGrown { .. }).then_some(()))
            .await?;
    }
    session.until("the whole history", |state| state.texts() == texts).await?;
    Ok(())
}

/// Our own message comes back from the archive when the session could not be resumed: it is the same one.
async fn knows_its_own_messages_again(server: Server) -> Outcome {
    let way = Forgetful::of(&server).await?;
    let (_, session) = through(&server, &way.url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    send(&mut session, &them, "only once").await?;
    peer.hear("only once").await?;
    reaches(&mut session, "only once", DeliveryState::Delivered).await?;
    way.forget();
    way.kill(&mut session).await?;
    session.restart().await?;
    session.until_synced().await?;
    open(&mut session, &them).await?;
    assert_eq!(session.state().texts(), ["only once"]);
    assert_eq!(session.state().delivery_of("only once"), Some(&DeliveryState::Delivered));
    assert_eq!(peer.count("only once"), 0, "it arrived twice");
    Ok(())
}

async fn says_what_the_server_is_to_keep(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    let mut told = async |command: Command| {
        session.command(command);
        session
            .wait_for("what the server keeps", |update| match update {
                Update::ArchivePreferences(preferences) => Some(preferences.clone()),
                _ => None,
            })
            .await
    };
    let before = told(Command::LoadArchivePreferences).await?;
    let never = vec![BareJid::new("iago@localhost")];
    let wanted = ArchivePreferences { policy: ArchivePolicy::Contacts, never, ..before };
    assert_eq!(told(Command::SetArchivePreferences(wanted.clone())).await?, wanted);
    assert_eq!(told(Command::LoadArchivePreferences).await?, wanted, "and stays so");
    Ok(())
}

/// More than several pages were missed while a chat is open: its newest page comes first, and in the end all is there.
async fn what_was_missed_is_whole_and_in_order(server: Server) -> Outcome {
    let way = Forgetful::of(&server).await?;
    let (account, session) = through(&server, &way.url).await?;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let them = peer.jid.clone();
    let mut texts = vec!["before".to_owned()];
    peer.say(&account.jid, "before").await?;
    open(&mut session, &them).await?;
    shows(&mut session, "before").await?;
    way.forget();
    way.kill(&mut session).await?;
    for number in 0..250 {
        texts.push(format!("line {number}"));
        peer.say(&account.jid, &format!("line {number}")).await?;
    }
    peer.settle().await?;
    session.restart().await?;
    open(&mut session, &them).await?;
    shows(&mut session, "line 249").await?;
    session.until_synced().await?;
    let chat = BareJid::new(&them);
    for _ in 0..20 {
        if session.state().window.as_ref().is_some_and(|window| window.at_start) {
            break;
        }
        session.run(Command::GrowWindow { chat: chat.clone(), direction: Direction::Older }).await?;
        session
            .wait_for("the window to grow", |update| matches!(update, Update::WindowGrown { .. }).then_some(()))
            .await?;
    }
    session.until("the whole history", |state| state.texts() == texts).await?;
    let whole = |state: &State| state.window.as_ref().is_some_and(|window| window.gaps.is_empty());
    session.until("no gap to be shown", whole).await?;
    Ok(())
}
