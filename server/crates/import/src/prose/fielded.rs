//! Findings whose severity, place and agents stand in lines of their own: `**Severity:** High`, `File: src/a.rs, line 3`.

use super::cite::{self, Cite, cites};
use super::head;
use super::headings::{is_other_section, severity_section};
use super::item::Item;
use super::lines::{Line, Lines, heading_level, pattern};
use super::roster::Roster;
use finding::{AgentName, Severity};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// The name of a field in any mark, and its value.
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*(?:[-*+]\s+|>\s*|\|\s*)?(?:\*\*|__|[*_])?(\p{L}[\p{L} ()&/]{0,24}?)(?:\*\*|__|[*_])?\s*[:：|]\s*(?:\*\*|__|[*_])?\s*(.+)$",
    )
});
/// The severity behind a title: `(Critical)`, `[High]`, `— Severity: low`.
static BEHIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(.*\S)\s*(?:[\[(]([^\[\]()]{2,40})[\])]|\s[—–|-]\s+([^—–|]{2,40}))\s*\**$"));
static TITLE_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:[-*+]\s+)?(?:\d{1,5}[.)]\s+)?\*\*[^*]+\*\*[\s.:]*$|^\d{1,5}[.)]\s+\S"));

const SEVERITY: &[&str] = &[
    "severity",
    "priority",
    "level",
    "impact",
    "risk",
    "schweregrad",
    "schwere",
    "priorität",
    "gravité",
    "sévérité",
    "priorité",
    "gravedad",
    "severidad",
    "prioridad",
    "gravidade",
    "severidade",
    "prioridade",
    "gravità",
    "priorità",
    "серьёзность",
    "серьезность",
    "критичность",
    "приоритет",
    "严重程度",
    "严重性",
    "优先级",
    "级别",
    "嚴重程度",
    "重要度",
    "優先度",
    "심각도",
    "우선순위",
];
const PLACE: &[&str] = &[
    "file",
    "files",
    "location",
    "locations",
    "where",
    "path",
    "place",
    "datei",
    "dateien",
    "ort",
    "stelle",
    "fichier",
    "emplacement",
    "archivo",
    "ubicación",
    "arquivo",
    "localização",
    "posizione",
    "файл",
    "место",
    "文件",
    "位置",
    "档案",
    "ファイル",
    "場所",
    "파일",
    "위치",
    "file path",
    "code location",
    "file and line number",
    "file and line",
    "file and lines",
    "file and line numbers",
    "file & line",
    "file/line",
    "file(s)",
    "affected file",
    "affected files",
    "affected code",
    "code reference",
    "reference",
    "in file",
];
const LINES: &[&str] = &[
    "line",
    "lines",
    "line(s)",
    "line number",
    "zeile",
    "zeilen",
    "ligne",
    "lignes",
    "línea",
    "líneas",
    "linha",
    "linhas",
    "riga",
    "righe",
    "строка",
    "строки",
    "行",
    "行号",
    "줄",
];
const AGENTS: &[&str] = &[
    "agent",
    "agents",
    "reviewer",
    "reviewers",
    "found by",
    "reported by",
    "raised by",
    "flagged by",
    "source",
    "sources",
];

/// The value of a field that has one of these names; a line may have several with a stroke between them.
fn value<'l>(line: &'l str, names: &[&str]) -> Option<&'l str> {
    if !line.contains([':', '：', '|']) {
        return None;
    }
    let named = |text: &'l str| {
        let m = FIELD.captures(text)?;
        let value = m.get(2)?.as_str();
        names.contains(&m[1].trim().to_lowercase().as_str()).then_some(value)
    };
    named(line).or_else(|| line.split(" | ").skip(1).find_map(named))
}

/// The severity that a line says: its value up to what else stands there.
fn severity(line: &str) -> Option<Severity> {
    let value = value(line, SEVERITY)?;
    let first = value.split(['|', '(', ',', ';', '/', '—', '–']).next().unwrap_or(value);
    Severity::of_label(first)
}

/// The severity that a field says, as it says it.
pub(super) fn stated<'l>(mut body: impl Iterator<Item = &'l str>) -> Option<String> {
    body.find_map(|line| value(line, SEVERITY)).map(str::to_owned)
}

/// The places that fields say.
pub(super) fn places<'l>(body: impl Iterator<Item = &'l str> + Clone) -> Option<Vec<Cite>> {
    let mut found = body.clone().find_map(|l| {
        let value = value(l, PLACE)?;
        let quoted = cites(value);
        Some(quoted).filter(|c| !c.is_empty()).or_else(|| cite::places(value))
    })?;
    if let [one] = found.as_mut_slice()
        && one.lines.is_none()
        && let Some(lines) = body.into_iter().find_map(|l| value(l, LINES))
    {
        one.lines = cite::first_lines(lines);
    }
    Some(found)
}

