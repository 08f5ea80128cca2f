//! Look-ups in a FlatBuffers table of any schema, for rows of types registered at run time.

use super::verify::{Table, u32_at};

/// A table whose vtable lies within its bytes.
pub struct FlatTable<'a> {
    table: Table<'a>,
    bytes: &'a [u8],
}

/// The root of a FlatBuffer without looking at its identifier; `None` where there is no table.
#[must_use]
pub fn root_of(bytes: &[u8]) -> Option<FlatTable<'_>> {
    if bytes.len() < 8 {
        return None;
    }
    let table = Table::at(bytes, u32_at(bytes, 0) as usize).ok()?;
    Some(FlatTable { table, bytes })
}

impl<'a> FlatTable<'a> {
    /// The bytes of a field that lies in the table itself; `Some(None)` where the builder left it
    /// out, `None` where it is not within the table.
    #[must_use]
    pub fn bytes_of(&self, slot: usize, size: usize) -> Option<Option<&'a [u8]>> {
        match self.table.field(slot, size, 1) {
            Ok(Some(at)) => Some(Some(&self.bytes[at..at + size])),
            Ok(None) => Some(None),
            Err(_) => None,
        }
    }
}
