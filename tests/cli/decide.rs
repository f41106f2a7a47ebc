//! What people do with findings: apply, dismiss, reopen; and what later rounds remember.

use super::bed::{AFTER, Bed, answer, finding, titles, with_fix};
use serde_json::json;

const FIX: &str = "@@ -6,3 +6,3 @@\n fn first() -> u32 {\n-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n }\n";

fn bed() -> Bed {
    let bed = Bed::new().agent(
        "one",
        &answer(&[
            with_fix(finding("critical", "The count is cut", (7, 7)), FIX),
            finding("suggestion", "No fix is known", (2, 2)),
        ]),
    );
    assert_eq!(bed.review(&[]).0, 0);
    bed
}

#[test]
fn a_fix_is_applied_and_the_finding_is_fixed() {
    let bed = bed();
    let check = bed.run(&["apply", "C1", "--check"]);
    let diff = check.out.strip_prefix("applies  C1   The count is cut\n");
    assert!(check.code == 0 && diff.is_some_and(|d| d.starts_with("diff --git ")), "{}{}", check.out, check.err);
    assert_eq!(bed.repo.read("src/main.rs"), AFTER, "--check changes nothing");
    let applied = bed.run(&["apply", "c1"]);
    assert_eq!((applied.code, applied.out.as_str()), (0, "applied  C1   The count is cut\n"), "{}", applied.err);
    assert!(bed.repo.read("src/main.rs").contains("try_into()"));
    let report = bed.run(&["report"]).out;
    assert!(report.contains("Not shown: 1 fixed") && report.contains("Merge as is"), "{report}");
    let again = bed.run(&["apply", "C1"]);
    assert_eq!(again.code, 2);
    assert!(again.out.contains("refused  C1") && again.out.contains("already applied"), "{}", again.out);
}

#[test]
fn a_fix_follows_its_code_and_is_refused_when_that_is_gone() {
    let bed = bed();
    bed.repo.write("src/main.rs", format!("// A new first line.\n{AFTER}"));
    assert_eq!(bed.run(&["apply", "C1", "--check"]).code, 0);
    bed.repo.write("src/main.rs", "fn main() {}\n");
    let ran = bed.run(&["apply", "C1"]);
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("refused  C1"), "{}", ran.out);
    assert_eq!(bed.repo.read("src/main.rs"), "fn main() {}\n");
}

#[test]
fn all_applies_what_has_a_fix_and_says_what_has_none() {
    let bed = bed();
    let ran = bed.run(&["apply", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "applied  C1   The count is cut\n"), "{}", ran.err);
    assert_eq!(bed.run(&["apply", "--all"]).out, "No open finding has a fix.\n");
    let without = bed.run(&["apply", "S1"]);
    assert_eq!(without.code, 2);
    assert!(without.out.contains("it has no fix"), "{}", without.out);
    let mixed = bed.run(&["apply", "nonsense"]);
    assert_eq!(mixed.code, 2);
    assert!(mixed.err.contains("no finding 'nonsense'"), "{}", mixed.err);
}

#[cfg(unix)]
#[test]
fn a_fix_never_leaves_the_repository() {
    let outside = "secret\n";
    for diff in [
        "--- a/../outside\n+++ b/../outside\n@@ -1 +1 @@\n-secret\n+changed\n",
        "--- a/link\n+++ b/link\n@@ -1 +1 @@\n-secret\n+changed\n",
        "--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-[core]\n+[changed]\n",
        "--- /dev/null\n+++ b/folder/new\n@@ -0,0 +1 @@\n+changed\n",
    ] {
        let mut evil = with_fix(finding("critical", "Evil", (7, 7)), diff);
        evil["fixes"][0]["path"] = json!("");
        let bed = Bed::new().agent("one", &answer(&[evil]));
        std::fs::write(bed.repo.beside("outside"), outside).unwrap();
        let folder = bed.repo.beside("folder");
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(bed.repo.beside("outside"), bed.repo.path().join("link")).unwrap();
        std::os::unix::fs::symlink(&folder, bed.repo.path().join("folder")).unwrap();
        bed.review(&["--no-uncommitted", "--agent", "one"]);
        let ran = bed.run(&["apply", "C1"]);
        assert_eq!(ran.code, 2, "{diff}: {}{}", ran.out, ran.err);
        assert_eq!(std::fs::read_to_string(bed.repo.beside("outside")).unwrap(), outside, "{diff}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{diff}");
        assert!(!bed.repo.read(".git/config").contains("changed"), "{diff}");
    }
}

