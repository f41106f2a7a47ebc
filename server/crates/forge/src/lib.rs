//! The edge to forges: the branch's pull request in, a round as review comments out.
//!
//! Asks only the host of a remote of the user's clone, over HTTPS, with a token that the user's environment or the
//! `gh` command gives. Everything works without it: what is not fetched is missing in the report's header.
//!
//! What a remark says is worked out in [`report::forge`]; here it is fitted to what the forge
//! takes, and sent.

mod azure;
mod bitbucket;
mod client;
mod diff;
mod error;
mod gitea;
mod github;
mod gitlab;
mod issues;
mod limits;
mod pulls;
mod site;
mod token;

pub use error::ForgeError;
pub use pulls::{Base, Checks, Found, Head, Listed, Place, Source};
pub use site::{Kind, Site};

use client::Client;
use finding::document::COMMENT_MARK;
use finding::{Anchor, CommitId, Feedback, FindingId, LineRange, LinkedIssue, RepoPath, Resolved};
use jiff::Timestamp;
use report::forge::Remark;
use serde_json::Value;
use std::collections::BTreeSet;

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
    /// Whether the diff does not show its own lines, and these are the nearest that it does.
    pub is_near: bool,
}

impl Placed {
    /// The comment's text, with the suggestion if its lines are these.
    #[must_use]
    pub fn body(&self) -> String {
        match self.remark.place.as_ref().and_then(|place| place.lines).filter(|_| self.is_near) {
            Some(lines) if lines.count() == 1 => format!("About line {lines}: {}", self.remark.text),
            Some(lines) => format!("About lines {lines}: {}", self.remark.text),
            None if self.suggests => self.remark.with_suggestion(),
            None => self.remark.text.clone(),
        }
    }
}

/// Asks what runs at the site: each has a room with the same functions.
macro_rules! ask {
    ($forge:expr, $what:ident $(, $with:expr)*) => {
        match $forge.site.kind {
            Kind::GitHub => github::$what(&$forge.client $(, $with)*).await,
            Kind::GitLab => gitlab::$what(&$forge.client $(, $with)*).await,
            Kind::Gitea => gitea::$what(&$forge.client $(, $with)*).await,
            Kind::Bitbucket => bitbucket::$what(&$forge.client $(, $with)*).await,
            Kind::Azure => azure::$what(&$forge.client $(, $with)*).await,
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

    /// The open pull requests, the newest first; of very many the first few hundred.
    ///
    /// # Errors
    /// When the forge cannot be asked.
    pub async fn list(&self) -> Result<Vec<Listed>, ForgeError> {
        ask!(self, list)
    }

    /// What people said on it, and what became of what deep-review said.
    ///
    /// # Errors
    /// When the forge cannot be asked.
    pub async fn said(&self, found: &Found) -> Result<Said, ForgeError> {
        let all: Vec<Conversation> = ask!(self, conversations, found.pull_request.number)?;
        let mut said = Said::default();
        for conversation in &all {
            said.ours.extend(conversation.ours());
            if let Some(feedback) = conversation.feedback() {
                if feedback.resolved.is_some() { said.resolved.push(feedback) } else { said.open.push(feedback) }
            }
        }
        Ok(said)
    }

    /// The issues that it is to resolve, as far as the user may see them.
    ///
    /// # Errors
    /// When the forge cannot be asked.
    pub async fn issues(&self, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
        ask!(self, issues, found)
    }

    /// Marks a conversation of ours as resolved.
    ///
    /// # Errors
    /// When the forge cannot do that, or refuses it.
    pub async fn resolve(&self, found: &Found, ours: &Ours) -> Result<(), ForgeError> {
        self.client.needs_token()?;
        let Some(id) = &ours.conversation else { return Err(self.client.bad("the comment has no conversation")) };
        ask!(self, resolve, found.pull_request.number, id)
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
    pub async fn post(
        &self,
        found: &Found,
        intro: &str,
        plan: &Plan,
        how: Submission,
    ) -> Result<Option<String>, ForgeError> {
        self.client.needs_token()?;
        let there = Posted { site: &self.site, found, intro, how };
        ask!(self, post, &there, plan)
    }

    /// Whether it keeps comments for the user alone until they submit them.
    #[must_use]
    pub fn knows_pending(&self) -> bool {
        self.site.kind != Kind::Azure
    }
}

/// The review that GitHub takes, where no forge is asked: comments only on lines that `diff`, a unified diff of what the pull
/// request changes, shows. One line elsewhere, and the whole review would be refused.
#[must_use]
pub fn offline_review(diff: &str, head: &CommitId, intro: &str, remarks: Vec<Remark>) -> Value {
    let files = diff::files(diff);
    let mut comments = Vec::new();
    let mut body = intro.to_owned();
    for remark in remarks {
        match diff::place(&remark, &files) {
            Some(placed) => comments.push(report::forge::github_comment(&placed.path, placed.lines, &placed.body())),
            None => {
                body.push_str("\n\n---\n\n");
                body.push_str(&remark.elsewhere());
            }
        }
    }
    serde_json::json!({ "commit_id": head, "event": "COMMENT", "body": body, "comments": comments })
}

/// Who sees what is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submission {
    /// The user alone, who submits it at the forge.
    Pending,
    /// Everybody, at once.
    Submitted,
}

/// Where a plan is posted.
#[derive(Debug, Clone, Copy)]
struct Posted<'a> {
    site: &'a Site,
    found: &'a Found,
    intro: &'a str,
    how: Submission,
}

impl Posted<'_> {
    /// The text of the review: the intro, then the remarks that have no line, each with the page of its place.
    fn body(&self, rest: &[Remark]) -> String {
        let mut body = self.intro.to_owned();
        for remark in rest {
            body.push_str("\n\n---\n\n");
            let page = remark.place.as_ref().map(|p| self.site.permalink(&self.found.head, p.path.as_str(), p.lines));
            match page {
                Some(page) => body.push_str(&remark.linked(&page)),
                None => body.push_str(&remark.elsewhere()),
            }
        }
        body
    }
}

