//! The built-in agents on a branch of 1,000 changed files in a repository of 3,000: all at once, the `references` pass
//! against `rg -F -w -f words` over the same tree, and the memory of the real binary. `cargo bench --bench check`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a benchmark, not an interface")]

mod support;

use deep_review::check::{ALL, Checker, Job, Level, RuleSetting, Settings};
use deep_review::git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{branch_of_a_thousand_files, side_by_side_with};
use test_repo::isolate;
use tokio_util::sync::CancellationToken;

fn take(root: &Path, uncommitted: bool) -> Snapshot {
    let repository = Repository::discover(root).expect("the repository");
    let scope =
        repository.scope(&ScopeRequest { base: None, uncommitted, ..ScopeRequest::default() }).expect("its scope");
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).expect("its snapshot")
}

/// Settings that no run had before, so that nothing is known of it.
fn new_settings() -> Settings {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let rule = format!("no-rule-{}", RUN.fetch_add(1, Ordering::Relaxed));
    Settings::new(&BTreeMap::from([(rule, RuleSetting::Level(Level::Off))]), Vec::new())
}

fn found_by(checker: &Checker, snapshot: &Snapshot, settings: &Settings) -> usize {
    let cancel = CancellationToken::new();
    checker.run(&Job::new(snapshot, settings, &cancel)).expect("its findings").findings.len()
}

/// All agents, each in a thread of its own, as in a round; returns how many findings there are.
fn check_all(snapshot: &Snapshot, settings: &Settings) -> usize {
    std::thread::scope(|scope| {
        let running: Vec<_> = ALL.iter().map(|checker| scope.spawn(|| found_by(checker, snapshot, settings))).collect();
        running.into_iter().map(|one| one.join().expect("no panic")).sum()
    })
}

/// Names with several words that the changed files lost: about what `references` looks for.
fn lost_words(snapshot: &Snapshot) -> Vec<String> {
    let words = |text: Option<&str>| -> HashSet<String> {
        let words = text.unwrap_or("").split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.filter(|w| w.len() >= 4 && w.contains('_')).map(str::to_owned).collect()
    };
    let new: HashSet<String> = snapshot.files().iter().flat_map(|f| words(f.new.as_deref())).collect();
    let mut lost: Vec<String> = snapshot.files().iter().flat_map(|f| words(f.old.as_deref())).collect();
    lost.sort();
    lost.dedup();
    lost.retain(|w| !new.contains(w));
    lost
}

