//! The runner, with the real supervisor and programs that behave badly.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use deep_review::agent::process::{self, End, Environment, Limits, Program, Ran, Scratch};
use deep_review::finding::FailureKind;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Long enough to never be the reason that a test ends.
const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str, input: &str) -> Program {
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    Program {
        path: "sh".into(),
        args: vec!["-c".into(), script.into()],
        environment: Environment::base(),
        folder: None,
        input: input.into(),
    }
}

fn limits() -> Limits {
    Limits { idle: LONG, total: LONG, grace: Duration::from_millis(300), output: 1 << 20 }
}

async fn run(program: &Program, limits: Limits, cancel: &CancellationToken, line: impl FnMut(&str) + Send) -> Ran {
    let scratch = Scratch::new().unwrap();
    process::run(program, limits, &scratch, cancel, line).await
}

fn kind(ran: &Ran) -> Option<FailureKind> {
    match &ran.end {
        End::Failed(failure) => Some(failure.kind),
        End::Exited(_) | End::Signalled(_) => None,
    }
}

/// The processes whose command line holds `word`.
fn living(word: &str) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|e| std::fs::read(e.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(word))
        .count()
}

/// A script that leaves children of all sorts, each marked by `word` in its command line: in the group, in a
/// session of its own, in a session below a dead parent, and one that ignores the polite signal. It prints
/// "ready" when all are there, and then runs `then`.
fn litter(word: &str, then: &str) -> String {
    let child = |mark: &str| format!("sh -c 'echo {mark}; exec sleep 1000 # {word}' {word}");
    let stubborn = format!("sh -c 'trap \"\" TERM; echo d; while :; do sleep 1; done' {word}");
    format!(
        "({a}) & setsid {b} & (setsid sh -c \"setsid {c} &\" &) & setsid {stubborn} & echo started; {then}",
        a = child("a"),
        b = stay(word, "b"),
        c = stay(word, "c").replace(['"', '\''], "\\\""),
    )
}

fn stay(word: &str, mark: &str) -> String {
    format!("sh -c 'echo {mark}; while :; do sleep 0.2; done' {word}")
}

#[tokio::test]
async fn output_input_and_exit_code_come_through() {
    let big = "x".repeat(300_000);
    let mut lines = Vec::new();
    let ran =
        run(&shell("cat; echo; echo $#; echo oops >&2; exit 3", &big), limits(), &CancellationToken::new(), |l| {
            lines.push(l.len());
        })
        .await;
    assert_eq!((&ran.end, lines, ran.stderr.as_str()), (&End::Exited(3), vec![300_000, 1], "oops\n"));
    assert_eq!(ran.stdout.len(), 300_003);
}

#[tokio::test]
async fn the_environment_is_only_what_is_named() {
    let mut program = shell("env; pwd", "");
    program.environment = Environment::default().set("PATH", "/usr/bin:/bin").set("NAMED", "yes");
    let ran = run(&program, limits(), &CancellationToken::new(), |_| ()).await;
    let names: Vec<&str> = ran.stdout.lines().filter_map(|l| Some(l.split_once('=')?.0)).collect();
    for name in &names {
        let expected = ["PATH", "NAMED", "TMPDIR", "TMP", "TEMP", "DEEP_REVIEW_RUN", "PWD", "SHLVL", "_", "OLDPWD"];
        assert!(expected.contains(name), "{name} was passed on");
    }
    assert!(names.contains(&"NAMED"));
    assert!(ran.stdout.trim_end().ends_with("/work"), "it works in scratch: {}", ran.stdout);
}

#[tokio::test]
async fn every_way_to_fail_has_its_kind() {
    let short = Duration::from_millis(200);
    let table: [(&str, Limits, FailureKind, &str); 5] = [
        ("sleep 100", Limits { idle: short, ..limits() }, FailureKind::TimedOut, "it said nothing for 200 ms"),
        (
            "while :; do echo x; sleep 0.05; done",
            Limits { total: short, ..limits() },
            FailureKind::TimedOut,
            "it was not done after 200 ms",
        ),
        ("yes", limits(), FailureKind::TooLarge, "it wrote more than 1048576 bytes"),
        ("yes >&2", limits(), FailureKind::TooLarge, "it wrote more than 1048576 bytes"),
        // It is not asked first: it would go on writing meanwhile.
        (
            "trap '' TERM; while :; do yes; done",
            Limits { grace: LONG, ..limits() },
            FailureKind::TooLarge,
            "it wrote more than 1048576 bytes",
        ),
    ];
    let started = Instant::now();
    for (script, limits, expected, message) in table {
        let ran = run(&shell(script, ""), limits, &CancellationToken::new(), |_| ()).await;
        let End::Failed(failure) = &ran.end else { panic!("{script}: {:?}", ran.end) };
        assert_eq!((failure.kind, failure.message.as_str()), (expected, message), "{script}");
        assert!(ran.stdout.len() <= 1 << 20);
    }
    assert!(started.elapsed() < LONG, "a program that writes without an end was given time to go on");
    let mut missing = shell("", "");
    missing.path = "no-such-program-anywhere".into();
    let ran = run(&missing, limits(), &CancellationToken::new(), |_| ()).await;
    assert_eq!(kind(&ran), Some(FailureKind::NotInstalled));
    let ran = run(&shell("kill -9 $$", ""), limits(), &CancellationToken::new(), |_| ()).await;
    assert_eq!(ran.end, End::Signalled(9));
}

