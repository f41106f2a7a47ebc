//! From a request of the editor to a round of the engine.

use super::owner::Event;
use super::progress::Said;
use super::settings::{Settings, Trust};
use super::world::Repo;
use config::Config;
use finding::{AgentKind, Round};
use git::{GitError, ScopeRequest};
use review::{Look, ReviewError, Reviewed};
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// What a review was asked to be. What is not said is as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) base: Option<String>,
    pub(crate) uncommitted: Option<bool>,
    /// Names of the agents; empty for all.
    pub(crate) agents: Vec<String>,
    /// Whether every agent is asked about everything, whatever it answered before.
    pub(crate) fresh: bool,
    /// Whether the newest round, which was interrupted, is finished instead of beginning another one.
    pub(crate) resume: bool,
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

    /// What went wrong, and what mends it.
    pub(crate) fn of(error: &ReviewError) -> Self {
        let remedy = match error {
            // The engine's own remedies are for the command line.
            ReviewError::Git(GitError::NoBase { .. }) => {
                Some("set deepReview.base to the branch to compare with".into())
            }
            ReviewError::NothingToResume => Some("review without `resume` to begin a new round".into()),
            _ => error.remedy(),
        };
        Self::failed(with_remedy(&error.to_string(), remedy.as_deref()))
    }
}

/// "the base 'x' is not there: name another one"
pub(crate) fn with_remedy(message: &str, remedy: Option<&str>) -> String {
    remedy.map_or_else(|| message.to_owned(), |remedy| format!("{message}: {remedy}"))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Whether a round is by the built-in agents alone.
pub(crate) fn is_only_ours(round: &Round) -> bool {
    round.agents.iter().all(|run| run.agent.kind == AgentKind::BuiltIn)
}

/// Whether the built-in agents may review unasked: on a branch where nobody else has reviewed. Where others have,
/// what they said is not to be pushed aside by a round that they have no part in.
pub(crate) fn may_be_alone(repo: &Repo) -> bool {
    repo.plan.as_ref().is_none_or(|plan| is_only_ours(&plan.round))
}

/// Under what a review of a repository runs.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) settings: Arc<Settings>,
    pub(crate) trusted: Trust,
    /// The user's configuration, which may name agents.
    pub(crate) user_file: Option<PathBuf>,
}

/// Loads the configuration as it holds for a repository.
pub(crate) fn configuration(repo: &Repo, Terms { settings, user_file, .. }: &Terms) -> Result<Config, Refused> {
    let failed = |e: &dyn fmt::Display| Refused::failed(e.to_string());
    let environment = |name: &str| std::env::var(name).ok();
    let scope = ScopeRequest { base: settings.base(), uncommitted: settings.uncommitted };
    let repository = match repo.git.scope(&scope) {
        Ok(scope) => repo.git.read_base_config(&scope).map_err(|e| Refused::of(&e.into()))?,
        // What cannot be compared has no settings; the review itself will say why.
        Err(_) => None,
    };
    let mut loaded = config::load(user_file.as_deref(), repository.as_deref(), &environment).map_err(|e| failed(&e))?;
    loaded.set("base", settings.base().map(Some), |c| &mut c.base);
    loaded.config.uncommitted &= settings.uncommitted;
    Ok(loaded.config)
}

fn request(repo: &Repo, terms: &Terms, asked: &Asked) -> Result<review::Request, Refused> {
    let mut config = configuration(repo, terms)?;
    config.base = asked.base.clone().or(config.base);
    config.uncommitted = asked.uncommitted.unwrap_or(config.uncommitted);
    let all = terms.trusted.agents(&config, repo.root());
    let wanted = if asked.agents.is_empty() { &terms.settings.agents } else { &asked.agents };
    // Without trust there are the built-in agents only, whomever the configuration names.
    if terms.trusted != Trust::Refused {
        review::named(&config, &all).map_err(|e| Refused::failed(e.to_string()))?;
    }
    let chosen = review::chosen(all, wanted).map_err(|e| Refused::invalid(e.to_string()))?;
    let mut request = review::request(repo.git.clone(), &config, chosen);
    (request.options.fresh, request.options.resume) = (asked.fresh, asked.resume);
    Ok(request)
}

