//! Finds the findings among the lines of a review.

use super::cite::{self, cites};
use super::head::{self, Head};
use super::lines::{Lines, Role, heading_level, indent_of, info_of, pattern};
use super::roster::{Roster, severity_word};
use super::write::FIX;
use crate::finding::{Anchor, Fix, Severity};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A finding as it stands in the document.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) severity: Severity,
    pub(super) head: Head,
    /// Its number in the document: `I3`; made from the severity and the place in the list where it has none.
    pub(super) label: String,
    number: Option<u32>,
    has_letter: bool,
    /// Its places, where a document of ours says them.
    pub(super) anchors: Vec<Anchor>,
    /// Lines after the head, up to the next finding or section.
    pub(super) lines: Range<usize>,
}

impl Item {
    /// One of a review without a format; its end is not known yet.
    pub(super) fn loose(severity: Severity, head: Head, start: usize) -> Self {
        let lines = start..start;
        Self { severity, head, label: String::new(), number: None, has_letter: false, anchors: Vec::new(), lines }
    }
}

static SEVERITY_SECTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:[-*]\s+)?(?:#{1,7}\s*)?(?:\d+\.\s+)?(?:\*\*)?\s*(?:\d+\.\s+)?([a-z]+\d?)(?:[ -](?:priority|severity))?(?:\s+(?:issues?|findings?|problems?|bugs?))?\s*(?:\(\d+\))?\s*:?\s*(?:\*\*)?\s*:?\s*$",
    )
});
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:#{1,7}\s+)?(?:[-*]\s+)?(\*\*|~~|__)?\s*(~~|\*\*)?\s*(?:([CIS])-?(\d{1,6})|(\d{1,6}))\s*(?:[.:)]|\s—|\s--)\s+(.*)$",
    )
});
static TAGGED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:#{1,7}\s+|[-*]\s+|\d+\.\s+)?(?:\*{0,2}\[(CRITICAL|IMPORTANT|SUGGESTION|MINOR|MAJOR|HIGH|MEDIUM|LOW|BLOCKER|WARNING|NIT|P[0-3]|Critical|Important|Suggestion|Minor|Major|High|Medium|Low)\]|\*\*(CRITICAL|IMPORTANT|SUGGESTION|MINOR|MAJOR|HIGH|MEDIUM|LOW|Critical|Important|Suggestion)\*\*(?::?\s+`?[\w./-]+\.\w+:|:\s))\s*",
    )
});
static BOLD_ONLY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(~~)?\*\*.+\*\*[\s*~()\w]*$"));
static CITED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:—|–|-)\s+[`\[]"));
static DASHED_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:—|--)\s+`"));
static SUBHEADING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^#{1,7}\s+\**(suggested fix|suggestion:|recommendation:|fix|problem|classification|impact|evidence|why|details|description|proposed|location|code\b)",
    )
});
static AGENTS_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*\[([^\]\[]+)\]\s*$"));
static CLASS_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*\*?`?\(\s*((?:critical|important|suggestion)\b[^()\n]*)\)`?\*?\s*$|\(\s*((?:critical|important|suggestion)\s*,[^()\n]*)\)\s*$",
    )
});
static CLASSIFICATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\*\*Classification:?\*\*:?\s*([^\n]+)"));
static LOCATION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:[-*]\s+)?(?:\*\*)?(?:Files?|Locations?|Where)s?:?(?:\*\*)?:?\s*(.+)$"));
static FACT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*\*(Severity|Checked|Rule|Since|Resolution):\*\* (.*)$"));
static MORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*… and \d+ more lines?\.\*$"));
static NOTHING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^[*_(]*(none|no )"));

/// The sections that end the findings.
const OTHER_SECTIONS: &[&str] = &[
    "design observation",
    "testing assessment",
    "documentation assessment",
    "commit structure",
    "acknowledged limitation",
    "unresolved feedback",
    "coverage",
    "agent performance",
    "strengths",
    "concerns",
    "verdict",
    "executive summary",
    "summary",
    "review process",
    "findings",
    "resolution",
    "appendix",
    "reconciliation",
    "skill improvement",
    "repo context",
    "header",
    "path variables",
    "overall",
    "test coverage",
    "structure",
    "previous review",
    "clarification",
    "improvement recommendations",
    "declined in prior rounds",
    "verification",
    "design review",
    "documentation",
    "testing",
    "recommendations",
    "notes",
    "refuted",
];

/// The longest line that is looked at as a severity's heading, in bytes.
const LONGEST_HEADING: usize = 120;

pub(super) fn severity_section(text: &str) -> Option<Severity> {
    let m = Some(text).filter(|t| t.len() <= LONGEST_HEADING).and_then(|t| SEVERITY_SECTION.captures(t))?;
    let heading = text.starts_with('#');
    let word = m[1].to_lowercase();
    // Words that are common in prose count in headings only.
    let narrow = matches!(
        word.as_str(),
        "critical" | "criticals" | "important" | "importants" | "suggestion" | "suggestions" | "minor" | "minors"
    );
    if heading || narrow || (text.contains("**") && word != "warning" && word != "low" && word != "high") {
        severity_word(&word)
    } else {
        None
    }
}

/// The findings in `range`.
/// Whether a number starts a finding depends on what came before, so this is one pass from top to bottom.
///
/// `ours` says that deep-review wrote the document: then only headings start findings and sections.
pub(super) fn find(lines: &Lines<'_>, range: Range<usize>, roster: &Roster, ours: bool) -> Vec<Item> {
    let sectioned = range.clone().any(|i| lines.at(i).is_text() && severity_section(lines.at(i).text.trim()).is_some());
    let mut walk = Walk {
        roster,
        items: Vec::new(),
        severity: None,
        section_level: 0,
        current: false,
        expect: 1,
        last: 0,
        sectioned,
        ours,
    };
    for i in range.clone() {
        let counts = if ours { lines.at(i).is_heading() } else { !lines.at(i).text.trim().is_empty() };
        if lines.at(i).is_text() && counts {
            walk.line(i, lines.at(i).text);
        }
    }
    walk.close(range.end);
    let mut items = walk.items;
    for item in &mut items {
        if ours {
            facts_line(item, lines, roster);
        } else {
            complete(item, lines, roster);
        }
    }
    name(&mut items);
    items
}

struct Walk<'r> {
    roster: &'r Roster,
    items: Vec<Item>,
    severity: Option<Severity>,
    section_level: usize,
    /// Whether the last item is still open.
    current: bool,
    expect: u32,
    last: u32,
    sectioned: bool,
    ours: bool,
}

