//! What is to be reviewed, as a user says it, and where git has its text. Nothing is checked out for it.

use super::repository::{commit_id, oid};
use super::scope::{self, Base};
use super::{GitError, HeadState, Repository, ScopeRequest, jujutsu};
use finding::{CommitId, RoundScope};
use git2::{BranchType, Oid, Pathspec, PathspecFlags};
use std::path::Path;
use std::sync::Arc;

/// What is to be reviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// What is checked out; whether uncommitted work counts is said beside it.
    #[default]
    Current,
    /// What is staged, against HEAD.
    Staged,
    /// What is not staged, against what is: untracked files too.
    Unstaged,
    /// The files of the work tree as they are, against nothing.
    Whole,
    /// The commits of a branch, whether it is checked out or not; where there is none of that name, the commit that the
    /// name means.
    Named(String),
    /// One commit, against the (first) one before it.
    Commit(String),
    /// `A..B`: what differs between the two, as `git diff A..B` has it.
    Between {
        /// A; HEAD if it is empty.
        from: String,
        /// B; HEAD if it is empty.
        to: String,
    },
    /// `A...B`: what B has since it left A.
    Since {
        /// A; HEAD if it is empty.
        from: String,
        /// B; HEAD if it is empty.
        to: String,
    },
    /// A stash, untracked files in it included: `stash@{0}`.
    Stash(String),
    /// A pull request that is still to be fetched.
    PullRequest(PullRequestName),
    /// A pull request whose commits are here.
    Fetched(FetchedPullRequest),
    /// A diff from elsewhere, applied to HEAD.
    Patch {
        /// What it is called: the name of its file, or `-`.
        name: String,
        /// A unified diff, as it was read; empty before.
        diff: Arc<[u8]>,
    },
}

/// Which pull request is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestName {
    /// By its number, at the forge of a remote.
    Number(u64),
    /// By its page.
    Page {
        /// The page without what follows the number: `https://example.org/owner/name/pull/7`.
        address: String,
        /// The address of its repository: `https://example.org/owner/name`.
        repository: String,
        /// Its number.
        number: u64,
    },
}

impl PullRequestName {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Number(number) | Self::Page { number, .. } => *number,
        }
    }
}

/// A pull request whose commits are in the object database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedPullRequest {
    /// What its rounds are kept under: its branch's name, where that is known, else [`pull_request_key`].
    pub kept_as: String,
    /// The branch that it goes into.
    pub base_name: String,
    /// The commit of that branch that it is compared with; of both, the merge base counts.
    pub base: CommitId,
    /// The commit that it ends with.
    pub head: CommitId,
}

/// A target that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is nothing that can be reviewed: {why}")]
pub struct BadTarget {
    word: String,
    why: &'static str,
}

/// What stands before the number in the address of a pull request's page.
const PAGES: [&str; 6] =
    ["/-/merge_requests/", "/merge_requests/", "/pull-requests/", "/pullrequest/", "/pulls/", "/pull/"];

impl Target {
    /// Reads a word: `pr:7`, a pull request's address, `commit:REV`, `A..B`, `A...B`, `stash@{0}`, `patch:FILE`, else a
    /// name, which is looked up when it is asked for.
    ///
    /// # Errors
    /// For what is no word of that kind.
    pub fn parse(word: &str) -> Result<Self, BadTarget> {
        let bad = |why| BadTarget { word: word.to_owned(), why };
        if let Some(number) = word.strip_prefix("pr:").or_else(|| word.strip_prefix('#')) {
            return match number.parse() {
                Ok(number @ 1..) => Ok(Self::PullRequest(PullRequestName::Number(number))),
                _ if number.contains("://") => Self::parse(number),
                _ => Err(bad("a pull request is named by its number or its address")),
            };
        }
        if word.starts_with("https://") || word.starts_with("http://") {
            return page(word).map(Self::PullRequest).ok_or_else(|| bad("it is not the address of a pull request"));
        }
        if let Some(file) = word.strip_prefix("patch:") {
            let name = Some(file).filter(|f| !f.is_empty()).ok_or_else(|| bad("the file's name is missing"))?;
            return Ok(Self::Patch { name: name.to_owned(), diff: Arc::from([]) });
        }
        if let Some(rev) = word.strip_prefix("commit:") {
            let rev = revision(rev).filter(|rev| !rev.is_empty()).ok_or_else(|| bad("it names no commit"))?;
            return Ok(Self::Commit(rev.to_owned()));
        }
        if word == "stash" {
            return Ok(Self::Stash("stash@{0}".into()));
        }
        if let Some(number) = word.strip_prefix("stash@{") {
            let number = number.strip_suffix('}').and_then(|n| n.parse::<u32>().ok());
            let number = number.ok_or_else(|| bad("a stash is named by its number: stash@{0}"))?;
            return Ok(Self::Stash(format!("stash@{{{number}}}")));
        }
        let sides = |(from, to): (&str, &str)| Some((revision(from)?.to_owned(), revision(to)?.to_owned()));
        if let Some(both) = word.split_once("...") {
            let (from, to) = sides(both).ok_or_else(|| bad("a side of it is no revision"))?;
            return Ok(Self::Since { from, to });
        }
        if let Some(both) = word.split_once("..") {
            let (from, to) = sides(both).ok_or_else(|| bad("a side of it is no revision"))?;
            return Ok(Self::Between { from, to });
        }
        match revision(word) {
            Some(name) if !name.is_empty() => Ok(Self::Named(name.to_owned())),
            _ => Err(bad("it is no name of a branch or commit")),
        }
    }

