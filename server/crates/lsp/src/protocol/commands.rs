//! The commands of `workspace/executeCommand`: their names, arguments and results. Every one takes one object, or
//! nothing.

use super::error::CommandError;
use finding::{AgentKind, AgentName, DismissReason, FailureKind, RepoPath, RoundId, Severity};
use lsp_types::{ExecuteCommandParams, Uri, WorkspaceEdit};
use ops::Again;
use ops::watch::Allowance;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The names of the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandName {
    Review,
    Cancel,
    ApplyFix,
    FixAll,
    Dismiss,
    Reopen,
    Severity,
    ShowReport,
    ImportReport,
    Agents,
    AgentLog,
    Rounds,
    Recheck,
    Split,
    Join,
    Fix,
    Ask,
    Open,
    Close,
    CheckOut,
}

impl CommandName {
    pub(crate) const ALL: [Self; 20] = [
        Self::Review,
        Self::Cancel,
        Self::ApplyFix,
        Self::FixAll,
        Self::Dismiss,
        Self::Reopen,
        Self::Severity,
        Self::ShowReport,
        Self::ImportReport,
        Self::Agents,
        Self::AgentLog,
        Self::Rounds,
        Self::Recheck,
        Self::Split,
        Self::Join,
        Self::Fix,
        Self::Ask,
        Self::Open,
        Self::Close,
        Self::CheckOut,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Review => "deepReview.review",
            Self::Cancel => "deepReview.cancel",
            Self::ApplyFix => "deepReview.applyFix",
            Self::FixAll => "deepReview.fixAll",
            Self::Dismiss => "deepReview.dismiss",
            Self::Reopen => "deepReview.reopen",
            Self::Severity => "deepReview.severity",
            Self::ShowReport => "deepReview.showReport",
            Self::ImportReport => "deepReview.importReport",
            Self::Agents => "deepReview.agents",
            Self::AgentLog => "deepReview.agentLog",
            Self::Rounds => "deepReview.rounds",
            Self::Recheck => "deepReview.recheck",
            Self::Split => "deepReview.split",
            Self::Join => "deepReview.join",
            Self::Fix => "deepReview.fix",
            Self::Ask => "deepReview.ask",
            Self::Open => "deepReview.open",
            Self::Close => "deepReview.close",
            Self::CheckOut => "deepReview.checkOut",
        }
    }
}

/// A command as it was asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Review(ReviewArgs),
    Cancel(CancelArgs),
    ApplyFix(FixArgs),
    FixAll(FixAllArgs),
    Dismiss(DismissArgs),
    Reopen(FindingArgs),
    Severity(SeverityArgs),
    ShowReport(ReportArgs),
    ImportReport(ImportArgs),
    Agents(RepoArgs),
    AgentLog(AgentLogArgs),
    Rounds(RepoArgs),
    Recheck(FindingArgs),
    Split(SplitArgs),
    Join(JoinArgs),
    Fix(MendArgs),
    Ask(AskArgs),
    Open(VisitArgs),
    Close(LeaveArgs),
    CheckOut(CheckOutArgs),
}

impl Command {
    /// Reads a command and its argument.
    pub(crate) fn read(params: &ExecuteCommandParams) -> Result<Self, CommandError> {
        let name = CommandName::ALL.into_iter().find(|name| name.as_str() == params.command);
        let name = name.ok_or_else(|| CommandError::invalid(format!("there is no command '{}'", params.command)))?;
        Ok(match name {
            CommandName::Review => Self::Review(argument(params)?),
            CommandName::Cancel => Self::Cancel(argument(params)?),
            CommandName::ApplyFix => Self::ApplyFix(argument(params)?),
            CommandName::FixAll => Self::FixAll(argument(params)?),
            CommandName::Dismiss => Self::Dismiss(argument(params)?),
            CommandName::Reopen => Self::Reopen(argument(params)?),
            CommandName::Severity => Self::Severity(argument(params)?),
            CommandName::ShowReport => Self::ShowReport(argument(params)?),
            CommandName::ImportReport => Self::ImportReport(argument(params)?),
            CommandName::Agents => Self::Agents(argument(params)?),
            CommandName::AgentLog => Self::AgentLog(argument(params)?),
            CommandName::Rounds => Self::Rounds(argument(params)?),
            CommandName::Recheck => Self::Recheck(argument(params)?),
            CommandName::Split => Self::Split(argument(params)?),
            CommandName::Join => Self::Join(argument(params)?),
            CommandName::Fix => Self::Fix(argument(params)?),
            CommandName::Ask => Self::Ask(argument(params)?),
            CommandName::Open => Self::Open(argument(params)?),
            CommandName::Close => Self::Close(argument(params)?),
            CommandName::CheckOut => Self::CheckOut(argument(params)?),
        })
    }
}

fn argument<T: DeserializeOwned>(params: &ExecuteCommandParams) -> Result<T, CommandError> {
    let argument = match params.arguments.as_slice() {
        [] | [Value::Null] => json!({}),
        [one] => one.clone(),
        _ => return Err(CommandError::invalid(format!("{} takes one object", params.command))),
    };
    serde_path_to_error::deserialize(argument).map_err(|e| CommandError::invalid(format!("{}: {}", params.command, e)))
}

