//! Azure DevOps. It has no diff in its answers, and takes a comment on any line of a file; nothing is pending there.

use super::client::Client;
use super::issues;
use super::{
    Base, Conversation, ForgeError, Found, Head, Listed, Plan, Posted, Source, There, anchor, diff, encoded, line,
    text, time,
};
use finding::{CommitId, LinkedIssue, PullRequest, Resolved};
use reqwest::Method;
use serde_json::{Value, json};

const VERSION: &str = "api-version=7.1";
/// Entries of a page.
const PAGE: usize = 100;
/// Changed files of a page.
const MOST_CHANGES: usize = 2000;
/// More pages are not asked for.
const MOST_PAGES: usize = 5;

fn organization(client: &Client) -> &str {
    client.site().project.split('/').next().unwrap_or("")
}

fn pulls(client: &Client) -> String {
    let (project, name) = client.site().owner_and_name();
    format!("/{project}/_apis/git/repositories/{name}/pullrequests")
}

fn listed(pull: &Value, client: &Client) -> Option<PullRequest> {
    let number = pull["pullRequestId"].as_u64()?;
    Some(PullRequest {
        number,
        title: text(&pull["title"]),
        author: text(&pull["createdBy"]["displayName"]),
        url: Some(page(client, number)),
    })
}

/// What people see of a pull request.
fn page(client: &Client, number: u64) -> String {
    let site = client.site();
    let (project, name) = site.owner_and_name();
    let scheme = if site.api.starts_with("http://") { "http" } else { "https" };
    format!("{scheme}://{}/{project}/_git/{name}/pullrequest/{number}", site.host)
}

fn branch(reference: &Value) -> Option<String> {
    reference.as_str()?.strip_prefix("refs/heads/").map(str::to_owned)
}

fn found(pull: &Value, client: &Client) -> Result<Found, ForgeError> {
    let head = pull["lastMergeSourceCommit"]["commitId"].as_str();
    let (Some(pull_request), Some(head)) = (listed(pull, client), head) else {
        return Err(client.bad("a pull request has no number or no head"));
    };
    let fork = &pull["forkSource"]["repository"];
    let (project, address) = match fork["remoteUrl"].as_str() {
        Some(address) => {
            // Users stand in addresses.
            let plain =
                address.split_once("://").map_or(address, |(_, rest)| rest.rsplit_once('@').map_or(rest, |r| r.1));
            let named = format!("{}/{}/{}", organization(client), text(&fork["project"]["name"]), text(&fork["name"]));
            (named, Some(format!("https://{plain}")))
        }
        None => (client.site().project.clone(), None),
    };
    Ok(Found {
        pull_request,
        description: issues::readable(&text(&pull["description"])),
        head: CommitId::new(head),
        open: pull["status"] == "active",
        base: Base {
            branch: branch(&pull["targetRefName"]).unwrap_or_default(),
            commit: pull["lastMergeTargetCommit"]["commitId"].as_str().map(CommitId::new),
        },
        source: Source { project: Some(project), branch: branch(&pull["sourceRefName"]), address },
        refs: None,
    })
}

pub(super) async fn numbered(client: &Client, number: u64) -> Result<Found, ForgeError> {
    found(&client.get(&format!("{}/{number}?{VERSION}", pulls(client))).await?, client)
}

pub(super) async fn of_branch(client: &Client, head: &Head) -> Result<Option<Found>, ForgeError> {
    for name in &head.names {
        let of = encoded(&format!("refs/heads/{name}"));
        let query = format!("searchCriteria.status=active&searchCriteria.sourceRefName={of}&$top=1&{VERSION}");
        let matching = client.get(&format!("{}?{query}", pulls(client))).await?;
        if let Some(number) = matching["value"][0]["pullRequestId"].as_u64() {
            // A list does not say what was merged last.
            return numbered(client, number).await.map(Some);
        }
    }
    Ok(None)
}

/// The id and the name of the user whose token it is.
async fn me(client: &Client) -> Result<(String, String), ForgeError> {
    client.needs_token()?;
    let data = client.get(&format!("/{}/_apis/connectionData", organization(client))).await?;
    let user = &data["authenticatedUser"];
    Ok((text(&user["id"]), text(&user["providerDisplayName"])))
}

pub(super) async fn list(client: &Client) -> Result<Vec<Listed>, ForgeError> {
    let me = me(client).await.map(|(id, _)| id).unwrap_or_default();
    let mut out = Vec::new();
    for page in 0..MOST_PAGES {
        let skip = page * PAGE;
        let query = format!("searchCriteria.status=active&$top={PAGE}&$skip={skip}&{VERSION}");
        let mut answer = client.get(&format!("{}?{query}", pulls(client))).await?;
        let Value::Array(pulls) = answer["value"].take() else { return Err(client.bad("a list was expected")) };
        let of = |pull: &Value| {
            let mut reviewers = pull["reviewers"].as_array().into_iter().flatten();
            Some(Listed {
                pull_request: listed(pull, client)?,
                branch: branch(&pull["sourceRefName"]).unwrap_or_default(),
                opened: time(&pull["creationDate"]),
                draft: pull["isDraft"] == true,
                asked_of_me: !me.is_empty() && reviewers.any(|r| r["id"].as_str() == Some(&me)),
                checks: None,
            })
        };
        out.extend(pulls.iter().filter_map(of));
        if pulls.len() < PAGE {
            break;
        }
    }
    Ok(out)
}

