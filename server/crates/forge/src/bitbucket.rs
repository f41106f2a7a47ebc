//! Bitbucket Cloud: its API 2.0. Commits are shortened in its answers, pages come as objects, and comments are answers to
//! each other.

use super::client::Client;
use super::issues;
use super::{
    Base, Conversation, ForgeError, Found, Head, Listed, Placed, Plan, Posted, Source, Submission, There, anchor, diff,
    encoded, line, text, time,
};
use finding::{CommitId, LinkedIssue, PullRequest, Resolved};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn pulls(client: &Client) -> String {
    format!("/repositories/{}/pullrequests", client.site().project)
}

/// What people call each other there.
fn name(user: &Value) -> String {
    let name = user["nickname"].as_str().or(user["display_name"].as_str());
    name.unwrap_or_default().to_owned()
}

/// The whole id of a commit, of which answers have the beginning.
async fn whole(client: &Client, project: &str, commit: &Value) -> Result<Option<CommitId>, ForgeError> {
    let Some(hash) = commit["hash"].as_str().filter(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_hexdigit()))
    else {
        return Ok(None);
    };
    if hash.len() == 40 {
        return Ok(Some(CommitId::new(hash)));
    }
    match client.get(&format!("/repositories/{project}/commit/{hash}")).await {
        Ok(commit) => Ok(commit["hash"].as_str().map(CommitId::new)),
        // A fork that is gone has none.
        Err(ForgeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn listed(pull: &Value) -> Option<PullRequest> {
    Some(PullRequest {
        number: pull["id"].as_u64()?,
        title: text(&pull["title"]),
        author: name(&pull["author"]),
        url: pull["links"]["html"]["href"].as_str().map(str::to_owned),
    })
}

async fn found(pull: &Value, client: &Client) -> Result<Found, ForgeError> {
    let pull_request = listed(pull).ok_or_else(|| client.bad("a pull request has no number"))?;
    let here = client.site().project.clone();
    let (source, target) = (&pull["source"], &pull["destination"]);
    // The repository that it goes into has the commits of forks too.
    let head = match whole(client, &here, &source["commit"]).await? {
        Some(head) => head,
        None => {
            let fork = text(&source["repository"]["full_name"]);
            let head = if fork.is_empty() { None } else { whole(client, &fork, &source["commit"]).await? };
            head.ok_or_else(|| client.bad("a pull request has no head"))?
        }
    };
    let project = source["repository"]["full_name"].as_str().map(str::to_owned);
    let address = project.as_ref().map(|project| format!("https://{}/{project}.git", client.site().host));
    Ok(Found {
        pull_request,
        description: issues::readable(&text(&pull["description"])),
        head,
        open: pull["state"] == "OPEN",
        base: Base { branch: text(&target["branch"]["name"]), commit: whole(client, &here, &target["commit"]).await? },
        source: Source { project, branch: source["branch"]["name"].as_str().map(str::to_owned), address },
        refs: None,
    })
}

pub(super) async fn numbered(client: &Client, number: u64) -> Result<Found, ForgeError> {
    found(&client.get(&format!("{}/{number}", pulls(client))).await?, client).await
}

pub(super) async fn of_branch(client: &Client, head: &Head) -> Result<Option<Found>, ForgeError> {
    for name in &head.names {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let of = format!(
            "state=\"OPEN\" AND source.branch.name=\"{}\" AND source.repository.full_name=\"{}\"",
            quoted(name),
            quoted(&head.project)
        );
        let matching = client.values(&format!("{}?pagelen=2&q={}", pulls(client), encoded(&of))).await?;
        if let Some(pull) = matching.first() {
            return found(pull, client).await.map(Some);
        }
    }
    Ok(None)
}

/// The id of the user whose token it is; none for tokens of a repository, which are nobody's.
async fn me(client: &Client) -> Option<String> {
    client.needs_token().ok()?;
    client.get("/user").await.ok()?["uuid"].as_str().map(str::to_owned)
}

pub(super) async fn list(client: &Client) -> Result<Vec<Listed>, ForgeError> {
    let me = me(client).await;
    let path = format!("{}?state=OPEN&pagelen=50&fields=%2Bvalues.reviewers&sort=-created_on", pulls(client));
    let all = client.values(&path).await?;
    let of = |pull: &Value| {
        let reviewers = pull["reviewers"].as_array().into_iter().flatten();
        let asked = me.is_some() && reviewers.into_iter().any(|r| r["uuid"].as_str() == me.as_deref());
        Some(Listed {
            pull_request: listed(pull)?,
            branch: text(&pull["source"]["branch"]["name"]),
            opened: time(&pull["created_on"]),
            draft: pull["draft"] == true,
            asked_of_me: asked,
            checks: None,
        })
    };
    Ok(all.iter().filter_map(of).collect())
}

async fn comments(client: &Client, number: u64) -> Result<Vec<Value>, ForgeError> {
    let all = client.values(&format!("{}/{number}/comments?pagelen=100", pulls(client))).await?;
    Ok(all.into_iter().filter(|comment| comment["deleted"] != true).collect())
}

fn said(comment: &Value) -> (String, String) {
    (name(&comment["user"]), text(&comment["content"]["raw"]))
}

pub(super) async fn conversations(client: &Client, number: u64) -> Result<Vec<Conversation>, ForgeError> {
    let comments = comments(client, number).await?;
    let parent: BTreeMap<u64, u64> =
        comments.iter().filter_map(|c| Some((c["id"].as_u64()?, c["parent"]["id"].as_u64()?))).collect();
    let root = |mut id: u64| {
        // Answers to answers; a circle would be a lie.
        for _ in 0..parent.len() {
            match parent.get(&id) {
                Some(above) => id = *above,
                None => break,
            }
        }
        id
    };
    let mut threads: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for comment in &comments {
        if let Some(id) = comment["id"].as_u64() {
            threads.entry(root(id)).or_default().push(comment);
        }
    }
    let of = |(id, mut thread): (u64, Vec<&Value>)| {
        thread.sort_by_key(|comment| comment["id"].as_u64());
        let first = *thread.first()?;
        let at = &first["inline"];
        Some(Conversation {
            id: Some(id.to_string()),
            resolved: first["resolution"].is_object().then(|| Resolved {
                by: Some(name(&first["resolution"]["user"])).filter(|by| !by.is_empty()),
                at: time(&first["resolution"]["created_on"]),
            }),
            anchor: anchor(&at["path"], line(&at["start_to"]), line(&at["to"])),
            url: first["links"]["html"]["href"].as_str().map(str::to_owned),
            at: time(&first["created_on"]),
            said: thread.into_iter().map(said).collect(),
        })
    };
    Ok(threads.into_iter().filter_map(of).collect())
}

/// Most projects have their issues elsewhere.
pub(super) async fn issues(client: &Client, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
    let path = |number| format!("/repositories/{}/issues/{number}", client.site().project);
    let of = |issue: &Value| issues::issue(&issue["id"], &issue["title"], &issue["content"]["raw"]);
    issues::said(client, found, path, of).await
}

pub(super) async fn resolve(client: &Client, number: u64, id: &str) -> Result<(), ForgeError> {
    let path = format!("{}/{number}/comments/{}/resolve", pulls(client), encoded(id));
    client.change(Method::POST, &path, &json!({})).await.map(drop)
}

pub(super) async fn there(client: &Client, number: u64) -> Result<There, ForgeError> {
    let pull = format!("{}/{number}", pulls(client));
    let me = client.get("/user").await?;
    let diff = client.text(&format!("{pull}/diff")).await?;
    let said = comments(client, number).await?.iter().map(said).collect();
    Ok(There { me: name(&me), files: diff::files(&diff), said })
}

pub(super) async fn post(client: &Client, to: &Posted<'_>, plan: &Plan) -> Result<Option<String>, ForgeError> {
    let path = format!("{}/{}/comments", pulls(client), to.found.pull_request.number);
    let pending = to.how == Submission::Pending;
    let body = json!({ "content": { "raw": to.body(&plan.rest) }, "pending": pending });
    client.post(&path, &body).await?;
    for placed in &plan.comments {
        let comment = json!({
            "content": { "raw": text_of(placed) },
            "inline": { "path": placed.path, "to": placed.lines.end() },
            "pending": pending,
        });
        client.post(&path, &comment).await?;
    }
    Ok(to.found.pull_request.url.clone())
}

/// A comment is on one line, and a suggestion replaces that line alone.
fn text_of(placed: &Placed) -> String {
    if placed.suggests && placed.lines.count() > 1 { placed.remark.text.clone() } else { placed.body() }
}
