//! What became of a finding: one function for the editor, the command line, reports and the next round.
//!
//! It is a function of the finding, of what people decided, of the text that was reviewed and of the text as it is now;
//! nothing is noted when a fix is applied, so that undo, redo, a formatter and a checkout come out right by themselves.
//!
//! A fix is in the text where it lies on a shortest way from the reviewed text to the text of now: where taking its
//! change out of the difference makes the difference smaller by exactly that change. That holds whatever else was
//! changed, also on the lines next to it, and needs no place to be found again.

use super::places::fixes_by_place;
use finding::{Decisions, Finding, FindingId, LineRange, RepoPath, RoundId, State};
use imara_diff::{Algorithm, Diff, InternedInput};
use patch::{Carried, FileOutcome, Hints, LineEdit, LineMap, Splits, Text};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// The text of a file; `None` where there is no such file.
pub type TextOf<'a> = &'a dyn Fn(&RepoPath) -> Option<Arc<str>>;

/// Lines on both sides of a change within which it is compared. More would cost time, fewer could mistake one of two
/// equal blocks for the other.
const AROUND: usize = 24;

/// What a text says of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextState {
    /// The lines that it is on are as they were reviewed, wherever they are now.
    Same,
    /// Its lines were changed, and not by a fix of it.
    Touched,
    /// A fix of it is in, and was not when it was reviewed.
    Fixed,
    /// Its lines are gone.
    Gone,
}

/// What the fixes of a finding do to the reviewed texts. Made once for a round; only fixes that apply there have a part
/// in it.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// By the place that they are about: at each place, the alternatives that apply.
    places: Vec<Vec<BTreeMap<RepoPath, Effect>>>,
}

/// What a fix makes of one file.
#[derive(Debug, Clone)]
enum Effect {
    /// Lines of it become others.
    Edited(Vec<Change>),
    /// The file has this text.
    Is(String),
    /// The file is not there.
    Absent,
}

/// Lines of the reviewed text, 0-based, and what becomes of them. One of both is not empty.
#[derive(Debug, Clone)]
struct Change {
    old: Range<usize>,
    new: Vec<String>,
}

impl Effects {
    /// Reads the fixes of `finding` and places them in the reviewed texts.
    #[must_use]
    pub fn of(finding: &Finding, reviewed: TextOf<'_>) -> Self {
        Self::of_each(&[finding], reviewed).pop().unwrap_or_default()
    }

    /// The same of many findings: each text is read and split into lines once.
    #[must_use]
    pub fn of_each(findings: &[&Finding], reviewed: TextOf<'_>) -> Vec<Self> {
        let mut texts = Texts::new();
        for path in findings.iter().flat_map(|finding| paths_of(finding)) {
            texts.entry(path).or_insert_with_key(|path| reviewed(path));
        }
        let splits = Splits::default();
        let of = |finding: &&Finding| {
            let effect = |fix: usize| effect(finding, &finding.fixes[fix], &texts, &splits);
            let at = |fixes: Vec<usize>| fixes.into_iter().filter_map(effect).collect();
            let places = fixes_by_place(finding, |path: &RepoPath| texts.get(path)?.as_deref());
            Self { places: places.into_iter().map(at).collect() }
        };
        findings.iter().map(of).collect()
    }

    /// Whether no fix applies to the reviewed texts: then no text can show that one is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.iter().all(Vec::is_empty)
    }

    /// The files that the fixes change.
    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.places.iter().flatten().flat_map(BTreeMap::keys)
    }

    /// Whether the finding is fixed: at each of its places that has fixes, one of them is in, in all of its files.
    #[must_use]
    pub fn are_in(&self, since: &Since<'_>) -> bool {
        let is_fix_in =
            |files: &BTreeMap<RepoPath, Effect>| files.iter().all(|(path, effect)| is_in(path, effect, since));
        !self.places.is_empty() && self.places.iter().all(|fixes| fixes.iter().any(is_fix_in))
    }
}

/// The texts that fixes are placed in; `None` where there is no such file.
type Texts = BTreeMap<RepoPath, Option<Arc<str>>>;

