//! Addresses in, normal forms or errors out.

use super::*;

#[test]
fn splits_into_parts() {
    let jid = Jid::parse("Juliet@Example.COM./Balcony@home/2").unwrap();
    assert_eq!((jid.local(), jid.domain(), jid.resource()), (Some("juliet"), "example.com", Some("Balcony@home/2")));
    assert_eq!(jid.bare().as_str(), "juliet@example.com");
    assert_eq!(Jid::parse("example.com").unwrap().local(), None);
    assert_eq!(jid.bare().with_resource("x").unwrap().as_str(), "juliet@example.com/x");
}

#[test]
fn escapes_as_the_xep_shows() {
    assert_eq!(escape_local("space cadet"), "space\\20cadet");
    assert_eq!(escape_local("c:\\5commas"), "c\\3a\\5c5commas");
    assert_eq!(unescape_local("c\\3a\\5c5commas"), "c:\\5commas");
    assert_eq!(unescape_local("c\\3a\\cool"), "c:\\cool");
}

#[test]
fn a_domain_is_checked_in_lower_case() {
    assert_eq!(Jid::parse("juliet@\u{130}.example"), Err(JidError::InvalidDomain), "becomes i and a combining dot");
    assert_eq!(Jid::parse("juliet@\u{212a}.example").map(|jid| jid.to_string()), Ok("juliet@k.example".to_owned()));
    let grows = ["\u{23a}"; 340].join(".");
    assert!(grows.len() <= 1023);
    assert_eq!(Jid::parse(&grows), Err(JidError::DomainTooLong), "two bytes become three");
}
