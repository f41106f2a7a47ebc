//! Which programs exist here, and whether they can be used.

use super::adapter::Login;
use super::process::{self, End, Limits, Program, Ran, Scratch};
use super::{AgentSettings, Availability};
use finding::{Failure, FailureKind};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whether the file exists and may be run.
pub(super) fn is_executable(file: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(file) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// The executable that a bare name means, looked up in `PATH` but for its relative entries (which may lead
/// into a repository); a path is taken as it is.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let plain = Path::new(name);
    if plain.components().count() > 1 {
        return is_executable(plain).then(|| plain.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) { &["", ".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|file| is_executable(file))
}

/// Asks a program for its version and whether somebody is logged in; sends nothing anywhere.
pub(super) async fn ask(path: &Path, login: &Login, settings: &AgentSettings) -> Availability {
    let version = match short(path, &["--version"], settings).await {
        Ok(ran) if ran.end == End::Exited(0) => ran.stdout.lines().next().unwrap_or_default().trim().to_owned(),
        Ok(ran) => {
            let failure = match ran.end {
                End::Failed(failure) => failure,
                End::Exited(_) | End::Signalled(_) => {
                    Failure::new(FailureKind::Crashed, "it does not run: `--version` failed")
                }
            };
            return Availability::Unusable(failure.with_remedy(login.install));
        }
        Err(failure) => return Availability::Unusable(failure),
    };
    let version: String = version.chars().filter(|c| super::answer::keep(*c)).take(80).collect();
    let key = settings.pass_env.iter().chain(&settings.key_env).find(|name| std::env::var_os(name.as_str()).is_some());
    if let Some(name) = key.filter(|name| settings.url.is_some() || login.variables.contains(&name.as_str())) {
        return Availability::Usable(format!("{version}, with {name}"));
    }
    if settings.env.keys().any(|name| login.variables.contains(&name.as_str())) {
        return Availability::Usable(format!("{version}, with a configured key"));
    }
    if login.check.is_empty() {
        return Availability::Usable(format!("{version}; whether it is logged in shows in a review"));
    }
    match short(path, login.check, settings).await {
        Ok(ran) if ran.end == End::Exited(0) => Availability::Usable(format!("{version}, logged in")),
        Ok(_) => Availability::Unusable(
            Failure::new(FailureKind::NotLoggedIn, format!("{version}, nobody is logged in")).with_remedy(login.remedy),
        ),
        Err(failure) => Availability::Unusable(failure),
    }
}

async fn short(path: &Path, args: &[&str], settings: &AgentSettings) -> Result<Ran, Failure> {
    let scratch = Scratch::new()?;
    let own = settings.command.iter().skip(1);
    let program = Program {
        path: path.to_owned(),
        // The words of the user's that complete the command: `npx codex`.
        args: own.take_while(|w| !w.starts_with('-')).cloned().chain(args.iter().map(|a| (*a).to_owned())).collect(),
        environment: settings.environment(),
        folder: None,
        input: String::new(),
    };
    let time = Duration::from_secs(20);
    let limits = Limits { idle: time, total: time, output: 1 << 20, ..Limits::default() };
    Ok(process::run(&program, limits, &scratch, &CancellationToken::new(), |_| ()).await)
}
