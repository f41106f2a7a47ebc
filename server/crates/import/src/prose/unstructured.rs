//! Findings in reviews that keep to no format: items that begin with a severity, and lists below a severity's heading.
//! Asked only where nothing stricter found anything.

use super::cite::{Cite, cites, first_lines, leading_places, places};
use super::head::{self, Head};
use super::headings::{is_nothing, is_other_section, severity_section};
use super::item::Item;
use super::lines::{Lines, heading_level, pattern};
use super::roster::Roster;
use super::table;
use finding::{LineRange, Severity};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// `1. **Critical: title**`, `- **High** - text`, `### 🔴 Medium severity: title`; at least a mark or a colon is needed.
static LED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(#{1,6}\s+|[-*+]\s+|\d{1,5}[.)]\s+)?(?:\d{1,5}[.)]\s+)?(?:[^\w\s`*\[(]{1,8}\s*)?(\*\*|__|\[|\(|`)?\[?(p[0-3]|\p{L}{1,14})(?:[ -](?:severity|priority|issue))?\]??(:?\*\*|:?__|\]|\)|`)?\s*(:|：|—|–|-|\||\s)\s*(?:\*\*\s+)?(\S.*)$",
    )
});
static LISTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:[-*+]|\d{1,5}[.)])\s+(\S.*)$"));
static BOLD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*\*(.+?)\*\*[:.]?\s*(.*)$"));
static PLACE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(.*?\S)\s*(?:[(\[]|—|–|-|\bin\b|\bat\b)\s*((?:`[^`]+`(?:,\s*|\s+and\s+)?)+)[)\]]?[.:]?\s*$")
});
static IN_BRACKETS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*?\S)\s*(?:\(([^()]+)\)|\[([^\[\]]+)\])[.:]?\s*$"));
/// An address of code at the end.
static ADDRESS_LAST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.*?\S)\s*(?:[(<:—–-]|\bin\b|\bat\b|\bsee\b)?\s*(https?://\S+/blob/\S+?)[)>.]*\s*$"));
static BY_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^((?:[-*+]|\d{1,5}[.)])\s+)?(?:\*\*)?(?i:lines?\s+|l)(\d+(?:\s*[-–]\s*L?\d+)?)(?:\*\*)?\s*[:—–-]?(?:\*\*)?\s*(\S.*)$",
    )
});

pub(super) fn find(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut section: Option<Severity> = None;
    // The file that a heading names for what is below it.
    let mut file: Option<String> = None;
    // The level of the heading that is the open finding's, or 7 for one that is no heading.
    let mut open: Option<usize> = None;
    for i in range.clone() {
        let line = lines.at(i);
        if !line.is_text() || line.text.trim().is_empty() {
            continue;
        }
        let (text, at_lines) = without_line(line.text);
        let found = led(&text).or_else(|| Some((section?, listed(&text)?)));
        let level = heading_level(line.text);
        let heading = level.is_some();
        // A heading below that of a finding is a part of it.
        if found.is_none() && open.is_some_and(|own| level.is_some_and(|level| own < level)) {
            continue;
        }
        if found.is_none() && heading {
            section = severity_section(line.text.trim());
            file = places(line.text.trim_start_matches('#')).and_then(|found| Some(found.first()?.path.clone()));
        }
        if (found.is_some() || heading) && open.take().is_some() {
            end(&mut items, i);
        }
        let Some((severity, text)) = found else { continue };
        let (text, further) = without_line(&text);
        let mut item = item(severity, &text, i, roster);
        if let (Some(path), true) = (&file, item.head.cites.is_empty()) {
            item.head.cites.push(Cite { path: path.clone(), lines: at_lines.or(further) });
        }
        items.push(item);
        open = Some(level.unwrap_or(7));
    }
    if open.is_some() {
        end(&mut items, range.end);
    }
    items
}

/// The line without "**Line 42**" or "L7:" at its start, as it stands below a file's heading; brackets behind it open
/// the text. And those lines.
fn without_line(line: &str) -> (String, Option<LineRange>) {
    let Some(m) = BY_LINE.captures(line) else { return (line.to_owned(), None) };
    (format!("{}{}", m.get(1).map_or("", |mark| mark.as_str()), &m[3]), first_lines(&m[2]))
}

/// What starts a finding in a section that numbers none.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    Listed,
    Bold,
}

/// The findings of a severity's section: a table, a list, or paragraphs that begin with a title in bold.
pub(super) fn in_section(lines: &Lines<'_>, range: Range<usize>, severity: Severity, roster: &Roster) -> Vec<Item> {
    let rows = table::find(lines, range.clone(), Some(severity), roster);
    if !rows.is_empty() {
        return rows;
    }
    let mut items: Vec<Item> = Vec::new();
    let mut kind: Option<Start> = None;
    for i in range.clone().filter(|i| lines.at(*i).is_text()) {
        let after_blank = i == range.start || lines.at(i - 1).text.trim().is_empty();
        let Some((start, text)) = started(lines.at(i).text, after_blank) else { continue };
        if *kind.get_or_insert(start) == start {
            end(&mut items, i);
            items.push(item(severity, &text, i, roster));
        }
    }
    end(&mut items, range.end);
    items
}

fn started(line: &str, after_blank: bool) -> Option<(Start, String)> {
    if let Some(text) = listed(line) {
        return Some((Start::Listed, text));
    }
    let m = BOLD.captures(line).filter(|_| after_blank)?;
    let field = m[1].ends_with(':') || m[2].starts_with(':') || line[m[1].len() + 4..].starts_with(':');
    (!field && !is_other_section(&m[1]) && !is_nothing(line)).then(|| (Start::Bold, line.to_owned()))
}

fn item(severity: Severity, text: &str, at: usize, roster: &Roster) -> Item {
    let (head, says_more) = head(text, roster);
    // What stands behind the title is part of the text.
    Item::loose(severity, head, if says_more { at } else { at + 1 })
}

fn end(items: &mut [Item], at: usize) {
    if let Some(item) = items.last_mut() {
        item.lines.end = at.max(item.lines.start);
    }
}

/// The severity with which a line begins, and what follows.
pub(super) fn led(line: &str) -> Option<(Severity, String)> {
    let m = LED.captures(line)?;
    let severity = Severity::from_heading_word(&m[3])?;
    let marked = m.get(1).is_some() || m.get(2).is_some();
    // "High availability is …" begins with the word and means nothing by it.
    let parted = &m[5] != " " && !m[5].trim().is_empty();
    if !(parted || (m.get(2).is_some() && m.get(4).is_some())) || !(marked || matches!(&m[5], ":" | "：")) {
        return None;
    }
    // "**Critical: title**" opens its bold before the word.
    let opened = m.get(2).is_some_and(|o| o.as_str() == "**") && m.get(4).is_none();
    let text = if opened { format!("**{}", &m[6]) } else { m[6].to_owned() };
    // "**Important**: 3" counts, and says nothing.
    let says = m[6].chars().any(char::is_alphabetic) && !is_nothing(&m[6]) && Severity::of_label(&m[6]).is_none();
    says.then_some((severity, text))
}

fn listed(line: &str) -> Option<String> {
    let text = LISTED.captures(line)?[1].to_owned();
    (!is_nothing(&text)).then_some(text)
}

/// Title, places and who said it; whether more is said on the line.
pub(super) fn head(text: &str, roster: &Roster) -> (Head, bool) {
    let (text, agents, class) = head::said_by(text, roster);
    let done = head::is_done(&text);
    let text = head::unnumbered(text.trim());
    let struck = text.contains("~~");
    let of = |title: &str, cites: Vec<Cite>| {
        let title = title.replace("**", "").replace("~~", "");
        let title = title.trim_matches([' ', ':', '—', '-', '*']).to_owned();
        Head { title, cites, agents: agents.clone(), class: class.clone(), struck, done }
    };
    if let Some((places, title)) = leading_places(&text) {
        let (inner, says_more) = titled(&title);
        return (of(&inner, places), says_more);
    }
    if let Some(m) = BOLD.captures(&text) {
        let (title, tail) = (of(&m[1], Vec::new()).title, &m[2]);
        // "**BUG-4 — `a.cpp` ~line 46**" says only where.
        if let Some(places) = places(&title) {
            let tail = tail.trim_start_matches([' ', ':', '—', '–', '-']);
            return (of(tail, places), false);
        }
        if let Some(places) = places(tail) {
            return (of(&title, places), false);
        }
        let found = cites(tail);
        let says_more = tail.split('`').step_by(2).any(|t| t.chars().filter(|c| c.is_alphabetic()).count() > 3);
        return match placed_last(&title).filter(|_| found.is_empty()) {
            Some((title, places)) => (of(&title, places), says_more),
            None => (of(&title, found), says_more),
        };
    }
    match placed_last(&text) {
        Some((title, places)) => (of(&title, places), false),
        None => (of(&text, cites(&text)), false),
    }
}

/// "title (`src/a.rs:3`)", "title in `src/a.rs`".
fn placed_last(text: &str) -> Option<(String, Vec<Cite>)> {
    if let Some(m) = PLACE_LAST.captures(text).filter(|m| !cites(&m[2]).is_empty()) {
        return Some((m[1].to_owned(), cites(&m[2])));
    }
    if let Some(m) = ADDRESS_LAST.captures(text).filter(|m| !cites(&m[2]).is_empty()) {
        return Some((m[1].to_owned(), cites(&m[2])));
    }
    let m = IN_BRACKETS.captures(text)?;
    Some((m[1].to_owned(), places(m.get(2).or(m.get(3))?.as_str())?))
}

/// A title in bold and whether more follows, or the whole text.
fn titled(text: &str) -> (String, bool) {
    match BOLD.captures(text) {
        Some(m) => (m[1].to_owned(), m[2].chars().any(char::is_alphabetic)),
        None => (text.to_owned(), false),
    }
}
