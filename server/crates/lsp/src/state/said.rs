//! What people said on the pull request: shown at its lines beside our findings, and with them where it is the same.

use super::pull_request::Said;
use super::snapshot::{Repo, Snapshot};
use finding::{AgentName, Anchor, Feedback, Finding, LineRange, RawFinding, RawId, RepoPath};
use patch::{Carried, LineMap};
use report::sanitize;
use std::sync::Arc;

/// How far apart, in lines, two remarks on one issue may be.
const NEAR: u32 = 10;

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

    /// Its first line that says something.
    pub(crate) fn first_line(&self) -> String {
        let line = self.feedback.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        sanitize::printable(line.trim())
    }
}

/// The open comments in a file, where they are now; those whose lines are gone are not. Reads files.
pub(crate) fn at<'r>(snapshot: &Snapshot, repo: &'r Repo, path: &RepoPath) -> Vec<Comment<'r>> {
    let Some(said) = repo.said.as_deref().filter(|_| snapshot.settings_of(repo).shows_comments()) else {
        return Vec::new();
    };
    let here: Vec<(&Feedback, &Anchor)> = said
        .open()
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

/// Whether a comment says what a finding says: by the rules by which remarks of agents are one issue.
pub(crate) fn is_same(finding: &Finding, place: LineRange, comment: &Comment<'_>) -> bool {
    let gap = place.start().saturating_sub(comment.lines.end()).max(comment.lines.start().saturating_sub(place.end()));
    let Some(anchor) = finding.main_anchor().filter(|_| gap <= NEAR) else { return false };
    let raw = |number: u32, agent: &str, title: String, body: &str, lines: LineRange| RawFinding {
        id: RawId::new(format!("{agent}:{number}")),
        agent: AgentName::new(agent),
        severity: finding.severity,
        title,
        body: body.to_owned(),
        anchors: vec![Anchor { lines: Some(lines), ..anchor.clone() }],
        sure: None,
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    };
    let text = &comment.feedback.text;
    let both = [
        raw(1, "ours", finding.title.clone(), &finding.body, place),
        raw(2, "theirs", comment.first_line(), text, comment.lines),
    ];
    merge::merge(&merge::Input::of(&both)).findings.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comment_is_the_same_where_an_agent_saying_it_would_be() {
        let finding: Finding = serde_json::from_value(json!({
            "id": "a", "label": "I1", "severity": "important", "confidence": 0.5, "attributions": [],
            "title": "give() appends before it checks the limit",
            "body": "The connection is appended to the pool before the limit is checked.",
            "anchors": [{ "path": "a.py", "lines": { "start": 15, "end": 17 } }],
        }))
        .unwrap();
        let of = |text: &str, line: u32| {
            let feedback = Feedback { author: "ann".into(), text: text.into(), anchor: None, url: None, at: None };
            let comment = Comment { feedback: &feedback, lines: LineRange::line(line), number: 7 };
            is_same(&finding, LineRange::new(15, 17), &comment)
        };
        assert!(of("This appends the connection before it checks the limit of the pool.", 16));
        assert!(!of("This appends the connection before it checks the limit of the pool.", 90), "elsewhere");
        assert!(!of("Please add a docstring.", 16), "another matter");
    }
}
