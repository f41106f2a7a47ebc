//! What the command line agents have in common: prompt in, events out, one more try where that may help.

use super::process::{self, End, Program, Scratch};
use super::prompt::{self, Prompt, Reader};
use super::{AgentSettings, Availability, Brief, Outcome, Preview, Question, Session, answer, detect, failure};
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind, Usage};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// What one run of a program, or one call of a server, said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completion {
    /// The answer where it came as a value.
    pub value: Option<Value>,
    /// The answer's text.
    pub text: String,
    /// Why it is no answer or not the whole of it.
    pub failure: Option<Failure>,
    /// What it used.
    pub usage: Usage,
    /// The model, by the vendor's name.
    pub model: Option<String>,
    /// How long to wait before the next try, where the vendor said so.
    pub wait: Option<Duration>,
}

impl Completion {
    /// Nothing but a failure.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }

    /// Reads the answer. A failure of the run and a loss in the answer are told both by the first of them.
    #[must_use]
    pub fn into_outcome(self, agent: &AgentName) -> Outcome {
        let label = self.model.as_deref().map(model_label);
        let read = match &self.value {
            Some(value) => answer::from_value(value, agent),
            None => answer::from_text(&self.text, agent),
        };
        let (answer, failure) = match (read, self.failure) {
            (Ok(parsed), run) => (parsed.answer, run.or(parsed.loss)),
            (Err(_), Some(run)) => (answer::Parsed::default().answer, Some(run)),
            // Some write a review in Markdown whatever they are asked for. Without findings it is no answer: a
            // review that says nothing is never taken for a clean one.
            (Err(unreadable), None) => match import::prose::read_answer(&self.text, agent) {
                mut read if !read.findings.is_empty() => {
                    read.notes.push("it answered in Markdown instead of the form asked for".into());
                    (read, None)
                }
                _ => (answer::Parsed::default().answer, Some(unreadable)),
            },
        };
        Outcome { answer, failure, usage: self.usage, label, prompt: None }
    }
}

/// "claude-opus-4-6-20260115" → "Claude Opus 4.6", "gpt-5.4" → "GPT 5.4"; other names as they are.
pub(super) fn model_label(model: &str) -> String {
    let model: String = model.chars().filter(|c| answer::keep(*c) && *c != '\n').take(80).collect();
    let name = model.rsplit('/').next().unwrap_or(&model);
    if !["claude-", "gpt-", "gemini-"].iter().any(|p| name.starts_with(p)) {
        return model;
    }
    let mut words: Vec<String> = Vec::new();
    for part in name.split('-') {
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        match words.last_mut() {
            // A date says nothing to people.
            _ if is_number && part.len() >= 6 => {}
            Some(last) if is_number && last.bytes().all(|b| b.is_ascii_digit()) => {
                last.push('.');
                last.push_str(part);
            }
            _ if part == "gpt" => words.push("GPT".into()),
            _ => {
                let mut chars = part.chars();
                words.push(chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect());
            }
        }
    }
    words.join(" ")
}

/// What a line of output says while the program runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sign {
    /// What it is doing now.
    Doing(String),
    /// It goes on, but nothing will come of it.
    Hopeless(Failure),
}

/// One command line agent.
pub(super) trait Dialect: std::fmt::Debug + Send + Sync {
    /// The executable's usual name.
    fn executable(&self) -> &'static str;
    /// The label where neither the user nor the program says better.
    fn label(&self) -> &'static str;
    /// What sort of agent it is.
    fn kind(&self) -> AgentKind {
        AgentKind::Cli
    }
    /// How to run it on a prompt; may write files into scratch.
    fn program(&self, run: &Run<'_>) -> Result<Program, Failure>;
    /// What a line of output tells.
    fn sign(&self, line: &str) -> Option<Sign>;
    /// What came of it.
    fn read(&self, end: &End, stdout: &str, stderr: &str) -> Completion;
    /// How to find out whether somebody is logged in, and what to do if not.
    fn login(&self) -> Login;
    /// Most bytes of input.
    fn room(&self) -> usize;
}

/// How a program tells whether it is logged in.
#[derive(Debug)]
pub(super) struct Login {
    /// Arguments of the command that exits with 0 if so; none where there is no such command.
    pub(super) check: &'static [&'static str],
    /// Variables that make up for it when they are passed on.
    pub(super) variables: &'static [&'static str],
    /// What the user can do.
    pub(super) remedy: &'static str,
    /// How to install it.
    pub(super) install: &'static str,
}

/// One run to be prepared.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) settings: &'a AgentSettings,
    pub(super) executable: &'a Path,
    pub(super) prompt: String,
    pub(super) schema: Value,
    pub(super) checkout: &'a Path,
    pub(super) scratch: &'a Scratch,
}

/// A configured command line agent.
#[derive(Debug)]
pub(super) struct CliAgent {
    pub(super) name: AgentName,
    pub(super) settings: AgentSettings,
    pub(super) dialect: Box<dyn Dialect>,
}

