//! Tells candidates apart.

use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, insertion};
use crate::hunk::{Hunk, HunkBody};
use crate::pieces::{range, width};
use crate::text::{self, Text};
use crate::{Hints, Refusal, quote};
use finding::LineRange;
use std::collections::HashMap;

/// One candidate for each hunk.
pub(super) fn choose(
    text: &Text<'_>,
    places: Vec<(&Hunk, Vec<Candidate>)>,
    hints: &Hints<'_>,
) -> Result<Vec<Candidate>, Refusal> {
    let quoted = hints.quote.and_then(|q| quote::find(text, q, hints.lines));
    let said = Said { hints, quoted, alone: places.len() == 1 };
    // A hunk that fits at one place only, where its header says, proves the numbers of the diff.
    let proven = places.iter().any(|(hunk, all)| counts(hunk) && matches!(&all[..], [only] if starts_at(hunk, only)));
    let mut left: Vec<(&Hunk, Vec<Candidate>)> =
        places.into_iter().map(|(hunk, all)| (hunk, best_fit(text, hunk, all))).collect();
    share(&mut left);
    // The hunks bound each other; what is cited and named may be of any of them.
    order(&mut left, proven);
    // What moved one hunk sideways moved all: then their indentation says nothing.
    let as_written = left.iter().all(|(_, all)| all.is_empty() || all.iter().any(|c| c.fit == Fit::Exact));
    for (hunk, all) in &mut left {
        narrow(text, hunk, all, &said);
        // A hunk that is indented as a whole was not moved to the margin.
        if all.len() > 1 && as_written && is_indented(hunk) {
            keep(all, |c| c.fit == Fit::Exact);
        }
    }
    order(&mut left, proven);
    for i in 0..left.len() {
        if left[i].1.is_empty() {
            let candidate = numbered(text, &left, i).ok_or(Refusal::NoPlace)?;
            left[i].1.push(candidate);
        }
    }
    left.into_iter()
        .map(|(_, mut all)| match all.len() {
            1 => Ok(all.remove(0)),
            _ => {
                let mut places: Vec<u32> = all.iter().map(|c| c.changed().start()).collect();
                places.sort_unstable();
                places.dedup();
                Err(Refusal::Ambiguous { places })
            }
        })
        .collect()
}

/// Whether the number in its header was counted: that it begins at line 1 is also written by those who do not know.
fn counts(hunk: &Hunk) -> bool {
    hunk.start.is_some_and(|start| start > 1)
}

/// Hunks that do the same at the same places, and are as many as these, have one each, in order; of more, the last ones.
fn share(left: &mut [(&Hunk, Vec<Candidate>)]) {
    let mut alike: HashMap<Vec<&[RawEdit]>, Vec<usize>> = HashMap::new();
    for (i, (_, all)) in left.iter().enumerate().filter(|(_, (_, all))| all.len() > 1) {
        alike.entry(in_order(all).into_iter().map(|c| &c.edits[..]).collect()).or_default().push(i);
    }
    let enough = alike
        .into_iter()
        .filter_map(|(places, hunks)| hunks.len().checked_sub(places.len()).map(|more| hunks[more..].to_vec()));
    for hunks in enough.collect::<Vec<_>>() {
        for (n, hunk) in hunks.into_iter().enumerate() {
            let own = in_order(&left[hunk].1)[n].clone();
            left[hunk].1 = vec![own];
        }
    }
}

fn in_order(all: &[Candidate]) -> Vec<&Candidate> {
    let mut all: Vec<&Candidate> = all.iter().collect();
    all.sort_by_key(|c| c.span());
    all
}

