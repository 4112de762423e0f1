//! People: the roster, their presence, their requests, whom we blocked, what they call themselves.

use plausch_model::{Availability, AvatarId, BareJid, Contact, ContactRequest, Subscription};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    jid,
    stanza::{Presence, Show},
};

use crate::{
    map::{Map, Set},
    records::{
        BLOCKED, BlockedRecord, PersonRecord, PresenceRecord, ROSTER_VERSION, ResourceRecord, RosterRecord,
        RosterVersionRecord, encode, jid_key,
    },
    step::Step,
    store::Table,
};

/// Resources remembered per contact: more than any person has, few enough for a flood to be harmless.
const MAX_RESOURCES: usize = 32;
/// Requests kept, the newest ones: a flood of strangers must not fill the memory.
const MAX_REQUESTS: usize = 200;
/// Characters of a status or nickname that are kept.
const MAX_TEXT: usize = 500;

/// What is known of one person.
#[derive(Debug, Default)]
struct Person {
    roster: Option<RosterRecord>,
    /// In the order of their names.
    resources: Vec<(String, ResourceRecord)>,
    own: PersonRecord,
}

/// All people, and whose entry changed in this step.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    people: Map<BareJid, Person>,
    requests: Map<BareJid, ContactRequest>,
    blocked: Set<BareJid>,
    version: Option<String>,
    /// The roster has been told, by disk or server: that it is empty is knowledge then.
    known: bool,
    /// We are online: what is known of presence holds.
    reachable: bool,
    changed: Set<BareJid>,
    removed: Set<BareJid>,
    presence_unsaved: Set<BareJid>,
    requests_changed: bool,
    blocked_changed: bool,
}

impl Contacts {
    /// Takes over the stored roster.
    pub fn load_roster(&mut self, rows: impl Iterator<Item = (BareJid, RosterRecord)>) {
        for (jid, record) in rows {
            self.known = true;
            self.people.change(&jid, |person| person.roster = Some(record));
        }
    }

    /// Takes over what is stored of people.
    pub fn load_people(&mut self, rows: impl Iterator<Item = (BareJid, PersonRecord)>) {
        for (jid, record) in rows {
            self.people.change(&jid, |person| person.own = record);
        }
    }

    /// Takes over who was available when the session was last heard of.
    pub fn load_presence(&mut self, rows: impl Iterator<Item = (BareJid, PresenceRecord)>) {
        for (jid, PresenceRecord(resources)) in rows {
            self.people.change(&jid, |person| person.resources = resources);
        }
    }

    /// Takes over the stored requests.
    pub fn load_requests(&mut self, requests: impl Iterator<Item = ContactRequest>) {
        self.requests.extend(requests.map(|request| (request.jid.clone(), request)));
    }

    /// Takes over the stored list of blocked addresses.
    pub fn load_blocked(&mut self, record: BlockedRecord) {
        self.blocked = record.0.into_iter().collect();
    }

    /// Takes over the version of the stored roster.
    pub fn load_version(&mut self, record: RosterVersionRecord) {
        self.version = Some(record.0);
        self.known = true;
    }

    /// Whether the roster has been told, by disk or server.
    pub fn are_known(&self) -> bool {
        self.known
    }

    /// The server has said what there is to say, or will not.
    pub fn set_known(&mut self) {
        self.known = true;
    }

