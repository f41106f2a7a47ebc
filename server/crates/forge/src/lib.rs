//! The edge to forges: the branch's pull request in, a round as review comments out.
//!
//! Asks only the host of a remote of the user's clone, over HTTPS, with a token that the user's environment or the
//! `gh` command gives. Everything works without it: what is not fetched is missing in the report's header.
//!
//! What a remark says is worked out in [`report::forge`]; here it is fitted to what the forge
//! takes, and sent.

mod client;
mod diff;
mod error;
mod gitea;
mod github;
mod gitlab;
mod site;
mod token;

pub use error::ForgeError;
pub use site::{Kind, Site};

use client::Client;
use finding::document::COMMENT_MARK;
use finding::{Anchor, CommitId, Feedback, FindingId, LineRange, PullRequest, RepoPath};
use report::forge::Remark;
use serde_json::Value;
use std::collections::BTreeSet;

/// A pull request as the forge has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Number, title, author, page.
    pub pull_request: PullRequest,
    /// The commit that it ends with: what comments are placed in.
    pub head: CommitId,
    /// Whether it is open.
    pub open: bool,
    /// GitLab's comments say what was compared: the base, the start, the head.
    refs: Option<[String; 3]>,
}

/// The branch of a pull request: where it was pushed to, and the names it may have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `owner/name` of the repository that it was pushed to.
    pub project: String,
    /// Likeliest first.
    pub names: Vec<String>,
}

/// What a review comes to at the forge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Remarks with their lines in the pull request's diff.
    pub comments: Vec<Placed>,
    /// Remarks that no line of the diff can take.
    pub rest: Vec<Remark>,
    /// How many of the round's findings are there already.
    pub known: usize,
}

impl Plan {
    /// Whether there is nothing to post.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.comments.is_empty() && self.rest.is_empty()
    }
}

/// A comment that the forge can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What is said.
    pub remark: Remark,
    /// The file, as the forge names it.
    pub path: String,
    /// The file before the change.
    old_path: String,
    /// The lines in the new text, all in one hunk.
    pub lines: LineRange,
    /// The number that the last of these lines has in the old text, if the change left it alone.
    old_end: Option<u32>,
    /// Whether these are the lines of its suggestion.
    pub suggests: bool,
}

impl Placed {
    /// The comment's text, with the suggestion if its lines are these.
    #[must_use]
    pub fn body(&self) -> String {
        if self.suggests { self.remark.with_suggestion() } else { self.remark.text.clone() }
    }
}

/// Asks what runs at the site: each has a room with the same functions.
macro_rules! ask {
    ($forge:expr, $what:ident, $($with:expr),*) => {
        match $forge.site.kind {
            Kind::GitHub => github::$what(&$forge.client, $($with),*).await,
            Kind::GitLab => gitlab::$what(&$forge.client, $($with),*).await,
            Kind::Gitea => gitea::$what(&$forge.client, $($with),*).await,
        }
    };
}

/// One repository at one forge.
#[derive(Debug)]
pub struct Forge {
    site: Site,
    client: Client,
}

impl Forge {
    /// Looks for a token; asks nothing yet.
    ///
    /// # Errors
    /// When HTTP cannot be set up.
    pub async fn open(site: Site) -> Result<Self, ForgeError> {
        let token = token::find(&site).await;
        let client = Client::new(&site, token)?;
        Ok(Self { site, client })
    }

    /// Which repository it is.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The pull request of that number.
    ///
    /// # Errors
    /// When the forge cannot be asked or has none.
    pub async fn numbered(&self, number: u64) -> Result<Found, ForgeError> {
        ask!(self, numbered, number)
    }

    /// The open pull request of a branch.
    ///
    /// # Errors
    /// When the forge cannot be asked.
    pub async fn of_branch(&self, head: &Head) -> Result<Option<Found>, ForgeError> {
        ask!(self, of_branch, head)
    }

    /// The conversations that nobody has resolved. What deep-review posted is left out until somebody answers.
    ///
    /// # Errors
    /// When the forge cannot be asked.
    pub async fn unresolved(&self, found: &Found) -> Result<Vec<Feedback>, ForgeError> {
        ask!(self, unresolved, found.pull_request.number)
    }

    /// What of the remarks is to be posted, and where. Left out are those whose mark is there already in a comment of
    /// the user who would post: anybody can write a mark, and keep a finding away with it.
    ///
    /// # Errors
    /// When there is no token, or the forge cannot be asked.
    pub async fn plan(&self, found: &Found, remarks: Vec<Remark>) -> Result<Plan, ForgeError> {
        self.client.needs_token()?;
        let There { me, files, said } = ask!(self, there, found.pull_request.number)?;
        if me.is_empty() {
            return Err(self.client.bad("it does not say whose token it is"));
        }
        let known = marks(&me, &said);
        let mut plan = Plan::default();
        for remark in remarks {
            if known.contains(&remark.finding) {
                plan.known += 1;
            } else if let Some(placed) = diff::place(&remark, &files) {
                plan.comments.push(placed);
            } else {
                plan.rest.push(remark);
            }
        }
        Ok(plan)
    }

    /// Posts a plan under `intro`; returns the page of what was posted, where the forge says it.
    ///
    /// # Errors
    /// When the forge refuses it. What was posted before an error stays, and is not posted again.
    pub async fn post(&self, found: &Found, intro: &str, plan: &Plan) -> Result<Option<String>, ForgeError> {
        self.client.needs_token()?;
        ask!(self, post, found, intro, plan)
    }
}

/// What is at a pull request already.
#[derive(Debug, Default)]
struct There {
    /// The name of the user whose token it is.
    me: String,
    files: diff::Shown,
    /// All comments and reviews: who wrote what.
    said: Vec<(String, String)>,
}

/// Text of an answer; empty if it has none.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A line of an answer.
fn line(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)
}

/// A place of an answer.
fn anchor(path: &Value, first: Option<u32>, last: Option<u32>) -> Option<Anchor> {
    let lines = last.map(|last| LineRange::new(first.unwrap_or(last), last));
    Some(Anchor { path: RepoPath::new(path.as_str()?).ok()?, lines, quote: None })
}

/// Percent-encoded for a part of a path or a query.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The findings whose hidden marks are in what `me` said.
fn marks(me: &str, said: &[(String, String)]) -> BTreeSet<FindingId> {
    let mine = said.iter().filter(|(author, _)| author == me);
    let parts = mine.flat_map(|(_, text)| text.split(COMMENT_MARK).skip(1));
    parts.filter_map(|rest| rest.split_once(" -->")).map(|(id, _)| FindingId::new(id)).collect()
}

/// The text of a review: the intro, then the remarks that have no line.
fn body(intro: &str, rest: &[Remark]) -> String {
    let mut body = intro.to_owned();
    for remark in rest {
        body.push_str("\n\n---\n\n");
        body.push_str(&remark.elsewhere());
    }
    body
}

/// A conversation as one remark: the first comment, then the answers with their authors. `None` if it is one of ours
/// that nobody answered (whoever of the team posted it), or says nothing.
fn conversation(comments: &[(String, String)]) -> Option<(String, String)> {
    let (author, first) = comments.first()?;
    if first.trim().is_empty() || (first.contains(COMMENT_MARK) && comments.len() == 1) {
        return None;
    }
    let mut text =
        first.lines().filter(|l| !l.starts_with(COMMENT_MARK)).collect::<Vec<_>>().join("\n").trim().to_owned();
    for (who, answer) in &comments[1..] {
        text.push_str(&format!("\n\n{who} answers: {}", answer.trim()));
    }
    Some((author.clone(), text))
}

#[cfg(test)]
mod tests;
