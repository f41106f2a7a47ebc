//! What a client may send that it should not, and what it may write in ways of its own.

use super::harness::{Repo, TestServer, finding, store_round, uri};
use serde_json::{Value, json};
use std::path::Path;

const TEXT: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    c();\n }\n";

fn repo() -> Repo {
    let repo = Repo::with_topic(&[("src/a.rs", TEXT), ("b.rs", TEXT)]);
    let findings = [finding("I1", "src/a.rs", (6, 6), FIX), finding("I2", "b.rs", (6, 6), FIX)];
    store_round(&repo, &findings, &[("src/a.rs", TEXT), ("b.rs", TEXT)]);
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_message_never_ends_the_server() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    let deep = format!(r#"{{"jsonrpc":"2.0","id":1000,"method":"x","params":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let large = "x".repeat(33 << 20);
    let large = format!(r#"{{"jsonrpc":"2.0","id":1001,"method":"x","params":{{"text":"{large}"}}}}"#);
    for (body, id) in [
        ("{}", Value::Null),
        ("[]", Value::Null),
        (r#"[{"jsonrpc":"2.0","id":900,"method":"deepReview/status","params":{}}]"#, Value::Null),
        ("", Value::Null),
        ("\u{0}\u{1}", Value::Null),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"deepReview/status","params":{}}"#, json!(1.5)),
        (r#"{"jsonrpc":"2.0","id":true,"method":"deepReview/status"}"#, Value::Null),
        (r#"{"jsonrpc":"1.0","id":901,"method":"deepReview/status"}"#, json!(901)),
        (r#"{"jsonrpc":"2.0","id":902,"method":["x"]}"#, json!(902)),
        (r#"{"jsonrpc":"2.0","id":903,"result":1,"error":2,"result":3}"#, json!(903)),
        (deep.as_str(), json!(1000)),
        (large.as_str(), json!(1001)),
        // These are messages, of methods or with parameters that there are not.
        (r#"{"jsonrpc":"2.0","id":904,"method":"textDocument/\ud83d","params":{}}"#, json!(904)),
        (r#"{"jsonrpc":"2.0","id":905,"method":"textDocument/hover","params":7}"#, json!(905)),
        (
            r#"{"jsonrpc":"2.0","id":906,"method":"textDocument/hover","params":{"position":{"line":-1,"character":0}}}"#,
            json!(906),
        ),
        (r#"{"jsonrpc":"2.0","id":907,"method":"workspace/executeCommand","params":{"command":"\udc00"}}"#, json!(907)),
        (r#"{"jsonrpc":"2.0","id":"nine","method":"deepReview/nothing"}"#, json!("nine")),
    ] {
        server.raw(body.as_bytes()).await;
        let answer = server.stray().await;
        let head: String = body.chars().take(80).collect();
        assert_eq!(answer["id"], id, "{head}: {answer}");
        assert!(answer["error"]["code"].as_i64().is_some_and(|code| code < 0), "{head}: {answer}");
    }
    // Answers to nothing are dropped.
    server.raw(br#"{"jsonrpc":"2.0","id":4711,"result":{}}"#).await;
    assert_eq!(server.status().await.len(), 1);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_half_a_surrogate_pair_is_the_clients() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    let text = format!("// \\ud83d\\n{}", TEXT.replace('\n', "\\n"));
    let open = format!(
        r#"{{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{{"textDocument":{{"uri":"{}","languageId":"rust","version":1,"text":"{text}"}}}}}}"#,
        uri(&file),
    );
    server.raw(open.as_bytes()).await;
    server.synced().await;
    assert_eq!(server.list(&file), [("I1".into(), 6, 6)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_folders_with_brackets_and_umlauts_are_answered_in_the_clients_words() {
    let path = "app/[id]/ü x.rs";
    let repo = Repo::with_topic(&[(path, TEXT)]);
    store_round(&repo, &[finding("I1", path, (6, 6), FIX)], &[(path, TEXT)]);
    let raw = format!("file://{}/{path}", repo.path().display());
    let mut server = TestServer::of(&repo).await;
    let item = json!({ "uri": raw, "languageId": "rust", "version": 1, "text": format!("// new\n{TEXT}") });
    server.notify("textDocument/didOpen", json!({ "textDocument": item })).await;
    server.synced().await;
    let shown = &server.shown[&raw];
    assert_eq!(shown["diagnostics"][0]["range"]["start"]["line"], 6, "{shown}");
    let at = json!({ "line": 6, "character": 0 });
    let params = json!({
        "textDocument": { "uri": raw }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] },
    });
    let actions = server.request("textDocument/codeAction", params).await;
    assert!(actions[0]["title"].as_str().is_some_and(|title| title.starts_with("Apply fix")), "{actions}");
    let dry = server.command("deepReview.fixAll", json!({ "uri": raw, "dryRun": true })).await;
    assert_eq!(dry["edit"]["documentChanges"][0]["textDocument"]["uri"], raw, "{dry}");
    assert!(server.finish().await);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_root_with_brackets_is_found() {
    let repo = repo();
    let root = repo.beside("[root] ü");
    std::os::unix::fs::symlink(repo.path(), &root).unwrap();
    let raw = format!("file://{}", root.display());
    let mut server =
        TestServer::in_folders(json!([{ "uri": raw, "name": "r" }]), super::harness::able(), super::harness::quiet())
            .await;
    server.settled().await;
    assert_eq!(server.status().await.len(), 1);
    assert!(server.finish().await);
}

/// A command's argument as it should be, with something of it wrong; `report` is a file that is no report.
fn argument(name: &str, wrong: &Value, report: &Path) -> Value {
    let mut argument = match name {
        "dismiss" => json!({ "id": "I1", "reason": "later" }),
        "severity" => json!({ "id": "I1", "severity": "critical" }),
        "importReport" => json!({ "files": [report] }),
        "applyFix" | "reopen" | "recheck" | "split" => json!({ "id": "I1" }),
        _ => json!({}),
    };
    for (key, value) in wrong.as_object().unwrap() {
        argument[key] = value.clone();
    }
    argument
}

/// Every argument that a command may have, in the ways in which it may be wrong.
fn wrong_arguments(repo: &Repo, outside: &Repo) -> Vec<(&'static str, Value)> {
    let report = outside.path().join("c.rs");
    let foreign = uri(&report);
    let repositories = [
        json!({ "uri": "untitled:Untitled-1" }),
        json!({ "uri": "file:///etc/passwd" }),
        json!({ "uri": foreign }),
        json!({ "uri": "no address" }),
        json!({ "uri": "" }),
        json!({ "uri": 7 }),
        json!({ "root": "/nowhere" }),
        json!({ "root": outside.path() }),
        json!({ "root": "" }),
        json!({ "root": [] }),
        json!({ "root": repo.path(), "uri": foreign }),
        json!({ "unknown": 1 }),
    ];
    let findings = [
        json!({ "id": "I9" }),
        json!({ "id": "" }),
        json!({ "id": null }),
        json!({ "id": ["I1", "I2"] }),
        json!({ "id": "id-I" }),
        json!({ "root": "/nowhere" }),
        json!({ "root": outside.path() }),
        json!({ "unknown": 1 }),
    ];
    let mut wrong = Vec::new();
    for name in ["review", "cancel", "fixAll", "showReport", "importReport", "agents", "rounds"] {
        wrong.extend(repositories.iter().map(|extra| (name, argument(name, extra, &report))));
    }
    for name in ["applyFix", "dismiss", "reopen", "severity", "recheck", "split"] {
        wrong.extend(findings.iter().map(|extra| (name, argument(name, extra, &report))));
        wrong.extend([json!({}), Value::Null, json!("I1")].map(|argument| (name, argument)));
    }
    wrong.extend([
        ("applyFix", json!({ "id": "I1", "fix": 1 })),
        ("applyFix", json!({ "id": "I1", "fix": -1 })),
        ("applyFix", json!({ "id": "I1", "fix": "all" })),
        ("dismiss", json!({ "id": "I1" })),
        ("dismiss", json!({ "id": "I1", "reason": "" })),
        ("dismiss", json!({ "id": "I1", "reason": "later", "text": "  " })),
        ("dismiss", json!({ "id": "I1", "reason": "later", "text": "x".repeat(5000) })),
        ("severity", json!({ "id": "I1" })),
        ("severity", json!({ "id": "I1", "severity": "grave" })),
        ("severity", json!({ "id": "I1", "severity": "important" })),
        ("severity", json!({ "id": "I1", "severity": "critical", "reason": "  " })),
        ("split", json!({ "id": "I1", "agents": ["nobody"] })),
        ("join", json!({})),
        ("join", json!({ "ids": [] })),
        ("join", json!({ "ids": ["I1"] })),
        ("join", json!({ "ids": ["I1", "I1"] })),
        ("join", json!({ "ids": ["I1", "I9"] })),
        ("join", json!({ "ids": "I1" })),
        ("join", json!({ "ids": [], "undo": true })),
        ("review", json!({ "agents": ["nobody"] })),
        ("review", json!({ "base": "nowhere" })),
        ("review", json!({ "fresh": true, "resume": true })),
        ("showReport", json!({ "round": "77" })),
        ("showReport", json!({ "format": "docx" })),
        ("showReport", json!({ "id": "I9" })),
        ("importReport", json!({})),
        ("importReport", json!({ "files": [] })),
        ("importReport", json!({ "files": ["a.md"] })),
        ("importReport", json!({ "files": ["/nowhere/a.md"] })),
        ("nothing", json!({})),
    ]);
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_does_not_resolve_is_an_error_and_never_everything() {
    let repo = repo();
    let outside = Repo::with_topic(&[("c.rs", TEXT)]);
    let mut server = TestServer::of(&repo).await;
    for (name, argument) in wrong_arguments(&repo, &outside) {
        let asked = server.asked.len();
        let params =
            json!({ "command": format!("deepReview.{name}"), "arguments": [argument], "workDoneToken": "wrong" });
        let id = server.send("workspace/executeCommand", params).await;
        let answer = server.answer(id).await;
        let message = answer["error"]["message"].as_str();
        assert!(message.is_some_and(|message| message.len() > 10), "{name} {argument}: {answer}");
        assert!(server.asked[asked..].iter().all(|(method, _)| method != "workspace/applyEdit"), "{name} {argument}");
        server.messages.clear();
    }
    assert_eq!(server.status().await[0]["open"]["important"], 2, "nothing was decided");
    server.progress.clear();
    assert!(server.finish().await);
}

/// Fixes on lines side by side, in every order, and taken back: what is in is closed, whatever is beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_is_in_stays_in_when_its_neighbours_are_applied_and_taken_back() {
    const LINES: [(&str, &str); 3] = [
        ("    let a = one();", "    let a = 1;"),
        ("    let b = two();", "    let b = 2;"),
        ("    let c = three();", "    let c = 3;"),
    ];
    let text = |is_in: &[usize]| {
        let lines = (0..).zip(LINES).map(|(n, (old, new))| if is_in.contains(&n) { new } else { old });
        format!("fn f() {{\n{}\n    use_them(a, b, c);\n}}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    let before = text(&[]);
    let repo = Repo::with_topic(&[("a.rs", &before)]);
    let one = |(n, (old, new)): (u32, (&str, &str))| {
        finding(
            &format!("I{}", n + 1),
            "a.rs",
            (n + 2, n + 2),
            &format!("@@ -{},1 +{},1 @@\n-{old}\n+{new}\n", n + 2, n + 2),
        )
    };
    let findings: Vec<Value> = (0..).zip(LINES).map(one).collect();
    store_round(&repo, &findings, &[("a.rs", &before)]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, &before).await;
    let mut version = 1;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for count in (0..=3).chain((0..3).rev()) {
            let is_in = &order[..count];
            version += 1;
            server.change(&file, version, &text(is_in)).await;
            server.synced().await;
            let open: Vec<String> = server.list(&file).into_iter().map(|(label, ..)| label).collect();
            let wanted: Vec<String> = (0..3).filter(|n| !is_in.contains(n)).map(|n| format!("I{}", n + 1)).collect();
            assert_eq!(open, wanted, "{is_in:?} are in");
        }
    }
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_action_is_an_error() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    let action = server.actions(&file, 5, &[]).await.remove(0);
    for (change, value) in
        [("id", json!("gone")), ("fix", json!(5)), ("root", json!("/nowhere")), ("root", json!(null))]
    {
        let mut stale = action.clone();
        stale["data"][change] = value;
        let id = server.send("codeAction/resolve", stale.clone()).await;
        let answer = server.answer(id).await;
        assert!(answer["error"]["message"].is_string(), "{stale}: {answer}");
    }
    let resolved = server.request("codeAction/resolve", action).await;
    assert!(resolved["edit"].is_object(), "{resolved}");
    assert!(server.finish().await);
}

/// What is behind the link `src/h` is neither changed nor made, and the fix says so where it is offered.
#[cfg(unix)]
async fn check_refused_behind_a_link(repo: Repo, leads_to: &Path, why: &str) {
    std::fs::create_dir_all(repo.path().join("src")).unwrap();
    std::os::unix::fs::symlink(leads_to, repo.path().join("src/h")).unwrap();
    std::fs::write(repo.path().join("src/h/kept"), TEXT).unwrap();
    let create = "--- /dev/null\n+++ b/src/h/pre-commit\n@@ -0,0 +1,1 @@\n+#!/bin/sh\n";
    let findings = [finding("I1", "a.rs", (6, 6), create), finding("I2", "src/h/kept", (6, 6), FIX)];
    store_round(&repo, &findings, &[("a.rs", TEXT), ("src/h/kept", TEXT)]);
    let mut server = TestServer::of(&repo).await;
    for (file, line) in [("a.rs", 5), ("src/h/kept", 5)] {
        let actions = server.actions(&repo.path().join(file), line, &[]).await;
        let fix = actions.iter().find(|a| a["title"].as_str().unwrap().starts_with("Apply fix")).unwrap();
        assert!(fix["disabled"]["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{fix}");
    }
    for label in ["I1", "I2"] {
        let refusal = server.refusal("deepReview.applyFix", json!({ "id": label })).await;
        assert!(refusal.contains(why), "{refusal}");
    }
    let refusal = server.refusal("deepReview.fixAll", json!({})).await;
    assert!(refusal.contains("nothing to apply"), "{refusal}");
    assert!(server.finish().await);
    assert_eq!(std::fs::read_to_string(repo.path().join("src/h/kept")).unwrap(), TEXT);
    assert!(!repo.path().join("src/h/pre-commit").exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn fixes_do_not_reach_gits_own_files_through_a_link_and_are_not_offered() {
    let repo = Repo::with_topic(&[("a.rs", TEXT)]);
    std::fs::create_dir_all(repo.path().join(".git/hooks")).unwrap();
    check_refused_behind_a_link(repo, Path::new("../.git/hooks"), "git's own").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn fixes_do_not_leave_the_repository_through_a_link_and_are_not_offered() {
    let repo = Repo::with_topic(&[("a.rs", TEXT)]);
    let outside = repo.beside("outside");
    std::fs::create_dir(&outside).unwrap();
    check_refused_behind_a_link(repo, &outside, "leads out of the repository").await;
}

/// One edit in a text with what only looks like the end of a line, then the fix: it goes where the client sees it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_goes_to_the_clients_line_whatever_is_in_the_text() {
    for odd in ["\u{c}", "\u{b}", "\u{85}", "\u{2028}", "\u{2029}"] {
        let text = format!("// {odd} page\nlet v = {odd};\nfn two() {{\n    b();\n}}\n");
        let repo = Repo::with_topic(&[("a.rs", &text)]);
        let fix = "@@ -3,3 +3,2 @@\n fn two() {\n-    b();\n }\n";
        store_round(&repo, &[finding("I1", "a.rs", (4, 4), fix)], &[("a.rs", &text)]);
        let file = repo.path().join("a.rs");
        let mut server = TestServer::of(&repo).await;
        server.open(&file, &text).await;
        server.edit(&file, 2, [1, 3, 1, 7], "xy").await;
        server.synced().await;
        assert_eq!(server.list(&file), [("I1".into(), 3, 3)], "{odd:?}");
        let dry = server.command("deepReview.applyFix", json!({ "id": "I1", "dryRun": true })).await;
        let edits = &dry["edit"]["documentChanges"][0]["edits"];
        let edit = edits[0].get("textEdit").unwrap_or(&edits[0]);
        let range = (&edit["range"]["start"]["line"], &edit["range"]["end"]["line"]);
        assert_eq!(range, (&json!(3), &json!(4)), "{odd:?}: {dry}");
        assert!(server.finish().await);
    }
}