/// Hunks come in the order of the text: those that are placed bound those between them. And numbers that are right
/// for one are right for the others.
fn order(left: &mut [(&Hunk, Vec<Candidate>)], proven: bool) {
    for i in 0..left.len() {
        let only = |c: &(&Hunk, Vec<Candidate>)| if let [only] = &c.1[..] { Some(only.span()) } else { None };
        let low = left[..i].iter().rev().find_map(only).map(|(_, end)| end);
        let high = left[i + 1..].iter().find_map(only).map(|(start, _)| start);
        let (hunk, all) = &mut left[i];
        if all.len() > 1 {
            keep(all, |c| low.is_none_or(|l| c.span().0 >= l) && high.is_none_or(|h| c.span().1 <= h));
        }
        if all.len() > 1 && proven {
            keep(all, |c| starts_at(hunk, c));
        }
    }
}

/// A hunk that only adds lines, at the place that its header numbers, where a hunk before it and one behind it are
/// placed by their text as it is written, just where their headers say: then nothing between them has moved, and the diff
/// was not moved sideways.
fn numbered(text: &Text<'_>, left: &[(&Hunk, Vec<Candidate>)], i: usize) -> Option<Candidate> {
    let hunk = left[i].0;
    let (after, HunkBody::Lines(lines)) = (hunk.after? as usize, &hunk.body) else { return None };
    let proves =
        |c: &&(&Hunk, Vec<Candidate>)| matches!(&c.1[..], [only] if only.fit == Fit::Exact && starts_at(c.0, only));
    let before = left[..i].iter().rev().find(proves)?.1[0].last;
    let behind = left[i + 1..].iter().find(proves)?.1[0].first;
    let inside = before < after && after <= behind && after <= text.lines().len();
    inside.then(|| insertion(after, lines.iter().map(|l| l.text.clone()).collect()))
}

/// Keeps those that `test` says, if it says any.
fn keep(all: &mut Vec<Candidate>, test: impl Fn(&Candidate) -> bool) {
    if all.iter().any(&test) {
        all.retain(test);
    }
}

/// Those that fit best. White space inside of lines is seldom wrong; indentation is, and then it is all the same
/// shift, so that one candidate is as good as another.
fn best_fit(text: &Text<'_>, hunk: &Hunk, mut all: Vec<Candidate>) -> Vec<Candidate> {
    let best = all.iter().map(|c| c.fit).min().unwrap_or(Fit::Exact).max(Fit::Indent);
    all.retain(|c| c.fit <= best);
    if let HunkBody::Lines(lines) = &hunk.body
        && lines.iter().any(|l| l.no_newline)
    {
        keep(&mut all, |c| c.last + 1 == text.lines().len());
    }
    if hunk.at_end {
        let solid = text.solid().0;
        keep(&mut all, |c| solid.last().is_some_and(|&last| c.last >= last as usize));
    }
    all
}

/// What the finding says of the place of its hunks.
struct Said<'h> {
    hints: &'h Hints<'h>,
    /// Where the code is that it quotes.
    quoted: Option<LineRange>,
    /// Whether there is one hunk only.
    alone: bool,
}

fn narrow(text: &Text<'_>, hunk: &Hunk, all: &mut Vec<Candidate>, said: &Said<'_>) {
    let Said { hints, quoted, alone } = *said;
    if all.len() < 2 {
        return;
    }
    if let Some(quoted) = quoted {
        keep(all, |c| range(c.first, c.last).overlaps(quoted));
    }
    if let Some(lines) = hints.lines {
        // Of several hunks, the lines that are cited may be another one's: where this one's header names a place by itself, the
        // two contradict each other, and neither decides.
        let headed = all.iter().find(|c| !alone && counts(hunk) && starts_at(hunk, c)).cloned();
        cited(all, lines, alone);
        all.extend(headed.filter(|headed| all.iter().all(|c| c.span() != headed.span())));
    }
    // The number of a search block was counted in the text, as those of diffs are not.
    if let (HunkBody::Replace { .. }, Some(start)) = (&hunk.body, hunk.start) {
        cited(all, LineRange::line(start), alone);
    }
    if all.len() > 1
        && let Some(section) = &hunk.section
    {
        keep(all, |c| is_under(text, c, section) || is_after(text, c, section));
    }
    if all.len() > 1
        && let Some(symbol) = hints.symbol
    {
        keep(all, |c| is_under(text, c, symbol));
    }
}

