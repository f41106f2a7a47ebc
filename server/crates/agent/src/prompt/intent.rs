//! What the branch's pull request says: what the change is for, and what people said of it.

use super::{cut, diff::plain};
use crate::Brief;
use finding::{Feedback, LinkedIssue, PullRequestNow};

/// Its title and description, and the issues that it is to resolve, in about `room` bytes: half of it for each.
pub(super) fn purpose(brief: &Brief, room: usize) -> String {
    let Some(now) = brief.pull_request.as_deref() else { return String::new() };
    let PullRequestNow { pull_request, description, issues, .. } = now;
    let said = format!("#{}: {}\n\n{}", pull_request.number, one_line(&pull_request.title), description.trim());
    let issue = |it: &LinkedIssue| format!("\n\nIssue #{}: {}\n\n{}", it.number, one_line(&it.title), it.text.trim());
    let issues: String = issues.iter().map(issue).collect();
    cut(said.trim_end().to_owned(), room / 2) + &cut(issues, room / 2)
}

/// What people said of it, an answer below what it answers: what is open, then what was resolved. Nothing of files that are
/// never sent.
pub(super) fn comments(brief: &Brief) -> String {
    let Some(now) = brief.pull_request.as_deref() else { return String::new() };
    let line = |comment: &Feedback| {
        let place = comment.anchor.as_ref().map(|a| format!(" ({}{})", plain(&a.path), lines(a))).unwrap_or_default();
        format!("\n- {}{place}: {}", one_line(&comment.author), comment.text.trim().replace('\n', "\n  "))
    };
    let list = |heading: &str, comments: &[Feedback]| {
        let sent = comments.iter().filter(|c| brief.sending.allows_all(c.anchor.iter()));
        let text: String = sent.map(line).collect();
        if text.is_empty() { String::new() } else { format!("{heading}:{text}\n\n") }
    };
    let open = list("Open", now.feedback.as_deref().unwrap_or_default());
    let resolved = list("Resolved", &now.resolved);
    if open.is_empty() && resolved.is_empty() {
        return String::new();
    }
    format!("The pull request is by {}.\n\n{open}{resolved}", one_line(&now.pull_request.author)).trim_end().to_owned()
}

fn lines(anchor: &finding::Anchor) -> String {
    anchor.lines.map(|lines| format!(":{lines}")).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
