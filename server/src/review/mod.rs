//! The engine: runs one round from scope to store. Knows nothing of terminals and editors: it sends [`Event`]s.

use crate::agent::Progress;
use crate::finding::{AgentName, Round};
use std::sync::Arc;

/// What happens in a round, for whoever shows it.
#[derive(Debug, Clone)]
pub enum Event {
    /// The round with all that is known now: sent at the start (all agents running), when an agent is done,
    /// after verification, and at the end. The newest replaces all before it.
    Updated(Arc<Round>),
    /// What an agent is doing.
    Progress(AgentName, Progress),
}
