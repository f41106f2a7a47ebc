//! Hunks whose context is slightly misremembered, or was edited since: lines that read differently, some too many, some too
//! few.
//!
//! Only context lines that are not beside a change may differ, and only a few of them; what is removed, and what
//! stands on both sides of an insertion, must be there, and nothing between.

use super::Hints;
use super::candidate::{Candidate, Fit, candidate};
use super::hunk::{HunkLine, Op};
use super::pieces::{HunkPiece, range};
use super::text::{self, Text};
use std::ops::Range;

/// The longest hunk that is aligned like this, in lines.
const MAX_LINES: usize = 200;
/// Places that are tried.
const MAX_SEEDS: usize = 40;
/// Letters and digits of the lines that must be there: they say enough to be found by.
const SAYS: usize = 8;

/// Lines from which on a hunk is long: most of it is context that a change does not depend on.
const LONG: usize = 12;
/// Differences that are let pass in the longest hunks.
const MOST: usize = 20;

/// Differences that are let pass in a hunk of `len` lines: one in four, in long ones one in three. A line for another one
/// is one difference.
fn budget(len: usize) -> usize {
    (len / 4).min(3).max((len / 3).min(MOST) * usize::from(len >= LONG))
}

/// Those that are let pass where the lines around each change are there as far as the next but one: in long ones half.
fn wide_budget(len: usize) -> usize {
    budget(len).max((len / 2).min(MOST) * usize::from(len >= LONG))
}

