//! One finding looked at again by the agents that raised it. Nothing else of the round changes: nobody reviews.
//!
//! Who answers questions is asked whether it still holds; who does not reviews the finding's files, and is asked nothing:
//! it holds if it is raised again in the same words.

use super::run_agent::{self, Shared};
use super::{Preparation, Reviewer, compose, verify};
use agent::{Outcome, answer};
use finding::{AgentName, CheckVerdict, Finding, FindingId, FindingStatus, Fingerprint, RawFinding, RepoPath, Usage};
use git::blob_id;
use merge::{Fate, Merged};
use std::collections::BTreeSet;

/// What those who were asked again say of a finding.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// Which.
    pub(super) finding: FindingId,
    /// Whether its files have changed since it was said.
    has_changed: bool,
    words: Vec<Word>,
}

/// What one agent says now of what it said before.
#[derive(Debug, Clone)]
pub(super) struct Word {
    by: AgentName,
    holds: Holds,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    /// It could not say.
    Open,
}

/// An agent that was asked again: its word, if it gave one, with what that took or why there is none.
pub(super) struct Again {
    pub(super) word: Option<Word>,
    pub(super) outcome: Outcome,
}

impl About {
    /// Nobody has said anything yet.
    pub(super) fn new(prepared: &Preparation, finding: &Finding) -> Self {
        let newest = prepared.earlier.iter().rev().find(|(round, _)| round.findings.iter().any(|f| f.id == finding.id));
        let is_same = |path: &RepoPath| {
            let then = newest.and_then(|(round, _)| round.texts.get(path));
            then.is_some() && then == prepared.texts.get(path).map(|text| blob_id(text)).as_ref()
        };
        let has_changed = !finding.anchors.iter().all(|anchor| is_same(&anchor.path));
        Self { finding: finding.id.clone(), has_changed, words: Vec::new() }
    }

    pub(super) fn add(&mut self, word: Word) {
        self.words.push(word);
    }

    /// Puts what was said into the finding. As long as one of them holds to it, it stands; where none does, it is fixed if
    /// its code changed, and false if it did not.
    pub(super) fn apply(&self, merged: &mut Merged, raw: &mut Vec<RawFinding>, label: impl Fn(&AgentName) -> String) {
        let Some(at) = merged.findings.iter().position(|f| f.id == self.finding) else { return };
        let said = |word: &Word| {
            let reason =
                if word.reason.trim().is_empty() { String::new() } else { format!(": {}", word.reason.trim()) };
            let holds = match word.holds {
                Holds::Yes => "holds to it",
                Holds::No => "does not hold to it any more",
                Holds::Open => "could not decide",
            };
            format!("asked again, {} {holds}{reason}", label(&word.by))
        };
        merged.findings[at].why.extend(self.words.iter().map(said));
        let is_held = self.words.iter().any(|word| word.holds == Holds::Yes);
        let Some(no) = self.words.iter().find(|word| word.holds == Holds::No).filter(|_| !is_held) else { return };
        if !self.has_changed {
            merged.findings[at].verification = FindingStatus::Refuted { by: no.by.clone(), note: no.reason.clone() };
            return;
        }
        let gone = merged.findings.remove(at);
        raw.retain(|raw| gone.attributions.iter().all(|by| by.raw != raw.id));
        for became in merged.earlier.iter_mut().filter(|became| became.id == gone.id) {
            became.fate = Fate::Fixed;
        }
    }
}

/// Asks one agent again about a finding.
pub(super) async fn ask(
    reviewer: &Reviewer,
    prepared: &Preparation,
    (finding, remarks): (&Finding, &[RawFinding]),
    shared: &Shared,
) -> Again {
    let by = reviewer.agent.info().name;
    if !prepared.brief.sending.allows_all(finding.anchors.iter()) && reviewer.agent.info().kind.is_remote() {
        let why = "it was not asked: the finding is on a file that is never sent";
        let failure = finding::Failure::new(finding::FailureKind::NotAllowed, why);
        return Again { word: None, outcome: Outcome::failed(failure) };
    }
    if reviewer.agent.answers() {
        let said = run_agent::ask(reviewer, &prepared.brief, &verify::question(&[finding]), shared).await;
        let usage = said.usage;
        return match answer::verdicts(&said) {
            Ok(verdicts) => {
                let check = verify::checks(&verdicts, &[finding], &by).pop();
                let word = check.map(|check| Word { by, holds: holds(check.verdict), reason: check.reason });
                answered(word, usage)
            }
            Err(failure) => Again { word: None, outcome: Outcome { usage, ..Outcome::failed(failure) } },
        };
    }
    let mut brief = prepared.brief.clone();
    let files: BTreeSet<&RepoPath> = finding.anchors.iter().map(|anchor| &anchor.path).collect();
    brief.files = brief.files.iter().filter(|path| files.contains(path)).cloned().collect();
    let outcome = run_agent::one(reviewer, &brief, &by, None, shared).await;
    if outcome.failure.is_some() {
        return Again { word: None, outcome };
    }
    let usage = outcome.usage;
    let prints: BTreeSet<Fingerprint> = remarks.iter().filter(|raw| raw.agent == by).map(merge::fingerprint).collect();
    let now = compose::answered(prepared, outcome, std::time::Duration::ZERO);
    let is_raised = now.findings().iter().any(|raw| prints.contains(&merge::fingerprint(raw)));
    let holds = if is_raised { Holds::Yes } else { Holds::No };
    let reason = if is_raised { "it raises it again" } else { "it raises it no more" };
    answered(Some(Word { by, holds, reason: reason.into() }), usage)
}

fn answered(word: Option<Word>, usage: Usage) -> Again {
    let mut outcome = match word {
        Some(_) => Outcome::default(),
        None => Outcome::failed(finding::Failure::new(
            finding::FailureKind::BadOutput,
            "it was asked about one finding and says nothing of it",
        )),
    };
    outcome.usage = usage;
    Again { word, outcome }
}

fn holds(verdict: CheckVerdict) -> Holds {
    match verdict {
        CheckVerdict::Confirmed | CheckVerdict::PreExisting => Holds::Yes,
        CheckVerdict::Refuted => Holds::No,
        CheckVerdict::Unclear => Holds::Open,
    }
}
