//! What people said on the pull request: shown at its lines beside our findings, and with them where it is the same.

use super::pull_request::Said;
use super::snapshot::{Repo, Snapshot};
use finding::{Anchor, Feedback, Finding, LineRange, RepoPath};
use patch::{Carried, LineMap};
use report::sanitize;
use std::sync::Arc;

/// A comment at its lines of now.
#[derive(Debug, Clone)]
pub(crate) struct Comment<'a> {
    pub(crate) feedback: &'a Feedback,
    /// 1-based; line 1 where the whole file is meant.
    pub(crate) lines: LineRange,
    /// The number of the pull request.
    pub(crate) number: u64,
}

impl Comment<'_> {
    /// "Ann on #7".
    pub(crate) fn by(&self) -> String {
        format!("{} on #{}", sanitize::printable(&self.feedback.author), self.number)
    }

    /// When it was said, and what became of it: "2026-03-23, resolved by bob on 2026-03-24".
    pub(crate) fn history(&self) -> Option<String> {
        let said = self.feedback.at.map(|at| at.strftime("%Y-%m-%d").to_string());
        let fate = self.feedback.fate().map(|fate| sanitize::printable(&fate));
        let both: Vec<String> = said.into_iter().chain(fate).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }

    /// Whether it is resolved.
    pub(crate) fn is_resolved(&self) -> bool {
        self.feedback.resolved.is_some()
    }

    /// Its first line that says something.
    pub(crate) fn first_line(&self) -> String {
        sanitize::printable(self.feedback.first_line())
    }
}

/// The comments in a file, where they are now, the open ones first; those whose lines are gone are not. Reads files.
pub(crate) fn at<'r>(snapshot: &Snapshot, repo: &'r Repo, path: &RepoPath) -> Vec<Comment<'r>> {
    let Some(said) = repo.said.as_deref().filter(|_| snapshot.settings_of(repo).shows_comments()) else {
        return Vec::new();
    };
    let here: Vec<(&Feedback, &Anchor)> = said
        .all()
        .filter_map(|feedback| Some((feedback, feedback.anchor.as_ref().filter(|anchor| anchor.path == *path)?)))
        .collect();
    if here.is_empty() {
        return Vec::new();
    }
    let number = said.now.pull_request.number;
    let Some(now) = snapshot.text(repo, path) else { return Vec::new() };
    // The forge counts lines in the pull request's last commit.
    let map = then(repo, said, path).map(|then| LineMap::between(&then, &now));
    let placed = here.into_iter().filter_map(|(feedback, anchor)| {
        let lines = match (anchor.lines, &map) {
            (None, _) => LineRange::line(1),
            (Some(lines), None) => lines,
            (Some(lines), Some(map)) => match map.carry(lines) {
                Carried::Gone(_) => return None,
                Carried::Untouched(lines) | Carried::Touched(lines) => lines,
            },
        };
        Some(Comment { feedback, lines, number })
    });
    placed.collect()
}

/// The text in which the forge counts lines.
fn then(repo: &Repo, said: &Said, path: &RepoPath) -> Option<Arc<str>> {
    if let Some(visit) = &repo.visit {
        return visit.snapshot.read(path).ok().flatten();
    }
    said.texts.get(path).cloned().or_else(|| repo.reviewed.get(path)?.text().cloned())
}

/// Whether a comment says what a finding at `place` says.
pub(crate) fn is_same(finding: &Finding, place: LineRange, comment: &Comment<'_>) -> bool {
    merge::people::is_same(finding, place, comment.feedback, comment.lines)
}
