//! Takes reviews that were written elsewhere in as rounds of the branch, anchored in the current code.

mod join;

use ::import::{Code, ErrorFormat, Import, ImportedReview, Settled, read};
use anyhow::Context as _;
use config::Config;
use finding::{AgentOutcome, AgentRun, Answer, Decisions, ROUND_SCHEMA, RawId, RepoPath, ReviewedFile, Round, RoundId};
use git::{Repository, ScopeRequest, Snapshot, SnapshotOptions, blob_id};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Branch, Store};
use tokio_util::sync::CancellationToken;

/// Larger files are not read.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The findings that a file lists, each with the number of the file.
type Listed = BTreeMap<RawId, u32>;

/// A round that was imported.
#[derive(Debug, Clone)]
pub struct Imported {
    /// As it is stored.
    pub round: Round,
    /// How many of its findings are in a file of the current code.
    pub placed: usize,
}

/// Where what was read goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Each whole report is a round of its own, all other reviews together are one.
    Own,
    /// All of it joins the branch's newest round, as more agents: a new round has what both say.
    Current,
}

/// Reads the files and stores what they hold. Blocks.
///
/// # Errors
/// When a file cannot be read as a review, or git or the store cannot be used. Nothing is stored then.
pub fn import(
    repository: &Repository,
    config: &Config,
    files: &[PathBuf],
    target: Target,
) -> anyhow::Result<Vec<Imported>> {
    import_as(repository, config, files, target, None)
}

/// [`import()`], with the files' lines read by a format of the user's own if one is given.
///
/// # Errors
/// As [`import()`].
pub fn import_as(
    repository: &Repository,
    config: &Config,
    files: &[PathBuf],
    target: Target,
    format: Option<&ErrorFormat>,
) -> anyhow::Result<Vec<Imported>> {
    let scope = repository.scope(&ScopeRequest {
        base: config.base.clone(),
        uncommitted: config.uncommitted,
        ..ScopeRequest::default()
    })?;
    let options = SnapshotOptions {
        exclude: config.exclude.clone(),
        max_file_bytes: config.max_file_bytes,
        ..SnapshotOptions::default()
    };
    let snapshot = repository.snapshot(&scope, &options, &CancellationToken::new())?;
    let (mut rounds, said) = read_all(files, format)?;
    let paths = snapshot.paths()?;
    let changed: Vec<RepoPath> = snapshot.files().iter().map(|f| f.path.clone()).collect();
    let text = |path: &RepoPath| snapshot.read(path).ok().flatten();
    let code = Code::new(&paths, &changed, &text);
    let (mut answers, listed) = settled(said, &code);
    if target == Target::Current {
        for mut settled in rounds.drain(..).flat_map(|(round, _)| taken_apart(round)) {
            code.settle_answer(&mut settled.answer);
            add(&mut answers, settled);
        }
    }
    for (round, _) in &mut rounds {
        code.settle_round(round);
        adopt(round, &snapshot);
    }
    let store = Store::of(repository.common_dir());
    let branch = store.branch(scope.branch.as_deref());
    match target {
        Target::Current => {
            let newest = branch.newest()?.value;
            let newest =
                newest.context("there is no round on this branch that it could join; leave --into-current out")?;
            let decisions = branch.decisions()?.value;
            rounds.push((join::joined((&newest, &decisions), answers, &snapshot, &store, &code), Decisions::default()));
        }
        Target::Own if answers.is_empty() => {}
        Target::Own => rounds.push((merged(answers, listed, &snapshot), Decisions::default())),
    }
    for (round, decisions) in &mut rounds {
        if target == Target::Own {
            round.labels = merge::Labels::of(&branch.rounds()?.value).adopt(&mut round.findings);
        }
        keep_texts(round, &snapshot, &store)?;
        branch.begin(round).context("failed to store the round")?;
        keep_decisions(&branch, std::mem::take(decisions))?;
    }
    let placed =
        |round: &Round| round.findings.iter().filter(|f| f.anchors.iter().any(|a| text(&a.path).is_some())).count();
    Ok(rounds.into_iter().map(|(round, _)| Imported { placed: placed(&round), round }).collect())
}

/// What the files hold: whole rounds with what was decided on them, and reviews with their file's number.
type ReadFiles = (Vec<(Round, Decisions)>, Vec<(u32, ImportedReview)>);

fn read_all(files: &[PathBuf], format: Option<&ErrorFormat>) -> anyhow::Result<ReadFiles> {
    let (mut rounds, mut said) = ReadFiles::default();
    for (number, file) in (0..).zip(files) {
        match read_file(file, format)? {
            Import::Round(round, decisions) => rounds.push((*round, decisions)),
            Import::Reviews(all) => said.extend(all.into_iter().map(|review| (number, review))),
        }
    }
    Ok((rounds, said))
}

