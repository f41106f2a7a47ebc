//! GitLab: merge requests; a comment is a discussion of its own.

use super::client::Client;
use super::{ForgeError, Found, Head, Placed, Plan, There, anchor, body, conversation, diff, encoded, line, text};
use finding::{CommitId, Feedback, PullRequest};
use serde_json::{Value, json};

/// Where the merge requests are.
fn merges(client: &Client) -> String {
    format!("/projects/{}/merge_requests", encoded(&client.site().project))
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

pub(super) async fn numbered(client: &Client, number: u64) -> Result<Found, ForgeError> {
    found(&client.get(&format!("{}/{number}", merges(client))).await?, client)
}

pub(super) async fn of_branch(client: &Client, head: &Head) -> Result<Option<Found>, ForgeError> {
    for name in &head.names {
        let query = format!("state=opened&per_page=1&source_branch={}", encoded(name));
        let matching = client.get(&format!("{}?{query}", merges(client))).await?;
        if let Some(number) = matching.get(0).and_then(|m| m["iid"].as_u64()) {
            // Only the whole answer says what was compared.
            return numbered(client, number).await.map(Some);
        }
    }
    Ok(None)
}

/// Who wrote it, and what.
fn note(note: &Value) -> (String, String) {
    (text(&note["author"]["username"]), text(&note["body"]))
}

async fn discussions(client: &Client, number: u64) -> Result<Vec<Value>, ForgeError> {
    client.pages(&format!("{}/{number}/discussions?per_page=100", merges(client))).await
}

pub(super) async fn unresolved(client: &Client, number: u64) -> Result<Vec<Feedback>, ForgeError> {
    let mut out = Vec::new();
    for discussion in discussions(client, number).await? {
        let Some(notes) = discussion["notes"].as_array() else { continue };
        let Some(first) = notes.first().filter(|n| n["resolvable"] == true && n["resolved"] != true) else { continue };
        let said: Vec<_> = notes.iter().filter(|n| n["system"] != true).map(note).collect();
        let Some((author, text)) = conversation(&said) else { continue };
        let at = &first["position"];
        out.push(Feedback { author, text, anchor: anchor(&at["new_path"], None, line(&at["new_line"])), url: None });
    }
    Ok(out)
}

pub(super) async fn there(client: &Client, number: u64) -> Result<There, ForgeError> {
    let merge = format!("{}/{number}", merges(client));
    let mut there = There { me: text(&client.get("/user").await?["username"]), ..There::default() };
    for file in client.pages(&format!("{merge}/diffs?per_page=100")).await? {
        let file_of = diff::File::new(file["old_path"].as_str(), &text(&file["diff"]));
        there.files.insert(text(&file["new_path"]), file_of);
    }
    for discussion in discussions(client, number).await? {
        there.said.extend(discussion["notes"].as_array().into_iter().flatten().map(note));
    }
    Ok(there)
}

pub(super) async fn post(
    client: &Client,
    found: &Found,
    intro: &str,
    plan: &Plan,
) -> Result<Option<String>, ForgeError> {
    let merge = format!("{}/{}", merges(client), found.pull_request.number);
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
            "old_path": placed.old_path,
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
