//! What earlier rounds found: recognised in what is raised now, kept out where it was declined, closed where
//! its code is gone, and kept standing where nothing happened to it.

use super::answered::Answered;
use super::carry::{self, Carrier, Code};
use super::remark::{Reader, Remark};
use super::similarity::{self, Space};
use super::state::{self, Effects, Since, TextState};
use super::{Became, Earlier, Fate, Input, identity};
use finding::{
    AgentName, Attribution, DeclinedEarlier, Finding, FindingId, FindingStatus, Fingerprint, RawFinding, RawId,
    RepoPath, Resolution, Round, State,
};
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Log odds that the same wording by the same agent in the same file adds.
const SAME_WORDING: f32 = 8.0;
/// Log odds from which a remark is taken for one that was declined. Higher than for anything else: a finding
/// that is kept out by mistake is never seen.
const DECLINED_AGAIN: f32 = 1.0;
/// Log odds by which two earlier findings may differ and still be resembled as much.
const AS_MUCH: f32 = 0.01;
/// Wordings of an earlier finding that are compared.
const WORDINGS: usize = 6;
/// Remarks in the same words that an earlier one may be, the nearest.
const PLACES: usize = 20;
/// Confidence of a finding that is raised no more, of what it was.
const NOT_RAISED: f64 = 0.7;

/// A finding of an earlier round, in its newest form.
struct Old<'a> {
    finding: &'a Finding,
    round: &'a Round,
    /// The first round that had it.
    since: u32,
    resolution: Option<&'a Resolution>,
    /// Its remarks with their anchors in the texts of now. Never empty.
    raws: Vec<RawFinding>,
    /// What they were known by in their round: a file's new name makes another fingerprint.
    prints: Vec<Fingerprint>,
    code: Code,
    /// Whether a fix of it is in the texts of now, and was not in those of its round.
    is_fixed: bool,
}

impl Old<'_> {
    /// Whether what its agents said stands for itself until they have answered again.
    fn is_kept(&self) -> bool {
        !self.is_closed() && !self.is_fixed && self.code != Code::Gone
    }

    fn id(&self, raw: &RawId) -> RawId {
        raw.carried_from(self.round.number)
    }

    fn is_dismissed(&self) -> bool {
        matches!(self.resolution.map(|r| &r.state), Some(State::Dismissed { .. }))
    }

    fn is_closed(&self) -> bool {
        self.resolution.is_some_and(|r| r.state != State::Open)
    }

    /// Declined, on code that is as it was or cannot be compared.
    fn stays_declined(&self) -> bool {
        self.is_dismissed() && self.code >= Code::Unknown
    }

    fn reason(&self) -> String {
        match self.resolution.map(|r| &r.state) {
            Some(State::Dismissed { reason, text }) if text.trim().is_empty() => reason.to_string(),
            Some(State::Dismissed { reason, text }) => format!("{reason}: {}", text.trim()),
            _ => String::new(),
        }
    }
}

/// The findings of earlier rounds, each in its newest form, in the order of the rounds.
pub(super) struct Past<'a>(Vec<Old<'a>>);

impl<'a> Past<'a> {
    /// Looks at `input.earlier` from the texts of now.
    pub(super) fn new(input: &Input<'a>, carrier: &mut Carrier) -> Self {
        Self(gather(input, carrier))
    }

