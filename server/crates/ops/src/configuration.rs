use super::OpsError;
use config::{Environment, Loaded, RoundEffort, Verify};
use finding::{Dial, Severity};
use git::{Repository, ScopeRequest, Target};
use std::path::Path;

/// Values that hold for this once, from the command line or the editor, over what is configured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// What is reviewed: the repository's settings are read from what that is compared with.
    pub target: Target,
    /// See [`config::Config::base`].
    pub base: Option<String>,
    /// See [`config::Config::uncommitted`].
    pub uncommitted: Option<bool>,
    /// See [`config::Config::fail_on`].
    pub fail_on: Option<Severity>,
    /// See [`config::Config::timeout`], in seconds.
    pub timeout: Option<u64>,
    /// See [`config::Config::dial`]; what it says nothing of is as configured.
    pub dial: Dial,
    /// See [`config::Config::effort`].
    pub effort: Option<RoundEffort>,
    /// See [`config::Config::verify`]. Without it, the effort decides whether agents check each other.
    pub verify: Option<Verify>,
    /// See [`config::Config::lead`].
    pub lead: Option<String>,
    /// See [`config::Config::max_cost_usd`].
    pub max_cost_usd: Option<f64>,
    /// See [`config::Config::max_tokens`].
    pub max_tokens: Option<u64>,
}

/// The effective configuration for a repository, with the origin of each value; without one, the user's alone.
/// `user_file` is the user's configuration ([`config::user_file`]). What runs is never taken from the repository. Blocks.
///
/// # Errors
/// When a file cannot be read, or a value is none.
pub fn configuration(
    repository: Option<&Repository>,
    user_file: Option<&Path>,
    environment: Environment<'_>,
    overrides: &Overrides,
) -> Result<Loaded, OpsError> {
    let mut loaded = config::load(user_file, None, environment)?;
    let mut overrides = overrides.clone();
    if overrides.base.is_none() && loaded.config.base.is_none() {
        // A build knows what its branch goes into.
        overrides.base = git::base_of_build(environment);
    }
    if let Some(repository) = repository {
        let base = overrides.base.clone().or(loaded.config.base);
        // Where no base can be found, there are no settings of it; a review says why it was not found.
        let scope = {
            let target = overrides.target.clone();
            repository.scope(&ScopeRequest { target, base, ..ScopeRequest::default() }).ok()
        };
        let theirs = scope.map(|scope| repository.read_base_config(&scope)).transpose()?.flatten();
        loaded = config::load(user_file, theirs.as_deref(), environment)?;
    }
    lay(&mut loaded, overrides);
    limiting(loaded.config.max_cost_usd)?;
    Ok(loaded)
}

/// Refuses what is no limit for a cost, in US dollars: one that nothing is above would be none.
pub(crate) fn limiting(limits: impl IntoIterator<Item = f64>) -> Result<(), OpsError> {
    match limits.into_iter().find(|value| !value.is_finite() || *value < 0.0) {
        Some(value) => Err(OpsError::BadLimit { value }),
        None => Ok(()),
    }
}

fn lay(loaded: &mut Loaded, overrides: Overrides) {
    loaded.set("base", overrides.base.map(Some), |c| &mut c.base);
    loaded.set("uncommitted", overrides.uncommitted, |c| &mut c.uncommitted);
    loaded.set("fail_on", overrides.fail_on.map(Some), |c| &mut c.fail_on);
    loaded.set("timeout", overrides.timeout, |c| &mut c.timeout);
    loaded.set("effort", overrides.effort, |c| &mut c.effort);
    let Dial { min_severity, min_confidence, max_suggestions } = overrides.dial;
    loaded.set("min_severity", min_severity.map(Some), |c| &mut c.dial.min_severity);
    loaded.set("min_confidence", min_confidence.map(Some), |c| &mut c.dial.min_confidence);
    loaded.set("max_suggestions", max_suggestions.map(Some), |c| &mut c.dial.max_suggestions);
    let configured = loaded.config.verify;
    let verify = overrides.verify.unwrap_or_else(|| loaded.config.effort.verify(configured));
    loaded.set("verify", Some(verify).filter(|v| overrides.verify.is_some() || *v != configured), |c| &mut c.verify);
    loaded.set("lead", overrides.lead.map(Some), |c| &mut c.lead);
    loaded.set("max_cost_usd", overrides.max_cost_usd.map(Some), |c| &mut c.max_cost_usd);
    loaded.set("max_tokens", overrides.max_tokens.map(Some), |c| &mut c.max_tokens);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_nothing_is_above_is_refused() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.01] {
            let overrides = Overrides { max_cost_usd: Some(value), ..Overrides::default() };
            let refused = configuration(None, None, &|_| None, &overrides).unwrap_err();
            assert!(matches!(refused, OpsError::BadLimit { .. }), "{value}: {refused}");
            assert!(limiting([1.0, value]).is_err(), "{value}");
        }
        for value in [0.0, 0.01, 1e9] {
            let overrides = Overrides { max_cost_usd: Some(value), ..Overrides::default() };
            let loaded = configuration(None, None, &|_| None, &overrides).unwrap();
            assert_eq!(loaded.config.max_cost_usd, Some(value));
        }
    }
}
