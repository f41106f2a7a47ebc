//! How much of what is open the editor shows: as much as the user's dial lets through, in diagnostics, lenses, hovers,
//! actions and lists alike. What it hides stays in the round, in its report and in the verdict.

use super::projection::RoundIndex;
use super::snapshot::{Repo, Snapshot};
use finding::{Finding, FindingStatus, Hidden, State};

/// The findings of a repository that are shown.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    hidden: Hidden,
}

impl Shown {
    /// Where the dial counts what is open, this looks at every file of the round.
    pub(crate) fn of(snapshot: &Snapshot, repo: &Repo) -> Self {
        let dial = snapshot.settings_of(repo).dial().or(repo.dial);
        let is_all = dial == finding::Dial::default();
        let round = repo.round_index.as_ref().filter(|_| !is_all);
        Self { hidden: round.map(|round| dial.hidden(open(repo, round))).unwrap_or_default() }
    }

    /// Whether it is open and shown.
    pub(crate) fn has(&self, repo: &Repo, index: usize, finding: &Finding) -> bool {
        !self.hides(finding) && repo.state(index, finding) == State::Open
    }

    /// Whether it is open and not shown.
    pub(crate) fn hides(&self, finding: &Finding) -> bool {
        self.hidden.has(&finding.id)
    }

    /// "7 findings are not shown: 4 below min_severity, 3 over max_suggestions"; nothing where all are.
    pub(crate) fn says(&self) -> Option<String> {
        (self.hidden.count() > 0).then(|| self.hidden.to_string())
    }
}

/// Findings that stand, with their number in the round.
pub(crate) fn standing(index: &RoundIndex) -> impl Iterator<Item = (usize, &Finding)> {
    let findings = index.round.findings.iter().enumerate();
    findings.filter(|(_, finding)| !matches!(finding.verification, FindingStatus::Refuted { .. }))
}

/// The findings of the round that is shown that are open now.
pub(crate) fn open<'a>(repo: &'a Repo, index: &'a RoundIndex) -> impl Iterator<Item = &'a Finding> {
    standing(index).filter(|(index, finding)| repo.state(*index, finding) == State::Open).map(|(_, finding)| finding)
}
