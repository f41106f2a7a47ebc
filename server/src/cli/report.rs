//! `deep-review report`

use super::args::ReportArgs;
use super::context::Context;
use super::{Exit, review};
use crate::report::Format;

pub(super) fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = open.round(args.round)?;
    let format = args.format.unwrap_or(Format::Text);
    review::show(context, &open.repository, &round, format, args.output.as_deref())?;
    Ok(Exit::Done)
}