/// The files that a finding's fixes are about.
fn paths_of(finding: &Finding) -> BTreeSet<RepoPath> {
    let named = finding.fixes.iter().filter_map(|fix| patch::parse(&fix.diff).ok()).flat_map(|patch| patch.files);
    let named = named.flat_map(|file| [file.path, file.old_path]).flatten();
    let said = finding.fixes.iter().filter_map(|fix| fix.path.clone());
    let main = finding.main_anchor().filter(|_| !finding.fixes.is_empty()).map(|anchor| anchor.path.clone());
    named.filter_map(|path| RepoPath::new(path).ok()).chain(said).chain(main).collect()
}

fn effect<'t>(
    finding: &Finding,
    fix: &finding::Fix,
    texts: &'t Texts,
    splits: &Splits<'t>,
) -> Option<BTreeMap<RepoPath, Effect>> {
    let anchor = finding.main_anchor();
    let main = fix.path.as_ref().or(anchor.map(|a| &a.path));
    let text_of = |path: &RepoPath| texts.get(path)?.as_deref();
    let hints = Hints {
        path: main,
        lines: anchor.filter(|a| Some(&a.path) == main).and_then(|a| a.lines),
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: finding.symbol.as_deref(),
    };
    let set = [patch::Fix { name: &finding.label, diff: &fix.diff, hints }];
    let outcome = patch::place_set_in(&set, &text_of, splits);
    if outcome.files.is_empty() || outcome.fixes.iter().any(Result::is_err) {
        return None;
    }
    let mut effects = BTreeMap::new();
    for (path, file) in outcome.files {
        match file {
            FileOutcome::Edited { text, edits } => {
                let before = splits.of(text_of(&path)?);
                effects.insert(path, Effect::Edited(changes(&before, &edits, &text)));
            }
            FileOutcome::Created { text } => drop(effects.insert(path, Effect::Is(text))),
            FileOutcome::Deleted => drop(effects.insert(path, Effect::Absent)),
            FileOutcome::Renamed { to, text } => {
                effects.insert(path, Effect::Absent);
                effects.insert(to, Effect::Is(text));
            }
        }
    }
    Some(effects)
}

/// Text by which lines are compared: without white space, unless white space is all that a fix changes.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect()
}

/// What `edits` change in `before`, of which they make `after`.
fn changes(before: &Text<'_>, edits: &[LineEdit], after: &str) -> Vec<Change> {
    let sides = Sides::of(before, edits, after);
    let of = |key: &dyn Fn(&str) -> String| -> Vec<Change> {
        // A fix changes a few lines of many: only those between the ones that are the same get keys.
        let (from, old_end, new_end) = sides.differ(&|one, other| one == other || key(one) == key(other));
        let change = |(at, to): (Range<usize>, Range<usize>)| Change {
            old: at.start + from..at.end + from,
            new: (to.start + from..to.end + from).map(|n| sides.new_line(n).to_owned()).collect(),
        };
        let old: Vec<String> = (from..old_end).map(|n| key(sides.old_line(n))).collect();
        let new: Vec<String> = (from..new_end).map(|n| key(sides.new_line(n))).collect();
        hunks(&old, &new).into_iter().map(change).collect()
    };
    let squeezed = of(&squeezed);
    if squeezed.is_empty() { of(&|line| line.to_owned()) } else { squeezed }
}

/// The lines of a text before and after some edits, without those that are the same on both sides being split again.
struct Sides<'t> {
    /// All lines before, and the first of them with the byte order mark.
    old: &'t [&'t str],
    first: &'t str,
    /// How many lines at the beginning no edit touches.
    start: usize,
    /// The lines of before between the first and the last edit's end, and what became of them.
    old_count: usize,
    changed: Vec<&'t str>,
}

