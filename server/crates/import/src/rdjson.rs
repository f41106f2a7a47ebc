//! reviewdog's diagnostic format, as one object (rdjson) or one diagnostic a line (rdjsonl). Columns are
//! 1-based and count UTF-8 bytes; the end of a range is exclusive.

use crate::imported::{At, Change, ImportedReview, Replacement};
use crate::levels::Levels;
use crate::message::paragraphs;
use finding::{AgentName, Anchor, LineRange, RawFinding, RepoPath, RuleRef, Severity};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    source: Option<Source>,
    severity: Option<Value>,
    diagnostics: Option<Vec<Diagnostic>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Diagnostic {
    message: String,
    location: Location,
    severity: Option<Value>,
    source: Option<Source>,
    code: Code,
    suggestions: Vec<Suggestion>,
    related_locations: Vec<Related>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Related {
    location: Location,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Code {
    value: String,
    url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Location {
    path: String,
    range: Option<Range>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Range {
    start: Position,
    end: Option<Position>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Position {
    line: u32,
    column: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Suggestion {
    range: Range,
    text: String,
}

/// Reads rdjson or rdjsonl: what each source says.
///
/// # Errors
/// When neither the text nor its first line is a JSON object of the format.
pub fn read(text: &str) -> Result<Vec<ImportedReview>, serde_json::Error> {
    // Our own writer says ERROR for what is critical, and a line of it does not say whose it is.
    let own = Levels { error: Severity::Critical, ..Levels::REPORT };
    read_with(text, own)
}

/// [`read()`], with other severities for the tool's levels.
///
/// # Errors
/// When neither the text nor its first line is a JSON object of the format.
pub fn read_with(text: &str, levels: Levels) -> Result<Vec<ImportedReview>, serde_json::Error> {
    let mut whole = match serde_json::from_str::<Wire>(text) {
        Ok(wire) if wire.diagnostics.is_some() => wire,
        _ => {
            let lines = text.lines().filter(|l| !l.trim().is_empty());
            let diagnostics = lines.map(serde_json::from_str).collect::<Result<Vec<Diagnostic>, _>>()?;
            // Any object could be one: what says nothing of any place is something else.
            if diagnostics.iter().any(|d| d.message.is_empty() && d.location.path.is_empty()) {
                return Err(serde::de::Error::custom("a line has neither a message nor a location"));
            }
            Wire { source: None, severity: None, diagnostics: Some(diagnostics) }
        }
    };
    let mut out: Vec<ImportedReview> = Vec::new();
    let common = whole.source.take().map_or_else(String::new, |s| s.name);
    for mut d in whole.diagnostics.unwrap_or_default() {
        let source = d.source.take().map_or_else(|| common.clone(), |s| s.name);
        let label = if source.is_empty() { "Imported" } else { source.as_str() };
        d.severity = d.severity.or_else(|| whole.severity.clone());
        add(ImportedReview::part_of(&mut out, AgentName::of_label(label), label), d, levels);
    }
    Ok(out)
}

/// Whole lines of a range: an end in the first column does not have its line.
fn lines_of(range: &Range) -> Option<LineRange> {
    let start = range.start.line;
    if start == 0 {
        return None;
    }
    let end = range
        .end
        .as_ref()
        .map_or(start, |e| if e.column == Some(1) && e.line > start { e.line - 1 } else { e.line.max(start) });
    Some(LineRange::new(start, end))
}

fn anchor(location: &Location) -> Option<Anchor> {
    let path = RepoPath::new(location.path.trim_start_matches('/')).ok()?;
    Some(Anchor { path, lines: location.range.as_ref().and_then(lines_of), quote: None })
}

fn add(said: &mut ImportedReview, d: Diagnostic, levels: Levels) {
    let stated = d.severity.as_ref().and_then(|s| match s {
        Value::String(word) => levels.read(word),
        Value::Number(n) => levels.read(match n.as_u64() {
            Some(1) => "error",
            Some(2) => "warning",
            Some(0) => "unknown",
            _ => "info",
        }),
        _ => None,
    });
    let (severity, unknown) = stated.map_or((levels.warning, None), |s| (s.severity, s.unknown));
    let (title, body) = d.message.split_once('\n').unwrap_or((&d.message, ""));
    let main = anchor(&d.location);
    let changes = main.as_ref().map_or_else(Vec::new, |main| changes(d.suggestions, &main.path));
    let anchors = main.into_iter().chain(d.related_locations.iter().filter_map(|r| anchor(&r.location))).collect();
    let finding = RawFinding {
        id: said.next_id(),
        sure: None,
        severity,
        title: title.trim().to_owned(),
        body: paragraphs([
            body.trim().to_owned(),
            unknown.map(|w| format!("Severity as given: {w}")).unwrap_or_default(),
        ]),
        anchors,
        symbol: None,
        classification: None,
        rule: (!d.code.value.is_empty()).then_some(RuleRef { id: d.code.value, url: d.code.url }),
        fixes: Vec::new(),
        agent: said.agent.clone(),
    };
    said.add(finding, changes);
}

/// Suggestions for different places are one fix together; where two are for the same place, each is one.
fn changes(suggestions: Vec<Suggestion>, path: &RepoPath) -> Vec<Change> {
    let mut spans: Vec<_> = suggestions.iter().map(|s| s.range.ends()).collect();
    spans.sort_unstable();
    let apart = spans.windows(2).all(|two| two[0].1 <= two[1].0 && two[0] != two[1]);
    let replacements = suggestions.into_iter().map(|Suggestion { range, text }| Replacement {
        from: At::Byte(range.start.line, range.start.column.unwrap_or(1)),
        to: match range.end.unwrap_or(Position { ..range.start }) {
            Position { line, column: Some(column) } => At::Byte(line, column),
            Position { line, column: None } => At::end_of(line, &text),
        },
        text,
    });
    let change = |replacements| Change { note: None, path: path.clone(), replacements };
    match replacements.collect::<Vec<_>>() {
        none if none.is_empty() => Vec::new(),
        all if apart => vec![change(all)],
        all => all.into_iter().map(|one| change(vec![one])).collect(),
    }
}

impl Range {
    /// Line and column of both ends; a line without a column is the whole line.
    fn ends(&self) -> ((u32, u32), (u32, u32)) {
        let end = self.end.as_ref().unwrap_or(&self.start);
        ((self.start.line, self.start.column.unwrap_or(1)), (end.line, end.column.unwrap_or(u32::MAX)))
    }
}
