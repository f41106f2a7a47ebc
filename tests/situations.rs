//! What is reviewed without being checked out, in every situation that a clone can be in: what becomes of its findings from one
//! round to the next, and that nothing of the clone is touched.

use crate::cli::bed::{AFTER, BEFORE, Bed, answer, finding};
use crate::targets::everything_in;
use serde_json::Value;
use std::path::{Path, PathBuf};
use test_repo::Repo;

const TARGETS: [&str; 3] = ["origin/topic", "commit:origin/topic", "origin/main..origin/topic"];

/// A clone in a situation. `theirs` is what it is a clone of; its `topic` has two commits on top of `main`.
struct Situation {
    name: &'static str,
    /// How it is cloned.
    clone: &'static [&'static str],
    /// What is done in the clone.
    then: fn(&Repo, &Path),
    /// What is done at the origin between the two rounds, and then fetched.
    between: Option<fn(&Repo)>,
    /// What becomes of the finding, by target.
    becomes: [&'static str; 3],
}

fn nothing(_: &Repo, _: &Path) {}

/// The line of the finding in each of two rounds: with its label, or why there is none.
const STAYS: [&str; 3] = ["I1:2 I1:2", "I1:2 I1:2", "I1:2 I1:2"];

const SITUATIONS: &[Situation] = &[
    Situation { name: "clean", clone: &[], then: nothing, between: None, becomes: STAYS },
    Situation {
        name: "detached",
        clone: &[],
        then: |repo, clone| drop(repo.git_in(clone, &["switch", "-q", "--detach", "main"])),
        between: None,
        becomes: STAYS,
    },
    Situation {
        name: "dirty",
        clone: &[],
        then: |_, clone| {
            std::fs::write(clone.join("src/main.rs"), BEFORE.replace("let n = 1", "let n = 2")).unwrap();
            std::fs::write(clone.join("note"), "untracked\n").unwrap();
        },
        between: None,
        becomes: STAYS,
    },
    Situation {
        name: "shallow",
        clone: &["--depth=4", "--no-single-branch"],
        then: nothing,
        between: None,
        becomes: STAYS,
    },
    Situation {
        name: "too shallow",
        clone: &["--depth=1", "--no-single-branch"],
        then: nothing,
        between: None,
        becomes: ["--unshallow", "--unshallow", "I1:2 I1:2"],
    },
    Situation { name: "partial", clone: &["--filter=blob:none"], then: nothing, between: None, becomes: STAYS },
    Situation {
        name: "worktree",
        clone: &[],
        then: |repo, clone| {
            let beside = clone.with_file_name("linked");
            repo.git_in(clone, &["worktree", "add", "-q", "--detach", &beside.to_string_lossy()]);
        },
        between: None,
        becomes: STAYS,
    },
    Situation {
        name: "submodule",
        clone: &[],
        then: |repo, clone| {
            let head = repo.git_in(clone, &["rev-parse", "HEAD"]);
            repo.git_in(clone, &["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", head.trim())]);
        },
        between: None,
        becomes: STAYS,
    },
    Situation {
        name: "renamed since",
        clone: &[],
        then: nothing,
        between: Some(|theirs| {
            theirs.git(&["mv", "src/main.rs", "src/count.rs"]);
            theirs.commit("Name it for what it does");
        }),
        becomes: ["I1:2 I1:2 in src/count.rs", "I1:2 none", "I1:2 I1:2 in src/count.rs"],
    },
    Situation {
        name: "force-pushed since",
        clone: &[],
        then: nothing,
        between: Some(|theirs| {
            theirs.write("src/main.rs", format!("// counts\n{AFTER}"));
            theirs.git(&["commit", "-q", "-a", "--amend", "-m", "Count them"]);
        }),
        becomes: ["I1:2 I1:3", "I1:2 none", "I1:2 I1:3"],
    },
];

