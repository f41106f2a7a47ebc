//! Any tool's SARIF in: a finding for each result that it shows.

mod rules;
mod wire;

use crate::imported::{At, Change, ImportedReview, Replacement};
use crate::levels::Levels;
use crate::message::{cut, paragraphs, titled};
use crate::tool_path;
use finding::{
    AgentName, Anchor, Classification, Failure, FailureKind, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity,
};
use rules::Rules;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wire::{Artifact, ArtifactWire, CodeFlow, Invocation, Location, Log, Region, ResultProperties, Rule, RunWire};
use wire::{SarifFix, SarifResult, Suppression};

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
    read_with(text, Levels::REPORT)
}

/// [`read()`], with other severities for the tool's levels.
///
/// # Errors
/// When it is no JSON or has no runs.
pub fn read_with(text: &str, levels: Levels) -> Result<Vec<ImportedReview>, SarifError> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let log: Log<'_> = serde_json::from_str(text)?;
    // A list could be read as the fields of an object.
    if !text.starts_with('{') {
        return Err(SarifError::NoRuns);
    }
    let mut out: Vec<ImportedReview> = Vec::new();
    for run in log.runs.ok_or(SarifError::NoRuns)? {
        let review = review_of(run, levels, |name| out.iter().any(|said| said.agent == *name), out.len());
        out.push(review);
    }
    Ok(out)
}

fn review_of(run: RunWire<'_>, levels: Levels, is_taken: impl Fn(&AgentName) -> bool, before: usize) -> ImportedReview {
    let driver = &run.tool.driver;
    let label = driver.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("SARIF").to_owned();
    let ours = driver.properties.agent.is_some();
    let own_name = driver.properties.agent.as_deref().map(AgentName::new);
    let mut agent = own_name.unwrap_or_else(|| AgentName::of_label(&label));
    if is_taken(&agent) {
        agent = AgentName::new(format!("{agent}-{}", before + 1));
    }
    let kind = finding::AgentKind::deserialize(&driver.properties.kind).ok();
    let failure = failure(&run.invocations);
    let mut said = ImportedReview { kind, is_list: !ours, failure, ..ImportedReview::by(agent, label) };
    let files = Files::of(&run.artifacts, &run.original_uri_base_ids);
    let columns = match run.column_kind.as_deref() {
        Some("utf16CodeUnits") => Columns::Utf16,
        _ => Columns::Chars,
    };
    let reader = Reader { rules: Rules::of(&run.tool, &run.invocations), files, columns, levels, ours };
    for result in run.results {
        // Our own file tells what was decided, and the finding stays one.
        if is_a_problem(&result) && (ours || !is_hidden(&result)) {
            reader.add(&mut said, &result);
        }
    }
    said
}

