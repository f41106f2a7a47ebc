//! What a configuration asks for: its agents, and a request to the engine.

use super::{Limits, Options, Request, Reviewer};
use agent::{Agent, Steering};
use config::Config;
use finding::{AgentName, RepoPath};
use git::{Repository, ScopeRequest, SnapshotOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The agents in the order in which they are shown: configured, found on this machine, built in. Linters that can
/// run the repository's code take part only where it is `trusted`.
#[must_use]
pub fn agents(config: &Config, root: Option<&Path>, trusted: bool) -> Vec<Arc<dyn Agent>> {
    let off = |name: &str| config.agents.get(name).is_some_and(|s| !s.enabled);
    let surroundings = agent::Surroundings { root: root.map(Path::to_owned), trusted };
    let mut settings = agent::detected();
    settings.extend(config.agents.clone());
    if let Some(effort) = config.effort.of_agents() {
        settings.values_mut().for_each(|agent| agent.effort = Some(effort));
    }
    let rules = Arc::new(check::Settings::new(&config.rules, config.own_rules.clone()));
    let mut agents = agent::configured(&settings, &surroundings);
    agents.extend(agent::builtin::all(&rules).into_iter().filter(|a| !off(a.info().name.as_str())));
    agents
}

/// A name that no agent has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no agent '{name}'{hint} (there are: {known})")]
pub struct UnknownAgent {
    name: String,
    /// "; did you mean 'x'?", where one is there.
    hint: String,
    known: String,
}

/// Those of `agents` that were asked for by name; all without names.
///
/// # Errors
/// The first name that no agent has.
pub fn chosen(agents: Vec<Arc<dyn Agent>>, names: &[String]) -> Result<Vec<Arc<dyn Agent>>, UnknownAgent> {
    let known: Vec<String> = agents.iter().map(|a| a.info().name.to_string()).collect();
    if let Some(unknown) = names.iter().find(|n| !known.contains(n)) {
        let near = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, unknown));
        let hint = near.map(|n| format!("; did you mean '{n}'?")).unwrap_or_default();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(UnknownAgent { name: unknown.clone(), hint, known });
    }
    let wanted = |a: &Arc<dyn Agent>| names.is_empty() || names.contains(&a.info().name.to_string());
    Ok(agents.into_iter().filter(wanted).collect())
}

/// A setting that names an agent which does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} in your configuration: {unknown}")]
pub struct MisnamedAgent {
    setting: &'static str,
    unknown: UnknownAgent,
}

/// Checks that the agents to which the configuration gives a part of their own exist.
///
/// # Errors
/// The first that does not: otherwise a word misspelt would silently do nothing.
pub fn named(config: &Config, agents: &[Arc<dyn Agent>]) -> Result<(), MisnamedAgent> {
    for (setting, name) in [("merge.adjudicator", &config.merge.adjudicator), ("lead", &config.lead)] {
        chosen(agents.to_vec(), name.as_slice()).map_err(|unknown| MisnamedAgent { setting, unknown })?;
    }
    Ok(())
}

/// What the engine is asked for.
#[must_use]
pub fn request(repository: Repository, config: &Config, agents: Vec<Arc<dyn Agent>>) -> Request {
    let deadline = |name: &str| config.agents.get(name).and_then(|a| a.total_seconds).unwrap_or(config.timeout);
    Request {
        never_send: config.never_send.clone(),
        repository,
        store: None,
        scope: ScopeRequest { base: config.base.clone(), uncommitted: config.uncommitted, ..ScopeRequest::default() },
        snapshot: SnapshotOptions {
            exclude: config.exclude.clone(),
            max_file_bytes: config.max_file_bytes,
            ..SnapshotOptions::default()
        },
        reviewers: agents
            .into_iter()
            .map(|agent| {
                let deadline = Duration::from_secs(deadline(agent.info().name.as_str()));
                Reviewer { agent, deadline }
            })
            .collect(),
        conventions: config.conventions.iter().filter_map(|c| RepoPath::new(c.as_str()).ok()).collect(),
        brief_bytes: config.brief_bytes,
        adjudicator: config.merge.adjudicator.as_ref().map(AgentName::new),
        options: Options {
            verify: config.verify,
            lead: config.lead.as_deref().map(AgentName::new),
            limits: Limits {
                max_cost_usd: config.max_cost_usd,
                max_tokens: config.max_tokens,
                parallel: config.parallel,
            },
            mask_secrets: config.mask_secrets,
            dependencies: config.dependencies,
            prompts: config.prompts.clone(),
            steering: Steering {
                instructions: config.instructions.clone(),
                language: config.language.clone(),
                background: None,
            },
            fleet: config.fleet.clone(),
            ..Options::default()
        },
    }
}
