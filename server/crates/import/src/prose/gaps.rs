//! What stands outside of the findings that were found, and looks like one: taken where it names its place, counted where
//! it does not. Nothing that a reviewer listed is dropped in silence.

use super::cite::Cite;
use super::fielded;
use super::head::Head;
use super::headings::{ends_findings, is_nothing, section_name, severity_section, signed};
use super::item::Item;
use super::lines::{Line, Lines, heading_level, pattern};
use super::roster::Roster;
use super::unstructured;
use finding::Severity;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What is left of a review beside its findings.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Findings after all.
    pub(super) items: Vec<Item>,
    /// Lines that look like a finding and are none that is understood.
    pub(super) unread: Vec<Range<usize>>,
}

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\d{1,5}[.)]\s+(\S.*)$"));
static BULLET: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[-*+•]\s+(\S.*)$"));
static BOLD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*\*[^*]+\*\*"));
/// `BUG-4`, `Issue 2:`, `#3` before a title.
static LABELLED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\W*(?:bug|issue|finding|problem|defect|risk|vuln(?:erability)?)[ -]?#?\d{1,3}\b"));

/// Headings of what is no remark: what was done, what is good, what is asked.
const DESCRIBES: &[&str] = &[
    "what",
    "change",
    "overview",
    "walkthrough",
    "files",
    "scope",
    "context",
    "background",
    "implementation",
    "good",
    "strength",
    "positive",
    "praise",
    "well done",
    "nice",
    "highlight",
    "looks good",
    "done",
    "resolved",
    "fixed",
    "passed",
    "verified",
    "question",
    "how",
    "why",
    "test plan",
    "legend",
    "severity",
    "references",
    "links",
    "reviewed",
    "approved",
    "already",
    "table of contents",
    "architecture",
    "recommended order",
    "checklist",
    "metrics",
    "statistics",
    "setup",
];

/// Words of headings under which matters of taste stand.
const TASTE: &[&str] = &[
    "style",
    "nit",
    "readab",
    "quality",
    "improve",
    "suggest",
    "minor",
    "naming",
    "polish",
    "clean",
    "optional",
    "consider",
    "refactor",
    "cosmetic",
    "maintainab",
    "formatting",
    "typo",
    "small",
    "low",
];

/// What starts a finding; in one section, always the same does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Heading,
    Numbered,
    Bullet,
    Bold,
}

/// A finding that may begin here.
struct Candidate {
    kind: Start,
    head: Head,
    severity: Option<Severity>,
    says_more: bool,
}

/// Looks through the lines that no item has.
pub(super) fn rest(lines: &Lines<'_>, range: Range<usize>, items: &[Item], roster: &Roster) -> Rest {
    let mut taken = vec![false; range.len()];
    for item in items {
        let first = item.lines.start.saturating_sub(1).max(range.start);
        taken[first - range.start..item.lines.end.clamp(first, range.end) - range.start].fill(true);
    }
    let is_free = |i: &usize| !taken[i - range.start];
    // For each line, where what stands below it ends: at a heading or a finding. From the last to the first, or a long text
    // without either would be looked through again for each of its lines.
    let mut ends = vec![range.end; range.len()];
    for i in range.clone().rev().skip(1) {
        let next = i + 1;
        let stops = !is_free(&next) || lines.at(next).is_heading();
        ends[i - range.start] = if stops { next } else { ends[next - range.start] };
    }
    let mut walk = Walk { rest: Rest::default(), open: None, kind: None, severity: Severity::Important, skips: false };
    for i in range.clone() {
        let line = lines.at(i);
        if !is_free(&i) || !line.is_text() {
            if !is_free(&i) {
                walk.close(i);
            }
            continue;
        }
        if line.text.trim().is_empty() {
            continue;
        }
        walk.line(lines, i, i + 1..ends[i - range.start], roster);
    }
    walk.close(range.end);
    walk.rest
}

struct Walk {
    rest: Rest,
    /// Whether what is open is a finding (else it is only counted), and what started it.
    open: Option<(bool, Start)>,
    kind: Option<Start>,
    severity: Severity,
    skips: bool,
}

