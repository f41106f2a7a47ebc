//! The history as agents may ask for it: log, single commits, blame, and what changed together. To read only, bounded in
//! size and time; nothing is run that a repository could name (no hooks, no filters, no text conversions).
//!
//! Only what the reviewed commit descends from can be asked about: what was thrown away, and may have been for a reason,
//! stays unseen.

use super::repository::{commit_id, oid};
use super::{GitError, Repository, command};
use finding::{CommitId, LineRange, RepoPath};
use git2::{Delta, DiffOptions, ObjectType, Oid, Patch, Sort};
use jiff::Timestamp;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Commits that are looked through at most for those of one file.
const MOST_WALKED: usize = 5000;
/// Longest time for one question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Texts above this size are not compared, in bytes.
const LARGEST_TEXT: i64 = 1 << 20;
/// A commit of more files says nothing of what belongs together.
const MOST_TOGETHER: usize = 30;

/// The history of a commit.
#[derive(Debug, Clone)]
pub struct Consult {
    repository: Repository,
    head: CommitId,
}

/// A commit in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its id.
    pub id: CommitId,
    /// When it was committed.
    pub time: Timestamp,
    /// Name of the author.
    pub author: String,
    /// First line of the message.
    pub subject: String,
}

/// Lines with the commit that they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// The lines, 1-based, in the text of the commit that was asked about.
    pub lines: LineRange,
    /// Where they came from.
    pub commit: Logged,
}

/// A file that changed when others did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// The file.
    pub path: RepoPath,
    /// The one of the others with which it changed most often.
    pub with: RepoPath,
    /// In how many commits both changed.
    pub both: usize,
    /// In how many the other one did.
    pub of: usize,
}

impl Consult {
    /// The history of `head`.
    #[must_use]
    pub fn new(repository: Repository, head: CommitId) -> Self {
        Self { repository, head }
    }

    /// The repository that is asked.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The commit whose history it is.
    #[must_use]
    pub fn head(&self) -> &CommitId {
        &self.head
    }

    /// The same for an ancestor.
    #[must_use]
    pub fn at(&self, head: CommitId) -> Self {
        Self { repository: self.repository.clone(), head }
    }

