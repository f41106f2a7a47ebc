//! What becomes of findings when the branch under them is rewritten: they stay with their code or are closed, and are
//! never shown at another line.

use super::harness::{Repo, TestServer, finding, store_round, uri};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

const BASE: &str = "fn one() {\n    a();\n}\n";
const TOPIC: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";

/// A branch that adds `two` to a file, reviewed: `I1` is in what it adds, `S1` in what was there.
struct Bed {
    repo: Repo,
    file: PathBuf,
    /// The text of the open document.
    buffer: Option<String>,
    version: i32,
}

impl Bed {
    fn new() -> Self {
        let repo = Repo::with_topic(&[("a.rs", BASE), ("other.rs", "fn other() {}\n")]);
        repo.write("a.rs", TOPIC);
        repo.commit("Add two");
        store_round(&repo, &[finding("I1", "a.rs", (6, 6), ""), finding("S1", "a.rs", (2, 2), "")], &[("a.rs", TOPIC)]);
        let file = repo.path().join("a.rs");
        Self { repo, file, buffer: None, version: 1 }
    }

    /// A commit on `main`, with nothing changed here.
    fn on_main(&self, path: &str, text: &str) {
        self.repo.checkout("main");
        self.repo.write(path, text);
        self.repo.commit("Meanwhile");
        self.repo.checkout("topic");
    }

    async fn open(&mut self, server: &mut TestServer) {
        let text = self.repo.read("a.rs");
        server.open(&self.file, &text).await;
        self.buffer = Some(text);
    }

    /// As an editor does after git wrote files: it says so, and takes the open one anew if it was changed.
    async fn reload(&mut self, server: &mut TestServer) {
        server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
        let text = self.repo.read("a.rs");
        if self.buffer.as_ref().is_some_and(|buffer| *buffer != text) {
            self.version += 1;
            server.change(&self.file, self.version, &text).await;
            self.buffer = Some(text);
        }
    }

    /// Waits until this is shown, and stays.
    async fn shows(&self, server: &mut TestServer, expected: &[(&str, u64)]) {
        let list = |s: &TestServer| -> Vec<(String, u64)> {
            s.list(&self.file).into_iter().map(|(code, line, _)| (code, line)).collect()
        };
        let expected: Vec<(String, u64)> = expected.iter().map(|(code, line)| ((*code).to_owned(), *line)).collect();
        server.until(&format!("{expected:?}"), |s| list(s) == expected).await;
        server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
        server.synced().await;
        assert_eq!(list(server), expected, "it stays so");
    }
}

/// Every line at which a finding was shown since the list number `from`.
fn lines_of(server: &TestServer, from: usize, code: &str) -> BTreeSet<u64> {
    let all = server.pushed[from..].iter().flat_map(|p| p["diagnostics"].as_array().unwrap());
    all.filter(|d| d["code"] == code).map(|d| d["range"]["start"]["line"].as_u64().unwrap()).collect()
}

