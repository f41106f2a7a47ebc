//! What a review says and how it ends.

use super::bed::{AFTER, Bed, answer, finding, playing, titles, with_fix};
use serde_json::{Value, json};
use test_repo::Repo;

#[test]
fn a_complete_review_ends_with_0_and_one_finding_for_one_issue() {
    let panics = "The count of arguments is cut to 32 bits without a check";
    let bed = Bed::new()
        .agent("one", &answer(&[finding("important", panics, (7, 7))]))
        .agent("two", &answer(&[finding("critical", panics, (7, 7)), finding("suggestion", "Name it better", (2, 2))]));
    let (code, document) = bed.review(&[]);
    assert_eq!(code, 0);
    assert_eq!(titles(&document).len(), 2, "{document:#}");
    let merged = &document["round"]["findings"][0];
    let agents: Vec<&str> =
        merged["attributions"].as_array().unwrap().iter().filter_map(|a| a["agent"].as_str()).collect();
    assert_eq!(agents.len(), 2, "{merged:#}");
    assert_eq!(document["round"]["coverage"]["reviewed"][0]["path"], "src/main.rs");
    assert_eq!(document["round"]["scope"]["branch"], "topic");
}

#[test]
fn fail_on_decides_between_0_and_1() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "It is wrong", (7, 7))]));
    for (args, code) in [
        (&["--fail-on", "critical"][..], 0),
        (&["--fail-on", "important"], 1),
        (&["--fail-on", "suggestion"], 1),
        (&[], 0),
    ] {
        assert_eq!(bed.review(args).0, code, "{args:?}");
    }
    assert_eq!(bed.command(&["review"]).env("DEEP_REVIEW_FAIL_ON", "important").status().unwrap().code(), Some(1));
}

#[test]
fn an_agent_that_fails_makes_the_review_incomplete_and_takes_nothing_away() {
    let good = answer(&[finding("important", "It is wrong", (7, 7))]);
    let failure = json!({ "kind": "rate-limited", "message": "asked too often", "remedy": "wait an hour" });
    for (play, said) in [
        (json!({ "fail": failure }), "asked too often"),
        (json!({ "panic": true }), "crashed"),
        (json!({ "hang": true }), "no answer after 1 s"),
    ] {
        let bed = Bed::new().agent("good", &good).agent("bad", &playing(answer(&[]), &play));
        let ran = bed.run(&["review", "--timeout", "1"]);
        assert_eq!(ran.code, 3, "{play}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(said) && ran.out.contains("BAD"), "{play}: {}", ran.out);
        assert!(ran.out.contains("It is wrong") && ran.out.contains("Incomplete"), "{play}: {}", ran.out);
        let json = bed.run(&["report", "--format", "json"]).out;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["complete"], false, "{play}");
    }
}

