//! Pairs → clusters, by average linkage: the two clusters that are most likely one issue on the average of
//! their pairs become one, as long as any two are. A pair that plainly differs keeps clusters of few remarks apart, so
//! that A~B~C never brings A and C together; with many remarks only one that has next to nothing in common does.
//!
//! Remarks that have a place come first. Then those without one, by whom two that have one are neither brought together
//! nor kept apart.

use super::similarity::{DIFFER, Pair};
use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

/// What is added to the average of many pairs, at most: the more wordings of one issue there are, the further
/// apart the furthest, while chance would have to bring more pairs together. Nothing is added to one pair.
const GROWTH: f32 = 3.0;
/// What is added to that of few pairs, at most.
const GROWTH_OF_FEW: f32 = 1.0;

/// Pairs from which on one that plainly differs does not keep their clusters apart: of many wordings, some have next to
/// nothing in common.
const MANY: f32 = 4.0;

/// What two remarks that are alone with each other must have. A little over 0, where one issue and two are as likely: two
/// that are thrown together hide one of them, while one that is told twice is only told twice. With more remarks, chance
/// would have to bring more pairs together.
const ALONE: f32 = 0.2;

/// What bounds the clusters that an item may be in.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    /// Whether it has a place.
    pub(super) is_placed: bool,
    /// The documents that list it: no two that one lists are in one cluster.
    pub(super) documents: BTreeSet<u32>,
}

/// What people said of pairs.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// One issue.
    pub(super) joined: Vec<(usize, usize)>,
    /// Two issues.
    pub(super) split: Vec<(usize, usize)>,
}

/// What two clusters have in common.
#[derive(Debug, Clone, Copy)]
struct Bond {
    /// The sum of the scores of all pairs across.
    sum: f32,
    /// The least of them.
    least: f32,
}

impl Bond {
    /// The average of `pairs` with what is added for how many they are; `None` where one that plainly differs decides.
    fn average(self, pairs: f32) -> Option<f32> {
        let growth = (GROWTH_OF_FEW * (1.0 - 1.0 / pairs)).max(GROWTH * (1.0 - 2.0 / pairs));
        (self.least >= DIFFER || pairs >= MANY).then_some(self.sum / pairs + growth)
    }
}

