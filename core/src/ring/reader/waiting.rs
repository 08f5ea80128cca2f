//! How a reader waits: by its strategy, or through an eventfd; and the holes it finds meanwhile.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use super::super::error::Result;
use super::super::notify::Bell;
use super::super::park::Bed;
use super::super::producer::Patrol;
use super::super::protocol::{self, Look};
use super::super::wait::Waiter;
use super::super::{process, slots};
use super::Reader;

impl Reader {
    /// Recovers the claim at the reader's place when it has been unpublished for 2 ms and its
    /// producer is dead. True while there is such a claim.
    pub fn check_hole(&mut self) -> bool {
        let sequence = self.core.sequence;
        let pending =
            self.ring.next_sequence() > sequence && protocol::look(self.memory(), sequence) == Look::Pending;
        if !pending {
            self.hole = None;
            return false;
        }
        let now = process::monotonic_ns();
        match self.hole {
            Some((at, since)) if at == sequence => {
                if now - since >= 2_000_000 {
                    // Next look after the same time again.
                    self.hole = Some((sequence, now));
                    slots::recover(self.memory());
                }
            }
            _ => self.hole = Some((sequence, now)),
        }
        true
    }

    /// Whether a poll would return something: an entry, a gap or an error.
    pub fn ready(&mut self) -> bool {
        if self.start_gap.is_some() || self.check_owner().is_err() {
            return true;
        }
        match self.allowed() {
            Ok(true) => {}
            Ok(false) => return self.drained(),
            Err(_) => return true,
        }
        protocol::look(self.memory(), self.core.sequence) != Look::Pending || self.drained()
    }

    fn drained(&self) -> bool {
        self.ring.halted() && self.core.sequence >= self.ring.next_sequence()
    }

    /// Waits by the reader's strategy until `ready`; false when the time is over.
    pub fn wait(&mut self, timeout: Option<Duration>) -> bool {
        if self.ready() {
            return true;
        }
        self.pile_up.before_wait(self.core.sequence);
        if self.ready() {
            return true;
        }
        let memory = self.unbound();
        let mut waiter = Waiter::new(self.wait, timeout);
        let mut patrol = Patrol::new();
        loop {
            let nap = if self.hole.is_some() { Duration::from_millis(2) } else { patrol.nap() };
            let waiting = waiter.step(Bed::readers(memory.control()), nap, || self.ready());
            if self.ready() {
                return true;
            }
            if !waiting {
                return false;
            }
            if waiter.steps() & 0xff == 0 || patrol.due() {
                self.heartbeat();
                self.check_hole();
            }
        }
    }

    /// An eventfd that becomes readable after [`arm`](Self::arm), once something can be polled.
    pub fn fd(&mut self) -> Result<RawFd> {
        Ok(self.bell()?.fd())
    }

    fn bell(&mut self) -> Result<Arc<Bell>> {
        if let Some(bell) = &self.bell {
            return Ok(bell.clone());
        }
        let bell = Arc::new(Bell::new(self.core.slot, self.owner, self.dependencies.clone())?);
        self.bell = Some(bell.clone());
        Ok(bell)
    }

    /// Asks to be woken through the descriptor. False: something can be polled now.
    pub fn arm(&mut self) -> Result<bool> {
        if self.ready() {
            return Ok(false);
        }
        let bell = self.bell()?;
        Ok(self.ring.notifier()?.arm(&bell, self.core.sequence))
    }

    /// Takes the readiness off the descriptor.
    pub fn clear(&self) {
        if let Some(bell) = &self.bell {
            bell.clear();
        }
    }
}
