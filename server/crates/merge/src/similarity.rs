//! How likely two remarks are one issue.
//!
//! One linear score, the log odds: the cosines of four kinds of words under TF-IDF within the round, each
//! times its weight, and what the places say. Above 0 they are more likely one issue than two.
//!
//! The weights come from a logistic regression on pairs that people had merged or kept apart (`server/benches/fit.rs`),
//! rounded; how it was done and measured is in `docs/merging.md`.

mod nearby;
mod places;
mod sketch;

pub(super) use places::distance;

use self::nearby::Nearby;
use self::places::{ELSEWHERE, NEAR, UNPLACED, closeness, place_score};
use self::sketch::{Sketch, sketches};
use super::remark::{Field, Remark};
use super::repeats;
use super::text::OwnHash;
use rayon::prelude::*;
use std::collections::HashMap;

/// Log odds of two remarks in the same place with nothing in common.
const BIAS: f32 = -6.5;
/// What each kind of words adds at a cosine of 1; by [`Field::ALL`].
const WEIGHTS: [f32; 4] = [2.0, 11.5, 1.6, 6.7];
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
/// Log odds of two remarks that one agent made twice.
const SAID_TWICE: f32 = 8.0;
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

/// Remarks that are compared each with each. Of more, each is compared with its [`Nearby`]: time and room grow with their
/// number then, not with its square.
const ALL_COMPARED: usize = 2000;
/// A term that no more remarks have is rare: those that share it are compared, wherever they are.
const RARE: usize = 16;
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

/// Remarks in a common space of words.
pub(super) struct Space<'a> {
    remarks: &'a [&'a Remark],
    /// Of each remark, side by side, because all pairs are asked for them.
    sketches: Vec<Sketch>,
    /// Of each remark, by number of the term: its words that others have too.
    vectors: Vec<Vec<Word>>,
    /// Of each term that more than one remark has: the remarks and their weights.
    postings: Vec<Vec<(u32, f32)>>,
    /// Where there are more than [`ALL_COMPARED`].
    nearby: Option<Nearby>,
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

