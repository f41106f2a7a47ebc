//! A round with the work tree as it is now: what lists, fixes and proofs are worked out on.

use super::context::{self, Context};
use finding::{Decisions, Round};
use ops::{OpenBranch, Situation, WorkTree};

pub(super) struct Now {
    pub(super) open: OpenBranch,
    pub(super) round: Round,
    pub(super) tree: WorkTree,
    decisions: Decisions,
    reviewed: report::Texts,
}

impl Now {
    /// The round of that number, or the newest.
    pub(super) fn of(context: &Context, number: Option<u32>) -> anyhow::Result<Self> {
        let open = context.open()?;
        let round = context::round(&open, number)?;
        let decisions = context::decisions(&open)?;
        let tree = WorkTree::of(&open.repository)?;
        let reviewed = review::document::texts(&open.store, &round);
        Ok(Self { open, round, tree, decisions, reviewed })
    }

    pub(super) fn situation(&self) -> Situation<'_> {
        let Self { round, decisions, reviewed, tree, .. } = self;
        Situation { round, decisions, reviewed, current: tree, reach: tree.reach() }
    }
}
