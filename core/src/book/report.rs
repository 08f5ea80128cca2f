//! What a venue says of an order: the one row that every connector hands to the order engine.

use alphapulse_gen::layout::{ExecType, Liquidity, OrderReason, Text8};
use alphapulse_gen::record::Layout;

/// One answer of a venue. It never leaves the execution process: what goes out on the wire is the
/// `ExecutionReport` that the engine makes of it. 72 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct VenueReport {
    pub order_id: u64,
    /// Of a trade, unique per order; else 0.
    pub trade_id: u64,
    pub transact_time: u64,
    /// Of the trade; of a replacement or restatement the order's new limit price.
    pub price: i64,
    /// Of the trade; of a replacement or restatement the order's new quantity.
    pub quantity: u64,
    /// 1e-8 of `fee_currency`; negative is a rebate.
    pub fee: i64,
    /// Of a replacement or restatement: the order's new stop price.
    pub stop_price: i64,
    pub fee_currency: Text8,
    pub exec_type: ExecType,
    pub liquidity: Liquidity,
    pub reason: OrderReason,
    pub reserved: u32,
}

const _: () = assert!(size_of::<VenueReport>() == 72);

// SAFETY: `repr(C)`, integers only, no padding byte (nine words, asserted above).
unsafe impl Layout for VenueReport {
    const NAME: &'static str = "VenueReport";
}

/// The fields of [`VenueReport`]: name, NumPy type, offset. What Python builds its dtype from.
pub const FIELDS: [(&str, &str, usize); 12] = [
    ("order_id", "<u8", core::mem::offset_of!(VenueReport, order_id)),
    ("trade_id", "<u8", core::mem::offset_of!(VenueReport, trade_id)),
    ("transact_time", "<u8", core::mem::offset_of!(VenueReport, transact_time)),
    ("price", "<i8", core::mem::offset_of!(VenueReport, price)),
    ("quantity", "<u8", core::mem::offset_of!(VenueReport, quantity)),
    ("fee", "<i8", core::mem::offset_of!(VenueReport, fee)),
    ("stop_price", "<i8", core::mem::offset_of!(VenueReport, stop_price)),
    ("fee_currency", "S8", core::mem::offset_of!(VenueReport, fee_currency)),
    ("exec_type", "u1", core::mem::offset_of!(VenueReport, exec_type)),
    ("liquidity", "u1", core::mem::offset_of!(VenueReport, liquidity)),
    ("reason", "<u2", core::mem::offset_of!(VenueReport, reason)),
    ("reserved", "<u4", core::mem::offset_of!(VenueReport, reserved)),
];
