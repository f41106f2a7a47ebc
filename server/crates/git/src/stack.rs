//! A stack: what a branch is made of, from below to the top. Its parts are the branches that end on the way, or else its
//! commits.

use super::repository::{commit_id, oid};
use super::{GitError, Repository, Target, history};
use finding::RoundScope;
use git2::{BranchType, Oid};
use std::collections::HashMap;

/// More parts are no stack that anybody reviews one by one.
pub const MOST_PARTS: usize = 100;

/// One part of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackPart {
    /// What is reviewed of it.
    pub target: Target,
    /// A branch's name, or a commit's short id and subject.
    pub name: String,
}

impl Repository {
    /// The parts of what `scope` is about, the lowest first: branches where others end between its base and its head, else
    /// commits; merges are passed over, what they brought is reviewed where it was made.
    ///
    /// # Errors
    /// When the history cannot be read; [`GitError::TallStack`].
    pub fn stack(&self, scope: &RoundScope) -> Result<Vec<StackPart>, GitError> {
        let (Some(base), Some(head)) = (&scope.base, &scope.head) else { return Ok(Vec::new()) };
        let (base, head) = (oid(base.as_str())?, oid(head.as_str())?);
        let parts = self.with(|repo| {
            let commits = history::commits(repo, Some(base), Some(head))?;
            let branches = tips(repo, head, scope.branch.as_deref());
            let on_the_way = commits.iter().filter_map(|commit| branches.get(&oid(commit.id.as_str()).ok()?));
            let on_the_way: Vec<&String> = on_the_way.collect();
            if on_the_way.is_empty() {
                let of = |commit: &finding::Commit| StackPart {
                    target: Target::Commit(commit.id.to_string()),
                    name: format!("{} {}", commit.id.short(), commit.subject),
                };
                return Ok(commits.iter().filter(|commit| !commit.is_merge).map(of).collect());
            }
            let top = scope.branch.clone().unwrap_or_else(|| commit_id(head).to_string());
            let names = on_the_way.into_iter().cloned().chain([top]);
            let mut below = scope.base_name.clone();
            Ok::<Vec<StackPart>, GitError>(
                names
                    .map(|name| {
                        let from = std::mem::replace(&mut below, name.clone());
                        StackPart { target: Target::Since { from, to: name.clone() }, name }
                    })
                    .collect(),
            )
        })??;
        match parts.len() {
            count if count > MOST_PARTS => Err(GitError::TallStack { count }),
            _ => Ok(parts),
        }
    }
}

/// Local branches by the commit that they end with, but for the one that is meant and those that end where it does; of
/// several at one commit, the first by name.
fn tips(repo: &git2::Repository, head: Oid, own: Option<&str>) -> HashMap<Oid, String> {
    let branches = repo.branches(Some(BranchType::Local)).into_iter().flatten();
    let mut all: Vec<(String, Oid)> = branches
        .filter_map(|branch| {
            let (branch, _) = branch.ok()?;
            Some((branch.name().ok()??.to_owned(), branch.get().peel_to_commit().ok()?.id()))
        })
        .filter(|(name, tip)| *tip != head && Some(name.as_str()) != own)
        .collect();
    all.sort();
    all.reverse();
    all.into_iter().map(|(name, tip)| (tip, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScopeRequest;
    use test_repo::Repo;

    fn parts(repo: &Repo) -> Vec<(Target, String)> {
        let git = Repository::discover(repo.path()).unwrap();
        let scope = git.scope(&ScopeRequest::default()).unwrap();
        git.stack(&scope).unwrap().into_iter().map(|part| (part.target, part.name)).collect()
    }

    #[test]
    fn a_stack_is_its_branches_or_else_its_commits() {
        let repo = Repo::with_topic(&[("a", "1\n")]);
        let mut commits = Vec::new();
        for n in 2..5 {
            repo.write("a", format!("{n}\n"));
            commits.push(repo.commit(&format!("To {n}")));
        }
        let names: Vec<String> = parts(&repo).into_iter().map(|(_, name)| name).collect();
        assert!(
            names.iter().zip(2..).all(|(name, n)| name.ends_with(&format!(" To {n}"))) && names.len() == 3,
            "{names:?}"
        );
        let since = |from: &str, to: &str| (Target::Since { from: from.into(), to: to.into() }, to.to_owned());
        repo.git(&["branch", "first", &commits[0]]);
        // One that ends where the branch does is the branch.
        repo.git(&["branch", "same", "HEAD"]);
        assert_eq!(parts(&repo), [since("main", "first"), since("first", "topic")]);
        repo.git(&["branch", "second", &commits[1]]);
        assert_eq!(parts(&repo), [since("main", "first"), since("first", "second"), since("second", "topic")]);
    }

    #[test]
    fn merges_are_no_parts() {
        let repo = Repo::with_topic(&[("a", "1\n")]);
        repo.write("b", "1\n");
        repo.commit("Ours");
        repo.checkout("main");
        repo.write("c", "1\n");
        repo.commit("Theirs");
        repo.checkout("topic");
        repo.git(&["merge", "-q", "--no-edit", "main"]);
        let names: Vec<String> = parts(&repo).into_iter().map(|(_, name)| name).collect();
        assert!(names.len() == 1 && names[0].ends_with(" Ours"), "{names:?}");
    }
}
