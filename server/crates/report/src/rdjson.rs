//! reviewdog's diagnostic format, as one object (rdjson) or one diagnostic a line (rdjsonl). Columns are
//! 1-based and count UTF-8 bytes; the end of a range is exclusive.

use super::edits::placed;
use super::markdown::short;
use super::said::{At, Change, Replacement, Said};
use super::{Texts, json};
use finding::{Anchor, Decisions, Finding, LineRange, RawFinding, RepoPath, Round, RuleRef, Severity};
use serde::Deserialize;
use serde_json::{Value, json};

/// Writes the open findings as one object.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    json::to_json(&json!({
        "source": { "name": "deep-review", "url": env!("CARGO_PKG_REPOSITORY") },
        "diagnostics": diagnostics(round, decisions, texts),
    }))
}

/// Writes the open findings, one a line.
#[must_use]
pub fn write_lines(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    diagnostics(round, decisions, texts).iter().map(|d| format!("{d}\n")).collect()
}

fn diagnostics(round: &Round, decisions: &Decisions, texts: &Texts) -> Vec<Value> {
    let open = round.standing().filter(|f| decisions.is_open(&f.id));
    open.filter_map(|f| diagnostic(round, f, texts)).collect()
}

/// A range from the first column of the first line to the end of the last; without columns, which means whole lines,
/// where the text is not at hand.
fn range(lines: LineRange, text: Option<&str>) -> Value {
    match text.and_then(|t| t.lines().nth(lines.end() as usize - 1)) {
        Some(last) => json!({
            "start": { "line": lines.start(), "column": 1 },
            "end": { "line": lines.end(), "column": last.len() + 1 },
        }),
        None => json!({ "start": { "line": lines.start() }, "end": { "line": lines.end() } }),
    }
}

/// One finding; one without a file has no diagnostic, because the format needs a path.
fn diagnostic(round: &Round, f: &Finding, texts: &Texts) -> Option<Value> {
    let anchor = f.anchors.first()?;
    let agents: Vec<&str> = f.agents().iter().map(|a| round.label_of(a)).collect();
    let mut message = format!("{} [{}]", f.title, agents.join(", "));
    if !f.body.trim().is_empty() {
        message.push_str("\n\n");
        message.push_str(f.body.trim());
    }
    let mut location = json!({ "path": anchor.path });
    if let Some(lines) = anchor.lines {
        location["range"] = range(lines, texts.get(&anchor.path));
    }
    let mut out = json!({
        "message": message,
        "location": location,
        "severity": match f.severity {
            Severity::Critical => "ERROR",
            Severity::Important => "WARNING",
            Severity::Suggestion => "INFO",
        },
        "source": { "name": agents.join(", ") },
        "code": { "value": f.rule.as_ref().map_or(f.label.as_str(), |r| r.id.as_str()) },
    });
    if let Some(url) = f.rule.as_ref().and_then(|r| r.url.as_deref()) {
        out["code"]["url"] = json!(url);
    }
    // A suggestion must be about the diagnostic's own file.
    let fix = placed(f, texts).find(|p| *p.path == anchor.path);
    if let Some(fix) = fix {
        let suggestions = fix.edits.iter().map(|edit| {
            json!({
                "range": {
                    "start": { "line": edit.start, "column": 1 },
                    "end": { "line": edit.start + edit.count, "column": 1 },
                },
                "text": edit.text,
            })
        });
        out["suggestions"] = suggestions.collect();
    }
    if f.anchors.len() > 1 {
        let related = f.anchors[1..].iter().map(|a| {
            let mut location = json!({ "path": a.path });
            if let Some(lines) = a.lines {
                location["range"] = range(lines, texts.get(&a.path));
            }
            json!({ "message": "see also", "location": location })
        });
        out["related_locations"] = related.collect();
    }
    Some(out)
}

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
pub fn read(text: &str) -> Result<Vec<Said>, serde_json::Error> {
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
    let mut out: Vec<Said> = Vec::new();
    let common = whole.source.take().map_or_else(String::new, |s| s.name);
    for mut d in whole.diagnostics.unwrap_or_default() {
        let source = d.source.take().map_or_else(|| common.clone(), |s| s.name);
        let label = if source.is_empty() { "Imported" } else { source.as_str() };
        d.severity = d.severity.or_else(|| whole.severity.clone());
        add(Said::of(&mut out, short(label), label), d);
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

fn add(said: &mut Said, d: Diagnostic) {
    let severity = d.severity.as_ref().and_then(|s| match s {
        Value::String(word) => Severity::from_word(word),
        Value::Number(n) => match n.as_u64() {
            Some(1) => Some(Severity::Critical),
            Some(2) => Some(Severity::Important),
            _ => Some(Severity::Suggestion),
        },
        _ => None,
    });
    let (title, body) = d.message.split_once('\n').unwrap_or((&d.message, ""));
    let main = anchor(&d.location);
    let changes = main.as_ref().map_or_else(Vec::new, |main| changes(d.suggestions, &main.path));
    let anchors = main.into_iter().chain(d.related_locations.iter().filter_map(|r| anchor(&r.location))).collect();
    let finding = RawFinding {
        id: said.next_id(),
        severity: severity.unwrap_or(Severity::Important),
        title: title.trim().to_owned(),
        body: body.trim().to_owned(),
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