    /// The newest commits, of a file's if one is named, without merges; at most `most`, newest first.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn log(&self, path: Option<&RepoPath>, most: usize) -> Result<Vec<Logged>, GitError> {
        let deadline = Instant::now() + PATIENCE;
        let mut found = Vec::new();
        self.walk(MOST_WALKED, |repo, commit| {
            let is_of_file = match path {
                None => true,
                Some(path) => changes(repo, commit, path)?,
            };
            if is_of_file {
                found.push(logged(commit));
            }
            Ok(found.len() < most && Instant::now() < deadline)
        })?;
        Ok(found)
    }

    /// A commit's message and diff, of one file if that is named, cut after `most` bytes. Files that are not `allowed` are
    /// left out. The commit is named by its id, or the beginning of it.
    ///
    /// # Errors
    /// When it is no commit of this history, or git cannot be read.
    pub fn show(
        &self,
        commit: &str,
        path: Option<&RepoPath>,
        allowed: &dyn Fn(&RepoPath) -> bool,
        most: usize,
    ) -> Result<String, GitError> {
        let id = self.resolve(commit)?;
        self.repository.with(|repo| {
            let commit = repo.find_commit(id).map_err(failed())?;
            let Logged { id, time, author, subject } = logged(&commit);
            let message = String::from_utf8_lossy(commit.message_bytes());
            let body = message.trim().split_once('\n').map_or("", |(_, body)| body.trim());
            let mut out = format!("commit {id}\nauthor {author}\ndate {}\n\n{subject}\n", date(time));
            if !body.is_empty() {
                out.push_str(&format!("\n{body}\n"));
            }
            for text in patches(repo, &commit, path, allowed, most)? {
                out.push('\n');
                out.push_str(&text);
            }
            Ok(cut(out, most))
        })?
    }

    /// A commit's diff, file by file, cut after `most` bytes each.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub fn diffs(
        &self,
        commit: &CommitId,
        allowed: &dyn Fn(&RepoPath) -> bool,
        most: usize,
    ) -> Result<Vec<(RepoPath, String)>, GitError> {
        let id = self.resolve(commit.as_str())?;
        self.repository.with(|repo| {
            let commit = repo.find_commit(id).map_err(failed())?;
            let mut found = Vec::new();
            for path in changed(repo, &commit)?.into_iter().filter(|path| allowed(path)) {
                let texts = patches(repo, &commit, Some(&path), allowed, most)?;
                found.push((path, cut(texts.concat(), most)));
            }
            Ok(found)
        })?
    }

    /// The files that each of these commits of the history changed, in their order; none for what is not known by `deadline`.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn files(&self, commits: &[&CommitId], deadline: Instant) -> Result<Vec<Vec<RepoPath>>, GitError> {
        self.repository.with(|repo| {
            let one = |id: &&CommitId| match Instant::now() < deadline {
                true => changed(repo, &repo.find_commit(oid(id.as_str())?).map_err(failed())?),
                false => Ok(Vec::new()),
            };
            commits.iter().map(one).collect()
        })?
    }

    /// Who last changed lines of a file as it is in the commit.
    ///
    /// # Errors
    /// When the file has no such lines there, git cannot be run, or it takes too long.
    pub fn blame(
        &self,
        path: &RepoPath,
        lines: &[LineRange],
        deadline: Option<Instant>,
    ) -> Result<Vec<Blamed>, GitError> {
        let ranges: Vec<String> = lines.iter().map(|l| format!("-L{},{}", l.start(), l.end())).collect();
        let mut args = vec!["blame", "--porcelain", "--no-textconv", "-w"];
        args.extend(ranges.iter().map(String::as_str));
        args.extend([self.head.as_str(), "--", path.as_str()]);
        let deadline = deadline.unwrap_or_else(|| Instant::now() + PATIENCE);
        let out = command::run_until(self.repository.root(), &args, deadline)?;
        Ok(blamed(&String::from_utf8_lossy(&out)))
    }

    /// [`blame`](Self::blame) of several files at once; what is not known by the deadline is left out.
    #[must_use]
    pub fn blame_all(&self, places: &[(RepoPath, Vec<LineRange>)], deadline: Instant) -> Vec<(RepoPath, Vec<Blamed>)> {
        let one = |(path, lines): &(RepoPath, Vec<LineRange>)| {
            Some((path.clone(), self.blame(path, lines, Some(deadline)).ok()?))
        };
        places.par_iter().filter_map(one).collect()
    }

    /// The files that changed most often in the same commits as these and are not among them, the most often first. Looks
    /// through the newest commits until `deadline`.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn together(&self, paths: &BTreeSet<RepoPath>, deadline: Instant) -> Result<Vec<Together>, GitError> {
        let mut of: BTreeMap<RepoPath, usize> = BTreeMap::new();
        let mut both: BTreeMap<(RepoPath, RepoPath), usize> = BTreeMap::new();
        self.walk(1000, |repo, commit| {
            let files = changed(repo, commit)?;
            if files.len() <= MOST_TOGETHER {
                for with in files.iter().filter(|path| paths.contains(*path)) {
                    *of.entry(with.clone()).or_default() += 1;
                    for path in files.iter().filter(|path| !paths.contains(*path)) {
                        *both.entry((path.clone(), with.clone())).or_default() += 1;
                    }
                }
            }
            Ok(Instant::now() < deadline)
        })?;
        let mut best: BTreeMap<RepoPath, Together> = BTreeMap::new();
        for ((path, with), both) in both {
            let found = Together { of: of.get(&with).copied().unwrap_or_default(), path: path.clone(), with, both };
            let known = best.entry(path).or_insert_with(|| found.clone());
            if found.both > known.both {
                *known = found;
            }
        }
        let mut all: Vec<Together> = best.into_values().collect();
        all.sort_by(|a, b| b.both.cmp(&a.both).then_with(|| a.path.cmp(&b.path)));
        Ok(all)
    }

    /// The full id of a commit of this history.
    fn resolve(&self, name: &str) -> Result<Oid, GitError> {
        let missing = || GitError::Missing { what: format!("'{name}'") };
        let is_id = (4..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_id {
            return Err(missing());
        }
        let head = oid(self.head.as_str())?;
        self.repository.with(|repo| {
            let short = repo.find_object_by_prefix(name, Some(ObjectType::Commit));
            let id = short.map_err(|_| missing())?.id();
            let is_there = id == head || repo.graph_descendant_of(head, id).unwrap_or(false);
            if is_there { Ok(id) } else { Err(missing()) }
        })?
    }

    /// Visits commits without merges, newest first, until `visit` says no.
    fn walk(
        &self,
        most: usize,
        mut visit: impl FnMut(&git2::Repository, &git2::Commit<'_>) -> Result<bool, GitError>,
    ) -> Result<(), GitError> {
        let head = oid(self.head.as_str())?;
        self.repository.with(|repo| {
            let mut walk = repo.revwalk().map_err(failed())?;
            // As git lists them, which needs no look at the whole history first.
            walk.set_sorting(Sort::NONE).map_err(failed())?;
            walk.push(head).map_err(failed())?;
            for id in walk.take(most) {
                // A shallow clone ends somewhere.
                let Ok(commit) = id.and_then(|id| repo.find_commit(id)) else { break };
                if commit.parent_count() <= 1 && !visit(repo, &commit)? {
                    break;
                }
            }
            Ok(())
        })?
    }
}

fn failed() -> impl FnOnce(git2::Error) -> GitError {
    GitError::git("read the history")
}

fn logged(commit: &git2::Commit<'_>) -> Logged {
    let subject = String::from_utf8_lossy(commit.message_bytes());
    Logged {
        id: commit_id(commit.id()),
        time: Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        subject: cut(subject.trim_start().lines().next().unwrap_or_default().to_owned(), 300),
    }
}

/// `2026-03-23`.
#[must_use]
pub fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// Whether a commit changed a file, by comparing what its tree and its parent's have of it.
fn changes(repo: &git2::Repository, commit: &git2::Commit<'_>, path: &RepoPath) -> Result<bool, GitError> {
    let _ = repo;
    let of = |tree: git2::Tree<'_>| tree.get_path(Path::new(path.as_str())).ok().map(|entry| entry.id());
    let here = of(commit.tree().map_err(failed())?);
    let before = match commit.parent(0) {
        Ok(parent) => of(parent.tree().map_err(failed())?),
        Err(_) => None,
    };
    Ok(here != before)
}

fn diff<'r>(
    repo: &'r git2::Repository,
    commit: &git2::Commit<'_>,
    path: Option<&RepoPath>,
) -> Result<git2::Diff<'r>, GitError> {
    let tree = commit.tree().map_err(failed())?;
    let parent = commit.parent(0).and_then(|parent| parent.tree()).ok();
    let mut options = DiffOptions::new();
    options.max_size(LARGEST_TEXT).context_lines(3);
    if let Some(path) = path {
        options.disable_pathspec_match(true).pathspec(path.as_str());
    }
    repo.diff_tree_to_tree(parent.as_ref(), Some(&tree), Some(&mut options)).map_err(failed())
}

