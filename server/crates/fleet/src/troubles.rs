//! What went wrong, each thing said once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// So many different things are said of one place.
const MOST: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<(BTreeSet<String>, Vec<String>)>);

impl Troubles {
    /// Adds what is to be said, unless something of the same `kind` was added before.
    pub(super) fn add(&self, kind: String, text: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.len() < MOST && known.0.insert(kind) {
            known.1.push(text);
        }
    }

    /// What was not said yet.
    pub(super) fn unsaid(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).1)
    }
}
