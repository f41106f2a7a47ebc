//! Finds the findings among the lines of a review.

use super::cite::cites;
use super::fielded;
use super::head::{self, Head};
use super::headings::{is_nothing, is_other_section, severity_section};
use super::item::{AGENTS_LINE, CLASS_LINE, Item, name};
use super::lines::{Lines, heading_level, pattern};
use super::roster::Roster;
use super::unstructured;
use finding::Severity;
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:#{1,7}\s+)?(?:[-*]\s+)?(\*\*|~~|__)?\s*(~~|\*\*)?\s*(?:([CIS])-?(\d{1,6})|(\d{1,6}))\s*(?:[.:)]|\s—|\s--)\s+(.*)$",
    )
});
/// `[I1] title`, `**[I1] title**`, `**[I1]** title`.
static BRACKETED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^((?:#{1,7}\s+)?(?:[-*]\s+)?)(\*\*)?\[([CIS])-?(\d{1,6})\](\*\*)?\s*[.:—–-]*\s+(\S.*)$")
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
static CLASSIFICATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\*\*Classification:?\*\*:?\s*([^\n]+)"));

/// The findings in `range`.
/// Whether a number starts a finding depends on what came before, so this is one pass from top to bottom.
pub(super) fn find(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Vec<Item> {
    let sectioned = range.clone().any(|i| lines.at(i).is_text() && severity_section(lines.at(i).text.trim()).is_some());
    let mut walk = Walk {
        roster,
        items: Vec::new(),
        severity: None,
        section_level: 0,
        current: false,
        expect: 1,
        last: 0,
        section: None,
        bare: Vec::new(),
        sectioned,
    };
    for i in range.clone() {
        if lines.at(i).is_text() && !lines.at(i).text.trim().is_empty() {
            walk.line(i, lines.at(i).text);
        }
    }
    walk.close(range.end);
    walk.leave(range.end);
    let mut items = walk.items;
    // A section may have its findings as a plain list, or as a table.
    if !walk.bare.is_empty() {
        for (severity, bare) in walk.bare {
            items.extend(unstructured::in_section(lines, bare, severity, roster));
        }
        items.sort_by_key(|item| item.lines.start);
    }
    finish(&mut items, lines, roster);
    items
}

/// Takes from the lines what the heads do not say, and gives labels.
pub(super) fn finish(items: &mut [Item], lines: &Lines<'_>, roster: &Roster) {
    items.iter_mut().for_each(|item| complete(item, lines, roster));
    name(items);
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
    /// The severity's section that it is in: where it begins, and how many items there were before it.
    section: Option<(Severity, usize, usize)>,
    /// Sections of a severity in which no finding was found.
    bare: Vec<(Severity, Range<usize>)>,
    sectioned: bool,
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

    /// Ends the section of a severity.
    fn leave(&mut self, at: usize) {
        self.severity = None;
        if let Some((severity, start, before)) = self.section.take()
            && before == self.items.len()
        {
            self.bare.push((severity, start..at));
        }
    }

    fn open(&mut self, at: usize, severity: Severity, head: Head, letter: Option<&str>, number: Option<u32>) {
        self.close(at);
        let label = match (letter, number) {
            (Some(letter), Some(n)) => format!("{letter}{n}"),
            _ => String::new(),
        };
        let has_letter = letter.is_some();
        self.items.push(Item { severity, head, label, number, has_letter, text: None, lines: at + 1..at + 1 });
        self.current = true;
    }

    fn line(&mut self, i: usize, line: &str) {
        let text = line.trim();
        let heading = heading_level(text);
        if let Some(severity) = severity_section(text)
            && (heading.is_some() || text.contains("**") || text.starts_with('<') || (text.len() < 24 && line == text))
        {
            self.close(i);
            self.leave(i);
            self.severity = Some(severity);
            self.section = Some((severity, i + 1, self.items.len()));
            self.section_level = heading.unwrap_or(7);
            self.expect = 1;
            return;
        }
        if self.tagged(i, line) || self.numbered(i, line) {
            return;
        }
        if let Some(level) = heading {
            let known = is_other_section(text);
            if self.current && !known && SUBHEADING.is_match(text) {
                return;
            }
            // A heading below the severity's own is a finding without a number.
            if let Some(severity) = self.severity.filter(|_| !known && level > self.section_level)
                && self.items.last().is_none_or(|item| !self.current || item.number.is_none())
                && !is_nothing(text.trim_start_matches(['#', ' ']))
            {
                let head = head::read(text.trim_start_matches('#').trim_start(), false, self.roster);
                if !head.title.is_empty() {
                    self.open(i, severity, head, None, None);
                    return;
                }
            }
            self.close(i);
            self.leave(i);
        } else if text.starts_with("**") && text.trim_end_matches(':').ends_with("**") && is_other_section(text) {
            self.close(i);
            self.leave(i);
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
        let Some(severity) = Severity::from_heading_word(word) else { return false };
        let severity = if line.contains("DOWNGRADED") { self.severity.unwrap_or(severity) } else { severity };
        let head = head::read(line[rest_at..].trim_start_matches(':').trim_start(), true, self.roster);
        self.open(i, severity, head, None, None);
        true
    }

    fn numbered(&mut self, i: usize, line: &str) -> bool {
        let line = &*without_brackets(line);
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
        let lone = heading && !self.sectioned;
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
        let head = head::read(&rest, false, self.roster);
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
            || head::is_placed(rest)
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

/// The line with its number as others write it: `I1. title`.
fn without_brackets(line: &str) -> Cow<'_, str> {
    let Some(m) = line.contains('[').then(|| BRACKETED.captures(line)).flatten() else { return line.into() };
    // Bold that ends with the number says nothing of the title.
    let bold = if m.get(2).is_some() && m.get(5).is_none() { "**" } else { "" };
    let title = if bold.is_empty() && !m[6].starts_with("**") { format!("**{}**", &m[6]) } else { m[6].to_owned() };
    format!("{}{bold}{}{}. {title}", &m[1], &m[3], &m[4]).into()
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
            // Each may have brackets of its own.
            roster.leading(&m[1]).map(|_| roster.named(&m[1].replace(']', ",")))
        })
    {
        item.head.agents = named.into_iter().map(|m| m.name.clone()).collect();
    }
    if item.head.cites.is_empty() {
        item.head.cites = fielded::places(body()).unwrap_or_default();
    }
    if item.head.agents.is_empty() {
        item.head.agents = fielded::agents(body(), roster);
    }
    if item.head.cites.is_empty()
        && let Some(next) = body().map(|l| l.trim_start_matches(['>', ' ', '📍'])).find(|l| !l.is_empty())
        && next.starts_with(['`', '[', '('])
        && next.len() < 300
    {
        item.head.cites = cites(next);
    }
}
