//! Clients that ask for diagnostics instead of being sent them.

use super::harness::{Repo, TestServer, able, finding, quiet, store_round, uri};
use serde_json::{Value, json};

const TEXT: &str = "one\ntwo\nthree\n";

fn repo(files: usize) -> Repo {
    let names: Vec<String> = (0..files).map(|n| format!("f{n}.txt")).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), TEXT)).collect();
    let repo = Repo::with_topic(&all);
    let findings: Vec<Value> =
        names.iter().enumerate().map(|(n, name)| finding(&format!("I{}", n + 1), name, (2, 2), "")).collect();
    store_round(&repo, &findings, &all);
    repo
}

fn puller() -> Value {
    let mut able = able();
    able["textDocument"].as_object_mut().unwrap().remove("publishDiagnostics");
    able["textDocument"]["diagnostic"] = json!({ "relatedDocumentSupport": true });
    able["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    able
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_pulls_is_pushed_nothing_and_told_to_ask_again() {
    let repo = repo(1);
    let file = repo.path().join("f0.txt");
    let mut server = TestServer::start(&[repo.path()], puller(), quiet()).await;
    assert_eq!(server.result["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"], true);
    server.settled().await;
    server.until("a refresh", |s| s.asked.iter().any(|(m, _)| m == "workspace/diagnostic/refresh")).await;
    server.open(&file, TEXT).await;
    let ask = |previous: Option<&Value>| {
        let mut params = json!({ "textDocument": { "uri": uri(&file) }, "identifier": "deep-review" });
        if let Some(id) = previous {
            params["previousResultId"] = id.clone();
        }
        params
    };
    let mut full = server.request("textDocument/diagnostic", ask(None)).await;
    assert_eq!(full["kind"], "full");
    // Opening the file has the report written, and the diagnostic leads to it from then on.
    for _ in 0..100_000 {
        if full["items"][0].get("codeDescription").is_some() {
            break;
        }
        full = server.request("textDocument/diagnostic", ask(None)).await;
    }
    assert_eq!(full["items"][0]["code"], "I1");
    let same = server.request("textDocument/diagnostic", ask(Some(&full["resultId"]))).await;
    assert_eq!(same, json!({ "kind": "unchanged", "resultId": full["resultId"] }));
    server.edit(&file, 2, [0, 0, 0, 0], "zero\n").await;
    let moved = server.request("textDocument/diagnostic", ask(Some(&full["resultId"]))).await;
    assert_eq!((&moved["kind"], &moved["items"][0]["range"]["start"]["line"]), (&json!("full"), &json!(2)));
    assert_eq!(server.pushed, Vec::<Value>::new());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_workspace_is_pulled_at_once_in_parts_and_only_what_is_new() {
    let repo = repo(250);
    let mut server = TestServer::start(&[repo.path()], puller(), quiet()).await;
    server.settled().await;
    let all = server.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let items = all["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 250);
    assert!(items.iter().all(|i| i["kind"] == "full" && i["items"].as_array().unwrap().len() == 1));
    // In parts, for those who give a token; then the answer itself is empty.
    let parts =
        server.request("workspace/diagnostic", json!({ "previousResultIds": [], "partialResultToken": "p" })).await;
    assert_eq!(parts["items"], json!([]));
    server.synced().await;
    assert_eq!(server.progress["p"], ["part", "part", "part"]);
    // Known ones are not sent again; one that is gone is emptied.
    let mut known: Vec<Value> = items.iter().map(|i| json!({ "uri": i["uri"], "value": i["resultId"] })).collect();
    known.push(json!({ "uri": uri(&repo.path().join("gone.txt")), "value": "x" }));
    let again = server.request("workspace/diagnostic", json!({ "previousResultIds": known })).await;
    let again = again["items"].as_array().unwrap();
    assert_eq!(again.iter().filter(|i| i["kind"] == "unchanged").count(), 250);
    let emptied: Vec<&Value> = again.iter().filter(|i| i["kind"] == "full").collect();
    assert_eq!((emptied.len(), &emptied[0]["items"]), (1, &json!([])));
    assert_eq!(server.pushed, Vec::<Value>::new());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_can_do_both_is_pushed_to_unless_it_says_so() {
    let repo = repo(1);
    let mut both = able();
    both["textDocument"]["diagnostic"] = json!({});
    for (options, pulls) in [(quiet(), false), (json!({ "diagnostics": "pull", "review": { "auto": "off" } }), true)] {
        let mut server = TestServer::start(&[repo.path()], both.clone(), options).await;
        server.settled().await;
        assert_eq!(server.result["capabilities"].get("diagnosticProvider").is_some(), pulls);
        assert_eq!(server.pushed.is_empty(), pulls);
        assert!(server.finish().await);
    }
}
