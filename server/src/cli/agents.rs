//! `deep-review agents`

use super::args::{AgentsArgs, AgentsCommand};
use super::context::{self, Context, block_on};
use super::{Exit, output};
use agent::Availability;
use finding::{AgentKind, AgentName, Failure};
use git::Repository;
use ops::{AgentHere, Overrides, Trust};
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &AgentsArgs) -> anyhow::Result<Exit> {
    match &args.command {
        Some(AgentsCommand::Add(args)) => return super::add_agent::run(args),
        Some(AgentsCommand::Set(args)) => return super::set_agent::run(args),
        Some(AgentsCommand::Test { name, .. }) => return super::test_agent::run(context, name),
        Some(AgentsCommand::Install(args)) => return super::install::install(context, args),
        Some(AgentsCommand::Uninstall(args)) => return super::install::uninstall(context, args),
        Some(AgentsCommand::StopHook(args)) => return super::stop_hook::run(context, args),
        None => {}
    }
    let repository = context.repository().ok();
    let config = context::config(repository.as_ref(), &Overrides::default())?.config;
    if args.record {
        return super::record::run(context, args.format.is_json());
    }
    let trust = if args.trusted { Trust::Given } else { Trust::AsConfigured };
    let agents = block_on(ops::agents_here(&config, repository.as_ref().map(Repository::root), trust))?;
    output::print(&if args.format.is_json() { output::document(&rows(&agents))? } else { text(&agents) })?;
    Ok(Exit::Done)
}

fn text(agents: &[AgentHere]) -> String {
    let width = agents.iter().map(|agent| agent.info.name.as_str().chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for AgentHere { info, availability } in agents {
        let (mark, detail, remedy) = match availability {
            Availability::Usable(how) => ("usable    ", how.as_str(), None),
            Availability::Unusable(Failure { message, remedy, .. }) => {
                ("not usable", message.as_str(), remedy.as_deref())
            }
        };
        let _ = writeln!(out, "{:width$}  {mark}  {} ({})", info.name, printable(&info.label), printable(detail));
        if let Some(remedy) = remedy {
            let _ = writeln!(out, "{:width$}              {}", "", printable(remedy));
        }
    }
    out
}

/// The agents that there are here.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review agents --format json")]
pub(super) struct AgentRows(Vec<AgentRow>);

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentRow {
    /// Its name in the configuration.
    name: AgentName,
    /// What people call it.
    label: String,
    /// What it is.
    kind: AgentKind,
    /// Whether it can review here.
    usable: bool,
    /// How it is reached, or why it cannot review.
    detail: String,
    /// What to do about that.
    remedy: Option<String>,
}

fn rows(agents: &[AgentHere]) -> AgentRows {
    let row = |AgentHere { info, availability }: &AgentHere| {
        let (usable, detail, remedy) = match availability {
            Availability::Usable(how) => (true, how.clone(), None),
            Availability::Unusable(failure) => (false, failure.message.clone(), failure.remedy.clone()),
        };
        AgentRow { name: info.name.clone(), label: info.label.clone(), kind: info.kind, usable, detail, remedy }
    };
    AgentRows(agents.iter().map(row).collect())
}