async fn threads(client: &Client, number: u64) -> Result<Vec<Value>, ForgeError> {
    let mut answer = client.get(&format!("{}/{number}/threads?{VERSION}", pulls(client))).await?;
    match answer["value"].take() {
        Value::Array(threads) => Ok(threads.into_iter().filter(|thread| thread["isDeleted"] != true).collect()),
        _ => Err(client.bad("a list was expected")),
    }
}

/// The files that a push changed, page by page.
async fn changes(client: &Client, path: &str) -> Result<Vec<Value>, ForgeError> {
    let (mut all, mut skip) = (Vec::new(), 0);
    for _ in 0..MOST_PAGES {
        let mut page = client.get(&format!("{path}?$top={MOST_CHANGES}&$skip={skip}&{VERSION}")).await?;
        if let Value::Array(entries) = page["changeEntries"].take() {
            all.extend(entries);
        }
        match page["nextSkip"].as_u64() {
            Some(next) if next > skip => skip = next,
            _ => break,
        }
    }
    Ok(all)
}

/// What people said in a thread; the service says things itself.
fn said(thread: &Value) -> Vec<(String, String)> {
    let comments = thread["comments"].as_array().into_iter().flatten();
    let people = comments.filter(|c| c["commentType"] != "system" && c["isDeleted"] != true);
    people.map(|c| (text(&c["author"]["displayName"]), text(&c["content"]))).collect()
}

pub(super) async fn conversations(client: &Client, number: u64) -> Result<Vec<Conversation>, ForgeError> {
    let page = page(client, number);
    let of = |thread: &Value| {
        let context = &thread["threadContext"];
        let path = context["filePath"].as_str().map(|path| Value::from(path.trim_start_matches('/')));
        let lines = (line(&context["rightFileStart"]["line"]), line(&context["rightFileEnd"]["line"]));
        let id = thread["id"].as_u64()?;
        Some(Conversation {
            id: Some(id.to_string()),
            // By whom and when it does not say.
            resolved: matches!(thread["status"].as_str(), Some("fixed" | "wontFix" | "closed" | "byDesign"))
                .then(Resolved::default),
            anchor: anchor(&path.unwrap_or_default(), lines.0, lines.1),
            url: Some(format!("{page}?discussionId={id}")),
            at: time(&thread["publishedDate"]),
            said: said(thread),
        })
    };
    Ok(threads(client, number).await?.iter().filter_map(of).filter(|c| !c.said.is_empty()).collect())
}

/// Work items, which the service keeps apart.
pub(super) async fn issues(client: &Client, found: &Found) -> Result<Vec<LinkedIssue>, ForgeError> {
    let path = format!("{}/{}/workitems?{VERSION}", pulls(client), found.pull_request.number);
    let linked = issues::asked(client, &path).await?.unwrap_or_default();
    let (project, _) = client.site().owner_and_name();
    let mut all = Vec::new();
    // Their ids are text here, and numbers where they are described.
    for id in issues::some(linked["value"].as_array().into_iter().flatten()).filter_map(|item| item["id"].as_str()) {
        let path =
            format!("/{project}/_apis/wit/workitems/{}?fields=System.Title,System.Description&{VERSION}", encoded(id));
        let item = issues::asked(client, &path).await?.unwrap_or_default();
        let fields = &item["fields"];
        all.extend(issues::issue(&item["id"], &fields["System.Title"], &fields["System.Description"]));
    }
    Ok(all)
}

pub(super) async fn resolve(client: &Client, number: u64, id: &str) -> Result<(), ForgeError> {
    let path = format!("{}/{number}/threads/{}?{VERSION}", pulls(client), encoded(id));
    client.change(Method::PATCH, &path, &json!({ "status": "fixed" })).await.map(drop)
}

pub(super) async fn there(client: &Client, number: u64) -> Result<There, ForgeError> {
    let (_, name) = me(client).await?;
    let pull = format!("{}/{number}", pulls(client));
    let mut there = There { me: name, ..There::default() };
    let pushes = client.get(&format!("{pull}/iterations?{VERSION}")).await?;
    let newest = pushes["value"].as_array().into_iter().flatten().filter_map(|push| push["id"].as_u64()).max();
    if let Some(newest) = newest {
        for entry in changes(client, &format!("{pull}/iterations/{newest}/changes")).await? {
            let is_gone = entry["changeType"].as_str().is_some_and(|kind| kind.contains("delete"));
            let path = text(&entry["item"]["path"]);
            let old = entry["originalPath"].as_str().map(|path| path.trim_start_matches('/'));
            if !is_gone && !path.is_empty() {
                there.files.insert(path.trim_start_matches('/').to_owned(), diff::File::whole(old));
            }
        }
    }
    there.said = threads(client, number).await?.iter().flat_map(said).collect();
    Ok(there)
}

pub(super) async fn post(client: &Client, to: &Posted<'_>, plan: &Plan) -> Result<Option<String>, ForgeError> {
    let path = format!("{}/{}/threads?{VERSION}", pulls(client), to.found.pull_request.number);
    let comment = |text: &str| json!([{ "parentCommentId": 0, "content": text, "commentType": "text" }]);
    client.post(&path, &json!({ "comments": comment(&to.body(&plan.rest)), "status": "closed" })).await?;
    for placed in &plan.comments {
        let thread = json!({
            "comments": comment(&placed.body()),
            "status": "active",
            "threadContext": {
                "filePath": format!("/{}", placed.path),
                "rightFileStart": { "line": placed.lines.start(), "offset": 1 },
                // One behind the last character that a line may have: the service cuts it to the line.
                "rightFileEnd": { "line": placed.lines.end(), "offset": 1000 },
            },
        });
        client.post(&path, &thread).await?;
    }
    Ok(to.found.pull_request.url.clone())
}
