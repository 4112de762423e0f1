//! Making new inputs from old ones.

use fastrand::Rng;

/// Inputs stay below this, so that much of them is tried rather than few large ones.
const MAX_INPUT_BYTES: usize = 4096;

/// Bytes and sequences at which parsers stumble.
const TROUBLE: &[&[u8]] = &[
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\x7f",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\xef\xbf\xbe",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"\xe2\x80\x8d",
    b"\xcc\x81",
    b"\xd8\xa7",
    b"\xef\xbc\xa1",
    b"\xc3\x9f",
    b"\xce\xa3",
    b"\xc4\xb0",
    b"\xe0\xa5\x8d\xe2\x80\x8c",
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b"&amp;",
    b"&#0;",
    b"&#x10FFFF;",
    b"&#xD800;",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?",
    b"?>",
    b"<!DOCTYPE x [",
    b"'",
    b"\"",
    b"=",
    b":",
    b";",
    b"@",
    b"/",
    b"\\",
    b"\\20",
    b"\\5c40",
    b"%",
    b"%00",
    b"%C3",
    b"#",
    b"?",
    b".",
    b"..",
    b"-",
    b"+",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"0",
    b"-1",
    b"1e400",
    b"9223372036854775808",
    b"18446744073709551616",
    b"xmlns=''",
    b"xmlns:a='b'",
    b"xml:lang='x'",
    b"xn--",
    b"xn--a",
    b"T",
    b"Z",
    b"24:00:00",
    b"-14:00",
    b"0000-00-00",
    b"null",
    b"true",
];

/// Makes a new input of one or two seeds.
pub fn mutate(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = pick(seeds, rng).to_vec();
    for _ in 0..rng.usize(1..=6) {
        let at = rng.usize(0..=input.len());
        let until = rng.usize(at..=input.len().min(at.saturating_add(16)));
        match rng.u8(0..8) {
            0 => flip_bit(&mut input, rng),
            1 => drop(input.drain(at..until)),
            2 => insert(&mut input, at, pick_slice(TROUBLE, rng)),
            3 => drop(input.splice(at..until, pick_slice(TROUBLE, rng).iter().copied())),
            4 => repeat(&mut input, at, until, rng),
            5 => splice_other(&mut input, at, pick(seeds, rng), rng),
            6 => insert(&mut input, at, &[rng.u8(..)]),
            _ => move_piece(&mut input, at, until, rng),
        }
        input.truncate(MAX_INPUT_BYTES);
    }
    input
}

fn pick<'a>(seeds: &'a [Vec<u8>], rng: &mut Rng) -> &'a [u8] {
    rng.choice(seeds).map(Vec::as_slice).unwrap_or_default()
}

fn pick_slice(pieces: &'static [&'static [u8]], rng: &mut Rng) -> &'static [u8] {
    rng.choice(pieces).copied().unwrap_or_default()
}

fn flip_bit(input: &mut [u8], rng: &mut Rng) {
    let mask = 1_u8.rotate_left(rng.u32(0..8));
    if let Some(byte) = rng.choice(input.iter_mut()) {
        *byte ^= mask;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    drop(input.splice(at..at, piece.iter().copied()));
}

/// Inserts the piece once more, or many times: for depth and for lengths at their limit.
fn repeat(input: &mut Vec<u8>, at: usize, until: usize, rng: &mut Rng) {
    let piece = input.get(at..until).unwrap_or_default();
    let times = if rng.u8(0..8) == 0 { rng.usize(2..200) } else { 1 };
    let repeated = piece.repeat(times);
    insert(input, until, &repeated);
}

/// Goes on with the end of another seed.
fn splice_other(input: &mut Vec<u8>, at: usize, other: &[u8], rng: &mut Rng) {
    input.truncate(at);
    let from = rng.usize(0..=other.len());
    input.extend_from_slice(other.get(from..).unwrap_or_default());
}

fn move_piece(input: &mut Vec<u8>, at: usize, until: usize, rng: &mut Rng) {
    let piece: Vec<u8> = input.drain(at..until).collect();
    let to = rng.usize(0..=input.len());
    insert(input, to, &piece);
}
