//! `deep-review dismiss`, `deep-review reopen` and `deep-review severity`

use super::args::{DismissArgs, ReopenArgs, SeverityArgs};
use super::context::{self, Context};
use super::{Exit, output};
use ops::{Decided, Dismissal};
use report::sanitize::printable;

pub(super) fn dismiss(context: &Context, args: &DismissArgs) -> anyhow::Result<Exit> {
    let why = Dismissal::new(args.kind.into(), Some(&args.reason))?;
    let open = context.open()?;
    let decided = ops::dismiss(&open, &context::round(&open, None)?, &args.id, why)?;
    tell("Dismissed", &decided)
}

pub(super) fn reopen(context: &Context, args: &ReopenArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let decided = ops::reopen(&open, &context::round(&open, None)?, &args.id)?;
    tell("Reopened", &decided)
}

pub(super) fn severity(context: &Context, args: &SeverityArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = context::round(&open, None)?;
    let graded = ops::grade(&open, &round, &args.id, args.severity, args.reason.as_deref())?;
    tell(&format!("{} from now on:", args.severity), &graded)
}

fn tell(done: &str, decided: &Decided) -> anyhow::Result<Exit> {
    output::print(&format!("{done} {} {}\n", decided.label, printable(&decided.title)))?;
    Ok(Exit::Done)
}
