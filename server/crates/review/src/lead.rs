//! The lead: one agent that reads everything, writes the summary and settles disputed severities. Without one, the
//! summary is composed from what is known.

use super::verify;
use agent::{Question, Sending, answer};
use finding::{AgentName, AgentOutcome, AgentRun, Finding, FindingId, Round, Settled, Severity, Verdict};
use serde_json::json;
use std::collections::BTreeSet;

/// What the lead said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub(super) by: Option<AgentName>,
    pub(super) summary: String,
    settled: Vec<(FindingId, Severity, String)>,
}

/// What the lead is asked, without what is said of files that are never sent.
pub(super) fn question(round: &Round, sending: &Sending) -> Question {
    let findings: Vec<String> = round
        .findings
        .iter()
        .filter(|f| sending.allows_all(f.anchors.iter()))
        .map(|f| {
            let places: Vec<String> = f.anchors.iter().map(ToString::to_string).collect();
            json!({
                "id": f.label, "severity": f.severity, "dispute": f.dispute, "title": f.title, "body": f.body,
                "places": places, "by": f.agents(), "check": f.verification,
            })
            .to_string()
        })
        .collect();
    let reviewers: Vec<String> = round
        .agents
        .iter()
        .map(|run| {
            let failure = match &run.outcome {
                AgentOutcome::Failed { failure } => Some(&failure.message),
                AgentOutcome::Running | AgentOutcome::Reviewed => None,
            };
            json!({"name": run.agent.name, "summary": run.assessment.summary, "failed": failure}).to_string()
        })
        .collect();
    let disputed = round.findings.iter().filter(|f| f.dispute.is_some());
    let files: BTreeSet<_> = disputed.flat_map(|f| &f.anchors).map(|a| a.path.clone()).collect();
    Question {
        template: "lead",
        schema: answer::lead_schema(),
        data: vec![("findings", findings.join("\n")), ("reviewers", reviewers.join("\n"))],
        files: files.into_iter().collect(),
    }
}

/// What it said, of the findings that are disputed.
pub(super) fn word(said: answer::LeadAnswer, round: &Round, by: &AgentName) -> Word {
    let settled = said.settled.into_iter().filter_map(|(label, severity, why)| {
        let finding = round.findings.iter().find(|f| f.label.eq_ignore_ascii_case(label.trim()))?;
        finding.dispute.as_ref().map(|_| (finding.id.clone(), severity, why))
    });
    Word { by: Some(by.clone()), settled: settled.collect(), summary: said.summary }
}

/// Puts the severities that the lead settled into the findings, and why, also where it agrees with what they came to.
pub(super) fn settle(findings: &mut [Finding], word: &Word, label: impl Fn(&AgentName) -> String) {
    let Some(by) = &word.by else { return };
    for (id, severity, why) in &word.settled {
        let Some(finding) = findings.iter_mut().find(|f| f.id == *id) else { continue };
        if finding.severity != *severity {
            verify::settle(finding, *severity, &format!("{} leads", label(by)), why);
        }
        finding.settled = Some(Settled { by: by.clone(), severity: *severity, reason: why.clone() });
    }
}

/// The summary without a lead: what was reviewed by how many, what has to be done, and the gravest of it.
pub(super) fn compose(round: &Round) -> String {
    let done = |run: &&AgentRun| run.outcome == AgentOutcome::Reviewed && run.agent.kind.is_reviewer();
    let reviewers = round.agents.iter().filter(done).count();
    let standing: Vec<&Finding> = round.standing().filter(|f| !f.is_doubtful()).collect();
    let conclusion = round.conclude(standing.iter().map(|f| f.severity));
    let verdict = match conclusion.verdict {
        Verdict::NoVerdict => "Nobody can say yet whether it can be merged",
        Verdict::MergeAsIs => "It can be merged as it is",
        Verdict::MergeWithFixes => "It can be merged once what is important is fixed",
        Verdict::Rework => "It must not be merged as it is",
    };
    let files = round.coverage.reviewed.len();
    let mut text = format!("{} reviewed {}. {verdict}: ", count(reviewers, "reviewer"), count(files, "changed file"));
    let counts: Vec<String> = Severity::ALL
        .iter()
        .map(|s| (s, standing.iter().filter(|f| f.severity == *s).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(s, n)| match s {
            Severity::Critical => count(n, "critical issue"),
            Severity::Important => count(n, "important issue"),
            Severity::Suggestion => count(n, "suggestion"),
        })
        .collect();
    text.push_str(&if counts.is_empty() { "no findings".into() } else { counts.join(", ") });
    if !conclusion.limits.is_empty() {
        text.push_str(&format!(" ({})", conclusion.limits.join("; ")));
    }
    text.push('.');
    let grave: Vec<String> = standing
        .iter()
        .filter(|f| f.severity != Severity::Suggestion)
        .take(3)
        .map(|f| format!("{} ({})", f.title.trim_end_matches('.'), f.label))
        .collect();
    if !grave.is_empty() {
        text.push_str(&format!(" First of all: {}.", grave.join("; ")));
    }
    text
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
