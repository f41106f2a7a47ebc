//! Suggested fixes: reads what models write, finds the place in a text, and applies it or refuses with a
//! reason. Pure: no I/O, no async.
//!
//! The way of a fix: [`parse()`] reads the hunks in any of the formats that agents use; the locator finds each
//! hunk by its own lines first (exactly, then but for white space, then around elisions, then with a few context
//! lines that differ) and by the citation only where the lines leave a choice; the result is a list of minimal
//! [`LineEdit`]s in the file's own indentation and line endings. What is not certain is a [`Refusal`].
//!
//! Lines are those of the Language Server Protocol: they end with `\n`, `\r\n` or `\r`, and with nothing else
//! (`lines::split`). All line numbers are 1-based.

mod build;
mod candidate;
mod canonical;
mod carry;
mod comments;
mod definition;
mod diff;
mod elision;
mod fuzzy;
mod hunk;
mod indentation;
mod locate;
mod occurrences;
mod parse;
mod pieces;
mod quote;
mod set;
mod text;

pub use canonical::{Canonical, canonical, same_edits};
pub use carry::{Carried, LineMap};
pub use hunk::{FileChange, FilePatch, Hunk, HunkBody, HunkLine, Op, Patch, Times};
pub use parse::{ParseError, parse};
pub use quote::find_quote;
pub use set::{FileOutcome, Fix, SetOutcome, place_set, place_set_in};
pub use text::{Splits, Text};

use finding::{LineRange, RepoPath};

#[cfg(test)]
mod tests;

/// What besides the hunk itself says where it belongs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The file being edited; picks that file's part of a diff over several files.
    pub path: Option<&'a RepoPath>,
    /// The lines that the finding cites, in the text at hand (carried there by the caller).
    pub lines: Option<LineRange>,
    /// The code that the finding quotes.
    pub quote: Option<&'a str>,
    /// The symbol that the finding names.
    pub symbol: Option<&'a str>,
}

/// A replacement of whole lines in a text: what an editor is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineEdit {
    /// First line taken out, 1-based; with `count` 0, the new lines stand before it (at the end: lines + 1).
    pub start: u32,
    /// Lines taken out.
    pub count: u32,
    /// The text put in, with its line endings; empty for a deletion.
    pub text: String,
}

/// How sure the place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placement {
    /// Context and removed lines are in the text as written.
    Exact,
    /// The same but for white space.
    Whitespace,
    /// Pieces around an elision, in order.
    Elided,
    /// Some context lines differ.
    Fuzzy,
}

impl Placement {
    /// Whether the fix may be applied unseen, together with others: its lines are there as written, white space aside.
    /// The others are for a person to look at, one at a time.
    #[must_use]
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Exact | Self::Whitespace)
    }
}

/// A fix with its place: it applies, and nothing is applied yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Minimal edits, in order, not overlapping, in lines of the text as it was.
    pub edits: Vec<LineEdit>,
    /// How it was placed: the least sure of its hunks.
    pub placement: Placement,
}

