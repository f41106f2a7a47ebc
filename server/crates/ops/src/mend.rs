//! Has agents mend findings. What they bring back is proven, kept with the finding, and applied only where the files are
//! those that it was proven for.

use super::plan::{ApplyPlan, Taken};
use super::states::states;
use super::texts::{CurrentTexts, ReadError};
use super::{CurrentOf, Now, OpenBranch, OpsError, TextNow, Trust};
use agent::Progress;
use config::{Config, FixSettings};
use finding::{AgentName, Attempt, BlobId, Call, CommitId, Finding, FindingId, RepoPath, Round, RoundId, State};
use fix::{Checks, Event, Files, Fixed, Formatting, Order};
use git::blob_id;
use patch::{FileOutcome, LineEdit, Placement};
use review::{Counsel, Request};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Most attempts that are kept of a branch; older ones go.
const MOST_KEPT: usize = 500;

/// Which findings are to be mended. Indices are those of [`Round::findings`].
#[derive(Debug, Clone, Copy)]
pub enum ToMend<'a> {
    /// These.
    Findings(&'a [usize]),
    /// Every open finding that stands, the gravest first.
    AllOpen,
}

/// How they are to be mended; what is not said is as configured.
#[derive(Debug, Clone, Default)]
pub struct MendOptions {
    /// Who mends.
    pub agent: Option<String>,
    /// The check, instead of those that are configured; an empty one is none.
    pub check: Option<String>,
    /// How often a finding is tried.
    pub tries: Option<u32>,
    /// The only files that may change.
    pub only: Vec<RepoPath>,
    /// Whether what was proven before for the same texts is left aside.
    pub fresh: bool,
    /// Texts that are in an editor and not saved.
    pub unsaved: BTreeMap<RepoPath, Arc<str>>,
}

/// Findings that are to be mended, with all that is needed for it.
#[derive(Debug)]
pub struct Mending {
    pub(crate) open: OpenBranch,
    pub(crate) request: Request,
    pub(crate) order: Order,
    pub(crate) files: Arc<dyn Files>,
    /// What was proven before for the texts as they are.
    pub(crate) known: Vec<Attempt>,
    /// The round that the findings are of.
    pub(crate) round: RoundId,
}

/// The user's files, with what is not saved.
#[derive(Debug)]
struct FilesNow {
    current: CurrentOf,
    unsaved: BTreeMap<RepoPath, Arc<str>>,
}

impl Files for FilesNow {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, String> {
        // Asked in any case: it says what must not be touched.
        let there = self.current.read(path).map_err(|e| e.to_string())?;
        Ok(self.unsaved.get(path).cloned().or(there))
    }

    fn unsaved(&self) -> BTreeMap<RepoPath, Arc<str>> {
        self.unsaved.clone()
    }
}

impl Mending {
    /// Finds out what is to be done. Reads files; nobody is asked yet.
    ///
    /// # Errors
    /// When what was reviewed is not checked out, an agent or a pattern does not exist.
    pub fn new(
        now: &Now,
        config: &Config,
        trust: Trust,
        which: ToMend<'_>,
        options: &MendOptions,
    ) -> Result<Self, OpsError> {
        if now.open.text != TextNow::Here {
            return Err(OpsError::NotCheckedOut);
        }
        let agent = options.agent.clone().or_else(|| config.fix.agent.clone());
        // All of them: somebody else is to look at what it does.
        let mut request = super::request(&now.open.repository, config, trust, &[], super::Again::Changed)?;
        let all: Vec<_> = request.reviewers.iter().map(|reviewer| reviewer.agent.clone()).collect();
        review::chosen(all, agent.as_slice())?;
        // The text as it is, whatever is reviewed.
        request.scope.uncommitted = true;
        let files = Arc::new(FilesNow { current: now.current.clone(), unsaved: options.unsaved.clone() });
        let mut findings: Vec<Finding> =
            chosen(now, which).into_iter().filter_map(|index| now.round.findings.get(index).cloned()).collect();
        let (mut known, mut accepted) = (Vec::new(), agent::Texts::new());
        if !options.fresh {
            findings.retain(|finding| {
                let fits = |attempt: &&Attempt| {
                    attempt.is_proven()
                        && agent.as_ref().is_none_or(|wanted| attempt.by.name.as_str() == wanted)
                        && accept(attempt, &*files, &now.open.store, &mut accepted).is_some()
                };
                let newest = finding.attempts.iter().rev().find(fits);
                known.extend(newest.cloned());
                newest.is_none()
            });
        }
        let order = Order {
            findings,
            agent: agent.map(AgentName::new),
            tries: options.tries.unwrap_or(config.fix.tries),
            checks: checks(&config.fix, options.check.as_deref())?,
            formatting: formatting(now, config, trust),
            only: options.only.clone(),
            accepted,
            made: Vec::new(),
        };
        let round = now.round.id.clone();
        Ok(Self { open: now.open.clone(), request, order, files, known, round })
    }

