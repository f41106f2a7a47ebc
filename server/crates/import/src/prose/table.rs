//! Findings that are rows of a table.

use super::cite::{self, cites};
use super::head;
use super::item::Item;
use super::lines::Lines;
use super::roster::Roster;
use super::rows::{cells, is_rule};
use finding::Severity;
use std::ops::Range;

const TITLE: &[&str] = &[
    "title",
    "finding",
    "issue",
    "problem",
    "bug",
    "summary",
    "description",
    "remark",
    "comment",
    "concern",
    "titel",
    "problème",
    "problema",
    "проблема",
    "问题",
    "問題",
    "描述",
    "문제",
];
const SEVERITY: &[&str] = &[
    "severity",
    "priority",
    "level",
    "sev",
    "schweregrad",
    "priorität",
    "gravité",
    "gravedad",
    "gravidade",
    "严重程度",
    "优先级",
    "重要度",
    "심각도",
];
const PLACE: &[&str] = &[
    "file",
    "location",
    "where",
    "path",
    "place",
    "file:line",
    "files",
    "datei",
    "fichier",
    "archivo",
    "arquivo",
    "文件",
    "位置",
    "ファイル",
    "파일",
];
const LINES: &[&str] = &["line", "lines", "line(s)", "zeile", "ligne", "línea", "linha", "行", "行号"];
const AGENTS: &[&str] = &["agent", "agents", "reviewer", "reviewers", "found by", "reported by", "raised by"];
const NUMBER: &[&str] = &["#", "no", "no.", "nr", "nr.", "id", "number"];

/// The rows of the tables in `range` that are findings; `given` is the severity where the table says none.
pub(super) fn find(lines: &Lines<'_>, range: Range<usize>, given: Option<Severity>, roster: &Roster) -> Vec<Item> {
    let mut out = Vec::new();
    let mut columns: Option<Columns> = None;
    for i in range.clone() {
        let line = lines.at(i);
        let row = Some(line.text).filter(|_| line.is_text()).and_then(cells);
        let Some(row) = row else {
            columns = None;
            continue;
        };
        if is_rule(&row) {
            continue;
        }
        let ruled = i + 1 < range.end && cells(lines.at(i + 1).text).is_some_and(|next| is_rule(&next));
        if ruled {
            columns = Columns::of(row, given.is_some());
        } else if let Some(columns) = &columns {
            out.extend(columns.item(&row, given, i, roster));
        }
    }
    out
}

/// Which column says what.
struct Columns {
    names: Vec<String>,
    title: usize,
    severity: Option<usize>,
    place: Option<usize>,
    lines: Option<usize>,
    agents: Option<usize>,
}

impl Columns {
    /// `None` for a table that is not about findings.
    fn of(names: Vec<String>, has_severity: bool) -> Option<Self> {
        let low: Vec<String> = names.iter().map(|n| n.trim_matches(['*', ' ']).to_lowercase()).collect();
        let column = |words: &[&str]| words.iter().find_map(|w| low.iter().position(|n| n == w));
        let severity = column(SEVERITY);
        let title = column(TITLE)?;
        let (place, lines, agents) = (column(PLACE), column(LINES), column(AGENTS));
        (severity.is_some() || has_severity).then_some(Self { names, title, severity, place, lines, agents })
    }

    fn item(&self, row: &[String], given: Option<Severity>, at: usize, roster: &Roster) -> Option<Item> {
        let cell = |column: Option<usize>| column.and_then(|c| row.get(c)).map(String::as_str);
        let severity = cell(self.severity).and_then(Severity::of_label).or(given)?;
        let mut head = head::read(cell(Some(self.title))?, false, roster);
        if head.title.chars().filter(|c| c.is_alphabetic()).count() < 2 {
            return None;
        }
        if let Some(place) = cell(self.place) {
            let quoted = cites(place);
            let found = if quoted.is_empty() { cite::places(place).unwrap_or_default() } else { quoted };
            head.cites.extend(found);
        }
        if let ([one], Some(lines)) = (head.cites.as_mut_slice(), cell(self.lines)) {
            one.lines = one.lines.or_else(|| cite::first_lines(lines));
        }
        if let Some(named) = cell(self.agents) {
            head.agents.extend(roster.named(named).into_iter().map(|m| m.name.clone()));
        }
        let mut item = Item::loose(severity, head, at + 1);
        item.text = Some(self.rest(row));
        Some(item)
    }

    /// What the other columns say.
    fn rest(&self, row: &[String]) -> String {
        let used = [Some(self.title), self.severity, self.place, self.lines, self.agents];
        let others = row.iter().enumerate().filter(|(n, cell)| !used.contains(&Some(*n)) && !cell.is_empty());
        let said = others.filter_map(|(n, cell)| {
            let name = self.names.get(n)?;
            let bare = name.trim_matches(['*', ' ']);
            (!NUMBER.contains(&bare.to_lowercase().as_str())).then(|| format!("**{bare}:** {cell}"))
        });
        said.collect::<Vec<_>>().join("\n\n")
    }
}
