//! Verification: what only one agent raised is given to another one, which tries to refute it against the code.
//! One batched call an agent; a call that fails costs the check, never a finding.
//!
//! What was said is kept as [`Check`]s. [`apply`] puts them into merged findings; it is part of composing a
//! round, so that checks change what is shown and never what was raised.

use agent::{Question, Sending, answer};
use finding::{
    AgentInfo, AgentName, Anchor, Check, CheckVerdict, Classification, Finding, FindingId, FindingStatus, LineRange,
    Observation, ObservationKind, RawId, RepoPath, Round, Severity,
};
use git::{Age, Snapshot, blob_id};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Longest time for blame, however many findings are held to be older than the change.
pub(super) const LONGEST_BLAME: Duration = Duration::from_secs(5);
/// Findings that one agent is given to check. Those that rank lower stay unverified, which is said.
const MOST_CLAIMS: usize = 100;
/// Findings that one agent is asked about one at a time.
const MOST_ALONE: usize = 5;

/// Who checks what needs it, gravest first: what only one vendor's models say (with checkers or alone), what is
/// critical, and what is disputed. An agent that did not raise it checks it; one of another vendor if there is one; of
/// these the one with the least to do, the first of them. What was checked already is left alone, and so is what is said
/// of files that are never sent.
pub(super) fn assign<'a>(
    round: &'a Round,
    verifiers: &[AgentInfo],
    sending: &Sending,
) -> BTreeMap<AgentName, Vec<&'a Finding>> {
    let checked: BTreeSet<&FindingId> = round.checks.iter().map(|c| &c.finding).collect();
    let mut batches: BTreeMap<AgentName, Vec<&Finding>> = BTreeMap::new();
    for finding in &round.findings {
        let is_checked = checked.contains(&finding.id) || finding.verification != FindingStatus::Unverified;
        if is_checked || !sending.allows_all(finding.anchors.iter()) {
            continue;
        }
        let raisers = finding.agents();
        let vendors: BTreeSet<String> = raisers
            .iter()
            .filter_map(|name| match round.agent(name) {
                Some(info) => info.kind.is_reviewer().then(|| vendor(info)),
                None => Some(name.to_string()),
            })
            .collect();
        let needs_it = vendors.len() <= 1 || finding.severity == Severity::Critical || finding.dispute.is_some();
        let others = verifiers.iter().filter(|info| needs_it && !raisers.contains(&&info.name));
        let work = |info: &&AgentInfo| (vendors.contains(&vendor(info)), batches.get(&info.name).map_or(0, Vec::len));
        if let Some(by) = others.min_by_key(work) {
            batches.entry(by.name.clone()).or_default().push(finding);
        }
    }
    batches
}

/// Whose models an agent uses, as far as its name says; otherwise nobody else's.
pub(super) fn vendor(agent: &AgentInfo) -> String {
    const VENDORS: [(&str, &[&str]); 6] = [
        ("anthropic", &["claude", "anthropic", "opus", "sonnet", "haiku"]),
        ("openai", &["codex", "openai", "gpt", "chatgpt"]),
        ("google", &["gemini", "google", "gemma"]),
        ("mistral", &["mistral", "codestral", "devstral", "magistral"]),
        ("alibaba", &["qwen"]),
        ("deepseek", &["deepseek"]),
    ];
    let said = format!("{} {}", agent.name, agent.label).to_lowercase();
    let words: Vec<&str> = said.split(|c: char| !c.is_alphabetic()).collect();
    let known = VENDORS.iter().find(|(_, names)| names.iter().any(|name| words.contains(name)));
    known.map_or_else(|| agent.name.to_string(), |(vendor, _)| (*vendor).to_owned())
}

