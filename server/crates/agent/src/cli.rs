//! The agents that are command line programs: prompt in, events out.

use super::adapter::{CliAdapter, Run, Sign};
use super::completion::{Completion, Sent, finish, model_label, retry};
use super::process::{self, Program, Scratch};
use super::prompt::{self, Reader};
use super::recalled::{Asking, recalled};
use super::throttle::Caller;
use super::tools::served::{self, Server};
use super::{AgentSettings, Availability, Brief, Outcome, Preview, Question, Session, answer, detect, failure};
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::path::Path;

/// More of an answer is not shown while it is written, in bytes.
const MOST_READ_ALONG: usize = 64 << 10;

/// What the place of its copy is called where it is none.
const COPY: &str = "(checkout)";

/// A configured command line agent.
#[derive(Debug)]
pub(super) struct CliAgent {
    pub(super) name: AgentName,
    pub(super) settings: AgentSettings,
    pub(super) adapter: &'static CliAdapter,
}

impl CliAgent {
    fn executable(&self) -> Result<std::path::PathBuf, Failure> {
        let name = self.settings.command.first().map_or(self.adapter.executable, String::as_str);
        detect::find_program(name).ok_or_else(|| {
            Failure::new(FailureKind::NotInstalled, format!("there is no program '{name}'"))
                .with_remedy(self.adapter.login.install)
        })
    }

    /// One prompt, tried again where that may help.
    async fn prompt(
        &self,
        prompt: &str,
        schema: Value,
        (brief, checkout): (&Brief, &Path),
        session: &Session,
    ) -> Completion {
        let executable = match self.executable() {
            Ok(path) => path,
            Err(failure) => return Completion::failed(failure),
        };
        let caller = Caller::of(&self.settings, prompt);
        retry(self.settings.retries.unwrap_or(1), &caller, session, || async {
            let scratch = match Scratch::new() {
                Ok(scratch) => scratch,
                Err(failure) => return Completion::failed(failure),
            };
            let mut settings = self.settings.clone();
            settings.max_cost_usd =
                [settings.max_cost_usd, session.max_cost_usd].into_iter().flatten().reduce(f64::min);
            let history = match self.adapter.takes_tools.then(|| Server::of(brief, &scratch)).transpose() {
                Ok(server) => server.flatten(),
                Err(failure) => return Completion::failed(failure),
            };
            let run = Run {
                history: history.as_ref(),
                // Who may write in its folders gets no folder but the copy.
                beside: match brief.checkout.is_to_edit() {
                    true => Vec::new(),
                    false => brief.dependencies.iter().filter_map(|d| d.folder.to_str()).collect(),
                },
                settings: &settings,
                executable: &executable,
                prompt,
                schema: schema.clone(),
                checkout,
                scratch: &scratch,
                edits: brief.checkout.is_to_edit(),
                is_read_along: session.is_read_along,
            };
            let program = match (self.adapter.program)(&run) {
                Ok(program) => with_own_words(program, &self.settings.command),
                Err(failure) => return Completion::failed(failure),
            };
            let stop = session.cancel.child_token();
            let mut hopeless = None;
            let mut words = String::new();
            let ran = process::run(&program, self.settings.limits(), &scratch, &stop, |line| {
                match (self.adapter.sign)(line) {
                    Some(Sign::Doing(what)) => session.doing(what),
                    Some(Sign::Anew(what)) => {
                        words.clear();
                        session.doing(what);
                    }
                    Some(Sign::Words(more)) => {
                        if words.is_empty() {
                            session.doing("answering");
                        }
                        // What is longer than any answer is read at its end, and refused there.
                        if session.is_read_along && words.len() < MOST_READ_ALONG {
                            words.push_str(&more);
                            session.said(&words);
                        }
                    }
                    Some(Sign::Hopeless(failure)) => {
                        hopeless.get_or_insert(failure);
                        stop.cancel();
                    }
                    None => {}
                }
            })
            .await;
            let mut said = (self.adapter.read)(&ran.end, &ran.stdout, &ran.stderr);
            if let (Some(failure), false) = (hopeless, session.cancel.is_cancelled()) {
                said.failure = Some(failure);
            }
            self.with_remedy(said)
        })
        .await
    }