/// Which repository: by its root, or by a file in it; the only one if neither is said.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RepoArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
}

/// What is cancelled: every review, that of a repository, or one agent of that.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CancelArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
    /// Its name; the others go on.
    pub(crate) agent: Option<AgentName>,
}

/// Whose doings are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentLogArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
    pub(crate) agent: AgentName,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReviewArgs {
    root: Option<PathBuf>,
    uri: Option<Uri>,
    base: Option<String>,
    uncommitted: Option<bool>,
    agents: Vec<String>,
    fresh: bool,
    resume: bool,
}

/// What a review was asked to be. What is not said is as configured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ReviewOptions {
    pub(crate) base: Option<String>,
    pub(crate) uncommitted: Option<bool>,
    /// Names of the agents; empty for all.
    pub(crate) agents: Vec<String>,
    /// Which agents are asked again.
    pub(crate) again: Again,
    /// What it may cost, where it started by itself.
    pub(crate) by_itself: Option<Allowance>,
}

impl ReviewArgs {
    /// The repository and the options.
    pub(crate) fn options(self) -> Result<(RepoArgs, ReviewOptions), CommandError> {
        let Self { root, uri, base, uncommitted, agents, fresh, resume } = self;
        let again = match (fresh, resume) {
            (false, false) => Again::Changed,
            (true, false) => Again::Everyone,
            (false, true) => Again::Unanswered,
            (true, true) => {
                return Err(CommandError::invalid(
                    "`fresh` asks every agent again and `resume` only those that did not answer: say one of them",
                ));
            }
        };
        Ok((RepoArgs { root, uri }, ReviewOptions { base, uncommitted, agents, again, by_itself: None }))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
    /// Its number; without it, the first that applies is meant.
    #[serde(default)]
    pub(crate) fix: Option<usize>,
    #[serde(default)]
    pub(crate) preview: bool,
    #[serde(default, rename = "dryRun")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FixAllArgs {
    pub(crate) root: Option<PathBuf>,
    /// The file whose fixes are meant; those of the whole repository if it is not said.
    pub(crate) uri: Option<Uri>,
    #[serde(rename = "dryRun")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DismissArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
    pub(crate) reason: DismissReason,
    /// The reason in the user's own words.
    pub(crate) text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeverityArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
    pub(crate) severity: Severity,
    /// The reason in the user's own words.
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
    /// The agents, by name or label, whose remarks are another issue; each remark by itself if empty.
    #[serde(default)]
    pub(crate) agents: Vec<String>,
    /// Take back what was said before.
    #[serde(default)]
    pub(crate) undo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinArgs {
    pub(crate) ids: Vec<String>,
    pub(crate) root: Option<PathBuf>,
    #[serde(default)]
    pub(crate) undo: bool,
}

/// Which findings an agent is to mend.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MendArgs {
    pub(crate) id: Option<String>,
    /// Further ones: all in one go, each in what became of the code before it.
    pub(crate) ids: Vec<String>,
    pub(crate) root: Option<PathBuf>,
    pub(crate) agent: Option<String>,
    /// Apply what is proven without a preview: it was agreed to already.
    pub(crate) apply: bool,
    /// With `apply`, also what changes tests, what the CI runs, or files of the check.
    #[serde(rename = "allowTestEdits")]
    pub(crate) allow_test_edits: bool,
    /// Only prove it.
    #[serde(rename = "dryRun")]
    pub(crate) dry_run: bool,
}

impl MendArgs {
    /// The findings, as they were named.
    pub(crate) fn names(&self) -> Vec<String> {
        self.id.iter().chain(&self.ids).cloned().collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskArgs {
    pub(crate) id: String,
    pub(crate) root: Option<PathBuf>,
    pub(crate) question: String,
    #[serde(default)]
    pub(crate) agent: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReportArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
    pub(crate) round: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) show: bool,
    pub(crate) id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ImportArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
    pub(crate) files: Vec<PathBuf>,
}

/// What is to be looked at without being checked out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitArgs {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
    /// As on the command line: `pr:7`, an address, `commit:REV`, `A..B`, a branch, `stash@{0}`, `--staged`, `--unstaged`.
    pub(crate) target: String,
}

/// What is not looked at any more: the root that [`OpenedVisit`] named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveArgs {
    pub(crate) root: PathBuf,
}

/// What is to be checked out: the root that [`OpenedVisit`] named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckOutArgs {
    pub(crate) root: PathBuf,
    /// In a worktree beside, not in this work tree.
    #[serde(default)]
    pub(crate) worktree: bool,
    /// Also where tracked files have changes: they are carried along.
    #[serde(default, rename = "carryChanges")]
    pub(crate) carry_changes: bool,
}

/// What agents are to do about findings besides a review.
#[derive(Debug, Clone)]
pub(crate) enum Errand {
    Mend(MendArgs),
    Ask(AskArgs),
}

