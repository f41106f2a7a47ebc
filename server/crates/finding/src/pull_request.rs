use super::{Anchor, FindingId, Round};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pull request of the branch, where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its author's login.
    #[serde(default)]
    pub author: String,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a person said on the pull request: a review comment, with its answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Who wrote it.
    pub author: String,
    /// What; Markdown.
    pub text: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// By whom it was resolved and when; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
    /// The finding that it was posted for, where it is one of ours that was answered or resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<FindingId>,
    /// The findings that say the same; known only beside a round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<FindingId>,
}

/// That a person's comment was resolved, with what the forge says of that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Feedback {
    /// Its first line that says something.
    #[must_use]
    pub fn first_line(&self) -> &str {
        self.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
    }

    /// What became of it, in words: "resolved by bob on 2026-03-23"; `None` while it is open.
    #[must_use]
    pub fn fate(&self) -> Option<String> {
        let Resolved { by, at } = self.resolved.as_ref()?;
        let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let at = at.map(|at| format!(" on {}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
        Some(format!("resolved{by}{at}"))
    }
}

/// An issue that a pull request is to resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkedIssue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// What it asks for; Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What a forge said of a branch's pull request; kept beside the rounds, which never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullRequestNow {
    /// `ROUND_SCHEMA` of the writer.
    pub schema: u32,
    /// When the forge was asked.
    pub at: Timestamp,
    /// The pull request.
    pub pull_request: PullRequest,
    /// What it is said to do; Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The issues that it is to resolve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<LinkedIssue>,
    /// People's comments that are open; `None` where the forge did not say which are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Vec<Feedback>>,
    /// People's comments that were resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<Feedback>,
}

impl PullRequestNow {
    /// Puts it into a round of its branch, unless that round is of another pull request.
    pub fn put_into(&self, round: &mut Round) {
        if round.pull_request.as_ref().is_some_and(|p| p.number != self.pull_request.number) {
            return;
        }
        if !self.pull_request.author.is_empty() {
            round.author = format!("@{}", self.pull_request.author);
        }
        round.pull_request = Some(self.pull_request.clone());
        if let Some(feedback) = &self.feedback {
            round.feedback.clone_from(feedback);
            round.feedback_at = Some(self.at);
        }
        round.resolved_feedback.clone_from(&self.resolved);
    }
}
