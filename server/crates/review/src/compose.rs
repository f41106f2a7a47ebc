//! The round as a function of its preparation, of what the agents gave so far, and of what was judged.

use super::about::About;
use super::adjudicate::Judged;
use super::locate::{locate, meant, settle_paths};
use super::{Preparation, contrary, lead, learned, stands, verify};
use agent::Outcome;
use finding::{
    AgentInfo, AgentKind, AgentName, AgentOutcome, AgentRun, Anchor, Answer, BlobId, Check, Coverage, Failure,
    FailureKind, Finding, FindingId, FindingStatus, Fingerprint, Judgement, LeftOut, LeftOutFile, NoMore, Observation,
    ROUND_SCHEMA, RawFinding, RawId, RepoPath, ReviewedFile, Round, RoundId, SinceBefore, Usage,
};
use git::{Age, blob_id};
use patch::{Hints, Splits};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What an agent gave, read once: each finding in its place, with what is known of it. A function of the preparation
/// and of the agent's outcome alone.
#[derive(Debug)]
pub(super) struct Answered {
    outcome: Outcome,
    took: Duration,
    facts: BTreeMap<RawId, merge::Facts>,
    /// Texts that it speaks of and that the preparation does not have.
    texts: BTreeMap<RepoPath, Arc<str>>,
}

impl Answered {
    pub(super) fn has_failed(&self) -> bool {
        self.outcome.failure.is_some()
    }

    /// What it raised, each in its place.
    pub(super) fn findings(&self) -> &[RawFinding] {
        &self.outcome.answer.findings
    }
}

/// What all agents gave that are done.
pub(super) type Answers = BTreeMap<AgentName, Arc<Answered>>;

/// What is said besides the reviews.
#[derive(Debug, Clone, Default)]
pub(super) struct Besides {
    /// What each review was expected to use.
    pub(super) estimates: BTreeMap<AgentName, Usage>,
    /// What agents say of each other's findings.
    pub(super) checks: Vec<Check>,
    /// Of the findings that they hold to be older than the change: whether they are.
    pub(super) ages: BTreeMap<FindingId, Age>,
    /// The same, by remark.
    pub(super) status: BTreeMap<RawId, FindingStatus>,
    /// What the lead says.
    pub(super) lead: lead::Word,
    /// What that used.
    pub(super) usage: BTreeMap<AgentName, Usage>,
    /// What went wrong with it.
    pub(super) notes: Vec<(AgentName, String)>,
    /// The finding that the round looks at again, if it is about one alone.
    pub(super) about: Option<About>,
}

/// A round with what belongs to it and is stored beside it.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    /// Shared by all who show or store it. Its number is 0 until the store has given it one.
    pub(super) round: Arc<Round>,
    /// The snapshot's text of every file that an anchor or a fix is in, and of others that were read.
    pub(super) texts: BTreeMap<RepoPath, Arc<str>>,
    /// What became of the findings of earlier rounds.
    pub(super) earlier: Vec<merge::Became>,
    /// What is in doubt and may be judged.
    pub(super) doubts: Vec<merge::Doubt>,
}

/// Puts an agent's findings in their places and finds out what can be known of them.
pub(super) fn answered(prepared: &Preparation, mut outcome: Outcome, took: Duration) -> Answered {
    let mut texts = BTreeMap::new();
    settle_covered(prepared, &mut outcome);
    for finding in &mut outcome.answer.findings {
        settle_paths(finding, prepared);
        read_missing(finding, &mut texts, prepared);
        locate(finding, &texts, &prepared.snapshot);
    }
    let mut facts: BTreeMap<RawId, merge::Facts> = BTreeMap::new();
    let split = Splits::default();
    for finding in &outcome.answer.findings {
        let text = |path: &RepoPath| texts.get(path).or_else(|| prepared.texts.get(path)).map(|text| &**text);
        let mut known = facts_of(prepared, finding, &text, &split);
        if let Some(Anchor { path, lines: Some(lines), .. }) = finding.main_anchor()
            && let Some(text) = text(path)
        {
            known.symbol = prepared.outlines.enclosing(path, text, *lines);
        }
        facts.insert(finding.id.clone(), known);
    }
    Answered { outcome, took, facts, texts }
}

/// Puts the paths of the files that an agent says it looked at right. Who names some, and none that it was asked about,
/// has reviewed nothing.
pub(super) fn settle_covered(prepared: &Preparation, outcome: &mut Outcome) {
    let covered = std::mem::take(&mut outcome.answer.covered);
    if covered.is_empty() {
        return;
    }
    let settled: BTreeSet<RepoPath> =
        covered.iter().map(|path| meant(path, None, &prepared.snapshot).unwrap_or_else(|| path.clone())).collect();
    let is_asked = settled.iter().any(|path| prepared.sides.contains_key(path));
    outcome.answer.covered = settled.into_iter().collect();
    if !is_asked && outcome.failure.is_none() && outcome.answer.findings.is_empty() {
        let message = "none of the files that it says it looked at is one that it was asked about";
        outcome.failure = Some(Failure::new(FailureKind::BadOutput, message));
    }
}