#[test]
fn a_dismissed_finding_is_not_raised_again_and_can_be_reopened() {
    let bed = bed();
    let ran = bed.run(&["dismiss", "C1", "--reason", "it never has so many", "--kind", "wont-fix"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Dismissed C1 The count is cut\n"), "{}", ran.err);
    let (code, second) = bed.review(&["--fail-on", "critical"]);
    assert_eq!(code, 0, "{second:#}");
    assert!(!titles(&second).iter().any(|t| t.contains("The count is cut")), "{:?}", titles(&second));
    let declined = &second["round"]["declined"][0];
    assert_eq!(declined["title"], "The count is cut");
    assert!(declined["reason"].as_str().unwrap().contains("it never has so many"), "{declined}");
}

#[test]
fn a_reopened_finding_counts_again() {
    let bed = bed();
    bed.run(&["dismiss", "C1", "--reason", "no"]);
    assert!(bed.run(&["report"]).out.contains("Verdict: Merge as is"));
    assert_eq!(bed.run(&["reopen", "C1"]).code, 0);
    assert!(bed.run(&["report"]).out.contains("Verdict: Rework"));
}

#[test]
fn a_severity_that_a_person_gives_holds_in_every_round_and_says_so() {
    let bed = bed();
    let ran = bed.run(&["severity", "C1", "suggestion", "--reason", "it never has so many"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Suggestion from now on: C1 The count is cut\n"), "{}", ran.err);
    let held = |of: &str| {
        let row = bed.run(&["show", "C1", "--format", "json"]).out;
        let row: serde_json::Value = serde_json::from_str(&row).unwrap();
        assert_eq!((&row["label"], &row["severity"]), (&json!("C1"), &json!("suggestion")), "{of}: {row:#}");
        assert_eq!(row["graded"], "by a person, was Critical: it never has so many", "{of}");
        for format in ["text", "markdown", "html", "github"] {
            let out = bed.run(&["report", "--format", format]).out;
            assert!(out.contains("by a person, was Critical: it never has so many"), "{of}, {format}: {out}");
        }
        assert!(!bed.run(&["report"]).out.contains("Verdict: Rework"), "{of}");
    };
    held("the round that it was in");
    let (_, second) = bed.review(&["--fail-on", "critical"]);
    assert_eq!(second["round"]["number"], 2);
    let labels: Vec<&serde_json::Value> =
        second["round"]["findings"].as_array().unwrap().iter().map(|finding| &finding["label"]).collect();
    assert!(labels.contains(&&json!("C1")), "{labels:?}");
    held("the next round");
    assert_eq!(bed.run(&["severity", "C1", "suggestion"]).code, 2, "it is that already");
    assert_eq!(bed.run(&["undo"]).code, 0);
    assert!(bed.run(&["report"]).out.contains("Verdict: Rework"));
}

#[test]
fn rounds_are_numbered_and_each_can_be_written_again() {
    let bed = bed();
    bed.review(&[]);
    let rounds: serde_json::Value = serde_json::from_str(&bed.run(&["rounds", "--json"]).out).unwrap();
    let numbers: Vec<u64> = rounds.as_array().unwrap().iter().filter_map(|r| r["number"].as_u64()).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(bed.run(&["rounds"]).out.lines().count() == 2);
    assert!(bed.run(&["report", "1"]).out.starts_with("Round 1 of topic"));
    assert!(bed.run(&["report"]).out.starts_with("Round 2 of topic"));
    assert_eq!(bed.run(&["report", "3"]).code, 2);
    for format in ["text", "json", "markdown", "html", "sarif", "rdjson", "rdjsonl", "github", "gitlab", "junit"] {
        let ran = bed.run(&["report", "--format", format]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.err);
        assert!(ran.out.contains("The count is cut"), "{format}: {}", ran.out);
    }
}

#[test]
fn branches_have_rounds_of_their_own() {
    let bed = bed();
    bed.repo.branch("other");
    assert!(bed.run(&["rounds"]).out.starts_with("No rounds on this branch yet"));
    bed.repo.checkout("topic");
    assert_eq!(bed.run(&["rounds"]).out.lines().count(), 1);
}

#[test]
fn a_damaged_round_is_set_aside_and_reported() {
    let bed = bed();
    let branches = bed.repo.path().join(".git/deep-review/branches");
    let branch = std::fs::read_dir(branches).unwrap().next().unwrap().unwrap().path();
    std::fs::write(branch.join("0001.json"), "{\"schema\": 1, ").unwrap();
    let ran = bed.run(&["rounds"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("warning") && ran.err.contains("damaged"), "{}", ran.err);
    let (code, document) = bed.review(&[]);
    assert_eq!((code, document["round"]["number"].as_u64()), (0, Some(2)), "no number is given twice");
    let kept: Vec<String> = std::fs::read_dir(branch)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.contains("damaged"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}