impl Walk {
    fn line(&mut self, lines: &Lines<'_>, i: usize, below: Range<usize>, roster: &Roster) {
        let text = lines.at(i).text;
        let level = heading_level(text.trim_start());
        if level.is_some() && !describes(text) && self.starts_as_heading(lines, i, below.clone(), roster) {
            return;
        }
        if level.is_some() {
            self.close(i);
            self.section(text);
            return;
        }
        // "**Strengths**" alone in its line, or "Strengths:", is as good as a heading.
        let alone = text.trim().trim_end_matches(':');
        let is_bold = alone.len() > 4 && alone.starts_with("**") && alone.ends_with("**");
        let is_lead =
            text.trim_end().ends_with(':') && alone.split(' ').count() <= 3 && !text.starts_with([' ', '-', '*']);
        if (is_bold || is_lead) && describes(alone) {
            self.close(i);
            self.section(alone);
            return;
        }
        let Some(candidate) = candidate(text, roster) else { return };
        if self.skips || self.open.is_some_and(|(_, kind)| kind != candidate.kind && !candidate.stands_alone(kind)) {
            return;
        }
        if self.kind.is_some_and(|kind| kind != candidate.kind) && candidate.kind == Start::Bullet {
            return;
        }
        let next =
            (i + 1..below.end).find(|k| self::candidate(lines.at(*k).text, roster).is_some()).unwrap_or(below.end);
        self.open(lines, i, i + 1..next, candidate);
    }

    fn section(&mut self, heading: &str) {
        let name = section_name(heading);
        self.skips = describes(heading);
        let taste = TASTE.iter().any(|word| name.contains(word));
        let by_topic = if taste { Severity::Suggestion } else { Severity::Important };
        self.severity = severity_section(heading.trim()).or_else(|| signed(heading)).unwrap_or(by_topic);
        self.kind = None;
    }

    /// A heading that is a finding itself: it names its place, or a field below it does.
    fn starts_as_heading(&mut self, lines: &Lines<'_>, i: usize, below: Range<usize>, roster: &Roster) -> bool {
        let text = lines.at(i).text.trim_start_matches(['#', ' ']);
        let mut candidate = Candidate::of(Start::Heading, text, roster);
        if candidate.head.cites.is_empty() {
            let body = below.clone().filter(|k| lines.at(*k).is_text()).map(|k| lines.at(k).text);
            candidate.head.cites = fielded::places(body).unwrap_or_default();
        }
        let placed = candidate.head.cites.iter().any(|cite| cite.lines.is_some());
        if placed {
            self.open(lines, i, below, candidate);
        }
        placed
    }

    fn open(&mut self, lines: &Lines<'_>, i: usize, below: Range<usize>, mut candidate: Candidate) {
        if candidate.head.cites.is_empty() {
            let body = below.filter(|k| lines.at(*k).is_text()).map(|k| lines.at(k).text);
            candidate.head.cites = fielded::places(body).unwrap_or_default();
        }
        let understood = candidate.is_placed();
        if !understood && !candidate.looks_like_one() {
            return;
        }
        self.close(i);
        self.kind = Some(candidate.kind);
        self.open = Some((understood, candidate.kind));
        if understood {
            let severity = candidate.severity.unwrap_or(self.severity);
            let start = if candidate.says_more { i } else { i + 1 };
            self.rest.items.push(Item::loose(severity, candidate.head, start));
        } else {
            self.rest.unread.push(i..i + 1);
        }
    }

    fn close(&mut self, at: usize) {
        match self.open.take() {
            Some((true, _)) => {
                if let Some(item) = self.rest.items.last_mut() {
                    item.lines.end = at.max(item.lines.start);
                }
            }
            Some((false, _)) => {
                if let Some(last) = self.rest.unread.last_mut() {
                    last.end = at;
                }
            }
            None => {}
        }
    }
}

impl Candidate {
    fn of(kind: Start, text: &str, roster: &Roster) -> Self {
        let led = unstructured::led(text);
        let said = led.as_ref().map_or(text, |(_, said)| said.as_str());
        let (head, says_more) = unstructured::head(said, roster);
        Self { kind, head, severity: led.map(|(severity, _)| severity), says_more }
    }

