//! Finds hunks of marked lines: those of diffs, and search/replace as the diff that it is.

use super::already::{Traces, already, partly, traces};
use super::{apart, comments, cut, half_done, left_out, reflowed, rewritten};
use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, Found, MAX_PLACES, candidate, insertion};
use crate::hunk::{HunkLine, Op};
use crate::occurrences::occurrences;
use crate::pieces::{HunkPiece, range, split, whitespace_only};
use crate::text::{self, Text};
use crate::{Hints, Refusal, elision, fuzzy};
use memchr::memmem;
use std::cell::LazyCell;
use std::collections::HashSet;

/// Lines that an elision may stand for.
const MAX_ELIDED: usize = 400;

/// Finds a hunk of marked lines.
pub(super) fn find_lines(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Result<Found, Refusal> {
    if let Some(hole) = hole(text, lines, hints) {
        return Err(Refusal::Elided { line: hole.trim().to_owned() });
    }
    // A line that looks like an elision and is in the text is meant as it is.
    let mut pieces: Vec<HunkPiece> = split(lines, |_| false);
    let mut found = Vec::new();
    let elisions: HashSet<&str> =
        lines.iter().filter(|l| l.is_old() && l.is_elision()).map(|l| l.text.trim()).collect();
    if elisions.is_empty() || elisions.iter().any(|line| text.has_line(line)) {
        found = places(text, lines, &pieces, hints)?;
    }
    if found.is_empty() && !elisions.is_empty() {
        if let Some(line) = lines.iter().find(|l| l.op == Op::Removed && l.is_elision()) {
            return whole_blocks(text, lines, hints)?.ok_or_else(|| elided(line));
        }
        pieces = around_elisions(lines)?;
        found = places(text, lines, &pieces, hints)?;
    }
    if pieces.iter().all(|p| p.keys.is_empty()) {
        return bare_insertion(text, lines);
    }
    // What changes only white space, and the end of the text, is at the end.
    if whitespace_only(lines) && lines.iter().any(|l| l.no_newline) {
        found.retain(|c| c.last + 1 == text.lines().len());
    }
    if let Some(places) = without_its_indentation(text, lines, &pieces, &found) {
        return Err(Refusal::Ambiguous { places });
    }
    let already = already(text, lines, &found);
    match (found.is_empty(), already) {
        (false, true) => Err(Refusal::AlreadyApplied),
        (false, false) => Ok(Found::Places(found)),
        (true, true) => in_another_state(text, lines, &pieces, hints, (Traces::All, already)),
        (true, false) => {
            for rest in half_done::rests(text, lines) {
                found.extend(places(text, &rest, &split(&rest, |_| false), hints)?);
            }
            if !found.is_empty() {
                return Ok(Found::Places(found));
            }
            in_another_state(text, lines, &pieces, hints, (traces(text, lines, hints), already))
        }
    }
}

/// Where a hunk that changes only white space, and was found where its lines are as written, would be if it had lost its
/// indentation: if it is at the margin, and the text has its lines elsewhere, indented. Their first lines, 1-based.
fn without_its_indentation(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    found: &[Candidate],
) -> Option<Vec<u32>> {
    let [piece] = pieces else { return None };
    let at_margin = piece.solid.iter().any(|&i| text::indent(&lines[i].text).is_empty());
    if found.is_empty() || !at_margin || !whitespace_only(lines) {
        return None;
    }
    let at = text.solid().0;
    let spots = text.find(&piece.keys, MAX_PLACES);
    let is_indented = |&spot: &usize| {
        let pairs = || piece.solid.iter().zip(&at[spot..]).map(|(&i, &at)| (&lines[i].text, text.line(at as usize)));
        pairs()
            .all(|(hunk, there)| hunk.trim() == there.trim() && text::indent(hunk).len() <= text::indent(there).len())
            && pairs().any(|(hunk, there)| text::indent(hunk).len() < text::indent(there).len())
    };
    spots.iter().any(is_indented).then(|| spots.iter().map(|&spot| at[spot] + 1).collect())
}

/// The parts of a hunk between its elisions. What one of them changes must say where.
fn around_elisions(lines: &[HunkLine]) -> Result<Vec<HunkPiece>, Refusal> {
    let mut pieces = split(lines, HunkLine::is_elision);
    let changes = |piece: &HunkPiece| lines[piece.lines.clone()].iter().any(|l| l.op != Op::Context);
    if pieces.iter().any(|piece| piece.keys.is_empty() && changes(piece))
        && let Some(line) = lines.iter().find(|l| l.is_elision())
    {
        return Err(elided(line));
    }
    pieces.retain(|piece| !piece.keys.is_empty());
    Ok(pieces)
}

fn elided(line: &HunkLine) -> Refusal {
    Refusal::Elided { line: line.text.trim().to_owned() }
}

/// Finds a hunk in a text that is not what it was made for: by likeness, else by the kinds of difference that are known.
fn in_another_state(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    hints: &Hints<'_>,
    (traces, already): (Traces, bool),
) -> Result<Found, Refusal> {
    let mut found = fuzzy::places(text, lines, pieces, hints);
    // What it leads to may be there with some context that differs; common lines are near in any text.
    if let Traces::All = traces
        && (already || found.is_empty() || is_done(text, lines, hints))
    {
        return Ok(Found::Already);
    }
    if found.is_empty() {
        found = but_for_known_differences(text, lines, hints, &traces)?;
    }
    if found.is_empty() {
        // Someone did a part of it, or the like: what is left is for a person to see.
        return Err(if let Traces::Some(line) = traces { Refusal::PartlyApplied { line } } else { Refusal::NotFound });
    }
    match found.iter().find_map(|place| partly(text, lines, place)) {
        Some(line) => Err(Refusal::PartlyApplied { line }),
        None => Ok(Found::Places(found)),
    }
}

/// The places that the first kind of difference explains. The last two kinds need a text with nothing of the new side.
fn but_for_known_differences(
    text: &Text<'_>,
    lines: &[HunkLine],
    hints: &Hints<'_>,
    traces: &Traces,
) -> Result<Vec<Candidate>, Refusal> {
    let mut found = match apart::changes(lines) {
        Some((lines, pieces)) => places(text, &lines, &pieces, hints)?,
        None => Vec::new(),
    };
    if found.is_empty() {
        found = but_for_comments(text, lines, hints)?;
    }
    if found.is_empty() {
        found = reflowed::places(text, lines);
    }
    if !found.is_empty() || !matches!(traces, Traces::None) {
        return Ok(found);
    }
    found = in_an_excerpt(text, lines, hints)?;
    if found.is_empty() {
        found.extend(rewritten::place(text, lines, hints));
    }
    Ok(found)
}

/// The places of a hunk that leaves out a part of the blocks that it removes.
fn whole_blocks(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Result<Option<Found>, Refusal> {
    let mut found = Vec::new();
    for whole in left_out::written_out(text, lines) {
        let pieces: Vec<HunkPiece> =
            split(&whole, HunkLine::is_elision).into_iter().filter(|p| !p.keys.is_empty()).collect();
        for place in places(text, &whole, &pieces, hints)? {
            match found.iter_mut().find(|other: &&mut Candidate| other.edits == place.edits) {
                Some(same) => same.fit = same.fit.min(place.fit),
                None => found.push(Candidate { elided: true, ..place }),
            }
        }
    }
    Ok((!found.is_empty()).then_some(Found::Places(found)))
}

/// The place of a hunk at the end of a text that is cut off inside of it.
fn in_an_excerpt(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Result<Vec<Candidate>, Refusal> {
    let Some(here) = cut::here(text, lines) else { return Ok(Vec::new()) };
    let mut found = places(text, &here, &split(&here, |_| false), hints)?;
    found.retain(|place| place.last + 1 >= text.lines().len() - trailing_blank(text));
    for place in &mut found {
        place.fit = Fit::Fuzzy;
    }
    Ok(found)
}

/// How many lines without anything a text ends with.
fn trailing_blank(text: &Text<'_>) -> usize {
    text.lines().iter().rev().take_while(|line| line.trim().is_empty()).count()
}

/// Whether the text nearly has the new side of a hunk.
fn is_done(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> bool {
    let turned = |line: &HunkLine| {
        let op = match line.op {
            Op::Context => Op::Context,
            Op::Removed => Op::Added,
            Op::Added => Op::Removed,
        };
        HunkLine { op, ..line.clone() }
    };
    let turned: Vec<HunkLine> = lines.iter().map(turned).collect();
    !fuzzy::places(text, &turned, &split(&turned, |_| false), hints).is_empty()
}

/// The places of a hunk that differs from the text in the comments behind code.
fn but_for_comments(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Result<Vec<Candidate>, Refusal> {
    let Some((stripped, bare)) = comments::without(text, lines) else { return Ok(Vec::new()) };
    // What such a change did may be done already, and moves the lines around it.
    let mut changes = bare.chunk_by(|a, b| (a.op == Op::Context) == (b.op == Op::Context));
    if changes.any(|run| run[0].op != Op::Context && whitespace_only(run)) {
        return Ok(Vec::new());
    }
    let mut found = places(stripped, &bare, &split(&bare, |_| false), hints)?;
    for place in &mut found {
        place.fit = Fit::Fuzzy;
    }
    Ok(found)
}

/// A line to be added that leaves something out.
fn hole<'l>(text: &Text<'_>, lines: &'l [HunkLine], hints: &Hints<'_>) -> Option<&'l str> {
    let python = hints.path.is_some_and(|p| matches!(p.extension(), Some("py" | "pyi")));
    let has = |dots: &str| memmem::find(text.source().as_bytes(), dots.as_bytes()).is_some();
    let dots = LazyCell::new(|| has("...") || has("…"));
    lines.iter().enumerate().find_map(|(i, line)| {
        let is_hole = if line.op != Op::Added {
            false
        } else if line.is_elision() {
            // `...` is the empty body in Python; and what the text has already is code.
            let body = python
                && line.text.trim() == "..."
                && lines[..i].iter().rev().find(|l| l.is_new()).is_some_and(|l| l.text.trim_end().ends_with(':'));
            let moved = lines.iter().any(|l| l.op == Op::Removed && l.text.trim() == line.text.trim());
            !(body || moved && text.has_line(&line.text))
        } else if elision::has_hole(&line.text) {
            !*dots
        } else {
            false
        };
        is_hole.then_some(line.text.as_str())
    })
}

/// Lines to be added beside nothing: only an empty text says where.
fn bare_insertion(text: &Text<'_>, lines: &[HunkLine]) -> Result<Found, Refusal> {
    if !text.is_blank() {
        let added: Vec<u64> =
            lines.iter().filter(|l| l.is_new()).map(|l| text::key(&l.text)).filter(|&k| k != text::BLANK).collect();
        let substantial = lines.iter().filter(|l| l.is_new()).map(|l| text::weight(&l.text)).sum::<usize>() >= 8;
        let there = substantial && !text.find(&added, 1).is_empty();
        return Err(if there { Refusal::AlreadyApplied } else { Refusal::NoPlace });
    }
    let newline = lines.iter().rev().find(|l| l.is_new()).map(|l| !l.no_newline);
    let new = lines.iter().filter(|l| l.is_new()).map(|l| l.text.clone()).collect();
    let edits = vec![RawEdit { start: 0, count: text.lines().len(), lines: new, newline }];
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first: 0, last: 0, edits }]))
}

