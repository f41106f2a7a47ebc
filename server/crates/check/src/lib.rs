//! The built-in checkers: deterministic reviewers of a snapshot, one file a checker. No model runs.
//!
//! A checker is a pure function of the snapshot. It reports only what the change introduced or made stale, and its
//! fixes are exact. Texts are untrusted: whatever is too large, too long or not text is passed over.

pub mod history;
pub mod leftovers;
#[cfg(test)]
mod pages;
pub mod references;
mod remark;
pub mod rules;
mod syntax;
mod tree;

use finding::RawFinding;
use git::{Snapshot, SnapshotError};
use tokio_util::sync::CancellationToken;

/// A checker's function. Ends soon after `cancel`, with what it has by then.
pub type Check = fn(&Snapshot, &CancellationToken) -> Result<Vec<RawFinding>, SnapshotError>;

/// A checker with its names.
#[derive(Debug, Clone, Copy)]
pub struct Checker {
    /// The agent's name.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it looks for, in a few words.
    pub looks_for: &'static str,
    /// Does it.
    pub check: Check,
}

/// All checkers, in the order in which they are listed.
pub const ALL: [Checker; 4] = [
    Checker {
        name: "references",
        label: "References (built-in)",
        looks_for: "comments and documents that name what the branch removed or renamed",
        check: references::check,
    },
    Checker {
        name: "leftovers",
        label: "Leftovers (built-in)",
        looks_for: "conflict markers, debugger statements and focused tests",
        check: leftovers::check,
    },
    Checker {
        name: "history",
        label: "History (built-in)",
        looks_for: "commits to squash, work in progress, and large binary files",
        check: history::check,
    },
    Checker {
        name: "rules",
        label: "Rules (built-in)",
        looks_for: "known mistakes in the code's syntax",
        check: rules::check,
    },
];