    /// Whether it names its place well enough: lines, or a file behind a title in bold or a severity.
    fn is_placed(&self) -> bool {
        let has_lines = |cite: &Cite| cite.lines.is_some();
        let strong = self.kind == Start::Bold || self.severity.is_some();
        self.head.cites.iter().any(has_lines) || (strong && !self.head.cites.is_empty())
    }

    fn looks_like_one(&self) -> bool {
        self.severity.is_some() || LABELLED.is_match(&self.head.title)
    }

    /// Whether it is one beside what stands open, and no part of it.
    fn stands_alone(&self, open: Start) -> bool {
        matches!((open, self.kind), (Start::Bullet, Start::Numbered | Start::Bold)) || self.severity.is_some()
    }
}

/// The finding that may begin with a line at the margin.
fn candidate(text: &str, roster: &Roster) -> Option<Candidate> {
    let listed = |pattern: &Regex| pattern.captures(text).map(|m| m[1].to_owned());
    let (kind, said) = if let Some(said) = listed(&NUMBERED) {
        (Start::Numbered, said)
    } else if let Some(said) = listed(&BULLET) {
        (Start::Bullet, said)
    } else if BOLD.is_match(text) && !fielded::is_field_line(text) {
        (Start::Bold, text.to_owned())
    } else {
        return None;
    };
    (!fielded::is_field_line(&said) && !is_nothing(&said)).then(|| Candidate::of(kind, &said, roster))
}

/// Whether a heading is that of a part that describes, and remarks nothing.
fn describes(heading: &str) -> bool {
    let name = section_name(heading);
    ends_findings(heading) || DESCRIBES.iter().any(|word| name.starts_with(word)) || name.contains("what's good")
}

/// What is said of the lines that were not understood.
pub(super) fn note(unread: &[Range<usize>]) -> Option<String> {
    let named: Vec<String> = unread.iter().take(MOST_NAMED).map(lines_of).collect();
    let more = if unread.len() > MOST_NAMED { ", …" } else { "" };
    let parts = match unread.len() {
        0 => return None,
        1 => "1 part was".to_owned(),
        n => format!("{n} parts were"),
    };
    Some(format!("{parts} not understood: {}{more}", named.join(", ")))
}

/// No more of them are named.
const MOST_NAMED: usize = 20;

fn lines_of(range: &Range<usize>) -> String {
    let (first, last) = (range.start + 1, range.end);
    if last > first { format!("lines {first}-{last}") } else { format!("line {first}") }
}

/// Whether a text says that there is nothing to say: a clean review.
pub(super) fn is_clean(lines: &Lines<'_>) -> bool {
    let texts = || lines.within(0..lines.len()).filter(Line::is_text).map(|line| line.text);
    texts().any(|text| CLEAN.is_match(text))
        && texts().all(|text| super::cite::cites(text).iter().all(|c| c.lines.is_none()))
}

static CLEAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:no|zero|0|without|any)\s+(?:new\s+|further\s+|other\s+)?(?:issues?|problems?|findings?|concerns?|bugs?|defects?|comments?)",
        r"(?:\s+(?:or|and)\s+\w+)?\s*(?:$|[.!,;*_)]|(?:were\s+|was\s+|have been\s+|are\s+)?(?:found|identified|detected|noted|here|to report|with|in)\b)",
        r"|\bLGTM\b|\blooks good to me\b|\bnothing (?:to (?:report|flag|fix|add)|stands out)\b|\ball good\b",
        r"|\bkeine (?:probleme|befunde|fehler|beanstandungen|mängel)\b|\baucun(?:e)? (?:problème|anomalie|erreur)",
        r"|\b(?:sin|ningún|no se encontraron) (?:problemas?|hallazgos)\b|\bnenhum problema\b|\bnessun problema\b",
        r"|проблем (?:не )?(?:нет|найдено|обнаружено|выявлено)|没有(?:发现)?(?:任何)?问题|未发现(?:任何)?问题|無問題|問題(?:は)?(?:ありません|見つかりません|なし)|문제(?:가)? 없",
    ))
});
