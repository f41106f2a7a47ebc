//! Changes that are not written as marked lines: search/replace, suggestions, whole functions.

use super::lines::find_lines;
use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, Found, MAX_PLACES};
use crate::diff::diff_lines;
use crate::hunk::{HunkLine, Op};
use crate::pieces::{alikeness, lines_of};
use crate::text::{self, Text, split_lines};
use crate::{Hints, Refusal};

/// `new` in place of `old`: whole lines, or a part of a line.
pub(super) fn find(text: &Text<'_>, old: &str, new: &str, all: bool, hints: &Hints<'_>) -> Result<Found, Refusal> {
    if all && let Some(everywhere) = everywhere(text, old, new) {
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

/// `new` wherever `old` stands as it is.
fn everywhere(text: &Text<'_>, old: &str, new: &str) -> Option<Candidate> {
    let (old, new) = (adapt(text, old), adapt(text, new));
    let source = text.source();
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if text::weight(&old) == 0 || !source.contains(&old) {
        return None;
    }
    let lines: Vec<String> = split_lines(&source.replace(&old, &new)).map(str::to_owned).collect();
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
    for (at, _) in source.match_indices(&old).take(MAX_PLACES) {
        let end = at + old.len();
        let inside = word(source[..at].chars().next_back()) && word(old.chars().next())
            || word(source[end..].chars().next()) && word(old.chars().next_back());
        if inside {
            continue;
        }
        let (first, last) = (text.line_at(at), text.line_at(end - 1));
        let changed = format!("{}{new}{}", &source[text.start(first)..at], &source[end..text.start(last + 1)]);
        let lines: Vec<String> =
            split_lines(changed.strip_prefix('\u{feff}').unwrap_or(&changed)).map(str::to_owned).collect();
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

/// New lines for the cited ones. Agents cite wrong lines, so the two must have something in common.
pub(super) fn suggestion(text: &Text<'_>, new: &str, hints: &Hints<'_>) -> Result<Found, Refusal> {
    let Some(cited) = hints.lines else { return Err(Refusal::NoPlace) };
    let (start, end) = (cited.start() as usize - 1, cited.end() as usize);
    if end > text.lines().len() {
        return Err(Refusal::NotFound);
    }
    let old: Vec<&str> = (start..end).map(|i| text.line(i)).collect();
    let new = lines_of(new);
    if old.iter().map(|l| l.trim()).eq(new.iter().map(|l| l.trim())) {
        return Err(Refusal::AlreadyApplied);
    }
    if !new.is_empty() && !is_part(&old, &new) && alikeness(&old, &new) < 0.4 {
        return Err(Refusal::NotFound);
    }
    // As it is written, unless it was moved to the margin or to the other kind of white space.
    let lines = if is_indented_as(&old, &new) {
        new.iter().map(|&l| l.to_owned()).collect()
    } else {
        crate::build::reindent_block(text, start, &old, &new)
    };
    let edits = vec![RawEdit { start, count: old.len(), lines, newline: None }];
    let last = start + old.len().max(1) - 1;
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first: start, last, edits }]))
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

/// Whether the old lines are among the new ones, in order: then these only add to them.
fn is_part(old: &[&str], new: &[&str]) -> bool {
    let mut new = new.iter().map(|l| l.trim());
    let mut solid = old.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).peekable();
    solid.peek().is_some_and(|l| text::weight(l) > 0) && solid.all(|line| new.any(|l| l == line))
}
