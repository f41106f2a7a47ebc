//! Removed code of which a hunk leaves out a part: `- if (a ... ) {`, `-     ...`, `- }`.
//!
//! Between the head of a block and its end, all is in the block, so what is removed is known without being written; a line
//! that leaves out its middle is known where only one line begins and ends as it does.

use crate::hunk::{HunkLine, Op};
use crate::pieces::{piece, width};
use crate::text::{self, Text};
use std::ops::Range;

/// Places of a block that are looked at, and ways to write a hunk out that are kept.
const MOST: usize = 20;
/// Lines that may be left out.
const MOST_LINES: usize = 400;
/// Letters and digits before the dots of a line that leaves out its middle.
const SAYS: usize = 8;

/// The hunk with what it leaves out of the blocks that it removes, once for each place where such a block is; none where what
/// it adds leaves something out as well.
pub(super) fn written_out(text: &Text<'_>, lines: &[HunkLine]) -> Vec<Vec<HunkLine>> {
    if lines.iter().any(|l| l.op == Op::Added && dots(&l.text).is_some()) {
        return Vec::new();
    }
    let whole = |line: &HunkLine| match line.op {
        Op::Removed if !line.is_elision() => with_its_middle(text, line),
        _ => line.clone(),
    };
    let mut ways = vec![lines.iter().map(whole).collect::<Vec<_>>()];
    let is_left_out = |l: &HunkLine| l.op == Op::Removed && l.is_elision();
    // Counted from the end, which stays as it is. Each is written out once: what the text has there may be dots, too.
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_left_out(line)) {
        let from_end = lines.len() - at;
        ways = ways.iter().flat_map(|way| filled(text, way, way.len() - from_end)).take(MOST).collect();
    }
    // Dots of the text would be taken for what is left out, and would stay.
    ways.retain(|way| !way.iter().any(is_left_out));
    ways
}

/// What stands before and behind the dots of a line.
fn dots(line: &str) -> Option<(&str, &str)> {
    line.split_once("...").or_else(|| line.split_once('…'))
}

/// The line as the text has it, if it leaves out its middle and only one line of the text begins and ends alike.
fn with_its_middle(text: &Text<'_>, line: &HunkLine) -> HunkLine {
    let solid = |s: &str| -> String { s.chars().filter(|c| !c.is_whitespace()).collect() };
    let whole = dots(&line.text).filter(|(before, _)| text::weight(before) >= SAYS).and_then(|(before, behind)| {
        let (before, behind) = (solid(before), solid(behind));
        let fits = |there: &&&str| {
            let rest = solid(there);
            rest.strip_prefix(&*before).is_some_and(|rest| rest.ends_with(&*behind))
        };
        match text.lines().iter().filter(fits).take(2).collect::<Vec<_>>()[..] {
            [only] => Some(format!("{}{}", text::indent(&line.text), only.trim())),
            _ => None,
        }
    });
    HunkLine { text: whole.unwrap_or_else(|| line.text.clone()), ..line.clone() }
}

/// The hunk with the lines that its line `at` stands for, for each place of the block around it: its head is the nearest
/// removed line above that is indented less, its end the next one that is indented like the head.
fn filled(text: &Text<'_>, lines: &[HunkLine], at: usize) -> Vec<Vec<HunkLine>> {
    let depth = |i: usize| width(&lines[i].text);
    let removed = |i: &usize| lines[*i].op == Op::Removed;
    let head = (0..at).rev().take_while(removed).find(|&i| !lines[i].is_blank() && depth(i) < depth(at));
    let Some(head) = head else { return Vec::new() };
    let end = (at + 1..lines.len()).take_while(removed).find(|&i| !lines[i].is_blank() && depth(i) <= depth(head));
    let Some(end) = end.filter(|&end| depth(end) == depth(head)) else { return Vec::new() };
    let (above, below) = (piece(lines, head..at, HunkLine::is_old), piece(lines, at + 1..end + 1, HunkLine::is_old));
    let (at_line, keys) = text.solid();
    let spots = text.find(&above.keys, MOST).into_iter();
    spots
        .filter_map(|spot| {
            let end = end_of(text, spot)?;
            let (first, last) = (spot + above.keys.len(), end.checked_sub(below.keys.len() - 1)?);
            let ends_so = keys[last..].starts_with(&below.keys) && first <= last;
            let lines_between = || at_line[first - 1] as usize + 1..at_line[last] as usize;
            ends_so.then(|| with(text, lines, at, lines_between()))
        })
        .collect()
}

/// The solid line that ends the block whose head is solid line `spot`.
fn end_of(text: &Text<'_>, spot: usize) -> Option<usize> {
    let (at, _) = text.solid();
    let depth = |spot: usize| width(text.line(at[spot] as usize));
    let end = (spot + 1..(spot + MOST_LINES).min(at.len())).find(|&below| depth(below) <= depth(spot))?;
    (depth(end) == depth(spot)).then_some(end)
}

/// The hunk with these lines of the text for its line `at`, indented as that is.
fn with(text: &Text<'_>, lines: &[HunkLine], at: usize, left_out: Range<usize>) -> Vec<HunkLine> {
    let there = &text.lines()[left_out];
    let solid = there.iter().filter(|line| !line.trim().is_empty());
    let least = solid.map(|line| text::indent(line).len()).min().unwrap_or(0);
    let margin = text::indent(&lines[at].text);
    let removed = there.iter().map(|line| match line.get(least..) {
        Some(rest) if !line.trim().is_empty() => HunkLine::new(Op::Removed, format!("{margin}{rest}")),
        _ => HunkLine::new(Op::Removed, ""),
    });
    lines[..at].iter().cloned().chain(removed).chain(lines[at + 1..].iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_written_out_unless_the_text_has_dots_there() {
        let removed = |text: &str| HunkLine::new(Op::Removed, text);
        let hunk = ["if (a) {", "    ...", "}"].map(removed);
        let wanted: Vec<HunkLine> = ["if (a) {", "    b();", "}"].map(removed).into();
        assert_eq!(written_out(&Text::new("if (a) {\n    b();\n}\nc();\n"), &hunk), [wanted]);
        assert!(written_out(&Text::new("if (a) {\n    ...\n    b();\n}\nc();\n"), &hunk).is_empty());
    }
}