    /// The remarks whose agents have not answered about their files in this round, with what checks said of them; without
    /// those that `input` has. Also those whose findings stand though their agents have answered, where a person has joined
    /// or split them: only what is among the remarks of a round can be put together or apart.
    pub(super) fn kept(&self, input: &Input<'_>) -> Vec<(RawFinding, FindingStatus)> {
        let there: HashSet<&RawId> = input.raw.iter().map(|raw| &raw.id).collect();
        let said = LazyCell::new(|| -> HashSet<Fingerprint> {
            input.raw.iter().filter(|raw| !raw.is_carried()).map(|raw| identity::fingerprint(raw)).collect()
        });
        let answered = Answered::new(input);
        let links = input.decisions.map(|decisions| &decisions.links[..]).unwrap_or_default();
        let linked: HashSet<&Fingerprint> = links.iter().flat_map(|link| [&link.a, &link.b]).collect();
        let mut kept = Vec::new();
        let mut seen: HashSet<RawId> = HashSet::new();
        for old in self.0.iter().filter(|old| old.is_kept()) {
            let is_linked = old.prints.iter().any(|print| linked.contains(print));
            let is_compared = is_linked && fate(input, &answered, old) == Fate::Standing;
            for raw in &old.raws {
                let id = old.id(&raw.id);
                let is_answered = answered.has(&raw.agent, raw.main_anchor().map(|anchor| &anchor.path));
                let is_said = || there.contains(&id) || said.contains(&identity::fingerprint(raw));
                if (!is_answered || is_compared) && !is_said() && seen.insert(id.clone()) {
                    let checked = if old.code == Code::Same {
                        old.finding.verification.clone()
                    } else {
                        FindingStatus::default()
                    };
                    kept.push((RawFinding { id, ..raw.clone() }, checked));
                }
            }
        }
        kept
    }
}

/// What is remembered of the branch.
pub(super) struct Memory<'a> {
    olds: Vec<Old<'a>>,
    /// Of each item of now, each earlier finding it resembles, with the log odds.
    known: Vec<Vec<(usize, f32)>>,
    /// The same for single remarks of earlier rounds, by what they were: whose word a person has given.
    heirs: HashMap<Fingerprint, usize>,
}

/// What a cluster of this round is to earlier rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nothing like it was there.
    New,
    /// It is an earlier finding that was open.
    Known {
        /// Its id.
        id: FindingId,
        /// The first round that had it.
        since: u32,
    },
    /// It was closed before and is back: a finding of its own that says what it was.
    Back {
        /// The id it had.
        id: FindingId,
        /// What it was and why it is back.
        why: String,
    },
    /// It was declined before and stays so.
    Declined,
}

/// What the clusters are to earlier rounds.
pub(super) struct Origins {
    /// Of each cluster.
    pub(super) of_clusters: Vec<Origin>,
    /// The earlier findings that are part of a cluster that is another one, with that cluster.
    joined: BTreeMap<usize, usize>,
}

impl Origins {
    /// The finding, by the ids of the clusters' ones, that an earlier one became part of.
    pub(super) fn heir(&self, old: usize, ids: &[Option<FindingId>]) -> Option<FindingId> {
        ids[*self.joined.get(&old)?].clone()
    }
}

impl<'a> Memory<'a> {
    /// Compares what is remembered with the remarks of now.
    pub(super) fn new(past: Past<'a>, items: &[&Remark], reader: &mut Reader) -> Self {
        let olds = past.0;
        let worded = olds.iter().enumerate();
        let worded = worded
            .flat_map(|(i, old)| old.raws.iter().zip(&old.prints).take(WORDINGS).map(move |(raw, p)| (i, raw, p)));
        let (raws, whose): (Vec<&RawFinding>, Vec<(usize, &Fingerprint)>) =
            worded.map(|(i, raw, print)| (raw, (i, print))).unzip();
        let remarks = reader.read(&raws, |_| None);
        let remarks: Vec<(usize, &Fingerprint, &Remark)> =
            whose.into_iter().zip(&remarks).map(|((i, print), remark)| (i, print, &**remark)).collect();
        let all: Vec<&Remark> = items.iter().copied().chain(remarks.iter().map(|(_, _, remark)| *remark)).collect();
        let mut by_print: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
        for (item, remark) in items.iter().enumerate() {
            by_print.entry(&remark.fingerprint).or_default().push(item);
        }
        let mut known: Vec<BTreeMap<usize, f32>> = vec![BTreeMap::new(); items.len()];
        let mut heirs: HashMap<Fingerprint, (usize, f32)> = HashMap::new();
        if !remarks.is_empty() {
            let likely = Space::new(&all).likely(items.len());
            for ((old, print, remark), likely) in remarks.iter().zip(likely) {
                let mut scores: BTreeMap<usize, f32> = likely.into_iter().collect();
                let mut alike = by_print.get(&remark.fingerprint).cloned().unwrap_or_default();
                if alike.len() > PLACES {
                    let away = |item: &usize| (similarity::distance(items[*item], remark).unwrap_or(u32::MAX), *item);
                    alike.select_nth_unstable_by_key(PLACES, away);
                    alike.truncate(PLACES);
                }
                for item in alike {
                    *scores.entry(item).or_default() += SAME_WORDING;
                }
                for (item, score) in scores {
                    let best = known[item].entry(*old).or_insert(score);
                    *best = best.max(score);
                    let heir = heirs.entry((*print).clone()).or_insert((item, score));
                    if score > heir.1 {
                        *heir = (item, score);
                    }
                }
            }
        }
        Self {
            olds,
            known: known.into_iter().map(|m| m.into_iter().collect()).collect(),
            heirs: heirs.into_iter().map(|(print, (item, _))| (print, item)).collect(),
        }
    }

