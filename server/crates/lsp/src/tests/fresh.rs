//! Whatever was done, what is shown is what a server shows that starts now.

use super::harness::{Repo, TestServer, finding, store_round, uri};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const TEXTS: [(&str, &str); 2] = [
    ("a.rs", "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n\nfn three() {\n    c();\n}\n"),
    ("b.rs", "struct B;\n\nimpl B {\n    fn f(&self) {}\n}\n"),
];
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    z();\n }\n";
/// Over both files.
const BOTH: &str = "--- a/a.rs\n+++ b/a.rs\n@@ -1,3 +1,3 @@\n fn one() {\n-    a();\n+    z();\n }\n--- a/b.rs\n+++ b/b.rs\n@@ -3,3 +3,3 @@\n impl B {\n-    fn f(&self) {}\n+    z();\n }\n";

/// What a person may do.
#[derive(Debug, Clone)]
enum Step {
    Open(usize),
    /// Replaces the lines from the first on, as many as the second says, by one of the texts.
    Edit(usize, u32, u32, usize),
    Undo(usize),
    /// The statement of a fix, put in where it belongs.
    Fix(usize, usize),
    /// A formatter that has tabs.
    Format(usize),
    Save(usize),
    /// Closes without saving.
    Close(usize),
    /// Another branch and back, with what is saved left as it is.
    Branches,
    Commit,
    /// Throws away what is on disk and not committed.
    Reset,
    /// Onto a `main` that got another line at the top of the first file; given up where that is in conflict.
    Rebase,
    /// The file as the round has it, by another program.
    Restore(usize),
}

/// What the fixes take out of the files and put in.
const PUT_IN: [(&str, &str); 3] = [("b();", "z();"), ("a();", "z();"), ("fn f(&self) {}", "z();")];

const NEW: [&str; 6] =
    ["", "// new\n", "    z();\n", "    b();\n    b();\n", "fn é𝄞() {}\n", "// \u{b}\u{c}\u{85}\u{2028}\u{2029}\n"];

fn step() -> impl Strategy<Value = Step> {
    let file = 0..TEXTS.len();
    prop_oneof![
        2 => file.clone().prop_map(Step::Open),
        8 => (file.clone(), 0_u32..12, 0_u32..4, 0..NEW.len()).prop_map(|(f, a, n, t)| Step::Edit(f, a, n, t)),
        3 => file.clone().prop_map(Step::Undo),
        4 => (file.clone(), 0..PUT_IN.len()).prop_map(|(f, n)| Step::Fix(f, n)),
        1 => file.clone().prop_map(Step::Format),
        2 => file.clone().prop_map(Step::Save),
        2 => file.clone().prop_map(Step::Close),
        1 => Just(Step::Branches),
        1 => Just(Step::Commit),
        1 => Just(Step::Reset),
        1 => Just(Step::Rebase),
        1 => file.prop_map(Step::Restore),
    ]
}

/// The editor's side: texts of open documents with what they were before.
struct Editor {
    repo: Repo,
    files: Vec<PathBuf>,
    open: BTreeMap<usize, Vec<String>>,
    version: i32,
}

impl Editor {
    async fn replace(&mut self, server: &mut TestServer, file: usize, new: impl Fn(&str) -> String) {
        let Some(texts) = self.open.get_mut(&file) else { return };
        texts.push(new(texts.last().unwrap()));
        self.version += 1;
        server.change(&self.files[file], self.version, texts.last().unwrap()).await;
    }

    async fn take(&mut self, server: &mut TestServer, step: &Step) {
        match *step {
            Step::Open(file) => {
                if !self.open.contains_key(&file) {
                    let text = std::fs::read_to_string(&self.files[file]).unwrap();
                    server.open(&self.files[file], &text).await;
                    self.open.insert(file, vec![text]);
                }
            }
            Step::Edit(file, first, count, text) => {
                let Some(texts) = self.open.get_mut(&file) else { return };
                let lines: Vec<&str> = texts.last().unwrap().split_inclusive('\n').collect();
                let start = (first as usize).min(lines.len());
                let end = (start + count as usize).min(lines.len());
                let edited = [&lines[..start].concat(), NEW[text], &lines[end..].concat()].concat();
                texts.push(edited);
                self.version += 1;
                let number = |n: usize| u32::try_from(n).unwrap();
                server.edit(&self.files[file], self.version, [number(start), 0, number(end), 0], NEW[text]).await;
            }
            Step::Undo(file) => {
                let Some(texts) = self.open.get_mut(&file).filter(|texts| texts.len() > 1) else { return };
                texts.pop();
                self.version += 1;
                let text = texts.last().unwrap().clone();
                server.change(&self.files[file], self.version, &text).await;
            }
            Step::Fix(file, fix) => {
                let (old, new) = PUT_IN[fix];
                self.replace(server, file, |text| text.replacen(old, new, 1)).await;
            }
            Step::Format(file) => self.replace(server, file, |text| text.replace("    ", "\t")).await,
            Step::Save(file) => {
                let Some(texts) = self.open.get(&file) else { return };
                std::fs::write(&self.files[file], texts.last().unwrap()).unwrap();
                server
                    .notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&self.files[file]) } }))
                    .await;
            }
            Step::Close(file) => {
                if self.open.remove(&file).is_some() {
                    let params = json!({ "textDocument": { "uri": uri(&self.files[file]) } });
                    server.notify("textDocument/didClose", params).await;
                }
            }
            Step::Branches => {
                self.repo.git(&["stash", "-q"]);
                self.repo.checkout("main");
                server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
                self.repo.checkout("topic");
                let _ = self.repo.try_git_in(self.repo.path(), &["stash", "pop", "-q"]);
            }
            Step::Commit => {
                self.repo.commit("Work");
            }
            Step::Reset => drop(self.repo.git(&["reset", "-q", "--hard"])),
            Step::Rebase => {
                self.repo.commit("Work");
                self.repo.checkout("main");
                self.repo.write("a.rs", format!("// main\n{}", self.repo.read("a.rs")));
                self.repo.commit("Meanwhile");
                self.repo.checkout("topic");
                if !self.repo.try_git_in(self.repo.path(), &["rebase", "-q", "main"]).status.success() {
                    self.repo.git(&["rebase", "--abort"]);
                }
            }
            Step::Restore(file) => std::fs::write(&self.files[file], TEXTS[file].1).unwrap(),
        }
    }
}

