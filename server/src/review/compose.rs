//! The round as a function of its preparation and of what the agents gave so far.

use super::Preparation;
use super::locate::locate;
use crate::agent::Outcome;
use crate::finding::{
    AgentInfo, AgentKind, AgentName, AgentOutcome, AgentRun, Anchor, Answer, Assessment, BlobId, Coverage, LeftOut,
    LeftOutFile, Observation, ROUND_SCHEMA, RawFinding, RepoPath, ReviewedFile, Round, RoundId,
};
use crate::git::blob_id;
use crate::merge;
use crate::patch::{self, Hints};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

type Outcomes = BTreeMap<AgentName, (Outcome, Duration)>;

/// A round with what belongs to it and is stored beside it.
pub(super) struct Composed {
    /// Its number is 0: the store gives it.
    pub(super) round: Round,
    /// The snapshot's text of every file that an anchor or a fix is in, and of others that were read.
    pub(super) texts: BTreeMap<RepoPath, Arc<str>>,
    /// What became of the findings of earlier rounds.
    pub(super) earlier: Vec<merge::Became>,
}

pub(super) fn compose(prepared: &Preparation, outcomes: &Outcomes, took: Duration) -> Composed {
    let snapshot = &prepared.snapshot;
    let mut texts = prepared.texts.clone();
    let mut raw: Vec<RawFinding> = outcomes.values().flat_map(|(o, _)| o.answer.findings.iter().cloned()).collect();
    for finding in &mut raw {
        read_missing(finding, &mut texts, prepared);
        locate(finding, &texts, snapshot);
    }
    let agents: Vec<AgentRun> = prepared.agents.iter().map(|info| run_of(info, outcomes)).collect();
    let merged = merge::merge(&merge_input(prepared, &raw, &agents, &texts));
    raw.extend(merged.carried);
    let observations: Vec<Observation> =
        outcomes.values().flat_map(|(o, _)| o.answer.observations.iter().cloned()).collect();
    let coverage = coverage(prepared, &agents);
    let mut round = Round {
        schema: ROUND_SCHEMA,
        id: round_id(prepared),
        number: 0,
        started: prepared.started,
        duration_ms: millis(took),
        scope: snapshot.scope().clone(),
        commits: snapshot.commits().to_vec(),
        pull_request: None,
        author: snapshot.commits().last().map(|c| c.author.clone()).unwrap_or_default(),
        assessment: assessment(&agents),
        agents,
        findings: merged.findings,
        raw,
        observations: merge::observations(&observations),
        feedback: Vec::new(),
        declined: merged.declined,
        coverage,
        texts: BTreeMap::new(),
    };
    round.texts = anchored(&round, &texts);
    Composed { round, texts, earlier: merged.earlier }
}

/// `20260323-161334-msys2-ci`: the start in UTC, and the branch.
fn round_id(prepared: &Preparation) -> RoundId {
    let scope = prepared.snapshot.scope();
    let branch = scope.branch.as_deref().or(scope.head.as_ref().map(|h| h.short())).unwrap_or("HEAD");
    let branch: String =
        branch.chars().take(60).map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect();
    RoundId::new(format!("{}-{branch}", prepared.started.strftime("%Y%m%d-%H%M%S")))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Agents read the whole repository, so a finding may be in a file that the change does not touch.
fn read_missing(finding: &RawFinding, texts: &mut BTreeMap<RepoPath, Arc<str>>, prepared: &Preparation) {
    for anchor in &finding.anchors {
        if !texts.contains_key(&anchor.path)
            && let Ok(Some(text)) = prepared.snapshot.read(&anchor.path)
        {
            texts.insert(anchor.path.clone(), text);
        }
    }
}

fn merge_input<'a>(
    prepared: &'a Preparation,
    raw: &'a [RawFinding],
    agents: &'a [AgentRun],
    texts: &BTreeMap<RepoPath, Arc<str>>,
) -> merge::Input<'a> {
    let mut facts: BTreeMap<_, _> =
        raw.iter().map(|finding| (finding.id.clone(), facts(prepared, finding, texts))).collect();
    let mut outlines: BTreeMap<&RepoPath, merge::Outline> = BTreeMap::new();
    for finding in raw {
        if let Some(Anchor { path, lines: Some(lines), .. }) = finding.anchors.first()
            && let Some(text) = texts.get(path)
            && let Some(facts) = facts.get_mut(&finding.id)
        {
            let outline = outlines.entry(path).or_insert_with(|| merge::Outline::of(path, text));
            facts.symbol = outline.enclosing(*lines).map(str::to_owned);
        }
    }
    merge::Input {
        round: prepared.earlier.last().map_or(1, |(round, _)| round.number + 1),
        raw: raw.iter().collect(),
        agents,
        facts,
        decisions: Some(&prepared.decisions),
        earlier: prepared.earlier.iter().map(|(round, texts)| merge::Earlier { round, texts }).collect(),
        texts: texts.clone(),
        records: merge::records(prepared.earlier.iter().map(|(round, _)| round), &prepared.decisions),
    }
}