    /// How many findings agents are to be asked about; the others are proven already.
    #[must_use]
    pub fn to_ask(&self) -> usize {
        self.order.findings.len()
    }
}

/// Takes the texts of an attempt in, if it was proven for what is there.
fn accept(attempt: &Attempt, files: &dyn Files, store: &Store, accepted: &mut agent::Texts) -> Option<()> {
    let mut after = agent::Texts::new();
    for (path, proof) in &attempt.files {
        let now = match accepted.get(path) {
            Some(text) => text.clone(),
            None => files.read(path).ok()?,
        };
        if now.as_deref().map(blob_id) != proof.before {
            return None;
        }
        let text = match &proof.after {
            Some(blob) => Some(Arc::from(store.text(blob)?)),
            None => None,
        };
        after.insert(path.clone(), text);
    }
    accepted.extend(after);
    Some(())
}

fn chosen(now: &Now, which: ToMend<'_>) -> Vec<usize> {
    match which {
        ToMend::Findings(findings) => findings.to_vec(),
        ToMend::AllOpen => {
            let states = states(&now.situation());
            let is_wanted = |finding: &Finding| {
                !finding.is_refuted()
                    && !finding.is_doubtful()
                    && !finding.anchors.is_empty()
                    && states.get(&finding.id) == Some(&State::Open)
            };
            let all = now.round.findings.iter().enumerate();
            all.filter(|(_, finding)| is_wanted(finding)).map(|(index, _)| index).collect()
        }
    }
}

fn formatting(now: &Now, config: &Config, trust: Trust) -> Formatting {
    match (config.fix.format, trust.is_given(config, Some(now.open.repository.root()))) {
        (false, _) => Formatting::Off,
        (true, false) => Formatting::Plain,
        (true, true) => Formatting::Trusted,
    }
}

fn checks(settings: &FixSettings, said: Option<&str>) -> Result<Checks, OpsError> {
    let none = Checks::new(Duration::from_secs(settings.check_seconds.max(1)), settings.pass_env.clone());
    if let Some(said) = said {
        return Ok(none.with_default(said));
    }
    let all = settings.check.iter().fold(none, |checks, check| checks.with_default(check));
    settings.checks.iter().try_fold(all, |checks, check| Ok(checks.with(&check.paths, &check.run)?))
}

/// Has the findings mended, and keeps what was tried. The attempts are in the order in which they are to be applied; those
/// that were proven before come first.
///
/// # Errors
/// When nobody can be asked, or the branch cannot be read. That an attempt fails is no error.
pub async fn mend(
    mending: Mending,
    events: UnboundedSender<Event>,
    cancel: CancellationToken,
) -> Result<Vec<Attempt>, OpsError> {
    let Mending { open, request, order, files, known, round } = mending;
    if order.findings.is_empty() {
        return Ok(known);
    }
    let fixed = fixed(&order, request, files, &events, &cancel).await?;
    if fixed.attempts.is_empty() && known.is_empty() && cancel.is_cancelled() {
        return Err(review::ReviewError::Cancelled.into());
    }
    keep(&open, &round, &fixed.attempts, &fixed.texts, Vec::new())?;
    Ok(known.into_iter().chain(fixed.attempts).collect())
}

