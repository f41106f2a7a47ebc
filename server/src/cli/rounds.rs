//! `deep-review rounds`

use super::args::RoundsArgs;
use super::context::{Context, warn_of};
use super::{Exit, output};
use finding::{Decisions, Round, Severity};
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &RoundsArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let rounds = open.branch.rounds()?;
    warn_of(&rounds.set_aside);
    let text = if args.json {
        let rows: Vec<_> = rounds.value.iter().map(|r| row(r, &open.decisions)).collect();
        serde_json::to_string_pretty(&rows)? + "\n"
    } else if rounds.value.is_empty() {
        "No rounds on this branch yet. 'deep-review review' runs the first.\n".to_owned()
    } else {
        rounds.value.iter().map(|r| line(r, &open.decisions)).collect()
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn count(round: &Round, severity: Severity) -> usize {
    round.standing().filter(|f| f.severity == severity).count()
}

fn line(round: &Round, decisions: &Decisions) -> String {
    let mut out = format!("{:>4}  {}  ", round.number, round.started.strftime("%Y-%m-%d %H:%M"));
    for severity in Severity::ALL {
        let _ = write!(out, "{}{:<3} ", severity.letter(), count(round, severity));
    }
    let failed = round.failures().count();
    let _ = write!(out, " {} agents", round.agents.len());
    if failed > 0 {
        let _ = write!(out, ", {failed} failed");
    }
    let _ = writeln!(out, "  {}", round.verdict(decisions));
    out
}

fn row(round: &Round, decisions: &Decisions) -> serde_json::Value {
    serde_json::json!({
        "number": round.number,
        "id": round.id,
        "started": round.started,
        "duration_ms": round.duration_ms,
        "base": round.scope.base_name,
        "head": round.scope.head,
        "critical": count(round, Severity::Critical),
        "important": count(round, Severity::Important),
        "suggestion": count(round, Severity::Suggestion),
        "agents": round.agents.len(),
        "failed": round.failures().count(),
        "verdict": round.verdict(decisions),
    })
}
