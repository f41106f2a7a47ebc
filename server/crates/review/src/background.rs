//! A review that is not a round: what agents say of the code as it is, to be shown and forgotten. Editors have the
//! built-in agents look at every save; a round for each would bury those that somebody asked for.

use super::adjudicate::Judged;
use super::compose::{self, Answers, Besides};
use super::run_agent::{Done, Shared};
use super::{Request, ReviewError, asked, blocking, prepare, run_agent};
use finding::{RepoPath, Round};
use merge::Merger;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What was seen.
#[derive(Debug, Clone)]
pub struct BackgroundReview {
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
pub async fn background(request: Request, cancel: CancellationToken) -> Result<Option<BackgroundReview>, ReviewError> {
    if request.reviewers.is_empty() {
        return Err(ReviewError::NoAgents);
    }
    let started = Instant::now();
    let (reviewers, options) = (request.reviewers.clone(), request.options.clone());
    let stop = cancel.clone();
    let prepared = Arc::new(blocking(move || prepare::prepare(&request, &stop)).await?);
    if prepared.snapshot.files().is_empty() && prepared.snapshot.left_out().is_empty() {
        return Ok(None);
    }
    let (progress, _) = unbounded_channel();
    let shared = Shared::of(&options, cancel.clone(), progress);
    let mut tasks = JoinSet::new();
    for reviewer in reviewers {
        let mut asked = asked::what(&prepared, &*reviewer.agent);
        if let Some(failure) = asked.estimate.and_then(|estimate| shared.budget.reserve(&estimate).err()) {
            asked.refuse(failure);
        }
        tasks.spawn(run_agent::run(reviewer, asked, shared.clone()));
    }
    let done = tasks.join_all().await;
    if cancel.is_cancelled() {
        return Err(ReviewError::Cancelled);
    }
    let composed = blocking(move || {
        let answered = |done: Done| (done.name, Arc::new(compose::answered(&prepared, done.outcome, done.took)));
        let answers: Answers = done.into_iter().map(answered).collect();
        let besides = (&Judged::default(), &Besides::default());
        let merging = (&mut Merger::default(), &prepared.labels);
        let mut composed = compose::compose(&prepared, &answers, besides, merging, started.elapsed());
        let number = prepared.earlier.last().map_or(1, |(round, _)| round.number + 1);
        Arc::make_mut(&mut composed.round).number = number;
        composed
    })
    .await;
    let round = composed.round;
    let mut texts = composed.texts;
    texts.retain(|path, _| round.texts.contains_key(path));
    Ok(Some(BackgroundReview { round, texts: Arc::new(texts) }))
}
