//! Fixed records by id, for answers of many: a gather over a plain array.

use hashbrown::HashMap;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 128;
const ID_BYTES: usize = 16;
const BLOCK: usize = 64;

/// Records in the order of their coming.
#[derive(Default)]
pub struct RecordTable {
    rows: Vec<[u8; RECORD_BYTES]>,
    places: HashMap<[u8; ID_BYTES], u32>,
}

impl RecordTable {
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The record of an id.
    #[must_use]
    pub fn get(&self, id: &[u8; ID_BYTES]) -> Option<&[u8; RECORD_BYTES]> {
        self.places.get(id).and_then(|place| self.rows.get(*place as usize))
    }

    /// Adds records whose first bytes are their ids.
    pub fn extend(&mut self, records: &[u8]) {
        self.places.reserve(records.len() / RECORD_BYTES);
        for record in records.chunks_exact(RECORD_BYTES) {
            let mut row = [0; RECORD_BYTES];
            row.copy_from_slice(record);
            let mut id = [0; ID_BYTES];
            id.copy_from_slice(&record[..ID_BYTES]);
            self.places.insert(id, self.rows.len() as u32);
            self.rows.push(row);
        }
    }

    /// Puts another record in a place; false where there is none.
    pub fn replace(&mut self, place: usize, record: [u8; RECORD_BYTES]) -> bool {
        self.rows.get_mut(place).map(|row| *row = record).is_some()
    }

    /// Appends the records of `ids`, 16 bytes each, to `out`, zeros for an unknown one, whose
    /// positions go to `missing`.
    pub fn gather(&self, ids: &[u8], out: &mut Vec<u8>, missing: &mut Vec<u32>) {
        out.reserve(ids.len() / ID_BYTES * RECORD_BYTES);
        let mut places = [u32::MAX; BLOCK];
        for (block, ids) in ids.chunks(BLOCK * ID_BYTES).enumerate() {
            let count = ids.len() / ID_BYTES;
            // places first, so that the misses of a block overlap
            for (place, id) in places.iter_mut().zip(ids.chunks_exact(ID_BYTES)) {
                let mut key = [0; ID_BYTES];
                key.copy_from_slice(id);
                *place = self.places.get(&key).copied().unwrap_or(u32::MAX);
            }
            for (index, place) in places[..count].iter().enumerate() {
                match self.rows.get(*place as usize) {
                    Some(row) => out.extend_from_slice(row),
                    None => {
                        out.extend_from_slice(&[0; RECORD_BYTES]);
                        missing.push((block * BLOCK + index) as u32);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u8) -> [u8; RECORD_BYTES] {
        let mut made = [number; RECORD_BYTES];
        made[0] = number;
        made
    }

    #[test]
    fn gathers_in_the_order_of_the_question() {
        let mut table = RecordTable::default();
        table.extend(&[record(1), record(2)].concat());
        assert!(table.replace(0, {
            let mut other = record(1);
            other[127] = 9;
            other
        }));
        assert!(!table.replace(2, record(3)));
        assert_eq!(table.get(&[2; 16]), Some(&record(2)));
        assert_eq!(table.get(&[3; 16]), None);
        let ids: Vec<u8> = (0..130).flat_map(|n| if n == 70 { [2; 16] } else { [1; 16] }).collect();
        let (mut out, mut missing) = (Vec::new(), Vec::new());
        table.gather(&ids, &mut out, &mut missing);
        assert!(missing.is_empty() && out.len() == 130 * 128);
        assert_eq!((out[127], out[70 * 128 + 127]), (9, 2));
        table.gather(&[[1; 16], [7; 16]].concat(), &mut out, &mut missing);
        assert_eq!(missing, [1]);
        assert!(out[131 * 128..].iter().all(|byte| *byte == 0));
    }
}
