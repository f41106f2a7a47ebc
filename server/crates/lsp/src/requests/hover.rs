//! The whole finding where the pointer is, as inert Markdown.

use super::BackgroundRequest;
use crate::protocol::error::CommandError;
use crate::protocol::own::{ExplainParams, ExplainRequest, Explained, MessageRow};
use crate::state::file_projection::FileProjection;
use crate::state::projection::AnchorRef;
use crate::state::said::{self, Comment};
use crate::state::shown::Shown;
use crate::state::snapshot::{Repo, Snapshot};
use crate::tasks::report;
use ::report::sanitize;
use finding::{Finding, FindingStatus, Fix, Message, RawFinding, RepoPath, Round, Speaker};
use lsp_types::request::HoverRequest;
use lsp_types::*;
use std::fmt::Write;

/// Most findings that one hover tells of, and most bytes of a body.
const MAX_FINDINGS: usize = 5;
const MAX_BODY: usize = 8 << 10;

/// Most bytes of what another agent says of the finding: the report has the rest.
const MAX_REMARK: usize = 1 << 10;

/// Most fixes that are shown of a finding, and most lines of each.
const MAX_FIXES: usize = 3;
const MAX_DIFF: usize = 24;

impl BackgroundRequest for HoverRequest {
    type Params = HoverParams;
    type Answer = Option<Hover>;

    fn answer(snapshot: &Snapshot, params: HoverParams) -> Option<Hover> {
        let at = params.text_document_position_params;
        let projections = snapshot.projections(&at.text_document.uri);
        let texts =
            projections.into_iter().flat_map(|(repo, path, file)| texts_at(snapshot, repo, &path, file, at.position));
        let texts: Vec<String> = texts.take(MAX_FINDINGS).collect();
        if texts.is_empty() {
            return None;
        }
        let contents =
            MarkupContent { kind: MarkupKind::Markdown, value: sanitize::document(&texts.join("\n\n---\n\n")) };
        Some(Hover { contents: HoverContents::Markup(contents), range: None })
    }
}

/// What is said of the findings at a place.
fn texts_at(
    snapshot: &Snapshot,
    repo: &Repo,
    path: &RepoPath,
    projection: &FileProjection,
    at: Position,
) -> Vec<String> {
    let round = &projection.round_index.round;
    let seen = Shown::of(snapshot, repo);
    let mut shown = Vec::new();
    for anchor in projection.anchors_at(Range::new(at, at)) {
        let finding = &round.findings[anchor.finding];
        if !shown.contains(&anchor.finding) && seen.has(repo, anchor.finding, finding) {
            shown.push(anchor.finding);
        }
    }
    shown.truncate(MAX_FINDINGS);
    let whole = with_remarks(repo, round, &shown);
    let round = whole.as_ref().unwrap_or(round);
    let is_rich = snapshot.capabilities.rich_hover;
    let comments = said::at(snapshot, repo, path);
    let place = |index: usize| projection.view.place(AnchorRef::main(index)).map(|at| projection.view.places[at].lines);
    let text = |index: &usize| {
        let finding = &round.findings[*index];
        let same = |comment: &&Comment<'_>| place(*index).is_some_and(|lines| said::is_same(finding, lines, comment));
        let people: String = comments.iter().filter(same).map(|comment| said_the_same(comment)).collect();
        match is_rich {
            // The editor's own hover has the title.
            true => explained(repo, round, finding, true) + &people,
            false => titled(finding, &explained(repo, round, finding, false)) + &people,
        }
    };
    let mut texts: Vec<String> = shown.iter().map(text).collect();
    let is_here = |comment: &&Comment<'_>| comment.lines.start() <= at.line + 1 && at.line < comment.lines.end();
    let is_alone = |comment: &&Comment<'_>| {
        !shown.iter().any(|i| place(*i).is_some_and(|lines| said::is_same(&round.findings[*i], lines, comment)))
    };
    texts.extend(comments.iter().filter(is_here).filter(is_alone).map(whole_comment));
    texts
}

/// Who said it on the pull request, and in what words.
fn said_the_same(comment: &Comment<'_>) -> String {
    let text = cut(&comment.feedback.text, MAX_REMARK);
    format!("\n\n**{}** said the same{}:\n\n{}", line(&comment.by()), history(comment), quoted(&text))
}

