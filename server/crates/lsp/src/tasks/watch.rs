//! Reads what changed outside of the editor: another branch, a commit, a round made in a terminal, a file written by a
//! tool. Everything here reads files, so it is not for the loop's task.

use crate::state::file_projection::read_text;
use crate::state::projection::RoundIndex;
use crate::state::pull_request::Said;
use crate::state::snapshot::Repo;
use crate::state::stamps::{Discovered, FileStamp, Loaded, Moved, Polled, file_stamp};
use finding::{RepoPath, Round};
use git::{GitError, HeadState, Repository};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files that are compared with those that are missing.
const MAX_CANDIDATES: usize = 500;

/// What the repository and the files of its round that are not `open` are like.
pub(crate) fn poll_files(repo: &Repo, open: &HashSet<PathBuf>, user_file: Option<&Path>) -> Polled {
    let is_on_disk = |path: &&RepoPath| repo.visit.as_ref().is_none_or(|visit| visit.has_here(path));
    let paths = repo.round_index.iter().flat_map(|round_index| round_index.paths()).filter(is_on_disk);
    let (mut files, mut missing) = (BTreeMap::new(), BTreeSet::new());
    for path in paths {
        let (file, place) = (repo.file_of(path), repo.shown.join(path.as_str()));
        let stamp = (!open.contains(&file)).then(|| file_stamp(&file));
        let is_missing = match &repo.visit {
            // What is looked at elsewhere does not move.
            Some(_) => false,
            None if file == place => stamp == Some(None),
            None => !open.contains(&place) && file_stamp(&place).is_none(),
        };
        if is_missing {
            missing.insert(path.clone());
        }
        files.extend(stamp.map(|stamp| (path.clone(), stamp)));
    }
    let moved = (missing != repo.moved.missing).then(|| {
        let places = find_moved(repo, &missing);
        Moved { missing, places }
    });
    Polled { repository: stamps_of(repo, user_file), files, moved }
}

/// The files of the round that are missing, with where they are now.
fn find_moved(repo: &Repo, missing: &BTreeSet<RepoPath>) -> BTreeMap<RepoPath, RepoPath> {
    let texts = missing.iter().filter_map(|path| Some((path, repo.reviewed.get(path)?.text()?.as_ref())));
    let texts: Vec<(&RepoPath, &str)> = texts.collect();
    git::moved(&texts, new_files(repo, &texts), |candidate| read_text(&repo.shown.join(candidate.as_str())))
}

/// Files of the work tree that the round's commit does not have, those with an ending that is looked for.
fn new_files(repo: &Repo, wanted: &[(&RepoPath, &str)]) -> Vec<RepoPath> {
    let Some(round) = repo.round_index.as_ref().map(|index| &index.round).filter(|_| !wanted.is_empty()) else {
        return Vec::new();
    };
    let endings: BTreeSet<Option<&str>> = wanted.iter().map(|(path, _)| path.extension()).collect();
    let new = repo.git.new_files(round.scope.head.as_ref()).unwrap_or_default();
    // What was reviewed in its place did not come from elsewhere.
    let fit = |path: &RepoPath| !round.texts.contains_key(path) && endings.contains(&path.extension());
    new.into_iter().filter(fit).take(MAX_CANDIDATES).collect()
}

fn stamps_of(repo: &Repo, user_file: Option<&Path>) -> Vec<FileStamp> {
    let stored = repo.branch().folder().to_owned();
    let [head, log, tables] = repo.git.head_files();
    let watched = [
        head,
        log,
        tables,
        stored.join("decisions.json"),
        stored.join("pull-request.json"),
        stored.join(store::AFTERMATH),
        stored,
    ];
    watched.iter().map(PathBuf::as_path).chain(user_file).map(file_stamp).collect()
}

/// The repository that a folder is in, and its root in the client's spelling of the folder.
pub(crate) fn discover(folder: &Path) -> Discovered {
    let elsewhere = || GitError::NotARepository { path: folder.to_owned() };
    let git = Repository::discover(folder)?;
    let real = folder.canonicalize().map_err(|_| elsewhere())?;
    let root = git.root().canonicalize().map_err(|_| elsewhere())?;
    let inside = real.strip_prefix(&root).map_err(|_| elsewhere())?;
    // The client may have come by a symbolic link; it is answered in its own words where they lead to the root.
    let mut shown = folder.to_owned();
    for _ in inside.components() {
        shown.pop();
    }
    let same = shown.canonicalize().is_ok_and(|s| s == root);
    let shown = if same { shown } else { git.root().to_owned() };
    Ok((git, shown))
}

/// Reads what is stored of the branch that is checked out, and how much of it is to be shown.
pub(crate) fn load(repo: &Repo, user_file: Option<&Path>) -> Loaded {
    let mut problems = Vec::new();
    let stamps_of_head = repo.git.head_files().map(|file| file_stamp(&file));
    let head = match &repo.visit {
        Some(visit) => {
            let scope = visit.snapshot.scope();
            Some(HeadState { branch: scope.branch.clone(), commit: scope.head.clone() })
        }
        None => repo.git.head_state().map_err(|e| problems.push(e.to_string())).ok(),
    };
    let repo = Repo { head, ..repo.clone() };
    let branch = repo.branch();
    // What changes while it is read is seen at the next poll.
    let mut stamps = stamps_of(&repo, user_file);
    stamps[..stamps_of_head.len()].copy_from_slice(&stamps_of_head);
    let environment = |name: &str| std::env::var(name).ok();
    let configured = ops::configuration(Some(&repo.git), user_file, &environment, &ops::Overrides::default());
    let dial = configured.map_err(|e| problems.push(e.to_string())).map(|it| it.config.dial).unwrap_or_default();
    let decisions = branch.decisions().map_err(|e| problems.push(e.to_string())).ok();
    let decisions = decisions.map(|read| {
        problems.extend(read.set_aside.iter().map(ToString::to_string));
        read.value
    });
    let decisions = decisions.unwrap_or_default();
    // Raw findings say only what a person split or joined.
    let newest = if decisions.links.is_empty() { branch.newest_without_raw() } else { branch.newest() };
    let newest = newest.map_err(|e| problems.push(e.to_string())).ok().and_then(|read| {
        problems.extend(read.set_aside.iter().map(ToString::to_string));
        read.value
    });
    let round =
        newest.map(|round| known_index(&repo, &round).unwrap_or_else(|| Arc::new(RoundIndex::new(round.into()))));
    let said = branch.pull_request().map(|now| Said::read(now, &repo.git));
    Loaded { stamps, head: repo.head, round, decisions, said, dial, problems }
}

/// The index of a round that was read, if it is one that is known already.
fn known_index(repo: &Repo, read: &Round) -> Option<Arc<RoundIndex>> {
    let known = repo.stored.iter().chain(&repo.round_index);
    known.into_iter().find(|index| is_same(&index.round, read)).cloned()
}

/// Whether the round that is known is the one that was read, which may lack the raw findings.
fn is_same(known: &Round, read: &Round) -> bool {
    if known.raw.is_empty() || !read.raw.is_empty() {
        return known == read;
    }
    Round { raw: Vec::new(), ..known.clone() } == *read
}