/// Where the work is done: in the linked worktree, where there is one.
fn place(clone: &Path) -> PathBuf {
    let linked = clone.with_file_name("linked");
    if linked.exists() { linked } else { clone.to_owned() }
}

/// The finding of a round, or what is missing.
fn round(bed: &Bed, clone: &Path, target: &str) -> String {
    let folder = place(clone);
    let ran = bed.run(&["-C", &folder.to_string_lossy(), "review", target, "--agent", "one", "--format", "json"]);
    if ran.code != 0 {
        return if ran.err.contains("--unshallow") {
            "--unshallow".into()
        } else {
            format!("{}: {}", ran.code, ran.err)
        };
    }
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let found = document["round"]["findings"].as_array().unwrap();
    let one = |finding: &Value| {
        let anchor = &finding["anchors"][0];
        let path = anchor["path"].as_str().unwrap();
        let place = if path == "src/main.rs" { String::new() } else { format!(" in {path}") };
        format!("{}:{}{place}", finding["label"].as_str().unwrap(), anchor["lines"]["start"])
    };
    found.first().map_or_else(|| "none".to_owned(), one)
}

fn table(situation: &Situation) -> Vec<String> {
    let theirs = Repo::with_topic(&[("src/main.rs", BEFORE)]);
    theirs.git(&["config", "uploadpack.allowFilter", "true"]);
    theirs.write("docs.md", "words\n");
    theirs.commit("Say it");
    theirs.write("src/main.rs", AFTER);
    theirs.commit("Count the arguments");
    theirs.checkout("main");
    let bed = Bed::of(theirs).agent("one", &answer(&[finding("important", "Count once", (2, 2))]));
    let theirs = &bed.repo;
    TARGETS
        .iter()
        .map(|target| {
            let clone = theirs.beside("clone");
            let url = format!("file://{}", theirs.path().display());
            let at = clone.to_string_lossy().into_owned();
            let args = [&["clone", "-q", "--branch", "main"], situation.clone, &[&url, &at]].concat();
            theirs.git(&args);
            (situation.then)(theirs, &clone);
            let before = everything_in(theirs, &clone);
            let first = round(&bed, &clone, target);
            let tip = theirs.git(&["rev-parse", "topic"]);
            let mut told = match situation.between {
                None => format!("{first} {}", round(&bed, &clone, target)),
                Some(between) => {
                    assert!(before == everything_in(theirs, &clone), "{}, {target}: touched", situation.name);
                    theirs.checkout("topic");
                    between(theirs);
                    theirs.checkout("main");
                    theirs.git_in(
                        &clone,
                        &["-c", "fetch.writeCommitGraph=false", "fetch", "-q", "--no-write-fetch-head"],
                    );
                    let before = everything_in(theirs, &clone);
                    bed.says("one", &answer(&[]));
                    let second = round(&bed, &clone, target);
                    bed.says("one", &answer(&[finding("important", "Count once", (2, 2))]));
                    assert!(before == everything_in(theirs, &clone), "{}, {target}: touched", situation.name);
                    theirs.git(&["branch", "-q", "-f", "topic", tip.trim()]);
                    format!("{first} {second}")
                }
            };
            if situation.between.is_none() {
                assert!(before == everything_in(theirs, &clone), "{}, {target}: touched", situation.name);
            }
            if let Some(one) = told.strip_prefix("--unshallow ") {
                told = one.to_owned();
            }
            for folder in ["clone", "linked"] {
                drop(std::fs::remove_dir_all(theirs.beside(folder)));
            }
            told
        })
        .collect()
}

#[test]
fn findings_of_every_target_in_every_situation() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let all = SITUATIONS.iter().map(|situation| (situation, scope.spawn(|| table(situation))));
        let all: Vec<_> = all.collect();
        all.into_iter()
            .filter_map(|(situation, run)| {
                let became = run.join().unwrap();
                (became != situation.becomes).then(|| format!("{}: {became:?}", situation.name))
            })
            .collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}
