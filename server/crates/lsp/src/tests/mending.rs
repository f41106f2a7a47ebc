//! Fixes that agents write, and questions to them, with recorded agents.

use super::harness::{Repo, TestServer, able, finding, quiet, store_round};
use serde_json::{Value, json};
use std::path::PathBuf;

const TEXT: &str = "fn a() {\n    b();\n}\n";
const DIFF: &str = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -2,1 +2,1 @@\n-    b();\n+    c();\n";

struct Bed {
    repo: Repo,
    file: PathBuf,
    config: PathBuf,
}

impl Bed {
    /// A round with `I1` on `b();`, which Codex raised and mends, while Gemini judges.
    fn new(codex: &Value, gemini: &Value) -> Self {
        let repo = Repo::with_topic(&[("src/a.rs", "fn a() {}\n"), ("tests/a.rs", "fn t() {}\n")]);
        repo.write("src/a.rs", TEXT);
        repo.commit("Call b");
        store_round(&repo, &[finding("I1", "src/a.rs", (2, 2), "")], &[("src/a.rs", TEXT)]);
        // What is installed here has no part in it.
        let mut config = "[fix]\nformat = false\n".to_owned();
        for (name, label, answer) in [("codex", "Codex", codex), ("gemini", "Gemini", gemini)] {
            let file = repo.beside(&format!("{name}.json"));
            std::fs::write(&file, answer.to_string()).unwrap();
            let path = file.display();
            config.push_str(&format!("[agents.{name}]\nadapter = 'recorded'\nlabel = '{label}'\npath = '{path}'\n"));
        }
        let file = repo.beside("config.toml");
        std::fs::write(&file, config).unwrap();
        Self { file: repo.path().join("src/a.rs"), repo, config: file }
    }

    async fn serve(&self, capabilities: Value) -> TestServer {
        let mut server =
            TestServer::configured(&[self.repo.path()], capabilities, quiet(), Some(self.config.clone())).await;
        server.settled().await;
        server
    }
}

fn mends(diff: &str, files: &Value) -> Value {
    json!({ "answers": {
        "fix": { "summary": "Call c", "diff": diff, "files": files },
        "ask": { "answer": "Yes, by `main`." },
    } })
}

fn judges(gone: bool) -> Value {
    json!({ "answers": { "judge": { "gone": gone, "reason": "b is called", "new": [] } } })
}

