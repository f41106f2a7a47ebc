//! How likely two remarks are one issue.
//!
//! One linear score, the log odds: the cosines of four kinds of words under TF-IDF within the round, each
//! times its weight, and what the places say. Above 0 they are more likely one issue than two.
//!
//! The weights come from a logistic regression on pairs that people had merged or kept apart (`server/benches/fit.rs`),
//! rounded; how it was done and measured is in `docs/merging.md`.

use super::remark::{Field, Place, Remark};
use super::text::OwnHash;
use super::{repeats, sides};
use rayon::prelude::*;
use std::collections::HashMap;

/// Log odds of two remarks in the same place with nothing in common.
const BIAS: f32 = -6.5;
/// What each kind of words adds at a cosine of 1; by [`Field::ALL`].
const WEIGHTS: [f32; 4] = [2.0, 11.5, 1.6, 6.7];
/// What the same lines add; falls with the distance.
const NEAR: f32 = 1.0;
/// Lines at which that has halved.
const HALF: f32 = 10.0;
/// Closeness in the same file where one of the two has no lines, and at least in the same symbol.
const SAME_FILE: f32 = 0.3;
const SAME_SYMBOL: f32 = 0.5;
/// What other files take off. Of the pairs that people made one finding of, one in thirty was in two files; of the others
/// nearly two in three.
const ELSEWHERE: f32 = 2.0;
/// What it adds that one has no place at all: what is said without one is short, and fewer words must do.
const UNPLACED: f32 = 3.2;
/// What is fitted, with its weight; by [`Space::features`].
pub(super) const FEATURES: [(&str, f32); 8] = [
    ("title", WEIGHTS[0]),
    ("wording", WEIGHTS[1]),
    ("names", WEIGHTS[2]),
    ("code", WEIGHTS[3]),
    ("near", NEAR),
    ("elsewhere", -ELSEWHERE),
    ("unplaced", UNPLACED),
    ("bias", BIAS),
];
/// What it takes off that their titles name the two sides of a pair: a fault of `Create` is not that of `Update`.
const OTHER_SIDE: f32 = 6.0;
/// What the same rule adds at the same lines (no words are needed then: tools word one rule differently), and where the
/// lines are only near each other.
const SAME_RULE: f32 = 8.0;
const SAME_RULE_NEAR: f32 = 2.0;
/// What the same weakness (CWE) adds at the same lines.
const SAME_WEAKNESS: f32 = 2.0;
/// What it takes off that two tools name other rules. The same words are then mostly those of a pattern.
const OTHER_RULE: f32 = 6.0;
/// Log odds of two remarks that one agent made twice.
const SAID_TWICE: f32 = 8.0;
/// What it adds that both suggest the same edit.
const SAME_EDIT: f32 = 4.0;
/// As if so many more remarks on other things had been made: else the words that two remarks of a small round
/// share would count for nothing, because "all" have them.
const BACKGROUND: f32 = 8.0;
/// Pairs below plainly differ: two or three remarks of which one pair does are not one finding.
pub(super) const DIFFER: f32 = -2.0;
/// Pairs below are never in one finding, whatever lies between them and however many remarks there are.
const NEVER: f32 = -3.5;
/// Log odds below which one remark says nothing for another, nor says it again.
const FAINT: f32 = -2.5;
/// What a remark counts for the support of a finding that it is not in.
const FROM_OTHERS: f32 = 0.45;
/// A rule names its lines exactly; remarks further away are on something else.
const RULE_REACH: u32 = 5;

/// Remarks of a round that are compared; the others are findings of their own. Time and room grow with the square.
pub(super) const MOST_COMPARED: usize = 4000;
/// Pairs that are kept of a remark with those before it, the likeliest: nobody words one issue in so many ways.
pub(super) const MOST_PAIRS: usize = 100;

/// A pair with its log odds, which are not below [`NEVER`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// Number of the later remark.
    pub(super) a: usize,
    /// Number of the earlier one.
    pub(super) b: usize,
    /// Log odds that they are one issue.
    pub(super) score: f32,
}

/// What of a remark tells at once how much its place and what is known of it can add, as bits.
const PLACED: u8 = 1;
const RULED: u8 = 2;
const EDITED: u8 = 4;

