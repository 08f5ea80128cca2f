//! Type dispatch: a table from message type to processor. Messages of one drain are handed over in
//! batches per type, processors in order of priority, with statistics for each.
//!
//! What belongs to a thread of its own (waiting, draining, restarting) is `ring::processor`.

use std::time::Instant;

/// One message of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    pub message_type: u8,
    pub sequence: u64,
    pub payload: &'a [u8],
}

/// Takes the messages of one type, in the order of their sequence.
pub trait Processor {
    /// An error counts as a failure of the whole batch; dispatch goes on.
    fn on_batch(&mut self, message_type: u8, batch: &[Message<'_>]) -> Result<(), String>;
}

impl<F: FnMut(u8, &[Message<'_>]) -> Result<(), String>> Processor for F {
    fn on_batch(&mut self, message_type: u8, batch: &[Message<'_>]) -> Result<(), String> {
        self(message_type, batch)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessorStats {
    pub name: String,
    pub priority: i32,
    pub messages: u64,
    pub batches: u64,
    pub failures: u64,
    pub last_failure: Option<String>,
    pub busy_ns: u64,
    pub largest_batch: u64,
}

struct Registered<'p> {
    processor: Box<dyn Processor + 'p>,
    types: Vec<u8>,
    stats: ProcessorStats,
}

/// The table. A type has one processor, a processor any number of types.
#[derive(Default)]
pub struct Dispatcher<'p> {
    /// By falling priority, then in the order of registration.
    processors: Vec<Registered<'p>>,
    taken: [u64; 4],
    unhandled: u64,
    /// Start of each type's run in the ordered messages; reused between drains.
    counts: Vec<u32>,
}

impl<'p> Dispatcher<'p> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `types` to `processor`; higher priorities come first in each drain. Refused when a type
    /// has a processor already.
    pub fn register(
        &mut self,
        name: &str,
        types: &[u8],
        priority: i32,
        processor: impl Processor + 'p,
    ) -> Result<(), String> {
        if let Some(held) = types.iter().find(|t| self.handles(**t)) {
            return Err(format!("message type {held} has a processor already"));
        }
        for message_type in types {
            self.taken[*message_type as usize / 64] |= 1 << (message_type % 64);
        }
        let mut types = types.to_vec();
        types.sort_unstable();
        types.dedup();
        let stats = ProcessorStats { name: name.into(), priority, ..Default::default() };
        let place = self.processors.partition_point(|p| p.stats.priority >= priority);
        self.processors.insert(place, Registered { processor: Box::new(processor), types, stats });
        Ok(())
    }

    pub fn handles(&self, message_type: u8) -> bool {
        self.taken[message_type as usize / 64] >> (message_type % 64) & 1 != 0
    }

    /// Hands a drain over. `messages` is ordered by type, stably, in place.
    pub fn dispatch(&mut self, messages: &mut [Message<'_>]) {
        // Stable: within a type, sequence order stays.
        messages.sort_by_key(|m| m.message_type);
        self.counts.clear();
        self.counts.resize(257, 0);
        for message in messages.iter() {
            self.counts[message.message_type as usize + 1] += 1;
        }
        let mut handled = 0;
        for index in 1..257 {
            self.counts[index] += self.counts[index - 1];
        }
        for registered in &mut self.processors {
            for message_type in &registered.types {
                let at = *message_type as usize;
                let run = &messages[self.counts[at] as usize..self.counts[at + 1] as usize];
                if run.is_empty() {
                    continue;
                }
                handled += run.len() as u64;
                let started = Instant::now();
                let outcome = registered.processor.on_batch(*message_type, run);
                let stats = &mut registered.stats;
                stats.busy_ns += started.elapsed().as_nanos() as u64;
                stats.messages += run.len() as u64;
                stats.batches += 1;
                stats.largest_batch = stats.largest_batch.max(run.len() as u64);
                if let Err(failure) = outcome {
                    stats.failures += 1;
                    stats.last_failure = Some(failure);
                }
            }
        }
        self.unhandled += messages.len() as u64 - handled;
    }

    /// Messages whose type has no processor.
    pub fn unhandled(&self) -> u64 {
        self.unhandled
    }

    /// By falling priority.
    pub fn stats(&self) -> impl Iterator<Item = &ProcessorStats> {
        self.processors.iter().map(|p| &p.stats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn batches_come_per_type_by_priority_in_sequence() {
        let seen = RefCell::new(Vec::new());
        let note = |t: u8, batch: &[Message<'_>]| {
            seen.borrow_mut().push((t, batch.iter().map(|m| m.sequence).collect::<Vec<_>>()));
            Ok(())
        };
        let mut dispatcher = Dispatcher::new();
        dispatcher.register("market data", &[1, 2], 0, note).unwrap();
        dispatcher.register("orders", &[40], 10, note).unwrap();
        dispatcher.register("fails", &[100], -5, |_: u8, _: &[Message<'_>]| Err("no".into())).unwrap();
        assert!(dispatcher.register("again", &[2], 0, note).is_err());
        let types = [2u8, 40, 1, 2, 100, 7, 40, 1];
        let mut messages: Vec<_> = types
            .iter()
            .enumerate()
            .map(|(i, t)| Message { message_type: *t, sequence: i as u64, payload: b"" })
            .collect();
        dispatcher.dispatch(&mut messages);
        assert_eq!(*seen.borrow(), vec![(40, vec![1, 6]), (1, vec![2, 7]), (2, vec![0, 3])]);
        assert_eq!(dispatcher.unhandled(), 1);
        let stats: Vec<_> = dispatcher.stats().collect();
        assert_eq!(stats.iter().map(|s| s.messages).collect::<Vec<_>>(), [2, 4, 1]);
        assert_eq!(stats[1].batches, 2);
        assert_eq!((stats[2].failures, stats[2].last_failure.as_deref()), (1, Some("no")));
    }
}
