use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a finding matters. Ordered: `Suggestion < Important < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth doing, harmless to leave.
    Suggestion,
    /// Should be fixed before the merge.
    Important,
    /// Must not be merged: data loss, security, crash, or plainly broken behaviour.
    Critical,
}

impl Severity {
    /// All severities, gravest first: the order of every list that people read.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Important, Self::Suggestion];

    /// Reads the words that agents, linters and forges use (`high`, `warning`, `P1`, …), in any case.
    /// `None` for a word that says nothing about severity.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "blocker" | "fatal" | "error" | "p0" | "severe" | "high" => Self::Critical,
            "important" | "major" | "warning" | "warn" | "medium" | "moderate" | "p1" => Self::Important,
            "suggestion" | "minor" | "info" | "information" | "note" | "nit" | "low" | "hint" | "trivial" | "p2"
            | "p3" => Self::Suggestion,
            _ => return None,
        })
    }

    /// The letter that starts a finding's label: `C`, `I` or `S`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Critical => 'C',
            Self::Important => 'I',
            Self::Suggestion => 'S',
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Critical => "Critical",
            Self::Important => "Important",
            Self::Suggestion => "Suggestion",
        })
    }
}

/// What to do with the branch, derived from the findings that are still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing open above a suggestion.
    MergeAsIs,
    /// Something important is open.
    MergeWithFixes,
    /// Something critical is open.
    Rework,
}

impl Verdict {
    /// The verdict for the severities of the findings that are open.
    #[must_use]
    pub fn of(open: impl IntoIterator<Item = Severity>) -> Self {
        match open.into_iter().max() {
            Some(Severity::Critical) => Self::Rework,
            Some(Severity::Important) => Self::MergeWithFixes,
            Some(Severity::Suggestion) | None => Self::MergeAsIs,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MergeAsIs => "Merge as is",
            Self::MergeWithFixes => "Merge with fixes",
            Self::Rework => "Rework",
        })
    }
}
