//! Code that a suggestion moves, and that is not where it would be taken from.

use crate::hunk::{Hunk, HunkBody, Op};
use crate::pieces::lines_of;
use crate::text::{self, Text};
use std::collections::{HashMap, HashSet};

/// Letters and digits of a line that says something.
const SAYS: usize = 8;
/// A line that is in a text more often says nothing of where one of them is.
const RARE: usize = 2;

/// Whether hunk `i` only takes lines out that another hunk puts in, and the text has none of them but for lines that it has
/// everywhere: then there is nothing to take out, and what the others do is all of it.
pub(super) fn is_elsewhere(text: &Text<'_>, hunks: &[Hunk], i: usize) -> bool {
    let (removed, added) = sides(&hunks[i]);
    let removed: Vec<(u64, usize)> = removed
        .into_iter()
        .map(|line| (text::key(line), text::weight(line)))
        .filter(|(key, _)| *key != text::BLANK)
        .collect();
    if removed.is_empty() || added.iter().any(|line| !line.trim().is_empty()) {
        return false;
    }
    let others = hunks.iter().enumerate().filter(|(j, _)| *j != i);
    let put_in = |hunk: &Hunk| sides(hunk).1.into_iter().map(text::key).collect::<HashSet<u64>>();
    let is_moved = |there: HashSet<u64>| removed.iter().all(|(key, _)| there.contains(key));
    others.map(|(_, other)| put_in(other)).any(is_moved) && !has_some(text, &removed) && !has_half(text, &removed)
}

/// Whether the text has one of the lines that say something, and not everywhere.
fn has_some(text: &Text<'_>, lines: &[(u64, usize)]) -> bool {
    let keys = text.solid().1;
    let telling = lines.iter().filter(|(_, weight)| *weight >= SAYS).map(|(key, _)| key);
    let count = |key: &u64| keys.iter().filter(|&k| k == key).take(RARE + 1).count();
    telling.map(count).any(|n| (1..=RARE).contains(&n))
}

/// Whether some lines of the text, as many as `lines`, have half of what these say.
fn has_half(text: &Text<'_>, lines: &[(u64, usize)]) -> bool {
    let keys = text.solid().1;
    let said: usize = lines.iter().map(|line| line.1).sum();
    // Of each line, what it says and how many more of it there are in `lines` than in the window.
    let mut missing: HashMap<u64, (usize, isize)> = HashMap::new();
    for &(key, weight) in lines {
        missing.entry(key).or_insert((weight, 0)).1 += 1;
    }
    let mut common = 0;
    (0..keys.len()).any(|end| {
        if let Some((weight, missing)) = missing.get_mut(&keys[end]) {
            common += if *missing > 0 { *weight } else { 0 };
            *missing -= 1;
        }
        if let Some(start) = end.checked_sub(lines.len())
            && let Some((weight, missing)) = missing.get_mut(&keys[start])
        {
            *missing += 1;
            common -= if *missing > 0 { *weight } else { 0 };
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