    /// The item of now that says what an earlier remark said.
    pub(super) fn heir(&self, of: &Fingerprint) -> Option<usize> {
        self.heirs.get(of).copied()
    }

    /// What each cluster is. An earlier finding lives on in one cluster; a declined one keeps out every cluster
    /// that resembles it and nothing else more. Where two earlier findings have become one cluster, the second is
    /// part of the first.
    pub(super) fn origins(&self, clusters: &[Vec<usize>]) -> Origins {
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (c, members) in clusters.iter().enumerate() {
            let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
            for (old, score) in members.iter().flat_map(|item| &self.known[*item]) {
                let best = scores.entry(*old).or_insert(*score);
                *best = best.max(*score);
            }
            pairs.extend(scores.into_iter().map(|(old, score)| (score, c, old)));
        }
        // Of findings that fit as well, the one that people have known the longest.
        let age = |old: usize| (self.olds[old].is_closed(), self.olds[old].since);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (age(a.2), a.1, a.2).cmp(&(age(b.2), b.1, b.2))));
        let mut origins = vec![Origin::New; clusters.len()];
        let (mut settled, mut taken) = (vec![false; clusters.len()], vec![false; self.olds.len()]);
        for (score, c, o) in pairs {
            let old = &self.olds[o];
            if settled[c] || (taken[o] && !(old.stays_declined() && score >= DECLINED_AGAIN)) {
                continue;
            }
            if old.stays_declined() && score < DECLINED_AGAIN {
                continue;
            }
            (settled[c], taken[o]) = (true, true);
            origins[c] = if old.stays_declined() {
                Origin::Declined
            } else if old.is_closed() {
                Origin::Back { id: old.finding.id.clone(), why: back(old) }
            } else {
                Origin::Known { id: old.finding.id.clone(), since: old.since }
            };
        }
        // An item that resembles an earlier finding more than any other says that one again, whatever its cluster is.
        // Those that it resembles as much are the same one at other times: apart, joined, and apart again.
        let nearest = |item: &usize| {
            let best = self.known[*item].iter().map(|(_, score)| *score).fold(f32::MIN, f32::max);
            self.known[*item].iter().filter(move |(_, score)| *score > best - AS_MUCH)
        };
        let mut joined = BTreeMap::new();
        for (c, members) in clusters.iter().enumerate().filter(|(c, _)| origins[*c] != Origin::Declined) {
            for (old, _) in members.iter().flat_map(nearest).filter(|(old, _)| !taken[*old]) {
                joined.entry(*old).or_insert(c);
            }
        }
        Origins { of_clusters: origins, joined }
    }

    /// What became of every earlier finding that was open or declined, given the findings that are raised now and what
    /// each old one is part of; the findings that stand though nobody raised them, with the remarks they stand on; and
    /// what is declined.
    pub(super) fn settle(
        &self,
        input: &Input<'_>,
        raised: &[Finding],
        into: &dyn Fn(usize) -> Option<FindingId>,
    ) -> Settled {
        let raised: HashMap<&FindingId, &Finding> = raised.iter().map(|f| (&f.id, f)).collect();
        let answered = Answered::new(input);
        let mut settled = Settled::default();
        for (number, old) in self.olds.iter().enumerate() {
            let heir = into(number).filter(|_| !old.is_closed());
            let fate = if let Some(finding) = raised.get(&old.finding.id) {
                let is_new = finding.attributions.iter().any(|a| !a.raw.is_carried());
                if is_new { Fate::Raised } else { Fate::Standing }
            } else if heir.is_some() {
                Fate::Joined
            } else if old.is_dismissed() {
                settled.declined.push(DeclinedEarlier {
                    id: old.finding.id.clone(),
                    title: old.finding.title.clone(),
                    reason: old.reason(),
                    round: old.round.number,
                    anchor: old.raws.first().and_then(RawFinding::main_anchor).cloned(),
                });
                Fate::Declined
            } else if old.is_closed() {
                continue;
            } else {
                let fate = fate(input, &answered, old);
                if fate == Fate::Standing {
                    settled.stand(old);
                }
                fate
            };
            let into = heir.filter(|_| fate == Fate::Joined);
            settled.earlier.push(Became { id: old.finding.id.clone(), round: old.round.number, fate, into });
        }
        settled
    }

    /// Says in findings that were there before who said it in which earlier round and has not answered since, and who
    /// has and does not say it any more.
    pub(super) fn explain(&self, input: &Input<'_>, findings: &mut [Finding]) {
        let answered = Answered::new(input);
        let olds: HashMap<&FindingId, &Old<'_>> = self.olds.iter().map(|old| (&old.finding.id, old)).collect();
        for finding in findings {
            let Some(old) = olds.get(&finding.id) else { continue };
            let stand: BTreeMap<&AgentName, u32> =
                finding.attributions.iter().filter_map(|a| Some((&a.agent, a.raw.round()?))).collect();
            let mut why: Vec<String> = stand
                .iter()
                .map(|(agent, round)| {
                    let has_answered = answered.has(agent, finding.main_anchor().map(|anchor| &anchor.path));
                    let since = if has_answered { " and not since" } else { ", who has not answered about it since" };
                    format!("said by {} in round {round}{since}", input.label(agent))
                })
                .collect();
            let now = finding.agents();
            let silent = old.finding.agents().into_iter().filter(|agent| !now.contains(agent));
            why.extend(
                silent.map(|agent| {
                    format!("{} raised it in round {} and not since", input.label(agent), old.round.number)
                }),
            );
            finding.why.extend(why);
        }
    }
}

