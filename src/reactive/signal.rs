//! Signals, memos and stored values that are compiled once, whatever they hold.
//!
//! Leptos decides who is told of what and when, and who owns what: all here stands on its triggers, memos and arena. But it
//! compiles each of those anew for every type of value, and the app has some seventy. So a value lies in a box beside its
//! trigger, and what is left per type is a look into the box.
//!
//! The names and methods are leptos' own, as far as the app uses them.

use std::{
    any::Any,
    cell::{Ref, RefCell, RefMut},
    marker::PhantomData,
    sync::Arc,
};

use leptos::reactive::{
    signal::ArcTrigger,
    traits::{Get as _, GetUntracked as _, GetValue as _, Notify as _, Track as _},
};
use send_wrapper::SendWrapper;

/// A value of any type. The app has one thread; leptos wants to hear so.
type Value = SendWrapper<Box<dyn Any>>;

/// A value, and who wants to hear of its changes.
struct Watched {
    value: SendWrapper<RefCell<Box<dyn Any>>>,
    watchers: ArcTrigger,
}

impl Watched {
    fn new(value: Box<dyn Any>) -> Arc<Self> {
        Arc::new(Self { value: SendWrapper::new(RefCell::new(value)), watchers: ArcTrigger::new() })
    }

    #[inline(never)]
    fn track(&self) {
        self.watchers.track();
    }

    #[inline(never)]
    fn look(&self) -> Ref<'_, Box<dyn Any>> {
        self.value.borrow()
    }

    #[inline(never)]
    fn open(&self) -> RefMut<'_, Box<dyn Any>> {
        self.value.borrow_mut()
    }

    #[inline(never)]
    fn tell(&self) {
        self.watchers.notify();
    }

    #[inline(never)]
    fn replace(&self, value: Box<dyn Any>) {
        // What is dropped may look at signals, too.
        drop(self.value.replace(value));
    }

    fn set(&self, value: Box<dyn Any>) {
        self.replace(value);
        self.tell();
    }
}

/// The value in a box.
#[inline(never)]
fn known<T: 'static>(value: &dyn Any) -> &T {
    value.downcast_ref().unwrap_or_else(|| lost())
}

/// The value in a box, to be changed.
#[inline(never)]
fn known_mut<T: 'static>(value: &mut dyn Any) -> &mut T {
    value.downcast_mut().unwrap_or_else(|| lost())
}

/// A handle's type is that of its value, and whoever reads a signal outlives its owner no more than with leptos.
#[cold]
#[inline(never)]
fn lost() -> ! {
    unreachable!("a signal was read after its owner had cleaned up")
}

/// A signal that lives as long as somebody holds it.
pub struct ArcRwSignal<T> {
    watched: Arc<Watched>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for ArcRwSignal<T> {
    fn clone(&self) -> Self {
        Self { watched: Arc::clone(&self.watched), kind: PhantomData }
    }
}

impl<T: 'static> ArcRwSignal<T> {
    /// A signal of a value.
    pub fn new(value: T) -> Self {
        Self { watched: Watched::new(Box::new(value)), kind: PhantomData }
    }

    /// Looks at the value, and again when it changes.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.watched.track();
        self.with_untracked(look)
    }

    /// Looks at the value once.
    pub fn with_untracked<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(known(&**self.watched.look()))
    }

    /// Sets the value and tells of it.
    pub fn set(&self, value: T) {
        self.watched.set(Box::new(value));
    }
}

impl<T: Clone + 'static> ArcRwSignal<T> {
    /// The value, watched.
    pub fn get(&self) -> T {
        self.with(Clone::clone)
    }

    /// The value, not watched.
    pub fn get_untracked(&self) -> T {
        self.with_untracked(Clone::clone)
    }
}

/// A way into leptos' arena, which an owner clears.
type Place = leptos::reactive::owner::StoredValue<Arc<Watched>>;

fn place(value: Box<dyn Any>) -> Place {
    Place::new(Watched::new(value))
}

#[inline(never)]
fn there(place: Place) -> Option<Arc<Watched>> {
    place.try_get_value()
}

#[inline(never)]
fn surely_there(place: Place) -> Arc<Watched> {
    there(place).unwrap_or_else(|| lost())
}

