//! The coverage table of a report of ours.

use crate::prose::lines::Lines;
use crate::prose::roster::Roster;
use crate::prose::rows::cells;
use finding::{Coverage, LeftOut, LeftOutFile, RepoPath, ReviewedFile};
use std::ops::Range;

const NOT: &str = "not reviewed: ";
const LOSSY: &str = " (not UTF-8, read lossily)";

/// Who looked at which file, and which files nobody did.
pub(super) fn read(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Coverage {
    let mut out = Coverage::default();
    for row in range.filter_map(|i| cells(lines.at(i).text)).filter(|r| r.len() == 3 && r[0].starts_with('`')) {
        let (name, lossy) = row[0].strip_suffix(LOSSY).map_or((row[0].as_str(), false), |name| (name, true));
        let name = name.trim_matches('`').trim();
        if let Some(why) = row[1].strip_prefix(NOT) {
            out.left_out.push(LeftOutFile { path: name.to_owned(), why: left_out(why) });
        } else if let Ok(path) = RepoPath::new(name) {
            let by = row[1].split(", ").filter_map(|label| roster.labelled(label)).collect();
            out.reviewed.push(ReviewedFile { lossy, ..ReviewedFile::new(path, by) });
        }
    }
    out
}

/// The reason that its words are of.
fn left_out(why: &str) -> LeftOut {
    let simple = [
        LeftOut::Generated,
        LeftOut::DiffAttribute,
        LeftOut::LockFile,
        LeftOut::Vendored,
        LeftOut::Submodule,
        LeftOut::SymbolicLink,
        LeftOut::NameNotUtf8,
        LeftOut::NoTextChange,
        LeftOut::NeverSent,
        LeftOut::NoAgent,
    ];
    let bytes = |start: &str| why.strip_prefix(start)?.strip_suffix(" bytes")?.parse().ok();
    let pattern = why.strip_prefix("excluded by '").and_then(|p| p.strip_suffix('\''));
    simple
        .into_iter()
        .find(|reason| reason.to_string() == why)
        .or_else(|| bytes("binary, ").map(LeftOut::Binary))
        .or_else(|| bytes("too large, ").map(LeftOut::TooLarge))
        .unwrap_or_else(|| LeftOut::Excluded(pattern.unwrap_or(why).to_owned()))
}
