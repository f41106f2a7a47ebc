//! What a round would send to whom, without sending or starting anything.

use super::{Preparation, Request, ReviewError, asked, blocking, prepare};
use agent::Preview;
use finding::{AgentInfo, Failure, Usage};
use git::Snapshot;
use tokio_util::sync::CancellationToken;

/// What one agent would be sent.
#[derive(Debug)]
pub struct Sent {
    /// Who.
    pub agent: AgentInfo,
    /// Each prompt, in order; none for agents that send nothing anywhere, and for those whose earlier answer holds.
    pub prompts: Vec<Result<Preview, Failure>>,
    /// What that is expected to use; `None` where nothing is sent.
    pub estimate: Option<Usage>,
    /// The round whose answer of the agent is taken over for what has not changed since.
    pub holds_since: Option<u32>,
}

/// What a round would send.
#[derive(Debug)]
pub struct DryRun {
    /// What would be reviewed.
    pub snapshot: Snapshot,
    /// The agents in the order in which they are shown.
    pub agents: Vec<Sent>,
}

/// Prepares a round like [`run`](super::run), and stops where it would ask the agents. Nothing is stored.
///
/// # Errors
/// As [`run`](super::run).
pub async fn dry_run(request: Request, cancel: CancellationToken) -> Result<DryRun, ReviewError> {
    let reviewers = request.reviewers.clone();
    blocking(move || {
        let prepared: Preparation = prepare::prepare(&request, &cancel)?;
        let agents = reviewers
            .iter()
            .map(|reviewer| {
                let asked = asked::what(&prepared, &*reviewer.agent);
                Sent {
                    agent: reviewer.agent.info(),
                    prompts: asked.briefs.iter().filter_map(|brief| reviewer.agent.preview(brief)).collect(),
                    estimate: asked.estimate,
                    holds_since: asked.holding.map(|h| h.round),
                }
            })
            .collect();
        Ok(DryRun { snapshot: prepared.snapshot, agents })
    })
    .await
}
