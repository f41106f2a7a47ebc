//! New lines in place of the cited ones.
//!
//! Nothing but the citation says which lines those are, and agents cite wrong lines: off by a few, or only the last one. So
//! the cited lines are weighed against the windows around them. They are taken where they look like what the new lines
//! were made from, and no other window looks more like it; all else is refused. A suggestion that only deletes has nothing
//! to be weighed: the finding must quote the lines.

use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, Found};
use crate::indentation::reindent_block;
use crate::pieces::{lines_of, range};
use crate::text::{self, Text};
use crate::{Hints, Refusal, quote};
use finding::LineRange;
use std::collections::HashMap;
use std::ops::Range;

/// Lines around the citation in which a better window is looked for.
const AROUND: usize = 8;
/// How alike the cited lines are to the new ones at least.
const ALIKE: f64 = 0.25;
/// How much more alike than any window of their length beside them, unless their shape says that they are meant.
const MARGIN: f64 = 0.05;
/// Pairs of characters below which lines say next to nothing.
const LITTLE: usize = 4;
/// Letters and digits from which on lines that stand somewhere are no coincidence.
const SAYS: usize = 8;

/// The place of a `suggestion` block: the cited lines, or none.
pub(super) fn find(text: &Text<'_>, new: &str, hints: &Hints<'_>) -> Result<Found, Refusal> {
    let Some(cited) = hints.lines else { return Err(Refusal::NoPlace) };
    let (start, end) = (cited.start() as usize - 1, cited.end() as usize);
    if end > text.lines().len() {
        return Err(Refusal::NotFound);
    }
    let old = &text.lines()[start..end];
    let new = lines_of(new);
    if old.iter().map(|l| l.trim()).eq(new.iter().map(|l| l.trim())) {
        return Err(Refusal::AlreadyApplied);
    }
    weigh(text, start..end, &new, is_quoted(text, cited, hints))?;
    // As it is written, unless it was moved to the margin or to the other kind of white space.
    let lines = if is_indented_as(old, &new) {
        new.iter().map(|&l| l.to_owned()).collect()
    } else {
        reindent_block(text, start, old, &new)
    };
    let edits = vec![RawEdit { start, count: old.len(), lines, newline: None }];
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first: start, last: end - 1, edits }]))
}

/// Whether the finding quotes just the cited lines: then they are meant, perhaps with others around them.
fn is_quoted(text: &Text<'_>, cited: LineRange, hints: &Hints<'_>) -> bool {
    hints.quote.and_then(|quote| quote::find(text, quote, Some(cited))) == Some(cited)
}

/// Whether the new lines were made from the cited ones, as far as the lines around can tell. Where the finding quotes them,
/// only how many there are is in doubt.
fn weigh(text: &Text<'_>, cited: Range<usize>, new: &[&str], is_quoted: bool) -> Result<(), Refusal> {
    if new.is_empty() {
        return if is_quoted { Ok(()) } else { Err(Refusal::NotFound) };
    }
    let windows = windows(text, &cited, new);
    let here = windows.cited;
    let is_better = |window: &Window, margin: f64| window.alike > here - margin;
    let shift = if here_is_shaped_as(text, &cited, new) { 0.0 } else { MARGIN };
    let beside = windows.beside.filter(|w| !is_quoted && is_better(w, shift - f64::EPSILON));
    let around = windows.around.filter(|w| is_better(w, -f64::EPSILON));
    let best = [beside, around].into_iter().flatten().max_by(|a, b| a.alike.total_cmp(&b.alike));
    match best {
        Some(best) if best.is_same && new.iter().map(|l| text::weight(l)).sum::<usize>() >= SAYS => {
            Err(Refusal::AlreadyApplied)
        }
        Some(best) if best.alike >= ALIKE => {
            let lines = |r: &Range<usize>| range(r.start, r.end - 1);
            Err(Refusal::Misplaced { cited: lines(&cited), better: lines(&best.lines) })
        }
        _ if here < ALIKE && !is_quoted => Err(Refusal::NotFound),
        _ => Ok(()),
    }
}

/// Lines that the new ones may have been made from.
struct Window {
    lines: Range<usize>,
    alike: f64,
    /// Whether the new lines are just these.
    is_same: bool,
}

struct Windows {
    /// How alike the cited lines are.
    cited: f64,
    /// The most alike of those as long as the cited lines, above and below.
    beside: Option<Window>,
    /// The most alike of those that hold the cited lines and more.
    around: Option<Window>,
}

/// How alike the cited lines and the windows near them are to the new lines; linear in the lines, for each of the few first
/// lines that a window may have.
fn windows(text: &Text<'_>, cited: &Range<usize>, new: &[&str]) -> Windows {
    let new = Pairs::new(new);
    let low = cited.start.saturating_sub(AROUND);
    let high = (cited.end + AROUND).min(text.lines().len());
    let lines: Vec<Vec<Option<usize>>> = (low..high).map(|i| new.numbers(text.line(i))).collect();
    // What a window has besides the cited lines must look like something in the new ones, from its first line to its last.
    let speaks = |i: usize| new.speaks(&lines[i - low]);
    let grows =
        |first: usize, end: usize| (first == cited.start || speaks(first)) && (end == cited.end || speaks(end - 1));
    let mut out = Windows { cited: 0.0, beside: None, around: None };
    for first in low..=(cited.start + AROUND).min(high - 1) {
        let mut count = Count::new(&new);
        for end in first + 1..=high {
            count.add(&lines[end - 1 - low]);
            let window = || Window { lines: first..end, alike: count.alike(), is_same: count.is_same() };
            let best = if first == cited.start && end == cited.end {
                out.cited = count.alike();
                continue;
            } else if end - first == cited.len() {
                &mut out.beside
            } else if first <= cited.start && end >= cited.end && grows(first, end) {
                &mut out.around
            } else {
                continue;
            };
            let window = window();
            if best.as_ref().is_none_or(|b| window.alike > b.alike) {
                *best = Some(window);
            }
        }
    }
    out
}