async fn fix(server: &mut TestServer, argument: Value) -> Value {
    let params = json!({ "command": "deepReview.fix", "arguments": [argument], "workDoneToken": "command" });
    let id = server.send("workspace/executeCommand", params).await;
    server.answer(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_mended_and_the_edit_is_to_be_confirmed() {
    let bed = Bed::new(&mends(DIFF, &json!([])), &judges(true));
    let mut server = bed.serve(able()).await;
    server.open(&bed.file, TEXT).await;
    server.change(&bed.file, 2, &format!("// typed\n{TEXT}")).await;
    let titles =
        |actions: &[Value]| actions.iter().map(|a| a["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let offered = server.actions(&bed.file, 2, &["quickfix"]).await;
    let offer = offered.iter().find(|a| a["title"] == "Have Codex write a fix of I1").expect("an offer");
    assert_eq!(offer["command"]["command"], "deepReview.fix");
    let answer = fix(&mut server, offer["command"]["arguments"][0].clone()).await["result"].clone();
    assert_eq!(answer["applied"], true, "{answer}");
    let proof = "placed, parses, Gemini agrees (not checked: no check is configured for it)";
    assert_eq!(
        answer["attempts"][0],
        json!({ "label": "I1", "by": "Codex", "proven": true, "proof": proof, "consents": [] })
    );
    let asked = server.last("workspace/applyEdit");
    assert_eq!(asked["label"], "Fix I1");
    let change = &asked["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 2);
    assert_eq!(
        (&change["edits"][0]["range"]["start"]["line"], &change["edits"][0]["newText"]),
        (&json!(2), &json!("    c();\n"))
    );
    let annotation = &asked["edit"]["changeAnnotations"]["deepReview.0"];
    assert_eq!(annotation["needsConfirmation"], true);
    assert!(annotation["label"].as_str().unwrap().contains(proof), "{annotation}");
    assert_eq!(std::fs::read_to_string(&bed.file).unwrap(), TEXT, "the editor writes, and nobody else");
    // Whether it is taken or not, it is among the finding's fixes from now on.
    for _ in 0..200 {
        let now = titles(&server.actions(&bed.file, 2, &["quickfix"]).await);
        if now.iter().any(|title| title.starts_with("Apply fix: Call c [placed, parses, Gemini agrees")) {
            break;
        }
        server.synced().await;
    }
    let now = titles(&server.actions(&bed.file, 2, &["quickfix"]).await);
    assert!(now[0].starts_with("Apply fix: Call c [placed, parses, Gemini agrees"), "{now:?}");
    server.balanced().await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_changes_nothing_and_says_why() {
    for (mends, judges, why) in [
        (mends(DIFF, &json!([])), judges(false), "Gemini does not agree: the finding is still there (b is called)"),
        (mends("", &json!([])), judges(true), "it changed nothing: Call c"),
        (mends(&DIFF.replace("src/a.rs", ".git/config"), &json!([".git/config"])), judges(true), "was not taken"),
        (mends(&DIFF.replace("c();", "c(;"), &json!([])), judges(true), "src/a.rs does not parse with it"),
    ] {
        let bed = Bed::new(&mends, &judges);
        let mut server = bed.serve(able()).await;
        let answer = fix(&mut server, json!({ "id": "I1" })).await;
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(message.contains(why), "{message}");
        assert_eq!(server.last("workspace/applyEdit"), Value::Null);
        assert_eq!(std::fs::read_to_string(&bed.file).unwrap(), TEXT);
        server.balanced().await;
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_preview_nothing_is_applied_that_was_not_agreed_to() {
    let test = "--- a/tests/a.rs\n+++ b/tests/a.rs\n@@ -1,1 +1,1 @@\n-fn t() {}\n+fn t() { let _ = 1; }\n";
    let bed = Bed::new(&mends(&[DIFF, test].concat(), &json!(["tests/a.rs"])), &judges(true));
    let mut capabilities = able();
    capabilities["workspace"]["workspaceEdit"].as_object_mut().unwrap().remove("changeAnnotationSupport");
    let mut server = bed.serve(capabilities).await;
    for (argument, applied) in [
        (json!({ "id": "I1" }), false),
        (json!({ "id": "I1", "apply": true }), false),
        (json!({ "id": "I1", "apply": true, "allowTestEdits": true, "dryRun": true }), false),
        (json!({ "id": "I1", "apply": true, "allowTestEdits": true }), true),
    ] {
        let answer = fix(&mut server, argument.clone()).await["result"].clone();
        assert_eq!(answer["applied"], applied, "{argument}: {answer}");
        assert_eq!(answer["attempts"][0]["consents"], json!(["tests/a.rs"]));
        assert_eq!(server.last("workspace/applyEdit") != Value::Null, applied);
        if !applied {
            let said = server.messages.pop_front().expect("a word");
            assert!(said.contains("the fix of I1 by Codex is proven: placed"), "{said}");
        }
    }
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_under_way_can_be_cancelled_in_both_ways() {
    let hangs = json!({ "answers": { "fix": {} }, "check": { "hang": true } });
    for by_command in [true, false] {
        let bed = Bed::new(&hangs, &judges(true));
        let mut server = bed.serve(able()).await;
        let params = json!({ "command": "deepReview.fix", "arguments": [{ "id": "I1" }], "workDoneToken": "command" });
        let id = server.send("workspace/executeCommand", params).await;
        server.until("its progress", |s| s.progress.contains_key("deep-review/1/1")).await;
        if by_command {
            assert_eq!(server.command("deepReview.cancel", json!({})).await["cancelled"], 1);
        } else {
            server.notify("window/workDoneProgress/cancel", json!({ "token": "deep-review/1/1" })).await;
        }
        let answer = server.answer(id).await;
        assert!(answer["error"]["message"].as_str().is_some_and(|m| m.contains("cancel")), "{answer}");
        assert_eq!(std::fs::read_to_string(&bed.file).unwrap(), TEXT);
        server.balanced().await;
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_and_kept_with_the_finding() {
    let bed = Bed::new(&mends(DIFF, &json!([])), &judges(true));
    let mut server = bed.serve(able()).await;
    let ask = |question: &str| json!({ "id": "I1", "question": question });
    let answer = server.command("deepReview.ask", ask("Is it reachable?")).await;
    assert_eq!(answer, json!({ "label": "I1", "by": "codex", "answer": "Yes, by `main`." }));
    server.synced().await;
    let written = std::mem::take(&mut server.answering);
    assert!(!written.is_empty() && written.iter().all(|text| "Yes, by `main`.".starts_with(text)), "{written:?}");
    assert_eq!(server.command("deepReview.ask", ask("Always?")).await["by"], "codex");
    assert_eq!(server.refusal("deepReview.ask", ask("  ")).await, "the question is empty");
    assert!(server.refusal("deepReview.ask", json!({ "id": "I9", "question": "?" })).await.contains("I9"));
    let report = server.command("deepReview.showReport", json!({ "format": "markdown" })).await;
    let text = report["text"].as_str().unwrap();
    for said in ["Is it reachable?", "Yes, by `main`.", "Always?"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let known = server.request("deepReview/findings", json!({ "explained": true })).await;
    let thread = &known["repositories"][0]["findings"][0]["thread"];
    assert_eq!(thread[0], json!({ "text": "Is it reachable?" }));
    assert_eq!(thread[1], json!({ "by": "Codex", "text": "Yes, by `main`." }));
    assert_eq!(thread.as_array().map(Vec::len), Some(4), "{thread}");
    let explained = server.request("deepReview/explain", json!({ "id": "I1" })).await;
    let text = explained["markdown"].as_str().unwrap();
    assert!(text.contains("> **Asked**: Is it reachable?\n\n> **Codex**: Yes, by `main`."), "{text}");
    server.balanced().await;
    assert!(server.finish().await);
}
