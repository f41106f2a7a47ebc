//! Hunks whose old side is in the text with other line breaks: a formatter went over it, or whoever wrote the hunk did.

use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, MAX_PLACES};
use crate::hunk::{HunkLine, Op};
use crate::indentation::reindent_block;
use crate::text::{self, Dense, Text};
use memchr::memmem;

/// Letters and digits that the old side has at least.
const SAYS: usize = 12;
/// The longest old side that is looked for, in bytes.
const MAX_BYTES: usize = 8192;

/// The places where all that the hunk takes out is, white space and line breaks aside, and nothing else on these lines. What
/// it keeps must not be in between: it would have no lines of its own.
pub(super) fn places(text: &Text<'_>, lines: &[HunkLine]) -> Vec<Candidate> {
    if lines.iter().any(|l| l.op == Op::Context && !l.is_blank() || l.no_newline) {
        return Vec::new();
    }
    let side = |op: Op| lines.iter().filter(move |l| l.op == op);
    let old: String = side(Op::Removed).map(|l| text::dense(&l.text)).collect();
    if text::weight(&old) < SAYS || old.len() > MAX_BYTES {
        return Vec::new();
    }
    let new: Vec<&str> = side(Op::Added).map(|l| l.text.as_str()).collect();
    let Dense { text: whole, starts } = text.dense();
    let found = memmem::find_iter(whole.as_bytes(), old.as_bytes()).take(MAX_PLACES);
    let lines_of = |at: usize| {
        // Of lines that begin at the same place all but the last are blank.
        let first = starts.partition_point(|&start| start <= at).checked_sub(1)?;
        let end = starts.partition_point(|&start| start < at + old.len());
        (starts[first] == at && starts.get(end) == Some(&(at + old.len()))).then_some(first..end)
    };
    let place = |at: usize| {
        let range = lines_of(at)?;
        let old = &text.lines()[range.clone()];
        let lines = reindent_block(text, range.start, old, &new);
        let edits = vec![RawEdit { start: range.start, count: old.len(), lines, newline: None }];
        Some(Candidate { fit: Fit::Fuzzy, elided: false, first: range.start, last: range.end - 1, edits })
    };
    found.filter_map(place).collect()
}
