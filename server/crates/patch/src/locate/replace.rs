//! One text in place of another: whole lines, or a part of one.

use super::lines::find_lines;
use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, Found, MAX_PLACES};
use crate::diff::diff_lines;
use crate::hunk::{HunkLine, Op, Times};
use crate::pieces::lines_of;
use crate::text::{self, Text};
use crate::{Hints, Refusal};
use memchr::memmem;

/// `new` in place of `old`: whole lines, or a part of a line.
pub(super) fn find(text: &Text<'_>, old: &str, new: &str, times: Times, hints: &Hints<'_>) -> Result<Found, Refusal> {
    let everywhere = match times {
        Times::Once => None,
        Times::Every => everywhere(text, old, new, None),
        Times::Exactly(n) => everywhere(text, old, new, Some(n)),
    };
    if let Some(everywhere) = everywhere {
        return Ok(Found::Places(vec![everywhere]));
    }
    let inline = fragments(text, old, new);
    let lines = marked(old, new);
    let one = old.trim_end_matches('\n').lines().count() == 1 && !old.ends_with('\n');
    // A single line may mean itself wherever it stands, also inside of other lines.
    if one && inline.len() > 1 || inline.len() == 1 && !whole_lines(text, &inline[0]) {
        return Ok(Found::Places(inline));
    }
    match find_lines(text, &lines, hints) {
        Err(Refusal::NotFound) if !inline.is_empty() => Ok(Found::Places(inline)),
        other => other,
    }
}

/// `new` wherever `old` stands as it is, which is `count` times if that is given.
fn everywhere(text: &Text<'_>, old: &str, new: &str, count: Option<u32>) -> Option<Candidate> {
    let (old, new) = (adapt(text, old), adapt(text, new));
    let source = text.source();
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let there = memmem::find_iter(source.as_bytes(), &old).take(count.map_or(1, |n| n as usize + 1)).count();
    if text::weight(&old) == 0 || there == 0 || count.is_some_and(|n| there != n as usize) {
        return None;
    }
    let lines: Vec<String> = lines::split(&source.replace(&old, &new)).map(str::to_owned).collect();
    let count = text.lines().len();
    let edits = vec![RawEdit { start: 0, count, lines, newline: None }];
    Some(Candidate { fit: Fit::Exact, elided: false, first: 0, last: count.saturating_sub(1), edits })
}

/// A part of a text that is to be found in `text`, with its line endings.
fn adapt(text: &Text<'_>, part: &str) -> String {
    match text.ending(0) {
        "\n" => part.to_owned(),
        ending => part.replace('\n', ending),
    }
}

/// The two texts as lines of a diff.
fn marked(old: &str, new: &str) -> Vec<HunkLine> {
    let (old, new) = (lines_of(old), lines_of(new));
    let mut out = Vec::with_capacity(old.len() + new.len());
    let (mut a, mut b) = (0, 0);
    for (before, after) in diff_lines(&old, &new) {
        out.extend(old[a..before.start].iter().map(|l| HunkLine::new(Op::Context, *l)));
        out.extend(old[before.clone()].iter().map(|l| HunkLine::new(Op::Removed, *l)));
        out.extend(new[after.clone()].iter().map(|l| HunkLine::new(Op::Added, *l)));
        (a, b) = (before.end, after.end);
    }
    debug_assert_eq!(old.len() - a, new.len() - b);
    out.extend(old[a..].iter().map(|l| HunkLine::new(Op::Context, *l)));
    out
}

/// Where `old` stands as it is, not as a part of a longer word.
fn fragments(text: &Text<'_>, old: &str, new: &str) -> Vec<Candidate> {
    let (old, new) = (adapt(text, old), adapt(text, new));
    if text::weight(&old) == 0 {
        return Vec::new();
    }
    let source = text.source();
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out: Vec<Candidate> = Vec::new();
    for at in memmem::find_iter(source.as_bytes(), &old).take(MAX_PLACES) {
        let end = at + old.len();
        let inside = word(source[..at].chars().next_back()) && word(old.chars().next())
            || word(source[end..].chars().next()) && word(old.chars().next_back());
        if inside {
            continue;
        }
        let (first, last) = (text.line_at(at), text.line_at(end - 1));
        let changed = format!("{}{new}{}", &source[text.start(first)..at], &source[end..text.start(last + 1)]);
        let lines: Vec<String> =
            lines::split(changed.strip_prefix('\u{feff}').unwrap_or(&changed)).map(str::to_owned).collect();
        let edits = vec![RawEdit { start: first, count: last + 1 - first, lines, newline: None }];
        out.push(Candidate { fit: Fit::Exact, elided: false, first, last, edits });
    }
    out
}

/// Whether the edit takes whole lines: then the lines decide, so that indentation is seen to.
fn whole_lines(text: &Text<'_>, candidate: &Candidate) -> bool {
    // The fragment begins and ends where the lines do if nothing of the old lines is left around it; this is
    // decided by the caller's text, so compare what would be kept.
    let Some(edit) = candidate.edits.first() else { return true };
    let old: Vec<&str> = (edit.start..edit.start + edit.count).map(|i| text.line(i)).collect();
    let same_start = old.first().zip(edit.lines.first()).is_some_and(|(a, b)| text::indent(a) == text::indent(b));
    !same_start || old.len() > 1
}
