//! What reviews and the reading of rounds leave behind is given back to the system: glibc keeps what was freed, a pool for each
//! thread, and a server that reviewed once would stay as large as it was then.

use super::GlobalState;
use std::time::{Duration, Instant};

/// Giving back takes a millisecond or two, and what is needed again after it is had anew from the system.
const REST: Duration = Duration::from_secs(10);

/// Whether there is something to give back.
#[derive(Debug, Default)]
pub(super) struct Memory {
    was_used: bool,
    given_back: Option<Instant>,
}

impl Memory {
    /// A piece of work ended that took much.
    pub(super) fn note_use(&mut self) {
        self.was_used = true;
    }

    /// Whether it is time; it is taken for done then.
    fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.was_used && self.given_back.is_none_or(|then| now.duration_since(then) >= REST);
        if is_due {
            *self = Self { was_used: false, given_back: Some(now) };
        }
        is_due
    }
}

impl GlobalState {
    /// Gives back what is free, when nothing is under way.
    pub(super) fn give_back_memory(&mut self) {
        let is_working = self.repositories.values().any(|state| state.job.is_some()) || !self.errands.is_empty();
        if !is_working && self.memory.take_due(Instant::now()) {
            drop(tokio::task::spawn_blocking(give_back));
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    #[expect(unsafe_code, reason = "nothing but the C library itself gives its free memory back")]
    // SAFETY: it takes no pointer, and may be called at any time by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other C libraries give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_after_work_and_not_all_the_time() {
        let mut memory = Memory::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!memory.take_due(at(0)), "nothing was done");
        memory.note_use();
        assert!(memory.take_due(at(1)));
        assert!(!memory.take_due(at(20)), "nothing was done since");
        memory.note_use();
        assert!(memory.take_due(at(21)));
        memory.note_use();
        assert!(!memory.take_due(at(22)), "it was a moment ago");
        assert!(memory.take_due(at(31)));
    }
}