/// What the tool says of its own failure.
fn failure(invocations: &[Invocation<'_>]) -> Option<Failure> {
    let failed = invocations.iter().find(|i| i.execution_successful == Value::Bool(false))?;
    let said = failed.tool_execution_notifications.iter().find(|n| n.level.as_deref() != Some("note"));
    let why = said.and_then(|n| n.message.text.as_deref()).unwrap_or("it does not say why");
    Some(Failure::new(FailureKind::Crashed, format!("it ended without success, as its file says: {}", cut(why, 300))))
}

fn is_a_problem(result: &SarifResult<'_>) -> bool {
    let kind = result.kind.as_deref().unwrap_or("fail");
    !["pass", "notapplicable", "informational"].contains(&kind.to_ascii_lowercase().as_str())
}

/// Whether it was suppressed or is gone. A suppression that was refused, or is not decided, hides nothing.
fn is_hidden(result: &SarifResult<'_>) -> bool {
    let accepted = |s: &Suppression<'_>| s.status.as_deref().is_none_or(|status| status == "accepted");
    let suppressed = !result.suppressions.is_empty() && result.suppressions.iter().all(accepted);
    suppressed || result.baseline_state.as_deref() == Some("absent")
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

/// The files of a run, and the folders that its references begin from.
struct Files<'r, 'a> {
    artifacts: &'r [ArtifactWire<'a>],
    bases: BTreeMap<&'r str, &'r Artifact<'a>>,
}

/// Folders lead to folders no further than this.
const MOST_BASES: usize = 8;

impl<'r, 'a> Files<'r, 'a> {
    fn of(
        artifacts: &'r [ArtifactWire<'a>],
        bases: &'r BTreeMap<std::borrow::Cow<'a, str>, crate::lenient::Object<Artifact<'a>>>,
    ) -> Self {
        Self { artifacts, bases: bases.iter().map(|(name, base)| (&**name, &base.0)).collect() }
    }

    fn path(&self, location: &Artifact<'_>) -> Option<RepoPath> {
        let listed = || Some(&self.artifacts.get(location.index? as usize)?.location);
        let uri = location.uri.as_deref().filter(|uri| !uri.is_empty());
        match uri {
            Some(uri) => self.below(uri, location.uri_base_id.as_deref()),
            None => {
                let listed = listed()?;
                self.below(listed.uri.as_deref()?, listed.uri_base_id.as_deref())
            }
        }
    }

    /// The reference below its folder.
    fn below(&self, uri: &str, base: Option<&str>) -> Option<RepoPath> {
        let mut uri = uri.to_owned();
        let mut base = base;
        for _ in 0..MOST_BASES {
            let is_absolute = uri.starts_with('/') || uri.contains("://") || uri.starts_with("file:");
            let Some(folder) = base.filter(|_| !is_absolute).and_then(|name| self.bases.get(name)) else { break };
            if let Some(folder) = folder.uri.as_deref() {
                uri = format!("{}/{uri}", folder.trim_end_matches('/'));
            }
            base = folder.uri_base_id.as_deref();
        }
        tool_path::of_uri(&uri)
    }
}

/// Reads the results of a run.
struct Reader<'r, 'a> {
    rules: Rules<'r, 'a>,
    files: Files<'r, 'a>,
    columns: Columns,
    levels: Levels,
    /// Whether deep-review wrote it, so that its properties mean what we mean by them.
    ours: bool,
}

/// No more places are kept of one result, nor steps of what leads to it.
const MOST_PLACES: usize = 20;
const MOST_STEPS: usize = 12;
/// The longest description of a rule that is repeated with each of its results, in characters.
const LONGEST_RULE: usize = 400;

impl Reader<'_, '_> {
    fn add(&self, said: &mut ImportedReview, result: &SarifResult<'_>) {
        let rule = self.rules.of_result(result);
        let id = result.rule_id.as_deref().or(result.rule.id.as_deref()).or(rule.and_then(|r| r.id.as_deref()));
        let id = id.map(str::trim).filter(|id| !id.is_empty());
        let message = self.rules.message(&result.message, rule);
        let own = if self.ours { Own::of(&result.properties) } else { Own::default() };
        let (title, body) = match own.title {
            Some(title) => (title, own.body.unwrap_or_default()),
            None => self.said(&message, result, rule, id),
        };
        let (severity, unknown) = match own.severity {
            Some(severity) => (severity, None),
            None => self.severity(result, rule),
        };
        let body = paragraphs([body, unknown.map(|word| format!("Severity as given: {word}")).unwrap_or_default()]);
        // Where our own fixes are, they are whole; the others say the same.
        let changes = if own.fixes.is_some() { &[] } else { result.fixes.as_slice() };
        let changes = changes.iter().filter_map(|fix| self.change(fix)).collect();
        let url = rule.and_then(|r| r.help_uri.as_deref()).map(str::to_owned);
        let named_by_us = own.id.is_some() && id.is_some_and(|id| id.starts_with("deep-review/"));
        let finding = RawFinding {
            id: own.id.map_or_else(|| said.next_id(), RawId::new),
            sure: None,
            agent: said.agent.clone(),
            severity,
            title,
            body,
            symbol: own.symbol.or_else(|| symbol(result)),
            classification: own.classification.or_else(|| {
                let old = result.baseline_state.as_deref() == Some("unchanged") && !self.ours;
                old.then_some(Classification::PreExisting)
            }),
            rule: own.rule.or_else(|| id.filter(|_| !named_by_us).map(|id| RuleRef { id: id.to_owned(), url })),
            anchors: self.anchors(result),
            fixes: own.fixes.unwrap_or_default(),
        };
        said.add(finding, changes);
    }

