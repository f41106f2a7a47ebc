//! Findings in reviews that keep to no format: items that begin with a severity, and lists below a severity's heading.
//! Asked only where nothing stricter found anything.

use super::cite::{Cite, cites, path_token};
use super::findings::{Item, section_name, severity_section};
use super::head::Head;
use super::lines::{Lines, heading_level, pattern};
use super::roster::severity_word;
use crate::finding::Severity;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// `1. **Critical: title**`, `- **High** - text`, `### 🔴 Medium severity: title`; at least a mark or a colon is needed.
static LED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(#{1,6}\s+|[-*+]\s+|\d{1,3}[.)]\s+)?(?:\d{1,3}[.)]\s+)?(?:[^\w\s`*\[(]{1,8}\s*)?(\*\*|__|\[|\()?\[?(critical|important|suggestion|high|medium|low|major|minor|blocker|nit|warning|p[0-3])(?:[ -](?:severity|priority))?\]?(\*\*|__|\]|\))?\s*(:|—|–|-|\||\s)\s*(?:\*\*\s+)?(\S.*)$",
    )
});
static LISTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:[-*+]|\d{1,3}[.)])\s+(\S.*)$"));
static BOLD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*\*(.+?)\*\*[:.]?\s*(.*)$"));
static PLACE_FIRST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[`(\[]*([^`\s()\[\]]+?)[`)\]]*\s*(?::|—|–|\s-)\s+(\S.*)$"));
static PLACE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(.*?\S)\s*(?:[(\[]|—|–|-|\bin\b|\bat\b)\s*((?:`[^`]+`(?:,\s*|\s+and\s+)?)+)[)\]]?[.:]?\s*$")
});
static NOTHING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^[*_(`]*(none|no|nothing|n/a|0)\b"));

pub(super) fn find(lines: &Lines<'_>, range: Range<usize>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut section: Option<Severity> = None;
    let mut open = false;
    for i in range.clone() {
        let line = lines.at(i);
        if !line.is_text() || line.text.trim().is_empty() {
            continue;
        }
        let found = led(line.text).or_else(|| listed(line.text, section));
        let heading = heading_level(line.text).is_some();
        if found.is_none() && heading {
            section = severity_section(line.text.trim()).or_else(|| in_words(line.text));
        }
        if (found.is_some() || heading) && std::mem::take(&mut open) {
            end(&mut items, i);
        }
        let Some((severity, text)) = found else { continue };
        let head = head(&text);
        // What stands behind the title is part of the text.
        let start = if head.1 { i } else { i + 1 };
        items.push(Item::loose(severity, head.0, start));
        open = true;
    }
    if open {
        end(&mut items, range.end);
    }
    items
}

fn end(items: &mut [Item], at: usize) {
    if let Some(item) = items.last_mut() {
        item.lines.end = at.max(item.lines.start);
    }
}

/// "Minor Suggestions", "🔴 Must fix (critical)": a heading that has one severity's word.
fn in_words(heading: &str) -> Option<Severity> {
    let name = section_name(heading);
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter_map(severity_word);
    let first = words.next()?;
    words.all(|w| w == first).then_some(first)
}

fn led(line: &str) -> Option<(Severity, String)> {
    let m = LED.captures(line)?;
    let marked = m.get(1).is_some() || m.get(2).is_some();
    // "High availability is …" begins with the word and means nothing by it.
    let parted = &m[5] != " " && !m[5].trim().is_empty();
    if !(parted || (m.get(2).is_some() && m.get(4).is_some())) || !(marked || &m[5] == ":") {
        return None;
    }
    // "**Critical: title**" opens its bold before the word.
    let opened = m.get(2).is_some_and(|o| o.as_str() == "**") && m.get(4).is_none();
    let text = if opened { format!("**{}", &m[6]) } else { m[6].to_owned() };
    (!NOTHING.is_match(&m[6])).then_some((severity_word(&m[3])?, text))
}

fn listed(line: &str, section: Option<Severity>) -> Option<(Severity, String)> {
    let text = LISTED.captures(line)?[1].to_owned();
    (!NOTHING.is_match(&text)).then_some((section?, text))
}

/// Title and places; whether more is said on the line.
fn head(text: &str) -> (Head, bool) {
    let of = |title: &str, cites: Vec<Cite>| {
        let title = title.replace("**", "").trim_matches([' ', ':', '—', '-', '*']).to_owned();
        Head { title, cites, ..Head::default() }
    };
    if let Some(m) = BOLD.captures(text) {
        let (places, says_more) =
            (cites(&m[2]), m[2].split('`').step_by(2).any(|t| t.chars().filter(|c| c.is_alphabetic()).count() > 3));
        let title = of(&m[1], Vec::new()).title;
        return match PLACE_LAST.captures(&title).filter(|t| places.is_empty() && !cites(&t[2]).is_empty()) {
            Some(t) => (of(&t[1], cites(&t[2])), says_more),
            None => (of(&title, places), says_more),
        };
    }
    if let Some(m) = PLACE_FIRST.captures(text).filter(|m| path_token(&m[1]).is_some()) {
        return (of(&m[2], cites(&format!("`{}`", &m[1]))), false);
    }
    match PLACE_LAST.captures(text).filter(|m| !cites(&m[2]).is_empty()) {
        Some(m) => (of(&m[1], cites(&m[2])), false),
        None => (of(text, cites(text)), false),
    }
}
