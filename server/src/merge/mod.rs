//! Raw findings → findings: similarity, clusters, severity, ranking, identity over rounds, explanation.
//! Pure and deterministic: the order in which agents answered never changes the result.
//!
//! ```text
//! raw findings ─▶ similarity (pairs) ─▶ cluster ─▶ memory (earlier rounds) ─▶ compose ─▶ rank ─▶ findings
//! ```
//!
//! [`merge`] is the whole of it. What it cannot know without a repository (the enclosing symbol, whether a
//! quote is in the file, whether a fix applies) is told to it as [`Facts`]; [`Facts::look`] finds most of
//! that out from a text. How similarity and ranking were measured is in `docs/merging.md`.

mod compose;
mod facts;
mod identity;

pub use facts::Facts;
pub use identity::{code_hash, fingerprint};

use crate::finding::{
    AgentName, AgentRun, Decisions, DeclinedEarlier, Finding, FindingId, Observation, RawFinding, RawId, RepoPath,
    Round,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An earlier round of the branch, with the texts that its anchors refer to.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// The round as it was stored.
    pub round: &'a Round,
    /// The snapshot's text of each anchored file; files may be missing, then quotes are all there is.
    pub texts: &'a BTreeMap<RepoPath, Arc<str>>,
}

/// How an agent did on this repository before; see [`records`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Record {
    /// Findings with its attribution that were fixed.
    pub kept: u32,
    /// Findings with its attribution that were dismissed.
    pub dismissed: u32,
    /// Findings of more than one agent in which its severity was above the reconciled one.
    pub lowered: u32,
    /// Findings of more than one agent that it had a part in.
    pub shared: u32,
}

/// Everything a merge looks at. [`Input::of`] has the raw findings and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Input<'a> {
    /// Number of the round; shown in explanations and compared with those of `earlier`.
    pub round: u32,
    /// What all agents said so far, in any order.
    pub raw: Vec<&'a RawFinding>,
    /// The agents of the round: what people call them, what sort they are, whether they are done. One that is
    /// missing goes by its name and counts as done.
    pub agents: &'a [AgentRun],
    /// What is known of each raw finding; nothing where it is missing.
    pub facts: BTreeMap<RawId, Facts>,
    /// What people decided on this branch.
    pub decisions: Option<&'a Decisions>,
    /// The branch's earlier rounds, oldest first.
    pub earlier: Vec<Earlier<'a>>,
    /// The snapshot's texts, by name: of every file that an anchor of this or an earlier round is in, and of
    /// changed files (one of them may be an earlier file under a new name).
    pub texts: BTreeMap<RepoPath, Arc<str>>,
    /// How the agents did before.
    pub records: BTreeMap<AgentName, Record>,
}

impl<'a> Input<'a> {
    /// Raw findings about which nothing more is known.
    #[must_use]
    pub fn of(raw: &'a [RawFinding]) -> Self {
        Self { round: 1, raw: raw.iter().collect(), ..Self::default() }
    }
}

/// What became of a finding of an earlier round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was raised again: a finding of this round has its id.
    Raised,
    /// Nobody raised it again and its code is as it was: it stands among the findings of this round.
    Standing,
    /// Its fix or an equal change is in, or its code changed and its agents do not raise it any more.
    Fixed,
    /// Its code is gone.
    Outdated,
    /// It was declined and stays so.
    Declined,
}

/// An earlier finding and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// The finding.
    pub id: FindingId,
    /// The newest round that has it.
    pub round: u32,
    /// What became of it.
    pub fate: Fate,
}

/// The result of a merge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// The findings: gravest first, by confidence within a severity, labelled.
    pub findings: Vec<Finding>,
    /// Raw findings of earlier rounds on which findings of this one stand; they belong into [`Round::raw`].
    pub carried: Vec<RawFinding>,
    /// What became of each finding of the earlier rounds that was open or declined.
    pub earlier: Vec<Became>,
    /// Declined before and not raised again, or raised again and kept out.
    pub declined: Vec<DeclinedEarlier>,
}

/// Merges what the agents said into findings. The same for any order of `input.raw`.
#[must_use]
pub fn merge(input: &Input<'_>) -> Merged {
    let mut findings: Vec<Finding> = input.raw.iter().map(|raw| compose::finding(input, &[raw])).collect();
    findings.sort_by(compose::by_rank);
    compose::label(&mut findings);
    Merged { findings, ..Merged::default() }
}

/// Merges design observations: those that say the same become one, with all who made it. The order of the
/// input does not matter.
#[must_use]
pub fn observations(all: &[Observation]) -> Vec<Observation> {
    all.to_vec()
}

/// How each agent did, from earlier rounds and what people decided on them.
#[must_use]
pub fn records<'a>(rounds: impl IntoIterator<Item = &'a Round>, decisions: &Decisions) -> BTreeMap<AgentName, Record> {
    use crate::finding::State;
    let mut newest: BTreeMap<&FindingId, &Finding> = BTreeMap::new();
    for finding in rounds.into_iter().flat_map(|round| &round.findings) {
        newest.insert(&finding.id, finding);
    }
    let mut records: BTreeMap<AgentName, Record> = BTreeMap::new();
    for finding in newest.values() {
        let agents = finding.agents();
        let shared = agents.len() > 1;
        for agent in agents {
            let record = records.entry(agent.clone()).or_default();
            match decisions.resolutions.get(&finding.id).map(|r| &r.state) {
                Some(State::Fixed) => record.kept += 1,
                Some(State::Dismissed { .. }) => record.dismissed += 1,
                Some(State::Open | State::Outdated) | None => {}
            }
            if shared {
                record.shared += 1;
                let own = finding.attributions.iter().filter(|a| a.agent == *agent).map(|a| a.severity).max();
                record.lowered += u32::from(own > Some(finding.severity));
            }
        }
    }
    records
}
