//! From an alignment of hunk and text to edits: indentation, line endings, minimal runs.

use super::diff::diff_lines;
use super::hunk::{HunkLine, Op};
use super::pieces::{HunkPiece, whitespace_only, width};
use super::text::{self, Text, indent};
use super::{LineEdit, Refusal};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Lines put in place of others. Lines are 0-based and have no endings.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        let mut k = piece.lines.start;
        while k < piece.lines.end {
            if lines[k].op == Op::Context {
                k += 1;
                continue;
            }
            let run = k..(k..piece.lines.end).find(|&j| lines[j].op == Op::Context).unwrap_or(piece.lines.end);
            k = run.end;
            let removed: Vec<usize> = run.clone().filter(|&j| lines[j].op == Op::Removed).filter_map(&pos).collect();
            let added = run.clone().filter(|&j| lines[j].op == Op::Added);
            let new: Vec<String> = added
                .map(|j| if verbatim { lines[j].text.clone() } else { pairs.reindent(j, &lines[j].text) })
                .collect();
            let (start, count) = match (removed.first(), removed.last()) {
                (Some(&first), Some(&last)) => (first, last + 1 - first),
                _ if new.is_empty() => continue,
                _ => {
                    let before = (piece.lines.start..run.start).rev().find_map(&pos);
                    let after = || (run.end..piece.lines.end).find_map(&pos);
                    (before.map(|b| b + 1).or_else(after)?, 0)
                }
            };
            let at_end = |side: fn(&HunkLine) -> bool| {
                lines[piece.lines.clone()].iter().rev().find(|l| side(l)).is_some_and(|l| l.no_newline)
            };
            let newline = match (at_end(HunkLine::is_old), at_end(HunkLine::is_new)) {
                (true, false) => Some(true),
                (false, true) => Some(false),
                _ => None,
            };
            out.push(RawEdit { start, count, lines: new, newline });
        }
    }
    (!out.is_empty()).then_some(out)
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

/// What the aligned lines say about indentation.
struct Pairs<'h, 't> {
    /// For each indentation in the hunk: the lines that have it, in order, with their indentation in the text.
    pairs: BTreeMap<&'h str, Vec<(usize, &'t str)>>,
    /// Made when it is asked for: most added lines are indented as some line beside them.
    style: OnceCell<Style>,
    text: &'h Text<'t>,
    lines: &'h [HunkLine],
    /// The first line of the text that is aligned.
    at: usize,
}

/// How the text indents, where the hunk might do it in another way.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// Whether the text indents with tabs; `None` where it does not indent.
    tabs: Option<bool>,
    /// Spaces of one level in the hunk.
    hunk_unit: usize,
    /// Spaces of one level in the text.
    text_unit: usize,
    /// Whether levels are to be scaled from one number of spaces to another.
    scale: bool,
}

impl<'h, 't> Pairs<'h, 't> {
    fn new(
        text: &'h Text<'t>,
        lines: &'h [HunkLine],
        piece: &HunkPiece,
        pos: &impl Fn(usize) -> Option<usize>,
    ) -> Pairs<'h, 't> {
        let mut pairs: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        let mut at = None;
        for (j, p) in piece.solid.iter().filter_map(|&j| Some((j, pos(j)?))) {
            at = at.or(Some(p));
            pairs.entry(indent(&lines[j].text)).or_default().push((j, indent(text.line(p))));
        }
        Pairs { pairs, style: OnceCell::new(), text, lines, at: at.unwrap_or(0) }
    }

    fn style(&self) -> Style {
        *self.style.get_or_init(|| {
            let mut pairs: Vec<(usize, &str, &str)> =
                self.pairs.iter().flat_map(|(&hunk, all)| all.iter().map(move |&(j, text)| (j, hunk, text))).collect();
            pairs.sort_unstable();
            Style::new(self.text, self.at, self.lines.iter().map(|l| l.text.as_str()), &pairs)
        })
    }

    /// `line`, the hunk's line `j`, with the indentation that it has in the text.
    fn reindent(&self, j: usize, line: &str) -> String {
        let body = line.trim_start_matches([' ', '\t']);
        if body.is_empty() {
            return String::new();
        }
        let want = indent(line);
        if let Some(same) = self.pairs.get(want).and_then(|lines| nearest(lines, j)) {
            return format!("{same}{body}");
        }
        let outer = self.pairs.iter().filter(|p| want.starts_with(p.0)).max_by_key(|p| p.0.len());
        if let Some((hunk, there)) = outer.and_then(|(hunk, lines)| Some((hunk, nearest(lines, j)?))) {
            return format!("{there}{}{body}", self.style().convert(there, &want[hunk.len()..], true));
        }
        let inner = self.pairs.iter().filter(|p| p.0.starts_with(want)).min_by_key(|p| p.0.len());
        if let Some((hunk, there)) = inner.and_then(|(hunk, lines)| Some((hunk, nearest(lines, j)?))) {
            let cut = self.style().convert(there, &hunk[want.len()..], false);
            let there = match there.strip_suffix(cut.as_str()) {
                Some(rest) => rest,
                None => &there[..there.len().saturating_sub(cut.len())],
            };
            return format!("{there}{body}");
        }
        if self.pairs.is_empty() {
            return line.to_owned();
        }
        // The hunk mixes tabs and spaces: by columns.
        let style = self.style();
        let levels = width(line) / style.hunk_unit.max(1);
        let level = if style.tabs == Some(true) { "\t".to_owned() } else { " ".repeat(style.text_unit) };
        format!("{}{body}", level.repeat(levels))
    }
}