/// What is said at a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// By people, and not resolved.
    pub open: Vec<Feedback>,
    /// By people, and resolved.
    pub resolved: Vec<Feedback>,
    /// By deep-review.
    pub ours: Vec<Ours>,
}

/// A finding that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Which.
    pub finding: FindingId,
    /// Its conversation, as the forge names it; `None` in the text of a review.
    pub conversation: Option<String>,
    /// Whether the conversation is resolved.
    pub resolved: bool,
    /// Whether somebody answered.
    pub answered: bool,
}

/// A conversation at a pull request.
#[derive(Debug, Clone, Default)]
struct Conversation {
    /// As the forge names it; `None` where it cannot be resolved.
    id: Option<String>,
    /// By whom and when, as far as the forge says; `None` while it is open.
    resolved: Option<Resolved>,
    anchor: Option<Anchor>,
    url: Option<String>,
    at: Option<Timestamp>,
    /// Who said what, in order.
    said: Vec<(String, String)>,
}

impl Conversation {
    /// What people say in it; nothing if it is one of ours that nobody answered or resolved.
    fn feedback(&self) -> Option<Feedback> {
        let (author, text) = conversation(&self.said, self.resolved.is_some())?;
        let of = self.ours().map(|ours| ours.finding);
        let Self { anchor, url, at, resolved, .. } = self.clone();
        Some(Feedback { author, text, anchor, url, at, resolved, of, same_as: Vec::new() })
    }

    /// The finding that it is about, if it is one of ours.
    fn ours(&self) -> Option<Ours> {
        let (author, first) = self.said.first()?;
        let finding = marks(author, &[(author.clone(), first.clone())]).into_iter().next()?;
        let (conversation, resolved) = (self.id.clone(), self.resolved.is_some());
        Some(Ours { finding, conversation, resolved, answered: self.said.len() > 1 })
    }
}

/// That a conversation is resolved, where the answer has it so: by whom and when, as far as that is said.
fn resolved(is_resolved: bool, by: &Value, at: &Value) -> Option<Resolved> {
    let by = by.as_str().filter(|by| !by.is_empty()).map(str::to_owned);
    is_resolved.then(|| Resolved { by, at: time(at) })
}

/// A time of an answer.
fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
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

/// A conversation as one remark: the first comment, then the answers with their authors. `None` if it is one of ours
/// that nobody answered or resolved (whoever of the team posted it), or says nothing.
fn conversation(comments: &[(String, String)], is_resolved: bool) -> Option<(String, String)> {
    let (author, first) = comments.first()?;
    if first.trim().is_empty() || (first.contains(COMMENT_MARK) && comments.len() == 1 && !is_resolved) {
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
