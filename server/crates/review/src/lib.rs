//! The engine: runs one round from scope to store. Knows nothing of terminals and editors: it sends [`Event`]s.
//!
//! ```text
//! prepare (scope, snapshot, earlier rounds) ─▶ agents, each in a task of its own ─▶ compose ─▶ store
//! ```
//!
//! What is shown while agents still run is [`compose`]d anew from all that was answered so far: the round is a
//! function of the preparation and the outcomes, whatever the order in which they came.

mod about;
mod adjudicate;
mod asked;
mod background;
mod budget;
mod compose;
mod consult;
mod contrary;
pub mod document;
mod estimate;
pub mod eval;
pub mod import;
mod kept;
mod lead;
mod learned;
mod locate;
mod parts;
mod prepare;
mod preview;
mod recheck;
mod run_agent;
mod setup;
pub mod stack;
mod stands;
mod stops;
mod trace;
mod verify;

#[cfg(test)]
mod tests;

pub use background::{BackgroundReview, background};
pub use budget::Limits;
pub use consult::{Consulted, Counsel, NotConsulted, consult, thread_of, told_of};
pub use prepare::Preparation;
pub use preview::{DryRun, Sent, dry_run};
pub use setup::{MisnamedAgent, UnknownAgent, agents, chosen, named, request};
pub use stops::Stops;

use adjudicate::Judged;
use agent::fleet::FleetSettings;
use agent::{Agent, Progress, Steering, answer};
use asked::Asked;
use compose::{Answered, Answers, Besides, Composed};
use config::Verify;
use finding::{AgentInfo, AgentName, Check, Finding, FindingId, Resolution, Round, RoundId, RoundScope, State, Usage};
use futures_util::FutureExt;
use git::{GitError, Repository, ScopeRequest, SnapshotError, SnapshotOptions};
use merge::{Fate, Labels, Merger};
use run_agent::{Done, Shared};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Branch, SetAside, Store, StoreError};
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
    /// What is reviewed, against which base, and whether uncommitted work counts.
    pub scope: ScopeRequest,
    /// Where rounds are kept, if not in the repository's own store.
    pub store: Option<Store>,
    /// What is left out of the snapshot.
    pub snapshot: SnapshotOptions,
    /// Who reviews; names are unique.
    pub reviewers: Vec<Reviewer>,
    /// Convention files besides the usual ones, read from the base commit.
    pub conventions: Vec<finding::RepoPath>,
    /// Patterns of files that no agent outside the machine gets.
    pub never_send: Vec<String>,
    /// Size in bytes above which a change is given to agents in parts.
    pub brief_bytes: usize,
    /// Which of the reviewers judges remarks of which it is in doubt whether they are one issue; nobody if it does not
    /// take part.
    pub adjudicator: Option<AgentName>,
    /// How it is done.
    pub options: Options,
}

/// How a round is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether agents check each other's findings.
    pub verify: Verify,
    /// Who leads, with [`Verify::Lead`]; the first that can where it is `None`.
    pub lead: Option<AgentName>,
    /// What it may cost.
    pub limits: Limits,
    /// Whether every agent is asked about everything, whatever it answered before.
    pub fresh: bool,
    /// Whether the newest round, which was interrupted, is finished instead of beginning another one.
    pub resume: bool,
    /// The one finding to look at again; nothing else is asked about, and everything else stands.
    pub about: Option<FindingId>,
    /// Whether secrets are masked in what is sent.
    pub mask_secrets: bool,
    /// Whether agents that read files may read the sources of dependencies.
    pub dependencies: bool,
    /// A folder with prompts that replace the built-in ones.
    pub prompts: Option<PathBuf>,
    /// What the user wants of the agents' reviews.
    pub steering: Steering,
    /// What stops single agents while the round runs.
    pub stops: Stops,
    /// Where runners on other machines share answers and rates with this one.
    pub fleet: FleetSettings,
}