/// Has an order done by the agents of a request.
pub(crate) async fn fixed(
    order: &Order,
    request: Request,
    files: Arc<dyn Files>,
    events: &UnboundedSender<Event>,
    cancel: &CancellationToken,
) -> Result<Fixed, OpsError> {
    let (progress, mut told) = unbounded_channel::<(AgentName, Progress)>();
    let passing = events.clone();
    let pass = tokio::spawn(async move {
        while let Some((agent, progress)) = told.recv().await {
            let _ = passing.send(Event::Progress(agent, progress));
        }
    });
    let counsel = Counsel::open(request, progress, cancel.clone()).await?;
    let fixed = fix::fix(order, &counsel, files, events).await;
    drop(counsel);
    let _ = pass.await;
    Ok(fixed?)
}

/// Keeps what was tried with the findings, and every call in the record of the round.
pub(crate) fn keep(
    open: &OpenBranch,
    round: &RoundId,
    attempts: &[Attempt],
    texts: &BTreeMap<BlobId, Arc<str>>,
    besides: Vec<Call>,
) -> Result<(), OpsError> {
    open.store.put_texts(texts.iter().map(|(blob, text)| (blob, &**text)))?;
    open.branch.change_aftermath(|aftermath| {
        aftermath.attempts.extend(attempts.iter().cloned());
        let extra = aftermath.attempts.len().saturating_sub(MOST_KEPT);
        aftermath.attempts.drain(..extra);
        let of_attempts = attempts.iter().flat_map(|attempt| attempt.calls.iter().cloned());
        aftermath.add_calls(round, of_attempts.chain(besides));
    })?;
    Ok(())
}

/// Why what was proven is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// A step of the proof failed.
    #[error("the fix of {label} is not proven: {why}")]
    NotProven {
        /// The finding.
        label: String,
        /// Which step, and how.
        why: String,
    },
    /// A file is another than the one that it was proven for.
    #[error("{path} was changed since the fix of {label} was proven")]
    Changed {
        /// The finding.
        label: String,
        /// The file.
        path: RepoPath,
    },
    /// The store does not have the text any more.
    #[error("the text that the fix of {label} gives {path} is not in the store any more")]
    TextGone {
        /// The finding.
        label: String,
        /// The file.
        path: RepoPath,
    },
    /// A file must not be touched, or cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What proven attempts do to the files, one after the other: all of them, or why not. Nothing is written.
///
/// # Errors
/// When one is not proven, or was proven for other texts.
pub fn plan_of_attempts(
    store: &Store,
    round: &Round,
    current: &dyn CurrentTexts,
    attempts: &[&Attempt],
) -> Result<ApplyPlan, Stale> {
    let mut plan = ApplyPlan::default();
    let mut after: BTreeMap<RepoPath, Option<BlobId>> = BTreeMap::new();
    for attempt in attempts {
        let label = || attempt.label.clone();
        if !attempt.is_proven() {
            return Err(Stale::NotProven { label: label(), why: attempt.proof() });
        }
        for (path, proof) in &attempt.files {
            if !plan.before.contains_key(path) {
                let text = current.read(path)?;
                after.insert(path.clone(), text.as_deref().map(blob_id));
                plan.before.insert(path.clone(), text);
            }
            if after.get(path) != Some(&proof.before) {
                return Err(Stale::Changed { label: label(), path: path.clone() });
            }
            after.insert(path.clone(), proof.after.clone());
        }
        plan.taken.extend(taken(round, attempt));
    }
    for (path, blob) in after {
        let before = plan.before.get(&path).cloned().flatten();
        let text = match &blob {
            None => None,
            Some(blob) => Some(store.text(blob).ok_or_else(|| {
                let label = attempts.iter().rfind(|a| a.files.contains_key(&path)).map(|a| a.label.clone());
                Stale::TextGone { label: label.unwrap_or_default(), path: path.clone() }
            })?),
        };
        let outcome = match (before, text) {
            (None, None) => continue,
            (Some(_), None) => FileOutcome::Deleted,
            (None, Some(text)) => FileOutcome::Created { text },
            (Some(before), Some(text)) if *before == *text => continue,
            (Some(before), Some(text)) => FileOutcome::Edited { edits: line_edits(&before, &text), text },
        };
        plan.files.insert(path, outcome);
    }
    Ok(plan)
}

