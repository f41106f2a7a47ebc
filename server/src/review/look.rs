//! A review that is not a round: what agents say of the code as it is, to be shown and forgotten. Editors have the
//! built-in agents look at every save; a round for each would bury those that somebody asked for.

use super::adjudicate::Judged;
use super::compose::{self, Answers};
use super::{Request, ReviewError, blocking, parts, prepare, run_agent};
use crate::finding::{RepoPath, Round};
use crate::merge::Merger;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What was seen.
#[derive(Debug, Clone)]
pub struct Look {
    /// As a round would be, under the number that the branch's next round will get.
    pub round: Arc<Round>,
    /// The texts that [`Round::texts`] names; no store has them.
    pub texts: Arc<BTreeMap<RepoPath, Arc<str>>>,
}

/// Asks every agent at once and merges what they say, without a trace in the store. `None` if nothing differs from
/// the base.
///
/// # Errors
/// As [`run`](super::run), and when it was cancelled.
pub async fn look(request: Request, cancel: CancellationToken) -> Result<Option<Look>, ReviewError> {
    if request.reviewers.is_empty() {
        return Err(ReviewError::NoAgents);
    }
    let started = Instant::now();
    let reviewers = request.reviewers.clone();
    let stop = cancel.clone();
    let prepared = Arc::new(blocking(move || prepare::prepare(&request, &stop)).await?);
    if prepared.snapshot.files().is_empty() && prepared.snapshot.left_out().is_empty() {
        return Ok(None);
    }
    let (progress, _) = unbounded_channel();
    let mut tasks = JoinSet::new();
    for reviewer in reviewers {
        let briefs = parts::briefs(&prepared, reviewer.agent.takes_parts());
        tasks.spawn(run_agent::run(reviewer, briefs, progress.clone(), cancel.clone()));
    }
    let outcomes = tasks.join_all().await;
    if cancel.is_cancelled() {
        return Err(ReviewError::Cancelled);
    }
    let composed = blocking(move || {
        let answered = |(name, outcome, took)| (name, Arc::new(compose::answered(&prepared, outcome, took)));
        let answers: Answers = outcomes.into_iter().map(answered).collect();
        let took = started.elapsed();
        let mut composed = compose::compose(&prepared, &answers, &Judged::default(), &mut Merger::default(), took);
        composed.round.number = prepared.earlier.last().map_or(1, |(round, _)| round.number + 1);
        composed
    })
    .await;
    let round = composed.round;
    let mut texts = composed.texts;
    texts.retain(|path, _| round.texts.contains_key(path));
    Ok(Some(Look { round: Arc::new(round), texts: Arc::new(texts) }))
}
