//! Raw findings → findings: similarity, clusters, severity, ranking, identity over rounds, explanation.
//! Pure and deterministic: the order in which agents answered never changes the result.
//!
//! ```text
//! raw findings ─▶ similarity (pairs) ─▶ cluster ─▶ memory (earlier rounds) ─▶ compose ─▶ rank ─▶ findings
//! ```
//!
//! [`merge`] is the whole of it. What it cannot know without a repository (the enclosing symbol, whether a
//! quote is in the file, whether a fix applies) is told to it as [`Facts`]; [`Facts::look`] finds most of
//! that out from a text. How similarity and ranking were measured is in `docs/merging.md`.

mod answered;
mod carry;
mod cluster;
mod compose;
mod doubt;
mod draft;
mod evidence;
mod facts;
mod identity;
mod labels;
mod links;
mod memory;
mod observations;
pub mod people;
mod places;
mod rank;
mod records;
mod remark;
mod repeats;
mod rules;
mod sides;
mod similarity;
pub mod state;
mod symbols;
mod text;

#[cfg(test)]
mod tests;

pub use doubt::{Doubt, judgement};
pub use evidence::{Evidence, FEATURES, evidence};
pub use facts::Facts;
pub use identity::{code_hash, fingerprint};
pub use labels::Labels;
pub use links::{join, known_by, split, take_back};
pub use observations::observations;
pub use places::fixes_by_place;
pub use records::{Record, records};
pub use symbols::Outline;

use carry::Carrier;
use cluster::Bounds;
use draft::{Draft, Sources};
use finding::{
    AgentInfo, AgentName, AgentOutcome, AgentRun, Decisions, DeclinedEarlier, Finding, FindingId, FindingStatus,
    Judgement, LabelsGiven, LineRange, RawFinding, RawId, RepoPath, Round, counted,
};
use memory::{Memory, Origin, Past};
use patch::Splits;
use remark::{Reader, Remark};
use similarity::{Comparison, Space};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Log odds of being the same issue as a better finding from which the two are linked.
const RELATED: f32 = -2.0;
/// What is added to them for those of saying it again: parts of an issue are not it, and yet nothing new.
const AGAIN: f32 = 3.0;
/// Findings that one is linked with because they share its place.
const MAX_RELATED: usize = 8;

/// An earlier round of the branch, with the texts that its anchors refer to.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// The round as it was stored.
    pub round: &'a Round,
    /// The snapshot's text of each anchored file; files may be missing, then quotes are all there is.
    pub texts: &'a BTreeMap<RepoPath, Arc<str>>,
}

/// Everything a merge looks at. [`Input::of`] has the raw findings and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Input<'a> {
    /// Number of the round; shown in explanations and compared with those of `earlier`.
    pub round: u32,
    /// What all agents said so far, in any order.
    pub raw: Vec<&'a RawFinding>,
    /// The agents of the round: what people call them, what sort they are, whether they are done.
    pub agents: &'a [AgentRun],
    /// What is known of each raw finding; nothing where it is missing.
    pub facts: BTreeMap<RawId, Facts>,
    /// What people decided on this branch.
    pub decisions: Option<&'a Decisions>,
    /// The branch's earlier rounds, oldest first.
    pub earlier: Vec<Earlier<'a>>,
    /// The snapshot's texts, by name: of every file that an anchor of this or an earlier round is in, and of
    /// changed files (one of them may be an earlier file under a new name).
    pub texts: BTreeMap<RepoPath, Arc<str>>,
    /// How the agents did before.
    pub records: BTreeMap<AgentName, Record>,
    /// What was judged of pairs in doubt; the last on a pair counts.
    pub judged: &'a [Judgement],
    /// The changed files that the agents were asked about; an agent that is done with them has answered about any other
    /// file too.
    pub changed: BTreeSet<RepoPath>,
    /// What a document lists one by one, as a tool its results, with a number for the document: no two that one document
    /// lists are one finding, however alike.
    pub listed: BTreeMap<RawId, u32>,
    /// What findings are called on the branch; what `earlier` calls them where it is `None`.
    pub labels: Option<&'a Labels>,
}

