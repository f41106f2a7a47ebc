//! Runs one agent: its briefs one after the other, with a deadline each, its panic a crash of its own.

use super::asked::{self, Asked};
use super::budget::Budget;
use super::{Options, Reviewer};
use agent::fleet::Sharing;
use agent::{Agent, Brief, Completion, Outcome, Progress, Question, Session};
use finding::{AgentName, Answer, Failure, FailureKind, RawId, RepoPath, Usage};
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// How long an agent may take to end after it was told to.
pub(super) const GRACE: Duration = if cfg!(test) { Duration::from_millis(50) } else { Duration::from_secs(10) };

/// Findings of one agent in one round above which the rest is cut, and the loss said.
const MAX_FINDINGS: usize = 1000;

/// What all agents of a round share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) budget: Arc<Budget>,
    pub(super) cancel: CancellationToken,
    pub(super) progress: UnboundedSender<(AgentName, Progress)>,
    pub(super) sharing: Sharing,
}

impl Shared {
    pub(super) fn of(
        options: &Options,
        cancel: CancellationToken,
        progress: UnboundedSender<(AgentName, Progress)>,
    ) -> Self {
        let sharing = Sharing { fleet: agent::fleet::of(&options.fleet), is_fresh: options.fresh };
        Self { budget: Arc::new(Budget::new(options.limits)), cancel, progress, sharing }
    }
}

/// An agent that is done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) name: AgentName,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    /// What it was asked.
    pub(super) asked: Asked,
    /// The files that it was given and answered for, now or before.
    pub(super) files: BTreeSet<RepoPath>,
}

/// Asks an agent, in its turn.
pub(super) async fn run(reviewer: Reviewer, asked: Asked, shared: Shared) -> Done {
    let name = reviewer.agent.info().name;
    let mut whole = Outcome { failure: asked.refused.clone(), ..Outcome::default() };
    let mut files: BTreeSet<RepoPath> = asked.holding.iter().flat_map(|h| h.files.iter().cloned()).collect();
    let place = match asked.estimate {
        Some(_) => {
            let place = shared.budget.place();
            tokio::select! {
                place = place => place,
                () = shared.cancel.cancelled() => None,
                () = shared.budget.passed.cancelled() => None,
            }
        }
        None => None,
    };
    let started = Instant::now();
    for brief in &asked.briefs {
        let mut part = one(&reviewer, brief, &name, asked.estimate.as_ref(), &shared).await;
        let failed = part.failure.is_some();
        if !failed && part.answer.covered.is_empty() && asked.briefs.len() > 1 {
            // Who does not say otherwise has read its part, also if a later part fails.
            part.answer.covered = brief.files.to_vec();
        }
        whole.join(part);
        if failed {
            // The parts that come after would meet the same failure; what was answered stays.
            break;
        }
        files.extend(brief.files.iter().cloned());
    }
    drop(place);
    if let Some(estimate) = &asked.estimate {
        shared.budget.settle(estimate, &whole.usage);
    }
    let mut outcome = asked::join(whole, asked.holding.as_ref(), !asked.briefs.is_empty());
    number(&mut outcome.answer, &name);
    Done { name, outcome, took: started.elapsed(), asked, files }
}

/// One brief, with the agent's deadline.
pub(super) async fn one(
    reviewer: &Reviewer,
    brief: &Brief,
    name: &AgentName,
    estimate: Option<&Usage>,
    shared: &Shared,
) -> Outcome {
    let session = session(name, estimate, shared);
    let agent: &dyn Agent = &*reviewer.agent;
    let (outcome, stopped) =
        supervised(agent.review(brief, &session.0), reviewer.deadline, session.1, shared, &session.0.cancel).await;
    let mut outcome = outcome.unwrap_or_default();
    // An agent that was stopped is never taken for one that is done, unless it had a complete answer when the word
    // reached it.
    let answered = outcome.failure.is_none() && outcome.answer != Answer::default();
    if !answered && stopped.is_some() {
        outcome.failure = stopped;
    }
    outcome
}

/// Asks an agent a question besides its review.
pub(super) async fn ask(reviewer: &Reviewer, brief: &Brief, question: &Question, shared: &Shared) -> Completion {
    let agent: &dyn Agent = &*reviewer.agent;
    let name = agent.info().name;
    let about: usize =
        brief.changed().filter(|f| question.files.contains(&f.path)).map(agent::prompt::size_of_change).sum();
    let bytes = about + question.data.iter().map(|(_, text)| text.len()).sum::<usize>();
    let estimate = super::estimate::question(agent, bytes);
    if let Err(failure) = shared.budget.reserve(&estimate) {
        return Completion::failed(failure);
    }
    let _place = shared.budget.place().await;
    let mut session = session(&name, Some(&estimate), shared);
    // What a person asked is read while it is written.
    session.0.is_read_along = question.template == "ask";
    let work = agent.ask(brief, question, &session.0);
    let (said, stopped) = supervised(work, reviewer.deadline, session.1, shared, &session.0.cancel).await;
    let said = said.unwrap_or_default();
    shared.budget.settle(&estimate, &said.usage);
    match stopped {
        Some(failure) => Completion { failure: Some(failure), ..said },
        None => said,
    }
}