impl Default for Options {
    /// No verification, no limits, everything masked.
    fn default() -> Self {
        Self {
            verify: Verify::Off,
            lead: None,
            limits: Limits::default(),
            fresh: false,
            resume: false,
            about: None,
            mask_secrets: true,
            dependencies: false,
            prompts: None,
            steering: Steering::default(),
            stops: Stops::default(),
            fleet: FleetSettings::default(),
        }
    }
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
    /// The user's own prompts cannot be read.
    #[error(transparent)]
    Prompts(finding::Failure),
    /// The newest round is complete, or there is none.
    #[error("there is no interrupted round on this branch")]
    NothingToResume,
    /// The finding to look at again is none of those that are open.
    #[error("there is nothing to look at again: the finding is closed, or its code is gone")]
    NothingToRecheck,
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
            Self::NothingToResume => Some("review without --resume to begin a new round".into()),
            Self::NeverSend(_) => Some("mend it in your configuration or in the base's .deep-review.toml".into()),
            Self::Prompts(_) => Some("mend `prompts` in your configuration".into()),
            Self::NothingToRecheck => Some("reopen it, or review the branch".into()),
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
/// failures of kind [`Cancelled`](finding::FailureKind::Cancelled).
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
    let (reviewers, options) = (request.reviewers.clone(), request.options.clone());
    let judge = reviewers.iter().find(|r| Some(r.agent.info().name) == request.adjudicator).cloned();
    let stop = cancel.clone();
    let mut prepared = blocking(move || prepare::prepare(&request, &stop)).await?;
    if cancel.is_cancelled() {
        return Err(ReviewError::Cancelled);
    }
    for aside in &prepared.set_aside {
        let _ = events.send(Event::SetAside(aside.clone()));
    }
    if prepared.snapshot.files().is_empty() && prepared.snapshot.left_out().is_empty() {
        return Ok(Reviewed::NothingChanged(prepared.snapshot.scope().clone()));
    }
    prepared.keep_masks();
    // What was judged before of remarks in the same words holds.
    let judgements = prepared.earlier.last().map(|(round, _)| round.judged.clone()).unwrap_or_default();
    let running = Running {
        labels: prepared.labels.clone(),
        prepared: Arc::new(prepared),
        number: 0,
        answers: Answers::new(),
        judged: Judged { judgements, ..Judged::default() },
        besides: Besides::default(),
        merger: Merger::default(),
        events,
        started,
    };
    match options.about.clone() {
        Some(about) => running.look_again(&reviewers, about, &options, cancel).await,
        None => running.run(&reviewers, judge, &options, cancel).await,
    }
}

/// How long others are waited for when one has answered: what comes at the same time is shown at once, under labels in the
/// order of rank.
const TOGETHER: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_secs(1) };
/// No less than so many times as long as it took to work out and store what was shown last: what many agents say of much
/// is then worked out a few times on the way, and not with each of them.
const REST: u32 = 3;

/// A round under way. What was answered, judged and said besides is its only state, with what findings were called when
/// they were shown; the merger only spares work.
struct Running {
    prepared: Arc<Preparation>,
    number: u32,
    answers: Answers,
    judged: Judged,
    besides: Besides,
    merger: Merger,
    /// What findings are called: on the branch, and in the states of this round that people have seen.
    labels: Labels,
    events: UnboundedSender<Event>,
    started: Instant,
}

