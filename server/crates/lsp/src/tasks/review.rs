//! From a request of the editor to a round of the engine.

use crate::client::progress::ProgressEvent;
use crate::event::{Event, ReviewId};
use crate::protocol::commands::{CommandResult, FailedAgent, ReviewOptions, ReviewResult};
use crate::protocol::error::{CommandError, with_remedy};
use crate::protocol::settings::ReviewContext;
use crate::state::projection::RoundIndex;
use crate::state::snapshot::{BackgroundRound, Repo, RepoKey};
use config::Config;
use finding::{AgentKind, Round};
use git::ScopeRequest;
use ops::OpenBranch;
use ops::watch::{free_unless_named, told_in_a_line};
use review::{Reviewed, Stops};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Whether what a round says is by the built-in agents alone.
pub(crate) fn is_by_built_in_agents(round: &Round) -> bool {
    let earlier = round.earlier.iter().map(|said| &said.agent);
    round.agents.iter().map(|run| &run.agent).chain(earlier).all(|agent| agent.kind == AgentKind::BuiltIn)
}

/// Whether the built-in agents may review unasked: on a branch where nobody else has reviewed. Where others have,
/// what they said is not to be pushed aside by a round that they have no part in.
pub(crate) fn may_review_in_background(repo: &Repo) -> bool {
    repo.visit.is_none() && repo.round_index.as_ref().is_none_or(|index| is_by_built_in_agents(&index.round))
}

/// The configuration as it holds for a repository; a request may say more.
pub(crate) fn configuration(
    repo: &Repo,
    context: &ReviewContext,
    options: Option<&ReviewOptions>,
) -> Result<Config, CommandError> {
    let environment = |name: &str| std::env::var(name).ok();
    let mut overrides = context.settings.overrides();
    if let Some(visit) = &repo.visit {
        overrides.target = visit.request.target.clone();
    }
    if let Some(options) = options {
        overrides.base = options.base.clone().or(overrides.base);
        overrides.uncommitted = options.uncommitted.or(overrides.uncommitted);
    }
    Ok(ops::configuration(Some(&repo.git), context.user_file.as_deref(), &environment, &overrides)?.config)
}

fn request(repo: &Repo, context: &ReviewContext, options: &ReviewOptions) -> Result<review::Request, CommandError> {
    let config = configuration(repo, context, Some(options))?;
    // What starts by itself has its own agents: those that cost nothing, or those that are named for it.
    let wanted = if options.agents.is_empty() && options.by_itself.is_none() {
        &context.settings.agents
    } else {
        &options.agents
    };
    let mut request = ops::request(&repo.git, &config, context.trusted, wanted, options.again.clone())?;
    if let Some(allowance) = &options.by_itself {
        free_unless_named(&mut request, wanted);
        allowance.limit(&mut request)?;
    }
    if let Some(visit) = &repo.visit {
        let base = options.base.clone().or(visit.request.base.clone());
        request.scope = ScopeRequest { base, ..visit.request.clone() };
    }
    Ok(request)
}

/// Has the built-in agents review unasked. Nothing is stored, so that rounds do not pile up with every save; `None`
/// if nothing differs from the base.
pub(crate) async fn run_in_background(
    repo: Arc<Repo>,
    context: ReviewContext,
    cancel: CancellationToken,
) -> Result<Option<BackgroundRound>, CommandError> {
    let prepare = move || {
        let config = configuration(&repo, &context, None)?;
        let mut agents = context.trusted.agents(&config, Some(repo.root()));
        agents.retain(|agent| agent.info().kind == AgentKind::BuiltIn);
        Ok(review::request(repo.git.clone(), &config, agents))
    };
    let request = tokio::task::spawn_blocking(prepare).await;
    let request = request.unwrap_or_else(|_| Err(CommandError::failed("the configuration could not be read")))?;
    // In a task of its own: a panic of ours ends this review, not the server.
    let reviewed = tokio::spawn(async move {
        let seen = review::background(request, cancel).await?;
        Ok(seen.map(|seen| BackgroundRound { index: Arc::new(RoundIndex::new(seen.round)), texts: seen.texts }))
    });
    let reviewed = reviewed.await.map_err(|_| CommandError::failed("the review ended by an error of deep-review"))?;
    reviewed.map_err(|e| CommandError::of(&e))
}

