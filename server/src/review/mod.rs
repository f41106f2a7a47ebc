//! The engine: runs one round from scope to store. Knows nothing of terminals and editors: it sends [`Event`]s.
//!
//! ```text
//! prepare (scope, snapshot, earlier rounds) ─▶ agents, each in a task of its own ─▶ compose ─▶ store
//! ```
//!
//! What is shown while agents still run is [`compose`]d anew from all that was answered so far: the round is a
//! function of the preparation and the outcomes, whatever the order in which they came.

mod compose;
pub mod import;
mod locate;
mod parts;
mod prepare;
mod run_agent;
mod setup;
pub mod verify;

#[cfg(test)]
mod tests;

pub use prepare::Preparation;
pub use setup::{agents, request};

use crate::agent::{Agent, Outcome, Progress};
use crate::finding::{AgentName, FindingId, Resolution, Round, RoundScope, State};
use crate::git::{GitError, Repository, ScopeRequest, SnapshotError, SnapshotOptions};
use crate::merge::Fate;
use crate::store::{Branch, SetAside, Store, StoreError};
use compose::Composed;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What happens in a round, for whoever shows it.
#[derive(Debug, Clone)]
pub enum Event {
    /// The round with all that is known now: sent at the start (all agents running), when an agent is done,
    /// after verification, and at the end. The newest replaces all before it.
    Updated(Arc<Round>),
    /// What an agent is doing.
    Progress(AgentName, Progress),
    /// A stored file could not be read and was kept under another name.
    SetAside(SetAside),
}

/// An agent of a round with its time limit.
#[derive(Debug, Clone)]
pub struct Reviewer {
    /// The agent.
    pub agent: Arc<dyn Agent>,
    /// How long one brief may take.
    pub deadline: Duration,
}

/// What to review, and by whom.
#[derive(Debug, Clone)]
pub struct Request {
    /// The repository.
    pub repository: Repository,
    /// Which base, and whether uncommitted work counts.
    pub scope: ScopeRequest,
    /// What is left out of the snapshot.
    pub snapshot: SnapshotOptions,
    /// Who reviews; names are unique.
    pub reviewers: Vec<Reviewer>,
    /// Convention files besides the usual ones, read from the base commit.
    pub conventions: Vec<crate::finding::RepoPath>,
    /// Patterns of files that no agent outside the machine gets.
    pub never_send: Vec<String>,
    /// Size in bytes above which a change is given to agents in parts.
    pub brief_bytes: usize,
}

/// Why there is no round.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The repository cannot be read, or what to compare cannot be found.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A text of the snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The round could not be stored. It is lost only if `round` is `None`.
    #[error("{source}")]
    Store {
        /// What went wrong.
        source: StoreError,
        /// The round, complete but not stored.
        round: Option<Arc<Round>>,
    },
    /// It is unclear what must not be sent, so nothing is.
    #[error("'{0}' in never_send is not a pattern")]
    NeverSend(String),
    /// Nobody to review.
    #[error("no agent is to review: all are turned off or none was found")]
    NoAgents,
    /// The user stopped it before it began.
    #[error("the review was cancelled")]
    Cancelled,
}

impl ReviewError {
    /// What the user can do about it: a sentence that starts in lower case.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.remedy(),
            Self::NoAgents => Some("'deep-review agents' says which there are and why they cannot be used".into()),
            Self::NeverSend(_) => Some("mend it in your configuration or in the base's .deep-review.toml".into()),
            Self::Snapshot(_) | Self::Store { .. } | Self::Cancelled => None,
        }
    }

    fn storing(source: StoreError) -> Self {
        Self::Store { source, round: None }
    }
}

/// What a request led to.
#[derive(Debug, Clone)]
pub enum Reviewed {
    /// A round, stored.
    Round(Arc<Round>),
    /// Nothing differs from the base, so nobody was asked.
    NothingChanged(RoundScope),
}

/// Runs a round: asks every agent at once, merges what they say, stores the round.
///
/// A cancelled round keeps what was answered and is stored like any other; the agents that had not answered are
/// failures of kind [`Cancelled`](crate::finding::FailureKind::Cancelled).
///
/// # Errors
/// Only when there can be no round at all; a failing agent is part of the round.
pub async fn run(
    request: Request,
    events: UnboundedSender<Event>,
    cancel: CancellationToken,
) -> Result<Reviewed, ReviewError> {
    if request.reviewers.is_empty() {
        return Err(ReviewError::NoAgents);
    }
    let started = Instant::now();
    let reviewers = request.reviewers.clone();
    let stop = cancel.clone();
    let prepared = blocking(move || prepare::prepare(&request, &stop)).await?;
    if cancel.is_cancelled() {
        return Err(ReviewError::Cancelled);
    }
    for aside in &prepared.set_aside {
        let _ = events.send(Event::SetAside(aside.clone()));
    }
    if prepared.snapshot.files().is_empty() && prepared.snapshot.left_out().is_empty() {
        return Ok(Reviewed::NothingChanged(prepared.snapshot.scope().clone()));
    }
    Running { prepared: Arc::new(prepared), outcomes: BTreeMap::new(), events, started }.run(&reviewers, &cancel).await
}