impl Running {
    async fn run(
        mut self,
        reviewers: &[Reviewer],
        judge: Option<Reviewer>,
        options: &Options,
        cancel: CancellationToken,
    ) -> Result<Reviewed, ReviewError> {
        let (progress, mut told) = unbounded_channel();
        let shared = Shared::of(options, cancel, progress);
        let asked = self.asked(reviewers).await;
        for (reviewer, asked) in reviewers.iter().zip(&asked) {
            self.besides.estimates.extend(asked.estimate.map(|estimate| (reviewer.agent.info().name, estimate)));
        }
        self.begin().await?;

        let mut tasks = JoinSet::new();
        for (reviewer, mut asked) in reviewers.iter().zip(asked) {
            // In the order of the agents, so that the first ones come first where not all can be paid.
            if let Some(failure) = asked.estimate.and_then(|estimate| shared.budget.reserve(&estimate).err()) {
                asked.refuse(failure);
            }
            let (name, stops) = (reviewer.agent.info().name, options.stops.clone());
            let shared = Shared { cancel: stops.begin(&name, &shared.cancel), ..shared.clone() };
            let running = run_agent::run(reviewer.clone(), asked, shared);
            let (prepared, number) = (self.prepared.clone(), self.number);
            tasks.spawn(async move {
                let done = running.await;
                stops.end(&name);
                read(prepared, number, done).await
            });
        }
        let mut last = None;
        let mut together = TOGETHER;
        while let Some((name, answered)) = self.next(&mut tasks, &mut told).await {
            self.answers.insert(name, Arc::new(answered));
            let until = tokio::time::Instant::now() + together;
            while !TOGETHER.is_zero()
                && let Ok(Some((name, answered))) =
                    tokio::time::timeout_at(until, self.next(&mut tasks, &mut told)).await
            {
                self.answers.insert(name, Arc::new(answered));
            }
            let begun = Instant::now();
            let composed = self.composed().await;
            if !tasks.is_empty() {
                // What cannot be stored now is tried again with the next answer.
                let _ = self.publish(&composed, false).await;
            }
            last = Some(composed);
            together = TOGETHER.max(begun.elapsed() * REST);
        }
        let mut composed = match last {
            Some(composed) => composed,
            None => self.composed().await,
        };
        if self.recall(&composed.round.findings) {
            self.weigh(&composed.round.findings, &mut told).await;
            composed = self.composed().await;
        }
        if let Some(judge) = judge.filter(|judge| self.can_judge(judge, &composed)) {
            let _ = self.publish(&composed, false).await;
            let doubts = (&composed.doubts[..], &composed.round.raw[..]);
            let judging = adjudicate::adjudicate(&judge, &self.prepared.brief, doubts, &shared);
            let said = self.listening(judging, &mut told).await;
            self.judged.add(said);
            composed = self.composed().await;
        }
        if options.verify != Verify::Off && !shared.cancel.is_cancelled() {
            let round = self.publish(&composed, false).await.0;
            self.verify(&round, reviewers, options, &shared, &mut told).await;
            composed = self.composed().await;
        }
        match self.publish(&composed, true).await {
            (round, Ok(())) => Ok(Reviewed::Round(round)),
            (round, Err(source)) => Err(ReviewError::Store { source, round: Some(round) }),
        }
    }

    /// A round that looks at one finding again, and keeps everything else as it stands.
    async fn look_again(
        mut self,
        reviewers: &[Reviewer],
        about: FindingId,
        options: &Options,
        cancel: CancellationToken,
    ) -> Result<Reviewed, ReviewError> {
        let (progress, mut told) = unbounded_channel();
        let shared = Shared::of(options, cancel, progress);
        self.besides.about = None;
        let before = self.composed().await;
        let finding = before.round.findings.iter().find(|f| f.id == about).ok_or(ReviewError::NothingToRecheck)?;
        let remarks: Vec<finding::RawFinding> = before.round.remarks(finding).into_iter().cloned().collect();
        self.besides.about = Some(about::About::new(&self.prepared, finding));
        self.begin().await?;
        self.recall(&before.round.findings);
        let prepared = self.prepared.clone();
        let asking = reviewers.iter().map(|reviewer| {
            let name = reviewer.agent.info().name;
            let doing = format!("looking at {} again", finding.label);
            let _ = shared.progress.send((name.clone(), Progress::doing(doing)));
            let started = Instant::now();
            let (prepared, shared, remarks) = (&prepared, &shared, &remarks[..]);
            async move {
                let again = recheck::ask(reviewer, prepared, (finding, remarks), shared).await;
                (name, again, started.elapsed())
            }
        });
        let said = self.listening(futures_util::future::join_all(asking), &mut told).await;
        for (name, recheck::Again { word, outcome }, took) in said {
            if let (Some(about), Some(word)) = (&mut self.besides.about, word) {
                about.add(word);
            }
            self.answers.insert(name, Arc::new(compose::answered(&self.prepared, outcome, took)));
        }
        self.weigh(&before.round.findings, &mut told).await;
        let composed = self.composed().await;
        match self.publish(&composed, true).await {
            (round, Ok(())) => Ok(Reviewed::Round(round)),
            (round, Err(source)) => Err(ReviewError::Store { source, round: Some(round) }),
        }
    }

