//! Findings as diagnostics: a function of a snapshot, for those who are pushed and for those who pull.

use super::documents::{Lines, Version};
use super::file_projection::FileProjection;
use super::said::{self, Comment};
use super::shown::Shown;
use super::snapshot::{Repo, Snapshot};
use crate::protocol::settings::Settings;
use finding::{AgentName, AgentOutcome, Finding, Observation, ObservationKind, RepoPath, Round, State};
use lsp_types::*;
use merge::state::TextState;
use report::sanitize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

/// What is said of a document: by the round of what is checked out, and by those of what is looked at elsewhere and has it
/// as the work tree does. Nothing where that is said of it under another address.
pub(crate) struct Told {
    pub(crate) uri: Uri,
    pub(crate) version: Option<Version>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What is said of a file; `None` if no round says anything of it.
pub(crate) fn at(snapshot: &Snapshot, repo: &Repo, shown: &Shown, path: &RepoPath) -> Option<Told> {
    let own = repo.projection(path);
    let is_elsewhere = repo.visit.as_ref().is_some_and(|visit| visit.has_here(path));
    let file = repo.file_of(path);
    let visits = snapshot.visits_of(&file).filter(|_| repo.visit.is_none());
    let visits: Vec<(Arc<Repo>, RepoPath)> = visits.map(|(visit, path)| (visit.clone(), path)).collect();
    let theirs: Vec<(&Repo, &FileProjection)> =
        visits.iter().filter_map(|(visit, path)| Some((&**visit, visit.projection(path)?))).collect();
    let comments = said::at(snapshot, repo, path);
    let first = own.or_else(|| theirs.first().map(|(_, file)| *file));
    let (uri, version) = match first {
        Some(file) => (file.uri.clone(), file.version),
        None if comments.is_empty() => return None,
        None => (repo.uri_of(path)?, snapshot.document(repo, path).map(|document| document.version)),
    };
    let mut diagnostics = Vec::new();
    if !is_elsewhere {
        diagnostics.extend(own.into_iter().flat_map(|file| of(snapshot, repo, shown, file, &comments)));
        diagnostics.extend(of_comments(snapshot, repo, path, own, &comments));
    }
    for (visit, file) in &theirs {
        diagnostics.extend(of(snapshot, visit, &Shown::of(snapshot, visit), file, &[]));
    }
    Some(Told { uri, version, diagnostics })
}

/// The comments that say what no finding says.
fn of_comments(
    snapshot: &Snapshot,
    repo: &Repo,
    path: &RepoPath,
    own: Option<&FileProjection>,
    comments: &[Comment<'_>],
) -> Vec<Diagnostic> {
    if comments.is_empty() {
        return Vec::new();
    }
    let text = snapshot.text(repo, path).unwrap_or_else(|| "".into());
    let lines = Lines::new(&text);
    let is_said = |comment: &&Comment<'_>| {
        let places = own.into_iter().flat_map(|file| file.view.places.iter().map(move |place| (file, place)));
        let mut main = places.filter(|(_, place)| place.anchor_ref.anchor == 0);
        main.any(|(file, place)| {
            let finding = &file.round_index.round.findings[place.anchor_ref.finding];
            repo.state_by(place.anchor_ref.finding, finding, place.status) == State::Open
                && said::is_same(finding, place.lines, comment)
        })
    };
    let diagnostic = |comment: &Comment<'_>| Diagnostic {
        range: lines.head(comment.lines.start() - 1, comment.lines.end() - 1, None, snapshot.capabilities.encoding),
        severity: Some(match comment.is_resolved() {
            true => DiagnosticSeverity::HINT,
            false => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String("comment".into())),
        code_description: (snapshot.capabilities.code_description).then(|| page_of(comment)).flatten(),
        source: Some(comment.by()),
        message: match comment.feedback.fate() {
            Some(fate) => format!("{} ({})", comment.first_line(), sanitize::printable(&fate)),
            None => comment.first_line(),
        },
        ..Diagnostic::default()
    };
    comments.iter().filter(|comment| !is_said(comment)).map(diagnostic).collect()
}

/// The page of a comment; only the web's.
fn page_of(comment: &Comment<'_>) -> Option<CodeDescription> {
    let url = comment.feedback.url.as_ref().filter(|url| url.starts_with("https://") || url.starts_with("http://"))?;
    Some(CodeDescription { href: url.parse().ok()? })
}

/// The diagnostics of a file, in the order of the findings: of those that are `shown`.
fn of(
    snapshot: &Snapshot,
    repo: &Repo,
    shown: &Shown,
    projection: &FileProjection,
    comments: &[Comment<'_>],
) -> Vec<Diagnostic> {
    let round = &projection.round_index.round;
    let places = projection.view.places.iter().zip(&projection.heads).filter(|(place, _)| place.anchor_ref.anchor == 0);
    let mut all: Vec<Diagnostic> = places
        .filter_map(|(place, range)| {
            let index = place.anchor_ref.finding;
            let finding = &round.findings[index];
            let state = repo.state_by(index, finding, place.status);
            let is_shown = state == State::Open && !shown.hides(finding);
            is_shown.then(|| {
                let mut said =
                    diagnostic(snapshot, repo, round, &Placed { index, finding, status: place.status, range: *range });
                let same = comments.iter().filter(|comment| said::is_same(finding, place.lines, comment));
                let by: Vec<String> = same.map(Comment::by).collect();
                if !by.is_empty() {
                    said.message.push_str(&format!(" ({} said the same)", by.join(", ")));
                }
                said
            })
        })
        .collect();
    for (number, range) in &projection.observations {
        if let Some(observation) = round.observations.get(*number)
            && observation.kind != ObservationKind::Strength
        {
            all.push(concern(snapshot.settings_of(repo), round, observation, *range));
        }
    }
    all
}

/// A finding of the round where it is shown.
struct Placed<'p> {
    index: usize,
    finding: &'p Finding,
    status: TextState,
    range: Range,
}

fn diagnostic(snapshot: &Snapshot, repo: &Repo, round: &Round, placed: &Placed<'_>) -> Diagnostic {
    let &Placed { index, finding, status, range } = placed;
    let mut message = sanitize::printable(&finding.title);
    if status == TextState::Touched {
        message.push_str(" (the code was changed since the review)");
    }
    // A stored round that is not running may have been interrupted: nobody is going to merge it.
    if repo.running.is_some() && round.agents.iter().any(|a| a.outcome == AgentOutcome::Running) {
        message.push_str(" (not yet merged with what others say)");
    }
    let severity = if finding.is_doubtful() {
        message.push_str(" (doubtful)");
        DiagnosticSeverity::HINT
    } else {
        snapshot.settings_of(repo).shown(finding.severity)
    };
    let client = snapshot.capabilities;
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.label.clone())),
        code_description: client.code_description.then(|| description(repo, finding)).flatten(),
        source: Some(source(round, &finding.agents())),
        message,
        related_information: client
            .related_information
            .then(|| related(repo, round, (index, finding), range, client.rich_hover))
            .flatten(),
        tags: client.diagnostic_tags.then(|| tags(finding)).flatten(),
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
    let page = finding.rule.as_ref().and_then(finding::RuleRef::page);
    let page = page.and_then(|url| url.parse().ok());
    let href = page.or_else(|| repo.report.as_ref()?.address(&finding.label))?;
    Some(CodeDescription { href })
}