fn main() {
    let repo = branch_of_a_thousand_files();
    let root = repo.path();
    let snapshot = take(root, true);
    let lines: u32 = snapshot.files().iter().flat_map(|f| &f.hunks).map(|h| h.old_count + h.new_count).sum();
    let words = lost_words(&snapshot);
    let list = repo.beside("words");
    std::fs::write(&list, words.join("\n")).expect("a list of words");
    println!("a branch of {} changed files, {lines} added and removed lines", snapshot.files().len());
    println!("{} words are looked for; {} findings", words.len(), check_all(&snapshot, &new_settings()));

    let has_rg = Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    // Nothing that one run read is at hand in the next.
    let fresh = RefCell::new(take(root, true));
    let rg = || {
        let run =
            Command::new("rg").args(["-F", "-w", "-f"]).arg(&list).current_dir(root).stdout(Stdio::null()).status();
        assert!(run.expect("ripgrep").code().is_some_and(|code| code < 2));
    };
    let references = || assert!(found_by(&ALL[0], &fresh.borrow(), &new_settings()) < 1000);
    let all = || assert!(check_all(&fresh.borrow(), &new_settings()) < 1000);
    let renew = || drop(fresh.replace(take(root, true)));
    if has_rg {
        let runs: &mut [support::Contender<'_>] = &mut [
            ("rg -F -w -f words", Box::new(rg)),
            ("references", Box::new(references)),
            ("all at once", Box::new(all)),
        ];
        side_by_side_with("the built-in agents", 15, runs, &mut || renew());
    } else {
        println!("skipped: the comparison with ripgrep, which is not here (apt-get install ripgrep)");
        let runs: &mut [support::Contender<'_>] = &mut [("all at once", Box::new(all))];
        side_by_side_with("the built-in agents", 15, runs, &mut || renew());
    }
    after_a_save(root);
    saved_file();
    shared_texts(root);
    peak_memory(root);
}

/// All agents again after one file of the branch was saved: what did not change is known.
fn after_a_save(root: &Path) {
    let settings = new_settings();
    let first = Instant::now();
    check_all(&take(root, true), &settings);
    let first = first.elapsed();
    let path =
        take(root, true).files().iter().find(|f| f.new.is_some()).map(|f| root.join(f.path.as_str())).expect("a file");
    let text = std::fs::read_to_string(&path).expect("its text");
    let (mut all, mut references) = (Vec::new(), Vec::new());
    for n in 0..15 {
        std::fs::write(&path, format!("{text}\n// {n}\n")).expect("the file");
        let snapshot = take(root, true);
        let start = Instant::now();
        found_by(&ALL[0], &snapshot, &settings);
        references.push(start.elapsed());
        let start = Instant::now();
        check_all(&snapshot, &settings);
        all.push(start.elapsed());
    }
    std::fs::write(&path, text).expect("the file");
    all.sort_unstable();
    references.sort_unstable();
    println!(
        "one file saved: all agents {:.1?} (the first time {first:.1?}), references {:.1?}",
        all[7], references[7]
    );
}

/// The agents that look at files, on one of 10,000 lines that was saved.
fn saved_file() {
    let line = |n: usize| {
        format!("/// What number {n} is for.\npub fn function_{n}(value: u32) -> u32 {{\n    value + {n}\n}}\n\n")
    };
    let text: String = (0..2_000).map(line).collect();
    let (settings, cancel) = (new_settings(), CancellationToken::new());
    let mut times: Vec<Duration> = (0..15)
        .map(|n| {
            let new = text.replacen("value + 1000", &format!("value + 1000 + {n}"), 1);
            let snapshot = Snapshot::in_memory(&[("src/large.rs", &text)], &[("src/large.rs", &new)]);
            let job = Job::new(&snapshot, &settings, &cancel);
            let Some(file) = snapshot.files().first() else { return Duration::ZERO };
            let start = Instant::now();
            let found: usize = ALL.iter().map(|checker| checker.run_on_file(&job, file).len()).sum();
            assert!(found < 1000);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("a saved file of {} lines: {:.1?} (median of 15)", text.lines().count(), times[7]);
}

/// What it is worth to keep texts for the round: everything is read once, and again by a second reader.
fn shared_texts(root: &Path) {
    for (what, uncommitted) in [("the work tree", true), ("git's objects", false)] {
        let mut times: Vec<(Duration, Duration)> = (0..9)
            .map(|_| {
                let snapshot = take(root, uncommitted);
                let paths = snapshot.paths().expect("its paths");
                let read = || {
                    let start = Instant::now();
                    for path in &paths {
                        std::hint::black_box(snapshot.read(path).expect("its text"));
                    }
                    start.elapsed()
                };
                (read(), read())
            })
            .collect();
        times.sort_unstable();
        let (first, again) = times[times.len() / 2];
        println!("every text from {what}: first {first:.1?}, kept for a second reader {again:.1?} (median of 9)");
    }
}

/// The most memory that the real binary has in a review with the built-in agents.
fn peak_memory(root: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deep-review"));
    for checker in ALL {
        command.args(["--agent", checker.name]);
    }
    let mut child = isolate(&mut Command::new(command.get_program()))
        .arg("review")
        .args(command.get_args())
        .args(["--format", "json"])
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    let start = Instant::now();
    let mut peak = String::from("unknown: there is no /proc here");
    while child.try_wait().expect("its state").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        if let Some(line) = status.lines().find_map(|l| l.strip_prefix("VmHWM:")) {
            peak = line.trim().to_owned();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("`deep-review review` with them: {:.2?}, peak memory {peak}", start.elapsed());
}
