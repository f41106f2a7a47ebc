//! Standard output and standard error, and the colours on them.

use super::args::Color;
use report::sanitize;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a command said, where that becomes one document.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What would have been on standard output.
    pub(super) text: String,
    /// What was on standard error besides how far it is.
    pub(super) notes: Vec<String>,
    /// Made of each part of the text at once, where the command does not end by itself.
    pub(super) at_once: Option<fn(&str) -> anyhow::Result<String>>,
}

/// What is kept back of standard output until the command has ended.
static SAID: Mutex<Option<Said>> = Mutex::new(None);

fn said() -> MutexGuard<'static, Option<Said>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is given the notes in place of standard error, while the whole terminal is drawn on.
static NOTED: Mutex<Option<Sender<String>>> = Mutex::new(None);

fn noted() -> MutexGuard<'static, Option<Sender<String>>> {
    NOTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The notes of the process as long as this lives; what nobody took of them is written to standard error then.
#[derive(Debug)]
pub(super) struct Notes(Receiver<String>);

impl Notes {
    /// Takes them from now on.
    pub(super) fn take() -> Self {
        let (sender, receiver) = channel();
        *noted() = Some(sender);
        Self(receiver)
    }

    /// The newest that came since; `None` where none comes for so long.
    pub(super) fn newest(&self, patience: Duration) -> Option<String> {
        let first = self.0.recv_timeout(patience).ok()?;
        Some(self.0.try_iter().last().unwrap_or(first))
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        *noted() = None;
        self.0.try_iter().for_each(|text| to_standard_error(&text));
    }
}

/// Keeps back from now on what is printed.
pub(super) fn keep_back(at_once: Option<fn(&str) -> anyhow::Result<String>>) {
    *said() = Some(Said { at_once, ..Said::default() });
}

/// What was kept back; from now on nothing is.
pub(super) fn kept_back() -> Said {
    said().take().unwrap_or_default()
}

/// Writes to standard output, unless that is kept back. A reader that has gone (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let at_once = match said().as_mut() {
        Some(Said { at_once: None, text: all, .. }) => {
            all.push_str(text);
            return Ok(());
        }
        Some(Said { at_once: Some(at_once), .. }) => Some(*at_once),
        None => None,
    };
    match at_once {
        Some(document) => write(&document(text)?),
        None => write(text),
    }
}

fn write(text: &str) -> anyhow::Result<()> {
    let orderless = is_read_for_orders().then(|| sanitize::orderless(text));
    let text = orderless.as_deref().unwrap_or(text);
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Writes to standard output what is there to be read: where it is a terminal that is too small for it, through the user's
/// pager, as git does.
pub(super) fn page(text: &str) -> anyhow::Result<()> {
    let is_long = || text.lines().count() >= usize::from(console::Term::stdout().size().0);
    let is_wanted = io::stdout().is_terminal() && io::stdin().is_terminal() && is_long();
    match pager().filter(|_| is_wanted) {
        Some(pager) if through(&pager, text).is_ok() => Ok(()),
        _ => print(text),
    }
}

/// The command of the user's pager; `None` where none is wanted.
pub(super) fn pager() -> Option<String> {
    let set = ["DEEP_REVIEW_PAGER", "PAGER"].into_iter().find_map(|name| std::env::var(name).ok());
    let pager = set.unwrap_or_else(|| "less".to_owned());
    (cfg!(unix) && !matches!(pager.trim(), "" | "cat")).then_some(pager)
}

/// # Errors
/// When the pager does not start: nothing was shown then.
fn through(pager: &str, text: &str) -> io::Result<()> {
    use std::process::{Command, Stdio};
    // A shell would start, and only then say that there is no such program.
    let program = pager.split_whitespace().next().unwrap_or_default();
    if !program.contains('=') && agent::detect::find_program(program).is_none() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Colours as they are; what fits is shown at once, and stays.
        command.env("LESS", "FRX");
    }
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Who has seen enough closes it.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().map(drop)
}

/// Whether standard output goes to a machine that builds, which takes some lines of it for orders, and not into a file.
fn is_read_for_orders() -> bool {
    let builds = ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"].iter().any(|name| std::env::var_os(name).is_some());
    builds && !is_file()
}

