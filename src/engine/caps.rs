//! What contacts' programs can do (XEP-0115): a hash in presence stands for an answer that is asked for once, believed only
//! if the hash is right (attack case C-15), and kept for everybody who announces the same.

use plausch_xmpp::{
    iq_tracker::Outcome,
    jid::Jid,
    payload::Payload,
    stanza::Presence,
    xep::{
        caps::{Caps, SHA_1, Verification},
        disco::DiscoInfo,
    },
};

use crate::{
    Account,
    account::Then,
    jids,
    map::Set,
    records::{CapsRecord, caps_key, encode},
    requests::Purpose,
    step::Step,
    store::{Loaded, Query, Table},
};

/// So many questions are open at once; what is not asked now is asked at the next presence.
const MAX_QUESTIONS: usize = 20;
/// Hashes remembered as known: more than there are programs, few enough for a flood of made-up ones.
const MAX_KNOWN: usize = 1_000;
/// Features that are kept of an answer.
const MAX_FEATURES: usize = 500;

/// What is known already, and what is being found out.
#[derive(Debug, Default)]
pub(crate) struct Capabilities {
    known: Set<String>,
    asking: Vec<String>,
}

impl Account {
    /// A contact's presence says what their program can do. Only those who see us are asked: others learn nothing.
    pub(crate) fn caps_announced(&mut self, step: &mut Step<'_>, from: &Jid, presence: &Presence) {
        let Some(Ok(caps)) = presence.payload::<Caps>() else { return };
        let may_ask = caps.hash.as_deref() == Some(SHA_1) && self.contacts.may_see_us(&jids::bare_of(from));
        let is_new = !self.capabilities.known.contains(&caps.ver) && !self.capabilities.asking.contains(&caps.ver);
        if may_ask && is_new && self.capabilities.asking.len() < MAX_QUESTIONS {
            self.capabilities.asking.push(caps.ver.clone());
            let query = Query::Get(Table::Caps, vec![caps_key(&caps.ver)]);
            self.loads.ask(step, vec![query], Then::Caps(from.clone(), Box::new(caps)));
        }
    }

    /// What this device knows of these capabilities.
    pub(crate) fn caps_loaded(&mut self, step: &mut Step<'_>, from: Jid, caps: Caps, found: Option<Loaded>) {
        let is_known = matches!(&found, Some(Loaded::Found(rows)) if rows.iter().any(Option::is_some));
        if is_known {
            self.capabilities.learn(caps.ver);
        } else if self.session.is_online() {
            let query = DiscoInfo::query(Some(caps.query_node()));
            self.request_get(step, Some(from), &query, Purpose::Caps(Box::new(caps)));
        } else {
            self.capabilities.forget(&caps.ver);
        }
    }

    /// The answer, if it is what was announced: anybody may announce what is not theirs.
    pub(crate) fn caps_answered(&mut self, step: &mut Step<'_>, caps: Caps, outcome: Outcome<'_>) {
        let info = outcome.ok().flatten().and_then(|element| DiscoInfo::from_element(element).ok());
        match info.filter(|info| caps.verify(info) == Verification::Valid) {
            Some(info) => {
                let features = info.features.into_iter().take(MAX_FEATURES).collect();
                step.fx.batch.put(Table::Caps, caps_key(&caps.ver), encode(&CapsRecord { features }));
                self.capabilities.learn(caps.ver);
            }
            None => self.capabilities.forget(&caps.ver),
        }
    }
}

impl Capabilities {
    fn learn(&mut self, ver: String) {
        self.forget(&ver);
        if self.known.iter().len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(ver);
    }

    /// A question stays without a good answer; somebody else may be asked.
    pub fn forget(&mut self, ver: &str) {
        self.asking.retain(|asked| asked != ver);
    }
}