/// The other places, the findings that share this one, and how agents disagreed, where the hover beside it does not say so.
fn related(
    repo: &Repo,
    round: &Round,
    (index, finding): (usize, &Finding),
    range: Range,
    is_said_beside: bool,
) -> Option<Vec<DiagnosticRelatedInformation>> {
    let mut all = Vec::new();
    for anchor in 1..finding.anchors.len() {
        if let Some(location) = repo.location(index, anchor) {
            all.push(DiagnosticRelatedInformation { location, message: "also here".into() });
        }
    }
    for id in &finding.related {
        let other = repo.round_index.as_ref().and_then(|index| index.number(id));
        if let Some(other) = other
            && let Some(location) = repo.location(other, 0)
        {
            let other = &round.findings[other];
            let message = format!("related: {} {}", other.label, sanitize::printable(&other.title));
            all.push(DiagnosticRelatedInformation { location, message });
        }
    }
    let settled = finding.settled.iter().map(|settled| {
        let by = sanitize::printable(round.label_of(&settled.by));
        format!("settled by {by}: {}: {}", settled.severity, sanitize::printable(&settled.reason))
    });
    let contrary = finding.contrary.iter().map(|contrary| {
        let by: Vec<String> = contrary.by.iter().map(|name| sanitize::printable(round.label_of(name))).collect();
        format!("to the contrary, {}: {}", by.join(", "), sanitize::printable(&contrary.title))
    });
    let learned =
        finding.learned.iter().map(|learned| format!("learned: {}", sanitize::printable(&learned.to_string())));
    let graded =
        finding.graded.iter().map(|graded| format!("severity set {}", sanitize::printable(&graded.to_string())));
    let dispute = finding.dispute.iter().map(|dispute| sanitize::printable(dispute));
    let said = dispute.chain(settled).chain(graded).chain(learned).chain(contrary);
    if let Some(uri) = finding.main_anchor().filter(|_| !is_said_beside).and_then(|a| repo.uri_of(&a.path)) {
        let at = |message| DiagnosticRelatedInformation { location: Location::new(uri.clone(), range), message };
        all.extend(said.map(at));
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

/// Names a list of diagnostics, so that one that is known is not sent again.
pub(crate) fn result_id(diagnostics: &[Diagnostic]) -> String {
    format!("{:016x}", hash(&written(diagnostics)))
}

/// A list as it goes to the client.
pub(crate) fn written(diagnostics: &[Diagnostic]) -> Box<RawValue> {
    // Diagnostics are plain data, which can be written.
    to_raw_value(diagnostics).unwrap_or_default()
}

/// Tells one written list from another.
pub(crate) fn hash(written: &RawValue) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(written.get().as_bytes());
    hasher.finish()
}
