//! `deep-review agents --record`: how each agent did in all rounds of the repository.

use super::context::{Context, told};
use super::{Exit, output};
use finding::{AgentName, Decisions, Round, Usage, Work, counted};
use merge::Record;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use store::Store;

/// An agent over all rounds.
#[derive(Debug, Default)]
struct Row {
    /// As the newest round calls it.
    label: String,
    work: Work,
    /// What people made of its findings.
    record: Record,
}

pub(super) fn run(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let store = Store::of(context.repository()?.common_dir());
    let mut rows: BTreeMap<AgentName, Row> = BTreeMap::new();
    let mut rounds = 0;
    for branch in store.branches()? {
        let branch_rounds = told(branch.rounds()?);
        rounds += branch_rounds.len();
        add(&mut rows, &branch_rounds, &branch.decisions()?.value);
    }
    let text = if json {
        output::document(&document(rows))?
    } else if rounds == 0 {
        "No rounds in this repository yet. 'deep-review review' runs the first.\n".to_owned()
    } else {
        table(&rows, rounds)
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn add(rows: &mut BTreeMap<AgentName, Row>, rounds: &[Round], decisions: &Decisions) {
    for round in rounds {
        for run in &round.agents {
            let row = rows.entry(run.agent.name.clone()).or_default();
            row.label.clone_from(&run.agent.label);
            row.work = row.work.plus(Work::of(round, &run.agent.name));
        }
    }
    for (name, record) in merge::records(rounds, decisions) {
        let row = rows.entry(name).or_default();
        row.record.kept += record.kept;
        row.record.dismissed += record.dismissed;
    }
}

/// A figure of an agent, under its name.
type Metric = (&'static str, fn(&Row) -> String);

const METRICS: &[Metric] = &[
    ("Rounds", |r| r.work.rounds.to_string()),
    ("Failed", |r| r.work.failed.to_string()),
    ("Time", |r| seconds(r.work.duration_ms)),
    ("Cost", |r| r.work.usage.cost_usd.map_or_else(dash, |c| format!("${c:.2}"))),
    ("Tokens read", |r| r.work.usage.input_tokens.map_or_else(dash, |n| n.to_string())),
    ("Of them cached", |r| r.work.usage.cached_tokens.map_or_else(dash, |n| n.to_string())),
    ("Tokens written", |r| r.work.usage.output_tokens.map_or_else(dash, |n| n.to_string())),
    ("Tool calls", |r| r.work.usage.tool_calls.map_or_else(dash, |n| n.to_string())),
    ("Critical", |r| r.work.raised[0].to_string()),
    ("Important", |r| r.work.raised[1].to_string()),
    ("Suggestion", |r| r.work.raised[2].to_string()),
    ("Design observations", |r| r.work.observations.to_string()),
    ("Unique", |r| r.work.unique.to_string()),
    ("Confirmed", |r| r.work.confirmed.to_string()),
    ("Refuted", |r| r.work.refuted.to_string()),
    ("Downgraded", |r| r.work.downgraded.to_string()),
    ("Fixed by people", |r| r.record.kept.to_string()),
    ("Dismissed by people", |r| r.record.dismissed.to_string()),
    ("Files covered", |r| r.work.covered.to_string()),
    ("Files missed", |r| r.work.missed.to_string()),
];

fn dash() -> String {
    "–".to_owned()
}

fn seconds(ms: u64) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1000 % 60)
}

fn table(rows: &BTreeMap<AgentName, Row>, rounds: usize) -> String {
    let mut lines: Vec<Vec<String>> = vec![std::iter::once(String::new()).chain(names(rows)).collect()];
    for (name, figure) in METRICS {
        lines.push(std::iter::once((*name).to_owned()).chain(rows.values().map(figure)).collect());
    }
    let columns = rows.len() + 1;
    let width = |c: usize| lines.iter().map(|l| l[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = format!("{} of this repository\n\n", counted(rounds, "round"));
    for line in &lines {
        let mut text = format!("{:w$}", line[0], w = widths[0]);
        for (cell, w) in line.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>w$}");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

fn names(rows: &BTreeMap<AgentName, Row>) -> impl Iterator<Item = String> {
    rows.iter().map(|(name, row)| printable(if row.label.is_empty() { name.as_str() } else { &row.label }))
}

/// What each agent did in all rounds of a repository.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review agents --record --format json")]
pub(super) struct RecordRows(Vec<RecordRow>);

/// An agent's.
#[derive(Debug, Serialize, JsonSchema)]
struct RecordRow {
    /// Its name.
    name: AgentName,
    /// As the newest round calls it.
    label: String,
    /// Rounds that it took part in.
    rounds: u32,
    /// Those in which it failed.
    failed: u32,
    /// How long it took in all, in milliseconds.
    duration_ms: u64,
    /// What it used.
    usage: Usage,
    /// Remarks of that severity.
    critical: u32,
    /// Remarks of that severity.
    important: u32,
    /// Remarks of that severity.
    suggestion: u32,
    /// Design observations.
    observations: u32,
    /// Findings that it alone raised.
    unique: u32,
    /// Findings that others confirmed.
    confirmed: u32,
    /// Findings that others refuted.
    refuted: u32,
    /// Findings that others found less grave.
    downgraded: u32,
    /// Findings that people fixed.
    fixed: u32,
    /// Findings that people dismissed.
    dismissed: u32,
    /// Files that it looked at.
    files_covered: u32,
    /// Files that it did not.
    files_missed: u32,
}

fn document(rows: BTreeMap<AgentName, Row>) -> RecordRows {
    let row = |(name, Row { label, work, record }): (AgentName, Row)| RecordRow {
        name,
        label,
        rounds: work.rounds,
        failed: work.failed,
        duration_ms: work.duration_ms,
        usage: work.usage,
        critical: work.raised[0],
        important: work.raised[1],
        suggestion: work.raised[2],
        observations: work.observations,
        unique: work.unique,
        confirmed: work.confirmed,
        refuted: work.refuted,
        downgraded: work.downgraded,
        fixed: record.kept,
        dismissed: record.dismissed,
        files_covered: work.covered,
        files_missed: work.missed,
    };
    RecordRows(rows.into_iter().map(row).collect())
}