fn traits(remark: &Remark) -> u8 {
    let bit = |has: bool, bit: u8| if has { bit } else { 0 };
    let ruled = remark.rule.is_some() || remark.weakness.is_some();
    bit(!remark.places.is_empty(), PLACED) | bit(ruled, RULED) | bit(!remark.edits.is_empty(), EDITED)
}

/// Remarks in a common space of words.
pub(super) struct Space<'a> {
    remarks: &'a [&'a Remark],
    /// Of each remark: its [`traits`] and its [`repeats::head`], side by side, because all pairs are asked for them.
    traits: Vec<u8>,
    heads: Vec<Option<u64>>,
    /// Of each remark, by number of the term: its words that others have too.
    vectors: Vec<Vec<Word>>,
    /// Of each term that more than one remark has: the remarks and their weights.
    postings: Vec<Vec<(u32, f32)>>,
}

/// A term of a remark. Those of a field have the length √(weight of the field) together, so that one dot product is the whole
/// of what words say.
struct Word {
    number: u32,
    field: Field,
    weight: f32,
    /// How many remarks before it have the term.
    before: u32,
}

/// What the words of one remark have in common with those of each one before it: all fields, weighted.
type Row = Vec<f32>;

/// One remark compared with all before it.
#[derive(Default)]
struct Compared {
    pairs: Vec<Pair>,
    alike: Vec<(u32, f32)>,
}

/// The probability of log odds.
pub(super) fn probability(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}

/// All remarks compared with all.
pub(super) struct Comparison {
    /// The pairs that may be in one finding.
    pub(super) pairs: Vec<Pair>,
    /// Of each remark: those before it that have something of it, whoever made them, with the log odds that both are one.
    alike: Vec<Vec<(u32, f32)>>,
}

impl Comparison {
    /// Number of remarks.
    pub(super) fn count(&self) -> usize {
        self.alike.len()
    }

    /// Pairs of remarks of which one may say the other again, the later one first, with the log odds that both are one.
    pub(super) fn alike(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let rows = self.alike.iter().enumerate();
        rows.flat_map(|(a, row)| row.iter().map(move |(b, odds)| (a, *b as usize, *odds)))
    }

    /// Of each of `clusters`: how many agents say what another one in it says, as far as that can be told. The sum over all
    /// agents of how likely the remark of theirs that is most like one of another agent in it is the same issue; what is in
    /// another cluster counts less.
    pub(super) fn support(&self, agents: &[usize], clusters: &[Vec<usize>]) -> Vec<f32> {
        let mut of = vec![0; agents.len()];
        for (number, members) in clusters.iter().enumerate() {
            members.iter().for_each(|member| of[*member] = number);
        }
        let groups = agents.iter().max().map_or(0, |most| most + 1);
        let mut best = vec![0.0_f32; groups * clusters.len()];
        for (a, b, odds) in self.alike().filter(|(a, b, _)| agents[*a] != agents[*b]) {
            let counts = if of[a] == of[b] { 1.0 } else { FROM_OTHERS } * probability(odds);
            for at in [of[a] * groups + agents[b], of[b] * groups + agents[a]] {
                best[at] = best[at].max(counts);
            }
        }
        best.chunks(groups.max(1)).map(|of_agents| of_agents.iter().sum()).collect()
    }
}

