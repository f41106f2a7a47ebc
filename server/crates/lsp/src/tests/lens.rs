//! Lenses above what the branch changes and what was found there.

use super::harness::{Repo, TestServer, finding, store_changed, uri};
use serde_json::{Value, json};
use std::path::Path;

const BASE: &str =
    "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n\nstruct S;\n\nimpl S {\n    fn three(&self) {}\n}\n";

/// The lines (0-based) and titles of a file's lenses.
async fn lenses(server: &mut TestServer, file: &Path) -> Vec<(u64, String)> {
    let answer = server.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri(file) } })).await;
    let row = |lens: &Value| {
        let title = lens["command"]["title"].as_str().unwrap().to_owned();
        (lens["range"]["start"]["line"].as_u64().unwrap(), title)
    };
    answer.as_array().unwrap().iter().map(row).collect()
}

fn rows(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, title)| (*line, (*title).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_functions_have_a_lens_whether_or_not_anything_was_found_in_them() {
    let prose = "# Title\n\ntext\n";
    let repo = Repo::with_topic(&[
        ("a.rs", BASE),
        ("same.rs", BASE),
        ("gone.rs", BASE),
        ("data.xyz", "1\n"),
        ("Cargo.lock", "1\n"),
        ("a.md", prose),
        ("windows.rs", &BASE.replace('\n', "\r\n")),
    ]);
    let changed = BASE.replace("b();", "b(1);").replace("{}", "{ c() }") + "\nfn four() {}\n";
    let shorter = BASE.replace("    a();\n", "");
    repo.write("a.rs", &changed);
    repo.write("new.rs", "fn new() {}\n");
    repo.write("gone.rs", &shorter);
    repo.write("data.xyz", "2\n");
    repo.write("Cargo.lock", "2\n");
    repo.write("a.md", format!("{prose}more\n"));
    repo.write("windows.rs", BASE.replace('\n', "\r\n").replace("b();", "b(1);"));
    repo.commit("Change");
    store_changed(&repo, &[finding("I1", "a.rs", (6, 6), "")], &[("a.rs", &changed)], &["Cargo.lock"]);
    let mut server = TestServer::of(&repo).await;
    let nothing = (0, "Review round 1: nothing open here");
    let again = (0, "Review again");
    let cases: &[(&str, &[(u64, &str)])] = &[
        (
            "a.rs",
            &[
                (0, "Review round 1: 1 Important"),
                again,
                (4, "two: 1 finding: Title of I1"),
                (11, "three: nothing open"),
                (14, "four: nothing open"),
            ],
        ),
        ("same.rs", &[]),
        ("new.rs", &[nothing, again, (0, "new: nothing open")]),
        // What was taken out counts too.
        ("gone.rs", &[nothing, again, (0, "one: nothing open")]),
        // Neither a language that is not known nor prose has functions.
        ("data.xyz", &[nothing, again]),
        ("a.md", &[nothing, again]),
        ("Cargo.lock", &[(0, "Review round 1: this file was not reviewed (lock file)"), again]),
        ("windows.rs", &[nothing, again, (4, "two: nothing open")]),
    ];
    for (file, expected) in cases {
        let path = repo.path().join(file);
        server.open(&path, &repo.read(file)).await;
        assert_eq!(lenses(&mut server, &path).await, rows(expected), "{file}");
    }
    // They go with the text, and say where it is newer than the review.
    let file = repo.path().join("a.rs");
    server.edit(&file, 2, [0, 0, 0, 0], "// new\n").await;
    server.edit(&file, 3, [12, 22, 12, 23], "d").await;
    let expected = [
        (0, "Review round 1: 1 Important"),
        again,
        (5, "two: 1 finding: Title of I1"),
        (12, "three: changed since the review"),
        (15, "four: nothing open"),
    ];
    assert_eq!(lenses(&mut server, &file).await, rows(&expected));
    // One that is taken back to what the base has is changed no more.
    server.change(&file, 4, BASE).await;
    let reverted = lenses(&mut server, &file).await;
    assert!(
        reverted.iter().all(|(_, title)| !title.starts_with("three") && !title.starts_with("four")),
        "{reverted:?}"
    );
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lens_does_not_take_what_nobody_answered_for_clean() {
    let repo = Repo::with_topic(&[("a.rs", BASE)]);
    repo.write("a.rs", BASE.replace("b();", "b(1);"));
    repo.commit("Change");
    store_changed(&repo, &[], &[], &[]);
    super::harness::rewrite_round(&repo, |round| {
        let failure = json!({ "kind": "crashed", "message": "it fell over" });
        round["agents"][1]["outcome"] = json!({ "outcome": "failed", "failure": failure });
    });
    let mut server = TestServer::of(&repo).await;
    let file = repo.path().join("a.rs");
    let shown = lenses(&mut server, &file).await;
    assert_eq!(shown[0], (0, "Review round 1 (incomplete): nothing open here".to_owned()));
    assert!(server.finish().await);
}
