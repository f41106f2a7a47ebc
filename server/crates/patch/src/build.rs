//! From an alignment of hunk and text to edits: runs that change, minimal edits, line endings.

use super::diff::diff_lines;
use super::hunk::{HunkLine, Op};
use super::indentation::Pairs;
use super::pieces::{HunkPiece, whitespace_only};
use super::text::{Text, indent};
use super::{LineEdit, Refusal};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Lines put in place of others. Lines are 0-based and have no endings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RawEdit {
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) lines: Vec<String>,
    /// Whether the text ends with a line ending afterwards, where the hunk says so about its end.
    pub(super) newline: Option<bool>,
}

/// What an aligned hunk changes; `None` where only white space would change in lines that are not there as
/// written, and where nothing changes.
pub(super) fn edits(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    pos: &[Option<usize>],
    exact: bool,
) -> Option<Vec<RawEdit>> {
    let verbatim = whitespace_only(lines);
    if verbatim && !exact {
        return None;
    }
    let mut out = Vec::new();
    for piece in pieces.iter().filter(|p| lines[p.lines.clone()].iter().any(|l| l.op != Op::Context)) {
        let pos = with_blanks(text, lines, piece, pos);
        let pairs = Pairs::new(text, lines, piece, &pos);
        let newline = newline_at_end(&lines[piece.lines.clone()]);
        for run in runs(lines, piece) {
            let added = run.clone().filter(|&j| lines[j].op == Op::Added);
            let reindent = |j: usize| if verbatim { lines[j].text.clone() } else { pairs.reindent(j, &lines[j].text) };
            let new: Vec<String> = added.map(reindent).collect();
            let removed: Vec<usize> = run.clone().filter(|&j| lines[j].op == Op::Removed).filter_map(&pos).collect();
            let (start, count) = match (removed.first(), removed.last()) {
                (Some(&first), Some(&last)) => (first, last + 1 - first),
                _ if new.is_empty() => continue,
                _ => {
                    let before = (piece.lines.start..run.start).rev().find_map(&pos);
                    let after = || (run.end..piece.lines.end).find_map(&pos);
                    (before.map(|b| b + 1).or_else(after)?, 0)
                }
            };
            out.push(RawEdit { start, count, lines: new, newline });
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The runs of lines of a piece that are no context.
fn runs(lines: &[HunkLine], piece: &HunkPiece) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for j in piece.lines.clone().filter(|&j| lines[j].op != Op::Context) {
        match out.last_mut() {
            Some(run) if run.end == j => run.end = j + 1,
            _ => out.push(j..j + 1),
        }
    }
    out
}

/// Whether a hunk says that the text ends with a line ending afterwards, or that it does not any more.
fn newline_at_end(lines: &[HunkLine]) -> Option<bool> {
    let without = |side: fn(&HunkLine) -> bool| lines.iter().rev().find(|l| side(l)).is_some_and(|l| l.no_newline);
    match (without(HunkLine::is_old), without(HunkLine::is_new)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// The hunk with the first blank of its context lines, where they lost the one that marks them: then the blank
/// that was taken for the mark is a part of the line. Which it is shows in the text.
pub(super) fn with_margin<'l>(text: &Text<'_>, lines: &'l [HunkLine], pos: &[Option<usize>]) -> Cow<'l, [HunkLine]> {
    let context = || lines.iter().zip(pos).filter(|(l, p)| l.op == Op::Context && p.is_some());
    let (mut lost, mut kept) = (0_usize, 0_usize);
    for (line, at) in context().filter(|(l, _)| !l.bare).filter_map(|(l, p)| Some((l, (*p)?))) {
        let there = text.line(at).trim_end();
        kept += usize::from(there == line.text.trim_end());
        lost += usize::from(there.strip_prefix(' ') == Some(line.text.trim_end()));
    }
    if lost <= kept && kept > 0 {
        return Cow::Borrowed(lines);
    }
    // Where some lines have lost it and the others may have, all have.
    let some = context().any(|(l, _)| l.bare) && context().all(|(l, _)| l.bare || l.text.starts_with([' ', '\t']));
    // Or all are one blank short: indented by odd numbers, where the marked lines and the text are by even ones.
    let marked: BTreeSet<usize> =
        lines.iter().filter(|l| l.op != Op::Context && !l.is_blank()).map(|l| indent(&l.text).len()).collect();
    let even = |at: usize| matches!(indent(text.line(at)), there if there.contains('\t') || there.len() % 2 == 0);
    let short = context().any(|(l, _)| marked.contains(&(indent(&l.text).len() + 1)))
        || context().filter_map(|(_, p)| *p).all(even);
    let short = short
        && context().all(|(l, _)| indent(&l.text).len() % 2 == 1 && !l.text.starts_with('\t'))
        && marked.iter().all(|m| m % 2 == 0);
    if lost <= kept && !((some || short) && kept == 0) {
        return Cow::Borrowed(lines);
    }
    let mut lines = lines.to_vec();
    for line in lines.iter_mut().filter(|l| l.op == Op::Context && !l.bare && !l.is_blank()) {
        line.text.insert(0, ' ');
    }
    Cow::Owned(lines)
}

/// The alignment with the blank lines: those before the first change of a gap go to the first blank lines of the
/// text there, those after it to the last ones.
fn with_blanks<'p>(
    text: &Text<'_>,
    lines: &[HunkLine],
    piece: &HunkPiece,
    pos: &'p [Option<usize>],
) -> impl Fn(usize) -> Option<usize> + use<'p> {
    let mut blanks: BTreeMap<usize, usize> = BTreeMap::new();
    let blank = |i: usize| i < text.lines().len() && text.line(i).trim().is_empty();
    let old_blank = |j: &usize| lines[*j].is_old() && lines[*j].is_blank();
    let solid: Vec<usize> = piece.lines.clone().filter(|&j| pos[j].is_some()).collect();
    let ends =
        [None].into_iter().chain(solid.iter().copied().map(Some)).zip(solid.iter().copied().map(Some).chain([None]));
    for (a, b) in ends {
        let hunk = a.map_or(piece.lines.start, |a| a + 1)..b.unwrap_or(piece.lines.end);
        let changes = hunk.clone().find(|&j| lines[j].op != Op::Context).unwrap_or(hunk.end);
        // Forward from the line before as far as the first change, backward from the line after.
        let (mut up, mut down) = (a.and_then(|a| pos[a]).map(|p| p + 1), b.and_then(|b| pos[b]));
        let split = if down.is_none() {
            hunk.end
        } else if up.is_none() {
            hunk.start
        } else {
            changes
        };
        let inside = |up: Option<usize>, down: Option<usize>| up.zip(down).is_none_or(|(u, d)| u < d);
        for j in (hunk.start..split).filter(old_blank) {
            if let Some(p) = up.filter(|&p| blank(p) && inside(up, down)) {
                blanks.insert(j, p);
                up = Some(p + 1);
            }
        }
        for j in (split..hunk.end).rev().filter(old_blank) {
            if let Some(p) = down.and_then(|d| d.checked_sub(1)).filter(|&p| blank(p) && inside(up, down)) {
                blanks.insert(j, p);
                down = Some(p);
            }
        }
    }
    move |j| pos[j].or_else(|| blanks.get(&j).copied())
}

/// Minimal edits, in order, with line endings; overlapping ones are refused.
pub(super) fn finish(text: &Text<'_>, mut raw: Vec<RawEdit>) -> Result<Vec<LineEdit>, Refusal> {
    raw.sort_by_key(|e| (e.start, e.start + e.count));
    raw.dedup();
    for pair in raw.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        // Two insertions at one place have no order.
        if a.start + a.count > b.start || a.count == 0 && b.count == 0 && a.start == b.start {
            return Err(Refusal::Overlaps { other: "another hunk of it".to_owned() });
        }
    }
    let total = text.lines().len();
    let newline = raw.iter().filter(|e| e.start + e.count >= total).find_map(|e| e.newline);
    let newline = newline.unwrap_or(text.ends_with_newline());
    let small = with_end(text, raw.iter().flat_map(|edit| minimal(text, edit)).collect(), newline);
    let small = side_by_side(small);
    let mut out: Vec<LineEdit> = small.into_iter().map(|edit| line_edit(text, &edit, newline)).collect();
    // What is put in place of itself: an empty line, a byte order mark, a last line that needs no end.
    let is_same = |edit: &LineEdit| {
        let old = edit.start as usize - 1..(edit.start - 1 + edit.count) as usize;
        old.map(|line| text.line(line)).eq(lines::split(&edit.text))
    };
    if (text.is_blank() || out.iter().all(is_same)) && text.with(&out) == text.source() {
        out.clear();
    }
    Ok(out)
}

/// An edit as those of the lines that differ.
fn minimal(text: &Text<'_>, edit: &RawEdit) -> Vec<RawEdit> {
    let old: Vec<&str> = (edit.start..edit.start + edit.count).map(|i| text.line(i)).collect();
    let new: Vec<&str> = edit.lines.iter().map(String::as_str).collect();
    let one = |(before, after): (Range<usize>, Range<usize>)| RawEdit {
        start: edit.start + before.start,
        count: before.len(),
        lines: edit.lines[after].to_vec(),
        newline: None,
    };
    diff_lines(&old, &new).into_iter().map(one).collect()
}

/// The edits with what the end of the text asks for: its last line ends as the text did, or as the hunk says (`newline`).
fn with_end(text: &Text<'_>, mut edits: Vec<RawEdit>, newline: bool) -> Vec<RawEdit> {
    let total = text.lines().len();
    let changes_end = newline != text.ends_with_newline() && total > 0;
    if newline && text.ends_with_newline() && !changes_end {
        return edits;
    }
    if edits.last().is_none_or(|last| last.start + last.count < total) {
        if changes_end {
            let lines = vec![text.line(total - 1).to_owned()];
            edits.push(RawEdit { start: total - 1, count: 1, lines, newline: None });
        }
        return edits;
    }
    // The line before must end, or stop to end.
    while let Some(mut last) = edits.pop() {
        if last.start == 0 || last.count > 0 && !last.lines.is_empty() {
            edits.push(last);
            break;
        }
        match edits.last_mut() {
            Some(before) if before.start + before.count == last.start => {
                before.count += last.count;
                before.lines.append(&mut last.lines);
            }
            _ => {
                last.start -= 1;
                last.count += 1;
                last.lines.insert(0, text.line(last.start).to_owned());
                edits.push(last);
            }
        }
    }
    edits
}

/// The edits, those side by side as one: what stands around each is what the text has there.
fn side_by_side(edits: Vec<RawEdit>) -> Vec<RawEdit> {
    let mut out: Vec<RawEdit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match out.last_mut() {
            Some(before) if before.start + before.count == edit.start => {
                before.count += edit.count;
                before.lines.extend(edit.lines);
            }
            _ => out.push(edit),
        }
    }
    out
}

