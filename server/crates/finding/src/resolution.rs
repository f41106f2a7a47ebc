use super::{CommitId, Finding, FindingId, RoundId, Severity};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

/// Why a person declined a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DismissReason {
    /// It is not true.
    FalsePositive,
    /// It is true and stays.
    WontFix,
    /// It is true and will be done another time.
    Later,
}

impl fmt::Display for DismissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FalsePositive => "false positive",
            Self::WontFix => "won't fix",
            Self::Later => "later",
        })
    }
}

/// What became of a finding by somebody's decision or by a later round. A finding without one is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Open again after it had been closed.
    Open,
    /// Its fix or an equal change is in.
    Fixed,
    /// A person declined it.
    Dismissed {
        /// The kind of reason.
        reason: DismissReason,
        /// The reason in the person's words; may be empty.
        #[serde(default)]
        text: String,
    },
    /// Its code is gone or changed so that it says nothing any more.
    Outdated,
}

/// A state with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// What became of it.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The round in which the finding was when it was resolved.
    pub round: RoundId,
    /// Hash of the anchored code then, so that a dismissal ends when the code changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The commit that resolved it. Found in the history when a report is written; not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// The coding agent that decided it; `None` for a person, and for what the text itself says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Identity of a raw finding by its content, stable over rounds; made by `merge`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

/// Whether a person joined two remarks or split them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// They are one issue.
    Joined,
    /// They are two issues.
    Split,
}

/// A person's word on two raw findings, which overrules similarity. The newest on a pair counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Joined or split.
    pub kind: LinkKind,
    /// One of the two.
    pub a: Fingerprint,
    /// The other.
    pub b: Fingerprint,
}

/// The severity that somebody gave a finding, which counts more than what its agents say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// The severity.
    pub severity: Severity,
    /// Why, in a person's words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The round in which the finding was then.
    pub round: RoundId,
    /// The coding agent that gave it; `None` for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// That a finding has its severity by a [`Grade`], and not by what its agents say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Graded {
    /// The severity that it has without.
    pub was: Severity,
    /// Why, in a person's words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The coding agent that gave it; `None` for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// In a line, for people: `by a person, was Important: it is a debugging page`.
impl fmt::Display for Graded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.by.as_deref().unwrap_or("a person");
        write!(f, "by {by}, was {}", self.was)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, ": {}", self.reason) }
    }
}

impl Graded {
    /// Reads what is written by its `Display`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (by, rest) = text.strip_prefix("by ")?.split_once(", was ")?;
        let (was, reason) = rest.split_once(": ").unwrap_or((rest, ""));
        let by = (by != "a person").then(|| by.to_owned());
        Some(Self { was: Severity::from_word(was)?, reason: reason.to_owned(), by })
    }
}

/// Everything people decided on a branch's findings; kept apart from the rounds, which never change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decisions {
    /// By finding; what is not here is open.
    pub resolutions: BTreeMap<FindingId, Resolution>,
    /// Splits and joins, oldest first.
    pub links: Vec<Link>,
    /// The severities that people gave, by finding.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grades: BTreeMap<FindingId, Grade>,
}

impl Decisions {
    /// Whether the finding still asks for something to be done.
    #[must_use]
    pub fn is_open(&self, id: &FindingId) -> bool {
        self.resolutions.get(id).is_none_or(|r| r.state == State::Open)
    }

    /// Has each finding have the severity that it was given, and those that were given none that of their agents. They are
    /// in the order of severity afterwards; within one, the order stays.
    pub fn grade(&self, findings: &mut [Finding]) {
        let mut is_other = false;
        for finding in findings.iter_mut() {
            let before = finding.severity;
            if let Some(graded) = finding.graded.take() {
                finding.severity = graded.was;
            }
            let was = finding.severity;
            if let Some(grade) = self.grades.get(&finding.id).filter(|grade| grade.severity != was) {
                finding.graded = Some(Graded { was, reason: grade.reason.clone(), by: grade.by.clone() });
                finding.severity = grade.severity;
            }
            is_other |= finding.severity != before;
        }
        if is_other {
            findings.sort_by_key(|finding| Reverse(finding.severity));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_that_was_given_counts_until_it_is_taken_back() {
        use Severity::{Critical, Important, Suggestion};
        let finding = |id: &str, severity| Finding::new(FindingId::new(id), severity, id);
        let all = || vec![finding("a", Critical), finding("b", Important), finding("c", Important)];
        let grade = |severity, by: Option<&str>| Grade {
            severity,
            reason: "why: so".into(),
            at: Timestamp::UNIX_EPOCH,
            round: RoundId::new("r"),
            by: by.map(Into::into),
        };
        let mut decisions = Decisions::default();
        let mut findings = all();
        decisions.grade(&mut findings);
        assert_eq!(findings, all());
        let seen = |findings: &[Finding]| -> Vec<(String, Severity)> {
            findings.iter().map(|f| (f.title.clone(), f.severity)).collect()
        };
        decisions.grades.insert(FindingId::new("a"), grade(Suggestion, None));
        decisions.grades.insert(FindingId::new("c"), grade(Critical, Some("cursor")));
        // What it comes to without anybody's word.
        decisions.grades.insert(FindingId::new("b"), grade(Important, None));
        for _ in 0..2 {
            decisions.grade(&mut findings);
            let expected = [("c", Critical), ("b", Important), ("a", Suggestion)];
            assert_eq!(seen(&findings), expected.map(|(id, severity)| (id.to_owned(), severity)));
        }
        let words: Vec<String> = findings.iter().filter_map(|f| Some(f.graded.as_ref()?.to_string())).collect();
        assert_eq!(words, ["by cursor, was Important: why: so", "by a person, was Critical: why: so"]);
        let read: Vec<Option<Graded>> = words.iter().map(|words| Graded::read(words)).collect();
        assert_eq!(read, [findings[0].graded.clone(), findings[2].graded.clone()]);
        Decisions::default().grade(&mut findings);
        findings.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(findings, all());
    }
}