    /// Whether what it is compared with can be chosen; a commit, a range, a stash and what is staged bring their own.
    #[must_use]
    pub fn takes_base(&self) -> bool {
        matches!(self, Self::Current | Self::Named(_) | Self::PullRequest(_) | Self::Fetched(_))
    }

    /// Whether it is a part of what is checked out, so that the work tree has its text.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Current | Self::Staged | Self::Unstaged | Self::Whole)
    }
}

/// A revision as git would read it from a word; no option, and nothing that is shown on a terminal as something else.
fn revision(text: &str) -> Option<&str> {
    let is_plain = !text.starts_with('-') && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_plain.then_some(text)
}

fn page(address: &str) -> Option<PullRequestName> {
    let plain = address.split(['?', '#']).next().unwrap_or(address);
    let (repository, rest, kind) = PAGES.iter().find_map(|kind| {
        let (before, after) = plain.split_once(kind)?;
        Some((before, after, kind))
    })?;
    let digits = rest.split('/').next().unwrap_or("");
    let number: u64 = digits.parse().ok().filter(|n| *n > 0)?;
    let address = format!("{repository}{kind}{number}");
    Some(PullRequestName::Page { address, repository: repository.to_owned(), number })
}

/// What the rounds of a pull request are kept under whose branch is not known here. No branch can have that name.
#[must_use]
pub fn pull_request_key(project: &str, number: u64) -> String {
    format!("pr:{project}#{number}")
}

/// What is reviewed, found: what a round says of it, and where its text is.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What a round says of it.
    pub round: RoundScope,
    pub(crate) text: TextIn,
    pub(crate) paths: Vec<String>,
}

/// Where the text under review is.
#[derive(Debug, Clone)]
pub(crate) enum TextIn {
    /// In the head commit.
    Commit,
    /// In the work tree.
    WorkTree,
    /// In the work tree, all of it.
    Whole,
    /// In the index.
    Index,
    /// In the work tree, compared with the index.
    Unstaged,
    /// In the head commit, and in this one, which has the files that were untracked.
    Stash(Option<Oid>),
    /// In the head commit with this diff applied to it.
    Patch(Arc<[u8]>),
}

impl From<&RoundScope> for Scope {
    fn from(round: &RoundScope) -> Self {
        let text = if round.uncommitted { TextIn::WorkTree } else { TextIn::Commit };
        Self { round: round.clone(), text, paths: Vec::new() }
    }
}

impl From<&Scope> for Scope {
    fn from(scope: &Scope) -> Self {
        scope.clone()
    }
}

impl Repository {
    /// Finds what is to be reviewed and what it is compared with. Nothing is fetched or checked out.
    ///
    /// # Errors
    /// Those of [`Repository::scope`]; [`GitError::UnknownRevision`], [`GitError::NotFetched`].
    pub fn resolve(&self, request: &ScopeRequest) -> Result<Scope, GitError> {
        let mut scope = self.resolve_whole(request)?;
        if !request.paths.is_empty() {
            // A part has rounds of its own: they say nothing of the rest.
            let whole = scope.round.branch.as_deref().unwrap_or("HEAD");
            scope.round.branch = Some(format!("{whole} -- {}", request.paths.join(" ")));
            scope.paths.clone_from(&request.paths);
        }
        Ok(scope)
    }

