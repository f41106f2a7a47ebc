//! What stops one agent of a round, while the others go on.

use finding::AgentName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What stops single agents of one round. Clones are of the same round.
#[derive(Debug, Clone, Default)]
pub struct Stops(Arc<Mutex<HashMap<AgentName, CancellationToken>>>);

impl Stops {
    /// Has an agent stop, as one that was cancelled. Says whether there is one of that name that is not done.
    pub fn stop(&self, agent: &AgentName) -> bool {
        self.agents().get(agent).map(CancellationToken::cancel).is_some()
    }

    /// What stops an agent that begins: the round's end, or its own.
    pub(super) fn begin(&self, agent: &AgentName, round: &CancellationToken) -> CancellationToken {
        let stop = round.child_token();
        self.agents().insert(agent.clone(), stop.clone());
        stop
    }

    /// An agent is done.
    pub(super) fn end(&self, agent: &AgentName) {
        self.agents().remove(agent);
    }

    fn agents(&self) -> std::sync::MutexGuard<'_, HashMap<AgentName, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
