//! Tables of code points: runs of those that have the same value, packed as numbers in LEB128.

/// Runs of code points with the same value, by their starts.
pub(crate) type Runs = Vec<(u32, u32)>;

/// The value of the run that the character is in.
pub(crate) fn lookup(runs: &Runs, c: char) -> u32 {
    let after = runs.partition_point(|(start, _)| *start <= u32::from(c));
    after.checked_sub(1).and_then(|index| runs.get(index)).map_or(0, |(_, value)| *value)
}

/// Unpacks a table. Each number is the length of a run, shifted by the bits that its value takes.
pub(crate) fn unpack(table: &[u8], value_bits: u32) -> Runs {
    let mut start: u32 = 0;
    let mut runs = Runs::new();
    let mut bytes = table.iter();
    while let Some(number) = next_number(&mut bytes) {
        let length = number.wrapping_shr(value_bits);
        runs.push((start, number ^ length.wrapping_shl(value_bits)));
        start = start.saturating_add(length);
    }
    runs.push((start, 0));
    runs
}

/// Reads a number in LEB128.
pub(super) fn next_number<'a>(bytes: &mut std::slice::Iter<'a, u8>) -> Option<u32> {
    let mut number: u32 = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.next()?;
        number |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}
