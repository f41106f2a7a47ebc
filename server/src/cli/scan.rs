//! `deep-review scan`: files as they are, with no change to compare.

use super::args::ScanArgs;
use super::context::{self, Context, block_on};
use super::{Exit, dry_run, output, review};
use ::review::Reviewed;
use finding::Usage;
use git::{ScopeRequest, Target};
use ops::{Again, Overrides, Trust};
use report::Format;
use std::io::{BufRead, IsTerminal};
use tokio_util::sync::CancellationToken;

pub(super) fn run(context: &Context, args: &ScanArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    // The repository's settings are those of the base as ever.
    let overrides = Overrides { fail_on: args.fail_on, max_cost_usd: args.max_cost, ..Overrides::default() };
    let config = context::config(Some(&repository), &overrides)?.config;
    let trust = if args.trusted { Trust::Given } else { Trust::AsConfigured };
    let mut request = ops::request(&repository, &config, trust, &args.agents, Again::Changed)?;
    let paths = repository.pathspecs(context.directory(), &args.paths)?;
    request.scope = ScopeRequest { target: Target::Whole, paths, ..ScopeRequest::default() };
    let open = ops::target::of(repository, &request.scope)?;
    if !args.yes && !agreed(&request)? {
        return Ok(Exit::Impossible);
    }
    match review::reviewed(request)? {
        Reviewed::NothingChanged(_) => {
            output::note("There is no file to review under these paths.");
            Ok(Exit::Impossible)
        }
        Reviewed::Round(round) => {
            let format = args.format.unwrap_or(Format::Text);
            let decisions = review::show(context, &open, &round, (format, config.dial), args.output.as_deref())?;
            Ok(review::exit(&round, &decisions, config.fail_on))
        }
    }
}

/// Says what it is expected to cost, if it costs anything, and asks.
fn agreed(request: &::review::Request) -> anyhow::Result<bool> {
    let dry = block_on(::review::dry_run(request.clone(), CancellationToken::new()))??;
    let mut asked: Vec<String> = Vec::new();
    let mut all = Usage::default();
    for sent in &dry.agents {
        let Some(estimate) = sent.estimate else { continue };
        let parts = sent.prompts.len();
        let parts = if parts > 1 { format!(" in {parts} parts") } else { String::new() };
        asked.push(format!("  {}{parts}: {}", sent.agent.name, dry_run::expected(&estimate)));
        all = all.plus(estimate);
    }
    if asked.is_empty() {
        return Ok(true);
    }
    output::note(&format!("Expected:\n{}\n  all: {}", asked.join("\n"), dry_run::expected(&all)));
    if !std::io::stdin().is_terminal() {
        output::note("Add --yes to go on.");
        return Ok(false);
    }
    output::note("Go on? [y/N]");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