impl Walk<'_> {
    fn close(&mut self, at: usize) {
        if self.current
            && let Some(item) = self.items.last_mut()
        {
            item.lines.end = at.max(item.lines.start);
        }
        self.current = false;
    }

    fn open(&mut self, at: usize, severity: Severity, head: Head, letter: Option<&str>, number: Option<u32>) {
        self.close(at);
        let label = match (letter, number) {
            (Some(letter), Some(n)) => format!("{letter}{n}"),
            _ => String::new(),
        };
        let has_letter = letter.is_some();
        self.items.push(Item { severity, head, label, number, has_letter, anchors: Vec::new(), lines: at + 1..at + 1 });
        self.current = true;
    }

    fn line(&mut self, i: usize, line: &str) {
        let text = line.trim();
        let heading = heading_level(text);
        if let Some(severity) = severity_section(text)
            && (heading.is_some() || text.contains("**") || (text.len() < 24 && line == text))
        {
            self.close(i);
            self.severity = Some(severity);
            self.section_level = heading.unwrap_or(7);
            self.expect = 1;
            return;
        }
        if self.tagged(i, line) || self.numbered(i, line) {
            return;
        }
        if let Some(level) = heading {
            let low = section_name(text);
            let known = OTHER_SECTIONS.iter().any(|s| low.starts_with(s));
            if self.current && !known && SUBHEADING.is_match(text) {
                return;
            }
            // A heading below the severity's own is a finding without a number.
            if let Some(severity) = self.severity.filter(|_| !known && level > self.section_level)
                && self.items.last().is_none_or(|item| !self.current || item.number.is_none())
                && !NOTHING.is_match(text.trim_start_matches(['#', ' ']))
            {
                let head = head::read(text.trim_start_matches('#').trim_start(), false, self.roster);
                if !head.title.is_empty() {
                    self.open(i, severity, head, None, None);
                    return;
                }
            }
            self.close(i);
            self.severity = None;
        } else if text.starts_with("**") && text.trim_end_matches(':').ends_with("**") {
            let low = section_name(text);
            if OTHER_SECTIONS.iter().any(|s| low.starts_with(s)) {
                self.close(i);
                self.severity = None;
            }
        }
    }

    fn tagged(&mut self, i: usize, line: &str) -> bool {
        if !line.starts_with(['#', '-', '*', '[']) && !line.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        let Some(m) = TAGGED.captures(line) else { return false };
        let (word, rest_at) = match (m.get(1), m.get(2)) {
            (Some(tag), _) => (tag.as_str(), m.get(0).map_or(0, |m| m.end())),
            (_, Some(tag)) => (tag.as_str(), tag.end() + 2),
            _ => return false,
        };
        let Some(severity) = severity_word(word) else { return false };
        let severity = if line.contains("DOWNGRADED") { self.severity.unwrap_or(severity) } else { severity };
        let head = head::read(line[rest_at..].trim_start_matches(':').trim_start(), true, self.roster);
        self.open(i, severity, head, None, None);
        true
    }

    fn numbered(&mut self, i: usize, line: &str) -> bool {
        let Some(m) = NUMBERED.captures(line) else { return false };
        let heading = heading_level(line.trim_start()).is_some();
        let letter = m.get(3).map(|l| l.as_str());
        let Some(number) = m.get(4).or(m.get(5)).and_then(|n| n.as_str().parse::<u32>().ok()) else { return false };
        let rest = &m[6];
        let of_letter = letter.map(|l| match l {
            "C" => Severity::Critical,
            "I" => Severity::Important,
            _ => Severity::Suggestion,
        });
        let lone = heading && (self.ours || !self.sectioned);
        let Some(severity) = of_letter.filter(|_| self.severity.is_some() || lone).or(self.severity) else {
            return false;
        };
        let bold =
            m.get(1).is_some() || m.get(2).is_some() || rest.trim_start().starts_with("**") || rest.starts_with("~~");
        let is_finding = if letter.is_some() {
            bold || heading || DASHED_CODE.is_match(rest)
        } else {
            (bold || heading || self.roster.trailing(rest).is_some()) && self.follows(number, line, heading, rest)
        };
        if !is_finding {
            return false;
        }
        let opened = m.get(1).or(m.get(2)).is_some_and(|b| b.as_str() == "**");
        let rest = if opened { format!("**{rest}") } else { rest.to_owned() };
        let head =
            if self.ours { Head { title: rest, ..Head::default() } } else { head::read(&rest, false, self.roster) };
        self.open(i, severity, head, letter, Some(number));
        self.last = number;
        self.expect = number + 1;
        true
    }

    /// Whether a plain number can be that of a finding, not that of a list in a finding's text.
    fn follows(&self, number: u32, line: &str, heading: bool, rest: &str) -> bool {
        let in_order = number == self.expect || number == self.last + 1 || (number == 1 && !self.current);
        if !in_order || !(heading || line.trim_start() == line) {
            return false;
        }
        let says_more = CITED.is_match(rest)
            || head::has_agents(rest, self.roster)
            || head::class_in(rest).is_some()
            || self.roster.trailing(rest).is_some();
        if says_more {
            return true;
        }
        let looks = heading || BOLD_ONLY.is_match(rest.trim());
        match self.items.last().filter(|_| self.current) {
            Some(current) => looks && current.number.is_some_and(|n| n + 1 == number),
            None => looks,
        }
    }
}