/// Has the built-in agents review unasked. Nothing is stored, so that rounds do not pile up with every save; `None`
/// if nothing differs from the base.
pub(crate) async fn alone(repo: Repo, terms: Terms, cancel: CancellationToken) -> Result<Option<Look>, Refused> {
    let prepare = move || {
        let config = configuration(&repo, &terms)?;
        let mut agents = terms.trusted.agents(&config, repo.root());
        agents.retain(|agent| agent.info().kind == AgentKind::BuiltIn);
        Ok(review::request(repo.git.clone(), &config, agents))
    };
    let request = tokio::task::spawn_blocking(prepare).await;
    let request = request.unwrap_or_else(|_| Err(Refused::failed("the configuration could not be read")))?;
    // In a task of its own: a panic of ours ends this review, not the server.
    let looked = tokio::spawn(review::look(request, cancel)).await;
    let looked = looked.map_err(|_| Refused::failed("the review ended by an error of deep-review"))?;
    looked.map_err(|e| Refused::of(&e))
}

/// Runs a round and tells the owner of it; whatever happens, it is told that the round ended.
pub(crate) async fn run(
    repo: Repo,
    asked: Asked,
    terms: Terms,
    number: u64,
    cancel: CancellationToken,
    events: UnboundedSender<Event>,
    progress: UnboundedSender<Said>,
) {
    let root = repo.root().to_owned();
    // In a task of its own: a panic of ours ends this review, not the server.
    let review = tokio::spawn({
        let (events, root) = (events.clone(), root.clone());
        async move {
            let prepared = tokio::task::spawn_blocking(move || request(&repo, &terms, &asked)).await;
            let request = prepared.unwrap_or_else(|_| Err(Refused::failed("the configuration could not be read")))?;
            let (said, mut listen) = unbounded_channel();
            let pass = tokio::spawn(async move {
                while let Some(event) = listen.recv().await {
                    let _ = match &event {
                        review::Event::Updated(round) => progress.send(Said::Round(round.clone())),
                        review::Event::Progress(name, p) => progress.send(Said::Doing(name.clone(), p.clone())),
                        review::Event::SetAside(_) => Ok(()),
                    };
                    let _ = events.send(Event::Round { root: root.clone(), number, event });
                }
            });
            let result = review::run(request, said, cancel).await;
            // Everything that was said is with the owner before it hears of the end.
            let _ = pass.await;
            result.map_err(|e| Refused::of(&e)).map(|reviewed| answer(&reviewed))
        }
    });
    let result = review.await.unwrap_or_else(|_| Err(Refused::failed("the review ended by an error of deep-review")));
    let _ = events.send(Event::Ended { root, number, result });
}

fn answer(reviewed: &Reviewed) -> Value {
    match reviewed {
        Reviewed::NothingChanged(scope) => json!({ "changed": false, "base": scope.base_name }),
        Reviewed::Round(round) => {
            let failed: Vec<Value> = round
                .failures()
                .map(|(agent, f)| json!({ "agent": agent.label, "why": with_remedy(&f.message, f.remedy.as_deref()) }))
                .collect();
            json!({ "changed": true, "round": round.id, "number": round.number, "failed": failed })
        }
    }
}

/// Takes reports in as rounds of the branch; the newest is given.
pub(crate) fn import(repo: &Repo, terms: &Terms, files: &[PathBuf]) -> Result<finding::Round, Refused> {
    let config = configuration(repo, terms)?;
    let imported = review::import::import(&repo.git, &config, files, review::import::Target::Own)
        .map_err(|e| Refused::failed(format!("{e:#}")))?;
    imported.into_iter().last().map(|i| i.round).ok_or_else(|| Refused::failed("no review was found in the files"))
}
