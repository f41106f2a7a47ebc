//! A stack, reviewed part by part: what was said of the parts, as one round of the whole. A finding goes with its lines into
//! the text at the top; one whose lines a later part took out is not carried: that part has mended it.

use crate::import::{cover, keep_texts};
use anyhow::Context as _;
use finding::{AgentOutcome, AgentRun, Anchor, RawFinding, RawId, RepoPath, Round, RoundId};
use git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use jiff::Timestamp;
use patch::{Carried, LineMap};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use store::Store;
use tokio_util::sync::CancellationToken;

/// Stores a round of the whole that has what stands of the parts' rounds, the lowest first. Nobody is asked. Blocks.
///
/// # Errors
/// When git or the store cannot be used.
pub fn carried_to_the_top(
    repository: &Repository,
    request: &ScopeRequest,
    options: &SnapshotOptions,
    parts: &[Arc<Round>],
) -> anyhow::Result<Round> {
    let scope = repository.resolve(request)?;
    let snapshot = repository.snapshot(&scope, options, &CancellationToken::new())?;
    let store = Store::of(repository.common_dir());
    let branch = store.branch(snapshot.scope().branch.as_deref());
    let started = Timestamp::now();
    let name = snapshot.scope().branch.as_deref().unwrap_or("HEAD");
    let id = crate::import::id(&format!("{}-{name}-stack", started.strftime("%Y%m%d-%H%M%S")));
    let mut round = of_parts(id, started, &snapshot, &store, parts);
    round.labels = merge::Labels::of(&branch.rounds()?.value).adopt(&mut round.findings);
    keep_texts(&mut round, &snapshot, &store)?;
    branch.begin(&mut round).context("failed to store the round")?;
    Ok(round)
}

fn of_parts(id: RoundId, started: Timestamp, snapshot: &Snapshot, store: &Store, parts: &[Arc<Round>]) -> Round {
    let mut round = Round {
        commits: snapshot.commits().to_vec(),
        author: snapshot.commits().last().map(|c| c.author.clone()).unwrap_or_default(),
        duration_ms: parts.iter().map(|part| part.duration_ms).sum(),
        ..Round::new(id, started, snapshot.scope().clone())
    };
    for (number, part) in (1..).zip(parts) {
        let mut ways = Ways { part, store, snapshot, known: HashMap::new() };
        round.raw.extend(part.raw.iter().filter_map(|raw| ways.carry(raw, number)));
        part.agents.iter().for_each(|run| add(&mut round.agents, run));
        round.assessment.merge(part.assessment.clone());
    }
    let mut input = merge::Input::of(&round.raw);
    let cited = round.raw.iter().flat_map(|raw| &raw.anchors).map(|anchor| &anchor.path);
    let texts: BTreeMap<RepoPath, Arc<str>> =
        cited.filter_map(|path| Some((path.clone(), snapshot.read(path).ok()??))).collect();
    input.texts = texts;
    round.findings = merge::merge(&input).findings;
    cover(&mut round, snapshot);
    round
}

/// An agent's work on all parts is its part in the whole; it failed where it failed in one of them.
fn add(all: &mut Vec<AgentRun>, run: &AgentRun) {
    let Some(known) = all.iter_mut().find(|known| known.agent.name == run.agent.name) else {
        all.push(AgentRun { retro: None, about: None, ..run.clone() });
        return;
    };
    if known.outcome == AgentOutcome::Reviewed {
        known.outcome = run.outcome.clone();
    }
    known.duration_ms += run.duration_ms;
    known.usage = known.usage.plus(run.usage);
    known.assessment.merge(run.assessment.clone());
    let new = |path: &&RepoPath| !known.covered.contains(path);
    let more: Vec<RepoPath> = run.covered.iter().filter(new).cloned().collect();
    known.covered.extend(more);
}

/// The ways from a part's texts to those at the top.
struct Ways<'a> {
    part: &'a Round,
    store: &'a Store,
    snapshot: &'a Snapshot,
    known: HashMap<RepoPath, Option<(RepoPath, LineMap)>>,
}

impl Ways<'_> {
    /// The remark as it is at the top; `None` where its main place is gone.
    fn carry(&mut self, raw: &RawFinding, part: usize) -> Option<RawFinding> {
        let mut anchors = Vec::with_capacity(raw.anchors.len());
        for (number, anchor) in raw.anchors.iter().enumerate() {
            match self.carried(anchor) {
                Some(anchor) => anchors.push(anchor),
                None if number == 0 => return None,
                None => {}
            }
        }
        // Each part counts from one.
        Some(RawFinding { id: RawId::new(format!("part {part}/{}", raw.id)), anchors, ..raw.clone() })
    }

    fn carried(&mut self, anchor: &Anchor) -> Option<Anchor> {
        let Some((path, map)) = self.way(&anchor.path) else {
            // What was not kept of it cannot say where it went; its words may.
            return self.by_words(anchor);
        };
        let lines = match anchor.lines.map(|lines| map.carry(lines)) {
            Some(Carried::Gone(_)) => return None,
            Some(Carried::Untouched(lines) | Carried::Touched(lines)) => Some(lines),
            None => None,
        };
        Some(Anchor { path: path.clone(), lines, ..anchor.clone() })
    }

    fn by_words(&self, anchor: &Anchor) -> Option<Anchor> {
        let now = self.snapshot.read(&anchor.path).ok()??;
        let lines = match (anchor.quote.as_deref(), anchor.lines) {
            (Some(quote), lines) => Some(patch::find_quote(&now, quote, lines)?),
            (None, None) => None,
            (None, Some(_)) => return None,
        };
        Some(Anchor { lines, ..anchor.clone() })
    }

    fn way(&mut self, path: &RepoPath) -> Option<&(RepoPath, LineMap)> {
        if !self.known.contains_key(path) {
            let found = self.find(path);
            self.known.insert(path.clone(), found);
        }
        self.known.get(path)?.as_ref()
    }

    fn find(&self, path: &RepoPath) -> Option<(RepoPath, LineMap)> {
        let then = self.store.text(self.part.texts.get(path)?)?;
        let now = self.snapshot.read(path).ok()??;
        Some((path.clone(), LineMap::between(&then, &now)))
    }
}
