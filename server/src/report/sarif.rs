//! SARIF 2.1.0: a run for each agent, a result for each of its remarks.
//!
//! What SARIF has a place for is there (locations, fixes, suppressions, fingerprints, failed runs); the rest
//! of a finding stands in `properties`, so that reading gives it back.

use super::edits::placed;
use super::markdown::short;
use super::view::one_line;
use super::{Texts, json};
use crate::finding::{
    AgentKind, AgentName, AgentOutcome, AgentRun, Anchor, Answer, Decisions, Failure, Finding, Fix, LineRange,
    RawFinding, RawId, RepoPath, Round, RuleRef, Severity, State,
};
use crate::patch::LineEdit;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Our fingerprint's name and version.
const FINGERPRINT: &str = "deepReviewFinding/v1";

/// Writes the round. Only agents that took part have a run; a failed one has `executionSuccessful: false`.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    let runs: Vec<Value> = round.agents.iter().map(|run| run_json(round, run, decisions, texts)).collect();
    json::to_json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    }))
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

fn run_json(round: &Round, run: &AgentRun, decisions: &Decisions, texts: &Texts) -> Value {
    let mut rules: Vec<Value> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut results = Vec::new();
    for finding in round.standing() {
        for attribution in finding.attributions.iter().filter(|a| a.agent == run.agent.name) {
            let id = rule_id(finding);
            let index = *known.entry(id.clone()).or_insert_with(|| {
                let mut rule = json!({ "id": id });
                if let Some(url) = finding.rule.as_ref().and_then(|r| r.url.as_deref()) {
                    rule["helpUri"] = json!(url);
                }
                rules.push(rule);
                rules.len() - 1
            });
            let raw = round.raw.iter().find(|r| r.id == attribution.raw);
            let mut result = result_json(finding, raw, decisions, texts);
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
            json!([{ "level": "error", "message": { "text": failure_text(failure) } }]);
    }
    let mut out = json!({
        "tool": { "driver": {
            "name": run.agent.label,
            "informationUri": "https://crates.io/crates/deep-review",
            "rules": rules,
            "properties": { "agent": run.agent.name, "kind": run.agent.kind },
        } },
        "automationDetails": { "id": format!("deep-review/{}/{}", run.agent.name, round.id) },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "The root of the repository." } } },
        "invocations": [invocation],
        "results": results,
    });
    if round.scope.branch.is_some() || round.scope.head.is_some() {
        let mut tags = Map::new();
        tags.insert("base".into(), json!(round.scope.base_name));
        out["properties"] = json!({ "branch": round.scope.branch, "head": round.scope.head, "base": tags["base"] });
    }
    out
}

fn failure_text(failure: &Failure) -> String {
    match &failure.remedy {
        Some(remedy) => format!("{}. {remedy}", failure.message),
        None => failure.message.clone(),
    }
}