#[test]
fn what_was_found_goes_before_who_failed() {
    let important = answer(&[finding("important", "It is wrong", (7, 7))]);
    let fails = json!({ "fail": { "kind": "rate-limited", "message": "asked too often" } });
    let half = playing(answer(&[finding("critical", "Half seen", (2, 2))]), &fails);
    for (first, fail_on, code) in [
        (&important, "important", 1),
        (&important, "critical", 3),
        // What a failed agent had said until then counts too.
        (&half, "critical", 1),
        (&answer(&[]), "suggestion", 3),
        // Nobody answered.
        (&playing(answer(&[]), &fails), "suggestion", 2),
    ] {
        let bed = Bed::new().agent("one", first).agent("bad", &playing(answer(&[]), &fails));
        let ran = bed.run(&["review", "--agent", "one", "--agent", "bad", "--fail-on", fail_on]);
        assert_eq!(ran.code, code, "{fail_on}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("BAD") && ran.out.contains("asked too often"), "{}", ran.out);
    }
}

#[test]
fn a_partial_answer_is_kept_with_its_failure() {
    let failure = json!({ "kind": "rate-limited", "message": "asked too often" });
    let partial = playing(answer(&[finding("important", "Half seen", (7, 7))]), &json!({ "fail": failure }));
    let bed = Bed::new().agent("half", &partial).agent("whole", &answer(&[]));
    let (code, document) = bed.review(&[]);
    assert_eq!(code, 3);
    assert_eq!(titles(&document), ["I1 Half seen"]);
}

#[test]
fn nothing_to_review_is_a_sentence_and_no_failure() {
    let bed = Bed::of(Repo::with_topic(&[("a.rs", "fn a() {}\n")])).agent("one", &answer(&[]));
    let ran = bed.run(&["review"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("Nothing to review: nothing differs from main."), "{}", ran.err);
    assert!(!bed.repo.path().join(".git/deep-review").exists(), "nothing is stored for nothing");
    // On the base itself that is said, and what can be reviewed instead.
    bed.repo.checkout("main");
    let ran = bed.run(&["review"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("'main' is itself what branches are compared with"), "{}", ran.err);
    assert!(ran.err.contains("review commit:HEAD"), "{}", ran.err);
}

#[test]
fn uncommitted_work_counts_unless_it_is_left_out() {
    let bed = Bed::new().agent("one", &answer(&[]));
    bed.repo.write("untracked.rs", "fn u() {}\n");
    let files = |args: &[&str]| -> Vec<String> {
        let (_, document) = bed.review(args);
        let reviewed = document["round"]["coverage"]["reviewed"].as_array().unwrap().clone();
        reviewed.iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(files(&[]), ["src/main.rs", "untracked.rs"]);
    assert_eq!(files(&["--no-uncommitted"]), ["src/main.rs"]);
}

#[test]
fn only_the_agents_that_were_named_review() {
    let bed = Bed::new().agent("one", &answer(&[])).agent("two", &answer(&[]));
    let (_, document) = bed.review(&["--agent", "two"]);
    let agents = document["round"]["agents"].as_array().unwrap();
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0]["agent"]["name"], "two");
}

#[test]
fn the_same_review_twice_says_the_same() {
    let fixed = with_fix(finding("important", "It is wrong", (7, 7)), "-    let n = first();\n+    let n = 2;\n");
    let bed =
        Bed::new().agent("one", &answer(&[fixed])).agent("two", &answer(&[finding("suggestion", "So so", (2, 2))]));
    let stable = || {
        std::fs::remove_dir_all(bed.repo.path().join(".git/deep-review")).ok();
        let (_, mut document) = bed.review(&["--agent", "one", "--agent", "two"]);
        let round = document["round"].as_object_mut().unwrap();
        for key in ["id", "started", "duration_ms"] {
            round.remove(key);
        }
        for run in round["agents"].as_array_mut().unwrap() {
            run["duration_ms"] = Value::Null;
        }
        document.to_string()
    };
    assert_eq!(stable(), stable());
}

#[test]
fn what_an_agent_quotes_is_found_where_it_is() {
    let mut moved = finding("important", "It is wrong", (1, 1));
    moved["places"][0]["quote"] = json!("    std::env::args().count() as u32");
    let bed = Bed::new().agent("one", &answer(&[moved]));
    let (_, document) = bed.review(&[]);
    let line = AFTER.lines().position(|l| l.contains("args()")).unwrap() + 1;
    assert_eq!(document["round"]["findings"][0]["anchors"][0]["lines"], json!({ "start": line, "end": line }));
}

#[test]
fn an_output_file_gets_everything_and_the_terminal_nothing() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "It is wrong", (7, 7))]));
    let file = bed.repo.beside("review.md");
    let ran = bed.run(&["review", "--format", "markdown", "--output", file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(std::fs::read_to_string(file).unwrap().contains("It is wrong"));
}

#[cfg(unix)]
#[test]
fn interrupting_keeps_what_was_answered_and_ends_at_once() {
    let bed = Bed::new()
        .agent("quick", &answer(&[finding("important", "Seen in time", (7, 7))]))
        .agent("slow", &playing(answer(&[]), &json!({ "hang": true })));
    let child = bed
        .command(&["review", "--agent", "quick", "--agent", "slow"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The answer of the quick one is in the store before the slow one is done.
    let seen = || {
        let rounds = walk(&bed.repo.path().join(".git/deep-review"));
        rounds.iter().any(|f| std::fs::read_to_string(f).is_ok_and(|t| t.contains("Seen in time")))
    };
    let begun = std::time::Instant::now();
    while !seen() {
        assert!(begun.elapsed().as_secs() < 60, "the quick agent's answer was never stored");
        std::thread::yield_now();
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(3), "{text}");
    assert!(text.contains("Seen in time") && text.contains("cancelled"), "{text}");
    let left: Vec<_> = walk(&bed.repo.path().join(".git/deep-review"))
        .into_iter()
        .filter(|f| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".writing")))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|e| Some(e.ok()?.path()));
    paths.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}
