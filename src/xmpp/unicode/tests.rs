//! Compared with crates that do the same with more data.

#![allow(clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use precis_profiles::precis_core::profile::Profile;
use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, IdentifierClass, StringClass};
use precis_profiles::{OpaqueString, UsernameCaseMapped};
use proptest::prelude::*;

use super::*;

/// Characters that are likely to be of interest beside each other.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        proptest::char::range(' ', '~'),
        proptest::char::range('\u{80}', '\u{6ff}'),
        proptest::char::range('\u{900}', '\u{11ff}'),
        proptest::char::range('\u{1e00}', '\u{206f}'),
        proptest::char::range('\u{3000}', '\u{30ff}'),
        proptest::char::range('\u{ac00}', '\u{ac80}'),
        proptest::char::range('\u{ff00}', '\u{ffef}'),
        proptest::sample::select(vec![
            'e', 'l', '·', '\u{301}', '\u{323}', '\u{200c}', '\u{200d}', '\u{94d}', 'Σ', 'ß'
        ]),
    ];
    proptest::collection::vec(character, 0..8).prop_map(String::from_iter)
}

#[test]
fn every_character_normalizes_as_in_icu() {
    let icu = ComposingNormalizerBorrowed::new_nfc();
    let eventful = |c: &char| *c < '\u{3200}' || table::combining_class(*c) != 0 || u32::from(*c) % 89 == 0;
    let decomposed = table::decompositions().iter().filter_map(|entry| char::from_u32(entry.whole));
    for c in ('\0'..=char::MAX).filter(eventful).chain(decomposed) {
        for text in [format!("{c}"), format!("e{c}\u{301}"), format!("{c}\u{323}\u{301}"), format!("\u{1100}{c}")] {
            assert!(nfc(&text) == icu.normalize(&text), "{text:?}");
        }
    }
}

#[test]
fn encoded_labels_are_those_of_the_rfc() {
    // RFC 3492 §7.1 (lower case), and the shortest.
    for (unicode, ascii) in [
        ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"),
        ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
        ("pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"),
        ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
        ("ü", "tda"),
        ("bücher", "bcher-kva"),
        ("-ü", "--eha"),
    ] {
        assert_eq!(punycode::encode(unicode).as_deref(), Some(ascii));
        assert_eq!(punycode::decode(ascii).as_deref(), Some(unicode));
    }
    // Without anything before it a delimiter is not taken for one (§6.2), and a digit it is not either.
    for broken in ["-tda", "-a0a", "-", ""] {
        assert_eq!(punycode::decode(broken), None, "{broken}");
    }
    for broken in ["b\u{fc}", "99999999", "a-\u{e9}", "egbpdaj6bu4bxfgehfvw!n", "egbpdaj6bu4bxfgehfvwx-"] {
        assert!(punycode::decode(broken).is_none_or(|decoded| punycode::encode(&decoded).as_deref() != Some(broken)));
    }
}

#[test]
fn contextual_characters_are_allowed_in_their_place_only() {
    for (good, bad) in [
        ("l·l", "l·a"),
        ("͵α", "͵a"),
        ("א׳", "a׳"),
        ("א״", "״א"),
        ("カ・カ", "a・a"),
        // Fullwidth and compatibility forms, which only the FreeformClass has, are of their scripts, too.
        ("・ｦ", "・ａ"),
        ("͵ϐ", "͵℃"),
        ("ﬡ׳", "℃׳"),
        ("ا٠١", "ا٠۱"),
        ("ا۰", "ا۰٠"),
        ("क्\u{200c}ष", "क\u{200c}ष"),
        ("क्\u{200d}ष", "ب\u{200d}ب"),
        ("ب\u{200c}ب", "ا\u{200c}ا"),
    ] {
        assert!(context::is_context_right(good), "{good}");
        assert!(!context::is_context_right(bad), "{bad}");
    }
}

#[test]
fn the_bidi_rule_holds() {
    for good in ["abc", "a1", "ab-cd", "אבג", "א1", "אב1\u{5b0}", "ا٠", "م.ا"] {
        assert!(bidi::keeps_bidi_rule(good), "{good}");
    }
    for bad in ["1a", "-a", "אa", "aא", "א-", "ا٠1", "1א", "", "\u{5b0}א"] {
        assert!(!bidi::keeps_bidi_rule(bad), "{bad}");
    }
}

