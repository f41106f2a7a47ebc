//! `deep-review apply` on several findings and files: together, or said why not.

use super::bed::{AFTER, Bed, answer, finding, with_fix};
use serde_json::json;

fn reviewed(findings: &[serde_json::Value]) -> Bed {
    let bed = Bed::new().agent("one", &answer(findings));
    assert_eq!(bed.review(&["--no-uncommitted", "--agent", "one"]).0, 0);
    bed
}

const COUNT: &str =
    "-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n";
const NAME: &str = "-fn first() -> u32 {\n-    std::env::args().count() as u32\n+fn first() -> u64 {\n+    std::env::args().count() as u64\n";
const PRINT: &str = "-    println!(\"{n}\");\n+    println!(\"{n:>4}\");\n";

#[test]
fn several_fixes_are_applied_together_and_those_in_conflict_are_named() {
    let bed = reviewed(&[
        with_fix(finding("critical", "The count is cut off at four billion", (7, 7)), COUNT),
        with_fix(finding("important", "A wider type is wanted by callers", (6, 6)), NAME),
        with_fix(finding("suggestion", "Columns of output do not line up", (3, 3)), PRINT),
    ]);
    for (more, done) in [(&["--check"][..], "applies"), (&[], "applied")] {
        let ran = bed.run(&[&["apply", "C1", "I1", "S1"], more].concat());
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        for line in [
            format!("{done}  C1"),
            format!("{done}  S1"),
            "refused  I1".to_owned(),
            "the fix changes lines that C1 changes too".to_owned(),
        ] {
            assert!(ran.out.contains(&line), "{line}: {}", ran.out);
        }
        assert_eq!(bed.repo.read("src/main.rs") == AFTER, !more.is_empty(), "--check changes nothing");
    }
    let now = bed.repo.read("src/main.rs");
    assert!(now.contains("try_into()") && now.contains("{n:>4}") && !now.contains("u64"), "{now}");
    let alone = bed.run(&["apply", "I1"]);
    assert_eq!(alone.code, 2, "{}", alone.out);
    assert!(alone.out.contains("was edited since the review"), "{}", alone.out);
}

#[cfg(unix)]
#[test]
fn line_endings_and_the_mode_of_a_file_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = Bed::new().agent("one", &answer(&[with_fix(finding("critical", "The count is cut", (7, 7)), COUNT)]));
    let windows = AFTER.replace('\n', "\r\n");
    bed.repo.write("src/main.rs", &windows);
    let file = bed.repo.path().join("src/main.rs");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    bed.repo.commit("End lines as on Windows");
    bed.review(&["--no-uncommitted", "--agent", "one"]);
    let ran = bed.run(&["apply", "C1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let line = "    std::env::args().count() as u32\r\n";
    let new = "    std::env::args().count().try_into().unwrap_or(u32::MAX)\r\n";
    assert_eq!(bed.repo.read("src/main.rs"), windows.replace(line, new));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_fix_over_two_files_is_applied_to_both_or_to_none() {
    let diff =
        format!("--- a/src/main.rs\n+++ b/src/main.rs\n@@\n{COUNT}--- a/other.rs\n+++ b/other.rs\n@@\n-one\n+two\n");
    let mut both = with_fix(finding("critical", "The count is cut", (7, 7)), &diff);
    both["fixes"][0]["path"] = json!("src/main.rs");
    let bed = reviewed(&[both]);
    let none = bed.run(&["apply", "C1"]);
    assert_eq!(none.code, 2, "{}{}", none.out, none.err);
    assert!(none.out.contains("'other.rs' does not exist"), "{}", none.out);
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    bed.repo.write("other.rs", "one\n");
    let ran = bed.run(&["apply", "C1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(bed.repo.read("other.rs"), "two\n");
    assert!(bed.repo.read("src/main.rs").contains("try_into()"));
}