    /// The title, and everything else that helps to judge the result.
    fn said(
        &self,
        message: &str,
        result: &SarifResult<'_>,
        rule: Option<&Rule<'_>>,
        id: Option<&str>,
    ) -> (String, String) {
        let described = |r: &Rule<'_>| {
            let text = |m: &wire::Message<'_>| m.text.as_deref().or(m.markdown.as_deref()).map(str::to_owned);
            let short = text(&r.short_description);
            (short.clone(), text(&r.full_description).or(short).or_else(|| text(&r.help)))
        };
        let (short, full) = rule.map(described).unwrap_or_default();
        let message = if message.trim().is_empty() { short.as_deref().or(full.as_deref()) } else { Some(message) };
        let (mut title, mut rest) = titled(message.unwrap_or(""));
        if let Some(said) = message.filter(|m| is_a_list_of_fields(m)) {
            let value = |name: &str| said.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned());
            title = short.clone().or_else(|| value("Message: ")).or_else(|| value("Description: ")).unwrap_or(title);
            said.trim().clone_into(&mut rest);
        }
        if title.is_empty() {
            title = id.unwrap_or("It does not say what").to_owned();
        }
        let markdown = result.message.markdown.as_deref().filter(|_| result.message.text.is_some());
        let body = markdown.map_or(rest, str::to_owned);
        let rule = full.as_deref().filter(|full| *full != title && !message.is_some_and(|m| m.contains(full.trim())));
        let rule = rule.map(|text| format!("*Rule:* {}", cut(text.trim(), LONGEST_RULE))).unwrap_or_default();
        (title, paragraphs([body, self.flow(&result.code_flows), rule]))
    }

    /// What leads to the result, step by step.
    fn flow(&self, flows: &[CodeFlow<'_>]) -> String {
        let steps = flows.iter().flat_map(|flow| &flow.thread_flows).find(|flow| flow.locations.len() > 1);
        let Some(steps) = steps else { return String::new() };
        let step = |step: &wire::Step<'_>| {
            let place = self.anchor(&step.location).map(|a| format!("`{a}`"));
            let text = step.location.message.text.as_deref().map(str::to_owned);
            place.into_iter().chain(text).collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = steps.locations.iter().map(step).filter(|line| !line.is_empty()).collect();
        let more = lines.len().saturating_sub(MOST_STEPS);
        let numbered = lines.iter().take(MOST_STEPS).enumerate().map(|(n, line)| format!("{}. {line}\n", n + 1));
        let more = if more > 0 { format!("\n… and {more} more.") } else { String::new() };
        let numbered: String = numbered.collect();
        if numbered.is_empty() { numbered } else { format!("How it comes to this:\n\n{}{more}", numbered.trim_end()) }
    }

    /// How bad it is, and the word for it that is not known.
    fn severity(&self, result: &SarifResult<'_>, rule: Option<&Rule<'_>>) -> (Severity, Option<String>) {
        let said = |word: &str| self.levels.read(word);
        let known = |word: &str| said(word).filter(|s| s.unknown.is_none()).map(|s| s.severity);
        let rated = |text: &str| text.trim().parse().ok().map(Levels::of_score).or_else(|| known(text));
        let of_rule = rule.map(|r| &r.properties);
        let p = &result.properties;
        let score = p.security_severity.as_deref().or(of_rule.and_then(|r| r.security_severity.as_deref()));
        let word = p.severity.as_deref().or(of_rule.and_then(|r| r.severity.as_deref()));
        if let Some(severity) = score.and_then(rated).or_else(|| word.and_then(known)) {
            return (severity, None);
        }
        let open = result.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("fail"));
        let level = result.level.as_deref().or_else(|| self.rules.level(result, rule));
        let level = level.unwrap_or(if open { "none" } else { "warning" });
        said(level).map_or((self.levels.warning, None), |stated| (stated.severity, stated.unknown))
    }

    fn anchors(&self, result: &SarifResult<'_>) -> Vec<Anchor> {
        if self.ours && result.properties.whole_branch == Value::Bool(true) {
            return Vec::new();
        }
        let all = result.locations.iter().chain(&result.related_locations).filter_map(|l| self.anchor(l));
        let mut seen = BTreeSet::new();
        // One of our own may have the same place twice, with other quotes.
        all.filter(|a| self.ours || seen.insert((a.path.clone(), a.lines))).take(MOST_PLACES).collect()
    }

    fn anchor(&self, location: &Location<'_>) -> Option<Anchor> {
        let physical = location.physical_location.as_ref()?;
        let path = self.files.path(&physical.artifact_location)?;
        let region = [&physical.region, &physical.context_region].into_iter().find(|r| r.start_line.is_some());
        let lines = region.and_then(|region| {
            let start = region.start_line.filter(|line| *line > 0)?;
            // A region that ends before the first column of a line does not have that line.
            let mut end = region.end_line.unwrap_or(start).max(start);
            if region.end_column == Some(1) && end > start {
                end -= 1;
            }
            Some(LineRange::new(start, end))
        });
        let snippet = physical.region.snippet.text.as_deref().map(|text| text.trim_end_matches('\n'));
        let quote = snippet.or(physical.properties.quote.as_deref()).map(str::to_owned);
        Some(Anchor { path, lines, quote })
    }

    /// A fix in one file. One over several files is left out: it would be half of it in each.
    fn change(&self, fix: &SarifFix<'_>) -> Option<Change> {
        let [change] = fix.artifact_changes.as_slice() else { return None };
        let replacement = |r: &wire::Replacement<'_>| {
            let text = r.inserted_content.text.as_deref().unwrap_or("").to_owned();
            let (from, to) = span(&r.deleted_region, &text, self.columns)?;
            Some(Replacement { from, to, text })
        };
        Some(Change {
            note: fix.description.text.as_deref().map(str::to_owned),
            path: self.files.path(&change.artifact_location)?,
            replacements: change.replacements.iter().map(replacement).collect::<Option<_>>()?,
        })
    }
}

