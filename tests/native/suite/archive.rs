//! what claims to come from the archive, or to have come earlier.

use std::sync::{Arc, Mutex};

use plausch_model::{BareJid, Command, Timestamp};
use plausch_native::{Host, State};
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

/// The server has forgotten the session, so that the archive is asked anew.
async fn in_a_new_session(stage: Stage) -> Result<Stage, Box<dyn std::error::Error>> {
    let Stage { server, host, fake, session } = stage;
    fake.cut();
    let mut stream = server.accept().await?;
    stream.open_and_authenticate(&host).await?;
    stream.expect("resume").await?;
    stream.send(FAILED).await?;
    stream.bind(&host).await?;
    Ok(Stage { fake: stream.serve(&host), server, host, session })
}

/// While a query is open, its results count from the account alone.
#[tokio::test]
async fn a_05_archive_results_count_from_the_archive_asked() -> Outcome {
    let mut stage = in_a_new_session(Stage::new().await?).await?;
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

/// Our archive holds what concerns us: no rooms, and nothing between others.
#[tokio::test]
async fn a_06_an_archive_does_not_speak_for_others() -> Outcome {
    let mut stage = in_a_new_session(Stage::new().await?).await?;
    let between = |from: &str, to: &str, kind: &str| {
        format!(
            "<message xmlns='jabber:client' from='{from}' to='{to}' type='{kind}' id='x'><body>psst</body></message>"
        )
    };
    let stanzas = vec![
        archived("hall@muc.cap.example", "QUERY", "a1", &between("romeo@mont.example/a", ME, "chat")),
        archived(ME, "QUERY", "a2", &between("hall@muc.cap.example/romeo", ME, "groupchat")),
        archived(ME, "QUERY", "a3", &between("romeo@mont.example/a", "tybalt@cap.example", "chat")),
        archived(ME, "QUERY", "a4", &between("hall@muc.cap.example/romeo", "hall@muc.cap.example/tybalt", "chat")),
        archived(ME, "QUERY", "a5", &chat("nurse@cap.example/a", "m5", "genuine")),
        archived(
            ME,
            "QUERY",
            "a6",
            &between("juliet@cap.example/phone", "nurse@cap.example", "chat").replace("psst", "mine"),
        ),
    ];
    answer_next_query(&stage, stanzas);
    stage.session.until("a chat", |state| !state.chats.is_empty()).await?;
    stage.open("nurse@cap.example").await?;
    assert_eq!(stage.session.state().texts(), ["genuine", "mine"]);
    assert_eq!(stage.session.state().chats.len(), 1, "{:?}", stage.session.state().chats);
    Ok(())
}

#[tokio::test]
async fn a_11_without_a_promise_no_stanza_id_counts() -> Outcome {
    let mut stage = Stage::at(Host { account_features: vec![], ..Host::default() }).await?;
    stage.open(ROMEO).await?;
    let stamped = |id: &str| {
        message(
            "romeo@mont.example/a",
            id,
            &format!("<body>{id}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='same'/>"),
        )
    };
    stage.deliver(&stamped("one")).await?;
    stage.deliver(&stamped("two")).await?;
    assert_eq!(stage.session.state().texts(), ["one", "two"]);
    Ok(())
}

/// What the next query starts from.
fn start_of(query: &Element) -> Option<String> {
    let set = query.child("query", "urn:xmpp:mam:2")?.child("set", "http://jabber.org/protocol/rsm")?;
    set.child_text("after", "http://jabber.org/protocol/rsm").map(|text| text.to_string())
}

#[tokio::test]
async fn a_11_nobody_moves_the_place_where_the_archive_is_read_on() -> Outcome {
    let mut stage = Stage::new().await?;
    let with_id = |from: &str, by: &str, id: &str| {
        message(from, id, &format!("<body>{id}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/>"))
    };
    stage.deliver(&with_id("romeo@mont.example/a", ME, "genuine")).await?;
    for by in [EVE, "evil.example", "cap.example", ROMEO] {
        stage.deliver(&with_id("eve@evil.example/x", by, "poison")).await?;
    }
    let stage = in_a_new_session(stage).await?;
    let query = stage.fake.expect("a question to the archive", |stanza| query_of(stanza).is_some()).await?;
    assert_eq!(start_of(&query).as_deref(), Some("genuine"));
    Ok(())
}

/// Anybody can write our server's name into a stamp.
#[tokio::test]
async fn a_20_a_forged_stamp_of_our_server_does_not_go_back_before_the_session() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let before = stage.session.now();
    stage.session.advance(std::time::Duration::from_secs(30));
    let delay = "<delay xmlns='urn:xmpp:delay' from='cap.example' stamp='2020-01-01T00:00:00Z'/>";
    stage.deliver(&message("romeo@mont.example/a", "f1", &format!("<body>forged</body>{delay}"))).await?;
    let at = stage.session.state().items().next().map(|item| item.at).ok_or("no message")?;
    assert!(at >= before.plus_millis(-60_000), "shown at {at:?}");
    Ok(())
}

#[tokio::test]
async fn a_21_what_comes_from_the_archive_is_not_receipted() -> Outcome {
    let mut stage = in_a_new_session(Stage::new().await?).await?;
    let request = "<body>old</body><request xmlns='urn:xmpp:receipts'/>";
    answer_next_query(&stage, vec![archived(ME, "QUERY", "a1", &message("romeo@mont.example/a", "m1", request))]);
    stage.session.until("a chat", |state| !state.chats.is_empty()).await?;
    stage.fake.settle().await?;
    assert_eq!(stage.sent_to("romeo@mont.example/a"), Vec::<String>::new());
    Ok(())
}
