//! reviewdog's diagnostic format, as one object (rdjson) or one diagnostic a line (rdjsonl). Columns are
//! 1-based and count UTF-8 bytes; the end of a range is exclusive.

use super::edits::Placer;
use super::{Texts, json, sanitize};
use finding::{Decisions, Finding, LineRange, Round, Severity};
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
    let (open, placer) = (round.standing().filter(|f| decisions.is_open(&f.id)), Placer::new(texts));
    open.filter_map(|f| diagnostic(round, f, texts, &placer)).collect()
}

/// A range from the first column of the first line to the end of the `last`; without columns, which means whole lines,
/// where that is not at hand.
fn range(lines: LineRange, last: Option<&str>) -> Value {
    match last {
        Some(last) => json!({
            "start": { "line": lines.start(), "column": 1 },
            "end": { "line": lines.end(), "column": last.len() + 1 },
        }),
        None => json!({ "start": { "line": lines.start() }, "end": { "line": lines.end() } }),
    }
}

/// One finding; one without a file has no diagnostic, because the format needs a path.
fn diagnostic<'a>(round: &'a Round, f: &'a Finding, texts: &'a Texts, placer: &Placer<'a>) -> Option<Value> {
    let anchor = f.main_anchor()?;
    let agents: Vec<&str> = f.agents().iter().map(|a| round.label_of(a)).collect();
    // reviewdog posts it as Markdown.
    let mut message = sanitize::markdown_line(&format!("{} [{}]", f.title, agents.join(", ")));
    if !f.body.trim().is_empty() {
        message.push_str("\n\n");
        message.push_str(sanitize::markdown(&f.body).trim_matches('\n').trim_end());
    }
    let message = sanitize::document(&message);
    let mut location = json!({ "path": anchor.path });
    if let Some(lines) = anchor.lines {
        location["range"] = range(lines, texts.line(&anchor.path, lines.end()));
    }
    let mut out = json!({
        "message": message,
        "location": location,
        "severity": match f.severity {
            _ if f.is_doubtful() => "INFO",
            Severity::Critical => "ERROR",
            Severity::Important => "WARNING",
            Severity::Suggestion => "INFO",
        },
        "source": { "name": agents.join(", ") },
        "code": { "value": f.rule.as_ref().map_or(f.label.as_str(), |r| r.id.as_str()) },
    });
    if let Some(url) = f.rule.as_ref().and_then(finding::RuleRef::page) {
        out["code"]["url"] = json!(url);
    }
    // A suggestion must be about the diagnostic's own file.
    let fix = placer.placed(f).find(|p| *p.path == anchor.path);
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
                location["range"] = range(lines, texts.line(&a.path, lines.end()));
            }
            json!({ "message": "see also", "location": location })
        });
        out["related_locations"] = related.collect();
    }
    Some(out)
}
