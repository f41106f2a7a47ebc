//! GitHub: REST, and GraphQL for which conversations are resolved.

use super::client::Client;
use super::{ForgeError, Placed};
use super::{Found, Head, Plan, There, anchor, body, conversation, diff, encoded, line, text};
use finding::{CommitId, Feedback, PullRequest};
use report::forge::github_comment;
use serde_json::{Value, json};

const CONVERSATIONS: &str = "query($owner:String!,$name:String!,$number:Int!,$after:String){\
repository(owner:$owner,name:$name){pullRequest(number:$number){\
reviewThreads(first:100,after:$after){pageInfo{hasNextPage endCursor}\
nodes{isResolved isOutdated path line startLine comments(first:20){nodes{author{login}body url}}}}\
latestReviews(first:50){nodes{author{login}state body url}}}}}";

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
        head: CommitId::new(head),
        open: pull["state"] == "open",
        refs: None,
    })
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

pub(super) async fn unresolved(client: &Client, number: u64) -> Result<Vec<Feedback>, ForgeError> {
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
        out.extend(threads.iter().filter(|t| t["isResolved"] != true).filter_map(of_thread));
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

fn of_thread(thread: &Value) -> Option<Feedback> {
    let comments = thread["comments"]["nodes"].as_array()?;
    let said: Vec<_> = comments.iter().map(|c| (text(&c["author"]["login"]), text(&c["body"]))).collect();
    let (author, text) = conversation(&said)?;
    // The lines of an outdated conversation are those of an older commit.
    let last = line(&thread["line"]).filter(|_| thread["isOutdated"] != true);
    let anchor = anchor(&thread["path"], line(&thread["startLine"]), last);
    Some(Feedback { author, text, anchor, url: comments[0]["url"].as_str().map(str::to_owned) })
}

/// A person's newest review, while it asks for changes.
fn of_review(review: &Value) -> Option<Feedback> {
    if review["state"] != "CHANGES_REQUESTED" {
        return None;
    }
    let (author, text) = conversation(&[(text(&review["author"]["login"]), text(&review["body"]))])?;
    Some(Feedback { author, text, anchor: None, url: review["url"].as_str().map(str::to_owned) })
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
    for list in ["comments", "reviews"] {
        let entries = client.pages(&format!("{pull}/{list}?per_page=100")).await?;
        there.said.extend(entries.iter().map(author_and_text));
    }
    Ok(there)
}

/// Posts the round as one review.
pub(super) async fn post(
    client: &Client,
    found: &Found,
    intro: &str,
    plan: &Plan,
) -> Result<Option<String>, ForgeError> {
    let comment = |p: &Placed| github_comment(&p.path, p.lines, &p.body());
    post_review(client, found, intro, plan, comment).await
}

/// The review that both GitHub and Gitea take; they differ in how a comment says its place.
pub(super) async fn post_review(
    client: &Client,
    found: &Found,
    intro: &str,
    plan: &Plan,
    comment: impl Fn(&Placed) -> Value,
) -> Result<Option<String>, ForgeError> {
    let review = json!({
        "event": "COMMENT",
        "commit_id": found.head,
        "body": body(intro, &plan.rest),
        "comments": plan.comments.iter().map(comment).collect::<Vec<_>>(),
    });
    let path = format!("{}/{}/reviews", pulls(client), found.pull_request.number);
    let posted = client.post(&path, &review).await?;
    Ok(posted["html_url"].as_str().map(str::to_owned))
}