/// What [`Memory::settle`] finds.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Fates, in the order of the rounds.
    pub(super) earlier: Vec<Became>,
    /// Findings that stand.
    pub(super) standing: Vec<Finding>,
    /// Their remarks.
    pub(super) carried: Vec<RawFinding>,
    /// What was declined.
    pub(super) declined: Vec<DeclinedEarlier>,
}

impl Settled {
    fn stand(&mut self, old: &Old<'_>) {
        let mut finding = old.finding.clone();
        finding.since = Some(old.since);
        finding.confidence *= NOT_RAISED;
        finding.why = vec![format!("raised in round {} and not since; its code is still there", old.round.number)];
        finding.attributions.clear();
        for raw in &old.raws {
            let id = old.id(&raw.id);
            let attribution = Attribution { agent: raw.agent.clone(), severity: raw.severity, raw: id.clone() };
            finding.attributions.push(attribution);
            self.carried.push(RawFinding { id, ..raw.clone() });
        }
        if let Some(main) = old.raws.first() {
            finding.anchors.clone_from(&main.anchors);
        }
        self.standing.push(finding);
    }
}

/// The newest form of every earlier finding, in the order of the rounds.
fn gather<'a>(input: &Input<'a>, carrier: &mut Carrier) -> Vec<Old<'a>> {
    let mut newest: BTreeMap<&FindingId, (usize, usize)> = BTreeMap::new();
    let mut first: BTreeMap<&FindingId, u32> = BTreeMap::new();
    for (r, earlier) in input.earlier.iter().enumerate() {
        for (f, finding) in earlier.round.findings.iter().enumerate() {
            newest.insert(&finding.id, (r, f));
            first.entry(&finding.id).or_insert(finding.since.unwrap_or(earlier.round.number));
        }
    }
    let mut order: Vec<(usize, usize)> = newest.into_values().collect();
    order.sort_unstable();
    let resolutions = input.decisions.map(|d| &d.resolutions);
    let said: Vec<BTreeMap<&RawId, &RawFinding>> = input
        .earlier
        .iter()
        .map(|earlier| earlier.round.raw.iter().rev().map(|raw| (&raw.id, raw)).collect())
        .collect();
    order
        .into_iter()
        .map(|(r, f)| {
            let earlier = &input.earlier[r];
            let finding = &earlier.round.findings[f];
            let mut resolution = resolutions.and_then(|all| all.get(&finding.id));
            let mut raws = wordings(finding, &said[r]);
            let prints = raws.iter().map(identity::fingerprint).collect();
            let mut code = Code::Unknown;
            for (n, raw) in raws.iter_mut().enumerate() {
                for (m, anchor) in raw.anchors.iter_mut().enumerate() {
                    let (moved, became) = carrier.carry(anchor, earlier.texts, &input.texts);
                    *anchor = moved;
                    if (n, m) == (0, 0) {
                        code = became;
                    }
                }
            }
            let decided_on = resolution.and_then(|r| r.code.as_deref());
            if let (Some(hash), Some(anchor)) = (decided_on, raws.first().and_then(RawFinding::main_anchor)) {
                match carry::is_code(hash, anchor, &input.texts) {
                    Some(true) => code = Code::Same,
                    Some(false) => code = code.min(Code::Changed),
                    None => {}
                }
            }
            let here = raws.first().and_then(RawFinding::main_anchor);
            let (is_fixed, is_taken_back) = by_text(input, &Carried { earlier, finding, here, code }, carrier);
            // Its fix was applied and taken back since: the text says more than what was noted then.
            resolution = resolution.filter(|_| !is_taken_back);
            let since = first.get(&finding.id).copied().unwrap_or(earlier.round.number);
            Old { is_fixed, finding, round: earlier.round, since, resolution, raws, prints, code }
        })
        .collect()
}

