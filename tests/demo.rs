//! The demo, as the README promises it.

use std::path::Path;
use std::process::{Command, Output};

fn deep_review(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deep-review"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("no-configuration"))
        .output()
        .unwrap()
}

#[test]
fn the_demo_shows_merged_findings_and_writes_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let demo = deep_review(folder.path(), &["demo", "--into", "demo"]);
    let text = String::from_utf8_lossy(&demo.stdout);
    assert_eq!(demo.status.code(), Some(0), "{}", String::from_utf8_lossy(&demo.stderr));
    for part in [
        "Gemini (recorded), Claude (recorded), Rules (built-in)",
        "References (built-in)",
        "Leftovers (built-in)",
        "History (built-in)",
        "Severity settled: Codex (recorded): Critical, Leftovers (built-in): Important → Important",
        "Verdict: Merge with fixes",
        "report.html",
        "cd your/repository",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let here = folder.path().join("demo");
    assert!(std::fs::read_to_string(here.join("report.html")).unwrap().starts_with("<!doctype html>"));
    assert!(std::fs::read_to_string(here.join("report.md")).unwrap().contains("flush_samples"));

    // Every fix that is shown applies.
    let check = deep_review(&here.join("sample"), &["apply", "--all", "--check"]);
    let text = String::from_utf8_lossy(&check.stdout);
    let text = text.split("diff --git").next().unwrap_or_default();
    assert_eq!(check.status.code(), Some(0), "{text}");
    assert!(text.lines().count() >= 8 && text.lines().all(|line| line.starts_with("applies ")), "{text}");

    // It writes over nothing.
    assert_eq!(deep_review(folder.path(), &["demo", "--into", "demo"]).status.code(), Some(2));
}
