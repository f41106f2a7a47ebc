use super::{AgentInfo, AgentName, BlobId, FindingId, Fix, RepoPath, Round, RoundId, Usage};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an agent made of a finding when it was asked to fix it, and what was proven of that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The finding.
    pub finding: FindingId,
    /// What it was called then.
    pub label: String,
    /// Who was asked.
    pub by: AgentInfo,
    /// When it was begun.
    pub at: Timestamp,
    /// What it says that it did: one line of plain text; may be empty.
    #[serde(default)]
    pub summary: String,
    /// What it changed, as `git diff` writes it; empty where it changed nothing.
    #[serde(default)]
    pub diff: String,
    /// The steps of the proof, in order, up to the first that failed.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The files that it changes. The proof holds for these texts, and for no others.
    #[serde(default)]
    pub files: BTreeMap<RepoPath, FileProof>,
    /// What a person has to agree to by name before it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
    /// The agents that were called for it, and what that took.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// The text of a file before and after a fix, by its blob; `None` where there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileProof {
    /// Before.
    pub before: Option<BlobId>,
    /// After.
    pub after: Option<BlobId>,
}

/// One step of the proof of a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is shown by it.
    pub name: StepName,
    /// What came of it.
    pub result: StepResult,
    /// What came of it in words that stand beside those of other steps: "`cargo check` passes".
    pub note: String,
}

/// What a step of a proof shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// The agent changed something.
    Written,
    /// The change has its place in the text as it is, and touches only what it may.
    Placed,
    /// It brings no new errors of syntax.
    Parsed,
    /// Files that the repository's formatter would have left as they were are still so.
    Formatted,
    /// The user's own check says nothing that it did not say before.
    Checked,
    /// An agent that looked at the new code says that the finding is gone and that no new one came.
    Reviewed,
}

/// What came of a step of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    /// It is shown.
    Passed,
    /// The contrary is shown, or it should have been shown and was not.
    Failed,
    /// There is nothing to show it with; the note says why.
    Skipped,
}

/// A change that a person has to agree to by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The file.
    pub path: RepoPath,
    /// What it is: "a test".
    pub why: String,
}

/// One call of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Who was called.
    pub agent: AgentName,
    /// What for: `fix`, `judge`, `ask`, `review`.
    pub to: String,
    /// What the finding was called that it was about; none where it was about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Why nothing came of it, if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Wall-clock time in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// What it used.
    #[serde(default)]
    pub usage: Usage,
}

impl Attempt {
    /// Whether its change may be applied: it has a place, and no step says anything against it.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        let is_placed = self.steps.iter().any(|s| s.name == StepName::Placed && s.result == StepResult::Passed);
        is_placed && !self.steps.iter().any(|s| s.result == StepResult::Failed)
    }

    /// What is proven, or why it is not, in a line: "placed, parses, `cargo check` passes, Codex agrees".
    #[must_use]
    pub fn proof(&self) -> String {
        if let Some(failed) = self.steps.iter().find(|s| s.result == StepResult::Failed) {
            return failed.note.clone();
        }
        let notes = |result| {
            let of = self.steps.iter().filter(|s| s.result == result && s.name != StepName::Written);
            of.map(|s| s.note.as_str()).collect::<Vec<_>>()
        };
        let (shown, skipped) = (notes(StepResult::Passed).join(", "), notes(StepResult::Skipped).join("; "));
        if skipped.is_empty() { shown } else { format!("{shown} ({skipped})") }
    }

    /// What its calls used, all together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.calls.iter().fold(Usage::default(), |sum, call| sum.plus(call.usage))
    }

    /// As a suggestion that can be applied like any other.
    #[must_use]
    pub fn fix(&self) -> Fix {
        let summary = if self.summary.is_empty() { "a fix" } else { &self.summary };
        let note = Some(format!("{summary} [{}]", self.proof()));
        Fix { note, path: None, diff: self.diff.clone(), by: vec![self.by.name.clone()] }
    }
}

/// Who said something about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// A person.
    Person,
    /// An agent.
    Agent(AgentName),
}

/// Something that was said about a finding after it was raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who said it.
    pub by: Speaker,
    /// When.
    pub at: Timestamp,
    /// Markdown.
    pub text: String,
    /// The call that it came of, where an agent said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
}

/// What was done about a branch's findings after they were raised; kept beside the rounds, which never change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Aftermath {
    /// Attempts at fixes, oldest first.
    pub attempts: Vec<Attempt>,
    /// What was said about findings, oldest first.
    pub threads: BTreeMap<FindingId, Vec<Message>>,
    /// All calls of agents besides reviews, by the round that was the newest then; oldest first.
    pub calls: BTreeMap<RoundId, Vec<Call>>,
}

/// Most calls that are kept of one round; older ones go.
const MOST_CALLS: usize = 1000;

