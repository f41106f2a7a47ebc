//! `deep-review rounds`

use super::args::RoundsArgs;
use super::context::{Context, told};
use super::{Exit, output};
use finding::{CommitId, Round, RoundId, Severity, Verdict};
use jiff::Timestamp;
use ops::RoundSummary;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &RoundsArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let rounds = told(open.branch.rounds()?);
    let summaries = ops::summaries(&open, &rounds)?;
    let text = if args.format.is_json() {
        let rows = rounds.iter().zip(&summaries).map(|(round, summary)| row(round, summary)).collect();
        output::document(&RoundRows(rows))?
    } else if rounds.is_empty() {
        "No rounds on this branch yet. 'deep-review review' runs the first.\n".to_owned()
    } else {
        summaries.iter().map(line).collect()
    };
    output::page(&text)?;
    Ok(Exit::Done)
}

fn line(round: &RoundSummary) -> String {
    let mut out = format!("{:>4}  {}  ", round.number, round.started.strftime("%Y-%m-%d %H:%M"));
    for severity in Severity::ALL {
        let _ = write!(out, "{}{:<3} ", severity.letter(), round.count(severity));
    }
    let _ = write!(out, " {} agents", round.agents);
    if round.failed > 0 {
        let _ = write!(out, ", {} failed", round.failed);
    }
    let _ = writeln!(out, "  {}", printable(&round.conclusion));
    out
}

/// The rounds of a branch, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review rounds --format json")]
pub(super) struct RoundRows(Vec<RoundRow>);

/// A round.
#[derive(Debug, Serialize, JsonSchema)]
struct RoundRow {
    /// 1 for the branch's first.
    number: u32,
    /// Unique in the repository.
    id: RoundId,
    /// When it started.
    started: Timestamp,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// What the branch was compared with.
    base: String,
    /// The last commit that was reviewed.
    head: Option<CommitId>,
    /// Open findings of that severity.
    critical: usize,
    /// Open findings of that severity.
    important: usize,
    /// Open findings of that severity.
    suggestion: usize,
    /// How many agents took part.
    agents: usize,
    /// How many of them failed.
    failed: usize,
    /// What can be said of the branch.
    verdict: Verdict,
}

fn row(round: &Round, summary: &RoundSummary) -> RoundRow {
    RoundRow {
        number: summary.number,
        id: summary.id.clone(),
        started: summary.started,
        duration_ms: round.duration_ms,
        base: round.scope.base_name.clone(),
        head: round.scope.head.clone(),
        critical: summary.count(Severity::Critical),
        important: summary.count(Severity::Important),
        suggestion: summary.count(Severity::Suggestion),
        agents: summary.agents,
        failed: summary.failed,
        verdict: summary.verdict,
    }
}