fn name(file: &git2::DiffFile<'_>) -> Option<RepoPath> {
    RepoPath::new(std::str::from_utf8(file.path_bytes()?).ok()?).ok()
}

fn changed(repo: &git2::Repository, commit: &git2::Commit<'_>) -> Result<Vec<RepoPath>, GitError> {
    let diff = diff(repo, commit, None)?;
    Ok(diff.deltas().take(500).filter_map(|d| name(&d.new_file()).or_else(|| name(&d.old_file()))).collect())
}

/// The diff of each file, as many as go into `most` bytes.
fn patches(
    repo: &git2::Repository,
    commit: &git2::Commit<'_>,
    path: Option<&RepoPath>,
    allowed: &dyn Fn(&RepoPath) -> bool,
    most: usize,
) -> Result<Vec<String>, GitError> {
    let diff = diff(repo, commit, path)?;
    let (mut texts, mut size) = (Vec::new(), 0);
    for (n, delta) in diff.deltas().enumerate() {
        let names = [name(&delta.old_file()), name(&delta.new_file())];
        if names.iter().flatten().any(|path| !allowed(path)) {
            continue;
        }
        if size >= most {
            texts.push("… (further files are left out)\n".to_owned());
            break;
        }
        let text = match Patch::from_diff(&diff, n).map_err(failed())? {
            Some(mut patch) if !delta.flags().is_binary() => {
                String::from_utf8_lossy(&patch.to_buf().map_err(failed())?).into_owned()
            }
            _ => {
                let path = names.iter().flatten().next().map(ToString::to_string).unwrap_or_default();
                let what = if delta.status() == Delta::Deleted { "deleted" } else { "changed" };
                format!("{path}: {what}, not a text\n")
            }
        };
        size += text.len();
        texts.push(text);
    }
    Ok(texts)
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push_str("\n… (cut)\n");
    }
    text
}

