//! A round's own work (scope, snapshot, diff, locate, merge, store) around three recorded agents that answer at once,
//! against `git diff` and reading the changed files; the same around agents that take their time: what it adds to the
//! slowest, and how soon an answer is shown; and how long the binary takes to start. `cargo bench --bench engine`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a benchmark, not an interface")]

mod support;

use deep_review::agent::Agent;
use deep_review::agent::recorded::Recorded;
use deep_review::config::Config;
use deep_review::finding::AgentName;
use deep_review::git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use deep_review::review::{self, Event, Reviewed};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{branch_of_a_thousand_files, side_by_side, side_by_side_with};
use test_repo::isolate;
use tokio_util::sync::CancellationToken;

/// Findings of each agent; people get a tenth of it.
const EACH: usize = 30;

fn git(root: &Path, args: &[&str]) {
    let status = isolate(&mut Command::new("git")).current_dir(root).args(args).stdout(Stdio::null()).status();
    assert!(status.expect("git").success());
}

fn take(repository: &Repository) -> Snapshot {
    let scope = repository.scope(&ScopeRequest::default()).expect("its scope");
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).expect("its snapshot")
}

/// An answer with findings on changed lines, each with its quote and a fix. Every third is on a file that only this
/// agent speaks of.
fn answer(snapshot: &Snapshot, agent: usize) -> String {
    let files: Vec<_> = snapshot.files().iter().filter(|f| f.new.is_some() && !f.hunks.is_empty()).collect();
    let findings: Vec<serde_json::Value> = (0..EACH)
        .filter_map(|n| {
            let file = files[(n * 31 + if n % 3 == 0 { agent * 7 } else { 0 }) % files.len()];
            let line = file.hunks[0].new_start;
            let quote = file.new.as_deref()?.lines().nth(line as usize - 1)?;
            Some(serde_json::json!({
                "severity": (["critical", "important", "suggestion"][n % 3]),
                "title": format!("The value of line {line} is not checked"),
                "body": format!("What `{}` gives is used as it is; an empty one ends in an error further down.", quote.trim()),
                "evidence": "", "classification": "regression", "symbol": "",
                "places": [{ "path": file.path.as_str(), "start_line": line, "end_line": line, "quote": quote }],
                "fixes": [{ "note": "", "path": file.path.as_str(), "diff": format!("@@ -{line},1 +{line},1 @@\n-{quote}\n+{quote} // checked\n") }],
            }))
        })
        .collect();
    serde_json::json!({
        "summary": "", "findings": findings, "observations": [], "testing": "", "untested": [],
        "documentation": "", "commit_structure": "", "limitations": [], "covered": [],
    })
    .to_string()
}

/// When the agents of the second part answer.
const WAITS: [Duration; 3] = [Duration::from_millis(300), Duration::from_millis(600), Duration::from_millis(900)];

fn slowed(answer: &str, wait: Duration) -> String {
    let mut answer: serde_json::Value = serde_json::from_str(answer).expect("an answer");
    answer["play"] = serde_json::json!({ "after_ms": wait.as_millis() });
    answer.to_string()
}

/// How long a round takes, and how long it takes from the first agent's answer until its findings are shown. An agent
/// starts when it says what it is doing.
async fn timed(request: review::Request) -> (Duration, Duration) {
    let (events, mut told) = tokio::sync::mpsc::unbounded_channel();
    let start = Instant::now();
    let round = tokio::spawn(review::run(request, events, CancellationToken::new()));
    let (mut asked, mut shown) = (None, None);
    while let Some(event) = told.recv().await {
        match event {
            Event::Progress(..) => _ = asked.get_or_insert_with(Instant::now),
            Event::Updated(round) if !round.findings.is_empty() => _ = shown.get_or_insert_with(Instant::now),
            Event::Updated(_) | Event::SetAside(_) => {}
        }
    }
    round.await.expect("it ends").expect("a round");
    let (asked, shown) = (asked.expect("an agent is asked"), shown.expect("findings are shown"));
    (start.elapsed(), (shown - asked).saturating_sub(WAITS[0]))
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    format!("{:>8.1} ms   ({:.1} to {:.1})", ms(times.len() / 2), ms(0), ms(times.len() - 1))
}

fn main() {
    let repo = branch_of_a_thousand_files();
    let root = repo.path();
    let repository = Repository::discover(root).expect("the repository");
    let snapshot = take(&repository);
    let changed: Vec<_> =
        snapshot.files().iter().filter(|f| f.new.is_some()).map(|f| root.join(f.path.as_str())).collect();
    let lines: u32 = snapshot.files().iter().flat_map(|f| &f.hunks).map(|h| h.old_count + h.new_count).sum();
    println!("a branch of {} changed files, {lines} lines; 3 agents, {EACH} findings each", snapshot.files().len());
    let answers: Vec<String> = (0..3).map(|agent| answer(&snapshot, agent)).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let request = |answers: &[String]| {
        let agent = |(n, text): (usize, &String)| {
            Arc::new(Recorded::text(AgentName::new(format!("agent{n}")), "Recorded", text.as_str())) as Arc<dyn Agent>
        };
        let agents = answers.iter().enumerate().map(agent).collect();
        review::request(Repository::discover(root).expect("the repository"), &Config::default(), agents)
    };
    let round = || {
        let (events, _shown) = tokio::sync::mpsc::unbounded_channel();
        let done = review::run(request(&answers), events, CancellationToken::new());
        let Reviewed::Round(round) = runtime.block_on(done).expect("a round") else {
            unreachable!("the branch has changes")
        };
        assert!(round.findings.len() > EACH && round.findings.iter().all(|f| f.anchors[0].lines.is_some()));
    };
    let store = root.join(".git/deep-review");
    side_by_side_with(
        "a round's own work",
        15,
        &mut [
            (
                "git diff --merge-base main --stat -p, and reading the files",
                Box::new(|| {
                    git(root, &["diff", "--merge-base", "main", "--stat", "-p"]);
                    for path in &changed {
                        std::hint::black_box(std::fs::read(path).expect("a changed file"));
                    }
                }),
            ),
            ("scope, snapshot, diff, locate, merge and store", Box::new(round)),
        ],
        // Each is a branch's first round.
        &mut || {
            if store.exists() {
                std::fs::remove_dir_all(&store).expect("the store is removed");
            }
        },
    );
    let slow: Vec<String> = answers.iter().zip(WAITS).map(|(answer, wait)| slowed(answer, wait)).collect();
    let (mut added, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        let (all, first) = runtime.block_on(timed(request(&slow)));
        added.push(all - WAITS[WAITS.len() - 1]);
        shown.push(first);
        std::fs::remove_dir_all(&store).expect("the store is removed");
    }
    println!("agents that answer after {WAITS:?} (medians of 15, fastest to slowest)");
    for (what, times) in
        [("a round takes longer than its slowest agent by", added), ("a first answer is shown after", shown)]
    {
        println!("  {what:<58} {}", spread(times));
    }
    let version = |program: &'static str| {
        move || {
            let status = Command::new(program).arg("--version").stdout(Stdio::null()).status();
            assert!(status.expect("it starts").success());
        }
    };
    side_by_side(
        "start-up",
        40,
        &mut [
            ("git --version", Box::new(version("git"))),
            ("deep-review --version", Box::new(version(env!("CARGO_BIN_EXE_deep-review")))),
        ],
    );
}