impl<'t> Sides<'t> {
    fn of(before: &'t Text<'_>, edits: &[LineEdit], after: &'t str) -> Self {
        let (old, line) = (before.lines(), |n: u32| (n as usize).saturating_sub(1).min(before.count()));
        let start = edits.first().map_or(0, |edit| line(edit.start));
        let end = edits.last().map_or(0, |edit| line(edit.start.saturating_add(edit.count))).max(start);
        let first = lines::split(before.source()).next().unwrap_or_default();
        let whole = || Self { old, first, start: 0, old_count: old.len(), changed: lines::split(after).collect() };
        let (head, rest) = before.source().split_at(before.start(start));
        let tail = &rest[before.start(end) - head.len()..];
        let Some(middle) = after.strip_prefix(head).and_then(|after| after.strip_suffix(tail)) else { return whole() };
        // An edit that does not begin or end with a line has a part in the ones beside it.
        let is_whole = |text: &str| text.is_empty() || text.ends_with(['\n', '\r']);
        let is_torn = |one: &str, next: &str| one.ends_with('\r') && next.starts_with('\n');
        let is_clean = is_whole(head) && (is_whole(middle) || tail.is_empty()) && start > 0;
        if !is_clean || is_torn(head, middle) || is_torn(middle, tail) || (middle.is_empty() && is_torn(head, tail)) {
            return whole();
        }
        Self { old, first, start, old_count: end - start, changed: lines::split(middle).collect() }
    }

    /// How many lines there are after the edits.
    fn new_count(&self) -> usize {
        self.old.len() - self.old_count + self.changed.len()
    }

    /// Line `n` (0-based) before the edits.
    fn old_line(&self, n: usize) -> &'t str {
        if n == 0 { self.first } else { self.old[n] }
    }

    /// Line `n` (0-based) after the edits.
    fn new_line(&self, n: usize) -> &'t str {
        match n.checked_sub(self.start) {
            None => self.old_line(n),
            Some(at) if at < self.changed.len() => self.changed[at],
            Some(_) => self.old[n + self.old_count - self.changed.len()],
        }
    }

    /// Where the two differ: the first line, and the ends on both sides.
    fn differ(&self, is_same: &dyn Fn(&str, &str) -> bool) -> (usize, usize, usize) {
        let (old, new) = (self.old.len(), self.new_count());
        let mut from = self.start;
        while from < old.min(new) && is_same(self.old_line(from), self.new_line(from)) {
            from += 1;
        }
        // Behind the edits all lines are the same.
        let mut end = (old - self.start - self.old_count).min(old - from).min(new - from);
        while end < (old - from).min(new - from) && is_same(self.old_line(old - end - 1), self.new_line(new - end - 1))
        {
            end += 1;
        }
        (from, old - end, new - end)
    }
}

/// Pieces beyond which the smallest difference costs too much: then a small one has to do.
const MOST_COMPARED: usize = 2000 * 2000;

/// The runs in which two texts differ, as few pieces as can be.
fn hunks(old: &[String], new: &[String]) -> Vec<(Range<usize>, Range<usize>)> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = || old[start..].iter().rev().zip(new[start..].iter().rev());
    let same = rest().take_while(|(a, b)| a == b).count();
    let (before, after) = (&old[start..old.len() - same], &new[start..new.len() - same]);
    let moved = |(x, y): (Range<usize>, Range<usize>)| (x.start + start..x.end + start, y.start + start..y.end + start);
    if before.len().saturating_mul(after.len()) > MOST_COMPARED {
        return near(before, after).into_iter().map(moved).collect();
    }
    smallest(before, after).into_iter().map(moved).collect()
}

fn near(old: &[String], new: &[String]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old.iter().map(String::as_str));
    input.update_after(new.iter().map(String::as_str));
    let range = |r: Range<u32>| r.start as usize..r.end as usize;
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect()
}

/// By the longest common subsequence. (Diffs that are made for reading leave out rare lines first, and are not always
/// the smallest.)
fn smallest(old: &[String], new: &[String]) -> Vec<(Range<usize>, Range<usize>)> {
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let at = i * width + j;
            common[at] = if a == b { common[at + width + 1] + 1 } else { common[at + width].max(common[at + 1]) };
        }
    }
    let (mut hunks, mut open) = (Vec::new(), (0, 0));
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        let at = i * width + j;
        if old[i] == new[j] {
            hunks.extend(((i, j) != open).then_some((open.0..i, open.1..j)));
            (i, j) = (i + 1, j + 1);
            open = (i, j);
        } else if common[at + width] >= common[at + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    hunks.extend((open != (old.len(), new.len())).then_some((open.0..old.len(), open.1..new.len())));
    hunks
}

/// Number of pieces that have to be taken out and put in to make one of the other.
fn distance(one: &[String], other: &[String]) -> usize {
    hunks(one, other).into_iter().map(|(old, new)| old.len() + new.len()).sum()
}

