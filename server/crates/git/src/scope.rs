//! What is reviewed: finds the base like a person would.

pub(crate) use super::references::tip;
use super::repository::{DEFAULT_BRANCHES, Repository, commit_id};
use super::{GitError, HeadState, Target, jujutsu};
use finding::RoundScope;
use git2::{ErrorCode, Oid};

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRequest {
    /// What is to be reviewed.
    pub target: Target,
    /// A branch, tag or commit to compare with; `None` to have it found.
    pub base: Option<String>,
    /// Whether staged, unstaged and untracked work is part of the review.
    pub uncommitted: bool,
    /// Pathspecs from the top that it is limited to ([`Repository::pathspecs`]); none for all of it.
    pub paths: Vec<String>,
}

impl Default for ScopeRequest {
    /// What is checked out, with uncommitted work.
    fn default() -> Self {
        Self { target: Target::Current, base: None, uncommitted: true, paths: Vec::new() }
    }
}

/// Something to compare with, and what people call it.
pub(crate) struct Base {
    pub(crate) name: String,
    pub(crate) commit: Oid,
}

impl Repository {
    /// Finds what is to be compared.
    ///
    /// The base is the merge base of HEAD with, in this order: the one asked for; the branch's upstream, where that is
    /// a branch of another name; the remote's default branch; `main`, `master`, `trunk`, `develop`, each on the remote
    /// and here (whichever of both leaves the fewer commits to review); the only other branch that was fetched from the
    /// remotes. On the default branch itself it is the upstream, and without one HEAD, so that uncommitted work is what is
    /// left. No other branch is ever compared with itself on a remote.
    ///
    /// # Errors
    /// [`GitError::UnknownBase`], [`GitError::NoBase`], [`GitError::ShallowHistory`], or when git cannot be read.
    pub fn scope(&self, request: &ScopeRequest) -> Result<RoundScope, GitError> {
        self.resolve(request).map(|scope| scope.round)
    }

    /// What is checked out.
    pub(crate) fn scope_of_head(&self, request: &ScopeRequest) -> Result<RoundScope, GitError> {
        let HeadState { branch, commit } = self.head_state()?;
        self.with(|repo| {
            let scope = |base_name: String, base: Option<Oid>, head: Option<Oid>| RoundScope {
                branch: branch.clone(),
                base_name,
                base: base.map(commit_id),
                head: head.map(commit_id),
                uncommitted: request.uncommitted,
            };
            let Some(head) = commit else {
                // Nothing is committed: everything is new, whatever the base was to be.
                return Ok(scope("nothing".into(), None, None));
            };
            let head = super::repository::oid(head.as_str())?;
            let base = match &request.base {
                Some(name) => named(repo, name)?,
                None => found(repo, branch.as_deref(), head)?,
            };
            let (name, at) = merge_base(repo, base, head)?;
            Ok(scope(name, at, Some(head)))
        })?
    }
}

/// The name of the base, and where `head` left it; nothing without common history.
pub(crate) fn merge_base(repo: &git2::Repository, base: Base, head: Oid) -> Result<(String, Option<Oid>), GitError> {
    match repo.merge_base(base.commit, head) {
        Ok(at) => Ok((base.name, Some(at))),
        Err(e) if e.code() == ErrorCode::NotFound && repo.is_shallow() => {
            Err(GitError::ShallowHistory { base: base.name })
        }
        // Without common history there is nothing that could be left out.
        Err(e) if e.code() == ErrorCode::NotFound => Ok((base.name, None)),
        Err(e) => Err(GitError::git("find the merge base")(e)),
    }
}

/// The base that was asked for.
pub(crate) fn named(repo: &git2::Repository, name: &str) -> Result<Base, GitError> {
    let here = |spec: &str| repo.revparse_single(spec).and_then(|o| o.peel_to_commit()).ok().map(|c| c.id());
    if let Some(commit) = here(name) {
        return Ok(Base { name: name.to_owned(), commit });
    }
    if name == "trunk()"
        && let Some((name, commit)) = jujutsu::trunk(repo)
    {
        return Ok(Base { name, commit });
    }
    // Who says "main" means the remote's where there is no local one.
    for remote in remotes(repo, None) {
        let on_remote = format!("{remote}/{name}");
        if let Some(commit) = here(&format!("refs/remotes/{on_remote}")) {
            return Ok(Base { name: on_remote, commit });
        }
    }
    let remote = remotes(repo, None).into_iter().next();
    Err(GitError::UnknownBase { name: name.to_owned(), nearest: nearest_branch(repo, name), remote })
}

fn nearest_branch(repo: &git2::Repository, name: &str) -> Option<String> {
    let branches = repo.branches(None).ok()?;
    branches
        .filter_map(|b| b.ok()?.0.name().ok().flatten().map(str::to_owned))
        .map(|b| (strsim::normalized_damerau_levenshtein(&b, name), b))
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, b)| b)
}

