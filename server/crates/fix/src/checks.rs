//! The user's own checks, run in a copy without and with a fix: what fails with it must have failed without it.

use super::format;
use super::place::Change;
use agent::Texts;
use agent::process::{self, End, Environment, Limits, Program, Scratch};
use finding::{FailureKind, RepoPath};
use git::Snapshot;
use git::checkout::{self, Checkout};
use globset::GlobSet;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What of a check's output is kept, in bytes: its end.
const KEPT: usize = 2000;
/// More output than that ends a check, in bytes.
const MOST_OUTPUT: u64 = 16 << 20;

/// Longest time for a formatter.
const FORMATTING: Duration = Duration::from_secs(60);

/// The checks of a user's configuration.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// Shell commands by the files that they are for, in order.
    by_path: Vec<(GlobSet, String)>,
    /// For all other files.
    default: Option<String>,
    limit: Duration,
    pass_env: Vec<String>,
}

/// A pattern of files that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' in fix.checks is not a pattern")]
pub struct BadPattern(pub String);

impl Checks {
    /// None, with this limit for each run, and these variables of our environment.
    #[must_use]
    pub fn new(limit: Duration, pass_env: Vec<String>) -> Self {
        Self { limit, pass_env, ..Self::default() }
    }

    /// One command for all files, with a limit of ten minutes.
    #[must_use]
    pub fn of_all(command: impl Into<String>) -> Self {
        Self::new(Duration::from_secs(600), Vec::new()).with_default(command)
    }

    /// The same with a command for files that no pattern matches.
    #[must_use]
    pub fn with_default(self, command: impl Into<String>) -> Self {
        Self { default: Some(command.into()).filter(|c| !c.trim().is_empty()), ..self }
    }

    /// The same with a command for the files that are [matching](agent::matching()) `patterns`.
    ///
    /// # Errors
    /// A pattern that cannot be read.
    pub fn with(mut self, patterns: &[String], command: impl Into<String>) -> Result<Self, BadPattern> {
        let set = agent::matching(patterns).map_err(BadPattern)?;
        self.by_path.push((set, command.into()));
        Ok(self)
    }

    /// The commands for these files, each once.
    pub(super) fn of<'p>(&self, paths: impl IntoIterator<Item = &'p RepoPath>) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        for path in paths {
            let mut own = self.by_path.iter().filter(|(set, _)| set.is_match(path.as_str())).map(|(_, c)| c).peekable();
            let others = if own.peek().is_none() { self.default.as_ref() } else { None };
            for command in own.chain(others) {
                if !commands.contains(command) {
                    commands.push(command.clone());
                }
            }
        }
        commands
    }

    /// Whether a command runs the file, or is told what to do by it. One that only looks at it does not.
    pub(super) fn run(&self, path: &RepoPath) -> bool {
        let mut commands = self.by_path.iter().map(|(_, command)| command).chain(&self.default);
        commands.any(|command| runs(command, path.as_str()))
    }
}

/// Whether the file is a program of the command, or what an interpreter is given.
fn runs(command: &str, file: &str) -> bool {
    const TAKES_A_SCRIPT: &[&str] = &[
        "sh", "bash", "dash", "zsh", "fish", "pwsh", "python", "python3", "node", "deno", "bun", "ruby", "perl", "php",
        "source", ".", "exec", "time", "env", "nice", "timeout", "xargs", "npx",
    ];
    // A file that says what is done; to `test` it is a question.
    const TAKES_A_FILE: &[&str] = &["-f", "--file", "--config", "-c"];
    const ONLY_LOOKS: &[&str] = &["test", "[", "[[", "grep"];
    const BEGINS_A_COMMAND: &[&str] = &["&&", "||", "|", ";", "&", "(", "{", "!", "then", "do", "else"];
    let spaced: String =
        command.chars().flat_map(|c| if ";()".contains(c) { vec![' ', c, ' '] } else { vec![c] }).collect();
    let (mut program, mut before) = (String::new(), ";".to_owned());
    for word in spaced.split_whitespace() {
        let plain = word.trim_matches(['"', '\'']);
        let name = before.rsplit('/').next().unwrap_or_default();
        let begins = BEGINS_A_COMMAND.contains(&name);
        if begins {
            plain.clone_into(&mut program);
        }
        let is_told = TAKES_A_FILE.contains(&name) && !ONLY_LOOKS.contains(&program.as_str());
        let is_run = begins || TAKES_A_SCRIPT.contains(&name) || is_told;
        if is_run && plain.trim_start_matches("./") == file {
            return true;
        }
        before = plain.to_owned();
    }
    false
}

