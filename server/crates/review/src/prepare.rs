//! Everything a round knows before an agent is asked.

use super::{Request, ReviewError, Reviewer, kept, learned};
use agent::dependencies::{self, Places};
use agent::prompt::{History, Templates};
use agent::{Brief, Sending};
use dashmap::DashMap;
use finding::{
    AgentInfo, AgentOutcome, Commit, Decisions, DeclinedEarlier, Learnings, LineRange, PullRequestNow, RepoPath, Round,
    Sides, State,
};
use git::Snapshot;
use git::consult::Consult;
use jiff::Timestamp;
use merge::{Labels, Outline};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use store::{Branch, SetAside, Store};
use tokio_util::sync::CancellationToken;

/// What a round starts from. Does not change while it runs.
#[derive(Debug)]
pub struct Preparation {
    /// The text under review.
    pub snapshot: Snapshot,
    /// What each agent is given, when it takes the change whole.
    pub brief: Brief,
    /// Who reviews, in the order in which they are shown.
    pub agents: Vec<AgentInfo>,
    /// The branch's earlier rounds, oldest first, each with the texts of its anchored files.
    pub earlier: Vec<(Round, BTreeMap<RepoPath, Arc<str>>)>,
    /// What exactly of each changed file is under review.
    pub sides: BTreeMap<RepoPath, Sides>,
    /// What findings are called on the branch.
    pub labels: Labels,
    /// What people decided.
    pub decisions: Decisions,
    /// What decisions taught, on any branch.
    pub learnings: Learnings,
    /// What the forge said last of the branch's pull request.
    pub pull_request: Option<PullRequestNow>,
    /// The snapshot's text of every changed file, and of files that earlier findings are in.
    pub texts: BTreeMap<RepoPath, Arc<str>>,
    /// Where in them which symbol is.
    pub(super) outlines: Outlines,
    /// When the round started.
    pub started: Timestamp,
    /// Size in bytes above which the change is given in parts.
    pub brief_bytes: usize,
    /// Whether answers that were kept are left aside.
    pub(super) fresh: bool,
    /// The interrupted round that this one finishes.
    pub(super) resumes: Option<u32>,
    pub(super) store: Store,
    pub(super) branch: Branch,
    pub(super) set_aside: Vec<SetAside>,
}

/// The outlines of the snapshot's texts, each made when it is first asked for and once for all agents.
#[derive(Debug, Default)]
pub(super) struct Outlines(DashMap<RepoPath, Arc<OnceLock<Outline>>>);

impl Outlines {
    /// The innermost symbol around `lines` of the snapshot's `text` of the file.
    pub(super) fn enclosing(&self, path: &RepoPath, text: &str, lines: LineRange) -> Option<String> {
        // The map is not held while the text is parsed: other agents go on with other files.
        let outline = self.0.entry(path.clone()).or_default().clone();
        outline.get_or_init(|| Outline::of(path, text)).enclosing(lines).map(str::to_owned)
    }
}

impl Preparation {
    /// Has secrets have the same masks in the rounds to come, so that prompts begin alike.
    pub(super) fn keep_masks(&mut self) {
        let Some(key) = self.brief.sending.mask_key() else { return };
        // Where it cannot be kept, the masks are this round's own.
        if self.store.mask_key().is_none() && self.store.keep_mask_key(key).is_ok() {
            // Another process may have been quicker.
            self.brief.sending.mask_with(self.store.mask_key().unwrap_or(key));
        }
    }
}

/// How many earlier rounds are remembered.
const REMEMBERED: usize = 20;