    fn resolve_whole(&self, request: &ScopeRequest) -> Result<Scope, GitError> {
        match &request.target {
            Target::Current => self.scope_of_head(request).map(|round| Scope::from(&round)),
            Target::Staged => self.on_top("staged", "HEAD", TextIn::Index),
            Target::Whole => {
                let scope = self.on_top("scan", "nothing", TextIn::Whole)?;
                Ok(Scope { round: RoundScope { base: None, ..scope.round }, ..scope })
            }
            Target::Unstaged => self.on_top("unstaged", "the index", TextIn::Unstaged),
            // What Jujutsu calls the working copy is what is checked out.
            Target::Named(name) if name == "@" && self.with(jujutsu::keeps)? => {
                self.scope_of_head(request).map(|round| Scope::from(&round))
            }
            Target::Named(name) => self.with(|repo| branch_or_commit(repo, name, request.base.as_deref()))?,
            Target::Commit(rev) => self.with(|repo| one_commit(repo, rev))?,
            Target::Between { from, to } => self.with(|repo| {
                let ((from, old), (to, new)) = (side(repo, from)?, side(repo, to)?);
                Ok(commits(format!("{from}..{to}"), (from, Some(old)), new))
            })?,
            Target::Since { from, to } => self.with(|repo| {
                let ((from, old), (to, new)) = (side(repo, from)?, side(repo, to)?);
                let base = Base { name: from.clone(), commit: old };
                Ok(commits(format!("{from}...{to}"), scope::merge_base(repo, base, new)?, new))
            })?,
            Target::Stash(name) => self.with(|repo| stash(repo, name))?,
            Target::PullRequest(name) => Err(GitError::NotFetched { number: name.number() }),
            Target::Fetched(pull) => self.with(|repo| {
                let (head, base) = (oid(pull.head.as_str())?, oid(pull.base.as_str())?);
                let base = match &request.base {
                    Some(name) => scope::named(repo, name)?,
                    None => Base { name: pull.base_name.clone(), commit: base },
                };
                Ok(commits(pull.kept_as.clone(), scope::merge_base(repo, base, head)?, head))
            })?,
            Target::Patch { name, diff } => {
                let HeadState { commit, .. } = self.head_state()?;
                let round = RoundScope {
                    branch: Some(format!("patch:{name}")),
                    base_name: "HEAD".into(),
                    base: commit.clone(),
                    head: commit,
                    uncommitted: false,
                };
                Ok(Scope { round, text: TextIn::Patch(diff.clone()), paths: Vec::new() })
            }
        }
    }

    /// A part of what is not committed.
    fn on_top(&self, what: &str, base_name: &str, text: TextIn) -> Result<Scope, GitError> {
        let HeadState { branch, commit } = self.head_state()?;
        let round = RoundScope {
            branch: Some(format!("{what}:{}", branch.as_deref().unwrap_or("HEAD"))),
            base_name: base_name.into(),
            base: commit.clone(),
            head: commit,
            uncommitted: true,
        };
        Ok(Scope { round, text, paths: Vec::new() })
    }

    /// What the rounds of a remote's branch are kept under: the name of the local branch that follows it or has its name,
    /// else its own.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn kept_as(&self, remote: &str, name: &str) -> Result<String, GitError> {
        self.with(|repo| kept_as(repo, remote, name))
    }

    /// The local branch that was made from a pull request's own reference (`refs/pull/7/head`).
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn branch_of_pull_request(&self, number: u64) -> Result<Option<String>, GitError> {
        self.with(|repo| {
            let mut names = local_branches(repo);
            names.find(|name| merged_from(repo, name).and_then(|m| number_of_reference(&m)) == Some(number))
        })
    }

    /// The pull request that a local branch was made from, where its configuration says so.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn pull_request_of_branch(&self, branch: &str) -> Result<Option<u64>, GitError> {
        self.with(|repo| merged_from(repo, branch).and_then(|m| number_of_reference(&m)))
    }

    /// Pathspecs as a user in `folder` writes them, as seen from the top. Those that leave something out (`:!x`) have a
    /// `!` in front.
    ///
    /// # Errors
    /// [`GitError::BadPattern`] for one that leads out of the work tree.
    pub fn pathspecs(&self, folder: &Path, words: &[String]) -> Result<Vec<String>, GitError> {
        let inside = folder.canonicalize().ok().and_then(|f| {
            let root = self.root().canonicalize().ok()?;
            Some(f.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/"))
        });
        let inside = inside.unwrap_or_default();
        words.iter().map(|word| from_top(&inside, word)).collect()
    }
}

