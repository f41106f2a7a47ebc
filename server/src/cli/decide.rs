//! `deep-review dismiss` and `deep-review reopen`

use super::args::{DismissArgs, ReopenArgs};
use super::context::{self, Context, Open};
use super::{Exit, output};
use finding::{Finding, Resolution, Round, State};
use jiff::Timestamp;
use report::sanitize::printable;

pub(super) fn dismiss(context: &Context, args: &DismissArgs) -> anyhow::Result<Exit> {
    let state = State::Dismissed { reason: args.kind.into(), text: args.reason.clone() };
    decide(context, &args.id, state, "Dismissed")
}

pub(super) fn reopen(context: &Context, args: &ReopenArgs) -> anyhow::Result<Exit> {
    decide(context, &args.id, State::Open, "Reopened")
}

fn decide(context: &Context, name: &str, state: State, done: &str) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = open.round(None)?;
    let finding = context::finding(&round, name)?;
    let resolution = resolution(&open, &round, finding, state);
    open.branch.decide(|decisions| drop(decisions.resolutions.insert(finding.id.clone(), resolution)))?;
    output::print(&format!("{done} {} {}\n", finding.label, printable(&finding.title)))?;
    Ok(Exit::Done)
}

/// The state as of now.
pub(super) fn resolution(open: &Open, round: &Round, finding: &Finding, state: State) -> Resolution {
    Resolution { state, at: Timestamp::now(), round: round.id.clone(), code: code(open, round, finding), commit: None }
}

/// The hash of the code that the decision is about, so that it ends when that changes.
fn code(open: &Open, round: &Round, finding: &Finding) -> Option<String> {
    let anchor = finding.anchors.first()?;
    let text = open.store.text(round.texts.get(&anchor.path)?)?;
    merge::code_hash(anchor, &text)
}
