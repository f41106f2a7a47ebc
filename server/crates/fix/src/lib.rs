//! Fixes by agents, proven before anybody sees them.
//!
//! ```text
//! write (an agent edits a copy, or answers with hunks) ─▶ place ─▶ parse ─▶ format ─▶ check (before and after) ─▶ judge ─▶ Attempt
//! ```
//!
//! What an agent says counts for nothing; what it changed is compared by us, placed by `patch` in the text as it is, and put
//! through the steps in order, up to the first that fails. An attempt that failed is kept with the reason, and the agent may
//! try again with it. Nothing here writes outside of copies of its own, which are private, and gone whatever happens.
//!
//! An attempt is bound to the texts that it was proven for, by the blob of each of its files before and after.

mod checks;
mod consent;
mod format;
mod judge;
mod place;
mod texts;
mod undone;
mod write;

pub use checks::{BadPattern, Checks};
pub use format::Formatting;
pub use texts::Files;
pub use undone::Made;

use agent::{Checkout, Progress};
use checks::ProofCopy;
use finding::{AgentName, Attempt, BlobId, Call, FileProof, Finding, RepoPath, Step, StepName, StepResult};
use git::blob_id;
use jiff::Timestamp;
use place::Change;
use review::{Counsel, Reviewer, blocking};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use texts::Texts;
use tokio::sync::mpsc::UnboundedSender;

/// What is to be mended, by whom, and how it is proven.
#[derive(Debug, Clone)]
pub struct Order {
    /// The findings, one after the other: each is mended in what became of the code before it.
    pub findings: Vec<Finding>,
    /// Who mends; the first of those that raised a finding where it is `None`.
    pub agent: Option<AgentName>,
    /// How often a finding is tried, at least once.
    pub tries: u32,
    /// The user's own checks.
    pub checks: Checks,
    /// Which formatters may run.
    pub formatting: Formatting,
    /// The only files that may change, where the user says so; no limit where it is empty.
    pub only: Vec<RepoPath>,
    /// Texts of files that are proven already and not written yet: what is made now is made in these.
    pub accepted: agent::Texts,
    /// What the fixes changed that are in these texts: one that undoes one of them is not taken.
    pub made: Vec<Made>,
}

/// What happens, for whoever shows it.
#[derive(Debug, Clone)]
pub enum Event {
    /// What is being done for a finding.
    Doing {
        /// Its label.
        label: String,
        /// A few words.
        what: String,
    },
    /// What an agent does.
    Progress(AgentName, Progress),
    /// A finding was tried.
    Tried(Arc<Attempt>),
}

/// Why nothing was tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTried {
    /// Only checkers, which compute their findings.
    #[error("none of the agents can mend a finding; 'deep-review agents add' brings one in that can")]
    Nobody,
    /// The agent that was named.
    #[error("'{0}' cannot mend a finding: it answers no questions")]
    CannotMend(AgentName),
}

/// What came of an order.
#[derive(Debug, Clone, Default)]
pub struct Fixed {
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// The texts that proven attempts name by their blobs.
    pub texts: BTreeMap<BlobId, Arc<str>>,
    /// [`Order::accepted`], with what is proven since.
    pub accepted: agent::Texts,
    /// [`Order::made`], with what is proven since.
    pub made: Vec<Made>,
    /// Fixes that were not taken because they undo others, in words.
    pub loops: Vec<String>,
}

/// Has the findings mended. Ends soon after the counsel's cancellation, with what is proven by then.
///
/// # Errors
/// When nobody is there to mend anything.
pub async fn fix(
    order: &Order,
    counsel: &Counsel,
    files: Arc<dyn Files>,
    events: &UnboundedSender<Event>,
) -> Result<Fixed, NotTried> {
    let snapshot = counsel.brief().snapshot.clone();
    // Where they cannot be listed, nothing that is not saved is given to anybody.
    let known = blocking(move || snapshot.paths().unwrap_or_default().into_iter().collect()).await;
    let texts = Texts::new(files, order.accepted.clone(), &known);
    let fixed = Fixed { made: order.made.clone(), ..Fixed::default() };
    let mut bench = Bench { order, counsel, events, texts, copy: None, fixed };
    for finding in &order.findings {
        let writer = bench.writer(finding)?.clone();
        if counsel.cancel().is_cancelled() {
            break;
        }
        bench.mend(finding, &writer).await;
    }
    Ok(Fixed { accepted: bench.texts.into_accepted(), ..bench.fixed })
}

