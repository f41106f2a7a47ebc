//! The lead: one agent that reads everything, writes the summary and settles disputed severities. Without one, the
//! summary is composed from what is known.

use super::verify;
use agent::{Question, Sending, answer};
use finding::{
    AgentInfo, AgentName, AgentOutcome, AgentRun, Anchor, Finding, FindingId, Observation, Round, Settled, Severity,
    Verdict, Work,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the lead said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub(super) by: Option<AgentName>,
    pub(super) summary: String,
    pub(super) verdict_reason: Option<String>,
    /// What it says of the agents' work.
    pub(super) retro: BTreeMap<AgentName, String>,
    settled: Vec<(FindingId, Severity, String)>,
}

/// What the lead is asked: everything that was said, in this round and before, without what is said of files that are
/// never sent.
pub(super) fn question(round: &Round, earlier: &[&Round], sending: &Sending) -> Question {
    let disputed = round.findings.iter().filter(|f| f.dispute.is_some());
    let files: BTreeSet<_> = disputed.flat_map(|f| &f.anchors).map(|a| a.path.clone()).collect();
    let data = vec![
        (
            "findings",
            lines(round.findings.iter().filter(|f| sending.allows_all(f.anchors.iter())).map(|f| finding(round, f))),
        ),
        ("reviewers", lines(round.agents.iter().map(|run| reviewer(round, run)))),
        (
            "observations",
            lines(round.observations.iter().filter(|o| sending.allows_all(o.anchors.iter())).map(observation)),
        ),
        ("assessments", lines(round.agents.iter().map(|run| assessment(run, sending)))),
        ("earlier", lines(earlier.iter().map(|round| before(round, sending)))),
    ];
    Question { template: "lead", schema: answer::lead_schema(), data, files: files.into_iter().collect() }
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join("\n")
}

fn places(anchors: &[Anchor]) -> Vec<String> {
    anchors.iter().map(ToString::to_string).collect()
}

fn finding(round: &Round, f: &Finding) -> Value {
    let said = round.remarks(f).into_iter().filter(|raw| raw.body.trim() != f.body.trim());
    let said: Vec<Value> = said
        .map(|raw| json!({"by": raw.agent, "severity": raw.severity, "title": raw.title, "body": raw.body}))
        .collect();
    json!({
        "id": f.label, "severity": f.severity, "dispute": f.dispute, "title": f.title, "body": f.body,
        "places": places(&f.anchors), "by": f.agents(), "check": f.verification, "since_round": f.since,
        "doubts": f.doubts, "contrary": f.contrary, "others_said": said,
    })
}

fn reviewer(round: &Round, run: &AgentRun) -> Value {
    let failure = match &run.outcome {
        AgentOutcome::Failed { failure } => Some(&failure.message),
        AgentOutcome::Running | AgentOutcome::Reviewed => None,
    };
    let work = Work::of(round, &run.agent.name);
    json!({
        "name": run.agent.name, "label": run.agent.label, "summary": run.assessment.summary, "failed": failure,
        "findings": {"alone": work.unique, "refuted": work.refuted, "confirmed": work.confirmed},
        "files": {"read": work.covered, "not_read": work.missed},
    })
}

fn observation(o: &Observation) -> Value {
    json!({"kind": o.kind, "title": o.title, "body": o.body, "places": places(&o.anchors), "by": o.by})
}

fn assessment(run: &AgentRun, sending: &Sending) -> Value {
    let said = &run.assessment;
    let limitations = said.limitations.iter().filter(|l| sending.allows_all(l.anchor.iter()));
    let limitations: Vec<Value> = limitations
        .map(|l| {
            let place = l.anchor.as_ref().map(ToString::to_string);
            json!({"title": l.title, "place": place, "quote": l.anchor.as_ref().and_then(|a| a.quote.as_ref()), "body": l.body})
        })
        .collect();
    json!({
        "by": run.agent.name, "testing": said.testing, "untested": said.untested, "documentation": said.documentation,
        "commits": said.commit_structure, "limitations": limitations,
    })
}

fn before(round: &Round, sending: &Sending) -> Value {
    let findings = round.standing().filter(|f| sending.allows_all(f.anchors.iter()));
    let findings: Vec<Value> =
        findings.map(|f| json!({"id": f.label, "severity": f.severity, "title": f.title})).collect();
    let fixed: Vec<&str> = round.since_before.fixed.iter().map(|one| one.label.as_str()).collect();
    json!({"round": round.number, "findings": findings, "fixed": fixed, "summary": round.assessment.summary})
}

/// What it said, of the findings that are disputed and of the agents of the round.
pub(super) fn word(said: answer::LeadAnswer, round: &Round, by: &AgentName) -> Word {
    let settled = said.settled.into_iter().filter_map(|(label, severity, why)| {
        let finding = round.findings.iter().find(|f| f.label.eq_ignore_ascii_case(label.trim()))?;
        finding.dispute.as_ref().map(|_| (finding.id.clone(), severity, why))
    });
    let is_called = |info: &AgentInfo, name: &str| info.name.as_str() == name || info.label == name;
    let retro = said.retro.into_iter().filter_map(|(name, text)| {
        let run = round.agents.iter().find(|run| is_called(&run.agent, name.trim()))?;
        Some((run.agent.name.clone(), text))
    });
    Word {
        by: Some(by.clone()),
        summary: said.summary,
        verdict_reason: said.verdict_reason,
        retro: retro.collect(),
        settled: settled.collect(),
    }
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
