//! Where the lines of a snapshot are in a text that has been edited since.

use super::diff::diff_lines;
use finding::LineRange;
use std::ops::Range;

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

/// A map of lines from one text (the snapshot) to another (the buffer): the runs that differ, in order.
/// [`LineMap::carry`] and [`LineMap::back`] are O(log runs).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMap {
    runs: Vec<Run>,
}

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
        let (old, new): (Vec<&str>, Vec<&str>) = (lines::split(old).collect(), lines::split(new).collect());
        let n = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        let run = |(old, new): (Range<usize>, Range<usize>)| Run {
            old: n(old.start),
            old_count: n(old.len()),
            new: n(new.start),
            new_count: n(new.len()),
        };
        Self { runs: diff_lines(&old, &new).into_iter().map(run).collect() }
    }

    /// How many of the runs `test` holds for; it holds for no run after one that it fails.
    fn partition(&self, test: impl Fn(Run) -> bool) -> usize {
        self.runs.partition_point(|run| test(*run))
    }

    /// Where lines of the old text are in the new one.
    #[must_use]
    pub fn carry(&self, lines: LineRange) -> Carried {
        let (start, end) = (lines.start() - 1, lines.end()); // 0-based, end excluded
        // Runs that lie before the anchor (an insertion right before it is one).
        let first = self.partition(|r| r.old_end() <= start);
        let last = self.partition(|r| r.old < end).max(first);
        let shift = |upto: usize, line: u32| {
            let run = upto.checked_sub(1).map(|i| self.runs[i]);
            run.map_or(line, |r| line.saturating_sub(r.old_end()) + r.new_end())
        };
        if first == last {
            let now = shift(first, start);
            return Carried::Untouched(LineRange::new(now + 1, now + lines.count()));
        }
        let (a, b) = (self.runs[first], self.runs[last - 1]);
        let now_start = if a.old >= start { shift(first, start) } else { a.new };
        let now_end = if b.old_end() <= end { shift(last, end) } else { b.new_end() };
        if now_start >= now_end {
            return Carried::Gone(LineRange::line(now_start.max(1)));
        }
        let range = LineRange::new(now_start + 1, now_end);
        let touching = || self.runs[first..last].iter();
        let survives =
            lines.count() > touching().map(|r| r.old_end().min(end) - r.old.max(start).min(end)).sum::<u32>();
        // Of an anchor inside one rewritten run, the whole run is what stands there now.
        if survives || touching().any(|r| r.new_count > 0) { Carried::Touched(range) } else { Carried::Gone(range) }
    }

    /// The old line of `line` of the new text; `None` for a line that is not in the old one. Both 1-based.
    #[must_use]
    pub fn back(&self, line: u32) -> Option<u32> {
        let at = line.max(1) - 1;
        let before = self.partition(|r| r.new_end() <= at);
        if self.runs.get(before).is_some_and(|run| run.new <= at) {
            return None;
        }
        let run = before.checked_sub(1).map(|i| self.runs[i]);
        Some(run.map_or(at, |r| at - r.new_end() + r.old_end()) + 1)
    }

    /// Whether old and new are the same, as far as the map knows.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.runs.is_empty()
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
        // A line is a letter: the text before and after, the anchor, and where it is.
        let cases: &[(&str, &str, (u32, u32), Carried)] = &[
            ("abcdef", "abcdef", (3, 4), Carried::Untouched(range(3, 4))),
            ("abcdef", "xyabcdef", (3, 4), Carried::Untouched(range(5, 6))),
            ("abcdef", "abxcdef", (3, 4), Carried::Untouched(range(4, 5))),
            ("abcdef", "abcdxef", (3, 4), Carried::Untouched(range(3, 4))),
            ("abcdef", "abcd", (3, 4), Carried::Untouched(range(3, 4))),
            ("abcdef", "abcxdef", (3, 4), Carried::Touched(range(3, 5))),
            ("abcdef", "abxdef", (3, 4), Carried::Touched(range(3, 4))),
            ("abcdef", "abcef", (3, 4), Carried::Touched(range(3, 3))),
            ("abcdef", "abef", (3, 4), Carried::Gone(range(2, 2))),
            ("abcdef", "af", (3, 4), Carried::Gone(range(1, 1))),
            ("abcdef", "xbcdef", (3, 4), Carried::Untouched(range(3, 4))),
            ("abcdef", "cdef", (3, 4), Carried::Untouched(range(1, 2))),
            ("abcdef", "", (3, 4), Carried::Gone(range(1, 1))),
            ("abcdefghi", "vwxyzabcdefghopq", (3, 4), Carried::Untouched(range(8, 9))),
        ];
        for (old, new, (a, b), expected) in cases {
            let text = |letters: &str| letters.chars().map(|c| format!("{c}\n")).collect::<String>();
            let map = LineMap::between(&text(old), &text(new));
            assert_eq!(map.carry(range(*a, *b)), *expected, "{old} {new} {map:?}");
        }
    }

    #[test]
    fn the_way_back_leads_to_the_same_line_or_to_none() {
        let map = LineMap::between("a\nb\nc\nd\ne\n", "x\na\nb\nC\nd\n");
        assert_eq!([1, 2, 3, 4, 5].map(|line| map.back(line)), [None, Some(1), Some(2), None, Some(4)]);
        assert!(LineMap::between("a\r\nb\r", "a\nb\n").is_identity());
    }

    proptest::proptest! {
        /// A line that is carried untouched is the very same, lines keep their order, and the way back leads to where it
        /// came from.
        #[test]
        fn untouched_lines_are_carried_to_themselves(old in "([a-e]\n){0,40}", new in "([a-e]\n){0,40}") {
            let map = LineMap::between(&old, &new);
            let (old, new): (Vec<&str>, Vec<&str>) = (lines::split(&old).collect(), lines::split(&new).collect());
            let mut last = 0;
            for (line, text) in (1_u32..).zip(&old) {
                if let Carried::Untouched(now) = map.carry(LineRange::line(line)) {
                    proptest::prop_assert_eq!(new[now.start() as usize - 1], *text);
                    proptest::prop_assert!(now.start() > last);
                    proptest::prop_assert_eq!(map.back(now.start()), Some(line));
                    last = now.start();
                }
            }
            for line in (1..).take(new.len()) {
                if let Some(before) = map.back(line) {
                    proptest::prop_assert_eq!(map.carry(LineRange::line(before)), Carried::Untouched(LineRange::line(line)));
                }
            }
        }
    }
}
