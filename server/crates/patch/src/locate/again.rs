//! Whether what a fix adds is there already, changed since: putting it in once more is as wrong as a wrong place.

use crate::definition::definition;
use crate::pieces::width;
use crate::text::{self, Text};
use crate::{Hints, LineEdit, Refusal};
use std::collections::HashSet;
use std::ops::Range;

/// Lines above and below that are looked at for a definition.
const REACH: usize = 2000;
/// The longest run of new lines that is compared with what stands beside it.
const MAX_LINES: usize = 200;

/// Refuses edits after which a name would be defined twice in one scope, or lines would stand beside nearly the same ones.
pub(super) fn check(text: &Text<'_>, edits: &[LineEdit], hints: &Hints<'_>) -> Result<(), Refusal> {
    let gone: HashSet<usize> = edits.iter().flat_map(taken_out).collect();
    for edit in edits {
        let added: Vec<&str> = lines::split(&edit.text).filter(|line| !line.trim().is_empty()).collect();
        let there = defined(text, &gone, edit, &added, hints).or_else(|| beside(text, &gone, edit, &added));
        if let Some(line) = there {
            return Err(Refusal::PartlyApplied { line: u32::try_from(line + 1).unwrap_or(u32::MAX) });
        }
    }
    Ok(())
}

/// The lines that an edit takes out, 0-based.
fn taken_out(edit: &LineEdit) -> Range<usize> {
    let start = edit.start as usize - 1;
    start..start + edit.count as usize
}

/// Where the scope that lines are added to defines a name that they define, 0-based.
fn defined(
    text: &Text<'_>,
    gone: &HashSet<usize>,
    edit: &LineEdit,
    added: &[&str],
    hints: &Hints<'_>,
) -> Option<usize> {
    let out = taken_out(edit);
    let mut outermost = usize::MAX;
    for (i, line) in added.iter().enumerate() {
        let depth = width(line);
        outermost = outermost.min(depth);
        // What is inside of a block that is new itself is in no scope of the text.
        let Some(new) = definition(line).filter(|_| depth == outermost) else { continue };
        let is_annotated = |above: Option<&str>| above.is_some_and(|l| l.trim_start().starts_with(['@', '#', '[']));
        if is_annotated(i.checked_sub(1).map(|i| added[i])) || new.may_repeat(line, hints.path) {
            continue;
        }
        let is_same = |&i: &usize| {
            let there = text.line(i);
            !gone.contains(&i)
                && width(there) == depth
                && there.contains(new.name)
                && definition(there).is_some_and(|d| d == new && !d.may_repeat(there, hints.path))
                && !is_annotated(i.checked_sub(1).map(|i| text.line(i)))
        };
        let in_scope = |i: &usize| text.line(*i).trim().is_empty() || width(text.line(*i)) >= depth;
        let above = (0..out.start).rev().take(REACH).take_while(in_scope).find(is_same);
        let below = || (out.end..text.lines().len()).take(REACH).take_while(in_scope).find(is_same);
        if let Some(there) = above.or_else(below) {
            return Some(there);
        }
    }
    None
}

/// Where lines stand, right above or below, that are the added ones but for a few: half of what these say, in order, and at
/// the edge two of them or more as they are, of which one is nowhere else. 0-based.
fn beside(text: &Text<'_>, gone: &HashSet<usize>, edit: &LineEdit, added: &[&str]) -> Option<usize> {
    const MORE: usize = 3;
    const SAYS: usize = 8;
    let added: Vec<(u64, usize)> = added.iter().map(|l| (text::key(l), text::weight(l))).collect();
    let said: usize = added.iter().map(|l| l.1).sum();
    if added.len() < 3 || added.len() > MAX_LINES {
        return None;
    }
    let (at, keys) = text.solid();
    let out = taken_out(edit);
    let reach = added.len() + MORE;
    let start = at.partition_point(|&line| (line as usize) < out.start);
    let end = at.partition_point(|&line| (line as usize) < out.end);
    let stays = |s: &usize| !gone.contains(&(at[*s] as usize));
    let above: Vec<usize> = (start.saturating_sub(reach)..start).filter(stays).collect();
    let below: Vec<usize> = (end..(end + reach).min(keys.len())).filter(stays).collect();
    let is_same = |(n, s): &(usize, &usize)| added[*n].0 == keys[**s];
    let first: Vec<_> = (0..added.len()).zip(&below).take_while(is_same).collect();
    let last: Vec<_> = (0..added.len()).rev().zip(above.iter().rev()).take_while(is_same).collect();
    [(first, &below), (last, &above)].into_iter().find_map(|(run, side)| {
        // What begins in another way is another thing, however it goes on.
        let begins_alike = side.iter().any(|&s| keys[s] == added[0].0);
        if run.len() < 2 || !begins_alike || 2 * in_common(&added, side, keys) < said {
            return None;
        }
        let is_rare = |n: usize| text.find(&[added[n].0], 2).len() == 1;
        run.iter().find(|(n, _)| added[*n].1 >= SAYS && is_rare(*n)).map(|(_, s)| at[**s] as usize)
    })
}

/// How much of what the added lines say is said by the solid lines `side` of the text too, in the same order.
fn in_common(added: &[(u64, usize)], side: &[usize], keys: &[u64]) -> usize {
    let mut most = vec![0; side.len() + 1];
    for &(key, weight) in added {
        let mut before = 0;
        for j in 0..side.len() {
            let here = if keys[side[j]] == key { before + weight } else { 0 };
            before = most[j + 1];
            most[j + 1] = here.max(most[j]).max(most[j + 1]);
        }
    }
    most[side.len()]
}
