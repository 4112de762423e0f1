//! Everything before a session: SASL2 with Bind 2, a token and resumption (XEP-0388, 0386, 0484, 0198).

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use plausch_native::fake::{Scram, Tampering};
use plausch_xmpp::xml::Element;
use sha2::Sha256;

use super::session::Session;
use super::{Conn, DOMAIN, PASSWORD, Server, Stage};
use crate::dice::Dice;

const FEATURES_BEFORE: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
    <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism><inline>\
    <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/>\
    <feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>\
    <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication></stream:features>";
const FEATURES_AFTER: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
    <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind><sm xmlns='urn:xmpp:sm:3'/>\
    <csi xmlns='urn:xmpp:csi:0'/></stream:features>";

/// A connection that is being authenticated.
#[derive(Default)]
pub struct Login {
    scram: Option<(Scram, Element)>,
}

/// Everybody's token of an account, which a device keeps instead of a password.
fn token(account: &str) -> String {
    format!("token-of-{account}")
}

fn hmac(key: &str, message: &[u8]) -> Vec<u8> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return Vec::new() };
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn decoded(element: Option<&Element>) -> Option<Vec<u8>> {
    BASE64.decode(element?.text().trim()).ok()
}

impl Server {
    pub(super) fn log_in(&mut self, conn: Conn, element: &Element, dice: &mut Dice) {
        let done = match element.name() {
            "open" => {
                self.send(
                    conn,
                    format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='{DOMAIN}' id='s' version='1.0'/>"),
                );
                self.send(conn, FEATURES_BEFORE);
                Some(())
            }
            "authenticate" if element.attr("mechanism") == Some("HT-SHA-256-NONE") => {
                self.by_token(conn, element, dice)
            }
            "authenticate" => self.by_password(conn, element),
            "response" => self.proof(conn, element, dice),
            _ => None,
        };
        if done.is_none() {
            self.close(conn);
        }
    }

    fn by_token(&mut self, conn: Conn, request: &Element, dice: &mut Dice) -> Option<()> {
        let initial = decoded(request.child("initial-response", request.ns()))?;
        let end = initial.iter().position(|byte| *byte == 0)?;
        let (user, proof) = initial.split_at(end);
        let account = format!("{}@{DOMAIN}", std::str::from_utf8(user).ok()?);
        if proof.get(1..)? != hmac(&token(&account), b"Initiator") {
            return None;
        }
        let answer = BASE64.encode(hmac(&token(&account), b"Responder"));
        self.succeed(conn, &account, request, &answer, "", dice)
    }

    fn by_password(&mut self, conn: Conn, request: &Element) -> Option<()> {
        let first = String::from_utf8(decoded(request.child("initial-response", request.ns()))?).ok()?;
        let mut scram = Scram::new(PASSWORD, Tampering::None);
        let challenge = BASE64.encode(scram.first(&first).ok()?);
        self.send(conn, format!("<challenge xmlns='urn:xmpp:sasl:2'>{challenge}</challenge>"));
        // The name stands in the first message; the request is kept with it.
        self.conns.insert(conn, Stage::Login(Login { scram: Some((scram, request.clone())) }));
        Some(())
    }

    fn proof(&mut self, conn: Conn, response: &Element, dice: &mut Dice) -> Option<()> {
        let Some(Stage::Login(login)) = self.conns.get_mut(&conn) else { return None };
        let (mut scram, request) = login.scram.take()?;
        let first = String::from_utf8(decoded(request.child("initial-response", request.ns()))?).ok()?;
        let user = first.split(',').find_map(|part| part.strip_prefix("n="))?.to_owned();
        let last = String::from_utf8(decoded(Some(response))?).ok()?;
        let answer = BASE64.encode(scram.last(&last).ok()?);
        let account = format!("{user}@{DOMAIN}");
        let token = token(&account);
        let extra = format!("<token xmlns='urn:xmpp:fast:0' expiry='2099-01-01T00:00:00Z' token='{token}'/>");
        self.succeed(conn, &account, &request, &answer, &extra, dice)
    }

    fn succeed(
        &mut self,
        conn: Conn,
        account: &str,
        request: &Element,
        proof: &str,
        extra: &str,
        dice: &mut Dice,
    ) -> Option<()> {
        let resume = request.child("resume", "urn:xmpp:sm:3");
        let previous = resume.and_then(|resume| resume.attr("previd")).unwrap_or_default().to_owned();
        let handled: u32 = resume.and_then(|resume| resume.attr("h")?.parse().ok()).unwrap_or_default();
        let resumed = self.session(account, &previous).map(|session| (session.resource.clone(), session.received));
        let (session, resource, outcome) = match resumed {
            Some((resource, received)) => {
                let outcome = format!("<resumed xmlns='urn:xmpp:sm:3' h='{received}' previd='{previous}'/>");
                (previous, resource, outcome)
            }
            None => {
                let over = self.accounts.get(account)?.over.get(&previous).copied();
                let count = over.filter(|_| self.manners.failed_with_count).map(|count| format!(" h='{count}'"));
                let failed = resume.map(|_| {
                    format!(
                        "<failed xmlns='urn:xmpp:sm:3'{}><error type='cancel'>\
                         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></failed>",
                        count.unwrap_or_default()
                    )
                });
                let number = self.number();
                let (id, resource) = (format!("sm{number}"), format!("Plausch~{number}"));
                let mut session = Session::new(id.clone(), resource.clone());
                let bind = request.child("bind", "urn:xmpp:bind:0");
                session.wants_carbons = bind.is_some_and(|bind| bind.child("enable", "urn:xmpp:carbons:2").is_some());
                let carbons = if session.wants_carbons { "<enabled xmlns='urn:xmpp:carbons:2'/>" } else { "" };
                self.accounts.get_mut(account)?.sessions.push(session);
                let bound = format!(
                    "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='{id}' resume='1' max='600'/>\
                     {carbons}</bound>"
                );
                (id, resource, format!("{}{bound}", failed.unwrap_or_default()))
            }
        };
        self.send(
            conn,
            format!(
                "<success xmlns='urn:xmpp:sasl:2'><additional-data>{proof}</additional-data>\
                 <authorization-identifier>{account}/{resource}</authorization-identifier>{outcome}{extra}</success>"
            ),
        );
        self.send(conn, FEATURES_AFTER);
        let former = self.session(account, &session).and_then(|session| session.conn.replace(conn));
        if let Some(former) = former {
            self.conns.remove(&former);
            self.out.push((former, super::Out::Close));
        }
        self.conns.insert(conn, Stage::In { account: account.to_owned(), session: session.clone() });
        if resume.is_some() {
            self.resent(conn, account, &session, handled, dice);
        }
        Some(())
    }
}
