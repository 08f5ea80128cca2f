//! The matching book and the simulated exchange on it.
//!
//! [`ladder`] is the book of one instrument with price-time priority, [`exchange`] makes a venue of
//! many of them, [`report`] is what a venue answers, [`money`] the fixed-point arithmetic. Where
//! commands come from and what becomes of the answers is the order engine's part ([`crate::engine`]).

pub mod exchange;
pub mod ladder;
pub mod money;
pub mod report;
