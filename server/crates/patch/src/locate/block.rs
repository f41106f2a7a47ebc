//! New texts of functions and other blocks, which take the place of those that the text has under the same head.

use crate::build::RawEdit;
use crate::candidate::{Candidate, Fit, Found, MAX_PLACES};
use crate::definition::definition;
use crate::elision::is_elision;
use crate::indentation::reindent_block;
use crate::pieces::{alikeness, lines_of, range, width};
use crate::text::{self, Text};
use crate::{Hints, Refusal};
use std::ops::Range;

/// Places of the blocks; each is found by its first line, or by the name that it defines, and ends where its
/// indentation does.
pub(super) fn find(text: &Text<'_>, new: &str, hints: &Hints<'_>) -> Result<Found, Refusal> {
    let new = lines_of(new);
    if let Some(hole) = new.iter().find(|l| is_elision(l) && !text.has_line(l)) {
        return Err(Refusal::Elided { line: hole.trim().to_owned() });
    }
    let solid: Vec<u64> = new.iter().map(|l| text::key(l)).filter(|&k| k != text::BLANK).collect();
    if !text.find(&solid, 1).is_empty() {
        return Err(Refusal::AlreadyApplied);
    }
    let blocks = split(&new).ok_or(Refusal::NotFound)?;
    let mut all: Vec<Vec<Candidate>> = Vec::new();
    for block in &blocks {
        let found = places(text, &new[block.lines.clone()], block.head - block.lines.start, hints);
        if found.is_empty() {
            return Err(Refusal::NotFound);
        }
        all.push(found);
    }
    if let [_] = &all[..] {
        return Ok(Found::Places(all.remove(0)));
    }
    // Several blocks are one edit, so each of them needs a place of its own.
    if let Some(several) = all.iter().find(|found| found.len() > 1) {
        let line = |c: &Candidate| u32::try_from(c.first + 1).unwrap_or(u32::MAX);
        return Err(Refusal::Ambiguous { places: several.iter().map(line).collect() });
    }
    let all: Vec<Candidate> = all.into_iter().flatten().collect();
    let (first, last) = (all.iter().map(|c| c.first).min(), all.iter().map(|c| c.last).max());
    let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
    let edits = all.into_iter().flat_map(|c| c.edits).collect();
    Ok(Found::Places(vec![Candidate { fit: Fit::Exact, elided: false, first, last, edits }]))
}

/// A block of the new text.
struct Block {
    /// With what belongs to it above its head: comments, attributes, decorators.
    lines: Range<usize>,
    head: usize,
}

/// The blocks that the new text is made of; `None` where some line is no part of one.
fn split(new: &[&str]) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while let Some(skipped) = new[start..].iter().position(|l| !l.trim().is_empty()) {
        start += skipped;
        let head = start + new[start..].iter().position(|l| !is_preamble(l) && !l.trim().is_empty())?;
        let end = end_of(new, head);
        if end <= head + 1 {
            return None;
        }
        blocks.push(Block { lines: start..end, head });
        start = end;
    }
    (!blocks.is_empty()).then_some(blocks)
}

/// Whether a line above a head belongs to what follows: a comment, an attribute, a decorator.
fn is_preamble(line: &str) -> bool {
    is_comment(line) || ["@", "#[", "["].iter().any(|mark| line.trim_start().starts_with(mark))
}

fn is_comment(line: &str) -> bool {
    let (mark, line) = (line.trim(), line.trim_start());
    ["//", "/*", "* ", "*/", "-- ", "# ", "##"].iter().any(|mark| line.starts_with(mark)) || mark == "*" || mark == "#"
}

/// The line after the block that begins at line `head`: what is indented more belongs to it, and what closes it, or
/// goes on with it (`} else {`, `) -> u32 {`, a brace on a line of its own).
fn end_of(lines: &[&str], head: usize) -> usize {
    let depth = width(lines[head]);
    let blank = |i: usize| lines[i].trim().is_empty();
    let mut end = head + 1;
    while end < lines.len() {
        let line = lines[end].trim();
        if blank(end) || width(lines[end]) > depth {
            end += 1;
            continue;
        }
        let closes = line.starts_with(['}', ')', ']']) || line == "end";
        let opens = line.ends_with(['{', '(', '[']) || line.ends_with(':') && !line.ends_with("::");
        let word = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let goes_on = matches!(
            word,
            "else" | "elif" | "elsif" | "elseif" | "except" | "finally" | "catch" | "rescue" | "ensure" | "where"
        );
        if width(lines[end]) < depth || !(closes || goes_on || line == "{") {
            break;
        }
        end += 1;
        if closes && !opens {
            return end;
        }
    }
    while end > head + 1 && blank(end - 1) {
        end -= 1;
    }
    end
}

/// Where a block of the same head is in the text; where none is, the only one that defines the same name, if it is
/// much the same otherwise.
fn places(text: &Text<'_>, new: &[&str], head: usize, hints: &Hints<'_>) -> Vec<Candidate> {
    const NEAR: u32 = 30;
    let at = text.solid().0;
    let same = text.find(&[text::key(new[head])], MAX_PLACES);
    if !same.is_empty() {
        return same.into_iter().filter_map(|spot| replacement(text, at[spot] as usize, new, head, 0.4)).collect();
    }
    let Some(defined) = definition(new[head]) else { return Vec::new() };
    let defines = |i: &usize| definition(text.line(*i)).is_some_and(|other| other == defined);
    match (0..text.lines().len()).filter(defines).take(2).collect::<Vec<_>>()[..] {
        [only] => {
            let near = |c: &Candidate| hints.lines.is_none_or(|l| range(c.first, c.last).distance(l) <= NEAR);
            replacement(text, only, new, head, 0.6).into_iter().filter(near).collect()
        }
        _ => Vec::new(),
    }
}

/// The edit that puts the block in place of the one that begins at line `first`.
fn replacement(text: &Text<'_>, first: usize, new: &[&str], head: usize, alike: f64) -> Option<Candidate> {
    let end = end_of(text.lines(), first);
    if end <= first + 1 || alikeness(&text.lines()[first..end], &new[head..]) < alike {
        return None;
    }
    // What stands above the head is replaced only where the new text says something about it.
    let depth = width(text.line(first));
    let above = |i: &usize| is_preamble(text.line(*i)) && width(text.line(*i)) == depth;
    let top = (0..first).rev().take_while(above).last().unwrap_or(first);
    let start = if head == 0 { first } else { top };
    // An attribute is not gone because it was not written again; a comment was written anew if it reads alike.
    let kept = |line: &str| {
        let alike = |l: &&str| is_comment(line) && alikeness(&[line], &[*l]) >= 0.4;
        new[..head].iter().any(|l| l.trim() == line.trim() || alike(l))
    };
    if !text.lines()[start..first].iter().all(|line| text::weight(line) == 0 || kept(line)) {
        return None;
    }
    let old: Vec<&str> = text.lines()[start..end].to_vec();
    let lines = reindent_block(text, start, &old, new);
    let edits = vec![RawEdit { start, count: old.len(), lines, newline: None }];
    Some(Candidate { fit: Fit::Exact, elided: false, first: start, last: end - 1, edits })
}
