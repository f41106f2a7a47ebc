use super::OpsError;
use agent::{Agent, Availability};
use config::Config;
use finding::{AgentInfo, AgentKind, Failure, FailureKind, FindingId};
use futures_util::future::join_all;
use git::Repository;
use review::Request;
use std::path::Path;
use std::sync::Arc;

/// How far the user trusts the repository under review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// It may run its own code in linters that need it.
    Given,
    /// Nobody said anything now: it may where the user's own configuration says so.
    #[default]
    AsConfigured,
    /// It may not: the built-in agents only, so that nothing runs and nothing is sent.
    Refused,
}

impl Trust {
    /// Whether code of the repository may run.
    #[must_use]
    pub fn is_given(self, config: &Config, root: Option<&Path>) -> bool {
        match self {
            Self::Given => true,
            Self::AsConfigured => root.is_some_and(|root| config.trusts(root)),
            Self::Refused => false,
        }
    }

    /// The agents that may be used under it, in the order in which they are shown.
    #[must_use]
    pub fn agents(self, config: &Config, root: Option<&Path>) -> Vec<Arc<dyn Agent>> {
        let mut agents = review::agents(config, root, self.is_given(config, root));
        if self == Self::Refused {
            agents.retain(|agent| agent.info().kind == AgentKind::BuiltIn);
        }
        agents
    }
}

/// Which agents are asked again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Again {
    /// Those whose answer does not hold any more.
    #[default]
    Changed,
    /// All of them, about everything.
    Everyone,
    /// Those that had not answered when the newest round was interrupted: it is finished.
    Unanswered,
    /// They are asked about one finding alone, and everything else stands.
    About(FindingId),
}

/// A request to review: by the agents of these names, or by all that there are. `config` is the effective
/// configuration.
///
/// # Errors
/// [`OpsError::UnknownAgent`], [`OpsError::MisnamedAgent`].
pub fn request(
    repository: &Repository,
    config: &Config,
    trust: Trust,
    names: &[String],
    again: Again,
) -> Result<Request, OpsError> {
    let all = trust.agents(config, Some(repository.root()));
    // Without trust there are the built-in agents only, whomever the configuration names.
    if trust != Trust::Refused {
        review::named(config, &all)?;
    }
    let mut request = review::request(repository.clone(), config, review::chosen(all, names)?);
    match again {
        Again::Changed => {}
        Again::Everyone => request.options.fresh = true,
        Again::Unanswered => request.options.resume = true,
        Again::About(finding) => request.options.about = Some(finding),
    }
    Ok(request)
}

/// An agent as it is on this machine.
#[derive(Debug, Clone)]
pub struct AgentHere {
    /// Who.
    pub info: AgentInfo,
    /// Whether it can be used, and what to do where it cannot.
    pub availability: Availability,
}

/// All agents that there could be, with those that are configured and missing, and those that are not asked for want of
/// trust.
pub async fn agents_here(config: &Config, root: Option<&Path>, trust: Trust) -> Vec<AgentHere> {
    let mut agents = trust.agents(config, root);
    agents.extend(agent::missing(&config.agents));
    let looked = join_all(agents.iter().map(|agent| agent.availability())).await;
    let infos = agents.iter().map(|agent| agent.info());
    let mut here: Vec<AgentHere> =
        infos.zip(looked).map(|(info, availability)| AgentHere { info, availability }).collect();
    if trust == Trust::Refused {
        // Nothing of theirs is run, not even to see whether they could be used.
        let others = review::agents(config, root, false).into_iter().map(|agent| agent.info());
        here.extend(others.filter(|info| info.kind != AgentKind::BuiltIn).map(|info| {
            let failure = Failure::new(FailureKind::NotAllowed, "it is not asked: this folder is not trusted");
            AgentHere { info, availability: Availability::Unusable(failure.with_remedy("trust the folder")) }
        }));
    }
    here
}
