//! `deep-review import`

use super::args::ImportArgs;
use super::context::{self, Context};
use super::{Exit, output, review};
use ::review::import::{Imported, Target};
use finding::Dial;
use ops::Overrides;
use report::Format;
use report::sanitize::printable;

pub(super) fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let overrides = Overrides { base: args.base.clone(), ..Overrides::default() };
    let loaded = context::config(Some(&open.repository), &overrides)?;
    let target = if args.into_current { Target::Current } else { Target::Own };
    let imported = ops::import_as(&open, &loaded.config, &args.files, target, args.errorformat.as_ref())?;
    if let Some(Imported { round, .. }) = imported.last() {
        review::show(
            context,
            &open,
            round,
            (args.format.unwrap_or(Format::Text), Dial::default()),
            args.output.as_deref(),
        )?;
    }
    for Imported { round, placed } in &imported {
        output::note(&format!(
            "Imported round {}: {} findings, {placed} of them placed in the current code.",
            round.number,
            round.findings.len()
        ));
        // What was not understood must not look as if it were not there.
        for (run, note) in round.agents.iter().flat_map(|run| run.notes.iter().map(move |note| (run, note))) {
            output::note(&format!("{}: {}", printable(&run.agent.label), printable(note)));
        }
    }
    Ok(Exit::Done)
}
