//! Rounds listed, and their reports.

use super::Answer;
use crate::bounds::NOTICE;
use crate::desk::{Desk, Form};
use crate::said::Refusal;
use finding::{Severity, Verdict};
use ops::RoundName;
use report::Format;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::Arc;

/// Most rounds of a page.
const PAGE: usize = 50;
/// Bytes of a page of a report, about 4,500 tokens: even with each of them escaped it is a whole answer.
const PAGE_BYTES: usize = 18_000;

/// Arguments of `rounds`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RoundsArgs {
    /// Only rounds before this number: `next` of the page before.
    before: Option<u32>,
}

/// A round in one line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    /// Its number on the branch.
    number: u32,
    /// When it started.
    started: String,
    /// How many findings of each severity it has.
    critical: usize,
    /// See `critical`.
    important: usize,
    /// See `critical`.
    suggestion: usize,
    /// How many agents took part.
    agents: usize,
    /// How many of them gave no review.
    failed: usize,
    /// What is to be done, given what was decided.
    verdict: Verdict,
    /// The verdict in words; without one, why there is none.
    conclusion: String,
}

/// Rounds, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// Those of this page.
    rounds: Vec<Row>,
    /// The `before` of the next page; nothing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
    /// Whether long texts were cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

/// All rounds before a number, the newest first.
pub(crate) fn rows(desk: &Desk, before: Option<u32>) -> Result<Vec<Row>, Refusal> {
    let open = desk.open()?;
    let rounds = open.branch.rounds()?.value;
    let summaries = ops::summaries(&open, &rounds)?;
    let wanted = summaries.into_iter().rev().filter(|round| before.is_none_or(|before| round.number < before));
    let row = |summary: ops::RoundSummary| Row {
        number: summary.number,
        started: summary.started.to_string(),
        critical: summary.count(Severity::Critical),
        important: summary.count(Severity::Important),
        suggestion: summary.count(Severity::Suggestion),
        agents: summary.agents,
        failed: summary.failed,
        verdict: summary.verdict,
        conclusion: summary.conclusion,
    };
    Ok(wanted.map(row).collect())
}

impl Row {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        let Self { number, started, critical, important, suggestion, .. } = self;
        let said = printable(&self.conclusion);
        format!(
            "round {number} of {started}: {critical} critical, {important} important, {suggestion} suggestions. {said}"
        )
    }
}

pub(crate) fn list(desk: &Desk, args: &RoundsArgs) -> Result<Answer, Refusal> {
    let mut rounds = rows(desk, args.before)?;
    let more = rounds.len() > PAGE;
    rounds.truncate(PAGE);
    let next = rounds.last().filter(|_| more).map(|row| row.number);
    let mut said = String::new();
    for row in &rounds {
        let _ = writeln!(said, "{}", row.line());
    }
    if rounds.is_empty() {
        said.push_str("There is no round on this branch yet. Call review for one.\n");
    }
    Answer::new(&said, &Page { notice: NOTICE, rounds, next, cut: None })
}

/// Arguments of `report`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReportArgs {
    /// The round's number; the newest without it.
    round: Option<u32>,
    /// Its form.
    format: Form,
    /// Which page, 1-based: `next` of the page before.
    page: Option<usize>,
}

/// A page of a report.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReportPage {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// Which round.
    round: u32,
    /// Which page of how many.
    page: usize,
    /// How many pages it has.
    pages: usize,
    /// The `page` that comes next; nothing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    /// The page: pages end at the ends of lines.
    text: String,
    /// Whether it was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

pub(crate) fn report(desk: &Desk, args: &ReportArgs) -> Result<Answer, Refusal> {
    let (page, asked) = (args.page.unwrap_or(1), (args.round, args.format));
    let kept = if page > 1 { desk.reports.kept(asked) } else { None };
    let written = match kept {
        Some(written) => written,
        None => Arc::new(write(desk, args.round, args.format)?),
    };
    desk.reports.keep(asked, Arc::clone(&written));
    let (round, pages) = (written.0, pages(&written.1));
    let Some(text) = page.checked_sub(1).and_then(|index| pages.get(index)) else {
        return Err(Refusal::new(format!("the report has {} pages, and there is no page {page}", pages.len())));
    };
    let next = (page < pages.len()).then_some(page + 1);
    let head = format!("round {round}, page {page} of {}\n{NOTICE}\n\n", pages.len());
    let shown =
        ReportPage { notice: NOTICE, round, page, pages: pages.len(), next, text: (*text).to_owned(), cut: None };
    // The page itself is not cut: only one line that is longer than a page would be.
    Ok(Answer { text: head + &printable(text), ..Answer::new("", &shown)? })
}

/// A report, and the number of its round.
pub(crate) fn write(desk: &Desk, round: Option<u32>, form: Form) -> Result<(u32, String), Refusal> {
    let open = desk.open()?;
    let round = open.round(round.map_or(RoundName::Newest, RoundName::Number))?.value;
    let number = round.number;
    let mut document = ops::document(&open, round)?;
    let format = match form {
        Form::Markdown => Format::Markdown,
        Form::Text => Format::Text,
        Form::Json => Format::Json,
        Form::Sarif => Format::Sarif,
    };
    if matches!(form, Form::Markdown | Form::Json) {
        document.trace(&open.repository);
    }
    let written = document.write(format, None);
    let written = written.map_err(|e| Refusal::new(format!("the report could not be written: {e}")))?;
    Ok((number, written))
}

/// The text in pieces of at most [`PAGE_BYTES`], at the ends of lines where there are any; never none.
fn pages(text: &str) -> Vec<&str> {
    let mut pages = Vec::new();
    let mut rest = text;
    while rest.len() > PAGE_BYTES {
        let room = rest.floor_char_boundary(PAGE_BYTES);
        let end = rest[..room].rfind('\n').map_or(room, |end| end + 1);
        let (page, after) = rest.split_at(end);
        pages.push(page);
        rest = after;
    }
    if pages.is_empty() || !rest.is_empty() {
        pages.push(rest);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_whole_text_in_pieces() {
        for text in ["", "short\n", &"a line of words\n".repeat(5_000), &"é".repeat(40_000)] {
            let pages = pages(text);
            assert_eq!(pages.concat(), text);
            assert!(pages.iter().all(|page| page.len() <= PAGE_BYTES));
            assert!(pages.len() == 1 || pages.iter().all(|page| !page.is_empty()));
        }
    }
}