/// The finding as its agents worded it in what was `said` in its round, its own wording first.
fn wordings(finding: &Finding, said: &BTreeMap<&RawId, &RawFinding>) -> Vec<RawFinding> {
    let by_id = finding.attributions.iter().filter_map(|a| said.get(&a.raw));
    let mut raws: Vec<RawFinding> = by_id.map(|raw| (*raw).clone()).collect();
    if raws.is_empty()
        && let Some(attribution) = finding.attributions.first()
    {
        raws.push(RawFinding {
            id: attribution.raw.clone(),
            sure: None,
            agent: attribution.agent.clone(),
            severity: finding.severity,
            title: finding.title.clone(),
            body: finding.body.clone(),
            anchors: finding.anchors.clone(),
            symbol: finding.symbol.clone(),
            classification: finding.classification,
            rule: finding.rule.clone(),
            fixes: finding.fixes.clone(),
        });
    }
    raws
}

/// An earlier finding in the text of now.
struct Carried<'c> {
    earlier: &'c Earlier<'c>,
    finding: &'c Finding,
    /// Its main place now, where it has one.
    here: Option<&'c finding::Anchor>,
    /// What became of the code there.
    code: Code,
}

/// What the text says of an earlier finding: whether a fix of it is in, and whether one that was noted is out again.
fn by_text(input: &Input<'_>, carried: &Carried<'_>, carrier: &mut Carrier) -> (bool, bool) {
    let &Carried { earlier, finding, here, code } = carried;
    let noted = input.decisions.and_then(|d| d.resolutions.get(&finding.id)).is_some_and(|r| r.state == State::Fixed);
    let (Some(main), Some(now)) = (finding.main_anchor(), here) else {
        return (false, false);
    };
    let moved = |path: &RepoPath| if *path == main.path { now.path.clone() } else { path.clone() };
    let is_same = |path: &RepoPath| match (earlier.texts.get(path), input.texts.get(&moved(path))) {
        (Some(then), Some(now)) => then == now,
        (then, now) => then.is_none() && now.is_none(),
    };
    if finding.fixes.is_empty() || (!noted && is_same(&main.path) && !reaches_beyond(finding)) {
        return (false, false);
    }
    let reviewed = |path: &RepoPath| earlier.texts.get(path).cloned();
    let current = |path: &RepoPath| input.texts.get(&moved(path)).cloned();
    let texts = [earlier.texts.get(&main.path).cloned(), current(&main.path)];
    let look = || {
        let effects = Effects::of(finding, &reviewed);
        let text = if effects.are_in(&Since::new(&reviewed, &current)) {
            TextState::Fixed
        } else if code == Code::Same {
            TextState::Same
        } else {
            TextState::Touched
        };
        let none = finding::Decisions::default();
        let said = state::state(finding, &earlier.round.id, input.decisions.unwrap_or(&none), text, &effects);
        (text == TextState::Fixed, noted && said == State::Open)
    };
    if reaches_beyond(finding) { look() } else { carrier.once(&finding.id, texts, look) }
}

