//! The language server as a process: how it ends, and what it leaves behind.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crate::support::repo::{Repo, isolate};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough to never be the reason that a test ends.
const LONG: Duration = Duration::from_secs(60);

/// A session with an agent at work that has children in sessions of their own.
struct Session {
    repo: Repo,
    /// In the command line of everything that the agent starts.
    word: String,
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes whose command line holds `word`.
fn living(word: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(word)).count()
}

impl Session {
    /// Starts the server for the process `parent`, and a review whose agent does not end.
    fn start(word: &str, parent: u32) -> Self {
        let word = format!("{word}-{}", std::process::id());
        let repo = Repo::with_topic(&[("a.txt", "one\n")]);
        repo.write("a.txt", "two\n");
        repo.commit("Two");
        let (script, ready) = (repo.beside(&format!("{word}.sh")), repo.beside("ready"));
        let stay = format!("sh -c 'while :; do sleep 0.2; done' {word}");
        let text = format!("setsid {stay} &\n(setsid {stay} &)\ntouch {}\n{stay}\n", ready.display());
        std::fs::write(&script, text).unwrap();
        let config = repo.beside("config.toml");
        let text = format!("[agents.stays]\nadapter = 'command'\ncommand = ['sh', '{}']\n", script.display());
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_deep-review"));
        let mut server = isolate(&mut command)
            .arg("lsp")
            .current_dir(repo.path())
            .env("DEEP_REVIEW_CONFIG", config)
            .env("HOME", repo.beside("home"))
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        let mut session = Self { repo, word, server, input, output };
        let root = format!("file://{}", session.repo.path().display());
        let folders = json!([{ "uri": root, "name": "repo" }]);
        let options = json!({ "review": { "auto": "off" } });
        session.request(
            1,
            "initialize",
            &json!({ "processId": parent, "rootUri": root, "workspaceFolders": folders, "capabilities": {},
                     "initializationOptions": options }),
        );
        session.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        // The repository is found in the background.
        let mut id = 2;
        loop {
            let answer = session.request(id, "deepReview/status", &json!({}));
            if answer["repositories"].as_array().is_some_and(|all| all.iter().any(|r| r.get("branch").is_some())) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            id += 1;
        }
        let review = json!({ "command": "deepReview.review", "arguments": [{ "agents": ["stays"] }] });
        session.request(id + 1, "workspace/executeCommand", &review);
        until("the agent's children", || ready.exists() && living(&session.word) >= 3);
        session
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }

    /// Sends a request and reads up to its answer.
    fn request(&mut self, id: u64, method: &str, params: &Value) -> Value {
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params.clone();
        }
        self.send(&message);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(self.output.read_line(&mut line).unwrap() > 0, "the server hung up");
                match line.trim().split_once(": ") {
                    Some(("Content-Length", n)) => length = n.parse().unwrap(),
                    Some(_) => {}
                    None => break,
                }
            }
            let mut body = vec![0; length];
            self.output.read_exact(&mut body).unwrap();
            let message: Value = serde_json::from_slice(&body).unwrap();
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].clone();
            }
        }
    }

    /// Waits until the server has ended, and until nothing is left of its agent; its exit code.
    fn end(mut self) -> Option<i32> {
        let start = Instant::now();
        let code = loop {
            if let Some(status) = self.server.try_wait().unwrap() {
                break status.code();
            }
            assert!(start.elapsed() < LONG, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        until("the agent's processes to be gone", || living(&self.word) == 0);
        code
    }
}

#[test]
fn ends_with_0_after_shutdown_and_exit() {
    let mut session = Session::start("proper", std::process::id());
    session.request(900, "shutdown", &Value::Null);
    session.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(session.end(), Some(0));
}

#[test]
fn ends_with_1_after_exit_alone() {
    let mut session = Session::start("hasty", std::process::id());
    session.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(session.end(), Some(1));
}

#[test]
fn ends_with_1_when_its_input_does() {
    let mut session = Session::start("closed", std::process::id());
    session.input = None;
    assert_eq!(session.end(), Some(1));
}

#[test]
fn ends_with_1_when_the_process_that_started_it_is_gone() {
    let mut parent = Command::new("sleep").arg("1000").spawn().unwrap();
    let session = Session::start("orphan", parent.id());
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(session.end(), Some(1));
}

#[test]
fn leaves_no_agent_behind_when_it_is_killed() {
    let mut session = Session::start("killed", std::process::id());
    session.server.kill().unwrap();
    assert_eq!(session.end(), None);
}
