//! GitHub: REST, and GraphQL for which conversations are resolved.

use super::client::Client;
use super::issues::{self, readable};
use super::{
    Base, Checks, Conversation, ForgeError, Found, Head, Listed, Placed, Plan, Posted, Source, Submission, There,
    anchor, diff, encoded, line, resolved, text, time,
};
use finding::{CommitId, LinkedIssue, PullRequest};
use report::forge::github_comment;
use serde_json::{Value, json};

const CONVERSATIONS: &str = "query($owner:String!,$name:String!,$number:Int!,$after:String){\
repository(owner:$owner,name:$name){pullRequest(number:$number){\
reviewThreads(first:100,after:$after){pageInfo{hasNextPage endCursor}\
nodes{id isResolved resolvedBy{login} isOutdated path line startLine comments(first:20){nodes{author{login}body url createdAt}}}}\
latestReviews(first:50){nodes{author{login}state body url submittedAt}}}}}";

const OPEN: &str = "query($owner:String!,$name:String!,$after:String){viewer{login}\
repository(owner:$owner,name:$name){pullRequests(states:OPEN,first:100,after:$after,orderBy:{field:CREATED_AT,direction:DESC}){\
pageInfo{hasNextPage endCursor}nodes{number title url isDraft createdAt headRefName author{login}\
reviewRequests(first:20){nodes{requestedReviewer{...on User{login}}}}\
commits(last:1){nodes{commit{statusCheckRollup{state}}}}}}}}";

const ISSUES: &str = "query($owner:String!,$name:String!,$number:Int!){\
repository(owner:$owner,name:$name){pullRequest(number:$number){\
closingIssuesReferences(first:5){nodes{number title body}}}}}";

const RESOLVE: &str = "mutation($id:ID!){resolveReviewThread(input:{threadId:$id}){thread{isResolved}}}";

/// More pages of open pull requests are not asked for.
const MOST_LISTED: usize = 3;

/// More pages of conversations are not asked for.
const MOST_PAGES: usize = 20;

/// Where the pull requests are. Also at Gitea.
pub(super) fn pulls(client: &Client) -> String {
    format!("/repos/{}/pulls", client.site().project)
}

/// Also what Gitea says of a pull request.
pub(super) fn found(pull: &Value, client: &Client) -> Result<Found, ForgeError> {
    let (Some(number), Some(head)) = (pull["number"].as_u64(), pull["head"]["sha"].as_str()) else {
        return Err(client.bad("a pull request has no number or no head"));
    };
    Ok(Found {
        pull_request: PullRequest {
            number,
            title: text(&pull["title"]),
            author: text(&pull["user"]["login"]),
            url: pull["html_url"].as_str().map(str::to_owned),
        },
        description: readable(&text(&pull["body"])),
        head: CommitId::new(head),
        open: pull["state"] == "open",
        base: base(pull),
        source: Source {
            project: pull["head"]["repo"]["full_name"].as_str().map(str::to_owned),
            branch: pull["head"]["ref"].as_str().map(str::to_owned),
            address: pull["head"]["repo"]["clone_url"].as_str().map(str::to_owned),
        },
        refs: None,
    })
}

/// What it goes into. Gitea says where it left that.
fn base(pull: &Value) -> Base {
    let commit = pull["merge_base"].as_str().filter(|id| !id.is_empty()).or(pull["base"]["sha"].as_str());
    Base { branch: text(&pull["base"]["ref"]), commit: commit.map(CommitId::new) }
}

/// Who wrote a comment or a review, and what. Also at Gitea.
pub(super) fn author_and_text(said: &Value) -> (String, String) {
    (text(&said["user"]["login"]), text(&said["body"]))
}

pub(super) async fn numbered(client: &Client, number: u64) -> Result<Found, ForgeError> {
    found(&client.get(&format!("{}/{number}", pulls(client))).await?, client)
}

pub(super) async fn of_branch(client: &Client, head: &Head) -> Result<Option<Found>, ForgeError> {
    let owner = head.project.split('/').next().unwrap_or("");
    for name in &head.names {
        let of = encoded(&format!("{owner}:{name}"));
        let matching = client.get(&format!("{}?state=open&per_page=1&head={of}", pulls(client))).await?;
        if let Some(pull) = matching.get(0) {
            return found(pull, client).map(Some);
        }
    }
    Ok(None)
}

