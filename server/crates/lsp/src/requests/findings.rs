//! What the server says beyond the LSP: `deepReview/findings` and `deepReview/status`, for the lists of editors.

use super::BackgroundRequest;
use super::fix_edits::Fixer;
use super::hover::{explanation, thread};
use super::mine::mine;
use crate::protocol::commands::Counts;
use crate::protocol::error::{CommandError, with_remedy};
use crate::protocol::own::*;
use crate::state::projection::RoundIndex;
use crate::state::shown::{self, Shown};
use crate::state::snapshot::{Repo, Snapshot};
use finding::{AgentName, AgentOutcome, AgentRun, Finding, FindingId, ObservationKind, RepoPath, Round, State, Usage};
use lsp_types::Range;
use report::sanitize;
use serde_json::Value;
use std::collections::BTreeSet;

impl BackgroundRequest for FindingsRequest {
    type Params = FindingsParams;
    type Answer = Repositories;

    fn answer(snapshot: &Snapshot, params: FindingsParams) -> Repositories {
        let row = |repo: &Repo| {
            let shown = Shown::of(snapshot, repo);
            let (mine, unknown) = match params.mine.then(|| mine(snapshot, repo)) {
                Some(Ok(mine)) => (Some(mine), None),
                Some(Err(why)) => (None, Some(CommandError::from(why).to_string())),
                None => (None, None),
            };
            RepositoryRow {
                findings: Some(findings(snapshot, repo, &shown, (&params, mine.as_ref()))),
                mine_unknown: unknown,
                hidden: shown.says(),
                concerns: Some(concerns(repo)),
                ..about(repo)
            }
        };
        Repositories { repositories: snapshot.repos.values().map(|repo| row(repo)).collect() }
    }
}

impl BackgroundRequest for StatusRequest {
    type Params = Value;
    type Answer = Repositories;

    fn answer(snapshot: &Snapshot, _: Value) -> Repositories {
        let row = |repo: &Repo| {
            let shown = Shown::of(snapshot, repo);
            RepositoryRow { open: Some(counts(repo, &shown)), hidden: shown.says(), ..about(repo) }
        };
        Repositories { repositories: snapshot.repos.values().map(|repo| row(repo)).collect() }
    }
}

/// The findings that are open now.
fn open(repo: &Repo) -> impl Iterator<Item = &Finding> {
    repo.round_index.iter().flat_map(|index| shown::open(repo, index))
}

fn counts(repo: &Repo, shown: &Shown) -> Counts {
    Counts::of(open(repo).filter(|finding| !shown.hides(finding)).map(|finding| finding.severity))
}

/// What is said of a repository without its findings.
fn about(repo: &Repo) -> RepositoryRow {
    let round = repo.round_index.as_ref().map(|index| &index.round);
    RepositoryRow {
        root: repo.root().to_owned(),
        name: repo.name(),
        running: repo.running.is_some(),
        agents: round.iter().flat_map(|round| round.agents.iter().map(|run| agent(repo, round, run))).collect(),
        branch: repo.head.as_ref().and_then(|head| head.branch.clone()),
        target: repo.visit.as_ref().map(|visit| visit.word.clone()),
        of: repo.visit.as_ref().map(|visit| visit.of.root.clone()),
        round: round.map(|round| RoundState {
            id: round.id.clone(),
            number: round.number,
            verdict: round.conclude(open(repo).filter(|f| !f.is_doubtful()).map(|f| f.severity)).to_string(),
            incomplete: round.failures().next().is_some(),
            base: sanitize::printable(&round.scope.base_name),
            started: round.started.to_string(),
        }),
        open: None,
        findings: None,
        hidden: None,
        mine_unknown: None,
        concerns: None,
    }
}

fn agent(repo: &Repo, round: &Round, run: &AgentRun) -> AgentState {
    let running = repo.running.as_ref();
    let doing = repo.activity.newest(&run.agent.name).filter(|_| running.is_some());
    let (state, message) = match &run.outcome {
        AgentOutcome::Running if running.is_none() => ("failed", Some("it was interrupted".to_owned())),
        AgentOutcome::Running => ("running", doing.map(ToOwned::to_owned)),
        AgentOutcome::Reviewed => ("reviewed", None),
        AgentOutcome::Failed { failure } => ("failed", Some(with_remedy(&failure.message, failure.remedy.as_deref()))),
    };
    AgentState {
        name: run.agent.name.clone(),
        label: sanitize::printable(&run.agent.label),
        kind: run.agent.kind,
        state,
        message: message.map(|message| sanitize::printable(&message)),
        elapsed_ms: match (&run.outcome, running) {
            (AgentOutcome::Running, Some(running)) => {
                u64::try_from(running.started.elapsed().as_millis()).unwrap_or(u64::MAX)
            }
            _ => run.duration_ms,
        },
        findings: repo.remarks_of(round, &run.agent.name),
        tokens: tokens(&run.usage),
        cost_usd: run.usage.cost_usd,
    }
}

/// Tokens read and written; `None` where neither is known.
fn tokens(usage: &Usage) -> Option<u64> {
    let known = usage.input_tokens.is_some() || usage.output_tokens.is_some();
    known.then(|| usage.input_tokens.unwrap_or(0).saturating_add(usage.output_tokens.unwrap_or(0)))
}

/// The concerns that are among the diagnostics.
fn concerns(repo: &Repo) -> Vec<ConcernRow> {
    let Some(index) = &repo.round_index else { return Vec::new() };
    let of_file = |path: &RepoPath| {
        let projection = repo.projection(path)?;
        let row = |(number, range): &(usize, Range)| {
            let observation = index.round.observations.get(*number).filter(|o| o.kind != ObservationKind::Strength)?;
            let label = |name: &AgentName| sanitize::printable(index.round.label_of(name));
            Some(ConcernRow {
                title: sanitize::printable(&observation.title),
                agents: observation
                    .by
                    .iter()
                    .map(|name| AgentLabel { name: name.clone(), label: label(name) })
                    .collect(),
                path: path.clone(),
                uri: projection.uri.clone(),
                range: *range,
            })
        };
        Some(projection.observations.iter().filter_map(row).collect::<Vec<_>>())
    };
    index.paths().filter_map(of_file).flatten().collect()
}

/// Those that the dial does not hide. Works out whether fixes apply too.
fn findings(
    snapshot: &Snapshot,
    repo: &Repo,
    shown: &Shown,
    (params, mine): (&FindingsParams, Option<&BTreeSet<FindingId>>),
) -> Vec<FindingRow> {
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
            new: round.since_before.round == 0 || round.since_before.new.contains(&finding.id),
            mine: mine.map(|mine| mine.contains(&finding.id)),
            rule: finding.rule.as_ref().map(|rule| sanitize::printable(&rule.id)),
            explanation: params.explained.then(|| explanation(repo, round, finding, snapshot.capabilities.rich_hover)),
            thread: if params.explained { thread(round, finding) } else { Vec::new() },
            path: finding.main_anchor().map(|anchor| anchor.path.clone()),
            uri: location.as_ref().map(|location| location.uri.clone()),
            range: location.map(|location| location.range),
        }
    };
    let rows = |index: &RoundIndex| -> Vec<FindingRow> {
        shown::standing(index).filter(|(_, finding)| !shown.hides(finding)).map(|finding| row(finding, index)).collect()
    };
    repo.round_index.iter().flat_map(|index| rows(index)).collect()
}
