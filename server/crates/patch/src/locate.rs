//! Finds where a hunk belongs.
//!
//! The lines that a hunk says are there (context and removed ones) are looked for in order, blank lines and white
//! space left aside. All places where they are found are candidates; what tells candidates apart is, in this
//! order: how exactly they fit, the quoted code and the cited lines, the enclosing symbol, the order of the
//! hunks, and line numbers of the diff where another hunk proves them right. If two candidates that would lead to
//! different texts are left, the fix is refused.

use super::build::{self, RawEdit};
use super::hunk::{Hunk, HunkBody, HunkLine, Op};
use super::text::{self, Text};
use super::{Applied, Hints, Placement, Refusal, elision, fuzzy};
use finding::LineRange;
use std::cell::LazyCell;
use std::collections::HashSet;
use std::ops::Range;

mod block;
mod choose;
mod replace;

/// Candidates kept for one hunk.
const MAX_PLACES: usize = 100;
/// Lines that an elision may stand for.
const MAX_ELIDED: usize = 400;

/// How well a candidate's lines fit, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// All lines are the same, but for white space at their ends.
    Exact,
    /// Some are indented in another way.
    Indent,
    /// White space inside of some lines differs.
    Space,
    /// Some context lines differ.
    Fuzzy,
}

/// A place where a hunk fits.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) fit: Fit,
    pub(super) elided: bool,
    /// First and last matched line of the text, 0-based.
    pub(super) first: usize,
    pub(super) last: usize,
    /// What would change.
    pub(super) edits: Vec<RawEdit>,
}

impl Candidate {
    /// First line that changes and the first one after the changes, 0-based.
    fn span(&self) -> (usize, usize) {
        let start = self.edits.first().map_or(self.first, |e| e.start);
        let end = self.edits.last().map_or(self.last + 1, |e| e.start + e.count);
        (start, end)
    }

    /// The lines that change, 1-based; of an insertion, those that it stands between.
    fn changed(&self) -> LineRange {
        let start = self.edits.first().map_or(self.first, |e| e.start.saturating_sub(usize::from(e.count == 0)));
        let end = self.edits.last().map_or(self.last, |e| e.start + e.count.max(1) - 1);
        range(start, end)
    }

    fn placement(&self) -> Placement {
        match self.fit {
            Fit::Fuzzy => Placement::Fuzzy,
            _ if self.elided => Placement::Elided,
            Fit::Exact => Placement::Exact,
            Fit::Indent | Fit::Space => Placement::Whitespace,
        }
    }
}

pub(super) fn range(start: usize, end: usize) -> LineRange {
    let n = |i: usize| u32::try_from(i + 1).unwrap_or(u32::MAX);
    LineRange::new(n(start), n(end))
}

/// What is known of a hunk before the choice.
enum Found {
    Places(Vec<Candidate>),
    Already,
}

/// Places all hunks, or says why that cannot be done.
pub(super) fn place_hunks(text: &Text<'_>, hunks: &[Hunk], hints: &Hints<'_>) -> Result<Applied, Refusal> {
    let mut places = Vec::with_capacity(hunks.len());
    for hunk in hunks {
        match find(text, hunk, hints) {
            Ok(Found::Places(found)) => places.push((hunk, found)),
            Ok(Found::Already) => {}
            // The other hunks may prove the number that says where.
            Err(Refusal::NoPlace) if hunk.after.is_some() => places.push((hunk, Vec::new())),
            Err(refusal) => return Err(refusal),
        }
    }
    if places.is_empty() {
        return Err(Refusal::AlreadyApplied);
    }
    let chosen = choose::choose(text, places, hints)?;
    let placement = chosen.iter().map(Candidate::placement).max().unwrap_or(Placement::Exact);
    let edits = build::finish(text, chosen.into_iter().flat_map(|c| c.edits).collect())?;
    if edits.is_empty() {
        return Err(Refusal::AlreadyApplied);
    }
    Ok(Applied { edits, placement })
}

fn find(text: &Text<'_>, hunk: &Hunk, hints: &Hints<'_>) -> Result<Found, Refusal> {
    match &hunk.body {
        HunkBody::Lines(lines) if hunk.at_end && !lines.iter().any(HunkLine::is_old) => Ok(append(text, lines)),
        HunkBody::Lines(lines) => find_lines(text, lines, hints),
        HunkBody::Replace { old, new, all } => replace::find(text, old, new, *all, hints),
        HunkBody::Suggestion(new) => replace::suggestion(text, new, hints),
        HunkBody::Block(new) => block::find(text, new, hints),
    }
}

