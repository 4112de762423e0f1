//! The open chat: the window into its messages, where to go in it, and what is being edited.
//!
//! The engine sends a window, then more at its ends, then changes. A change of one message tells one entry; only coming,
//! going and growing tell the window itself.

use plausch_model::{BareJid, Direction, Gap, OriginId, TimelineItem, TimelineKey, Way, WindowChange};

use super::window::Window;
use crate::reactive::{RwSignal, StoredValue};

/// Where to go in the open chat.
#[derive(Clone, Copy, PartialEq)]
pub struct Target {
    /// To the message with this key, or to the first one behind it.
    pub key: TimelineKey,
    /// How far below the top of what is visible it is to be, in CSS pixels; a third of the way down if nothing is said.
    pub below_top: Option<f64>,
    /// Point it out.
    pub flash: bool,
}

impl Target {
    /// To a message that was looked for.
    pub fn message(key: TimelineKey) -> Self {
        Self { key, below_top: None, flash: true }
    }
}

/// The open window as a signal.
#[derive(Clone, Copy)]
pub struct Timeline {
    window: RwSignal<Window>,
    sent: RwSignal<u32>,
    refused: RwSignal<Vec<(BareJid, String)>>,
    target: RwSignal<Option<Target>>,
    position: StoredValue<Option<Target>>,
    divider: StoredValue<Option<TimelineKey>>,
    editing: RwSignal<Option<Edit>>,
}

/// A message that is being edited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Its chat.
    pub chat: BareJid,
    /// Which message.
    pub message: OriginId,
    /// What it said when that began.
    pub text: String,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            window: RwSignal::new(Window::default()),
            sent: RwSignal::new(0),
            refused: RwSignal::new(Vec::new()),
            target: RwSignal::new(None),
            position: StoredValue::new(None),
            divider: StoredValue::new(None),
            editing: RwSignal::new(None),
        }
    }
}

impl Timeline {
    /// The person has sent something in this view.
    pub fn own_sent(&self) {
        self.sent.update(|count| *count = count.wrapping_add(1));
    }

    /// How often the person has sent something in this view; watched.
    pub fn sent(&self) -> u32 {
        self.sent.get()
    }

    /// The person wants to go there: at once if it is in the window, else with the next one.
    pub fn go_to(&self, target: Target) {
        self.target.set(Some(target));
    }

    /// Where the person wants to go; watched.
    pub fn target(&self) -> Option<Target> {
        self.target.get()
    }

    /// Takes where the person wants to go, not watched: they are on their way.
    pub fn take_target(&self) -> Option<Target> {
        self.target.try_maybe_update(|target| (false, target.take())).flatten()
    }

    /// Remembers where the person is: nothing at the end.
    pub fn set_position(&self, position: Option<Target>) {
        self.position.set_value(position);
    }

    /// Where the person is: nothing at the end.
    pub fn position(&self) -> Option<Target> {
        self.position.get_value()
    }

    /// Whether the message that stands there is in the window.
    pub fn has(&self, key: TimelineKey) -> bool {
        self.peek(|window| window.has(key))
    }

    /// A message is being edited now, or none.
    pub fn edit(&self, edit: Option<Edit>) {
        self.editing.set(edit);
    }

    /// The message of this chat that is being edited; watched.
    pub fn editing(&self, chat: &BareJid) -> Option<Edit> {
        self.editing.get().filter(|edit| edit.chat == *chat)
    }

    /// Stops editing. False if nothing was edited.
    pub fn stop_editing(&self) -> bool {
        let edited = self.editing.with_untracked(Option::is_some);
        if edited {
            self.editing.set(None);
        }
        edited
    }

    /// A text for a chat was not taken.
    pub fn refused(&self, chat: BareJid, text: String) {
        self.refused.update(|refused| refused.push((chat, text)));
    }

