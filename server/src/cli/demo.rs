//! `deep-review demo`

use super::args::DemoArgs;
use super::context::Context;
use super::sample::{make_sample, recorded_agents};
use super::{Exit, output, review};
use ::review::{Reviewed, request};
use agent::builtin;
use anyhow::{Context as _, bail};
use config::Config;
use finding::Dial;
use git::Repository;
use ops::OpenBranch;
use report::Format;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &DemoArgs) -> anyhow::Result<Exit> {
    let folder = folder(args.into.as_deref())?;
    let sample = folder.join("sample");
    make_sample(&sample)?;
    output::note(
        "Reviewing a sample with the built-in agents and three recorded answers: no model runs, nothing is sent.\n",
    );

    // The user's own configuration is left out: the demo is the same everywhere, and asks nobody outside.
    let mut agents = recorded_agents();
    agents.extend(builtin::all(&Arc::default()));
    let repository = Repository::discover(&sample)?;
    let Reviewed::Round(round) = review::reviewed(request(repository.clone(), &Config::default(), agents))? else {
        bail!("the sample has no changes; this is a bug of deep-review");
    };
    let open = OpenBranch::current(repository)?;
    let report = folder.join("report.html");
    review::show(context, &open, &round, (Format::Html, Dial::default()), Some(&report))?;
    review::show(context, &open, &round, (Format::Markdown, Dial::default()), Some(&folder.join("report.md")))?;
    review::show(context, &open, &round, (Format::Text, Dial::default()), None)?;
    output::print(&next_steps(&sample, &report))?;
    Ok(Exit::Done)
}

/// A new folder: the demo writes over nothing.
fn folder(wanted: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(folder) = wanted else {
        let folder =
            tempfile::Builder::new().prefix("deep-review-demo-").tempdir().context("failed to make a folder")?;
        return Ok(folder.keep());
    };
    if folder.exists() {
        bail!("{} is there already; name a folder that is not", folder.display());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    Ok(std::path::absolute(folder)?)
}

fn next_steps(sample: &Path, report: &Path) -> String {
    let program = std::env::current_exe().ok().filter(|p| p.is_absolute());
    let program = program.map_or_else(|| "deep-review".to_owned(), |p| p.display().to_string());
    format!(
        "\nThe whole report:    {report}\n\
         Apply a fix here:    cd {sample} && {program} apply I1\n\
         Your own branch:     cd your/repository && {program} review\n\
         In your editor:      {program} doctor says which of yours are set up\n",
        report = report.display(),
        sample = sample.display(),
    )
}
