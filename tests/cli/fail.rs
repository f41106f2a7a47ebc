//! What cannot be done, says so, and ends with 2.

use super::bed::{Bed, answer, finding, playing};
use serde_json::json;
use test_repo::Repo;

#[test]
fn what_cannot_be_done_ends_with_2_and_says_what_to_do() {
    let good = || answer(&[finding("important", "It is wrong", (7, 7))]);
    let bed = Bed::new().agent("good", &good());
    for (args, said) in [
        (&["review", "--base", "mian"][..], "'main'"),
        (&["review", "--agent", "god"], "did you mean 'good'?"),
        (&["review", "--format", "pdf"], "pdf"),
        (&["review", "--fail-on", "bad"], "critical, important, suggestion"),
        (&["reveiw"], "review"),
        (&["-C", "/", "review"], "not in a git repository"),
        (&["report"], "no round on this branch yet"),
        (&["dismiss", "C1", "--reason", "x"], "no round on this branch yet"),
        (&["dismiss", "C1"], "--reason"),
        (&["apply"], "ID"),
        (&[], "Usage"),
    ] {
        let ran = bed.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_bare_repository_has_nothing_to_review() {
    let bed = Bed::new().agent("good", &answer(&[]));
    let bare = bed.repo.beside("bare.git");
    bed.repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let ran = bed.run(&["-C", bare.to_str().unwrap(), "review"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("bare repository") && ran.err.contains("git worktree add"), "{}", ran.err);
}

#[test]
fn a_wrong_configuration_names_the_line_and_the_nearest_key() {
    let bed = Bed::new().configured("bse = 'main'\n").agent("good", &answer(&[]));
    let ran = bed.run(&["review"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("config.toml:1:") && ran.err.contains("did you mean 'base'?"), "{}", ran.err);
}

#[test]
fn a_review_that_nobody_gave_is_no_review() {
    let failure = json!({ "kind": "rate-limited", "message": "asked too often", "remedy": "wait an hour" });
    let bed = Bed::new().agent("bad", &playing(answer(&[]), &json!({ "fail": failure })));
    let ran = bed.run(&["review", "--agent", "bad"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("asked too often") && ran.out.contains("wait an hour"), "{}", ran.out);
}

#[test]
fn a_repository_says_only_what_is_harmless_and_only_in_its_base() {
    let repo = Repo::with_topic(&[
        ("a.rs", "fn a() {}\n"),
        (".deep-review.toml", "fail_on = 'important'\nexclude = ['*.gen.rs']\n"),
    ]);
    repo.write("a.rs", "fn b() {}\n");
    repo.write("x.gen.rs", "fn x() {}\n");
    // The branch under review is not asked.
    repo.write(".deep-review.toml", "exclude = ['*']\n");
    repo.commit("Change");
    let mut important = finding("important", "It is wrong", (1, 1));
    important["places"][0]["path"] = json!("a.rs");
    let bed = Bed::of(repo).agent("one", &answer(&[important]));
    let (code, document) = bed.review(&["--agent", "one"]);
    assert_eq!(code, 1, "fail_on of the base counts");
    let left_out = document["round"]["coverage"]["left_out"].to_string();
    assert!(left_out.contains("x.gen.rs") && !left_out.contains("a.rs\""), "{left_out}");
}

#[test]
fn a_repository_cannot_name_programs() {
    let evil = "[agents.evil]\nadapter = 'command'\ncommand = ['touch', 'pwned']\n";
    let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n"), (".deep-review.toml", evil)]);
    repo.write("a.rs", "fn b() {}\n");
    repo.commit("Change");
    let bed = Bed::of(repo).agent("one", &answer(&[]));
    let ran = bed.run(&["review"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(".deep-review.toml") && ran.err.contains("agents"), "{}", ran.err);
    assert!(!bed.repo.path().join("pwned").exists());
}
