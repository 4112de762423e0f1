//! what claims to come from the archive, or to have come earlier.

use std::sync::{Arc, Mutex};

use plausch_model::{BareJid, Command, Timestamp};
use plausch_native::State;
use plausch_xmpp::xml::Element;

use crate::stage::{EVE, FAILED, ME, Outcome, ROMEO, Stage, chat, forwarded, message};

fn archived(from: &str, query: &str, id: &str, inner: &str) -> String {
    let delay = "<delay xmlns='urn:xmpp:delay' stamp='2020-02-02T02:02:02Z'/>";
    let content = forwarded(&format!("{delay}{inner}"));
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    format!(
        "<message xmlns='jabber:client'{from} to='{ME}/web1'>\
         <result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>{content}</result></message>"
    )
}

fn query_of(stanza: &Element) -> Option<String> {
    stanza.child("query", "urn:xmpp:mam:2")?.attr("queryid").map(str::to_owned)
}

#[tokio::test]
async fn a_05_archive_results_nobody_asked_for_are_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let asked = stage.fake.expect("a question to the archive", |stanza| query_of(stanza).is_some()).await?;
    let over = query_of(&asked).unwrap_or_default();
    let inner = chat("romeo@mont.example/a", "m1", "from the grave");
    for from in [EVE, "eve@evil.example/x", "cap.example", "hall@muc.cap.example", ME, ""] {
        stage.is_dropped(&archived(from, "q7", "a1", &inner)).await?;
        stage.is_dropped(&archived(from, &over, "a1", &inner)).await?;
    }
    Ok(())
}

/// Answers the next question to the archive with these stanzas, in which `QUERY` stands for the query's id.
fn answer_next_query(stage: &Stage, stanzas: Vec<String>) {
    let stanzas = Arc::new(Mutex::new(Some(stanzas)));
    stage.fake.respond(move |stanza| {
        let query = query_of(stanza)?;
        let mut answers: Vec<_> = stanzas.lock().ok()?.take()?.iter().map(|answer| answer.replace("QUERY", &query)).collect();
        let id = stanza.attr("id").unwrap_or_default();
        let set = "<set xmlns='http://jabber.org/protocol/rsm'><first>a1</first><last>a9</last></set>";
        answers.push(format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='urn:xmpp:mam:2' complete='true'>{set}</fin></iq>"
        ));
        Some(answers)
    });
}

/// While a query is open, its results count from the account alone.
#[tokio::test]
async fn a_05_archive_results_count_from_the_archive_asked() -> Outcome {
    let Stage { server, host, fake, session } = Stage::new().await?;
    fake.cut();
    let mut stream = server.accept().await?;
    stream.open_and_authenticate(&host).await?;
    stream.expect("resume").await?;
    stream.send(FAILED).await?;
    stream.bind(&host).await?;
    let mut stage = Stage { fake: stream.serve(&host), server, host, session };
    let forged = chat("romeo@mont.example/a", "m1", "forged");
    let stanzas = vec![
        archived(EVE, "QUERY", "a1", &forged),
        archived("cap.example", "QUERY", "a2", &forged),
        archived(ME, "QUERY", "a3", &chat("romeo@mont.example/a", "m2", "genuine")),
    ];
    answer_next_query(&stage, stanzas);
    stage.session.until("a chat", |state| state.chats.contains_key(&BareJid::new(ROMEO))).await?;
    stage.open(ROMEO).await?;
    assert_eq!(stage.session.state().texts(), ["genuine"]);
    Ok(())
}

#[tokio::test]
async fn a_11_stanza_ids_count_only_from_our_archive() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let with_id = |from: &str, id: &str, text: &str, by: &str, stanza_id: &str| {
        message(from, id, &format!("<body>{text}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{stanza_id}'/>"))
    };
    // Ids by others are worth nothing, so they cannot make a later message look like a duplicate.
    stage.deliver(&with_id("romeo@mont.example/a", "m1", "one", "evil.example", "same")).await?;
    stage.deliver(&with_id("romeo@mont.example/a", "m2", "two", "evil.example", "same")).await?;
    stage.deliver(&with_id("romeo@mont.example/a", "m3", "three", ROMEO, "same")).await?;
    assert_eq!(stage.session.state().texts(), ["one", "two", "three"]);
    // An origin-id is the sender's own: somebody else's message with the same one is another message.
    let origin = "<origin-id xmlns='urn:xmpp:sid:0' id='shared'/>";
    stage.deliver(&message("eve@evil.example/x", "shared", &format!("<body>first</body>{origin}"))).await?;
    stage.deliver(&message("romeo@mont.example/a", "shared", &format!("<body>four</body>{origin}"))).await?;
    assert_eq!(stage.session.state().texts(), ["one", "two", "three", "four"]);
    // Our archive's own id does tell duplicates.
    stage.deliver(&with_id("romeo@mont.example/a", "m5", "five", ME, "archived-5")).await?;
    stage.deliver(&with_id("romeo@mont.example/a", "m5", "five", ME, "archived-5")).await?;
    assert_eq!(stage.session.state().count("five"), 1);
    Ok(())
}

#[tokio::test]
async fn a_20_delay_stamps_count_only_from_our_server() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let delayed = |id: &str, from: &str, stamp: &str| {
        let delay = format!("<delay xmlns='urn:xmpp:delay' from='{from}' stamp='{stamp}'/>");
        message("romeo@mont.example/a", id, &format!("<body>{id}</body>{delay}"))
    };
    let before = stage.session.now();
    let stamps =
        ["2035-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2020-01-01T00:00:00", "soon", "2021-13-41T99:99:99Z", ""];
    for (number, stamp) in stamps.iter().enumerate() {
        for (who, from) in [("romeo", "romeo@mont.example/a"), ("server", "cap.example"), ("nobody", "")] {
            stage.deliver(&delayed(&format!("{who}{number}"), from, stamp)).await?;
        }
    }
    stage.deliver(&delayed("forged", "romeo@mont.example/a", "2020-01-01T00:00:00Z")).await?;
    let now = stage.session.now();
    let shown: Vec<_> = stage.session.state().items().map(|item| (item.id.clone(), item.at)).collect();
    assert_eq!(shown.len(), stamps.len() * 3 + 1, "none is lost");
    for (id, at) in shown {
        assert!(at >= before.plus_millis(-2000) && at <= now.plus_millis(2000), "{id} is shown at {at:?}");
    }
    stage.deliver(&delayed("honest", "cap.example", "2020-01-01T00:00:00Z")).await?;
    let first = stage.session.state().items().next().map(|item| item.at);
    assert_eq!(first, Some(Timestamp(1_577_836_800_000)), "our own server's stamp orders the message");
    Ok(())
}

#[tokio::test]
async fn what_waits_while_away_is_shown_once() -> Outcome {
    let mut stage = Stage::new().await?;
    let live = message(
        "romeo@mont.example/a",
        "m1",
        &format!("<body>once</body><stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='archived-1'/>"),
    );
    stage.deliver(&live).await?;
    stage.open(ROMEO).await?;
    stage.session.run(Command::SetVisible(true)).await?;
    stage.deliver(&live).await?;
    let once = |state: &State| state.count("once") == 1;
    assert!(once(stage.session.state()));
    Ok(())
}