/// Why an attempt ends before it is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Whoever wrote it may do better.
    Again,
    /// Another try would come to the same, or nobody wants one.
    ForGood,
}

struct Bench<'a> {
    order: &'a Order,
    counsel: &'a Counsel,
    events: &'a UnboundedSender<Event>,
    texts: Texts,
    /// Made when the first check runs.
    copy: Option<ProofCopy>,
    fixed: Fixed,
}

impl Bench<'_> {
    fn writer(&self, finding: &Finding) -> Result<&Reviewer, NotTried> {
        let able = self.counsel.answering(finding);
        match &self.order.agent {
            None => able.first().copied().ok_or(NotTried::Nobody),
            Some(name) => {
                let named = able.into_iter().find(|reviewer| reviewer.agent.info().name == *name);
                named.ok_or_else(|| NotTried::CannotMend(name.clone()))
            }
        }
    }

    fn doing(&self, finding: &Finding, what: impl Into<String>) {
        // Whoever listened may have gone.
        let _ = self.events.send(Event::Doing { label: finding.label.clone(), what: what.into() });
    }

    /// Tries a finding until it is proven, as often as it may be tried.
    async fn mend(&mut self, finding: &Finding, writer: &Reviewer) {
        let mut tried: Vec<Attempt> = Vec::new();
        for _ in 0..self.order.tries.max(1) {
            let mut attempt = begun(finding, writer);
            let ended = self.attempt(finding, writer, &tried, &mut attempt).await;
            let _ = self.events.send(Event::Tried(Arc::new(attempt.clone())));
            tried.push(attempt);
            match ended {
                Ok(change) => {
                    self.fixed.made.push(Made::of(&finding.label, &change));
                    self.take(&change);
                    break;
                }
                Err(Ended::Again) if !self.counsel.cancel().is_cancelled() => {}
                Err(_) => break,
            }
        }
        self.fixed.attempts.extend(tried);
    }

    /// What comes after is made in what this leaves.
    fn take(&mut self, change: &Change) {
        for (path, (before, after)) in &change.files {
            for text in [before, after].into_iter().flatten() {
                self.fixed.texts.insert(blob_id(text), text.clone());
            }
            self.texts.accept(path.clone(), after.clone());
        }
        // A copy that cannot be written is made anew.
        if self.copy.as_mut().is_some_and(|copy| copy.accept(change).is_err()) {
            self.copy = None;
        }
    }

    async fn attempt(
        &mut self,
        finding: &Finding,
        writer: &Reviewer,
        tried: &[Attempt],
        attempt: &mut Attempt,
    ) -> Result<Change, Ended> {
        let draft = self.written(finding, writer, tried, attempt).await?;
        let change = self.placed(finding, draft, tried, attempt)?;
        parsed(&change, attempt)?;
        let change = self.formatted(finding, change, attempt).await;
        attempt.consents = consent::of(&change, &self.order.checks);
        self.checked(finding, &change, attempt).await?;
        self.judged(finding, writer, &change, attempt).await?;
        Ok(change)
    }

    async fn written(
        &self,
        finding: &Finding,
        writer: &Reviewer,
        tried: &[Attempt],
        attempt: &mut Attempt,
    ) -> Result<write::Draft, Ended> {
        let brief = self.counsel.brief();
        if !brief.sending.allows_all(finding.anchors.iter()) {
            let why = "it is about a file that is never sent to an agent";
            return Err(failed(attempt, StepName::Written, why, Ended::ForGood));
        }
        self.doing(finding, format!("{} mends it", writer.agent.info().label));
        let checkout = Checkout::to_edit(self.texts.overlay());
        let brief = agent::Brief { checkout: checkout.clone(), ..brief.clone() };
        let question = write::question(finding, tried, self.order, &brief, &self.texts);
        let (said, call) = self.counsel.ask(writer, &brief, &question).await;
        attempt.calls.push(about(finding, call));
        let draft = blocking(move || write::draft(&said, &checkout, &brief)).await;
        match draft {
            Ok(draft) => {
                attempt.summary.clone_from(&draft.summary);
                passed(attempt, StepName::Written, "written");
                Ok(draft)
            }
            Err(write::NoDraft { why, ended, summary }) => {
                attempt.summary = summary;
                Err(failed(attempt, StepName::Written, why, ended))
            }
        }
    }

    fn placed(
        &mut self,
        finding: &Finding,
        draft: write::Draft,
        tried: &[Attempt],
        attempt: &mut Attempt,
    ) -> Result<Change, Ended> {
        let change = match place::place(finding, &draft, &self.texts, &self.order.only) {
            Ok(change) => change,
            Err(why) => {
                attempt.diff = draft.diff;
                return Err(failed(attempt, StepName::Placed, why, Ended::Again));
            }
        };
        bind(attempt, &change);
        if let Some(before) = tried.iter().find(|before| before.diff == change.diff) {
            let why = format!("it made the same change again, which was not taken: {}", before.proof());
            return Err(failed(attempt, StepName::Placed, why, Ended::ForGood));
        }
        let made = Made::of(&finding.label, &change);
        if let Some(undone) = self.fixed.made.iter().find(|before| before.is_undone_by(&made)) {
            let undone = undone.label().to_owned();
            self.fixed
                .loops
                .push(format!("a fix of {} by {} undoes that of {undone}", finding.label, attempt.by.label));
            let why = format!("it undoes the fix of {undone}");
            return Err(failed(attempt, StepName::Placed, why, Ended::Again));
        }
        passed(attempt, StepName::Placed, "placed");
        Ok(change)
    }

    /// Has the files that their formatter would have left as they were be so afterwards.
    async fn formatted(&mut self, finding: &Finding, mut change: Change, attempt: &mut Attempt) -> Change {
        let (mut names, mut not_kept) = (BTreeSet::new(), Vec::new());
        let snapshot = self.counsel.brief().snapshot.clone();
        for path in change.files.keys().cloned().collect::<Vec<_>>() {
            let (before, after) = change.files[&path].clone();
            let Some(after) = after else { continue };
            let read = |file: &RepoPath| {
                let own = self.texts.overlay().get(file).cloned();
                own.unwrap_or_else(|| snapshot.read(file).ok().flatten())
            };
            let Some(call) = format::of(&path, self.order.formatting, &read) else { continue };
            self.doing(finding, format!("formats {path} with {}", call.name));
            let (checks, stop) = (self.order.checks.clone(), self.counsel.cancel().clone());
            let text = match self.copy().await {
                Ok(copy) => copy.formatted(&call, &path, (before.as_deref(), &after), &checks, &stop).await,
                Err(no) => Err(no.why),
            };
            match text {
                Ok(text) => {
                    names.insert(call.name);
                    // A fix that changes nothing but the style is left as it is.
                    if before.as_deref() != Some(&text) {
                        change.files.insert(path, (before, Some(Arc::from(text))));
                    }
                }
                Err(why) => not_kept.push(why),
            }
        }
        if !names.is_empty() {
            change.renew(&self.texts);
            bind(attempt, &change);
            let names = names.into_iter().collect::<Vec<_>>().join(" and ");
            passed(attempt, StepName::Formatted, format!("as {names} formats it"));
        }
        if !not_kept.is_empty() {
            skipped(attempt, StepName::Formatted, not_kept.join("; "));
        }
        change
    }

    /// The copy in which formatters and checks run; made when it is asked for first.
    async fn copy(&mut self) -> Result<&mut ProofCopy, checks::NotShown> {
        match &mut self.copy {
            Some(copy) => Ok(copy),
            empty @ None => {
                let snapshot = self.counsel.brief().snapshot.clone();
                let (texts, stop) = (self.texts.overlay(), self.counsel.cancel().clone());
                let made = blocking(move || ProofCopy::make(&snapshot, &texts, &stop)).await?;
                Ok(empty.insert(made))
            }
        }
    }

    async fn checked(&mut self, finding: &Finding, change: &Change, attempt: &mut Attempt) -> Result<(), Ended> {
        let commands = self.order.checks.of(change.files.keys());
        if commands.is_empty() {
            skipped(attempt, StepName::Checked, "not checked: no check is configured for it");
            return Ok(());
        }
        for command in commands {
            self.doing(finding, format!("runs {command}"));
            match self.check(&command, change).await {
                Ok(checks::Shown::Passes) => passed(attempt, StepName::Checked, format!("`{command}` passes")),
                Ok(checks::Shown::FailsAsBefore) => {
                    let why = format!("`{command}` fails with it as it does without it");
                    skipped(attempt, StepName::Checked, why);
                }
                Err(no) => {
                    let ended = if no.is_the_fix_s { Ended::Again } else { Ended::ForGood };
                    return Err(failed(attempt, StepName::Checked, format!("`{command}` {}", no.why), ended));
                }
            }
        }
        Ok(())
    }

    async fn check(&mut self, command: &str, change: &Change) -> Result<checks::Shown, checks::NotShown> {
        let (checks, stop) = (&self.order.checks, self.counsel.cancel());
        self.copy().await?.compare(command, change, checks, stop).await
    }

    async fn judged(
        &self,
        finding: &Finding,
        writer: &Reviewer,
        change: &Change,
        attempt: &mut Attempt,
    ) -> Result<(), Ended> {
        let brief = self.counsel.brief();
        let mut texts = self.texts.overlay();
        texts.extend(change.files.iter().map(|(path, (_, after))| (path.clone(), after.clone())));
        let brief = agent::Brief { checkout: Checkout::with(texts), ..brief.clone() };
        let question = judge::question(finding, change);
        let by = writer.agent.info().name;
        let mut silent = String::new();
        for judge in self.counsel.judges(finding, &by) {
            let info = judge.agent.info();
            self.doing(finding, format!("{} looks at the new code", info.label));
            let (said, call) = self.counsel.ask(judge, &brief, &question).await;
            attempt.calls.push(about(finding, call));
            if self.counsel.cancel().is_cancelled() {
                return Err(failed(attempt, StepName::Reviewed, "it was cancelled", Ended::ForGood));
            }
            match judge::word(&said) {
                Ok(Ok(())) if info.name == by => {
                    passed(attempt, StepName::Reviewed, format!("{}, which wrote it, finds it right", info.label));
                    return Ok(());
                }
                Ok(Ok(())) => {
                    passed(attempt, StepName::Reviewed, format!("{} agrees", info.label));
                    return Ok(());
                }
                Ok(Err(no)) => {
                    let why = format!("{} does not agree: {no}", info.label);
                    return Err(failed(attempt, StepName::Reviewed, why, Ended::Again));
                }
                // Another one is asked.
                Err(failure) => silent = format!("{} gave no answer: {failure}", info.label),
            }
        }
        Err(failed(attempt, StepName::Reviewed, format!("nobody looked at it: {silent}"), Ended::ForGood))
    }
}

