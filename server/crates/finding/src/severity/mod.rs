mod stated;
mod words;

pub use stated::{SeverityScale, StatedSeverity};

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

    /// Reads one of the words that agents, linters, forges and people use (`high`, `warning`, `P1`, `kritisch`, `严重`), in
    /// any case. `None` for a word that says nothing about severity.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        words::value_word(&word.trim().to_lowercase())
    }

    /// What a word in a heading or a tag means; narrower than [`Severity::from_word`], because headings say "Notes" and
    /// "Errors" for other things.
    #[must_use]
    pub fn from_heading_word(word: &str) -> Option<Self> {
        words::heading_word(&word.to_lowercase())
    }

    /// The severity of a label: a heading or a tag that says a severity and nothing else, such as "🟡 Important Issues
    /// (2)", "P1 – Important", "重要问题", "Should fix".
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        words::alone(label, words::heading_word)
            .or_else(|| words::alone(&words::without_advice(label)?, words::heading_word))
    }

    /// The severity of the first coloured sign in a text.
    #[must_use]
    pub fn of_sign(text: &str) -> Option<Self> {
        words::sign(text)
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