    /// Takes in what was checked in earlier rounds and still holds, and says whether there is any.
    fn recall(&mut self, findings: &[Finding]) -> bool {
        if !self.prepared.fresh {
            let earlier = self.prepared.earlier.last().map(|(round, _)| round);
            self.besides.checks = verify::still_hold(findings, earlier, &self.prepared.texts);
        }
        !self.besides.checks.is_empty()
    }

    /// Finds out what the checks come to. What was found out before stays: a finding that is known to be older than the
    /// change is none of the findings any more.
    async fn weigh(&mut self, findings: &[Finding], told: &mut UnboundedReceiver<(AgentName, Progress)>) {
        self.besides.status.extend(verify::status_of(findings, &self.besides.checks));
        let (prepared, findings, checks) = (self.prepared.clone(), findings.to_vec(), self.besides.checks.clone());
        let aging = blocking(move || verify::ages(&findings, &checks, &prepared.snapshot, verify::LONGEST_BLAME));
        let ages = self.listening(aging, told).await;
        self.besides.ages.extend(ages);
    }

    /// What each agent is to be asked.
    async fn asked(&self, reviewers: &[Reviewer]) -> Vec<Asked> {
        let (prepared, reviewers) = (self.prepared.clone(), reviewers.to_vec());
        blocking(move || reviewers.iter().map(|r| asked::what(&prepared, &*r.agent)).collect()).await
    }

    /// Stores and shows the round with all agents running, under its number.
    async fn begin(&mut self) -> Result<(), ReviewError> {
        let mut round = Arc::unwrap_or_clone(self.composed().await.round);
        let prepared = self.prepared.clone();
        let stored = blocking(move || {
            match prepared.resumes {
                // What was answered is on its way into the round again, from what is kept.
                Some(number) => round.number = number,
                None => prepared.branch.begin(&mut round)?,
            }
            Ok(round)
        });
        let round = stored.await.map_err(ReviewError::storing)?;
        self.number = round.number;
        self.show(&Arc::new(round));
        Ok(())
    }

    /// Whether something is in doubt, and the judge is not known to fail.
    fn can_judge(&self, judge: &Reviewer, composed: &Composed) -> bool {
        !composed.doubts.is_empty() && self.has_answered(judge)
    }

    fn has_answered(&self, reviewer: &Reviewer) -> bool {
        self.answers.get(&reviewer.agent.info().name).is_some_and(|answered| !answered.has_failed())
    }

    /// Stores the round before it shows it: whoever sees it finds its texts, and a crash of ours loses no answer.
    async fn publish(&mut self, composed: &Composed, is_last: bool) -> (Arc<Round>, Result<(), StoreError>) {
        let composed = composed.clone();
        let round = composed.round.clone();
        self.labels = std::mem::take(&mut self.labels).with_shown(&round);
        let prepared = self.prepared.clone();
        let stored = blocking(move || store(&prepared, &composed, is_last)).await;
        self.show(&round);
        (round, stored)
    }

    /// The next agent that is done; passes progress on meanwhile. `None` when all are.
    async fn next(
        &self,
        tasks: &mut JoinSet<(AgentName, Answered)>,
        told: &mut UnboundedReceiver<(AgentName, Progress)>,
    ) -> Option<(AgentName, Answered)> {
        loop {
            tokio::select! {
                biased;
                Some((name, progress)) = told.recv() => {
                    let _ = self.events.send(Event::Progress(name, progress));
                }
                done = tasks.join_next() => match done {
                    // An agent's panic is caught where it runs; this is one of ours.
                    Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    // Aborted with the runtime.
                    Some(Err(_)) => {}
                    Some(Ok(done)) => return Some(done),
                    None => return None,
                },
            }
        }
    }

