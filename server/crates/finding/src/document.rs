//! What writers and readers of our own documents agree on.

use crate::{Decisions, Round, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first line of every Markdown report: by it the reader knows that headings can be relied on.
pub const REPORT_MARK: &str = "<!-- deep-review report, version 1 -->";

/// What begins the line above a fix in a Markdown report.
pub const FIX: &str = "**Fix:**";

/// What stands above the commands that put fixes into commits, in a Markdown report.
pub const FIXUPS: &str = "Fixes that belong into a commit of this branch:";

/// What the verdict of a report says before the labels of the agents that gave no full review.
pub const NO_REVIEW_BY: &str = "no full review by ";

/// The lines between which a Markdown report holds what a reader of it leaves aside: it is said elsewhere in the round, or
/// follows from it.
pub const ASIDE: [&str; 2] = ["<!-- deep-review aside -->", "<!-- deep-review end of aside -->"];

/// The hidden mark by which a comment on a forge is known again: followed by the finding's id and ` -->`.
pub const COMMENT_MARK: &str = "<!-- deep-review finding ";

/// A round as a file: our own schema, `docs/round.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Always `deep-review`.
    pub tool: String,
    /// Version of the deep-review that wrote it.
    pub version: String,
    /// What to do with the branch, given the decisions. Derived: ignored by readers.
    pub verdict: Verdict,
    /// Whether every agent gave its whole review. If not, the verdict is only about what was said. Derived.
    #[serde(default)]
    pub complete: bool,
    /// The round.
    pub round: Round,
    /// What people decided on its findings.
    #[serde(default)]
    pub decisions: Decisions,
}

/// The level of a `#` heading as readers of documents take it; up to 7 are taken, because agents write them.
#[must_use]
pub fn heading_level(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    ((1..=7).contains(&level) && rest.starts_with([' ', '\t'])).then_some(level)
}

/// A fence line of Markdown: its indentation in bytes, its mark, how many of them, and the info string.
#[must_use]
pub fn fence(line: &str) -> Option<(usize, u8, usize, &str)> {
    let body = line.trim_start();
    let mark = *body.as_bytes().first()?;
    if mark != b'`' && mark != b'~' {
        return None;
    }
    let count = body.bytes().take_while(|b| *b == mark).count();
    let info = body[count..].trim();
    (count >= 3 && !info.contains('`')).then_some((line.len() - body.len(), mark, count, info))
}
