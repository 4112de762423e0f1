//! URIs in, parts or errors out; and what may be a link.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> XmppUri {
    XmppUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn address(text: &str) -> String {
    parse(text).address().map(Jid::to_string).unwrap_or_default()
}

#[test]
fn reads_addresses() {
    for (uri, expected) in [
        ("xmpp:example.com", "example.com"),
        ("XMPP:node@example.com", "node@example.com"),
        ("xmpp:node@example.com/some-resource", "node@example.com/some-resource"),
        ("xmpp:node@example.com/a/b@c", "node@example.com/a/b@c"),
        (
            "xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com",
            "nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com",
        ),
        (
            "xmpp:node@example.com/repulsive%20!%23%22$%25&'()*+,-.%2F:;%3C=%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~resource",
            "node@example.com/repulsive !#\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~resource",
        ),
        ("xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze", "jiři@čechy.example/v Praze"),
        ("xmpp:jiři@čechy.example/v%20Praze", "jiři@čechy.example/v Praze"),
        ("xmpp:romeo%5C40mont.example@evil.example", "romeo\\40mont.example@evil.example"),
        ("xmpp:[::1]", "[::1]"),
        ("xmpp:a@example.com#fragment?query", "a@example.com"),
        ("xmpp://guest@example.com/support@example.com/x?message", "support@example.com/x"),
    ] {
        assert_eq!(address(uri), expected, "{uri}");
    }
}

#[test]
fn reads_the_account_to_act_as() {
    let uri = parse("xmpp://guest@example.com/support@example.com?message");
    assert_eq!(uri.account().map(BareJid::as_str), Some("guest@example.com"));
    assert_eq!(uri.address().map(Jid::as_str), Some("support@example.com"));
    let only_account = parse("xmpp://guest@example.com");
    assert_eq!((only_account.account().is_some(), only_account.address()), (true, None));
    assert!(parse("xmpp:guest@example.com").account().is_none());
}

#[test]
fn reads_actions_and_their_parameters() {
    let uri = parse("xmpp:romeo@montague.net?message;subject=Test%20Message;body=Here%27s%20a%20test%20message");
    assert_eq!(uri.action(), Some(&UriAction::Message));
    assert_eq!(uri.parameter("subject"), Some("Test Message"));
    assert_eq!(uri.parameter("body"), Some("Here's a test message"));
    assert_eq!(uri.parameter("thread"), None);

    let invitation =
        parse("xmpp:coven@chat.shakespeare.lit?invite;jid=hecate@shakespeare.lit;jid=bard@shakespeare.lit");
    let invited: Vec<_> = invitation.parameters().collect();
    assert_eq!(invited, [("jid", "hecate@shakespeare.lit"), ("jid", "bard@shakespeare.lit")]);

    assert_eq!(parse("xmpp:example.com?register;preauth=TOKEN").action(), Some(&UriAction::Register));
    assert_eq!(parse("xmpp:a@b.example?frobnicate").action(), Some(&UriAction::Other("frobnicate".into())));
    assert_eq!(parse("xmpp:a@b.example?roster;name=Romeo+Montague").parameter("name"), Some("Romeo+Montague"));
    assert_eq!(parse("xmpp:a@b.example?roster;ibr").parameter("ibr"), Some(""));
    assert_eq!(parse("xmpp:a@b.example?join;password=a=b").parameter("password"), Some("a=b"));
    assert_eq!(parse("xmpp:a@b.example?;;").action(), None);

    let fingerprint = parse("xmpp:a@b.example?omemo-sid-123=abc;omemo-sid-4=def");
    assert_eq!((fingerprint.action(), fingerprint.parameter("omemo-sid-4")), (None, Some("def")));
}

#[test]
fn knows_every_action_by_its_name() {
    for (name, action) in UriAction::KNOWN {
        assert_eq!(parse(&format!("xmpp:a.example?{name}")).action(), Some(&action));
        assert_eq!(action.name(), name);
    }
}

#[test]
fn refuses_what_is_no_uri() {
    let too_long = format!("xmpp:a@b.example?message;body={}", "a".repeat(MAX_URI_BYTES));
    let too_many = format!("xmpp:a@b.example?invite{}", ";jid=a@b.example".repeat(65));
    for (text, error) in [
        ("", UriError::Scheme),
        ("romeo@example.com", UriError::Scheme),
        ("mailto:romeo@example.com", UriError::Scheme),
        ("xmpp", UriError::Scheme),
        (" xmpp:a@b.example", UriError::Scheme),
        ("xmpp:", UriError::NoAddress),
        ("xmpp:?message", UriError::NoAddress),
        ("xmpp:a b@c.example", UriError::Character),
        ("xmpp:a@b.exa\tmple", UriError::Character),
        ("xmpp:a@b.example/\u{0}", UriError::Character),
        ("xmpp:a%4@b.example", UriError::Encoding),
        ("xmpp:a%@b.example", UriError::Encoding),
        ("xmpp:a%zz@b.example", UriError::Encoding),
        ("xmpp:a%+1@b.example", UriError::Encoding),
        ("xmpp:a%ff@b.example", UriError::Encoding),
        ("xmpp:a@b.example?message;body=%c3", UriError::Encoding),
        ("xmpp:a%C3@b.example?", UriError::Encoding),
        ("xmpp:@b.example", UriError::Address(JidError::EmptyLocal)),
        ("xmpp:a@", UriError::Address(JidError::EmptyDomain)),
        ("xmpp:a@b.example/", UriError::Address(JidError::EmptyResource)),
        ("xmpp:romeo%40mont.example@evil.example", UriError::Address(JidError::InvalidLocal)),
        ("xmpp:romeo%2Fx@evil.example", UriError::Address(JidError::InvalidLocal)),
        ("xmpp:romeo@mont.example%2F@evil.example", UriError::Address(JidError::InvalidDomain)),
        ("xmpp:romeo%40mont.example", UriError::Address(JidError::InvalidDomain)),
        ("xmpp:///a@b.example", UriError::Address(JidError::EmptyDomain)),
        (too_long.as_str(), UriError::TooLong),
        (too_many.as_str(), UriError::TooLong),
    ] {
        assert_eq!(XmppUri::parse(text), Err(error), "{text:.80}");
    }
}

