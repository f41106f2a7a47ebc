//! What linters print, one function a format: values in, remarks out. SARIF and rdjson are read as they are from files.

use crate::LinterFormat;
use crate::answer::keep;
use finding::{AgentName, Anchor, Failure, FailureKind, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity};
use git::Snapshot;
use import::imported::{At, Change, ImportedReview, Replacement as Edit};
use import::{Levels, rdjson, sarif};
use serde_json::Value;
use std::path::Path;

/// More remarks than this are noise.
const MOST: usize = 2000;

/// One remark, as far as the formats have things in common. Lines are 1-based.
#[derive(Debug, Default)]
struct Remark {
    path: String,
    start: u32,
    end: u32,
    severity: Option<Severity>,
    rule: Option<String>,
    url: Option<String>,
    message: String,
    help: Option<String>,
    edits: Vec<Edit>,
}

/// The remarks in a linter's output. `root` is where it ran.
pub(super) fn read(
    format: LinterFormat,
    stdout: &str,
    agent: &AgentName,
    root: &Path,
    snapshot: &Snapshot,
) -> Result<Vec<RawFinding>, Failure> {
    let each: fn(&Value) -> Option<Vec<Remark>> = match format {
        LinterFormat::Sarif => {
            return reported(stdout, sarif::read_with(stdout, Levels::LINTER), agent, root, snapshot);
        }
        LinterFormat::Rdjson => {
            return reported(stdout, rdjson::read_with(stdout, Levels::LINTER), agent, root, snapshot);
        }
        LinterFormat::Ruff => ruff,
        LinterFormat::Clippy => clippy,
        LinterFormat::Eslint => eslint,
        LinterFormat::Shellcheck => shellcheck,
        LinterFormat::Biome => biome,
        LinterFormat::GolangciLint => golangci,
        LinterFormat::Semgrep => semgrep,
    };
    let values = values(stdout);
    if values.is_empty() && !stdout.trim().is_empty() {
        return Err(Failure::new(FailureKind::BadOutput, "what it printed is not JSON"));
    }
    let mut remarks = Vec::new();
    let mut known = values.is_empty();
    for value in &values {
        if let Some(found) = each(value) {
            known = true;
            remarks.extend(found);
        }
    }
    if !known {
        return Err(Failure::new(FailureKind::BadOutput, NOT_OF_THE_FORMAT));
    }
    let findings = remarks.into_iter().take(MOST).enumerate();
    Ok(findings.filter_map(|(n, r)| finding(r, n + 1, agent, root, snapshot)).collect())
}

const NOT_OF_THE_FORMAT: &str = "what it printed is not of the configured format";

/// The findings of a report, as this linter's own.
fn reported<E: std::fmt::Display>(
    stdout: &str,
    read: Result<Vec<ImportedReview>, E>,
    agent: &AgentName,
    root: &Path,
    snapshot: &Snapshot,
) -> Result<Vec<RawFinding>, Failure> {
    let said = match read {
        Ok(said) => said,
        Err(_) if stdout.trim().is_empty() => Vec::new(),
        Err(e) => return Err(Failure::new(FailureKind::BadOutput, format!("{NOT_OF_THE_FORMAT}: {e}"))),
    };
    let all = said.into_iter().flat_map(|ImportedReview { answer, mut changes, .. }| {
        answer.findings.into_iter().map(move |finding| {
            let changes = changes.remove(&finding.id).unwrap_or_default();
            (finding, changes)
        })
    });
    let own = |(n, (finding, changes))| own(finding, changes, n + 1, agent, root, snapshot);
    Ok(all.take(MOST).enumerate().filter_map(own).collect())
}