/// A heading's text in lower case, without marks and number.
pub(super) fn section_name(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| "#* .".contains(c) || c.is_ascii_digit() || c.is_whitespace());
    text.trim_matches(|c: char| "*: #".contains(c)).to_lowercase()
}

static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"`([^`]+)`|``\s?(.+?)\s?``"));

/// Reads the line below the head of a finding of ours: its places, agents and class.
fn facts_line(item: &mut Item, lines: &Lines<'_>, roster: &Roster) {
    let Some(at) = item.lines.clone().find(|i| !lines.at(*i).text.trim().is_empty()) else { return };
    let line = lines.at(at).text;
    // The agents stand in the last brackets, the class behind them; a path may hold brackets too.
    let Some((before, rest)) = line.rsplit_once(" (") else { return };
    let Some(open) = before.rfind('[') else { return };
    if !lines.at(at).is_text() || !line.ends_with(')') {
        return;
    }
    item.head.class = Some(rest.trim_end_matches(')').to_owned());
    let labels = before[open..].trim_matches(['[', ']']);
    item.head.agents = labels.split(", ").filter_map(|l| roster.labelled(l)).collect();
    item.anchors =
        CODE.captures_iter(&before[..open]).filter_map(|m| cite::exact(m.get(1).or(m.get(2))?.as_str())).collect();
    item.lines.start = at + 1;
}