impl<'a> Space<'a> {
    /// Weighs the words of `remarks` by how few have them.
    pub(super) fn new(remarks: &'a [&'a Remark]) -> Self {
        let mut numbers: HashMap<u64, u32, OwnHash> = HashMap::default();
        let mut counts: Vec<u32> = Vec::new();
        let numbered: Vec<Vec<u32>> = remarks
            .iter()
            .map(|remark| {
                let number = |hash: u64| {
                    let number = *numbers.entry(hash).or_insert_with(|| {
                        counts.push(0);
                        u32::try_from(counts.len() - 1).unwrap_or(u32::MAX)
                    });
                    counts[number as usize] += 1;
                    number
                };
                remark.terms.iter().map(|term| term.hash).map(number).collect()
            })
            .collect();
        let total = remarks.len() as f32 + 1.0 + BACKGROUND;
        let mut vectors: Vec<Vec<Word>> = remarks
            .par_iter()
            .zip(&numbered)
            .map(|(remark, numbers)| {
                let mut squares = [0.0_f32; 4];
                let mut vector: Vec<Word> = Vec::with_capacity(numbers.len());
                for (term, &number) in remark.terms.iter().zip(numbers) {
                    let weight = term.weight * (total / (counts[number as usize] as f32 + 0.5)).ln();
                    squares[term.field as usize] += weight * weight;
                    if counts[number as usize] > 1 {
                        vector.push(Word { number, field: term.field, weight, before: 0 });
                    }
                }
                for word in &mut vector {
                    let field = word.field as usize;
                    word.weight *= (WEIGHTS[field] / squares[field]).sqrt();
                }
                vector.sort_unstable_by_key(|word| word.number);
                vector
            })
            .collect();
        let of_several = |count: &u32| Vec::with_capacity(if *count > 1 { *count as usize } else { 0 });
        let mut postings: Vec<Vec<(u32, f32)>> = counts.iter().map(of_several).collect();
        for (remark, vector) in (0..).zip(&mut vectors) {
            for word in vector {
                let postings = &mut postings[word.number as usize];
                word.before = postings.len() as u32;
                postings.push((remark, word.weight));
            }
        }
        let traits = remarks.iter().map(|remark| traits(remark)).collect();
        let heads = remarks.iter().map(|remark| repeats::head(remark)).collect();
        Self { remarks, traits, heads, vectors, postings }
    }

    /// Compares remark `a` with the first `count`, which come before it, in `row`.
    fn row(&self, a: usize, count: usize, row: &mut Row) {
        row.clear();
        row.resize(count, 0.0);
        for word in &self.vectors[a] {
            let postings = &self.postings[word.number as usize];
            let before = if a == count {
                word.before as usize
            } else {
                postings.partition_point(|(b, _)| (*b as usize) < count)
            };
            for (b, other) in &postings[..before] {
                row[*b as usize] += word.weight * other;
            }
        }
    }

    /// Compares all with all of which `may_be_one`. `agents` numbers each remark's agent.
    pub(super) fn compare(&self, agents: &[usize], may_be_one: impl Fn(usize, usize) -> bool + Sync) -> Comparison {
        let mut rows: Vec<Compared> = (0..self.remarks.len().min(MOST_COMPARED))
            .into_par_iter()
            .map_init(Row::new, |row, a| {
                self.row(a, a, row);
                self.compared(a, row, |b| agents[a] == agents[b], |b| may_be_one(a, b))
            })
            .collect();
        rows.resize_with(self.remarks.len(), Compared::default);
        let mut all = Comparison { pairs: Vec::new(), alike: Vec::with_capacity(rows.len()) };
        for row in rows {
            all.pairs.extend(row.pairs);
            all.alike.push(row.alike);
        }
        all
    }

    /// What the words of remark `a` have in common with those before it, made into pairs.
    fn compared(
        &self,
        a: usize,
        row: &Row,
        of_its_agent: impl Fn(usize) -> bool,
        may_be_one: impl Fn(usize) -> bool,
    ) -> Compared {
        let mut compared = Compared::default();
        for (b, words) in row.iter().enumerate() {
            let odds = self.score(a, b, *words);
            if let Some(odds) = odds.filter(|odds| *odds >= FAINT) {
                compared.alike.push((b as u32, odds));
            }
            let score = if of_its_agent(b) { self.score_again(a, b) } else { odds.filter(|odds| *odds >= NEVER) };
            if let Some(score) = score.filter(|_| may_be_one(b)) {
                compared.pairs.push(Pair { a, b, score });
            }
        }
        if compared.pairs.len() > MOST_PAIRS {
            compared.pairs.sort_by(|x, y| y.score.total_cmp(&x.score).then(x.b.cmp(&y.b)));
            compared.pairs.truncate(MOST_PAIRS);
        }
        compared
    }

    /// The log odds for remark `a` and each of the first `count`, which come before it; `None` where they plainly
    /// differ.
    pub(super) fn scores(&self, a: usize, count: usize) -> Vec<Option<f32>> {
        let mut row = Row::new();
        self.row(a, count, &mut row);
        let score = |(b, words): (usize, &f32)| self.score(a, b, *words).filter(|score| *score >= DIFFER);
        row.iter().enumerate().map(score).collect()
    }

    /// The log odds, given what the words say; `None` where the places rule it out.
    fn score(&self, a: usize, b: usize, words: f32) -> Option<f32> {
        let both = self.traits[a] & self.traits[b];
        let if_both = |bit: u8, adds: f32| if both & bit == bit { adds } else { 0.0 };
        let known = if_both(RULED, SAME_RULE + SAME_WEAKNESS) + if_both(EDITED, SAME_EDIT);
        let most = if both & PLACED == 0 { UNPLACED.max(NEAR) } else { NEAR } + known;
        // Nearly all pairs end here, before any path is looked at.
        if BIAS + words + most < NEVER {
            return None;
        }
        Some(BIAS + words + place_score(self.remarks[a], self.remarks[b])?)
    }

    /// The log odds for two remarks of one agent; `None` where they are not one that it made twice.
    fn score_again(&self, a: usize, b: usize) -> Option<f32> {
        let may_be_one = self.heads[a].zip(self.heads[b]).is_none_or(|(a, b)| a == b);
        (may_be_one && repeats::says_again(self.remarks[a], self.remarks[b])).then_some(SAID_TWICE)
    }

    /// Log odds that two remarks of two agents are one issue; `None` where places, rules or vulnerabilities rule it out.
    pub(super) fn odds(&self, a: usize, b: usize) -> Option<f32> {
        let words: f32 = self.cosines(a, b).iter().zip(WEIGHTS).map(|(cosine, weight)| cosine * weight).sum();
        Some(BIAS + words + place_score(self.remarks[a], self.remarks[b])?)
    }

    /// What two remarks have in common, by [`FEATURES`].
    pub(super) fn features(&self, a: usize, b: usize) -> [f32; 8] {
        let (x, y) = (self.remarks[a], self.remarks[b]);
        let [title, wording, names, code] = self.cosines(a, b);
        let is = |condition: bool| if condition { 1.0 } else { 0.0 };
        let (unplaced, near) = (x.places.is_empty() || y.places.is_empty(), closeness(x, y));
        [title, wording, names, code, near, is(!unplaced && near == 0.0), is(unplaced), 1.0]
    }

    /// The cosine of each kind of words; by [`Field::ALL`].
    pub(super) fn cosines(&self, a: usize, b: usize) -> [f32; 4] {
        let mut cosines = [0.0; 4];
        for (field, both) in self.in_common(a, b) {
            cosines[field as usize] += both / WEIGHTS[field as usize];
        }
        cosines
    }

    /// The cosine of [`Field::Text`] of two remarks; 0 of one over [`MOST_COMPARED`].
    pub(super) fn likeness(&self, a: usize, b: usize) -> f32 {
        if a == b {
            return 1.0;
        }
        if a.max(b) >= MOST_COMPARED {
            return 0.0;
        }
        let text = self.in_common(a, b).filter(|(field, _)| *field == Field::Text);
        text.fold(0.0, |sum, (_, both)| sum + both) / WEIGHTS[Field::Text as usize]
    }

    /// The terms that both have, with the product of their weights.
    fn in_common(&self, a: usize, b: usize) -> impl Iterator<Item = (Field, f32)> {
        let (mut left, mut right) = (self.vectors[a].as_slice(), self.vectors[b].as_slice());
        std::iter::from_fn(move || {
            while let ([x, rest_left @ ..], [y, rest_right @ ..]) = (left, right) {
                if x.number <= y.number {
                    left = rest_left;
                }
                if y.number <= x.number {
                    right = rest_right;
                }
                if x.number == y.number {
                    return Some((x.field, x.weight * y.weight));
                }
            }
            None
        })
    }
}