/// Keeps the candidate that the cited lines mean. For one hunk of several they say less: its neighbours may be
/// what is cited.
fn cited(all: &mut Vec<Candidate>, lines: LineRange, alone: bool) {
    const NEAR: u32 = 30;
    // What several hunks change ends a line or two away from where it is said to, where lines are alike.
    const BESIDE: u32 = 3;
    let far = |c: &Candidate| distance(c.changed(), lines);
    let mut by: Vec<u32> = all.iter().map(far).collect();
    by.sort_unstable();
    let (Some(&first), Some(&second)) = (by.first(), by.get(1)) else { return };
    let beside = if alone { 0 } else { BESIDE };
    let clear = if first == 0 { second > beside } else { alone && first <= NEAR && second > 2 * first };
    if clear {
        all.retain(|c| far(c) == first);
    }
}

/// Lines from one range to the other; 0 where they overlap.
fn distance(a: LineRange, b: LineRange) -> u32 {
    if a.overlaps(b) { 0 } else { a.distance(b) + 1 }
}

/// Lines that are the same as a section, of which one may be it.
const SAME: usize = 20;
/// Lines above a candidate in which a name is looked for.
const REACH: usize = 2000;

/// Whether the nearest line that has `name` and is indented less encloses the candidate.
fn is_under(text: &Text<'_>, candidate: &Candidate, name: &str) -> bool {
    let name = name.trim();
    if text::weight(name) == 0 {
        return false;
    }
    let (whole, first) = (text::key(name), candidate.first);
    let mut low = width(text.line(first)).max(1);
    for i in (first.saturating_sub(REACH)..=first).rev() {
        let line = text.line(i);
        if line.trim().is_empty() || i < first && width(line) >= low {
            continue;
        }
        if text::key(line) == whole || has_word(line, name) {
            return true;
        }
        if i < first {
            low = width(line);
            if low == 0 {
                return false;
            }
        }
    }
    false
}

/// Whether `section` is the last such line above the candidate, which is what git writes behind `@@`: the candidate need
/// not be inside of what begins there. A line that begins as no name does begins no section.
fn is_after(text: &Text<'_>, candidate: &Candidate, section: &str) -> bool {
    let (at, keys) = text.solid();
    let whole = text::key(section);
    let here = at.partition_point(|&line| (line as usize) < candidate.first);
    let line = |i: usize| text.line(at[i] as usize);
    // As git has it, for which only ASCII has letters.
    let names = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$');
    let is_last = |found: usize| {
        let depth = width(line(found));
        (found + 1..here).all(|i| width(line(i)) > depth || !names(line(i)))
    };
    let mut same = (here.saturating_sub(REACH)..here).rev().filter(|&i| keys[i] == whole).take(SAME);
    same.any(is_last)
}

/// Whether `name` is in `line`, not as a part of a longer name.
fn has_word(line: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let longer_before = name.starts_with(word) && line[..at].ends_with(word);
        let longer_after = name.ends_with(word) && line[at + name.len()..].starts_with(word);
        !longer_before && !longer_after
    })
}

/// Whether the candidate is where the header of the hunk says.
fn starts_at(hunk: &Hunk, candidate: &Candidate) -> bool {
    let (Some(start), HunkBody::Lines(lines)) = (hunk.start, &hunk.body) else { return false };
    let blank = lines.iter().filter(|l| l.is_old()).take_while(|l| l.is_blank()).count();
    candidate.first + 1 == start as usize + blank
}

/// Whether every line of the hunk is indented.
fn is_indented(hunk: &Hunk) -> bool {
    let HunkBody::Lines(lines) = &hunk.body else { return false };
    let mut solid = lines.iter().filter(|l| !l.is_blank() && !l.is_elision()).peekable();
    solid.peek().is_some() && solid.all(|l| !text::indent(&l.text).is_empty())
}
