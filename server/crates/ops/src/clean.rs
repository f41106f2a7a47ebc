//! Mends and reviews in turn, in a copy, until nothing is left to be mended: the user's files and rounds stay as they are.

use super::OpsError;
use super::mend::{Mending, fixed, keep};
use agent::Texts;
use agent::process::Scratch;
use finding::{AgentOutcome, Attempt, BlobId, Call, Finding, FindingId, Round, Severity, Usage};
use fix::{Event, Fixed, Made, Order};
use review::{Limits, Request, Reviewed};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Branch, Store};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Why no further round was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "ended", content = "why")]
pub enum CleanEnd {
    /// No open finding that stands is left, and all agents have looked at what was changed.
    Clean,
    /// As many rounds were made as were allowed.
    Rounds,
    /// It has cost as much as was allowed.
    Limit,
    /// A round brought no fix that is proven.
    Nothing,
    /// All that is left comes back whenever it is mended, or undoes what was mended.
    Loop,
    /// Somebody stopped it.
    Cancelled,
    /// What was changed could not be looked at by all agents.
    NotReviewed(String),
}

impl std::fmt::Display for CleanEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Clean => "it is clean",
            Self::Rounds => "no more rounds were allowed",
            Self::Limit => "it has cost what was allowed",
            Self::Nothing => "the last round brought no fix that is proven",
            Self::Loop => "what is left goes round in a loop",
            Self::Cancelled => "it was stopped",
            Self::NotReviewed(why) => return write!(f, "not all agents looked at what was changed: {why}"),
        })
    }
}

/// A finding that is not mended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Left {
    /// Its label.
    pub label: String,
    /// Its severity.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// Why it is left.
    pub why: String,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cleaned {
    /// How it ended.
    #[serde(flatten)]
    pub end: CleanEnd,
    /// How many rounds of fixes there were.
    pub rounds: u32,
    /// What was tried, in the order in which what is proven is to be applied.
    pub attempts: Vec<Attempt>,
    /// Findings that the reviews in the copy raised; they are in no round of the branch.
    pub found: Vec<Finding>,
    /// What is not mended, the gravest first.
    pub left: Vec<Left>,
    /// Where fixes undid each other, and what came back, in words.
    pub loops: Vec<String>,
    /// What all of it used.
    pub usage: Usage,
}

/// Has the findings of an order mended, what changed reviewed, and what is new mended, at most `rounds` times. What was
/// tried is kept with the branch; nothing else of the user's is changed.
///
/// # Errors
/// When nobody can be asked, or the copy cannot be made. That a fix fails is no error.
pub async fn clean(
    mending: Mending,
    rounds: u32,
    events: UnboundedSender<Event>,
    cancel: CancellationToken,
) -> Result<Cleaned, OpsError> {
    let Mending { open, request, order, files, known, round } = mending;
    let scratch = Scratch::new().map_err(OpsError::NoCopy)?;
    let copy = open.store.copy_branch(&open.branch, scratch.path())?;
    let mut work = Work::new(copy, &open.finding_ids()?, &order, known, request.options.limits);
    let mut made = 0;
    let until_it_ends = async {
        Ok(loop {
            if work.is_done(made) {
                break work.settled();
            }
            if made == rounds.max(1) {
                break CleanEnd::Rounds;
            }
            let Some(limits) = work.limits() else { break CleanEnd::Limit };
            made += 1;
            let within =
                |limits| Request { options: review::Options { limits, ..request.options.clone() }, ..request.clone() };
            let order = work.order(&order);
            let fixed = fixed(&order, within(limits), files.clone(), &events, &cancel).await?;
            let has_brought = work.take(fixed)?;
            if cancel.is_cancelled() {
                break CleanEnd::Cancelled;
            }
            let Some(limits) = work.limits() else { break CleanEnd::Limit };
            // What was proven before is looked at as well.
            if !has_brought && (made > 1 || work.mended.is_empty()) {
                break work.settled();
            }
            if let Err(end) = work.review(within(limits), &events, &cancel).await? {
                break end;
            }
        })
    };
    let end: Result<CleanEnd, OpsError> = until_it_ends.await;
    drop(scratch);
    // What was paid for is on record however it ended.
    keep(&open, &round, &work.tried, &work.texts, std::mem::take(&mut work.calls))?;
    Ok(work.cleaned(end?, made))
}

