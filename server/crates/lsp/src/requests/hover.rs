//! The whole finding where the pointer is, as inert Markdown.

use super::BackgroundRequest;
use crate::state::snapshot::{Repo, Snapshot};
use finding::{Finding, FindingStatus, Round, State};
use lsp_types::request::HoverRequest;
use lsp_types::*;
use report::sanitize;
use std::fmt::Write;

/// Most findings that one hover tells of, and most bytes of a body.
const MAX_FINDINGS: usize = 5;
const MAX_BODY: usize = 8 << 10;

impl BackgroundRequest for HoverRequest {
    type Params = HoverParams;
    type Answer = Option<Hover>;

    fn answer(snapshot: &Snapshot, params: HoverParams) -> Option<Hover> {
        let at = params.text_document_position_params;
        let (repo, _, projection) = snapshot.projection(&at.text_document.uri)?;
        let round = &projection.round_index.round;
        let mut shown = Vec::new();
        for anchor in projection.anchors_at(Range::new(at.position, at.position)) {
            let finding = &round.findings[anchor.finding];
            if !shown.contains(&anchor.finding) && repo.state(anchor.finding, finding) == State::Open {
                shown.push(anchor.finding);
            }
        }
        let texts = shown.iter().take(MAX_FINDINGS).map(|&index| text(repo, round, &round.findings[index]));
        let texts: Vec<String> = texts.collect();
        if texts.is_empty() {
            return None;
        }
        let contents =
            MarkupContent { kind: MarkupKind::Markdown, value: sanitize::document(&texts.join("\n\n---\n\n")) };
        Some(Hover { contents: HoverContents::Markup(contents), range: None })
    }
}

fn text(repo: &Repo, round: &Round, finding: &Finding) -> String {
    let title = line(&finding.title);
    format!("**{} · {}** · {title}\n\n{}", line(&finding.label), finding.severity, explanation(repo, round, finding))
}

/// Untrusted text as one inert line.
fn line(text: &str) -> String {
    sanitize::markdown_line(text)
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
        // What begins with blanks may be code: they stay.
        let rest = if end < finding.body.len() { "\n\n…" } else { "" };
        let _ = writeln!(out, "{}{rest}\n", body.trim_matches('\n').trim_end());
    }
    if let Some(dispute) = &finding.dispute {
        let _ = writeln!(out, "Severity: {}\n", line(dispute));
    }
    if let FindingStatus::Confirmed { by, note } = &finding.verification {
        let _ = writeln!(out, "Confirmed by {}. {}\n", line(round.label_of(by)), line(note));
    }
    for id in &finding.related {
        if let Some((_, other)) = repo.finding_of(id) {
            let _ = writeln!(out, "See also {}: {}\n", line(&other.label), line(&other.title));
        }
    }
    if let Some(rule) = &finding.rule {
        let _ = writeln!(out, "Rule: {}\n", line(&rule.id));
    }
    if let Some(since) = finding.since {
        let _ = writeln!(out, "First raised in round {since}.\n");
    }
    sanitize::document(out.trim_end())
}