/// What an agent is asked about in one go: each of the critical and of the disputed findings by itself, the first of
/// them, and the rest of its batch together; and what is to be said of those that are too many.
pub(super) fn questions<'a>(batch: &[&'a Finding]) -> (Vec<Vec<&'a Finding>>, Option<String>) {
    let (given, rest) = batch.split_at(batch.len().min(MOST_CLAIMS));
    let matters = |f: &Finding| f.severity == Severity::Critical || f.dispute.is_some();
    let (mattering, plain): (Vec<&Finding>, Vec<&Finding>) = given.iter().copied().partition(|f| matters(f));
    let (alone, together) = mattering.split_at(mattering.len().min(MOST_ALONE));
    let mut questions: Vec<Vec<&Finding>> = alone.iter().map(|finding| vec![*finding]).collect();
    questions.push(together.iter().copied().chain(plain).collect());
    questions.retain(|batch| !batch.is_empty());
    let note = format!("{} more that it was to check stay unchecked: it is given {MOST_CLAIMS} at most", rest.len());
    (questions, (!rest.is_empty()).then_some(note))
}

/// What is asked of an agent that checks these findings.
pub(super) fn question(findings: &[&Finding]) -> Question {
    let claims: Vec<String> = findings
        .iter()
        .map(|f| {
            let places: Vec<_> = f.anchors.iter().map(|a| json!({"place": a.to_string(), "quote": a.quote})).collect();
            let Finding { label, severity, title, body, .. } = f;
            json!({"id": label, "severity": severity, "title": title, "claim": body, "places": places}).to_string()
        })
        .collect();
    let files: BTreeSet<RepoPath> = findings.iter().flat_map(|f| &f.anchors).map(|a| a.path.clone()).collect();
    Question {
        template: "verify",
        schema: answer::verification_schema(),
        data: vec![("findings", claims.join("\n"))],
        files: files.into_iter().collect(),
    }
}

/// The verdicts that speak of what was asked, whatever else the agent speaks of.
pub(super) fn checks(verdicts: &[answer::Checked], asked: &[&Finding], by: &AgentName) -> Vec<Check> {
    let check = |finding: &&Finding| {
        let said = verdicts.iter().find(|c| c.id.trim().eq_ignore_ascii_case(&finding.label))?;
        Some(Check {
            finding: finding.id.clone(),
            by: by.clone(),
            verdict: said.verdict,
            severity: said.severity,
            reason: said.reason.clone(),
        })
    };
    asked.iter().filter_map(check).collect()
}

/// Checks of the round before that still hold: the finding is the same, and the files that it is in are.
pub(super) fn still_hold(
    findings: &[Finding],
    earlier: Option<&Round>,
    texts: &BTreeMap<RepoPath, Arc<str>>,
) -> Vec<Check> {
    let Some(earlier) = earlier.filter(|round| !round.checks.is_empty()) else { return Vec::new() };
    let now = |path: &RepoPath| texts.get(path).map(|text| blob_id(text));
    let is_same = |anchor: &Anchor| {
        let then = earlier.texts.get(&anchor.path);
        then.is_some() && then == now(&anchor.path).as_ref()
    };
    let holds = |finding: &Finding| !finding.anchors.is_empty() && finding.anchors.iter().all(is_same);
    let found = |check: &&Check| findings.iter().find(|f| f.id == check.finding).is_some_and(holds);
    earlier.checks.iter().filter(found).cloned().collect()
}

/// What checks say of single remarks, for the ranking.
pub(super) fn status_of(findings: &[Finding], checks: &[Check]) -> BTreeMap<RawId, FindingStatus> {
    let mut of = BTreeMap::new();
    for check in checks {
        let Some(status) = status(check) else { continue };
        for finding in findings.iter().filter(|f| f.id == check.finding) {
            of.extend(finding.attributions.iter().map(|a| (a.raw.clone(), status.clone())));
        }
    }
    of
}

fn status(check: &Check) -> Option<FindingStatus> {
    let (by, note) = (check.by.clone(), check.reason.clone());
    match check.verdict {
        CheckVerdict::Confirmed => Some(FindingStatus::Confirmed { by, note }),
        CheckVerdict::Refuted => Some(FindingStatus::Refuted { by, note }),
        CheckVerdict::PreExisting | CheckVerdict::Unclear => None,
    }
}

