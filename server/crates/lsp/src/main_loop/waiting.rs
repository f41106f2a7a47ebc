//! Questions and commands that came while folders were looked at: before it is known which repositories there are, the
//! answer would be of some of them, or a refusal of what is right a moment later.

use super::GlobalState;
use crate::event::Event;
use std::time::{Duration, Instant};

/// How long they wait at most: a folder on a disk that does not answer must not keep all others from working.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Waiting {
    /// In the order in which they came.
    pub(super) events: Vec<Event>,
    /// When the last folder came that is looked at.
    pub(super) since: Option<Instant>,
}

impl GlobalState {
    pub(super) fn is_searching(&self) -> bool {
        !self.finding.is_empty() && self.waiting.since.is_some_and(|since| since.elapsed() < PATIENCE)
    }

    /// Takes what waited, once it is known which repositories there are.
    pub(super) fn take_waiting(&mut self) {
        if !self.is_searching() {
            std::mem::take(&mut self.waiting.events).into_iter().for_each(|event| self.take(event));
        }
    }
}