#[tokio::test]
async fn nothing_is_left_when_it_exits() {
    let word = "left-by-exit-7d1";
    let ran = run(&shell(&litter(word, "sleep 0.3"), ""), limits(), &CancellationToken::new(), |_| ()).await;
    assert_eq!(ran.end, End::Exited(0));
    for mark in ["a", "b", "c", "d"] {
        assert!(ran.stdout.lines().any(|l| l == mark), "{mark} never ran: {}", ran.stdout);
    }
    assert_eq!(living(word), 0);
}

#[tokio::test]
async fn nothing_is_left_when_it_is_cancelled() {
    let word = "left-by-cancel-7d2";
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let mut seen = Vec::new();
    let ran = run(&shell(&litter(word, "sleep 1000"), ""), limits(), &cancel, |l| {
        seen.push(l.to_owned());
        if ["a", "b", "c", "d"].iter().all(|m| seen.iter().any(|l| l == m)) {
            stop.cancel();
        }
    })
    .await;
    assert_eq!(kind(&ran), Some(FailureKind::Cancelled));
    assert_eq!(living(word), 0);
}

#[tokio::test]
async fn nothing_is_left_when_the_run_is_dropped() {
    let word = "left-by-drop-7d3";
    let program = shell(&litter(word, "sleep 1000"), "");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let _ = run(&program, limits(), &CancellationToken::new(), |l| sender.send(l.to_owned()).unwrap_or(())).await;
    });
    let mut seen = Vec::new();
    while !["a", "b", "c", "d"].iter().all(|m| seen.iter().any(|l| l == m)) {
        seen.push(lines.recv().await.unwrap());
    }
    task.abort();
    assert!(task.await.is_err());
    gone_soon(word);
}

#[tokio::test]
async fn nothing_is_left_when_the_supervisor_is_killed() {
    let word = "left-by-murder-7d4";
    let script = litter(word, "sleep 1; kill -9 $PPID; sleep 1000");
    let ran = run(&shell(&script, ""), limits(), &CancellationToken::new(), |_| ()).await;
    assert_eq!(kind(&ran), Some(FailureKind::Crashed));
    assert_eq!(living(word), 0);
}

/// What the kernel does to the supervisor when we are killed: its standard input ends.
#[test]
fn nothing_is_left_when_we_are_killed() {
    let word = "left-by-our-crash-7d5";
    let scratch = tempfile::tempdir().unwrap().keep();
    for name in ["stdin", "stdout", "stderr"] {
        std::fs::write(scratch.join(name), "").unwrap();
    }
    let file = |name: &str| scratch.join(name).to_string_lossy().into_owned();
    let order = serde_json::json!({
        "program": "sh", "args": ["-c", litter(word, "sleep 1000")], "environment": {"PATH": "/usr/bin:/bin"},
        "folder": scratch, "stdin": file("stdin"), "stdout": file("stdout"), "stderr": file("stderr"),
        "grace_ms": 200, "scratch": scratch,
    });
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_deep-review"))
        .arg("__supervise")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut control = supervisor.stdin.take().unwrap();
    writeln!(control, "{order}").unwrap();
    let all = |text: String| ["a", "b", "c", "d"].iter().all(|m| text.lines().any(|l| l == *m));
    wait_for(|| all(std::fs::read_to_string(scratch.join("stdout")).unwrap_or_default()), "its children never started");
    drop(control);
    supervisor.wait().unwrap();
    assert_eq!(living(word), 0);
    assert!(!Path::new(&scratch).exists(), "the scratch folder stayed");
}

fn gone_soon(word: &str) {
    wait_for(|| living(word) == 0, "processes stayed");
}

fn wait_for(mut done: impl FnMut() -> bool, else_: &str) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "{else_}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Whatever ends us, what agents were given is gone soon after.
#[test]
fn no_copy_of_the_code_stays_whatever_ends_us() {
    use std::os::unix::fs::PermissionsExt;
    for signal in ["TERM", "HUP", "QUIT", "INT", "KILL"] {
        let tmp = tempfile::tempdir().unwrap();
        let program = tmp.path().join("agent.sh");
        std::fs::write(&program, "#!/bin/sh\ncat >/dev/null\nsleep 1000\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let bed = crate::cli::bed::Bed::new();
        let bed = bed.raw(&format!("[agents.slow]\nadapter = 'command'\ncommand = ['{}']\n", program.display()));
        let homes = || -> Vec<std::path::PathBuf> {
            let entries = std::fs::read_dir(tmp.path()).unwrap().flatten().map(|e| e.path());
            entries.filter(|p| p.to_string_lossy().contains("deep-review-")).collect()
        };
        let mut review = bed.command(&["review", "--agent", "slow"]);
        let mut running = review.env("TMPDIR", tmp.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let has_input = || {
            let all = homes().into_iter().flat_map(|home| std::fs::read_dir(home).into_iter().flatten().flatten());
            all.into_iter().any(|run| run.path().join("stdin").exists())
        };
        wait_for(has_input, "the agent was never asked");
        for home in homes() {
            let mode = std::fs::metadata(&home).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o700, "{}", home.display());
        }
        let pid = running.id().to_string();
        Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        if signal == "INT" {
            // The first one cancels, and what was answered is kept.
            Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        }
        running.wait().unwrap();
        wait_for(|| homes().is_empty(), &format!("a copy stayed after {signal}"));
    }
}