/// What places, rules and edits add; `None` where they rule out that the two are one.
fn place_score(a: &Remark, b: &Remark) -> Option<f32> {
    let names_some = |remark: &Remark| !remark.vulnerabilities.is_empty();
    let names_one_of = |a: &Remark, b: &Remark| a.vulnerabilities.iter().any(|one| b.vulnerabilities.contains(one));
    if names_some(a) && names_some(b) && !names_one_of(a, b) {
        return None;
    }
    let side = if sides::are_other(a.sides, b.sides) { -OTHER_SIDE } else { 0.0 };
    if a.places.is_empty() || b.places.is_empty() {
        return Some(UNPLACED + side + rule_score(a, b, None)?);
    }
    let (near, lines) = (closeness(a, b), distance(a, b));
    let same_edit = near > 0.0 && a.edits.iter().any(|edit| b.edits.contains(edit));
    let known = rule_score(a, b, lines)? + if same_edit { SAME_EDIT } else { 0.0 };
    Some(if near > 0.0 { NEAR * near } else { -ELSEWHERE } + known + side)
}

/// Whether both titles name things, and none that both name.
fn have_other_names(a: &Remark, b: &Remark) -> bool {
    !a.names.is_empty() && !b.names.is_empty() && !a.names.iter().any(|name| b.names.contains(name))
}