/// The labels of what is open: as the server says, and as the command line does of the files.
async fn open(server: &mut TestServer) -> BTreeSet<String> {
    let answer = server.request("deepReview/findings", json!({})).await;
    let findings = answer["repositories"][0]["findings"].as_array().unwrap().clone();
    let open = findings.iter().filter(|finding| finding["state"] == "open");
    open.map(|finding| finding["label"].as_str().unwrap().to_owned()).collect()
}

fn open_in_files(repo: &Repo) -> BTreeSet<String> {
    let open = ops::OpenBranch::current(git::Repository::discover(repo.path()).unwrap()).unwrap();
    let now = ops::Now::of(open, ops::RoundName::Newest).unwrap().value;
    let filter = ops::Filter { state: Some(ops::StateName::Open), ..ops::Filter::default() };
    ops::list(&now.situation(), &filter).unwrap().findings.into_iter().map(|finding| finding.label).collect()
}

/// What is shown, without what is empty and without versions.
fn shown(server: &TestServer) -> BTreeMap<String, Value> {
    let shown = server.shown.iter().map(|(uri, p)| (uri.clone(), p["diagnostics"].clone()));
    let plain = |(uri, mut list): (String, Value)| {
        for diagnostic in list.as_array_mut().unwrap() {
            // Which files were opened before decides whether the report is there already.
            diagnostic.as_object_mut().unwrap().remove("codeDescription");
        }
        (uri, list)
    };
    shown.filter(|(_, list)| list != &json!([])).map(plain).collect()
}

async fn check(steps: &[Step]) {
    let repo = Repo::with_topic(&TEXTS);
    let mut related = finding("C1", "b.rs", (4, 4), "");
    related["related"] = json!(["id-I1"]);
    let findings = [
        finding("I1", "a.rs", (6, 6), FIX),
        finding("I2", "a.rs", (2, 2), BOTH),
        related,
        finding("S1", "a.rs", (9, 11), ""),
    ];
    store_round(&repo, &findings, &TEXTS);
    let files = TEXTS.iter().map(|(name, _)| repo.path().join(name)).collect();
    let mut editor = Editor { repo, files, open: BTreeMap::new(), version: 1 };
    let mut server = TestServer::of(&editor.repo).await;
    for step in steps {
        editor.take(&mut server, step).await;
    }
    let mut fresh = TestServer::of(&editor.repo).await;
    for (file, texts) in &editor.open {
        fresh.open(&editor.files[*file], texts.last().unwrap()).await;
    }
    fresh.synced().await;
    let expected = shown(&fresh);
    // What happened on disk is seen at the next look.
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    for _ in 0..5 {
        server.until(&format!("what a fresh server shows: {expected:#?}"), |s| shown(s) == expected).await;
        // It may have looked alike on the way.
        server.synced().await;
    }
    assert_eq!(shown(&server), expected, "it stays so");
    // Saved, it is the same for whoever looks at the files.
    for file in editor.open.keys().copied().collect::<Vec<_>>() {
        editor.take(&mut server, &Step::Save(file)).await;
    }
    server.synced().await;
    assert_eq!(open(&mut server).await, open_in_files(&editor.repo));
    assert!(fresh.finish().await && server.finish().await);
}

#[test]
fn a_fix_over_two_files_is_there_or_not_whoever_asks() {
    // Both halves, in either order; one of them saved, closed or undone.
    let (a, b) = (Step::Edit(0, 1, 1, 2), Step::Edit(1, 3, 1, 2));
    let open = [Step::Open(0), Step::Open(1)];
    for after in [
        vec![a.clone()],
        vec![a.clone(), b.clone()],
        vec![b.clone(), a.clone()],
        vec![a.clone(), b.clone(), Step::Undo(1)],
        vec![a.clone(), b.clone(), Step::Save(1), Step::Close(1)],
        vec![a.clone(), b.clone(), Step::Close(1)],
        vec![a.clone(), b.clone(), Step::Save(0), Step::Close(0), Step::Undo(1)],
        vec![a, b, Step::Save(0), Step::Close(0), Step::Save(1), Step::Close(1), Step::Restore(1)],
    ] {
        let steps = [&open[..], &after].concat();
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(check(&steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_what_a_fresh_server_shows(steps in prop::collection::vec(step(), 1..14)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(check(&steps));
    }
}
