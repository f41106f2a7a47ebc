//! What the locator compares: runs of a hunk's lines, as keys; where one list of keys stands in another; how much two
//! blocks have in common.

use crate::hunk::{HunkLine, Op};
use crate::text;
use finding::LineRange;
use std::ops::Range;

/// Lines of a hunk between elisions.
#[derive(Debug, Clone)]
pub(crate) struct HunkPiece {
    /// Which lines of the hunk.
    pub(crate) lines: Range<usize>,
    /// Its old lines that are not blank: index in the hunk, and key.
    pub(crate) solid: Vec<usize>,
    pub(crate) keys: Vec<u64>,
}

pub(crate) fn split(lines: &[HunkLine], is_break: fn(&HunkLine) -> bool) -> Vec<HunkPiece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in 0..=lines.len() {
        if end < lines.len() && !(lines[end].is_old() && is_break(&lines[end])) {
            continue;
        }
        if start < end {
            pieces.push(piece(lines, start..end, HunkLine::is_old));
        }
        start = end + 1;
    }
    pieces
}

pub(crate) fn piece(lines: &[HunkLine], range: Range<usize>, side: fn(&HunkLine) -> bool) -> HunkPiece {
    let solid: Vec<usize> = range.clone().filter(|&i| side(&lines[i]) && !lines[i].is_blank()).collect();
    let keys = solid.iter().map(|&i| text::key(&lines[i].text)).collect();
    HunkPiece { lines: range, solid, keys }
}

/// Whether the old and the new side are the same but for white space.
pub(crate) fn whitespace_only(lines: &[HunkLine]) -> bool {
    // What is before the first change is on both sides.
    let start = lines.iter().position(|l| l.op != Op::Context).unwrap_or(lines.len());
    let side = |is_in: fn(&HunkLine) -> bool| {
        lines[start..].iter().filter(move |l| is_in(l)).map(|l| text::key(&l.text)).filter(|&k| k != text::BLANK)
    };
    side(HunkLine::is_old).eq(side(HunkLine::is_new))
}

/// The lines from `start` to `end`, 0-based and both included, as the 1-based range that others are told.
pub(crate) fn range(start: usize, end: usize) -> LineRange {
    let n = |i: usize| u32::try_from(i + 1).unwrap_or(u32::MAX);
    LineRange::new(n(start), n(end))
}

/// Columns of white space before a line, tabs as four.
pub(crate) fn width(line: &str) -> usize {
    text::indent(line).chars().map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// Lines without their endings; none of an empty text, and no empty one behind the last ending.
pub(crate) fn lines_of(text: &str) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    text.strip_suffix('\n').unwrap_or(text).split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect()
}

/// How much two blocks have in common, 0 to 1, by their characters in order.
pub(crate) fn alikeness(old: &[&str], new: &[&str]) -> f64 {
    let dense = |lines: &[&str]| -> String {
        lines.iter().flat_map(|l| l.chars()).filter(|c| !c.is_whitespace()).take(2000).collect()
    };
    let (old, new) = (dense(old), dense(new));
    if old.is_empty() || new.is_empty() {
        return 0.0;
    }
    strsim::sorensen_dice(&old, &new)
}
