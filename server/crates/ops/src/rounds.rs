use super::past::as_they_were;
use super::{OpenBranch, OpsError, document};
use finding::{Decisions, Round, RoundId, Severity, Verdict};
use jiff::Timestamp;

/// A round in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundSummary {
    /// Its id.
    pub id: RoundId,
    /// Its number on the branch, 1-based.
    pub number: u32,
    /// When it started.
    pub started: Timestamp,
    /// How many findings nobody refuted, by severity: critical, important, suggestion.
    pub counts: [usize; 3],
    /// How many agents took part.
    pub agents: usize,
    /// How many of them gave no review.
    pub failed: usize,
    /// What is to be done, given what was decided.
    pub verdict: Verdict,
    /// The verdict in words: without one, why there is none, and who had answered when the round was interrupted.
    pub conclusion: String,
}

impl RoundSummary {
    /// How many findings of a severity nobody refuted.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.counts[0],
            Severity::Important => self.counts[1],
            Severity::Suggestion => self.counts[2],
        }
    }
}

/// Sums the rounds of a branch up, in their order: each as it was when it was the newest, and the newest as the work tree
/// is. Blocks.
///
/// # Errors
/// When the decisions cannot be read.
pub fn summaries(open: &OpenBranch, rounds: &[Round]) -> Result<Vec<RoundSummary>, OpsError> {
    let decisions = open.branch.decisions()?.value;
    let newest = rounds.iter().max_by_key(|round| round.number);
    let one = |round: &Round| -> Result<RoundSummary, OpsError> {
        match newest.filter(|newest| newest.number > round.number) {
            Some(_) => Ok(summary(round, &as_they_were(&decisions, round, rounds))),
            None => Ok(summary(round, &document(open, round.clone())?.decisions)),
        }
    };
    rounds.iter().map(one).collect()
}

/// Sums a round up.
#[must_use]
fn summary(round: &Round, decisions: &Decisions) -> RoundSummary {
    let count = |severity: Severity| round.standing().filter(|f| f.severity == severity).count();
    RoundSummary {
        id: round.id.clone(),
        number: round.number,
        started: round.started,
        counts: [Severity::Critical, Severity::Important, Severity::Suggestion].map(count),
        agents: round.agents.len(),
        failed: round.failures().count(),
        verdict: round.verdict(decisions),
        conclusion: round.conclusion(decisions).to_string(),
    }
}
