//! The engine: runs one round from scope to store. Knows nothing of terminals and editors: it sends [`Event`]s.
//!
//! ```text
//! prepare (scope, snapshot, earlier rounds) ─▶ agents, each in a task of its own ─▶ compose ─▶ store
//!                                                                                   │     ▲
//!                                                            pairs in doubt, if asked for ┘     └ judgements (adjudicate)
//! ```
//!
//! What is shown while agents still run is [`compose`]d anew from all that was answered so far: the round is a
//! function of the preparation and the outcomes, whatever the order in which they came.

mod adjudicate;
mod compose;
pub mod document;
pub mod import;
mod locate;
mod look;
mod parts;
mod prepare;
mod run_agent;
mod setup;
mod trace;
pub mod verify;

#[cfg(test)]
mod tests;

pub use look::{Look, look};
pub use prepare::Preparation;
pub use setup::{agents, request};

use crate::agent::{Agent, Outcome, Progress};
use crate::finding::{AgentName, FindingId, Resolution, Round, RoundScope, State};
use crate::git::{GitError, Repository, ScopeRequest, SnapshotError, SnapshotOptions};
use crate::merge::{Fate, Merger};
use crate::store::{Branch, SetAside, Store, StoreError};
use adjudicate::Judged;
use compose::{Answers, Composed};
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
    /// Which of the reviewers judges remarks of which it is in doubt whether they are one issue; nobody if it does not
    /// take part.
    pub adjudicator: Option<AgentName>,
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
    let judge = reviewers.iter().find(|r| Some(r.agent.info().name) == request.adjudicator).cloned();
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
    // What was judged before of remarks in the same words holds.
    let judgements = prepared.earlier.last().map(|(round, _)| round.judged.clone()).unwrap_or_default();
    let running = Running {
        prepared: Arc::new(prepared),
        answers: Answers::new(),
        judged: Judged { judgements, ..Judged::default() },
        merger: Merger::default(),
        judge,
        events,
        started,
    };
    running.run(&reviewers, &cancel).await
}

/// A round under way. What was answered and judged is its only state; the merger only spares work.
struct Running {
    prepared: Arc<Preparation>,
    answers: Answers,
    judged: Judged,
    merger: Merger,
    judge: Option<Reviewer>,
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
            let prepared = self.prepared.clone();
            let answered = blocking(move || compose::answered(&prepared, outcome, took)).await;
            self.answers.insert(name, Arc::new(answered));
            let composed = self.composed().await;
            let judge = self.judge.clone().filter(|judge| tasks.is_empty() && self.can_judge(judge, &composed));
            let doubts = composed.doubts.clone();
            (round, stored) = self.keep(composed, number, tasks.is_empty() && judge.is_none()).await;
            if let Some(judge) = judge {
                let in_doubt = (&doubts[..], &round.raw[..]);
                let said = adjudicate::adjudicate(&judge, &self.prepared.brief, in_doubt, &self.events, cancel).await;
                self.judged.add(said);
                let composed = self.composed().await;
                (round, stored) = self.keep(composed, number, true).await;
            }
        }
        match stored {
            Ok(()) => Ok(Reviewed::Round(round)),
            Err(source) => Err(ReviewError::Store { source, round: Some(round) }),
        }
    }

    /// Whether something is in doubt, and the judge is not known to fail.
    fn can_judge(&self, judge: &Reviewer, composed: &Composed) -> bool {
        let answered = self.answers.get(&judge.agent.info().name);
        !composed.doubts.is_empty() && answered.is_some_and(|answered| !answered.has_failed())
    }

    /// Stores the round before it shows it: whoever sees it finds its texts, and a crash of ours loses no answer.
    async fn keep(&self, mut composed: Composed, number: u32, is_last: bool) -> (Arc<Round>, Result<(), StoreError>) {
        composed.round.number = number;
        let round = Arc::new(composed.round.clone());
        let prepared = self.prepared.clone();
        let stored = blocking(move || store(&prepared, &composed, is_last)).await;
        self.show(&round);
        (round, stored)
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

    async fn composed(&mut self) -> Composed {
        let (prepared, answers, judged) = (self.prepared.clone(), self.answers.clone(), self.judged.clone());
        let (mut merger, took) = (std::mem::take(&mut self.merger), self.started.elapsed());
        let (composed, merger) = blocking(move || {
            let composed = compose::compose(&prepared, &answers, &judged, &mut merger, took);
            (composed, merger)
        })
        .await;
        self.merger = merger;
        composed
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
    let Composed { round, texts, earlier, .. } = composed;
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
            Fate::Raised | Fate::Joined | Fate::Standing | Fate::Declined => None,
        })
        .collect();
    if is_last && !closed.is_empty() {
        branch.decide(|decisions| {
            for (id, state) in closed {
                if decisions.is_open(id) {
                    let resolution =
                        Resolution { state, at: prepared.started, round: round.id.clone(), code: None, commit: None };
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
