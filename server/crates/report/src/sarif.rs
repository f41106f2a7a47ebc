//! SARIF 2.1.0: a run for each agent, a result for each of its remarks.
//!
//! What SARIF has a place for is there (locations, fixes, suppressions, fingerprints, failed runs); the rest
//! of a finding stands in `properties`, so that reading gives it back.

mod limits;

use super::edits::Placer;
use super::{Texts, json, sanitize};
use finding::{
    AgentOutcome, AgentRun, Anchor, Decisions, Failure, Finding, RawFinding, RawId, RepoPath, Round, Severity, State,
};
use patch::LineEdit;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Our fingerprint's name and version.
const FINGERPRINT: &str = "deepReviewFinding/v1";

/// Writes the round. Only agents that took part have a run; a failed one has `executionSuccessful: false`.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    let said = round.raw.iter().rev().map(|raw| (&raw.id, raw)).collect();
    let source = Source { round, decisions, texts, said, placer: Placer::new(texts) };
    let runs: Vec<Value> = round.agents.iter().map(|run| run_json(&source, run)).collect();
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
    });
    // Moved there: `json!` copies what it is given, and this is nearly all of the log.
    log["runs"] = Value::Array(limits::within(runs));
    limits::lighten(&mut log, |log| json::to_json(log).len());
    json::to_json(&log)
}

/// What results are written from.
struct Source<'a> {
    round: &'a Round,
    decisions: &'a Decisions,
    texts: &'a Texts,
    /// What agents said, by its id.
    said: BTreeMap<&'a RawId, &'a RawFinding>,
    placer: Placer<'a>,
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::Important => "warning",
        Severity::Suggestion => "note",
    }
}

fn rule_id(finding: &Finding) -> String {
    let severity = || format!("deep-review/{}", finding.severity.to_string().to_lowercase());
    finding.rule.as_ref().map_or_else(severity, |r| r.id.clone())
}

fn run_json(source: &Source<'_>, run: &AgentRun) -> Value {
    let round = source.round;
    let mut rules: Vec<Value> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut results = Vec::new();
    for finding in round.standing() {
        for attribution in finding.attributions.iter().filter(|a| a.agent == run.agent.name) {
            let id = rule_id(finding);
            let index = *known.entry(id.clone()).or_insert_with(|| {
                let mut rule = json!({ "id": id });
                if let Some(url) = finding.rule.as_ref().and_then(finding::RuleRef::page) {
                    rule["helpUri"] = json!(url);
                }
                rules.push(rule);
                rules.len() - 1
            });
            let raw = source.said.get(&attribution.raw).copied();
            let mut result = result_json(finding, raw, source);
            place_somewhere(&mut result, round);
            result["ruleId"] = json!(id);
            result["ruleIndex"] = json!(index);
            result["properties"]["severity"] = json!(attribution.severity);
            result["properties"]["raw"] = json!(attribution.raw);
            results.push(result);
        }
    }
    let mut invocation = json!({
        "executionSuccessful": matches!(run.outcome, AgentOutcome::Reviewed),
        "startTimeUtc": round.started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    if let AgentOutcome::Failed { failure } = &run.outcome {
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "error", "message": { "text": linkless(&failure_text(failure)) } }]);
    }
    let mut out = json!({
        "tool": { "driver": {
            "name": run.agent.label,
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
            "properties": { "agent": run.agent.name, "kind": run.agent.kind },
        } },
        "automationDetails": { "id": format!("deep-review/{}/{}", run.agent.name, round.id) },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "The root of the repository." } } },
        "invocations": [invocation],
    });
    out["results"] = Value::Array(results);
    if round.scope.branch.is_some() || round.scope.head.is_some() {
        let mut tags = Map::new();
        tags.insert("base".into(), json!(round.scope.base_name));
        out["properties"] = json!({ "branch": round.scope.branch, "head": round.scope.head, "base": tags["base"] });
    }
    out
}

/// Plain text as a message has it: `[x](y)` in one is a link, unless its brackets are escaped.
fn linkless(text: &str) -> String {
    let text = sanitize::printable(text);
    if text.contains("](") { text.replace(['['], "\\[").replace(']', "\\]") } else { text }
}

fn failure_text(failure: &Failure) -> String {
    match &failure.remedy {
        Some(remedy) => format!("{}. {remedy}", failure.message),
        None => failure.message.clone(),
    }
}