fn result_json(finding: &Finding, raw: Option<&RawFinding>, decisions: &Decisions, texts: &Texts) -> Value {
    let (title, body) = raw.map_or((&finding.title, &finding.body), |r| (&r.title, &r.body));
    let anchors = raw.map_or(&finding.anchors, |r| &r.anchors);
    let locations: Vec<Value> = anchors.iter().map(|a| location(a, texts)).collect();
    let text = if title.trim().is_empty() { "(no title)".to_owned() } else { title.clone() };
    let mut message = json!({ "text": text });
    if !body.is_empty() {
        message["markdown"] = json!(format!("**{}**\n\n{body}", one_line(title)));
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
    if locations.len() > 1 {
        out["relatedLocations"] = json!(&locations[1..]);
    }
    let fixes: Vec<Value> = placed(finding, texts)
        .map(|p| {
            let note = p.fix.note.as_deref().unwrap_or("Suggested fix");
            json!({
                "description": { "text": note },
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
    let mut properties = Map::new();
    properties.insert("label".into(), json!(finding.label));
    properties.insert("merged".into(), json!(finding.severity));
    properties.insert("title".into(), json!(title));
    properties.insert("body".into(), json!(body));
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
    out["properties"] = Value::Object(properties);
    out
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

/// The path of a URI reference: percent-encoding undone, a scheme and leading slashes dropped.
fn path_of(uri: &str) -> Option<RepoPath> {
    let text = uri.strip_prefix("file://").unwrap_or(uri);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let coded = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = coded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    let path = String::from_utf8(out).ok()?;
    RepoPath::new(path.trim_start_matches('/')).ok()
}

fn artifact(path: &RepoPath) -> Value {
    json!({ "uri": uri(path), "uriBaseId": "SRCROOT" })
}

fn location(anchor: &Anchor, texts: &Texts) -> Value {
    let mut physical = json!({ "artifactLocation": artifact(&anchor.path) });
    if let Some(lines) = anchor.lines {
        physical["region"] = json!({ "startLine": lines.start(), "endLine": lines.end() });
        let snippet = anchor.quote.clone().or_else(|| {
            let text = texts.get(&anchor.path)?;
            let quoted: Vec<&str> =
                text.lines().skip(lines.start() as usize - 1).take(lines.count().min(40) as usize).collect();
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

/// Why a text is no SARIF.
#[derive(Debug, thiserror::Error)]
pub enum SarifError {
    /// No JSON.
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON of another kind.
    #[error("it is no SARIF: 'runs' is missing")]
    NoRuns,
}

/// What one run of a SARIF file says.
#[derive(Debug, Clone)]
pub struct Run {
    /// The tool, as an agent.
    pub agent: AgentName,
    /// What people call it.
    pub label: String,
    /// What sort of agent it was, where deep-review wrote the file.
    pub kind: Option<AgentKind>,
    /// Its results.
    pub answer: Answer,
}

/// Reads any tool's SARIF: an answer for each run. Suppressed and absent results are left out.
///
/// # Errors
/// When it is no JSON or has no runs.
pub fn read(text: &str) -> Result<Vec<Run>, SarifError> {
    let log: Log<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let runs = log.runs.ok_or(SarifError::NoRuns)?;
    let mut out: Vec<Run> = Vec::new();
    for run in runs {
        let driver = run.tool.driver;
        let label = driver.name.unwrap_or_else(|| "SARIF".into()).into_owned();
        let own = driver.properties.agent.is_some();
        let mut agent = driver.properties.agent.map_or_else(|| short(&label), AgentName::new);
        if out.iter().any(|r| r.agent == agent) {
            agent = AgentName::new(format!("{agent}-{}", out.len() + 1));
        }
        let mut answer = Answer::default();
        for (n, result) in run.results.into_iter().enumerate() {
            let hidden = !result.suppressions.is_empty() || result.baseline_state.as_deref() == Some("absent");
            let hidden =
                (hidden && !own) || matches!(result.kind.as_deref(), Some("pass" | "notApplicable" | "informational"));
            if !hidden {
                answer.findings.push(finding_of(result, &driver.rules, &agent, n + 1));
            }
        }
        out.push(Run { agent, label, kind: driver.properties.kind, answer });
    }
    Ok(out)
}

fn finding_of(result: SarifResult<'_>, rules: &[Rule<'_>], agent: &AgentName, n: usize) -> RawFinding {
    let p = result.properties;
    let rule = result
        .rule_index
        .and_then(|i| rules.get(usize::try_from(i).ok()?))
        .or_else(|| rules.iter().find(|r| r.id.is_some() && r.id == result.rule_id));
    let id = result.rule_id.as_ref().or(rule.and_then(|r| r.id.as_ref())).map(|id| id.to_string());
    let score = rule.and_then(|r| r.properties.security_severity.as_ref()).and_then(number);
    let word = result
        .level
        .as_deref()
        .or_else(|| rule.and_then(|r| r.default_configuration.level.as_deref()))
        .unwrap_or("warning");
    let severity = p.severity.unwrap_or(match (score, word) {
        (Some(score), _) if score >= 9.0 => Severity::Critical,
        (Some(score), _) if score >= 4.0 => Severity::Important,
        (_, "error") => Severity::Critical,
        (_, "warning") => Severity::Important,
        _ => Severity::Suggestion,
    });
    let message = result.message.text.as_deref().or(result.message.markdown.as_deref());
    let message = message.or_else(|| rule.and_then(|r| r.short_description.text.as_deref())).unwrap_or("");
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let title = p.title.unwrap_or_else(|| first.trim().to_owned());
    let body = p.body.unwrap_or_else(|| match &result.message.markdown {
        Some(markdown) if result.message.text.is_some() => markdown.to_string(),
        _ => rest.trim().to_owned(),
    });
    let anchors: Vec<Anchor> =
        result.locations.into_iter().chain(result.related_locations).filter_map(anchor_of).collect();
    let fixes = p.fixes.unwrap_or_else(|| result.fixes.iter().filter_map(|f| fix_of(f, &anchors, agent)).collect());
    let url = rule.and_then(|r| r.help_uri.as_ref()).map(|u| u.to_string());
    let ours = id.as_deref().is_some_and(|id| id.starts_with("deep-review/") && p.raw.is_some());
    RawFinding {
        id: p.raw.map_or_else(|| RawId::new(format!("{agent}:{n}")), RawId::new),
        agent: agent.clone(),
        severity,
        title,
        body,
        anchors,
        symbol: p.symbol,
        classification: p.classification,
        rule: p.rule.or_else(|| id.filter(|_| !ours).map(|id| RuleRef { id, url })),
        fixes,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn anchor_of(location: Location<'_>) -> Option<Anchor> {
    let physical = location.physical_location?;
    let path = path_of(physical.artifact_location.uri.as_deref()?)?;
    let region = physical.region;
    let lines = region.start_line.map(|start| {
        // A region that ends before the first column of a line does not have that line.
        let mut end = region.end_line.unwrap_or(start);
        if region.end_column == Some(1) && end > start {
            end -= 1;
        }
        LineRange::new(start, end)
    });
    let quote = region.snippet.text.map(|t| t.trim_end_matches('\n').to_owned()).or(physical.properties.quote);
    Some(Anchor { path, lines, quote })
}

/// A fix of whole lines that are the finding's place, as a suggestion; others cannot be read without the text.
fn fix_of(fix: &SarifFix<'_>, anchors: &[Anchor], agent: &AgentName) -> Option<Fix> {
    let [change] = fix.artifact_changes.as_slice() else { return None };
    let [replacement] = change.replacements.as_slice() else { return None };
    let path = path_of(change.artifact_location.uri.as_deref()?)?;
    let region = &replacement.deleted_region;
    let start = region.start_line?;
    let end = region.end_line.unwrap_or(start);
    let inserted = replacement.inserted_content.text.as_deref().unwrap_or("");
    let whole = region.start_column.unwrap_or(1) == 1 && region.end_column == Some(1) && end > start;
    let anchor = anchors.first().filter(|a| a.path == path)?;
    if !whole || anchor.lines != Some(LineRange::new(start, end - 1)) {
        return None;
    }
    let newline = if inserted.is_empty() || inserted.ends_with('\n') { "" } else { "\n" };
    Some(Fix {
        note: fix.description.text.as_ref().map(|t| t.to_string()),
        path: Some(path),
        diff: format!("```suggestion\n{inserted}{newline}```\n"),
        by: vec![agent.clone()],
    })
}

mod wire {
    //! The parts of SARIF that are read; everything else is skipped without being kept.

    use crate::finding::{AgentKind, Classification, Fix, RuleRef, Severity};
    use serde::{Deserialize, Deserializer};
    use std::borrow::Cow;

    type Text<'a> = Option<Cow<'a, str>>;

    /// Takes `null` for a missing value.
    fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
        Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
    }

    /// A number that may be out of range or of another type, which then says nothing.
    fn line<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u32>, D::Error> {
        let value = serde_json::Value::deserialize(d)?;
        Ok(value.as_u64().and_then(|n| u32::try_from(n).ok()))
    }

    #[derive(Deserialize)]
    pub(super) struct Log<'a> {
        #[serde(borrow)]
        pub(super) runs: Option<Vec<RunWire<'a>>>,
    }

    #[derive(Deserialize)]
    pub(super) struct RunWire<'a> {
        #[serde(borrow, default)]
        pub(super) tool: Tool<'a>,
        #[serde(borrow, default, deserialize_with = "list")]
        pub(super) results: Vec<SarifResult<'a>>,
    }

    #[derive(Deserialize, Default)]
    pub(super) struct Tool<'a> {
        #[serde(borrow, default)]
        pub(super) driver: Driver<'a>,
    }

    #[derive(Deserialize, Default)]
    pub(super) struct Driver<'a> {
        #[serde(borrow, default)]
        pub(super) name: Text<'a>,
        #[serde(borrow, default, deserialize_with = "list")]
        pub(super) rules: Vec<Rule<'a>>,
        #[serde(default)]
        pub(super) properties: DriverProperties,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct DriverProperties {
        pub(super) agent: Option<String>,
        pub(super) kind: Option<AgentKind>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Rule<'a> {
        #[serde(borrow)]
        pub(super) id: Text<'a>,
        #[serde(borrow)]
        pub(super) help_uri: Text<'a>,
        #[serde(borrow)]
        pub(super) short_description: Message<'a>,
        #[serde(borrow)]
        pub(super) default_configuration: Configuration<'a>,
        pub(super) properties: RuleProperties,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct Configuration<'a> {
        #[serde(borrow)]
        pub(super) level: Text<'a>,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct RuleProperties {
        #[serde(rename = "security-severity")]
        pub(super) security_severity: Option<serde_json::Value>,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct Message<'a> {
        #[serde(borrow)]
        pub(super) text: Text<'a>,
        #[serde(borrow)]
        pub(super) markdown: Text<'a>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct SarifResult<'a> {
        #[serde(borrow)]
        pub(super) rule_id: Text<'a>,
        pub(super) rule_index: Option<i64>,
        #[serde(borrow)]
        pub(super) level: Text<'a>,
        #[serde(borrow)]
        pub(super) kind: Text<'a>,
        #[serde(borrow)]
        pub(super) baseline_state: Text<'a>,
        #[serde(borrow)]
        pub(super) message: Message<'a>,
        #[serde(borrow, deserialize_with = "list")]
        pub(super) locations: Vec<Location<'a>>,
        #[serde(borrow, deserialize_with = "list")]
        pub(super) related_locations: Vec<Location<'a>>,
        #[serde(deserialize_with = "list")]
        pub(super) suppressions: Vec<serde::de::IgnoredAny>,
        #[serde(borrow, deserialize_with = "list")]
        pub(super) fixes: Vec<SarifFix<'a>>,
        pub(super) properties: ResultProperties,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct ResultProperties {
        pub(super) severity: Option<Severity>,
        pub(super) raw: Option<String>,
        pub(super) title: Option<String>,
        pub(super) body: Option<String>,
        pub(super) symbol: Option<String>,
        pub(super) classification: Option<Classification>,
        pub(super) rule: Option<RuleRef>,
        pub(super) fixes: Option<Vec<Fix>>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Location<'a> {
        #[serde(borrow)]
        pub(super) physical_location: Option<Physical<'a>>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Physical<'a> {
        #[serde(borrow)]
        pub(super) artifact_location: Artifact<'a>,
        #[serde(borrow)]
        pub(super) region: Region<'a>,
        pub(super) properties: PhysicalProperties,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct PhysicalProperties {
        pub(super) quote: Option<String>,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    pub(super) struct Artifact<'a> {
        #[serde(borrow)]
        pub(super) uri: Text<'a>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Region<'a> {
        #[serde(deserialize_with = "line")]
        pub(super) start_line: Option<u32>,
        #[serde(deserialize_with = "line")]
        pub(super) end_line: Option<u32>,
        #[serde(deserialize_with = "line")]
        pub(super) start_column: Option<u32>,
        #[serde(deserialize_with = "line")]
        pub(super) end_column: Option<u32>,
        #[serde(borrow)]
        pub(super) snippet: Message<'a>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct SarifFix<'a> {
        #[serde(borrow)]
        pub(super) description: Message<'a>,
        #[serde(borrow, deserialize_with = "list")]
        pub(super) artifact_changes: Vec<Change<'a>>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Change<'a> {
        #[serde(borrow)]
        pub(super) artifact_location: Artifact<'a>,
        #[serde(borrow, deserialize_with = "list")]
        pub(super) replacements: Vec<Replacement<'a>>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct Replacement<'a> {
        #[serde(borrow)]
        pub(super) deleted_region: Region<'a>,
        #[serde(borrow)]
        pub(super) inserted_content: Message<'a>,
    }
}

use wire::{Location, Log, Rule, SarifFix, SarifResult};
