//! Review comments of GitHub, as its API lists them and as a request for a review has them.

mod comment;

use crate::imported::ImportedReview;
use finding::{AgentName, Anchor, Fix, LineRange, RawFinding, RawId, RepoPath};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    List(Vec<Comment>),
    Review { comments: Vec<Comment> },
}

#[derive(Deserialize)]
struct Comment {
    path: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    start_line: Option<u32>,
    #[serde(default)]
    original_line: Option<u32>,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    in_reply_to_id: Option<u64>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

/// Reads GitHub's review comments, as its API lists them or as a request for a review has them: what each author says.
/// Replies are left out.
///
/// # Errors
/// When it is no JSON of that form.
pub fn read(text: &str) -> Result<Vec<ImportedReview>, serde_json::Error> {
    let comments = match serde_json::from_str(text)? {
        Wire::List(list) | Wire::Review { comments: list } => list,
    };
    let mut out: Vec<ImportedReview> = Vec::new();
    for c in comments.into_iter().filter(|c| c.in_reply_to_id.is_none()) {
        let Ok(path) = RepoPath::new(c.path.as_str()) else { continue };
        let label = c.user.as_ref().map_or("GitHub review", |u| u.login.as_str());
        let said = ImportedReview::part_of(&mut out, AgentName::of_label(label), label);
        if let Some(finding) = remark(&c, path, said.agent.clone(), said.next_id()) {
            said.add(finding, Vec::new());
        }
    }
    Ok(out)
}

/// `None` for a comment that asks for nothing.
fn remark(c: &Comment, path: RepoPath, agent: AgentName, id: RawId) -> Option<RawFinding> {
    let end = c.line.or(c.original_line);
    let lines = end.map(|end| LineRange::new(c.start_line.unwrap_or(end), end));
    let by = vec![agent.clone()];
    let fix = |diff| Fix { note: None, path: Some(path.clone()), diff, by: by.clone() };
    let comment::Comment { severity, title, body, fixes } = comment::read(&c.body)?;
    let fixes = fixes.into_iter().map(fix).collect();
    Some(RawFinding {
        id,
        severity,
        title,
        body,
        anchors: vec![Anchor { path, lines, quote: None }],
        symbol: None,
        classification: None,
        rule: None,
        fixes,
        agent,
    })
}