/// The reviewed texts of a round beside the texts of now; each pair is compared once.
pub struct Since<'a> {
    reviewed: TextOf<'a>,
    now: TextOf<'a>,
    pairs: RefCell<BTreeMap<RepoPath, Option<Rc<Pair>>>>,
}

/// A file then and now.
struct Pair {
    texts: [Arc<str>; 2],
    /// How many lines the file had then.
    lines_then: usize,
    map: LineMap,
}

impl std::fmt::Debug for Since<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Since").field("compared", &self.pairs.borrow().len()).finish_non_exhaustive()
    }
}

impl<'a> Since<'a> {
    /// The texts that were reviewed (those of [`Round::texts`](finding::Round::texts)), and those of now: of the work
    /// tree, or of an editor's buffers.
    #[must_use]
    pub fn new(reviewed: TextOf<'a>, now: TextOf<'a>) -> Self {
        Self { reviewed, now, pairs: RefCell::default() }
    }

    /// What the texts say of a finding.
    #[must_use]
    pub fn text_state(&self, finding: &Finding, effects: &Effects) -> TextState {
        let place = finding.main_anchor().map_or(TextState::Same, |main| self.place(main));
        if effects.are_in(self) { TextState::Fixed } else { place }
    }

    /// Whether no file that a fix of the finding may change is another one now: then no fix is in, and none need be placed.
    fn is_as_it_was(&self, finding: &Finding) -> bool {
        let main = finding.main_anchor().map(|anchor| &anchor.path);
        finding.fixes.iter().all(|fix| {
            // What cannot be read applies nowhere.
            let Ok(patch) = patch::parse(&fix.diff) else { return true };
            let named = patch.files.into_iter().flat_map(|file| [file.path, file.old_path]);
            let mut named = named.flatten().filter_map(|path| RepoPath::new(path).ok());
            named.all(|path| self.is_same(&path)) && fix.path.iter().chain(main).all(|path| self.is_same(path))
        })
    }

    fn is_same(&self, path: &RepoPath) -> bool {
        match self.pair(path) {
            Some(pair) => pair.map.is_identity() && pair.texts[0] == pair.texts[1],
            None => (self.reviewed)(path).is_none() && (self.now)(path).is_none(),
        }
    }

    /// What became of the lines of a place.
    fn place(&self, anchor: &finding::Anchor) -> TextState {
        let Some(now) = (self.now)(&anchor.path) else {
            // What nobody has read cannot be missed.
            return if (self.reviewed)(&anchor.path).is_some() { TextState::Gone } else { TextState::Same };
        };
        let Some(lines) = anchor.lines else { return TextState::Same };
        match self.pair(&anchor.path).map(|pair| pair.map.carry(lines)) {
            Some(Carried::Untouched(_)) => TextState::Same,
            Some(Carried::Touched(_)) => TextState::Touched,
            Some(Carried::Gone(_)) => TextState::Gone,
            // Without the reviewed text, the quoted code is all there is to go by.
            None => match &anchor.quote {
                Some(quote) if patch::find_quote(&now, quote, Some(lines)).is_none() => TextState::Touched,
                _ => TextState::Same,
            },
        }
    }

    fn pair(&self, path: &RepoPath) -> Option<Rc<Pair>> {
        if let Some(known) = self.pairs.borrow().get(path) {
            return known.clone();
        }
        let texts = (self.reviewed)(path).zip((self.now)(path));
        let pair = texts.map(|(then, now)| {
            Rc::new(Pair { map: LineMap::between(&then, &now), lines_then: lines::count(&then), texts: [then, now] })
        });
        self.pairs.borrow_mut().insert(path.clone(), pair.clone());
        pair
    }
}

fn is_in(path: &RepoPath, effect: &Effect, since: &Since<'_>) -> bool {
    match effect {
        Effect::Is(text) => (since.now)(path).is_some_and(|now| lines::split(&now).eq(lines::split(text))),
        Effect::Absent => (since.now)(path).is_none(),
        Effect::Edited(changes) => since.pair(path).is_some_and(|pair| {
            let [then, now] = &pair.texts;
            // Before the texts are taken apart: a file has many findings, and most lines of it are as they were.
            let is_unchanged = |change: &Change| change.is_as_it_was(pair.lines_then, &pair.map);
            if pair.map.is_identity() || changes.iter().any(is_unchanged) {
                return false;
            }
            let (then, now): (Vec<&str>, Vec<&str>) = (lines::split(then).collect(), lines::split(now).collect());
            !changes.is_empty() && changes.iter().all(|change| change.is_in(&then, &now, &pair.map))
        }),
    }
}

