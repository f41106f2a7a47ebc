//! Findings as rows, for lists: filtered, and with their place in the text of now.

use super::OpsError;
use super::plan::would_apply;
use super::states::{Situation, states};
use finding::{AgentName, Dial, Finding, FindingId, FindingStatus, LineRange, RepoPath, Severity, State};
use patch::{Carried, LineMap};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What became of a finding, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    /// It asks for something to be done.
    Open,
    /// Its fix or an equal change is in.
    Fixed,
    /// A person declined it.
    Dismissed,
    /// Its code is gone.
    Outdated,
}

impl From<&State> for StateName {
    fn from(state: &State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Fixed => Self::Fixed,
            State::Dismissed { .. } => Self::Dismissed,
            State::Outdated => Self::Outdated,
        }
    }
}

/// Which findings of a round.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this severity or a graver one.
    pub severity: Option<Severity>,
    /// With a place in this file, or in a file of this folder.
    pub path: Option<RepoPath>,
    /// Raised by this agent, by name or label.
    pub agent: Option<String>,
    /// In this state; in any without it.
    pub state: Option<StateName>,
    /// One of these, as [`mine`](super::mine()) says them; any without it.
    pub mine: Option<BTreeSet<FindingId>>,
    /// How much is to be shown of what is open.
    pub dial: Dial,
}

/// A finding in a list.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct FindingRow {
    /// Its identity over all rounds of the branch.
    pub id: FindingId,
    /// Its short name.
    pub label: String,
    /// How grave it is.
    pub severity: Severity,
    /// What became of it.
    pub state: StateName,
    /// One line, as agents wrote it.
    pub title: String,
    /// The file of its main place, by its name when it was reviewed; none when the whole branch is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<RepoPath>,
    /// Where that is in the file as it is now, 1-based; none when the whole file is meant, or the lines are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRange>,
    /// Who raised it.
    pub agents: Vec<AgentName>,
    /// How many fixes were suggested.
    pub fixes: usize,
    /// Whether one of them applies to the text as it is now.
    pub applies: bool,
    /// The ranking's score, 0 to 1.
    pub confidence: f64,
}

/// The findings of a round that a filter let through.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(title = "deep-review findings --format json")]
pub struct FindingList {
    /// The round's number.
    pub round: u32,
    /// In the round's order: the gravest first.
    pub findings: Vec<FindingRow>,
    /// How many more there are, and why they are not shown; nothing where all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
}

/// The findings of a round that nobody refuted and that the filter lets through, in the round's order.
///
/// # Errors
/// [`OpsError::NotInRound`] for an agent that has no part in the round.
pub fn list(situation: &Situation<'_>, filter: &Filter) -> Result<FindingList, OpsError> {
    let round = situation.round;
    let agent = filter.agent.as_deref().map(|name| agent_of(situation, name)).transpose()?;
    let states = states(situation);
    let state_of = |f: &Finding| states.get(&f.id).map_or(StateName::Open, StateName::from);
    let wanted = |f: &Finding| {
        !matches!(f.verification, FindingStatus::Refuted { .. })
            && filter.severity.is_none_or(|limit| f.severity >= limit)
            && filter.path.as_ref().is_none_or(|path| f.anchors.iter().any(|a| is_in(&a.path, path)))
            && agent.as_ref().is_none_or(|agent| f.agents().contains(&agent))
            && filter.state.is_none_or(|state| state_of(f) == state)
            && filter.mine.as_ref().is_none_or(|mine| mine.contains(&f.id))
    };
    let mut indices: Vec<usize> = (0..round.findings.len()).filter(|n| wanted(&round.findings[*n])).collect();
    // What is counted as hidden is what would be in this list otherwise.
    let listed: BTreeSet<&FindingId> = indices.iter().map(|n| &round.findings[*n].id).collect();
    let is_open = |f: &Finding| state_of(f) == StateName::Open;
    let open = round.standing().filter(|f| listed.contains(&f.id) && is_open(f));
    let hidden = filter.dial.hidden(open);
    indices.retain(|n| !hidden.has(&round.findings[*n].id));
    let applies = would_apply(situation, &indices);
    let mut maps = Maps::new(situation);
    let row = |(index, applies): (&usize, bool)| {
        let finding = &round.findings[*index];
        row(finding, state_of(finding), applies, &mut maps)
    };
    let findings = indices.iter().zip(applies).map(row).collect();
    let hidden = (hidden.count() > 0).then(|| hidden.to_string());
    Ok(FindingList { round: round.number, findings, hidden })
}

pub(crate) fn row(finding: &Finding, state: StateName, applies: bool, maps: &mut Maps<'_>) -> FindingRow {
    let main = finding.main_anchor();
    FindingRow {
        id: finding.id.clone(),
        label: finding.label.clone(),
        severity: finding.severity,
        state,
        title: finding.title.clone(),
        path: main.map(|anchor| anchor.path.clone()),
        lines: main.and_then(|anchor| maps.now(&anchor.path, anchor.lines?)),
        agents: finding.agents().into_iter().cloned().collect(),
        fixes: finding.fixes.len(),
        applies,
        confidence: finding.confidence,
    }
}

/// The agent of the round of that name or label.
fn agent_of(situation: &Situation<'_>, name: &str) -> Result<AgentName, OpsError> {
    let is = |word: &str| word.eq_ignore_ascii_case(name);
    let mut agents = situation.round.agents.iter().map(|run| &run.agent);
    let known = agents.find(|agent| is(agent.name.as_str()) || is(&agent.label));
    known.map(|agent| agent.name.clone()).ok_or_else(|| OpsError::NotInRound {
        agent: name.to_owned(),
        round: situation.round.number,
        agents: situation.round.agents.iter().map(|run| run.agent.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

/// Whether a file is the one named, or in the folder named.
fn is_in(file: &RepoPath, named: &RepoPath) -> bool {
    let rest = file.as_str().strip_prefix(named.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How the reviewed lines of each file lead to those of now.
pub(crate) struct Maps<'a> {
    situation: Situation<'a>,
    maps: BTreeMap<RepoPath, Option<LineMap>>,
}

impl<'a> Maps<'a> {
    pub(crate) fn new(situation: &Situation<'a>) -> Self {
        Self { situation: *situation, maps: BTreeMap::new() }
    }

    /// Where lines are now; `None` if they are gone.
    pub(crate) fn now(&mut self, path: &RepoPath, lines: LineRange) -> Option<LineRange> {
        let Situation { reviewed, current, .. } = self.situation;
        let map = self.maps.entry(path.clone()).or_insert_with(|| {
            let now = current.read(path).ok().flatten()?;
            Some(LineMap::between(reviewed.get(path)?, &now))
        });
        match map.as_ref().map(|map| map.carry(lines)) {
            Some(Carried::Untouched(lines) | Carried::Touched(lines)) => Some(lines),
            Some(Carried::Gone(_)) => None,
            None => Some(lines),
        }
    }
}
