//! Where the lines of a snapshot are in a text that has been edited since.

use finding::LineRange;
use imara_diff::{Algorithm, Diff, InternedInput};

/// A run that differs. Lines are 0-based; a count of 0 is an empty run that stands before its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    old: u32,
    old_count: u32,
    new: u32,
    new_count: u32,
}

impl Run {
    fn old_end(self) -> u32 {
        self.old + self.old_count
    }
    fn new_end(self) -> u32 {
        self.new.saturating_add(self.new_count)
    }
    fn moved(self, by: u32) -> Self {
        Self { new: self.new.wrapping_add(by), ..self }
    }
}

fn clamp(line: i64) -> u32 {
    u32::try_from(line.max(0)).unwrap_or(u32::MAX)
}

/// Where an anchor is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Its lines are there as they were.
    Untouched(LineRange),
    /// Some of its lines were changed, or lines were put between them: what stands there now.
    Touched(LineRange),
    /// Its lines are gone: the line (in the current text) that stands where they were, or the last one before.
    Gone(LineRange),
}

impl Carried {
    /// The lines now.
    #[must_use]
    pub fn lines(self) -> LineRange {
        let (Self::Untouched(lines) | Self::Touched(lines) | Self::Gone(lines)) = self;
        lines
    }

    /// Whether the anchor's own lines were changed.
    #[must_use]
    pub fn is_touched(self) -> bool {
        !matches!(self, Self::Untouched(_))
    }
}

/// A map of lines from one text (the snapshot) to another (the buffer).
///
/// Keeps the runs that differ, on two stacks as an editor keeps its text around a gap: those before the last edit, and
/// those behind it, whose places in the new text are all off by one number. [`LineMap::edit`] so costs the runs that
/// the edit touches and those between it and the edit before, however many are behind them: a pass over the text, in
/// either direction, costs its edits and its runs, and typing costs nothing else at all. [`LineMap::carry`] and
/// [`LineMap::back`] are O(log runs).
#[derive(Debug, Clone, Default)]
pub struct LineMap {
    /// In order.
    before: Vec<Run>,
    /// In reverse order; `shift` is to be added to their `new`, and wraps around where it is negative.
    behind: Vec<Run>,
    shift: u32,
}

impl PartialEq for LineMap {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|i| self.run(i) == other.run(i))
    }
}

impl Eq for LineMap {}

impl LineMap {
    /// The map between two texts that are the same.
    #[must_use]
    pub fn identity() -> Self {
        Self::default()
    }

