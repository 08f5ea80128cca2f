//! Keeping the last value of each instrument, for a subscriber that lags.
//!
//! A trade, a quote or a synthetic's value goes when a later one of the same instrument is there; a
//! level of a book when a later one of the same price and side is, or when its book is cleared later.
//! Everything else does not replace what was before it, and stays: discoveries, signals, orders.
//! What is cut down keeps its sequence, its context and its order.

use alphapulse_gen::layout::{BookAction, BookLevel, MessageType};
use hashbrown::HashSet;

use super::compress::parts_of;
use super::encode::encode;
use super::error::Result;
use super::filter::ID_BYTES;
use super::verify::{FrameInfo, inspect};

/// What is left of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Conflated {
    /// (index in the batch, the frame where it was cut down), ascending.
    pub kept: Vec<(usize, Option<Vec<u8>>)>,
    /// (sequence, records that went, whether some are left), ascending.
    pub gone: Vec<(u64, u64, bool)>,
}

type Key = (u8, u128, u8, [u8; 8]);

#[derive(Default)]
struct Later {
    keys: HashSet<Key>,
    cleared: HashSet<u128>,
}

impl Later {
    /// Whether nothing later replaces the row. Rows come from the last to the first.
    fn lasts(&mut self, message_type: MessageType, row: &[u8]) -> bool {
        let Some(id) = row.first_chunk::<ID_BYTES>().map(|id| u128::from_le_bytes(*id)) else { return true };
        if message_type != MessageType::ORDER_BOOK {
            return self.keys.insert((message_type.0, id, 0, [0; 8]));
        }
        if self.cleared.contains(&id) {
            return false;
        }
        if row[std::mem::offset_of!(BookLevel, action)] == BookAction::CLEAR.0 {
            self.cleared.insert(id);
            return true;
        }
        let price =
            row[std::mem::offset_of!(BookLevel, price)..].first_chunk::<8>().copied().unwrap_or_default();
        self.keys.insert((message_type.0, id, row[std::mem::offset_of!(BookLevel, side)], price))
    }
}

fn replaces(info: &FrameInfo) -> bool {
    let of_values =
        [MessageType::TRADE, MessageType::QUOTE, MessageType::ORDER_BOOK, MessageType::SYNTHETIC_UPDATE];
    // what is compressed is not opened for it
    of_values.contains(&info.header.message_type)
        && !info.compressed
        && info.record.instrument_offsets.first() == Some(&0)
}

/// The last values of a batch of frames, in their order.
pub fn conflate(frames: &[&[u8]]) -> Result<Conflated> {
    let mut later = Later::default();
    let mut out = Conflated::default();
    for (index, frame) in frames.iter().enumerate().rev() {
        let info = inspect(frame)?;
        let rows = info.rows(frame);
        if rows.is_empty() || !replaces(&info) {
            out.kept.push((index, None));
            continue;
        }
        let count = rows.len() / info.stride;
        let mut lasts: Vec<&[u8]> = Vec::new();
        for row in rows.chunks_exact(info.stride).rev() {
            if later.lasts(info.header.message_type, row) {
                lasts.push(row);
            }
        }
        let gone = count - lasts.len();
        if gone > 0 {
            out.gone.push((info.header.sequence, gone as u64, !lasts.is_empty()));
        }
        if gone == 0 {
            out.kept.push((index, None));
        } else if !lasts.is_empty() {
            lasts.reverse();
            out.kept.push((index, Some(encode(&parts_of(&info, frame, &lasts))?)));
        }
    }
    out.kept.reverse();
    out.gone.reverse();
    Ok(out)
}