/// The base that a person would choose for `branch`.
pub(crate) fn found(repo: &git2::Repository, branch: Option<&str>, head: Oid) -> Result<Base, GitError> {
    if jujutsu::keeps(repo)
        && let Some((name, commit)) = jujutsu::trunk(repo)
    {
        return Ok(Base { name, commit });
    }
    let upstream = branch.and_then(|name| upstream(repo, name));
    if let (Some((base, name)), Some(branch)) = (&upstream, branch)
        && name != branch
    {
        return Ok(Base { name: base.name.clone(), commit: base.commit });
    }
    let remotes = remotes(repo, branch);
    let mut tried = Vec::new();
    for name in default_branches(repo, &remotes) {
        if Some(name.as_str()) == branch {
            // Here is the default branch: what is not pushed yet, else what is not committed yet.
            return Ok(upstream.map_or_else(|| head_itself(head), |(base, _)| base));
        }
        let mut best: Option<(usize, Base)> = None;
        for remote in remotes.iter().map(Some).chain([None]) {
            let (short, full) = match remote {
                Some(remote) => (format!("{remote}/{name}"), format!("refs/remotes/{remote}/{name}")),
                None => (name.clone(), format!("refs/heads/{name}")),
            };
            if let Some(commit) = tip(repo, &full) {
                let commits = repo.graph_ahead_behind(head, commit).map_or(usize::MAX, |(ahead, _)| ahead);
                if best.as_ref().is_none_or(|(fewest, _)| commits < *fewest) {
                    best = Some((commits, Base { name: short.clone(), commit }));
                }
            }
            tried.push(short);
        }
        if let Some((_, base)) = best {
            return Ok(base);
        }
    }
    // A remote's only other branch is its default branch, whatever its name.
    let mut others = remotes.iter().flat_map(|remote| branches_of(repo, remote)).filter(|(name, _)| {
        let own = name.split_once('/').map(|(_, own)| own);
        own != branch && own != Some("HEAD")
    });
    if let (Some((name, commit)), None) = (others.next(), others.next()) {
        return Ok(Base { name, commit });
    }
    // The only branch there is is the default branch, too. One that follows itself on a remote is not known to be.
    let branches = repo.branches(None).map_or(0, Iterator::count);
    match upstream {
        None if branch.is_some() && branches == 1 => Ok(head_itself(head)),
        _ => Err(GitError::NoBase { tried, remote: remotes.into_iter().next() }),
    }
}

/// The branches of a remote that were fetched, as `origin/main`.
fn branches_of(repo: &git2::Repository, remote: &str) -> Vec<(String, Oid)> {
    let Ok(references) = repo.references_glob(&format!("refs/remotes/{remote}/*")) else { return Vec::new() };
    let branch = |reference: git2::Reference<'_>| {
        let name = reference.name().ok()?.strip_prefix("refs/remotes/")?.to_owned();
        Some((name, reference.peel_to_commit().ok()?.id()))
    };
    references.filter_map(|reference| branch(reference.ok()?)).collect()
}

fn head_itself(head: Oid) -> Base {
    Base { name: "HEAD".into(), commit: head }
}

/// The upstream of a branch, and its name on the remote, without the remote's.
fn upstream(repo: &git2::Repository, branch: &str) -> Option<(Base, String)> {
    let local = format!("refs/heads/{branch}");
    let full = repo.branch_upstream_name(&local).ok()?;
    let full = full.as_str().ok()?;
    let merge = repo.branch_upstream_merge(&local).ok()?;
    let name = merge.as_str().ok()?.strip_prefix("refs/heads/")?.to_owned();
    let short = full.strip_prefix("refs/remotes/").or_else(|| full.strip_prefix("refs/heads/")).unwrap_or(full);
    Some((Base { name: short.to_owned(), commit: tip(repo, full)? }, name))
}

/// The remotes to look at: the branch's own, `origin`, `upstream` (where people who work in forks have the project),
/// else the only one.
pub(crate) fn remotes(repo: &git2::Repository, branch: Option<&str>) -> Vec<String> {
    let all: Vec<String> =
        repo.remotes().map_or_else(|_| Vec::new(), |r| r.iter().flatten().flatten().map(str::to_owned).collect());
    let own = branch
        .and_then(|name| repo.branch_upstream_remote(&format!("refs/heads/{name}")).ok())
        .and_then(|remote| remote.as_str().ok().map(str::to_owned));
    let mut chosen: Vec<String> = Vec::new();
    for name in own.iter().map(String::as_str).chain(["origin", "upstream"]) {
        if all.iter().any(|r| r == name) && !chosen.iter().any(|c| c == name) {
            chosen.push(name.to_owned());
        }
    }
    if chosen.is_empty() && all.len() == 1 { all } else { chosen }
}

/// Names of what may be the default branch, the likeliest first.
fn default_branches(repo: &git2::Repository, remotes: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for remote in remotes {
        let prefix = format!("refs/remotes/{remote}/");
        let head = repo.find_reference(&format!("{prefix}HEAD"));
        let target = head.ok().and_then(|r| r.symbolic_target().ok().flatten().map(str::to_owned));
        names.extend(target.and_then(|t| t.strip_prefix(&prefix).map(str::to_owned)));
    }
    names.extend(DEFAULT_BRANCHES.map(str::to_owned));
    let configured = repo.config().and_then(|c| c.get_string("init.defaultBranch"));
    names.extend(configured);
    let mut seen = std::collections::HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    names
}
