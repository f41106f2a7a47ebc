//! A round with the work tree as it is now: what lists, fixes and proofs are worked out on.

use super::{OpenBranch, OpsError, RoundName, Situation, WorkTree};
use finding::{Decisions, Round};
use store::Read;

/// A round of the branch that is checked out, with what people decided and the files as they are now.
#[derive(Debug, Clone)]
pub struct Now {
    /// The branch.
    pub open: OpenBranch,
    /// The round.
    pub round: Round,
    /// The files.
    pub tree: WorkTree,
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
        let tree = WorkTree::of(&open.repository)?;
        let reviewed = review::document::texts(&open.store, &round);
        Ok(Read { value: Self { open, round, tree, decisions: decisions.value, reviewed }, set_aside })
    }

    /// What fixes are placed in.
    #[must_use]
    pub fn situation(&self) -> Situation<'_> {
        let Self { round, decisions, reviewed, tree, .. } = self;
        Situation { round, decisions, reviewed, current: tree, reach: tree.reach() }
    }
}