/// Reads what `git blame --porcelain` prints.
fn blamed(porcelain: &str) -> Vec<Blamed> {
    let mut commits: BTreeMap<&str, Logged> = BTreeMap::new();
    let mut lines: Vec<(u32, &str)> = Vec::new();
    let mut current = "";
    for line in porcelain.lines() {
        if line.starts_with('\t') {
            continue;
        }
        let mut words = line.splitn(2, ' ');
        let (Some(key), rest) = (words.next(), words.next().unwrap_or_default()) else { continue };
        if key.len() >= 40 && key.bytes().all(|b| b.is_ascii_hexdigit()) {
            current = key;
            if let Some(number) = rest.split(' ').nth(1).and_then(|n| n.parse().ok()) {
                lines.push((number, key));
            }
            commits.entry(key).or_insert_with(|| Logged {
                id: CommitId::new(key),
                time: Timestamp::UNIX_EPOCH,
                author: String::new(),
                subject: String::new(),
            });
            continue;
        }
        let Some(commit) = commits.get_mut(current) else { continue };
        match key {
            "author" => rest.clone_into(&mut commit.author),
            "committer-time" => {
                commit.time = rest.parse().ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or_default();
            }
            "summary" => commit.subject = cut(rest.to_owned(), 300),
            _ => {}
        }
    }
    let mut runs: Vec<Blamed> = Vec::new();
    for (line, id) in lines {
        let Some(commit) = commits.get(id) else { continue };
        match runs.last_mut() {
            Some(run) if run.commit.id == commit.id && run.lines.end() + 1 == line => {
                run.lines = LineRange::new(run.lines.start(), line);
            }
            _ => runs.push(Blamed { lines: LineRange::line(line), commit: commit.clone() }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_repo::Repo;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// Three commits, of which the last is thrown away.
    fn history() -> (Repo, Consult, String) {
        let repo = Repo::new();
        repo.write("a.rs", "one\ntwo\nthree\n");
        repo.write("b.rs", "b\n");
        repo.write("secret.env", "k=1\n");
        repo.commit("Begin");
        repo.write("a.rs", "one\nTWO\nthree\n");
        repo.write("b.rs", "B\n");
        repo.write("secret.env", "k=2\n");
        repo.commit("Write two large\n\nIt was small.");
        repo.write("a.rs", "gone\n");
        repo.commit("A mistake");
        let thrown = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        repo.git(&["reset", "--hard", "HEAD~1"]);
        let found = Repository::discover(repo.path()).unwrap();
        let head = CommitId::new(repo.git(&["rev-parse", "HEAD"]).trim());
        (repo, Consult::new(found, head), thrown)
    }

    #[test]
    fn the_history_can_be_read_and_what_is_not_of_it_cannot() {
        let (_repo, consult, thrown) = history();
        let all = |_: &RepoPath| true;
        let log = consult.log(Some(&path("a.rs")), 10).unwrap();
        assert_eq!(log.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["Write two large", "Begin"]);
        assert_eq!(consult.log(None, 1).unwrap().len(), 1);
        assert_eq!(consult.log(Some(&path("none.rs")), 9).unwrap(), []);
        let shown = consult.show(&log[0].id.as_str()[..9], None, &all, 10_000).unwrap();
        assert!(
            shown.contains("\nIt was small.\n") && shown.contains("-two\n+TWO\n") && shown.contains("+k=2"),
            "{shown}"
        );
        let kept_back = |p: &RepoPath| p.as_str() != "secret.env";
        let shown = consult.show(log[0].id.as_str(), None, &kept_back, 10_000).unwrap();
        assert!(!shown.contains("k=2") && !shown.contains("secret.env"), "{shown}");
        let one = consult.show(log[0].id.as_str(), Some(&path("b.rs")), &all, 10_000).unwrap();
        assert!(one.contains("+B") && !one.contains("TWO"), "{one}");
        assert!(consult.show(log[0].id.as_str(), None, &all, 60).unwrap().len() < 90);
        for wrong in [&*thrown, "HEAD", "HEAD~1", "--output=/tmp/x", "main", "", "abc", "zzzzzzzz"] {
            assert!(consult.show(wrong, None, &all, 1000).is_err(), "{wrong}");
        }
        let diffs = consult.diffs(&log[0].id, &kept_back, 1000).unwrap();
        assert_eq!(diffs.iter().map(|(p, _)| p.as_str()).collect::<Vec<_>>(), ["a.rs", "b.rs"]);
    }

    #[test]
    fn lines_have_the_commits_that_they_came_from() {
        let (_repo, consult, _) = history();
        let runs = consult.blame(&path("a.rs"), &[LineRange::new(1, 3)], None).unwrap();
        let said: Vec<String> = runs.iter().map(|b| format!("{} {}", b.lines, b.commit.subject)).collect();
        assert_eq!(said, ["1 Begin", "2 Write two large", "3 Begin"]);
        assert!(consult.blame(&path("a.rs"), &[LineRange::new(7, 9)], None).is_err());
        assert!(consult.blame(&path("../a.rs".trim_start_matches("../")), &[LineRange::line(1)], None).is_ok());
        let places = [(path("a.rs"), vec![LineRange::line(2)]), (path("no.rs"), vec![LineRange::line(1)])];
        let all = consult.blame_all(&places, Instant::now() + PATIENCE);
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn files_that_changed_together_are_known() {
        let (_repo, consult, _) = history();
        let found = consult.together(&[path("a.rs")].into(), Instant::now() + PATIENCE).unwrap();
        let said: Vec<String> = found.iter().map(|t| format!("{} {} of {}", t.path, t.both, t.of)).collect();
        assert_eq!(said, ["b.rs 2 of 2", "secret.env 2 of 2"]);
    }
}