fn own(
    mut finding: RawFinding,
    changes: Vec<Change>,
    number: usize,
    agent: &AgentName,
    root: &Path,
    snapshot: &Snapshot,
) -> Option<RawFinding> {
    finding.id = RawId::new(format!("{agent}:{number}"));
    finding.agent = agent.clone();
    finding.title = title(&clean(&finding.title))?;
    finding.body = clean(&finding.body);
    // A linter knows rules, not consequences, however bad it calls them.
    finding.severity = finding.severity.min(Severity::Important);
    finding.rule = finding.rule.map(|rule| RuleRef { id: format!("{agent}/{}", clean(&rule.id)), ..rule });
    for anchor in &mut finding.anchors {
        anchor.path = below(&anchor.path, root);
        let text = snapshot.file(&anchor.path).and_then(|f| f.new.as_deref());
        anchor.quote = anchor.quote.take().or_else(|| quoted(text?, anchor.lines?));
    }
    for fix in &mut finding.fixes {
        fix.path = fix.path.take().map(|path| below(&path, root));
        fix.by = vec![agent.clone()];
    }
    finding.fixes.extend(changes.into_iter().filter_map(|mut change| {
        change.path = below(&change.path, root);
        let text = snapshot.file(&change.path)?.new.as_deref()?;
        change.fix(text, agent.clone())
    }));
    (!finding.anchors.is_empty()).then_some(finding)
}

/// The path inside the repository of one that was absolute and lost its first `/`; others as they are.
fn below(path: &RepoPath, root: &Path) -> RepoPath {
    let root = root.strip_prefix("/").unwrap_or(root);
    let inside = Path::new(path.as_str()).strip_prefix(root).ok().and_then(Path::to_str);
    inside.and_then(|inside| RepoPath::new(inside).ok()).unwrap_or_else(|| path.clone())
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| keep(*c)).take(4000).collect()
}

/// The first line; `None` if nothing is in it.
fn title(message: &str) -> Option<String> {
    let title: String = message.lines().next().unwrap_or_default().chars().take(200).collect();
    (!title.trim().is_empty()).then_some(title)
}

/// At most 20 of the lines; `None` if nothing is in them.
fn quoted(text: &str, lines: LineRange) -> Option<String> {
    let (start, count) = (lines.start() as usize - 1, lines.count().min(20) as usize);
    let quote = text.lines().skip(start).take(count).collect::<Vec<_>>().join("\n");
    (!quote.is_empty()).then_some(quote)
}

/// The whole output as one value, or a value a line.
fn values(stdout: &str) -> Vec<Value> {
    match serde_json::from_str(stdout) {
        Ok(value) => vec![value],
        Err(_) => stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect(),
    }
}

fn finding(r: Remark, number: usize, agent: &AgentName, root: &Path, snapshot: &Snapshot) -> Option<RawFinding> {
    let path = relative(&r.path, root)?;
    let message = clean(&r.message);
    let title = title(&message)?;
    let mut body = message.lines().skip(1).collect::<Vec<_>>().join("\n").trim().to_owned();
    if let Some(help) = r.help.as_deref().map(clean) {
        body = if body.is_empty() { help } else { format!("{body}\n\n{help}") };
    }
    let text = snapshot.file(&path).and_then(|f| f.new.clone());
    let change = Change { note: None, path: path.clone(), replacements: r.edits };
    let fix = text.as_deref().and_then(|text| change.fix(text, agent.clone()));
    let lines = (r.start > 0).then(|| LineRange::new(r.start, r.end.max(r.start)));
    let quote = text.as_deref().zip(lines).and_then(|(text, lines)| quoted(text, lines));
    Some(RawFinding {
        id: RawId::new(format!("{agent}:{number}")),
        sure: None,
        agent: agent.clone(),
        severity: r.severity.unwrap_or(Severity::Suggestion),
        title,
        body,
        anchors: vec![Anchor { path, lines, quote }],
        symbol: None,
        classification: None,
        rule: r.rule.map(|id| RuleRef { id: format!("{agent}/{}", clean(&id)), url: r.url }),
        fixes: fix.into_iter().collect(),
    })
}

