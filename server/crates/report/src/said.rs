//! What each agent said of a finding, in its own words, where that is not what the finding says already: nothing that
//! was said is lost to the reader.

use super::pills::{Agents, Pill};
use finding::{Finding, Severity};
use serde::Serialize;

/// One agent's words on a finding.
#[derive(Debug, Serialize)]
pub(super) struct SaidView<'a> {
    pub(super) agent: Pill<'a>,
    /// How grave it held it.
    pub(super) severity: Severity,
    /// The earlier round in which it said so, if it has not answered about it since.
    pub(super) round: Option<u32>,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
}

/// The words of all agents that are not those of the finding itself.
pub(super) fn said<'a>(finding: &'a Finding, agents: &Agents<'a>) -> Vec<SaidView<'a>> {
    let is_said = |title: &str, body: &str| {
        let (shown, body) = (finding.body.trim(), body.trim());
        shown.contains(body) && (title.trim() == finding.title.trim() || !body.is_empty())
    };
    let remarks = agents.remarks(finding).filter(|raw| !is_said(&raw.title, &raw.body));
    let view = |raw: &'a finding::RawFinding| SaidView {
        agent: agents.pill(&raw.agent),
        severity: raw.severity,
        round: raw.id.round(),
        title: &raw.title,
        body: &raw.body,
    };
    remarks.map(view).collect()
}

/// The agents that said something of the finding in an earlier round alone, with the newest such round.
pub(super) fn earlier<'a>(finding: &'a Finding, agents: &Agents<'a>) -> Vec<(Pill<'a>, u32)> {
    let said_in = |name: &finding::AgentName| {
        let rounds: Vec<Option<u32>> =
            finding.attributions.iter().filter(|a| a.agent == *name).map(|a| a.raw.round()).collect();
        rounds.iter().copied().collect::<Option<Vec<u32>>>()?.into_iter().max()
    };
    let names = finding.agents().into_iter();
    names.filter_map(|name| Some((agents.pill(name), said_in(name)?))).collect()
}