fn from_top(inside: &str, word: &str) -> Result<String, GitError> {
    let bad = |why: &str| GitError::BadPattern { pattern: word.to_owned(), why: why.to_owned() };
    let excluded = [":(exclude)", ":!", ":^", "!"].iter().find_map(|mark| word.strip_prefix(mark));
    let pattern = excluded.unwrap_or(word);
    let (pattern, inside) = match pattern.strip_prefix(":/").or_else(|| pattern.strip_prefix(":(top)")) {
        Some(rest) => (rest, ""),
        None if pattern.starts_with(':') => return Err(bad("this magic of pathspecs is not known here")),
        None => (pattern, inside),
    };
    let mut parts: Vec<&str> = inside.split('/').filter(|part| !part.is_empty()).collect();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(|| bad("it leads out of the work tree"))?),
            part => parts.push(part),
        }
    }
    let whole = if parts.is_empty() { "*".to_owned() } else { parts.join("/") };
    Ok(if excluded.is_some() { format!("!{whole}") } else { whole })
}

/// The paths that a review is limited to.
pub(crate) struct Limits {
    wanted: Option<Pathspec>,
    unwanted: Option<Pathspec>,
}

impl Limits {
    pub(crate) fn new(paths: &[String]) -> Result<Self, GitError> {
        let (unwanted, wanted): (Vec<&str>, Vec<&str>) =
            paths.iter().map(String::as_str).partition(|p| p.starts_with('!'));
        let spec = |all: Vec<&str>| match all.is_empty() {
            true => Ok(None),
            false => Pathspec::new(&all)
                .map(Some)
                .map_err(|e| GitError::BadPattern { pattern: all.join(" "), why: e.message().to_owned() }),
        };
        let unwanted = unwanted.into_iter().map(|p| p.trim_start_matches('!')).collect();
        Ok(Self { wanted: spec(wanted)?, unwanted: spec(unwanted)? })
    }

    pub(crate) fn allow(&self, path: &[u8]) -> bool {
        let path = super::changes::os_path(path);
        let has = |spec: &Pathspec| spec.matches_path(&path, PathspecFlags::DEFAULT);
        self.wanted.as_ref().is_none_or(has) && !self.unwanted.as_ref().is_some_and(has)
    }
}

/// A branch, and what its rounds are kept under.
struct Found {
    kept_as: String,
    /// Its name without a remote's.
    short: String,
    commit: Oid,
}

fn branch_named(repo: &git2::Repository, name: &str) -> Option<Found> {
    let name = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/remotes/")).unwrap_or(name);
    if let Some(commit) = scope::tip(repo, &format!("refs/heads/{name}")) {
        return Some(Found { kept_as: name.to_owned(), short: name.to_owned(), commit });
    }
    let on_remote = |remote: &str, short: &str| {
        let commit = scope::tip(repo, &format!("refs/remotes/{remote}/{short}"))?;
        Some(Found { kept_as: kept_as(repo, remote, short), short: short.to_owned(), commit })
    };
    let all = repo.remotes().ok()?;
    let remotes: Vec<&str> = all.iter().flatten().flatten().collect();
    let whole = remotes.iter().find_map(|remote| {
        let short = name.strip_prefix(remote)?.strip_prefix('/')?;
        on_remote(remote, short)
    });
    // A clone has a `HEAD` of its remote too: the word means what is checked out.
    let is_reference = repo.find_reference(name).is_ok();
    let short = || scope::remotes(repo, None).iter().find_map(|remote| on_remote(remote, name));
    whole.or_else(|| if is_reference { None } else { short() })
}

fn kept_as(repo: &git2::Repository, remote: &str, name: &str) -> String {
    let follows = |local: &String| {
        let upstream = repo.branch_upstream_remote(&format!("refs/heads/{local}")).ok();
        upstream.is_some_and(|u| u.as_str().ok() == Some(remote))
            && merged_from(repo, local).as_deref() == Some(&format!("refs/heads/{name}"))
    };
    if let Some(local) = local_branches(repo).find(follows) {
        return local;
    }
    // One that follows something else is another branch.
    let is_other = repo.find_branch(name, BranchType::Local).is_ok() && merged_from(repo, name).is_some();
    if is_other { format!("{remote}/{name}") } else { name.to_owned() }
}

