//! `deep-review report`

use super::args::ReportArgs;
use super::context::{Context, Open, warn_of};
use super::{Exit, output, review};
use ::review::document::{INDEX, document};
use anyhow::Context as _;
use report::Format;
use report::html::{self, Listed};
use std::path::Path;

pub(super) fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    if args.index {
        return index(&open, args.output.as_deref());
    }
    let round = open.round(args.round)?;
    let format = args.format.unwrap_or(Format::Text);
    review::show(context, &open.repository, &round, format, args.output.as_deref())?;
    Ok(Exit::Done)
}

/// A page for each round, and one that lists them, the newest first.
fn index(open: &Open, folder: Option<&Path>) -> anyhow::Result<Exit> {
    let folder = folder.map_or_else(|| open.branch.folder().join("reports"), Path::to_path_buf);
    let rounds = open.branch.rounds()?;
    warn_of(&rounds.set_aside);
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))
    };
    let mut pages = Vec::new();
    for round in rounds.value.into_iter().rev() {
        let mut document = document(&open.repository, round)?;
        document.trace(&open.repository);
        let name = format!("round-{:04}.html", document.round.number);
        write(&name, &html::page(&document.round, &document.decisions, &document.texts, Some(INDEX)))?;
        pages.push((name, document));
    }
    let list: Vec<Listed<'_>> = pages
        .iter()
        .map(|(name, document)| Listed { round: &document.round, decisions: &document.decisions, href: name })
        .collect();
    write(INDEX, &html::index(&list))?;
    output::print(&format!("{}\n", folder.join(INDEX).display()))?;
    Ok(Exit::Done)
}
