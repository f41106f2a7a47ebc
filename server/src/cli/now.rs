//! A round with the texts as they are now: what lists, fixes and proofs are worked out on.

use super::context::{self, Context};
use anyhow::Context as _;
use finding::{Decisions, Round};
use ops::{CurrentOf, OpenBranch, Situation};

pub(super) struct Now {
    pub(super) open: OpenBranch,
    pub(super) round: Round,
    pub(super) current: CurrentOf,
    decisions: Decisions,
    reviewed: report::Texts,
}

impl Now {
    /// The round of that number, or the newest.
    pub(super) fn of(context: &Context, number: Option<u32>) -> anyhow::Result<Self> {
        let open = context.open()?;
        let round = context::round(&open, number)?;
        let decisions = context::decisions(&open)?;
        let reviewed = review::document::texts(&open.store, &round);
        let current = CurrentOf::new(&open, &reviewed).context("failed to read the work tree")?;
        Ok(Self { open, round, current, decisions, reviewed })
    }

    pub(super) fn situation(&self) -> Situation<'_> {
        self.current.situation(&self.round, &self.decisions, &self.reviewed)
    }

    /// The same, for fixes that are written into the work tree.
    pub(super) fn writing(&self) -> Situation<'_> {
        self.current.writing(&self.round, &self.decisions, &self.reviewed)
    }
}