    /// The version of the roster on disk (RFC 6121 §2.6); the empty text if there is none.
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }

    /// The roster's part of a person.
    pub fn roster(&self, jid: &BareJid) -> Option<&RosterRecord> {
        self.people.get(jid)?.roster.as_ref()
    }

    /// Whether somebody is in the roster.
    pub fn is_contact(&self, jid: &BareJid) -> bool {
        self.roster(jid).is_some()
    }

    /// Whether somebody may see our presence: only they learn anything of us.
    pub fn may_see_us(&self, jid: &BareJid) -> bool {
        let sees = |record: &RosterRecord| matches!(record.subscription, Subscription::From | Subscription::Both);
        self.roster(jid).is_some_and(sees) && !self.is_blocked(jid)
    }

    /// Whether we see somebody's presence.
    pub fn we_see(&self, jid: &BareJid) -> bool {
        let sees = |record: &RosterRecord| matches!(record.subscription, Subscription::To | Subscription::Both);
        self.roster(jid).is_some_and(sees)
    }

    /// Whether somebody, or their whole server, is blocked.
    pub fn is_blocked(&self, jid: &BareJid) -> bool {
        let domain = jid.as_str().rsplit('@').next().map(BareJid::new);
        self.blocked.contains(jid) || domain.is_some_and(|domain| self.blocked.contains(&domain))
    }

    /// The name to show: ours for them, else theirs (only from those whose presence we see), else the address.
    pub fn name(&self, jid: &BareJid) -> String {
        let person = self.people.get(jid);
        let given = person.and_then(|person| person.roster.as_ref()?.name.clone());
        let own = || person.filter(|_| self.we_see(jid)).and_then(|person| person.own.nickname.clone());
        given.or_else(own).unwrap_or_else(|| address(jid))
    }

    /// Their avatar.
    pub fn avatar(&self, jid: &BareJid) -> Option<AvatarId> {
        self.people.get(jid)?.own.avatar.clone()
    }

    /// What somebody says of themselves.
    pub fn person(&self, jid: &BareJid) -> Option<&PersonRecord> {
        self.people.get(jid).map(|person| &person.own)
    }

    /// A contact who has this avatar.
    pub fn with_avatar(&self, avatar: &AvatarId) -> Option<&BareJid> {
        let has = |person: &Person| person.own.avatar.as_ref() == Some(avatar);
        self.people.iter().find(|(_, person)| has(person)).map(|(jid, _)| jid)
    }

    /// The whole roster as the server has it now (RFC 6121 §2.1.4).
    pub fn replace_roster(
        &mut self,
        step: &mut Step<'_>,
        items: Vec<(BareJid, RosterRecord)>,
        version: Option<String>,
    ) {
        let kept: Set<BareJid> = items.iter().map(|(jid, _)| jid.clone()).collect();
        let gone = self.people.iter().filter(|(jid, person)| person.roster.is_some() && !kept.contains(jid));
        let gone: Vec<BareJid> = gone.map(|(jid, _)| jid.clone()).into_list();
        gone.iter().for_each(|jid| self.remove(step, jid));
        items.into_iter().for_each(|(jid, record)| self.put(step, jid, record));
        self.set_version(step, version);
    }

    /// One item is new or changed (RFC 6121 §2.1.6).
    pub fn put(&mut self, step: &mut Step<'_>, jid: BareJid, record: RosterRecord) {
        if self.roster(&jid) == Some(&record) {
            return;
        }
        step.fx.batch.put(Table::Roster, jid_key(&jid), encode(&record));
        let invisible = !matches!(record.subscription, Subscription::To | Subscription::Both);
        if matches!(record.subscription, Subscription::From | Subscription::Both) {
            self.forget_request(step, &jid);
        }
        let mut lost_presence = false;
        self.people.change(&jid, |person| {
            person.roster = Some(record);
            lost_presence = invisible && !person.resources.is_empty();
            person.resources.retain(|_| !invisible);
        });
        if lost_presence {
            self.presence_unsaved.insert(jid.clone());
        }
        self.removed.remove(&jid);
        self.changed.insert(jid);
    }

    /// One item is gone.
    pub fn remove(&mut self, step: &mut Step<'_>, jid: &BareJid) {
        let Some(person) = self.people.get_mut(jid) else { return };
        if person.roster.take().is_some() {
            person.resources.clear();
            step.fx.batch.delete(Table::Roster, jid_key(jid));
            self.presence_unsaved.insert(jid.clone());
            self.changed.remove(jid);
            self.removed.insert(jid.clone());
        }
    }

    /// The version that the roster has now.
    pub fn set_version(&mut self, step: &mut Step<'_>, version: Option<String>) {
        let Some(version) = version.filter(|version| self.version.as_ref() != Some(version)) else { return };
        step.fx.batch.put(Table::Meta, ROSTER_VERSION, encode(&RosterVersionRecord(version.clone())));
        self.version = Some(version);
    }

    /// A contact's resource is available or not. Strangers' presence is of no concern.
    pub fn presence(&mut self, jid: &BareJid, resource: &str, presence: Option<&Presence>) {
        let Some(person) = self.people.get_mut(jid).filter(|person| person.roster.is_some()) else { return };
        let resources = &mut person.resources;
        let place = resources.binary_search_by(|(known, _)| known.as_str().cmp(resource));
        match (presence, place) {
            (Some(_), Err(_)) if resources.len() >= MAX_RESOURCES => return,
            (Some(presence), Err(index)) => resources.insert(index, (resource.to_owned(), resource_record(presence))),
            (Some(presence), Ok(index)) => {
                let known = resources.get_mut(index);
                known.into_iter().for_each(|(_, record)| *record = resource_record(presence));
            }
            (None, _) => resources.retain(|(known, _)| !resource.is_empty() && known != resource),
        }
        self.presence_unsaved.insert(jid.clone());
        self.changed.insert(jid.clone());
    }

    /// Whether we are online. While we are not, nobody's presence is known, but it may be again.
    pub fn set_reachable(&mut self, reachable: bool) {
        if self.reachable != reachable {
            self.reachable = reachable;
            let present = self.people.iter().filter(|(_, person)| !person.resources.is_empty());
            self.changed.extend(present.map(|(jid, _)| jid.clone()));
        }
    }

    /// A new session has begun: the server tells everybody's presence anew.
    pub fn forget_presence(&mut self, step: &mut Step<'_>) {
        let present = self.people.iter().filter(|(_, person)| !person.resources.is_empty());
        self.changed.extend(present.map(|(jid, _)| jid.clone()));
        self.people.values_mut().for_each(|person| person.resources.clear());
        self.presence_unsaved.clear();
        step.fx.batch.delete_prefix(Table::Presence, []);
    }

    /// Stores whose presence changed in this step.
    pub fn save_presence(&mut self, step: &mut Step<'_>) {
        for jid in std::mem::take(&mut self.presence_unsaved).into_vec() {
            let resources = self.people.get(&jid).map(|person| &person.resources);
            match resources.filter(|resources| !resources.is_empty()) {
                Some(resources) => {
                    let record = PresenceRecord(resources.clone());
                    step.fx.batch.put(Table::Presence, jid_key(&jid), encode(&record));
                }
                None => step.fx.batch.delete(Table::Presence, jid_key(&jid)),
            }
        }
    }

    /// What somebody calls themselves or looks like has changed. True if it is news.
    pub fn set_person(&mut self, step: &mut Step<'_>, jid: &BareJid, change: &dyn Fn(&mut PersonRecord)) -> bool {
        let before = self.person(jid).cloned().unwrap_or_default();
        let mut own = before.clone();
        change(&mut own);
        own.nickname = own.nickname.take().map(clip).filter(|nickname| !nickname.trim().is_empty());
        let news = own != before;
        if news {
            step.fx.batch.put(Table::People, jid_key(jid), encode(&own));
            self.people.change(jid, |person| person.own = own);
            self.changed.insert(jid.clone());
        }
        news
    }

    /// Somebody asks to see our presence.
    pub fn request(&mut self, step: &mut Step<'_>, mut request: ContactRequest) {
        if self.requests.len() >= MAX_REQUESTS && !self.requests.contains(&request.jid) {
            let oldest = self.requests.values().min_by_key(|request| request.at).map(|request| request.jid.clone());
            oldest.iter().for_each(|jid| self.forget_request(step, jid));
        }
        request.nickname = request.nickname.map(clip);
        request.text = request.text.map(clip);
        step.fx.batch.put(Table::Requests, jid_key(&request.jid), encode(&request));
        self.requests.insert(request.jid.clone(), request);
        self.requests_changed = true;
    }

    /// A request was answered or withdrawn.
    pub fn forget_request(&mut self, step: &mut Step<'_>, jid: &BareJid) {
        if self.requests.remove(jid).is_some() {
            step.fx.batch.delete(Table::Requests, jid_key(jid));
            self.requests_changed = true;
        }
    }

    /// The blocked addresses change.
    pub fn set_blocked(&mut self, step: &mut Step<'_>, change: &dyn Fn(&mut Set<BareJid>)) {
        let before = self.blocked.clone();
        change(&mut self.blocked);
        if self.blocked == before {
            return;
        }
        let news = before.iter().filter(|jid| !self.blocked.contains(jid));
        let news = news.chain(self.blocked.iter().filter(|jid| !before.contains(jid)));
        self.changed.extend(news.cloned());
        let record = BlockedRecord(self.blocked.iter().cloned().into_list());
        step.fx.batch.put(Table::Meta, BLOCKED, encode(&record));
        let blocked_requests: Vec<BareJid> =
            self.requests.keys().filter(|jid| self.is_blocked(jid)).cloned().into_list();
        blocked_requests.iter().for_each(|jid| self.forget_request(step, jid));
        self.blocked_changed = true;
    }

    /// One contact as shown; `None` for people outside the roster.
    pub fn contact(&self, jid: &BareJid) -> Option<Contact> {
        let person = self.people.get(jid)?;
        let roster = person.roster.as_ref()?;
        let best = person.best().filter(|_| self.reachable);
        Some(Contact {
            jid: jid.clone(),
            address: address(jid),
            name: self.name(jid),
            roster_name: roster.name.clone(),
            groups: roster.groups.clone(),
            subscription: roster.subscription,
            asked: roster.asked,
            availability: best.map_or(Availability::Offline, |resource| resource.availability),
            status: best.and_then(|resource| resource.status.clone()),
            avatar: person.own.avatar.clone(),
            blocked: self.is_blocked(jid),
        })
    }

    /// The whole roster as shown.
    pub fn contacts(&self) -> Vec<Contact> {
        self.people.keys().filter_map(|jid| self.contact(jid)).into_list()
    }

    /// All requests.
    pub fn requests(&self) -> Vec<ContactRequest> {
        self.requests.values().cloned().into_list()
    }

    /// All blocked addresses.
    pub fn blocked(&self) -> Vec<BareJid> {
        self.blocked.iter().cloned().into_list()
    }

    /// What changed in this step.
    pub fn take_changes(&mut self) -> Changes {
        Changes {
            changed: std::mem::take(&mut self.changed),
            removed: std::mem::take(&mut self.removed),
            requests: std::mem::take(&mut self.requests_changed),
            blocked: std::mem::take(&mut self.blocked_changed),
        }
    }
}

