//! The recorded agent: plays a stored answer again, for demos and tests. No model runs.
//!
//! The file holds what a real agent would have answered, as JSON in the schema of [`answer`] or as a Markdown
//! review. A JSON object may also say how the agent is to behave:
//!
//! ```json
//! { "play": { "after_ms": 50, "fail": { "kind": "rate-limited", "message": "asked too often" }, "hang": false } }
//! ```
//!
//! One with `verdicts` can also check what others found: they are its answer then, and `check` says how it behaves. What it
//! answers to other questions is in `answers`, by the name of the question's prompt (`fix`, `judge`, `ask`): one answer, or
//! a list of which each call takes the next.

use super::{Agent, Availability, Brief, Completion, Outcome, Question, Session, answer};
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind, Usage};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An answer in a file that is longer than this is not read, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// An agent whose answer is in a file.
#[derive(Debug, Clone)]
pub struct Recorded {
    info: AgentInfo,
    source: Source,
    /// How many questions it was asked.
    asked: Arc<AtomicUsize>,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Text(String),
}

/// How the answer is played.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Play {
    after_ms: u64,
    fail: Option<Failure>,
    hang: bool,
    panic: bool,
    usage: Usage,
}

/// What a file says besides the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    /// How a review goes.
    play: Play,
    /// How a check of what others found, or another question, goes.
    check: Play,
    /// What it answers to other questions.
    answers: BTreeMap<String, Value>,
}

impl Recorded {
    /// The answer in `file`, read anew in every round.
    #[must_use]
    pub fn file(name: AgentName, label: impl Into<String>, file: PathBuf) -> Self {
        Self { info: info(name, label), source: Source::File(file), asked: Arc::default() }
    }

    /// An answer that is at hand.
    #[must_use]
    pub fn text(name: AgentName, label: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { info: info(name, label), source: Source::Text(answer.into()), asked: Arc::default() }
    }

    async fn read(&self) -> Result<String, Failure> {
        let file = match &self.source {
            Source::Text(text) => return Ok(text.clone()),
            Source::File(file) => file,
        };
        let missing = |why: String| {
            Failure::new(
                FailureKind::NotInstalled,
                format!("its recorded answer {} cannot be read: {why}", file.display()),
            )
            .with_remedy("correct `path` in the configuration")
        };
        let size = tokio::fs::metadata(file).await.map_err(|e| missing(e.to_string()))?.len();
        if size > MAX_ANSWER {
            return Err(Failure::new(FailureKind::TooLarge, format!("its recorded answer has {size} bytes")));
        }
        tokio::fs::read_to_string(file).await.map_err(|e| missing(e.to_string()))
    }

    async fn read_all(&self) -> Result<(String, Document), Failure> {
        let text = self.read().await?;
        let document = document(&text)?;
        Ok((text, document))
    }

    async fn play(&self, session: &Session) -> Outcome {
        let (text, play) = match self.read_all().await {
            Ok((text, document)) => (text, document.play),
            Err(failure) => return Outcome::failed(failure),
        };
        match play.behave(session).await {
            Ok(()) => Outcome { usage: play.usage, ..outcome(&text, &self.info.name, play.fail) },
            Err(failure) => Outcome::failed(failure),
        }
    }

    async fn play_check(&self, question: &Question, session: &Session) -> Completion {
        let (text, document) = match self.read_all().await {
            Ok(read) => read,
            Err(failure) => return Completion::failed(failure),
        };
        let text = match document.answers.get(question.template) {
            Some(Value::Array(all)) => {
                let next = self.asked.fetch_add(1, Ordering::Relaxed).min(all.len().saturating_sub(1));
                all.get(next).map(Value::to_string).unwrap_or_default()
            }
            Some(one) => one.to_string(),
            None => text,
        };
        let check = document.check;
        match check.behave(session).await.err().or(check.fail) {
            Some(failure) => Completion { usage: check.usage, ..Completion::failed(failure) },
            // As a model would, a piece after the other.
            None if session.is_read_along => {
                for part in 1..=3 {
                    session.said(&text[..text.floor_char_boundary(text.len() * part / 3)]);
                    tokio::task::yield_now().await;
                }
                Completion { text, usage: check.usage, ..Completion::default() }
            }
            None => Completion { text, usage: check.usage, ..Completion::default() },
        }
    }
}

impl Play {
    async fn behave(&self, session: &Session) -> Result<(), Failure> {
        session.doing("playing a recorded answer");
        tokio::select! {
            () = session.cancel.cancelled() => return Err(Failure::new(FailureKind::Cancelled, "it was cancelled")),
            () = tokio::time::sleep(Duration::from_millis(self.after_ms)) => {}
        }
        if self.hang {
            session.cancel.cancelled().await;
        }
        #[expect(clippy::panic, reason = "asked for: how the engine takes a panicking agent is tested with it")]
        if self.panic {
            panic!("the recorded answer asks for a panic");
        }
        Ok(())
    }
}

fn info(name: AgentName, label: impl Into<String>) -> AgentInfo {
    AgentInfo { name, label: label.into(), kind: AgentKind::Recorded }
}

fn document(text: &str) -> Result<Document, Failure> {
    if !text.trim_start().starts_with('{') {
        return Ok(Document::default());
    }
    serde_json::from_str(text)
        .map_err(|e| Failure::new(FailureKind::BadOutput, format!("its recorded answer is not valid JSON: {e}")))
}

fn outcome(text: &str, name: &AgentName, fail: Option<Failure>) -> Outcome {
    let has_answer = !text.trim_start().starts_with('{') || text.contains("\"findings\"");
    if !has_answer && let Some(failure) = fail {
        return Outcome::failed(failure);
    }
    if !text.trim_start().starts_with(['{', '[']) {
        let told = answer::prose(text).map(|text| import::prose::read_answer(&text, name));
        if let Some(answer) = told.filter(|answer| !answer.findings.is_empty()) {
            return Outcome { answer, failure: fail, ..Outcome::default() };
        }
    }
    match answer::from_text(text, name) {
        Ok(parsed) => Outcome { answer: parsed.answer, failure: fail.or(parsed.loss), ..Outcome::default() },
        Err(failure) => Outcome::failed(fail.unwrap_or(failure)),
    }
}

impl Agent for Recorded {
    fn info(&self) -> AgentInfo {
        self.info.clone()
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async move {
            match self.read().await {
                Ok(_) => Availability::Usable("plays a recorded answer; no model runs".into()),
                Err(failure) => Availability::Unusable(failure),
            }
        })
    }

    fn review<'a>(&'a self, _brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(self.play(session))
    }

    fn answers(&self) -> bool {
        let has = |text: &str| text.contains("\"verdicts\"") || text.contains("\"answers\"");
        match &self.source {
            Source::Text(text) => has(text),
            Source::File(file) => {
                let small = std::fs::metadata(file).is_ok_and(|m| m.len() <= MAX_ANSWER);
                small && std::fs::read_to_string(file).is_ok_and(|text| has(&text))
            }
        }
    }

    fn ask<'a>(&'a self, _brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        Box::pin(self.play_check(question, session))
    }
}