/// The remarks before one that it is compared with, in order, and what its words have in common with theirs: all fields,
/// weighted.
type Row = Vec<(u32, f32)>;

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
        Self::with(remarks, ALL_COMPARED)
    }

    /// The same, where so many are compared each with each.
    fn with(remarks: &'a [&'a Remark], all_compared: usize) -> Self {
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
        let nearby = (remarks.len() > all_compared).then(|| Nearby::new(remarks));
        Self { remarks, sketches: sketches(remarks), vectors, postings, nearby }
    }

    /// Makes `row` that of remark `a` and those of the first `count`, all before it, that it is compared with.
    fn row(&self, a: usize, count: usize, row: &mut Row) {
        row.clear();
        let Some(nearby) = &self.nearby else {
            row.extend((0..count as u32).map(|b| (b, 0.0)));
            return self.add_words(a, count, row);
        };
        let rare = self.vectors[a].iter().map(|word| &self.postings[word.number as usize]);
        let sharing = rare.filter(|postings| postings.len() <= RARE).flatten().map(|(b, _)| *b);
        row.extend(sharing.chain(nearby.neighbours(a)).filter(|b| (*b as usize) < count).map(|b| (b, 0.0)));
        row.sort_unstable_by_key(|(b, _)| *b);
        row.dedup_by_key(|(b, _)| *b);
        for (b, words) in row {
            *words = self.in_common(a, *b as usize).fold(0.0, |sum, (_, both)| sum + both);
        }
    }

    /// What the words of remark `a` have in common with those of each of the first `count`.
    fn add_words(&self, a: usize, count: usize, row: &mut Row) {
        for word in &self.vectors[a] {
            let postings = &self.postings[word.number as usize];
            let before = if a == count {
                word.before as usize
            } else {
                postings.partition_point(|(b, _)| (*b as usize) < count)
            };
            for (b, other) in &postings[..before] {
                row[*b as usize].1 += word.weight * other;
            }
        }
    }

    /// Compares all with all of which `may_be_one`. `agents` numbers each remark's agent.
    pub(super) fn compare(&self, agents: &[usize], may_be_one: impl Fn(usize, usize) -> bool + Sync) -> Comparison {
        let rows: Vec<Compared> = (0..self.remarks.len())
            .into_par_iter()
            .map_init(Row::new, |row, a| {
                self.row(a, a, row);
                self.compared(a, row, |b| agents[a] == agents[b], |b| may_be_one(a, b))
            })
            .collect();
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
        for (b, words) in row.iter().map(|(b, words)| (*b as usize, *words)) {
            let odds = self.score(a, b, words);
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

    /// Of the remarks from `count` on: those of the first `count` that one may be, with the log odds, above 0.
    pub(super) fn likely(&self, count: usize) -> Vec<Vec<(usize, f32)>> {
        let likely = |row: &mut Row, a: usize| {
            self.row(a, count, row);
            let scored = row.iter().map(|(b, words)| (*b as usize, self.score(a, *b as usize, *words)));
            scored.filter_map(|(b, odds)| Some((b, odds.filter(|odds| *odds > 0.0)?))).collect()
        };
        (count..self.remarks.len()).into_par_iter().map_init(Row::new, likely).collect()
    }

    /// The log odds, given what the words say; `None` where the places rule it out.
    fn score(&self, a: usize, b: usize, words: f32) -> Option<f32> {
        if BIAS + words + self.sketches[a].most(&self.sketches[b]) < NEVER {
            return None;
        }
        Some(BIAS + words + place_score(self.remarks[a], self.remarks[b])?)
    }

    /// The log odds for two remarks of one agent; `None` where they are not one that it made twice.
    fn score_again(&self, a: usize, b: usize) -> Option<f32> {
        let may_be_one = self.sketches[a].may_say_again(&self.sketches[b]);
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

    /// The cosine of [`Field::Text`] of two remarks.
    pub(super) fn likeness(&self, a: usize, b: usize) -> f32 {
        if a == b {
            return 1.0;
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

#[cfg(test)]
mod tests {
    use super::nearby::NEIGHBOURS;
    use super::*;
    use crate::tests::raw;

    /// Short remarks in the same words, one a line, each agent in turn.
    fn alike(count: usize) -> Vec<Remark> {
        let line = |n: usize| format!("agent{}:{n} low a.rs:{} | Unused import", n % 3, n + 1);
        (0..count).map(|n| Remark::new(&raw(&line(n)), None)).collect()
    }

    #[test]
    fn what_is_compared_and_kept_is_bounded() {
        let remarks = alike(2 * ALL_COMPARED);
        let all: Vec<&Remark> = remarks.iter().collect();
        let agents: Vec<usize> = (0..all.len()).map(|n| n % 3).collect();
        let compared = Space::new(&all).compare(&agents, |_, _| true);
        assert!(compared.pairs.len() <= all.len() * MOST_PAIRS, "{}", compared.pairs.len());
        assert!(compared.alike().count() <= all.len() * NEIGHBOURS, "{}", compared.alike().count());
        assert!(compared.alike().all(|(a, b, _)| b < a));
        assert_eq!(compared.count(), all.len());
        // The likeliest are kept: those on the next lines, to the last remark.
        let kept = |a: usize| compared.pairs.iter().filter(move |pair| pair.a == a).map(|pair| pair.b);
        for a in [1000, all.len() - 1] {
            assert!((NEIGHBOURS / 2..=MOST_PAIRS).contains(&kept(a).count()), "{a}: {}", kept(a).count());
            assert!(kept(a).any(|b| b == a - 1) && !kept(a).any(|b| b == 0), "{a}");
        }
    }

    /// Remarks of four agents on as many issues, in words of their own and of the issue, some with rules and fixes.
    fn on_issues(count: usize) -> Vec<Remark> {
        let line = |n: usize| {
            let (agent, issue) = (n % 4, 1000 + n / 4 * 7919 % 1000);
            let rule = if issue % 7 == 0 { format!("F40{} ", issue % 3) } else { String::new() };
            let (file, at) = (issue % 23, issue * 5 + agent + 1);
            let place = if issue % 7 != 0 && n.is_multiple_of(13) {
                "-".to_owned()
            } else {
                format!("dir{}/f{file}.rs:{at}", file % 3)
            };
            format!(
                "agent{agent}:{n} low {place} | {rule}`take_{issue}` drops the guard of slot{issue} early | \
                 It is agent{agent} who saw that `take_{issue}` lets go of it in step{} while others wait.",
                issue % 11
            )
        };
        (0..count).map(|n| Remark::new(&raw(&line(n)), None)).collect()
    }

    #[test]
    fn of_many_each_is_compared_with_those_that_it_may_be_one_with() {
        let remarks = on_issues(600);
        let all: Vec<&Remark> = remarks.iter().collect();
        let agents: Vec<usize> = (0..all.len()).map(|n| n % 4).collect();
        let likely = |space: &Space<'_>| -> Vec<(usize, usize, f32)> {
            let pairs = space.compare(&agents, |_, _| true).pairs;
            pairs.iter().filter(|pair| pair.score > 0.0).map(|pair| (pair.a, pair.b, pair.score)).collect()
        };
        let (each, nearby) = (likely(&Space::new(&all)), likely(&Space::with(&all, 0)));
        assert!(each.len() > 500, "{}", each.len());
        let missed: Vec<_> = each.iter().filter(|pair| !nearby.contains(pair)).take(5).collect();
        assert!(missed.is_empty() && each.len() == nearby.len(), "{missed:?}");
        let known = |space: &Space<'_>| space.likely(402);
        assert_eq!(known(&Space::new(&all)), known(&Space::with(&all, 0)));
        assert!(known(&Space::new(&all)).iter().any(|likely| !likely.is_empty()));
    }
}
