//! The whole finding where the pointer is, as inert Markdown.

use super::diagnostics::spots_at;
use super::world::{Repo, World};
use finding::{Finding, FindingStatus, Round, State};
use lsp_types::*;
use report::sanitize;
use std::fmt::Write;

/// Most findings that one hover tells of, and most bytes of a body.
const MAX_FINDINGS: usize = 5;
const MAX_BODY: usize = 8 << 10;

/// Answers `textDocument/hover`.
pub(crate) fn of(world: &World, params: &TextDocumentPositionParams) -> Option<Hover> {
    let (repo, _, seen) = world.seen(&params.text_document.uri)?;
    let mut shown = Vec::new();
    for spot in spots_at(&seen, Range::new(params.position, params.position)) {
        let finding = &seen.plan.round.findings[spot.finding];
        if !shown.contains(&spot.finding) && repo.state(spot.finding, finding) == State::Open {
            shown.push(spot.finding);
        }
    }
    let texts: Vec<String> = shown
        .iter()
        .take(MAX_FINDINGS)
        .map(|&index| text(repo, &seen.plan.round, &seen.plan.round.findings[index]))
        .collect();
    if texts.is_empty() {
        return None;
    }
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: texts.join("\n\n---\n\n") };
    Some(Hover { contents: HoverContents::Markup(contents), range: None })
}

fn text(repo: &Repo, round: &Round, finding: &Finding) -> String {
    let title = line(&finding.title);
    format!("**{} · {}** · {title}\n\n{}", finding.label, finding.severity, explanation(repo, round, finding))
}

/// Untrusted text as one inert line.
fn line(text: &str) -> String {
    sanitize::markdown(&sanitize::printable(text)).trim().replace('\n', " ")
}

/// All that is known of a finding but its title, as inert Markdown: who says it and how grave, why, who confirmed it.
pub(crate) fn explanation(repo: &Repo, round: &Round, finding: &Finding) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let by: Vec<String> =
        finding.attributions.iter().map(|a| format!("{} ({})", line(round.label_of(&a.agent)), a.severity)).collect();
    let _ = writeln!(out, "{}\n", by.join(", "));
    let mut end = finding.body.len().min(MAX_BODY);
    while !finding.body.is_char_boundary(end) {
        end -= 1;
    }
    let body = sanitize::markdown(&finding.body[..end]);
    if !body.trim().is_empty() {
        let _ = writeln!(out, "{}{}\n", body.trim(), if end < finding.body.len() { " …" } else { "" });
    }
    if let Some(dispute) = &finding.dispute {
        let _ = writeln!(out, "Severity: {}\n", line(dispute));
    }
    if let FindingStatus::Confirmed { by, note } = &finding.verification {
        let _ = writeln!(out, "Confirmed by {}. {}\n", line(round.label_of(by)), line(note));
    }
    for id in &finding.related {
        if let Some((_, other)) = repo.finding(id.as_str()) {
            let _ = writeln!(out, "See also {}: {}\n", other.label, line(&other.title));
        }
    }
    if let Some(rule) = &finding.rule {
        let _ = writeln!(out, "Rule: {}\n", line(&rule.id));
    }
    if let Some(since) = finding.since {
        let _ = writeln!(out, "First raised in round {since}.\n");
    }
    out.trim_end().to_owned()
}
