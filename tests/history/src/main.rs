//! Replays the built-in agents over the histories of public repositories, as if each run of commits were a branch.
//!
//! ```sh
//! cargo run --release -p deep-review-history -- FOLDER [RANGES] > found.tsv
//! cargo run --release -p deep-review-history -- FOLDER --whole > found.tsv
//! cargo run --release -p deep-review-history -- FOLDER --labels tests/history/labels.tsv
//! ```
//!
//! `FOLDER` holds clones with work trees (they may be empty). Of each, up to `RANGES` (200) runs of six commits of its
//! main line are taken, evenly over its history; with `--whole`, all that a repository holds, as if one branch had brought
//! it. One finding a line: repository, range, path, line, rule, severity, title, quote. The counts go to standard error. With labels, the findings of the labelled ranges are compared with what a person said
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
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Commits of the main line in a range.
const LONG: usize = 6;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().context("which folder are the clones in?")?);
    match args.next().as_deref() {
        Some("--labels") => labels::compare(&folder, Path::new(&args.next().context("which file of labels?")?)),
        Some("--whole") => replay(&folder, &Which::Whole),
        number => replay(&folder, &Which::Runs(number.map_or(Ok(200), str::parse)?)),
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

/// Replays one repository after the other, and writes what is found as soon as one is done: a long run that is stopped
/// has said what it knows.
fn replay(folder: &Path, which: &Which) -> anyhow::Result<()> {
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).join(".git").exists())
        .collect();
    names.sort();
    let (mut all, mut commits) = (Counts::default(), 0);
    for name in names {
        let ranges = match which {
            Which::Runs(most) => ranges_of(folder, &name, *most)?,
            Which::Whole => vec![whole(folder, &name)?],
        };
        let started = Instant::now();
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
        let mut counts = Counts::default();
        for (_, rows) in done.iter().filter(|(is_read, _)| *is_read) {
            counts.add(rows);
        }
        for row in done.iter().flat_map(|(_, rows)| rows) {
            let Range { repository, base, head } = &row.range;
            let Row { path, line, rule, severity, title, quote, .. } = row;
            println!("{repository}\t{base}..{head}\t{path}\t{line}\t{rule}\t{severity}\t{title}\t{quote}");
        }
        eprintln!("{name}: {counts} ({:.0} s)", started.elapsed().as_secs_f64());
        commits += counts.ranges * LONG;
        all.join(counts);
    }
    eprintln!("in all: {all} in {commits} commits");
    for ((rule, severity), n) in all.rules {
        eprintln!("{n:6} {rule} ({severity})");
    }
    Ok(())
}

/// What a replay is over.
enum Which {
    /// Runs of commits, up to so many of a repository.
    Runs(usize),
    /// All that is there, as if one branch had brought it: rules that seldom find anything show there what they are worth.
    Whole,
}

#[derive(Default)]
struct Counts {
    ranges: usize,
    with_findings: usize,
    findings: usize,
    rules: BTreeMap<(String, &'static str), usize>,
}

impl Counts {
    fn add(&mut self, rows: &[Row]) {
        self.ranges += 1;
        self.with_findings += usize::from(!rows.is_empty());
        self.findings += rows.len();
        for row in rows {
            *self.rules.entry((row.rule.clone(), row.severity)).or_default() += 1;
        }
    }

    fn join(&mut self, other: Self) {
        self.ranges += other.ranges;
        self.with_findings += other.with_findings;
        self.findings += other.findings;
        for (rule, n) in other.rules {
            *self.rules.entry(rule).or_default() += n;
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ranges, {} with findings, {} findings", self.ranges, self.with_findings, self.findings)
    }
}

/// The newest commit of a repository, against nothing.
fn whole(folder: &Path, name: &str) -> anyhow::Result<Range> {
    let head = git2::Repository::open(folder.join(name))?.head()?.peel_to_commit()?.id().to_string();
    Ok(Range { repository: name.to_owned(), base: String::new(), head: head[..9].to_owned() })
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
        base: if range.base.is_empty() { None } else { Some(id(&range.base)?) },
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
