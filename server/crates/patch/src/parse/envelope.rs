//! The envelopes of `apply_patch`, as Codex writes them.

use super::header_path;
use super::unified::Builder;
use crate::hunk::{FileChange, FilePatch, Patch};

pub(super) fn is_envelope(lines: &[&str]) -> bool {
    lines.iter().any(|l| {
        ["*** Begin Patch", "*** Update File: ", "*** Add File: ", "*** Delete File: "].iter().any(|m| l.starts_with(m))
    })
}

/// `*** Begin Patch` and what is in it.
pub(super) fn envelope(lines: &[&str]) -> Patch {
    let mut b = Builder::default();
    // The call of a shell around it is no part of it.
    let begin = lines.iter().position(|l| l.starts_with("*** Begin Patch")).map_or(0, |i| i + 1);
    let end = lines.iter().rposition(|l| l.starts_with("*** End Patch")).filter(|&end| end >= begin);
    for &line in &lines[begin..end.unwrap_or(lines.len())] {
        if let Some(rest) = line.strip_prefix("*** ") {
            let named = |mark: &str| rest.strip_prefix(mark).map(header_path);
            if let Some(path) = named("Update File:") {
                b.start_file().path = path;
            } else if let Some(path) = named("Add File:") {
                *b.start_file() = FilePatch { path, change: FileChange::Create, ..FilePatch::default() };
            } else if let Some(path) = named("Delete File:") {
                *b.start_file() = FilePatch { path, change: FileChange::Delete, ..FilePatch::default() };
            } else if let Some(path) = named("Move to:") {
                let file = b.file();
                file.old_path = std::mem::replace(&mut file.path, path);
                file.change = FileChange::Rename;
            } else if rest.starts_with("End of File") {
                b.at_end();
            }
        } else if let Some(section) = line.strip_prefix("@@") {
            let section = section.trim().trim_end_matches("@@").trim();
            b.start_hunk(None, Some(section).filter(|s| !s.is_empty() && !s.starts_with('-')));
        } else if !line.starts_with("\\ ") {
            b.push(line);
        } else {
            b.no_newline();
        }
    }
    b.finish()
}