/// The pairs of neighbouring characters of lines, white space left out: what words are alike by.
struct Pairs {
    numbers: HashMap<(char, char), usize>,
    /// How often each is there.
    counts: Vec<u32>,
    total: u32,
}

fn pairs(line: &str) -> impl Iterator<Item = (char, char)> {
    let solid = || line.chars().filter(|c| !c.is_whitespace());
    solid().zip(solid().skip(1))
}

impl Pairs {
    fn new(lines: &[&str]) -> Self {
        let mut out = Self { numbers: HashMap::new(), counts: Vec::new(), total: 0 };
        for pair in lines.iter().flat_map(|line| pairs(line)) {
            let number = *out.numbers.entry(pair).or_insert(out.counts.len());
            if number == out.counts.len() {
                out.counts.push(0);
            }
            out.counts[number] += 1;
            out.total += 1;
        }
        out
    }

    /// The pairs of another line, by their numbers here.
    fn numbers(&self, line: &str) -> Vec<Option<usize>> {
        pairs(line).map(|pair| self.numbers.get(&pair).copied()).collect()
    }

    /// Whether a line is not too short to say anything, and half of it is in the new lines.
    fn speaks(&self, line: &[Option<usize>]) -> bool {
        line.len() >= LITTLE && 2 * line.iter().flatten().count() >= line.len()
    }
}

/// The pairs that a window has in common with the new lines, counted as it grows.
struct Count<'p> {
    new: &'p Pairs,
    seen: Vec<u32>,
    common: u32,
    total: u32,
}

impl<'p> Count<'p> {
    fn new(new: &'p Pairs) -> Self {
        Self { new, seen: vec![0; new.counts.len()], common: 0, total: 0 }
    }

    fn add(&mut self, line: &[Option<usize>]) {
        self.total += u32::try_from(line.len()).unwrap_or(u32::MAX);
        for &number in line.iter().flatten() {
            self.seen[number] += 1;
            self.common += u32::from(self.seen[number] <= self.new.counts[number]);
        }
    }

    /// From 0 to 1: the mean of how much is common to both (Dice) and how much of the window is in the new lines, so that
    /// lines to which much is added are alike too. Of a window with next to nothing in it, the latter says nothing.
    fn alike(&self) -> f64 {
        let both = self.total + self.new.total;
        if both == 0 {
            return 0.0;
        }
        let dice = 2.0 * f64::from(self.common) / f64::from(both);
        if (self.total as usize) < LITTLE {
            dice
        } else {
            f64::midpoint(dice, f64::from(self.common) / f64::from(self.total))
        }
    }

    fn is_same(&self) -> bool {
        self.common == self.total && self.common == self.new.total
    }
}

/// Whether the cited lines open and close the same brackets as the new ones, and begin at the same indentation;
/// new lines at the margin may have been moved there.
fn here_is_shaped_as(text: &Text<'_>, cited: &Range<usize>, new: &[&str]) -> bool {
    let old = &text.lines()[cited.clone()];
    let first = |lines: &[&str]| lines.first().map(|line| text::indent(line).len());
    (first(new) == Some(0) || first(old) == first(new)) && open_brackets(old) == open_brackets(new)
}

/// For each kind of bracket: how many are closed that the lines do not open, and how many stay open.
fn open_brackets(lines: &[&str]) -> [(u32, u32); 3] {
    let mut out = [(0, 0); 3];
    for c in lines.iter().flat_map(|line| line.chars()) {
        if let Some(kind) = "([{".find(c) {
            out[kind].1 += 1;
        } else if let Some(kind) = ")]}".find(c) {
            let (closed, open) = &mut out[kind];
            if *open > 0 { *open -= 1 } else { *closed += 1 }
        }
    }
    out
}

/// Whether the new lines are indented in the way of the old ones.
fn is_indented_as(old: &[&str], new: &[&str]) -> bool {
    let indents = |lines: &[&'_ str]| -> Vec<String> {
        lines.iter().filter(|l| !l.trim().is_empty()).map(|l| text::indent(l).to_owned()).collect()
    };
    let (old, new) = (indents(old), indents(new));
    let least = |indents: &[String]| indents.iter().map(String::len).min().unwrap_or(0);
    let tabs = |indents: &[String]| indents.iter().any(|i| i.contains('\t'));
    let spaces = |indents: &[String]| indents.iter().any(|i| i.contains(' '));
    let same_kind = !(tabs(&old) && spaces(&new) || spaces(&old) && tabs(&new));
    same_kind && (least(&old) == 0 || least(&new) > 0)
}
