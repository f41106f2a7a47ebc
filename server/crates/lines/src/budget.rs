//! Comparing long texts in time that no input makes long.
//!
//! What both texts have at their ends is the same. In long ones, the lines that are unique in both are matched, as many as
//! come in one order (the patience diff of Bram Cohen); this cuts them into short ones, which a histogram diff compares.
//! What is long and has no such lines is searched greedily (Myers, "An O(ND) Difference Algorithm", 1986): whenever
//! [`MOST_EDITS`] edits are made, the search goes on from the furthest point, so that it takes at most that many steps a
//! line.

use super::Change;
use imara_diff::{Algorithm, Diff, InternedInput, Token};
use std::collections::HashMap;
use std::ops::Range;

/// Lines of one side times lines of the other up to which a histogram diff is taken: it may need as many steps.
const SHORT: usize = 1 << 20;
/// How often what is between unique lines is looked through for further ones.
const LEVELS: u32 = 24;
/// Edits after which a search goes on from where it got.
const MOST_EDITS: usize = 128;
/// Pairs of equal lines, of lines that are there too often to be anchors. Below, a histogram diff of the whole takes a
/// fraction of a second; source code reaches it at some 20,000 lines.
const MOST_PAIRS: u64 = 20_000_000;
/// Occurrences up to which histogram diff takes a line for an anchor.
const OFTEN: u32 = 63;

/// Whether a histogram diff of the whole might take long: where the same lines come again and again.
pub(crate) fn is_exceeded(input: &InternedInput<&str>) -> bool {
    let old = occurrences(&input.before, input);
    let new = occurrences(&input.after, input);
    let often = old.iter().zip(&new).filter(|(old, _)| **old > OFTEN);
    often.map(|(old, new)| u64::from(*old) * u64::from(*new)).sum::<u64>() > MOST_PAIRS
}

fn occurrences(lines: &[Token], input: &InternedInput<&str>) -> Vec<u32> {
    let mut counts = vec![0; input.interner.num_tokens() as usize];
    for line in lines {
        counts[line.0 as usize] += 1;
    }
    counts
}

/// The changed runs, in order, with a line that is the same between any two of them.
pub(crate) fn changes(input: &InternedInput<&str>) -> Vec<Change> {
    let mut differ = Differ { old: &input.before, new: &input.after, runs: Runs::default() };
    differ.compare(0..input.before.len(), 0..input.after.len(), LEVELS);
    differ.runs.0
}

struct Differ<'l> {
    old: &'l [Token],
    new: &'l [Token],
    runs: Runs,
}

impl Differ<'_> {
    /// Adds the runs of two ranges, which come after all that were added so far.
    fn compare(&mut self, old: Range<usize>, new: Range<usize>, levels: u32) {
        let (a, b) = (&self.old[old.clone()], &self.new[new.clone()]);
        let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
        let (old, new) = (old.start + head..old.end - tail, new.start + head..new.end - tail);
        if old.is_empty() || new.is_empty() {
            self.runs.push(old, new);
        } else if old.len().saturating_mul(new.len()) <= SHORT {
            self.histogram(old, new);
        } else {
            self.patience(old, new, levels);
        }
    }

    fn histogram(&mut self, old: Range<usize>, new: Range<usize>) {
        let mut lines: InternedInput<u32> = InternedInput::default();
        lines.update_before(self.old[old.clone()].iter().map(|line| line.0));
        lines.update_after(self.new[new.clone()].iter().map(|line| line.0));
        let mut diff = Diff::compute(Algorithm::Histogram, &lines);
        diff.postprocess_no_heuristic(&lines);
        let at = |start: usize, run: Range<u32>| start + run.start as usize..start + run.end as usize;
        for run in diff.hunks() {
            self.runs.push(at(old.start, run.before), at(new.start, run.after));
        }
    }

    /// Compares what is between the lines that are unique on both sides.
    fn patience(&mut self, old: Range<usize>, new: Range<usize>, levels: u32) {
        let matched = in_order(&unique(&self.old[old.clone()], &self.new[new.clone()]));
        if matched.is_empty() || levels == 0 {
            return search(self.old, self.new, (old.start, new.start), (old.end, new.end), &mut self.runs);
        }
        let mut from = (old.start, new.start);
        for (x, y) in matched.into_iter().map(|(x, y)| (old.start + x, new.start + y)).chain([(old.end, new.end)]) {
            self.compare(from.0..x, from.1..y, levels - 1);
            from = (x + 1, y + 1);
        }
    }
}

/// The lines that occur once on each side: where, in the order of the first.
fn unique(old: &[Token], new: &[Token]) -> Vec<(usize, usize)> {
    /// How often a line was seen, and where last.
    type Seen = (u32, usize);
    let mut seen: HashMap<Token, (Seen, Seen)> = HashMap::new();
    for (at, line) in old.iter().enumerate() {
        let (here, _) = seen.entry(*line).or_default();
        *here = (here.0 + 1, at);
    }
    for (at, line) in new.iter().enumerate() {
        let (_, there) = seen.entry(*line).or_default();
        *there = (there.0 + 1, at);
    }
    let once = seen.into_values().filter(|(old, new)| (old.0, new.0) == (1, 1));
    let mut pairs: Vec<(usize, usize)> = once.map(|(old, new)| (old.1, new.1)).collect();
    pairs.sort_unstable();
    pairs
}