impl<'a> Input<'a> {
    /// Raw findings about which nothing more is known.
    #[must_use]
    pub fn of(raw: &'a [RawFinding]) -> Self {
        Self { round: 1, raw: raw.iter().collect(), ..Self::default() }
    }

    fn run(&self, agent: &AgentName) -> Option<&'a AgentRun> {
        self.agents.iter().find(|run| run.agent.name == *agent)
    }

    /// What is known of an agent of this round or of an earlier one.
    fn info(&self, agent: &AgentName) -> Option<&'a AgentInfo> {
        let now = self.run(agent).map(|run| &run.agent);
        now.or_else(|| self.earlier.iter().rev().find_map(|earlier| earlier.round.agent(agent)))
    }

    /// What people call an agent.
    fn label<'b>(&'b self, agent: &'b AgentName) -> &'b str {
        self.info(agent).map_or(agent.as_str(), |info| &info.label)
    }

    /// Number of agents that gave an answer.
    fn run_count(&self) -> usize {
        let mut names: BTreeSet<&AgentName> = self.raw.iter().map(|raw| &raw.agent).collect();
        names.extend(self.agents.iter().filter(|run| run.outcome == AgentOutcome::Reviewed).map(|run| &run.agent.name));
        names.len()
    }
}

/// What became of a finding of an earlier round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was raised again: a finding of this round has its id.
    Raised,
    /// It was raised again as a part of another finding, which has an id of its own.
    Joined,
    /// Nobody raised it again, and its code is as it was or its agents have not answered about it since: it stands among
    /// the findings of this round.
    Standing,
    /// Its fix or an equal change is in, or its code changed and its agents do not raise it any more.
    Fixed,
    /// Its code is gone.
    Outdated,
    /// It was declined and stays so.
    Declined,
}

/// An earlier finding and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// The finding.
    pub id: FindingId,
    /// The newest round that has it.
    pub round: u32,
    /// What became of it.
    pub fate: Fate,
    /// The finding that it became part of, if it did.
    pub into: Option<FindingId>,
}

/// The result of a merge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// The findings: gravest first, by confidence within a severity, labelled.
    pub findings: Vec<Finding>,
    /// Raw findings of earlier rounds on which findings of this one stand, without those of [`Input::raw`]; they belong
    /// into [`Round::raw`].
    pub carried: Vec<RawFinding>,
    /// What became of each finding of the earlier rounds that was open or declined.
    pub earlier: Vec<Became>,
    /// Declined before and not raised again, or raised again and kept out.
    pub declined: Vec<DeclinedEarlier>,
    /// Pairs that may be one issue or two, the most doubtful first; see [`Input::judged`].
    pub doubts: Vec<Doubt>,
    /// What labels were given on the branch, this round's included.
    pub labels: LabelsGiven,
}

/// Puts findings whose severity or confidence was changed back into the order of rank, and gives those that are new
/// their labels by it.
pub fn order(findings: &mut [Finding], labels: &Labels) -> LabelsGiven {
    findings.sort_by(compose::by_rank);
    labels.give(findings)
}

/// Merges what the agents said into findings. The same for any order of `input.raw`.
#[must_use]
pub fn merge(input: &Input<'_>) -> Merged {
    Merger::default().merge(input)
}

/// Merges again and again as agents answer, and reads each remark only once. What it gives is always what
/// [`merge`] gives.
///
/// What it keeps is what was read: the words of each remark, of this round and of earlier ones, and how each earlier
/// text became what it is. Remarks are compared anew each time, because what a word weighs depends on all that was said.
#[derive(Debug, Default)]
pub struct Merger {
    reader: Reader,
    carrier: Carrier,
}