/// The round. `merger` reads each remark once, however often the round is composed; it changes nothing in the result.
pub(super) fn compose(
    prepared: &Preparation,
    answers: &Answers,
    (judged, besides): (&Judged, &Besides),
    (merger, names): (&mut merge::Merger, &merge::Labels),
    took: Duration,
) -> Composed {
    let mut gathered = Gathered::of(prepared, answers, judged, besides);
    let mut merged = gathered.merge(prepared, merger, names);
    gathered.settle(&mut merged, besides);
    let said = (&gathered.raw[..], &gathered.agents[..]);
    learned::apply(&mut merged.findings, said, (&prepared.learnings, &prepared.decisions));
    let labels = merge::order(&mut merged.findings, names);
    let observations = gathered.observations(prepared);
    contrary::link(&mut merged.findings, &observations);
    prepared.decisions.grade(&mut merged.findings);

    let Gathered { agents, raw, texts, judgements, .. } = gathered;
    let snapshot = &prepared.snapshot;
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
        assessment: stands::assessment(prepared, &agents),
        earlier: stands::earlier(prepared, &agents, &raw),
        coverage: coverage(prepared, &agents),
        agents,
        since_before: since_before(prepared, &merged.findings, &merged.earlier),
        findings: merged.findings,
        raw,
        labels,
        judged: judgements,
        observations,
        feedback: Vec::new(),
        resolved_feedback: Vec::new(),
        feedback_at: None,
        verdict_reason: besides.lead.verdict_reason.clone(),
        checks: besides.checks.clone(),
        calls: Vec::new(),
        declined: merged.declined,
        texts: BTreeMap::new(),
    };
    if let Some(now) = &prepared.pull_request {
        now.put_into(&mut round);
    }
    sum_up(&mut round, besides);
    round.texts = anchored(&round, &texts);
    Composed { round: Arc::new(round), texts, earlier: merged.earlier, doubts: merged.doubts }
}

/// What all agents gave, laid together.
struct Gathered {
    agents: Vec<AgentRun>,
    raw: Vec<RawFinding>,
    facts: BTreeMap<RawId, merge::Facts>,
    observations: Vec<Observation>,
    /// The preparation's texts, and those that the answers speak of.
    texts: BTreeMap<RepoPath, Arc<str>>,
    judgements: Vec<Judgement>,
}

impl Gathered {
    fn of(prepared: &Preparation, answers: &Answers, judged: &Judged, besides: &Besides) -> Self {
        let mut agents: Vec<AgentRun> = prepared.agents.iter().map(|info| run_of(info, answers, besides)).collect();
        if let Some(judge) = agents.iter_mut().find(|run| judged.by.as_ref() == Some(&run.agent.name)) {
            judge.usage = judge.usage.plus(judged.usage);
            judge.notes.extend(judged.note.clone());
        }
        let (mut raw, mut facts, mut observations) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut texts = prepared.texts.clone();
        for answered in answers.values() {
            raw.extend(answered.outcome.answer.findings.iter().cloned());
            facts.extend(answered.facts.clone());
            observations.extend(answered.outcome.answer.observations.iter().cloned());
            texts.extend(answered.texts.iter().map(|(path, text)| (path.clone(), text.clone())));
        }
        for (id, status) in &besides.status {
            if let Some(facts) = facts.get_mut(id) {
                facts.verification = status.clone();
            }
        }
        let judgements = about(&judged.judgements, &raw);
        Self { agents, raw, facts, observations, texts, judgements }
    }

    /// The remarks as findings, with those of earlier rounds that stand, since nobody has answered about them anew.
    fn merge(&mut self, prepared: &Preparation, merger: &mut merge::Merger, names: &merge::Labels) -> merge::Merged {
        let rounds = || prepared.earlier.iter().map(|(round, _)| round);
        let input = merge::Input {
            round: rounds().next_back().map_or(1, |round| round.number + 1),
            raw: self.raw.iter().collect(),
            agents: &self.agents,
            facts: std::mem::take(&mut self.facts),
            decisions: Some(&prepared.decisions),
            earlier: prepared.earlier.iter().map(|(round, texts)| merge::Earlier { round, texts }).collect(),
            texts: self.texts.clone(),
            records: merge::records(rounds(), &prepared.decisions),
            judged: &self.judgements,
            changed: prepared.snapshot.files().iter().map(|file| file.path.clone()).collect(),
            labels: Some(names),
            listed: BTreeMap::new(),
        };
        let text = |path: &RepoPath| self.texts.get(path).map(|text| &**text);
        let split = Splits::default();
        let mut merged = merger.merge_knowing(&input, &|remark| facts_of(prepared, remark, &text, &split));
        // What findings of earlier rounds stand on: who shows, joins or asks about one finds there what was said of it.
        self.raw.append(&mut merged.carried);
        merged
    }

