//! What is in the branch's history that should not be merged: commits to squash, work in progress, conflicts committed
//! as they were, large binary files.

use super::remark::{number, remark};
use crate::finding::{Anchor, LeftOut, RawFinding, RepoPath, Severity};
use crate::git::{Snapshot, SnapshotError};
use tokio_util::sync::CancellationToken;

const AGENT: &str = "history";
/// Binary files of fewer bytes (an icon, a test's data) are nothing to talk about.
const LARGE: u64 = 1024 * 1024;

/// Finds them.
///
/// # Errors
/// None.
pub fn check(snapshot: &Snapshot, _: &CancellationToken) -> Result<Vec<RawFinding>, SnapshotError> {
    let mut findings = Vec::new();
    let commits = snapshot.commits();
    let listed = |rule: fn(&str) -> bool| -> Vec<String> {
        let hit = commits.iter().filter(|c| !c.is_merge && rule(c.subject.trim()));
        hit.take(20).map(|c| format!("- {} `{}`", c.id.short(), c.subject.replace('`', "'"))).collect()
    };
    let fixups = listed(is_fixup);
    if !fixups.is_empty() {
        let title = match fixups.len() {
            1 => "A fixup commit has not been squashed".to_owned(),
            n => format!("{n} fixup commits have not been squashed"),
        };
        let body = format!(
            "These commits are meant to be folded into others before the merge:\n\n{}\n\n`git rebase -i --autosquash {}` does it.",
            fixups.join("\n"),
            snapshot.scope().base_name
        );
        findings.push(remark(AGENT, "fixup-commit", Severity::Important, title, body));
    }
    let unfinished = listed(is_work_in_progress);
    if !unfinished.is_empty() {
        let title = match unfinished.len() {
            1 => "A commit says that it is work in progress".to_owned(),
            n => format!("{n} commits say that they are work in progress"),
        };
        let body = format!("By their own words these are not finished:\n\n{}", unfinished.join("\n"));
        findings.push(remark(AGENT, "wip-commit", Severity::Suggestion, title, body));
    }
    let conflicted: Vec<String> = commits
        .iter()
        .filter(|c| c.body.lines().any(|l| matches!(l.trim_start_matches(['#', ' ', '\t']), "Conflicts:")))
        .take(20)
        .map(|c| format!("- {} `{}`", c.id.short(), c.subject.replace('`', "'")))
        .collect();
    if !conflicted.is_empty() {
        let body = format!(
            "git's own list of conflicts was left in the message; it says nothing to a later reader:\n\n{}",
            conflicted.join("\n")
        );
        let title = "A commit message still lists merge conflicts".to_owned();
        findings.push(remark(AGENT, "conflict-message", Severity::Suggestion, title, body));
    }
    for file in snapshot.left_out() {
        let LeftOut::Binary(bytes) = file.why else { continue };
        if bytes >= LARGE {
            let title = format!("Binary file of {:.1} MiB in the branch", bytes as f64 / f64::from(1 << 20));
            let body = format!(
                "`{}` has {bytes} bytes. Once merged it is in everybody's clone for good, also after it is deleted. Git LFS, a release asset or a download step keep it out.",
                file.path.replace('`', "'")
            );
            let mut finding = remark(AGENT, "large-binary", Severity::Important, title, body);
            finding.anchors.extend(RepoPath::new(file.path.clone()).ok().map(Anchor::file));
            findings.push(finding);
        }
    }
    Ok(number(findings, AGENT))
}

fn is_fixup(subject: &str) -> bool {
    ["fixup!", "squash!", "amend!"].iter().any(|w| subject.starts_with(w))
}

fn is_work_in_progress(subject: &str) -> bool {
    let words = subject.to_ascii_lowercase();
    let first = words.trim_start_matches(['[', '(']).split([' ', ':', ']', ')', '-', '.', ',']).next().unwrap_or("");
    first == "wip" || matches!(words.as_str(), "tmp" | "temp" | "temporary" | "checkpoint" | "save" | "asdf" | "...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_commits_are_known_by_their_subject() {
        for (subject, fixup, wip) in [
            ("fixup! Add the cache", true, false),
            ("squash! x", true, false),
            ("Add fixup! support", false, false),
            ("WIP", false, true),
            ("wip: cache", false, true),
            ("[WIP] cache", false, true),
            ("Wipe the cache", false, false),
            ("Show work in progress (WIP) commits", false, false),
            ("tmp", false, true),
            ("tmp folder is removed", false, false),
        ] {
            assert_eq!((is_fixup(subject), is_work_in_progress(subject)), (fixup, wip), "{subject}");
        }
    }
}
