//! Folders, repositories, files that move, encodings and settings.

use super::harness::{Repo, TestServer, able, finding, quiet, store_round, uri};
use serde_json::{Value, json};

const TEXT: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";

fn repo(label: &str) -> Repo {
    let repo = Repo::with_topic(&[("a.rs", TEXT)]);
    store_round(&repo, &[finding(label, "a.rs", (6, 6), "")], &[("a.rs", TEXT)]);
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn several_folders_show_each_its_own_repository() {
    let (one, two) = (repo("I1"), repo("C1"));
    let mut server = TestServer::start(&[one.path(), two.path()], able(), quiet()).await;
    let (a, b) = (one.path().join("a.rs"), two.path().join("a.rs"));
    server.until("both", |s| s.list(&a).len() == 1 && s.list(&b).len() == 1).await;
    assert_eq!((server.list(&a)[0].0.as_str(), server.list(&b)[0].0.as_str()), ("I1", "C1"));
    let refused = server.refusal("deepReview.review", json!({})).await;
    assert!(refused.starts_with("several repositories are open (") && !refused.contains('`'), "{refused}");
    let rounds = server.command("deepReview.rounds", json!({ "uri": uri(&b) })).await;
    assert_eq!(rounds["rounds"][0]["counts"]["critical"], 1);
    // A folder that leaves takes its findings along, one that comes brings them.
    let folder = json!({ "uri": uri(two.path()), "name": "two" });
    let change = |added: Value, removed: Value| json!({ "event": { "added": added, "removed": removed } });
    server.notify("workspace/didChangeWorkspaceFolders", change(json!([]), json!([folder]))).await;
    server.until("the second to go", |s| s.list(&b).is_empty()).await;
    server.notify("workspace/didChangeWorkspaceFolders", change(json!([folder]), json!([]))).await;
    server.until("the second again", |s| s.list(&b).len() == 1).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_becomes_a_repository_is_one_without_a_restart_and_what_keeps_it_from_that_is_said_once() {
    let other = repo("I1");
    let folder = other.beside("plain");
    let file = folder.join("src").join("a.rs");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, TEXT).unwrap();
    let mut server = TestServer::start(&[other.path(), &folder], able(), quiet()).await;
    server.open(&file, TEXT).await;
    server.settled().await;
    assert_eq!(server.status().await.len(), 1);
    assert!(server.messages.is_empty(), "a folder without a repository is no mistake: {:?}", server.messages);

    // One that this program cannot open, which is there at once.
    let made = other.beside("made");
    other.git_in(other.path(), &["init", "-q", "-b", "main", made.to_str().unwrap()]);
    let config = std::fs::read_to_string(made.join(".git").join("config")).unwrap();
    let newer = config.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
    let newer = format!("{newer}[extensions]\n\tfromTheFuture = true\n");
    std::fs::write(made.join(".git").join("config"), newer).unwrap();
    std::fs::rename(made.join(".git"), folder.join(".git")).unwrap();
    server.until("what is wrong", |s| !s.messages.is_empty()).await;
    assert!(server.messages[0].contains("'fromthefuture'"), "{:?}", server.messages);
    std::fs::write(folder.join(".git").join("config"), config).unwrap();
    let mut rows = server.status().await;
    while rows.len() < 2 {
        let changes = server.changes;
        server.until("the repository", |s| s.changes > changes).await;
        rows = server.status().await;
    }
    assert_eq!(std::mem::take(&mut server.messages).len(), 1, "said once");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_repositories_and_worktrees_are_told_apart() {
    let outer = repo("I1");
    let inner = outer.path().join("inner");
    outer.git_in(outer.path(), &["init", "-q", "-b", "main", "inner"]);
    outer.configure(&inner);
    std::fs::write(inner.join("a.rs"), TEXT).unwrap();
    outer.git_in(&inner, &["add", "-A"]);
    outer.git_in(&inner, &["commit", "-q", "-m", "Start"]);
    let tree = outer.beside("tree");
    outer.git_in(outer.path(), &["worktree", "add", "-q", tree.to_str().unwrap(), "-b", "other"]);
    let mut server = TestServer::start(&[outer.path()], able(), quiet()).await;
    server.settled().await;
    // Opening a file in the inner one, and one in the worktree, finds each its own repository.
    server.open(&inner.join("a.rs"), TEXT).await;
    server.open(&tree.join("a.rs"), TEXT).await;
    loop {
        let changes = server.changes;
        let rows = server.status().await;
        if rows.len() == 3 && rows.iter().all(|r| r.get("branch").is_some()) {
            let mut branches: Vec<&str> = rows.iter().map(|r| r["branch"].as_str().unwrap()).collect();
            branches.sort_unstable();
            assert_eq!(branches, ["main", "other", "topic"]);
            break;
        }
        server.until("the repositories", |s| s.changes > changes).await;
    }
    assert_eq!(server.list(&outer.path().join("a.rs")).len(), 1);
    assert_eq!(server.list(&inner.join("a.rs")), []);
    assert_eq!(server.list(&tree.join("a.rs")), [], "another branch has its own rounds");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_go_with_a_file_that_is_renamed_and_come_back_with_one_that_was_deleted() {
    let repo = repo("I1");
    let (old, new) = (repo.path().join("a.rs"), repo.path().join("src/moved.rs"));
    let mut server = TestServer::of(&repo).await;
    server.open(&old, TEXT).await;
    // As an editor renames: the file moves, the document is closed and opened under its new name.
    std::fs::create_dir_all(new.parent().unwrap()).unwrap();
    std::fs::rename(&old, &new).unwrap();
    server.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(&old) } })).await;
    server.open(&new, TEXT).await;
    let files = json!({ "files": [{ "oldUri": uri(&old), "newUri": uri(&new) }] });
    server.notify("workspace/didRenameFiles", files).await;
    server.until("the finding at its new place", |s| s.list(&new) == [("I1".to_owned(), 5, 5)]).await;
    assert_eq!(server.list(&old), []);
    // It is live there.
    server.edit(&new, 2, [0, 0, 0, 0], "// new\n").await;
    server.until("it to move", |s| s.list(&new) == [("I1".to_owned(), 6, 6)]).await;
    let hover = json!({ "textDocument": { "uri": uri(&new) }, "position": { "line": 6, "character": 5 } });
    assert!(server.request("textDocument/hover", hover).await["contents"]["value"].is_string());
    server.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(&new) } })).await;
    server.until("what is on disk", |s| s.list(&new) == [("I1".to_owned(), 5, 5)]).await;
    assert!(server.finish().await);
    // A server that is started afterwards sees the same.
    let mut server = TestServer::of(&repo).await;
    server.until("the finding at its new place", |s| s.list(&new) == [("I1".to_owned(), 5, 5)]).await;
    // Deleted in the editor, and restored.
    std::fs::remove_file(&new).unwrap();
    server.notify("workspace/didDeleteFiles", json!({ "files": [{ "uri": uri(&new) }] })).await;
    server.until("nothing", |s| s.list(&new).is_empty() && s.list(&old).is_empty()).await;
    repo.write("a.rs", TEXT);
    server.until("it again", |s| s.list(&old) == [("I1".to_owned(), 5, 5)]).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_no_files_are_ignored() {
    let repo = repo("I1");
    let mut server = TestServer::of(&repo).await;
    let pushed = server.pushed.len();
    for uri in ["untitled:Untitled-1", "git:/a.rs?HEAD", "vscode-notebook-cell:/a.rs#1"] {
        let item = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": TEXT });
        server.notify("textDocument/didOpen", json!({ "textDocument": item })).await;
        let change = json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": "" }] });
        server.notify("textDocument/didChange", change).await;
        let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 5, "character": 4 } });
        assert_eq!(server.request("textDocument/hover", at).await, Value::Null);
        let lenses = server.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } })).await;
        assert_eq!(lenses, json!([]));
        server.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    }
    assert_eq!(server.pushed.len(), pushed);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_counted_as_agreed() {
    let text = "x\r\n\té𝄞e\u{301} = 1;\r\n";
    for (offered, kind, start, end) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 1, 1 + 2 + 4 + 3 + 5),
        (json!(["utf-16"]), "utf-16", 1, 1 + 1 + 2 + 2 + 5),
        (json!(["utf-32", "utf-8"]), "utf-32", 1, 1 + 1 + 1 + 2 + 5),
    ] {
        let repo = Repo::with_topic(&[("a.txt", text)]);
        store_round(&repo, &[finding("I1", "a.txt", (2, 2), "")], &[("a.txt", text)]);
        let file = repo.path().join("a.txt");
        let mut able = able();
        able["general"]["positionEncodings"] = offered;
        let mut server = TestServer::start(&[repo.path()], able, quiet()).await;
        assert_eq!(server.result["capabilities"]["positionEncoding"], kind);
        server.settled().await;
        let range = server.shown[&uri(&file)]["diagnostics"][0]["range"].clone();
        assert_eq!((&range["start"]["character"], &range["end"]["character"]), (&json!(start), &json!(end)), "{kind}");
        // An edit behind the pair lands where it is meant.
        server.open(&file, text).await;
        server.edit(&file, 2, [1, end - 2, 1, end - 1], "23").await;
        server.edit(&file, 3, [1, end - 2, 1, end], "1").await;
        server.synced().await;
        let shown = server.shown[&uri(&file)]["diagnostics"][0].clone();
        assert_eq!(shown["range"]["end"]["character"], json!(end), "{kind}: as long as before");
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_hold_for_all_or_for_one_folder() {
    let (one, two) = (repo("I1"), repo("I1"));
    let (a, b) = (one.path().join("a.rs"), two.path().join("a.rs"));
    let mut server = TestServer::start(&[one.path(), two.path()], able(), quiet()).await;
    let own = json!({ "review": { "auto": "off" }, "severity": { "important": "hint" } });
    server.folder_settings.insert(uri(two.path()), own);
    server.notify("workspace/didChangeConfiguration", json!({ "settings": null })).await;
    let severity = |s: &TestServer, file: &std::path::Path| {
        s.shown.get(&uri(file)).map(|p| p["diagnostics"][0]["severity"].clone())
    };
    server.until("the second's own", |s| severity(s, &b) == Some(json!(4))).await;
    server.until("the first's", |s| severity(s, &a) == Some(json!(2))).await;
    // For all, from a client that sends them; severities are the user's to choose.
    let all = json!({ "review": { "auto": "off" }, "severity": { "important": "error" } });
    server.notify("workspace/didChangeConfiguration", json!({ "settings": { "deepReview": all } })).await;
    server.until("the change", |s| severity(s, &a) == Some(json!(1))).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dial_hides_is_in_no_view_and_counted_in_all() {
    let repo = Repo::with_topic(&[("a.rs", TEXT), ("b.rs", TEXT)]);
    let mut unsure = finding("I2", "b.rs", (2, 2), "");
    unsure["confidence"] = json!(0.1);
    let findings = [
        finding("I1", "a.rs", (2, 2), ""),
        unsure,
        finding("S1", "a.rs", (6, 6), ""),
        finding("S2", "b.rs", (6, 6), ""),
    ];
    store_round(&repo, &findings, &[("a.rs", TEXT), ("b.rs", TEXT)]);
    let user = repo.beside("user.toml");
    std::fs::write(&user, "max_suggestions = 1\n").unwrap();
    let mut server = TestServer::configured(&[repo.path()], able(), quiet(), Some(user.clone())).await;
    let (a, b) = (repo.path().join("a.rs"), repo.path().join("b.rs"));
    let labels = |s: &TestServer, file: &std::path::Path| -> String {
        s.list(file).into_iter().map(|(label, ..)| label).collect::<Vec<_>>().join(" ")
    };
    // As it is configured.
    server.until("the best suggestion alone", |s| labels(s, &a) == "I1 S1" && labels(s, &b) == "I2").await;
    let list = server.request("deepReview/findings", json!({})).await["repositories"][0].clone();
    assert_eq!(list["hidden"], "1 finding is not shown: 1 over max_suggestions");
    let rows = |list: &Value| list["findings"].as_array().unwrap().len();
    assert_eq!((rows(&list), &list["round"]["verdict"]), (3, &server.status().await[0]["round"]["verdict"]));
    // One that is no longer open makes room for the next, in another file.
    server.command("deepReview.dismiss", json!({ "id": "S1", "reason": "wont-fix" })).await;
    server.until("the next suggestion", |s| labels(s, &a) == "I1" && labels(s, &b) == "I2 S2").await;
    // The client's own settings go before.
    let dial = json!({ "review": { "auto": "off" }, "show": { "minSeverity": "important", "minConfidence": 0.2 } });
    server.notify("workspace/didChangeConfiguration", json!({ "settings": { "deepReview": dial } })).await;
    server.until("what is important and sure", |s| labels(s, &a) == "I1" && labels(s, &b).is_empty()).await;
    let status = server.status().await[0].clone();
    assert_eq!(status["hidden"], "2 findings are not shown: 1 below min_severity, 1 below min_confidence");
    assert_eq!(status["open"], json!({ "critical": 0, "important": 1, "suggestion": 0 }));
    server.open(&b, TEXT).await;
    let at = json!({ "textDocument": { "uri": uri(&b) }, "position": { "line": 1, "character": 4 } });
    assert_eq!(server.request("textDocument/hover", at).await, Value::Null);
    let lenses = server.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri(&b) } })).await;
    assert!(lenses.to_string().contains("Review round 1: 2 not shown"), "{lenses}");
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 6, "character": 0 } });
    let params = json!({ "textDocument": { "uri": uri(&b) }, "range": range, "context": { "diagnostics": [] } });
    let actions = server.request("textDocument/codeAction", params).await;
    assert_eq!(actions, json!([]), "what is not shown offers nothing");
    // The configuration is read again when it is written.
    let quiet_again = json!({ "settings": { "deepReview": quiet() } });
    server.notify("workspace/didChangeConfiguration", quiet_again).await;
    std::fs::write(&user, "# all of them\n").unwrap();
    server.until("all that is open", |s| labels(s, &a) == "I1" && labels(s, &b) == "I2 S2").await;
    assert_eq!(server.status().await[0].get("hidden"), None);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn severities_tags_places_and_the_report_as_the_protocol_has_them() {
    let repo = Repo::with_topic(&[("a.rs", TEXT)]);
    let mut unused = finding("S1", "a.rs", (2, 2), "");
    unused["rule"] = json!({ "id": "rustc/dead_code", "url": "javascript:alert(1)" });
    let mut old = finding("I1", "a.rs", (6, 6), "");
    old["rule"] = json!({ "id": "deprecated-call" });
    store_round(&repo, &[finding("C1", "a.rs", (0, 0), ""), old, unused], &[("a.rs", TEXT)]);
    let concern = |kind: &str| {
        json!({ "kind": kind, "title": format!("A {kind}"), "body": "", "by": ["codex"],
                "anchors": [{ "path": "a.rs", "lines": { "start": 5, "end": 5 } }] })
    };
    super::harness::rewrite_round(&repo, |round| {
        round["observations"] = json!([concern("concern-in-scope"), concern("strength")]);
    });
    let a = repo.path().join("a.rs");
    let mut server = TestServer::of(&repo).await;
    let shown = server.shown[&uri(&a)]["diagnostics"].as_array().unwrap().clone();
    let row = |d: &Value| {
        let tags: Vec<u64> = d["tags"].as_array().map_or(vec![], |t| t.iter().map(|t| t.as_u64().unwrap()).collect());
        (
            d["code"].as_str().unwrap().to_owned(),
            d["severity"].as_u64().unwrap(),
            d["range"]["start"]["line"].as_u64().unwrap(),
            tags,
        )
    };
    let rows: Vec<_> = shown.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            ("C1".to_owned(), 1, 0, vec![]),
            ("I1".into(), 2, 5, vec![2]),
            ("S1".into(), 3, 1, vec![1]),
            ("design".into(), 4, 4, vec![]),
        ]
    );
    // The code leads to the finding in the report, once a file of the round is open; never to a script.
    server.open(&a, TEXT).await;
    server.until("the report", |s| s.shown[&uri(&a)]["diagnostics"][0].get("codeDescription").is_some()).await;
    let shown = server.shown[&uri(&a)]["diagnostics"].as_array().unwrap().clone();
    for diagnostic in &shown[..3] {
        let href = diagnostic["codeDescription"]["href"].as_str().unwrap();
        let (report, line) = href.split_once("#L").unwrap();
        let path = crate::protocol::uri::file_path(&report.parse().unwrap()).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let heading = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        assert!(heading.starts_with('#') && heading.contains(diagnostic["code"].as_str().unwrap()), "{heading}");
    }
    assert!(server.finish().await);
}