    fn with_remedy(&self, mut said: Completion) -> Completion {
        if let Some(failure) = &mut said.failure {
            let login = &self.adapter.login;
            let remedy = match failure.kind {
                FailureKind::NotLoggedIn => Some(login.remedy),
                FailureKind::NotInstalled => Some(login.install),
                kind => failure::remedy(kind),
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
        let prompt = match prompt::review(brief, self.reader(brief, checkout.to_str())) {
            Ok(prompt) => prompt,
            Err(failure) => return Outcome::failed(failure),
        };
        session.doing("started");
        // Where the copy is, is another place on each machine.
        let elsewhere = || prompt::review(brief, self.reader(brief, Some(COPY))).ok().map(|prompt| prompt.text);
        let identity = self.settings.identity();
        let asking = Asking { agent: &self.name, identity: &identity, brief, prompt: &elsewhere, reads_on: true };
        let ask = || self.prompt(&prompt.text, answer::review_schema(), (brief, checkout), session);
        let said = recalled(session, asking, ask).await;
        let ask =
            |text: String| async move { self.prompt(&text, answer::review_schema(), (brief, checkout), session).await };
        let sent = Sent { agent: &self.name, brief, prompt: &prompt, room: self.room(), reads_on: true };
        finish(sent, said, ask).await
    }

    fn reader<'a>(&'a self, brief: &Brief, checkout: Option<&'a str>) -> Reader<'a> {
        let tools = if self.adapter.takes_tools { served::told(brief) } else { "" };
        Reader {
            checkout,
            tools,
            room: self.room(),
            lens: self.settings.lens.as_deref(),
            notes: self.adapter.notes,
            has_schema: self.adapter.takes_schema,
        }
    }

    fn room(&self) -> usize {
        // Four bytes a token is what code comes to; half the context is left for reading and thinking.
        self.settings
            .context_tokens
            .map_or(self.adapter.room, |t| (t as usize).saturating_mul(2))
            .min(self.adapter.room)
    }
}

/// Adds what the user's `command` has besides the program: the words before the first option complete the command
/// (`npx codex`) and come first, options come last, but before the `-` that stands for standard input.
fn with_own_words(mut program: Program, command: &[String]) -> Program {
    let own = command.get(1..).unwrap_or_default();
    let (words, options) = own.split_at(own.iter().take_while(|w| !w.starts_with('-')).count());
    let at = program.args.len() - usize::from(program.args.last().is_some_and(|last| last == "-"));
    program.args.splice(at..at, options.iter().cloned());
    program.args.splice(0..0, words.iter().cloned());
    program
}

impl super::Agent for CliAgent {
    fn info(&self) -> AgentInfo {
        let model = self.settings.model.as_deref().map(model_label);
        let label = self.settings.label.clone().or(model).unwrap_or_else(|| self.adapter.label.to_owned());
        AgentInfo { name: self.name.clone(), label, kind: self.adapter.kind }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async move {
            match self.executable() {
                // Nobody knows what an unknown program does with `--version`.
                Ok(path) if self.adapter.kind == AgentKind::Command => Availability::Usable(path.display().to_string()),
                Ok(path) => detect::ask(&path, &self.adapter.login, &self.settings).await,
                Err(failure) => Availability::Unusable(failure),
            }
        })
    }

    fn preview(&self, brief: &Brief) -> Option<Result<Preview, Failure>> {
        let prompt = prompt::review(brief, self.reader(brief, Some(COPY)));
        let to = self.settings.command.first().map_or(self.adapter.executable, String::as_str);
        Some(prompt.map(|p| Preview::of(p, format!("the program {to}"), true)))
    }

    fn price(&self) -> Option<(f64, f64)> {
        self.settings.price
    }

    fn form(&self) -> prompt::Form {
        prompt::Form { reads_on: true, has_schema: self.adapter.takes_schema }
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
            match prompt::question(brief, question, self.reader(brief, checkout.to_str())) {
                Ok(text) => self.prompt(&text, question.schema.clone(), (brief, checkout), session).await,
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

#[cfg(test)]
mod outcomes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_user_are_kept_where_the_program_takes_them() {
        let args = |own: &[&str], ours: &[&str]| {
            let program = Program {
                path: "p".into(),
                args: ours.iter().map(ToString::to_string).collect(),
                environment: process::Environment::default(),
                folder: None,
                input: String::new(),
            };
            let command: Vec<String> = own.iter().map(ToString::to_string).collect();
            with_own_words(program, &command).args.join(" ")
        };
        assert_eq!(args(&["codex"], &["exec", "-"]), "exec -");
        assert_eq!(args(&["codex", "-c", "a=b"], &["exec", "-"]), "exec -c a=b -");
        assert_eq!(args(&["npx", "codex", "--oss"], &["exec", "-"]), "codex exec --oss -");
        assert_eq!(args(&["claude", "--effort", "max"], &["-p"]), "-p --effort max");
        assert_eq!(args(&[], &["-p"]), "-p");
    }
}
