//! `deep-review rounds`

use super::args::RoundsArgs;
use super::context::{Context, told};
use super::{Exit, output};
use finding::{Round, Severity};
use ops::RoundSummary;
use report::sanitize::printable;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &RoundsArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let rounds = told(open.branch.rounds()?);
    let summaries = ops::summaries(&open, &rounds)?;
    let text = if args.json {
        let rows: Vec<_> = rounds.iter().zip(&summaries).map(|(round, summary)| row(round, summary)).collect();
        serde_json::to_string_pretty(&rows)? + "\n"
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

fn row(round: &Round, summary: &RoundSummary) -> serde_json::Value {
    serde_json::json!({
        "number": summary.number,
        "id": summary.id,
        "started": summary.started,
        "duration_ms": round.duration_ms,
        "base": round.scope.base_name,
        "head": round.scope.head,
        "critical": summary.count(Severity::Critical),
        "important": summary.count(Severity::Important),
        "suggestion": summary.count(Severity::Suggestion),
        "agents": summary.agents,
        "failed": summary.failed,
        "verdict": summary.verdict,
    })
}