/// What is shown by running a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It passes with the fix.
    Passes,
    /// It fails with the fix, and says nothing that it does not say without it.
    FailsAsBefore,
}

/// Why nothing is shown, or the contrary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotShown {
    /// In words that follow the command.
    pub(super) why: String,
    /// Whether another fix may do better.
    pub(super) is_the_fix_s: bool,
}

fn not_ours(why: impl Into<String>) -> NotShown {
    NotShown { why: why.into(), is_the_fix_s: false }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ran {
    passes: bool,
    output: String,
}

/// A copy of the repository, whole and with its secrets, that nobody but the user's own checks ever sees.
#[derive(Debug)]
pub(super) struct ProofCopy {
    /// Removed before the folder that it is in.
    checkout: Checkout,
    _scratch: Scratch,
    /// What came of checks without the fix at hand.
    before: BTreeMap<String, Ran>,
}

impl ProofCopy {
    /// Makes one. Blocks.
    pub(super) fn make(snapshot: &Snapshot, texts: &Texts, cancel: &CancellationToken) -> Result<Self, NotShown> {
        let failed = |why: String| not_ours(format!("cannot be run: no copy of the repository could be made ({why})"));
        let scratch = Scratch::new().map_err(|f| failed(f.to_string()))?;
        let checkout = checkout::materialise(snapshot, &scratch.path().join("repository"), cancel);
        let checkout = checkout.map_err(|e| failed(e.to_string()))?;
        checkout.open_to_writing();
        let copy = Self { checkout, _scratch: scratch, before: BTreeMap::new() };
        copy.write(texts.iter().map(|(path, text)| (path, text.as_deref()))).map_err(|e| failed(e.to_string()))?;
        Ok(copy)
    }

    /// Takes a change in for good: what comes after is compared with it.
    pub(super) fn accept(&mut self, change: &Change) -> std::io::Result<()> {
        self.before.clear();
        self.write(change.files.iter().map(|(path, (_, after))| (path, after.as_deref())))
    }

    /// Runs a check without and with a change. The copy is without it afterwards.
    pub(super) async fn compare(
        &mut self,
        command: &str,
        change: &Change,
        checks: &Checks,
        cancel: &CancellationToken,
    ) -> Result<Shown, NotShown> {
        let failed = |e: std::io::Error| not_ours(format!("cannot be run: {e}"));
        let side = |after: bool| {
            let all = change.files.iter();
            let text = |was: &Option<Arc<str>>, is: &Option<Arc<str>>| if after { is.clone() } else { was.clone() };
            all.map(|(path, (was, is))| (path.clone(), text(was, is))).collect::<Texts>()
        };
        let (was, is) = (side(false), side(true));
        let before = match self.before.get(command) {
            Some(ran) => ran.clone(),
            None => {
                self.write_all(&was).map_err(failed)?;
                let ran = self.run(command, checks, cancel).await?;
                self.before.insert(command.to_owned(), ran.clone());
                ran
            }
        };
        self.write_all(&is).map_err(failed)?;
        let after = self.run(command, checks, cancel).await;
        let unchanged = self.has(&is);
        self.write_all(&was).map_err(failed)?;
        let after = after?;
        if let Err(path) = unchanged {
            return Err(not_ours(format!("changes {path} itself; give one that only looks")));
        }
        match (before.passes, after.passes) {
            (_, true) => Ok(Shown::Passes),
            (true, false) => Err(NotShown { why: fails(&after.output), is_the_fix_s: true }),
            (false, false) => match new_complaint(&before.output, &after.output) {
                Some(line) => {
                    Err(NotShown { why: format!("failed before, and fails anew with it: {line}"), is_the_fix_s: true })
                }
                None => Ok(Shown::FailsAsBefore),
            },
        }
    }

    async fn run(&self, command: &str, checks: &Checks, cancel: &CancellationToken) -> Result<Ran, NotShown> {
        let scratch = Scratch::new().map_err(|f| not_ours(format!("cannot be run: {f}")))?;
        let environment = checks.pass_env.iter().fold(Environment::base(), |all, name| all.pass(name));
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let program = Program {
            path: shell.into(),
            args: vec![flag.to_owned(), command.to_owned()],
            environment,
            folder: Some(self.checkout.path().to_owned()),
            input: String::new(),
        };
        let limits = Limits { idle: checks.limit, total: checks.limit, output: MOST_OUTPUT, ..Limits::default() };
        let ran = process::run(&program, limits, &scratch, cancel, |_| {}).await;
        let output = [ran.stdout, ran.stderr].concat();
        match ran.end {
            End::Exited(code) => Ok(Ran { passes: code == 0, output }),
            End::Signalled(signal) => Err(not_ours(format!("was killed by signal {signal}"))),
            End::Failed(failure) => {
                let why = match failure.kind {
                    FailureKind::TimedOut => format!("was not done after {} s", checks.limit.as_secs()),
                    FailureKind::Cancelled => "was cancelled".to_owned(),
                    _ => format!("cannot be run: {failure}"),
                };
                Err(NotShown { why, is_the_fix_s: false })
            }
        }
    }

    /// A file's text after a change, as its formatter has it, where it has the text before as it is, or there is none.
    ///
    /// # Errors
    /// Why the style is not kept, in words that stand by themselves.
    pub(super) async fn formatted(
        &self,
        call: &format::Call,
        path: &RepoPath,
        (before, after): (Option<&str>, &str),
        checks: &Checks,
        cancel: &CancellationToken,
    ) -> Result<String, String> {
        if let Some(before) = before
            && self.format(call, path, before, checks, cancel).await? != before
        {
            return Err(format!("{path} was not as {} formats it", call.name));
        }
        self.format(call, path, after, checks, cancel).await
    }

    async fn format(
        &self,
        call: &format::Call,
        path: &RepoPath,
        text: &str,
        checks: &Checks,
        cancel: &CancellationToken,
    ) -> Result<String, String> {
        let name = call.name;
        let scratch = Scratch::new().map_err(|f| format!("{name} cannot be run: {f}"))?;
        let file = self.place(path);
        let program = Program {
            path: call.program.clone(),
            args: call.args(&file),
            environment: checks.pass_env.iter().fold(Environment::base(), |all, name| all.pass(name)),
            // Some look for their configuration where they work.
            folder: file.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned),
            input: text.to_owned(),
        };
        let limits = Limits { idle: FORMATTING, total: FORMATTING, output: MOST_OUTPUT, ..Limits::default() };
        let ran = process::run(&program, limits, &scratch, cancel, |_| {}).await;
        match ran.end {
            End::Exited(0) if !ran.stdout.is_empty() || text.is_empty() => Ok(ran.stdout),
            End::Failed(failure) if failure.kind == FailureKind::TimedOut => {
                Err(format!("{name} was not done after {} s", FORMATTING.as_secs()))
            }
            _ => Err(format!("{name} cannot format {path}")),
        }
    }

    fn write_all(&self, texts: &Texts) -> std::io::Result<()> {
        self.write(texts.iter().map(|(path, text)| (path, text.as_deref())))
    }

    fn write<'t>(&self, texts: impl Iterator<Item = (&'t RepoPath, Option<&'t str>)>) -> std::io::Result<()> {
        for (path, text) in texts {
            replace(&self.place(path), text)?;
        }
        Ok(())
    }

    fn place(&self, path: &RepoPath) -> PathBuf {
        self.checkout.path().join(path.as_str())
    }

    /// Whether these are the texts in it; else the first that is not.
    fn has(&self, texts: &Texts) -> Result<(), RepoPath> {
        let is_so = |(path, text): &(&RepoPath, &Option<Arc<str>>)| {
            let place = self.place(path);
            match text {
                // What the checks put in its place is neither followed nor waited for.
                Some(text) => git::read_file(&place, text.len() as u64).is_some_and(|there| there == text.as_bytes()),
                None => fs::symlink_metadata(&place).is_err(),
            }
        };
        texts.iter().find(|entry| !is_so(entry)).map_or(Ok(()), |(path, _)| Err(path.clone()))
    }
}