/// A review that the user asked for.
pub(crate) struct Task {
    pub(crate) repo: Arc<Repo>,
    pub(crate) options: ReviewOptions,
    pub(crate) context: ReviewContext,
    pub(crate) review: ReviewId,
    pub(crate) cancel: CancellationToken,
    pub(crate) stops: Stops,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) progress: UnboundedSender<ProgressEvent>,
}

impl Task {
    /// Runs a round and tells the loop of it; whatever happens, it is told that the round ended.
    pub(crate) async fn run(self) {
        let (repo, review, events) = (self.repo.key.clone(), self.review, self.events.clone());
        // In a task of its own: a panic of ours ends this review, not the server.
        let result = tokio::spawn(self.reviewed()).await;
        let ended = || Err(CommandError::failed("the review ended by an error of deep-review"));
        let _ = events.send(Event::Ended { repo, review, result: result.unwrap_or_else(|_| ended()) });
    }

    async fn reviewed(self) -> Result<CommandResult, CommandError> {
        let Self { repo, options, context, review, cancel, stops, events, progress } = self;
        let key = repo.key.clone();
        let told = options.by_itself.map(|_| repo.open_branch());
        let prepared = tokio::task::spawn_blocking(move || request(&repo, &context, &options)).await;
        let mut request =
            prepared.unwrap_or_else(|_| Err(CommandError::failed("the configuration could not be read")))?;
        request.options.stops = stops;
        let (said, listen) = unbounded_channel();
        let pass = tokio::spawn(pass_on(listen, key, review, events, progress));
        let result = review::run(request, said, cancel).await;
        // Everything that was said is with the loop before it hears of the end.
        let _ = pass.await;
        result.map_err(|e| CommandError::of(&e)).map(|reviewed| answer(&reviewed, told.as_ref()))
    }
}

/// Tells the loop and the progress what happens in a review.
async fn pass_on(
    mut listen: UnboundedReceiver<review::Event>,
    repo: RepoKey,
    review: ReviewId,
    events: UnboundedSender<Event>,
    progress: UnboundedSender<ProgressEvent>,
) {
    while let Some(event) = listen.recv().await {
        let repo = repo.clone();
        let event = match event {
            review::Event::Updated(round) => {
                let _ = progress.send(ProgressEvent::Round(round.clone()));
                let index = tokio::task::spawn_blocking(move || Arc::new(RoundIndex::new(round))).await;
                let Ok(round) = index else { continue };
                Event::Round { repo, review, round }
            }
            review::Event::Progress(agent, doing) => {
                let _ = progress.send(ProgressEvent::Doing(agent.clone(), doing.clone()));
                Event::Doing { repo, review, agent, progress: doing }
            }
            review::Event::SetAside(aside) => Event::Warning(aside.to_string()),
        };
        let _ = events.send(event);
    }
}

/// `told` is what is stored, of a review of which is told in a line.
fn answer(reviewed: &Reviewed, told: Option<&OpenBranch>) -> CommandResult {
    CommandResult::Reviewed(match reviewed {
        Reviewed::NothingChanged(scope) => {
            let nothing = ops::nothing_differs(scope);
            let instead = if nothing.is_base { "; review against HEAD~1 for its last commit" } else { "" };
            let why = format!("nothing to review: {}{instead}", nothing.says);
            ReviewResult::NothingChanged { changed: false, base: scope.base_name.clone(), why }
        }
        Reviewed::Round(round) => {
            let failed = round.failures().map(|(agent, f)| FailedAgent {
                agent: agent.label.clone(),
                why: with_remedy(&f.message, f.remedy.as_deref()),
            });
            let failed = failed.collect();
            let told = told.and_then(|open| told_in_a_line(open, round).ok());
            ReviewResult::Round { changed: true, round: round.id.clone(), number: round.number, failed, told }
        }
    })
}
