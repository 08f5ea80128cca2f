//! A producer's frames to a relay of the same host, through memory instead of a socket.
//!
//! Each producer has an *inbox*: a sealed memory file made by the relay, with bytes up (messages of
//! frames) and slots down (what was refused), each written by one side and read by the other, and
//! words for how far each has come. A [`Pump`] in the relay, one native thread, takes messages out of
//! all inboxes, checks them, gives them their sequences and publishes them into the relay's ring.
//!
//! The relay trusts nothing it finds: it copies a message before it looks at it, bounds every length
//! by what it knows itself, and gives an inbox up whose words make no sense. What was acknowledged is
//! in the ring; what was not, the producer sends again. Layout: `docs/inbox-layout.md`.

mod lane;
mod layout;
mod memory;
mod pump;
mod sink;
mod writer;

pub use lane::{Kept, Rules};
pub use layout::{LAYOUT_VERSION, MAX_MESSAGE, Report, ReportKind};
pub use memory::capacity_for;
pub use pump::{Offer, Pump, PumpConfig};
pub use sink::{Counters, LaneNews, News, Sampled};
pub use writer::Writer;

#[cfg(test)]
mod tests;
