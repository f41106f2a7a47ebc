//! Which lines the user changed last, by git's `user.email`: what nobody has committed yet, and what commits of the user's own
//! brought since the base.

use super::history::LineMap;
use super::repository::oid;
use super::{GitError, Repository};
use finding::{CommitId, LineRange, RepoPath};
use git2::{BlameOptions, ErrorCode, Oid};
use std::ops::Range;
use std::path::Path;

/// A user's own lines on a branch.
#[derive(Debug)]
pub struct OwnLines {
    repository: Repository,
    /// The user's address, as git writes it into commits.
    email: String,
    /// Where the branch begins; `None` where all of its history is of the branch.
    base: Option<Oid>,
    head: Option<CommitId>,
    /// Whether lines that `head` has not are of the user.
    has_uncommitted: bool,
}

impl OwnLines {
    /// Those between `base` and `head`; with `has_uncommitted`, what `head` has not is the user's too. `None` where git has
    /// no `user.email`.
    ///
    /// # Errors
    /// When git or its configuration cannot be read.
    pub fn of(
        repository: &Repository,
        base: Option<&CommitId>,
        head: Option<&CommitId>,
        has_uncommitted: bool,
    ) -> Result<Option<Self>, GitError> {
        let Some(email) = repository.with(user_email)?? else { return Ok(None) };
        let ids = |id: Option<&CommitId>| id.map(|id| oid(id.as_str())).transpose();
        let (base, at) = (ids(base)?, ids(head)?);
        // What was rewritten since has its beginning elsewhere: older history is nobody's change.
        let base = match base.zip(at) {
            Some((base, head)) => repository.with(|repo| repo.merge_base(base, head).unwrap_or(base)).map(Some)?,
            None => base,
        };
        Ok(Some(Self { repository: repository.clone(), email, base, head: head.cloned(), has_uncommitted }))
    }

    /// For each range of lines of a file whose text is `text`, whether the user changed one of them last. The whole file
    /// is meant where there is no range.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn among(&self, path: &RepoPath, text: &str, asked: &[Option<LineRange>]) -> Result<Vec<bool>, GitError> {
        let committed = self.head.as_ref().map(|head| self.repository.read_at(head, path)).transpose()?.flatten();
        let Some(committed) = committed else { return Ok(vec![self.has_uncommitted; asked.len()]) };
        let count = u32::try_from(lines::count(text)).unwrap_or(u32::MAX);
        let ranges: Vec<Range<u32>> = asked.iter().map(|range| within(*range, count)).collect();
        let (map, of_git) = (LineMap::new(text, &committed), lines_of_git(&committed));
        let there = |line: u32| map.get(line).and_then(|line| of_git.get(line as usize - 1).copied());
        let of_head: Vec<u32> = ranges.iter().flat_map(Clone::clone).filter_map(there).collect();
        let brought = match of_head.iter().min().zip(of_head.iter().max()) {
            Some((first, last)) => self.brought(path, LineRange::new(*first, *last))?,
            None => Vec::new(),
        };
        let is_own = |line: u32| match there(line) {
            Some(line) => brought.iter().any(|lines| lines.contains(&line)),
            None => self.has_uncommitted,
        };
        Ok(ranges.into_iter().map(|mut range| range.any(is_own)).collect())
    }

    /// Those of the lines of `head`'s text that commits of the user brought since the base.
    fn brought(&self, path: &RepoPath, lines: LineRange) -> Result<Vec<Range<u32>>, GitError> {
        let Some(head) = self.head.as_ref().map(|head| oid(head.as_str())).transpose()? else { return Ok(Vec::new()) };
        if self.base == Some(head) {
            return Ok(Vec::new());
        }
        self.repository.with(|repo| {
            let mut options = BlameOptions::new();
            options
                .min_line(lines.start() as usize)
                .max_line(lines.end() as usize)
                .newest_commit(head)
                .use_mailmap(true);
            if let Some(base) = self.base {
                options.oldest_commit(base);
            }
            let blame = repo.blame_file(Path::new(path.as_str()), Some(&mut options));
            let blame = blame.map_err(GitError::git("blame a file"))?;
            let is_before = |hunk: &git2::BlameHunk<'_>| {
                self.base.is_some() && (hunk.is_boundary() || Some(hunk.final_commit_id()) == self.base)
            };
            let is_own = |hunk: &git2::BlameHunk<'_>| !is_before(hunk) && self.wrote(repo, hunk);
            let lines = |hunk: git2::BlameHunk<'_>| {
                let start = u32::try_from(hunk.final_start_line()).unwrap_or(u32::MAX);
                start..start.saturating_add(u32::try_from(hunk.lines_in_hunk()).unwrap_or(u32::MAX))
            };
            Ok(blame.iter().filter(is_own).map(lines).collect())
        })?
    }

    /// Whether a commit is the user's, under the address that it has or that the mailmap gives it.
    fn wrote(&self, repo: &git2::Repository, hunk: &git2::BlameHunk<'_>) -> bool {
        let is_own = |email: &[u8]| email.eq_ignore_ascii_case(self.email.as_bytes());
        let mapped = hunk.final_signature().is_some_and(|author| is_own(author.email_bytes()));
        mapped || repo.find_commit(hunk.final_commit_id()).is_ok_and(|commit| is_own(commit.author().email_bytes()))
    }
}

/// The address of the user in git's configuration.
fn user_email(repo: &git2::Repository) -> Result<Option<String>, GitError> {
    let email =
        repo.config().and_then(|mut config| config.snapshot()).and_then(|config| config.get_string("user.email"));
    match email {
        Ok(email) => Ok(Some(email.trim().to_owned()).filter(|email| !email.is_empty())),
        Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
        Err(e) => Err(GitError::git("read git's configuration")(e)),
    }
}

/// For each line of a text, which one it is for git, whose lines end with `\n` alone.
fn lines_of_git(text: &str) -> Vec<u32> {
    let mut line = 1;
    let number = |with_ending: &str| {
        let number = line;
        line += u32::from(with_ending.ends_with('\n'));
        number
    };
    lines::with_endings(text).map(number).collect()
}

/// The lines of a text with `count` of them that are meant; all of them without a range.
fn within(asked: Option<LineRange>, count: u32) -> Range<u32> {
    match asked {
        Some(lines) => lines.start().min(count.saturating_add(1))..lines.end().min(count).saturating_add(1),
        None => 1..count.saturating_add(1),
    }
}
