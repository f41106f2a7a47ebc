//! How added lines are indented: as the lines of the same indentation in the hunk are in the text.

use super::hunk::{HunkLine, Op};
use super::pieces::{HunkPiece, width};
use super::text::{self, Text, indent};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// What the aligned lines say about indentation.
pub(super) struct Pairs<'h, 't> {
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
    pub(super) fn new(
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
    pub(super) fn reindent(&self, j: usize, line: &str) -> String {
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
pub(super) fn reindent_block<'t>(text: &Text<'t>, start: usize, old: &[&'t str], new: &[&str]) -> Vec<String> {
    let solid = |l: &&&str| !l.trim().is_empty();
    let (Some(a), Some(b)) = (old.iter().find(solid), new.iter().find(solid)) else {
        return new.iter().map(|&l| l.to_owned()).collect();
    };
    // The first lines correspond; so do all that are the same but for white space.
    let mut pairs: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    pairs.entry(indent(b)).or_default().push((0, indent(a)));
    let mut once: BTreeMap<&str, Option<&'t str>> = BTreeMap::new();
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