impl Aftermath {
    /// Writes calls down, whatever came of them.
    pub fn add_calls(&mut self, round: &RoundId, calls: impl IntoIterator<Item = Call>) {
        let mut calls = calls.into_iter().peekable();
        if calls.peek().is_some() {
            let all = self.calls.entry(round.clone()).or_default();
            all.extend(calls);
            all.drain(..all.len().saturating_sub(MOST_CALLS));
        }
    }

    /// Puts into a round's findings what was done about each since. What is proven is among their fixes then, behind what
    /// was suggested with them; the texts that it was proven for are among the round's, where a file was not cited before.
    pub fn attach(&self, round: &mut Round) {
        for attempt in self.attempts.iter().filter(|attempt| attempt.is_proven()) {
            if round.findings.iter().any(|finding| finding.id == attempt.finding) {
                for (path, proof) in &attempt.files {
                    let before = proof.before.clone().filter(|_| !round.texts.contains_key(path));
                    round.texts.extend(before.map(|before| (path.clone(), before)));
                }
            }
        }
        round.calls = self.calls.get(&round.id).cloned().unwrap_or_default();
        for finding in &mut round.findings {
            finding.attempts = self.attempts.iter().filter(|a| a.finding == finding.id).cloned().collect();
            finding.thread = self.threads.get(&finding.id).cloned().unwrap_or_default();
            let known = |diff: &str| finding.fixes.iter().any(|fix| fix.diff == diff);
            // The newest is made for the newest text.
            let proven = finding.attempts.iter().rev().filter(|a| a.is_proven() && !known(&a.diff));
            let proven: Vec<Fix> = proven.map(Attempt::fix).collect();
            finding.fixes.extend(proven);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentKind;

    fn attempt(steps: &[(StepName, StepResult, &str)]) -> Attempt {
        let step = |(name, result, note): &(StepName, StepResult, &str)| Step {
            name: *name,
            result: *result,
            note: (*note).to_owned(),
        };
        Attempt {
            finding: FindingId::new("f"),
            label: "I1".into(),
            by: AgentInfo { name: AgentName::new("claude"), label: "Claude".into(), kind: AgentKind::Cli },
            at: Timestamp::UNIX_EPOCH,
            summary: String::new(),
            diff: "-a\n+b\n".into(),
            steps: steps.iter().map(step).collect(),
            files: BTreeMap::new(),
            consents: Vec::new(),
            calls: Vec::new(),
        }
    }

    #[test]
    fn a_proof_says_what_is_shown_and_what_is_not() {
        use StepName::{Checked, Parsed, Placed, Reviewed, Written};
        use StepResult::{Failed, Passed, Skipped};
        type Row<'a> = (&'a [(StepName, StepResult, &'a str)], bool, &'a str);
        let table: [Row<'_>; 5] = [
            (&[], false, ""),
            (&[(Written, Failed, "it changed nothing")], false, "it changed nothing"),
            (&[(Written, Passed, "w"), (Placed, Passed, "placed"), (Parsed, Passed, "parses")], true, "placed, parses"),
            (
                &[
                    (Placed, Passed, "placed"),
                    (Checked, Skipped, "not checked: none"),
                    (Reviewed, Passed, "Codex agrees"),
                ],
                true,
                "placed, Codex agrees (not checked: none)",
            ),
            (&[(Placed, Passed, "placed"), (Checked, Failed, "`x` fails")], false, "`x` fails"),
        ];
        for (steps, is_proven, proof) in table {
            let attempt = attempt(steps);
            assert_eq!((attempt.is_proven(), attempt.proof().as_str()), (is_proven, proof));
        }
    }

    #[test]
    fn what_is_proven_is_among_the_fixes_of_its_finding_once() {
        let scope =
            crate::RoundScope { branch: None, base_name: "main".into(), base: None, head: None, uncommitted: false };
        let mut round = Round::new(crate::RoundId::new("r"), Timestamp::UNIX_EPOCH, scope);
        let finding = |id: &str| crate::Finding::new(FindingId::new(id), crate::Severity::Important, "t");
        round.findings = vec![finding("f"), finding("g")];
        let proven = attempt(&[(StepName::Placed, StepResult::Passed, "placed")]);
        let failed = Attempt { diff: "-x\n+y\n".into(), steps: Vec::new(), ..proven.clone() };
        let aftermath = Aftermath { attempts: vec![failed, proven], ..Aftermath::default() };
        aftermath.attach(&mut round);
        aftermath.attach(&mut round);
        let counts: Vec<_> = round.findings.iter().map(|f| (f.attempts.len(), f.fixes.len())).collect();
        assert_eq!(counts, [(2, 1), (0, 0)]);
        assert_eq!(round.findings[0].fixes[0].note.as_deref(), Some("a fix [placed]"));
    }
}