impl Change {
    /// Whether the change is in `now`.
    fn is_in(&self, then: &[&str], now: &[&str], map: &LineMap) -> bool {
        let (around, there) = window(&self.old, (then.len(), now.len()), map);
        let before: Vec<&str> = then[around.clone()].to_vec();
        let mut after: Vec<&str> = then[around.start..self.old.start].to_vec();
        after.extend(self.new.iter().map(String::as_str));
        after.extend(&then[self.old.end..around.end]);
        let now = &now[there];
        let texts =
            |of: &dyn Fn(&[&str]) -> Vec<String>| Three { before: of(&before), after: of(&after), now: of(now) };
        let statements = texts(&statements);
        if statements.before == statements.after {
            return texts(&|text| text.iter().map(|line| (*line).to_owned()).collect()).has_change();
        }
        let lines = texts(&|text| text.iter().map(|line| squeezed(line)).collect());
        if self.new.is_empty() {
            // What is taken out is seen by what is not there: the form that lines are broken in must not hide it.
            return if statements.only_takes_out() { statements.has_change() } else { lines.has_change() };
        }
        statements.has_change() || (lines.has_change() && !statements.has_all_it_takes_out())
    }

    /// Whether the lines that it changes and those on both sides are as they were: a look that costs nearly nothing.
    fn is_as_it_was(&self, lines_then: usize, map: &LineMap) -> bool {
        let first = self.old.start.max(1);
        let last = (self.old.end + 1).min(lines_then).max(first);
        let line = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.old.end < lines_then && !map.carry(LineRange::new(line(first), line(last))).is_touched()
    }
}

/// A text before a change, after it, and as it is now; in pieces that are compared as they are.
struct Three {
    before: Vec<String>,
    after: Vec<String>,
    now: Vec<String>,
}

impl Three {
    /// Whether the change is on a shortest way from the text before to that of now, and nothing like what it takes out
    /// was put there instead.
    fn has_change(&self) -> bool {
        let Self { before, after, now } = self;
        let step = distance(before, after);
        step > 0 && distance(before, now) == step + distance(after, now) && !self.is_replaced()
    }

    /// Whether all that the change takes out is still there.
    fn has_all_it_takes_out(&self) -> bool {
        let gone: Vec<Range<usize>> = hunks(&self.before, &self.now).into_iter().map(|(old, _)| old).collect();
        let mut out = hunks(&self.before, &self.after).into_iter().flat_map(|(old, _)| old).peekable();
        out.peek().is_some() && out.all(|piece| gone.iter().all(|gone| !gone.contains(&piece)))
    }

    fn only_takes_out(&self) -> bool {
        hunks(&self.before, &self.after).iter().all(|(_, new)| new.is_empty())
    }

    /// Whether lines that a change only takes out were changed instead: then there is something like them in their
    /// place.
    fn is_replaced(&self) -> bool {
        let Self { before, after, now } = self;
        let out: Vec<_> = hunks(before, after).into_iter().filter(|(_, new)| new.is_empty()).collect();
        let since = if out.is_empty() { Vec::new() } else { hunks(after, now) };
        out.iter().any(|(old, at)| {
            let there = since.iter().filter(|(then, _)| then.start <= at.start + 1 && at.start <= then.end + 1);
            let mut put_in = there.flat_map(|(_, new)| &now[new.clone()]);
            put_in.any(|piece| before[old.clone()].iter().any(|out| are_alike(out, piece)))
        })
    }
}

/// Whether one line may be the other with a part of it changed: most of their characters stand in both, in order.
fn are_alike(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().take(200).collect(), other.chars().take(200).collect());
    let mut common = vec![0_usize; other.len() + 1];
    for a in &one {
        let mut diagonal = 0;
        for (n, b) in (1..).zip(&other) {
            let longest = if a == b { diagonal + 1 } else { common[n].max(common[n - 1]) };
            diagonal = std::mem::replace(&mut common[n], longest);
        }
    }
    !one.is_empty() && common[other.len()] * 10 >= (one.len() + other.len()) * 3
}

