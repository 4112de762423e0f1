//! The scripts. `{ann}` is somebody's address, `{ann/phone}` that of a device, `#1` the archive's id that turned up first
//! and `@1` its stamp.

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A device signs in.
    SignIn(&'static str),
    /// It resumes its session.
    Resume(&'static str),
    /// The same, with what was on its disk when it was last written.
    ResumeFromStored(&'static str),
    /// Its disk is written.
    Store(&'static str),
    /// It sends this.
    Send(&'static str, &'static str),
    /// It acknowledges all that it received.
    Acknowledge(&'static str),
    /// It asks what the server has received.
    RequestAck(&'static str),
    /// It closes its stream.
    Leave(&'static str),
    /// Its connection ends without a word.
    Lose(&'static str),
    /// Its session, which has no connection, has waited for too long.
    Expire(&'static str),
    /// Time goes by.
    Wait,
}

use Step::{Acknowledge, Expire, Leave, Lose, RequestAck, Resume, ResumeFromStored, Send, SignIn, Store, Wait};

/// A few steps, and what they are about.
pub struct Script {
    /// What they are about.
    pub name: &'static str,
    /// What happens.
    pub steps: &'static [Step],
}

/// A query of a device's own archive.
macro_rules! query {
    ($set:literal) => {
        query!("", $set)
    };
    ($filter:literal, $set:literal) => {
        concat!(
            "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid='f'>",
            "<x xmlns='jabber:x:data' type='submit'>",
            "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>",
            $filter,
            "</x><set xmlns='http://jabber.org/protocol/rsm'>",
            $set,
            "</set></query></iq>"
        )
    };
}

const HERE: &str = "<presence/>";
const ONE: &str = "<message type='chat' id='m1' to='{ben}'><body>one</body></message>";
const TWO: &str = "<message type='chat' id='m2' to='{ben}'><body>two</body></message>";
const THREE: &str = "<message type='chat' id='m3' to='{ben}'><body>three</body></message>";
const BACK: &str = "<message type='chat' id='b1' to='{ann}'><body>back</body></message>";
const TYPING: &str =
    "<message type='chat' id='t1' to='{ben}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>";
const RECEIVED: &str =
    "<message type='chat' id='r1' to='{ann/phone}'><received xmlns='urn:xmpp:receipts' id='m1'/></message>";
const WHOLE: &str = query!("<max>50</max>");

/// All of them.
pub const SCRIPTS: &[Script] = &[
    Script {
        name: "a message to somebody who is there",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ann/phone", HERE),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Send("ben/phone", RECEIVED),
            Send("ben/phone", TYPING),
        ],
    },
    Script {
        name: "messages between people with two devices each",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            SignIn("ben/phone"),
            SignIn("ben/laptop"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Send("ben/phone", HERE),
            Send("ben/laptop", HERE),
            Send("ann/phone", ONE),
            Send("ben/phone", "<message type='chat' id='m2' to='{ann/phone}'><body>two</body></message>"),
            Send("ben/phone", RECEIVED),
            Send("ann/laptop", TYPING),
        ],
    },
    Script {
        name: "messages to those who have not said that they are there",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            SignIn("ben/phone"),
            SignIn("ben/laptop"),
            Send("ann/phone", ONE),
            Send("ann/phone", "<message type='chat' id='m2' to='{ben/laptop}'><body>two</body></message>"),
            Send("ben/phone", HERE),
            Send("ann/phone", THREE),
            Send("ben/laptop", HERE),
        ],
    },
    Script {
        name: "a message to a device that has gone",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            SignIn("ben/laptop"),
            Send("ben/phone", HERE),
            Send("ben/laptop", HERE),
            Leave("ben/laptop"),
            Send("ann/phone", "<message type='chat' id='m1' to='{ben/laptop}'><body>one</body></message>"),
        ],
    },
    Script {
        name: "messages to somebody who comes later",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", HERE),
            Send("ann/phone", ONE),
            Send("ann/phone", TWO),
            Send("ann/phone", TYPING),
            Send(
                "ann/phone",
                "<message type='chat' id='r1' to='{ben}'><received xmlns='urn:xmpp:receipts' id='x'/></message>",
            ),
            SignIn("ben/phone"),
            SignIn("ben/laptop"),
            Send("ben/phone", HERE),
            Send("ben/laptop", HERE),
            Send("ben/phone", WHOLE),
        ],
    },
    Script {
        name: "what was kept goes to who does not read the archive",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", ONE),
            SignIn("ben/phone"),
            Send("ben/phone", WHOLE),
            Send("ben/phone", HERE),
            SignIn("ben/laptop"),
            Send("ben/laptop", HERE),
        ],
    },
    Script {
        name: "what is copied",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            SignIn("ben/phone"),
            SignIn("ben/laptop"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Send("ben/phone", HERE),
            Send("ben/laptop", HERE),
            Send(
                "ann/phone",
                "<message type='chat' id='p1' to='{ben/phone}'><body>private</body>\
                 <private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='p2' to='{ben/phone}'><body>not copied</body>\
                 <no-copy xmlns='urn:xmpp:hints'/></message>",
            ),
            Send("ann/phone", "<message id='n1' to='{ben/phone}'><body>normal</body></message>"),
            Send(
                "ann/phone",
                "<message id='n2' to='{ben/phone}'><received xmlns='urn:xmpp:receipts' id='x'/></message>",
            ),
            Send("ann/phone", "<message id='n3' to='{ben/phone}'><subject>normal</subject></message>"),
            Send(
                "ann/phone",
                "<message id='n4' to='{ben/phone}'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
            ),
        ],
    },
    Script {
        name: "copies are for who wants them",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Send("ann/laptop", "<iq type='set' id='d'><disable xmlns='urn:xmpp:carbons:2'/></iq>"),
            Send("ann/phone", ONE),
            Send("ann/laptop", "<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>"),
            Send("ann/phone", TWO),
        ],
    },
    Script {
        name: "a note to oneself",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Send("ann/phone", "<message type='chat' id='n1' to='{ann}'><body>note</body></message>"),
            Send("ann/phone", WHOLE),
        ],
    },
    Script {
        name: "pages of an archive",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", query!("<max>2</max><before/>")),
            Send("ann/phone", query!("<max>0</max>")),
            Send("ann/phone", ONE),
            Send("ann/phone", TWO),
            Send("ann/phone", THREE),
            Send("ann/phone", query!("<max>10</max>")),
            Send("ann/phone", query!("<max>3</max>")),
            Send("ann/phone", query!("<max>2</max>")),
            Send("ann/phone", query!("<max>2</max><before/>")),
            Send("ann/phone", query!("<max>3</max><before/>")),
            Send("ann/phone", query!("<max>2</max><before>#2</before>")),
            Send("ann/phone", query!("<max>1</max><before>#3</before>")),
            Send("ann/phone", query!("<max>2</max><before>#1</before>")),
            Send("ann/phone", query!("<max>2</max><after>#1</after>")),
            Send("ann/phone", query!("<max>1</max><after>#1</after>")),
            Send("ann/phone", query!("<max>2</max><after>#3</after>")),
            Send("ann/phone", query!("<max>0</max>")),
        ],
    },
    Script {
        name: "a page beside something unknown",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", ONE),
            Send("ann/phone", query!("<max>2</max><after>unknown</after>")),
            Send("ann/phone", query!("<max>2</max><before>unknown</before>")),
            Send("ann/phone", "<iq type='set' id='q' to='{ann}'><query xmlns='urn:xmpp:mam:2'/></iq>"),
        ],
    },
    Script {
        name: "only what was said with somebody, and when",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", ONE),
            Wait,
            Send("ann/phone", "<message type='chat' id='n1' to='{ann}'><body>note</body></message>"),
            Wait,
            Send("ann/phone", TWO),
            Send("ann/phone", WHOLE),
            Send("ann/phone", query!("<field var='with'><value>{ben}</value></field>", "<max>10</max>")),
            Send("ann/phone", query!("<field var='with'><value>{ben}/any</value></field>", "<max>1</max><before/>")),
            Send("ann/phone", query!("<field var='with'><value>{ben}</value></field>", "<max>0</max>")),
            Send(
                "ann/phone",
                query!("<field var='with'><value>{ben}</value></field>", "<max>10</max><before>#2</before>"),
            ),
            Send(
                "ann/phone",
                query!("<field var='with'><value>{ben}</value></field>", "<max>10</max><after>#3</after>"),
            ),
            Send("ann/phone", query!("<field var='start'><value>@2</value></field>", "<max>10</max>")),
            Send("ann/phone", query!("<field var='end'><value>@2</value></field>", "<max>10</max>")),
            Send(
                "ann/phone",
                query!(
                    "<field var='start'><value>@1</value></field><field var='end'><value>@4</value></field>",
                    "<max>10</max><before>#4</before>"
                ),
            ),
            Send("ann/phone", query!("<field var='end'><value>@4</value></field>", "<max>10</max><before/>")),
            Send(
                "ann/phone",
                query!("<field var='start'><value>2031-01-01T00:00:00Z</value></field>", "<max>10</max>"),
            ),
        ],
    },
    Script {
        name: "what is kept in an archive",
        steps: &[
            SignIn("ann/phone"),
            Send("ann/phone", TYPING),
            Send(
                "ann/phone",
                "<message type='chat' id='a1' to='{ben}'><body>active</body>\
                 <active xmlns='http://jabber.org/protocol/chatstates'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='r1' to='{ben}'><received xmlns='urn:xmpp:receipts' id='x'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='d1' to='{ben}'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='d2' to='{ben}'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>\
                 <no-store xmlns='urn:xmpp:hints'/></message>",
            ),
            Send("ann/phone", "<message type='chat' id='s1' to='{ben}'><store xmlns='urn:xmpp:hints'/></message>"),
            Send(
                "ann/phone",
                "<message type='chat' id='n1' to='{ben}'><body>gone</body><no-store xmlns='urn:xmpp:hints'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='n2' to='{ben}'><body>gone</body>\
                 <no-permanent-store xmlns='urn:xmpp:hints'/></message>",
            ),
            Send("ann/phone", "<message type='chat' id='u1' to='{ben}'><subject>subject</subject></message>"),
            Send(
                "ann/phone",
                "<message type='chat' id='e1' to='{ben}'><encrypted xmlns='urn:xmpp:omemo:2'/>\
                 <encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2'/></message>",
            ),
            Send("ann/phone", WHOLE),
        ],
    },
    Script {
        name: "what becomes of a message, live and in the archive",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            SignIn("ben/phone"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Send(
                "ann/phone",
                "<message type='chat' id='c1' to='{ben}'><body>One</body>\
                 <replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>",
            ),
            Send(
                "ben/phone",
                "<message type='chat' id='e1' to='{ann}'><reactions xmlns='urn:xmpp:reactions:0' id='m1'>\
                 <reaction>👍</reaction></reactions><store xmlns='urn:xmpp:hints'/></message>",
            ),
            Send(
                "ben/phone",
                "<message type='chat' id='e2' to='{ann}'><reactions xmlns='urn:xmpp:reactions:0' id='m1'/></message>",
            ),
            Send(
                "ann/phone",
                "<message type='chat' id='g1' to='{ben}'><retract xmlns='urn:xmpp:message-retract:1' id='m1'/>\
                 <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>\
                 <body>taken back</body><store xmlns='urn:xmpp:hints'/></message>",
            ),
            Send("ann/laptop", WHOLE),
            Send("ben/phone", WHOLE),
        ],
    },
    Script {
        name: "acknowledgements",
        steps: &[
            SignIn("ann/phone"),
            RequestAck("ann/phone"),
            Send("ann/phone", HERE),
            Send("ann/phone", ONE),
            RequestAck("ann/phone"),
            Acknowledge("ann/phone"),
            RequestAck("ann/phone"),
        ],
    },
    Script {
        name: "a session is resumed",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ann/phone", HERE),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Send("ben/phone", BACK),
            Lose("ben/phone"),
            Send("ann/phone", TWO),
            Send("ann/phone", TYPING),
            Resume("ben/phone"),
            Send("ann/phone", THREE),
            RequestAck("ben/phone"),
            Lose("ben/phone"),
            Resume("ben/phone"),
        ],
    },
    Script {
        name: "a session is resumed that has received less",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Acknowledge("ben/phone"),
            Store("ben/phone"),
            Send("ann/phone", TWO),
            Send("ben/phone", query!("<max>1</max>")),
            Lose("ben/phone"),
            Send("ann/phone", THREE),
            ResumeFromStored("ben/phone"),
            Acknowledge("ben/phone"),
            Lose("ben/phone"),
            Resume("ben/phone"),
        ],
    },
    Script {
        name: "a session is resumed while its connection seems alive",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Resume("ben/phone"),
            Send("ann/phone", ONE),
        ],
    },
    Script {
        name: "copies for a session that waits",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ann/laptop"),
            Send("ann/phone", HERE),
            Send("ann/laptop", HERE),
            Lose("ann/laptop"),
            Send("ann/phone", ONE),
            Resume("ann/laptop"),
        ],
    },
    Script {
        name: "a session that was closed or never was cannot be resumed",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Acknowledge("ben/phone"),
            Leave("ben/phone"),
            Resume("ben/phone"),
            Send("ben/phone", HERE),
            Send("ann/phone", TWO),
        ],
    },
    Script {
        name: "a session that has waited for too long cannot be resumed",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Send("ann/phone", ONE),
            Send("ben/phone", BACK),
            Acknowledge("ben/phone"),
            Lose("ben/phone"),
            Expire("ben/phone"),
            Send("ann/phone", TWO),
            Resume("ben/phone"),
            Send("ben/phone", HERE),
        ],
    },
    Script {
        name: "what a session never got is kept, if it did not read the archive",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Acknowledge("ben/phone"),
            Lose("ben/phone"),
            Send("ann/phone", ONE),
            Send("ann/phone", TYPING),
            Expire("ben/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Send("ben/phone", WHOLE),
            Acknowledge("ben/phone"),
            Lose("ben/phone"),
            Send("ann/phone", TWO),
            Send("ann/phone", TYPING),
            Expire("ben/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
        ],
    },
    Script {
        name: "what was not acknowledged is kept when a stream is closed",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Acknowledge("ben/phone"),
            Send("ann/phone", ONE),
            Leave("ben/phone"),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
        ],
    },
    Script {
        name: "a device signs in anew while its former session waits",
        steps: &[
            SignIn("ann/phone"),
            SignIn("ben/phone"),
            Send("ann/phone", HERE),
            Send("ben/phone", HERE),
            Acknowledge("ben/phone"),
            Lose("ben/phone"),
            Send("ann/phone", ONE),
            SignIn("ben/phone"),
            Send("ben/phone", HERE),
            Send("ann/phone", TWO),
            Send("ben/phone", WHOLE),
        ],
    },
];
