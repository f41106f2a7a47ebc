//! What is looked at without being checked out: read-only documents with a round of their own.

use super::harness::{TestServer, quiet};
use super::reviews::{AFTER, BEFORE, Bed, FIX, finding, review};
use crate::protocol::uri::visited_root;
use serde_json::{Value, json};
use std::path::PathBuf;

const NEW: &str = "fn helper() -> u32 {\n    7\n}\n";

/// A branch that is not checked out; one of the files that it adds is in the work tree too.
fn bed() -> Bed {
    let mut there = finding("suggestion", "Seven once more", 2, "");
    there["places"][0]["path"] = json!("src/helper.rs");
    let bed = Bed::new().agent("codex", "Codex", &[finding("important", "Why seven", 7, FIX), there], &json!({}));
    bed.repo.write("src/helper.rs", NEW);
    bed.repo.commit("Help");
    bed.repo.checkout("main");
    bed.repo.write("src/helper.rs", NEW);
    bed
}

async fn text(server: &mut TestServer, uri: &Value) -> String {
    let answer = server.request("deepReview/text", json!({ "uri": uri })).await;
    answer["text"].as_str().unwrap().to_owned()
}

async fn row(server: &mut TestServer, root: &str) -> Value {
    let answer = server.request("deepReview/findings", json!({})).await;
    let rows = answer["repositories"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["root"] == root).unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_read_and_reviewed_without_being_checked_out() {
    let bed = bed();
    let mut server = bed.serve(quiet()).await;
    let opened = server.command("deepReview.open", json!({ "target": "topic" })).await;
    assert_eq!((opened["root"].as_str(), opened["title"].as_str()), (Some("deep-review:/topic"), Some("topic")));
    let files = opened["files"].as_array().unwrap();
    let of = |name: &str| files.iter().find(|file| file["path"] == name).unwrap();
    let (main, helper) = (of("src/main.rs"), of("src/helper.rs"));
    assert_eq!(main["uri"], "deep-review://topic/src/main.rs");
    assert!(helper["uri"].as_str().unwrap().starts_with("file://"), "the work tree has it as it is there");
    assert_eq!(helper["baseUri"], Value::Null);
    assert_eq!(text(&mut server, &main["uri"]).await, AFTER);
    assert_eq!(text(&mut server, &main["baseUri"]).await, BEFORE);

    let reviewed = review(&mut server, json!({ "root": opened["root"] })).await;
    assert_eq!(reviewed["number"], 1);
    server.synced().await;
    let document: PathBuf = visited_root("topic").join("src/main.rs");
    assert_eq!(server.list(&document), [("I1".to_owned(), 6, 6)]);
    let here = bed.repo.path().join("src/helper.rs");
    assert_eq!(server.list(&here), [("S1".to_owned(), 1, 1)]);
    let shown = row(&mut server, "deep-review:/topic").await;
    assert_eq!((shown["target"].as_str(), shown["findings"].as_array().unwrap().len()), (Some("topic"), 2));
    // What is checked out has no round.
    let checked_out = row(&mut server, shown["of"].as_str().unwrap()).await;
    assert_eq!((checked_out["branch"].as_str(), &checked_out["round"]), (Some("main"), &Value::Null));

    server.open(&document, AFTER).await;
    let at = json!({ "textDocument": { "uri": main["uri"] }, "position": { "line": 6, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await.to_string();
    assert!(hover.contains("Why seven"), "{hover}");
    let at = json!({ "textDocument": { "uri": helper["uri"] }, "position": { "line": 1, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await.to_string();
    assert!(hover.contains("Seven once more"), "{hover}");
    // Nothing is changed that is not checked out.
    let fix = server.actions(&document, 6, &[]).await.iter().map(Value::to_string).collect::<String>();
    assert!(fix.contains("check it out first"), "{fix}");
    let refused = server.refusal("deepReview.applyFix", json!({ "id": "I1", "root": opened["root"] })).await;
    assert!(refused.contains("src/main.rs is not checked out as it was reviewed"), "{refused}");

    // Decided as anywhere, and the work tree's own text is followed.
    server.command("deepReview.dismiss", json!({ "id": "I1", "root": opened["root"], "reason": "later" })).await;
    server.open(&here, NEW).await;
    server.change(&here, 2, &format!("// first\n{NEW}")).await;
    server.synced().await;
    assert_eq!((server.list(&document), server.list(&here)), (vec![], vec![("S1".to_owned(), 2, 2)]));

    server.command("deepReview.close", json!({ "root": opened["root"] })).await;
    server.synced().await;
    assert_eq!(server.list(&here), []);
    let gone = server.send("deepReview/text", json!({ "uri": main["uri"] })).await;
    assert!(server.answer(gone).await.to_string().contains("not looked at any more"));
    // Its round is found again.
    server.command("deepReview.open", json!({ "target": "topic" })).await;
    server.until("its round", |s| !s.list(&here).is_empty()).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_checked_out_and_what_is_looked_at_are_shown_on_one_file() {
    let bed = bed();
    bed.repo.git(&["switch", "-q", "-c", "other"]);
    bed.repo.commit("The same helper");
    let mut server = bed.serve(quiet()).await;
    let here = bed.repo.path().join("src/helper.rs");
    // The recorded agent says the same of both; the other file's remark is not in this change.
    review(&mut server, json!({})).await;
    server.synced().await;
    assert_eq!(server.list(&here).len(), 1);
    let opened = server.command("deepReview.open", json!({ "target": "topic" })).await;
    review(&mut server, json!({ "root": opened["root"] })).await;
    server.synced().await;
    assert_eq!(server.list(&here).len(), 2);
    server.command("deepReview.close", json!({ "root": opened["root"] })).await;
    server.synced().await;
    assert_eq!(server.list(&here).len(), 1);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_checked_out_by_one_command_and_never_over_what_is_not_committed() {
    let bed = bed();
    bed.repo.remove("src/helper.rs");
    let mut server = bed.serve(quiet()).await;
    let opened = server.command("deepReview.open", json!({ "target": "topic" })).await;
    let of = |more: Value| {
        let mut argument = json!({ "root": opened["root"] });
        argument.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        argument
    };
    let beside = server.command("deepReview.checkOut", of(json!({ "worktree": true }))).await;
    let folder = PathBuf::from(beside["folder"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("src/main.rs")).unwrap(), AFTER);
    bed.repo.git(&["worktree", "remove", "--force", &folder.to_string_lossy()]);

    bed.repo.write("other.txt", "tracked\n");
    bed.repo.git(&["add", "other.txt"]);
    let dirty = server.command("deepReview.checkOut", of(json!({}))).await;
    assert_eq!(dirty, json!({ "dirty": 1 }));
    assert_eq!(bed.repo.read("src/main.rs"), BEFORE);
    let done = server.command("deepReview.checkOut", of(json!({ "carryChanges": true }))).await;
    assert_eq!(done, json!({ "branch": "topic" }));
    assert_eq!((bed.repo.read("src/main.rs").as_str(), bed.repo.read("other.txt").as_str()), (AFTER, "tracked\n"));
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_targets_have_documents_too_and_what_is_none_is_refused() {
    let bed = bed();
    bed.repo.write("src/main.rs", "fn main() {}\n");
    bed.repo.git(&["add", "src/main.rs"]);
    bed.repo.write("src/main.rs", "fn main() { 1 }\n");
    let mut server = bed.serve(quiet()).await;
    for (target, title, root, new) in [
        ("--staged", "staged changes", "deep-review:/staged", "fn main() {}\n"),
        ("commit:topic~1", "Ask first", "deep-review:/commit-topic-1", AFTER),
        ("main..topic", "main..topic", "deep-review:/main--topic", AFTER),
    ] {
        let opened = server.command("deepReview.open", json!({ "target": target })).await;
        assert!(opened["title"].as_str().unwrap().ends_with(title), "{opened}");
        assert_eq!(opened["root"], root);
        let files = opened["files"].as_array().unwrap();
        let main = files.iter().find(|file| file["path"] == "src/main.rs").unwrap();
        assert_eq!(text(&mut server, &main["uri"]).await, new, "{target}");
        assert_eq!(text(&mut server, &main["baseUri"]).await, BEFORE, "{target}");
    }
    for (target, why) in
        [("nowhere", "is no branch, tag or commit"), ("pr:x", "by its number"), ("patch:a.diff", "command line")]
    {
        let refused = server.refusal("deepReview.open", json!({ "target": target })).await;
        assert!(refused.contains(why), "{target}: {refused}");
    }
    let refused = server.refusal("deepReview.open", json!({ "target": "pr:7" })).await;
    assert!(refused.contains("remote"), "{refused}");
    let listed = server.send("deepReview/pullRequests", json!({})).await;
    assert!(server.answer(listed).await["error"]["message"].as_str().unwrap().contains("remote"));
    let commits = server.request("deepReview/commits", json!({})).await;
    assert_eq!(commits["commits"].as_array().unwrap().len(), 1, "{commits}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_said_on_the_pull_request_stands_beside_and_with_what_agents_say() {
    let bed = bed();
    bed.repo.remove("src/helper.rs");
    bed.repo.checkout("topic");
    let git = git::Repository::discover(bed.repo.path()).unwrap();
    let comment = |author: &str, text: &str, line: u32| {
        json!({ "author": author, "text": text, "url": "https://example.org/c",
                "anchor": { "path": "src/main.rs", "lines": { "start": line, "end": line } } })
    };
    let mut done = comment("cid", "Ask first.", 1);
    done["at"] = json!("2026-03-20T00:00:00Z");
    done["resolved"] = json!({ "by": "ann", "at": "2026-03-21T00:00:00Z" });
    let now = serde_json::from_value(json!({
        "schema": 1, "at": "2026-03-23T16:13:34Z", "pull_request": { "number": 7, "title": "Ask", "author": "ann" },
        "feedback": [comment("ann", "Why seven? A seven is returned here.", 7), comment("bob", "Name it `main_loop`.\n\nPlease.", 1)],
        "resolved": [done],
    }))
    .unwrap();
    store::Store::of(git.common_dir()).branch(Some("topic")).keep_pull_request(&now).unwrap();
    let mut server = bed.serve(quiet()).await;
    let file = bed.repo.path().join("src/main.rs");
    // Nobody has reviewed, and people have spoken all the same.
    server.until("what people said", |s| s.messages_of(&file).len() == 3).await;
    review(&mut server, json!({})).await;
    server.synced().await;
    let mut said = server.messages_of(&file);
    said.sort();
    let wanted =
        ["Ask first. (resolved by ann on 2026-03-21)", "Name it `main_loop`.", "Why seven (ann on #7 said the same)"];
    assert_eq!(said, wanted);
    server.open(&file, AFTER).await;
    server.change(&file, 2, &format!("// first\n{AFTER}")).await;
    server.synced().await;
    let lines: Vec<u64> = server.list(&file).iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [7, 1, 1], "all follow their lines");
    let first =
        json!({ "textDocument": { "uri": super::harness::uri(&file) }, "position": { "line": 1, "character": 0 } });
    let hover = server.request("textDocument/hover", first).await.to_string();
    assert!(hover.contains("(2026-03-20, resolved by ann on 2026-03-21)"), "{hover}");
    let at =
        json!({ "textDocument": { "uri": super::harness::uri(&file) }, "position": { "line": 7, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await.to_string();
    assert!(hover.contains("**ann on \\\\#7** said the same") || hover.contains("said the same"), "{hover}");
    server.settings = json!({ "review": { "auto": "off" }, "show": { "pullRequestComments": false } });
    server.notify("workspace/didChangeConfiguration", json!({ "settings": null })).await;
    server.until("our own alone", |s| s.messages_of(&file) == ["Why seven"]).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_start_by_themselves_with_whom_the_user_names_and_within_what_they_may_cost() {
    let bed = Bed::new().agent(
        "codex",
        "Codex",
        &[finding("important", "Why seven", 7, "")],
        &json!({ "usage": { "cost_usd": 0.25 } }),
    );
    let background = json!({ "on": "commit", "agents": ["codex"], "maxCostPerHour": 0.1 });
    let options = json!({ "review": { "auto": "off" }, "background": background });
    let mut server = bed.serve(options.clone()).await;
    server.until("it is watched", |s| s.logged.iter().any(|line| line.contains("at each commit"))).await;
    bed.repo.write("src/main.rs", format!("// more\n{AFTER}"));
    bed.repo.commit("More");
    server.until("a line", |s| !s.messages.is_empty()).await;
    assert_eq!(
        server.messages.pop_front().unwrap(),
        "deep-review: topic round 1: 0 critical, 1 important, 0 suggestions"
    );
    // Another editor does not review the same once more.
    let mut other = bed.serve(options).await;
    other.until("why not", |s| s.logged.iter().any(|line| line.contains("is watched already"))).await;
    assert!(other.finish().await);
    bed.repo.write("src/main.rs", format!("// and more\n{AFTER}"));
    bed.repo.commit("And more");
    server.until("what was spent", |s| s.logged.iter().any(|line| line.contains("$0.25 were spent"))).await;
    assert!(server.messages.is_empty());
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_checked_out_has_threads_explanations_and_a_report() {
    let bed = bed();
    // The agent answers questions too.
    let file = bed.repo.beside("codex.json");
    let mut agent: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    agent["answers"] = json!({ "ask": { "answer": "Yes, by `main`." } });
    std::fs::write(&file, agent.to_string()).unwrap();
    let mut server = bed.serve(quiet()).await;
    let opened = server.command("deepReview.open", json!({ "target": "topic" })).await;
    let root = opened["root"].as_str().unwrap();
    review(&mut server, json!({ "root": root })).await;
    server.synced().await;
    let document = visited_root("topic").join("src/main.rs");
    assert_eq!(server.list(&document), [("I1".to_owned(), 6, 6)]);
    let asked = json!({ "id": "I1", "root": root, "question": "Is it reachable?" });
    assert_eq!(server.command("deepReview.ask", asked).await["by"], "codex");
    // What was said is read from the store like everything that others may have written meanwhile.
    let (thread, of) = loop {
        let changes = server.changes;
        let known = server.request("deepReview/findings", json!({ "explained": true })).await;
        let rows = known["repositories"].as_array().unwrap();
        let visit = rows.iter().find(|row| row["root"] == root).unwrap();
        let finding = visit["findings"].as_array().unwrap().iter().find(|finding| finding["label"] == "I1").unwrap();
        if finding["thread"].as_array().is_some_and(|thread| !thread.is_empty()) {
            break (finding["thread"].clone(), visit["of"].as_str().unwrap().to_owned());
        }
        server.until("the thread", |s| s.changes > changes).await;
    };
    assert_eq!(thread, json!([{ "text": "Is it reachable?" }, { "by": "Codex", "text": "Yes, by `main`." }]));
    let explained = server.request("deepReview/explain", json!({ "id": "I1", "root": root })).await;
    let text = explained["markdown"].as_str().unwrap();
    assert!(text.contains("Why seven") && text.contains("> **Codex**: Yes, by `main`."), "{text}");
    let at =
        json!({ "textDocument": { "uri": super::harness::uri(&document) }, "position": { "line": 6, "character": 4 } });
    server.open(&document, AFTER).await;
    let hover = server.request("textDocument/hover", at).await.to_string();
    assert!(hover.contains("Yes, by `main`."), "{hover}");
    for (format, parts) in [
        ("markdown", &["Why seven", "Seven once more", "Is it reachable?", "| **Branch** | `topic`"][..]),
        ("html", &["Why seven", "Is it reachable?"]),
    ] {
        let report = server.command("deepReview.showReport", json!({ "root": root, "format": format })).await;
        let text = report["text"].as_str().unwrap();
        assert!(parts.iter().all(|part| text.contains(part)), "{format}: {text}");
    }
    // What is checked out has no round, so no report either.
    let refused = server.refusal("deepReview.showReport", json!({ "root": of })).await;
    assert!(refused.contains("no round"), "{refused}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_start_by_themselves_at_each_push_and_each_pause() {
    let told = |round: u32| format!("deep-review: topic round {round}: 0 critical, 1 important, 0 suggestions");
    for (on, word) in [("push", "at each push"), ("pause", "at each pause in typing")] {
        let bed = Bed::new().agent("codex", "Codex", &[finding("important", "Why seven", 7, "")], &json!({}));
        let tip = |name: &str| bed.repo.git(&["update-ref", "refs/remotes/origin/topic", name]);
        bed.repo.git(&["config", "remote.origin.url", "https://example.org/o/r.git"]);
        bed.repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
        tip("main");
        let background = json!({ "on": on, "agents": ["codex"], "pause": 0 });
        let mut server = bed.serve(json!({ "review": { "auto": "off" }, "background": background })).await;
        server.until("it is watched", |s| s.logged.iter().any(|line| line.contains(word))).await;
        for round in 1..3 {
            let file = bed.repo.path().join("src/main.rs");
            std::fs::write(&file, format!("// {round}\n{AFTER}")).unwrap();
            if on == "push" {
                bed.repo.commit("More");
                // That it was committed is not enough.
                server.synced().await;
                assert!(server.messages.is_empty());
                tip("topic");
            }
            server.until("a line", |s| !s.messages.is_empty()).await;
            assert_eq!(server.messages.pop_front().unwrap(), told(round), "{on}");
        }
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_checked_out_is_seen_where_references_are_in_a_reftable() {
    // An older git makes none.
    let Some(repo) = test_repo::Repo::in_form(&["--ref-format=reftable"]) else { return };
    let repo = repo.started(&[("src/main.rs", BEFORE)]);
    repo.write("src/main.rs", AFTER);
    repo.commit("Ask first");
    let mut bed = Bed::new();
    bed.file = repo.path().join("src/main.rs");
    bed.repo = repo;
    let bed = bed.agent("codex", "Codex", &[finding("important", "Why seven", 7, FIX)], &json!({}));
    let mut server = bed.serve(quiet()).await;
    review(&mut server, json!({})).await;
    server.synced().await;
    assert_eq!(server.list(&bed.file).len(), 1);
    bed.repo.checkout("main");
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    server.until("nothing on main", |s| s.list(&bed.file).is_empty()).await;
    bed.repo.checkout("topic");
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    server.until("its round again", |s| s.list(&bed.file).len() == 1).await;
    assert!(server.finish().await);
}