async fn states(server: &mut TestServer) -> Vec<(String, String)> {
    let answer = server.request("deepReview/findings", json!({})).await;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let findings = answer["repositories"][0]["findings"].as_array().unwrap();
    findings.iter().map(|f| (text(&f["label"]), text(&f["state"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_stay_with_their_code_through_a_rebase() {
    // What main got meanwhile, and where the findings are then.
    let cases = [
        ("other.rs", "fn other() { }\n".to_owned(), 5, 1),
        ("a.rs", format!("// a\n// b\n{BASE}"), 7, 3),
        // The same code, above: the finding does not jump to it.
        ("a.rs", format!("fn two() {{\n    b();\n}}\n\n{BASE}"), 9, 5),
        ("a.rs", format!("fn zero() {{\n    b();\n}}\n\n{BASE}"), 9, 5),
    ];
    for (path, text, first, second) in cases {
        for is_open in [false, true] {
            let mut bed = Bed::new();
            bed.on_main(path, &text);
            let mut server = TestServer::of(&bed.repo).await;
            if is_open {
                bed.open(&mut server).await;
            }
            bed.shows(&mut server, &[("I1", 5), ("S1", 1)]).await;
            let from = server.pushed.len();
            bed.repo.git(&["rebase", "-q", "main"]);
            bed.reload(&mut server).await;
            bed.shows(&mut server, &[("I1", first), ("S1", second)]).await;
            let seen = (lines_of(&server, from, "I1"), lines_of(&server, from, "S1"));
            assert!(seen.0.is_subset(&[5, first].into()) && seen.1.is_subset(&[1, second].into()), "{text}: {seen:?}");
            assert!(server.finish().await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebase_that_stops_shows_nothing_until_it_is_over() {
    let mut bed = Bed::new();
    bed.on_main("a.rs", "fn one() {\n    a();\n}\n\nfn three() {}\n");
    let mut server = TestServer::of(&bed.repo).await;
    let from = server.pushed.len();
    let rebase = bed.repo.try_git_in(bed.repo.path(), &["rebase", "-q", "main"]);
    assert!(!rebase.status.success(), "both add something at the end");
    bed.reload(&mut server).await;
    // HEAD is on no branch, of which nothing is known.
    bed.shows(&mut server, &[]).await;
    bed.repo.git(&["rebase", "--abort"]);
    bed.reload(&mut server).await;
    bed.shows(&mut server, &[("I1", 5), ("S1", 1)]).await;
    // Again, and brought to an end by hand.
    let _ = bed.repo.try_git_in(bed.repo.path(), &["rebase", "-q", "main"]);
    bed.repo.write("a.rs", "fn one() {\n    a();\n}\n\nfn three() {}\n\nfn two() {\n    b();\n}\n");
    bed.repo.git(&["add", "-A"]);
    bed.repo.git(&["-c", "core.editor=true", "rebase", "--continue"]);
    bed.reload(&mut server).await;
    bed.shows(&mut server, &[("I1", 7), ("S1", 1)]).await;
    // Also while both versions stood in the file (line 8), the finding was with its code if it was shown at all.
    let seen = lines_of(&server, from, "I1");
    assert!(seen.is_subset(&[5, 7, 8].into()), "{seen:?}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_reset_closes_what_it_takes_away_and_back_again_opens_it() {
    for is_open in [false, true] {
        let mut bed = Bed::new();
        let mut server = TestServer::of(&bed.repo).await;
        if is_open {
            bed.open(&mut server).await;
        }
        bed.shows(&mut server, &[("I1", 5), ("S1", 1)]).await;
        let (from, tip) = (server.pushed.len(), bed.repo.head());
        bed.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
        bed.reload(&mut server).await;
        bed.shows(&mut server, &[("S1", 1)]).await;
        let expected = [("I1".to_owned(), "outdated".to_owned()), ("S1".to_owned(), "open".to_owned())];
        assert_eq!(states(&mut server).await, expected, "closed, because its code is gone");
        bed.repo.git(&["reset", "-q", "--hard", &tip]);
        bed.reload(&mut server).await;
        bed.shows(&mut server, &[("I1", 5), ("S1", 1)]).await;
        assert_eq!(lines_of(&server, from, "I1"), [5].into());
        assert!(server.finish().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amended_commit_marks_what_it_changed() {
    let mut bed = Bed::new();
    let mut server = TestServer::of(&bed.repo).await;
    bed.repo.write("a.rs", TOPIC.replace("b()", "bb()"));
    bed.repo.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
    bed.reload(&mut server).await;
    let touched = "Title of I1 (the code was changed since the review)";
    server.until("the mark", |s| s.messages_of(&bed.file).first().is_some_and(|m| m == touched)).await;
    bed.shows(&mut server, &[("I1", 5), ("S1", 1)]).await;
    assert_eq!(server.shown[&uri(&bed.file)]["diagnostics"][1]["message"], "Title of S1");
    assert!(server.finish().await);
}