/// What somebody said on the pull request that no finding says.
fn whole_comment(comment: &Comment<'_>) -> String {
    format!("**{}**{}\n\n{}", line(&comment.by()), history(comment), cut(&comment.feedback.text, MAX_BODY))
}

/// When it was said, and what became of it.
fn history(comment: &Comment<'_>) -> String {
    comment.history().map(|history| format!(" ({})", line(&history))).unwrap_or_default()
}

impl BackgroundRequest for ExplainRequest {
    type Params = ExplainParams;
    type Answer = Result<Explained, CommandError>;

    fn answer(snapshot: &Snapshot, params: ExplainParams) -> Self::Answer {
        let (repo, index, finding) = snapshot.finding(&params.id, params.root.as_deref())?;
        let shown = repo.round_index.as_ref().map(|shown| &shown.round);
        let whole = shown.and_then(|round| with_remarks(repo, round, &[index]));
        let round = whole.as_ref().or(shown.map(|round| &**round));
        let markdown = round.map(|round| explained(repo, round, finding, snapshot.capabilities.rich_hover));
        Ok(Explained { markdown: markdown.unwrap_or_default() })
    }
}

/// The round with what each agent said, where that is wanted: what is shown may lack it.
fn with_remarks(repo: &Repo, round: &Round, shown: &[usize]) -> Option<Round> {
    let is_wanted = round.raw.is_empty() && shown.iter().any(|index| round.findings[*index].attributions.len() > 1);
    let read = || report::round(repo, None).ok().filter(|read| read.findings.len() == round.findings.len());
    if is_wanted { read().filter(|read| read.id == round.id) } else { None }
}