    /// Puts what was said besides the reviews into the findings: checks, the lead's word, a second look at one of them.
    fn settle(&mut self, merged: &mut merge::Merged, besides: &Besides) {
        let Self { agents, raw, observations, .. } = self;
        let label = |name: &AgentName| {
            agents.iter().find(|run| run.agent.name == *name).map_or(name.to_string(), |run| run.agent.label.clone())
        };
        observations.extend(verify::apply(&mut merged.findings, (&besides.checks, &besides.ages), label));
        lead::settle(&mut merged.findings, &besides.lead, label);
        if let Some(about) = &besides.about {
            about.apply(merged, raw, label);
        }
    }

    /// What agents said that is no finding, those of earlier rounds that stand included, each once.
    fn observations(&self, prepared: &Preparation) -> Vec<Observation> {
        let mut all = self.observations.clone();
        all.extend(stands::observations(prepared, &self.agents, &self.texts));
        merge::observations(&all)
    }
}

/// What became of the findings of earlier rounds, and which are new.
fn since_before(prepared: &Preparation, findings: &[Finding], became: &[merge::Became]) -> SinceBefore {
    let Some((before, _)) = prepared.earlier.last() else { return SinceBefore::default() };
    let mut since = SinceBefore { round: before.number, ..SinceBefore::default() };
    for became in became {
        let list = match became.fate {
            merge::Fate::Fixed => &mut since.fixed,
            merge::Fate::Outdated => &mut since.outdated,
            merge::Fate::Joined => &mut since.joined,
            merge::Fate::Raised | merge::Fate::Standing | merge::Fate::Declined => continue,
        };
        let of = prepared.earlier.iter().map(|(round, _)| round).find(|round| round.number == became.round);
        if let Some(finding) = of.and_then(|round| round.findings.iter().find(|f| f.id == became.id)) {
            list.push(NoMore {
                id: finding.id.clone(),
                label: finding.label.clone(),
                severity: finding.severity,
                title: finding.title.clone(),
                round: became.round,
                into: became.into.clone(),
            });
        }
    }
    since.new = findings.iter().filter(|f| f.since.is_none()).map(|f| f.id.clone()).collect();
    since
}

/// The judgements that are about remarks of this round: the others would say nothing.
fn about(judgements: &[Judgement], raw: &[RawFinding]) -> Vec<Judgement> {
    if judgements.is_empty() {
        return Vec::new();
    }
    let prints: BTreeSet<Fingerprint> = raw.iter().map(merge::fingerprint).collect();
    judgements.iter().filter(|j| prints.contains(&j.a) && prints.contains(&j.b)).cloned().collect()
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
    let fixed = finding.fixes.iter().filter_map(|fix| fix.path.as_ref());
    for path in finding.anchors.iter().map(|a| &a.path).chain(fixed) {
        if !prepared.texts.contains_key(path)
            && !texts.contains_key(path)
            && let Ok(Some(text)) = prepared.snapshot.read(path)
        {
            texts.insert(path.clone(), text);
        }
    }
}

fn facts_of<'a>(
    prepared: &'a Preparation,
    raw: &RawFinding,
    text: &impl Fn(&RepoPath) -> Option<&'a str>,
    split: &Splits<'a>,
) -> merge::Facts {
    let path = raw.main_anchor().map(|a| &a.path);
    let file = path.and_then(|p| prepared.snapshot.file(p));
    let touches = |lines| file.is_some_and(|f| f.touches(lines));
    // What is said of a deleted file refers to its last text.
    let deleted = || file.filter(|file| file.new.is_none()).and_then(|file| file.old.as_deref());
    let own = path.and_then(text).or_else(deleted).map(|text| split.of(text));
    let mut facts = merge::Facts::look(raw, own.as_deref(), touches);
    facts.fix_applies = (!raw.fixes.is_empty()).then(|| raw.fixes.iter().any(|fix| applies(raw, fix, text, split)));
    facts
}