/// What changed in a step.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// People to show again.
    pub changed: Set<BareJid>,
    /// Contacts that are gone.
    pub removed: Set<BareJid>,
    /// The requests changed.
    pub requests: bool,
    /// The blocked addresses changed.
    pub blocked: bool,
}

impl Person {
    /// The resource to show: the highest priority, then the most reachable one.
    fn best(&self) -> Option<&ResourceRecord> {
        self.resources
            .iter()
            .map(|(_, resource)| resource)
            .max_by_key(|resource| (resource.priority, std::cmp::Reverse(resource.availability)))
    }
}

fn resource_record(presence: &Presence) -> ResourceRecord {
    let availability = match presence.show {
        None | Some(Show::Chat) => Availability::Online,
        Some(Show::Away | Show::Xa) => Availability::Away,
        Some(Show::Dnd) => Availability::Busy,
    };
    let status = presence.status().map(|text| clip(text.to_owned()));
    ResourceRecord { priority: presence.priority, availability, status }
}

/// A text of somebody else, cut to what is kept.
pub(crate) fn clip(text: String) -> String {
    if text.len() <= MAX_TEXT { text } else { text.chars().take(MAX_TEXT).collect() }
}

/// An address as people should see it (XEP-0106, attack case A-23).
pub(crate) fn address(jid: &BareJid) -> String {
    jid::BareJid::parse(jid.as_str()).map_or_else(|_| jid.to_string(), |jid| jid::display_address(&jid))
}