/// A round under way. The outcomes are its only state.
struct Running {
    prepared: Arc<Preparation>,
    outcomes: BTreeMap<AgentName, (Outcome, Duration)>,
    events: UnboundedSender<Event>,
    started: Instant,
}

impl Running {
    async fn run(mut self, reviewers: &[Reviewer], cancel: &CancellationToken) -> Result<Reviewed, ReviewError> {
        let Composed { mut round, .. } = self.composed().await;
        let branch = self.prepared.branch.clone();
        round = blocking(move || branch.begin(&mut round).map(|()| round)).await.map_err(ReviewError::storing)?;
        let number = round.number;
        let mut round = Arc::new(round);
        self.show(&round);

        let (progress, mut said) = unbounded_channel();
        let mut tasks = JoinSet::new();
        for reviewer in reviewers {
            let briefs = parts::briefs(&self.prepared, reviewer.agent.takes_parts());
            tasks.spawn(run_agent::run(reviewer.clone(), briefs, progress.clone(), cancel.clone()));
        }
        drop(progress);
        let mut stored = Ok(());
        while let Some((name, outcome, took)) = self.next(&mut tasks, &mut said).await {
            self.outcomes.insert(name, (outcome, took));
            let mut composed = self.composed().await;
            composed.round.number = number;
            round = Arc::new(composed.round.clone());
            // Stored before it is shown: whoever sees the round finds its texts, and a crash of ours loses no answer.
            let (prepared, is_last) = (self.prepared.clone(), tasks.is_empty());
            stored = blocking(move || store(&prepared, &composed, is_last)).await;
            self.show(&round);
        }
        match stored {
            Ok(()) => Ok(Reviewed::Round(round)),
            Err(source) => Err(ReviewError::Store { source, round: Some(round) }),
        }
    }

    /// The next agent that is done; passes progress on meanwhile. `None` when all are.
    async fn next(
        &self,
        tasks: &mut JoinSet<(AgentName, Outcome, Duration)>,
        said: &mut UnboundedReceiver<(AgentName, Progress)>,
    ) -> Option<(AgentName, Outcome, Duration)> {
        loop {
            tokio::select! {
                biased;
                Some((name, progress)) = said.recv() => {
                    let _ = self.events.send(Event::Progress(name, progress));
                }
                done = tasks.join_next() => match done {
                    // run_agent::run catches an agent's panic, so a task that cannot be joined was aborted with the runtime.
                    Some(Err(_)) => {}
                    Some(Ok(done)) => return Some(done),
                    None => return None,
                },
            }
        }
    }

    async fn composed(&self) -> Composed {
        let (prepared, outcomes) = (self.prepared.clone(), self.outcomes.clone());
        let took = self.started.elapsed();
        blocking(move || compose::compose(&prepared, &outcomes, took)).await
    }

    fn show(&self, round: &Arc<Round>) {
        // Nobody listening is no error: the round is stored all the same.
        let _ = self.events.send(Event::Updated(round.clone()));
    }
}

/// The texts first: a round never names a text that is not there. At the end, what became of earlier findings.
fn store(prepared: &Preparation, composed: &Composed, is_last: bool) -> Result<(), StoreError> {
    let store: &Store = &prepared.store;
    let branch: &Branch = &prepared.branch;
    let Composed { round, texts, earlier } = composed;
    for (path, blob) in &round.texts {
        if let Some(text) = texts.get(path) {
            store.put_text(blob, text)?;
        }
    }
    branch.save(round)?;
    let closed: Vec<(&FindingId, State)> = earlier
        .iter()
        .filter_map(|became| match became.fate {
            Fate::Fixed => Some((&became.id, State::Fixed)),
            Fate::Outdated => Some((&became.id, State::Outdated)),
            Fate::Raised | Fate::Standing | Fate::Declined => None,
        })
        .collect();
    if is_last && !closed.is_empty() {
        branch.decide(|decisions| {
            for (id, state) in closed {
                if decisions.is_open(id) {
                    let resolution = Resolution { state, at: prepared.started, round: round.id.clone(), code: None };
                    decisions.resolutions.insert(id.clone(), resolution);
                }
            }
        })?;
    }
    Ok(())
}

/// Runs what computes or reads files, off the threads that wait for agents.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            // Our own bug: it goes on to whoever started the round.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => unreachable!("a blocking task is not cancelled while its runtime lives"),
        },
    }
}
