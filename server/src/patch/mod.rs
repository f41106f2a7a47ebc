//! Suggested fixes: reads what models write, finds the place in a text, and applies it or refuses with a
//! reason. Pure: no I/O, no async.

use crate::finding::{LineRange, RepoPath};

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

/// A fix that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
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
    #[error("the code that the fix changes is not in the file any more")]
    NotFound,
    /// More than one place fits as well.
    #[error("the fix fits in {} places and nothing says which is meant", places.len())]
    Ambiguous {
        /// First lines of the places, 1-based.
        places: Vec<u32>,
    },
    /// The result is there already.
    #[error("the fix is already applied")]
    AlreadyApplied,
    /// No hunk could be read.
    #[error("the suggestion cannot be read as an edit: {0}")]
    Unreadable(String),
}
