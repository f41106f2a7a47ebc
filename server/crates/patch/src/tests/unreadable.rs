//! What the formats are read as, and what cannot be read.

use crate::{FileChange, Hints, ParseError, Refusal, canonical, find_quote, parse, place, same_edits};
use finding::{LineRange, RepoPath};

#[test]
fn what_says_nothing_is_not_read() {
    for (diff, expected) in [
        ("", ParseError::Empty),
        (" \n\t\n", ParseError::Empty),
        ("```diff\n```", ParseError::Empty),
        ("```diff\n a\n b\n```", ParseError::NoChange),
        ("@@ -1,2 +1,2 @@\n a\n b\n", ParseError::NoChange),
        (r#"{"old":"x","new":"x"}"#, ParseError::NoChange),
        ("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n<<<<<<< SEARCH\na", ParseError::Unterminated("<<<<<<<")),
    ] {
        assert_eq!(parse(diff), Err(expected), "{diff:?}");
    }
    assert_eq!(parse(&"+x\n".repeat(2_000_000)), Err(ParseError::TooLong));
}

#[test]
fn files_are_told_apart_and_named() {
    // (diff, (path, old path, change) of each file)
    type File = (Option<&'static str>, Option<&'static str>, FileChange);
    let cases: &[(&str, &[File])] = &[
        ("-a\n+b", &[(None, None, FileChange::Edit)]),
        ("--- a/x y.rs\t2024-01-01\n+++ b/x y.rs\n-a\n+b", &[(Some("x y.rs"), None, FileChange::Edit)]),
        ("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+b", &[(Some("n"), None, FileChange::Create)]),
        ("--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-b", &[(Some("n"), None, FileChange::Delete)]),
        ("--- \"a/\\303\\274.md\"\n+++ \"b/\\303\\274.md\"\n-a\n+b", &[(Some("ü.md"), None, FileChange::Edit)]),
        (
            "diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n",
            &[(Some("n"), Some("o"), FileChange::Rename)],
        ),
        (
            "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/y b/y\nold mode 1\nnew mode 2\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b",
            &[(Some("x"), None, FileChange::Edit), (Some("y"), None, FileChange::Edit)],
        ),
        (
            "*** Begin Patch\n*** Update File: x\n*** Move to: y\n@@\n-a\n+b\n*** Delete File: z\n*** End Patch",
            &[(Some("y"), Some("x"), FileChange::Rename), (Some("z"), None, FileChange::Delete)],
        ),
        (
            r#"[{"file":"x","old_string":"a","new_string":"b"},{"file":"y","search":"a","replace":""}]"#,
            &[(Some("x"), None, FileChange::Edit), (Some("y"), None, FileChange::Edit)],
        ),
        ("src/x.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE", &[(Some("src/x.py"), None, FileChange::Edit)]),
    ];
    for (diff, expected) in cases {
        let patch = parse(diff).unwrap_or_else(|e| panic!("{diff}: {e}"));
        let files: Vec<_> = patch.files.iter().map(|f| (f.path.as_deref(), f.old_path.as_deref(), f.change)).collect();
        assert_eq!(files, *expected, "{diff}");
    }
}

#[test]
fn the_part_for_the_file_is_taken() {
    let diff = "--- a/src/x\n+++ b/src/x\n@@\n-1\n+one\n--- a/src/y\n+++ b/src/y\n@@\n-1\n+two\n";
    let edit = |path: &str, diff: &str| {
        let path = RepoPath::new(path).unwrap();
        place("1\n", diff, &Hints { path: Some(&path), ..Hints::default() }).map(|a| a.edits[0].text.clone())
    };
    assert_eq!(edit("src/y", diff), Ok("two\n".to_owned()));
    assert_eq!(edit("src/z", diff), Err(Refusal::OtherFile { path: "src/x".to_owned() }));
    assert_eq!(edit("src/x", "--- a//home/me/repo/src/x\n+++ b//home/me/repo/src/x\n-1\n+one"), Ok("one\n".to_owned()));
    assert_eq!(edit("ax", "--- x\n+++ x\n-1\n+one"), Err(Refusal::OtherFile { path: "x".to_owned() }));
}

#[test]
fn quotes_are_found_nearest_to_the_cited_lines() {
    let text = "fn a() {\n    foo(1);\n    bar();\n}\n\nfn b() {\n    foo(1);\n    baz(\n        x,\n    );\n}\n";
    // (quote, cited line, found)
    type Case = (&'static str, Option<u32>, Option<(u32, u32)>);
    let cases: &[Case] = &[
        ("bar();", None, Some((3, 3))),
        ("foo(1);", None, None),
        ("foo(1);", Some(1), Some((2, 2))),
        ("foo(1);", Some(9), Some((7, 7))),
        ("foo(1);\n    baz(", None, Some((7, 8))),
        ("baz( x, )", Some(8), None),
        ("fn b() {\n    ...\n        x,", None, Some((6, 9))),
        ("fn b() {\n// ...\n}", Some(1), Some((6, 11))),
        ("`bar()`", None, Some((3, 3))),
        ("```rust\nbar();\n```", None, Some((3, 3))),
        ("2: foo(1);\n3: bar();", None, Some((2, 3))),
        ("+    bar();\n }", None, Some((3, 4))),
        ("foo(1)", Some(7), Some((7, 7))),
        ("bra();", Some(3), None),
        ("    foo(1);\n    barr();", Some(3), Some((2, 3))),
        ("", Some(3), None),
        ("nothing like it", Some(3), None),
    ];
    for (quote, cited, found) in cases {
        let cited = cited.map(LineRange::line);
        assert_eq!(find_quote(text, quote, cited), found.map(|(a, b)| LineRange::new(a, b)), "{quote:?} {cited:?}");
    }
}

#[test]
fn equal_fixes_are_one() {
    let a = "@@ -1,3 +1,3 @@\n x\n-foo( a )\n+bar(a)\n y";
    let b = r#"{"old":"foo(a)","new":"bar(a)"}"#;
    let c = "-x\n-foo(a)\n+x\n+bar(a)";
    assert_eq!(canonical(a), canonical(b));
    assert_eq!(canonical(a), canonical(c));
    assert_ne!(canonical(a), canonical("-foo(a)\n+bar(b)"));
    assert!(canonical("").is_empty());
    let none = &Hints::default();
    assert!(same_edits("x\nfoo(a)\ny\n", (a, none), (c, none)));
    assert!(!same_edits("x\nfoo(a)\ny\n", (a, none), ("-y\n+z", none)));
}
