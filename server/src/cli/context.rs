//! What every subcommand starts from: the folder, the repository, the configuration.

use super::args::Color;
use super::output;
use agent::Agent;
use anyhow::{Context as _, bail};
use config::{Config, Loaded};
use finding::{Decisions, Finding, Round};
use git::{Repository, ScopeRequest};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Branch, Store};

pub(super) struct Context {
    directory: PathBuf,
    pub(super) color: Color,
}

/// A branch with what is stored of it.
pub(super) struct Open {
    pub(super) repository: Repository,
    pub(super) store: Store,
    pub(super) branch: Branch,
    pub(super) decisions: Decisions,
}

impl Context {
    pub(super) fn new(directory: Option<PathBuf>, color: Color) -> Self {
        Self { directory: directory.unwrap_or_else(|| PathBuf::from(".")), color }
    }

    pub(super) fn repository(&self) -> anyhow::Result<Repository> {
        Ok(Repository::discover(&self.directory)?)
    }

    /// The configuration in effect for a repository; without one, the user's alone.
    pub(super) fn config(&self, repository: Option<&Repository>, base: Option<&str>) -> anyhow::Result<Loaded> {
        let environment = |name: &str| std::env::var(name).ok();
        let user = config::user_file(&environment);
        let mine = config::load(user.as_deref(), None, &environment)?;
        let Some(repository) = repository else { return Ok(mine) };
        let request = ScopeRequest { base: base.map(str::to_owned).or(mine.config.base), ..ScopeRequest::default() };
        // What the base cannot be found for has its error where the review asks for it.
        let theirs = repository.scope(&request).ok().and_then(|s| repository.read_base_config(&s).ok().flatten());
        Ok(config::load(user.as_deref(), theirs.as_deref(), &environment)?)
    }

    /// What is stored of the current branch. What cannot be read is named on standard error.
    pub(super) fn open(&self) -> anyhow::Result<Open> {
        let repository = self.repository()?;
        let store = Store::of(repository.common_dir());
        let branch = store.branch(repository.head_state()?.branch.as_deref());
        let decisions = branch.decisions()?;
        warn_of(&decisions.set_aside);
        Ok(Open { repository, store, branch, decisions: decisions.value })
    }
}

impl Open {
    /// The round of that number, or the newest.
    pub(super) fn round(&self, number: Option<u32>) -> anyhow::Result<Round> {
        let read = match number {
            None => self.branch.newest()?,
            Some(number) => {
                let mut all = self.branch.rounds()?;
                let found = all.value.drain(..).find(|r| r.number == number);
                store::Read { value: found, set_aside: all.set_aside }
            }
        };
        warn_of(&read.set_aside);
        match (read.value, number) {
            (Some(round), _) => Ok(round),
            (None, None) => bail!("there is no round on this branch yet; 'deep-review review' runs one"),
            (None, Some(n)) => bail!("there is no round {n} on this branch; 'deep-review rounds' lists them"),
        }
    }
}

/// The finding of that label or id (a beginning of the id that only one has is enough).
pub(super) fn finding<'a>(round: &'a Round, name: &str) -> anyhow::Result<&'a Finding> {
    let exact = round.findings.iter().find(|f| f.label.eq_ignore_ascii_case(name) || f.id.as_str() == name);
    if let Some(finding) = exact {
        return Ok(finding);
    }
    let mut starting = round.findings.iter().filter(|f| name.len() >= 4 && f.id.as_str().starts_with(name));
    match (starting.next(), starting.next()) {
        (Some(finding), None) => Ok(finding),
        (Some(_), Some(_)) => bail!("'{name}' is the beginning of several ids; give more of it"),
        (None, _) => bail!("round {} has no finding '{name}'; 'deep-review report' shows them", round.number),
    }
}

pub(super) fn warn_of(set_aside: &[store::SetAside]) {
    for aside in set_aside {
        output::note(&format!("warning: {aside}"));
    }
}

/// The agents of a configuration; see [`review::agents`].
pub(super) fn agents(config: &Config, repository: Option<&Repository>, trusted: bool) -> Vec<Arc<dyn Agent>> {
    let root = repository.map(Repository::root);
    review::agents(config, root, trusted || root.is_some_and(|root| config.trusts(root)))
}

/// Runs asynchronous work. Made only where it is needed: commands that only print start without it.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let result = runtime.block_on(work);
    // Tasks that were left are dropped, and with them the processes and folders that they had. What blocks (a read of
    // the disk) is not waited for: the process ends anyway.
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(result)
}