type Told = UnboundedReceiver<Progress>;

fn session(name: &AgentName, estimate: Option<&Usage>, shared: &Shared) -> (Session, (AgentName, Told)) {
    let (progress, told) = unbounded_channel();
    let max_cost_usd = estimate.and_then(|estimate| shared.budget.allows_usd(estimate));
    let sharing = shared.sharing.clone();
    (Session { max_cost_usd, sharing, ..Session::new(progress, shared.cancel.child_token()) }, (name.clone(), told))
}

/// Does an agent's work: its panic is a crash of its own, and it ends soon after the word to stop. Gives what came of
/// it, if anything, and why it was stopped, if it was.
async fn supervised<T>(
    work: impl Future<Output = T>,
    deadline: Duration,
    (name, mut told): (AgentName, Told),
    shared: &Shared,
    stop: &CancellationToken,
) -> (Option<T>, Option<Failure>) {
    let work = AssertUnwindSafe(work).catch_unwind();
    tokio::pin!(work);
    let late = tokio::time::sleep(deadline);
    tokio::pin!(late);
    let grace = tokio::time::sleep(Duration::MAX / 4);
    tokio::pin!(grace);
    let mut stopped: Option<FailureKind> = None;
    let why = |kind| match kind {
        FailureKind::TimedOut => Failure::new(FailureKind::TimedOut, format!("no answer after {}", spoken(deadline)))
            .with_remedy("give it more time (`timeout` of the agent in the configuration), or review less at once"),
        FailureKind::BudgetReached => shared.budget.failure(),
        _ => Failure::new(FailureKind::Cancelled, "it was cancelled"),
    };
    loop {
        let stopping = |why, grace: std::pin::Pin<&mut tokio::time::Sleep>| {
            stop.cancel();
            grace.reset(tokio::time::Instant::now() + GRACE);
            Some(why)
        };
        tokio::select! {
            biased;
            Some(p) = told.recv() => {
                let _ = shared.progress.send((name.clone(), p));
            }
            done = &mut work => {
                // The agent may hear of it before this loop does.
                let stopped = stopped.or(shared.cancel.is_cancelled().then_some(FailureKind::Cancelled));
                return match done {
                    Ok(done) => (Some(done), stopped.map(why)),
                    Err(panic) => (None, Some(stopped.map_or_else(|| crashed(&*panic), why))),
                };
            }
            () = shared.cancel.cancelled(), if stopped.is_none() => stopped = stopping(FailureKind::Cancelled, grace.as_mut()),
            () = shared.budget.passed.cancelled(), if stopped.is_none() => stopped = stopping(FailureKind::BudgetReached, grace.as_mut()),
            () = &mut late, if stopped.is_none() => stopped = stopping(FailureKind::TimedOut, grace.as_mut()),
            () = &mut grace, if stopped.is_some() => return (None, stopped.map(why)),
        }
    }
}

fn crashed(panic: &(dyn std::any::Any + Send)) -> Failure {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Failure::new(FailureKind::Crashed, format!("it crashed: {what}"))
        .with_remedy("this is a bug of deep-review; please report it with this message")
}

fn spoken(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        s if s < 120 => format!("{s} s"),
        s => format!("{} min", s / 60),
    }
}

/// Agents number as they like, twice the same, and in the name of others: the ids of a round are ours.
pub(super) fn number(answer: &mut Answer, name: &AgentName) {
    if answer.findings.len() > MAX_FINDINGS {
        answer.notes.push(format!(
            "{} findings over the limit of {MAX_FINDINGS} were left out",
            answer.findings.len() - MAX_FINDINGS
        ));
        answer.findings.truncate(MAX_FINDINGS);
    }
    for (n, finding) in (1..).zip(&mut answer.findings) {
        finding.id = RawId::new(format!("{name}:{n}"));
        finding.agent = name.clone();
        for fix in &mut finding.fixes {
            fix.by = vec![name.clone()];
        }
    }
    for observation in &mut answer.observations {
        observation.by = vec![name.clone()];
    }
    answer.covered.sort();
    answer.covered.dedup();
}
