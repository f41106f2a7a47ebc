use super::{Finding, FindingId, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How much of a round people want to see at once. What it hides stays in the round, in its reports, and in the verdict;
/// whoever hides something says how much ([`Hidden`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dial {
    /// Findings below this severity are not shown.
    pub min_severity: Option<Severity>,
    /// Findings whose confidence, 0 to 1, is below this are not shown.
    pub min_confidence: Option<f64>,
    /// Of the suggestions, so many are shown: the best ones.
    pub max_suggestions: Option<usize>,
}

/// What a [`Dial`] hides of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    findings: BTreeSet<FindingId>,
    /// How many are below the severity, below the confidence, and suggestions too many.
    severity: usize,
    confidence: usize,
    suggestions: usize,
}

impl Dial {
    /// This one, and of `other` what it says nothing of.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            min_severity: self.min_severity.or(other.min_severity),
            min_confidence: self.min_confidence.or(other.min_confidence),
            max_suggestions: self.max_suggestions.or(other.max_suggestions),
        }
    }

    /// What it hides of these findings, which are in the round's order: the best first. Each counts under the first reason
    /// that holds.
    #[must_use]
    pub fn hidden<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) -> Hidden {
        let mut hidden = Hidden::default();
        let mut suggestions = 0;
        for finding in findings {
            let Some(why) = self.hides(finding, &mut suggestions, &mut hidden) else { continue };
            *why += 1;
            hidden.findings.insert(finding.id.clone());
        }
        hidden
    }

    fn hides<'h>(&self, finding: &Finding, suggestions: &mut usize, hidden: &'h mut Hidden) -> Option<&'h mut usize> {
        if self.min_severity.is_some_and(|least| finding.severity < least) {
            return Some(&mut hidden.severity);
        }
        if self.min_confidence.is_some_and(|least| finding.confidence < least) {
            return Some(&mut hidden.confidence);
        }
        if finding.severity == Severity::Suggestion {
            *suggestions += 1;
            if self.max_suggestions.is_some_and(|most| *suggestions > most) {
                return Some(&mut hidden.suggestions);
            }
        }
        None
    }
}

impl Hidden {
    /// Whether the finding is hidden.
    #[must_use]
    pub fn has(&self, id: &FindingId) -> bool {
        self.findings.contains(id)
    }

    /// How many are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.findings.len()
    }
}

impl fmt::Display for Hidden {
    /// "7 findings are not shown: 4 below min_severity, 3 over max_suggestions"; nothing where nothing is hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.severity, "below min_severity"),
            (self.confidence, "below min_confidence"),
            (self.suggestions, "over max_suggestions"),
        ];
        let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
        match self.count() {
            0 => Ok(()),
            1 => write!(f, "1 finding is not shown: {}", parts.join(", ")),
            n => write!(f, "{n} findings are not shown: {}", parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_counted_by_the_first_reason() {
        let finding = |id: &str, severity, confidence| {
            let mut finding = Finding::new(FindingId::new(id), severity, id);
            finding.confidence = confidence;
            finding
        };
        let findings = [
            finding("c", Severity::Critical, 0.1),
            finding("i", Severity::Important, 0.9),
            finding("s1", Severity::Suggestion, 0.8),
            finding("s2", Severity::Suggestion, 0.2),
            finding("s3", Severity::Suggestion, 0.7),
        ];
        let said = |dial: Dial| {
            let hidden = dial.hidden(&findings);
            let shown: Vec<&str> = findings.iter().filter(|f| !hidden.has(&f.id)).map(|f| f.title.as_str()).collect();
            (shown.join(" "), hidden.to_string())
        };
        let dial = Dial::default();
        assert_eq!(said(dial), ("c i s1 s2 s3".into(), String::new()));
        let important = Some(Severity::Important);
        assert_eq!(
            said(Dial { min_severity: important, min_confidence: Some(0.5), ..dial }),
            ("i".into(), "4 findings are not shown: 3 below min_severity, 1 below min_confidence".into())
        );
        assert_eq!(
            said(Dial { max_suggestions: Some(1), min_confidence: Some(0.15), ..dial }),
            ("i s1".into(), "3 findings are not shown: 1 below min_confidence, 2 over max_suggestions".into())
        );
        assert_eq!(said(Dial { max_suggestions: Some(2), ..dial }).1, "1 finding is not shown: 1 over max_suggestions");
    }
}
