//! GitLab: merge requests; a comment is a discussion of its own.

use super::client::Client;
use super::issues;
use super::{
    Base, Conversation, ForgeError, Found, Head, Listed, Placed, Plan, Posted, Source, Submission, There, anchor, diff,
    encoded, line, resolved, text, time,
};
use finding::{CommitId, LinkedIssue, PullRequest};
use reqwest::Method;
use serde_json::{Value, json};

/// Where the merge requests are.
fn merges(client: &Client) -> String {
    format!("/projects/{}/merge_requests", encoded(&client.site().project))
}

fn listed(merge: &Value) -> Option<PullRequest> {
    Some(PullRequest {
        number: merge["iid"].as_u64()?,
        title: text(&merge["title"]),
        author: text(&merge["author"]["username"]),
        url: merge["web_url"].as_str().map(str::to_owned),
    })
}

fn found(merge: &Value, client: &Client) -> Result<Found, ForgeError> {
    let (Some(pull_request), Some(head)) = (listed(merge), merge["sha"].as_str()) else {
        return Err(client.bad("a merge request has no number or no head"));
    };
    let refs = &merge["diff_refs"];
    let refs = ["base_sha", "start_sha", "head_sha"].map(|r| refs[r].as_str().map(str::to_owned));
    let branch = |name: &str| merge[name].as_str().map(str::to_owned);
    // A fork has a number where its name should be.
    let is_here = merge["source_project_id"] == merge["target_project_id"];
    Ok(Found {
        pull_request,
        description: issues::readable(&text(&merge["description"])),
        head: CommitId::new(head),
        open: merge["state"] == "opened",
        base: Base {
            branch: branch("target_branch").unwrap_or_default(),
            commit: refs[0].as_deref().map(CommitId::new),
        },
        source: Source {
            project: Some(if is_here {
                client.site().project.clone()
            } else {
                format!("id:{}", merge["source_project_id"])
            }),
            branch: branch("source_branch"),
            address: None,
        },
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

pub(super) async fn list(client: &Client) -> Result<Vec<Listed>, ForgeError> {
    let me = match client.needs_token() {
        Ok(()) => text(&client.get("/user").await?["username"]),
        Err(_) => String::new(),
    };
    let all = client.pages(&format!("{}?state=opened&per_page=100", merges(client))).await?;
    let of = |merge: &Value| {
        let mut reviewers = merge["reviewers"].as_array().into_iter().flatten();
        Some(Listed {
            pull_request: listed(merge)?,
            branch: text(&merge["source_branch"]),
            opened: time(&merge["created_at"]),
            draft: merge["draft"] == true,
            asked_of_me: !me.is_empty() && reviewers.any(|r| r["username"].as_str() == Some(&me)),
            checks: None,
        })
    };
    Ok(all.iter().filter_map(of).collect())
}

pub(super) async fn conversations(client: &Client, number: u64) -> Result<Vec<Conversation>, ForgeError> {
    let mut out = Vec::new();
    for discussion in discussions(client, number).await? {
        let Some(notes) = discussion["notes"].as_array() else { continue };
        let Some(first) = notes.first().filter(|n| n["resolvable"] == true) else { continue };
        let at = &first["position"];
        out.push(Conversation {
            id: discussion["id"].as_str().map(str::to_owned),
            resolved: resolved(first["resolved"] == true, &first["resolved_by"]["username"], &first["resolved_at"]),
            anchor: anchor(&at["new_path"], None, line(&at["new_line"])),
            url: None,
            at: time(&first["created_at"]),
            said: notes.iter().filter(|n| n["system"] != true).map(note).collect(),
        });
    }
    Ok(out)
}

pub(super) async fn issues(client: &Client, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
    let path = format!("{}/{}/closes_issues?per_page=20", merges(client), found.pull_request.number);
    let all = issues::asked(client, &path).await?.unwrap_or_default();
    let of = |issue: &Value| issues::issue(&issue["iid"], &issue["title"], &issue["description"]);
    Ok(issues::some(all.as_array().into_iter().flatten().filter_map(of)).collect())
}

pub(super) async fn resolve(client: &Client, number: u64, id: &str) -> Result<(), ForgeError> {
    let path = format!("{}/{number}/discussions/{}?resolved=true", merges(client), encoded(id));
    client.change(Method::PUT, &path, &json!({})).await.map(drop)
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
    // What is pending is the user's own, and in no other list.
    for draft in client.pages(&format!("{merge}/draft_notes?per_page=100")).await.unwrap_or_default() {
        there.said.push((there.me.clone(), text(&draft["note"])));
    }
    Ok(there)
}

pub(super) async fn post(client: &Client, to: &Posted<'_>, plan: &Plan) -> Result<Option<String>, ForgeError> {
    let merge = format!("{}/{}", merges(client), to.found.pull_request.number);
    let Some([base, start, head]) = &to.found.refs else {
        return Err(client.bad("the merge request does not say what was compared"));
    };
    let (first, others, text) = match to.how {
        Submission::Pending => ("draft_notes", "draft_notes", "note"),
        Submission::Submitted => ("notes", "discussions", "body"),
    };
    client.post(&format!("{merge}/{first}"), &json!({ text: to.body(&plan.rest) })).await?;
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
        let discussion = json!({ text: text_of(placed), "position": position });
        client.post(&format!("{merge}/{others}"), &discussion).await?;
    }
    Ok(to.found.pull_request.url.clone())
}

/// The fence says how many lines above the comment's own are replaced too.
fn text_of(placed: &Placed) -> String {
    if placed.suggests && !placed.is_near {
        placed.remark.suggesting(&format!("suggestion:-{}+0", placed.lines.count() - 1))
    } else {
        placed.body()
    }
}