/// The reviews in the terms of the code, one an agent, and which findings some file lists.
fn settled(said: Vec<(u32, ImportedReview)>, code: &Code<'_>) -> (Vec<Settled>, Listed) {
    let (mut answers, mut listed) = (Vec::new(), Listed::new());
    for (number, review) in said {
        let settled = code.settle_said(review);
        let is_list = settled.is_list;
        let added = add(&mut answers, settled);
        listed.extend(added.into_iter().filter(|_| is_list).map(|id| (id, number)));
    }
    (answers, listed)
}

/// Keeps what a report says was decided. What was decided here counts more.
fn keep_decisions(branch: &Branch, theirs: Decisions) -> anyhow::Result<()> {
    if !theirs.resolutions.is_empty() || !theirs.grades.is_empty() {
        branch.decide(|mine| {
            for (id, grade) in theirs.grades {
                mine.grades.entry(id).or_insert(grade);
            }
            for (id, resolution) in theirs.resolutions {
                mine.resolutions.entry(id).or_insert(resolution);
            }
        })?;
    }
    Ok(())
}

fn read_file(file: &Path, format: Option<&ErrorFormat>) -> anyhow::Result<Import> {
    let name = || format!("failed to import {}", file.display());
    let bytes = read_bounded(file).with_context(name)?;
    let text = String::from_utf8_lossy(&bytes);
    let stem = file.file_stem().map_or_else(|| "imported".to_owned(), |s| s.to_string_lossy().into_owned());
    match format {
        Some(format) => ::import::read_lines(&text, &stem, format).with_context(name),
        None => read(&text, &stem).with_context(name),
    }
}

/// The bytes of a file whose size is known beforehand: a device has no end, and a pipe may never have one.
fn read_bounded(file: &Path) -> anyhow::Result<Vec<u8>> {
    let known = std::fs::metadata(file)?;
    anyhow::ensure!(known.is_file(), "it is {}, not a file; save what it gives in a file first", sort_of(&known));
    anyhow::ensure!(
        known.len() <= MOST_BYTES,
        "it has {} bytes, more than the {MOST_BYTES} that are read",
        known.len()
    );
    let mut bytes = Vec::new();
    // It may have grown since.
    std::fs::File::open(file)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= MOST_BYTES, "it has more than the {MOST_BYTES} bytes that are read");
    Ok(bytes)
}

fn sort_of(known: &std::fs::Metadata) -> &'static str {
    if known.is_dir() { "a folder" } else { "a device or a pipe" }
}

/// What each agent of a report said.
fn taken_apart(round: Round) -> impl Iterator<Item = Settled> {
    let Round { agents, raw, observations, .. } = round;
    agents.into_iter().map(move |run| {
        let name = &run.agent.name;
        let answer = Answer {
            findings: raw.iter().filter(|r| r.agent == *name).cloned().collect(),
            observations: observations.iter().filter(|o| o.by.first() == Some(name)).cloned().collect(),
            assessment: run.assessment,
            covered: run.covered,
            notes: run.notes,
        };
        let failure = match run.outcome {
            AgentOutcome::Failed { failure } => Some(failure),
            _ => None,
        };
        Settled { agent: run.agent, answer, is_list: false, failure }
    })
}

/// Two files of one tool are one agent. Gives the ids that the findings have then.
fn add(answers: &mut Vec<Settled>, settled: Settled) -> Vec<RawId> {
    let Settled { agent: info, answer, is_list, failure } = settled;
    let mut added = Vec::with_capacity(answer.findings.len());
    match answers.iter_mut().find(|known| known.agent.name == info.name) {
        Some(Settled { answer: known, failure: failed, .. }) => {
            *failed = failed.take().or(failure);
            let mut ids: BTreeSet<RawId> = known.findings.iter().map(|f| f.id.clone()).collect();
            for mut finding in answer.findings {
                // Each file counts from one.
                for n in known.findings.len() + 1.. {
                    if ids.insert(finding.id.clone()) {
                        break;
                    }
                    finding.id = RawId::new(format!("{}:{n}", info.name));
                }
                added.push(finding.id.clone());
                known.findings.push(finding);
            }
            known.observations.extend(answer.observations);
            known.assessment.merge(answer.assessment);
            known.covered.extend(answer.covered);
        }
        None => {
            added.extend(answer.findings.iter().map(|finding| finding.id.clone()));
            answers.push(Settled { agent: info, answer, is_list, failure });
        }
    }
    added
}