fn applies<'a>(
    raw: &RawFinding,
    fix: &finding::Fix,
    text: &impl Fn(&RepoPath) -> Option<&'a str>,
    split: &Splits<'a>,
) -> bool {
    let anchor = raw.main_anchor();
    let Some(path) = fix.path.as_ref().or(anchor.map(|a| &a.path)) else { return false };
    let Some(text) = text(path) else { return false };
    let hints = Hints {
        path: Some(path),
        lines: anchor.filter(|a| a.path == *path).and_then(|a| a.lines),
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: raw.symbol.as_deref(),
    };
    patch::parse(&fix.diff).is_ok_and(|patch| patch::place_patch(&split.of(text), &patch, &hints).is_ok())
}

fn run_of(info: &AgentInfo, answers: &Answers, besides: &Besides) -> AgentRun {
    let mut run = AgentRun::new(info.clone(), AgentOutcome::Running);
    run.about = besides.about.as_ref().map(|about| about.finding.clone());
    run.retro = besides.lead.retro.get(&info.name).cloned();
    run.estimate = besides.estimates.get(&info.name).copied();
    let Some(Answered { outcome, took, .. }) = answers.get(&info.name).map(|a| &**a) else { return run };
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
    run.usage = run.usage.plus(besides.usage.get(&info.name).copied().unwrap_or_default());
    run.notes.extend(besides.notes.iter().filter(|(name, _)| *name == info.name).map(|(_, note)| note.clone()));
    run
}

/// Every changed file: reviewed by those who say so (an agent that answered and names no file read them all), by those
/// who did in an earlier round when it was as it is now, or left out with the reason.
fn coverage(prepared: &Preparation, agents: &[AgentRun]) -> Coverage {
    let mut left_out: Vec<LeftOutFile> = prepared.snapshot.left_out().to_vec();
    let mut reviewed = Vec::new();
    let before = prepared.earlier.last().map(|(round, _)| &round.coverage.reviewed[..]).unwrap_or_default();
    let before: BTreeMap<&RepoPath, &ReviewedFile> = before.iter().map(|file| (&file.path, file)).collect();
    for file in prepared.snapshot.files() {
        let is_sent = prepared.brief.sending.allows_change(file);
        let readers = agents.iter().filter(|run| run.has_read(&file.path) && (is_sent || !run.agent.kind.is_remote()));
        let judges = readers.clone().any(|run| run.agent.kind.is_reviewer());
        let by: Vec<AgentName> = readers.map(|run| run.agent.name.clone()).collect();
        let sides = prepared.sides.get(&file.path).cloned();
        let same = before.get(&file.path).filter(|then| then.sides.is_some() && then.sides == sides);
        let mut earlier: Vec<AgentName> =
            same.into_iter().flat_map(|f| f.by.iter().chain(&f.earlier)).cloned().collect();
        earlier.retain(|name| !by.contains(name));
        if !is_sent && !judges {
            left_out.push(LeftOutFile { path: file.path.to_string(), why: LeftOut::NeverSent });
        } else if by.is_empty() && earlier.is_empty() {
            left_out.push(LeftOutFile { path: file.path.to_string(), why: LeftOut::NoAgent });
        } else {
            reviewed.push(ReviewedFile { path: file.path.clone(), by, earlier, lossy: file.lossy, sides });
        }
    }
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    let has_checkers = agents.iter().any(|run| run.agent.kind == AgentKind::BuiltIn);
    let changed = prepared.snapshot.files().iter().map(|file| &file.path).filter(|_| has_checkers);
    let uncovered = check::languages_without_rules(changed);
    let uncovered_languages = uncovered.into_iter().map(|(name, _)| name.to_owned()).collect();
    Coverage { reviewed, left_out, uncovered_languages }
}

/// The summary: by the lead, or composed.
fn sum_up(round: &mut Round, besides: &Besides) {
    let said = round.assessment.summary.take();
    round.assessment.summary = match (&besides.lead.by, said) {
        (Some(_), _) => Some(besides.lead.summary.clone()),
        (None, Some(first)) => Some(format!("{}\n\n{first}", lead::compose(round))),
        (None, None) => None,
    };
}

/// The files that an anchor or a fix of a finding is in, by the blob of their exact text.
fn anchored(round: &Round, texts: &BTreeMap<RepoPath, Arc<str>>) -> BTreeMap<RepoPath, BlobId> {
    let anchors =
        round.findings.iter().flat_map(|f| &f.anchors).chain(round.observations.iter().flat_map(|o| &o.anchors));
    let fixes = round.findings.iter().flat_map(|f| f.fixes.iter().filter_map(|fix| fix.path.as_ref()));
    let cited: BTreeSet<&RepoPath> = anchors.map(|a| &a.path).chain(fixes).collect();
    cited.into_iter().filter_map(|path| Some((path.clone(), blob_id(texts.get(path)?)))).collect()
}