/// Takes from the body what the head does not say.
fn complete(item: &mut Item, lines: &Lines<'_>, roster: &Roster) {
    let body = || item.lines.clone().filter(|i| lines.at(*i).is_text()).map(|i| lines.at(i).text);
    if item.head.class.is_none() {
        item.head.class = body()
            .filter(|l| l.contains('('))
            .find_map(|l| {
                CLASS_LINE.captures(l).and_then(|m| m.get(1).or(m.get(2)).map(|c| c.as_str().trim().to_owned()))
            })
            .or_else(|| {
                body()
                    .filter(|l| l.contains("Classif"))
                    .find_map(|l| CLASSIFICATION.captures(l).map(|m| m[1].trim().to_owned()))
            });
    }
    if item.head.agents.is_empty()
        && let Some(named) = body().find_map(|l| {
            let m = AGENTS_LINE.captures(l)?;
            roster.leading(&m[1]).map(|_| roster.named(m.get(1).map_or("", |x| x.as_str())))
        })
    {
        item.head.agents = named.into_iter().map(|m| m.name.clone()).collect();
    }
    if item.head.cites.is_empty()
        && let Some(found) = body().find_map(|l| LOCATION.captures(l).map(|m| cites(&m[1])))
    {
        item.head.cites = found;
    }
    if item.head.cites.is_empty()
        && let Some(next) = body().map(str::trim).find(|l| !l.is_empty())
        && next.starts_with(['`', '[', '('])
        && next.len() < 300
    {
        item.head.cites = cites(next);
    }
}

/// Gives labels to those without, and makes all of them unique.
pub(super) fn name(items: &mut [Item]) {
    let mut counts = [0u32; 3];
    let mut seen: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
    for item in items {
        let n = &mut counts[item.severity as usize];
        *n += 1;
        if !item.has_letter {
            item.label = format!("{}{}", item.severity.letter(), item.number.unwrap_or(*n));
        }
        let times = seen.entry(item.label.clone()).or_default();
        *times += 1;
        if *times > 1 {
            item.label = format!("{}#{times}", item.label);
        }
    }
}

/// A finding's text taken apart: prose, the code it quotes first, the fixes.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    pub(super) quote: Option<String>,
    pub(super) fixes: Vec<Fix>,
    /// `**Severity:**` and the like, by their names in lower case; in documents of ours.
    pub(super) facts: Vec<(String, String)>,
}

/// Takes the lines of a finding apart. The quote is taken out of the text only where `anchored`, because
/// elsewhere it is all that says which place is meant.
pub(super) fn body(lines: &Lines<'_>, range: Range<usize>, anchored: bool, ours: bool) -> Body {
    let mut out = Body::default();
    let mut text: Vec<&str> = Vec::new();
    let mut i = range.start;
    while i < range.end {
        let line = lines.at(i);
        if line.role == Role::Wrapper {
            i += 1;
            continue;
        }
        if line.role != Role::Open {
            if !(ours && out.quote.is_some() && MORE.is_match(line.text)) {
                text.push(line.text);
            }
            i += 1;
            continue;
        }
        let close = (i + 1..range.end).find(|k| lines.at(*k).role != Role::Code).unwrap_or(range.end);
        let code = dedent(lines, i + 1..close, indent_of(line.text));
        let after = if close < range.end && lines.at(close).role == Role::Close { close + 1 } else { close };
        let language = info_of(line.text).split([' ', '{', ',']).next().unwrap_or("").to_ascii_lowercase();
        if matches!(language.as_str(), "diff" | "patch" | "suggestion") && (!ours || says_fix(&text)) {
            let note = take_note(&mut text);
            let diff = if language == "suggestion" { format!("```suggestion\n{code}```\n") } else { code };
            out.fixes.push(Fix { note, path: None, diff, by: Vec::new() });
        } else if out.quote.is_none() && leads(&text, info_of(line.text), anchored, ours) {
            out.quote = Some(code.trim_end_matches('\n').to_owned());
            text.clear();
        } else {
            text.extend(lines.within(i..after).map(|l| l.text));
        }
        i = after;
    }
    if ours {
        while let Some(at) = text.iter().rposition(|l| !l.trim().is_empty()) {
            let Some(m) = FACT.captures(text[at]) else { break };
            out.facts.push((m[1].to_lowercase(), m[2].to_owned()));
            text.truncate(at);
        }
    }
    out.text = tidy(&text);
    // There are many of these, and few of them have more than one.
    out.fixes.shrink_to_fit();
    out
}