/// What a command answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum CommandResult {
    /// What was asked for goes on; what comes of it is told by findings and progress.
    Started {
        started: bool,
    },
    Reviewed(ReviewResult),
    Cancelled {
        cancelled: usize,
    },
    /// The edit that would be applied.
    DryRun {
        edit: WorkspaceEdit,
        certain: bool,
    },
    Applied {
        applied: bool,
    },
    FixedAll(FixAllResult),
    Done {
        done: bool,
    },
    /// What was decided counts in the next round.
    DoneLater {
        done: bool,
        effect: &'static str,
    },
    Report(ReportResult),
    Imported {
        round: RoundId,
        number: u32,
        findings: usize,
    },
    Agents {
        agents: Vec<AgentRow>,
    },
    Log {
        text: String,
    },
    Rounds {
        rounds: Vec<RoundRow>,
    },
    Opened(OpenedVisit),
    CheckedOut(CheckedOut),
    /// What came of asking agents to mend findings.
    Mended {
        applied: bool,
        attempts: Vec<MendedRow>,
    },
    /// What an agent answered to a question about a finding; Markdown.
    Answered {
        label: String,
        by: AgentName,
        answer: String,
    },
}

/// What is looked at now.
#[derive(Debug, Serialize)]
pub(crate) struct OpenedVisit {
    /// What other commands take as its `root`, and what `deepReview/findings` lists it under.
    pub(crate) root: PathBuf,
    pub(crate) target: String,
    pub(crate) title: String,
    /// What it is compared with, as people call it.
    pub(crate) base: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<String>,
    #[serde(rename = "canCheckOut")]
    pub(crate) can_check_out: bool,
    /// The files that it changes.
    pub(crate) files: Vec<OpenedFile>,
    /// How many more it changes that are not reviewed.
    #[serde(rename = "leftOut")]
    pub(crate) left_out: usize,
}

/// A file that it changes.
#[derive(Debug, Serialize)]
pub(crate) struct OpenedFile {
    pub(crate) path: RepoPath,
    /// `added`, `modified`, `deleted`, `renamed` or `copied`.
    pub(crate) kind: &'static str,
    /// Its name before, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<RepoPath>,
    /// Its document: read-only, or the work tree's own where that has the same text. None of a deleted file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<Uri>,
    /// The read-only document of what it is compared with. None of an added file.
    #[serde(rename = "baseUri", skip_serializing_if = "Option::is_none")]
    pub(crate) base_uri: Option<Uri>,
    /// Lines.
    pub(crate) added: u32,
    pub(crate) removed: u32,
}

/// What came of checking something out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum CheckedOut {
    /// Tracked files have changes, and nobody said that they may be carried along; nothing was done.
    Dirty { dirty: usize },
    /// It is checked out here; on no branch where `branch` is missing.
    Here { branch: Option<String> },
    /// It is checked out in this folder.
    Worktree { folder: PathBuf },
}

/// One attempt at a fix.
#[derive(Debug, Serialize)]
pub(crate) struct MendedRow {
    pub(crate) label: String,
    pub(crate) by: String,
    pub(crate) proven: bool,
    /// What is proven, or why it was not taken.
    pub(crate) proof: String,
    /// Tests and files of the check that it changes.
    pub(crate) consents: Vec<RepoPath>,
}

impl CommandResult {
    pub(crate) const STARTED: Self = Self::Started { started: true };
    pub(crate) const DONE: Self = Self::Done { done: true };
    pub(crate) const DONE_LATER: Self = Self::DoneLater { done: true, effect: "from the next round on" };
}

/// What came of a review.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ReviewResult {
    NothingChanged {
        changed: bool,
        base: String,
        why: String,
    },
    Round {
        changed: bool,
        round: RoundId,
        number: u32,
        failed: Vec<FailedAgent>,
        /// What came of it in a line, of one that started by itself; nobody waits for its answer.
        #[serde(skip)]
        told: Option<String>,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct FailedAgent {
    pub(crate) agent: String,
    pub(crate) why: String,
}

/// Labels of the fixes that were applied, and why the others were not.
#[derive(Debug, Serialize)]
pub(crate) struct FixAllResult {
    /// What would be applied, where it was only asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edit: Option<WorkspaceEdit>,
    pub(crate) applied: Vec<String>,
    pub(crate) refused: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReportResult {
    pub(crate) uri: Uri,
    pub(crate) text: String,
    pub(crate) format: &'static str,
    pub(crate) shown: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct AgentRow {
    pub(crate) name: AgentName,
    pub(crate) label: String,
    pub(crate) kind: AgentKind,
    pub(crate) usable: bool,
    pub(crate) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
    /// What kind of failure it is that it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<FailureKind>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RoundRow {
    pub(crate) id: RoundId,
    pub(crate) number: u32,
    pub(crate) started: String,
    pub(crate) verdict: String,
    pub(crate) counts: Counts,
}

/// Findings by severity.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(crate) struct Counts {
    critical: u32,
    important: u32,
    suggestion: u32,
}

impl Counts {
    pub(crate) fn of(severities: impl Iterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            *match severity {
                Severity::Critical => &mut counts.critical,
                Severity::Important => &mut counts.important,
                Severity::Suggestion => &mut counts.suggestion,
            } += 1;
        }
        counts
    }
}