/// Whether a fix may change a file beside that of the finding's place. Most name one file, or none.
fn reaches_beyond(finding: &Finding) -> bool {
    let Some(main) = finding.main_anchor().map(|a| &a.path) else { return true };
    let own = |name: &str| name.split('\t').next().is_some_and(|name| name.trim_end().ends_with(main.as_str()));
    let names_other = |line: &str| match line.strip_prefix("+++ ") {
        Some(name) => !own(name),
        None => line.starts_with("*** ") || line.starts_with("rename "),
    };
    let mut fixes = finding.fixes.iter();
    fixes.any(|fix| fix.path.as_ref().is_some_and(|path| path != main) || fix.diff.lines().any(names_other))
}

/// What a finding that was open and is not raised has become. Those of its agents that have not answered about it would
/// have raised it: their remarks of then are among those of now, unless its code is gone or its fix is in.
fn fate(input: &Input<'_>, answered: &Answered<'_>, old: &Old<'_>) -> Fate {
    let has_answered = |raw: &RawFinding| answered.has(&raw.agent, raw.main_anchor().map(|a| &a.path));
    let raws: Vec<&RawFinding> = old.raws.iter().collect();
    match old.code {
        _ if old.is_fixed => Fate::Fixed,
        Code::Gone => Fate::Outdated,
        // Who computes its findings raises them as long as they are there.
        _ if super::compose::is_computed(input, &raws) && old.raws.iter().all(has_answered) => Fate::Fixed,
        Code::Changed | Code::Unknown if old.raws.iter().any(has_answered) => Fate::Fixed,
        Code::Changed | Code::Unknown | Code::Same => Fate::Standing,
    }
}

/// Why a closed finding is back.
fn back(old: &Old<'_>) -> String {
    let round = old.round.number;
    match old.resolution.map(|r| &r.state) {
        Some(State::Dismissed { .. }) => {
            format!("dismissed in round {round} ({}); its code has changed since", old.reason())
        }
        Some(State::Fixed) => format!("was fixed after round {round} and is raised again"),
        _ => format!("was outdated after round {round} and is raised again"),
    }
}

/// The id of a finding that was closed and is back in `round`: another, so that the old decision stays where it
/// was made.
pub(super) fn id_of_back(id: &FindingId, round: u32) -> FindingId {
    FindingId::new(identity::short(&[id.as_str(), "back in round", &round.to_string()]))
}