/// The most of `pairs`, which are in order of their first, that are in order of their second too (patience sorting).
fn in_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair that ends the chain with the least second; and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < pair.1);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut chain: Vec<_> = std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    chain.reverse();
    chain
}

/// Changed runs, joined where they meet.
#[derive(Default)]
struct Runs(Vec<Change>);

impl Runs {
    fn push(&mut self, old: Range<usize>, new: Range<usize>) {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                (last.old.end, last.new.end) = (old.end, new.end);
            }
            _ => self.0.push(Change { old, new }),
        }
    }
}

/// The changes between two places.
fn search(old: &[Token], new: &[Token], from: (usize, usize), to: (usize, usize), out: &mut Runs) {
    let mut at = from;
    while at != to {
        at = forward(&old[at.0..to.0], &new[at.1..to.1], at, out);
    }
}

/// Goes forward with at most [`MOST_EDITS`] edits, says what they are, and gives the place that was reached.
fn forward(old: &[Token], new: &[Token], from: (usize, usize), out: &mut Runs) -> (usize, usize) {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let row = Row::after(rows.last(), old, new);
        let furthest = row.furthest(old.len(), new.len());
        rows.push(row);
        if let Some(end) = furthest
            && (rows.len() > MOST_EDITS || end == (old.len(), new.len()))
        {
            say(&rows, end, from, out);
            return (from.0 + end.0, from.1 + end.1);
        }
    }
}

/// How far one gets with a number of edits: on diagonal `k - edits` (lines of `old` less lines of `new`), `self.0[k]` lines
/// of `old`. Only each second `k` is set; a place may be outside of the texts, and then leads nowhere.
struct Row(Vec<usize>);

impl Row {
    /// The row with one edit more.
    fn after(last: Option<&Self>, old: &[Token], new: &[Token]) -> Self {
        let edits = last.map_or(0, |row| row.edits() + 1);
        let mut row = Self(vec![0; 2 * edits + 1]);
        for k in (0..=2 * edits).step_by(2) {
            let mut x = last.map_or(0, |last| last.step(k).0);
            // Before the first line of `new` there is no place on the lowest diagonals: x + edits is at least k.
            while x < old.len() && x + edits - k < new.len() && old[x] == new[x + edits - k] {
                x += 1;
            }
            row.0[k] = x;
        }
        row
    }

    fn edits(&self) -> usize {
        self.0.len() / 2
    }

    /// One edit on, to the next row's `k`: the line of `old` before equal lines follow, and whether the edit took a line
    /// out of `old` (or else put one of `new` in).
    fn step(&self, k: usize) -> (usize, bool) {
        let put_in = self.0.get(k);
        let taken_out = k.checked_sub(2).map(|k| self.0[k] + 1);
        match (taken_out, put_in) {
            (Some(out), Some(put)) if out <= *put => (*put, false),
            (Some(out), _) => (out, true),
            (None, put) => (put.copied().unwrap_or(0), false),
        }
    }

    /// The place furthest on that is inside of the texts, as lines of both.
    fn furthest(&self, old: usize, new: usize) -> Option<(usize, usize)> {
        let ends = (0..self.0.len()).step_by(2).map(|k| (self.0[k], self.0[k] + self.edits() - k));
        ends.filter(|(x, y)| *x <= old && *y <= new).max_by_key(|(x, y)| x + y)
    }
}

/// Says the edits that led to `end`, which is a place of the last row.
fn say(rows: &[Row], end: (usize, usize), from: (usize, usize), out: &mut Runs) {
    let mut edits = Vec::new();
    let mut k = end.0 + (rows.len() - 1) - end.1;
    for row in rows.iter().rev().skip(1) {
        let (x, is_removal) = row.step(k);
        let y = x + row.edits() + 1 - k;
        edits.push(if is_removal { ((x - 1, x), (y, y)) } else { ((x, x), (y - 1, y)) });
        k -= if is_removal { 2 } else { 0 };
    }
    for ((x, x_end), (y, y_end)) in edits.into_iter().rev() {
        out.push(from.0 + x..from.0 + x_end, from.1 + y..from.1 + y_end);
    }
}

/// What patience and the greedy search say of texts of any length.
#[cfg(test)]
pub(crate) fn each_way(input: &InternedInput<&str>) -> [Vec<Change>; 2] {
    let ends = (input.before.len(), input.after.len());
    let mut patience = Differ { old: &input.before, new: &input.after, runs: Runs::default() };
    patience.patience(0..ends.0, 0..ends.1, LEVELS);
    let mut greedy = Runs::default();
    search(&input.before, &input.after, (0, 0), ends, &mut greedy);
    [patience.runs.0, greedy.0]
}
