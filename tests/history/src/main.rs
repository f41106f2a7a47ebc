//! Replays the built-in agents over the histories of public repositories, as if each run of commits were a branch.
//!
//! ```sh
//! cargo run --release -p deep-review-history -- FOLDER [RANGES] > found.tsv
//! cargo run --release -p deep-review-history -- FOLDER --labels tests/history/labels.tsv
//! ```
//!
//! `FOLDER` holds clones with work trees (they may be empty). Of each, up to `RANGES` (200) runs of six commits of its
//! main line are taken, evenly over its history. One finding a line: repository, range, path, line, rule, title, quote.
//! The counts go to standard error. With labels, the findings of the labelled ranges are compared with what a person said
//! of them: see `tests/history/README.md`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measure, whose results are printed")]

mod labels;

use anyhow::Context as _;
use check::{ALL, Job, Settings};
use finding::{CommitId, RawFinding, RoundScope};
use git::{Repository, SnapshotOptions};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Commits of the main line in a range.
const LONG: usize = 6;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().context("which folder are the clones in?")?);
    match args.next().as_deref() {
        Some("--labels") => labels::compare(&folder, Path::new(&args.next().context("which file of labels?")?)),
        number => replay(&folder, number.map_or(Ok(200), str::parse)?),
    }
}

/// A run of commits of one repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    repository: String,
    base: String,
    head: String,
}

/// A finding in a range, as it is written and labelled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    range: Range,
    path: String,
    line: u32,
    rule: String,
    severity: &'static str,
    title: String,
    quote: String,
}

fn replay(folder: &Path, most: usize) -> anyhow::Result<()> {
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).join(".git").exists())
        .collect();
    names.sort();
    let mut ranges = Vec::new();
    for name in names {
        ranges.extend(ranges_of(folder, &name, most)?);
    }
    let done: Vec<(bool, Vec<Row>)> = ranges
        .par_iter()
        .map(|range| match found(folder, range) {
            Ok(rows) => (true, rows),
            Err(e) => {
                eprintln!("{range:?}: {e:#}");
                (false, Vec::new())
            }
        })
        .collect();
    let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let rows: Vec<&Row> = done.iter().flat_map(|(_, rows)| rows).collect();
    for row in &rows {
        *rules.entry((&row.rule, row.severity)).or_default() += 1;
        let Range { repository, base, head } = &row.range;
        let Row { path, line, rule, severity, title, quote, .. } = row;
        println!("{repository}\t{base}..{head}\t{path}\t{line}\t{rule}\t{severity}\t{title}\t{quote}");
    }
    let (read, with) = (done.iter().filter(|d| d.0).count(), done.iter().filter(|d| !d.1.is_empty()).count());
    eprintln!("{read} ranges of {} read, {with} with findings, {} findings", ranges.len(), rows.len());
    for ((rule, severity), n) in rules {
        eprintln!("{n:6} {rule} ({severity})");
    }
    Ok(())
}

/// Runs of the main line's commits, evenly over the history.
fn ranges_of(folder: &Path, name: &str, most: usize) -> anyhow::Result<Vec<Range>> {
    let repo = git2::Repository::open(folder.join(name))?;
    let mut line = Vec::new();
    let mut commit = repo.head()?.peel_to_commit()?;
    loop {
        line.push(commit.id());
        match commit.parent(0) {
            Ok(parent) => commit = parent,
            Err(_) => break,
        }
    }
    let runs: Vec<(git2::Oid, git2::Oid)> =
        line.windows(LONG + 1).step_by(LONG).map(|run| (run[LONG], run[0])).collect();
    let every = runs.len().div_ceil(most.max(1)).max(1);
    let short = |id: git2::Oid| id.to_string()[..9].to_owned();
    let range = |(base, head): &(git2::Oid, git2::Oid)| Range {
        repository: name.to_owned(),
        base: short(*base),
        head: short(*head),
    };
    Ok(runs.iter().step_by(every).map(range).collect())
}

/// What all built-in agents find in a range, as they come.
fn found(folder: &Path, range: &Range) -> anyhow::Result<Vec<Row>> {
    let root = folder.join(&range.repository);
    let id = |short: &str| -> anyhow::Result<CommitId> {
        let repo = git2::Repository::open(&root)?;
        let commit = repo.revparse_single(short)?.peel_to_commit()?.id().to_string();
        Ok(CommitId::new(commit))
    };
    let repository = Repository::discover(&root)?;
    let scope = RoundScope {
        branch: None,
        base_name: range.base.clone(),
        base: Some(id(&range.base)?),
        head: Some(id(&range.head)?),
        uncommitted: false,
    };
    let (settings, cancel) = (Settings::default(), CancellationToken::new());
    let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &cancel)?;
    let mut rows = Vec::new();
    for checker in ALL {
        let checked = checker.run(&Job::new(&snapshot, &settings, &cancel))?;
        rows.extend(checked.findings.iter().map(|finding| row(range, finding)));
    }
    Ok(rows)
}

fn row(range: &Range, finding: &RawFinding) -> Row {
    let place = finding.main_anchor();
    let quote = place.and_then(|a| a.quote.as_deref()).and_then(|q| q.lines().next()).unwrap_or("").trim();
    Row {
        range: range.clone(),
        path: place.map_or_else(|| "-".to_owned(), |a| a.path.to_string()),
        line: place.and_then(|a| a.lines).map_or(0, |l| l.start()),
        rule: finding.rule.as_ref().map_or("", |r| &r.id).trim_start_matches("deep-review/").to_owned(),
        severity: match finding.severity {
            finding::Severity::Critical => "Critical",
            finding::Severity::Important => "Important",
            finding::Severity::Suggestion => "Suggestion",
        },
        title: finding.title.replace(['\t', '\n'], " "),
        quote: quote.chars().take(240).collect::<String>().replace('\t', " "),
    }
}