    /// Has agents check each other's findings, all at once, and the lead speak.
    async fn verify(
        &mut self,
        round: &Round,
        reviewers: &[Reviewer],
        options: &Options,
        shared: &Shared,
        told: &mut UnboundedReceiver<(AgentName, Progress)>,
    ) {
        let answering: Vec<&Reviewer> =
            reviewers.iter().filter(|r| r.agent.answers()).filter(|r| self.has_answered(r)).collect();
        let asking = self.checks(round, &answering, shared);
        let answers = self.listening(asking, told).await;
        for (name, checks, usage, note) in answers {
            self.besides.checks.extend(checks);
            self.besides.notes.extend(note.map(|note| (name.clone(), note)));
            self.use_more(&name, usage);
        }
        self.weigh(&round.findings, told).await;
        if options.verify == Verify::Lead && !shared.cancel.is_cancelled() {
            let mut candidates =
                answering.iter().filter(|r| options.lead.as_ref().is_none_or(|n| *n == r.agent.info().name));
            if let Some(leader) = candidates.next() {
                self.lead(leader, shared, told).await;
            } else if let (Some(lead), Some(first)) = (&options.lead, reviewers.first()) {
                let note = format!("{lead} was to lead, and cannot: it is not among the agents that answered");
                self.besides.notes.push((first.agent.info().name, note));
            }
        }
    }

    /// Each agent's checks of what others found, with what they used and what went wrong. What matters most is asked one
    /// finding at a time, the rest at once.
    async fn checks(
        &self,
        round: &Round,
        answering: &[&Reviewer],
        shared: &Shared,
    ) -> Vec<(AgentName, Vec<Check>, Usage, Option<String>)> {
        let agents: Vec<AgentInfo> = answering.iter().map(|r| r.agent.info()).collect();
        let known = Round { checks: self.besides.checks.clone(), ..round.clone() };
        let batches = verify::assign(&known, &agents, &self.prepared.brief.sending);
        let asked = answering.iter().zip(&agents).flat_map(|(reviewer, info)| {
            let batch = batches.get(&info.name).map(Vec::as_slice).unwrap_or_default();
            let (questions, unasked) = verify::questions(batch);
            let asking = questions.into_iter().map(|batch| self.check(reviewer, info.name.clone(), batch, shared));
            let unasked = unasked.map(|note| (info.name.clone(), Vec::new(), Usage::default(), Some(note)));
            let unasked = unasked.into_iter().map(|said| futures_util::future::ready(said).boxed());
            asking.map(FutureExt::boxed).chain(unasked).collect::<Vec<_>>()
        });
        futures_util::future::join_all(asked).await
    }

    /// One agent's check of some findings.
    async fn check(
        &self,
        reviewer: &Reviewer,
        name: AgentName,
        batch: Vec<&Finding>,
        shared: &Shared,
    ) -> (AgentName, Vec<Check>, Usage, Option<String>) {
        let doing = format!("checking {}", count(batch.len(), "finding of others", "findings of others"));
        let _ = shared.progress.send((name.clone(), Progress::doing(doing)));
        let question = verify::question(&batch);
        let said = run_agent::ask(reviewer, &self.prepared.brief, &question, shared).await;
        let (checks, note) = match answer::verdicts(&said) {
            Ok(verdicts) => {
                let checks = verify::checks(&verdicts, &batch, &name);
                let missing = batch.len() - checks.len();
                let note = || format!("it was asked to check {} findings and left out {missing}", batch.len());
                (checks, (missing > 0).then(note))
            }
            Err(failure) => {
                let what = count(batch.len(), "finding", "findings");
                (Vec::new(), Some(format!("its check of {what} failed: {failure}")))
            }
        };
        (name, checks, said.usage, note)
    }

