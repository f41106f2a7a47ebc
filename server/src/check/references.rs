//! Names that the branch removed or renamed, and that a comment, a text or a document still speaks of.
//!
//! A name is *gone* if the branch took it out of some code, and no code of the snapshot has it any more. What counts as
//! code, comment and string is told by `syntax`; a string that is nothing but the name counts as a use (it may be looked up by
//! it). The new name is read off the diff, where a taken-out line and a put-in line differ in names only, or where a
//! definition was replaced by another one of the same kind.

mod names;

use super::remark::{LARGEST_TEXT, LONGEST_LINE, anchor, line_at, line_text, number, remark, replacing};
use super::syntax::{Kind, Part, kind_of, parts};
use crate::finding::{LineRange, RawFinding, RepoPath, Severity};
use crate::git::{Snapshot, SnapshotError};
use aho_corasick::{AhoCorasick, MatchKind};
use names::{Gone, What};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

const AGENT: &str = "references";
/// A name that is spoken of in more places than this is a word of the language, not a reference.
const MOST_MENTIONS: usize = 25;

/// What says that a name is spoken of because it is gone.
static ON_PURPOSE: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new(
        r"(?i)\b(renam|remov|former|previous|deprecat|replac|instead of|used to|no longer|was called|were called|old name|legacy|until|before|superse|dropped|since|unlike|historic)",
    )
    .ok()
});

struct Mention {
    name: usize,
    path: RepoPath,
    at: Range<usize>,
}

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed; a file that cannot be read is an error too, as a name may be used in it.
pub fn check(snapshot: &Snapshot, cancel: &CancellationToken) -> Result<Vec<RawFinding>, SnapshotError> {
    let gone = names::candidates(snapshot, cancel);
    if gone.is_empty() || cancel.is_cancelled() {
        return Ok(Vec::new());
    }
    let patterns: Vec<&str> = gone.iter().map(|g| g.name.as_str()).collect();
    let Ok(finder) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns) else {
        return Ok(Vec::new());
    };
    let alive: Vec<AtomicBool> = gone.iter().map(|_| AtomicBool::new(false)).collect();
    let paths = snapshot.paths()?;
    let mentions: Vec<Vec<Mention>> = paths
        .par_iter()
        .map(|path| {
            if cancel.is_cancelled() {
                return Ok(Vec::new());
            }
            Ok(match snapshot.read(path)? {
                Some(text) => in_file(path, &text, &gone, &finder, &alive),
                None => Vec::new(),
            })
        })
        .collect::<Result<_, SnapshotError>>()?;
    let mut by_name: BTreeMap<usize, Vec<Mention>> = BTreeMap::new();
    for mention in mentions.into_iter().flatten() {
        if !alive[mention.name].load(Ordering::Relaxed) {
            by_name.entry(mention.name).or_default().push(mention);
        }
    }
    let mut findings = Vec::new();
    for (name, mentions) in by_name {
        if mentions.len() > MOST_MENTIONS {
            continue;
        }
        let mut by_path: BTreeMap<&RepoPath, Vec<&Mention>> = BTreeMap::new();
        for mention in &mentions {
            by_path.entry(&mention.path).or_default().push(mention);
        }
        for (path, mentions) in by_path {
            if let Some(text) = snapshot.read(path)? {
                findings.extend(finding(snapshot, path, &text, &gone[name], &mentions));
            }
        }
    }
    findings.sort_by(|a, b| {
        (a.anchors[0].path.as_str(), a.anchors[0].lines).cmp(&(b.anchors[0].path.as_str(), b.anchors[0].lines))
    });
    Ok(number(findings, AGENT))
}

/// The mentions in a text; what is used in it is marked alive.
fn in_file(path: &RepoPath, text: &str, gone: &[Gone], finder: &AhoCorasick, alive: &[AtomicBool]) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let kind = kind_of(path);
    let mut spans: Option<Vec<(Range<usize>, Part)>> = None;
    for found in finder.find_iter(text) {
        let (name, at) = (found.pattern().as_usize(), found.range());
        if alive[name].load(Ordering::Relaxed) || !names::stands_alone(text, &at, gone[name].what) {
            continue;
        }
        let spoken_of = match kind {
            Kind::Prose => true,
            Kind::Unknown => false,
            Kind::Code(syntax) => {
                let spans = spans.get_or_insert_with(|| parts(text, &syntax));
                let i = spans.partition_point(|(range, _)| range.end <= at.start);
                match spans.get(i).filter(|(range, _)| range.start <= at.start) {
                    None => false,
                    Some((_, Part::Comment)) => true,
                    // A text for people has several words.
                    Some((range, Part::Text)) => {
                        let inside = text.get(range.clone()).unwrap_or("").trim_matches(['"', '\'', '`']);
                        gone[name].what != What::Literal && inside.trim().contains(' ') && !inside.contains('{')
                    }
                }
            }
        };
        if !spoken_of {
            alive[name].store(true, Ordering::Relaxed);
        } else if text.len() <= LARGEST_TEXT && !is_history(path) {
            mentions.push(Mention { name, path: path.clone(), at });
        }
    }
    mentions
}

