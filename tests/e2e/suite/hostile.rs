//! C-01: markup in everything that others can write.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site};
use plausch_interop::{Peer, Server as Place};
use plausch_model::{BareJid, Command};
use serde_json::json;

/// Would set a property of the page if any of it ever became markup or code.
const BOMB: &str =
    "<img src=x onerror=pwned=1><script>pwned=1</script><svg onload=pwned=1><a href=javascript:pwned=1>x</a>";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Nothing of the bomb went off or became an element; and whoever looks finds it as a text.
async fn is_only_text(person: &Person, place: &str) -> Result<()> {
    let made = "return [...document.querySelectorAll('.plausch *')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') \
        || /^\\s*javascript:/i.test(a.value)) || ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED'].includes(e.tagName)).map((e) => e.outerHTML);";
    let made = person.look(made, vec![]).await?;
    ensure!(made == json!([]), "{place}: made out of a text: {made}");
    ensure!(person.look("return globalThis.pwned ?? null;", vec![]).await?.is_null(), "{place}: it went off");
    person
        .wait(
            &format!("{place} shows the text"),
            "return document.body.innerText.includes('<script>pwned=1</script>');",
            vec![],
        )
        .await?;
    Ok(())
}

async fn markup_from_others() -> Result<()> {
    let place = Place::prosody().await?;
    let (eve, friend) = (place.account().await?, place.account().await?);
    let account = Account::new(Server::Prosody, "juliet").await?;
    let bomb = escaped(BOMB);
    // The roster: a name and a group.
    let mut device = account.session().await?;
    let contact = BareJid::new(friend.jid.clone());
    device.run(Command::EditContact { contact, name: Some(BOMB.into()), groups: vec![BOMB.into()] }).await?;
    let site = Site::of(Server::Prosody).await?;
    let juliet = Person::signed_in(&site, &account).await?;
    // A stranger: a request with nickname and text, a message with a nickname.
    let mut eve_peer = Peer::start(&place, &eve).await?;
    let nick = format!("<nick xmlns='http://jabber.org/protocol/nick'>{bomb}</nick>");
    let asks = format!("<presence type='subscribe' to='{}'><status>{bomb}</status>{nick}</presence>", account.jid);
    eve_peer.act(json!({ "do": "raw", "xml": asks })).await?;
    juliet.control("button", "Accept").await?;
    is_only_text(&juliet, "a request").await?;
    let says = format!(
        "<message type='chat' to='{}' id='b1'><body>{bomb}</body><subject>{bomb}</subject>{nick}</message>",
        account.jid
    );
    eve_peer.act(json!({ "do": "raw", "xml": says })).await?;
    juliet.open_chat(&eve.jid).await?;
    juliet.sees(BOMB).await?;
    is_only_text(&juliet, "a message").await?;
    // What somebody says of themselves.
    let card = format!(
        "<iq type='set' id='v1'><vCard xmlns='vcard-temp'><FN>{bomb}</FN><NICKNAME>{bomb}</NICKNAME><NOTE>{bomb}</NOTE>\
        <URL>javascript:pwned=1</URL><EMAIL><USERID>{bomb}</USERID></EMAIL></vCard></iq>"
    );
    eve_peer.act(json!({ "do": "raw", "xml": card })).await?;
    juliet.click("button", "Details").await?;
    juliet.control("complementary", "Details").await?;
    is_only_text(&juliet, "the details").await?;
    juliet.press("Escape").await?;
    // A contact: name, group and status.
    juliet.go_to("Contacts").await?;
    is_only_text(&juliet, "the contacts").await?;
    juliet.click("button", "Accept").await?;
    eve_peer.act(json!({ "do": "raw", "xml": format!("<presence type='subscribed' to='{}'/>", account.jid) })).await?;
    eve_peer.act(json!({ "do": "presence", "show": "away", "status": BOMB })).await?;
    let away = "return all('list', 'Contacts')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`)?.dataset.presence === 'away';";
    juliet.wait("eve is away", away, vec![json!(eve.jid)]).await?;
    is_only_text(&juliet, "a status").await?;
    // An error's text.
    let error = format!(
        "<message type='error' to='{}' id='e1'><error type='cancel'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>{bomb}</text></error></message>",
        account.jid
    );
    eve_peer.act(json!({ "do": "raw", "xml": error })).await?;
    juliet.press_with_control("k").await?;
    is_only_text(&juliet, "the switcher").await?;
    juliet.leave().await
}

#[test]
fn markup_stays_text_wherever_it_comes_from() {
    plausch_e2e::run(markup_from_others());
}