/// A remark, with everybody who made it in exactly these words.
struct Item<'a> {
    remark: Arc<Remark>,
    raws: Vec<&'a RawFinding>,
    /// Number of its agent.
    agent: usize,
    id: FindingId,
}

impl Item<'_> {
    fn bounds(&self, input: &Input<'_>) -> Bounds {
        let documents = self.raws.iter().filter_map(|raw| input.listed.get(&raw.id)).copied().collect();
        Bounds { is_placed: !self.remark.places.is_empty(), documents }
    }
}

impl Merger {
    /// Merges all of `input`.
    #[must_use]
    pub fn merge(&mut self, input: &Input<'_>) -> Merged {
        let split = Splits::default();
        self.merge_knowing(input, &|raw| {
            let text = raw.main_anchor().and_then(|anchor| input.texts.get(&anchor.path)).map(|text| split.of(text));
            Facts { in_diff: None, ..Facts::look(raw, text.as_deref(), |_| false) }
        })
    }

    /// The same for who knows more: `known` says what there is to know of a remark of an earlier round that is part of this
    /// one, because its agent has not answered about its file since. Its anchors are in the texts of now.
    pub fn merge_knowing(&mut self, input: &Input<'_>, known: &dyn Fn(&RawFinding) -> Facts) -> Merged {
        let past = Past::new(input, &mut self.carrier);
        let kept = past.kept(input);
        let input = &with_kept(input, &kept, known);
        let items = self.items(input);
        let remarks: Vec<&Remark> = items.iter().map(|item| &*item.remark).collect();
        let agents: Vec<usize> = items.iter().map(|item| item.agent).collect();
        let space = Space::new(&remarks);
        let bounds: Vec<Bounds> = items.iter().map(|item| item.bounds(input)).collect();
        let mut compared = space.compare(&agents, |a, b| bounds[a].documents.is_disjoint(&bounds[b].documents));
        let memory = Memory::new(past, &remarks, &mut self.reader);
        let word = links::word(input, &remarks, &memory);
        let (judged, doubts) = doubt::judge(input, &items, &mut compared.pairs, &word);
        let clusters = cluster::clusters(&bounds, &compared.pairs, &word);
        let origins = memory.origins(&clusters);
        let support = compared.support(&agents, &clusters);
        let sources = Sources { input, items: &items, space: &space, word: &word, judged: &judged };
        let mut taken: HashSet<FindingId> = HashSet::new();
        let mut ids: Vec<Option<FindingId>> = Vec::with_capacity(clusters.len());
        let mut drafts: Vec<Draft> = Vec::new();
        for ((members, origin), support) in clusters.iter().zip(&origins.of_clusters).zip(support) {
            if *origin == Origin::Declined {
                ids.push(None);
                continue;
            }
            let id = identify(input, &items, members, origin, &mut taken);
            ids.push(Some(id.clone()));
            drafts.push(sources.draft(members, origin, id, support));
        }
        let mut findings = rank_all(input, drafts, &compared);
        let settled = memory.settle(input, &findings, &|old| origins.heir(old, &ids));
        memory.explain(input, &mut findings);
        findings.extend(settled.standing);
        let own;
        let labels = match input.labels {
            Some(labels) => labels,
            None => {
                own = Labels::of(input.earlier.iter().map(|earlier| earlier.round));
                &own
            }
        };
        let mut heirs: HashMap<FindingId, &mut Finding> = findings.iter_mut().map(|f| (f.id.clone(), f)).collect();
        for became in &settled.earlier {
            if let Some(heir) = became.into.as_ref().and_then(|id| heirs.get_mut(id)) {
                labels.inherit(heir, &became.id);
            }
        }
        let given = order(&mut findings, labels);
        relate(&mut findings);
        let stood: Vec<RawFinding> = {
            let there: HashSet<&RawId> = kept.iter().map(|(raw, _)| &raw.id).collect();
            settled.carried.into_iter().filter(|raw| !there.contains(&raw.id)).collect()
        };
        let carried = kept.into_iter().map(|(raw, _)| raw).chain(stood).collect();
        Merged { findings, carried, earlier: settled.earlier, declined: settled.declined, doubts, labels: given }
    }

