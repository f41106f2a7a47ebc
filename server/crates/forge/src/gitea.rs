//! Gitea and Forgejo. Their comments are on single lines and know no suggestions.

use super::client::Client;
use super::github::{self, author_and_text, found, pulls};
pub(super) use super::github::{named_issues as issues, numbered};
use super::{
    Conversation, ForgeError, Found, Head, Listed, Placed, Plan, Posted, Submission, There, anchor, diff, line,
    resolved, text, time,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) async fn of_branch(client: &Client, head: &Head) -> Result<Option<Found>, ForgeError> {
    let open = client.pages(&format!("{}?state=open&limit=50", pulls(client))).await?;
    let is = |pull: &&Value, name: &str| {
        pull["head"]["ref"] == name && pull["head"]["repo"]["full_name"].as_str() == Some(head.project.as_str())
    };
    let pull = head.names.iter().find_map(|name| open.iter().find(|p| is(p, name)));
    pull.map(|pull| found(pull, client)).transpose()
}

/// Every review's comments, in order.
async fn comments(client: &Client, number: u64) -> Result<(Vec<Value>, Vec<Value>), ForgeError> {
    let path = format!("{}/{number}/reviews", pulls(client));
    let reviews = client.pages(&format!("{path}?limit=50")).await?;
    let mut all = Vec::new();
    for review in reviews.iter().filter(|r| r["comments_count"].as_u64().is_some_and(|n| n > 0)) {
        let Some(id) = review["id"].as_u64() else { continue };
        if let Value::Array(list) = client.get(&format!("{path}/{id}/comments")).await? {
            all.extend(list);
        }
    }
    Ok((reviews, all))
}

pub(super) async fn list(client: &Client) -> Result<Vec<Listed>, ForgeError> {
    let me = match client.needs_token() {
        Ok(()) => text(&client.get("/user").await?["login"]),
        Err(_) => String::new(),
    };
    let all = client.pages(&format!("{}?state=open&limit=50", pulls(client))).await?;
    Ok(all.iter().filter_map(|pull| github::listed(pull, &me)).collect())
}

pub(super) async fn conversations(client: &Client, number: u64) -> Result<Vec<Conversation>, ForgeError> {
    let (reviews, comments) = comments(client, number).await?;
    // What is on one line is one conversation; one resolved comment resolves it.
    let mut threads: BTreeMap<(String, Option<u32>), Vec<&Value>> = BTreeMap::new();
    for comment in &comments {
        threads.entry((text(&comment["path"]), line(&comment["position"]))).or_default().push(comment);
    }
    let mut out: Vec<Conversation> = Vec::new();
    for ((_, at), thread) in threads {
        let resolver = thread.iter().find(|c| !c["resolver"].is_null());
        out.push(Conversation {
            id: thread[0]["id"].as_u64().map(|id| id.to_string()),
            resolved: resolved(
                resolver.is_some(),
                resolver.map_or(&Value::Null, |c| &c["resolver"]["login"]),
                &Value::Null,
            ),
            anchor: anchor(&thread[0]["path"], None, at),
            url: thread[0]["html_url"].as_str().map(str::to_owned),
            at: time(&thread[0]["created_at"]),
            said: thread.iter().copied().map(author_and_text).collect(),
        });
    }
    for review in reviews.iter().filter(|r| r["state"] == "REQUEST_CHANGES" && r["dismissed"] != true) {
        out.push(Conversation {
            url: review["html_url"].as_str().map(str::to_owned),
            at: time(&review["submitted_at"]),
            said: vec![author_and_text(review)],
            ..Conversation::default()
        });
    }
    Ok(out)
}

/// Forgejo's API has none, and Gitea's only since 1.26.
pub(super) async fn resolve(client: &Client, _: u64, id: &str) -> Result<(), ForgeError> {
    let path = format!("{}/comments/{id}/resolve", pulls(client));
    client.change(reqwest::Method::POST, &path, &json!({})).await.map(drop)
}

pub(super) async fn there(client: &Client, number: u64) -> Result<There, ForgeError> {
    let diff = client.text(&format!("{}/{number}.diff", pulls(client))).await?;
    let (reviews, comments) = comments(client, number).await?;
    let said = reviews.iter().chain(&comments).map(author_and_text).collect();
    Ok(There { me: text(&client.get("/user").await?["login"]), files: diff::files(&diff), said })
}

pub(super) async fn post(client: &Client, to: &Posted<'_>, plan: &Plan) -> Result<Option<String>, ForgeError> {
    let comment =
        |p: &Placed| json!({ "path": p.path, "body": p.body(), "new_position": p.lines.end(), "old_position": 0 });
    let event = match to.how {
        Submission::Pending => "PENDING",
        Submission::Submitted => "COMMENT",
    };
    github::post_review(client, to, plan, Some(event), comment).await
}