impl CliAgent {
    fn executable(&self) -> Result<std::path::PathBuf, Failure> {
        let name = self.settings.command.first().map_or(self.dialect.executable(), String::as_str);
        detect::find_program(name).ok_or_else(|| {
            Failure::new(FailureKind::NotInstalled, format!("there is no program '{name}'"))
                .with_remedy(self.dialect.login().install)
        })
    }

    /// One prompt, tried again where that may help.
    async fn prompt(&self, prompt: String, schema: Value, checkout: &Path, session: &Session) -> Completion {
        let executable = match self.executable() {
            Ok(path) => path,
            Err(failure) => return Completion::failed(failure),
        };
        retry(self.settings.retries.unwrap_or(1), session, || async {
            let scratch = match Scratch::new() {
                Ok(scratch) => scratch,
                Err(failure) => return Completion::failed(failure),
            };
            let mut settings = self.settings.clone();
            settings.max_cost_usd =
                [settings.max_cost_usd, session.max_cost_usd].into_iter().flatten().reduce(f64::min);
            let run = Run {
                settings: &settings,
                executable: &executable,
                prompt: prompt.clone(),
                schema: schema.clone(),
                checkout,
                scratch: &scratch,
            };
            let program = match self.dialect.program(&run) {
                Ok(program) => program,
                Err(failure) => return Completion::failed(failure),
            };
            let stop = session.cancel.child_token();
            let mut hopeless = None;
            let ran =
                process::run(&program, self.settings.limits(), &scratch, &stop, |line| match self.dialect.sign(line) {
                    Some(Sign::Doing(what)) => session.doing(what),
                    Some(Sign::Hopeless(failure)) => {
                        hopeless.get_or_insert(failure);
                        stop.cancel();
                    }
                    None => {}
                })
                .await;
            let mut said = self.dialect.read(&ran.end, &ran.stdout, &ran.stderr);
            if let (Some(failure), false) = (hopeless, session.cancel.is_cancelled()) {
                said.failure = Some(failure);
            }
            self.with_remedy(said)
        })
        .await
    }

    fn with_remedy(&self, mut said: Completion) -> Completion {
        if let Some(failure) = &mut said.failure {
            let login = self.dialect.login();
            let remedy = match failure.kind {
                FailureKind::NotLoggedIn => Some(login.remedy),
                FailureKind::NotInstalled => Some(login.install),
                FailureKind::Unreachable => Some("check the network and the proxy settings, then review again"),
                FailureKind::RateLimited => Some("wait until the limit is reset, or use another agent"),
                _ => None,
            };
            if failure.remedy.is_none() {
                failure.remedy = remedy.map(Into::into);
            }
        }
        said
    }

    async fn review_all(&self, brief: &Brief, session: &Session) -> Outcome {
        session.doing("making a checkout of the snapshot");
        let checkout = match brief.checkout.folder(&brief.snapshot, &brief.sending).await {
            Ok(folder) => folder,
            Err(failure) => return Outcome::failed(failure),
        };
        let reader = Reader { checkout: checkout.to_str(), room: self.room() };
        let prompt = match prompt::review(brief, reader) {
            Ok(prompt) => prompt,
            Err(failure) => return Outcome::failed(failure),
        };
        let Prompt { text, version, not_shown, .. } = prompt;
        session.doing("started");
        let said = self.prompt(text, answer::review_schema(), checkout, session).await;
        let ask = |text| self.prompt(text, answer::review_schema(), checkout, session);
        finish(&self.name, brief, said, version, &not_shown, self.room(), ask).await
    }

    fn room(&self) -> usize {
        // Four bytes a token is what code comes to; half the context is left for reading and thinking.
        self.settings
            .context_tokens
            .map_or(self.dialect.room(), |t| (t as usize).saturating_mul(2))
            .min(self.dialect.room())
    }
}

/// Makes the outcome of what was said: one repair prompt at most, masks turned back, losses noted.
pub(super) async fn finish<F: Future<Output = Completion>>(
    agent: &AgentName,
    brief: &Brief,
    said: Completion,
    version: String,
    not_shown: &[String],
    room: usize,
    ask: impl FnOnce(String) -> F,
) -> Outcome {
    let text = said.text.clone();
    let mut outcome = said.into_outcome(agent);
    let unreadable = outcome.failure.as_ref().is_some_and(|f| f.kind == FailureKind::BadOutput);
    if unreadable
        && outcome.answer.findings.is_empty()
        && !text.trim().is_empty()
        && let Ok(repair) = prompt::repair(&brief.templates, &text, room)
    {
        let before = outcome.usage;
        let repaired = ask(repair).await.into_outcome(agent);
        if repaired.failure.is_none() {
            outcome = repaired;
            outcome.answer.notes.push("its answer had to be asked for again in the right form".into());
        } else {
            outcome.usage = repaired.usage;
        }
        outcome.usage = before.plus(outcome.usage);
    }
    brief.sending.reveal(&mut outcome.answer);
    if !not_shown.is_empty() {
        let parts = if not_shown.len() == 1 { "1 file" } else { &format!("{} files", not_shown.len()) };
        outcome.answer.notes.push(format!("the diff did not fit: {parts} in part or not at all in its prompt"));
    }
    outcome.prompt = Some(version);
    outcome
}