    /// The distinct remarks in an order that depends only on what they say.
    fn items<'a>(&mut self, input: &Input<'a>) -> Vec<Item<'a>> {
        let remarks = self.reader.read(&input.raw, |raw| input.facts.get(&raw.id));
        let names: BTreeSet<&AgentName> = input.raw.iter().map(|raw| &raw.agent).collect();
        let numbers: HashMap<&AgentName, usize> = names.into_iter().zip(0..).collect();
        let mut items: Vec<Item<'a>> = Vec::new();
        let mut by_content: HashMap<(u64, Option<&RawId>), usize> = HashMap::new();
        for (raw, remark) in input.raw.iter().copied().zip(remarks) {
            let listed = input.listed.contains_key(&raw.id).then_some(&raw.id);
            let item = *by_content.entry((remark.content, listed)).or_insert(items.len());
            match items.get_mut(item) {
                Some(item) => item.raws.push(raw),
                None => items.push(Item {
                    remark,
                    raws: vec![raw],
                    agent: numbers[&raw.agent],
                    id: FindingId::new(String::new()),
                }),
            }
        }
        for item in &mut items {
            item.raws.sort_by(|a, b| a.id.cmp(&b.id));
        }
        let order = |item: &Item<'_>| {
            let place = item.remark.places.first().and_then(|p| p.lines);
            // What is listed twice in the same words stands in the order of the list.
            let twice = input.listed.get(&item.raws[0].id).map(|_| item.raws[0].id.clone());
            (item.remark.fingerprint.clone(), place, item.remark.content, twice)
        };
        items.sort_by_cached_key(order);
        // The same words at several places (a rule that is broken often) have one fingerprint and many ids.
        let mut nth = 0_usize;
        for i in 0..items.len() {
            let again = i > 0 && items[i - 1].remark.fingerprint == items[i].remark.fingerprint;
            nth = if again { nth + 1 } else { 0 };
            items[i].id = FindingId::new(identity::short(&[&items[i].remark.fingerprint.0, &nth.to_string()]));
        }
        items
    }
}

/// The input with remarks of earlier rounds: what is known of them, and what was found out about them then.
fn with_kept<'b>(
    input: &'b Input<'_>,
    kept: &'b [(RawFinding, FindingStatus)],
    known: &dyn Fn(&RawFinding) -> Facts,
) -> Input<'b> {
    let mut all: Input<'b> = input.clone();
    for (raw, status) in kept {
        all.raw.push(raw);
        all.facts.insert(raw.id.clone(), Facts { verification: status.clone(), ..known(raw) });
    }
    all
}

