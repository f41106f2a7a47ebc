//! Where two lists of lines differ, in time that no input makes long.
//!
//! What both lists have at their ends is the same. In long lists, the lines that occur once on each side are matched, as
//! many as come in one order (the patience diff); this cuts them into short ones, which a histogram diff compares. What is
//! long and has no such lines is compared as long as few lines differ, and is one run that differs otherwise.

use imara_diff::{Algorithm, Diff, InternedInput, Token};
use std::collections::HashMap;
use std::ops::Range;

/// Lines of one list times lines of the other up to which a histogram diff is taken: it may need as many steps.
const SHORT: usize = 1 << 20;
/// How often what is between lines that occur once is looked through for further ones.
const LEVELS: u32 = 24;
/// Lines that may differ in long lists without a line that occurs once.
const MAX_CHANGES: usize = 256;

/// A run that differs: lines of the one list, and those of the other that stand in their place.
type Run = (Range<usize>, Range<usize>);

/// The runs in which two lists of lines differ, in order, with a line that is the same between any two of them.
pub(crate) fn diff_lines<S: AsRef<str>>(old: &[S], new: &[S]) -> Vec<Run> {
    let mut lines: InternedInput<&str> = InternedInput::default();
    lines.update_before(old.iter().map(AsRef::as_ref));
    lines.update_after(new.iter().map(AsRef::as_ref));
    let mut diff = Differ { old: &lines.before, new: &lines.after, runs: Vec::new() };
    diff.compare(0..old.len(), 0..new.len(), LEVELS);
    diff.runs
}

struct Differ<'l> {
    old: &'l [Token],
    new: &'l [Token],
    runs: Vec<Run>,
}

impl Differ<'_> {
    /// Adds the runs of two ranges, which come after all that were added so far.
    fn compare(&mut self, old: Range<usize>, new: Range<usize>, levels: u32) {
        let (a, b) = (&self.old[old.clone()], &self.new[new.clone()]);
        let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
        let (old, new) = (old.start + head..old.end - tail, new.start + head..new.end - tail);
        if old.is_empty() || new.is_empty() {
            self.add(old, new);
        } else if old.len().saturating_mul(new.len()) <= SHORT {
            self.histogram(old, new);
        } else {
            self.patience(old, new, levels);
        }
    }

    fn add(&mut self, old: Range<usize>, new: Range<usize>) {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some((before, after)) if before.end == old.start && after.end == new.start => {
                (before.end, after.end) = (old.end, new.end);
            }
            _ => self.runs.push((old, new)),
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
            self.add(at(old.start, run.before), at(new.start, run.after));
        }
    }

    /// Compares what is between the lines that occur once on each side.
    fn patience(&mut self, old: Range<usize>, new: Range<usize>, levels: u32) {
        let matched = in_order(&once(&self.old[old.clone()], &self.new[new.clone()]));
        if matched.is_empty() || levels == 0 {
            let runs = few_changes(&self.old[old.clone()], &self.new[new.clone()]);
            for (before, after) in runs.unwrap_or_else(|| vec![(0..old.len(), 0..new.len())]) {
                self.add(
                    old.start + before.start..old.start + before.end,
                    new.start + after.start..new.start + after.end,
                );
            }
            return;
        }
        let (mut a, mut b) = (old.start, new.start);
        let matched = matched.into_iter().map(|(x, y)| (old.start + x, new.start + y));
        for (x, y) in matched.chain([(old.end, new.end)]) {
            self.compare(a..x, b..y, levels - 1);
            (a, b) = (x + 1, y + 1);
        }
    }
}

/// The lines that occur once on each side: where, in the order of the first.
fn once(old: &[Token], new: &[Token]) -> Vec<(usize, usize)> {
    /// How often a line was seen, and where last.
    type Seen = (u32, usize);
    let mut seen: HashMap<Token, (Seen, Seen)> = HashMap::new();
    for (i, line) in old.iter().enumerate() {
        let (here, _) = seen.entry(*line).or_default();
        *here = (here.0 + 1, i);
    }
    for (i, line) in new.iter().enumerate() {
        let (_, there) = seen.entry(*line).or_default();
        *there = (there.0 + 1, i);
    }
    let mut pairs: Vec<(usize, usize)> =
        seen.into_values().filter(|(a, b)| (a.0, b.0) == (1, 1)).map(|(a, b)| (a.1, b.1)).collect();
    pairs.sort_unstable();
    pairs
}

/// The most of `pairs`, which are in order of their first, that are in order of their second too.
fn in_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair that ends the chain with the least second; and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < pair.1);
        before.push(length.checked_sub(1).map(|l| ends[l]));
        match ends.get_mut(length) {
            Some(end) => *end = i,
            None => ends.push(i),
        }
    }
    let mut chain: Vec<_> = std::iter::successors(ends.last().copied(), |&i| before[i]).map(|i| pairs[i]).collect();
    chain.reverse();
    chain
}

