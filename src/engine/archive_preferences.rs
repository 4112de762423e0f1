//! What the server is to keep of our messages (XEP-0441): asked for and changed on request, never stored here.

use plausch_model::{ArchivePolicy, ArchivePreferences, BareJid, CommandError, CommandId, Update, ViewId};
use plausch_xmpp::{
    iq_tracker::Outcome,
    list::IntoList,
    payload::Payload,
    xep::mam_prefs::{ArchiveDefault, ArchivePrefs},
};

use crate::{
    Account, jids,
    requests::{Purpose, refused},
    step::Step,
};

/// What kind of question it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asking {
    /// What is set.
    What,
    /// To change it.
    Change,
}

impl Account {
    /// Asks what the server keeps, or tells it what it is to keep.
    pub(crate) fn ask_archive_preferences(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        wanted: Option<ArchivePreferences>,
    ) -> Option<Result<(), CommandError>> {
        if let Err(error) = self.connected() {
            return Some(Err(error));
        }
        let why = |asking| Purpose::ArchivePreferences(view, id, asking);
        match wanted {
            Some(wanted) => self.request_set(step, None, &written(&wanted), why(Asking::Change)),
            None => self.request_get(step, None, &ArchivePrefs::query(), why(Asking::What)),
        }
        None
    }

    /// The server has answered.
    pub(crate) fn archive_preferences_answered(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        asking: Asking,
        outcome: Outcome<'_>,
    ) {
        let result = match outcome {
            Err(error) => Err(refused(error)),
            // A server that says nothing more has done as it was told: it is asked what that came to.
            Ok(None) if asking == Asking::Change => {
                let why = Purpose::ArchivePreferences(view, id, Asking::What);
                return self.request_get(step, None, &ArchivePrefs::query(), why);
            }
            Ok(element) => match element.and_then(|element| read(ArchivePrefs::from_element(element).ok()?)) {
                Some(preferences) => {
                    step.fx.tell_view(view, Update::ArchivePreferences(preferences));
                    Ok(())
                }
                None => Err(CommandError::Unsupported),
            },
        };
        self.done(step, view, id, result);
    }
}

fn read(prefs: ArchivePrefs) -> Option<ArchivePreferences> {
    let people = |jids: Vec<plausch_xmpp::jid::Jid>| jids.iter().map(jids::bare_of).into_list();
    let policy = match prefs.default? {
        ArchiveDefault::Always => ArchivePolicy::Everybody,
        ArchiveDefault::Roster => ArchivePolicy::Contacts,
        ArchiveDefault::Never => ArchivePolicy::Nobody,
    };
    Some(ArchivePreferences { policy, always: people(prefs.always), never: people(prefs.never) })
}

fn written(preferences: &ArchivePreferences) -> ArchivePrefs {
    let jids = |people: &[BareJid]| people.iter().filter_map(jids::recipient).into_list();
    let default = match preferences.policy {
        ArchivePolicy::Everybody => ArchiveDefault::Always,
        ArchivePolicy::Contacts => ArchiveDefault::Roster,
        ArchivePolicy::Nobody => ArchiveDefault::Never,
    };
    ArchivePrefs { default: Some(default), always: jids(&preferences.always), never: jids(&preferences.never) }
}
