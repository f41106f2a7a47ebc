//! Merging design observations: as findings, by the same likeness, without severity and rank.

use super::cluster::{self, Bounds, Word};
use super::remark::Remark;
use super::similarity::Space;
use finding::{AgentName, Observation, RawFinding, RawId, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Merges design observations: those that say the same become one, with all who made it. The order of the
/// input does not matter.
#[must_use]
pub fn observations(all: &[Observation]) -> Vec<Observation> {
    let nobody = AgentName::new("");
    let mut made: Vec<(RawFinding, &Observation)> = all
        .iter()
        .map(|o| {
            let raw = RawFinding {
                id: RawId::new(""),
                sure: None,
                agent: o.by.first().unwrap_or(&nobody).clone(),
                severity: Severity::Suggestion,
                title: o.title.clone(),
                body: o.body.clone(),
                anchors: o.anchors.clone(),
                symbol: None,
                classification: None,
                rule: None,
                fixes: Vec::new(),
            };
            (raw, o)
        })
        .collect();
    made.sort_by_cached_key(|(raw, o)| (o.kind, raw.agent.clone(), raw.title.clone(), raw.body.clone()));
    let remarks: Vec<Remark> = made.iter().map(|(raw, _)| Remark::new(raw, None)).collect();
    let names: BTreeSet<&AgentName> = made.iter().map(|(raw, _)| &raw.agent).collect();
    let numbers: BTreeMap<&AgentName, usize> = names.into_iter().zip(0..).collect();
    let agents: Vec<usize> = made.iter().map(|(raw, _)| numbers[&raw.agent]).collect();
    let references: Vec<&Remark> = remarks.iter().collect();
    // A strength is never a concern.
    let pairs = Space::new(&references).compare(&agents, |a, b| made[a].1.kind == made[b].1.kind).pairs;
    let bounds = |remark: &Remark| Bounds { is_placed: !remark.places.is_empty(), ..Bounds::default() };
    let bounds: Vec<Bounds> = remarks.iter().map(bounds).collect();
    cluster::clusters(&bounds, &pairs, &Word::default())
        .into_iter()
        .map(|members| {
            let longest = members.iter().max_by_key(|i| (made[**i].1.body.len(), std::cmp::Reverse(**i)));
            let mut one = made[*longest.unwrap_or(&members[0])].1.clone();
            one.by =
                members.iter().flat_map(|i| &made[*i].1.by).cloned().collect::<BTreeSet<_>>().into_iter().collect();
            one
        })
        .collect()
}