/// What the rules add at so many `lines` from each other (`None`: unknown or in other files).
fn rule_score(a: &Remark, b: &Remark, lines: Option<u32>) -> Option<f32> {
    let placed = !a.places.is_empty() && !b.places.is_empty();
    let is_at = |reach: u32| !placed || lines.is_some_and(|lines| lines <= reach);
    let same_weakness = a.weakness.is_some() && a.weakness == b.weakness && is_at(RULE_REACH);
    let weakness = if same_weakness { SAME_WEAKNESS } else { 0.0 };
    match (&a.rule, &b.rule) {
        (None, None) => Some(weakness),
        _ if !is_at(RULE_REACH) => None,
        (Some(one), Some(other)) if one.id == other.id => {
            Some(weakness + if is_at(0) && placed && !have_other_names(a, b) { SAME_RULE } else { SAME_RULE_NEAR })
        }
        (Some(one), Some(other)) if one.is_exact && other.is_exact => is_at(0).then_some(weakness - OTHER_RULE),
        _ => Some(weakness),
    }
}

/// 1 at the same lines, less with the distance, 0 in other files.
fn closeness(a: &Remark, b: &Remark) -> f32 {
    let mut best = 0.0_f32;
    for p in &a.places {
        for q in b.places.iter().filter(|q| same_path(&p.path, &q.path)) {
            let near = match (p.lines, q.lines) {
                (Some(p), Some(q)) => 1.0 / (1.0 + p.distance(q) as f32 / HALF),
                _ => SAME_FILE,
            };
            best = best.max(near);
        }
    }
    if best > 0.0 && best < SAME_SYMBOL && a.symbol.is_some() && a.symbol == b.symbol {
        best = SAME_SYMBOL;
    }
    best
}

/// Lines between the closest of their places; `None` in other files. 0 where one means the whole file.
pub(super) fn distance(a: &Remark, b: &Remark) -> Option<u32> {
    let pairs = a.places.iter().flat_map(|p| b.places.iter().map(move |q| (p, q)));
    pairs.filter(|(p, q)| same_path(&p.path, &q.path)).map(|(p, q)| lines_between(p, q)).min()
}

fn lines_between(p: &Place, q: &Place) -> u32 {
    p.lines.zip(q.lines).map_or(0, |(p, q)| p.distance(q))
}

/// Whether the paths are the same or one is the end of the other: agents give bare file names.
fn same_path(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::raw;

    /// Short remarks in the same words, one a line, each agent in turn.
    fn alike(count: usize) -> Vec<Remark> {
        let line = |n: usize| format!("agent{}:{n} low a.rs:{} | Unused import", n % 3, n + 1);
        (0..count).map(|n| Remark::new(&raw(&line(n)), None)).collect()
    }

    #[test]
    fn what_is_compared_and_kept_is_bounded() {
        let remarks = alike(MOST_COMPARED + 50);
        let all: Vec<&Remark> = remarks.iter().collect();
        let agents: Vec<usize> = (0..all.len()).map(|n| n % 3).collect();
        let space = Space::new(&all);
        let compared = space.compare(&agents, |_, _| true);
        assert!(compared.pairs.len() <= MOST_COMPARED * MOST_PAIRS, "{}", compared.pairs.len());
        assert!(compared.alike().all(|(a, b, _)| b < a && a < MOST_COMPARED));
        assert_eq!(compared.count(), all.len());
        assert_eq!(space.likeness(0, all.len() - 1), 0.0);
        assert!(space.likeness(0, 1) > 0.9);
        // The likeliest are kept: those on the next lines.
        let kept: Vec<usize> = compared.pairs.iter().filter(|pair| pair.a == 1000).map(|pair| pair.b).collect();
        assert_eq!(kept.len(), MOST_PAIRS);
        assert!(kept.contains(&999) && !kept.contains(&0));
    }
}