/// Tries again where the failure may pass, after the wait that the vendor asks for or one of ours.
pub(super) async fn retry<F: Future<Output = Completion>>(
    retries: u32,
    session: &Session,
    mut once: impl FnMut() -> F,
) -> Completion {
    let mut usage = Usage::default();
    let mut tries = 0;
    loop {
        let mut said = once().await;
        usage = usage.plus(said.usage);
        said.usage = usage;
        let again = said.failure.as_ref().filter(|f| failure::may_pass(f.kind));
        let Some(failure) = again.filter(|_| tries < retries && !session.cancel.is_cancelled()) else { return said };
        let wait = pause(tries, said.wait);
        // Nobody waits for an hour in front of an editor.
        if wait > Duration::from_secs(120) {
            return said;
        }
        session.doing(format!("{failure}; trying again in {} s", wait.as_secs().max(1)));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = session.cancel.cancelled() => return said,
        }
        tries += 1;
    }
}

/// As told, else 1 s, 2 s, 4 s …; up to a quarter more, so that agents do not come back all at once.
fn pause(tries: u32, told: Option<Duration>) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let base = told.unwrap_or_else(|| Duration::from_secs(1 << tries.min(6)));
    let jitter = RandomState::new().hash_one(tries) % 256;
    base + base.mul_f64(jitter as f64 / 1024.0)
}

impl super::Agent for CliAgent {
    fn info(&self) -> AgentInfo {
        let model = self.settings.model.as_deref().map(model_label);
        let label = self.settings.label.clone().or(model).unwrap_or_else(|| self.dialect.label().to_owned());
        AgentInfo { name: self.name.clone(), label, kind: self.dialect.kind() }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async move {
            match self.executable() {
                // Nobody knows what an unknown program does with `--version`.
                Ok(path) if self.dialect.kind() == AgentKind::Command => {
                    Availability::Usable(path.display().to_string())
                }
                Ok(path) => detect::ask(&path, &self.dialect.login(), &self.settings).await,
                Err(failure) => Availability::Unusable(failure),
            }
        })
    }

    fn preview(&self, brief: &Brief) -> Option<Result<Preview, Failure>> {
        let prompt = prompt::review(brief, Reader { checkout: Some("(checkout)"), room: self.room() });
        let to = self.settings.command.first().map_or(self.dialect.executable(), String::as_str);
        Some(prompt.map(|p| Preview::of(p, format!("the program {to}"), true)))
    }

    fn price(&self) -> Option<(f64, f64)> {
        self.settings.price
    }

    fn answers(&self) -> bool {
        true
    }

    fn identity(&self) -> Option<String> {
        Some(self.settings.identity())
    }

    fn ask<'a>(&'a self, brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        Box::pin(async move {
            let checkout = match brief.checkout.folder(&brief.snapshot, &brief.sending).await {
                Ok(folder) => folder,
                Err(failure) => return Completion::failed(failure),
            };
            match prompt::question(brief, question, Reader { checkout: checkout.to_str(), room: self.room() }) {
                Ok(text) => self.prompt(text, question.schema.clone(), checkout, session).await,
                Err(failure) => Completion::failed(failure),
            }
        })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = self.review_all(brief, session).await;
            if self.settings.label.is_some() {
                outcome.label = None;
            }
            outcome
        })
    }
}

/// The JSON objects of a stream of events, one a line; other lines are skipped.
pub(super) fn events(stdout: &str) -> impl DoubleEndedIterator<Item = Value> + '_ {
    stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok().filter(Value::is_object))
}

/// How a run without a final event failed.
pub(super) fn unfinished(end: &End, stderr: &str) -> Failure {
    match end {
        End::Failed(failure) => failure.clone(),
        End::Signalled(signal) => Failure::new(FailureKind::Crashed, format!("it was killed by signal {signal}")),
        End::Exited(0) => Failure::new(FailureKind::BadOutput, "its output ended before its answer"),
        End::Exited(code) => failure::of_exit(*code, stderr),
    }
}

/// A file's last part of a name for progress: "src/a/b.rs" of an absolute path in the checkout.
pub(super) fn shown_path(path: &str) -> String {
    let inside = path.split_once("/repository/").map_or(path, |(_, inside)| inside);
    inside.chars().filter(|c| answer::keep(*c) && *c != '\n').take(100).collect()
}

#[cfg(test)]
mod outcomes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_shown_by_their_names() {
        let table = [
            ("claude-opus-4-6-20260115", "Claude Opus 4.6"),
            ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
            ("gpt-5.4", "GPT 5.4"),
            ("gemini-3.1-pro", "Gemini 3.1 Pro"),
            ("openai/gpt-5.4", "GPT 5.4"),
            ("qwen2.5-coder:7b", "qwen2.5-coder:7b"),
            ("claude-", "Claude "),
            ("évil\u{1b}[0m", "évil[0m"),
            ("claude-évil", "Claude évil"),
        ];
        for (model, label) in table {
            assert_eq!(model_label(model), label);
        }
    }
}