/// Makes a round that was reviewed elsewhere one of this branch as it is now.
fn adopt(round: &mut Round, snapshot: &Snapshot) {
    let here = snapshot.scope();
    if round.scope.branch != here.branch || round.commits.is_empty() {
        round.commits = snapshot.commits().to_vec();
    }
    for commit in &mut round.commits {
        // A report shortens the ids.
        let full = snapshot.commits().iter().find(|c| c.id.as_str().starts_with(commit.id.as_str()));
        if let Some(full) = full {
            *commit = full.clone();
        }
    }
    round.scope = here.clone();
    round.schema = ROUND_SCHEMA;
    if round.started == Timestamp::UNIX_EPOCH {
        round.started = Timestamp::now();
    }
    round.id = id(round.id.as_str());
}

/// An id that can be a file's name.
pub(crate) fn id(text: &str) -> RoundId {
    let safe: String =
        text.chars().take(120).map(|c| if c.is_alphanumeric() || c == '.' || c == '-' { c } else { '-' }).collect();
    RoundId::new(if safe.trim_matches(['-', '.']).is_empty() { "imported".into() } else { safe })
}

/// Adds an agent and what it said, unmerged.
fn take_in(round: &mut Round, Settled { agent, answer, failure, .. }: Settled) {
    let outcome = failure.map_or(AgentOutcome::Reviewed, |failure| AgentOutcome::Failed { failure });
    round.assessment.merge(answer.assessment.clone());
    round.observations.extend(answer.observations);
    round.raw.extend(answer.findings);
    round.agents.push(AgentRun {
        covered: answer.covered,
        notes: answer.notes,
        assessment: answer.assessment,
        ..AgentRun::new(agent, outcome)
    });
}

/// A round of what agents said elsewhere.
fn merged(answers: Vec<Settled>, listed: Listed, snapshot: &Snapshot) -> Round {
    let started = Timestamp::now();
    let branch = snapshot.scope().branch.as_deref().unwrap_or("HEAD");
    let id = id(&format!("{}-{branch}", started.strftime("%Y%m%d-%H%M%S")));
    let mut round = Round {
        commits: snapshot.commits().to_vec(),
        author: snapshot.commits().last().map(|c| c.author.clone()).unwrap_or_default(),
        ..Round::new(id, started, snapshot.scope().clone())
    };
    for settled in answers {
        take_in(&mut round, settled);
    }
    let mut input = merge::Input { listed, ..merge::Input::of(&round.raw) };
    let cited: BTreeSet<&RepoPath> = round.raw.iter().flat_map(|r| &r.anchors).map(|a| &a.path).collect();
    input.texts = cited.into_iter().filter_map(|path| Some((path.clone(), snapshot.read(path).ok()??))).collect();
    round.findings = merge::merge(&input).findings;
    round.observations = merge::observations(&round.observations);
    cover(&mut round, snapshot);
    round
}

/// The changed files that agents say they looked at.
pub(crate) fn cover(round: &mut Round, snapshot: &Snapshot) {
    round.coverage.reviewed.clear();
    for file in snapshot.files() {
        let covered = |r: &&AgentRun| r.covered.contains(&file.path);
        let by: Vec<_> = round.agents.iter().filter(covered).map(|r| r.agent.name.clone()).collect();
        if !by.is_empty() {
            round
                .coverage
                .reviewed
                .push(ReviewedFile { lossy: file.lossy, ..ReviewedFile::new(file.path.clone(), by) });
        }
    }
}

/// Keeps the texts of the files that the round cites, so that its anchors can be carried on from here.
pub(crate) fn keep_texts(round: &mut Round, snapshot: &Snapshot, store: &Store) -> anyhow::Result<()> {
    let anchored =
        round.findings.iter().flat_map(|f| &f.anchors).chain(round.observations.iter().flat_map(|o| &o.anchors));
    let fixed = round.findings.iter().flat_map(|f| f.fixes.iter().filter_map(|fix| fix.path.as_ref()));
    let mut texts: BTreeMap<RepoPath, Arc<str>> = BTreeMap::new();
    for path in anchored.map(|a| &a.path).chain(fixed) {
        if !texts.contains_key(path)
            && let Some(text) = snapshot.read(path)?
        {
            texts.insert(path.clone(), text);
        }
    }
    round.texts = texts.iter().map(|(path, text)| (path.clone(), blob_id(text))).collect();
    store
        .put_texts(round.texts.values().zip(texts.values().map(|text| &**text)))
        .context("failed to store the files' texts")
}
