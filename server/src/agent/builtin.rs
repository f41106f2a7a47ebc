//! The built-in agents: the checkers of [`check`](crate::check) behind the [`Agent`](super::Agent) trait.

use super::Agent;
use std::sync::Arc;

/// All of them, in the order in which they are shown.
#[must_use]
pub fn all() -> Vec<Arc<dyn Agent>> {
    Vec::new()
}
