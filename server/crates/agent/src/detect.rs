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
/// into a repository); a path is taken as it is, but for an ending that Windows adds.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let plain = Path::new(name);
    let names = file_names(name, cfg!(windows));
    if plain.components().count() > 1 {
        return names.into_iter().map(PathBuf::from).find(|file| is_executable(file));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |file| folder.join(file)))
        .find(|file| is_executable(file))
}

/// What the file of a program may be called. Windows starts nothing without an ending: what npm puts beside `claude.cmd`
/// under the bare name is a script for other shells.
fn file_names(name: &str, is_windows: bool) -> Vec<String> {
    const ENDINGS: [&str; 4] = [".exe", ".com", ".cmd", ".bat"];
    let lower = name.to_ascii_lowercase();
    if !is_windows || ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return vec![name.to_owned()];
    }
    ENDINGS.iter().map(|ending| format!("{name}{ending}")).collect()
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

#[cfg(test)]
mod tests {
    use super::file_names;

    #[test]
    fn windows_adds_an_ending_to_a_programs_name_and_others_do_not() {
        let cases: [(&str, bool, &[&str]); 4] = [
            ("claude", false, &["claude"]),
            ("claude", true, &["claude.exe", "claude.com", "claude.cmd", "claude.bat"]),
            ("Claude.CMD", true, &["Claude.CMD"]),
            ("python3.12", true, &["python3.12.exe", "python3.12.com", "python3.12.cmd", "python3.12.bat"]),
        ];
        for (name, is_windows, names) in cases {
            assert_eq!(file_names(name, is_windows), names, "{name} on Windows: {is_windows}");
        }
    }
}
