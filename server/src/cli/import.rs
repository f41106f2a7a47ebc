//! `deep-review import`

use super::args::ImportArgs;
use super::context::Context;
use super::{Exit, output, review};
use ::review::import::{Imported, Target, import};
use report::Format;

pub(super) fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    let mut loaded = context.config(Some(&repository), args.base.as_deref())?;
    loaded.set("base", args.base.clone().map(Some), |c| &mut c.base);
    let target = if args.into_current { Target::Current } else { Target::Own };
    let imported = import(&repository, &loaded.config, &args.files, target)?;
    if let Some(Imported { round, .. }) = imported.last() {
        review::show(context, &repository, round, args.format.unwrap_or(Format::Text), args.output.as_deref())?;
    }
    for Imported { round, placed } in &imported {
        output::note(&format!(
            "Imported round {}: {} findings, {placed} of them placed in the current code.",
            round.number,
            round.findings.len()
        ));
    }
    Ok(Exit::Done)
}
