//! As much of protocol buffers as OMEMO needs: flat messages of numbers and byte strings (XEP-0384 §12).
//!
//! Reading takes fields in any order, skips unknown ones, and of a repeated field takes the last, as every reader of protocol
//! buffers does. It refuses what does not end where it says, groups, and numbers of more than 64 bits.

use crate::wire::DecodeError;

/// The value of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A number of fixed size, which none of our messages has.
    Fixed,
}

impl<'a> Value<'a> {
    pub fn number(self) -> Result<u32, DecodeError> {
        match self {
            Self::Number(number) => number.try_into().map_err(|_| DecodeError::FieldType),
            _ => Err(DecodeError::FieldType),
        }
    }

    pub fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(DecodeError::FieldType),
        }
    }
}

/// The fields of a message, in order.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), DecodeError> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0).ok_or(DecodeError::Malformed)?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(DecodeError::Malformed),
        };
        Ok((number, value))
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut number: u64 = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
            self.rest = rest;
            let digit = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && digit > 1 {
                return Err(DecodeError::Malformed);
            }
            number |= digit << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::Malformed)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Writes the fields in ascending order of their numbers, also those that are zero or empty.
pub(crate) fn write(fields: &mut [(u32, Value<'_>)]) -> Vec<u8> {
    fields.sort_by_key(|(number, _)| *number);
    let mut message = Vec::new();
    for (number, value) in fields {
        match value {
            Value::Number(value) => {
                write_varint(&mut message, u64::from(*number) << 3);
                write_varint(&mut message, *value);
            }
            Value::Bytes(bytes) => {
                write_varint(&mut message, u64::from(*number) << 3 | 2);
                write_varint(&mut message, bytes.len() as u64);
                message.extend_from_slice(bytes);
            }
            Value::Fixed => {}
        }
    }
    message
}

fn write_varint(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8]) -> Result<Vec<(u32, Value<'_>)>, DecodeError> {
        Fields::new(message).collect()
    }

    #[test]
    fn reads_what_it_writes_in_ascending_order() {
        let message = write(&mut [(2, Value::Bytes(b"ab")), (1, Value::Number(300)), (16, Value::Number(0))]);
        assert_eq!(message, b"\x08\xac\x02\x12\x02ab\x80\x01\x00");
        let expected = vec![(1, Value::Number(300)), (2, Value::Bytes(b"ab")), (16, Value::Number(0))];
        assert_eq!(read(&message), Ok(expected));
    }

    #[test]
    fn numbers_are_written_as_short_as_they_can_be() {
        for (number, bytes) in
            [(0, &b"\x08\x00"[..]), (127, b"\x08\x7f"), (128, b"\x08\x80\x01"), (16_384, b"\x08\x80\x80\x01")]
        {
            assert_eq!(write(&mut [(1, Value::Number(number))]), bytes, "{number}");
        }
    }

    #[test]
    fn numbers_have_at_most_64_bits() {
        let most = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(read(most), Ok(vec![(1, Value::Number(u64::MAX))]));
        assert_eq!(read(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), Err(DecodeError::Malformed));
        assert_eq!(read(b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), Err(DecodeError::Malformed));
        assert_eq!(read(b"\x08\x81\x80\x00"), Ok(vec![(1, Value::Number(1))]));
        assert_eq!(Value::Number(1 << 32).number(), Err(DecodeError::FieldType));
        assert_eq!(Value::Number(u64::from(u32::MAX)).number(), Ok(u32::MAX));
    }

    #[test]
    fn fields_end_where_they_say() {
        for message in [&b"\x08"[..], b"\x08\x80", b"\x12\x02a", b"\x09\0\0\0\0\0\0\0", b"\x0d\0\0\0"] {
            assert_eq!(read(message), Err(DecodeError::Truncated), "{message:?}");
        }
        assert_eq!(read(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a"), Err(DecodeError::Truncated));
    }

    #[test]
    fn unknown_fields_are_passed_over_but_groups_are_not() {
        assert_eq!(read(b"\x09\0\0\0\0\0\0\0\0\x0d\0\0\0\0"), Ok(vec![(1, Value::Fixed), (1, Value::Fixed)]));
        assert_eq!(read(b"\x0b\x0c"), Err(DecodeError::Malformed));
        assert_eq!(read(b"\x00\x00"), Err(DecodeError::Malformed));
        assert_eq!(Value::Fixed.number(), Err(DecodeError::FieldType));
        assert_eq!(Value::Number(1).bytes(), Err(DecodeError::FieldType));
        assert_eq!(Value::Bytes(b"").number(), Err(DecodeError::FieldType));
    }
}