/// The lines around a change in the reviewed text, and those that they are now. Both begin and end at lines that are as
/// they were, or at the ends of the texts.
fn window(change: &Range<usize>, (then, now): (usize, usize), map: &LineMap) -> (Range<usize>, Range<usize>) {
    let same = |line: usize| match map.carry(LineRange::line(u32::try_from(line + 1).unwrap_or(u32::MAX))) {
        Carried::Untouched(lines) => Some(lines.start() as usize - 1),
        Carried::Touched(_) | Carried::Gone(_) => None,
    };
    let mut first = (0..=change.start.saturating_sub(AROUND)).rev().filter(|line| *line < then);
    let (start, there) = first.find_map(|line| Some((line, same(line)?))).unwrap_or((0, 0));
    let (start, there) = if change.start < AROUND { (0, 0) } else { (start, there) };
    let mut last = (change.end + AROUND).min(then)..then;
    let (end, until) = last.find_map(|line| Some((line, same(line)?))).unwrap_or((then, now));
    (start..end, there..until.max(there))
}

/// The text in pieces that do not depend on how its lines are broken: a formatter changes none of them. A line goes on
/// while a bracket is open; an empty line ends all that was opened by mistake, say in a comment.
fn statements(lines: &[&str]) -> Vec<String> {
    let mut pieces = Vec::new();
    let (mut open, mut depth) = (String::new(), 0_u32);
    for line in lines {
        for c in line.chars().filter(|c| !c.is_whitespace()) {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            // A comma before a closing bracket comes and goes with the line break.
            if matches!(c, ')' | ']' | '}') && open.ends_with(',') {
                open.pop();
            }
            open.push(c);
            if depth == 0 && matches!(c, ';' | '{' | '}') {
                pieces.push(std::mem::take(&mut open));
            }
        }
        if line.trim().is_empty() {
            depth = 0;
        }
        if depth == 0 && !open.is_empty() {
            pieces.push(std::mem::take(&mut open));
        }
    }
    pieces.extend((!open.is_empty()).then_some(open));
    pieces
}

/// What became of a finding of the round `of`: by a person's word first, then by the text. A fix that was noted when it
/// was applied counts only as long as the text does not say that it was taken back.
#[must_use]
pub fn state(finding: &Finding, of: &RoundId, decisions: &Decisions, text: TextState, effects: &Effects) -> State {
    let by_text = match text {
        TextState::Fixed => State::Fixed,
        TextState::Gone => State::Outdated,
        TextState::Same | TextState::Touched => State::Open,
    };
    let Some(resolution) = decisions.resolutions.get(&finding.id) else { return by_text };
    match &resolution.state {
        State::Open => by_text,
        State::Fixed if resolution.round == *of && text == TextState::Same && !effects.is_empty() => State::Open,
        closed @ (State::Fixed | State::Outdated | State::Dismissed { .. }) => closed.clone(),
    }
}

/// What became of each finding of a round, given its reviewed texts, the texts of now and what people decided.
#[must_use]
pub fn states(
    round: &finding::Round,
    decisions: &Decisions,
    reviewed: TextOf<'_>,
    now: TextOf<'_>,
) -> BTreeMap<FindingId, State> {
    let since = Since::new(reviewed, now);
    // Placing a fix takes time: in a file that nobody touched since, nothing depends on it.
    let is_noted = |finding: &Finding| decisions.resolutions.get(&finding.id).is_some_and(|r| r.state == State::Fixed);
    let is_placed = |finding: &&Finding| !since.is_as_it_was(finding) || is_noted(finding);
    let placed: Vec<&Finding> = round.findings.iter().filter(is_placed).collect();
    let effects: BTreeMap<&FindingId, Effects> =
        placed.iter().map(|finding| &finding.id).zip(Effects::of_each(&placed, reviewed)).collect();
    let none = Effects::default();
    let of = |finding: &Finding| {
        let effects = effects.get(&finding.id).unwrap_or(&none);
        state(finding, &round.id, decisions, since.text_state(finding, effects), effects)
    };
    round.findings.iter().map(|finding| (finding.id.clone(), of(finding))).collect()
}

#[cfg(test)]
mod tests;
