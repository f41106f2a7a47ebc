//! What a person sees and does.

use super::harness::{Repo, TestServer, finding, store_round, uri};
use serde_json::json;

const TEXT: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    c();\n }\n";

fn repo() -> Repo {
    let repo = Repo::with_topic(&[("src/a.rs", TEXT), ("b.rs", TEXT)]);
    let mut disputed = finding("C1", "b.rs", (2, 2), "");
    disputed["anchors"] = json!([
        { "path": "b.rs", "lines": { "start": 2, "end": 2 } },
        { "path": "src/a.rs", "lines": { "start": 2, "end": 2 } },
    ]);
    disputed["attributions"] = json!([
        { "agent": "codex", "severity": "critical", "raw": "codex:2" },
        { "agent": "gemini", "severity": "important", "raw": "gemini:1" },
    ]);
    disputed["dispute"] = json!("Codex: Critical, Gemini: Important → Critical");
    disputed["related"] = json!(["id-I1"]);
    disputed["rule"] = json!({ "id": "CWE-79", "url": "https://cwe.mitre.org/data/definitions/79.html" });
    let nowhere = json!({
        "id": "id-S1", "label": "S1", "severity": "suggestion", "title": "Whole branch", "confidence": 0.1,
        "attributions": [{ "agent": "codex", "severity": "suggestion", "raw": "codex:3" }],
    });
    let findings = [disputed, finding("I1", "src/a.rs", (6, 6), FIX), finding("S2", "b.rs", (0, 0), ""), nowhere];
    store_round(&repo, &findings, &[("src/a.rs", TEXT), ("b.rs", TEXT)]);
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_round_is_shown_in_files_that_are_not_open() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    let (a, b) = (repo.path().join("src/a.rs"), repo.path().join("b.rs"));
    assert_eq!(server.list(&a), [("I1".into(), 5, 5)]);
    assert_eq!(server.list(&b), [("C1".into(), 1, 1), ("S2".into(), 0, 0)]);
    let shown = &server.shown[&uri(&b)]["diagnostics"][0];
    assert_eq!(shown["source"], "deep-review · Codex, Gemini");
    assert_eq!(shown["severity"], 1);
    assert_eq!(shown["message"], "Title of C1");
    assert_eq!(shown["codeDescription"]["href"], "https://cwe.mitre.org/data/definitions/79.html");
    assert_eq!(shown["data"]["id"], "id-C1");
    let related = shown["relatedInformation"].as_array().unwrap();
    let told: Vec<_> = related.iter().map(|r| (r["message"].as_str().unwrap(), r["location"]["uri"].clone())).collect();
    assert_eq!(
        told,
        [
            ("also here", json!(uri(&a))),
            ("related: I1 Title of I1", json!(uri(&a))),
            ("Codex: Critical, Gemini: Important → Critical", json!(uri(&b))),
        ]
    );
    let findings = server.request("deepReview/findings", json!({})).await;
    let repository = &findings["repositories"][0];
    assert_eq!(repository["branch"], "topic");
    assert_eq!(repository["round"]["verdict"], "Rework");
    let fixable: Vec<_> = repository["findings"].as_array().unwrap().iter().map(|f| f["fixable"].clone()).collect();
    assert_eq!(fixable, [json!(false), json!(true), json!(false), json!(false)]);
    assert!(repository["findings"][3].get("uri").is_none(), "what has no place has no address");
    assert!(repository["findings"][0].get("explanation").is_none(), "only where it is asked for");
    let explained = server.request("deepReview/findings", json!({ "explained": true })).await;
    let explanation = explained["repositories"][0]["findings"][0]["explanation"].as_str().unwrap();
    for part in ["Codex (Critical), Gemini (Important)", "See also I1", "Rule: CWE-79"] {
        assert!(explanation.contains(part), "{part} is not in {explanation}");
    }
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_move_with_edits_are_closed_by_their_fix_and_come_back_with_undo() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    server.edit(&file, 2, [0, 0, 0, 0], "// new\n").await;
    server.synced().await;
    assert_eq!(server.list(&file), [("I1".into(), 6, 6)]);
    assert_eq!(server.shown[&uri(&file)]["version"], 2);
    // Its own line changes.
    server.edit(&file, 3, [6, 4, 6, 5], "bb").await;
    server.synced().await;
    let message = server.shown[&uri(&file)]["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("changed since the review"), "{message}");
    // Its fix is in.
    server.edit(&file, 4, [6, 4, 6, 6], "c").await;
    server.synced().await;
    assert_eq!(server.list(&file), []);
    let state = |findings: &serde_json::Value| findings["repositories"][0]["findings"][1]["state"].clone();
    assert_eq!(state(&server.request("deepReview/findings", json!({})).await), "fixed");
    // Undone.
    server.edit(&file, 5, [6, 4, 6, 5], "b").await;
    server.synced().await;
    assert_eq!(server.list(&file), [("I1".into(), 6, 6)]);
    // Deleted, and closed without saving: what is on disk counts.
    server.change(&file, 6, "").await;
    server.synced().await;
    assert_eq!(server.list(&file), []);
    assert_eq!(state(&server.request("deepReview/findings", json!({})).await), "outdated");
    server.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(&file) } })).await;
    server.until("the file on disk", |s| s.list(&file) == [("I1".to_owned(), 5, 5)]).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn which_findings_are_the_users_is_said_where_it_is_asked_for() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    let file = repo.path().join("src/a.rs");
    server.open(&file, TEXT).await;
    // A line that is not even saved yet, at one of the places of C1; all else is Ada's.
    repo.git(&["config", "user.email", "bo@example.org"]);
    server.edit(&file, 2, [1, 4, 1, 5], "mine").await;
    server.synced().await;
    let rows = async |server: &mut TestServer, mine: bool| {
        let answer = server.request("deepReview/findings", json!({ "mine": mine })).await;
        answer["repositories"][0].clone()
    };
    let asked = rows(&mut server, true).await;
    let said = |of: &serde_json::Value| -> Vec<_> {
        let all = of["findings"].as_array().unwrap().iter();
        all.map(|finding| (finding["label"].as_str().unwrap().to_owned(), finding["mine"].as_bool())).collect()
    };
    let expected = [("C1", Some(true)), ("I1", Some(false)), ("S2", Some(false)), ("S1", Some(true))];
    assert_eq!(said(&asked), expected.map(|(label, mine)| (label.to_owned(), mine)), "S1 is about the whole branch");
    assert!(said(&rows(&mut server, false).await).iter().all(|(_, mine)| mine.is_none()), "not worked out for nothing");
    repo.git(&["config", "user.email", ""]);
    let unknown = rows(&mut server, true).await;
    let why = unknown["mineUnknown"].as_str().unwrap();
    assert!(why.contains("git has no user.email here") && why.contains("`git config user.email"), "{why}");
    assert!(said(&unknown).iter().all(|(_, mine)| mine.is_none()));
    assert!(server.finish().await);
}