    /// Takes the text of a chat that was not taken; watched.
    pub fn take_refused(&self, chat: &BareJid) -> Option<String> {
        self.refused.track();
        let place = self.refused.with_untracked(|refused| refused.iter().position(|(jid, _)| jid == chat))?;
        self.refused.try_maybe_update(|refused| (false, refused.remove(place).1))
    }

    /// Looks at the window; called again when messages come or go.
    pub fn with<T>(&self, look: impl FnOnce(&Window) -> T) -> T {
        self.window.with(look)
    }

    /// Looks at the window once.
    pub fn peek<T>(&self, look: impl FnOnce(&Window) -> T) -> T {
        self.window.with_untracked(look)
    }

    /// This chat is to be shown: what comes of any other is dropped.
    pub fn expect(&self, chat: BareJid) {
        self.target.set(None);
        self.position.set_value(None);
        self.divider.set_value(None);
        self.clear(Some(chat));
    }

    /// The unread divider of the chat that is expected stood here when the page was left: there it stands again.
    pub fn divide_again(&self, at: Option<TimelineKey>) {
        self.divider.set_value(at);
    }

    /// A new window replaces what was shown, if it is of the chat that is wanted now.
    pub fn open(&self, opened: Opened) {
        self.window.maybe_update(|window| {
            if window.wanted.as_ref() != Some(&opened.chat) {
                return false;
            }
            window.at_start = opened.at_start;
            window.at_end = opened.at_end;
            window.total = opened.total;
            let divider = self.divider.try_update_value(Option::take).flatten();
            window.open(opened.chat, opened.items, opened.read_up_to, divider);
            true
        });
    }

    /// More of the chat is added to an end of the window.
    pub fn grow(&self, chat: &BareJid, items: Vec<TimelineItem>, at_start: bool, at_end: bool) {
        self.window.maybe_update(|window| {
            if window.chat.as_ref() != Some(chat) {
                return false;
            }
            window.insert_all(items);
            window.at_start |= at_start;
            window.at_end |= at_end;
            window.shape(0, window.entries.len());
            true
        });
    }

    /// The window ends at a message now.
    pub fn cut(&self, chat: &BareJid, direction: Direction, end: TimelineKey) {
        self.window.maybe_update(|window| {
            let told = window.chat.as_ref() == Some(chat);
            if told {
                window.cut(direction, end);
            }
            told
        });
    }

    /// Messages came, changed or went. `looking` tells whether the person can see the page: the first message that
    /// comes in while they can't gets the unread divider.
    pub fn change(&self, chat: &BareJid, changes: Vec<WindowChange>, total: u64, looking: bool) {
        self.window.maybe_update(|window| {
            if window.chat.as_ref() != Some(chat) {
                return false;
            }
            let mut told = window.total != total;
            window.total = total;
            for change in changes {
                told |= match change {
                    WindowChange::Put(item) => {
                        let unseen = !looking && item.way == Way::In && window.is_new(&item);
                        let key = item.key;
                        if window.is_beyond(&item) {
                            continue;
                        }
                        let added = window.put(item);
                        if unseen && added {
                            window.divide_at(key);
                        }
                        added
                    }
                    WindowChange::Remove(id) => window.remove(&id),
                };
            }
            told
        });
    }

    /// What is missing is now this.
    pub fn set_gaps(&self, chat: &BareJid, gaps: Vec<Gap>) {
        self.window.maybe_update(|window| {
            let told = window.chat.as_ref() == Some(chat);
            if told {
                window.gaps = gaps;
                window.shape(0, window.entries.len());
            }
            told
        });
    }

    /// The chat is left.
    pub fn close(&self) {
        self.clear(None);
    }

    fn clear(&self, wanted: Option<BareJid>) {
        self.window.update(|window| window.clear(wanted));
    }

    /// The divider has done its work: what comes in unseen from now on gets a new one.
    pub fn forget_divider(&self) {
        self.window.maybe_update(|window| {
            let Some(key) = window.first_unread.take() else { return false };
            let index = window.index_of(key);
            window.shape(index.saturating_sub(1), index.saturating_add(1));
            false
        });
    }
}

