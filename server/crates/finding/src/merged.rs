use super::{
    AgentName, Anchor, Attempt, Classification, FindingId, Fix, Graded, Learned, Message, RawId, RuleRef, Severity,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One agent's part in a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// Who.
    pub agent: AgentName,
    /// The severity this agent gave.
    pub severity: Severity,
    /// The remark, to be found in `Round::raw`.
    pub raw: RawId,
}

/// Whether a finding was checked by another agent, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum FindingStatus {
    /// Nobody but those who raised it looked.
    #[default]
    Unverified,
    /// Another agent checked it against the code and agrees.
    Confirmed {
        /// Who checked.
        by: AgentName,
        /// What it said.
        #[serde(default)]
        note: String,
    },
    /// Another agent showed it to be false: kept for the report, not shown as a finding.
    Refuted {
        /// Who checked.
        by: AgentName,
        /// Why it is false.
        #[serde(default)]
        note: String,
    },
}

/// What a check of a finding by another agent can come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// The code shows that it is true.
    Confirmed,
    /// The code shows that it is false.
    Refuted,
    /// It is true, and was so before the change.
    PreExisting,
    /// The code at hand decides nothing.
    Unclear,
}

/// What one agent says of a finding that others raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The finding.
    pub finding: FindingId,
    /// Who checked.
    pub by: AgentName,
    /// What the code shows.
    pub verdict: CheckVerdict,
    /// The severity that the code shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The code that decides it.
    #[serde(default)]
    pub reason: String,
}

/// What the user sees: one issue, merged from one or more raw findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable over rounds.
    pub id: FindingId,
    /// Short name, by the severity and rank that it had when it was new: `C1`, `I2`, `S7`. It keeps it for the life of
    /// the branch, also when its severity changes, and no other finding of the branch ever gets it.
    pub label: String,
    /// Labels of findings that have become part of this one: they still name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Reconciled from the attributions.
    pub severity: Severity,
    /// How a disagreement on severity was settled: "Gemini: Critical, Codex: Important → Important".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
    /// One line of plain text, chosen from the raw findings.
    pub title: String,
    /// Markdown, chosen from the raw findings.
    #[serde(default)]
    pub body: String,
    /// Places in the snapshot, the main one first; none when the whole branch is meant.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
    /// The function, type or section it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How it relates to the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// The rule it is an instance of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Who raised it; never empty.
    pub attributions: Vec<Attribution>,
    /// All distinct fixes, the best first.
    #[serde(default)]
    pub fixes: Vec<Fix>,
    /// The ranking's score, 0…1.
    pub confidence: f64,
    /// Why these raw findings are one, and why it ranks as it does.
    #[serde(default)]
    pub why: Vec<String>,
    /// Findings that share its place but not its meaning.
    #[serde(default)]
    pub related: Vec<FindingId>,
    /// What a check by another agent gave.
    #[serde(default)]
    pub verification: FindingStatus,
    /// The round in which it was first raised, when that is an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u32>,
    /// Why its evidence does not hold; empty where it does, or where nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// What somebody with the last word said of its severity, also where that agrees with what it came to before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// That a person gave it its severity since. Kept beside the round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded: Option<Graded>,
    /// What an earlier decision of people says of its like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
    /// Strengths among the round's observations that say the contrary of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrary: Vec<Contrary>,
    /// What agents made of it when they were asked to fix it since, oldest first. Kept beside the round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// What was asked and answered about it since, oldest first. Kept beside the round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread: Vec<Message>,
}

/// A reason to doubt a finding: something that it is said to rest on and that is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// The code that its agents quote is not in the file.
    QuoteMissing,
    /// None of its fixes applies.
    FixRefused,
    /// Its confidence is low.
    LowConfidence,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::QuoteMissing => "the quoted code is not in the file",
            Self::FixRefused => "its fix does not apply",
            Self::LowConfidence => "its confidence is low",
        })
    }
}

/// Who settled a severity, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// Who.
    pub by: AgentName,
    /// What it comes to.
    pub severity: Severity,
    /// What decides it, in the agent's words.
    #[serde(default)]
    pub reason: String,
}

/// What another agent said that is the contrary of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contrary {
    /// Title of the observation in [`Round::observations`](super::Round::observations).
    pub title: String,
    /// Who made it.
    pub by: Vec<AgentName>,
}

impl Finding {
    /// Where it sits first of all: the first of its anchors; none when the whole branch is meant.
    pub fn main_anchor(&self) -> Option<&Anchor> {
        self.anchors.first()
    }

    /// A finding of one line, about which nothing more is known.
    #[must_use]
    pub fn new(id: FindingId, severity: Severity, title: impl Into<String>) -> Self {
        Self {
            id,
            label: String::new(),
            aliases: Vec::new(),
            severity,
            dispute: None,
            title: title.into(),
            body: String::new(),
            anchors: Vec::new(),
            symbol: None,
            classification: None,
            rule: None,
            attributions: Vec::new(),
            fixes: Vec::new(),
            confidence: 0.0,
            why: Vec::new(),
            related: Vec::new(),
            verification: FindingStatus::Unverified,
            since: None,
            doubts: Vec::new(),
            settled: None,
            graded: None,
            learned: None,
            contrary: Vec::new(),
            attempts: Vec::new(),
            thread: Vec::new(),
        }
    }

    /// Whether its evidence does not hold. It is shown, apart from the others, and decides nothing.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// Whether an agent's check showed it to be false.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        matches!(self.verification, FindingStatus::Refuted { .. })
    }

    /// Whether people call it so: by its label or that of a finding that became part of it, in any case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        std::iter::once(&self.label).chain(&self.aliases).any(|label| label.eq_ignore_ascii_case(name))
    }

    /// The agents that raised it, each once, in the order of attribution.
    #[must_use]
    pub fn agents(&self) -> Vec<&AgentName> {
        let mut agents: Vec<&AgentName> = Vec::new();
        for a in &self.attributions {
            if !agents.contains(&&a.agent) {
                agents.push(&a.agent);
            }
        }
        agents
    }
}
