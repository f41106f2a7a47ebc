//! A round with the work tree as it is now: what lists, fixes and proofs are worked out on.

use super::{CurrentOf, OpenBranch, OpsError, RoundName, Situation};
use finding::{Decisions, Round};
use store::Read;

/// A round, with what people decided and the files as they are now.
#[derive(Debug, Clone)]
pub struct Now {
    /// The branch.
    pub open: OpenBranch,
    /// The round.
    pub round: Round,
    /// The files, and the work tree that fixes are written into.
    pub current: CurrentOf,
    /// What people decided.
    pub decisions: Decisions,
    reviewed: report::Texts,
}

impl Now {
    /// Reads all of it; beside it, what could not be read on the way. Blocks.
    ///
    /// # Errors
    /// As [`OpenBranch::round`]; when the store or the work tree cannot be read.
    pub fn of(open: OpenBranch, which: RoundName<'_>) -> Result<Read<Self>, OpsError> {
        let Read { value: round, mut set_aside } = open.round(which)?;
        let decisions = open.decisions()?;
        set_aside.extend(decisions.set_aside);
        let reviewed = review::document::texts(&open.store, &round);
        let current = CurrentOf::new(&open, &reviewed)?;
        Ok(Read { value: Self { open, round, current, decisions: decisions.value, reviewed }, set_aside })
    }

    /// What became of findings is asked of this.
    #[must_use]
    pub fn situation(&self) -> Situation<'_> {
        self.current.situation(&self.round, &self.decisions, &self.reviewed)
    }

    /// What fixes are placed in that are written into the work tree.
    #[must_use]
    pub fn writing(&self) -> Situation<'_> {
        self.current.writing(&self.round, &self.decisions, &self.reviewed)
    }
}
