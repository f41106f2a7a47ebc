//! What linters print: the tools' own formats, SARIF and rdjson, read as they are from files.

use crate::LinterFormat;
use crate::answer::keep;
use finding::{AgentName, Failure, FailureKind, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity};
use git::Snapshot;
use import::imported::{Change, ImportedReview};
use import::{Levels, rdjson, read_tool, sarif};
use std::path::Path;

/// More remarks than this are noise.
const MOST: usize = 2000;
const NOT_OF_THE_FORMAT: &str = "what it printed is not of the configured format";

/// Who ran, where, and on what.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinterRun<'r> {
    pub(super) agent: &'r AgentName,
    /// Where it ran.
    pub(super) root: &'r Path,
    pub(super) snapshot: &'r Snapshot,
}

/// The remarks in a linter's output.
pub(super) fn read(format: LinterFormat, stdout: &str, run: LinterRun<'_>) -> Result<Vec<RawFinding>, Failure> {
    let tool = match format {
        LinterFormat::Sarif => {
            return reported(stdout, sarif::read_with(stdout, Levels::LINTER), run);
        }
        LinterFormat::Rdjson => {
            return reported(stdout, rdjson::read_with(stdout, Levels::LINTER), run);
        }
        LinterFormat::Ruff => "ruff",
        LinterFormat::Clippy => "Cargo",
        LinterFormat::Eslint => "ESLint",
        LinterFormat::Shellcheck => "ShellCheck",
        LinterFormat::Biome => "Biome",
        LinterFormat::GolangciLint => "golangci-lint",
        LinterFormat::Semgrep => "Semgrep",
    };
    reported(stdout, read_tool(tool, stdout, Levels::LINTER), run)
}

/// The findings of a report, as this linter's own.
fn reported<E: std::fmt::Display>(
    stdout: &str,
    read: Result<Vec<ImportedReview>, E>,
    run: LinterRun<'_>,
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
    let own = |(n, (finding, changes))| own(finding, changes, n + 1, run);
    Ok(all.take(MOST).enumerate().filter_map(own).collect())
}

fn own(mut finding: RawFinding, changes: Vec<Change>, number: usize, run: LinterRun<'_>) -> Option<RawFinding> {
    let LinterRun { agent, root, snapshot } = run;
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
    finding.anchors.retain(|anchor| snapshot.file(&anchor.path).is_some());
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