/// Whether code that stands below `text` is the code that the finding is about.
fn leads(text: &[&str], info: &str, anchored: bool, ours: bool) -> bool {
    if ours {
        return is_quote(info) && text.iter().all(|l| l.trim().is_empty());
    }
    anchored && text.iter().all(|l| is_facts(l))
}

/// Whether a fence of ours quotes the code: `go 50-71`, `go quoted`.
fn is_quote(info: &str) -> bool {
    info.split_once(' ').is_some_and(|(_, lines)| {
        lines == "quoted"
            || lines.split_once('-').is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok())
    })
}

/// Whether a line before the quote only says what the head says: a place, the agents, the class.
fn is_facts(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || AGENTS_LINE.is_match(line)
        || CLASS_LINE.is_match(line)
        || ((LOCATION.is_match(line) || line.starts_with(['`', '['])) && line.len() < 300 && !cites(line).is_empty())
}

fn dedent(lines: &Lines<'_>, range: Range<usize>, indent: usize) -> String {
    let mut out = String::new();
    for line in lines.within(range) {
        let text = line.text;
        let cut = text.bytes().take(indent).take_while(|b| *b == b' ' || *b == b'\t').count();
        out.push_str(if cut == indent { &text[cut..] } else { text });
        out.push('\n');
    }
    out.shrink_to_fit();
    out
}

/// Whether what stands above a diff in a document of ours says that it is a fix; a body may hold diffs too.
fn says_fix(text: &[&str]) -> bool {
    text.iter().rev().find(|l| !l.trim().is_empty()).is_some_and(|l| l.starts_with(FIX))
}

/// The paragraph before a diff, if it is about the fix; it leaves the text.
fn take_note(text: &mut Vec<&str>) -> Option<String> {
    let end = text.iter().rposition(|l| !l.trim().is_empty())? + 1;
    let start = text[..end].iter().rposition(|l| l.trim().is_empty()).map_or(0, |i| i + 1);
    let paragraph = text[start..end].join("\n");
    let bare = paragraph.trim_start_matches(['*', '_', ' ', '-', '#']);
    let word = ["Fix", "Suggested fix", "Suggestion", "Proposed fix", "Recommended fix"]
        .iter()
        .find(|w| bare.starts_with(**w))?;
    let rest = &bare[word.len()..];
    if !rest.starts_with([':', '*', ' ', '.', '\n']) && !rest.is_empty() {
        return None;
    }
    text.truncate(start);
    let note = rest.trim_start_matches([':', '*', '_', ' ', '.', '\n', '—']).trim().trim_end_matches(':');
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    (!note.is_empty()).then_some(note)
}

/// The lines as one text: no rules or empty lines at its ends.
pub(super) fn tidy(lines: &[&str]) -> String {
    let blank = |l: &&&str| l.trim().is_empty() || l.trim() == "---" || l.trim() == "***";
    let start = lines.iter().take_while(|l| l.trim().is_empty()).count();
    let kept = &lines[start..];
    let end = kept.len() - kept.iter().rev().take_while(blank).count();
    kept[..end].join("\n")
}

/// The anchors of a finding, `exact` ones or else those of its citations; the first with the quote.
pub(super) fn anchors(head: &Head, exact: Vec<Anchor>, quote: Option<String>) -> Vec<Anchor> {
    let mut anchors = if exact.is_empty() { cite::anchors(&head.cites) } else { exact };
    if let Some(first) = anchors.first_mut() {
        first.quote = quote;
    }
    anchors
}
