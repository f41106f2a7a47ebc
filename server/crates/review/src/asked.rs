//! What an agent is asked in a round: everything, or what changed since its earlier answer.

use super::kept::{self, Holding};
use super::{Preparation, estimate, parts};
use agent::{Agent, Brief, Outcome};
use finding::{Failure, RepoPath, Usage};
use std::collections::BTreeSet;

/// What one agent is to do.
#[derive(Debug)]
pub(super) struct Asked {
    /// One after the other; none if its earlier answer holds for everything.
    pub(super) briefs: Vec<Brief>,
    /// What of its earlier answer holds.
    pub(super) holding: Option<Holding>,
    /// What it is expected to use.
    pub(super) estimate: Option<Usage>,
    /// See [`Agent::identity`].
    pub(super) identity: Option<String>,
    /// Why it is not asked.
    pub(super) refused: Option<Failure>,
}

impl Asked {
    /// It is not asked, and this is why.
    pub(super) fn refuse(&mut self, why: Failure) {
        (self.refused, self.estimate) = (Some(why), None);
        self.briefs.clear();
    }
}

pub(super) fn what(prepared: &Preparation, agent: &dyn Agent) -> Asked {
    let identity = agent.identity();
    let name = agent.info().name;
    let holding =
        identity.as_ref().filter(|_| !prepared.fresh).and_then(|identity| kept::holding(prepared, &name, identity));
    let briefs = match &holding {
        None => parts::briefs(prepared, agent.takes_parts(), &|_| true),
        Some(holding) if holding.files.len() == prepared.snapshot.files().len() => Vec::new(),
        Some(holding) => {
            let mut briefs = parts::briefs(prepared, agent.takes_parts(), &|path| !holding.files.contains(path));
            for brief in &mut briefs {
                brief.reviewed = holding.files.iter().cloned().collect();
                brief.summary.clone_from(&holding.outcome.answer.assessment.summary);
            }
            briefs
        }
    };
    let estimate = if briefs.is_empty() { None } else { estimate::review(prepared, agent, &briefs) };
    Asked { briefs, holding, estimate, identity, refused: None }
}

/// Puts what was answered now and what held before together.
pub(super) fn join(mut now: Outcome, holding: Option<&Holding>, was_asked: bool) -> Outcome {
    let Some(Holding { outcome: before, files, round }) = holding else { return now };
    let before = before.clone();
    // Who names no file has read all it was given.
    let read: BTreeSet<RepoPath> = match &before.answer.covered[..] {
        [] => files.clone(),
        covered => covered.iter().cloned().collect(),
    };
    let answer = &mut now.answer;
    if !was_asked || now.failure.is_some() || !answer.covered.is_empty() {
        answer.covered = read.into_iter().chain(answer.covered.drain(..)).collect();
    }
    answer.findings.extend(before.answer.findings);
    answer.observations.extend(before.answer.observations);
    // What is said of the whole now is newer, so it comes first.
    answer.assessment.merge(before.answer.assessment);
    now.label = now.label.or(before.label);
    now.prompt = now.prompt.or(before.prompt);
    answer.notes.push(match (was_asked, files.len()) {
        (false, _) if now.failure.is_some() => {
            format!("what has not changed since round {round} stands as it said then")
        }
        (false, _) => format!("nothing changed since round {round}, so its answer of then stands and it was not asked"),
        (true, 1) => format!("for 1 file that has not changed since round {round} its answer of then stands"),
        (true, n) => format!("for {n} files that have not changed since round {round} its answer of then stands"),
    });
    now
}
