//! What the engine made of a batch: rows, grouped into the frames that are journaled and published.

use alphapulse_gen::layout::{
    ExecutionReport, Fill, FrameContext, MessageType, OrdStatus, OrderCancel, OrderModify, OrderReason,
    OrderRequest, OrderStatus, SourceType,
};
use alphapulse_gen::record::{Layout, as_bytes};
use hashbrown::HashMap;

use super::Anomaly;
use super::state::State;
use crate::book::report::VenueReport;
use crate::frame::{self, FrameParts};

/// What became of one command row. 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Outcome {
    /// 0: there is no such order.
    pub order_id: u64,
    pub client_order_id: u64,
    pub status: OrdStatus,
    /// 1: it was here already.
    pub duplicate: u8,
    pub reason: OrderReason,
    pub reserved: u32,
}

const _: () = assert!(size_of::<Outcome>() == 24);

// SAFETY: `repr(C)`, integers only, no padding byte (three words, asserted above).
unsafe impl Layout for Outcome {
    const NAME: &'static str = "Outcome";
}

/// Name, NumPy type and offset of each field: what Python builds its dtype from.
pub const OUTCOME_FIELDS: [(&str, &str, usize); 6] = [
    ("order_id", "<u8", core::mem::offset_of!(Outcome, order_id)),
    ("client_order_id", "<u8", core::mem::offset_of!(Outcome, client_order_id)),
    ("status", "u1", core::mem::offset_of!(Outcome, status)),
    ("duplicate", "u1", core::mem::offset_of!(Outcome, duplicate)),
    ("reason", "<u2", core::mem::offset_of!(Outcome, reason)),
    ("reserved", "<u4", core::mem::offset_of!(Outcome, reserved)),
];

/// A command that goes to the venue, once it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    New { order_id: u64, request: OrderRequest },
    Cancel(OrderCancel),
    Modify(OrderModify),
}

/// Rows a frame at most holds: half a megabyte or so.
const MAX_ROWS: usize = 4096;

/// The outcome of a batch. Each row names its context by position.
#[derive(Default)]
pub struct Output {
    pub time: u64,
    pub contexts: Vec<FrameContext>,
    pub outcomes: Vec<Outcome>,
    pub requests: Vec<(u32, OrderRequest)>,
    pub modifies: Vec<(u32, OrderModify)>,
    pub reports: Vec<(u32, ExecutionReport)>,
    pub fills: Vec<(u32, Fill)>,
    pub statuses: Vec<(u32, OrderStatus)>,
    pub routes: Vec<Route>,
    pub anomalies: Vec<(Anomaly, VenueReport)>,
    context_of: HashMap<[u8; 8], u32>,
    touched: Vec<(u64, u32)>,
    touched_at: HashMap<u64, usize>,
}

impl Output {
    pub(super) fn new(time: u64) -> Self {
        Self { time, ..Self::default() }
    }

    /// The position of a context; one message id is one context within a batch.
    pub(super) fn context(&mut self, context: FrameContext) -> u32 {
        let next = u32::try_from(self.contexts.len()).expect("fewer than 2^32 contexts");
        let at = *self.context_of.entry(context.message_id.0).or_insert(next);
        if at == next {
            self.contexts.push(context);
        }
        at
    }

    /// Remember that an order changed, last in this context.
    pub(super) fn touch(&mut self, order_id: u64, at: u32) {
        let next = self.touched.len();
        let position = *self.touched_at.entry(order_id).or_insert(next);
        if position == next {
            self.touched.push((order_id, at));
        } else {
            self.touched[position].1 = at;
        }
    }

    /// One status row for each order that changed, but for those that are just on their way to the
    /// venue: its answer is next.
    pub(super) fn take_statuses(&mut self, state: &State) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_by_key(|&(_, at)| at);
        for (order_id, at) in touched {
            if let Some(order) = state.order(order_id) {
                if order.status() != OrdStatus::PENDING_NEW {
                    self.statuses.push((at, order.status_row()));
                }
            }
        }
    }

    /// The frames of the batch, in the order in which they are journaled and published: requests and
    /// replacements before the reports on them, each fill behind its report, journal sequences
    /// ascending within a message type, where orders stand at the end.
    #[must_use]
    pub fn frames(&self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        self.runs(&self.requests, usize::MAX, MessageType::ORDER_REQUEST, &mut frames);
        self.runs(&self.modifies, MAX_ROWS, MessageType::ORDER_MODIFY, &mut frames);
        let mut fills = &self.fills[..];
        let mut start = 0;
        while start < self.reports.len() {
            let at = self.reports[start].0;
            let length = self.reports[start..].iter().take_while(|row| row.0 == at).count();
            let run = &self.reports[start..start + length];
            self.runs(run, MAX_ROWS, MessageType::EXECUTION_REPORT, &mut frames);
            start += length;
            let last = run[length - 1].1.journal_sequence;
            let with = fills.iter().take_while(|row| row.1.journal_sequence <= last).count();
            let (now, later) = fills.split_at(with);
            self.runs(now, MAX_ROWS, MessageType::FILL, &mut frames);
            fills = later;
        }
        self.runs(&self.statuses, MAX_ROWS, MessageType::ORDER_STATUS, &mut frames);
        frames
    }

    fn runs<T: Layout>(
        &self,
        rows: &[(u32, T)],
        limit: usize,
        message_type: MessageType,
        frames: &mut Vec<Vec<u8>>,
    ) {
        let mut run: Vec<T> = Vec::new();
        for (position, &(at, row)) in rows.iter().enumerate() {
            run.push(row);
            let ends = rows.get(position + 1).is_none_or(|next| next.0 != at);
            if ends || run.len() == limit {
                frames.push(self.frame(message_type, as_bytes(&run), at));
                run.clear();
            }
        }
    }

    fn frame(&self, message_type: MessageType, rows: &[u8], at: u32) -> Vec<u8> {
        let parts = FrameParts {
            message_type: message_type.0,
            source: SourceType::EXECUTION_ENGINE.0,
            flags: 0,
            sequence: 0,
            timestamp: self.time,
            context: self.contexts[at as usize],
            rows: &[rows],
            stride: 0,
            schema_hash: 0,
            blob: &[],
            components: &[],
            extensions: &[],
        };
        frame::encode(&parts).expect("rows of our own make a frame")
    }
}
