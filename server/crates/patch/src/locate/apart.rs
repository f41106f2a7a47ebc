//! Removed lines that a hunk lists together though they are apart in the text, each with what takes its place.

use crate::hunk::{HunkLine, Op};
use crate::pieces::{HunkPiece, alikeness, piece};
use crate::text;

/// Letters and digits of a run of removed lines that is looked for by itself.
const SAYS: usize = 8;
/// How alike a removed line is at least to the one that takes its place.
const ALIKE: f64 = 0.6;

/// The hunk as changes that may be apart: its lines, each change after the other, and a piece for each. `None` for a hunk
/// with context, which says what stands between them, and for one whose changes say too little to be found.
pub(super) fn changes(lines: &[HunkLine]) -> Option<(Vec<HunkLine>, Vec<HunkPiece>)> {
    if lines.iter().any(|l| l.op == Op::Context && !l.is_blank()) {
        return None;
    }
    let solid = |op: Op| lines.iter().filter(move |l| l.op == op).cloned().collect::<Vec<_>>();
    let lines = match (solid(Op::Removed), solid(Op::Added)) {
        (old, new) if goes_in_turn(lines) && !old.is_empty() && !new.is_empty() => {
            lines.iter().filter(|l| l.op != Op::Context).cloned().collect()
        }
        (old, new) => paired(old, new)?,
    };
    let begins = |i: &usize| lines[*i].op == Op::Removed && (*i == 0 || lines[*i - 1].op == Op::Added);
    let starts: Vec<usize> = (0..lines.len()).filter(begins).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let pieces: Vec<HunkPiece> =
        starts.iter().zip(ends).map(|(&start, end)| piece(&lines, start..end, HunkLine::is_old)).collect();
    let says = |p: &HunkPiece| p.solid.iter().map(|&i| text::weight(&lines[i].text)).sum::<usize>() >= SAYS;
    (pieces.len() > 1 && starts[0] == 0 && pieces.iter().all(says)).then_some((lines, pieces))
}

/// Whether lines are removed again after some were added.
fn goes_in_turn(lines: &[HunkLine]) -> bool {
    lines.windows(2).any(|pair| pair[0].op == Op::Added && pair[1].op == Op::Removed)
}

/// Each removed line with the added one in its turn, if these are as many and each pair is alike.
fn paired(old: Vec<HunkLine>, new: Vec<HunkLine>) -> Option<Vec<HunkLine>> {
    let alike = |(a, b): (&HunkLine, &HunkLine)| alikeness(&[&a.text], &[&b.text]) >= ALIKE;
    let all = old.len() == new.len() && old.iter().zip(&new).all(alike);
    all.then(|| old.into_iter().zip(new).flat_map(|(a, b)| [a, b]).collect())
}
