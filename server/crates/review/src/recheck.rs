//! One finding looked at again by the agents that raised it. Nothing else of the round changes: nobody reviews.
//!
//! Who answers questions is asked whether it still holds; who does not reviews the finding's files, and is asked nothing:
//! it holds if it is raised again in the same words.

use super::about::{Holds, Word};
use super::run_agent::{self, Shared};
use super::{Preparation, Reviewer, compose, verify};
use agent::{Outcome, answer};
use finding::{CheckVerdict, Finding, Fingerprint, RawFinding, RepoPath, Usage};
use std::collections::BTreeSet;

/// An agent that was asked again: its word, if it gave one, with what that took or why there is none.
pub(super) struct Again {
    pub(super) word: Option<Word>,
    pub(super) outcome: Outcome,
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