fn titled(finding: &Finding, explanation: &str) -> String {
    format!("**{} · {}** · {}\n\n{explanation}", line(&finding.label), finding.severity, line(&finding.title))
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

/// What one agent says of it in its own words, set apart as a quotation, or folded away where that can be shown.
fn remark(round: &Round, raw: &RawFinding, is_rich: bool) -> String {
    let (label, body) = (line(round.label_of(&raw.agent)), cut(&raw.body, MAX_REMARK));
    if is_rich {
        let head = format!("{}: {}", round.label_of(&raw.agent), raw.title);
        return format!("<details><summary>{}</summary>\n\n{body}\n\n</details>", sanitize::text_in_html(&head));
    }
    let text = format!("**{label}**: {}\n\n{body}", line(&raw.title));
    quoted(&text)
}

/// A text as a quotation.
fn quoted(text: &str) -> String {
    text.trim().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Who says it, how grave they call it, and in which earlier round. Nothing where the editor shows all of that already.
fn said_by(round: &Round, finding: &Finding, is_rich: bool) -> Option<String> {
    let is_plain = finding.attributions.iter().all(|a| a.severity == finding.severity && a.raw.round().is_none());
    if is_rich && (is_plain || finding.dispute.is_some()) {
        return None;
    }
    let by = finding.attributions.iter().map(|a| {
        let earlier = a.raw.round().map(|round| format!(", round {round}")).unwrap_or_default();
        format!("{} ({}{earlier})", line(round.label_of(&a.agent)), a.severity)
    });
    Some(by.collect::<Vec<_>>().join(", "))
}

/// A fix as its agents wrote it.
fn fix(round: &Round, (number, fix): (usize, &Fix)) -> String {
    let by: Vec<String> = fix.by.iter().map(|name| line(round.label_of(name))).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    let note = fix.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    let note = note.map(|note| format!(": {}", line(note))).unwrap_or_default();
    let diff = sanitize::printable(&fix.diff);
    // The head of a diff says what is known where one is: the file is this one. That of several stays.
    let is_head = |line: &str| ["diff --git ", "index ", "--- ", "+++ "].iter().any(|head| line.starts_with(head));
    let is_of_one = diff.lines().filter(|line| line.starts_with("+++ ")).count() < 2;
    let lines = diff.lines().filter(|line| !line.starts_with("```")).skip_while(|line| is_of_one && is_head(line));
    let lines: Vec<&str> = lines.collect();
    let more = lines.len().saturating_sub(MAX_DIFF);
    let shown = lines[..lines.len() - more].join("\n");
    let more = if more == 0 { String::new() } else { format!("\n\n… {more} more lines") };
    let verb = if number == 0 { "Fix" } else { "Another fix" };
    format!("**{verb}**{by}{note}\n\n{}{more}", sanitize::fenced("diff", &shown))
}

/// What was asked about a finding and answered, oldest first.
pub(crate) fn thread(round: &Round, finding: &Finding) -> Vec<MessageRow> {
    let row = |message: &Message| MessageRow {
        by: match &message.by {
            Speaker::Person => None,
            Speaker::Agent(name) => Some(sanitize::printable(round.label_of(name))),
        },
        text: cut(&message.text, MAX_REMARK),
    };
    finding.thread.iter().map(row).collect()
}

/// [`explanation`], and what was asked since.
fn explained(repo: &Repo, round: &Round, finding: &Finding, is_rich: bool) -> String {
    let mut out = explanation(repo, round, finding, is_rich);
    if finding.thread.is_empty() {
        return out;
    }
    for MessageRow { by, text } in thread(round, finding) {
        let who = by.map_or_else(|| "Asked".to_owned(), |label| line(&label));
        out.push_str("\n\n");
        out.push_str(&quoted(&format!("**{who}**: {text}")));
    }
    sanitize::document(&out)
}

/// All that is known of a finding but its title, as inert Markdown: why, who says it and how grave, who confirmed it, how it
/// can be fixed. `is_rich` is for a client that shows the diagnostic with all it has beside it, and folds `<details>`.
pub(crate) fn explanation(repo: &Repo, round: &Round, finding: &Finding, is_rich: bool) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    if finding.is_doubtful() {
        let doubts: Vec<String> = finding.doubts.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "Doubtful, it decides nothing: {}.\n", doubts.join("; "));
    }
    let body = cut(&finding.body, MAX_BODY);
    if !body.trim().is_empty() {
        let _ = writeln!(out, "{body}\n");
    }
    if let Some(by) = said_by(round, finding, is_rich) {
        let _ = writeln!(out, "{by}\n");
    }
    let others = round.remarks(finding).into_iter().filter(|raw| !finding.body.contains(raw.body.trim()));
    for raw in others {
        let _ = writeln!(out, "{}\n", remark(round, raw, is_rich));
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
    if let Some(graded) = &finding.graded {
        let _ = writeln!(out, "Severity set {}\n", line(&graded.to_string()));
    }
    if let Some(learned) = &finding.learned {
        let _ = writeln!(out, "Learned: {}\n", line(&learned.to_string()));
    }
    for contrary in &finding.contrary {
        let by: Vec<String> = contrary.by.iter().map(|name| line(round.label_of(name))).collect();
        let _ = writeln!(out, "To the contrary, {}: {}\n", by.join(", "), line(&contrary.title));
    }
    if let FindingStatus::Confirmed { by, note } = &finding.verification {
        let _ = writeln!(out, "Confirmed by {}. {}\n", line(round.label_of(by)), line(note));
    }
    for number_and_fix in finding.fixes.iter().enumerate().take(MAX_FIXES) {
        let _ = writeln!(out, "{}\n", fix(round, number_and_fix));
    }
    if finding.fixes.len() > MAX_FIXES {
        let _ = writeln!(out, "… and {} more fixes\n", finding.fixes.len() - MAX_FIXES);
    }
    // Where the diagnostic is shown, so are the findings at its place.
    for id in finding.related.iter().filter(|_| !is_rich) {
        if let Some((_, other)) = repo.finding_of(id) {
            let _ = writeln!(out, "See also {}: {}\n", line(&other.label), line(&other.title));
        }
    }
    if let Some(rule) = &finding.rule {
        // The pages of our own rules come with the program.
        let own = rule.id.strip_prefix("deep-review/").filter(|own| !own.contains('`'));
        let page = own.map(|own| format!(" (`deep-review rules explain {own}`)")).unwrap_or_default();
        let _ = writeln!(out, "Rule: {}{page}\n", line(&rule.id));
    }
    if let Some(since) = finding.since {
        let _ = writeln!(out, "First raised in round {since}.\n");
    }
    sanitize::document(out.trim_end())
}
