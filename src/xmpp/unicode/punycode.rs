//! Punycode (RFC 3492): labels beyond ASCII in ASCII.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_CODE: u32 = 0x80;

/// Decodes what follows `xn--`, which must be ASCII; `None` if that is no encoding, or not of anything. Callers bound the length, as each
/// character is inserted into those before it.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let (basic, deltas) = match encoded.rsplit_once('-') {
        // The delimiter is there only if something stands before it (RFC 3492 §3.1).
        Some(("", _)) => return None,
        parts => parts.unwrap_or(("", encoded)),
    };
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut code, mut index, mut bias) = (INITIAL_CODE, 0_u32, INITIAL_BIAS);
    let mut digits = deltas.chars();
    while !digits.as_str().is_empty() {
        let delta = decode_delta(&mut digits, bias)?;
        let count = u32::try_from(decoded.len()).ok()?.checked_add(1)?;
        bias = adapt(delta, count, index == 0 && code == INITIAL_CODE && decoded.len() == basic.len());
        index = index.checked_add(delta)?;
        code = code.checked_add(index.checked_div(count)?)?;
        index = index.checked_rem(count)?;
        decoded.insert(usize::try_from(index).ok()?, char::from_u32(code)?);
        index = index.checked_add(1)?;
    }
    (decoded.len() > basic.len()).then(|| decoded.into_iter().collect())
}

fn decode_delta(digits: &mut impl Iterator<Item = char>, bias: u32) -> Option<u32> {
    let (mut delta, mut weight, mut position) = (0_u32, 1_u32, BASE);
    loop {
        let digit = match digits.next()? {
            letter @ ('a'..='z' | 'A'..='Z') => letter.to_digit(36)?.checked_sub(10)?,
            number @ '0'..='9' => number.to_digit(10)?.checked_add(26)?,
            _ => return None,
        };
        delta = delta.checked_add(digit.checked_mul(weight)?)?;
        let threshold = threshold(position, bias);
        if digit < threshold {
            return Some(delta);
        }
        weight = weight.checked_mul(BASE.checked_sub(threshold)?)?;
        position = position.checked_add(BASE)?;
    }
}

/// Encodes a label, without the `xn--`.
pub(super) fn encode(label: &str) -> Option<String> {
    let mut encoded: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(encoded.len()).ok()?;
    if basic > 0 {
        encoded.push('-');
    }
    let (mut done, mut delta, mut bias) = (basic, 0_u32, INITIAL_BIAS);
    let mut code = INITIAL_CODE;
    while let Some(next) = label.chars().map(u32::from).filter(|c| *c >= code).min() {
        delta = delta.checked_add(next.checked_sub(code)?.checked_mul(done.checked_add(1)?)?)?;
        code = next;
        for c in label.chars().map(u32::from) {
            if c < code {
                delta = delta.checked_add(1)?;
            } else if c == code {
                encode_delta(delta, bias, &mut encoded)?;
                bias = adapt(delta, done.checked_add(1)?, done == basic);
                delta = 0;
                done = done.checked_add(1)?;
            }
        }
        delta = delta.checked_add(1)?;
        code = code.checked_add(1)?;
    }
    Some(encoded)
}

fn encode_delta(mut delta: u32, bias: u32, encoded: &mut String) -> Option<()> {
    let mut position = BASE;
    loop {
        let threshold = threshold(position, bias);
        let Some(above) = delta.checked_sub(threshold) else { break };
        let range = BASE.checked_sub(threshold)?;
        encoded.push(digit(threshold.checked_add(above.checked_rem(range)?)?)?);
        delta = above.checked_div(range)?;
        position = position.checked_add(BASE)?;
    }
    encoded.push(digit(delta)?);
    Some(())
}

fn digit(value: u32) -> Option<char> {
    match value {
        0..=25 => char::from_digit(value.checked_add(10)?, 36),
        _ => char::from_digit(value.checked_sub(26)?, 10),
    }
}

fn threshold(position: u32, bias: u32) -> u32 {
    position.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

/// RFC 3492 §6.1.
fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta = delta.saturating_add(delta.checked_div(count).unwrap_or(0));
    let mut bias: u32 = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        bias = bias.saturating_add(BASE);
    }
    let last = delta.saturating_mul(BASE - T_MIN + 1).checked_div(delta.saturating_add(SKEW)).unwrap_or(0);
    bias.saturating_add(last)
}