/// Finds a hunk of marked lines.
fn find_lines(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Result<Found, Refusal> {
    if let Some(hole) = hole(text, lines, hints) {
        return Err(Refusal::Elided { line: hole.trim().to_owned() });
    }
    // A line that looks like an elision and is in the text is meant as it is.
    let literal: Vec<HunkPiece> = split(lines, |_| false);
    let mut found = Vec::new();
    let elisions: HashSet<&str> =
        lines.iter().filter(|l| l.is_old() && l.is_elision()).map(|l| l.text.trim()).collect();
    if elisions.is_empty() || elisions.iter().any(|line| text.has_line(line)) {
        found = places(text, lines, &literal, hints)?;
    }
    let pieces = if found.is_empty() && !elisions.is_empty() {
        let pieces = split(lines, HunkLine::is_elision);
        if let Some(line) = lines.iter().find(|l| l.op == Op::Removed && l.is_elision()) {
            return Err(Refusal::Elided { line: line.text.trim().to_owned() });
        }
        if let Some(line) = lines.iter().find(|l| l.is_elision()).filter(|_| pieces.iter().any(|p| p.keys.is_empty())) {
            let changes =
                pieces.iter().any(|p| p.keys.is_empty() && lines[p.lines.clone()].iter().any(|l| l.op == Op::Added));
            if changes {
                return Err(Refusal::Elided { line: line.text.trim().to_owned() });
            }
        }
        let pieces: Vec<HunkPiece> = pieces.into_iter().filter(|p| !p.keys.is_empty()).collect();
        found = places(text, lines, &pieces, hints)?;
        pieces
    } else {
        literal
    };
    if pieces.iter().all(|p| p.keys.is_empty()) {
        return bare_insertion(text, lines);
    }
    let already = already(text, lines, &found);
    if found.is_empty() {
        match if already { Traces::All } else { traces(text, lines, hints) } {
            Traces::All => return Ok(Found::Already),
            // Someone did a part of it, or the like: what is left is for a person to see.
            Traces::Some => return Err(Refusal::NotFound),
            Traces::None => {}
        }
        found = fuzzy::places(text, lines, &pieces, hints);
        if found.is_empty() {
            return Err(Refusal::NotFound);
        }
    } else if already {
        return Err(Refusal::AlreadyApplied);
    }
    Ok(Found::Places(found))
}

/// A line to be added that leaves something out.
fn hole<'l>(text: &Text<'_>, lines: &'l [HunkLine], hints: &Hints<'_>) -> Option<&'l str> {
    let python = hints.path.is_some_and(|p| matches!(p.extension(), Some("py" | "pyi")));
    let dots = LazyCell::new(|| text.source().contains("...") || text.source().contains('…'));
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
        let there = substantial && !occurrences(text.solid().1, &added, 1).is_empty();
        return Err(if there { Refusal::AlreadyApplied } else { Refusal::NoPlace });
    }
    let newline = lines.iter().rev().find(|l| l.is_new()).map(|l| !l.no_newline);
    let new = lines.iter().filter(|l| l.is_new()).map(|l| l.text.clone()).collect();
    let edits = vec![RawEdit { start: 0, count: text.lines().len(), lines: new, newline }];
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first: 0, last: 0, edits }]))
}

/// What is added is put at the end of the text, unless it is there.
fn append(text: &Text<'_>, lines: &[HunkLine]) -> Found {
    let new: Vec<String> = lines.iter().map(|l| l.text.clone()).collect();
    let there = text.lines().len().checked_sub(new.len()).map(|start| &text.lines()[start..]);
    if there.is_some_and(|there| there.iter().zip(&new).all(|(a, b)| a.trim_end() == b.trim_end())) {
        return Found::Already;
    }
    Found::Places(vec![insertion(text.lines().len(), new)])
}

/// Lines put before line `start` (0-based).
fn insertion(start: usize, lines: Vec<String>) -> Candidate {
    let edits = vec![RawEdit { start, count: 0, lines, newline: None }];
    Candidate { fit: Fit::Exact, elided: false, first: start, last: start, edits }
}

/// Lines of a hunk between elisions.
#[derive(Debug, Clone)]
pub(super) struct HunkPiece {
    /// Which lines of the hunk.
    pub(super) lines: Range<usize>,
    /// Its old lines that are not blank: index in the hunk, and key.
    pub(super) solid: Vec<usize>,
    pub(super) keys: Vec<u64>,
}

