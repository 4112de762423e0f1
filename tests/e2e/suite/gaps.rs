//! What was missed: the newest messages at once, a gap before them, and then everything.

use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site};
use plausch_model::{Anchor, BareJid, Command, DeliveryState};
use plausch_native::{FrameRelay, Toward, Verdict};
use serde_json::json;

/// More than several pages of the archive.
const MISSED: usize = 400;

/// What becomes of the reader's frames.
#[derive(Default)]
struct Way {
    /// No connection gets anywhere.
    away: bool,
    /// Only the first page of the archive and the first of a chat are asked for; the others wait.
    slow: bool,
    asked: (bool, bool),
    waiting: Vec<String>,
}

impl Way {
    fn judge(&mut self, toward: Toward, frame: &str) -> Verdict {
        if self.away {
            return Verdict::Cut;
        }
        if toward == Toward::Client {
            return Verdict::Pass;
        }
        if frame.contains("previd=") {
            // A session that goes on would bring all of it live.
            return Verdict::Replace(vec![frame.replace("previd='", "previd='spoilt-")]);
        }
        if !self.slow || !frame.contains("urn:xmpp:mam:2") {
            return Verdict::Pass;
        }
        let asked = if frame.contains("'with'") { &mut self.asked.1 } else { &mut self.asked.0 };
        if std::mem::replace(asked, true) {
            self.waiting.push(frame.to_owned());
            return Verdict::Replace(Vec::new());
        }
        Verdict::Pass
    }
}

async fn the_newest_messages_come_first_and_the_gap_before_them_is_filled(server: Server) -> Result<()> {
    let way = Arc::new(Mutex::new(Way::default()));
    let judge = Arc::clone(&way);
    let relay = FrameRelay::start(server.websocket()?, move |toward, frame| {
        judge.lock().map_or(Verdict::Pass, |mut way| way.judge(toward, frame))
    })
    .await?;
    let site = Site::with_endpoint(relay.url()).await?;
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let reader = Person::signed_in(&site, &romeo).await?;
    let mut writer = juliet.session().await?;
    let chat = BareJid::new(&romeo.jid);
    writer.run(Command::OpenChat { chat: chat.clone(), anchor: Anchor::End }).await?;
    writer.run(Command::SendText { chat: chat.clone(), text: "before".to_owned() }).await?;
    reader.start_chat(&juliet.jid).await?;
    reader.sees("before").await?;
    way.lock().unwrap().away = true;
    relay.cut();
    reader.connection("disconnected").await?;
    for number in 0..MISSED {
        writer.run(Command::SendText { chat: chat.clone(), text: format!("line {number}") }).await?;
    }
    let last = format!("line {}", MISSED - 1);
    let taken = |state: Option<&DeliveryState>| state.is_some_and(|state| *state != DeliveryState::Waiting);
    writer.until("the server to have all", |state| taken(state.delivery_of(&last))).await?;
    *way.lock().unwrap() = Way { slow: true, ..Way::default() };
    reader.connection("online").await?;
    reader.sees(&last).await?;
    // The first page is there, and the newest one: upwards from that, at its beginning, what is between is missing.
    let upwards = "const gap = document.querySelector('.gap'); if (gap) return gap.dataset.gap === 'loading'; \
         document.querySelector('.log-scroller').scrollTop -= 400; return false;";
    reader.wait("the gap is shown", upwards, vec![]).await?;
    reader.control("separator", "Loading older messages…").await?;
    let behind = format!("line {}", MISSED - 100);
    let texts: Vec<String> = reader.messages().await?.into_iter().map(|message| message.text).collect();
    ensure!(texts.contains(&behind) && !texts.contains(&format!("line {}", MISSED - 101)), "{texts:?}");
    let waiting = {
        let mut way = way.lock().unwrap();
        way.slow = false;
        std::mem::take(&mut way.waiting)
    };
    waiting.into_iter().for_each(|frame| relay.inject(Toward::Server, frame));
    let whole = "const log = document.querySelector('.log-scroller'); log.scrollTop = 0; \
         return !document.querySelector('.gap') && all('log', 'Messages')[0].dataset.count === arguments[0] \
         && [...document.querySelectorAll('.message-body')].slice(0, 3).map((e) => e.textContent).join() === 'before,line 0,line 1';";
    reader.wait("nothing is missing", whole, vec![json!((MISSED + 1).to_string())]).await?;
    reader.leave().await
}

/// ejabberd hands what its old session did not deliver to the new one: there is nothing to miss.
#[test]
fn the_newest_messages_come_first() {
    plausch_e2e::run(the_newest_messages_come_first_and_the_gap_before_them_is_filled(Server::Prosody));
}
