//! What an agent said when it was asked once, whoever it is: tried again where that may help, read, repaired.

use super::process::End;
use super::prompt::Prompt;
use super::throttle::Caller;
use super::{Brief, Outcome, Session, answer, failure};
use finding::{AgentName, Failure, FailureKind, Usage, counted};
use serde_json::Value;
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
    /// What is to be said of it besides.
    pub notes: Vec<String>,
}

impl Completion {
    /// Nothing but a failure.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }

    /// What was answered before counts where this try failed without a word.
    fn or_words_of(mut self, before: Option<Self>) -> Self {
        let is_silent = self.value.is_none() && self.text.trim().is_empty();
        if let Some(before) = before.filter(|_| is_silent && self.failure.is_some()) {
            (self.value, self.text, self.model) = (before.value, before.text, self.model.or(before.model));
        }
        self
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
            (Err(unreadable), None) => {
                let told = answer::prose(&self.text).map(|text| import::prose::read_answer(&text, agent));
                match told.filter(|read| !read.findings.is_empty()) {
                    Some(mut read) => {
                        read.notes.push("it answered in Markdown instead of the form asked for".into());
                        (read, None)
                    }
                    None => (answer::Parsed::default().answer, Some(unreadable)),
                }
            }
        };
        let mut answer = answer;
        answer.notes.extend(self.notes);
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

/// A prompt of a review that was sent, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) agent: &'a AgentName,
    pub(super) brief: &'a Brief,
    pub(super) prompt: &'a Prompt,
    /// Most bytes of a further prompt.
    pub(super) room: usize,
    /// Whether the agent could read what is not in the prompt.
    pub(super) reads_on: bool,
}

/// Makes the outcome of what was said: one repair prompt at most, masks turned back, losses noted.
pub(super) async fn finish<F: Future<Output = Completion>>(
    sent: Sent<'_>,
    said: Completion,
    ask: impl FnOnce(String) -> F,
) -> Outcome {
    let Sent { agent, brief, prompt, room, reads_on } = sent;
    let text = said.text.clone();
    // A program that was ended is not asked again: it had not done writing.
    let is_ended = reads_on && said.failure.is_some();
    let mut outcome = said.into_outcome(agent);
    let unreadable = !is_ended && outcome.failure.as_ref().is_some_and(|f| f.kind == FailureKind::BadOutput);
    if unreadable
        && outcome.answer.findings.is_empty()
        && !text.trim().is_empty()
        && let Ok(repair) = super::prompt::repair(&brief.templates, &text, room)
    {
        let before = outcome.usage;
        let notes = std::mem::take(&mut outcome.answer.notes);
        let repaired = ask(repair).await.into_outcome(agent);
        if repaired.failure.is_none() {
            outcome = repaired;
            outcome.answer.notes.extend(notes);
            outcome.answer.notes.push("its answer had to be asked for again in the right form".into());
        } else {
            outcome.usage = repaired.usage;
        }
        outcome.usage = before.plus(outcome.usage);
    }
    brief.sending.reveal(&mut outcome.answer);
    if !prompt.not_shown.is_empty() {
        let files = counted(prompt.not_shown.len(), "file");
        outcome.answer.notes.push(format!("the diff did not fit: {files} in part or not at all in its prompt"));
    }
    if !reads_on && outcome.failure.is_none() {
        only_seen(&mut outcome, prompt);
    }
    outcome.prompt = Some(prompt.version.clone());
    outcome
}

/// What was not in its prompt, an agent without tools has not reviewed, whatever it says.
fn only_seen(outcome: &mut Outcome, prompt: &Prompt) {
    let covered = &mut outcome.answer.covered;
    if covered.is_empty() {
        covered.clone_from(&prompt.shown);
    } else {
        covered.retain(|path| prompt.shown.contains(path));
    }
}

/// Tries again where the failure may pass, after the wait that the vendor asks for or one of ours.
pub(super) async fn retry<F: Future<Output = Completion>>(
    retries: u32,
    caller: &Caller,
    session: &Session,
    mut once: impl FnMut() -> F,
) -> Completion {
    let mut usage = Usage::default();
    let mut tries = 0;
    let mut before: Option<Completion> = None;
    loop {
        let ticket = caller.turn(session).await;
        let mut said = once().await;
        caller.settle(session, ticket, &said.usage).await;
        usage = usage.plus(said.usage);
        said.usage = usage;
        let said = said.or_words_of(before.take());
        let Some(failure) = said.failure.as_ref().filter(|f| failure::may_pass(f.kind)) else { return said };
        let wait = pause(tries, said.wait);
        // Nobody waits for an hour in front of an editor.
        if wait > Duration::from_secs(120) {
            return said;
        }
        if matches!(failure.kind, FailureKind::RateLimited | FailureKind::Overloaded) {
            // Whoever asks next with this key waits too, also if this one gives up.
            caller.rest(wait);
        }
        if tries >= retries || session.cancel.is_cancelled() {
            return said;
        }
        session.doing(format!("{failure}; trying again in {} s", wait.as_secs().max(1)));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = session.cancel.cancelled() => return said,
        }
        before = Some(said);
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
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_counts_where_the_next_try_says_nothing() {
        let failed = |text: &str| Completion {
            text: text.into(),
            ..Completion::failed(Failure::new(FailureKind::Overloaded, "no room"))
        };
        let whole = Completion { text: "whole".into(), ..Completion::default() };
        for (first, second, text) in [
            (failed("answer"), failed(""), "answer"),
            (failed("answer"), failed("more"), "more"),
            (failed("x"), whole, "whole"),
        ] {
            assert_eq!(second.or_words_of(Some(first)).text, text);
        }
        assert_eq!(Completion::default().or_words_of(Some(failed("old"))).text, "", "an empty answer is an answer");
    }

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