/// A signal that lives as long as the owner that was there when it was made.
pub struct RwSignal<T> {
    place: Place,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for RwSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RwSignal<T> {}

impl<T: 'static> RwSignal<T> {
    /// A signal of a value.
    pub fn new(value: T) -> Self {
        Self { place: place(Box::new(value)), kind: PhantomData }
    }

    /// Looks at the value, and again when it changes.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        let watched = surely_there(self.place);
        watched.track();
        look(known(&**watched.look()))
    }

    /// Looks at the value once.
    pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look(known(&**surely_there(self.place).look()))
    }

    /// Whether its owner has cleaned up.
    pub fn is_disposed(self) -> bool {
        there(self.place).is_none()
    }

    /// Watches the value without looking at it.
    pub fn track(self) {
        surely_there(self.place).track();
    }

    /// Sets the value and tells of it; a signal that is gone stays so.
    pub fn set(self, value: T) {
        if let Some(watched) = there(self.place) {
            watched.set(Box::new(value));
        }
    }

    /// Changes the value and tells of it; a signal that is gone stays so.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.try_maybe_update(|value| (true, change(value)));
    }

    /// Changes the value and tells of it if the change says so.
    pub fn maybe_update(self, change: impl FnOnce(&mut T) -> bool) {
        self.try_maybe_update(|value| (change(value), ()));
    }

    /// Changes the value, tells of it if the change says so, and returns what that returns besides; `None` if the signal is
    /// gone.
    pub fn try_maybe_update<R>(self, change: impl FnOnce(&mut T) -> (bool, R)) -> Option<R> {
        let watched = there(self.place)?;
        let (changed, result) = change(known_mut(&mut **watched.open()));
        if changed {
            watched.tell();
        }
        Some(result)
    }
}

impl<T: Clone + 'static> RwSignal<T> {
    /// The value, watched.
    pub fn get(self) -> T {
        self.with(Clone::clone)
    }

    /// The value, not watched.
    pub fn get_untracked(self) -> T {
        self.with_untracked(Clone::clone)
    }

    /// The value, not watched; `None` if the signal is gone.
    pub fn try_get_untracked(self) -> Option<T> {
        Some(known::<T>(&**there(self.place)?.look()).clone())
    }
}

/// A value that is kept as long as the owner that was there when it was made, and that nobody watches.
pub struct StoredValue<T> {
    signal: RwSignal<T>,
}

impl<T> Clone for StoredValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StoredValue<T> {}

impl<T: 'static> StoredValue<T> {
    /// Keeps a value.
    pub fn new(value: T) -> Self {
        Self { signal: RwSignal::new(value) }
    }

    /// Looks at the value.
    pub fn with_value<R>(self, look: impl FnOnce(&T) -> R) -> R {
        self.signal.with_untracked(look)
    }

    /// Puts another value in its place.
    pub fn set_value(self, value: T) {
        if let Some(watched) = there(self.signal.place) {
            watched.replace(Box::new(value));
        }
    }

    /// Changes the value; one that is gone stays so.
    pub fn update_value(self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Changes the value and returns what the change returns; `None` if the value is gone.
    pub fn try_update_value<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.signal.try_maybe_update(|value| (false, change(value)))
    }
}

impl<T: Clone + 'static> StoredValue<T> {
    /// The value.
    pub fn get_value(self) -> T {
        self.signal.get_untracked()
    }

    /// The value; `None` if it is gone.
    pub fn try_get_value(self) -> Option<T> {
        self.signal.try_get_untracked()
    }
}

/// A value that is worked out from signals, and tells of a change only when it is another.
pub struct Memo<T> {
    memo: leptos::reactive::computed::Memo<Arc<Value>>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}

impl<T: PartialEq + 'static> Memo<T> {
    /// A memo of what a function returns.
    pub fn new(value: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let memo = memo(Box::new(Boxing(value)), |a, b| known::<T>(a) != known::<T>(b));
        Self { memo, kind: PhantomData }
    }
}

