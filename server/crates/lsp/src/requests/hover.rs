//! The whole finding where the pointer is, as inert Markdown.

use super::BackgroundRequest;
use crate::state::snapshot::{Repo, Snapshot};
use crate::tasks::report;
use ::report::sanitize;
use finding::{Finding, FindingStatus, RawFinding, Round, State};
use lsp_types::request::HoverRequest;
use lsp_types::*;
use std::fmt::Write;

/// Most findings that one hover tells of, and most bytes of a body.
const MAX_FINDINGS: usize = 5;
const MAX_BODY: usize = 8 << 10;

/// Most bytes of what another agent says of the finding: the report has the rest.
const MAX_REMARK: usize = 1 << 10;

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
        if shown.is_empty() {
            return None;
        }
        let whole = with_remarks(repo, round, &shown);
        let round = whole.as_ref().unwrap_or(round);
        let texts = shown.iter().take(MAX_FINDINGS).map(|&index| text(repo, round, &round.findings[index]));
        let texts: Vec<String> = texts.collect();
        let contents =
            MarkupContent { kind: MarkupKind::Markdown, value: sanitize::document(&texts.join("\n\n---\n\n")) };
        Some(Hover { contents: HoverContents::Markup(contents), range: None })
    }
}

/// The round with what each agent said, where that is wanted: what is shown may lack it.
fn with_remarks(repo: &Repo, round: &Round, shown: &[usize]) -> Option<Round> {
    let is_wanted = round.raw.is_empty() && shown.iter().any(|index| round.findings[*index].attributions.len() > 1);
    let read = || report::round(repo, None).ok().filter(|read| read.findings.len() == round.findings.len());
    if is_wanted { read().filter(|read| read.id == round.id) } else { None }
}

fn text(repo: &Repo, round: &Round, finding: &Finding) -> String {
    let title = line(&finding.title);
    format!("**{} · {}** · {title}\n\n{}", line(&finding.label), finding.severity, explanation(repo, round, finding))
}

/// Untrusted text as one inert line.
fn line(text: &str) -> String {
    sanitize::markdown_line(text)
}

/// The beginning of a text of others, as inert Markdown.
fn cut(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    let shown = sanitize::markdown(&text[..end]);
    // What begins with blanks may be code: they stay.
    let shown = shown.trim_matches('\n').trim_end();
    if end < text.len() { format!("{shown}\n\n…") } else { shown.to_owned() }
}

/// What one agent says of it in its own words, set apart as a quotation.
fn remark(round: &Round, raw: &RawFinding) -> String {
    let head = format!("**{}**: {}", line(round.label_of(&raw.agent)), line(&raw.title));
    let text = format!("{head}\n\n{}", cut(&raw.body, MAX_REMARK));
    text.trim().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// All that is known of a finding but its title, as inert Markdown: who says it and how grave, why, who confirmed it.
pub(crate) fn explanation(repo: &Repo, round: &Round, finding: &Finding) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let by = finding.attributions.iter().map(|a| {
        let earlier = a.raw.round().map(|round| format!(", round {round}")).unwrap_or_default();
        format!("{} ({}{earlier})", line(round.label_of(&a.agent)), a.severity)
    });
    let by: Vec<String> = by.collect();
    let _ = writeln!(out, "{}\n", by.join(", "));
    if finding.is_doubtful() {
        let doubts: Vec<String> = finding.doubts.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "Doubtful, it decides nothing: {}.\n", doubts.join("; "));
    }
    let body = cut(&finding.body, MAX_BODY);
    if !body.trim().is_empty() {
        let _ = writeln!(out, "{body}\n");
    }
    let others = round.remarks(finding).into_iter().filter(|raw| !finding.body.contains(raw.body.trim()));
    for raw in others {
        let _ = writeln!(out, "{}\n", remark(round, raw));
    }
    if let Some(dispute) = &finding.dispute {
        let _ = writeln!(out, "Severity: {}\n", line(dispute));
    }
    if let Some(settled) = &finding.settled {
        let _ = writeln!(
            out,
            "Settled by {}: {}. {}\n",
            line(round.label_of(&settled.by)),
            settled.severity,
            line(&settled.reason)
        );
    }
    for contrary in &finding.contrary {
        let by: Vec<String> = contrary.by.iter().map(|name| line(round.label_of(name))).collect();
        let _ = writeln!(out, "To the contrary, {}: {}\n", by.join(", "), line(&contrary.title));
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
