//! Code that a suggestion moves, and that is not where it would be taken from.

use crate::hunk::{Hunk, HunkBody, Op};
use crate::pieces::lines_of;
use crate::text::{self, Text};
use std::collections::HashMap;

/// Letters and digits of a line that says something.
const SAYS: usize = 8;
/// A line that is in a text more often says nothing of where one of them is.
const RARE: usize = 2;

/// Which hunks put a line in, by its key.
pub(super) struct PutIn<'h> {
    hunks: &'h [Hunk],
    by: HashMap<u64, Vec<usize>>,
}

impl<'h> PutIn<'h> {
    pub(super) fn of(hunks: &'h [Hunk]) -> Self {
        let mut by: HashMap<u64, Vec<usize>> = HashMap::new();
        for (i, hunk) in hunks.iter().enumerate() {
            for key in sides(hunk).1.into_iter().map(text::key) {
                let by = by.entry(key).or_default();
                if by.last() != Some(&i) {
                    by.push(i);
                }
            }
        }
        Self { hunks, by }
    }

    /// Whether hunk `i` only takes lines out that another hunk puts in, and the text has none of them but for lines that it has
    /// everywhere: then there is nothing to take out, and what the others do is all of it.
    pub(super) fn is_elsewhere(&self, text: &Text<'_>, i: usize) -> bool {
        let (removed, added) = sides(&self.hunks[i]);
        let removed: Vec<(u64, usize)> = removed
            .into_iter()
            .map(|line| (text::key(line), text::weight(line)))
            .filter(|(key, _)| *key != text::BLANK)
            .collect();
        if removed.is_empty() || added.iter().any(|line| !line.trim().is_empty()) {
            return false;
        }
        self.is_put_in(&removed, i) && !has_some(text, &removed) && !has_half(text, &removed)
    }

    /// Whether one hunk that is not hunk `i` puts all these lines in.
    fn is_put_in(&self, lines: &[(u64, usize)], i: usize) -> bool {
        let by = |line: &(u64, usize)| self.by.get(&line.0).map_or(&[][..], Vec::as_slice);
        let rarest = lines.iter().map(by).min_by_key(|by| by.len()).unwrap_or(&[]);
        let puts_all_in = |j: &&usize| lines.iter().map(by).all(|by| by.binary_search(j).is_ok());
        rarest.iter().filter(|j| **j != i).any(|j| puts_all_in(&j))
    }
}

/// Whether the text has one of the lines that say something, and not everywhere.
fn has_some(text: &Text<'_>, lines: &[(u64, usize)]) -> bool {
    let telling = lines.iter().filter(|(_, weight)| *weight >= SAYS).map(|(key, _)| key);
    let count = |key: &u64| text.find(&[*key], RARE + 1).len();
    telling.map(count).any(|n| (1..=RARE).contains(&n))
}

/// Whether some lines of the text, as many as `lines`, have half of what these say.
fn has_half(text: &Text<'_>, lines: &[(u64, usize)]) -> bool {
    let keys = text.solid().1;
    let said: usize = lines.iter().map(|line| line.1).sum();
    if said == 0 {
        return !keys.is_empty();
    }
    // Of each line, what it says and how many more of it there are in `lines` than in the window.
    let mut missing: HashMap<u64, (usize, isize)> = HashMap::new();
    for &(key, weight) in lines {
        missing.entry(key).or_insert((weight, 0)).1 += 1;
    }
    let mut spots = text.spots(&missing.keys().copied().collect::<Vec<_>>(), usize::MAX).concat();
    spots.sort_unstable();
    let (mut common, mut first) = (0, 0);
    spots.iter().any(|&end| {
        if let Some((weight, missing)) = missing.get_mut(&keys[end]) {
            common += if *missing > 0 { *weight } else { 0 };
            *missing -= 1;
        }
        while spots[first] + lines.len() <= end {
            if let Some((weight, missing)) = missing.get_mut(&keys[spots[first]]) {
                *missing += 1;
                common -= if *missing > 0 { *weight } else { 0 };
            }
            first += 1;
        }
        2 * common >= said
    })
}

/// The lines that a hunk takes out and those that it puts in, with what stays between them where it does not say which is which.
fn sides(hunk: &Hunk) -> (Vec<&str>, Vec<&str>) {
    match &hunk.body {
        HunkBody::Lines(lines) => {
            let all = |op: Op| lines.iter().filter(|l| l.op == op).map(|l| l.text.as_str()).collect();
            (all(Op::Removed), all(Op::Added))
        }
        HunkBody::Replace { old, new, .. } => (lines_of(old), lines_of(new)),
        HunkBody::Suggestion(_) | HunkBody::Block(_) => (Vec::new(), Vec::new()),
    }
}
