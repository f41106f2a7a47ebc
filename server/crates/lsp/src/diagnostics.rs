//! Findings as diagnostics, for those who are pushed and for those who pull.

use super::project::{Condition, Plan, Spot};
use super::settings::Settings;
use super::world::{Repo, Seen, World};
use finding::{AgentName, AgentOutcome, Finding, Observation, ObservationKind, RepoPath, Round, State};
use lsp_types::*;
use report::sanitize;
use serde_json::json;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

/// The diagnostics of a file, in the order of the findings.
pub(crate) fn of(world: &World, repo: &Repo, seen: &Seen) -> Vec<Diagnostic> {
    let plan = &seen.plan;
    let places = seen.view.places.iter().zip(&seen.ranges).filter(|(place, _)| place.spot.anchor == 0);
    let mut all: Vec<Diagnostic> = places
        .filter_map(|(place, range)| {
            let index = place.spot.finding;
            let finding = &plan.round.findings[index];
            let state = super::project::state(finding, &repo.decisions, Some(place.condition));
            (state == State::Open).then(|| diagnostic(world, repo, plan, (index, finding), place.condition, *range))
        })
        .collect();
    for (number, range) in &seen.observations {
        if let Some(observation) = plan.round.observations.get(*number)
            && observation.kind != ObservationKind::Strength
        {
            all.push(concern(world.settings_of(repo), &plan.round, observation, *range));
        }
    }
    all
}

fn diagnostic(
    world: &World,
    repo: &Repo,
    plan: &Arc<Plan>,
    (index, finding): (usize, &Finding),
    condition: Condition,
    range: Range,
) -> Diagnostic {
    let round = &plan.round;
    let mut message = sanitize::printable(&finding.title);
    if condition == Condition::Touched {
        message.push_str(" (the code was changed since the review)");
    }
    // A stored round may have been interrupted; what is older than the round is on its way to it.
    let is_open = repo.running.is_some() || repo.plan.as_ref().is_none_or(|newest| !Arc::ptr_eq(newest, plan));
    if is_open && round.agents.iter().any(|a| a.outcome == AgentOutcome::Running) {
        message.push_str(" (not yet merged with what others say)");
    }
    let able = world.abilities;
    Diagnostic {
        range,
        severity: Some(world.settings_of(repo).shown(finding.severity)),
        code: Some(NumberOrString::String(finding.label.clone())),
        code_description: able.code_description.then(|| description(repo, finding)).flatten(),
        source: Some(source(round, &finding.agents())),
        message,
        related_information: able.related_information.then(|| related(repo, round, index, finding, range)).flatten(),
        tags: able.diagnostic_tags.then(|| tags(finding)).flatten(),
        data: Some(json!({ "id": finding.id, "round": round.id })),
    }
}

fn concern(settings: &Settings, round: &Round, observation: &Observation, range: Range) -> Diagnostic {
    let by: Vec<&AgentName> = observation.by.iter().collect();
    Diagnostic {
        range,
        severity: Some(settings.concern()),
        code: Some(NumberOrString::String("design".into())),
        source: Some(source(round, &by)),
        message: sanitize::printable(&observation.title),
        ..Diagnostic::default()
    }
}

/// "deep-review · Codex, Gemini".
fn source(round: &Round, agents: &[&AgentName]) -> String {
    let labels: Vec<String> = agents.iter().map(|name| sanitize::printable(round.label_of(name))).collect();
    if labels.is_empty() { "deep-review".to_owned() } else { format!("deep-review · {}", labels.join(", ")) }
}

/// The rule's page, or the finding in the report.
fn description(repo: &Repo, finding: &Finding) -> Option<CodeDescription> {
    let page = finding.rule.as_ref().and_then(|rule| rule.url.as_deref()).filter(|url| url.starts_with("https://"));
    let page = page.and_then(|url| url.parse().ok());
    let href = page.or_else(|| repo.report.as_ref()?.address(&finding.label))?;
    Some(CodeDescription { href })
}

