//! IP addresses as `std::net` reads and shows them, which takes 5 KB.

use crate::ascii::{find, has};

/// Reads an IPv4 address.
pub(crate) fn parse_v4(text: &str) -> Option<[u8; 4]> {
    let mut parts = text.split('.');
    let mut address = [0; 4];
    for byte in &mut address {
        let part = parts.next().filter(|part| part.len() == 1 || !part.starts_with('0'))?;
        *byte = u8::try_from(number(part, 3, 10)?).ok()?;
    }
    parts.next().is_none().then_some(address)
}

/// Reads an IPv6 address.
pub(crate) fn parse_v6(text: &str) -> Option<[u16; 8]> {
    let mut address = [0; 8];
    let mut head = Vec::new();
    let Some(gap) = find(text, b"::") else {
        read_groups(text, true, &mut head)?;
        return head.try_into().ok();
    };
    let mut tail = Vec::new();
    let (before, after) = (text.get(..gap)?, text.get(gap.saturating_add(2)..)?);
    if !before.is_empty() {
        read_groups(before, false, &mut head)?;
    }
    if !after.is_empty() {
        read_groups(after, true, &mut tail)?;
    }
    if head.len().saturating_add(tail.len()) > 7 {
        return None;
    }
    address.iter_mut().zip(head).for_each(|(group, read)| *group = read);
    address.iter_mut().rev().zip(tail.into_iter().rev()).for_each(|(group, read)| *group = read);
    Some(address)
}

/// Reads groups between colons; the last may be an IPv4 address.
fn read_groups(text: &str, may_end_in_v4: bool, groups: &mut Vec<u16>) -> Option<()> {
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        if may_end_in_v4 && parts.peek().is_none() && has(part, b'.') {
            let [a, b, c, d] = parse_v4(part)?;
            groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
        } else {
            groups.push(u16::try_from(number(part, 4, 16)?).ok()?);
        }
    }
    Some(())
}

/// A number of so many digits at most.
fn number(digits: &str, most: usize, radix: u32) -> Option<u32> {
    let add = |number: u32, c: char| Some(number.wrapping_mul(radix).wrapping_add(c.to_digit(radix)?));
    if digits.is_empty() || digits.len() > most { None } else { digits.chars().try_fold(0, add) }
}

/// Shows an IPv6 address in its one form (RFC 5952).
pub(crate) fn show_v6(address: [u16; 8]) -> String {
    if let [0, 0, 0, 0, 0, 0xffff, high, low] = address {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return format!("::ffff:{a}.{b}.{c}.{d}");
    }
    let (gap, length) = longest_gap(address);
    let mut shown = String::new();
    for (index, group) in address.into_iter().enumerate() {
        if index == gap && length > 1 {
            shown.push_str("::");
        } else if length < 2 || index < gap || index >= gap.saturating_add(length) {
            if !shown.is_empty() && !shown.ends_with(':') {
                shown.push(':');
            }
            shown.push_str(&format!("{group:x}"));
        }
    }
    shown
}

/// Where the first of the longest runs of zeros is, and how long it is.
fn longest_gap(address: [u16; 8]) -> (usize, usize) {
    let (mut longest, mut run) = ((0, 0_usize), 0_usize);
    for (index, group) in address.into_iter().enumerate() {
        run = if group == 0 { run.saturating_add(1) } else { 0 };
        if run > longest.1 {
            longest = (index.saturating_add(1).saturating_sub(run), run);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn addresses_are_read_as_the_standard_library_reads_them(
            v4 in "([0-9]{0,4}\\.){2,4}[0-9]{0,3}",
            v6 in "([0-9a-fg]{0,5}:|:){0,8}(:|[0-9a-f]{0,4}|[0-9]{1,3}(\\.[0-9]{1,3}){3})?",
            groups in proptest::array::uniform8(prop_oneof![3 => Just(0), 1 => Just(0xffff), 1 => any::<u16>()]),
        ) {
            prop_assert_eq!(parse_v4(&v4), v4.parse::<Ipv4Addr>().ok().map(|address| address.octets()));
            prop_assert_eq!(parse_v6(&v6), v6.parse::<Ipv6Addr>().ok().map(|address| address.segments()));
            let shown = Ipv6Addr::from(groups).to_string();
            prop_assert_eq!(show_v6(groups), shown.as_str());
            prop_assert_eq!(parse_v6(&shown), Some(groups));
        }
    }
}