/// What is added is put at the end of the text, unless it is there.
pub(super) fn append(text: &Text<'_>, lines: &[HunkLine]) -> Found {
    let new: Vec<String> = lines.iter().map(|l| l.text.clone()).collect();
    let there = text.lines().len().checked_sub(new.len()).map(|start| &text.lines()[start..]);
    if there.is_some_and(|there| there.iter().zip(&new).all(|(a, b)| a.trim_end() == b.trim_end())) {
        return Found::Already;
    }
    Found::Places(vec![insertion(text.lines().len(), new)])
}

/// All places of the pieces, in order; those that would lead to the same text are one.
fn places(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    hints: &Hints<'_>,
) -> Result<Vec<Candidate>, Refusal> {
    if pieces.is_empty() || pieces.iter().any(|p| p.keys.is_empty()) {
        return Ok(Vec::new());
    }
    let at = text.solid().0;
    let first = text.find(&pieces[0].keys, usize::MAX);
    let chains = match pieces {
        [only] => near_enough(&first, at, only.keys.len(), hints),
        _ => chains(text, pieces, &first),
    };
    let Some(chains) = chains else {
        // Too many ways to go on from the first piece say nothing of one that is nowhere.
        if pieces.iter().any(|p| text.find(&p.keys, 1).is_empty()) {
            return Ok(Vec::new());
        }
        return Err(Refusal::Ambiguous { places: first.iter().take(MAX_PLACES).map(|&s| at[s] + 1).collect() });
    };
    let mut out: Vec<Candidate> = Vec::new();
    for chain in chains {
        let mut pos: Vec<Option<usize>> = vec![None; lines.len()];
        for (piece, &spot) in pieces.iter().zip(&chain) {
            for (n, &i) in piece.solid.iter().enumerate() {
                pos[i] = Some(at[spot + n] as usize);
            }
        }
        if let Some(candidate) = candidate(text, lines, pieces, &pos) {
            match out.iter_mut().find(|c| c.edits == candidate.edits) {
                Some(same) => {
                    same.fit = same.fit.min(candidate.fit);
                    // Whether it reaches the end of the text is asked later.
                    same.last = same.last.max(candidate.last);
                }
                None => out.push(candidate),
            }
        }
    }
    Ok(out)
}

