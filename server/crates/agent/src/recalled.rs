//! Reviews that were asked for before, on whichever machine: the answer is found by what was asked, word for word, and is read
//! like one that has just come.

use super::completion::Completion;
use super::fleet::{Address, Fleet, Words};
use super::{Brief, Session, answer};
use finding::{AgentName, Fix, RepoPath};
use git::{ChangedFile, blob_id};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Raised whenever answers of before would not be answers to what is asked now, though the prompt is the same.
const VERSION: u32 = 1;

/// A review that is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) agent: &'a AgentName,
    /// See [`Agent::identity`](super::Agent::identity).
    pub(super) identity: &'a str,
    pub(super) brief: &'a Brief,
    /// What it is sent, without what is of this machine; made only where answers are shared.
    pub(super) prompt: &'a (dyn Fn() -> Option<String> + Sync),
    /// Whether it can read more than that.
    pub(super) reads_on: bool,
}

impl Asking<'_> {
    /// `None` where the same words may be about something else elsewhere: sources of dependencies are this machine's.
    fn address(&self) -> Option<Address> {
        let brief = self.brief;
        if self.reads_on && !brief.dependencies.is_empty() {
            return None;
        }
        let seen = if self.reads_on { seen(brief) } else { String::new() };
        Some(address(&[self.identity, brief.templates.version(), &(self.prompt)()?, &seen]))
    }

    /// Whether what was said is a whole review, and may be kept elsewhere: nothing of it is about files that are never sent, and
    /// no secret is in it.
    fn is_to_keep(&self, said: &Completion) -> bool {
        let outcome = said.clone().into_outcome(self.agent);
        let sending = &self.brief.sending;
        let paths = |fix: &Fix| fix.path.as_ref().is_none_or(|path| sending.allows(path));
        let may_be_sent = outcome
            .answer
            .findings
            .iter()
            .all(|finding| sending.allows_all(finding.anchors.iter()) && finding.fixes.iter().all(paths))
            && outcome.answer.observations.iter().all(|seen| sending.allows_all(seen.anchors.iter()));
        let has_secret = |text: &str| !secrets::find(text).is_empty();
        let value = said.value.as_ref().map(Value::to_string).unwrap_or_default();
        outcome.failure.is_none() && may_be_sent && !has_secret(&said.text) && !has_secret(&value)
    }
}

/// Each part with its length, so that no two lists of parts come to the same.
fn address(parts: &[&str]) -> Address {
    let mut hash = Sha256::new();
    hash.update(VERSION.to_be_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Address(hash.finalize().into())
}

/// All that somebody can see who reads the repository as it is under review: both commits, and what is in no commit.
fn seen(brief: &Brief) -> String {
    let (snapshot, scope) = (&brief.snapshot, brief.snapshot.scope());
    let left_out = snapshot.left_out().iter().filter_map(|file| RepoPath::new(file.path.as_str()).ok());
    let left_out: Vec<_> = left_out.map(|path| (snapshot.identity(&path), path)).collect();
    let sides = |file: &ChangedFile| [&file.old, &file.new].map(|text| text.as_deref().map(blob_id));
    let changed: Vec<_> = snapshot.files().iter().map(|file| (&file.path, sides(file))).collect();
    let sending = (&brief.sending.patterns, brief.sending.masker.is_some());
    format!("{:?} {:?} {changed:?} {left_out:?} {sending:?}", scope.base, scope.head)
}

/// What was said to exactly this before, on whichever machine; else what `ask` brings, which others find then. What went wrong
/// with the place is said with it.
pub(super) async fn recalled<F: Future<Output = Completion>>(
    session: &Session,
    asking: Asking<'_>,
    ask: impl FnOnce() -> F,
) -> Completion {
    let Some(fleet) = session.sharing.fleet.as_deref() else { return ask().await };
    let mut said = match asking.address() {
        Some(address) => found_or_asked(session, (fleet, address), asking, ask).await,
        None => ask().await,
    };
    said.notes.extend(fleet.unsaid());
    said
}

async fn found_or_asked<F: Future<Output = Completion>>(
    session: &Session,
    (fleet, address): (&dyn Fleet, Address),
    asking: Asking<'_>,
    ask: impl FnOnce() -> F,
) -> Completion {
    let before = if session.sharing.is_fresh {
        None
    } else {
        session.doing("looking for its answer in the shared cache");
        session.cancel.run_until_cancelled(fleet.recall(address)).await.flatten()
    };
    if let Some(said) = before.map(completion).filter(|said| asking.is_to_keep(said)) {
        return said;
    }
    let said = ask().await;
    if asking.is_to_keep(&said) {
        session.cancel.run_until_cancelled(fleet.keep(address, words(&said))).await;
    }
    said
}

fn words(said: &Completion) -> Words {
    Words { at: Timestamp::now(), model: said.model.clone(), text: said.text.clone(), value: said.value.clone() }
}

/// It costs nothing, and says since when it stands.
fn completion(words: Words) -> Completion {
    let day = words.at.strftime("%Y-%m-%d");
    let note = format!("it was asked exactly this on {day}, and its answer of then was taken from the shared cache");
    let model = words.model.map(|model| model.chars().filter(|c| answer::keep(*c)).take(80).collect());
    Completion { value: words.value, text: words.text, model, notes: vec![note], ..Completion::default() }
}

#[cfg(test)]
mod tests;
