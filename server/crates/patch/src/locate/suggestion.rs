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
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

/// Lines around the citation in which a better window is looked for.
const AROUND: usize = 8;
/// How alike the cited lines are to the new ones at least.
const ALIKE: f64 = 0.25;
/// How much more alike than any window of their length beside them, unless their shape says that they are meant.
const MARGIN: f64 = 0.05;
/// How alike cited lines are that were rewritten, by their words too.
const REWRITTEN: f64 = 0.3;
/// How much more alike a window beside such lines may be, and say nothing.
const TIE: f64 = 0.02;
/// Lines above and below that say how rare a word is.
const NEAR: usize = 60;
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
    match weigh(text, start..end, &new, is_quoted(text, cited, hints)) {
        Err(Refusal::Misplaced { .. }) if is_rewritten(text, &(start..end), &new) => {}
        weighed => weighed?,
    }
    let edits = vec![RawEdit { start, count: old.len(), lines: indented(text, start, old, &new), newline: None }];
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first: start, last: end - 1, edits }]))
}

/// The new lines as they are written, unless they were moved to the margin or to the other kind of white space.
pub(super) fn indented<'t>(text: &Text<'t>, start: usize, old: &[&'t str], new: &[&str]) -> Vec<String> {
    if is_indented_as(old, new) {
        new.iter().map(|&l| l.to_owned()).collect()
    } else {
        reindent_block(text, start, old, new)
    }
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
    let windows = windows(text, &cited, &Likeness::of_characters(new));
    let here = windows.cited;
    let is_better = |window: &Window, margin: f64| window.alike > here - margin;
    let shift = if here_is_shaped_as(text, &cited, new) { 0.0 } else { MARGIN };
    let beside = windows.beside.filter(|w| !is_quoted && is_better(w, shift - f64::EPSILON));
    let around = windows.around.filter(|w| is_better(w, -f64::EPSILON));
    let best = [beside, around].into_iter().flatten().max_by(|a, b| a.alike.total_cmp(&b.alike));
    match best {
        Some(best) if best.is_same(text, new) && new.iter().map(|l| text::weight(l)).sum::<usize>() >= SAYS => {
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

/// Whether as many new lines of the same shape were made from the cited ones, by what their words say too, the rare ones
/// most: one name for another leaves a line beside it as alike by its characters.
fn is_rewritten(text: &Text<'_>, cited: &Range<usize>, new: &[&str]) -> bool {
    if cited.len() != new.len() || !here_is_shaped_as(text, cited, new) {
        return false;
    }
    let windows = windows(text, cited, &Likeness::of_characters_and_words(text, cited, new));
    let here = windows.cited;
    let is_below = |window: &Option<Window>, most: f64| window.as_ref().is_none_or(|w| w.alike < most);
    here >= REWRITTEN && is_below(&windows.beside, here + TIE) && is_below(&windows.around, here - MARGIN)
}

/// Lines that the new ones may have been made from.
struct Window {
    lines: Range<usize>,
    alike: f64,
}

impl Window {
    /// Whether the new lines are just these, white space aside.
    fn is_same(&self, text: &Text<'_>, new: &[&str]) -> bool {
        let keys = |lines: &[&str]| -> Vec<u64> {
            lines.iter().map(|line| text::key(line)).filter(|&key| key != text::BLANK).collect()
        };
        keys(&text.lines()[self.lines.clone()]) == keys(new)
    }
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
fn windows(text: &Text<'_>, cited: &Range<usize>, new: &Likeness<'_>) -> Windows {
    let low = cited.start.saturating_sub(AROUND);
    let high = (cited.end + AROUND).min(text.lines().len());
    let lines: Vec<Line> = (low..high).map(|i| new.line(text.line(i))).collect();
    // What a window has besides the cited lines must look like something in the new ones, from its first line to its last.
    let speaks = |i: usize| lines[i - low].pairs.speaks();
    let grows =
        |first: usize, end: usize| (first == cited.start || speaks(first)) && (end == cited.end || speaks(end - 1));
    let mut out = Windows { cited: 0.0, beside: None, around: None };
    for first in low..=(cited.start + AROUND).min(high - 1) {
        let mut count = Count::new(new);
        for end in first + 1..=high {
            count.add(&lines[end - 1 - low]);
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
            let window = Window { lines: first..end, alike: count.alike() };
            if best.as_ref().is_none_or(|b| window.alike > b.alike) {
                *best = Some(window);
            }
        }
    }
    out
}

/// What the new lines are made of, to be compared with: the pairs of neighbouring characters, white space left out, and
/// perhaps the words.
struct Likeness<'n> {
    pairs: Bag<(char, char)>,
    words: Option<Bag<&'n str>>,
    /// How many of the lines around have a word, and how many lines these are.
    seen: HashMap<&'n str, u32>,
    lines: usize,
}

impl<'n> Likeness<'n> {
    fn of_characters(new: &[&str]) -> Self {
        let pairs = Bag::new(new.iter().flat_map(|line| pairs(line)), |_| 1.0);
        Self { pairs, words: None, seen: HashMap::new(), lines: 0 }
    }

    fn of_characters_and_words(text: &'n Text<'_>, cited: &Range<usize>, new: &[&'n str]) -> Self {
        let near = cited.start.saturating_sub(NEAR)..(cited.end + NEAR).min(text.lines().len());
        let mut out = Self { lines: near.len(), ..Self::of_characters(new) };
        for i in near {
            let here: HashSet<&str> = words(text.line(i)).collect();
            for word in here {
                *out.seen.entry(word).or_default() += 1;
            }
        }
        out.words = Some(Bag::new(new.iter().flat_map(|line| words(line)), |word| out.rarity(word)));
        out
    }

    /// How much a word says.
    fn rarity(&self, word: &str) -> f64 {
        let seen = f64::from(self.seen.get(word).copied().unwrap_or(0));
        ((self.lines as f64 + 1.0) / (seen + 0.5)).ln() + 0.2
    }

    fn line(&self, line: &str) -> Line {
        Line {
            pairs: self.pairs.line(pairs(line), |_| 1.0),
            words: self.words.as_ref().map(|bag| bag.line(words(line), |word| self.rarity(word))),
        }
    }
}

fn pairs(line: &str) -> impl Iterator<Item = (char, char)> {
    let solid = || line.chars().filter(|c| !c.is_whitespace());
    solid().zip(solid().skip(1))
}

/// The names and numbers of a line, and each other character.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let len = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(len);
        rest = after;
        Some(word)
    })
}

/// Parts of lines, of which the same may be there several times, each with a weight.
struct Bag<T> {
    numbers: HashMap<T, usize>,
    /// Of each: how often it is there, and what it weighs.
    counts: Vec<u32>,
    weights: Vec<f64>,
    total: f64,
}

impl<T: Eq + Hash> Bag<T> {
    fn new(parts: impl Iterator<Item = T>, weight: impl Fn(&T) -> f64) -> Self {
        let mut out = Self { numbers: HashMap::new(), counts: Vec::new(), weights: Vec::new(), total: 0.0 };
        for part in parts {
            let weight = weight(&part);
            let number = *out.numbers.entry(part).or_insert(out.counts.len());
            if number == out.counts.len() {
                out.counts.push(0);
                out.weights.push(weight);
            }
            out.counts[number] += 1;
            out.total += weight;
        }
        out
    }

    /// The parts of another line, by their numbers here.
    fn line(&self, parts: impl Iterator<Item = T>, weight: impl Fn(&T) -> f64) -> Parts {
        let mut out = Parts { numbers: Vec::new(), total: 0.0 };
        for part in parts {
            out.total += weight(&part);
            out.numbers.push(self.numbers.get(&part).copied());
        }
        out
    }
}

/// A line, by its parts that the new lines have too.
struct Line {
    pairs: Parts,
    words: Option<Parts>,
}

struct Parts {
    numbers: Vec<Option<usize>>,
    total: f64,
}

impl Parts {
    /// Whether a line is not too short to say anything, and half of it is in the new lines.
    fn speaks(&self) -> bool {
        self.numbers.len() >= LITTLE && 2 * self.numbers.iter().flatten().count() >= self.numbers.len()
    }
}

/// What a window has in common with the new lines, counted as it grows.
struct Count<'n> {
    pairs: Common<'n, (char, char)>,
    words: Option<Common<'n, &'n str>>,
}