/// Puts a new file in place of the one that is there, which may be read only, with its permissions.
fn replace(file: &Path, text: Option<&str>) -> std::io::Result<()> {
    let permissions = fs::symlink_metadata(file).ok().filter(|m| m.is_file()).map(|m| m.permissions());
    match fs::remove_file(file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let Some(text) = text else { return Ok(()) };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)?;
    permissions.map_or(Ok(()), |permissions| fs::set_permissions(file, permissions))
}

/// "fails: …", with the last that it said.
fn fails(output: &str) -> String {
    let said = last_of(output);
    if said.is_empty() { "fails".to_owned() } else { format!("fails:\n{said}") }
}

/// The end of what was said, as inert text.
fn last_of(output: &str) -> String {
    let text: String = output.chars().filter(|c| agent::answer::keep(*c)).collect();
    let text = text.trim_end();
    let start = text.ceil_char_boundary(text.len().saturating_sub(KEPT));
    let start = if start == 0 { 0 } else { text[start..].find('\n').map_or(start, |at| start + at + 1) };
    text[start..].to_owned()
}

/// The first line that complains and that was not there before, whatever numbers are in it.
fn new_complaint(before: &str, after: &str) -> Option<String> {
    let plain = |line: &str| -> String { line.trim().to_lowercase().chars().filter(|c| !c.is_ascii_digit()).collect() };
    let complains =
        |line: &String| ["error", "fail", "panic", "fatal", "exception", "warning"].iter().any(|w| line.contains(w));
    let known: BTreeSet<String> = before.lines().map(plain).collect();
    let new = after.lines().find(|line| Some(plain(line)).filter(complains).is_some_and(|line| !known.contains(&line)));
    new.map(|line| last_of(line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_for_the_files_that_it_is_for() {
        let strings = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let checks = Checks::of_all("make").with(&strings(&["*.py"]), "pytest").unwrap();
        let checks = checks.with(&strings(&["/web"]), "npm test").unwrap();
        let of = |paths: &[&str]| {
            let paths: Vec<RepoPath> = paths.iter().map(|p| RepoPath::new(*p).unwrap()).collect();
            checks.of(&paths)
        };
        assert_eq!(of(&["a.rs", "b.rs"]), ["make"]);
        assert_eq!(of(&["x/a.py"]), ["pytest"]);
        assert_eq!(of(&["web/a.py"]), ["pytest", "npm test"]);
        assert_eq!(of(&["x/web/a.js", "a.py"]), ["make", "pytest"]);
        assert_eq!(Checks::default().of(&[RepoPath::new("a").unwrap()]), Vec::<String>::new());
        assert_eq!(Checks::default().with(&strings(&["[a"]), "x").unwrap_err(), BadPattern("[a".into()));
    }

    #[test]
    fn what_a_check_runs_is_told_from_what_it_looks_at() {
        for (command, is_run) in [
            ("ci/check.sh", true),
            ("./ci/check.sh --all", true),
            ("cargo build && sh ci/check.sh", true),
            ("cd x; ./ci/check.sh; true", true),
            ("(bash 'ci/check.sh')", true),
            ("/usr/bin/env python3 ci/check.sh", true),
            ("make -f ci/check.sh", true),
            ("grep -q x ci/check.sh", false),
            ("shellcheck ci/check.sh", false),
            ("test -f ci/check.sh && true", false),
            ("ci/check.sh.bak", false),
        ] {
            assert_eq!(runs(command, "ci/check.sh"), is_run, "{command}");
        }
    }

    #[test]
    fn what_a_check_says_anew_is_told_from_what_it_said_before() {
        let before = "a.rs:10: error: x\n1 test failed in 0.31 s\n";
        for (after, new) in [
            (before, None),
            ("a.rs:14: error: x\n1 test failed in 0.52 s\n", None),
            ("all is well\na.rs:14: error: x\n", None),
            ("a.rs:14: error: x\nb.rs:3: error: y\n", Some("b.rs:3: error: y")),
            ("thread 'main' panicked\n", Some("thread 'main' panicked")),
        ] {
            assert_eq!(new_complaint(before, after).as_deref(), new, "{after}");
        }
        assert_eq!(fails(""), "fails");
        let long = format!("{}\nthe end\u{1b}[0m", "x\n".repeat(5000));
        assert!(last_of(&long).len() <= KEPT && last_of(&long).ends_with("the end[0m"));
    }
}
