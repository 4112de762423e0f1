//! SASL2 (XEP-0388) with what it carries along: Bind 2 (XEP-0386), FAST (XEP-0484), stream management (XEP-0198 §10) and
//! SCRAM upgrades (XEP-0480).

use super::classic::decode;
use super::config::{Purpose, StreamConfig};
use super::features::Sasl2Features;
use super::ns;
use crate::base64;
use crate::list::IntoList;
use crate::sasl::{FAST_MECHANISM, Mechanism, SaslError, ScramHash};
use crate::sm::{self, Sm};
use crate::xml::Element;

/// What is asked for along with the authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Inline {
    /// Resume the former session.
    pub resume: bool,
    /// The new session may be resumed.
    pub resumable: bool,
    /// Bind a resource if that fails.
    pub bind: bool,
    /// Enable stream management for it.
    pub stream_management: bool,
    /// Enable carbons for it.
    pub carbons: bool,
    /// Begin it active or inactive.
    pub client_state: bool,
    /// Issue a FAST token.
    pub request_token: bool,
    /// Store the password's hash for this mechanism.
    pub upgrade: Option<ScramHash>,
}

impl Inline {
    /// All that is both wanted and offered.
    pub(super) fn new(config: &StreamConfig, offered: &Sasl2Features, by_token: bool, resumable: bool) -> Self {
        if config.purpose == Purpose::InvalidateToken {
            return Self::default();
        }
        let bindable = |feature: &str| offered.bind2.iter().flatten().any(|offered| offered == feature);
        let can_resume = config.resume.as_ref().is_some_and(|session| session.resumption().is_some());
        Self {
            resume: can_resume && resumable && offered.resume,
            resumable,
            bind: offered.bind2.is_some(),
            stream_management: bindable(ns::SM),
            carbons: bindable(ns::CARBONS),
            client_state: bindable(ns::CSI),
            // A token's successor comes by itself when it is due (XEP-0484 §3.5).
            request_token: !by_token && config.purpose == Purpose::Session && has_fast(offered),
            upgrade: None,
        }
    }

    fn bind_request(self, config: &StreamConfig) -> Option<Element> {
        let state = if config.active { "active" } else { "inactive" };
        self.bind.then(|| {
            Element::builder("bind", ns::BIND2)
                .child(Element::builder("tag", ns::BIND2).text(&config.resource_tag).build())
                .child_opt(self.carbons.then(|| Element::builder("enable", ns::CARBONS).build()))
                .child_opt(self.stream_management.then(|| enable(self.resumable)))
                .child_opt(self.client_state.then(|| Element::builder(state, ns::CSI).build()))
                .build()
        })
    }
}

/// `<enable/>`.
pub(super) fn enable(resumable: bool) -> Element {
    if resumable { sm::enable_resumption() } else { sm::enable() }
}

/// Whether there is a FAST mechanism that we have.
pub(super) fn has_fast(offered: &Sasl2Features) -> bool {
    offered.fast.iter().any(|name| name == FAST_MECHANISM)
}

/// The strongest SCRAM upgrade that is offered and better than what is offered as a mechanism.
pub(super) fn upgrade(offered: &Sasl2Features) -> Option<ScramHash> {
    let strongest = crate::sasl::strongest_scram(&offered.mechanisms);
    let is_offered = |hash: &ScramHash| offered.upgrades.contains(&upgrade_task(*hash));
    [ScramHash::Sha512, ScramHash::Sha256].into_iter().find(|hash| is_offered(hash) && Some(*hash) > strongest)
}

/// The name of the task that upgrades to this mechanism (XEP-0480 §2.1).
pub(super) fn upgrade_task(hash: ScramHash) -> String {
    format!("UPGR-{}", Mechanism::Scram(hash).name())
}

/// How a token is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TokenUse {
    /// The count of this use.
    pub count: u32,
    /// Whether the server is to forget it.
    pub invalidate: bool,
}

/// `<authenticate/>`.
pub(super) fn authenticate(
    config: &StreamConfig,
    mechanism: &str,
    initial_response: &[u8],
    inline: Inline,
    token: Option<TokenUse>,
) -> Element {
    let resume = config.resume.as_ref().filter(|_| inline.resume).and_then(Sm::resume);
    let request_token = || Element::builder("request-token", ns::FAST).attr("mechanism", FAST_MECHANISM).build();
    let upgrade = |hash| Element::builder("upgrade", ns::SASL_UPGRADE).text(upgrade_task(hash)).build();
    Element::builder("authenticate", ns::SASL2)
        .attr("mechanism", mechanism)
        .child_opt(inline.upgrade.map(upgrade))
        .child(Element::builder("initial-response", ns::SASL2).text(base64::encode(initial_response)).build())
        .child(user_agent(config))
        .child_opt(token.map(TokenUse::to_element))
        .child_opt(inline.request_token.then(request_token))
        .child_opt(resume)
        .child_opt(inline.bind_request(config))
        .build()
}

impl TokenUse {
    fn to_element(self) -> Element {
        let fast = Element::builder("fast", ns::FAST).attr("count", self.count.to_string());
        fast.attr_opt("invalidate", self.invalidate.then_some("true")).build()
    }
}

fn user_agent(config: &StreamConfig) -> Element {
    let user_agent = &config.user_agent;
    let text = |name, text: &str| Element::builder(name, ns::SASL2).text(text).build();
    Element::builder("user-agent", ns::SASL2)
        .attr("id", &user_agent.id)
        .child(text("software", &user_agent.software))
        .child_opt(user_agent.device.as_deref().map(|device| text("device", device)))
        .build()
}

/// `<response/>`.
pub(super) fn response(response: &[u8]) -> Element {
    Element::builder("response", ns::SASL2).text(base64::encode(response)).build()
}

/// `<additional-data/>` in `<success/>` or `<continue/>`.
pub(super) fn additional_data(element: &Element) -> Result<Option<Vec<u8>>, SaslError> {
    element.child_text("additional-data", ns::SASL2).map(|text| decode(&text)).transpose()
}

/// The tasks that `<continue/>` offers.
pub(super) fn tasks(element: &Element) -> Vec<String> {
    let tasks = element.child("tasks", ns::SASL2);
    let names = tasks.into_iter().flat_map(|tasks| tasks.children_named("task", ns::SASL2));
    names.map(|task| super::clip_text(task.text().trim())).into_list()
}

/// `<next/>`: begins a task.
pub(super) fn next(task: &str) -> Element {
    Element::builder("next", ns::SASL2).attr("task", task).build()
}

/// The salt and iteration count in the `<task-data/>` of a SCRAM upgrade (XEP-0480 §3).
pub(super) fn upgrade_parameters(element: &Element) -> Result<(Vec<u8>, u32), SaslError> {
    let salt = element.child("salt", ns::SCRAM_UPGRADE).ok_or(SaslError::Malformed)?;
    let iterations = salt.attr("iterations").and_then(|count| count.parse().ok()).ok_or(SaslError::Malformed)?;
    Ok((decode(&salt.text())?, iterations))
}

/// The answer to it.
pub(super) fn upgrade_hash(salted_password: &[u8]) -> Element {
    let hash = Element::builder("hash", ns::SCRAM_UPGRADE).text(base64::encode(salted_password));
    Element::builder("task-data", ns::SASL2).child(hash.build()).build()
}
