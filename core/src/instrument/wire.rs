//! The few pieces of the protobuf encoding that instruments are made of.

/// One field: its number and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message, in the order of their bytes; `None` once the bytes are no message.
pub struct Reader<'a> {
    rest: &'a [u8],
    broken: bool,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, broken: false }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                return None;
            }
            number |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        if self.rest.len() < count {
            return None;
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u32, Value<'a>)> {
        let tag = u32::try_from(self.varint()?).ok()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let size = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(size)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Iterator for Reader<'a> {
    /// `None` within stands for bytes that are no field; nothing comes after it.
    type Item = Option<(u32, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        self.broken = field.is_none();
        Some(field)
    }
}

pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number; nothing when it is 0.
pub fn put_uint(out: &mut Vec<u8>, field: u32, number: u64) {
    if number != 0 {
        put_varint(out, u64::from(field << 3));
        put_varint(out, number);
    }
}

/// A message or bytes, also when empty.
pub fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(out, u64::from(field << 3 | 2));
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Text; nothing when it is empty.
pub fn put_text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(out, field, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let mut out = Vec::new();
        put_uint(&mut out, 4, 300);
        put_uint(&mut out, 5, 0);
        put_text(&mut out, 16, "x");
        let fields: Vec<_> = Reader::new(&out).collect();
        assert_eq!(fields, [Some((4, Value::Varint(300))), Some((16, Value::Bytes(b"x")))]);
    }

    #[test]
    fn ends_at_broken_bytes() {
        for broken in [&[0x0a, 0x05, b'x'][..], &[0x80], &[0x0b], &[0x09, 1, 2]] {
            assert_eq!(Reader::new(broken).collect::<Vec<_>>(), [None]);
        }
        assert!(Reader::new(&[]).next().is_none());
    }
}
