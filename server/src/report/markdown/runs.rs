//! The agents of a report, and which of their own remarks became part of a merged one.

use crate::finding::{AgentInfo, AgentKind, AgentName, AgentOutcome, AgentRun, RawFinding, RawId};
use std::collections::HashMap;

/// The agent's own finding in the appendix that became part of `merged`: the same file, and near or alike.
pub(super) fn best_raw<'r>(
    merged: &RawFinding,
    agent: &AgentName,
    raw: &'r [RawFinding],
    taken: &HashMap<RawId, ()>,
) -> Option<&'r RawFinding> {
    raw.iter()
        .filter(|r| r.agent == *agent && !taken.contains_key(&r.id))
        .map(|r| (alike(merged, r), r))
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, r)| r)
}

fn alike(a: &RawFinding, b: &RawFinding) -> f64 {
    let words = |t: &str| -> Vec<String> {
        t.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2).map(str::to_owned).collect()
    };
    let (x, y) = (words(&a.title), words(&b.title));
    let common = x.iter().filter(|w| y.contains(w)).count();
    let title = 2.0 * common as f64 / (x.len() + y.len()).max(1) as f64;
    let near = a.anchors.iter().any(|p| {
        b.anchors.iter().any(|q| {
            let same = p.path.file_name() == q.path.file_name();
            same && matches!((p.lines, q.lines), (Some(l), Some(m)) if l.distance(m) <= 3)
        })
    });
    title + if near { 0.5 } else { 0.0 }
}

/// The agents that a report names.
#[derive(Default)]
pub(super) struct Runs(pub(super) Vec<AgentRun>);

impl Runs {
    pub(super) fn meet(&mut self, name: &AgentName, label: &str) -> &mut AgentRun {
        let at = self.0.iter().position(|r| r.agent.name == *name).unwrap_or_else(|| {
            self.0.push(imported_run(name, label));
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

/// An agent's run in a round that was read.
fn imported_run(name: &AgentName, label: &str) -> AgentRun {
    let agent = AgentInfo { name: name.clone(), label: label.to_owned(), kind: AgentKind::Imported };
    AgentRun::new(agent, AgentOutcome::Reviewed)
}