    async fn lead(&mut self, leader: &Reviewer, shared: &Shared, told: &mut UnboundedReceiver<(AgentName, Progress)>) {
        let name = leader.agent.info().name;
        let round = self.composed().await.round;
        let doing = "writing the summary".to_owned();
        let _ = shared.progress.send((name.clone(), Progress::doing(doing)));
        let earlier: Vec<&Round> = self.prepared.earlier.iter().map(|(round, _)| round).collect();
        let question = lead::question(&round, &earlier, &self.prepared.brief.sending);
        let asking = run_agent::ask(leader, &self.prepared.brief, &question, shared);
        let said = self.listening(asking, told).await;
        match answer::lead(&said) {
            Ok(answer) => self.besides.lead = lead::word(answer, &round, &name),
            Err(failure) => {
                self.besides.notes.push((name.clone(), format!("it was to lead, and failed: {failure}")));
            }
        }
        self.use_more(&name, said.usage);
    }

    fn use_more(&mut self, name: &AgentName, usage: Usage) {
        let all = self.besides.usage.entry(name.clone()).or_default();
        *all = all.plus(usage);
    }

    /// Waits for `work`, and passes progress on meanwhile.
    async fn listening<T>(
        &self,
        work: impl Future<Output = T>,
        told: &mut UnboundedReceiver<(AgentName, Progress)>,
    ) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some((name, progress)) = told.recv() => {
                    let _ = self.events.send(Event::Progress(name, progress));
                }
                done = &mut work => return done,
            }
        }
    }

    async fn composed(&mut self) -> Composed {
        let (prepared, answers) = (self.prepared.clone(), self.answers.clone());
        let (judged, besides) = (self.judged.clone(), self.besides.clone());
        let (mut merger, took) = (std::mem::take(&mut self.merger), self.started.elapsed());
        let (labels, number) = (self.labels.clone(), self.number);
        let (composed, merger) = blocking(move || {
            let mut composed = compose::compose(&prepared, &answers, (&judged, &besides), (&mut merger, &labels), took);
            Arc::make_mut(&mut composed.round).number = number;
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

/// Reads what an agent said, and keeps it for the next round. Each agent's while others still run.
async fn read(prepared: Arc<Preparation>, number: u32, done: Done) -> (AgentName, Answered) {
    let Done { name, mut outcome, took, asked, mut files } = done;
    blocking(move || {
        compose::settle_covered(&prepared, &mut outcome);
        let covered = &outcome.answer.covered;
        // It is asked again about what it has not looked at.
        files.retain(|path| covered.is_empty() || covered.contains(path));
        if let Some(identity) = asked.identity {
            kept::keep(&prepared, (&name, &identity), &outcome, &files, number);
        }
        (name, compose::answered(&prepared, outcome, took))
    })
    .await
}

fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// The texts first: a round never names a text that is not there. At the end, what became of earlier findings.
fn store(prepared: &Preparation, composed: &Composed, is_last: bool) -> Result<(), StoreError> {
    let store: &Store = &prepared.store;
    let branch: &Branch = &prepared.branch;
    let Composed { round, texts, earlier, .. } = composed;
    store.put_texts(round.texts.iter().filter_map(|(path, blob)| Some((blob, &**texts.get(path)?))))?;
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
                    let resolution = Resolution {
                        state,
                        at: prepared.started,
                        round: round.id.clone(),
                        code: None,
                        commit: None,
                        by: None,
                    };
                    decisions.resolutions.insert(id.clone(), resolution);
                }
            }
        })?;
    }
    Ok(())
}

/// A round in which nothing differs from the base: nobody was asked, and nothing is stored.
#[must_use]
pub fn empty_round(scope: RoundScope) -> Round {
    let id = RoundId::new(format!("{}-nothing", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    Round { number: 0, ..Round::new(id, jiff::Timestamp::now(), scope) }
}

/// Runs what computes or reads files, off the threads that wait for agents. Its panic is the caller's.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            // Our own bug: it goes on to whoever started the round.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => unreachable!("a blocking task is not cancelled while its runtime lives"),
        },
    }
}
