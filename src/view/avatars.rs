//! The avatars seen so far, each a signal that holds the address of a picture once its bytes are here.

use std::collections::HashMap;

use plausch_model::AvatarId;

use crate::reactive::{ArcRwSignal, StoredValue};

/// Picture addresses by avatar id. The page that makes the addresses (blob URLs) also revokes them.
#[derive(Clone, Copy)]
pub struct Avatars {
    known: StoredValue<HashMap<AvatarId, ArcRwSignal<Option<String>>>>,
}

impl Default for Avatars {
    fn default() -> Self {
        Self { known: StoredValue::new(HashMap::new()) }
    }
}

impl Avatars {
    /// The signal of one avatar, and whether its bytes have yet to be asked for. It begins with what is known `meanwhile`.
    pub fn watch(
        &self,
        id: &AvatarId,
        meanwhile: impl FnOnce() -> Option<String>,
    ) -> (ArcRwSignal<Option<String>>, bool) {
        if let Some(known) = self.known.with_value(|map| map.get(id).cloned()) {
            return (known, false);
        }
        let fresh = ArcRwSignal::new(meanwhile());
        self.known.update_value(|map| {
            map.insert(id.clone(), fresh.clone());
        });
        (fresh, true)
    }

    /// Sets the picture's address; the one it replaces is returned, to be revoked.
    pub fn put(&self, id: &AvatarId, address: String) -> Option<String> {
        let (signal, _) = self.watch(id, || None);
        let old = signal.get_untracked();
        signal.set(Some(address));
        old
    }

    /// Forgets everything and returns all addresses, to be revoked.
    pub fn clear(&self) -> Vec<String> {
        let mut all = Vec::new();
        self.known.update_value(|map| {
            all.extend(map.drain().filter_map(|(_, signal)| signal.get_untracked()));
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;

    use super::*;

    #[test]
    fn an_avatar_is_asked_for_once_and_shown_to_all() {
        let owner = Owner::new();
        owner.with(|| {
            let avatars = Avatars::default();
            let id = AvatarId::new("aa");
            let (first, ask) = avatars.watch(&id, || None);
            assert!(ask);
            let (second, ask_again) = avatars.watch(&id, || Some("data:".into()));
            assert!(!ask_again);
            assert_eq!(avatars.put(&id, "blob:1".into()), None);
            assert_eq!(first.get_untracked().as_deref(), Some("blob:1"));
            assert_eq!(second.get_untracked().as_deref(), Some("blob:1"));
            assert_eq!(avatars.put(&id, "blob:2".into()).as_deref(), Some("blob:1"));
            assert_eq!(avatars.clear(), ["blob:2"]);
        });
    }
}