fn local_branches(repo: &git2::Repository) -> impl Iterator<Item = String> {
    let branches = repo.branches(Some(BranchType::Local)).into_iter().flatten();
    let names: Vec<String> = branches.filter_map(|b| b.ok()?.0.name().ok()?.map(str::to_owned)).collect();
    names.into_iter()
}

/// What a branch merges when it is pulled.
fn merged_from(repo: &git2::Repository, branch: &str) -> Option<String> {
    let config = repo.config().and_then(|mut c| c.snapshot()).ok()?;
    config.get_string(&format!("branch.{branch}.merge")).ok()
}

/// The number in `refs/pull/7/head` and `refs/merge-requests/7/head`.
fn number_of_reference(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("refs/pull/").or_else(|| name.strip_prefix("refs/merge-requests/"))?;
    rest.strip_suffix("/head")?.parse().ok()
}

fn commit_of(repo: &git2::Repository, rev: &str) -> Result<Oid, GitError> {
    let found = repo.revparse_single(rev).and_then(|o| o.peel_to_commit());
    found.map(|c| c.id()).map_err(|_| GitError::UnknownRevision { name: rev.to_owned() })
}

/// The name that a side of a range has for good, and its commit: a reference keeps its name, everything else is an id.
fn side(repo: &git2::Repository, rev: &str) -> Result<(String, Oid), GitError> {
    let rev = if rev.is_empty() { "HEAD" } else { rev };
    let moves = ["HEAD", "@"].contains(&rev) || repo.resolve_reference_from_short_name(rev).is_err();
    match branch_named(repo, rev) {
        Some(found) => Ok((rev.to_owned(), found.commit)),
        None => commit_of(repo, rev).map(|id| (if moves { short(id) } else { rev.to_owned() }, id)),
    }
}

/// Commits as they are, compared with `base`, which is called `base_name`.
fn commits(kept_as: String, (base_name, base): (String, Option<Oid>), head: Oid) -> Scope {
    Scope {
        round: RoundScope {
            branch: Some(kept_as),
            base_name,
            base: base.map(commit_id),
            head: Some(commit_id(head)),
            uncommitted: false,
        },
        text: TextIn::Commit,
        paths: Vec::new(),
    }
}

/// A branch against its base, which the user may name; or one commit.
fn branch_or_commit(repo: &git2::Repository, name: &str, base: Option<&str>) -> Result<Scope, GitError> {
    let Some(Found { kept_as, short, commit }) = branch_named(repo, name) else { return one_commit(repo, name) };
    let base = match base {
        Some(name) => scope::named(repo, name)?,
        None => scope::found(repo, Some(&short), commit)?,
    };
    Ok(commits(kept_as, scope::merge_base(repo, base, commit)?, commit))
}

/// A stash against the commit that it was made on.
fn stash(repo: &git2::Repository, name: &str) -> Result<Scope, GitError> {
    let stash = commit_of(repo, name)?;
    let parent = |n: usize| repo.find_commit(stash).and_then(|c| c.parent_id(n)).ok();
    let base = parent(0).ok_or_else(|| GitError::UnknownRevision { name: name.to_owned() })?;
    let scope = commits(format!("stash:{}", short(stash)), (short(base), Some(base)), stash);
    Ok(Scope { text: TextIn::Stash(parent(2)), ..scope })
}

/// One commit against the first before it.
fn one_commit(repo: &git2::Repository, rev: &str) -> Result<Scope, GitError> {
    let id = commit_of(repo, rev)?;
    let commit = repo.find_commit(id).map_err(GitError::git("read a commit"))?;
    let parent = commit.parent_id(0).ok();
    let has_parent = commit.raw_header().is_ok_and(|h| h.lines().any(|l| l.starts_with("parent ")));
    let is_there = parent.is_some_and(|p| repo.find_commit(p).is_ok());
    if has_parent && !is_there {
        return Err(GitError::ShallowHistory { base: format!("the commit before {}", short(id)) });
    }
    let base = (parent.map_or_else(|| "nothing".into(), short), parent);
    Ok(commits(format!("commit:{}", short(id)), base, id))
}

fn short(id: Oid) -> String {
    id.to_string().chars().take(12).collect()
}

