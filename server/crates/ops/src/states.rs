//! What became of each finding of a round, by what people decided and by the text as it is now.

use super::texts::CurrentTexts;
use finding::{Decisions, FindingId, RepoPath, Resolution, Round, State};
use git::Reach;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What fixes are placed in.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The round that the findings are of.
    pub round: &'a Round,
    /// What people decided.
    pub decisions: &'a Decisions,
    /// The texts that were reviewed, as far as they are known: the findings' lines are lines of these.
    pub reviewed: &'a report::Texts,
    /// The texts as they are now.
    pub current: &'a dyn CurrentTexts,
    /// Where fixes may reach.
    pub reach: &'a Reach,
}

/// The state of every finding of the round: by a person's word first, then by the text.
#[must_use]
pub fn states(situation: &Situation<'_>) -> BTreeMap<FindingId, State> {
    let read: RefCell<BTreeMap<RepoPath, Option<Arc<str>>>> = RefCell::default();
    let now =
        |path: &RepoPath| read.borrow_mut().entry(path.clone()).or_insert_with(|| text_now(situation, path)).clone();
    let reviewed = |path: &RepoPath| situation.reviewed.shared(path);
    merge::state::states(situation.round, situation.decisions, &reviewed, &now)
}

/// The text of a file as it is now. Of one that cannot be read nothing is known: it counts as it was.
pub(crate) fn text_now(situation: &Situation<'_>, path: &RepoPath) -> Option<Arc<str>> {
    situation.current.read(path).unwrap_or_else(|_| situation.reviewed.shared(path))
}

/// What people decided, with what the text says beside it: for reports and verdicts, never to be stored.
pub(crate) fn with_text(decisions: &Decisions, round: &Round, states: &BTreeMap<FindingId, State>) -> Decisions {
    let mut all = decisions.clone();
    for (id, state) in states {
        match (state, decisions.is_open(id)) {
            // A fix that was noted, and was taken back since.
            (State::Open, false) => drop(all.resolutions.remove(id)),
            (State::Fixed | State::Outdated, true) => {
                let (state, round) = (state.clone(), round.id.clone());
                let resolution = Resolution { state, at: Timestamp::now(), round, code: None, commit: None, by: None };
                all.resolutions.insert(id.clone(), resolution);
            }
            _ => {}
        }
    }
    all
}
