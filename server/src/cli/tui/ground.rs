//! What there is to show: a function of the round, what people decided, and the files as they are now.

use finding::{AgentName, Finding, FindingId, counted};
use ops::{Filter, FindingRow, FindingWhole, Now, OpsError, StateName};
use report::sanitize::printable;
use std::collections::BTreeMap;

/// A round, as it stands at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Ground {
    /// "Round 3 of topic".
    pub(super) title: String,
    /// What can be said of the branch now.
    pub(super) verdict: String,
    /// The findings that nobody refuted, in the round's order: the gravest first.
    pub(super) entries: Vec<Entry>,
    /// What the agents of the round are called.
    pub(super) labels: BTreeMap<AgentName, String>,
}

/// A finding in the list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its index in the round.
    pub(super) index: usize,
    pub(super) row: FindingRow,
    /// Whether its evidence does not hold.
    pub(super) is_doubtful: bool,
}

impl Ground {
    /// Reads the files that findings are in.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn of(now: &Now) -> Result<Self, OpsError> {
        let list = ops::list(&now.situation(), &Filter::default())?;
        let document = ops::document(&now.open, now.round.clone())?;
        let places: BTreeMap<&FindingId, (usize, &Finding)> =
            now.round.findings.iter().enumerate().map(|(index, finding)| (&finding.id, (index, finding))).collect();
        let entry = |row: FindingRow| {
            let (index, finding) = *places.get(&row.id)?;
            Some(Entry { index, is_doubtful: finding.is_doubtful(), row })
        };
        let scope = &now.round.scope;
        let branch = scope.branch.as_deref().or(scope.head.as_ref().map(|head| head.short())).unwrap_or("HEAD");
        let labels = now.round.agents.iter().map(|run| (run.agent.name.clone(), printable(&run.agent.label)));
        Ok(Self {
            title: printable(&format!("Round {} of {branch}", now.round.number)),
            verdict: printable(&now.round.conclusion(&document.decisions).to_string()),
            entries: list.findings.into_iter().filter_map(entry).collect(),
            labels: labels.collect(),
        })
    }

    pub(super) fn entry(&self, id: &FindingId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.row.id == *id)
    }

    /// "3 open, 1 fixed"; states of which there is none are left out.
    pub(super) fn counts(&self) -> String {
        let states = [StateName::Open, StateName::Fixed, StateName::Dismissed, StateName::Outdated];
        let count = |state| self.entries.iter().filter(|entry| entry.row.state == state).count();
        let said = states.map(|state| (count(state), mcp::text::state_word(state)));
        let said: Vec<String> =
            said.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if said.is_empty() { counted(0, "finding") } else { said.join(", ") }
    }

    /// The names of those who raised a finding, as people know them.
    pub(super) fn agents(&self, names: &[AgentName]) -> String {
        let label = |name| self.labels.get(name).cloned().unwrap_or_else(|| printable(AgentName::as_str(name)));
        names.iter().map(label).collect::<Vec<_>>().join(", ")
    }
}

/// All that a drawing shows besides how somebody looks at it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    pub(super) ground: Ground,
    /// The chosen finding, whole.
    pub(super) whole: Option<FindingWhole>,
}