/// Why a fix does not apply. `Display` is what the user reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The text to change is not there.
    #[error("the code that the fix changes is not in the file")]
    NotFound,
    /// The text to change was there when it was reviewed, and was edited since.
    #[error("the code that the fix changes was edited since the review")]
    Touched,
    /// More than one place fits as well.
    #[error("the fix fits in {} places and nothing says which is meant", places.len())]
    Ambiguous {
        /// First lines of the places, 1-based, in order; at most 100 of them.
        places: Vec<u32>,
    },
    /// New lines for the cited ones, which other lines near them look more like.
    #[error("{} that it cites {} less like what it puts there than {} {}", said(*cited), does(*cited, "looks", "look"), said(*better), does(*better, "does", "do"))]
    Misplaced {
        /// The lines that are cited.
        cited: LineRange,
        /// Those that are more alike.
        better: LineRange,
    },
    /// Nothing in the fix says where it belongs: it only adds lines, beside nothing that could be found.
    #[error("the fix only adds lines and does not say where")]
    NoPlace,
    /// The result is there already.
    #[error("the fix is already applied")]
    AlreadyApplied,
    /// A part of what it adds is there: it was applied before and changed since, or someone did the like.
    #[error("a part of what the fix adds is there already (line {line}); it may have been applied and changed since")]
    PartlyApplied {
        /// A line of what is there, 1-based.
        line: u32,
    },
    /// The lines to put in, or those to take out, are not written out.
    #[error("the fix leaves out code that it changes ('{line}')")]
    Elided {
        /// The line that stands for what is left out.
        line: String,
    },
    /// Two fixes, or two hunks of one, change the same lines.
    #[error("the fix changes lines that {other} changes too")]
    Overlaps {
        /// The fix that was there first, or "another hunk of it".
        other: String,
    },
    /// The diff is about another file.
    #[error("the fix is for another file ('{path}')")]
    OtherFile {
        /// That file, as the diff names it.
        path: String,
    },
    /// The diff names a path that is not one inside the repository.
    #[error("the fix is for a file outside the repository ('{path}')")]
    OutsideRepository {
        /// That path, as the diff names it.
        path: String,
    },
    /// A new file would be written over one that exists, or one to be changed does not exist.
    #[error("'{path}' {why}")]
    WrongFile {
        /// The file.
        path: String,
        /// What is wrong with it: "exists already", "does not exist".
        why: &'static str,
    },
    /// No hunk could be read.
    #[error("the suggestion cannot be read as an edit: {0}")]
    Unreadable(String),
}

fn said(lines: LineRange) -> String {
    match lines.count() {
        1 => format!("line {}", lines.start()),
        _ => format!("lines {}–{}", lines.start(), lines.end()),
    }
}

fn does(lines: LineRange, one: &'static str, several: &'static str) -> &'static str {
    if lines.count() == 1 { one } else { several }
}

impl From<ParseError> for Refusal {
    fn from(e: ParseError) -> Self {
        Self::Unreadable(e.to_string())
    }
}

/// Finds the place of `diff` in `text` and says which lines change.
///
/// # Errors
/// Whatever is not certain is refused; the text is never changed in a place that was guessed.
pub fn place(text: &str, diff: &str, hints: &Hints<'_>) -> Result<Placed, Refusal> {
    place_patch(&Text::new(text), &parse(diff)?, hints)
}

/// [`place`] for a text that is used often and a diff that is parsed already.
///
/// # Errors
/// As [`place`].
pub fn place_patch(text: &Text<'_>, patch: &Patch, hints: &Hints<'_>) -> Result<Placed, Refusal> {
    let file = patch.for_path(hints.path)?;
    match file.change {
        FileChange::Edit | FileChange::Rename => {}
        FileChange::Create if text.is_blank() => {}
        FileChange::Create => {
            let created = set::created_text(file);
            return Err(if text::squeezed_eq(&created, text.source()) {
                Refusal::AlreadyApplied
            } else {
                Refusal::WrongFile { path: file.path.clone().unwrap_or_default(), why: "exists already" }
            });
        }
        FileChange::Delete => {
            return Err(Refusal::Unreadable("it deletes the file, which is not an edit of its text".to_owned()));
        }
    }
    locate::place_hunks(text, &file.hunks, hints)
}

/// [`place`] to the text as it is now; where that does not work because the code was edited since the review,
/// the refusal is [`Refusal::Touched`] instead of [`Refusal::NotFound`].
///
/// `hints.lines` are lines of `snapshot`; `map` leads from there to `current`.
///
/// # Errors
/// As [`place`].
pub fn place_since(
    snapshot: &str,
    current: &str,
    map: &LineMap,
    diff: &str,
    hints: &Hints<'_>,
) -> Result<Placed, Refusal> {
    let lines = hints.lines.map(|lines| map.carry(lines).lines());
    match place(current, diff, &Hints { lines, ..*hints }) {
        Err(Refusal::NotFound) if place(snapshot, diff, hints).is_ok() => Err(Refusal::Touched),
        other => other,
    }
}

/// `text` with `edits` done. Edits that are out of order, overlap or lie outside of the text are left out, so
/// that any list is safe; those of [`Placed`] never are.
#[must_use]
pub fn apply_edits(text: &str, edits: &[LineEdit]) -> String {
    Text::new(text).with(edits)
}
