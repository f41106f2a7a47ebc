//! Requests and notifications that are ours: their parameters and results.

use super::commands::Counts;
use finding::{AgentKind, AgentName, FindingId, RepoPath, RoundId, Severity};
use lsp_types::notification::Notification;
use lsp_types::{Range, Uri};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `deepReview/findings`: every repository with its newest round, for the lists of editors.
#[derive(Debug)]
pub(crate) enum FindingsRequest {}

/// `deepReview/status`: the same without the findings.
#[derive(Debug)]
pub(crate) enum StatusRequest {}

/// `deepReview/explain`: one finding in words, for what is shown beside a list.
#[derive(Debug)]
pub(crate) enum ExplainRequest {}

/// `deepReview/text`: a read-only document of what is looked at without being checked out.
#[derive(Debug)]
pub(crate) enum TextRequest {}

/// Its address.
#[derive(Debug, Deserialize)]
pub(crate) struct TextParams {
    pub(crate) uri: Uri,
}

/// What is in it.
#[derive(Debug, Serialize)]
pub(crate) struct Text {
    pub(crate) text: String,
}

/// `deepReview/commits`: the newest commits of what is checked out, for a choice.
#[derive(Debug)]
pub(crate) enum CommitsRequest {}

/// Which repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChoiceParams {
    pub(crate) root: Option<PathBuf>,
    pub(crate) uri: Option<Uri>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Commits {
    pub(crate) commits: Vec<CommitRow>,
}

/// A commit in a list.
#[derive(Debug, Serialize)]
pub(crate) struct CommitRow {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) author: String,
    /// In RFC 3339.
    pub(crate) at: String,
    pub(crate) merge: bool,
}

/// `deepReview/pullRequests`: those that are open, for a choice.
#[derive(Debug, Serialize)]
pub(crate) struct PullRequests {
    /// The repository at its forge.
    pub(crate) site: String,
    #[serde(rename = "pullRequests")]
    pub(crate) pull_requests: Vec<PullRequestRow>,
}

/// A pull request in a list.
#[derive(Debug, Serialize)]
pub(crate) struct PullRequestRow {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) branch: String,
    /// When it was opened, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) opened: Option<String>,
    pub(crate) draft: bool,
    /// Whether a review is asked of the user whose token it is.
    #[serde(rename = "askedOfMe")]
    pub(crate) asked_of_me: bool,
    /// `passed`, `failed` or `running`, where the forge says it in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checks: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// The finding, by label, id, or the beginning of one.
#[derive(Debug, Deserialize)]
pub(crate) struct ExplainParams {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) root: Option<PathBuf>,
}

/// All that is known of it but its title, as inert Markdown.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    pub(crate) markdown: String,
}

/// `deepReview/roundChanged`: what `deepReview/findings` answers is no longer what it was.
#[derive(Debug)]
pub(crate) enum RoundChanged {}

impl Notification for RoundChanged {
    type Params = RoundChangedParams;
    const METHOD: &'static str = "deepReview/roundChanged";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoundChangedParams {
    /// The roots of all repositories.
    pub(crate) repositories: Vec<PathBuf>,
}

/// `deepReview/answering`: what an agent has written so far of its answer to a question about a finding.
#[derive(Debug)]
pub(crate) enum Answering {}

impl Notification for Answering {
    type Params = AnsweringParams;
    const METHOD: &'static str = "deepReview/answering";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnsweringParams {
    pub(crate) root: PathBuf,
    /// The finding.
    pub(crate) id: FindingId,
    /// Who answers.
    pub(crate) by: AgentName,
    /// All of it so far, as inert Markdown.
    pub(crate) text: String,
}

/// What `deepReview/findings` is asked with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FindingsParams {
    /// Whether each finding comes with its explanation, for editors that show all of them at once.
    pub(crate) explained: bool,
    /// Whether it is said of each finding if it is at lines that the user changed last.
    pub(crate) mine: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Repositories {
    pub(crate) repositories: Vec<RepositoryRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RepositoryRow {
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    pub(crate) running: bool,
    pub(crate) agents: Vec<AgentState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    /// Of what is looked at without being checked out: as it was named, and the root of its repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) round: Option<RoundState>,
    /// Open findings by severity, where only the status was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<Vec<FindingRow>>,
    /// How many open findings are not shown, and why; nothing where all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hidden: Option<String>,
    /// Why it cannot be said which findings are the user's, where that was asked for.
    #[serde(rename = "mineUnknown", skip_serializing_if = "Option::is_none")]
    pub(crate) mine_unknown: Option<String>,
    /// What agents say of the design, where it has a place: it is among the diagnostics too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) concerns: Option<Vec<ConcernRow>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RoundState {
    pub(crate) id: RoundId,
    pub(crate) number: u32,
    pub(crate) verdict: String,
    /// Whether an agent failed.
    pub(crate) incomplete: bool,
    /// What it was compared with, as it was named.
    pub(crate) base: String,
    /// When it started, in RFC 3339.
    pub(crate) started: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct AgentState {
    pub(crate) name: AgentName,
    pub(crate) label: String,
    pub(crate) kind: AgentKind,
    /// `running`, `reviewed` or `failed`.
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// How long it has been at it, or took, in milliseconds.
    #[serde(rename = "elapsedMs")]
    pub(crate) elapsed_ms: u64,
    /// How many remarks it made so far.
    pub(crate) findings: usize,
    /// Tokens read and written, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<u64>,
    /// US dollars, where that is known.
    #[serde(rename = "costUsd", skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FindingRow {
    pub(crate) id: FindingId,
    pub(crate) label: String,
    pub(crate) severity: Severity,
    pub(crate) title: String,
    pub(crate) agents: Vec<AgentLabel>,
    /// `open`, `fixed`, `dismissed` or `outdated`.
    pub(crate) state: &'static str,
    /// Whether one of its fixes applies now.
    pub(crate) fixable: bool,
    pub(crate) fixes: usize,
    /// Whether no earlier round of the branch had it.
    pub(crate) new: bool,
    /// Whether it is at lines that the user changed last; only where that was asked for and is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mine: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<String>,
    /// Questions about it and answers, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) thread: Vec<MessageRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<RepoPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<Uri>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<Range>,
}

/// A question about a finding, or an answer.
#[derive(Debug, Serialize)]
pub(crate) struct MessageRow {
    /// What the agent that said it is called; nothing where a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// Inert Markdown.
    pub(crate) text: String,
}

/// A concern about the design.
#[derive(Debug, Serialize)]
pub(crate) struct ConcernRow {
    pub(crate) title: String,
    pub(crate) agents: Vec<AgentLabel>,
    pub(crate) path: RepoPath,
    pub(crate) uri: Uri,
    pub(crate) range: Range,
}

#[derive(Debug, Serialize)]
pub(crate) struct AgentLabel {
    pub(crate) name: AgentName,
    pub(crate) label: String,
}