    /// The map from `old` to `new`, by a diff of their lines. White space counts; kinds of line endings do not.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        if old == new {
            return Self::default();
        }
        let mut input: InternedInput<&str> = InternedInput::default();
        input.update_before(old.lines());
        input.update_after(new.lines());
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_no_heuristic(&input);
        let runs = diff.hunks().map(|h| Run {
            old: h.before.start,
            old_count: h.before.end - h.before.start,
            new: h.after.start,
            new_count: h.after.end - h.after.start,
        });
        Self { before: runs.collect(), ..Self::default() }
    }

    /// Follows an edit of the current text: from line `start` (1-based) on, `removed` lines became `added` lines.
    /// With `removed` 0, the new lines stand before `start`.
    pub fn edit(&mut self, start: u32, removed: u32, added: u32) {
        if removed == 0 && added == 0 {
            return;
        }
        let at = start.max(1) - 1;
        let end = at.saturating_add(removed);
        self.move_gap(at);
        let offset = self.before.last().map_or(0, |r| i64::from(r.old_end()) - i64::from(r.new_end()));
        // The edit and the runs that it touches become one. Between runs, old and new lines differ by a constant.
        let (mut low, mut high, mut old_high) = (at, end, i64::from(end) + offset);
        while let Some(run) = self.behind.last().map(|r| r.moved(self.shift)).filter(|r| r.new <= end) {
            self.behind.pop();
            low = low.min(run.new);
            high = high.max(run.new_end());
            old_high = i64::from(high) + i64::from(run.old_end()) - i64::from(run.new_end());
        }
        let old_low = i64::from(low) + offset;
        let merged = Run {
            old: clamp(old_low),
            old_count: clamp(old_high - old_low),
            new: low,
            new_count: (high - low).saturating_sub(removed).saturating_add(added),
        };
        self.shift = self.shift.wrapping_add(added).wrapping_sub(removed);
        if merged.old_count > 0 || merged.new_count > 0 {
            self.before.push(merged);
        }
    }

    /// Puts the runs that end before line `at` (0-based, of the new text) before the gap, and the others behind it.
    fn move_gap(&mut self, at: u32) {
        while let Some(run) = self.before.pop_if(|r| r.new_end() >= at) {
            self.behind.push(run.moved(self.shift.wrapping_neg()));
        }
        let shift = self.shift;
        while let Some(run) = self.behind.pop_if(|r| r.moved(shift).new_end() < at) {
            self.before.push(run.moved(shift));
        }
    }

    fn len(&self) -> usize {
        self.before.len() + self.behind.len()
    }

    /// Run `i`, in order.
    fn run(&self, i: usize) -> Run {
        match i.checked_sub(self.before.len()) {
            None => self.before[i],
            Some(n) => self.behind[self.behind.len() - 1 - n].moved(self.shift),
        }
    }

    /// How many of the runs, from number `from` on, `test` holds for; it holds for no run after one that it fails.
    fn partition(&self, from: usize, test: impl Fn(Run) -> bool) -> usize {
        let (mut low, mut high) = (from, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if test(self.run(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Where lines of the old text are in the new one.
    #[must_use]
    pub fn carry(&self, lines: LineRange) -> Carried {
        let (start, end) = (lines.start() - 1, lines.end()); // 0-based, end excluded
        // Runs that lie before the anchor (an insertion right before it is one).
        let first = self.partition(0, |r| r.old_end() <= start);
        let last = self.partition(first, |r| r.old < end);
        let shift = |upto: usize, line: u32| {
            let run = upto.checked_sub(1).map(|i| self.run(i));
            run.map_or(line, |r| line.saturating_sub(r.old_end()) + r.new_end())
        };
        if first == last {
            let now = shift(first, start);
            return Carried::Untouched(LineRange::new(now + 1, now + lines.count()));
        }
        let (a, b) = (self.run(first), self.run(last - 1));
        let now_start = if a.old >= start { shift(first, start) } else { a.new };
        let now_end = if b.old_end() <= end { shift(last, end) } else { b.new_end() };
        if now_start >= now_end {
            return Carried::Gone(LineRange::line(now_start.max(1)));
        }
        let range = LineRange::new(now_start + 1, now_end);
        let touching = || (first..last).map(|i| self.run(i));
        let survives =
            lines.count() > touching().map(|r| r.old_end().min(end) - r.old.max(start).min(end)).sum::<u32>();
        // Of an anchor inside one rewritten run, the whole run is what stands there now.
        if survives || touching().any(|r| r.new_count > 0) { Carried::Touched(range) } else { Carried::Gone(range) }
    }

    /// The old line of `line` of the new text; `None` for a line that is not in the old one. Both 1-based.
    #[must_use]
    pub fn back(&self, line: u32) -> Option<u32> {
        let at = line.max(1) - 1;
        let before = self.partition(0, |r| r.new_end() <= at);
        if before < self.len() && self.run(before).new <= at {
            return None;
        }
        let run = before.checked_sub(1).map(|i| self.run(i));
        Some(run.map_or(at, |r| at - r.new_end() + r.old_end()) + 1)
    }

    /// Whether old and new are the same, as far as the map knows.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.before.is_empty() && self.behind.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> LineRange {
        LineRange::new(start, end)
    }

    #[test]
    fn anchors_move_with_edits_around_them() {
        // (edits as start, removed, added; anchor; where it is)
        type Case = (&'static [(u32, u32, u32)], (u32, u32), Carried);
        let cases: &[Case] = &[
            (&[], (3, 4), Carried::Untouched(range(3, 4))),
            (&[(1, 0, 2)], (3, 4), Carried::Untouched(range(5, 6))),
            (&[(3, 0, 1)], (3, 4), Carried::Untouched(range(4, 5))),
            (&[(5, 0, 1)], (3, 4), Carried::Untouched(range(3, 4))),
            (&[(5, 2, 0)], (3, 4), Carried::Untouched(range(3, 4))),
            (&[(4, 0, 1)], (3, 4), Carried::Touched(range(3, 5))),
            (&[(3, 1, 1)], (3, 4), Carried::Touched(range(3, 4))),
            (&[(4, 1, 0)], (3, 4), Carried::Touched(range(3, 3))),
            (&[(3, 2, 0)], (3, 4), Carried::Gone(range(2, 2))),
            (&[(2, 4, 0)], (3, 4), Carried::Gone(range(1, 1))),
            (&[(1, 1, 0), (1, 0, 1)], (3, 4), Carried::Untouched(range(3, 4))),
            (&[(1, 2, 0)], (3, 4), Carried::Untouched(range(1, 2))),
            (&[(1, 9, 0)], (3, 4), Carried::Gone(range(1, 1))),
            (&[(9, 1, 3), (1, 0, 5)], (3, 4), Carried::Untouched(range(8, 9))),
        ];
        for (edits, (a, b), expected) in cases {
            let mut map = LineMap::identity();
            for &(start, removed, added) in *edits {
                map.edit(start, removed, added);
            }
            assert_eq!(map.carry(range(*a, *b)), *expected, "{edits:?} {map:?}");
        }
    }

    #[test]
    fn a_map_of_two_texts_is_that_of_the_edits_between_them() {
        let old = "a\nb\nc\nd\ne\n";
        let new = "x\na\nb\nC\nd\n";
        let map = LineMap::between(old, new);
        let mut edited = LineMap::identity();
        edited.edit(5, 1, 0);
        edited.edit(3, 1, 1);
        edited.edit(1, 0, 1);
        assert_eq!(map, edited);
        assert_eq!(map.back(1), None);
        assert_eq!(map.back(2), Some(1));
        assert_eq!(map.back(5), Some(4));
        assert!(LineMap::between("a\r\nb\r\n", "a\nb\n").is_identity());
    }

    proptest::proptest! {
        /// Every line that no edit touched is carried to the very same line; the way back leads to where it came from.
        #[test]
        fn untouched_lines_are_carried_to_themselves(edits in proptest::collection::vec((0_u32..40, 0_u32..4, 0_u32..4), 0..20)) {
            let mut map = LineMap::identity();
            let mut text: Vec<Option<u32>> = (1..=30).map(Some).collect();
            for (at, removed, added) in edits {
                let at = at.min(text.len() as u32);
                let removed = removed.min(text.len() as u32 - at);
                map.edit(at + 1, removed, added);
                text.splice(at as usize..(at + removed) as usize, (0..added).map(|_| None));
            }
            for line in 1..=30_u32 {
                let now = text.iter().position(|&l| l == Some(line));
                match (map.carry(LineRange::line(line)), now) {
                    (Carried::Untouched(r), Some(i)) => proptest::prop_assert_eq!(r, LineRange::line(i as u32 + 1)),
                    (Carried::Untouched(_), None) => proptest::prop_assert!(false, "line {} is gone: {:?}", line, map),
                    (c, Some(_)) => proptest::prop_assert!(false, "line {} was not touched: {:?} {:?}", line, c, map),
                    (_, None) => {}
                }
            }
            for (i, line) in text.iter().enumerate() {
                proptest::prop_assert_eq!(map.back(i as u32 + 1), *line);
            }
        }
    }
}