/// All places where the hunk fits so.
pub(super) fn places(text: &Text<'_>, lines: &[HunkLine], pieces: &[HunkPiece], hints: &Hints<'_>) -> Vec<Candidate> {
    let [piece] = pieces else { return Vec::new() };
    let mut must = must(lines, piece);
    let weights: Vec<usize> = piece.solid.iter().map(|&i| text::weight(&lines[i].text)).collect();
    let said = |must: &[bool]| must.iter().zip(&weights).filter(|m| *m.0).map(|m| m.1).sum::<usize>();
    // Where a change is beside a bracket only, the next lines must be there too.
    while said(&must) < SAYS && must.contains(&true) && must.contains(&false) {
        must = grown(&must);
    }
    if piece.solid.len() > MAX_LINES || budget(piece.solid.len()) == 0 || said(&must) < SAYS {
        return Vec::new();
    }
    let heaviest = (0..must.len()).filter(|&n| must[n]).max_by_key(|&n| weights[n]);
    let Some(seed) = heaviest else { return Vec::new() };
    let hunk = Hunk { text, lines, piece, must: &must, firm: &grown(&must), seed };
    let mut out: Vec<Candidate> = Vec::new();
    for spot in text.find(&[piece.keys[seed]], MAX_SEEDS) {
        let few = hunk.align(spot, hunk.must, budget(piece.solid.len()));
        let found = few
            .or_else(|| hunk.align(spot, hunk.firm, wide_budget(piece.solid.len())))
            .filter(|pos| keeps_shape(text, lines, pos));
        if let Some(mut found) = found.and_then(|pos| candidate(text, lines, pieces, &pos)) {
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

/// `must` with the lines before and behind each.
fn grown(must: &[bool]) -> Vec<bool> {
    (0..must.len()).map(|n| must[n.saturating_sub(1)..(n + 2).min(must.len())].contains(&true)).collect()
}

/// A hunk to be aligned with the text around a line of it, its seed.
struct Hunk<'h, 't> {
    text: &'h Text<'t>,
    lines: &'h [HunkLine],
    piece: &'h HunkPiece,
    /// Which of the piece's lines must be there.
    must: &'h [bool],
    /// Which must be there for more differences to be let pass.
    firm: &'h [bool],
    /// Which of them is the one that is looked for.
    seed: usize,
}

impl Hunk<'_, '_> {
    /// Where the lines are if the seed is at `spot` of the text's solid lines; `None` where some that must be there are not,
    /// or more than `slack` differ.
    fn align(&self, spot: usize, must: &[bool], slack: usize) -> Option<Vec<Option<usize>>> {
        let (at, keys) = self.text.solid();
        let len = self.piece.solid.len();
        // What is matched: of each line of the piece, which of the text's solid lines.
        let mut matched: Vec<Option<usize>> = vec![None; len];
        matched[self.seed] = Some(spot);
        let above = spot.saturating_sub(self.seed + slack)..spot;
        let below = spot + 1..(spot + len - self.seed + slack).min(keys.len());
        let list = |range: &mut dyn Iterator<Item = usize>| range.collect::<Vec<_>>();
        self.outward(&list(&mut (0..self.seed).rev()), &list(&mut above.rev()), spot, &mut matched);
        self.outward(&list(&mut (self.seed + 1..len)), &list(&mut below.into_iter()), spot, &mut matched);
        let neighbours = |n: usize| matched[n].zip(matched[n + 1]).is_some_and(|(a, b)| b == a + 1);
        let kept = (0..len).all(|n| !must[n] || matched[n].is_some())
            && (1..len).all(|n| !(must[n - 1] && must[n]) || neighbours(n - 1));
        if !kept || self.differences(&mut matched, spot) > slack {
            return None;
        }
        let mut pos = vec![None; self.lines.len()];
        for (n, spot) in matched.into_iter().enumerate() {
            pos[self.piece.solid[n]] = spot.map(|s| at[s] as usize);
        }
        Some(pos)
    }

    /// Matches the most lines of the hunk with those of the text, both in their order outward from the seed, the nearest
    /// first where there is a choice.
    fn outward(&self, hunk: &[usize], text: &[usize], spot: usize, matched: &mut [Option<usize>]) {
        let keys = self.text.solid().1;
        let is_same = |n: usize, s: usize| self.piece.keys[n] == keys[s] && self.is_moved_alike(n, s, spot);
        let mut most = vec![vec![0_u32; text.len() + 1]; hunk.len() + 1];
        for i in (0..hunk.len()).rev() {
            for j in (0..text.len()).rev() {
                let skip = most[i + 1][j].max(most[i][j + 1]);
                let take = if is_same(hunk[i], text[j]) { 1 + most[i + 1][j + 1] } else { 0 };
                most[i][j] = skip.max(take);
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < hunk.len() && j < text.len() {
            if is_same(hunk[i], text[j]) && most[i][j] == 1 + most[i + 1][j + 1] {
                matched[hunk[i]] = Some(text[j]);
                (i, j) = (i + 1, j + 1);
            } else if most[i][j] == most[i][j + 1] {
                j += 1;
            } else {
                i += 1;
            }
        }
    }

    /// Whether line `n` is as far sideways of the text's line `s` as the seed is of its own; tabs for spaces say nothing.
    fn is_moved_alike(&self, n: usize, s: usize, spot: usize) -> bool {
        let at = self.text.solid().0;
        let shift = |n: usize, s: usize| {
            let here = text::indent(&self.lines[self.piece.solid[n]].text);
            let there = text::indent(self.text.line(at[s] as usize));
            let mixed = here.contains('\t') != there.contains('\t') && !here.is_empty() && !there.is_empty();
            (!mixed).then(|| there.len().cast_signed() - here.len().cast_signed())
        };
        shift(n, s).zip(shift(self.seed, spot)).is_none_or(|(a, b)| a.abs_diff(b) <= 1)
    }

    /// How many lines differ between the first and the last that are matched, and at the ends how many are missing. Lines
    /// that read alike in place of each other are matched then.
    fn differences(&self, matched: &mut [Option<usize>], spot: usize) -> usize {
        let len = matched.len();
        let mut count = 0;
        let mut n = 0;
        while n < len {
            let gap = n..(n..len).find(|&i| matched[i].is_some()).unwrap_or(len);
            let before = gap.start.checked_sub(1).and_then(|i| matched[i]);
            let after = matched.get(gap.end).copied().flatten();
            let there = match (before, after) {
                (Some(a), Some(b)) => a + 1..b,
                (Some(a), None) => a + 1..(a + 1 + gap.len()).min(self.text.solid().0.len()),
                (None, Some(b)) => b.saturating_sub(gap.len())..b,
                (None, None) => 0..0,
            };
            let inner = before.is_some() && after.is_some();
            count += gap.len().max(if inner { there.len() } else { 0 });
            if gap.len() == there.len() {
                self.match_alike(gap.clone(), there, spot, matched);
            }
            n = gap.end + 1;
        }
        count
    }

    fn match_alike(&self, gap: Range<usize>, there: Range<usize>, spot: usize, matched: &mut [Option<usize>]) {
        let at = self.text.solid().0;
        for (n, s) in gap.zip(there) {
            let line = &self.lines[self.piece.solid[n]].text;
            if alike(self.text.line(at[s] as usize), line) && self.is_moved_alike(n, s, spot) {
                matched[n] = Some(s);
            }
        }
    }
}

/// Which solid lines must be there: removed ones, and those next to a change. Beside lines that are removed, a blank line
/// is enough between them and what was edited since.
fn must(lines: &[HunkLine], piece: &HunkPiece) -> Vec<bool> {
    let is = |range: &Range<usize>, op: Op| lines[range.clone()].iter().any(|l| l.op == op);
    let is_apart = |gap: &Range<usize>, change: Option<&usize>| {
        let stays = lines[gap.clone()].iter().all(|l| l.op == Op::Context);
        change.is_some_and(|&i| lines[i].op == Op::Removed) && !gap.is_empty() && stays
    };
    let changes = |gap: Range<usize>, change: Option<&usize>| {
        let beside = change.is_some_and(|&i| lines[i].op == Op::Removed);
        (beside || is(&gap, Op::Added) || is(&gap, Op::Removed)) && !is_apart(&gap, change)
    };
    (0..piece.solid.len())
        .map(|n| {
            let here = piece.solid[n];
            let before = n.checked_sub(1).map(|n| &piece.solid[n]);
            let after = piece.solid.get(n + 1);
            lines[here].op == Op::Removed
                || changes(before.map_or(piece.lines.start, |b| b + 1)..here, before)
                || changes(here + 1..after.copied().unwrap_or(piece.lines.end), after)
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
