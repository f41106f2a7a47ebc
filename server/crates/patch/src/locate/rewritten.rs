//! Hunks that change their context without marking it: what they have for old is what the cited lines say, and more.

use super::suggestion::{indented, words};
use crate::Hints;
use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit};
use crate::hunk::{HunkLine, Op};
use crate::text::{self, Text};

/// Letters and digits that the cited lines have at least.
const SAYS: usize = 12;
/// Lines that are cited at most.
const MOST_LINES: usize = 200;

/// The cited lines with the whole new side in their place, if all their words are in the old side, in order, from the first
/// line to the last word, and the words that the old side has besides are few and none of them is marked as removed.
pub(super) fn place(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Option<Candidate> {
    let cited = hints.lines?;
    let (start, end) = (cited.start() as usize - 1, cited.end() as usize);
    let is_solid = |i: &usize| !text.line(*i).trim().is_empty();
    let first = (start..end).find(is_solid)?;
    let last = (start..end).rfind(is_solid)?;
    let there = text.lines().get(first..=last).filter(|there| there.len() <= MOST_LINES)?;
    let heads = lines.iter().find(|l| l.is_old() && !l.is_blank()).map(|l| text::key(&l.text));
    let says: usize = there.iter().map(|line| text::weight(line)).sum();
    if heads != Some(text::key(there[0])) || says < SAYS || lines.iter().any(|l| l.is_elision() || l.no_newline) {
        return None;
    }
    has_all_words(there, lines).then(|| {
        let new: Vec<&str> = lines.iter().filter(|l| l.is_new()).map(|l| l.text.as_str()).collect();
        let lines = indented(text, first, there, &new);
        let edits = vec![RawEdit { start: first, count: there.len(), lines, newline: None }];
        Candidate { fit: Fit::Fuzzy, elided: false, first, last, edits }
    })
}

/// Whether the old side has all words that are there, in order, with at most a third as many besides, none at its end and none
/// in a line that it removes.
fn has_all_words(there: &[&str], lines: &[HunkLine]) -> bool {
    let mut left = there.iter().flat_map(|line| words(line)).peekable();
    let (mut same, mut besides) = (0_usize, 0_usize);
    let mut ends_alike = false;
    for line in lines.iter().filter(|l| l.is_old()) {
        for word in words(&line.text) {
            ends_alike = left.next_if_eq(&word).is_some();
            if ends_alike {
                same += 1;
            } else if line.op == Op::Removed {
                return false;
            } else {
                besides += 1;
            }
        }
    }
    left.peek().is_none() && ends_alike && besides > 0 && besides * 3 <= same
}
