//! Hunks of several changes of which some are in the text already.
//!
//! Everything must be there as the hunk says it, in order and with nothing between: each context line, and for each change
//! either its old lines or its new ones. What is left of the hunk is a hunk without the changes that are done.

use crate::hunk::{HunkLine, Op};
use crate::text::{self, Text};
use std::ops::Range;

/// Changes of a hunk that is looked at like this.
const MAX_CHANGES: usize = 8;
/// Places of its first line.
const MAX_SPOTS: usize = 100;
/// Letters and digits of the context that such a hunk has at least.
const SAYS: usize = 8;

/// The hunk without what is done, for each way in which the text has it half done.
pub(super) fn rests(text: &Text<'_>, lines: &[HunkLine]) -> Vec<Vec<HunkLine>> {
    let parts = parts(lines);
    let changes = parts.iter().filter(|part| part.is_change()).count();
    let context: usize = lines.iter().filter(|l| l.op == Op::Context).map(|l| text::weight(&l.text)).sum();
    if !(2..=MAX_CHANGES).contains(&changes) || context < SAYS || lines.iter().any(|l| l.is_elision()) {
        return Vec::new();
    }
    let keys = text.solid().1;
    let mut out: Vec<Vec<bool>> = Vec::new();
    for spot in parts[0].spots(text) {
        walk(&parts, &keys[spot..], &mut Vec::new(), &mut out);
    }
    out.into_iter().map(|done| rest(lines, &parts, &done)).collect()
}

/// A run of context lines, or a change.
struct Part {
    lines: Range<usize>,
    /// The keys of its old and of its new lines, blank ones left out; of context they are the same.
    old: Vec<u64>,
    new: Vec<u64>,
    /// Whether something stands before and behind it in the hunk.
    is_inside: bool,
}

impl Part {
    fn is_change(&self) -> bool {
        self.old != self.new
    }

    /// Where the text has its first line, in either state, in order.
    fn spots(&self, text: &Text<'_>) -> Vec<usize> {
        let mut first: Vec<u64> = [&self.old, &self.new].into_iter().filter_map(|side| side.first().copied()).collect();
        first.dedup();
        let mut spots = text.spots(&first, MAX_SPOTS).concat();
        spots.sort_unstable();
        spots.truncate(MAX_SPOTS);
        spots
    }
}

fn parts(lines: &[HunkLine]) -> Vec<Part> {
    let keys = |range: &Range<usize>, side: fn(&HunkLine) -> bool| -> Vec<u64> {
        let here = lines[range.clone()].iter().filter(|l| side(l) && !l.is_blank());
        here.map(|l| text::key(&l.text)).collect()
    };
    let is_context = |i: usize| lines[i].op == Op::Context;
    let mut out: Vec<Part> = Vec::new();
    let mut start = 0;
    for end in 1..=lines.len() {
        if end < lines.len() && is_context(end) == is_context(start) {
            continue;
        }
        let range = start..end;
        let (old, new) = (keys(&range, HunkLine::is_old), keys(&range, HunkLine::is_new));
        if !(old.is_empty() && new.is_empty()) {
            out.push(Part { lines: range, old, new, is_inside: true });
        }
        start = end;
    }
    if let Some(first) = out.first_mut() {
        first.is_inside = false;
    }
    if let Some(last) = out.last_mut() {
        last.is_inside = false;
    }
    out
}

/// Goes through the parts as far as the text has them one after the other; `done` says of each whether it is in its new
/// state. All ways that are half done are kept once.
fn walk(parts: &[Part], keys: &[u64], done: &mut Vec<bool>, out: &mut Vec<Vec<bool>>) {
    let Some(part) = parts.get(done.len()) else {
        let changed = || parts.iter().zip(done.iter()).filter(|(part, _)| part.is_change());
        let is_half = changed().any(|(_, done)| *done) && changed().any(|(_, done)| !*done);
        if is_half && !out.contains(done) {
            out.push(done.clone());
        }
        return;
    };
    let states = if part.is_change() { &[false, true][..] } else { &[false][..] };
    for &is_done in states {
        let side = if is_done { &part.new } else { &part.old };
        // At an edge of the hunk, lines that are not there prove nothing.
        if keys.starts_with(side) && (part.is_inside || !side.is_empty()) {
            done.push(is_done);
            walk(parts, &keys[side.len()..], done, out);
            done.pop();
        }
    }
}

/// The lines of the hunk with what is done as the context that it is now.
fn rest(lines: &[HunkLine], parts: &[Part], done: &[bool]) -> Vec<HunkLine> {
    let mut out = Vec::with_capacity(lines.len());
    let mut next = 0;
    for (part, _) in parts.iter().zip(done).filter(|(part, done)| **done && part.is_change()) {
        out.extend_from_slice(&lines[next..part.lines.start]);
        let there = lines[part.lines.clone()].iter().filter(|l| l.is_new());
        out.extend(there.map(|l| HunkLine { op: Op::Context, ..l.clone() }));
        next = part.lines.end;
    }
    out.extend_from_slice(&lines[next..]);
    out
}