/// What deep-review itself wrote of a remark.
#[derive(Default)]
struct Own {
    id: Option<String>,
    severity: Option<Severity>,
    title: Option<String>,
    body: Option<String>,
    symbol: Option<String>,
    classification: Option<Classification>,
    rule: Option<RuleRef>,
    fixes: Option<Vec<finding::Fix>>,
}

impl Own {
    fn of(p: &ResultProperties<'_>) -> Self {
        let text = |text: &crate::lenient::Text<'_>| text.as_deref().map(str::to_owned);
        Self {
            id: text(&p.raw),
            severity: p.severity.as_deref().and_then(Severity::from_word),
            title: text(&p.title),
            body: text(&p.body),
            symbol: text(&p.symbol),
            classification: Classification::deserialize(&p.classification).ok(),
            rule: RuleRef::deserialize(&p.rule).ok(),
            fixes: Vec::deserialize(&p.fixes).ok(),
        }
    }
}

/// Whether a message is no sentence but lines such as `Severity: HIGH`, of which the first is no title.
fn is_a_list_of_fields(message: &str) -> bool {
    let is_field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        !value.is_empty() && name.len() < 25 && name.starts_with(char::is_uppercase) && !name.contains('.')
    };
    let mut lines = message.trim().lines();
    lines.next().is_some_and(is_field) && lines.next().is_some_and(is_field)
}

fn symbol(result: &SarifResult<'_>) -> Option<String> {
    let logical = result.locations.first()?.logical_locations.first()?;
    logical.fully_qualified_name.as_deref().or(logical.name.as_deref()).map(str::to_owned)
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
