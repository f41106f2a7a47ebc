//! Comparing texts in which the usual algorithm would take quadratic time: those that say the same few lines again and
//! again. Lines that are unique in both texts are anchors (patience diff, Bram Cohen); between two anchors, a greedy
//! search (Myers, "An O(ND) Difference Algorithm", 1986) goes on from the furthest point whenever it has made
//! [`MOST_EDITS`] edits, so that its cost is at most that many steps a line.

use super::Change;
use imara_diff::{InternedInput, Token};
use std::ops::Range;

/// Pairs of equal lines, of lines that are there too often to be anchors. Below, the usual algorithm takes a fraction of
/// a second; source code reaches it at some 20,000 lines, and has unique lines enough to lose nothing.
const MOST_PAIRS: u64 = 20_000_000;

/// Occurrences up to which histogram diff takes a line for an anchor.
const OFTEN: u32 = 63;

/// Edits after which a search goes on from where it got.
const MOST_EDITS: usize = 128;

/// Whether the texts are too much alike in themselves.
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

/// The changed runs, in order, in time linear in the number of lines (but for sorting the anchors).
pub(crate) fn changes(input: &InternedInput<&str>) -> Vec<Change> {
    let (old, new) = (&input.before[..], &input.after[..]);
    let same_at_end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let end = (old.len() - same_at_end, new.len() - same_at_end);
    let mut out = Runs::default();
    let mut from = (0, 0);
    let inside = |anchor: &(usize, usize)| anchor.0 < end.0 && anchor.1 < end.1;
    for anchor in anchors(input).into_iter().filter(inside).chain([end]) {
        search(old, new, from, anchor, &mut out);
        from = anchor;
    }
    out.0
}

/// Pairs of equal lines that are unique in both texts, those of the longest run that is in order in both.
fn anchors(input: &InternedInput<&str>) -> Vec<(usize, usize)> {
    let (in_old, in_new) = (occurrences(&input.before, input), occurrences(&input.after, input));
    let mut at = vec![usize::MAX; in_new.len()];
    for (line, token) in input.after.iter().enumerate() {
        at[token.0 as usize] = line;
    }
    let unique = |token: &Token| in_old[token.0 as usize] == 1 && in_new[token.0 as usize] == 1;
    let pairs = input.before.iter().enumerate().filter(|(_, token)| unique(token));
    longest_rising(&pairs.map(|(line, token)| (line, at[token.0 as usize])).collect::<Vec<_>>())
}

/// The longest subsequence whose second parts rise (patience sorting).
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut piles: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|top| pairs[*top].1 < pair.1);
        before.push(pile.checked_sub(1).map(|left| piles[left]));
        match piles.get_mut(pile) {
            Some(top) => *top = index,
            None => piles.push(index),
        }
    }
    let mut chain: Vec<_> =
        std::iter::successors(piles.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
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
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (old, new) = (narrow(old.start)..narrow(old.end), narrow(new.start)..narrow(new.end));
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
