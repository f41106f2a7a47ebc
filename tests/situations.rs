//! What is reviewed without being checked out, in every situation that a clone can be in: what becomes of its findings from one
//! round to the next, and that nothing of the clone is touched.

use crate::cli::bed::{AFTER, BEFORE, Bed, Ran, answer, finding};
use crate::support::http::{Reply, Server};
use crate::targets::{Pull, everything_in};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use test_repo::Repo;

const TARGETS: [&str; 4] = ["origin/topic", "commit:origin/topic", "origin/main..origin/topic", "pr:7"];

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
    becomes: [&'static str; 4],
}

fn nothing(_: &Repo, _: &Path) {}

/// The line of the finding in each of two rounds: with its label, or why there is none.
const STAYS: [&str; 4] = ["I1:2 I1:2"; 4];

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
        becomes: ["--unshallow", "--unshallow", "I1:2 I1:2", "--unshallow"],
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
        becomes: ["I1:2 I1:2 in src/count.rs", "I1:2 none", "I1:2 I1:2 in src/count.rs", "I1:2 I1:2 in src/count.rs"],
    },
    Situation {
        name: "force-pushed since",
        clone: &[],
        then: nothing,
        between: Some(|theirs| {
            theirs.write("src/main.rs", format!("// counts\n{AFTER}"));
            theirs.git(&["commit", "-q", "-a", "--amend", "-m", "Count them"]);
        }),
        becomes: ["I1:2 I1:3", "I1:2 none", "I1:2 I1:3", "I1:2 I1:3"],
    },
];

/// Where the work is done: in the linked worktree, where there is one.
fn place(clone: &Path) -> PathBuf {
    let linked = clone.with_file_name("linked");
    if linked.exists() { linked } else { clone.to_owned() }
}

/// The forge that the clone's remote is at; `git` is told where its repository really is.
struct At {
    server: Server,
    /// What it says of pull request 7: its last commit.
    head: Arc<Mutex<String>>,
    url: String,
}

impl At {
    fn new(theirs: &Repo) -> Self {
        let head = Arc::new(Mutex::new(theirs.git(&["rev-parse", "topic"])));
        let (shown, base) = (head.clone(), theirs.git(&["rev-parse", "main"]));
        let server = Server::start(move |asked| {
            let (head, base) = (shown.lock().unwrap().clone(), base.clone());
            let pull = Pull { forge: "github", head, base, source: "someone/r", branch: "topic", is_open: true };
            pull.answer(asked).unwrap_or_else(|| Reply::status(404, "Not Found"))
        });
        let at = Self { server, head, url: format!("file://{}", theirs.path().display()) };
        at.renew(theirs);
        at
    }

    /// Takes what `topic` is now for the pull request's.
    fn renew(&self, theirs: &Repo) {
        theirs.git(&["update-ref", "refs/pull/7/head", "topic"]);
        *self.head.lock().unwrap() = theirs.git(&["rev-parse", "topic"]);
    }

    fn address(&self) -> String {
        format!("http://{}/o/r.git", self.server.address())
    }
}

/// The finding of a round, or what is missing.
fn round(bed: &Bed, at: &At, clone: &Path, target: &str) -> String {
    let folder = place(clone);
    let folder = folder.to_string_lossy();
    let args = ["-C", &folder, "review", target, "--forge", "github", "--agent", "one", "--format", "json"];
    let ran = bed
        .command(&args)
        .env("GH_ENTERPRISE_TOKEN", "s3cret")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", at.url))
        .env("GIT_CONFIG_VALUE_0", at.address())
        .output()
        .unwrap();
    let ran = Ran {
        code: ran.status.code().unwrap_or(-1),
        out: String::from_utf8(ran.stdout).unwrap(),
        err: String::from_utf8(ran.stderr).unwrap(),
    };
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
    let forge = At::new(theirs);
    TARGETS
        .iter()
        .map(|target| {
            let clone = theirs.beside("clone");
            let at = clone.to_string_lossy().into_owned();
            let args = [&["clone", "-q", "--branch", "main"], situation.clone, &[&forge.url, &at]].concat();
            theirs.git(&args);
            (situation.then)(theirs, &clone);
            let theirs_is_at = |url: &str| drop(theirs.git_in(&clone, &["remote", "set-url", "origin", url]));
            if *target == "pr:7" {
                theirs_is_at(&forge.address());
            }
            let before = everything_in(theirs, &clone);
            let first = round(&bed, &forge, &clone, target);
            let tip = theirs.git(&["rev-parse", "topic"]);
            let mut told = match situation.between {
                None => format!("{first} {}", round(&bed, &forge, &clone, target)),
                Some(between) => {
                    assert!(before == everything_in(theirs, &clone), "{}, {target}: touched", situation.name);
                    theirs.checkout("topic");
                    between(theirs);
                    theirs.checkout("main");
                    forge.renew(theirs);
                    if *target == "pr:7" {
                        theirs_is_at(&forge.url);
                    }
                    theirs.git_in(
                        &clone,
                        &["-c", "fetch.writeCommitGraph=false", "fetch", "-q", "--no-write-fetch-head"],
                    );
                    if *target == "pr:7" {
                        theirs_is_at(&forge.address());
                    }
                    let before = everything_in(theirs, &clone);
                    bed.says("one", &answer(&[]));
                    let second = round(&bed, &forge, &clone, target);
                    bed.says("one", &answer(&[finding("important", "Count once", (2, 2))]));
                    assert!(before == everything_in(theirs, &clone), "{}, {target}: touched", situation.name);
                    theirs.git(&["branch", "-q", "-f", "topic", tip.trim()]);
                    forge.renew(theirs);
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
