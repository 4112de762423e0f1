//! JSON (RFC 8259), as far as a JRD needs it: strings are read, numbers only checked.
//!
//! Why not `serde_json`: it brings the reading and printing of floating-point numbers along, 35 KB (12 KB compressed) in the
//! browser's worker for one small file that many servers do not even have.

/// How deep arrays and objects may be nested.
const MAX_DEPTH: u32 = 100;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// `null`, `true`, `false`, or a number.
    Other,
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object's members, in their order.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// An object's member. None if there are several of that name: readers would not agree which one counts.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let Self::Object(members) = self else { return None };
        let mut named = members.iter().filter(|(member, _)| member == name);
        named.next().filter(|_| named.next().is_none()).map(|(_, value)| value)
    }

    /// A string's text.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Reads a document; `None` if it is not JSON, or nested too deeply.
pub(super) fn parse(document: &str) -> Option<Value> {
    let mut reader = Reader { rest: document };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip_space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Option<Value> {
        self.skip_space();
        match self.rest.chars().next()? {
            '"' => self.text().map(Value::Text),
            '[' => self.array(depth.checked_sub(1)?),
            '{' => self.object(depth.checked_sub(1)?),
            _ => {
                let is_literal = ["null", "true", "false"].into_iter().any(|literal| self.eat(literal));
                (is_literal || self.number()).then_some(Value::Other)
            }
        }
    }

    fn array(&mut self, depth: u32) -> Option<Value> {
        let mut values = Vec::new();
        self.expect("[")?;
        while !self.ends_with("]", values.is_empty())? {
            values.push(self.value(depth)?);
        }
        Some(Value::Array(values))
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        let mut members = Vec::new();
        self.expect("{")?;
        while !self.ends_with("}", members.is_empty())? {
            self.skip_space();
            let name = self.text()?;
            self.skip_space();
            self.expect(":")?;
            members.push((name, self.value(depth)?));
        }
        Some(Value::Object(members))
    }

    /// Whether an array or object ends here; otherwise there is a comma, unless it has just begun.
    fn ends_with(&mut self, end: &str, has_just_begun: bool) -> Option<bool> {
        self.skip_space();
        if self.eat(end) {
            return Some(true);
        }
        if !has_just_begun {
            self.expect(",")?;
        }
        Some(false)
    }

    fn text(&mut self) -> Option<String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                '\0'..='\u{1f}' => return None,
                c => text.push(c),
            }
        }
    }

    /// What a backslash and the following stand for (§7).
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.code_unit()?;
                match char::from_u32(first) {
                    Some(c) => c,
                    None => {
                        self.expect("\\u")?;
                        let pair = [first, self.code_unit()?].map(|unit| u16::try_from(unit).unwrap_or_default());
                        char::decode_utf16(pair).next()?.ok()?
                    }
                }
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)
    }

    /// §6
    fn number(&mut self) -> bool {
        self.eat("-");
        let whole = self.eat("0") || self.digits();
        let fraction = !self.eat(".") || self.digits();
        if self.eat("e") || self.eat("E") {
            let _ = self.eat("+") || self.eat("-");
            return whole && fraction && self.digits();
        }
        whole && fraction
    }

    /// Skips digits, and says whether there were any.
    fn digits(&mut self) -> bool {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < std::mem::replace(&mut self.rest, rest).len()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn expect(&mut self, wanted: &str) -> Option<()> {
        self.eat(wanted).then_some(())
    }

    fn eat(&mut self, wanted: &str) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same document as another crate reads it.
    fn reference(document: &str) -> Option<Value> {
        fn convert(value: serde_json::Value) -> Value {
            match value {
                serde_json::Value::String(text) => Value::Text(text),
                serde_json::Value::Array(values) => Value::Array(values.into_iter().map(convert).collect()),
                serde_json::Value::Object(members) => {
                    Value::Object(members.into_iter().map(|(name, value)| (name, convert(value))).collect())
                }
                _ => Value::Other,
            }
        }
        serde_json::from_str(document).ok().map(convert)
    }

    #[test]
    fn reads_what_is_json_and_nothing_else() {
        for good in [
            "null",
            " [ ] ",
            "{\"a\" : [1, -0.5e+10, 0, true ,false,null], \"b\":{}}",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00é\"",
        ] {
            assert_eq!(parse(good), reference(good), "{good}");
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "nul",
            "01",
            "1.",
            "+1",
            ".5",
            "1e",
            "-",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":1,}",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\\ud800\"",
            "1 2",
            "// 1\n1",
            "\u{feff}1",
            "[1",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
            assert_eq!(reference(bad), None, "{bad}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(100)).is_some());
        assert_eq!(parse(&nested(101)), None);
        assert_eq!(parse(&"[".repeat(60_000)), None);
    }

    #[test]
    fn members_count_if_their_names_are_unique() {
        let value = parse("{\"a\":\"1\",\"b\":\"2\",\"b\":\"3\"}").unwrap();
        assert_eq!(value.get("a").and_then(Value::text), Some("1"));
        assert_eq!((value.get("b"), value.get("c"), Value::Other.get("a")), (None, None, None));
    }

    proptest! {
        #[test]
        fn reads_as_another_crate_does(document in "[\\[\\]{}\",:\\\\u0-9ab .nulltrue-]{0,24}") {
            let ours = parse(&document);
            // The other one keeps one member of each name, sorted.
            if !document.contains('{') {
                prop_assert_eq!(ours, reference(&document));
            } else {
                prop_assert_eq!(ours.is_some(), reference(&document).is_some());
            }
        }

        #[test]
        fn no_text_panics(document in any::<String>()) {
            let _ = parse(&document);
        }
    }
}