fn taken(round: &Round, attempt: &Attempt) -> Option<Taken> {
    let is_it = |id: &FindingId| *id == attempt.finding;
    let finding = round.findings.iter().position(|finding| is_it(&finding.id))?;
    let (id, label) = (attempt.finding.clone(), attempt.label.clone());
    Some(Taken { finding, id, label, fixes: Vec::new(), placement: Placement::Exact, left: Vec::new() })
}

/// The lines that differ, as edits.
fn line_edits(before: &str, after: &str) -> Vec<LineEdit> {
    let lines: Vec<&str> = lines::with_endings(after).collect();
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let changes = lines::text_changes(before, after).into_iter();
    let edit = |change: lines::Change| LineEdit {
        start: narrow(change.old.start + 1),
        count: narrow(change.old.len()),
        text: lines.get(change.new).unwrap_or_default().concat(),
    };
    changes.map(edit).collect()
}

/// Whether a commit of the plan's files would take nothing else along: each is as it is in HEAD and in the index.
///
/// # Errors
/// [`OpsError::NotClean`] for the first that is not, or when git cannot say.
pub fn uncommitted(open: &OpenBranch, plan: &ApplyPlan) -> Result<(), OpsError> {
    let paths: Vec<&RepoPath> = plan.files.keys().collect();
    match open.repository.uncommitted(&paths)?.into_iter().next() {
        Some(path) => Err(OpsError::NotClean { path }),
        None => Ok(()),
    }
}

/// Commits the files of a plan that was written, and nothing else, with a message of what the attempts say.
///
/// # Errors
/// When git does not: a hook refuses, nobody has said who commits.
pub fn commit(open: &OpenBranch, round: &Round, plan: &ApplyPlan, attempts: &[&Attempt]) -> Result<CommitId, OpsError> {
    let paths: Vec<&RepoPath> = plan.files.keys().collect();
    Ok(open.repository.commit_files(&message(round, attempts), &paths)?)
}

/// The message of a commit: the findings' titles, what was done, and what is proven.
fn message(round: &Round, attempts: &[&Attempt]) -> String {
    let title = |attempt: &Attempt| {
        let finding = round.findings.iter().find(|finding| finding.id == attempt.finding);
        let title = finding.map_or(attempt.label.as_str(), |finding| finding.title.as_str());
        title.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let part = |attempt: &&Attempt| {
        let summary = if attempt.summary.is_empty() { String::new() } else { format!("{}\n", attempt.summary) };
        let proof = format!("Written by {}: {}", attempt.by.label, attempt.proof());
        format!("{summary}{}", proof.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    match attempts {
        [one] => format!("Fix: {}\n\n{}\n", title(one), part(one)),
        all => {
            let parts: Vec<String> = all.iter().map(|a| format!("{}\n{}", title(a), part(a))).collect();
            format!("Fix {} findings\n\n{}\n", all.len(), parts.join("\n\n"))
        }
    }
}

#[cfg(test)]
#[path = "mend_tests.rs"]
mod tests;
