//! Whether a text has already what a hunk leads to, or a part of it.

use crate::Hints;
use crate::build::RawEdit;
use crate::candidate::Candidate;
use crate::hunk::{HunkLine, Op};
use crate::pieces::{HunkPiece, piece, range, whitespace_only};
use crate::text::{self, Text};
use std::collections::HashSet;

/// Letters and digits of a line that says something.
const SAYS: usize = 4;

/// Whether the text has what the hunk leads to: in place of the old lines, or over them.
pub(super) fn already(text: &Text<'_>, lines: &[HunkLine], found: &[Candidate]) -> bool {
    let pieces = new_sides(lines);
    if pieces.is_empty() || !proves(lines) {
        return false;
    }
    match (found, whitespace_only(lines)) {
        ([], true) => matches!(&pieces[..], [piece] if stands_as_written(text, lines, piece)),
        ([], false) => stand_in_order(text, &pieces),
        // Old and new side both fit at one place only where the old side is a part of the new one.
        (found, is_blank) => {
            let counts = |l: &&HunkLine| !l.is_blank() && !l.is_elision();
            let kept = lines.iter().filter(counts).filter(|l| l.is_new()).count();
            let old = lines.iter().filter(counts).filter(|l| l.is_old()).count();
            kept >= old && !is_blank && pieces.iter().all(|piece| stands_over(text, lines, piece, found))
        }
    }
}

/// What a hunk leads to, in the pieces that are between what it leaves out.
fn new_sides(lines: &[HunkLine]) -> Vec<HunkPiece> {
    let is_break = |l: &HunkLine| l.is_elision() && !(l.op == Op::Added);
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in 0..=lines.len() {
        if end == lines.len() || is_break(&lines[end]) {
            pieces.push(piece(lines, start..end, HunkLine::is_new));
            start = end + 1;
        }
    }
    pieces.retain(|p| !p.keys.is_empty());
    pieces
}

/// Whether finding the new side proves anything: lines that say little do not, and a deletion is proved by what stands on both
/// sides of it.
fn proves(lines: &[HunkLine]) -> bool {
    let added: Vec<&HunkLine> = lines.iter().filter(|l| l.op == Op::Added && !l.is_blank()).collect();
    let context = lines.iter().filter(|l| l.op == Op::Context && !l.is_elision() && text::weight(&l.text) >= 3).count();
    if added.is_empty() {
        return context >= 2 && inner_deletion(lines);
    }
    let weight: usize = added.iter().map(|l| text::weight(&l.text)).sum();
    let has_new = lines.iter().any(|l| l.is_new() && !l.is_blank() && !l.is_elision());
    weight >= 4 && has_new || whitespace_only(lines) && context >= 1
}

/// Whether a piece is there with its white space, which is not known of a hunk that is indented in another way.
fn stands_as_written(text: &Text<'_>, lines: &[HunkLine], piece: &HunkPiece) -> bool {
    let at = text.solid().0;
    let as_written = |s: usize| {
        let mut own = piece.solid.iter().enumerate();
        own.all(|(n, &i)| text.line(at[s + n] as usize).trim_end() == lines[i].text.trim_end())
    };
    !lines.iter().any(|l| l.no_newline) && text.find(&piece.keys, 10_000).into_iter().any(as_written)
}

fn stand_in_order(text: &Text<'_>, pieces: &[HunkPiece]) -> bool {
    let mut from = 0;
    pieces.iter().all(|piece| match text.find_from(from, &piece.keys, 1)[..] {
        [spot, ..] => {
            from = spot + piece.keys.len();
            true
        }
        [] => false,
    })
}

/// Whether a piece is there, and where it changes something, over a place where the old lines are.
fn stands_over(text: &Text<'_>, lines: &[HunkLine], piece: &HunkPiece, found: &[Candidate]) -> bool {
    let at = text.solid().0;
    let changes = lines[piece.lines.clone()].iter().any(|l| l.op != Op::Context);
    let spots = text.find(&piece.keys, if changes { 10_000 } else { 1 });
    let is_over = |s: &usize| {
        let (first, last) = (at[*s] as usize, at[*s + piece.keys.len() - 1] as usize);
        found.iter().any(|c| c.first <= last && first <= c.last)
    };
    if changes { spots.iter().any(is_over) } else { !spots.is_empty() }
}

/// How much of what a hunk adds is in the text, near what it says is around it.
pub(super) enum Traces {
    None,
    /// Some of it; a line of that, 1-based.
    Some(u32),
    All,
}