/// Of lines in order, what is said of the one nearest to line `j`; of two as near, of the one before.
fn nearest<'t>(lines: &[(usize, &'t str)], j: usize) -> Option<&'t str> {
    let after = lines.partition_point(|l| l.0 <= j);
    let near = lines[after.saturating_sub(1)..].iter().take(2);
    near.min_by_key(|l| l.0.abs_diff(j)).map(|l| l.1)
}

impl Style {
    fn new<'l>(text: &Text<'_>, at: usize, hunk: impl Iterator<Item = &'l str>, pairs: &[(usize, &str, &str)]) -> Self {
        const AROUND: usize = 100;
        let mut tabs = 0_usize;
        let mut spaces = 0_usize;
        let low = at.saturating_sub(AROUND);
        let around = || (low..at + AROUND).map(|i| text.line(i)).filter(|l| !l.trim().is_empty());
        for line in around() {
            match line.as_bytes().first() {
                Some(b'\t') => tabs += 1,
                Some(b' ') if line.starts_with("  ") => spaces += 1,
                _ => {}
            }
        }
        let text_unit = unit(around());
        let mut seen = BTreeSet::new();
        let pairs: Vec<(usize, &str, &str)> = pairs.iter().copied().filter(|p| seen.insert((p.1, p.2))).collect();
        let pairs = &pairs[..];
        let hunk: Vec<&str> = hunk.filter(|l| !l.trim().is_empty()).collect();
        let hunk_min = hunk.iter().map(|l| indent(l).len()).min().unwrap_or(0);
        let hunk_unit = unit(hunk.into_iter());
        // Spaces of the hunk that are tabs in the text say how wide a level is in the hunk: two levels do, or one
        // where the hunk as a whole was not moved to the margin.
        let tabbed = |s: &str| s.bytes().all(|b| b == b'\t');
        let spaced = |s: &str| s.bytes().all(|b| b == b' ');
        let fixed = (hunk_min > 0).then_some((0, "", ""));
        let widths = pairs.iter().flat_map(|b| pairs.iter().copied().chain(fixed).map(move |a| (a, *b))).take(200);
        let widths = widths.filter_map(|(a, b)| {
            let levels = b.2.len().checked_sub(a.2.len()).filter(|&l| l > 0 && tabbed(a.2) && tabbed(b.2))?;
            let blanks = b.1.len().checked_sub(a.1.len()).filter(|_| spaced(a.1) && spaced(b.1))?;
            (blanks % levels == 0 && blanks / levels > 1).then(|| blanks / levels)
        });
        let hunk_unit = widths.min().unwrap_or(hunk_unit);
        // Two levels that are seen on both sides say how they scale.
        let only_spaces = |s: &str| s.bytes().all(|b| b == b' ');
        let mut scale = false;
        for a in pairs {
            for b in pairs.iter().filter(|b| b.1.len() > a.1.len()).take(8) {
                let (h, t) = (b.1.len() - a.1.len(), b.2.len().saturating_sub(a.2.len()));
                if only_spaces(b.1) && only_spaces(b.2) {
                    scale |= t != h && t * hunk_unit == h * text_unit;
                }
            }
        }
        Self { tabs: (tabs + spaces > 0).then_some(tabs > spaces), hunk_unit, text_unit, scale }
    }

    /// Indentation that the hunk has beyond that of a line whose indentation in the text is `base`, as the text
    /// would have it.
    fn convert(self, base: &str, extra: &str, deeper: bool) -> String {
        let all = |c: char| !extra.is_empty() && extra.chars().all(|e| e == c);
        // The lines around decide before the rest of the file does.
        let tabs = if base.contains('\t') {
            true
        } else if base.contains(' ') {
            false
        } else if let Some(tabs) = self.tabs {
            tabs
        } else {
            return extra.to_owned();
        };
        if tabs && all(' ') {
            return match extra.len() % self.hunk_unit {
                0 => "\t".repeat(extra.len() / self.hunk_unit),
                // Aligned by hand, or a blank too many.
                _ if deeper && extra.len() > self.hunk_unit => {
                    "\t".repeat((extra.len() + self.hunk_unit / 2) / self.hunk_unit)
                }
                _ if deeper => extra.to_owned(),
                _ => "\t".to_owned(),
            };
        }
        if !tabs && all('\t') {
            return " ".repeat(self.text_unit * extra.len());
        }
        if !tabs && all(' ') && self.scale && extra.len().is_multiple_of(self.hunk_unit) {
            return " ".repeat(self.text_unit * extra.len() / self.hunk_unit);
        }
        extra.to_owned()
    }
}

