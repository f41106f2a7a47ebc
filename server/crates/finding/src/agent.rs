use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The short name by which an agent is configured, stored and asked for: `claude`, `codex`, `references`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
// Each remark has it several times: a clone shares the text.
pub struct AgentName(Arc<str>);

impl AgentName {
    /// Takes the name as it is.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(Arc::from(name.into()))
    }

    /// The short name for a label: lower case, words joined by `-`. `imported` for a label without a letter or digit.
    #[must_use]
    pub fn of_label(label: &str) -> Self {
        let mut name = String::new();
        for c in label.trim().chars() {
            if c.is_alphanumeric() || c == '.' {
                name.extend(c.to_lowercase());
            } else if !name.ends_with('-') && !name.is_empty() {
                name.push('-');
            }
        }
        Self::new(if name.trim_matches('-').is_empty() { "imported" } else { name.trim_matches('-') })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What sort of reviewer an agent is: decides what users are told about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// A deterministic checker inside deep-review; no model ran.
    BuiltIn,
    /// A stored answer played again; no model ran now.
    Recorded,
    /// A coding agent's command line program.
    Cli,
    /// An agent spoken to over the Agent Client Protocol.
    Acp,
    /// A model behind HTTP.
    Http,
    /// Any program that takes the brief on standard input.
    Command,
    /// An external linter.
    Linter,
    /// Findings that were read from a report.
    Imported,
}

impl AgentKind {
    /// Whether it judges. What a checker or a linter computes is no review.
    #[must_use]
    pub fn is_reviewer(self) -> bool {
        !matches!(self, Self::BuiltIn | Self::Linter)
    }

    /// Whether using the agent may cost money or sends text off the machine.
    #[must_use]
    pub fn is_remote(self) -> bool {
        matches!(self, Self::Cli | Self::Acp | Self::Http | Self::Command)
    }
}

/// An agent as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentInfo {
    /// The short name; unique in a round.
    pub name: AgentName,
    /// What people call it, with its version where known: `Claude Opus 4.6`, `Codex GPT 5.4`.
    pub label: String,
    /// What sort of reviewer it is.
    pub kind: AgentKind,
}
