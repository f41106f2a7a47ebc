//! The branch's commits, and which of them touched what.

use super::GitError;
use super::repository::commit_id;
use crate::finding::Commit;
use git2::{Oid, Sort};
use jiff::Timestamp;

/// More commits than this say that there is no base, not that the branch is long.
const MOST_COMMITS: usize = 2000;

/// The commits from `base` to `head`, oldest first; of very many, the newest.
pub(crate) fn commits(repo: &git2::Repository, base: Option<Oid>, head: Option<Oid>) -> Result<Vec<Commit>, GitError> {
    let Some(head) = head else { return Ok(Vec::new()) };
    let failed = || GitError::git("list the branch's commits");
    let mut walk = repo.revwalk().map_err(failed())?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(failed())?;
    walk.push(head).map_err(failed())?;
    if let Some(base) = base {
        walk.hide(base).map_err(failed())?;
    }
    let mut commits = Vec::new();
    for id in walk.take(MOST_COMMITS) {
        let commit = repo.find_commit(id.map_err(failed())?).map_err(failed())?;
        let message = String::from_utf8_lossy(commit.message_bytes());
        let (subject, body) = message.trim_start().split_once('\n').unwrap_or((message.trim_start(), ""));
        commits.push(Commit {
            id: commit_id(commit.id()),
            subject: subject.trim_end().to_owned(),
            body: body.trim().to_owned(),
            author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
            time: Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
            is_merge: commit.parent_count() > 1,
        });
    }
    commits.reverse();
    Ok(commits)
}