pub(super) fn prepare(request: &Request, cancel: &CancellationToken) -> Result<Preparation, ReviewError> {
    let repository = &request.repository;
    let scope = repository.resolve(&request.scope)?;
    let snapshot = repository.snapshot(&scope, &request.snapshot, cancel)?;
    let scope = scope.round;
    let store = request.store.clone().unwrap_or_else(|| Store::of(repository.common_dir()));
    let branch = store.branch(scope.branch.as_deref());
    let mut rounds = branch.rounds().map_err(ReviewError::storing)?;
    let decisions = branch.decisions().map_err(ReviewError::storing)?;
    rounds.set_aside.extend(decisions.set_aside);
    let resumed = if request.options.resume { Some(interrupted(&mut rounds.value)?) } else { None };
    let labels = Labels::of(rounds.value.iter().chain(&resumed));
    let forgotten = rounds.value.len().saturating_sub(REMEMBERED);
    let earlier: Vec<_> = rounds.value.drain(..).skip(forgotten).map(|round| with_texts(round, &store)).collect();
    let decisions = decisions.value;
    let texts = texts(&snapshot, &earlier)?;
    let sides = snapshot.files().iter().map(|file| (file.path.clone(), kept::sides(file))).collect();
    let mut brief = Brief::new(snapshot.clone());
    brief.sending = Sending::keeping_back(&request.never_send).map_err(ReviewError::NeverSend)?;
    match store.mask_key() {
        _ if !request.options.mask_secrets => brief.sending.masker = None,
        Some(key) => brief.sending.mask_with(key),
        None => {
            let fleet = agent::fleet::of(&request.options.fleet);
            fleet.and_then(|fleet| fleet.mask_key()).into_iter().for_each(|key| brief.sending.mask_with(key));
        }
    }
    if let Some(folder) = &request.options.prompts {
        brief.templates = Arc::new(Templates::with_overrides(folder).map_err(ReviewError::Prompts)?);
    }
    let pull_request = branch.pull_request();
    brief.pull_request = pull_request.clone().map(Arc::new);
    brief.steering = Arc::new(request.options.steering.clone());
    brief.conventions = repository.conventions(&scope, &brief.files, &request.conventions)?;
    let learnings = learned::all(&store.learnings().map_err(ReviewError::storing)?, &brief.conventions);
    learned::into_conventions(&learnings, &brief.files, &brief.sending, &mut brief.conventions);
    if let Some(head) = &scope.head {
        let known =
            earlier.iter().map(|(round, _)| shared(&round.commits, snapshot.commits())).find(|known| *known > 0);
        brief.history = History::new(Consult::new(repository.clone(), head.clone()), known);
    }
    if request.options.dependencies {
        brief.dependencies = dependencies::found(&snapshot, &Places::of(repository.root())).into();
    }
    brief.declined = declined(&earlier, &decisions).into();
    brief.open = open(&earlier, &decisions).into();
    Ok(Preparation {
        snapshot,
        brief,
        agents: request.reviewers.iter().map(|Reviewer { agent, .. }| agent.info()).collect(),
        earlier,
        sides,
        labels,
        decisions,
        learnings,
        pull_request,
        texts,
        outlines: Outlines::default(),
        started: resumed.as_ref().map_or_else(Timestamp::now, |round| round.started),
        brief_bytes: request.brief_bytes,
        fresh: request.options.fresh,
        resumes: resumed.map(|round| round.number),
        store,
        branch,
        set_aside: rounds.set_aside,
    })
}

/// How many commits both begin with.
fn shared(then: &[Commit], now: &[Commit]) -> usize {
    then.iter().zip(now).take_while(|(then, now)| then.id == now.id).count()
}

/// The newest round if it is not complete; it is no earlier round for the one that finishes it.
fn interrupted(rounds: &mut Vec<Round>) -> Result<Round, ReviewError> {
    let is_complete = |round: &Round| round.agents.iter().all(|run| run.outcome == AgentOutcome::Reviewed);
    rounds.pop_if(|newest| !is_complete(newest)).ok_or(ReviewError::NothingToResume)
}

fn with_texts(round: Round, store: &Store) -> (Round, BTreeMap<RepoPath, Arc<str>>) {
    let texts = round.texts.iter().filter_map(|(path, blob)| Some((path.clone(), store.text(blob)?.into()))).collect();
    (round, texts)
}

fn texts(
    snapshot: &Snapshot,
    earlier: &[(Round, BTreeMap<RepoPath, Arc<str>>)],
) -> Result<BTreeMap<RepoPath, Arc<str>>, ReviewError> {
    let mut texts: BTreeMap<RepoPath, Arc<str>> =
        snapshot.files().iter().filter_map(|f| Some((f.path.clone(), f.new.clone()?))).collect();
    // A file that is missing here is taken for one that is gone.
    for path in earlier.iter().flat_map(|(round, _)| round.texts.keys()) {
        if !texts.contains_key(path) {
            texts.extend(snapshot.read(path)?.map(|text| (path.clone(), text)));
        }
    }
    Ok(texts)
}

/// The newest form of every finding that people declined.
fn declined(earlier: &[(Round, BTreeMap<RepoPath, Arc<str>>)], decisions: &Decisions) -> Vec<DeclinedEarlier> {
    let mut declined = BTreeMap::new();
    for (round, _) in earlier {
        for finding in &round.findings {
            let Some(State::Dismissed { reason, text }) = decisions.resolutions.get(&finding.id).map(|r| &r.state)
            else {
                continue;
            };
            let reason = if text.is_empty() { reason.to_string() } else { format!("{reason}: {text}") };
            declined.insert(
                finding.id.clone(),
                DeclinedEarlier {
                    id: finding.id.clone(),
                    title: finding.title.clone(),
                    reason,
                    round: round.number,
                    anchor: finding.main_anchor().cloned(),
                },
            );
        }
    }
    declined.into_values().collect()
}

fn open(earlier: &[(Round, BTreeMap<RepoPath, Arc<str>>)], decisions: &Decisions) -> Vec<finding::Finding> {
    let newest = earlier.last().map(|(round, _)| round);
    newest.into_iter().flat_map(Round::standing).filter(|f| decisions.is_open(&f.id)).cloned().collect()
}
