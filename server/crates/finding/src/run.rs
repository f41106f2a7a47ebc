use super::{AgentInfo, Assessment, FindingId, RepoPath};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of failure it was: decides the exit code, whether to try again, and what the user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The program or server is not there.
    NotInstalled,
    /// No or wrong credentials.
    NotLoggedIn,
    /// Asked too often or quota used up.
    RateLimited,
    /// The vendor is out of capacity or broken (5xx).
    Overloaded,
    /// The network or server does not answer.
    Unreachable,
    /// An answer came and could not be used.
    BadOutput,
    /// The brief or the answer is over a limit.
    TooLarge,
    /// The money or token limit of the round is reached.
    BudgetReached,
    /// Over the deadline.
    TimedOut,
    /// The user stopped it.
    Cancelled,
    /// Turned off here, for example in an untrusted repository.
    NotAllowed,
    /// Anything else; the message says what.
    Crashed,
}

/// Why an agent gave no review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What happened: one sentence in lower case, without the agent's name.
    pub message: String,
    /// What the user can do about it: a sentence or a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Where an agent is in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum AgentOutcome {
    /// Not done yet (in a stored round: the round was interrupted).
    Running,
    /// It reviewed everything it was given.
    Reviewed,
    /// It gave no review, or only a part of one.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens read, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Those of the tokens read that the vendor had in its cache, which cost a fraction; counted in `input_tokens` too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Tokens written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Files read, commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
}

impl Usage {
    /// Both together; what is known of one alone stays.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        // The numbers are what a program or a server says: they may be any.
        let add = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
        Self {
            cost_usd: [self.cost_usd, other.cost_usd].into_iter().flatten().reduce(|a, b| a + b),
            input_tokens: add(self.input_tokens, other.input_tokens),
            cached_tokens: add(self.cached_tokens, other.cached_tokens),
            output_tokens: add(self.output_tokens, other.output_tokens),
            tool_calls: add(self.tool_calls, other.tool_calls),
        }
    }
}

/// One agent's part in a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRun {
    /// Who.
    pub agent: AgentInfo,
    /// How it went.
    pub outcome: AgentOutcome,
    /// Wall-clock time in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// What it used.
    #[serde(default)]
    pub usage: Usage,
    /// Version of the prompt it was given; `None` where no prompt is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The changed files it looked at.
    #[serde(default)]
    pub covered: Vec<RepoPath>,
    /// What went less than well without being a failure.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Its own view of the whole.
    #[serde(default)]
    pub assessment: Assessment,
    /// What is said of its work afterwards; Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retro: Option<String>,
    /// What its review was expected to use, before it began; `None` where nothing is sent anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Usage>,
    /// The one finding that it was asked about again; then it has reviewed no file in this round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<FindingId>,
}

impl AgentRun {
    /// A part of which nothing more is known.
    #[must_use]
    pub fn new(agent: AgentInfo, outcome: AgentOutcome) -> Self {
        Self {
            agent,
            outcome,
            duration_ms: 0,
            usage: Usage::default(),
            prompt: None,
            covered: Vec::new(),
            notes: Vec::new(),
            assessment: Assessment::default(),
            retro: None,
            estimate: None,
            about: None,
        }
    }

    /// Whether it looked at a changed file that it was given: who answered and names no file has read them all.
    #[must_use]
    pub fn has_read(&self, path: &RepoPath) -> bool {
        match self.outcome {
            AgentOutcome::Running => false,
            _ if self.about.is_some() => false,
            AgentOutcome::Reviewed => self.covered.is_empty() || self.covered.contains(path),
            AgentOutcome::Failed { .. } => self.covered.contains(path),
        }
    }
}
