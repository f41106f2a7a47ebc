//! Pull requests: one as the forge has it, where its commits are, and the list of those that are open.

use super::{Kind, Site};
use finding::{CommitId, PullRequest};
use jiff::Timestamp;

/// A pull request as the forge has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Number, title, author, page.
    pub pull_request: PullRequest,
    /// What its author wrote of it; Markdown, without what its page does not show, and cut where it is very long.
    pub description: String,
    /// The commit that it ends with: what comments are placed in.
    pub head: CommitId,
    /// Whether it is open.
    pub open: bool,
    /// What it goes into.
    pub base: Base,
    /// Where it comes from.
    pub source: Source,
    /// GitLab's comments say what was compared: the base, the start, the head.
    pub(crate) refs: Option<[String; 3]>,
}

/// What a pull request goes into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The branch.
    pub branch: String,
    /// Its commit when it was compared last, where the forge says it.
    pub commit: Option<CommitId>,
}

/// Where a pull request comes from; a fork may be gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// `owner/name` of its repository.
    pub project: Option<String>,
    /// Its branch there.
    pub branch: Option<String>,
    /// The address of its repository.
    pub address: Option<String>,
}

/// The branch of a pull request: where it was pushed to, and the names it may have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `owner/name` of the repository that it was pushed to.
    pub project: String,
    /// Likeliest first.
    pub names: Vec<String>,
}

/// Where commits of a pull request may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Another repository than the pull request's own.
    pub address: Option<String>,
    /// A reference, or the commit itself.
    pub reference: String,
    /// Whether the forge keeps the reference for this pull request alone.
    pub is_its_own: bool,
}

impl Found {
    /// The places to fetch its last commit from, the likeliest first.
    #[must_use]
    pub fn places(&self, site: &Site) -> Vec<Place> {
        let number = self.pull_request.number;
        let own = match site.kind {
            Kind::GitHub | Kind::Gitea => Some(format!("refs/pull/{number}/head")),
            Kind::GitLab => Some(format!("refs/merge-requests/{number}/head")),
            Kind::Bitbucket | Kind::Azure => None,
        };
        let mut places: Vec<Place> =
            own.into_iter().map(|reference| Place { address: None, reference, is_its_own: true }).collect();
        let is_here = self.source.project.as_ref().is_none_or(|p| p.eq_ignore_ascii_case(&site.project));
        // A forge's word is no reason to ask another host.
        let there = self.source.address.clone().filter(|a| Site::host_of(a).as_ref() == Some(&site.host));
        if let Some(branch) = self.source.branch.as_ref().filter(|_| is_here || there.is_some()) {
            let address = there.filter(|_| !is_here);
            places.push(Place { address, reference: format!("refs/heads/{branch}"), is_its_own: false });
        }
        places.push(Place { address: None, reference: self.head.to_string(), is_its_own: false });
        places
    }
}

/// An open pull request in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Number, title, author, page.
    pub pull_request: PullRequest,
    /// Its branch.
    pub branch: String,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// Whether its author is not done.
    pub draft: bool,
    /// Whether a review is asked of the user whose token it is.
    pub asked_of_me: bool,
    /// How its checks did, where the forge says it in a list.
    pub checks: Option<Checks>,
}

/// How the checks of a pull request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// All are well.
    Passed,
    /// One is not.
    Failed,
    /// Not all are done.
    Running,
}

impl Checks {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Running => "running",
        }
    }
}