/// The id of a cluster: that of the earlier finding it is; else one that somebody already decided on; else the
/// smallest of its remarks'. None is given twice.
fn identify(
    input: &Input<'_>,
    items: &[Item<'_>],
    members: &[usize],
    origin: &Origin,
    taken: &mut HashSet<FindingId>,
) -> FindingId {
    let mut ids: Vec<FindingId> = members.iter().map(|i| items[*i].id.clone()).collect();
    ids.sort();
    let decided = |id: &FindingId| input.decisions.is_some_and(|d| d.resolutions.contains_key(id));
    ids.sort_by_key(|id| !decided(id));
    match origin {
        Origin::Known { id, .. } => ids.insert(0, id.clone()),
        Origin::Back { id, .. } => ids = vec![memory::id_of_back(id, input.round)],
        Origin::New | Origin::Declined => {}
    }
    let mut id = ids.iter().find(|id| !taken.contains(*id)).unwrap_or(&ids[0]).clone();
    while !taken.insert(id.clone()) {
        id = FindingId::new(identity::short(&[id.as_str(), "again"]));
    }
    id
}

/// Gives the drafts their confidence, best first, and takes off where one says again what a better one says.
fn rank_all(input: &Input<'_>, mut drafts: Vec<Draft>, compared: &Comparison) -> Vec<Finding> {
    let items = compared.count();
    drafts
        .sort_by(|a, b| b.signals.support.total_cmp(&a.signals.support).then_with(|| a.finding.id.cmp(&b.finding.id)));
    let of_draft: HashMap<usize, usize> =
        drafts.iter().enumerate().flat_map(|(d, draft)| draft.items.iter().map(move |item| (*item, d))).collect();
    // Of each draft: the better one that has the remark most like one of its own.
    let mut repeats: Vec<Option<(usize, f32)>> = vec![None; drafts.len()];
    let drafted: Vec<Option<usize>> = (0..items).map(|item| of_draft.get(&item).copied()).collect();
    for (a, b, odds) in compared.alike() {
        let (Some(x), Some(y)) = (drafted[a], drafted[b]) else { continue };
        if x != y {
            let (better, repeat) = (x.min(y), &mut repeats[x.max(y)]);
            if repeat.is_none_or(|(other, most)| odds > most || (odds == most && better < other)) {
                *repeat = Some((better, odds));
            }
        }
    }
    let ids: Vec<FindingId> = drafts.iter().map(|draft| draft.finding.id.clone()).collect();
    let total = input.run_count();
    let mut findings = Vec::with_capacity(drafts.len());
    for (mut draft, repeat) in drafts.into_iter().zip(repeats) {
        if let Some((better, odds)) = repeat {
            let is_new = 1.0 - similarity::probability(odds + AGAIN);
            draft.signals.support *= is_new.max(rank::LEFT_OF_REPETITION);
            if odds >= RELATED {
                draft.finding.related.push(ids[better].clone());
                draft.finding.why.push("resembles a finding that ranks above it".into());
            }
        }
        let (confidence, reasons) = draft.signals.confidence();
        let agents = draft.finding.agents().len();
        draft.finding.why.push(format!("raised by {agents} of {}", counted(total, "agent")));
        draft.finding.why.extend(reasons.into_iter().map(String::from));
        draft.finding.confidence = confidence;
        let quotes = draft.finding.main_anchor().is_some_and(|anchor| anchor.quote.is_some());
        draft.finding.doubts = draft.signals.doubts(confidence, quotes);
        findings.push(draft.finding);
    }
    findings
}

/// Links findings that share their main place: near each other, yet not one.
fn relate(findings: &mut [Finding]) {
    let mut by_path: BTreeMap<&RepoPath, Vec<(LineRange, usize)>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        if let Some(anchor) = finding.main_anchor()
            && let Some(lines) = anchor.lines
        {
            by_path.entry(&anchor.path).or_default().push((lines, i));
        }
    }
    let mut related: Vec<Vec<usize>> = vec![Vec::new(); findings.len()];
    for places in by_path.values_mut() {
        places.sort_unstable();
        for (n, (lines, i)) in places.iter().enumerate() {
            // Sorted by their starts: those that overlap come next to each other.
            let overlapping = places[n + 1..].iter().take_while(|(others, _)| others.start() <= lines.end());
            for (others, j) in overlapping.take(MAX_RELATED) {
                debug_assert!(lines.overlaps(*others));
                if related[*i].len() < MAX_RELATED {
                    related[*i].push(*j);
                }
                if related[*j].len() < MAX_RELATED {
                    related[*j].push(*i);
                }
            }
        }
    }
    let ids: Vec<FindingId> = findings.iter().map(|f| f.id.clone()).collect();
    let shown: HashSet<&FindingId> = ids.iter().collect();
    for (finding, others) in findings.iter_mut().zip(related) {
        for other in others {
            if !finding.related.contains(&ids[other]) {
                finding.related.push(ids[other].clone());
            }
        }
        finding.related.retain(|id| shown.contains(id));
    }
}
