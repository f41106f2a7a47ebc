//! How agents did on this repository before.

use finding::{AgentName, Decisions, Finding, FindingId, Round, State};
use std::collections::BTreeMap;

/// How an agent did before; see [`records`].
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

/// How each agent did, from earlier rounds and what people decided on them.
#[must_use]
pub fn records<'a>(rounds: impl IntoIterator<Item = &'a Round>, decisions: &Decisions) -> BTreeMap<AgentName, Record> {
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
