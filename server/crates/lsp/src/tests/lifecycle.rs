//! What the framework needs to be held to: order, panics, silence of the client, and the end.

use super::harness::{Repo, TestServer, able, finding, quiet, store_round, uri};
use serde_json::{Value, json};

fn repo() -> Repo {
    let repo = Repo::with_topic(&[("a.txt", "one\ntwo\nthree\n")]);
    store_round(&repo, &[finding("I1", "a.txt", (2, 2), "")], &[("a.txt", "one\ntwo\nthree\n")]);
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_properly_only_after_shutdown() {
    let repo = repo();
    assert!(TestServer::of(&repo).await.finish().await);
    let mut server = TestServer::of(&repo).await;
    server.notify("exit", Value::Null).await;
    assert!(!server.end().await, "exit without shutdown");
    assert!(!TestServer::of(&repo).await.hang_up().await, "the end of input without shutdown");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_takes_null_for_its_parameters() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    server.next_shutdown_with_null().await;
    server.notify("exit", Value::Null).await;
    assert!(server.end().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pipelined_edits_keep_their_order() {
    let repo = repo();
    let file = repo.path().join("a.txt");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, "one\ntwo\nthree\n").await;
    for n in 0..200 {
        server.edit(&file, n + 2, [0, 0, 0, 0], "x\n").await;
    }
    server.until("the last version", |s| s.shown[&uri(&repo.path().join("a.txt"))]["version"] == 201).await;
    assert_eq!(server.list(&file), [("I1".into(), 201, 201)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pipelined_edits_make_the_text_that_was_typed() {
    // No two edits commute: the finding's line is as it was reviewed only if each was taken in its turn.
    let line: String = (0..200_u8).map(|n| char::from(b'0' + n % 10)).collect();
    let reviewed = format!("one\n{line}\nthree\n");
    let repo = Repo::with_topic(&[("a.txt", &reviewed)]);
    store_round(&repo, &[finding("I1", "a.txt", (2, 2), "")], &[("a.txt", &reviewed)]);
    let file = repo.path().join("a.txt");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, "one\n\nthree\n").await;
    for (column, typed) in (0_u32..).zip(line.chars()) {
        let version = i32::try_from(column).unwrap() + 2;
        server.edit(&file, version, [1, column, 1, column], &typed.to_string()).await;
    }
    server.until("the last version", |s| s.shown[&uri(&file)]["version"] == 201).await;
    server.synced().await;
    assert_eq!(server.messages_of(&file), ["Title of I1"]);
    assert_eq!(server.list(&file), [("I1".into(), 1, 1)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_blocks_nobody() {
    let repo = Repo::with_topic(&[("a.txt", "one\ntwo\nthree\n")]);
    let fix = "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";
    store_round(&repo, &[finding("I1", "a.txt", (2, 2), fix)], &[("a.txt", "one\ntwo\nthree\n")]);
    let mut server = TestServer::of(&repo).await;
    server.silent = vec!["workspace/applyEdit"];
    for _ in 0..6 {
        let apply = json!({ "command": "deepReview.applyFix", "arguments": [{ "id": "I1" }] });
        server.send("workspace/executeCommand", apply).await;
    }
    server.until("six edits", |s| s.asked.iter().filter(|(m, _)| m == "workspace/applyEdit").count() == 6).await;
    let at = json!({ "textDocument": { "uri": uri(&repo.path().join("a.txt")) }, "position": { "line": 1, "character": 0 } });
    assert!(server.request("textDocument/hover", at).await["contents"]["value"].is_string());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_can_nothing_is_served() {
    let repo = repo();
    let mut server = TestServer::start(&[repo.path()], json!({}), quiet()).await;
    assert_eq!(server.result["capabilities"]["positionEncoding"], "utf-16");
    server.settled().await;
    assert_eq!(server.list(&repo.path().join("a.txt")), [("I1".into(), 1, 1)]);
    let shown = server.shown[&uri(&repo.path().join("a.txt"))].clone();
    assert!(shown["diagnostics"][0].get("relatedInformation").is_none());
    assert!(server.refusal("deepReview.applyFix", json!({ "id": "I1" })).await.contains("has no fix"));
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named_and_the_rest_works() {
    let repo = repo();
    let mut server = TestServer::start(&[repo.path()], able(), json!({ "review": { "auto": "sometimes" } })).await;
    server.settings = quiet();
    server.until("a message", |s| !s.messages.is_empty()).await;
    assert!(server.messages.pop_front().unwrap().contains("deepReview.review.auto"));
    server.settled().await;
    server.messages.clear();
    assert_eq!(server.list(&repo.path().join("a.txt")), [("I1".into(), 1, 1)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_the_error_of_its_request_and_the_server_lives() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    for _ in 0..5 {
        let id = server.send("deepReview/panic", json!({})).await;
        let answer = server.answer(id).await;
        assert_eq!(answer["error"]["code"], -32603);
    }
    server.open(&repo.path().join("a.txt"), "zero\none\ntwo\nthree\n").await;
    server.synced().await;
    assert_eq!(server.list(&repo.path().join("a.txt")), [("I1".into(), 2, 2)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_gets_the_newest_only_when_it_does() {
    let repo = repo();
    let file = repo.path().join("a.txt");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, "one\ntwo\nthree\n").await;
    let before = server.pushed.len();
    // Far more than the pipe holds; the server goes on to take them, and keeps one list of the file.
    for n in 0..2000 {
        server.edit(&file, n + 2, [0, 0, 0, 0], "x\n").await;
    }
    server.until("the last version", |s| s.shown[&uri(&repo.path().join("a.txt"))]["version"] == 2001).await;
    assert_eq!(server.list(&file), [("I1".into(), 2001, 2001)]);
    let pushed = server.pushed.len() - before;
    assert!(pushed < 1000, "{pushed} lists came: what waited was not replaced");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_every_session_are_checked_against_the_meta_model() {
    let repo = repo();
    let server = TestServer::of(&repo).await;
    assert!(server.checked > 8, "{} messages", server.checked);
    assert!(server.finish().await);
    let wrong = json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": { "uri": 1 } });
    assert!(std::panic::catch_unwind(|| super::meta::MetaModel::check(&wrong, None)).is_err());
}