pub(super) async fn list(client: &Client) -> Result<Vec<Listed>, ForgeError> {
    if client.needs_token().is_err() {
        let all = client.pages(&format!("{}?state=open&per_page=100", pulls(client))).await?;
        return Ok(all.iter().filter_map(|pull| listed(pull, "")).collect());
    }
    let (owner, name) = client.site().owner_and_name();
    let mut out = Vec::new();
    let mut after = Value::Null;
    for _ in 0..MOST_LISTED {
        let variables = json!({ "owner": owner, "name": name, "after": after });
        let answer = client.graphql(&json!({ "query": OPEN, "variables": variables })).await?;
        let me = text(&answer["data"]["viewer"]["login"]);
        let pulls = &answer["data"]["repository"]["pullRequests"];
        let Some(nodes) = pulls["nodes"].as_array() else { return Err(client.bad("the pull requests are missing")) };
        out.extend(nodes.iter().filter_map(|node| of_node(node, &me)));
        if pulls["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = pulls["pageInfo"]["endCursor"].clone();
    }
    Ok(out)
}

/// An entry of a list of the first API, also at Gitea; `me` is the user whose token it is.
pub(super) fn listed(pull: &Value, me: &str) -> Option<Listed> {
    let mut reviewers = pull["requested_reviewers"].as_array().into_iter().flatten();
    Some(Listed {
        pull_request: PullRequest {
            number: pull["number"].as_u64()?,
            title: text(&pull["title"]),
            author: text(&pull["user"]["login"]),
            url: pull["html_url"].as_str().map(str::to_owned),
        },
        branch: text(&pull["head"]["ref"]),
        opened: time(&pull["created_at"]),
        draft: pull["draft"] == true,
        asked_of_me: !me.is_empty() && reviewers.any(|r| r["login"] == me),
        checks: None,
    })
}

fn of_node(node: &Value, me: &str) -> Option<Listed> {
    let mut requests = node["reviewRequests"]["nodes"].as_array().into_iter().flatten();
    let checks = match node["commits"]["nodes"][0]["commit"]["statusCheckRollup"]["state"].as_str() {
        Some("SUCCESS") => Some(Checks::Passed),
        Some("FAILURE" | "ERROR") => Some(Checks::Failed),
        Some(_) => Some(Checks::Running),
        None => None,
    };
    Some(Listed {
        pull_request: PullRequest {
            number: node["number"].as_u64()?,
            title: text(&node["title"]),
            author: text(&node["author"]["login"]),
            url: node["url"].as_str().map(str::to_owned),
        },
        branch: text(&node["headRefName"]),
        opened: time(&node["createdAt"]),
        draft: node["isDraft"] == true,
        asked_of_me: !me.is_empty() && requests.any(|r| r["requestedReviewer"]["login"] == me),
        checks,
    })
}

pub(super) async fn conversations(client: &Client, number: u64) -> Result<Vec<Conversation>, ForgeError> {
    // GraphQL answers only to somebody; nothing else says what is resolved.
    client.needs_token()?;
    let (owner, name) = client.site().owner_and_name();
    let mut out = Vec::new();
    let mut after = Value::Null;
    for page in 0..MOST_PAGES {
        let variables = json!({ "owner": owner, "name": name, "number": number, "after": after });
        let answer = client.graphql(&json!({ "query": CONVERSATIONS, "variables": variables })).await?;
        let pull = &answer["data"]["repository"]["pullRequest"];
        let Some(threads) = pull["reviewThreads"]["nodes"].as_array() else {
            return Err(client.bad("the pull request's conversations are missing"));
        };
        out.extend(threads.iter().filter_map(of_thread));
        if page == 0 {
            out.extend(pull["latestReviews"]["nodes"].as_array().into_iter().flatten().filter_map(of_review));
        }
        let info = &pull["reviewThreads"]["pageInfo"];
        if info["hasNextPage"] != true {
            break;
        }
        after = info["endCursor"].clone();
    }
    Ok(out)
}

/// Those that are linked, and not only named in the description, are known to the other API alone, which answers only to
/// somebody.
pub(super) async fn issues(client: &Client, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
    if client.needs_token().is_err() {
        return named_issues(client, found).await;
    }
    let (owner, name) = client.site().owner_and_name();
    let variables = json!({ "owner": owner, "name": name, "number": found.pull_request.number });
    let answer = client.graphql(&json!({ "query": ISSUES, "variables": variables })).await?;
    let nodes = &answer["data"]["repository"]["pullRequest"]["closingIssuesReferences"]["nodes"];
    let of = |node: &Value| issues::issue(&node["number"], &node["title"], &node["body"]);
    Ok(nodes.as_array().into_iter().flatten().filter_map(of).collect())
}

/// Those that the description names. Also at Gitea.
pub(super) async fn named_issues(client: &Client, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
    let project = &client.site().project;
    // A pull request has a number of the same kind.
    let of =
        |it: &Value| issues::issue(&it["number"], &it["title"], &it["body"]).filter(|_| it["pull_request"].is_null());
    issues::said(client, found, |number| format!("/repos/{project}/issues/{number}"), of).await
}

fn of_thread(thread: &Value) -> Option<Conversation> {
    let comments = thread["comments"]["nodes"].as_array()?;
    // The lines of an outdated conversation are those of an older commit.
    let last = line(&thread["line"]).filter(|_| thread["isOutdated"] != true);
    Some(Conversation {
        id: thread["id"].as_str().map(str::to_owned),
        resolved: resolved(thread["isResolved"] == true, &thread["resolvedBy"]["login"], &Value::Null),
        anchor: anchor(&thread["path"], line(&thread["startLine"]), last),
        url: comments.first()?["url"].as_str().map(str::to_owned),
        at: time(&comments.first()?["createdAt"]),
        said: comments.iter().map(|c| (text(&c["author"]["login"]), text(&c["body"]))).collect(),
    })
}

/// A person's newest review, while it asks for changes.
fn of_review(review: &Value) -> Option<Conversation> {
    (review["state"] == "CHANGES_REQUESTED").then(|| Conversation {
        url: review["url"].as_str().map(str::to_owned),
        at: time(&review["submittedAt"]),
        said: vec![(text(&review["author"]["login"]), text(&review["body"]))],
        ..Conversation::default()
    })
}

pub(super) async fn resolve(client: &Client, _: u64, id: &str) -> Result<(), ForgeError> {
    client.graphql(&json!({ "query": RESOLVE, "variables": { "id": id } })).await.map(drop)
}

pub(super) async fn there(client: &Client, number: u64) -> Result<There, ForgeError> {
    let pull = format!("{}/{number}", pulls(client));
    // The other API's `/user` refuses the tokens that GitHub's own CI gives.
    let viewer = client.graphql(&json!({ "query": "query{viewer{login}}" })).await?;
    let mut there = There { me: text(&viewer["data"]["viewer"]["login"]), ..There::default() };
    for file in client.pages(&format!("{pull}/files?per_page=100")).await? {
        // A file that is too large or no text has no patch.
        if let Some(patch) = file["patch"].as_str() {
            let file_of = diff::File::new(file["previous_filename"].as_str(), patch);
            there.files.insert(text(&file["filename"]), file_of);
        }
    }
    let comments = client.pages(&format!("{pull}/comments?per_page=100")).await?;
    there.said.extend(comments.iter().map(author_and_text));
    for review in client.pages(&format!("{pull}/reviews?per_page=100")).await? {
        there.said.push(author_and_text(&review));
        // What is pending is in no other list.
        if let (true, Some(id)) = (review["state"] == "PENDING", review["id"].as_u64()) {
            let comments = client.pages(&format!("{pull}/reviews/{id}/comments?per_page=100")).await?;
            there.said.extend(comments.iter().map(author_and_text));
        }
    }
    Ok(there)
}

/// Posts the round as one review.
pub(super) async fn post(client: &Client, to: &Posted<'_>, plan: &Plan) -> Result<Option<String>, ForgeError> {
    let comment = |p: &Placed| github_comment(&p.path, p.lines, &p.body());
    // Without an event it is pending.
    let event = (to.how == Submission::Submitted).then_some("COMMENT");
    post_review(client, to, plan, event, comment).await
}

/// The review that both GitHub and Gitea take; they differ in how a comment says its place, and what is pending.
pub(super) async fn post_review(
    client: &Client,
    to: &Posted<'_>,
    plan: &Plan,
    event: Option<&str>,
    comment: impl Fn(&Placed) -> Value,
) -> Result<Option<String>, ForgeError> {
    let mut review = json!({
        "commit_id": to.found.head,
        "body": to.body(&plan.rest),
        "comments": plan.comments.iter().map(comment).collect::<Vec<_>>(),
    });
    if let Some(event) = event {
        review["event"] = json!(event);
    }
    let path = format!("{}/{}/reviews", pulls(client), to.found.pull_request.number);
    let posted = client.post(&path, &review).await?;
    Ok(posted["html_url"].as_str().map(str::to_owned))
}