fn split(lines: &[HunkLine], is_break: fn(&HunkLine) -> bool) -> Vec<HunkPiece> {
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

fn piece(lines: &[HunkLine], range: Range<usize>, side: fn(&HunkLine) -> bool) -> HunkPiece {
    let solid: Vec<usize> = range.clone().filter(|&i| side(&lines[i]) && !lines[i].is_blank()).collect();
    let keys = solid.iter().map(|&i| text::key(&lines[i].text)).collect();
    HunkPiece { lines: range, solid, keys }
}

/// Where `needle` is in `hay`, in order, at most `max` places; Knuth-Morris-Pratt, so linear in any input.
pub(super) fn occurrences(hay: &[u64], needle: &[u64], max: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let Some(&first) = needle.first() else { return out };
    if needle.len() == 1 {
        out.extend(hay.iter().enumerate().filter(|&(_, &k)| k == first).map(|(i, _)| i).take(max));
        return out;
    }
    let mut fail = vec![0_usize; needle.len()];
    let mut k = 0;
    for i in 1..needle.len() {
        while k > 0 && needle[i] != needle[k] {
            k = fail[k - 1];
        }
        k += usize::from(needle[i] == needle[k]);
        fail[i] = k;
    }
    k = 0;
    let mut i = 0;
    while i < hay.len() {
        if k == 0 {
            match hay[i..].iter().position(|&h| h == first) {
                Some(skip) => i += skip,
                None => break,
            }
        }
        while k > 0 && (k == needle.len() || hay[i] != needle[k]) {
            k = fail[k - 1];
        }
        k += usize::from(hay[i] == needle[k]);
        i += 1;
        if k == needle.len() {
            out.push(i - k);
            if out.len() == max {
                break;
            }
        }
    }
    out
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
    let (at, keys) = text.solid();
    let first = occurrences(keys, &pieces[0].keys, usize::MAX);
    let chains = match pieces {
        [only] => near_enough(&first, at, only.keys.len(), hints),
        _ => chains(text, pieces, &first),
    };
    let Some(chains) = chains else {
        // Too many ways to go on from the first piece say nothing of one that is nowhere.
        if pieces.iter().any(|p| occurrences(keys, &p.keys, 1).is_empty()) {
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

/// The candidate of an alignment; `None` where only white space changes and it is not there as written.
pub(super) fn candidate(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    pos: &[Option<usize>],
) -> Option<Candidate> {
    let lines = &*build::with_margin(text, lines, pos);
    let matched = || lines.iter().zip(pos).filter_map(|(l, p)| Some((l, (*p)?)));
    let mut fit = Fit::Exact;
    for (line, at) in matched() {
        let there = text.line(at);
        let this = if there.trim_end() == line.text.trim_end() || line.bare && there.trim_end() == line.text.trim_end()
        {
            Fit::Exact
        } else if there.trim() == line.text.trim() {
            Fit::Indent
        } else if text::key(there) == text::key(&line.text) && text::squeezed_eq(there, &line.text) {
            Fit::Space
        } else if line.op == Op::Context {
            Fit::Fuzzy
        } else {
            return None;
        };
        fit = fit.max(this);
    }
    // Blank lines count as white space: the same number of them between two lines, or the fit is less than exact.
    for piece in pieces {
        for (&a, &b) in piece.solid.iter().zip(piece.solid.iter().skip(1)) {
            let blank = lines[a..b].iter().filter(|l| l.is_old() && l.is_blank()).count();
            if let (Some(p), Some(q)) = (pos[a], pos[b])
                && q != p + 1 + blank
            {
                fit = fit.max(Fit::Space);
            }
        }
        // So do the blank lines at the edges of a piece: as many as it has, at least.
        let blanks = |range: &mut dyn Iterator<Item = &HunkLine>| {
            range.filter(|l| l.is_old()).take_while(|l| l.is_blank()).count()
        };
        let blank_at = |i: usize| i >= text.lines().len() || text.line(i).trim().is_empty();
        if let (Some(&a), Some(&b)) = (piece.solid.first(), piece.solid.last())
            && let (Some(p), Some(q)) = (pos[a], pos[b])
        {
            let above = blanks(&mut lines[piece.lines.start..a].iter().rev()).min(p);
            let below = blanks(&mut lines[b + 1..piece.lines.end].iter());
            if !(p - above..p).chain(q + 1..q + 1 + below).all(blank_at) {
                fit = fit.max(Fit::Space);
            }
        }
    }
    let first = matched().map(|(_, at)| at).min()?;
    let last = matched().map(|(_, at)| at).max()?;
    let edits = build::edits(text, lines, pieces, pos, fit == Fit::Exact)?;
    Some(Candidate { fit, elided: pieces.len() > 1, first, last, edits })
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

/// Columns of white space before a line, tabs as four.
pub(super) fn width(line: &str) -> usize {
    text::indent(line).chars().map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// Whether the text has what the hunk leads to: in place of the old lines, or over them.
fn already(text: &Text<'_>, lines: &[HunkLine], found: &[Candidate]) -> bool {
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
    let added: Vec<&HunkLine> = lines.iter().filter(|l| l.op == Op::Added && !l.is_blank()).collect();
    let weight: usize = added.iter().map(|l| text::weight(&l.text)).sum();
    let context: usize =
        lines.iter().filter(|l| l.op == Op::Context && !l.is_elision() && text::weight(&l.text) >= 3).count();
    let kept = lines.iter().filter(|l| l.is_new() && !l.is_blank() && !l.is_elision()).count();
    let old = lines.iter().filter(|l| l.is_old() && !l.is_blank() && !l.is_elision()).count();
    // Lines that say little prove nothing; a deletion is proved by what stands on both sides of it.
    let proof = if added.is_empty() {
        context >= 2 && inner_deletion(lines)
    } else {
        weight >= 4 && kept >= 1 || whitespace_only(lines) && context >= 1
    };
    if pieces.is_empty() || !proof {
        return false;
    }
    let (at, keys) = text.solid();
    if found.is_empty() && whitespace_only(lines) {
        // Then white space must be as written, which is not known of a hunk that is indented in another way.
        let [piece] = &pieces[..] else { return false };
        let as_written = |s: usize| {
            piece
                .solid
                .iter()
                .enumerate()
                .all(|(n, &i)| text.line(at[s + n] as usize).trim_end() == lines[i].text.trim_end())
        };
        let spots = occurrences(keys, &piece.keys, 10_000);
        return !lines.iter().any(|l| l.no_newline) && spots.into_iter().any(as_written);
    }
    if found.is_empty() {
        // In order.
        let mut from = 0;
        return pieces.iter().all(|piece| match occurrences(&keys[from..], &piece.keys, 1)[..] {
            [spot, ..] => {
                from += spot + piece.keys.len();
                true
            }
            [] => false,
        });
    }
    // Old and new side both fit at one place only where the old side is a part of the new one.
    kept >= old
        && !whitespace_only(lines)
        && pieces.iter().all(|piece| {
            let changes = lines[piece.lines.clone()].iter().any(|l| l.op != Op::Context);
            let spots = occurrences(keys, &piece.keys, if changes { 10_000 } else { 1 });
            !changes && !spots.is_empty()
                || spots.iter().any(|&s| {
                    let (first, last) = (at[s] as usize, at[s + piece.keys.len() - 1] as usize);
                    found.iter().any(|c| c.first <= last && first <= c.last)
                })
        })
}

/// How much of what a hunk adds is in the text, near what it says is around it.
enum Traces {
    None,
    Some,
    All,
}

/// Looks for what the hunk adds where its old lines are not: the code was changed, perhaps to just that.
fn traces(text: &Text<'_>, lines: &[HunkLine], hints: &Hints<'_>) -> Traces {
    const AROUND: usize = 30;
    const SAYS: usize = 4;
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
    let mut spots: Vec<Vec<usize>> = vec![Vec::new(); keys.len()];
    for (spot, key) in all.iter().enumerate() {
        // Few keys are told faster one by one.
        let n = if keys.len() <= 8 { keys.iter().position(|k| k == key) } else { keys.binary_search(key).ok() };
        if let Some(spots) = n.map(|n| &mut spots[n]).filter(|spots| spots.len() < SPOTS) {
            spots.push(spot);
        }
    }
    if spots.iter().all(Vec::is_empty) {
        return Traces::None;
    }
    let kept: HashSet<u64> = lines.iter().filter(|l| l.is_new()).map(|l| text::key(&l.text)).collect();
    let gone: HashSet<u64> = removed.difference(&kept).copied().collect();
    // How many lines of the context are before each line: whether one is in a window, at once.
    let contexts: Vec<u32> = std::iter::once(0)
        .chain(all.iter().scan(0, |n, key| {
            *n += u32::from(context.contains(key));
            Some(*n)
        }))
        .collect();
    let near = |spot: usize| spot.saturating_sub(AROUND + lines.len())..(spot + AROUND + lines.len()).min(all.len());
    let anchored = |spot: usize| {
        let (window, line) = (near(spot), range(at[spot] as usize, at[spot] as usize));
        contexts[window.end] > contexts[window.start]
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
    if spots.iter().flatten().any(|&spot| anchored(spot)) { Traces::Some } else { Traces::None }
}

/// Whether all that the hunk removes has context before and after it.
fn inner_deletion(lines: &[HunkLine]) -> bool {
    let solid = |l: &&HunkLine| l.op == Op::Context && !l.is_blank() && !l.is_elision();
    let first = lines.iter().position(|l| l.op == Op::Removed).unwrap_or(0);
    let last = lines.iter().rposition(|l| l.op == Op::Removed).unwrap_or(0);
    lines[..first].iter().any(|l| solid(&l)) && lines[last..].iter().any(|l| solid(&l))
}

/// Whether the old and the new side are the same but for white space.
pub(super) fn whitespace_only(lines: &[HunkLine]) -> bool {
    let side = |f: fn(&HunkLine) -> bool| -> Vec<u64> {
        lines.iter().filter(|l| f(l)).map(|l| text::key(&l.text)).filter(|&k| k != text::BLANK).collect()
    };
    side(HunkLine::is_old) == side(HunkLine::is_new)
}