fn facts(prepared: &Preparation, raw: &RawFinding, texts: &BTreeMap<RepoPath, Arc<str>>) -> merge::Facts {
    let path = raw.anchors.first().map(|a| &a.path);
    let text = path.and_then(|p| texts.get(p));
    let file = path.and_then(|p| prepared.snapshot.file(p));
    let mut facts = merge::Facts::look(raw, text.map(|t| &**t), |lines| file.is_some_and(|f| f.touches(lines)));
    facts.fix_applies = (!raw.fixes.is_empty()).then(|| raw.fixes.iter().any(|fix| applies(raw, fix, texts)));
    facts
}

fn applies(raw: &RawFinding, fix: &crate::finding::Fix, texts: &BTreeMap<RepoPath, Arc<str>>) -> bool {
    let anchor = raw.anchors.first();
    let Some(path) = fix.path.as_ref().or(anchor.map(|a| &a.path)) else { return false };
    let Some(text) = texts.get(path) else { return false };
    let hints = Hints {
        path: Some(path),
        lines: anchor.filter(|a| a.path == *path).and_then(|a| a.lines),
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: raw.symbol.as_deref(),
    };
    patch::apply(text, &fix.diff, &hints).is_ok()
}

fn run_of(info: &AgentInfo, outcomes: &Outcomes) -> AgentRun {
    let mut run = AgentRun {
        agent: info.clone(),
        outcome: AgentOutcome::Running,
        duration_ms: 0,
        usage: crate::finding::Usage::default(),
        prompt: None,
        covered: Vec::new(),
        notes: Vec::new(),
        assessment: Assessment::default(),
        retro: None,
    };
    let Some((outcome, took)) = outcomes.get(&info.name) else { return run };
    let Answer { covered, notes, assessment, .. } = outcome.answer.clone();
    run.agent.label = outcome.label.clone().unwrap_or_else(|| info.label.clone());
    run.outcome = match outcome.failure.clone() {
        Some(failure) => AgentOutcome::Failed { failure },
        None => AgentOutcome::Reviewed,
    };
    run.duration_ms = millis(*took);
    run.usage = outcome.usage;
    run.prompt = outcome.prompt.clone();
    (run.covered, run.notes, run.assessment) = (covered, notes, assessment);
    run
}

/// Every changed file: reviewed by those who say so (an agent that answered and names no file read them all), or
/// left out with the reason.
fn coverage(prepared: &Preparation, agents: &[AgentRun]) -> Coverage {
    let mut left_out: Vec<LeftOutFile> = prepared.snapshot.left_out().to_vec();
    let mut reviewed = Vec::new();
    for file in prepared.snapshot.files() {
        let by: Vec<AgentName> =
            agents.iter().filter(|run| read(run, &file.path)).map(|run| run.agent.name.clone()).collect();
        if by.is_empty() {
            left_out.push(LeftOutFile { path: file.path.to_string(), why: LeftOut::NoAgent });
        } else {
            reviewed.push(ReviewedFile { path: file.path.clone(), by, lossy: file.lossy });
        }
    }
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    Coverage { reviewed, left_out }
}

fn read(run: &AgentRun, path: &RepoPath) -> bool {
    match run.outcome {
        AgentOutcome::Running => false,
        AgentOutcome::Reviewed => run.covered.is_empty() || run.covered.contains(path),
        AgentOutcome::Failed { .. } => run.covered.contains(path),
    }
}

/// The first agent that says something of a part speaks for it; what is a list is taken together.
fn assessment(agents: &[AgentRun]) -> Assessment {
    let mut all = Assessment::default();
    let models_first = agents
        .iter()
        .filter(|a| a.agent.kind != AgentKind::BuiltIn)
        .chain(agents.iter().filter(|a| a.agent.kind == AgentKind::BuiltIn));
    for said in models_first.map(|run| &run.assessment) {
        all.summary = all.summary.or_else(|| said.summary.clone());
        all.testing = all.testing.or_else(|| said.testing.clone());
        all.documentation = all.documentation.or_else(|| said.documentation.clone());
        all.commit_structure = all.commit_structure.or_else(|| said.commit_structure.clone());
        for scenario in &said.untested {
            if !all.untested.contains(scenario) {
                all.untested.push(scenario.clone());
            }
        }
        for limitation in &said.limitations {
            if !all.limitations.iter().any(|l| l.title == limitation.title) {
                all.limitations.push(limitation.clone());
            }
        }
    }
    all
}

/// The files that an anchor or a fix of a finding is in, by the blob of their exact text.
fn anchored(round: &Round, texts: &BTreeMap<RepoPath, Arc<str>>) -> BTreeMap<RepoPath, BlobId> {
    let anchors =
        round.findings.iter().flat_map(|f| &f.anchors).chain(round.observations.iter().flat_map(|o| &o.anchors));
    let fixes = round.findings.iter().flat_map(|f| f.fixes.iter().filter_map(|fix| fix.path.as_ref()));
    anchors.map(|a| &a.path).chain(fixes).filter_map(|path| Some((path.clone(), blob_id(texts.get(path)?)))).collect()
}
