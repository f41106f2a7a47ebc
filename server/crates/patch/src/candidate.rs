//! A place where a hunk fits, and how well.

use crate::Placement;
use crate::build::{self, RawEdit};
use crate::hunk::{HunkLine, Op};
use crate::pieces::{HunkPiece, range};
use crate::text::{self, Text};
use finding::LineRange;

/// Candidates kept for one hunk.
pub(crate) const MAX_PLACES: usize = 100;

/// How well a candidate's lines fit, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
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
pub(crate) struct Candidate {
    pub(crate) fit: Fit,
    pub(crate) elided: bool,
    /// First and last matched line of the text, 0-based.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// What would change.
    pub(crate) edits: Vec<RawEdit>,
}

impl Candidate {
    /// First line that changes and the first one after the changes, 0-based.
    pub(crate) fn span(&self) -> (usize, usize) {
        let start = self.edits.first().map_or(self.first, |e| e.start);
        let end = self.edits.last().map_or(self.last + 1, |e| e.start + e.count);
        (start, end)
    }

    /// The lines that change, 1-based; of an insertion, those that it stands between.
    pub(crate) fn changed(&self) -> LineRange {
        let start = self.edits.first().map_or(self.first, |e| e.start.saturating_sub(usize::from(e.count == 0)));
        let end = self.edits.last().map_or(self.last, |e| e.start + e.count.max(1) - 1);
        range(start, end)
    }

    pub(crate) fn placement(&self) -> Placement {
        match self.fit {
            Fit::Fuzzy => Placement::Fuzzy,
            _ if self.elided => Placement::Elided,
            Fit::Exact => Placement::Exact,
            Fit::Indent | Fit::Space => Placement::Whitespace,
        }
    }
}

/// What is known of a hunk before the choice.
pub(crate) enum Found {
    Places(Vec<Candidate>),
    Already,
}

/// The candidate of an alignment; `None` where only white space changes and it is not there as written.
pub(crate) fn candidate(
    text: &Text<'_>,
    lines: &[HunkLine],
    pieces: &[HunkPiece],
    pos: &[Option<usize>],
) -> Option<Candidate> {
    let lines = &*build::with_margin(text, lines, pos);
    let matched = || lines.iter().zip(pos).filter_map(|(l, p)| Some((l, (*p)?)));
    let mut fit = Fit::Exact;
    for (line, at) in matched() {
        fit = fit.max(line_fit(line, text.line(at))?);
    }
    if !pieces.iter().all(|piece| has_its_blanks(text, lines, piece, pos)) {
        fit = fit.max(Fit::Space);
    }
    let first = matched().map(|(_, at)| at).min()?;
    let last = matched().map(|(_, at)| at).max()?;
    let edits = build::edits(text, lines, pieces, pos, fit == Fit::Exact)?;
    Some(Candidate { fit, elided: pieces.len() > 1, first, last, edits })
}

/// Lines put before line `start` (0-based).
pub(crate) fn insertion(start: usize, lines: Vec<String>) -> Candidate {
    let edits = vec![RawEdit { start, count: 0, lines, newline: None }];
    Candidate { fit: Fit::Exact, elided: false, first: start, last: start, edits }
}

/// How a line of a hunk fits the one that it was aligned with; `None` for one that must be there and is not.
fn line_fit(line: &HunkLine, there: &str) -> Option<Fit> {
    if there.trim_end() == line.text.trim_end() {
        Some(Fit::Exact)
    } else if there.trim() == line.text.trim() {
        Some(Fit::Indent)
    } else if text::key(there) == text::key(&line.text) && text::squeezed_eq(there, &line.text) {
        Some(Fit::Space)
    } else {
        (line.op == Op::Context).then_some(Fit::Fuzzy)
    }
}

/// Whether the text has the blank lines of a piece: between two lines as many as it has, at its edges at least as many.
fn has_its_blanks(text: &Text<'_>, lines: &[HunkLine], piece: &HunkPiece, pos: &[Option<usize>]) -> bool {
    let between = |(&a, &b): (&usize, &usize)| {
        let blank = lines[a..b].iter().filter(|l| l.is_old() && l.is_blank()).count();
        pos[a].zip(pos[b]).is_none_or(|(p, q)| q == p + 1 + blank)
    };
    let blanks =
        |range: &mut dyn Iterator<Item = &HunkLine>| range.filter(|l| l.is_old()).take_while(|l| l.is_blank()).count();
    let blank_at = |i: usize| i >= text.lines().len() || text.line(i).trim().is_empty();
    let edges = || {
        let (&a, &b) = piece.solid.first().zip(piece.solid.last())?;
        let (p, q) = pos[a].zip(pos[b])?;
        let above = blanks(&mut lines[piece.lines.start..a].iter().rev()).min(p);
        let below = blanks(&mut lines[b + 1..piece.lines.end].iter());
        Some((p - above..p).chain(q + 1..q + 1 + below).all(blank_at))
    };
    piece.solid.iter().zip(piece.solid.iter().skip(1)).all(between) && edges().unwrap_or(true)
}
