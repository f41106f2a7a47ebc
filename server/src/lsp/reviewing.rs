//! From a request of the editor to a round of the engine.

use super::owner::Event;
use super::progress::Said;
use super::settings::{Settings, Trust};
use super::world::Repo;
use crate::agent;
use crate::config::{self, Config};
use crate::finding::{AgentKind, Round};
use crate::git::ScopeRequest;
use crate::review::{self, Reviewed};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// What a review was asked to be. What is not said is as configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) base: Option<String>,
    pub(crate) uncommitted: Option<bool>,
    /// Names of the agents; empty for all.
    pub(crate) agents: Vec<String>,
}

/// Why a command was not done: a message that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Whether the arguments are at fault.
    pub(crate) invalid: bool,
    message: String,
}

impl Refused {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { invalid: false, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { invalid: true, message: message.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A review that nobody asked for: by the built-in agents, on a branch where nobody else has reviewed. Where others
/// have, what they said is not to be pushed aside by a round that they have no part in.
pub(crate) fn automatic(repo: &Repo) -> Option<Asked> {
    let only_ours = |round: &Round| round.agents.iter().all(|run| run.agent.kind == AgentKind::BuiltIn);
    let fits = repo.plan.as_ref().is_none_or(|plan| only_ours(&plan.round));
    let names: Vec<String> = agent::builtin::all().iter().map(|a| a.info().name.to_string()).collect();
    (fits && !names.is_empty()).then(|| Asked { agents: names, ..Asked::default() })
}

/// Loads the configuration as it holds for a repository.
pub(crate) fn configuration(repo: &Repo, settings: &Settings) -> Result<Config, Refused> {
    let failed = |e: &dyn fmt::Display| Refused::failed(e.to_string());
    let environment = |name: &str| std::env::var(name).ok();
    let scope = ScopeRequest { base: settings.base(), uncommitted: settings.uncommitted };
    let repository = match repo.git.scope(&scope) {
        Ok(scope) => repo.git.read_base_config(&scope).map_err(|e| failed(&e))?,
        // What cannot be compared has no settings; the review itself will say why.
        Err(_) => None,
    };
    let user = config::user_file(&environment);
    let mut loaded = config::load(user.as_deref(), repository.as_deref(), &environment).map_err(|e| failed(&e))?;
    loaded.set("base", settings.base().map(Some), |c| &mut c.base);
    loaded.config.uncommitted &= settings.uncommitted;
    Ok(loaded.config)
}

fn request(repo: &Repo, settings: &Settings, trusted: Trust, asked: &Asked) -> Result<review::Request, Refused> {
    let mut config = configuration(repo, settings)?;
    config.base = asked.base.clone().or(config.base);
    config.uncommitted = asked.uncommitted.unwrap_or(config.uncommitted);
    let all = trusted.agents(&config, repo.root());
    let wanted = if asked.agents.is_empty() { &settings.agents } else { &asked.agents };
    let known: Vec<String> = all.iter().map(|a| a.info().name.to_string()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Refused::invalid(format!("there is no agent '{unknown}'; there are: {known}")));
    }
    let chosen = all.into_iter().filter(|a| wanted.is_empty() || wanted.iter().any(|n| n == a.info().name.as_str()));
    Ok(review::request(repo.git.clone(), &config, chosen.collect()))
}

/// Runs a round and tells the owner of it; whatever happens, it is told that the round ended.
pub(crate) async fn run(
    repo: Repo,
    asked: Asked,
    (settings, trusted): (Arc<Settings>, Trust),
    number: u64,
    cancel: CancellationToken,
    events: UnboundedSender<Event>,
    progress: Option<UnboundedSender<Said>>,
) {
    let root = repo.root().to_owned();
    // In a task of its own: a panic of ours ends this review, not the server.
    let review = tokio::spawn({
        let (events, root) = (events.clone(), root.clone());
        async move {
            let prepared = tokio::task::spawn_blocking(move || request(&repo, &settings, trusted, &asked)).await;
            let request = prepared.unwrap_or_else(|_| Err(Refused::failed("the configuration could not be read")))?;
            let (said, mut listen) = unbounded_channel();
            let pass = tokio::spawn(async move {
                while let Some(event) = listen.recv().await {
                    if let Some(progress) = &progress {
                        let _ = match &event {
                            review::Event::Updated(round) => progress.send(Said::Round(round.clone())),
                            review::Event::Progress(name, p) => progress.send(Said::Doing(name.clone(), p.clone())),
                            review::Event::SetAside(_) => Ok(()),
                        };
                    }
                    let _ = events.send(Event::Round { root: root.clone(), number, event });
                }
            });
            let result = review::run(request, said, cancel).await;
            // Everything that was said is with the owner before it hears of the end.
            let _ = pass.await;
            result.map_err(|e| Refused::failed(e.to_string())).map(|reviewed| answer(&reviewed))
        }
    });
    let result = review.await.unwrap_or_else(|_| Err(Refused::failed("the review ended by an error of deep-review")));
    let _ = events.send(Event::Ended { root, number, result });
}

fn answer(reviewed: &Reviewed) -> Value {
    match reviewed {
        Reviewed::NothingChanged(scope) => json!({ "changed": false, "base": scope.base_name }),
        Reviewed::Round(round) => {
            let failed: Vec<Value> =
                round.failures().map(|(agent, f)| json!({ "agent": agent.label, "why": f.message })).collect();
            json!({ "changed": true, "round": round.id, "number": round.number, "failed": failed })
        }
    }
}

/// Takes reports in as rounds of the branch; the newest is given.
pub(crate) fn import(
    repo: &Repo,
    settings: &Settings,
    files: &[std::path::PathBuf],
) -> Result<crate::finding::Round, Refused> {
    let config = configuration(repo, settings)?;
    let imported = review::import::import(&repo.git, &config, files, review::import::Target::Own)
        .map_err(|e| Refused::failed(format!("{e:#}")))?;
    imported.into_iter().last().map(|i| i.round).ok_or_else(|| Refused::failed("no review was found in the files"))
}