/// An edit with the line endings of the text; `newline` says whether its last line is to have one.
///
/// A `\r` before it and a `\n` behind it, which are two ends in the text, may become one by it, and a line be lost. An end of
/// both is never one with what stands around it, so that is what lines have there.
fn line_edit(text: &Text<'_>, edit: &RawEdit, newline: bool) -> LineEdit {
    let (mut count, end) = (edit.count, edit.start + edit.count);
    let (before, after) = (&text.source()[..text.start(edit.start)], &text.source()[text.start(end)..]);
    let are_one = |before: &str, after: &str| before.ends_with('\r') && after.starts_with('\n');
    let own = text.ending(if count == 0 { edit.start.saturating_sub(1) } else { edit.start });
    let mut new = with_endings(text, edit, newline, own);
    if new.is_empty() && are_one(before, after) {
        // The empty line behind what is taken out.
        count += 1;
        new.push_str("\r\n");
    } else if are_one(before, &new) || are_one(&new, after) {
        new = with_endings(text, edit, newline, "\r\n");
    }
    let n = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    LineEdit { start: n(edit.start + 1), count: n(count), text: new }
}

/// The lines of an edit, each ended by `ending`, but for the text's last one where that is not to end.
fn with_endings(text: &Text<'_>, edit: &RawEdit, newline: bool, ending: &str) -> String {
    let total = text.lines().len();
    let last_line = edit.start + edit.count >= total;
    let mut new = String::new();
    if edit.start == 0 && text.has_bom() && (edit.count > 0 || total == 0) {
        new.push('\u{feff}');
    }
    for (i, line) in edit.lines.iter().enumerate() {
        new.push_str(line);
        if !(last_line && i + 1 == edit.lines.len()) || newline {
            new.push_str(ending);
        }
    }
    new
}
