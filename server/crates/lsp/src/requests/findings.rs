//! What the server says beyond the LSP: `deepReview/findings` and `deepReview/status`, for the lists of editors.

use super::BackgroundRequest;
use super::fix_edits::Fixer;
use super::hover::explanation;
use crate::protocol::commands::Counts;
use crate::protocol::error::with_remedy;
use crate::protocol::own::*;
use crate::state::projection::RoundIndex;
use crate::state::snapshot::{Repo, Snapshot};
use finding::{AgentOutcome, AgentRun, Finding, FindingStatus, State};
use report::sanitize;
use serde_json::Value;

impl BackgroundRequest for FindingsRequest {
    type Params = FindingsParams;
    type Answer = Repositories;

    fn answer(snapshot: &Snapshot, params: FindingsParams) -> Repositories {
        let row = |repo: &Repo| RepositoryRow { findings: Some(findings(snapshot, repo, &params)), ..about(repo) };
        Repositories { repositories: snapshot.repos.values().map(|repo| row(repo)).collect() }
    }
}

impl BackgroundRequest for StatusRequest {
    type Params = Value;
    type Answer = Repositories;

    fn answer(snapshot: &Snapshot, _: Value) -> Repositories {
        let row = |repo: &Repo| RepositoryRow { open: Some(counts(repo)), ..about(repo) };
        Repositories { repositories: snapshot.repos.values().map(|repo| row(repo)).collect() }
    }
}

/// Findings that stand, with their number in the round.
fn standing(index: &RoundIndex) -> impl Iterator<Item = (usize, &Finding)> {
    let findings = index.round.findings.iter().enumerate();
    findings.filter(|(_, finding)| !matches!(finding.verification, FindingStatus::Refuted { .. }))
}

/// The findings that are open now.
fn open(repo: &Repo) -> impl Iterator<Item = &Finding> {
    let all = repo.round_index.iter().flat_map(|index| standing(index));
    all.filter(|(index, finding)| repo.state(*index, finding) == State::Open).map(|(_, finding)| finding)
}

fn counts(repo: &Repo) -> Counts {
    Counts::of(open(repo).map(|finding| finding.severity))
}

/// What is said of a repository without its findings.
fn about(repo: &Repo) -> RepositoryRow {
    let round = repo.round_index.as_ref().map(|index| &index.round);
    RepositoryRow {
        root: repo.root().to_owned(),
        name: repo.name(),
        running: repo.running.is_some(),
        agents: round.iter().flat_map(|round| &round.agents).map(|run| agent(repo, run)).collect(),
        branch: repo.head.as_ref().and_then(|head| head.branch.clone()),
        round: round.map(|round| RoundState {
            id: round.id.clone(),
            number: round.number,
            verdict: round.conclude(open(repo).filter(|f| !f.is_doubtful()).map(|f| f.severity)).to_string(),
            incomplete: round.failures().next().is_some(),
        }),
        open: None,
        findings: None,
    }
}

fn agent(repo: &Repo, run: &AgentRun) -> AgentState {
    let doing = repo.running.as_ref().and_then(|running| running.doing.get(&run.agent.name));
    let (state, message) = match &run.outcome {
        AgentOutcome::Running => ("running", doing.cloned()),
        AgentOutcome::Reviewed => ("reviewed", None),
        AgentOutcome::Failed { failure } => ("failed", Some(with_remedy(&failure.message, failure.remedy.as_deref()))),
    };
    AgentState {
        name: run.agent.name.clone(),
        label: sanitize::printable(&run.agent.label),
        state,
        message: message.map(|message| sanitize::printable(&message)),
    }
}

/// Works out whether fixes apply too.
fn findings(snapshot: &Snapshot, repo: &Repo, params: &FindingsParams) -> Vec<FindingRow> {
    let fixer = Fixer::new(snapshot, repo).ok();
    let row = |(index, finding): (usize, &Finding), round_index: &RoundIndex| {
        let round = &round_index.round;
        let state = repo.state(index, finding);
        let applies = |number| fixer.as_ref().is_some_and(|fixer| fixer.offer(index, number).is_ok());
        let location = repo.location(index, 0);
        let label = |name: &finding::AgentName| sanitize::printable(round.label_of(name));
        let agents = finding.agents().into_iter();
        FindingRow {
            id: finding.id.clone(),
            label: finding.label.clone(),
            severity: finding.severity,
            title: sanitize::printable(&finding.title),
            agents: agents.map(|name| AgentLabel { name: name.clone(), label: label(name) }).collect(),
            fixable: state == State::Open && (0..finding.fixes.len()).any(applies),
            state: match state {
                State::Open => "open",
                State::Fixed => "fixed",
                State::Dismissed { .. } => "dismissed",
                State::Outdated => "outdated",
            },
            fixes: finding.fixes.len(),
            explanation: params.explained.then(|| explanation(repo, round, finding)),
            path: finding.main_anchor().map(|anchor| anchor.path.clone()),
            uri: location.as_ref().map(|location| location.uri.clone()),
            range: location.map(|location| location.range),
        }
    };
    repo.round_index.iter().flat_map(|index| standing(index).map(|finding| row(finding, index))).collect()
}
