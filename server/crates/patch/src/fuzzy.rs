//! Hunks whose context is slightly misremembered: a line that reads differently, one too many, one too few.
//!
//! Only context lines that are not beside a change may differ, and only a few of them; what is removed, and what
//! stands on both sides of an insertion, must be there.

use super::Hints;
use super::candidate::{Candidate, Fit, candidate};
use super::hunk::{HunkLine, Op};
use super::pieces::{HunkPiece, occurrences, range};
use super::text::{self, Text};

/// The longest hunk that is aligned like this, in lines.
const MAX_LINES: usize = 200;
/// Places that are tried.
const MAX_SEEDS: usize = 40;
/// Differences that are let pass, and lines of context that each of them needs beside it.
const MAX_COST: usize = 3;
const LINES_PER_COST: usize = 4;

/// All places where the hunk fits so.
pub(super) fn places(text: &Text<'_>, lines: &[HunkLine], pieces: &[HunkPiece], hints: &Hints<'_>) -> Vec<Candidate> {
    let [piece] = pieces else { return Vec::new() };
    let len = piece.solid.len();
    let must = must(lines, piece);
    // The lines that must be there say enough to be found by, and most of the context agrees.
    let said: usize = piece.solid.iter().zip(&must).filter(|m| *m.1).map(|(&i, _)| text::weight(&lines[i].text)).sum();
    let budget = (len / LINES_PER_COST).min(MAX_COST);
    if len > MAX_LINES || budget == 0 || said < 8 {
        return Vec::new();
    }
    let (at, keys) = text.solid();
    let seed = (0..len).filter(|&n| must[n]).max_by_key(|&n| text::weight(&lines[piece.solid[n]].text));
    let Some(seed) = seed else { return Vec::new() };
    let mut out: Vec<Candidate> = Vec::new();
    for spot in occurrences(keys, &[piece.keys[seed]], MAX_SEEDS) {
        let known = |s: usize| text.line(at[s] as usize);
        let mut pos = vec![None; lines.len()];
        pos[piece.solid[seed]] = Some(at[spot] as usize);
        let mut cost = 0;
        let mut ok = true;
        // Outward from the seed, greedily: the differences are few.
        for down in [true, false] {
            let mut s = Some(spot);
            let order: Vec<usize> = if down { (seed + 1..len).collect() } else { (0..seed).rev().collect() };
            let step =
                |s: usize, n: usize| if down { Some(s + n).filter(|&s| s < keys.len()) } else { s.checked_sub(n) };
            for n in order {
                let line = &lines[piece.solid[n]];
                let next = s.and_then(|s| step(s, 1));
                if let Some(t) = next.filter(|&t| keys[t] == piece.keys[n]) {
                    (pos[piece.solid[n]], s) = (Some(at[t] as usize), Some(t));
                    continue;
                }
                // What must be there is next to what was there: no gaps beside a change.
                let inner = if down { n - 1 } else { n + 1 };
                let gap = (2..=MAX_COST + 1)
                    .find_map(|g| s.and_then(|s| step(s, g)).filter(|&t| keys[t] == piece.keys[n]).map(|t| (g - 1, t)));
                if must[n] && must[inner] {
                    ok = false;
                } else if let Some(t) = next.filter(|&t| !must[n] && alike(known(t), &line.text)) {
                    (pos[piece.solid[n]], s, cost) = (Some(at[t] as usize), Some(t), cost + 1);
                } else if let Some((g, t)) = gap {
                    (pos[piece.solid[n]], s, cost) = (Some(at[t] as usize), Some(t), cost + g);
                } else if must[n] {
                    ok = false;
                } else {
                    cost += 1;
                }
            }
        }
        if ok
            && cost <= budget
            && keeps_shape(text, lines, &pos)
            && let Some(mut found) = candidate(text, lines, pieces, &pos)
        {
            found.fit = Fit::Fuzzy;
            if !out.iter().any(|c| c.edits == found.edits) {
                out.push(found);
            }
        }
    }
    // A guess at what was meant must not also be far from where it was said to be.
    if let Some(cited) = hints.lines {
        out.retain(|c| range(c.first, c.last).distance(cited) <= 100);
    }
    out
}

/// Which solid lines must be there: removed ones, and those next to a change.
fn must(lines: &[HunkLine], piece: &HunkPiece) -> Vec<bool> {
    let changes = |range: std::ops::Range<usize>| lines[range].iter().any(|l| l.op != Op::Context);
    (0..piece.solid.len())
        .map(|n| {
            let here = piece.solid[n];
            let before = n.checked_sub(1).map_or(piece.lines.start, |n| piece.solid[n]);
            let after = piece.solid.get(n + 1).copied().unwrap_or(piece.lines.end - 1);
            lines[here].op == Op::Removed || changes(before..here) || changes(here..after + 1)
        })
        .collect()
}

/// Whether all lines are moved sideways alike. A line that was taken for another one is told by this, and would give
/// its indentation to what is added. Of tabs for spaces nothing is known.
fn keeps_shape(text: &Text<'_>, lines: &[HunkLine], pos: &[Option<usize>]) -> bool {
    let pairs = || {
        let matched = lines.iter().zip(pos).filter_map(|(line, at)| Some((line, (*at)?)));
        matched.map(|(line, at)| (text::indent(&line.text), text::indent(text.line(at))))
    };
    if pairs().any(|(hunk, there)| hunk.contains('\t') != there.contains('\t') && !hunk.is_empty() && !there.is_empty())
    {
        return true;
    }
    let shifts = || pairs().map(|(hunk, there)| there.len().cast_signed() - hunk.len().cast_signed());
    // A blank may be lost in the margin of some.
    let lost = isize::from(!pairs().any(|(hunk, _)| hunk.contains('\t')));
    shifts().max().zip(shifts().min()).is_none_or(|(most, least)| most - least <= lost)
}

/// Whether a context line is the other, misremembered.
fn alike(there: &str, here: &str) -> bool {
    let (a, b) = (there.trim(), here.trim());
    a.len() <= 400 && b.len() <= 400 && strsim::normalized_levenshtein(a, b) >= 0.75
}
