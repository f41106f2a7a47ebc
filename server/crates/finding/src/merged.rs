use super::{AgentName, Anchor, Classification, FindingId, Fix, RawId, RuleRef, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Short name within the round, by severity and rank: `C1`, `I2`, `S7`.
    pub label: String,
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
}

impl Finding {
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
