//! Agents' names as documents show them.

use finding::{AgentName, Finding, RawFinding, RawId, Round, Severity};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// An agent's name as it is shown, with a number for its colour.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Pill<'a> {
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) colour: usize,
    pub(super) severity: Option<Severity>,
}

/// Looks up agents' labels and colours, and what they said.
pub(super) struct Agents<'a> {
    pub(super) round: &'a Round,
    colours: BTreeMap<&'a AgentName, usize>,
    said: HashMap<&'a RawId, &'a RawFinding>,
}

impl<'a> Agents<'a> {
    pub(super) fn of(round: &'a Round) -> Self {
        let colours = round.agents.iter().enumerate().map(|(i, run)| (&run.agent.name, i)).collect();
        let said = round.raw.iter().rev().map(|raw| (&raw.id, raw)).collect();
        Self { round, colours, said }
    }

    /// What [`Round::remarks`] gives, without going through all that was said.
    pub(super) fn remarks(&self, finding: &Finding) -> impl Iterator<Item = &'a RawFinding> {
        finding.attributions.iter().filter_map(|a| self.said.get(&a.raw).copied())
    }

    pub(super) fn pill(&self, name: &'a AgentName) -> Pill<'a> {
        let colour = self.colours.get(name).copied().unwrap_or(0);
        Pill { name: name.as_str(), label: self.round.label_of(name), colour, severity: None }
    }

    pub(super) fn pills(&self, names: impl IntoIterator<Item = &'a AgentName>) -> Vec<Pill<'a>> {
        names.into_iter().map(|n| self.pill(n)).collect()
    }
}