/// The path inside the repository; `None` for files elsewhere.
fn relative(path: &str, root: &Path) -> Option<RepoPath> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = Path::new(path);
    let inside = if path.is_absolute() { path.strip_prefix(root).ok()? } else { path };
    RepoPath::new(inside.to_str()?).ok()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(Into::into)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn ruff(value: &Value) -> Option<Vec<Remark>> {
    let items = value.as_array()?;
    let at = |v: &Value| At::Char(number(&v["row"]), number(&v["column"]));
    let remark = |v: &Value| Remark {
        path: text(&v["filename"]).unwrap_or_default(),
        start: number(&v["location"]["row"]),
        end: number(&v["end_location"]["row"]),
        // A text that does not parse is broken; the rest is advice.
        severity: Some(if v["code"].is_null() || v["code"] == "invalid-syntax" {
            Severity::Important
        } else {
            Severity::Suggestion
        }),
        rule: text(&v["code"]),
        url: text(&v["url"]),
        message: text(&v["message"]).unwrap_or_default(),
        help: None,
        edits: list(&v["fix"]["edits"])
            .iter()
            .map(|e| Edit {
                from: at(&e["location"]),
                to: at(&e["end_location"]),
                text: text(&e["content"]).unwrap_or_default(),
            })
            .collect(),
    };
    Some(items.iter().map(remark).collect())
}

fn clippy(value: &Value) -> Option<Vec<Remark>> {
    let reason = value["reason"].as_str()?;
    let m = &value["message"];
    let Some(span) =
        list(&m["spans"]).iter().find(|s| s["is_primary"] == true).filter(|_| reason == "compiler-message")
    else {
        return Some(Vec::new());
    };
    let children = list(&m["children"]);
    let edits = children
        .iter()
        .flat_map(|c| list(&c["spans"]))
        .filter(|s| s["suggestion_applicability"] == "MachineApplicable" && s["suggested_replacement"].is_string());
    let help: Vec<String> = children.iter().filter_map(|c| text(&c["message"])).collect();
    Some(vec![Remark {
        path: text(&span["file_name"])?,
        start: number(&span["line_start"]),
        end: number(&span["line_end"]),
        severity: Some(if m["level"] == "error" { Severity::Important } else { Severity::Suggestion }),
        rule: text(&m["code"]["code"]),
        url: None,
        message: text(&m["message"])?,
        help: (!help.is_empty()).then(|| help.join("\n")),
        edits: edits
            .map(|s| Edit {
                from: At::Char(number(&s["line_start"]), number(&s["column_start"])),
                to: At::Char(number(&s["line_end"]), number(&s["column_end"])),
                text: text(&s["suggested_replacement"]).unwrap_or_default(),
            })
            .collect(),
    }])
}

fn eslint(value: &Value) -> Option<Vec<Remark>> {
    let mut remarks = Vec::new();
    for file in value.as_array()? {
        for m in list(&file["messages"]) {
            let fix = &m["fix"];
            let range: Vec<usize> = list(&fix["range"]).iter().map(|n| number(n) as usize).collect();
            remarks.push(Remark {
                path: text(&file["filePath"]).unwrap_or_default(),
                start: number(&m["line"]),
                end: number(&m["endLine"]),
                severity: Some(if m["severity"] == 2 { Severity::Important } else { Severity::Suggestion }),
                rule: text(&m["ruleId"]),
                message: text(&m["message"]).unwrap_or_default(),
                edits: match range[..] {
                    [from, to] => vec![Edit {
                        from: At::Utf16Index(from),
                        to: At::Utf16Index(to),
                        text: text(&fix["text"]).unwrap_or_default(),
                    }],
                    _ => Vec::new(),
                },
                ..Remark::default()
            });
        }
    }
    Some(remarks)
}

fn shellcheck(value: &Value) -> Option<Vec<Remark>> {
    // `json` is the list alone, and counts a tab as eight columns: its fixes are not used.
    let exact = value.get("comments").is_some();
    let items = value.get("comments").unwrap_or(value).as_array()?;
    let remark = |v: &Value| {
        let code = v["code"].as_u64().map(|c| format!("SC{c}"));
        Remark {
            path: text(&v["file"]).unwrap_or_default(),
            start: number(&v["line"]),
            end: number(&v["endLine"]),
            severity: Some(match v["level"].as_str() {
                Some("error") => Severity::Important,
                _ => Severity::Suggestion,
            }),
            url: code.as_ref().map(|c| format!("https://www.shellcheck.net/wiki/{c}")),
            rule: code,
            message: text(&v["message"]).unwrap_or_default(),
            help: None,
            edits: list(&v["fix"]["replacements"])
                .iter()
                .filter(|_| exact)
                .map(|r| Edit {
                    from: At::Char(number(&r["line"]), number(&r["column"])),
                    to: At::Char(number(&r["endLine"]), number(&r["endColumn"])),
                    text: text(&r["replacement"]).unwrap_or_default(),
                })
                .collect(),
        }
    };
    Some(items.iter().map(remark).collect())
}