fn about(finding: &Finding, call: Call) -> Call {
    Call { about: Some(finding.label.clone()), ..call }
}

fn begun(finding: &Finding, writer: &Reviewer) -> Attempt {
    Attempt {
        finding: finding.id.clone(),
        label: finding.label.clone(),
        by: writer.agent.info(),
        at: Timestamp::now(),
        summary: String::new(),
        diff: String::new(),
        steps: Vec::new(),
        files: BTreeMap::new(),
        consents: Vec::new(),
        calls: Vec::new(),
    }
}

/// Binds an attempt to the texts that it is made for.
fn bind(attempt: &mut Attempt, change: &Change) {
    attempt.diff.clone_from(&change.diff);
    let blob = |text: &Option<Arc<str>>| text.as_deref().map(blob_id);
    let proof = |(before, after): &place::BeforeAfter| FileProof { before: blob(before), after: blob(after) };
    attempt.files = change.files.iter().map(|(path, texts)| (path.clone(), proof(texts))).collect();
}

/// The files of a change as their grammars read them: no place that cannot be read more than before.
fn parsed(change: &Change, attempt: &mut Attempt) -> Result<(), Ended> {
    let mut unread = Vec::new();
    for (path, (before, after)) in &change.files {
        let Some(after) = after else { continue };
        match (errors(path, before.as_deref()), errors(path, Some(after))) {
            (_, None) => unread.push(path.as_str()),
            (before, Some(now)) if now > before.unwrap_or(0) => {
                return Err(failed(attempt, StepName::Parsed, format!("{path} does not parse with it"), Ended::Again));
            }
            (_, Some(_)) => {}
        }
    }
    if unread.is_empty() {
        passed(attempt, StepName::Parsed, "parses");
    } else {
        skipped(attempt, StepName::Parsed, format!("no grammar reads {}", unread.join(", ")));
    }
    Ok(())
}

fn errors(path: &RepoPath, text: Option<&str>) -> Option<usize> {
    let text = text?;
    match path.extension() {
        Some("json") => Some(usize::from(serde_json::from_str::<serde_json::Value>(text).is_err())),
        _ => check::syntax_errors(path, text),
    }
}

fn passed(attempt: &mut Attempt, name: StepName, note: impl Into<String>) {
    attempt.steps.push(Step { name, result: StepResult::Passed, note: note.into() });
}

fn skipped(attempt: &mut Attempt, name: StepName, note: impl Into<String>) {
    attempt.steps.push(Step { name, result: StepResult::Skipped, note: note.into() });
}

fn failed(attempt: &mut Attempt, name: StepName, note: impl Into<String>, ended: Ended) -> Ended {
    attempt.steps.push(Step { name, result: StepResult::Failed, note: note.into() });
    ended
}