/// Two clusters that may become one.
#[derive(Debug, PartialEq)]
struct Candidate {
    average: f32,
    /// The smallest members, which order equal averages: the result must not depend on chance.
    first: (usize, usize),
    clusters: (usize, usize),
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.average
            .total_cmp(&other.average)
            .then_with(|| other.first.cmp(&self.first))
            .then_with(|| other.clusters.cmp(&self.clusters))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Cluster {
    members: Vec<usize>,
    /// Whether any of them has a place, and all documents that list any.
    bounds: Bounds,
    /// By cluster: what it has in common with this one. A cluster that is missing must stay apart.
    links: HashMap<usize, Bond>,
}

/// Clusters of the numbers below `bounds.len()`, each sorted, in the order of their smallest members. `word` overrules
/// `pairs`.
pub(super) fn clusters(bounds: &[Bounds], pairs: &[Pair], word: &Word) -> Vec<Vec<usize>> {
    let split: HashSet<(usize, usize)> = word.split.iter().map(sorted).collect();
    let mut all: Vec<Option<Cluster>> = bounds
        .iter()
        .enumerate()
        .map(|(i, bounds)| Some(Cluster { members: vec![i], bounds: bounds.clone(), links: HashMap::new() }))
        .collect();
    let kept =
        pairs.iter().map(|pair| (sorted(&(pair.a, pair.b)), pair.score)).filter(|(pair, _)| !split.contains(pair));
    // No sum with it is ever above anything.
    let never = split.iter().map(|pair| (*pair, f32::NEG_INFINITY));
    for ((a, b), score) in kept.chain(never) {
        for (from, to) in [(a, b), (b, a)] {
            if let Some(cluster) = &mut all[from] {
                cluster.links.insert(to, Bond { sum: score, least: score });
            }
        }
    }
    for joined in word.joined.iter().map(sorted).filter(|pair| !split.contains(pair)) {
        join(&mut all, joined.0, joined.1, &split);
    }
    link_all(&mut all, |a, b| a.bounds.is_placed && b.bounds.is_placed);
    link_all(&mut all, |_, _| true);
    let mut clusters: Vec<Vec<usize>> = all.into_iter().flatten().map(|cluster| cluster.members).collect();
    clusters.sort();
    clusters
}

fn sorted(&(a, b): &(usize, usize)) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// Unites the likeliest two of the clusters that are `eligible`, as long as any two are more likely one issue than not.
fn link_all(all: &mut Vec<Option<Cluster>>, eligible: fn(&Cluster, &Cluster) -> bool) {
    let mut heap: BinaryHeap<Candidate> = BinaryHeap::new();
    for a in 0..all.len() {
        push_candidates(all, a, &mut heap, |b, x, y| b < a && eligible(x, y));
    }
    while let Some(Candidate { clusters: (a, b), .. }) = heap.pop() {
        // Either may have become part of another since.
        if all[a].is_some() && all[b].is_some() {
            let new = unite(all, a, b, false);
            push_candidates(all, new, &mut heap, |_, x, y| eligible(x, y));
        }
    }
}

/// Brings the clusters of two items together because a person said so; not if a person split any of them.
fn join(all: &mut Vec<Option<Cluster>>, a: usize, b: usize, split: &HashSet<(usize, usize)>) {
    let of = |item: usize| all.iter().position(|c| c.as_ref().is_some_and(|c| c.members.contains(&item)));
    let (Some(a), Some(b)) = (of(a), of(b)) else { return };
    let members = |i: usize| all[i].as_ref().map_or(&[][..], |c| &c.members[..]);
    let apart = members(a).iter().any(|x| members(b).iter().any(|y| split.contains(&(*x.min(y), *x.max(y)))));
    if a != b && !apart {
        unite(all, a, b, true);
    }
}

/// Makes one cluster of two and returns its number. What one of them must stay apart from, the new one must, unless it is
/// `by_hand` or one of the two sides has no place.
fn unite(all: &mut Vec<Option<Cluster>>, a: usize, b: usize, by_hand: bool) -> usize {
    let new = all.len();
    let (Some(mut x), Some(mut y)) = (all[a].take(), all[b].take()) else { return new };
    x.links.remove(&b);
    y.links.remove(&a);
    let documents: BTreeSet<u32> = x.bounds.documents.union(&y.bounds.documents).copied().collect();
    let mut links = HashMap::new();
    for other in x.links.keys().chain(y.links.keys().filter(|other| !x.links.contains_key(other))) {
        let Some(cluster) = &mut all[*other] else { continue };
        cluster.links.remove(&a);
        cluster.links.remove(&b);
        let link = |part: &Cluster| {
            let may_differ = by_hand || part.bounds.is_placed != cluster.bounds.is_placed;
            let pairs = (part.members.len() * cluster.members.len()) as f32;
            let missing = || may_differ.then_some(Bond { sum: DIFFER * pairs, least: DIFFER });
            let bond = part.links.get(other).copied().or_else(missing)?;
            Some(if may_differ { Bond { least: bond.least.max(DIFFER), ..bond } } else { bond })
        };
        let (from_x, from_y) = (link(&x), link(&y));
        if documents.is_disjoint(&cluster.bounds.documents)
            && let (Some(from_x), Some(from_y)) = (from_x, from_y)
        {
            let bond = Bond { sum: from_x.sum + from_y.sum, least: from_x.least.min(from_y.least) };
            links.insert(*other, bond);
            cluster.links.insert(new, bond);
        }
    }
    let mut members = x.members;
    members.append(&mut y.members);
    members.sort_unstable();
    let bounds = Bounds { is_placed: x.bounds.is_placed || y.bounds.is_placed, documents };
    all.push(Some(Cluster { members, bounds, links }));
    new
}

/// Adds the clusters that `a` is more likely one with than not.
fn push_candidates(
    all: &[Option<Cluster>],
    a: usize,
    heap: &mut BinaryHeap<Candidate>,
    wanted: impl Fn(usize, &Cluster, &Cluster) -> bool,
) {
    let Some(cluster) = &all[a] else { return };
    for (b, bond) in &cluster.links {
        let Some(other) = all[*b].as_ref().filter(|other| wanted(*b, cluster, other)) else { continue };
        let pairs = (cluster.members.len() * other.members.len()) as f32;
        let Some(average) = bond.average(pairs) else { continue };
        if average > if pairs > 1.0 { 0.0 } else { ALONE } {
            let (x, y) = (cluster.members[0], other.members[0]);
            let candidate = if x < y {
                Candidate { average, first: (x, y), clusters: (a, *b) }
            } else {
                Candidate { average, first: (y, x), clusters: (*b, a) }
            };
            heap.push(candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clusters of items ("PPU…": with a place or without; in small letters, one that a document lists) and scored pairs.
    fn check(items: &str, pairs: &[(usize, usize, f32)], word: &Word, expected: &[&[usize]]) {
        let bounds = |item: char| Bounds {
            is_placed: item.eq_ignore_ascii_case(&'p'),
            documents: item.is_lowercase().then_some(1).into_iter().collect(),
        };
        let bounds: Vec<Bounds> = items.chars().map(bounds).collect();
        let mut pairs: Vec<Pair> = pairs.iter().map(|&(a, b, score)| Pair { a, b, score }).collect();
        for _ in 0..2 {
            assert_eq!(clusters(&bounds, &pairs, word), expected, "{pairs:?}");
            pairs.reverse();
        }
    }

    #[test]
    fn no_chain_brings_together_what_plainly_differs() {
        let none = Word::default();
        check("PPP", &[(0, 1, 4.0), (1, 2, 3.0), (0, 2, 1.0)], &none, &[&[0, 1, 2]]);
        check("PPP", &[(0, 1, 4.0), (1, 2, 3.0)], &none, &[&[0, 1], &[2]]);
        check("PPP", &[(0, 1, 4.0), (1, 2, 0.5), (0, 2, -1.9)], &none, &[&[0, 1], &[2]]);
        check("PP", &[(0, 1, 0.3)], &none, &[&[0, 1]]);
        check("PP", &[(0, 1, 0.1)], &none, &[&[0], &[1]]);
        check("PPPP", &[(0, 1, 2.0), (2, 3, 2.0), (1, 2, 1.0)], &none, &[&[0, 1], &[2, 3]]);
    }

    #[test]
    fn what_has_no_place_neither_parts_nor_joins_what_has_one() {
        let none = Word::default();
        // Likest of all, and unlike one of the two: they are one first, and it is with them or not.
        check("PPU", &[(0, 1, 1.0), (0, 2, 6.0)], &none, &[&[0, 1, 2]]);
        check("PPU", &[(0, 1, 1.0), (0, 2, 0.5)], &none, &[&[0, 1], &[2]]);
        // Two that plainly differ are never one, whoever is like both.
        check("PPU", &[(0, 2, 6.0), (1, 2, 5.0)], &none, &[&[0, 2], &[1]]);
        check("UPU", &[(0, 1, 6.0), (1, 2, 5.0)], &none, &[&[0, 1], &[2]]);
    }

    #[test]
    fn what_one_document_lists_stays_apart() {
        let none = Word::default();
        // Whoever else is like both, or has no place.
        check("pPp", &[(0, 1, 6.0), (1, 2, 5.0)], &none, &[&[0, 1], &[2]]);
        check("pPu", &[(0, 1, 6.0), (1, 2, 9.0)], &none, &[&[0, 1], &[2]]);
        check("PPu", &[(0, 1, 6.0), (1, 2, 9.0)], &none, &[&[0, 1, 2]]);
    }

    #[test]
    fn a_persons_word_counts_more_than_likeness() {
        let joined = Word { joined: vec![(2, 0)], split: vec![] };
        check("PPP", &[(0, 1, -1.0)], &joined, &[&[0, 2], &[1]]);
        let split = Word { joined: vec![], split: vec![(1, 0)] };
        check("PPP", &[(0, 1, 9.0), (1, 2, 3.0), (0, 2, 2.0)], &split, &[&[0], &[1, 2]]);
        let both = Word { joined: vec![(0, 1), (1, 2)], split: vec![(0, 2)] };
        check("PPP", &[], &both, &[&[0, 1], &[2]]);
        // A third one without a place does not bring together what was split.
        let split = Word { joined: vec![], split: vec![(0, 2)] };
        check("PPU", &[(0, 1, 1.0), (0, 2, 6.0), (1, 2, 6.0)], &split, &[&[0, 1], &[2]]);
    }

    #[test]
    fn equal_scores_are_settled_by_the_order_of_items() {
        let none = Word::default();
        check("PPP", &[(0, 1, 2.0), (1, 2, 2.0)], &none, &[&[0, 1], &[2]]);
    }
}