/// A function of any type that boxes what it works out. The table of a `dyn Fn` would have a `call_once` and a `call_mut`
/// beside, compiled for each and never called.
trait WorkOut: Send + Sync {
    fn work_out(&self) -> Box<dyn Any>;
}

impl<T: 'static, F: Fn() -> T + Send + Sync> WorkOut for Boxing<F> {
    fn work_out(&self) -> Box<dyn Any> {
        Box::new((self.0)())
    }
}

struct Boxing<F>(F);

fn memo(
    work: Box<dyn WorkOut>,
    differ: fn(&dyn Any, &dyn Any) -> bool,
) -> leptos::reactive::computed::Memo<Arc<Value>> {
    leptos::reactive::computed::Memo::new_owning(move |before: Option<Arc<Value>>| {
        let now = work.work_out();
        let changed = before.is_none_or(|before| differ(&***before, &*now));
        (Arc::new(SendWrapper::new(now)), changed)
    })
}

impl<T: 'static> Memo<T> {
    /// Looks at the value, and again when it changes.
    pub fn with<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look(known(&***self.memo.get()))
    }

    /// Looks at the value once.
    pub fn with_untracked<R>(self, look: impl FnOnce(&T) -> R) -> R {
        look(known(&***self.memo.get_untracked()))
    }

    /// Watches the value without looking at it.
    pub fn track(self) {
        self.memo.track();
    }
}

impl<T: Clone + 'static> Memo<T> {
    /// The value, watched.
    pub fn get(self) -> T {
        self.with(Clone::clone)
    }

    /// The value, not watched; `None` if the memo is gone.
    pub fn try_get_untracked(self) -> Option<T> {
        Some(known::<T>(&***self.memo.try_get_untracked()?).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn a_memo_follows_what_it_read_and_nothing_else() {
        static TIMES: AtomicU32 = AtomicU32::new(0);
        Owner::new().with(|| {
            let (read, other) = (RwSignal::new(1), ArcRwSignal::new("a".to_owned()));
            let peeked = other.clone();
            let memo = Memo::new(move || {
                TIMES.fetch_add(1, Ordering::Relaxed);
                (read.get() > 1, peeked.with_untracked(String::len))
            });
            assert_eq!((memo.get(), TIMES.load(Ordering::Relaxed)), ((false, 1), 1));
            other.set("abc".to_owned());
            assert_eq!((memo.get(), TIMES.load(Ordering::Relaxed)), ((false, 1), 1));
            read.update(|value| *value += 1);
            assert_eq!((memo.get(), TIMES.load(Ordering::Relaxed)), ((true, 3), 2));
        });
    }

    #[test]
    fn a_memo_tells_of_another_value_only() {
        static TIMES: AtomicU32 = AtomicU32::new(0);
        Owner::new().with(|| {
            let number = RwSignal::new(1);
            let even = Memo::new(move || number.get() % 2 == 0);
            let words = Memo::new(move || {
                TIMES.fetch_add(1, Ordering::Relaxed);
                if even.get() { "even" } else { "odd" }
            });
            assert_eq!((words.get(), TIMES.load(Ordering::Relaxed)), ("odd", 1));
            number.set(3);
            assert_eq!((words.get(), TIMES.load(Ordering::Relaxed)), ("odd", 1));
            number.maybe_update(|number| {
                *number = 4;
                false
            });
            assert_eq!((words.get(), number.get_untracked()), ("odd", 4), "a change that is not told");
            number.set(4);
            assert_eq!((words.get(), TIMES.load(Ordering::Relaxed)), ("even", 2));
        });
    }

    #[test]
    fn what_its_owner_cleaned_up_is_gone() {
        let owner = Owner::new();
        let (signal, kept, memo) =
            owner.with(|| (RwSignal::new(1), StoredValue::new("a".to_owned()), Memo::new(|| 'b')));
        assert_eq!((signal.try_get_untracked(), kept.get_value().as_str(), memo.get()), (Some(1), "a", 'b'));
        owner.cleanup();
        signal.set(2);
        signal.update(|_| unreachable!());
        kept.set_value("c".to_owned());
        assert!(signal.is_disposed());
        assert_eq!((signal.try_get_untracked(), kept.try_get_value(), memo.try_get_untracked()), (None, None, None));
    }
}