/// The other places, the findings that share this one, and how agents disagreed.
fn related(
    repo: &Repo,
    round: &Round,
    index: usize,
    finding: &Finding,
    range: Range,
) -> Option<Vec<DiagnosticRelatedInformation>> {
    let mut all = Vec::new();
    for anchor in 1..finding.anchors.len() {
        if let Some(location) = repo.location(index, anchor) {
            all.push(DiagnosticRelatedInformation { location, message: "also here".into() });
        }
    }
    for id in &finding.related {
        let other = repo.plan.as_ref().and_then(|plan| plan.number(id));
        if let Some(other) = other
            && let Some(location) = repo.location(other, 0)
        {
            let other = &round.findings[other];
            let message = format!("related: {} {}", other.label, sanitize::printable(&other.title));
            all.push(DiagnosticRelatedInformation { location, message });
        }
    }
    if let Some(dispute) = &finding.dispute
        && let Some(uri) = finding.anchors.first().and_then(|a| repo.uri_of(&a.path))
    {
        let message = sanitize::printable(dispute);
        all.push(DiagnosticRelatedInformation { location: Location::new(uri, range), message });
    }
    (!all.is_empty()).then_some(all)
}

/// Only where the rule itself says so: a guess would grey out code that is in use.
fn tags(finding: &Finding) -> Option<Vec<DiagnosticTag>> {
    let rule = finding.rule.as_ref()?.id.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| rule.contains(w));
    let unused = says(&["unused", "dead-code", "dead_code", "unreachable", "f401", "f841"]);
    let tag = if unused {
        DiagnosticTag::UNNECESSARY
    } else if says(&["deprecated"]) {
        DiagnosticTag::DEPRECATED
    } else {
        return None;
    };
    Some(vec![tag])
}

/// The findings of the diagnostics and places that overlap `range` in a file.
pub(crate) fn spots_at(seen: &Seen, range: Range) -> Vec<Spot> {
    let overlaps = |r: &Range| r.start.line <= range.end.line && range.start.line <= r.end.line;
    let places = seen.view.places.iter().zip(&seen.ranges);
    places.filter(|(_, r)| overlaps(r)).map(|(p, _)| p.spot).collect()
}

/// Names a list of diagnostics, so that one that is known is not sent again.
pub(crate) fn result_id(diagnostics: &[Diagnostic]) -> String {
    format!("{:016x}", hash(diagnostics))
}

pub(crate) fn hash(diagnostics: &[Diagnostic]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Diagnostics are plain data, which can be written.
    hasher.write(&serde_json::to_vec(diagnostics).unwrap_or_default());
    hasher.finish()
}

/// Answers `textDocument/diagnostic`.
pub(crate) fn document(world: &World, params: &DocumentDiagnosticParams) -> DocumentDiagnosticReportResult {
    let seen = world.seen(&params.text_document.uri);
    let items = seen.map_or_else(Vec::new, |(repo, _, seen)| of(world, repo, &seen));
    let id = result_id(&items);
    if params.previous_result_id.as_deref() == Some(&id) {
        let unchanged = UnchangedDocumentDiagnosticReport { result_id: id };
        return DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: unchanged,
        })
        .into();
    }
    DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
    })
    .into()
}

/// Answers `workspace/diagnostic`: every file that has findings, and those that had some.
pub(crate) fn workspace(world: &World, params: &WorkspaceDiagnosticParams) -> Vec<WorkspaceDocumentDiagnosticReport> {
    let known = |uri: &Uri| params.previous_result_ids.iter().find(|p| p.uri == *uri).map(|p| p.value.as_str());
    let mut reports = Vec::new();
    let mut shown = std::collections::HashSet::new();
    for repo in world.repos.values() {
        for seen in repo.files.values() {
            let items = of(world, repo, seen);
            shown.insert(seen.uri.clone());
            if items.is_empty() && known(&seen.uri).is_none() {
                continue;
            }
            let id = result_id(&items);
            let (uri, version) = (seen.uri.clone(), seen.version.map(i64::from));
            reports.push(if known(&seen.uri) == Some(&id) {
                WorkspaceDocumentDiagnosticReport::Unchanged(WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
                })
            } else {
                WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                    uri,
                    version,
                    full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
                })
            });
        }
    }
    for previous in &params.previous_result_ids {
        if !shown.contains(&previous.uri) {
            reports.push(WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                uri: previous.uri.clone(),
                version: None,
                full_document_diagnostic_report: FullDocumentDiagnosticReport::default(),
            }));
        }
    }
    reports
}

/// The files of a repository whose diagnostics may change when `path` does, itself included.
pub(crate) fn affected(repo: &Repo, path: &RepoPath) -> Vec<RepoPath> {
    let mut all = vec![path.clone()];
    if let Some(plan) = &repo.plan {
        all.extend(plan.dependents(path).into_iter().cloned());
    }
    all
}