/// The parts of `Update::Window`.
pub struct Opened {
    /// Which chat.
    pub chat: BareJid,
    /// The messages in order.
    pub items: Vec<TimelineItem>,
    /// Nothing older is known on this device.
    pub at_start: bool,
    /// Nothing newer is known on this device.
    pub at_end: bool,
    /// The chat was read up to here.
    pub read_up_to: Option<TimelineKey>,
    /// How many messages the chat holds on this device.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plausch_model::{GapState, Timestamp};

    use super::*;
    use crate::reactive::Owner;
    use crate::view::Shape;
    use crate::view::fixtures::{message, window};

    const MINUTE: i64 = 60_000;

    fn romeo() -> BareJid {
        BareJid::new("romeo@x")
    }

    fn ids(timeline: &Timeline) -> Vec<String> {
        timeline.peek(|window| window.entries().iter().map(|entry| entry.id.to_string()).collect())
    }

    fn shape(timeline: &Timeline, id: &str) -> Shape {
        timeline.peek(|window| window.find(&OriginId::new(id)).unwrap().shape.get_untracked())
    }

    fn show(timeline: &Timeline, opened: Opened) {
        timeline.expect(opened.chat.clone());
        timeline.open(opened);
    }

    fn put(timeline: &Timeline, item: TimelineItem, looking: bool) {
        timeline.change(&romeo(), vec![WindowChange::Put(item)], 9, looking);
    }

