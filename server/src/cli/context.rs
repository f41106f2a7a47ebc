//! What every subcommand starts from: the folder, the repository, the configuration, and what is stored of the branch.

use super::args::{Color, Hyperlinks};
use super::output;
use anyhow::Context as _;
use config::Loaded;
use finding::{Dial, Round};
use git::Repository;
use ops::{OpenBranch, Overrides, RoundName};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) struct Context {
    directory: PathBuf,
    /// Whose rounds are meant, where it is not what is checked out.
    pub(super) target: Option<String>,
    pub(super) color: Color,
    pub(super) hyperlinks: Hyperlinks,
}

impl Context {
    pub(super) fn new(
        directory: Option<PathBuf>,
        target: Option<String>,
        (color, hyperlinks): (Color, Hyperlinks),
    ) -> Self {
        Self { directory: directory.unwrap_or_else(|| PathBuf::from(".")), target, color, hyperlinks }
    }

    /// The folder that everything is done in.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn repository(&self) -> anyhow::Result<Repository> {
        // What an error names is a folder that one finds again, and not `.`.
        let directory = std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone());
        Ok(Repository::of_environment_or(&directory)?)
    }

    /// What is stored of the current branch, or of the target that was named.
    pub(super) fn open(&self) -> anyhow::Result<OpenBranch> {
        let repository = self.repository()?;
        match &self.target {
            Some(target) => Ok(ops::target::open(repository, target)?),
            None => Ok(OpenBranch::current(repository)?),
        }
    }
}

impl Context {
    /// How much is to be shown here: what is said now, over what is configured.
    pub(super) fn dial(&self, said: Dial) -> anyhow::Result<Dial> {
        let repository = self.repository().ok();
        Ok(config(repository.as_ref(), &Overrides { dial: said, ..Overrides::default() })?.config.dial)
    }
}

/// The configuration in effect for a repository; without one, the user's alone.
pub(super) fn config(repository: Option<&Repository>, overrides: &Overrides) -> anyhow::Result<Loaded> {
    let environment = |name: &str| std::env::var(name).ok();
    let user_file = config::user_file(&environment);
    Ok(ops::configuration(repository, user_file.as_deref(), &environment, overrides)?)
}

/// What was read; what could not be is named on standard error.
pub(super) fn told<T>(read: store::Read<T>) -> T {
    for aside in &read.set_aside {
        output::note(&format!("warning: {aside}"));
    }
    read.value
}

/// The round of that number, or the newest.
pub(super) fn round(open: &OpenBranch, number: Option<u32>) -> anyhow::Result<Round> {
    Ok(told(open.round(number.map_or(RoundName::Newest, RoundName::Number))?))
}

/// Runs what the first Ctrl-C cancels, and ends the process at the second: what agents had is gone by then, as the runtime
/// is.
pub(super) fn until_interrupted<T>(work: impl AsyncFnOnce(CancellationToken) -> T) -> anyhow::Result<T> {
    let cancel = CancellationToken::new();
    let result = block_on(async {
        tokio::select! {
            result = work(cancel.clone()) => Some(result),
            () = interrupted_twice(&cancel) => None,
        }
    })?;
    Ok(result.unwrap_or_else(|| std::process::exit(130)))
}

/// The first Ctrl-C cancels; ends at the second.
async fn interrupted_twice(cancel: &CancellationToken) {
    for press in 0.. {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can interrupt here.
            return std::future::pending().await;
        }
        cancel.cancel();
        if press > 0 {
            return;
        }
    }
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
