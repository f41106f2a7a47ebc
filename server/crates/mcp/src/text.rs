//! Findings as compact text made for models: stable ids, one line a finding, and marks around what others wrote.

use crate::bounds::NOTICE;
use finding::{AgentName, Attempt, Message, Speaker};
use ops::{FindingList, FindingRow, FindingWhole, Proof, StateName, Suggestion, Verified};
use report::sanitize::printable;
use std::fmt::Write as _;

/// "src/pool.rs:40-42", or what is meant without lines.
#[must_use]
pub fn place(row: &FindingRow) -> String {
    match (&row.path, row.lines) {
        (Some(path), Some(lines)) => printable(&format!("{path}:{lines}")),
        (Some(path), None) => printable(path.as_str()),
        (None, _) => "the whole branch".to_owned(),
    }
}

/// The word for a state.
#[must_use]
pub fn state_word(state: StateName) -> &'static str {
    match state {
        StateName::Open => "open",
        StateName::Fixed => "fixed",
        StateName::Dismissed => "dismissed",
        StateName::Outdated => "outdated",
    }
}

/// The names of those who raised a finding.
#[must_use]
pub fn agents(row: &FindingRow) -> String {
    let names: Vec<&str> = row.agents.iter().map(AgentName::as_str).collect();
    printable(&names.join(", "))
}

/// A finding on one line.
#[must_use]
pub fn line(row: &FindingRow) -> String {
    let fix = match (row.fixes, row.applies) {
        (0, _) => "no fix",
        (_, true) => "fix applies",
        (_, false) => "fix does not apply",
    };
    let severity = row.severity.to_string().to_lowercase();
    let title = format!("{:?}", printable(&row.title));
    let state = state_word(row.state);
    format!("{} {severity} {state} {} {title} by {}; {fix}; id {}\n", row.label, place(row), agents(row), row.id)
}

/// A list, without a word on what to do next.
#[must_use]
pub fn list(list: &FindingList) -> String {
    let mut out = format!("round {}: {} findings\n", list.round, list.findings.len());
    out.extend(list.findings.iter().map(line));
    out
}

/// One finding whole. What reviewers and the code say stands between marks that they cannot close.
#[must_use]
pub fn whole(whole: &FindingWhole) -> String {
    let said = details(whole);
    let mark = (3..).map(|n| "=".repeat(n)).find(|mark| !said.lines().any(|line| line.starts_with(mark.as_str())));
    let mark = mark.unwrap_or_else(|| "===".to_owned());
    format!("{}{NOTICE}\n{mark} begin\n{said}{mark} end\n", line(&whole.row))
}

/// Everything of a finding but its first line.
#[must_use]
pub fn details(whole: &FindingWhole) -> String {
    let mut out = String::new();
    if let Some(why) = &whole.dismissed {
        let by = whole.dismissed_by.as_ref().map(|agent| format!(" (by the agent {agent})")).unwrap_or_default();
        let _ = writeln!(out, "Declined{}: {}", printable(&by), printable(why));
    }
    if let Some(dispute) = &whole.dispute {
        let _ = writeln!(out, "Severity settled: {}", printable(dispute));
    }
    if let Some(graded) = &whole.graded {
        let _ = writeln!(out, "Severity set {}", printable(graded));
    }
    if let Some(learned) = &whole.learned {
        let _ = writeln!(out, "Learned: {}", printable(learned));
    }
    let _ = write!(out, "\n{}\n", printable(whole.body.trim_end()));
    for place in &whole.places {
        let lines = place.lines.map(|lines| format!(":{lines}")).unwrap_or_default();
        let _ = writeln!(out, "Also at {}{lines}", printable(place.path.as_str()));
    }
    if let Some(code) = &whole.code {
        out.push('\n');
        for (number, line) in (code.first..).zip(&code.lines) {
            let own = whole.row.lines.is_some_and(|own| own.start() <= number && number <= own.end());
            let _ = writeln!(out, "{}{number:>5} | {}", if own { '>' } else { ' ' }, printable(line));
        }
    }
    for remark in &whole.remarks {
        let (agent, severity) = (printable(remark.agent.as_str()), remark.severity);
        let _ = write!(out, "\n{agent} ({severity}): {}\n", printable(&remark.title));
        if remark.body != whole.body && !remark.body.trim().is_empty() {
            let _ = writeln!(out, "{}", printable(remark.body.trim_end()));
        }
    }
    out.extend(whole.suggestions.iter().map(suggestion));
    out.extend(whole.attempts.iter().map(attempt));
    out.extend(whole.thread.iter().map(message));
    out
}

fn attempt(attempt: &Attempt) -> String {
    let word = if attempt.is_proven() { "is proven" } else { "was not taken" };
    let (by, proof) = (printable(&attempt.by.label), printable(&attempt.proof()));
    format!("\nA fix by {by} {word}: {}\n", proof.replace('\n', "\n  "))
}

fn message(message: &Message) -> String {
    let who = match &message.by {
        Speaker::Person => "Asked".to_owned(),
        Speaker::Agent(name) => printable(name.as_str()),
    };
    format!("\n{who}: {}\n", printable(message.text.trim()).replace('\n', "\n  "))
}

fn suggestion(fix: &Suggestion) -> String {
    let how = match (&fix.why_not, fix.certain) {
        (Some(why), _) => format!("does not apply: {}", printable(why)),
        (None, true) => "applies".to_owned(),
        (None, false) => "applies; its place is not certain".to_owned(),
    };
    let note = fix.note.as_deref().map(|note| format!(" {}", printable(note))).unwrap_or_default();
    format!("\nFix {}{note} ({how})\n{}\n", fix.number, printable(fix.diff.trim_end()))
}

/// Whether a finding is gone, and why that is known.
#[must_use]
pub fn verified(one: &Verified) -> String {
    let (word, why) = match one.proof {
        Proof::Fixed => ("gone", "a fix of it is in the file"),
        Proof::Gone => ("gone", "its lines are gone"),
        Proof::Dismissed => ("gone", "it was declined"),
        Proof::Withdrawn => ("gone", "nobody who was asked holds to it"),
        Proof::Changed => ("unclear", "its lines were changed, and not by its fix: ask again (verify --ask)"),
        Proof::StillThere => ("there", "its lines are as they were reviewed"),
    };
    format!("{word:8} {:4} {}\n              {why}\n", one.label, printable(&one.title))
}