    #[test]
    fn a_gap_stands_before_the_first_message_behind_it() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, window("romeo@x", vec![message("a", Way::In, 10), message("c", Way::In, 30)]));
            let gap = |at, state| Gap { place: TimelineKey { at: Timestamp(at), sequence: u64::MAX }, state };
            let gaps = [5, 20, 40].map(|at| gap(at, GapState::Loading)).to_vec();
            timeline.set_gaps(&romeo(), gaps);
            assert_eq!(shape(&timeline, "c").gap, Some(GapState::Loading));
            assert!(shape(&timeline, "c").opens_group && shape(&timeline, "a").closes_group);
            assert_eq!(shape(&timeline, "a").gap, None, "nothing is known to be on its other side");
            // What fills it takes the row with it.
            put(&timeline, message("b", Way::In, 25), true);
            assert_eq!((shape(&timeline, "b").gap, shape(&timeline, "c").gap), (Some(GapState::Loading), None));
            let (place, behind) = timeline.peek(|window| {
                let behind = window.find(&OriginId::new("b")).unwrap().key;
                (window.gap_before(behind), behind)
            });
            assert!(place.is_some_and(|place| place < behind));
            timeline.set_gaps(&romeo(), vec![gap(20, GapState::Gone)]);
            assert_eq!(shape(&timeline, "b").gap, Some(GapState::Gone));
            show(&timeline, window("romeo@x", vec![message("a", Way::In, 10), message("c", Way::In, 30)]));
            assert_eq!(shape(&timeline, "c").gap, None, "a new window has no gaps until told");
        });
    }

    #[test]
    fn messages_are_ordered_by_key_whatever_the_order_of_arrival() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, window("romeo@x", vec![message("b", Way::In, 20), message("a", Way::In, 10)]));
            put(&timeline, message("d", Way::In, 40), true);
            put(&timeline, message("c", Way::Out, 30), true);
            put(&timeline, message("c", Way::Out, 30), true);
            assert_eq!(ids(&timeline), ["a", "b", "c", "d"]);
            timeline.change(&romeo(), vec![WindowChange::Remove(OriginId::new("b"))], 3, true);
            assert_eq!(ids(&timeline), ["a", "c", "d"]);
        });
    }

    #[test]
    fn a_changed_message_tells_its_own_signal_only() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, window("romeo@x", vec![message("a", Way::Out, 10)]));
            let before = timeline.peek(|window| window.entries()[0].clone());
            let mut sent = message("a", Way::Out, 10);
            sent.state = Some(plausch_model::DeliveryState::Delivered);
            put(&timeline, sent.clone(), true);
            let after = timeline.peek(|window| window.entries()[0].clone());
            assert!(Arc::ptr_eq(&before, &after));
            assert_eq!(after.item.get_untracked(), sent);
        });
    }

    #[test]
    fn groups_end_after_five_minutes_at_another_sender_and_at_midnight() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            let day = 86_400_000;
            show(
                &timeline,
                window(
                    "romeo@x",
                    vec![
                        message("a", Way::In, 0),
                        message("b", Way::In, 4 * MINUTE),
                        message("c", Way::In, 9 * MINUTE),
                        message("d", Way::Out, 10 * MINUTE),
                        message("e", Way::Out, day - 1),
                        message("f", Way::Out, day),
                    ],
                ),
            );
            timeline.forget_divider();
            let opens: Vec<bool> = ["a", "b", "c", "d", "e", "f"].map(|id| shape(&timeline, id).opens_group).to_vec();
            assert_eq!(opens, [true, false, true, true, true, true]);
            assert!(!shape(&timeline, "a").closes_group);
            assert!(shape(&timeline, "b").closes_group);
            assert!(shape(&timeline, "f").opens_day && !shape(&timeline, "e").opens_day);
        });
    }

    #[test]
    fn a_late_message_between_two_splits_and_removal_joins_again() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, window("romeo@x", vec![message("a", Way::Out, 0), message("c", Way::Out, 2)]));
            assert!(!shape(&timeline, "c").opens_group);
            put(&timeline, message("b", Way::In, 1), true);
            assert!(shape(&timeline, "c").opens_group && shape(&timeline, "a").closes_group);
            timeline.change(&romeo(), vec![WindowChange::Remove(OriginId::new("b"))], 2, true);
            assert!(!shape(&timeline, "c").opens_group && !shape(&timeline, "a").closes_group);
        });
    }

    #[test]
    fn the_divider_stands_before_the_first_unread_of_others_and_stays() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            let read = TimelineKey { at: Timestamp(10), sequence: 0 };
            let items = vec![message("a", Way::In, 10), message("b", Way::Out, 20), message("c", Way::In, 30)];
            show(&timeline, Opened { read_up_to: Some(read), ..window("romeo@x", items) });
            assert!(shape(&timeline, "c").opens_unread && !shape(&timeline, "b").opens_unread);
            put(&timeline, message("d", Way::In, 40), false);
            assert!(shape(&timeline, "c").opens_unread && !shape(&timeline, "d").opens_unread);
        });
    }

    #[test]
    fn the_divider_comes_back_where_it_was() {
        Owner::new().with(|| {
            let timeline = &Timeline::default();
            let items = || vec![message("a", Way::In, 10), message("b", Way::In, 20), message("c", Way::In, 30)];
            let at = |id: &str| timeline.peek(|window| window.find(&OriginId::new(id)).map(|entry| entry.key));
            let read = |read| Opened { read_up_to: read, ..window("romeo@x", items()) };
            show(timeline, read(None));
            let (b, c) = (at("b"), at("c"));
            let divider = || timeline.peek(|window| (window.first_unread(), window.unread_from()));
            let again = |read_up_to, left| {
                timeline.expect(BareJid::new("romeo@x"));
                timeline.divide_again(left);
                timeline.open(read(read_up_to));
                divider()
            };
            assert_eq!(again(c, b), (b, None), "all is read by now");
            assert_eq!(again(b, b), (b, c), "a part is unread");
            assert_eq!(again(c, None), (None, None));
            let elsewhere = b.map(|b| TimelineKey { sequence: b.sequence + 1, ..b });
            assert_eq!(again(c, elsewhere), (None, None), "nothing stands there");
            timeline.expect(BareJid::new("romeo@x"));
            timeline.divide_again(b);
            timeline.expect(BareJid::new("romeo@x"));
            timeline.open(read(c));
            assert_eq!(divider(), (None, None), "another chat was opened meanwhile");
        });
    }

    #[test]
    fn what_comes_in_unseen_gets_the_divider_what_is_seen_does_not() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            let read = TimelineKey { at: Timestamp(10), sequence: 0 };
            let open = || Opened { read_up_to: Some(read), ..window("romeo@x", vec![message("a", Way::In, 10)]) };
            show(&timeline, open());
            put(&timeline, message("b", Way::In, 20), true);
            assert!(!shape(&timeline, "b").opens_unread);
            put(&timeline, message("c", Way::In, 30), false);
            put(&timeline, message("d", Way::In, 40), false);
            assert!(shape(&timeline, "c").opens_unread && !shape(&timeline, "d").opens_unread);
        });
    }

    #[test]
    fn a_window_that_is_cut_takes_nothing_beyond_its_ends() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            let items = (1..=5).map(|number| message(&number.to_string(), Way::In, number * 10)).collect();
            show(&timeline, Opened { at_start: true, at_end: true, ..window("romeo@x", items) });
            let key =
                |at| timeline.peek(|window| window.entries().iter().map(|e| e.key).find(|key| key.at.0 == at)).unwrap();
            let (second, fourth) = (key(20), key(40));
            timeline.cut(&BareJid::new("eve@x"), Direction::Older, fourth);
            timeline.cut(&romeo(), Direction::Older, second);
            timeline.cut(&romeo(), Direction::Newer, fourth);
            assert_eq!(ids(&timeline), ["2", "3", "4"]);
            assert!(timeline.peek(|window| !window.at_start() && !window.at_end()));
            assert!(shape(&timeline, "2").opens_group && shape(&timeline, "4").closes_group);
            put(&timeline, message("6", Way::In, 60), true);
            assert_eq!(ids(&timeline), ["2", "3", "4"]);
            timeline.grow(&romeo(), vec![message("5", Way::In, 50), message("6", Way::In, 60)], false, true);
            assert_eq!(ids(&timeline), ["2", "3", "4", "5", "6"]);
        });
    }

    #[test]
    fn growth_and_changes_of_another_chat_are_ignored() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, window("romeo@x", vec![message("c", Way::In, 30)]));
            timeline.grow(&romeo(), vec![message("a", Way::In, 10), message("b", Way::In, 20)], true, true);
            timeline.grow(&BareJid::new("eve@x"), vec![message("x", Way::In, 1)], true, true);
            timeline.change(&BareJid::new("eve@x"), vec![WindowChange::Remove(OriginId::new("a"))], 0, true);
            assert_eq!(ids(&timeline), ["a", "b", "c"]);
            assert!(timeline.peek(Window::at_start));
        });
    }

    #[test]
    fn a_window_of_another_chat_than_the_wanted_one_is_dropped() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            timeline.expect(romeo());
            timeline.open(window("tybalt@x", vec![message("t", Way::In, 1)]));
            assert_eq!(ids(&timeline), Vec::<String>::new());
            timeline.open(window("romeo@x", vec![message("r", Way::In, 1)]));
            assert_eq!(ids(&timeline), ["r"]);
            timeline.close();
            timeline.open(window("romeo@x", vec![message("late", Way::In, 1)]));
            assert_eq!(ids(&timeline), Vec::<String>::new());
        });
    }

    #[test]
    fn what_lies_beyond_a_window_is_not_put_next_to_it() {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            show(&timeline, Opened { at_end: false, ..window("romeo@x", vec![message("a", Way::In, 1)]) });
            put(&timeline, message("z", Way::In, 99), true);
            assert_eq!(ids(&timeline), ["a"]);
            timeline.grow(&romeo(), vec![message("b", Way::In, 2), message("z", Way::In, 99)], false, true);
            put(&timeline, message("zz", Way::In, 100), true);
            assert_eq!(ids(&timeline), ["a", "b", "z", "zz"]);
            timeline.grow(&romeo(), vec![message("0", Way::In, 0)], true, false);
            assert!(timeline.peek(|window| window.at_start() && window.at_end()), "an end once reached stays reached");
        });
    }
}