#[cfg(unix)]
fn is_file() -> bool {
    use std::os::fd::AsFd as _;
    let handle = io::stdout().as_fd().try_clone_to_owned();
    handle.and_then(|handle| std::fs::File::from(handle).metadata()).is_ok_and(|it| it.is_file())
}

#[cfg(not(unix))]
fn is_file() -> bool {
    false
}

/// Each value as JSON on a line of its own.
pub(super) fn json_lines<T: serde::Serialize>(values: &[T]) -> anyhow::Result<String> {
    let mut out = String::new();
    for value in values {
        out.push_str(&serde_json::to_string(value)?);
        out.push('\n');
    }
    Ok(out)
}

/// Writes a line to standard error, or into the [`Notes`] of whoever has the terminal, where nothing in it steers a terminal or a machine that builds: it may have words of a
/// repository or of an agent.
pub(super) fn note(text: &str) {
    let text = sanitize::orderless(&sanitize::printable(text));
    if let Some(said) = said().as_mut() {
        said.notes.push(text.clone());
    }
    if noted().as_ref().is_some_and(|notes| notes.send(text.clone()).is_ok()) {
        return;
    }
    to_standard_error(&text);
}

fn to_standard_error(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes an error with what caused it and what to do.
pub(super) fn error(error: &anyhow::Error) {
    let (what, remedy) = explained(error);
    note(&format!("deep-review: {what}"));
    if let Some(remedy) = remedy {
        note(&format!("  {remedy}"));
    }
}

/// An error with what caused it, and what to do.
pub(super) fn explained(error: &anyhow::Error) -> (String, Option<String>) {
    (told(error), error.chain().find_map(remedy))
}

/// As a document, for programs.
pub(super) fn document(value: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// The error and its causes; what a message has from its cause already is not said twice.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // git's library adds its numbers.
        let cause = cause.split("; class=").next().unwrap_or(&cause);
        if text.is_empty() {
            text.push_str(cause);
        } else if !text.contains(cause) {
            text.push_str(": ");
            text.push_str(cause);
        }
    }
    text
}

fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<ops::OpsError>() {
        return of_operation(error);
    }
    if let Some(error) = error.downcast_ref::<forge::ForgeError>() {
        return error.remedy();
    }
    match error.downcast_ref::<review::ReviewError>() {
        Some(error) => error.remedy(),
        None => error.downcast_ref::<git::GitError>()?.remedy(),
    }
}

/// What to type instead, or before.
fn of_operation(error: &ops::OpsError) -> Option<String> {
    use ops::OpsError::{
        ForeignPage, Forge, Git, NoEmail, NoRound, NotFetched, UnknownFinding, UnknownHead, UnknownRound,
    };
    match error {
        NoEmail => Some("'git config user.email YOU@EXAMPLE.ORG' sets it".into()),
        NoRound => Some("'deep-review review' runs one".into()),
        UnknownRound { .. } => Some("'deep-review rounds' lists them".into()),
        UnknownFinding { .. } => Some("'deep-review report' shows them".into()),
        ForeignPage { .. } => Some("add the repository as a remote, or say pr:N for one of this clone's".into()),
        NotFetched { .. } => Some("'git fetch' says whether the remote can be reached and may be read".into()),
        UnknownHead { .. } => Some("'git pull' or 'git push' first".into()),
        Forge(error) => error.remedy(),
        Git(error) => error.remedy(),
        _ => None,
    }
}

/// Writes the text to the file, or to standard output without one.
pub(super) fn to(file: Option<&Path>, text: &str) -> anyhow::Result<()> {
    use anyhow::Context as _;
    match file {
        None => print(text),
        Some(file) => std::fs::write(file, text).with_context(|| format!("failed to write {}", file.display())),
    }
}

/// Whether to use colours on standard output.
pub(super) fn colours(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    }
}

/// Columns of the terminal, or 100 where there is none.
pub(super) fn width() -> usize {
    match console::Term::stdout().size_checked() {
        Some((_, columns)) if io::stdout().is_terminal() => usize::from(columns),
        _ => 100,
    }
}
