//! `deep-review split` and `deep-review join`: a person's word on which remarks are one issue.

use super::args::{JoinArgs, SplitArgs};
use super::context::{self, Context};
use super::{Exit, output};
use finding::{AgentName, LinkKind, Round};
use ops::Linked;
use report::sanitize::printable;
use std::collections::BTreeSet;

/// What holds for both: the round that is stored does not change.
const FROM_THE_NEXT: &str = "From the next round on";

pub(super) fn split(context: &Context, args: &SplitArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = context::round(&open, None)?;
    if args.undo {
        return taken_back(&ops::take_back(&open, &round, LinkKind::Split, &[&args.id])?);
    }
    let linked = ops::split(&open, &round, &args.id, &args.agents)?;
    let parts: Vec<String> = linked.parts.iter().map(|part| names(&round, part)).collect();
    output::print(&format!(
        "{FROM_THE_NEXT}, {} ({}) is {} findings: {}\n",
        linked.labels.join(" and "),
        printable(&linked.title),
        parts.len(),
        parts.join(" / "),
    ))?;
    Ok(Exit::Done)
}

pub(super) fn join(context: &Context, args: &JoinArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = context::round(&open, None)?;
    if args.undo {
        return taken_back(&ops::take_back(&open, &round, LinkKind::Joined, &args.ids)?);
    }
    let linked = ops::join(&open, &round, &args.ids)?;
    let labels = linked.labels.join(" and ");
    output::print(&format!("{FROM_THE_NEXT}, {labels} are one finding: {}\n", printable(&linked.title)))?;
    Ok(Exit::Done)
}

fn taken_back(linked: &Linked) -> anyhow::Result<Exit> {
    let what = if linked.kind == LinkKind::Split { "split" } else { "joined" };
    output::print(&format!("{FROM_THE_NEXT}, {} counts as never {what}\n", linked.labels.join(" and ")))?;
    Ok(Exit::Done)
}

/// Who said it.
fn names(round: &Round, agents: &[AgentName]) -> String {
    let labels: BTreeSet<&str> = agents.iter().map(|agent| round.label_of(agent)).collect();
    printable(&labels.into_iter().collect::<Vec<_>>().join(" and "))
}
