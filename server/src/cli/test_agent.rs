//! `deep-review agents test NAME`: one small call.

use super::context::{self, Context, block_on};
use super::dry_run::grouped;
use super::{Exit, output};
use agent::{Agent, Brief, Session};
use anyhow::Context as _;
use config::Config;
use finding::{Failure, FailureKind, Usage, counted};
use git::{Repository, Snapshot};
use ops::{Overrides, Trust};
use report::sanitize::printable;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A change with a defect that nobody overlooks.
const BEFORE: &str = "def mean(values):\n    return sum(values) / len(values) if values else 0\n";
const AFTER: &str = "def mean(values):\n    return sum(values) / len(values)\n";

pub(super) fn run(context: &Context, name: &str) -> anyhow::Result<Exit> {
    let repository = context.repository().ok();
    let config = context::config(repository.as_ref(), &Overrides::default())?.config;
    test(&named(&config, repository.as_ref(), name)?)
}

/// The agent of that name here.
pub(super) fn named(config: &Config, repository: Option<&Repository>, name: &str) -> anyhow::Result<Arc<dyn Agent>> {
    let all = Trust::AsConfigured.agents(config, repository.map(Repository::root));
    review::chosen(all, &[name.to_owned()])?.pop().context("no agent was chosen")
}

/// Has the agent review a change of three lines, and says what came of it.
pub(super) fn test(agent: &Arc<dyn Agent>) -> anyhow::Result<Exit> {
    let name = &agent.info().name;
    match said(agent)? {
        Ok(answer) => {
            output::print(&format!("{name} works: {answer}.\n"))?;
            Ok(Exit::Done)
        }
        Err((message, failure)) => {
            let remedy = failure.remedy.map(|r| format!("\n  {}", printable(&r))).unwrap_or_default();
            output::print(&format!("{name} does not work: {message}{remedy}\n"))?;
            // What may pass is no fault of the set-up.
            let may_pass = matches!(failure.kind, FailureKind::RateLimited | FailureKind::Overloaded);
            Ok(if may_pass { Exit::Incomplete } else { Exit::Impossible })
        }
    }
}

/// What an agent said to a change of three lines, or what went wrong, each with how long it took and what it used.
pub(super) fn said(agent: &Arc<dyn Agent>) -> anyhow::Result<Result<String, (String, Failure)>> {
    let brief = Brief::new(Snapshot::in_memory(&[("mean.py", BEFORE)], &[("mean.py", AFTER)]));
    let info = agent.info();
    output::note(&format!("Asking {} about a change of three lines …", printable(&info.label)));
    let started = Instant::now();
    let outcome = block_on(async {
        let (progress, _) = tokio::sync::mpsc::unbounded_channel();
        let session = Session::new(progress, CancellationToken::new());
        agent.review(&brief, &session).await
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let label = printable(outcome.label.as_deref().unwrap_or(&info.label));
    let used = used(&outcome.usage);
    Ok(match outcome.failure {
        None => {
            let found = counted(outcome.answer.findings.len(), "finding");
            Ok(format!("{label} answered in {seconds:.1} s with {found}{used}"))
        }
        Some(failure) => Err((format!("{} (after {seconds:.1} s{used})", printable(&failure.message)), failure)),
    })
}

/// ", 5,120 tokens, $0.02": what is known of it.
pub(super) fn used(usage: &Usage) -> String {
    let tokens = usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0);
    let tokens = if tokens > 0 { format!(", {} tokens", grouped(tokens)) } else { String::new() };
    let cost = usage.cost_usd.map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
    format!("{tokens}{cost}")
}
