//! What is offered for a finding, and as what kind of edit.

use super::harness::{Repo, TestServer, able, finding, quiet, store_round, uri};
use serde_json::{Value, json};

const TEXT: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    c();\n }\n";
const FIX_ONE: &str = "@@ -1,3 +1,3 @@\n fn one() {\n-    a();\n+    c();\n }\n";

fn repo(findings: &[Value]) -> Repo {
    let repo = Repo::with_topic(&[("a.rs", TEXT), ("b.rs", TEXT)]);
    store_round(&repo, findings, &[("a.rs", TEXT), ("b.rs", TEXT)]);
    repo
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|a| a["title"].as_str().unwrap()).filter(|t| t.starts_with("Apply")).collect()
}

/// The edits of an action, worked out now.
async fn edit(server: &mut TestServer, action: &Value) -> Value {
    server.request("codeAction/resolve", action.clone()).await["edit"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_exact_fixes_that_two_agree_on_or_a_check_proposes_are_preferred() {
    for (by, diff, preferred) in [
        (json!(["codex"]), FIX, false),
        (json!(["codex", "gemini"]), FIX, true),
        (json!(["ruff"]), FIX, true),
        // The context is not what is there: it is found, but not exactly.
        (json!(["codex", "gemini"]), "@@ -5,3 +5,3 @@\n fn  two()  {\n-    b();\n+    c();\n }\n", false),
    ] {
        let mut one = finding("I1", "a.rs", (6, 6), diff);
        one["fixes"][0]["by"] = by.clone();
        // That a check raised the finding does not make another's fix its own.
        one["attributions"] = json!([
            { "agent": "codex", "severity": "important", "raw": "codex:1" },
            { "agent": "ruff", "severity": "important", "raw": "ruff:1" },
        ]);
        let repo = Repo::with_topic(&[("a.rs", TEXT)]);
        store_round(&repo, &[one], &[("a.rs", TEXT)]);
        super::harness::rewrite_round(&repo, |round| {
            round["agents"].as_array_mut().unwrap().push(json!({
                "agent": { "name": "ruff", "label": "ruff", "kind": "linter" }, "outcome": { "outcome": "reviewed" },
            }));
        });
        let mut server = TestServer::of(&repo).await;
        let file = repo.path().join("a.rs");
        server.open(&file, TEXT).await;
        let actions = server.actions(&file, 5, &["quickfix"]).await;
        let fix = actions.iter().find(|a| a["title"].as_str().unwrap().starts_with("Apply fix")).unwrap();
        assert_eq!(fix.get("isPreferred").is_some(), preferred, "{by} {diff:?}: {fix}");
        assert!(actions.iter().all(|a| a["title"] == fix["title"] || a.get("isPreferred").is_none()));
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alternatives_and_one_action_for_all_places() {
    let mut places = finding("I1", "a.rs", (6, 6), FIX);
    places["anchors"] = json!([
        { "path": "a.rs", "lines": { "start": 6, "end": 6 } },
        { "path": "b.rs", "lines": { "start": 2, "end": 2 } },
    ]);
    let other = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    d();\n }\n";
    places["fixes"] = json!([
        { "diff": FIX, "by": ["codex"] },
        { "diff": other, "by": ["gemini"] },
        { "path": "b.rs", "diff": FIX_ONE, "by": ["codex"] },
    ]);
    let repo = repo(&[places]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    assert_eq!(
        titles(&actions),
        [
            "Apply fix: Title of I1 (Codex)",
            "Apply another fix: Title of I1 (Gemini)",
            "Apply another fix: Title of I1 (Codex)",
            "Apply this fix at all 2 places of I1",
        ]
    );
    let all = edit(&mut server, &actions[3]).await;
    let changes = all["documentChanges"].as_array().unwrap();
    assert_eq!(changes[0]["textDocument"], json!({ "uri": uri(&file), "version": 1 }));
    assert_eq!(changes[0]["edits"][0]["newText"], "    c();\n", "the first of the alternatives");
    assert_eq!(changes[1]["textDocument"], json!({ "uri": uri(&repo.path().join("b.rs")), "version": null }));
    // A change in a file that is not the finding's own is to be confirmed.
    let annotation = changes[1]["edits"][0]["annotationId"].as_str().unwrap();
    assert_eq!(all["changeAnnotations"][annotation]["needsConfirmation"], true);
    assert_eq!(all["changeAnnotations"][annotation]["label"], "a change in another file");
    assert!(changes[0]["edits"][0].get("annotationId").is_none());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_of_several_files_asks_before_it_changes_the_others() {
    let both = format!(
        "--- a/a.rs\n+++ b/a.rs\n{FIX}--- a/b.rs\n+++ b/b.rs\n{FIX_ONE}--- /dev/null\n+++ b/new.rs\n@@ -0,0 +1 @@\n+new\n"
    );
    let repo = repo(&[finding("I1", "a.rs", (6, 6), &both)]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    let edit = edit(&mut server, &actions[0]).await;
    let changes = edit["documentChanges"].as_array().unwrap();
    let created = changes.iter().find(|c| c["kind"] == "create").unwrap();
    assert_eq!(created["uri"], uri(&repo.path().join("new.rs")));
    for change in changes {
        let of = change["textDocument"]["uri"].as_str().or(change["uri"].as_str()).unwrap();
        let id = change.get("annotationId").or(change["edits"][0].get("annotationId"));
        assert_eq!(id.is_some(), of != uri(&file), "{change}");
    }
    assert!(server.finish().await);
    // A client that knows neither annotations nor new files gets what it can take, or the reason.
    let mut simple = able();
    simple["workspace"]["workspaceEdit"] = json!({});
    let mut server = TestServer::start(&[repo.path()], simple, quiet()).await;
    server.settled().await;
    let refused = server.refusal("deepReview.applyFix", json!({ "id": "I1" })).await;
    assert!(refused.contains("the editor cannot create new.rs; use `deep-review apply`"), "{refused}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_whose_place_is_not_certain_asks_first_and_is_never_one_of_all() {
    let elided = "@@ -1,7 +1,7 @@\n fn one() {\n ...\n fn two() {\n-    b();\n+    c();\n }\n";
    let mut agreed = finding("I1", "a.rs", (6, 6), elided);
    agreed["fixes"][0]["by"] = json!(["codex", "gemini"]);
    let repo = repo(&[agreed]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    assert!(actions[0].get("isPreferred").is_none(), "{}", actions[0]);
    let edit = edit(&mut server, &actions[0]).await;
    let annotation = edit["documentChanges"][0]["edits"][0]["annotationId"].as_str().unwrap();
    let annotation = edit["changeAnnotations"][annotation].clone();
    assert_eq!(
        (&annotation["needsConfirmation"], &annotation["label"]),
        (&json!(true), &json!("the place of the fix is not certain"))
    );
    let refused = server.refusal("deepReview.fixAll", json!({})).await;
    assert!(refused.ends_with("I1: its place is not certain; name it to apply it all the same"), "{refused}");
    assert!(server.actions(&file, 5, &["source.fixAll"]).await.is_empty());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_lazy_edits_disabled_actions_or_document_changes() {
    let unfit = "@@ -5,3 +5,3 @@\n fn nine() {\n-    z();\n+    c();\n }\n";
    let repo = repo(&[finding("I1", "a.rs", (6, 6), FIX), finding("I2", "a.rs", (2, 2), unfit)]);
    let file = repo.path().join("a.rs");
    let mut simple = able();
    simple["textDocument"]["codeAction"] =
        json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
    simple["workspace"]["workspaceEdit"] = json!({});
    let mut server = TestServer::start(&[repo.path()], simple, quiet()).await;
    server.settled().await;
    server.open(&file, TEXT).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    assert_eq!(actions[0]["edit"]["changes"][&uri(&file)][0]["newText"], "    c();\n");
    let refused = server.actions(&file, 1, &["quickfix"]).await;
    assert!(titles(&refused).is_empty(), "what cannot be shown as disabled is left out");
    assert!(server.finish().await);
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let refused = server.actions(&file, 1, &["quickfix"]).await;
    assert!(refused[0]["disabled"]["reason"].is_string(), "{}", refused[0]);
    // Other kinds are not asked for.
    assert!(server.actions(&file, 5, &["refactor"]).await.is_empty());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_names_another_file_never_changes_this_one() {
    let mut wrong = finding("I1", "a.rs", (6, 6), FIX);
    wrong["fixes"][0]["path"] = json!("b.rs");
    let repo = repo(&[wrong]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    server.open(&file, TEXT).await;
    let actions = server.actions(&file, 5, &["quickfix"]).await;
    let edit = edit(&mut server, &actions[0]).await;
    let changes = edit["documentChanges"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["textDocument"]["uri"], uri(&repo.path().join("b.rs")));
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_write_is_inert_wherever_it_is_shown() {
    let mut evil = finding("I1", "a.rs", (6, 6), "");
    evil["title"] = json!("Click\u{1b}[31m [here](command:evil) <img src=x>\u{202e}");
    evil["body"] = json!(
        "See [this](command:workbench.action.quit) and <script>alert(1)</script>. ![who](https://e.org/looks.png) \
         ![r]\n\n[r]: https://e.org/r.png"
    );
    let repo = repo(&[evil]);
    let file = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    let message = server.messages_of(&file)[0].clone();
    assert!(!message.contains(['\u{1b}', '\u{202e}']), "{message:?}");
    let at = json!({ "textDocument": { "uri": uri(&file) }, "position": { "line": 5, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await["contents"]["value"].as_str().unwrap().to_owned();
    assert!(hover.contains("this") && !hover.contains(['\u{1b}', '\u{202e}']), "{hover:?}");
    for event in pulldown_cmark::Parser::new(&hover) {
        use pulldown_cmark::{Event, Tag};
        let live = match &event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. }) => true,
            Event::Start(Tag::Link { dest_url, .. }) => !dest_url.starts_with("https://"),
            _ => false,
        };
        assert!(!live, "{event:?} in {hover:?}");
    }
    assert!(server.finish().await);
}
