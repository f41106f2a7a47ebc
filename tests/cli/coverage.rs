//! What was reviewed and what was not: large changes in parts, and texts that are not UTF-8.

use super::bed::{Bed, answer};
use std::collections::BTreeSet;
use test_repo::Repo;

/// A branch with 30 new files of some hundred bytes, and a program that keeps each brief it gets; it fails on those
/// with the word `poison`.
#[cfg(unix)]
fn bed() -> Bed {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    for n in 0..30 {
        repo.write(format!("f{n:02}.txt"), format!("line of file {n}\n").repeat(20));
    }
    repo.commit("Add files");
    std::fs::create_dir(repo.beside("briefs")).unwrap();
    std::fs::write(repo.beside("answer.json"), answer(&[]).to_string()).unwrap();
    let script = format!(
        "f={0}/$$; cat > $f; if grep -q poison $f; then echo out of order >&2; exit 3; fi; cat {1}",
        repo.beside("briefs").display(),
        repo.beside("answer.json").display()
    );
    let agent =
        format!("brief_bytes = 3000\n[agents.parts]\nadapter = 'command'\ncommand = ['sh', '-c', '{script}']\n");
    Bed::of(repo).configured(&agent)
}

#[cfg_attr(not(unix), expect(dead_code, reason = "agents that are shell scripts are tested on Unix alone"))]
fn paths(document: &serde_json::Value, list: &str) -> BTreeSet<String> {
    let files = document["round"]["coverage"][list].as_array().unwrap();
    files.iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect()
}

#[cfg(unix)]
#[test]
fn a_change_over_the_limit_is_given_in_parts_and_nothing_is_left_out() {
    let bed = bed();
    let all: BTreeSet<String> = (0..30).map(|n| format!("f{n:02}.txt")).collect();
    let (code, document) = bed.review(&["--agent", "parts"]);
    assert_eq!((code, paths(&document, "reviewed")), (0, all), "{document:#}");
    assert_eq!(paths(&document, "left_out"), BTreeSet::new());
    let briefs: Vec<String> = std::fs::read_dir(bed.repo.beside("briefs"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!((4..=30).contains(&briefs.len()), "{} briefs", briefs.len());
    for n in 0..30 {
        let line = format!("+line of file {n}\n");
        let whole = briefs.iter().filter(|brief| brief.matches(&line).count() == 20).count();
        assert_eq!(whole, 1, "each file's diff is in one brief, and whole: {n}");
    }
}

#[cfg(unix)]
#[test]
fn what_nobody_reviewed_is_listed() {
    let bed = bed();
    bed.repo.write("f07.txt", "poison\n");
    let (code, document) = bed.review(&["--agent", "parts"]);
    assert_eq!(code, 3, "{document:#}");
    let (reviewed, left_out) = (paths(&document, "reviewed"), paths(&document, "left_out"));
    assert!(left_out.contains("f07.txt") && !reviewed.contains("f07.txt"), "{left_out:?}");
    assert!(reviewed.len() + left_out.len() == 30 && reviewed.is_disjoint(&left_out), "{reviewed:?} {left_out:?}");
    let report = bed.run(&["report"]).out;
    assert!(report.contains("f07.txt") && report.contains("Incomplete"), "{report}");
}

#[test]
fn a_report_says_which_texts_were_read_lossily() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.write("latin-1.txt", b"caf\xe9\n");
    let bed = Bed::of(repo).agent("one", &answer(&[]));
    let (_, document) = bed.review(&[]);
    assert_eq!(document["round"]["coverage"]["reviewed"][0]["lossy"], true, "{document:#}");
    for format in ["text", "markdown"] {
        let report = bed.run(&["report", "--format", format]).out;
        let said = report.lines().any(|l| l.contains("latin-1.txt") && l.contains("not UTF-8"));
        assert!(said, "{format}: {report}");
    }
}
