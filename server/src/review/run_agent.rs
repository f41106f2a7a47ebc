//! Runs one agent: its briefs one after the other, with a deadline each, its panic a crash of its own.

use super::Reviewer;
use crate::agent::{Agent, Brief, Outcome, Progress, Session};
use crate::finding::{AgentName, Answer, Failure, FailureKind, RawId};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// How long an agent may take to end after it was told to.
pub(super) const GRACE: Duration = if cfg!(test) { Duration::from_millis(50) } else { Duration::from_secs(10) };

/// Findings of one agent in one round above which the rest is cut, and the loss said.
const MAX_FINDINGS: usize = 1000;

pub(super) async fn run(
    reviewer: Reviewer,
    briefs: Vec<Brief>,
    progress: UnboundedSender<(AgentName, Progress)>,
    cancel: CancellationToken,
) -> (AgentName, Outcome, Duration) {
    let started = Instant::now();
    let name = reviewer.agent.info().name;
    let mut whole = Outcome::default();
    for brief in &briefs {
        let mut part = one(&reviewer, brief, &name, &progress, &cancel).await;
        let failed = part.failure.is_some();
        if !failed && part.answer.covered.is_empty() && briefs.len() > 1 {
            // Who does not say otherwise has read its part, also if a later part fails.
            part.answer.covered = brief.files.to_vec();
        }
        join(&mut whole, part);
        if failed {
            // The parts that come after would meet the same failure; what was answered stays.
            break;
        }
    }
    number(&mut whole.answer, &name);
    (name, whole, started.elapsed())
}

async fn one(
    reviewer: &Reviewer,
    brief: &Brief,
    name: &AgentName,
    progress: &UnboundedSender<(AgentName, Progress)>,
    cancel: &CancellationToken,
) -> Outcome {
    let (tell, mut told) = unbounded_channel();
    let session = Session { progress: tell, cancel: cancel.child_token() };
    let stop = session.cancel.clone();
    let agent: &dyn Agent = &*reviewer.agent;
    let review = AssertUnwindSafe(agent.review(brief, &session)).catch_unwind();
    tokio::pin!(review);
    let deadline = tokio::time::sleep(reviewer.deadline);
    tokio::pin!(deadline);
    let grace = tokio::time::sleep(Duration::MAX / 4);
    tokio::pin!(grace);
    let mut stopped: Option<FailureKind> = None;
    loop {
        let stopping = |why, grace: std::pin::Pin<&mut tokio::time::Sleep>| {
            stop.cancel();
            grace.reset(tokio::time::Instant::now() + GRACE);
            Some(why)
        };
        tokio::select! {
            biased;
            Some(p) = told.recv() => {
                let _ = progress.send((name.clone(), p));
            }
            done = &mut review => {
                // The agent may hear of it before this loop does.
                let stopped = stopped.or(cancel.is_cancelled().then_some(FailureKind::Cancelled));
                return finish(done, stopped, reviewer.deadline);
            }
            () = cancel.cancelled(), if stopped.is_none() => stopped = stopping(FailureKind::Cancelled, grace.as_mut()),
            () = &mut deadline, if stopped.is_none() => stopped = stopping(FailureKind::TimedOut, grace.as_mut()),
            () = &mut grace, if stopped.is_some() => return finish(Ok(Outcome::default()), stopped, reviewer.deadline),
        }
    }
}

/// What the agent gave, or why it did not. An agent that was stopped is never taken for one that is done, unless
/// it had a complete answer when the word reached it.
fn finish(done: std::thread::Result<Outcome>, stopped: Option<FailureKind>, deadline: Duration) -> Outcome {
    let mut outcome = match done {
        Ok(outcome) => outcome,
        Err(panic) => Outcome::failed(crashed(&*panic)),
    };
    let failure = match stopped {
        None => return outcome,
        Some(FailureKind::TimedOut) => {
            Failure::new(FailureKind::TimedOut, format!("no answer after {}", spoken(deadline)))
                .with_remedy("give it more time (`timeout` of the agent in the configuration), or review less at once")
        }
        Some(_) => Failure::new(FailureKind::Cancelled, "it was cancelled"),
    };
    let answered = outcome.failure.is_none() && outcome.answer != Answer::default();
    if !answered {
        outcome.failure = Some(failure);
    }
    outcome
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

fn join(whole: &mut Outcome, part: Outcome) {
    let Outcome { answer, failure, usage, label, prompt } = part;
    let all = &mut whole.answer;
    all.findings.extend(answer.findings);
    all.observations.extend(answer.observations);
    all.covered.extend(answer.covered);
    all.notes.extend(answer.notes);
    join_assessments(&mut all.assessment, answer.assessment);
    whole.failure = failure;
    whole.usage = whole.usage.plus(usage);
    whole.label = label.or(whole.label.take());
    whole.prompt = prompt.or(whole.prompt.take());
}

fn join_assessments(all: &mut crate::finding::Assessment, part: crate::finding::Assessment) {
    let text = |all: &mut Option<String>, part: Option<String>| match (all.as_mut(), part) {
        (Some(all), Some(part)) => {
            all.push_str("\n\n");
            all.push_str(&part);
        }
        (None, part) => *all = part,
        (Some(_), None) => {}
    };
    text(&mut all.summary, part.summary);
    text(&mut all.testing, part.testing);
    text(&mut all.documentation, part.documentation);
    text(&mut all.commit_structure, part.commit_structure);
    all.untested.extend(part.untested);
    all.limitations.extend(part.limitations);
    all.figures.extend(part.figures);
}

/// Agents number as they like, twice the same, and in the name of others: the ids of a round are ours.
fn number(answer: &mut Answer, name: &AgentName) {
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
