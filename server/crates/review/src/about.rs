//! What became of the one finding that was looked at again.

use super::Preparation;
use finding::{AgentName, Finding, FindingId, FindingStatus, RawFinding, RepoPath};
use git::blob_id;
use merge::{Fate, Merged};

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
    pub(super) by: AgentName,
    pub(super) holds: Holds,
    pub(super) reason: String,
}

/// Whether it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// It could not say.
    Open,
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
