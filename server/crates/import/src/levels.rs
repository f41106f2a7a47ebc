//! What a tool's levels come to.

use finding::{Severity, StatedSeverity};

/// The severities of a tool's own levels. A tool knows rules, not consequences: its `error` is no Critical by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Of `error`, and of a level that is not known.
    pub error: Severity,
    /// Of `warning`.
    pub warning: Severity,
}

impl Levels {
    /// For a report that somebody takes in: they want to see its warnings.
    pub const REPORT: Self = Self { error: Severity::Important, warning: Severity::Important };
    /// For a linter that runs beside others: its warnings are advice.
    pub const LINTER: Self = Self { error: Severity::Important, warning: Severity::Suggestion };

    /// The severity of a level or a severity's word of a tool, in any case; and the word, where it is not known.
    #[must_use]
    pub fn read(self, word: &str) -> Option<StatedSeverity> {
        let known = |severity| Some(StatedSeverity { severity, unknown: None });
        match word.trim().to_ascii_lowercase().as_str() {
            "" => None,
            // Scanners call what is worse than this "critical".
            "error" | "err" | "high" | "fatal" | "fatal error" | "e" | "f" => known(self.error),
            "warning" | "warn" | "w" => known(self.warning),
            "unknown" | "undefined" => {
                Some(StatedSeverity { severity: self.error, unknown: Some(word.trim().to_owned()) })
            }
            "none" | "i" | "c" | "r" | "n" => known(Severity::Suggestion),
            _ => StatedSeverity::read(word),
        }
    }

    /// The severity of a CVSS score, 0 to 10.
    #[must_use]
    pub fn of_score(score: f64) -> Severity {
        match score {
            score if score >= 9.0 => Severity::Critical,
            score if score >= 4.0 => Severity::Important,
            _ => Severity::Suggestion,
        }
    }
}