#[test]
fn labels_that_could_be_taken_for_others_are_found() {
    for label in ["pаypal", "аррӏе", "раураӏ", "ορονο", "gооgle", "αb"] {
        assert!(is_easily_confused(label), "{label}");
    }
    for label in [
        "paypal",
        "bücher",
        "почта",
        "пример",
        "ελλάδα",
        "日本語",
        "ニュース日本news",
        "한국",
        "דוגמה",
        "مثال",
        "a-1",
        "",
    ] {
        assert!(!is_easily_confused(label), "{label}");
    }
}

/// What `idna` makes of a name, with the checks of IDNA2008 that it has.
fn idna_reference(domain: &str) -> Option<String> {
    let (deny_list, length) = (AsciiDenyList::STD3, DnsLength::VerifyAllowRootDot);
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), deny_list, Hyphens::Check, length).ok()?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    let (unicode, result) = idna::domain_to_unicode(ascii);
    result.ok().map(|()| unicode)
}

/// What `precis-profiles` makes of a text, and again of that: it looks at contextual characters only before it normalizes,
/// which may put something else beside them or make one of another character (U+0387). RFC 8264 §7 has the check last.
fn enforced_twice(profile: &impl Profile, text: &str) -> Option<Cow<'static, str>> {
    let once = profile.enforce(text.to_owned()).ok()?;
    profile.enforce(once.into_owned()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn texts_normalize_as_in_icu(text in text()) {
        prop_assert_eq!(nfc(&text), ComposingNormalizerBorrowed::new_nfc().normalize(&text));
    }

    #[test]
    fn opaque_strings_are_those_of_precis_profiles(text in text()) {
        if text.chars().all(is_old) {
            prop_assert_eq!(opaque_string(&text).ok(), enforced_twice(&OpaqueString::new(), &text), "{:?}", text);
        }
    }

    #[test]
    fn names_are_those_of_precis_profiles(text in text()) {
        if text.chars().all(|c| is_old(c) && c != 'Σ') {
            let theirs = enforced_twice(&UsernameCaseMapped::new(), &text);
            prop_assert_eq!(username_case_mapped(&text).ok(), theirs, "{:?}", text);
        }
    }

    #[test]
    fn names_are_stable(text in text()) {
        if let Ok(name) = username_case_mapped(&text) {
            prop_assert_eq!(username_case_mapped(&name), Ok(name.clone()));
        }
        if let Ok(string) = opaque_string(&text) {
            prop_assert_eq!(opaque_string(&string), Ok(string.clone()));
        }
    }

    #[test]
    fn domains_are_those_of_idna_where_it_has_them(text in text()) {
        if let Ok(domain) = domain_to_unicode(&text) {
            prop_assert_eq!(domain_to_unicode(&domain), Ok(domain.clone()));
            let (ascii, reference) = (domain_to_ascii(&domain), idna_reference(&text));
            prop_assert_eq!(domain_to_unicode(&ascii), Ok(domain.clone()));
            prop_assert_eq!(reference.as_deref(), Some(&*domain), "{:?}", text);
        }
    }

    #[test]
    fn punycode_is_that_of_idna(text in text()) {
        prop_assert_eq!(punycode::encode(&text), idna::punycode::encode_str(&text));
    }

    #[test]
    fn punycode_decodes_as_in_idna(text in "[a-z0-9-]{0,12}") {
        let theirs = idna::punycode::decode_to_string(&text).filter(|decoded| !decoded.is_ascii());
        prop_assert_eq!(punycode::decode(&text), theirs);
    }
}

/// Whether Unicode 6.3, which `precis-core` knows, has the character.
fn is_old(c: char) -> bool {
    IdentifierClass::default().get_value_from_char(c) != DerivedPropertyValue::Unassigned
}

#[test]
fn every_old_character_is_in_the_class_that_precis_core_has_it_in() {
    use DerivedPropertyValue::{ContextO, PValid, SpecClassDis, SpecClassPval};
    for c in ('\u{80}'..=char::MAX).filter(|c| is_old(*c)) {
        let theirs = IdentifierClass::default().get_value_from_char(c);
        assert_eq!(table::class(c).is_identifier(), matches!(theirs, PValid | ContextO), "{c:?}: {theirs:?}");
        let theirs = FreeformClass::default().get_value_from_char(c);
        let allowed = matches!(theirs, PValid | SpecClassPval | ContextO | SpecClassDis);
        assert_eq!(table::class(c).is_freeform(), allowed, "{c:?}: {theirs:?}");
    }
}