fn biome(value: &Value) -> Option<Vec<Remark>> {
    let items = value["diagnostics"].as_array()?;
    let remark = |v: &Value| {
        let location = &v["location"];
        let path = text(&location["path"]).or_else(|| text(&location["path"]["file"])).unwrap_or_default();
        // Older versions give byte offsets and the text; newer ones lines.
        let source = location["sourceCode"].as_str();
        let line_of = |n: &Value| {
            let at = number(n) as usize;
            source.and_then(|s| s.get(..at)).map_or(0, |s| s.matches('\n').count() as u32 + 1)
        };
        let (start, end) = match location["start"]["line"].as_u64() {
            Some(_) => (number(&location["start"]["line"]), number(&location["end"]["line"])),
            None => (line_of(&location["span"][0]), line_of(&location["span"][1])),
        };
        let message = match &v["message"] {
            Value::String(message) => Some(message.clone()),
            Value::Array(parts) => Some(parts.iter().filter_map(|p| p["content"].as_str()).collect()),
            _ => None,
        };
        Remark {
            path,
            start,
            end,
            severity: Some(match v["severity"].as_str() {
                Some("error" | "fatal") => Severity::Important,
                _ => Severity::Suggestion,
            }),
            rule: text(&v["category"]),
            message: text(&v["description"]).filter(|d| !d.is_empty()).or(message).unwrap_or_default(),
            ..Remark::default()
        }
    };
    Some(items.iter().map(remark).collect())
}

fn golangci(value: &Value) -> Option<Vec<Remark>> {
    if value["Issues"].is_null() {
        return value.get("Report").or(value.get("Issues")).map(|_| Vec::new());
    }
    let remark = |v: &Value| {
        let line = number(&v["Pos"]["Line"]);
        let range = &v["LineRange"];
        Remark {
            path: text(&v["Pos"]["Filename"]).unwrap_or_default(),
            start: number(&range["From"]).max(if range.is_null() { line } else { 1 }),
            end: number(&range["To"]).max(line),
            severity: Some(match v["Severity"].as_str() {
                Some("error") => Severity::Important,
                _ if v["FromLinter"] == "typecheck" => Severity::Important,
                _ => Severity::Suggestion,
            }),
            rule: text(&v["FromLinter"]),
            message: text(&v["Text"]).unwrap_or_default(),
            ..Remark::default()
        }
    };
    Some(value["Issues"].as_array()?.iter().map(remark).collect())
}

fn semgrep(value: &Value) -> Option<Vec<Remark>> {
    let at = |v: &Value| At::Char(number(&v["line"]), number(&v["col"]));
    let remark = |v: &Value| {
        let extra = &v["extra"];
        let fix = text(&extra["fix"]).map(|text| Edit { from: at(&v["start"]), to: at(&v["end"]), text });
        Remark {
            path: text(&v["path"]).unwrap_or_default(),
            start: number(&v["start"]["line"]),
            end: number(&v["end"]["line"]),
            severity: Some(match extra["severity"].as_str() {
                Some("ERROR" | "CRITICAL" | "HIGH") => Severity::Important,
                _ => Severity::Suggestion,
            }),
            rule: text(&v["check_id"]),
            url: text(&extra["metadata"]["source"]),
            message: text(&extra["message"]).unwrap_or_default(),
            help: None,
            edits: fix.into_iter().collect(),
        }
    };
    Some(value["results"].as_array()?.iter().map(remark).collect())
}