/// Documents that tell of the past.
fn is_history(path: &RepoPath) -> bool {
    let whole = path.as_str().to_ascii_lowercase();
    ["changelog", "changes", "history", "news", "release", "migrat", "upgrad", "/adr/", "/rfc", "licen", "authors"]
        .iter()
        .any(|w| whole.contains(w))
}

fn finding(snapshot: &Snapshot, path: &RepoPath, text: &str, gone: &Gone, mentions: &[&Mention]) -> Option<RawFinding> {
    let is_prose = matches!(kind_of(path), Kind::Prose);
    let stale = |m: &&&Mention| {
        let line = line_text(text, m.at.start);
        line.len() <= LONGEST_LINE
            && !ON_PURPOSE.as_ref().is_some_and(|r| r.is_match(line))
            && !gone.new.as_deref().is_some_and(|new| line.contains(new))
            && (gone.is_name_like || is_written_as_code(text, &m.at))
            && !is_new(snapshot, path, text, &m.at, &gone.name)
    };
    let mentions: Vec<&Mention> = mentions.iter().filter(stale).copied().collect();
    let first = mentions.first()?;
    let (name, noun) = (&gone.name, gone.noun);
    let title = match (&gone.new, is_prose) {
        (Some(new), false) => format!("Comment still says {name}, which is now {new}"),
        (Some(new), true) => format!("Document still says {name}, which is now {new}"),
        (None, false) => format!("Stale comment references removed {noun} {name}"),
        (None, true) => format!("Document references removed {noun} {name}"),
    };
    let line = line_at(text, first.at.start);
    let body = format!(
        "This branch takes the last `{name}` out of the code (`{}:{}` in the base). The text here still speaks of it.",
        gone.path, gone.line
    );
    // Users type these; a reader of the code only wonders.
    let severity = if is_prose && gone.what == What::Literal { Severity::Important } else { Severity::Suggestion };
    let mut finding = remark(AGENT, "stale-reference", severity, title, body);
    finding.anchors.push(anchor(path, text, LineRange::line(line)));
    for other in &mentions[1..] {
        let other = LineRange::line(line_at(text, other.at.start));
        if finding.anchors.last().is_some_and(|a| a.lines != Some(other)) {
            finding.anchors.push(anchor(path, text, other));
        }
    }
    if let Some(new) = &gone.new {
        let edits: Vec<(Range<usize>, &str)> = mentions.iter().map(|m| (m.at.clone(), new.as_str())).collect();
        finding.fixes.push(replacing(AGENT, "use the new name", path, text, &edits));
    }
    Some(finding)
}

/// Whether the mention was put in by the branch, in words that the file did not have: then it is meant.
fn is_new(snapshot: &Snapshot, path: &RepoPath, text: &str, at: &Range<usize>, name: &str) -> bool {
    let Some(file) = snapshot.file(path) else { return false };
    let line = line_at(text, at.start);
    let added = file.hunks.iter().any(|h| (h.new_start..h.new_start + h.new_count).contains(&line));
    let here = line_text(text, at.start).trim();
    added
        && !file
            .old
            .as_deref()
            .is_some_and(|old| old.lines().any(|l| l.contains(name) && similar_lines(l.trim(), here)))
}

fn similar_lines(a: &str, b: &str) -> bool {
    a == b || (a.len() < 500 && b.len() < 500 && strsim::normalized_levenshtein(a, b) > 0.6)
}

/// In backticks, or with a call's parentheses.
fn is_written_as_code(text: &str, at: &Range<usize>) -> bool {
    let (before, after) = (&text.as_bytes()[..at.start], &text.as_bytes()[at.end..]);
    after.starts_with(b"()")
        || (before.last() == Some(&b'`') && matches!(after.first(), Some(b'`' | b'(')))
        || before.ends_with(b"::")
}

#[cfg(test)]
mod tests;