/// Whether a line only says a place.
pub(super) fn is_place(line: &str) -> bool {
    value(line, PLACE).is_some()
}

/// The agents that a field names.
pub(super) fn agents<'l>(mut body: impl Iterator<Item = &'l str>, roster: &Roster) -> Vec<AgentName> {
    let named = body.find_map(|l| Some(roster.named(value(l, AGENTS)?)).filter(|n| !n.is_empty()));
    named.unwrap_or_default().into_iter().map(|m| m.name.clone()).collect()
}

/// How many lines of text may stand between a title and its severity.
const MOST_BETWEEN: usize = 6;

/// Findings that say their severity in a line below their title.
pub(super) fn find(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Vec<Item> {
    let mut heads: Vec<(usize, Severity)> = Vec::new();
    for i in range.clone() {
        let line = lines.at(i);
        let Some(severity) = Some(line).filter(Line::is_text).and_then(|l| severity(l.text)) else { continue };
        let from = heads.last().map_or(range.start, |(last, _)| last + 1);
        let above = (from..i).rev().filter(|k| lines.at(*k).is_text() && !lines.at(*k).text.trim().is_empty());
        let title = above.take(MOST_BETWEEN).find(|k| is_title(lines.at(*k).text));
        heads.extend(title.map(|title| (title, severity)));
    }
    items(lines, range, &heads, roster)
}

/// Findings whose headings say the severity: behind the title, or with a coloured sign.
pub(super) fn in_headings(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Vec<Item> {
    let heads = range.clone().filter_map(|i| {
        let line = lines.at(i);
        let heading = line.is_heading() && !is_other_section(line.text) && severity_section(line.text.trim()).is_none();
        Some((i, behind(line.text).map(|(_, severity)| severity).or_else(|| Severity::of_sign(line.text))?))
            .filter(|_| heading)
    });
    let heads: Vec<_> = heads.collect();
    items(lines, range, &heads, roster)
}

/// The severity behind a title, and the title.
fn behind(text: &str) -> Option<(&str, Severity)> {
    let m = BEHIND.captures(text)?;
    Some((m.get(1)?.as_str(), Severity::of_label(m.get(2).or(m.get(3))?.as_str())?))
}

/// Whether a line is a field of a finding.
pub(super) fn is_field_line(line: &str) -> bool {
    FIELD.captures(line).is_some_and(|m| is_field(&m[1]) || FURTHER.contains(&m[1].trim().to_lowercase().as_str()))
}

/// Fields that say more of a finding, and nothing that is taken out of its text.
const FURTHER: &[&str] = &[
    "description",
    "issue",
    "problem",
    "fix",
    "suggested fix",
    "suggestion",
    "recommendation",
    "recommended fix",
    "impact",
    "evidence",
    "why",
    "details",
    "code",
    "example",
    "rule",
    "category",
    "type",
    "confidence",
    "status",
    "current code",
    "what",
    "how",
    "solution",
    "effort",
    "note",
    "title",
    "risk",
    "explanation",
    "rationale",
    "cause",
    "root cause",
    "result",
];

fn is_title(line: &str) -> bool {
    (heading_level(line).is_some() || TITLE_LINE.is_match(line))
        && FIELD.captures(line).is_none_or(|m| !is_field(&m[1]))
}

fn is_field(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    [SEVERITY, PLACE, LINES, AGENTS].iter().any(|names| names.contains(&name.as_str()))
}

/// Makes findings of their heads: each goes up to the next, or to a heading of its own level.
fn items(lines: &Lines<'_>, range: Range<usize>, heads: &[(usize, Severity)], roster: &Roster) -> Vec<Item> {
    let level = |i: usize| Some(lines.at(i)).filter(Line::is_text).and_then(|l| heading_level(l.text));
    let mut out: Vec<Item> = Vec::with_capacity(heads.len());
    for (n, (at, severity)) in heads.iter().copied().enumerate() {
        let text = lines.at(at).text.trim_start_matches(['#', ' ', '-', '+']);
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && !"*`[(_".contains(c));
        let text = behind(text).map_or(text, |(title, _)| title);
        let text =
            text.split_once(['.', ')']).filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit())).map_or(text, |(_, t)| t);
        let own = level(at).unwrap_or(7);
        let next = heads.get(n + 1).map_or(range.end, |(next, _)| *next);
        let mut item = Item::loose(severity, head::read(text.trim_start(), false, roster), at + 1);
        item.lines.end = (at + 1..next).find(|i| level(*i).is_some_and(|l| l <= own)).unwrap_or(next);
        out.push(item);
    }
    out
}
