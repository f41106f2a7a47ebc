use super::*;
use crate::patch::{Hints, apply, apply_edits};

/// The findings between two trees: place, title, and the text of the file with the fix.
fn found(base: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(String, String, Option<String>)> {
    let snapshot = Snapshot::in_memory(base, new);
    let findings = check(&snapshot, &CancellationToken::new()).unwrap();
    let fixed = |f: &RawFinding| {
        let text = snapshot.read(&f.anchors[0].path).unwrap().unwrap();
        let applied = apply(&text, &f.fixes.first()?.diff, &Hints::default()).expect("an exact fix");
        Some(apply_edits(&text, &applied.edits))
    };
    findings.iter().map(|f| (f.anchors[0].to_string(), f.title.clone(), fixed(f))).collect()
}

const DOC: &str = "// every path kills it (stopInstance, StopForcibly on delete), so\n// it returns.\n";

#[test]
fn a_comment_that_names_a_removed_function_is_stale() {
    let old = format!("{DOC}func a() {{\n\tlimainstance.StopForcibly(inst)\n}}\n");
    let new = format!("{DOC}func a() {{\n\tstopInstanceForcibly(ctx, inst)\n}}\n");
    let fixed = new.replace("StopForcibly on", "stopInstanceForcibly on");
    assert_eq!(
        found(&[("a.go", &old)], &[("a.go", &new)]),
        [("a.go:1".into(), "Comment still says StopForcibly, which is now stopInstanceForcibly".into(), Some(fixed))]
    );
    let none = format!("{DOC}func a() {{\n}}\n");
    assert_eq!(
        found(&[("a.go", &old)], &[("a.go", &none)]),
        [("a.go:1".into(), "Stale comment references removed name StopForcibly".into(), None)]
    );
}

#[test]
fn names_are_found_anywhere_in_the_repository() {
    let base = |doc: (&'static str, &'static str), old: (&'static str, &'static str)| vec![old, doc];
    for (doc, old, new, title) in [
        (
            ("README.md", "Call `load_config` first.\n"),
            ("a.rs", "fn load_config() {}\n"),
            ("a.rs", "fn read_settings() {}\n"),
            "Document still says load_config, which is now read_settings",
        ),
        (
            ("docs/use.md", "Use `--dry-run` to look.\n"),
            ("a.py", "add(\"--dry-run\", x)\n"),
            ("a.py", "add(\"--check-only\", x)\n"),
            "Document still says --dry-run, which is now --check-only",
        ),
        (
            ("b.py", "# see MAX_RETRIES\nx = 1\n"),
            ("a.py", "MAX_RETRIES = 3\n"),
            ("a.py", "pass\n"),
            "Stale comment references removed name MAX_RETRIES",
        ),
        (
            ("b.ts", "// after `flush()`\nx\n"),
            ("a.ts", "function flush() {}\n"),
            ("a.ts", "\n"),
            "Stale comment references removed function flush",
        ),
        (
            ("b.rs", "fn f() { panic!(\"call init_pool first\") }\n"),
            ("a.rs", "fn init_pool() {}\n"),
            ("a.rs", "\n"),
            "Stale comment references removed function init_pool",
        ),
    ] {
        let titles: Vec<String> = found(&base(doc, old), &base(doc, new)).into_iter().map(|f| f.1).collect();
        assert_eq!(titles, [title], "{doc:?}");
    }
    let kept = ("README.md", "See src/old.rs for more.\n");
    let files = found(&[("src/old.rs", "fn a() {}\n"), kept], &[kept]);
    assert_eq!(files[0].1, "Document references removed file src/old.rs");
}

#[test]
fn names_that_live_on_or_are_meant_are_left_alone() {
    let old = ("a.rs", "fn load_config() {}\nfn run() {}\n");
    let gone = ("a.rs", "fn run() {}\n");
    for others in [
        // Used elsewhere.
        vec![("b.rs", "// load_config\nfn x() { load_config() }\n")],
        vec![("b.py", "getattr(m, \"load_config\")\n"), ("c.md", "`load_config`\n")],
        vec![("b.unknown", "load_config"), ("c.md", "`load_config`\n")],
        // Part of another name.
        vec![("c.md", "`load_config_file` and `preload_config`\n")],
        // Said on purpose.
        vec![("CHANGELOG.md", "- `load_config`\n")],
        vec![("c.md", "`load_config` was removed.\n")],
    ] {
        let base: Vec<_> = std::iter::once(old).chain(others.clone()).collect();
        let new: Vec<_> = std::iter::once(gone).chain(others.clone()).collect();
        assert_eq!(found(&base, &new), [], "{others:?}");
    }
    // Put in by the branch.
    assert_eq!(found(&[old], &[gone, ("c.md", "Do not look for load_config.\n")]), []);
    // A word of a sentence.
    let doc = ("c.md", "They run every day.\n");
    assert_eq!(found(&[("a.rs", "fn every() {}\n"), doc], &[("a.rs", "\n"), doc]), []);
    // Moved to another file.
    assert_eq!(
        found(&[old, ("c.md", "`load_config`")], &[gone, ("b.rs", "fn load_config() {}"), ("c.md", "`load_config`")]),
        []
    );
}