/// Puts the checks into the findings. Those that were as true before the change are findings no more: they come
/// back as remarks on the design.
pub(super) fn apply(
    findings: &mut Vec<Finding>,
    (checks, ages): (&[Check], &BTreeMap<FindingId, Age>),
    label: impl Fn(&AgentName) -> String,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    findings.retain_mut(|finding| {
        let Some(check) = checks.iter().find(|c| c.finding == finding.id) else { return true };
        let (by, note) = (label(&check.by), &check.reason);
        match check.verdict {
            CheckVerdict::Refuted => {}
            CheckVerdict::Confirmed => {
                if let Some(severity) = check.severity.filter(|s| *s != finding.severity) {
                    settle(finding, severity, &format!("{by} checked it"), note);
                }
            }
            CheckVerdict::PreExisting => {
                let but = match ages.get(&finding.id) {
                    Some(Age::Older) => {
                        observations.push(observation(finding, &by, note));
                        return false;
                    }
                    Some(Age::New) | None => "which touches its lines".to_owned(),
                    Some(Age::Unknown(why)) => format!("which was not found out ({why})"),
                };
                finding.why.push(format!("{by} holds it to be older than the change, {but}: {note}"));
            }
            CheckVerdict::Unclear => finding.why.push(format!("{by} checked it and could not decide: {note}")),
        }
        if let Some(status) = status(check) {
            finding.verification = status;
        }
        true
    });
    observations
}

/// Sets the severity, and says what it was and why it is another now.
pub(super) fn settle(finding: &mut Finding, severity: finding::Severity, who: &str, why: &str) {
    let said = format!("{who}: {} → {severity}: {why}", finding.severity);
    finding.dispute = Some(match finding.dispute.take() {
        Some(before) => format!("{before}; {said}"),
        None => said,
    });
    finding.severity = severity;
}

/// How old the findings are that were checked and held to be older than the change. What blame cannot say within
/// `limit` is unknown.
pub(super) fn ages(
    findings: &[Finding],
    checks: &[Check],
    snapshot: &Snapshot,
    limit: Duration,
) -> BTreeMap<FindingId, Age> {
    let is_held = |f: &&Finding| checks.iter().any(|c| c.finding == f.id && c.verdict == CheckVerdict::PreExisting);
    let held: Vec<&Finding> = findings.iter().filter(is_held).collect();
    let place = |anchor: &Anchor| Some((anchor.path.clone(), anchor.lines?));
    let places: Vec<(RepoPath, LineRange)> = held.iter().flat_map(|f| &f.anchors).filter_map(place).collect();
    let of: BTreeMap<_, _> = places.iter().zip(git::ages(snapshot, &places, limit)).collect();
    let age = |anchor: &Anchor| match anchor.lines {
        Some(lines) => of.get(&(anchor.path.clone(), lines)).cloned(),
        // All of a file is older if nothing of it changed.
        None => snapshot.file(&anchor.path).is_none().then_some(Age::Older),
    };
    let youngest = |f: &Finding| {
        let ages = f.anchors.iter().map(|anchor| age(anchor).unwrap_or(Age::New));
        ages.min_by_key(|age| match age {
            Age::New => 0,
            Age::Unknown(_) => 1,
            Age::Older => 2,
        })
    };
    held.into_iter().map(|f| (f.id.clone(), youngest(f).unwrap_or(Age::New))).collect()
}

fn observation(finding: &Finding, by: &str, note: &str) -> Observation {
    let kind = match finding.classification {
        Some(Classification::Gap) => ObservationKind::ConcernInScope,
        _ => ObservationKind::ConcernFuture,
    };
    let body = format!("{}\n\nIt was so before the change, says {by}: {note}", finding.body);
    Observation {
        kind,
        title: finding.title.clone(),
        body: body.trim().to_owned(),
        anchors: finding.anchors.clone(),
        by: finding.agents().into_iter().cloned().collect(),
    }
}

#[cfg(test)]
mod tests;
