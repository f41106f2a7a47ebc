//! Sets of fixes: together, or the ones in conflict named.

use crate::{FileOutcome, Fix, Hints, Placement, Refusal, SetOutcome, place_set};
use finding::{LineRange, RepoPath};
use std::collections::BTreeMap;

fn path(p: &str) -> RepoPath {
    RepoPath::new(p).unwrap()
}

/// Fixes as (name, path of the finding, diff).
fn run(files: &[(&str, &str)], fixes: &[(&str, &str, &str)]) -> SetOutcome {
    let texts: BTreeMap<RepoPath, &str> = files.iter().map(|(p, t)| (path(p), *t)).collect();
    let paths: Vec<RepoPath> = fixes.iter().map(|f| path(f.1)).collect();
    let fixes: Vec<Fix<'_>> = fixes
        .iter()
        .zip(&paths)
        .map(|((name, _, diff), path)| Fix { name, diff, hints: Hints { path: Some(path), ..Hints::default() } })
        .collect();
    place_set(&fixes, &|p| texts.get(p).copied())
}

fn text<'o>(outcome: &'o SetOutcome, file: &str) -> &'o str {
    match &outcome.files[&path(file)] {
        FileOutcome::Edited { text, .. } | FileOutcome::Created { text } | FileOutcome::Renamed { text, .. } => text,
        FileOutcome::Deleted => "(deleted)",
    }
}

#[test]
fn fixes_of_one_file_are_applied_together() {
    let outcome = run(&[("a", "1\n2\n3\n4\n")], &[("S1", "a", "-3\n+three"), ("S2", "a", "-1\n+one\n+more")]);
    assert_eq!(outcome.fixes, [Ok(Placement::Exact), Ok(Placement::Exact)]);
    assert_eq!(text(&outcome, "a"), "one\nmore\n2\nthree\n4\n");
}

#[test]
fn of_two_fixes_in_conflict_the_later_is_told_the_name_of_the_first() {
    let outcome =
        run(&[("a", "1\n2\n3\n4\n5\n")], &[("S1", "a", "-2\n-3\n+x"), ("S2", "a", "-3\n+y"), ("S3", "a", "-5\n+five")]);
    let overlaps = |other: &str| Err(Refusal::Overlaps { other: other.to_owned() });
    assert_eq!(outcome.fixes, [Ok(Placement::Exact), overlaps("S1"), Ok(Placement::Exact)]);
    assert_eq!(text(&outcome, "a"), "1\nx\n4\nfive\n");
}

#[test]
fn edits_side_by_side_are_a_conflict() {
    let clash = Err(Refusal::Overlaps { other: "S1".to_owned() });
    for (second, outcome) in [
        ("-3\n+x", clash.clone()),
        (" 2\n+x\n 3", clash.clone()),
        (" 1\n+x\n 2", clash.clone()),
        ("-1\n+x", clash),
        ("-4\n+x", Ok(Placement::Exact)),
        (" 3\n+x\n 4", Ok(Placement::Exact)),
    ] {
        let outcomes = run(&[("a", "1\n2\n3\n4\n")], &[("S1", "a", "-2\n+two"), ("S2", "a", second)]).fixes;
        assert_eq!(outcomes[1], outcome, "{second}");
    }
    // Those of one fix are one change, also where two agents say it.
    let both = "@@\n-2\n+two\n@@\n-3\n+three";
    let outcomes = run(&[("a", "1\n2\n3\n4\n")], &[("S1", "a", both), ("S2", "a", both)]).fixes;
    assert_eq!(outcomes, [Ok(Placement::Exact), Ok(Placement::Exact)]);
}

#[test]
fn insertions_at_one_place_are_a_conflict_and_equal_fixes_are_not() {
    let outcome = run(&[("a", "1\n2\n")], &[("S1", "a", " 1\n+x"), ("S2", "a", " 1\n+y"), ("S3", "a", " 1\n+x\n 2")]);
    assert_eq!(outcome.fixes[1], Err(Refusal::Overlaps { other: "S1".to_owned() }));
    assert_eq!(outcome.fixes[2], Ok(Placement::Exact));
    assert_eq!(text(&outcome, "a"), "1\nx\n2\n");
}

#[test]
fn a_fix_over_several_files_is_all_or_nothing() {
    let diff = "--- a/a\n+++ b/a\n@@\n-1\n+one\n--- a/b\n+++ b/b\n@@\n-nowhere\n+x\n";
    let outcome = run(&[("a", "1\n"), ("b", "2\n")], &[("S1", "a", diff)]);
    assert_eq!(outcome.fixes, [Err(Refusal::NotFound)]);
    assert!(outcome.files.is_empty());
    let outcome = run(&[("a", "1\n"), ("b", "nowhere\n")], &[("S1", "a", diff)]);
    assert_eq!((text(&outcome, "a"), text(&outcome, "b")), ("one\n", "x\n"));
}

#[test]
fn files_are_made_moved_and_taken_away() {
    let diff = "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+hello\n\
                diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
                diff --git a/from b/to\nsimilarity index 50%\nrename from from\nrename to to\n--- a/from\n+++ b/to\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n";
    let outcome = run(&[("gone", "x\n"), ("from", "1\n2\n")], &[("S1", "from", diff)]);
    assert_eq!(outcome.fixes, [Ok(Placement::Exact)]);
    assert_eq!(outcome.files[&path("new")], FileOutcome::Created { text: "hello\n".to_owned() });
    assert_eq!(outcome.files[&path("gone")], FileOutcome::Deleted);
    assert_eq!(outcome.files[&path("from")], FileOutcome::Renamed { to: path("to"), text: "one\n2\n".to_owned() });
}

#[test]
fn files_are_not_written_over_or_outside() {
    let create = "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+hello\n";
    let wrong = |path: &str, why| Err(Refusal::WrongFile { path: path.to_owned(), why });
    assert_eq!(run(&[("a", "1\n")], &[("S1", "a", create)]).fixes, [wrong("a", "exists already")]);
    assert_eq!(run(&[("a", "hello\n")], &[("S1", "a", create)]).fixes, [Err(Refusal::AlreadyApplied)]);
    assert_eq!(run(&[], &[("S1", "a", "-1\n+2")]).fixes, [wrong("a", "does not exist")]);
    for outside in ["../x", "/etc/passwd", ".git/hooks/pre-commit", "x/../../y"] {
        let diff = format!("*** Begin Patch\n*** Add File: {outside}\n+hello\n*** End Patch");
        let refused = Err(Refusal::OutsideRepository { path: outside.to_owned() });
        assert_eq!(run(&[("a", "1\n")], &[("S1", "a", &diff)]).fixes, [refused], "{outside}");
    }
}

#[test]
fn what_was_edited_since_the_review_is_said_to_be() {
    let (old, new) = ("1\n2\n3\n", "0\n1\nchanged\n3\n");
    let map = crate::LineMap::between(old, new);
    let hints = Hints { lines: Some(LineRange::line(2)), ..Hints::default() };
    let since = |diff| crate::place_since(old, new, &map, diff, &hints);
    assert_eq!(since("-2\n+two"), Err(Refusal::Touched));
    assert_eq!(since("-nowhere\n+two"), Err(Refusal::NotFound));
    assert_eq!(since("-3\n+three").unwrap().edits[0].start, 4);
}
