//! What is in the branch's history that should not be merged: commits to squash, work in progress, conflicts committed
//! as they were, large binary files.

use super::Job;
use super::remark::remark;
use finding::{Anchor, RawFinding, RepoPath, Severity};
use git::{LargeBinary, Snapshot, SnapshotError, large_binaries};

pub(super) const AGENT: &str = "history";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("fixup-commit", true, "a commit that is to be squashed into another one"),
    ("wip-commit", true, "a commit that says it is work in progress"),
    ("conflict-message", true, "a commit message with git's list of conflicts"),
    ("large-binary", true, "a binary file over 1 MiB that the branch brings"),
];
/// Binary files of fewer bytes (an icon, a test's data) are nothing to talk about.
const LARGE: u64 = 1024 * 1024;

/// Finds them.
///
/// # Errors
/// When git cannot read the branch's commits.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let snapshot = job.snapshot;
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
        // Of a merge, git writes the list itself, and nobody rewrites the message.
        .filter(|c| {
            !c.is_merge && c.body.lines().any(|l| matches!(l.trim_start_matches(['#', ' ', '\t']), "Conflicts:"))
        })
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
    // One that was there before is rendered anew: what it costs was decided then.
    let new: Vec<LargeBinary> = large_binaries(snapshot, LARGE)?.into_iter().filter(|file| !file.was_there).collect();
    match new.len() {
        0..=3 => findings.extend(new.iter().map(|file| large_binary(snapshot, file))),
        _ => findings.push(many_large_binaries(&new)),
    }
    Ok(findings)
}

/// What is one mistake is said once: a folder of packages, the pictures of a manual.
fn many_large_binaries(files: &[LargeBinary]) -> RawFinding {
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let title = format!("{} binary files of {:.1} MiB in the branch", files.len(), bytes as f64 / f64::from(1 << 20));
    let line = |file: &LargeBinary| {
        let gone = if file.is_gone { ", deleted again" } else { "" };
        format!("- `{}`: {} bytes{gone}", file.path.replace('`', "'"), file.bytes)
    };
    let list: Vec<String> = files.iter().take(20).map(line).collect();
    let body = format!(
        "Once merged they are in everybody's clone for good, also after they are deleted. Git LFS, a release asset or a \
         download step keep them out:\n\n{}",
        list.join("\n")
    );
    let mut finding = remark(AGENT, "large-binary", Severity::Important, title, body);
    let there = files.iter().filter(|file| !file.is_gone);
    finding.anchors.extend(there.filter_map(|file| RepoPath::new(file.path.clone()).ok()).take(20).map(Anchor::file));
    finding
}

fn large_binary(snapshot: &Snapshot, file: &LargeBinary) -> RawFinding {
    let size = format!("{:.1} MiB", file.bytes as f64 / f64::from(1 << 20));
    let path = file.path.replace('`', "'");
    let commit = file.commit.as_ref().and_then(|id| snapshot.commits().iter().find(|c| c.id == *id));
    let brought_by = commit.map(|c| format!("{} `{}`", c.id.short(), c.subject.replace('`', "'")));
    let (title, body) = match (brought_by, file.is_gone) {
        (Some(commit), true) => (
            format!("Binary file of {size} is deleted again, but stays in the history"),
            format!(
                "{commit} brings `{path}` with {} bytes, and the branch does not have it in the end. A merge that keeps \
                 the commits puts it into everybody's clone for good all the same. Squash when merging, or take it out \
                 of that commit: `git rebase -i {}`.",
                file.bytes,
                snapshot.scope().base_name
            ),
        ),
        (commit, _) => (
            format!("Binary file of {size} in the branch"),
            format!(
                "`{path}` has {} bytes ({}). Once merged it is in everybody's clone for good, also after it is deleted. \
                 Git LFS, a release asset or a download step keep it out.",
                file.bytes,
                commit.unwrap_or_else(|| "not committed yet".to_owned())
            ),
        ),
    };
    let mut finding = remark(AGENT, "large-binary", Severity::Important, title, body);
    if !file.is_gone {
        finding.anchors.extend(RepoPath::new(file.path.clone()).ok().map(Anchor::file));
    }
    finding
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