/// Changes a line of both files.
const BOTH: &str = "--- a/a.rs\n+++ b/a.rs\n@@ -1,3 +1,3 @@\n fn one() {\n-    a();\n+    z();\n }\n--- a/b.rs\n+++ b/b.rs\n@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    z();\n }\n";
/// Changes a line of the other file only, and makes a new one.
const OTHERS: &str = "--- a/b.rs\n+++ b/b.rs\n@@ -1,3 +1,3 @@\n fn one() {\n-    a();\n+    y();\n }\n--- /dev/null\n+++ b/new.rs\n@@ -0,0 +1 @@\n+fn new() {}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_over_several_files_closes_its_finding_when_all_of_it_is_there() {
    let (a, b) = (TEXT.replace("a();", "z();"), TEXT.replace("b();", "z();"));
    let other = TEXT.replace("a();", "y();");
    for are_open in [false, true] {
        let repo = Repo::with_topic(&[("a.rs", TEXT), ("b.rs", TEXT)]);
        let findings = [finding("I1", "a.rs", (2, 2), BOTH), finding("S1", "a.rs", (5, 5), OTHERS)];
        store_round(&repo, &findings, &[("a.rs", TEXT), ("b.rs", TEXT)]);
        let files = ["a.rs", "b.rs"].map(|name| repo.path().join(name));
        let mut server = TestServer::of(&repo).await;
        if are_open {
            for file in &files {
                server.open(file, TEXT).await;
            }
        }
        for (step, (texts, new, left)) in [
            ([TEXT, TEXT], false, &["I1", "S1"][..]),
            ([&a, TEXT], false, &["I1", "S1"]),
            ([&a, &b], false, &["S1"]),
            ([TEXT, &b], false, &["I1", "S1"]),
            ([TEXT, &other], false, &["I1", "S1"]),
            ([TEXT, &other], true, &["I1"]),
            ([&a, &TEXT.replace("a();", "y();").replace("b();", "z();")], true, &[]),
            ([TEXT, TEXT], false, &["I1", "S1"]),
        ]
        .into_iter()
        .enumerate()
        {
            for (file, text) in files.iter().zip(texts) {
                if are_open {
                    server.change(file, i32::try_from(step).unwrap() + 2, text).await;
                } else {
                    std::fs::write(file, text).unwrap();
                }
            }
            let added = repo.path().join("new.rs");
            if new {
                std::fs::write(added, "fn new() {}\n").unwrap();
            } else if added.exists() {
                std::fs::remove_file(added).unwrap();
            }
            server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
            let codes = |s: &TestServer| s.list(&files[0]).into_iter().map(|(code, ..)| code).collect::<Vec<_>>();
            server.until(&format!("step {step}, {left:?}, open: {are_open}"), |s| codes(s) == left).await;
        }
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_is_offered_where_it_applies_and_refused_with_a_reason() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    server.edit(&file, 2, [0, 0, 0, 0], "// new\n").await;
    let actions = server.actions(&file, 6, &["quickfix"]).await;
    let titles: Vec<_> = actions.iter().map(|a| a["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Apply fix: Title of I1 (Codex)",
            "Have Codex write a fix of I1",
            "Dismiss I1: it is not true",
            "Dismiss I1: it is true and stays",
            "Dismiss I1: it will be done later",
            "Make I1 Critical",
            "Make I1 Suggestion",
            "Ask its agents about I1 again",
            "Show I1 in the report",
        ]
    );
    assert!(actions[0].get("edit").is_none(), "the edit comes later");
    assert!(actions[0].get("isPreferred").is_none(), "one agent alone is not enough");
    let resolved = server.request("codeAction/resolve", actions[0].clone()).await;
    let change = &resolved["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": uri(&file), "version": 2 }));
    let start = json!({ "line": 6, "character": 0 });
    assert_eq!(change["edits"][0]["range"]["start"], start);
    assert_eq!(change["edits"][0]["newText"], "    c();\n");
    let all = server.actions(&file, 0, &["source.fixAll"]).await;
    assert_eq!(all[0]["title"], "Apply 1 fixes of deep-review");
    // The code that it changes is edited.
    server.edit(&file, 3, [6, 4, 6, 7], "other()").await;
    let actions = server.actions(&file, 6, &["quickfix"]).await;
    assert_eq!(actions[0]["disabled"]["reason"], "the code that the fix changes was edited since the review");
    assert!(server.refusal("deepReview.applyFix", json!({ "id": "I1" })).await.contains("edited since the review"));
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissal_is_remembered_and_taken_back() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    server.command("deepReview.dismiss", json!({ "id": "I1", "reason": "wont-fix", "text": "on purpose" })).await;
    server.until("it to go", |s| s.list(&file).is_empty()).await;
    assert!(server.finish().await);
    let mut server = TestServer::of(&repo).await;
    assert_eq!(server.list(&file), []);
    server.command("deepReview.reopen", json!({ "id": "I1" })).await;
    server.until("it to come back", |s| s.list(&file) == [("I1".to_owned(), 5, 5)]).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_severity_that_is_given_is_shown_at_once_and_holds() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let severity = |server: &TestServer| -> Option<serde_json::Value> {
        let all = server.shown.get(&uri(&file))?["diagnostics"].as_array()?;
        all.iter().find(|d| d["code"] == "I1").map(|d| d["severity"].clone())
    };
    server.until("it to be shown", |s| severity(s) == Some(json!(2))).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    let titles: Vec<&str> = actions.iter().filter_map(|a| a["title"].as_str()).collect();
    assert!(titles.contains(&"Make I1 Critical") && titles.contains(&"Make I1 Suggestion"), "{titles:?}");
    let grave = json!({ "id": "I1", "severity": "critical", "reason": "everybody meets it" });
    server.command("deepReview.severity", grave).await;
    server.until("it to be graver", |s| severity(s) == Some(json!(1))).await;
    let at = json!({ "textDocument": { "uri": uri(&file) }, "position": { "line": 5, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await["contents"]["value"].as_str().unwrap().to_owned();
    assert!(hover.contains("**I1 · Critical**"), "{hover}");
    assert!(hover.contains("Severity set by a person, was Important: everybody meets it"), "{hover}");
    assert!(server.finish().await);
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    server.until("it to be as it was left", |s| severity(s) == Some(json!(1))).await;
    server.command("deepReview.severity", json!({ "id": "I1", "severity": "important" })).await;
    server.until("it to be as agents say", |s| severity(s) == Some(json!(2))).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_argument_is_refused_with_what_to_do() {
    let repo = repo();
    let mut server = TestServer::of(&repo).await;
    for (command, argument, says) in [
        ("deepReview.applyFix", json!({}), "missing field `id`"),
        ("deepReview.applyFix", json!({ "id": "I9" }), "has no finding 'I9'"),
        ("deepReview.applyFix", json!({ "id": "C1" }), "no agent suggested one"),
        ("deepReview.dismiss", json!({ "id": "I1", "reason": "bored" }), "unknown variant `bored`"),
        ("deepReview.review", json!({ "root": "/nowhere" }), "no repository of this workspace"),
        ("deepReview.review", json!({ "scope": "all" }), "unknown field `scope`"),
        ("deepReview.join", json!({ "ids": ["I1"] }), "two or more"),
        ("deepReview.split", json!({ "id": "I1" }), "nothing to split"),
        ("deepReview.showReport", json!({ "format": "docx" }), "unknown format 'docx'"),
        ("deepReview.showReport", json!({ "round": "77" }), "there is no round '77'"),
        ("deepReview.importReport", json!({}), "name the reviews to import"),
        ("deepReview.nonsense", json!({}), "there is no command"),
    ] {
        let refusal = server.refusal(command, argument.clone()).await;
        assert!(refusal.contains(says), "{command} {argument}: {refusal}");
    }
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn hover_lens_rounds_and_report_tell_of_the_round() {
    let repo = repo();
    let file = repo.path().join("b.rs");
    let mut server = TestServer::of(&repo).await;
    let at = json!({ "textDocument": { "uri": uri(&file) }, "position": { "line": 1, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await["contents"]["value"].as_str().unwrap().to_owned();
    assert!(hover.contains("**C1 · Critical**") && hover.contains("Codex (Critical), Gemini (Important)"), "{hover}");
    let lenses = server.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri(&file) } })).await;
    let titles: Vec<_> = lenses.as_array().unwrap().iter().map(|l| l["command"]["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Review round 1: 1 Critical, 1 Suggestion", "Review again", "one: 1 finding: Title of C1"]);
    assert_eq!(lenses[2]["range"]["start"]["line"], 0, "at the head of the function, not at the finding");
    let rounds = server.command("deepReview.rounds", json!({ "uri": uri(repo.path()) })).await;
    assert_eq!(rounds, server.command("deepReview.rounds", json!({ "uri": uri(&file) })).await);
    assert_eq!(rounds["rounds"][0]["counts"], json!({ "critical": 1, "important": 1, "suggestion": 2 }));
    let report = server.command("deepReview.showReport", json!({ "id": "I1", "show": true })).await;
    assert_eq!(report["shown"], true);
    let path = crate::protocol::uri::file_path(&report["uri"].as_str().unwrap().parse().unwrap()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, report["text"].as_str().unwrap());
    server.open(&path, &text).await;
    let links = server.request("textDocument/documentLink", json!({ "textDocument": { "uri": uri(&path) } })).await;
    let link = links.as_array().unwrap().iter().find(|l| l["target"].as_str().unwrap().ends_with("src/a.rs#L6"));
    assert_eq!(link.unwrap_or_else(|| panic!("{links:#}"))["tooltip"], "Title of I1");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_branch_shows_its_own_findings() {
    let repo = repo();
    let file = repo.path().join("src/a.rs");
    let mut server = TestServer::of(&repo).await;
    assert_eq!(server.list(&file), [("I1".into(), 5, 5)]);
    repo.checkout("main");
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    server.until("nothing of topic", |s| s.list(&file).is_empty()).await;
    repo.checkout("topic");
    server.until("topic's findings", |s| s.list(&file) == [("I1".to_owned(), 5, 5)]).await;
    // A file written outside of the editor, and a round made elsewhere.
    repo.write("src/a.rs", format!("//\n{TEXT}"));
    server.until("the written file", |s| s.list(&file) == [("I1".to_owned(), 6, 6)]).await;
    store_round(&repo, &[finding("I7", "src/a.rs", (1, 1), "")], &[("src/a.rs", TEXT)]);
    server.until("the new round", |s| s.list(&file) == [("I7".to_owned(), 1, 1)]).await;
    assert!(server.finish().await);
}
