//! Any tool's SARIF in.

mod wire;

use crate::imported::{At, Change, ImportedReview, Replacement};
use finding::{AgentName, Anchor, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity};
use serde_json::Value;
use wire::{Location, Log, Region, Rule, SarifFix, SarifResult};

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

/// Reads any tool's SARIF: what each run says. Suppressed and absent results are left out.
///
/// # Errors
/// When it is no JSON or has no runs.
pub fn read(text: &str) -> Result<Vec<ImportedReview>, SarifError> {
    let log: Log<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let mut out: Vec<ImportedReview> = Vec::new();
    for run in log.runs.ok_or(SarifError::NoRuns)? {
        let driver = run.tool.driver;
        let label = driver.name.unwrap_or_else(|| "SARIF".into()).into_owned();
        let own = driver.properties.agent.is_some();
        let mut agent = driver.properties.agent.map_or_else(|| AgentName::of_label(&label), AgentName::new);
        if out.iter().any(|said| said.agent == agent) {
            agent = AgentName::new(format!("{agent}-{}", out.len() + 1));
        }
        let mut said = ImportedReview { kind: driver.properties.kind, ..ImportedReview::by(agent, label) };
        let columns = match run.column_kind.as_deref() {
            Some("utf16CodeUnits") => Columns::Utf16,
            _ => Columns::Chars,
        };
        for result in run.results {
            let hidden = !result.suppressions.is_empty() || result.baseline_state.as_deref() == Some("absent");
            let no_problem = matches!(result.kind.as_deref(), Some("pass" | "notApplicable" | "informational"));
            // Our own file tells what was decided, and the finding stays one.
            if no_problem || (hidden && !own) {
                continue;
            }
            add(&mut said, result, &driver.rules, columns);
        }
        out.push(said);
    }
    Ok(out)
}

/// What a run's columns count.
#[derive(Clone, Copy)]
enum Columns {
    Chars,
    Utf16,
}

impl Columns {
    fn at(self, line: u32, column: u32) -> At {
        match self {
            Self::Chars => At::Char(line, column),
            Self::Utf16 => At::Utf16(line, column),
        }
    }

    fn index(self, offset: u32) -> At {
        match self {
            Self::Chars => At::CharIndex(offset as usize),
            Self::Utf16 => At::Utf16Index(offset as usize),
        }
    }
}

fn add(said: &mut ImportedReview, result: SarifResult<'_>, rules: &[Rule<'_>], columns: Columns) {
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
    let anchors = result.locations.into_iter().chain(result.related_locations).filter_map(anchor_of).collect();
    // Where our own fixes are, they are whole; the others say the same.
    let changes = if p.fixes.is_some() { &[] } else { result.fixes.as_slice() };
    let changes = changes.iter().filter_map(|f| change_of(f, columns)).collect();
    let url = rule.and_then(|r| r.help_uri.as_ref()).map(|u| u.to_string());
    let ours = id.as_deref().is_some_and(|id| id.starts_with("deep-review/") && p.raw.is_some());
    let finding = RawFinding {
        id: p.raw.map_or_else(|| said.next_id(), RawId::new),
        agent: said.agent.clone(),
        severity,
        title,
        body,
        anchors,
        symbol: p.symbol,
        classification: p.classification,
        rule: p.rule.or_else(|| id.filter(|_| !ours).map(|id| RuleRef { id, url })),
        fixes: p.fixes.unwrap_or_default(),
    };
    said.add(finding, changes);
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

/// A fix in one file. One over several files is left out: it would be half of it in each.
fn change_of(fix: &SarifFix<'_>, columns: Columns) -> Option<Change> {
    let [change] = fix.artifact_changes.as_slice() else { return None };
    let replacement = |r: &wire::Replacement<'_>| {
        let text = r.inserted_content.text.as_deref().unwrap_or("").to_owned();
        let (from, to) = span(&r.deleted_region, &text, columns)?;
        Some(Replacement { from, to, text })
    };
    Some(Change {
        note: fix.description.text.as_ref().map(|t| t.to_string()),
        path: path_of(change.artifact_location.uri.as_deref()?)?,
        replacements: change.replacements.iter().map(replacement).collect::<Option<_>>()?,
    })
}

/// Where a region begins and ends, given by lines and columns or by characters from the start of the file.
fn span(region: &Region<'_>, new: &str, columns: Columns) -> Option<(At, At)> {
    let Some(start) = region.start_line else {
        let from = region.char_offset?;
        return Some((columns.index(from), columns.index(from.checked_add(region.char_length.unwrap_or(0))?)));
    };
    let end = region.end_line.unwrap_or(start);
    let to = region.end_column.map_or_else(|| At::end_of(end, new), |column| columns.at(end, column));
    Some((columns.at(start, region.start_column.unwrap_or(1)), to))
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
