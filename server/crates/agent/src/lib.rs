//! Agents: everybody who reviews, behind one trait; one file an adapter.

mod acp;
mod adapter;
pub mod answer;
pub mod builtin;
mod checkout;
pub mod claude;
mod cli;
pub mod codex;
mod command;
mod completion;
mod configured;
pub mod dependencies;
pub mod detect;
mod failure;
pub mod fleet;
pub mod gemini;
mod http;
mod linter;
mod others;
pub mod process;
pub mod prompt;
pub mod rate;
mod recalled;
pub mod recorded;
mod sending;
mod settings;
mod steering;
mod throttle;
mod tools;

pub use checkout::{Checkout, Edited, NoEdit, Texts};
pub use completion::Completion;
pub use configured::{Surroundings, configured, detected, missing, programs};
pub use sending::{Sending, matching};
pub use settings::{Adapter, AgentSettings, Effort, LinterFormat};
pub use steering::{Instruction, Steering};
pub use throttle::share as share_limits;
pub use tools::served::serve_if_asked as serve_history_if_asked;

use finding::{
    AgentInfo, Answer, Assessment, DeclinedEarlier, Failure, FailureKind, Finding, PullRequestNow, RepoPath, Usage,
};
use futures_util::future::BoxFuture;
use git::Snapshot;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// What an agent is given: the snapshot with its diff, and what the rounds before and the repository say.
#[derive(Debug, Clone)]
pub struct Brief {
    /// The text under review.
    pub snapshot: Snapshot,
    /// Convention files of the base commit (`AGENTS.md`, `CONTRIBUTING.md`, …), name and text.
    pub conventions: Vec<(RepoPath, Arc<str>)>,
    /// Findings that were declined and are not to be raised again.
    pub declined: Arc<[DeclinedEarlier]>,
    /// Findings of the round before that are still open.
    pub open: Arc<[Finding]>,
    /// What may be sent to agents outside the machine, and how.
    pub sending: Sending,
    /// What its pull request says of the change, where there is one and the forge was asked.
    pub pull_request: Option<Arc<PullRequestNow>>,
    /// The history of what is under review.
    pub history: prompt::History,
    /// Sources of dependencies that it may read, where the user allows that.
    pub dependencies: Arc<[dependencies::Dependency]>,
    /// What the user wants of it.
    pub steering: Arc<Steering>,
    /// The prompts.
    pub templates: Arc<prompt::Templates>,
    /// The snapshot as files, made when the first agent asks for it and shared by all.
    pub checkout: Checkout,
    /// The changed files that this brief is about, by path: all of the snapshot's, unless the change was too
    /// large for one brief.
    pub files: Arc<[RepoPath]>,
    /// Changed files that this agent reviewed before and that are as they were then; they are in no part.
    pub reviewed: Arc<[RepoPath]>,
    /// What this agent said of the whole then.
    pub summary: Option<String>,
    /// Which of how many briefs this is, 1-based: `(1, 1)` for the only one.
    pub part: (u32, u32),
}

impl Brief {
    /// A brief of the whole snapshot alone: secrets are masked, and no round was before.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        let files = snapshot.files().iter().map(|f| f.path.clone()).collect();
        Self {
            snapshot,
            conventions: Vec::new(),
            declined: Arc::default(),
            open: Arc::default(),
            sending: Sending::masked(),
            pull_request: None,
            history: prompt::History::default(),
            dependencies: Arc::default(),
            steering: Arc::default(),
            templates: Arc::default(),
            checkout: Checkout::default(),
            files,
            reviewed: Arc::default(),
            summary: None,
            part: (1, 1),
        }
    }

    /// The changed files that this brief is about.
    pub fn changed(&self) -> impl Iterator<Item = &git::ChangedFile> {
        self.files.iter().filter_map(|path| self.snapshot.file(path))
    }
}

/// What an agent is doing, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// A few words: "reading src/lib.rs".
    pub doing: String,
    /// Done and total, where it is known.
    pub fraction: Option<(u32, u32)>,
    /// What it has written of its answer so far, where somebody reads along.
    pub said: Option<Arc<str>>,
}

impl Progress {
    /// What it does, in a few words.
    #[must_use]
    pub fn doing(what: impl Into<String>) -> Self {
        Self { doing: what.into(), fraction: None, said: None }
    }
}

/// What an agent reports to and listens to while it runs.
#[derive(Debug, Clone)]
pub struct Session {
    /// Takes progress; whoever listens may have gone, which is no error.
    pub progress: UnboundedSender<Progress>,
    /// Cancelled when the user or a deadline stops the agent. It must end soon after, with nothing left behind.
    pub cancel: CancellationToken,
    /// Most US dollars that this may use, where the agent can be told.
    pub max_cost_usd: Option<f64>,
    /// Whether somebody reads its answer while it is written.
    pub is_read_along: bool,
    /// The fleet that it is asked in.
    pub sharing: fleet::Sharing,
}

impl Session {
    /// One without limits, that nobody reads along, in no fleet.
    #[must_use]
    pub fn new(progress: UnboundedSender<Progress>, cancel: CancellationToken) -> Self {
        Self { progress, cancel, max_cost_usd: None, is_read_along: false, sharing: fleet::Sharing::default() }
    }

    /// Says what the agent is doing now.
    pub fn doing(&self, what: impl Into<String>) {
        // A closed channel means that nobody wants to know.
        let _ = self.progress.send(Progress::doing(what));
    }

    /// Says what it has written of its answer so far, where somebody reads along.
    pub fn said(&self, text: &str) {
        if self.is_read_along {
            let _ = self.progress.send(Progress { said: Some(text.into()), ..Progress::doing("answering") });
        }
    }
}

