//! Finds where a hunk belongs.
//!
//! The lines that a hunk says are there (context and removed ones) are looked for in order, blank lines and white
//! space left aside. All places where they are found are candidates; what tells candidates apart is, in this
//! order: how exactly they fit, the quoted code and the cited lines, the enclosing symbol, the order of the
//! hunks, and line numbers of the diff where another hunk proves them right. If two candidates that would lead to
//! different texts are left, the fix is refused.

mod again;
mod already;
mod apart;
mod block;
mod choose;
mod comments;
mod cut;
mod half_done;
mod left_out;
mod lines;
mod moved;
mod reflowed;
mod replace;
mod rewritten;
mod suggestion;

use super::build;
use super::candidate::{Candidate, Found};
use super::hunk::{Hunk, HunkBody, HunkLine};
use super::text::Text;
use super::{Hints, Placed, Placement, Refusal};
use std::cell::LazyCell;

/// Places all hunks, or says why that cannot be done.
pub(super) fn place_hunks(text: &Text<'_>, hunks: &[Hunk], hints: &Hints<'_>) -> Result<Placed, Refusal> {
    let mut places = Vec::with_capacity(hunks.len());
    let put_in = LazyCell::new(|| moved::PutIn::of(hunks));
    for (i, hunk) in hunks.iter().enumerate() {
        match find(text, hunk, hints) {
            Ok(Found::Places(found)) => places.push((hunk, found)),
            Ok(Found::Already) => {}
            Err(Refusal::NotFound) if put_in.is_elsewhere(text, i) => {}
            // The other hunks may prove the number that says where.
            Err(Refusal::NoPlace) if hunk.after.is_some() => places.push((hunk, Vec::new())),
            Err(refusal) => return Err(refusal),
        }
    }
    if places.is_empty() {
        return Err(Refusal::AlreadyApplied);
    }
    let chosen = choose::choose(text, places, hints)?;
    let placement = chosen.iter().map(Candidate::placement).max().unwrap_or(Placement::Exact);
    let edits = build::finish(text, chosen.into_iter().flat_map(|c| c.edits).collect())?;
    if edits.is_empty() {
        return Err(Refusal::AlreadyApplied);
    }
    again::check(text, &edits, hints)?;
    Ok(Placed { edits, placement })
}

fn find(text: &Text<'_>, hunk: &Hunk, hints: &Hints<'_>) -> Result<Found, Refusal> {
    match &hunk.body {
        HunkBody::Lines(lines) if hunk.at_end && !lines.iter().any(HunkLine::is_old) => Ok(lines::append(text, lines)),
        HunkBody::Lines(lines) => lines::find_lines(text, lines, hints),
        HunkBody::Replace { old, new, times } => replace::find(text, old, new, *times, hints),
        HunkBody::Suggestion(new) => suggestion::find(text, new, hints),
        HunkBody::Block(new) => block::find(text, new, hints),
    }
}