/// The shortest way from one list to the other (Myers 1986), if it takes at most [`MAX_CHANGES`] lines out and in.
fn few_changes(old: &[Token], new: &[Token]) -> Option<Vec<Run>> {
    // How far each diagonal (lines of `old` less lines of `new`) has come, by lines of `old`; a row for each change.
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let reach = |row: &[usize], changes: usize, diagonal: isize| {
        let at = usize::try_from(diagonal + changes.cast_signed()).ok()?;
        row.get(at).copied().filter(|&x| x != usize::MAX)
    };
    let other =
        |x: usize, diagonal: isize| usize::try_from(x.cast_signed() - diagonal).ok().filter(|&y| y <= new.len());
    // Where the next change leads on a diagonal, and whether it takes a line out.
    let step = |rows: &[Vec<usize>], changes: usize, diagonal: isize| -> Option<(usize, bool)> {
        let Some(last) = changes.checked_sub(1) else { return Some((0, false)) };
        let inside = |x: &usize| *x <= old.len() && other(*x, diagonal).is_some();
        let out = reach(&rows[last], last, diagonal - 1).map(|x| x + 1).filter(inside);
        let into = reach(&rows[last], last, diagonal + 1).filter(inside);
        if out > into { Some((out?, true)) } else { Some((into?, false)) }
    };
    let goal = old.len().cast_signed() - new.len().cast_signed();
    for changes in 0..=MAX_CHANGES {
        let bound = changes.cast_signed();
        let row = (-bound..=bound).map(|diagonal| {
            let reached = step(&rows, changes, diagonal).and_then(|(x, _)| Some((x, other(x, diagonal)?)));
            let far = |(x, y): (usize, usize)| x + old[x..].iter().zip(&new[y..]).take_while(|(a, b)| a == b).count();
            reached.map_or(usize::MAX, far)
        });
        rows.push(row.collect());
        if reach(&rows[changes], changes, goal) == Some(old.len()) {
            return Some(way_back(goal, changes, |changes, diagonal| step(&rows, changes, diagonal)));
        }
    }
    None
}

/// The runs of a way that ends on diagonal `goal` after `changes`; `step` says how each change was reached.
fn way_back(goal: isize, changes: usize, step: impl Fn(usize, isize) -> Option<(usize, bool)>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut diagonal = goal;
    for changes in (1..=changes).rev() {
        let Some((x, out)) = step(changes, diagonal) else { break };
        let y = usize::try_from(x.cast_signed() - diagonal).unwrap_or(0);
        let (old, new) = if out { (x - 1..x, y..y) } else { (x..x, y.saturating_sub(1)..y) };
        match runs.last_mut() {
            Some((before, after)) if before.start == old.end && after.start == new.end => {
                (before.start, after.start) = (old.start, new.start);
            }
            _ => runs.push((old, new)),
        }
        diagonal += if out { -1 } else { 1 };
    }
    runs.reverse();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the runs say is the same is the same, and what they say differs leads from one list to the other.
    fn check(old: &[String], new: &[String], runs: &[Run]) -> Result<(), TestCaseError> {
        let (mut a, mut b) = (0, 0);
        for (n, (before, after)) in runs.iter().enumerate() {
            prop_assert!(!before.is_empty() || !after.is_empty());
            prop_assert!(before.start > a || n == 0, "{runs:?}");
            prop_assert_eq!(&old[a..before.start], &new[b..after.start]);
            (a, b) = (before.end, after.end);
        }
        prop_assert_eq!(&old[a..], &new[b..]);
        Ok(())
    }

    fn numbered(lines: &[u8]) -> Vec<String> {
        lines.iter().map(u8::to_string).collect()
    }

    proptest! {
        #[test]
        fn runs_lead_from_one_list_to_the_other(
            old in prop::collection::vec(0_u8..20, 0..60), new in prop::collection::vec(0_u8..20, 0..60),
        ) {
            let (old, new) = (numbered(&old), numbered(&new));
            check(&old, &new, &diff_lines(&old, &new))?;
            let mut lines: InternedInput<&str> = InternedInput::default();
            lines.update_before(old.iter().map(String::as_str));
            lines.update_after(new.iter().map(String::as_str));
            // What long lists take: each way by itself.
            let mut patience = Differ { old: &lines.before, new: &lines.after, runs: Vec::new() };
            patience.patience(0..old.len(), 0..new.len(), LEVELS);
            check(&old, &new, &patience.runs)?;
            let few = few_changes(&lines.before, &lines.after).unwrap();
            check(&old, &new, &few)?;
            // No way is shorter.
            let changes = |runs: &[Run]| runs.iter().map(|(a, b)| a.len() + b.len()).sum::<usize>();
            prop_assert!(changes(&few) <= changes(&patience.runs));
        }
    }

    #[test]
    fn long_lists_of_the_same_lines_are_compared_to_the_end() {
        let same: Vec<&str> = vec!["x"; 100_000];
        let mut new = same.clone();
        new.insert(5, "y");
        new[90_000] = "z";
        assert_eq!(diff_lines(&same, &new), [(5..5, 5..6), (89_999..90_000, 90_000..90_001)]);
        // Where nothing can be told in time, all of it is one run.
        let turns =
            |even: &'static str| -> Vec<&str> { (0..4000).map(|i| if i % 2 == 0 { even } else { "x" }).collect() };
        let runs = diff_lines(&turns("a"), &turns("b"));
        assert_eq!(runs, [(0..3999, 0..3999)]);
    }
}
