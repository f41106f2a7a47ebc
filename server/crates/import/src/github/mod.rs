//! Review comments of GitHub, as its API lists them and as a request for a review has them.

mod comment;

use crate::imported::ImportedReview;
use crate::lenient::{Object, Text, count, object, text};
use crate::prose;
use finding::{AgentName, Anchor, Fix, LineRange, RawFinding, RawId, RepoPath};
use serde::Deserialize;

/// Reads comments of GitHub, as its API lists them (on lines, on the conversation, as reviews) or as a request for a
/// review has them: what each author says. Replies are left out. `None` for JSON of another kind.
#[must_use]
pub fn read(text: &str) -> Option<Vec<ImportedReview>> {
    let comments: Vec<Comment<'_>> = match serde_json::from_str(text).ok()? {
        Wire::List(list) => list.into_iter().map(|Object(c)| c).collect(),
        Wire::Review(Request { comments: list }) => list.into_iter().map(|Object(c)| c).collect(),
    };
    if !comments.iter().all(Comment::is_one) {
        return None;
    }
    let mut out: Vec<ImportedReview> = Vec::new();
    for c in comments.iter().filter(|c| c.in_reply_to_id.is_none()) {
        let label = c.user.login.as_deref().unwrap_or("GitHub review");
        let said = ImportedReview::part_of(&mut out, AgentName::of_label(label), label);
        match c.path.as_deref().map(RepoPath::new) {
            Some(Ok(path)) => {
                if let Some(finding) = remark(c, path, said.agent.clone(), said.next_id()) {
                    said.add(finding, Vec::new());
                }
            }
            Some(Err(why)) => said.answer.notes.push(format!("A comment was not taken: {why}")),
            None => on_the_whole(said, c.body.as_deref().unwrap_or("")),
        }
    }
    Some(out)
}

/// A comment on no file may be a whole review; what is none is what its author says of the whole.
fn on_the_whole(said: &mut ImportedReview, body: &str) {
    let mut answer = prose::read_answer(body, &said.agent);
    for mut finding in std::mem::take(&mut answer.findings) {
        finding.id = said.next_id();
        said.add(finding, Vec::new());
    }
    said.answer.observations.extend(std::mem::take(&mut answer.observations));
    said.answer.notes.append(&mut answer.notes);
    said.answer.assessment.merge(answer.assessment);
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire<'a> {
    #[serde(borrow)]
    List(Vec<Object<Comment<'a>>>),
    #[serde(borrow)]
    Review(Request<'a>),
}

/// A request for a review.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    comments: Vec<Object<Comment<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Comment<'a> {
    #[serde(borrow, deserialize_with = "text")]
    path: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    body: Text<'a>,
    #[serde(deserialize_with = "count")]
    line: Option<u32>,
    #[serde(deserialize_with = "count")]
    start_line: Option<u32>,
    #[serde(deserialize_with = "count")]
    original_line: Option<u32>,
    #[serde(borrow, deserialize_with = "object")]
    user: User<'a>,
    #[serde(borrow, deserialize_with = "text")]
    html_url: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    in_reply_to_id: Text<'a>,
}

impl Comment<'_> {
    /// Whether it is a comment at all: a text, and an author, an address or a file.
    fn is_one(&self) -> bool {
        self.body.is_some() && (self.user.login.is_some() || self.html_url.is_some() || self.path.is_some())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User<'a> {
    #[serde(borrow, deserialize_with = "text")]
    login: Text<'a>,
}

/// `None` for a comment that asks for nothing.
fn remark(c: &Comment<'_>, path: RepoPath, agent: AgentName, id: RawId) -> Option<RawFinding> {
    let end = c.line.or(c.original_line);
    let lines = end.map(|end| LineRange::new(c.start_line.unwrap_or(end), end));
    let by = vec![agent.clone()];
    let fix = |diff| Fix { note: None, path: Some(path.clone()), diff, by: by.clone() };
    let comment::Comment { severity, title, body, fixes } = comment::read(c.body.as_deref()?)?;
    let fixes = fixes.into_iter().map(fix).collect();
    Some(RawFinding {
        id,
        sure: None,
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