impl<'n> Count<'n> {
    fn new(new: &'n Likeness<'n>) -> Self {
        Self { pairs: Common::new(&new.pairs), words: new.words.as_ref().map(Common::new) }
    }

    fn add(&mut self, line: &Line) {
        self.pairs.add(&line.pairs);
        if let Some((words, line)) = self.words.as_mut().zip(line.words.as_ref()) {
            words.add(line);
        }
    }

    /// From 0 to 1.
    fn alike(&self) -> f64 {
        let pairs = self.pairs.alike();
        self.words.as_ref().map_or(pairs, |words| f64::midpoint(pairs, words.alike()))
    }
}

struct Common<'n, T> {
    new: &'n Bag<T>,
    seen: Vec<u32>,
    parts: usize,
    common: f64,
    total: f64,
}

impl<'n, T> Common<'n, T> {
    fn new(new: &'n Bag<T>) -> Self {
        Self { new, seen: vec![0; new.counts.len()], parts: 0, common: 0.0, total: 0.0 }
    }

    fn add(&mut self, line: &Parts) {
        self.total += line.total;
        self.parts += line.numbers.len();
        for &number in line.numbers.iter().flatten() {
            self.seen[number] += 1;
            if self.seen[number] <= self.new.counts[number] {
                self.common += self.new.weights[number];
            }
        }
    }

    /// From 0 to 1: the mean of how much is common to both (Dice) and how much of the window is in the new lines, so that
    /// lines to which much is added are alike too. Of a window with next to nothing in it, the latter says nothing.
    fn alike(&self) -> f64 {
        let both = self.total + self.new.total;
        if both == 0.0 {
            return 0.0;
        }
        let dice = 2.0 * self.common / both;
        if self.parts < LITTLE { dice } else { f64::midpoint(dice, self.common / self.total) }
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
pub(super) fn open_brackets(lines: &[&str]) -> [(u32, u32); 3] {
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
