//! What tells that something changed outside of the editor: another branch, a commit, a round made in a
//! terminal, a file written by a tool.

use super::moved;
use super::owner::Loaded;
use super::world::Repo;
use finding::RepoPath;
use git::Repository;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// When a file was written, and its length; `None` if it is not there.
pub(crate) type Mark = Option<(SystemTime, u64)>;

/// What files were like at one moment.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    /// `HEAD`, its log, and what is stored of the branch.
    pub(crate) repository: Vec<Mark>,
    pub(crate) files: BTreeMap<RepoPath, Mark>,
    /// The files of the round that are not in their place, and where they are; `None` if those are missing that were.
    pub(crate) moved: Option<(BTreeSet<RepoPath>, BTreeMap<RepoPath, RepoPath>)>,
}

impl Stamp {
    /// Looks at the repository and at the files of its round that are not open.
    pub(crate) fn of(repo: &Repo, open: &HashSet<PathBuf>) -> Self {
        let paths = || repo.plan.iter().flat_map(|plan| plan.paths());
        let missing = |path: &&RepoPath| {
            let place = repo.shown.join(path.as_str());
            !open.contains(&place) && mark(&place).is_none()
        };
        let missing: BTreeSet<RepoPath> = paths().filter(missing).cloned().collect();
        let moved = (missing != repo.missing).then(|| {
            let moved = moved::find(repo, &missing);
            (missing, moved)
        });
        let closed = paths().map(|path| (path, repo.file_of(path))).filter(|(_, file)| !open.contains(file));
        let files = closed.map(|(path, file)| (path.clone(), mark(&file))).collect();
        Self { repository: repository(repo), files, moved }
    }
}

fn repository(repo: &Repo) -> Vec<Mark> {
    let git = repo.git.git_dir();
    let stored = repo.branch().folder().to_owned();
    let told = [git.join("HEAD"), git.join("logs").join("HEAD"), stored.join("decisions.json"), stored];
    told.iter().map(|file| mark(file)).collect()
}

pub(crate) fn mark(file: &Path) -> Mark {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// The repository that a folder is in, and its root in the client's spelling of the folder.
pub(crate) fn discover(folder: &Path) -> Option<(Repository, PathBuf)> {
    let git = Repository::discover(folder).ok()?;
    let real = folder.canonicalize().ok()?;
    let root = git.root().canonicalize().ok()?;
    let inside = real.strip_prefix(&root).ok()?;
    // The client may have come by a symbolic link; it is answered in its own words where they lead to the root.
    let mut shown = folder.to_owned();
    for _ in inside.components() {
        shown.pop();
    }
    let same = shown.canonicalize().is_ok_and(|s| s == root);
    let shown = if same { shown } else { git.root().to_owned() };
    Some((git, shown))
}

/// Reads what is stored of the branch that is checked out.
pub(crate) fn load(mut repo: Repo) -> Loaded {
    let mut problems = Vec::new();
    let head = [repo.git.git_dir().join("HEAD"), repo.git.git_dir().join("logs").join("HEAD")].map(|f| mark(&f));
    repo.head = match repo.git.head_state() {
        Ok(head) => Some(head),
        Err(e) => {
            problems.push(e.to_string());
            None
        }
    };
    let branch = repo.branch();
    // What changes while it is read is seen at the next look.
    let mut stamp = repository(&repo);
    stamp[..head.len()].copy_from_slice(&head);
    let mut loaded = Loaded { stamp, head: repo.head, round: None, decisions: Default::default(), problems };
    match branch.decisions() {
        Ok(read) => {
            loaded.decisions = read.value;
            loaded.problems.extend(read.set_aside.iter().map(ToString::to_string));
        }
        Err(e) => loaded.problems.push(e.to_string()),
    }
    // Raw findings say only what a person split or joined.
    let newest = if loaded.decisions.links.is_empty() { branch.newest_without_raw() } else { branch.newest() };
    match newest {
        Ok(read) => {
            loaded.round = read.value;
            loaded.problems.extend(read.set_aside.iter().map(ToString::to_string));
        }
        Err(e) => loaded.problems.push(e.to_string()),
    }
    loaded
}