#[cfg(test)]
mod in_repositories;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_is_meant() {
        let named = |name: &str| Target::Named(name.into());
        let number = |n| Target::PullRequest(PullRequestName::Number(n));
        let since = |from: &str, to: &str| Target::Since { from: from.into(), to: to.into() };
        let between = |from: &str, to: &str| Target::Between { from: from.into(), to: to.into() };
        for (word, target) in [
            ("topic", named("topic")),
            ("feature/x", named("feature/x")),
            ("abc1234", named("abc1234")),
            ("v1.0", named("v1.0")),
            ("HEAD~2", named("HEAD~2")),
            ("pr:7", number(7)),
            ("#7", number(7)),
            ("commit:HEAD^", Target::Commit("HEAD^".into())),
            ("main..topic", between("main", "topic")),
            ("main...topic", since("main", "topic")),
            ("..topic", between("", "topic")),
            ("main..", between("main", "")),
            ("main...", since("main", "")),
            ("stash@{2}", Target::Stash("stash@{2}".into())),
            ("stash", Target::Stash("stash@{0}".into())),
            ("patch:../a.diff", Target::Patch { name: "../a.diff".into(), diff: Arc::from([]) }),
            ("patch:-", Target::Patch { name: "-".into(), diff: Arc::from([]) }),
        ] {
            assert_eq!(Target::parse(word), Ok(target), "{word}");
        }
        for word in [
            "",
            "--all",
            "pr:",
            "pr:x",
            "pr:0",
            "#",
            "a b",
            "stash@{x}",
            "stash@{1",
            "patch:",
            "commit:",
            "commit:-x",
            "a..-b",
            "a\u{1b}[2J",
            "https://example.org/o/r",
        ] {
            assert!(Target::parse(word).is_err(), "{word:?}");
        }
    }

    #[test]
    fn the_page_of_a_pull_request_names_it() {
        for (page, repository, number) in [
            ("https://github.com/o/r/pull/12", "https://github.com/o/r", 12),
            ("https://github.com/o/r/pull/12/files#diff-1", "https://github.com/o/r", 12),
            ("https://gitlab.com/g/s/r/-/merge_requests/3/diffs?x=1", "https://gitlab.com/g/s/r", 3),
            ("https://codeberg.org/o/r/pulls/4", "https://codeberg.org/o/r", 4),
            ("https://bitbucket.org/w/r/pull-requests/5/overview", "https://bitbucket.org/w/r", 5),
            ("https://dev.azure.com/o/p/_git/r/pullrequest/6", "https://dev.azure.com/o/p/_git/r", 6),
            ("pr:http://127.0.0.1:80/o/r/pull/1", "http://127.0.0.1:80/o/r", 1),
        ] {
            match Target::parse(page) {
                Ok(Target::PullRequest(PullRequestName::Page { repository: of, number: n, .. })) => {
                    assert_eq!((of.as_str(), n), (repository, number), "{page}");
                }
                other => panic!("{page}: {other:?}"),
            }
        }
    }

    #[test]
    fn pathspecs_are_seen_from_the_top() {
        for (inside, word, seen) in [
            ("", "src", "src"),
            ("", "src/", "src"),
            ("", "*.rs", "*.rs"),
            ("", ".", "*"),
            ("src", ".", "src"),
            ("src", "a.rs", "src/a.rs"),
            ("src/b", "../a.rs", "src/a.rs"),
            ("src", ":/docs", "docs"),
            ("", ":!docs", "!docs"),
            ("", "!docs", "!docs"),
            ("src", ":(exclude)gen", "!src/gen"),
            ("src", ":^:/docs", "!docs"),
        ] {
            assert_eq!(from_top(inside, word).unwrap(), seen, "{inside}: {word}");
        }
        assert!(from_top("", "../x").is_err() && from_top("", ":(attr:x)y").is_err());
    }

    #[test]
    fn paths_are_limited_as_git_limits_them() {
        for (paths, path, is_in) in [
            (&["src"][..], "src/a/b.rs", true),
            (&["src"], "srcs/b.rs", false),
            (&["*.rs"], "src/a/b.rs", true),
            (&["src/*.rs"], "src/a.rs", true),
            (&["src", "!src/gen"], "src/gen/a.rs", false),
            (&["src", "!src/gen"], "src/a.rs", true),
            (&["!docs"], "src/a.rs", true),
            (&["!docs"], "docs/a.md", false),
            (&["!*.md"], "docs/a.md", false),
        ] {
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            assert_eq!(Limits::new(&paths).unwrap().allow(path.as_bytes()), is_in, "{paths:?}: {path}");
        }
    }
}