/// Spaces of one level: the step between lines that is seen most often; 4 where none is.
fn unit<'l>(lines: impl Iterator<Item = &'l str>) -> usize {
    let mut steps = [0_usize; 9];
    let mut last = None;
    for line in lines {
        let indent = indent(line);
        if indent.contains('\t') {
            continue;
        }
        let width = indent.len();
        let step = last.map_or(width, |last: usize| width.abs_diff(last));
        last = Some(width);
        if (2..=8).contains(&step) {
            steps[step] += 1;
        }
    }
    // Several levels at once are seen when blocks close, so a smaller step that divides a bigger one wins.
    let best =
        (2..=8).filter(|&s| steps[s] > 0).max_by_key(|&s| (steps[s] * 2 + usize::from(s == 4), std::cmp::Reverse(s)));
    let best = best.unwrap_or(4);
    (2..best).filter(|&s| best.is_multiple_of(s) && steps[s] > 0).find(|&s| steps[s] * 3 >= steps[best]).unwrap_or(best)
}

/// A block of new lines with the indentation of the old one, where that is shifted as a whole.
pub(super) fn reindent_block(text: &Text<'_>, start: usize, old: &[&str], new: &[&str]) -> Vec<String> {
    let solid = |l: &&&str| !l.trim().is_empty();
    let (Some(a), Some(b)) = (old.iter().find(solid), new.iter().find(solid)) else {
        return new.iter().map(|&l| l.to_owned()).collect();
    };
    // The first lines correspond; so do all that are the same but for white space.
    let mut pairs: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    pairs.entry(indent(b)).or_default().push((0, indent(a)));
    let mut once: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for line in old {
        once.entry(line.trim()).and_modify(|one| *one = None).or_insert(Some(line));
    }
    for (i, line) in new.iter().enumerate().filter(|(_, l)| text::weight(l) > 2) {
        if let Some(Some(one)) = once.get(line.trim()) {
            pairs.entry(indent(line)).or_default().push((i, indent(one)));
        }
    }
    let lines: Vec<HunkLine> = new.iter().map(|l| HunkLine::new(Op::Context, *l)).collect();
    let pairs = Pairs { pairs, style: OnceCell::new(), text, lines: &lines, at: start };
    new.iter().enumerate().map(|(i, l)| pairs.reindent(i, l)).collect()
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
    let mut small: Vec<RawEdit> = Vec::new();
    for edit in raw {
        let old: Vec<&str> = (edit.start..edit.start + edit.count).map(|i| text.line(i)).collect();
        let new: Vec<&str> = edit.lines.iter().map(String::as_str).collect();
        for (before, after) in diff_lines(&old, &new) {
            let lines = edit.lines[after].to_vec();
            small.push(RawEdit { start: edit.start + before.start, count: before.len(), lines, newline: None });
        }
    }
    // The end of the text: its last line ends as the text did, or as the hunk says.
    let changes_end = newline != text.ends_with_newline() && total > 0;
    let adds_at_end = !text.ends_with_newline() || !newline;
    if adds_at_end || changes_end {
        if small.last().is_some_and(|last| last.start + last.count >= total) {
            // The line before must end, or stop to end.
            while let Some(mut last) = small.pop() {
                if last.start == 0 || last.count > 0 && !last.lines.is_empty() {
                    small.push(last);
                    break;
                }
                match small.last_mut() {
                    Some(prev) if prev.start + prev.count == last.start => {
                        prev.count += last.count;
                        prev.lines.append(&mut last.lines);
                    }
                    _ => {
                        last.start -= 1;
                        last.count += 1;
                        last.lines.insert(0, text.line(last.start).to_owned());
                        small.push(last);
                    }
                }
            }
        } else if changes_end {
            let lines = vec![text.line(total - 1).to_owned()];
            small.push(RawEdit { start: total - 1, count: 1, lines, newline: None });
        }
    }
    let mut out: Vec<LineEdit> = Vec::with_capacity(small.len());
    for edit in small {
        let ending = text.ending(if edit.count == 0 { edit.start.saturating_sub(1) } else { edit.start });
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
        let n = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        out.push(LineEdit { start: n(edit.start + 1), count: n(edit.count), text: new });
    }
    // In a text without anything, an empty line and a byte order mark can be put in place of themselves.
    if text.is_blank() && super::apply_edits(text.source(), &out) == text.source() {
        out.clear();
    }
    Ok(out)
}
