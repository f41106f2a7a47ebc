//! What was done is written down, and the last of it can be taken back.

use super::bed::{AFTER, Bed, Ran, answer, finding, with_fix};

const FIX: &str =
    "-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n";

fn bed() -> Bed {
    let findings = [
        with_fix(finding("critical", "The count is cut", (7, 7)), FIX),
        finding("important", "The name says nothing", (2, 2)),
        finding("suggestion", "Columns do not line up", (3, 3)),
    ];
    let bed = Bed::new().agent("one", &answer(&findings));
    assert_eq!(bed.review(&["--agent", "one"]).0, 0);
    bed
}

/// Everything that is stored of the branch but the log, and what was learnt.
fn stored(bed: &Bed) -> Vec<(String, String)> {
    let branches = bed.repo.path().join(".git/deep-review/branches");
    let branch = std::fs::read_dir(branches).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<(String, String)> = std::fs::read_dir(branch)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json") && path.file_name().unwrap() != "log.json")
        .map(|path| (path.file_name().unwrap().to_string_lossy().into(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let learnings = std::fs::read_to_string(bed.repo.path().join(".git/deep-review/learnings.md"));
    files.extend(learnings.map(|text| ("learnings.md".into(), text)));
    files
}

fn ok(ran: &Ran) -> &str {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    &ran.out
}

#[test]
fn every_operation_can_be_taken_back_and_again_the_one_before() {
    let bed = bed();
    // The file of the decisions is there from the first one on.
    ok(&bed.run(&["dismiss", "S1", "--reason", "no terminal is so narrow"]));
    let report = bed.repo.beside("other.md");
    std::fs::write(&report, "## Important\n\n### A thing is wrong\n\n`src/main.rs:3`\n\nIt is wrong.\n").unwrap();
    let report = report.display().to_string();
    for (args, said) in [
        (&["dismiss", "I1", "--reason", "it is bounded"][..], "dismissed I1 The name says nothing"),
        (&["reopen", "S1"], "reopened S1 Columns do not line up"),
        (&["severity", "S1", "critical", "--reason", "so"], "gave another severity to S1 Columns do not line up"),
        (&["join", "I1", "S1"], "joined I1, S1"),
        (&["apply", "C1"], "applied C1 The count is cut in src/main.rs"),
        (&["import", &report], "imported round 2"),
    ] {
        let (before, text) = (stored(&bed), bed.repo.read("src/main.rs"));
        ok(&bed.run(args));
        assert_ne!((&before, &text), (&stored(&bed), &bed.repo.read("src/main.rs")), "{args:?}");
        assert_eq!(ok(&bed.run(&["undo"])), format!("Taken back: {said}\n"));
        assert_eq!((before, text), (stored(&bed), bed.repo.read("src/main.rs")), "{args:?}");
    }
    // What comes after is taken back before what was done first.
    assert_eq!(ok(&bed.run(&["undo"])), "Taken back: dismissed S1 Columns do not line up\n");
    let nothing = bed.run(&["undo"]);
    assert!(nothing.code == 2 && nothing.err.contains("nothing was done on this branch"), "{}", nothing.err);
    let log = bed.run(&["log"]).out;
    assert_eq!(log.lines().filter(|line| line.ends_with("(taken back)")).count(), 7, "{log}");
    let rows: serde_json::Value = serde_json::from_str(&bed.run(&["log", "--json"]).out).unwrap();
    assert_eq!(rows[0]["done"], "imported", "{rows:#}");
    assert_eq!(rows[1]["files"], serde_json::json!(["src/main.rs"]), "{rows:#}");
}

#[test]
fn what_was_changed_since_is_not_overwritten() {
    let bed = bed();
    ok(&bed.run(&["apply", "C1"]));
    let edited = format!("// Mine.\n{}", bed.repo.read("src/main.rs"));
    bed.repo.write("src/main.rs", &edited);
    let ran = bed.run(&["undo"]);
    assert!(ran.code == 2 && ran.err.contains("src/main.rs was changed since"), "{}", ran.err);
    assert_eq!(bed.repo.read("src/main.rs"), edited);
    bed.repo.write("src/main.rs", edited.trim_start_matches("// Mine.\n"));
    ok(&bed.run(&["undo"]));
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);

    // A round that came after knows of the one that was taken in.
    let report = bed.repo.beside("other.md");
    std::fs::write(&report, "## Important\n\n### A thing is wrong\n\n`src/main.rs:3`\n\nIt is wrong.\n").unwrap();
    ok(&bed.run(&["import", &report.display().to_string()]));
    bed.review(&["--agent", "one"]);
    let ran = bed.run(&["undo"]);
    assert!(ran.code == 2 && ran.err.contains("round 3 came after it"), "{}", ran.err);
}

#[test]
fn an_empty_log_says_so() {
    let bed = Bed::new();
    assert_eq!(ok(&bed.run(&["log"])), "Nothing was done on this branch yet.\n");
    assert_eq!(ok(&bed.run(&["log", "--json"])), "[]\n");
}

#[cfg(unix)]
#[test]
fn what_was_applied_is_said_where_it_could_not_be_noted_down() {
    let bed = bed();
    let store = bed.repo.path().join(".git/deep-review");
    let lock = store.join("lock");
    // Whoever runs the tests may be allowed everything: a folder is no lock for anybody.
    let _ = std::fs::remove_file(&lock);
    std::fs::create_dir(&lock).unwrap();
    let ran = bed.run(&["apply", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, "applied  C1   The count is cut\n"), "{}", ran.err);
    assert!(ran.err.contains("it was done, but not written into the log"), "{}", ran.err);
    assert!(bed.repo.read("src/main.rs").contains("try_into()"));
}

#[cfg(unix)]
#[test]
fn what_could_not_be_written_is_listed_with_the_reason() {
    let bed = bed();
    // A folder that cannot be made: its name belongs to a file.
    let create = "--- /dev/null\n+++ b/src/main.rs/new\n@@ -0,0 +1 @@\n+x\n";
    let mut odd = with_fix(finding("critical", "A file is missing", (7, 7)), create);
    odd["fixes"][0]["path"] = serde_json::json!("src/main.rs/new");
    let bed = bed.agent("three", &answer(&[odd]));
    bed.review(&["--agent", "three"]);
    let ran = bed.run(&["apply", "--all"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("refused  C1") && ran.out.contains("A file is missing"), "{}", ran.out);
    assert!(ran.out.contains("src/main.rs/new"), "{}", ran.out);
}
