//! What was looked at elsewhere, checked out: the one place here that changes the work tree, because the user said so. The
//! `git` command does it, so that its hooks, filters and locks hold.

use super::{GitError, Repository, command};
use finding::CommitId;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longer no checkout takes.
const LONGEST: Duration = Duration::from_secs(600);

/// What is to be checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Its commit.
    pub commit: CommitId,
    /// The branch that it is to be on; without one, HEAD is detached. One of that name that ends with another commit is
    /// never moved.
    pub branch: Option<String>,
    /// What the branch is pulled from, where it is new: a remote, and a reference there.
    pub follows: Option<(String, String)>,
}

impl Repository {
    /// How many tracked files have changes that are in no commit.
    ///
    /// # Errors
    /// When git cannot say.
    pub fn uncommitted_files(&self) -> Result<usize, GitError> {
        let args = ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];
        let out = command::run_until(self.place(), &args, Instant::now() + LONGEST)?;
        Ok(out.split(|byte| *byte == 0).filter(|line| !line.is_empty()).count())
    }

    /// Checks it out in this work tree; gives the branch that it is on now. What is not committed is carried along, and git
    /// refuses where that cannot be: nothing is ever thrown away.
    ///
    /// # Errors
    /// [`GitError::Command`] with what git says.
    pub fn check_out(&self, switch: &Switch) -> Result<Option<String>, GitError> {
        let branch = self.branch_for(switch)?;
        let commit = switch.commit.as_str();
        let args = match &branch {
            Some((name, true)) => vec!["switch", "--quiet", name],
            Some((name, false)) => vec!["switch", "--quiet", "--no-track", "-c", name, commit],
            None => vec!["switch", "--quiet", "--detach", commit],
        };
        self.write(&args)?;
        self.follow(switch, branch.as_ref())?;
        Ok(branch.map(|(name, _)| name))
    }

    /// Checks it out in a worktree beside this one, or in the one that has its branch already; gives its folder.
    ///
    /// # Errors
    /// [`GitError::Command`] with what git says.
    pub fn check_out_beside(&self, switch: &Switch, name: &str) -> Result<PathBuf, GitError> {
        let branch = self.branch_for(switch)?;
        if let Some(there) = branch.as_ref().and_then(|(name, _)| self.worktree_of(name)) {
            return Ok(there);
        }
        let folder = self.free_folder(name)?;
        let path = folder.to_string_lossy().into_owned();
        let commit = switch.commit.as_str();
        let args = match &branch {
            Some((name, true)) => vec!["worktree", "add", "--quiet", "--", &path, name],
            Some((name, false)) => vec!["worktree", "add", "--quiet", "--no-track", "-b", name, "--", &path, commit],
            None => vec!["worktree", "add", "--quiet", "--detach", "--", &path, commit],
        };
        self.write(&args)?;
        self.follow(switch, branch.as_ref())?;
        Ok(folder)
    }

    /// The branch to be on, and whether it is there already with that commit. One that ends with another commit is left
    /// alone: then HEAD is detached.
    fn branch_for(&self, switch: &Switch) -> Result<Option<(String, bool)>, GitError> {
        let Some(name) = &switch.branch else { return Ok(None) };
        let reference = format!("refs/heads/{name}");
        if !git2::Reference::is_valid_name(&reference) || name.starts_with('-') {
            return Ok(None);
        }
        Ok(match self.commit_at(&reference)? {
            None => Some((name.clone(), false)),
            Some(there) if there == switch.commit => Some((name.clone(), true)),
            Some(_) => None,
        })
    }

    /// Has a new branch be pulled from where it came from.
    fn follow(&self, switch: &Switch, branch: Option<&(String, bool)>) -> Result<(), GitError> {
        let (Some((name, false)), Some((remote, reference))) = (branch, &switch.follows) else { return Ok(()) };
        for (key, value) in [("remote", remote), ("merge", reference)] {
            self.write(&["config", "--local", &format!("branch.{name}.{key}"), value])?;
        }
        Ok(())
    }

    /// The folder of the worktree that has this branch checked out.
    fn worktree_of(&self, branch: &str) -> Option<PathBuf> {
        let out = command::run(self.place(), &["worktree", "list", "--porcelain", "-z"], b"").ok()?;
        let text = String::from_utf8_lossy(&out);
        let wanted = format!("branch refs/heads/{branch}");
        let one = text.split("\0\0").find(|one| one.split('\0').any(|line| line == wanted))?;
        one.split('\0').find_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from)
    }

    /// A folder beside the work tree that is not there yet.
    fn free_folder(&self, name: &str) -> Result<PathBuf, GitError> {
        let root = self.root();
        let own = root.file_name().map_or_else(|| "review".into(), |own| own.to_string_lossy().into_owned());
        let beside = root.parent().unwrap_or_else(|| Path::new("/"));
        let all = (1..100).map(|n| if n == 1 { format!("{own}-{name}") } else { format!("{own}-{name}-{n}") });
        let free = all.map(|name| beside.join(name)).find(|folder| !folder.exists());
        free.ok_or_else(|| GitError::Command { command: "worktree add".into(), why: "no folder beside is free".into() })
    }

    fn write(&self, args: &[&str]) -> Result<(), GitError> {
        command::run_writing(self.place(), args, Instant::now() + LONGEST).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_repo::Repo;

    fn two_commits() -> (Repo, Repository, CommitId) {
        let repo = Repo::new();
        repo.write("a.txt", "one\n");
        repo.commit("one");
        repo.git(&["branch", "main-tip"]);
        repo.git(&["switch", "-q", "-c", "topic"]);
        repo.write("a.txt", "two\n");
        repo.commit("two");
        let topic = CommitId::new(repo.git(&["rev-parse", "HEAD"]).trim());
        repo.git(&["switch", "-q", "main"]);
        let git = Repository::discover(repo.path()).unwrap();
        (repo, git, topic)
    }

    fn switch(commit: &CommitId, branch: Option<&str>) -> Switch {
        Switch { commit: commit.clone(), branch: branch.map(str::to_owned), follows: None }
    }

    #[test]
    fn a_branch_is_made_taken_or_left_alone() {
        for (branch, on) in [
            (Some("pr-7"), Some("pr-7")),
            (Some("topic"), Some("topic")),
            // It ends with another commit: it is not moved.
            (Some("main-tip"), None),
            (Some("-x"), None),
            (Some("a..b"), None),
            (None, None),
        ] {
            let (repo, git, topic) = two_commits();
            assert_eq!(git.check_out(&switch(&topic, branch)).unwrap().as_deref(), on, "{branch:?}");
            assert_eq!(repo.read("a.txt"), "two\n", "{branch:?}");
            assert_eq!(git.head_state().unwrap().branch.as_deref(), on, "{branch:?}");
            assert_ne!(repo.git(&["rev-parse", "main-tip"]).trim(), topic.as_str());
        }
    }

    #[test]
    fn nothing_that_is_not_committed_is_thrown_away() {
        let (repo, git, topic) = two_commits();
        repo.write("a.txt", "mine\n");
        assert_eq!(git.uncommitted_files().unwrap(), 1);
        assert!(git.check_out(&switch(&topic, Some("pr-7"))).is_err());
        assert_eq!(repo.read("a.txt"), "mine\n");
        assert_eq!(git.head_state().unwrap().branch.as_deref(), Some("main"));
    }

    #[test]
    fn a_worktree_is_made_once_for_a_branch() {
        let (repo, git, topic) = two_commits();
        let follows = Some(("origin".to_owned(), "refs/pull/7/head".to_owned()));
        let wanted = Switch { follows, ..switch(&topic, Some("pr-7")) };
        let first = git.check_out_beside(&wanted, "pr-7").unwrap();
        assert_eq!(std::fs::read_to_string(first.join("a.txt")).unwrap(), "two\n");
        assert_eq!(git.pull_request_of_branch("pr-7").unwrap(), Some(7));
        assert_eq!(git.check_out_beside(&wanted, "pr-7").unwrap().canonicalize().ok(), first.canonicalize().ok());
        assert_eq!((repo.read("a.txt").as_str(), git.head_state().unwrap().branch.as_deref()), ("one\n", Some("main")));
        let other = git.check_out_beside(&switch(&topic, None), "pr-7").unwrap();
        assert_ne!(other, first);
        for folder in [first, other] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}
