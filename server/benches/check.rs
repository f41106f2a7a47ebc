//! The built-in agents on a branch of 1,000 changed files in a repository of 3,000: all at once, the `references` pass
//! against `rg -F -w -f words` over the same tree, and the memory of the real binary. `cargo bench --bench check`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a benchmark, not an interface")]

mod support;

use deep_review::check::{ALL, Checker, Job, Settings};
use deep_review::git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
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

fn found_by(checker: &Checker, snapshot: &Snapshot) -> usize {
    let (settings, cancel) = (Settings::default(), CancellationToken::new());
    checker.run(&Job::new(snapshot, &settings, &cancel)).expect("its findings").findings.len()
}

/// All agents, each in a thread of its own, as in a round; returns how many findings there are.
fn check_all(snapshot: &Snapshot) -> usize {
    std::thread::scope(|scope| {
        let running: Vec<_> = ALL.iter().map(|checker| scope.spawn(|| found_by(checker, snapshot))).collect();
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
    println!("{} words are looked for; {} findings", words.len(), check_all(&snapshot));

    let has_rg = Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    // Nothing that one run read is at hand in the next.
    let fresh = RefCell::new(take(root, true));
    let rg = || {
        let run =
            Command::new("rg").args(["-F", "-w", "-f"]).arg(&list).current_dir(root).stdout(Stdio::null()).status();
        assert!(run.expect("ripgrep").code().is_some_and(|code| code < 2));
    };
    let references = || assert!(found_by(&ALL[0], &fresh.borrow()) < 1000);
    let all = || assert!(check_all(&fresh.borrow()) < 1000);
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
    shared_texts(root);
    peak_memory(root);
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