/// All places; where they are too many, those that the citation could mean. `None` if it does not help.
fn near_enough(spots: &[usize], at: &[u32], len: usize, hints: &Hints<'_>) -> Option<Vec<Vec<usize>>> {
    const NEAR: u32 = 30;
    let chain = |&s: &usize| vec![s];
    if spots.len() <= MAX_PLACES {
        return Some(spots.iter().map(chain).collect());
    }
    let cited = hints.lines?;
    let near = |s: &&usize| range(at[**s] as usize, at[**s + len - 1] as usize).distance(cited) <= NEAR;
    let near: Vec<_> = spots.iter().filter(near).map(chain).collect();
    (!near.is_empty() && near.len() <= 4 * MAX_PLACES).then_some(near)
}

/// The ways to go through the pieces in order, from the places of the first one. That an elision is more likely to stay
/// inside of a block, or to end at the first place where the next piece fits, is likely only: all ways count. `None`
/// where they are too many.
fn chains(text: &Text<'_>, pieces: &[HunkPiece], first: &[usize]) -> Option<Vec<Vec<usize>>> {
    /// Lines that are looked at, and steps that are kept.
    const LINES: usize = 4_000_000;
    const STEPS: usize = 20_000;
    /// A step: which piece, its place, and the step before it.
    type Step = (usize, usize, usize);
    if first.len() > STEPS {
        return None;
    }
    let (at, keys) = text.solid();
    let mut steps: Vec<Step> = first.iter().rev().map(|&spot| (0, spot, usize::MAX)).collect();
    let mut open: Vec<usize> = (0..steps.len()).collect();
    let mut lines = LINES;
    let mut done = Vec::new();
    while let Some(step) = open.pop() {
        let (n, spot, _) = steps[step];
        let Some(next) = pieces.get(n + 1) else {
            let way = std::iter::successors(Some(step), |&s| Some(steps[s].2).filter(|&before| before != usize::MAX));
            let mut chain: Vec<usize> = way.map(|s| steps[s].1).collect();
            chain.reverse();
            done.push(chain);
            if done.len() > 10 * MAX_PLACES {
                return None;
            }
            continue;
        };
        let end = spot + pieces[n].keys.len();
        let reach = at[end - 1] as usize + MAX_ELIDED;
        let to = end + at[end..].iter().take(MAX_ELIDED).take_while(|&&line| line as usize <= reach).count();
        let window = &keys[end..(to + next.keys.len() - 1).min(keys.len())];
        lines = lines.checked_sub(window.len() + next.keys.len())?;
        let found = occurrences(window, &next.keys, usize::MAX);
        if steps.len() + found.len() > STEPS {
            return None;
        }
        for spot in found.into_iter().rev() {
            open.push(steps.len());
            steps.push((n + 1, end + spot, step));
        }
    }
    Some(done)
}