fn result_json<'a>(finding: &'a Finding, raw: Option<&RawFinding>, source: &Source<'a>) -> Value {
    let Source { decisions, texts, placer, .. } = source;
    let (title, body) = raw.map_or((&finding.title, &finding.body), |r| (&r.title, &r.body));
    let anchors = raw.map_or(&finding.anchors, |r| &r.anchors);
    let locations: Vec<Value> = anchors.iter().map(|a| location(a, texts)).collect();
    let text = if title.trim().is_empty() { "(no title)" } else { title };
    let mut message = json!({ "text": linkless(text) });
    if !body.is_empty() {
        let (title, body) = (sanitize::markdown_line(title), sanitize::markdown(body));
        message["markdown"] = json!(sanitize::document(&format!("**{title}**\n\n{body}")));
    }
    let mut out = json!({
        "ruleId": "",
        "ruleIndex": 0,
        "level": level(finding.severity),
        "message": message,
        "locations": locations.first().into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { FINGERPRINT: finding.id },
        "rank": (finding.confidence.clamp(0.0, 1.0) * 1000.0).round() / 10.0,
    });
    if finding.is_doubtful() {
        // Only what fails has a level; this is for a person to look at.
        (out["kind"], out["level"]) = (json!("review"), json!("none"));
    }
    if locations.len() > 1 {
        out["relatedLocations"] = json!(&locations[1..]);
    }
    let fixes: Vec<Value> = placer
        .placed(finding)
        .map(|p| {
            let note = p.fix.note.as_deref().unwrap_or("Suggested fix");
            json!({
                "description": { "text": linkless(note) },
                "artifactChanges": [{
                    "artifactLocation": artifact(p.path),
                    "replacements": p.edits.iter().map(replacement).collect::<Vec<_>>(),
                }],
            })
        })
        .collect();
    if !fixes.is_empty() {
        out["fixes"] = json!(fixes);
    }
    if let Some(resolution) = decisions.resolutions.get(&finding.id) {
        match &resolution.state {
            State::Dismissed { reason, text } => {
                out["suppressions"] =
                    json!([{ "kind": "external", "status": "accepted", "justification": format!("{reason}: {text}") }]);
            }
            State::Fixed | State::Outdated => out["baselineState"] = json!("absent"),
            State::Open => {}
        }
    }
    out["properties"] = properties_json(finding, raw);
    out
}

/// What the format has no field for: by it our own reader makes the same findings of the file.
fn properties_json(finding: &Finding, raw: Option<&RawFinding>) -> Value {
    let (title, body) = raw.map_or((&finding.title, &finding.body), |r| (&r.title, &r.body));
    let mut properties = Map::new();
    properties.insert("label".into(), json!(finding.label));
    properties.insert("merged".into(), json!(finding.severity));
    properties.insert("title".into(), json!(title));
    properties.insert("body".into(), json!(body));
    if finding.is_doubtful() {
        properties.insert("doubts".into(), json!(finding.doubts));
    }
    let own = raw.map_or(&finding.fixes, |r| &r.fixes);
    if !own.is_empty() {
        properties.insert("fixes".into(), json!(own));
    }
    let (symbol, class) = raw.map_or((&finding.symbol, finding.classification), |r| (&r.symbol, r.classification));
    if let Some(symbol) = symbol {
        properties.insert("symbol".into(), json!(symbol));
    }
    if let Some(class) = class {
        properties.insert("classification".into(), json!(class));
    }
    if let Some(rule) = raw.map_or(finding.rule.as_ref(), |r| r.rule.as_ref()) {
        properties.insert("rule".into(), json!(rule));
    }
    Value::Object(properties)
}

/// A result without a location makes a forge refuse the whole file: what is about the whole branch stands at the first line
/// of the first file that was reviewed, and says that it does.
fn place_somewhere(result: &mut Value, round: &Round) {
    if !result["locations"].as_array().is_some_and(Vec::is_empty) {
        return;
    }
    let reviewed = round.coverage.reviewed.first().map(|file| &file.path);
    let file = reviewed.or(round.texts.keys().next()).map_or("README.md".to_owned(), uri);
    result["locations"] = json!([{
        "physicalLocation": {
            "artifactLocation": { "uri": file, "uriBaseId": "SRCROOT" },
            "region": { "startLine": 1 },
        },
        "message": { "text": "This is about the whole branch." },
    }]);
    result["properties"]["wholeBranch"] = json!(true);
}

/// The path as a relative URI reference: bytes that are no part of one are percent-encoded.
fn uri(path: &RepoPath) -> String {
    let mut out = String::with_capacity(path.as_str().len());
    for byte in path.as_str().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b',' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn artifact(path: &RepoPath) -> Value {
    json!({ "uri": uri(path), "uriBaseId": "SRCROOT" })
}

fn location(anchor: &Anchor, texts: &Texts) -> Value {
    let mut physical = json!({ "artifactLocation": artifact(&anchor.path) });
    if let Some(lines) = anchor.lines {
        physical["region"] = json!({ "startLine": lines.start(), "endLine": lines.end() });
        let snippet = anchor.quote.clone().or_else(|| {
            let quoted = texts.lines(&anchor.path, lines, 40)?;
            (!quoted.is_empty()).then(|| quoted.join("\n"))
        });
        if let Some(snippet) = snippet {
            physical["region"]["snippet"] = json!({ "text": snippet });
        }
    } else if let Some(quote) = &anchor.quote {
        physical["properties"] = json!({ "quote": quote });
    }
    json!({ "physicalLocation": physical })
}

/// A replacement of whole lines: from the start of the first to the start of the line after the last.
fn replacement(edit: &LineEdit) -> Value {
    json!({
        "deletedRegion": {
            "startLine": edit.start,
            "startColumn": 1,
            "endLine": edit.start + edit.count,
            "endColumn": 1,
        },
        "insertedContent": { "text": edit.text },
    })
}