/// What came of one run: the answer or the failure, and what it used either way. A partial answer comes
/// with a failure, so that it is never taken for a whole one.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What it said; empty if it failed before it said anything.
    pub answer: Answer,
    /// Why it gave no review or only a part of one.
    pub failure: Option<Failure>,
    /// What it used.
    pub usage: Usage,
    /// The agent's label if it turned out more exact than [`Agent::info`] knew ("Claude Opus 4.6").
    pub label: Option<String>,
    /// Version of the prompt.
    pub prompt: Option<String>,
}

impl Outcome {
    /// A whole review.
    #[must_use]
    pub fn reviewed(answer: Answer) -> Self {
        Self { answer, ..Self::default() }
    }

    /// No review.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

impl Outcome {
    /// Adds what came of a further part: its failure is the whole's.
    pub fn join(&mut self, part: Self) {
        let Self { answer, failure, usage, label, prompt } = part;
        let all = &mut self.answer;
        all.findings.extend(answer.findings);
        all.observations.extend(answer.observations);
        all.covered.extend(answer.covered);
        all.notes.extend(answer.notes);
        join_assessments(&mut all.assessment, answer.assessment);
        self.failure = failure;
        self.usage = self.usage.plus(usage);
        self.label = label.or(self.label.take());
        self.prompt = prompt.or(self.prompt.take());
    }
}

fn join_assessments(all: &mut Assessment, part: Assessment) {
    let text = |all: &mut Option<String>, part: Option<String>| match (all.as_mut(), part) {
        (Some(all), Some(part)) => {
            all.push_str("\n\n");
            all.push_str(&part);
        }
        (None, part) => *all = part,
        (Some(_), None) => {}
    };
    text(&mut all.summary, part.summary);
    text(&mut all.testing, part.testing);
    text(&mut all.documentation, part.documentation);
    text(&mut all.commit_structure, part.commit_structure);
    all.untested.extend(part.untested);
    all.limitations.extend(part.limitations);
    all.figures.extend(part.figures);
}

/// Whether an agent can be used here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can; a word on how ("2.1.330, logged in").
    Usable(String),
    /// It cannot, and why.
    Unusable(Failure),
}

/// Anyone who reviews. One value is one configured agent; `review` runs once per round.
///
/// The engine gives every agent its own task and deadline, and takes a panic for a crash of that agent only.
pub trait Agent: std::fmt::Debug + Send + Sync {
    /// Who it is.
    fn info(&self) -> AgentInfo;

    /// Whether it can be used; may run a program for a few seconds, never sends code anywhere.
    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability>;

    /// Whether a change over the size limit is given in parts. What reads the snapshot by itself takes it whole.
    fn takes_parts(&self) -> bool {
        self.info().kind.is_remote()
    }

    /// What of its prompt is its own, to estimate that.
    fn form(&self) -> prompt::Form {
        prompt::Form::default()
    }

    /// Reviews. Ends soon after `session.cancel`.
    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome>;

    /// What it would be sent, exactly; `None` for agents that send nothing anywhere.
    fn preview(&self, brief: &Brief) -> Option<Result<Preview, Failure>> {
        let _ = brief;
        None
    }

    /// US dollars for a million tokens read and a million written, where that is configured.
    fn price(&self) -> Option<(f64, f64)> {
        None
    }

    /// Whether it can be asked something besides its review.
    fn answers(&self) -> bool {
        false
    }

    /// Answers a question: one call, with the tries again and the limits of a review. The answer is read by
    /// [`answer::object`] and what is built on it. Ends soon after `session.cancel`.
    fn ask<'a>(&'a self, brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        let _ = (brief, question, session);
        Box::pin(async { Completion::failed(Failure::new(FailureKind::NotAllowed, "it answers no questions")) })
    }

    /// All of its settings that change what it answers, as a text: an answer is kept for the same text only.
    /// `None` for agents whose answers are not kept, because asking them costs nothing.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// Something that an agent is asked besides its review.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Name of the template: `verify` for `prompts/verify.md`. It is given `fence`, `schema`, `checkout`,
    /// `diff` and everything in `data`.
    pub template: &'static str,
    /// Schema of the answer.
    pub schema: serde_json::Value,
    /// What it is about: untrusted texts by the names that the template has for them. Secrets are masked, and
    /// each may take an equal part of half the room.
    pub data: Vec<(&'static str, String)>,
    /// The changed files whose diff goes with it.
    pub files: Vec<RepoPath>,
}

/// What would be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// To whom: a program or an address.
    pub to: String,
    /// The prompt. Where the checkout would be, it says `(checkout)`.
    pub text: String,
    /// Parts of the change that are not in it.
    pub not_shown: Vec<String>,
    /// Whether it may read a copy of the repository besides.
    pub reads_checkout: bool,
}

impl Preview {
    fn of(prompt: prompt::Prompt, to: String, reads_checkout: bool) -> Self {
        Self { to, text: prompt.text, not_shown: prompt.not_shown, reads_checkout }
    }

    /// Of several calls, one after the other.
    fn of_calls(prompts: Vec<prompt::Prompt>, to: String) -> Self {
        let calls = prompts.len();
        let mut all = Self { to, text: String::new(), not_shown: Vec::new(), reads_checkout: false };
        for (n, prompt) in (1..).zip(prompts) {
            if calls > 1 {
                all.text.push_str(&format!("--- call {n} of {calls}\n"));
            }
            all.text.push_str(&prompt.text);
            all.not_shown.extend(prompt.not_shown);
        }
        all.not_shown.sort();
        all.not_shown.dedup();
        all
    }
}