/// What is known while it goes on.
struct Work {
    /// The copy's store, where the rounds of the copy are kept.
    store: Store,
    branch: Branch,
    /// The findings of the user's rounds.
    of_user: BTreeSet<FindingId>,
    limits: Limits,
    used: Usage,
    /// What is to be mended next.
    wanted: Vec<Finding>,
    /// What is open, as far as it was looked at.
    open: Vec<Finding>,
    mended: BTreeSet<FindingId>,
    /// What came back after it was mended.
    back: BTreeSet<FindingId>,
    /// What was proven before it began.
    known: Vec<Attempt>,
    tried: Vec<Attempt>,
    texts: BTreeMap<BlobId, Arc<str>>,
    accepted: Texts,
    made: Vec<Made>,
    /// The calls of reviews.
    calls: Vec<Call>,
    found: Vec<Finding>,
    loops: Vec<String>,
}

impl Work {
    fn new(
        (store, branch): (Store, Branch),
        of_user: &BTreeSet<FindingId>,
        order: &Order,
        known: Vec<Attempt>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            branch,
            of_user: of_user.clone(),
            limits,
            used: Usage::default(),
            wanted: order.findings.clone(),
            open: order.findings.clone(),
            mended: known.iter().map(|attempt| attempt.finding.clone()).collect(),
            back: BTreeSet::new(),
            known,
            tried: Vec::new(),
            texts: BTreeMap::new(),
            accepted: order.accepted.clone(),
            made: order.made.clone(),
            calls: Vec::new(),
            found: Vec::new(),
            loops: Vec::new(),
        }
    }

    /// What agents may use from now on; `None` where nothing is left of it.
    fn limits(&self) -> Option<Limits> {
        let left = self.limits.after(&self.used);
        (!left.is_used_up()).then_some(left)
    }

    fn order(&self, first: &Order) -> Order {
        let (findings, accepted, made) = (self.wanted.clone(), self.accepted.clone(), self.made.clone());
        Order { findings, accepted, made, ..first.clone() }
    }

    fn is_done(&self, made: u32) -> bool {
        self.wanted.is_empty() && (made > 0 || self.mended.is_empty())
    }

    /// How it ends where nothing is left that could be mended.
    fn settled(&self) -> CleanEnd {
        let mut left = self.open.iter().filter(|finding| self.is_left(finding)).peekable();
        match (left.peek(), self.loops.is_empty()) {
            (None, _) => CleanEnd::Clean,
            (Some(_), false) => CleanEnd::Loop,
            (Some(_), true) => CleanEnd::Nothing,
        }
    }

    fn is_left(&self, finding: &Finding) -> bool {
        !self.mended.contains(&finding.id) || self.back.contains(&finding.id)
    }

    /// Takes in what came of a round of fixes; whether one of them is proven.
    fn take(&mut self, fixed: Fixed) -> Result<bool, OpsError> {
        let Fixed { attempts, texts, accepted, made, loops } = fixed;
        self.store.put_texts(texts.iter().map(|(blob, text)| (blob, &**text)))?;
        // The reviews in the copy see by it what is mended.
        self.branch.change_aftermath(|aftermath| aftermath.attempts.extend(attempts.iter().cloned()))?;
        self.used = attempts.iter().fold(self.used, |sum, attempt| sum.plus(attempt.usage()));
        let proven = attempts.iter().filter(|attempt| attempt.is_proven()).map(|attempt| attempt.finding.clone());
        let before = self.mended.len();
        self.mended.extend(proven);
        (self.accepted, self.made) = (accepted, made);
        self.texts.extend(texts);
        self.tried.extend(attempts);
        self.loops.extend(loops);
        Ok(self.mended.len() > before)
    }

    /// Has what was changed reviewed in the copy, and finds out what is to be mended next.
    async fn review(
        &mut self,
        request: Request,
        events: &UnboundedSender<Event>,
        cancel: &CancellationToken,
    ) -> Result<Result<(), CleanEnd>, OpsError> {
        let mut request = Request { store: Some(self.store.clone()), ..request };
        request.snapshot.texts = self.accepted.clone();
        let (told, mut heard) = unbounded_channel();
        let passing = events.clone();
        let pass = tokio::spawn(async move {
            while let Some(event) = heard.recv().await {
                if let review::Event::Progress(agent, progress) = event {
                    let _ = passing.send(Event::Progress(agent, progress));
                }
            }
        });
        let _ = events.send(Event::Doing { label: String::new(), what: "the agents review what was changed".into() });
        let reviewed = review::run(request, told, cancel.clone()).await;
        let _ = pass.await;
        let round = match reviewed {
            Ok(Reviewed::Round(round)) => round,
            // All of the change is gone.
            Ok(Reviewed::NothingChanged(_)) => {
                self.open.clear();
                self.wanted.clear();
                return Ok(Ok(()));
            }
            Err(review::ReviewError::Cancelled) => return Ok(Err(CleanEnd::Cancelled)),
            Err(why) => return Err(why.into()),
        };
        self.note(&round);
        if cancel.is_cancelled() {
            return Ok(Err(CleanEnd::Cancelled));
        }
        if let Some((agent, failure)) = round.failures().next() {
            return Ok(Err(CleanEnd::NotReviewed(format!("{}: {failure}", agent.label))));
        }
        self.look_at(&round)?;
        Ok(Ok(()))
    }

    /// Writes down what a review used.
    fn note(&mut self, round: &Round) {
        for run in &round.agents {
            self.used = self.used.plus(run.usage);
            let failed = match &run.outcome {
                AgentOutcome::Failed { failure } => Some(failure.to_string()),
                AgentOutcome::Running | AgentOutcome::Reviewed => None,
            };
            let (agent, usage) = (run.agent.name.clone(), run.usage);
            // Checkers that compute their findings are nobody's call.
            if run.agent.kind.is_reviewer() {
                let duration_ms = run.duration_ms;
                self.calls.push(Call { agent, to: "review".into(), about: None, failed, duration_ms, usage });
            }
        }
    }

    fn look_at(&mut self, round: &Round) -> Result<(), OpsError> {
        // With what was tried at each.
        let newest = self.branch.newest()?.value;
        let round = newest.as_ref().unwrap_or(round);
        let decisions = self.branch.decisions()?.value;
        let open = round.deciding(&decisions).filter(|finding| !finding.anchors.is_empty());
        self.open = open.cloned().collect();
        for finding in &self.open {
            let is_known = self.of_user.contains(&finding.id) || self.found.iter().any(|known| known.id == finding.id);
            if !is_known {
                self.found.push(finding.clone());
            }
            if self.mended.contains(&finding.id) && self.is_raised(finding) && self.back.insert(finding.id.clone()) {
                self.loops.push(format!("{} came back after it was mended", finding.label));
            }
        }
        let is_tried = |finding: &Finding| self.tried.iter().any(|attempt| attempt.finding == finding.id);
        self.wanted = self.open.iter().filter(|f| !self.mended.contains(&f.id) && !is_tried(f)).cloned().collect();
        Ok(())
    }

    /// Whether an agent raises it that has looked at its file since that was changed. What stands because nobody was asked
    /// about it anew is no word against a fix.
    fn is_raised(&self, finding: &Finding) -> bool {
        let is_changed = finding.main_anchor().is_some_and(|anchor| self.accepted.contains_key(&anchor.path));
        is_changed && finding.attributions.iter().any(|by| by.raw.round().is_none())
    }

    fn cleaned(self, end: CleanEnd, rounds: u32) -> Cleaned {
        let why = |finding: &Finding| {
            let last = self.tried.iter().rev().find(|attempt| attempt.finding == finding.id && !attempt.is_proven());
            match last {
                _ if self.back.contains(&finding.id) => "it came back after it was mended".to_owned(),
                Some(attempt) => attempt.proof(),
                None => format!("it was not tried: {end}"),
            }
        };
        let left = self.open.iter().filter(|finding| self.is_left(finding)).map(|finding| Left {
            label: finding.label.clone(),
            severity: finding.severity,
            title: finding.title.clone(),
            why: why(finding),
        });
        let left = left.collect();
        let attempts = self.known.into_iter().chain(self.tried).collect();
        Cleaned { end, rounds, attempts, found: self.found, left, loops: self.loops, usage: self.used }
    }
}
