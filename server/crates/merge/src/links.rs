//! A person's word: findings joined and split by hand, by the fingerprints of the remarks in them, so that it
//! holds in later rounds too.

use super::Input;
use super::cluster::Word;
use super::identity::fingerprint;
use super::memory::Memory;
use super::remark::Remark;
use super::similarity;
use finding::{FindingId, Fingerprint, Link, LinkKind, RawFinding, Round};
use std::collections::{BTreeSet, HashMap};

/// Places of one wording that a person's word is looked for in.
const MOST_PLACES: usize = 100;

/// The links that make one finding of two, given the remarks of each.
#[must_use]
pub fn join(one: &[&RawFinding], other: &[&RawFinding]) -> Vec<Link> {
    across(LinkKind::Joined, one, other)
}

/// The links that make two findings of one, given the remarks of each part.
#[must_use]
pub fn split(one: &[&RawFinding], other: &[&RawFinding]) -> Vec<Link> {
    across(LinkKind::Split, one, other)
}

/// What the remarks of these findings are known by, in whatever words they were raised in `rounds`.
#[must_use]
pub fn known_by<'a>(rounds: impl IntoIterator<Item = &'a Round>, findings: &[FindingId]) -> BTreeSet<Fingerprint> {
    let mut prints = BTreeSet::new();
    for round in rounds {
        for finding in round.findings.iter().filter(|f| findings.contains(&f.id)) {
            prints.extend(round.remarks(finding).into_iter().map(fingerprint));
        }
    }
    prints
}

/// Takes back what a person said last: the links of one kind on any of these remarks. What was said of the same pairs
/// before counts again. Gives the number of links that were taken back.
pub fn take_back(links: &mut Vec<Link>, kind: LinkKind, of: &BTreeSet<Fingerprint>) -> usize {
    let before = links.len();
    links.retain(|link| link.kind != kind || !(of.contains(&link.a) || of.contains(&link.b)));
    before - links.len()
}

fn across(kind: LinkKind, one: &[&RawFinding], other: &[&RawFinding]) -> Vec<Link> {
    let others: Vec<Fingerprint> = other.iter().map(|raw| fingerprint(raw)).collect();
    let pairs = one.iter().map(|raw| fingerprint(raw)).flat_map(|a| others.iter().map(move |b| (a.clone(), b.clone())));
    pairs.filter(|(a, b)| a != b).map(|(a, b)| Link { kind, a, b }).collect()
}

/// The links of `input.decisions` in numbers of `items`: the newest on a pair counts. A remark that is not there
/// any more is stood in for by the one that says the same now.
pub(super) fn word(input: &Input<'_>, items: &[&Remark], memory: &Memory<'_>) -> Word {
    let Some(decisions) = input.decisions.filter(|d| !d.links.is_empty()) else { return Word::default() };
    let mut by_print: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
    for (i, item) in items.iter().enumerate() {
        by_print.entry(&item.fingerprint).or_default().push(i);
    }
    let now = |print: &Fingerprint| match by_print.get(print) {
        Some(items) => items.clone(),
        None => memory.heir(print).into_iter().collect(),
    };
    let mut newest: HashMap<(usize, usize), (usize, LinkKind)> = HashMap::new();
    for (n, link) in decisions.links.iter().enumerate() {
        for (a, b) in meant(&now(&link.a), &now(&link.b), items) {
            newest.insert((a, b), (n, link.kind));
        }
    }
    let mut links: Vec<((usize, usize), (usize, LinkKind))> = newest.into_iter().collect();
    links.sort_by_key(|(pair, (n, _))| (*n, *pair));
    let mut word = Word::default();
    for (pair, (_, kind)) in links {
        match kind {
            LinkKind::Joined => word.joined.push(pair),
            LinkKind::Split => word.split.push(pair),
        }
    }
    word
}

/// The pairs, in order, that a link means. The same words at several places have one fingerprint: then each remark of the
/// fewer is meant with the nearest of the others.
fn meant(one: &[usize], other: &[usize], items: &[&Remark]) -> Vec<(usize, usize)> {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let away = |a: usize, b: usize| similarity::distance(items[a], items[b]).map_or(u64::MAX, u64::from);
    let nearest = |a: &usize| Some((*a, *many.iter().filter(|b| *b != a).min_by_key(|b| (away(*a, **b), **b))?));
    few.iter().take(MOST_PLACES).filter_map(nearest).map(|(a, b)| (a.min(b), a.max(b))).collect()
}
