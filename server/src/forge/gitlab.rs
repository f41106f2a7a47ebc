//! GitLab: merge requests; a comment is a discussion of its own.

use super::client::Client;
use super::{
    ForgeError, Found, Head, Placed, Plan, Site, There, anchor, body, conversation, diff, encoded, line, text,
};
use crate::finding::{CommitId, Feedback, PullRequest};
use serde_json::{Value, json};

fn project(site: &Site) -> String {
    format!("/projects/{}", encoded(&site.project))
}

fn found(merge: &Value, client: &Client) -> Result<Found, ForgeError> {
    let (Some(number), Some(head)) = (merge["iid"].as_u64(), merge["sha"].as_str()) else {
        return Err(client.bad("a merge request has no number or no head"));
    };
    let refs = &merge["diff_refs"];
    let refs = ["base_sha", "start_sha", "head_sha"].map(|r| refs[r].as_str().map(str::to_owned));
    Ok(Found {
        pull_request: PullRequest {
            number,
            title: text(&merge["title"]),
            author: text(&merge["author"]["username"]),
            url: merge["web_url"].as_str().map(str::to_owned),
        },
        head: CommitId::new(head),
        open: merge["state"] == "opened",
        refs: if let [Some(base), Some(start), Some(head)] = refs { Some([base, start, head]) } else { None },
    })
}

pub(super) async fn numbered(client: &Client, site: &Site, number: u64) -> Result<Found, ForgeError> {
    found(&client.get(&format!("{}/merge_requests/{number}", project(site))).await?, client)
}

pub(super) async fn of_branch(client: &Client, site: &Site, head: &Head) -> Result<Option<Found>, ForgeError> {
    for name in &head.names {
        let query = format!("state=opened&per_page=1&source_branch={}", encoded(name));
        let merges = client.get(&format!("{}/merge_requests?{query}", project(site))).await?;
        if let Some(number) = merges.get(0).and_then(|m| m["iid"].as_u64()) {
            // Only the whole answer says what was compared.
            return numbered(client, site, number).await.map(Some);
        }
    }
    Ok(None)
}

async fn discussions(client: &Client, site: &Site, number: u64) -> Result<Vec<Value>, ForgeError> {
    client.pages(&format!("{}/merge_requests/{number}/discussions?per_page=100", project(site))).await
}

pub(super) async fn unresolved(client: &Client, site: &Site, number: u64) -> Result<Vec<Feedback>, ForgeError> {
    let mut out = Vec::new();
    for discussion in discussions(client, site, number).await? {
        let Some(notes) = discussion["notes"].as_array() else { continue };
        let Some(first) = notes.first().filter(|n| n["resolvable"] == true && n["resolved"] != true) else { continue };
        let said: Vec<_> = notes
            .iter()
            .filter(|n| n["system"] != true)
            .map(|n| (text(&n["author"]["username"]), text(&n["body"])))
            .collect();
        let Some((author, text)) = conversation(&said) else { continue };
        let at = &first["position"];
        out.push(Feedback { author, text, anchor: anchor(&at["new_path"], None, line(&at["new_line"])), url: None });
    }
    Ok(out)
}

pub(super) async fn there(client: &Client, site: &Site, number: u64) -> Result<There, ForgeError> {
    let merge = format!("{}/merge_requests/{number}", project(site));
    let mut there = There::default();
    for file in client.pages(&format!("{merge}/diffs?per_page=100")).await? {
        there.files.insert(text(&file["new_path"]), diff::hunks(&text(&file["diff"])));
    }
    for discussion in discussions(client, site, number).await? {
        there.texts.extend(discussion["notes"].as_array().into_iter().flatten().map(|n| text(&n["body"])));
    }
    Ok(there)
}

pub(super) async fn post(
    client: &Client,
    site: &Site,
    found: &Found,
    intro: &str,
    plan: &Plan,
) -> Result<Option<String>, ForgeError> {
    let merge = format!("{}/merge_requests/{}", project(site), found.pull_request.number);
    let Some([base, start, head]) = &found.refs else {
        return Err(client.bad("the merge request does not say what was compared"));
    };
    client.post(&format!("{merge}/notes"), &json!({ "body": body(intro, &plan.rest) })).await?;
    for placed in &plan.comments {
        let mut position = json!({
            "position_type": "text",
            "base_sha": base,
            "start_sha": start,
            "head_sha": head,
            "new_path": placed.path,
            "old_path": placed.path,
            "new_line": placed.lines.end(),
        });
        // A line that the change left alone is named by both its numbers.
        if let Some(old) = placed.old_end {
            position["old_line"] = json!(old);
        }
        let discussion = json!({ "body": text_of(placed), "position": position });
        client.post(&format!("{merge}/discussions"), &discussion).await?;
    }
    Ok(found.pull_request.url.clone())
}

/// The fence says how many lines above the comment's own are replaced too.
fn text_of(placed: &Placed) -> String {
    if placed.suggests {
        placed.remark.suggesting(&format!("suggestion:-{}+0", placed.lines.count() - 1))
    } else {
        placed.body()
    }
}
