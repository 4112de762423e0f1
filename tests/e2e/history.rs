//! Reading a whole conversation as a person does: by scrolling.

use anyhow::{Context, Result};
use serde_json::json;

use crate::{Message, Person};

/// Goes to the newest message and from there up, until one of these texts of our own comes into view or the beginning does.
/// What is drawn after each step must meet what was read before it.
const SCROLL: &str = r"
const [known, done] = arguments;
const log = all('log', 'Messages')[0];
const scroller = log.parentElement;
const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
const id = (row) => row[4];
(async () => {
  for (let jump; (jump = all('button', 'Jump to newest*')[0]); await frame()) jump.click();
  const read = rowsOf(log);
  while (!read.some(([text, direction]) => direction === 'out' && known.includes(text))) {
    if (scroller.scrollTop <= 0 && log.querySelector('.log-start')) break;
    scroller.scrollTop -= scroller.clientHeight / 2;
    await frame();
    const rows = rowsOf(log);
    const before = read.length ? rows.findIndex((row) => id(row) === id(read[0])) : rows.length;
    if (before < 0) throw new Error(`what was drawn above ${read[0]} does not meet it`);
    read.unshift(...rows.slice(0, before));
  }
  done(read);
})().catch((error) => done(String(error)));
";

impl Person {
    /// All messages of the open chat, in order.
    pub async fn history(&self) -> Result<Vec<Message>> {
        self.history_since(&[]).await
    }

    /// The newest messages of the open chat, back to the last one of our own that has one of these texts.
    pub async fn history_since(&self, texts: &[&str]) -> Result<Vec<Message>> {
        let found = self.look_long(SCROLL, vec![json!(texts)]).await?;
        let rows = found.as_array().with_context(|| format!("the log could not be read: {found}"))?;
        Ok(rows.iter().map(Message::of_row).collect())
    }
}