#[test]
fn writes_ascii_that_reads_the_same() {
    let jid = Jid::parse("jiři;x@čechy.example/v Praze/100%").unwrap();
    let uri = XmppUri::new(jid).with_action(UriAction::Message).with_parameter("body", "a;b=c&d\nü");
    let written = uri.to_string();
    assert_eq!(written, "xmpp:ji%C5%99i;x@%C4%8Dechy.example/v%20Praze%2F100%25?message;body=a%3Bb%3Dc%26d%0A%C3%BC");
    assert_eq!(parse(&written), uri);
}

#[test]
fn permits_harmless_links() {
    for (text, scheme, host) in [
        ("http://example.com", LinkScheme::Http, Some("example.com")),
        ("HTTPS://Example.COM./Path?q=1#f", LinkScheme::Https, Some("example.com")),
        ("https://example.com:8443/", LinkScheme::Https, Some("example.com")),
        ("https://[::1]:8443/", LinkScheme::Https, Some("[::1]")),
        ("https://192.0.2.1", LinkScheme::Https, Some("192.0.2.1")),
        ("https://example.com?x=@y", LinkScheme::Https, Some("example.com")),
        ("https://bücher.example/ü", LinkScheme::Https, Some("bücher.example")),
        (" https://example.com/\n", LinkScheme::Https, Some("example.com")),
        ("mailto:a@b.example?subject=Hi", LinkScheme::Mail, None),
        ("tel:+49-30-123", LinkScheme::Telephone, None),
        ("sms:+4930123", LinkScheme::Sms, None),
        ("geo:52.5,13.4;u=10", LinkScheme::Geo, None),
        ("xmpp:a@b.example?join", LinkScheme::Xmpp, None),
    ] {
        let link = permitted_link(text).unwrap_or_else(|| panic!("{text} should be a link"));
        assert_eq!((link.scheme(), link.host()), (scheme, host), "{text}");
    }
    assert_eq!(permitted_link("HTTPS://Example.com/A").unwrap().as_str(), "https://Example.com/A");
}

#[test]
fn leaves_everything_else_as_text() {
    for text in [
        "",
        "example.com",
        "//example.com",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "javascript&colon;alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "blob:https://example.com/1",
        "file:///etc/passwd",
        "intent://x#Intent;end",
        "ms-settings:privacy",
        "aesgcm://up.example/f#00",
        "ftp://example.com",
        "view-source:https://example.com",
        "http:",
        "http:example.com",
        "http:/example.com",
        "http://",
        "http:///example.com",
        "http://?x",
        "http:\\\\example.com",
        "https://good.example\\@evil.example/",
        "https://good.example@evil.example/",
        "https://user:password@example.com/",
        "https://exa mple.com",
        "https://exam\u{200b}ple.com",
        "https://example.com/\u{202e}gpj.exe",
        "https://example.com/a b",
        "https://example.com/\u{0}",
        "https://example.com:0x50/",
        "https://example.com:/",
        "https://example.com:+80/",
        "https://example.com:99999/",
        "https://example.com%2f@evil.example/",
        "https://[::1/",
        "https://::1/",
        "mailto:",
        "tel:",
        "tel:call",
        "xmpp:",
        "xmpp:a b@c.example",
    ] {
        assert_eq!(permitted_link(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = XmppUri::parse(&text);
        let _ = XmppUri::parse(&format!("xmpp:{text}"));
        let _ = permitted_link(&text);
        let _ = permitted_link(&format!("https://{text}"));
    }

    #[test]
    fn what_is_written_reads_the_same(
        text in "xmpp:(//[a-z]{1,3}@[a-z]{1,3}/)?([a-z;é]{1,4}@)?[a-zü]{1,4}\\.[a-z]{1,3}(/[a-zé%]{0,2}[ -~é]{1,5})?(\\?[a-z]{1,4}(;[a-z]{1,3}=[!-~é]{0,5}){0,3})?",
    ) {
        if let Ok(uri) = XmppUri::parse(&text) {
            let written = uri.to_string();
            prop_assert!(written.is_ascii());
            prop_assert_eq!(XmppUri::parse(&written), Ok(uri));
        }
    }
}