/// Looks for what the hunk adds where its old lines are not: the code was changed, perhaps to just that.
pub(super) fn traces(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Traces {
    const AROUND: usize = 30;
    /// Places of one line that are looked at.
    const SPOTS: usize = 20;
    let says = |op: Op| lines.iter().filter(move |l| l.op == op && text::weight(&l.text) >= SAYS);
    let keys_of = |op: Op| -> HashSet<u64> { says(op).map(|l| text::key(&l.text)).collect() };
    let (removed, context) = (keys_of(Op::Removed), keys_of(Op::Context));
    let is_new = |k: &u64| !removed.contains(k) && !context.contains(k);
    let added: Vec<&HunkLine> = says(Op::Added).filter(|l| is_new(&text::key(&l.text))).collect();
    let Some(heaviest) = added.iter().max_by_key(|l| text::weight(&l.text)) else { return Traces::None };
    let heaviest = text::key(&heaviest.text);
    let weight: usize = added.iter().map(|l| text::weight(&l.text)).sum();
    let mut keys: Vec<u64> = added.iter().map(|l| text::key(&l.text)).collect();
    keys.sort_unstable();
    keys.dedup();
    let (at, all) = text.solid();
    let spots = text.spots(&keys, SPOTS);
    if spots.iter().all(Vec::is_empty) {
        return Traces::None;
    }
    let kept: HashSet<u64> = lines.iter().filter(|l| l.is_new()).map(|l| text::key(&l.text)).collect();
    let gone: HashSet<u64> = removed.difference(&kept).copied().collect();
    let mut anchors = text.spots(&context.into_iter().collect::<Vec<_>>(), usize::MAX).concat();
    anchors.sort_unstable();
    let near = |spot: usize| spot.saturating_sub(AROUND + lines.len())..(spot + AROUND + lines.len()).min(all.len());
    let anchored = |spot: usize| {
        let (window, line) = (near(spot), range(at[spot] as usize, at[spot] as usize));
        anchors[anchors.partition_point(|&a| a < window.start)..].first().is_some_and(|&a| a < window.end)
            || hints.lines.is_some_and(|l| l.distance(line) <= 2 * u32::try_from(AROUND).unwrap_or(0))
    };
    let whole = keys.binary_search(&heaviest).is_ok_and(|n| {
        spots[n].iter().any(|&spot| {
            let window: HashSet<u64> = all[near(spot)].iter().copied().collect();
            anchored(spot) && keys.iter().all(|k| window.contains(k)) && window.is_disjoint(&gone)
        })
    });
    if whole && weight >= 8 {
        return Traces::All;
    }
    match spots.iter().flatten().find(|&&spot| anchored(spot)) {
        Some(&spot) => Traces::Some(at[spot] + 1),
        None => Traces::None,
    }
}

/// A line (1-based) beside the changes of a place where the hunk nearly fits that it adds, and that is no line of its old
/// side.
pub(super) fn partly(text: &Text<'_>, lines: &[HunkLine], place: &Candidate) -> Option<u32> {
    const AROUND: usize = 3;
    let old: HashSet<u64> = lines.iter().filter(|l| l.is_old()).map(|l| text::key(&l.text)).collect();
    let added = lines.iter().filter(|l| l.op == Op::Added && text::weight(&l.text) >= SAYS);
    let added: HashSet<u64> = added.map(|l| text::key(&l.text)).filter(|key| !old.contains(key)).collect();
    let (at, keys) = text.solid();
    let solid = |line: usize| at.partition_point(|&l| (l as usize) < line);
    let around = |edit: &RawEdit| {
        solid(edit.start).saturating_sub(AROUND)..(solid(edit.start + edit.count) + AROUND).min(at.len())
    };
    let mut spots = place.edits.iter().flat_map(around);
    spots.find(|&s| added.contains(&keys[s])).map(|s| at[s] + 1)
}

/// Whether all that the hunk removes has context before and after it.
fn inner_deletion(lines: &[HunkLine]) -> bool {
    let solid = |l: &&HunkLine| l.op == Op::Context && !l.is_blank() && !l.is_elision();
    let first = lines.iter().position(|l| l.op == Op::Removed).unwrap_or(0);
    let last = lines.iter().rposition(|l| l.op == Op::Removed).unwrap_or(0);
    lines[..first].iter().any(|l| solid(&l)) && lines[last..].iter().any(|l| solid(&l))
}
