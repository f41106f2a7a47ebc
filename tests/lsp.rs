//! The language server as a process: how it ends, what it leaves behind, and whom it asks.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;
use test_repo::{Repo, isolate};

/// Long enough to never be the reason that a test ends.
const LONG: Duration = Duration::from_secs(60);

/// The server in a repository, under a configuration of the user.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: u64,
    /// How often it said that its lists are not what they were.
    changes: u64,
}

/// A session with an agent at work that has children in sessions of their own.
struct Session {
    /// A line from each process of the agent when it is up; its end when the last of them is gone.
    alive: Receiver<()>,
    server: Server,
    _repo: Repo,
}

/// Does what may take for ever on a thread of its own.
fn within<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    waiting.recv_timeout(LONG).unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

impl Server {
    /// Starts it for the process `parent`; returns when it has found the repository.
    fn start(repo: &Repo, config: &str, parent: u32) -> Self {
        let file = repo.beside("config.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_deep-review"));
        let mut process = isolate(&mut command)
            .arg("lsp")
            .current_dir(repo.path())
            .env("DEEP_REVIEW_CONFIG", file)
            .env("HOME", repo.beside("home"))
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut server = Self { process, input, output, asked: 0, changes: 0 };
        let root = format!("file://{}", repo.path().display());
        let folders = json!([{ "uri": root, "name": "repo" }]);
        let options = json!({ "review": { "auto": "off" } });
        let can = json!({ "textDocument": { "publishDiagnostics": { "codeDescriptionSupport": true } } });
        server.result(
            "initialize",
            &json!({ "processId": parent, "rootUri": root, "workspaceFolders": folders, "capabilities": can,
                     "initializationOptions": options }),
        );
        server.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        // The repository is found in the background.
        server.until(|status| status.get("branch").is_some());
        server
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }

    /// Sends a request and reads up to its answer.
    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params.clone();
        }
        self.send(&message);
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The next message of the server.
    fn receive(&mut self) -> Value {
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
        self.changes += u64::from(message["method"] == "deepReview/roundChanged");
        message
    }

    fn result(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.request(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Runs a command; with a token, so that a review is answered when it is over.
    fn command(&mut self, name: &str, argument: &Value) -> Value {
        self.request(
            "workspace/executeCommand",
            &json!({ "command": name, "arguments": [argument], "workDoneToken": name }),
        )
    }

    /// The number of the round that a review led to.
    fn review(&mut self, argument: &Value) -> u64 {
        let answer = self.command("deepReview.review", argument);
        answer["result"]["number"].as_u64().unwrap_or_else(|| panic!("no round: {answer}"))
    }

    /// Waits until what the server says of its only repository is as wanted: it tells when that may have changed.
    fn until(&mut self, done: impl Fn(&Value) -> bool) {
        loop {
            let changes = self.changes;
            let status = self.result("deepReview/status", &json!({}))["repositories"][0].clone();
            if done(&status) {
                return;
            }
            while self.changes == changes {
                self.receive();
            }
        }
    }

    /// Waits until it has ended; its exit code.
    fn end(mut self) -> Option<i32> {
        let mut process = self.process;
        // Not closed before: the server has to end by itself.
        let _input = self.input.take();
        let status: std::io::Result<ExitStatus> = within("the server's end", move || process.wait());
        status.unwrap().code()
    }

    /// Says goodbye as the protocol has it.
    fn finish(mut self) {
        self.result("shutdown", &Value::Null);
        self.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
        assert_eq!(self.end(), Some(0));
    }
}

impl Session {
    /// Starts the server for the process `parent`, and a review whose agent does not end.
    fn start(word: &str, parent: u32) -> Self {
        let repo = Repo::with_topic(&[("a.txt", "one\n")]);
        repo.write("a.txt", "two\n");
        repo.commit("Two");
        let (script, pipe) = (repo.beside(&format!("{word}.sh")), repo.beside("alive"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let stay = "sh -c 'echo up >&9; while :; do sleep 1; done'";
        let text = format!("exec 9>{}\nsetsid {stay} &\n(setsid {stay} &)\n{stay}\n", pipe.display());
        std::fs::write(&script, text).unwrap();
        let (up, alive) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(std::fs::File::open(pipe).unwrap()).lines();
            lines.map_while(Result::ok).for_each(|_| up.send(()).unwrap());
        });
        let config = format!("[agents.stays]\nadapter = 'command'\ncommand = ['sh', '{}']\n", script.display());
        let mut server = Server::start(&repo, &config, parent);
        let review = json!({ "command": "deepReview.review", "arguments": [{ "agents": ["stays"] }] });
        server.result("workspace/executeCommand", &review);
        for _ in 0..3 {
            alive.recv_timeout(LONG).expect("the agent and its children come up");
        }
        Self { alive, server, _repo: repo }
    }

    /// Waits until the server has ended, and until nothing is left of its agent; its exit code.
    fn end(self) -> Option<i32> {
        let code = self.server.end();
        let gone = self.alive.recv_timeout(LONG);
        assert_eq!(gone, Err(RecvTimeoutError::Disconnected), "a process of the agent is left");
        code
    }
}

#[test]
fn ends_with_0_after_shutdown_and_exit() {
    let mut session = Session::start("proper", std::process::id());
    session.server.result("shutdown", &Value::Null);
    session.server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(session.end(), Some(0));
}

#[test]
fn ends_with_1_after_exit_alone() {
    let mut session = Session::start("hasty", std::process::id());
    session.server.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(session.end(), Some(1));
}

#[test]
fn ends_with_1_when_its_input_does() {
    let mut session = Session::start("closed", std::process::id());
    session.server.input = None;
    assert_eq!(session.end(), Some(1));
}

#[test]
fn ends_with_1_when_its_input_does_although_nobody_reads_what_it_says() {
    let repo = Repo::with_topic(&[("a.txt", "one\n")]);
    let mut server = Server::start(&repo, "", std::process::id());
    let mut input = server.input.take().unwrap();
    rustix::io::ioctl_fionbio(&input, true).unwrap();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "nonsense" }).to_string();
    let message = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    // Until the pipes in both directions are full, and it takes no more.
    let takes_more = |input: &ChildStdin| {
        let mut asked = [PollFd::new(input, PollFlags::OUT)];
        poll(&mut asked, Some(&Timespec { tv_sec: 2, tv_nsec: 0 })).unwrap() > 0
    };
    while takes_more(&input) {
        let _ = input.write(message.as_bytes());
    }
    drop(input);
    assert_eq!(server.end(), Some(1));
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
    session.server.process.kill().unwrap();
    assert_eq!(session.end(), None);
}

/// A repository, and a configuration with an agent that notes each time it is asked; it fails while `broken` is there.
fn counting() -> (Repo, String) {
    let repo = Repo::with_topic(&[("a.txt", "one\n")]);
    repo.write("a.txt", "two\n");
    repo.commit("Two");
    let answer = json!({
        "summary": "", "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "",
        "limitations": [], "covered": [],
        "findings": [{
            "severity": "important", "title": "Two is wrong", "body": "It is.", "evidence": "", "symbol": "", "fixes": [],
            "classification": "regression",
            "places": [{ "path": "a.txt", "start_line": 1, "end_line": 1, "quote": "two" }],
        }],
    });
    let text = format!(
        "cat >/dev/null\necho asked >>{}\n[ ! -e {} ] || exit 9\ncat <<'ANSWER'\n{answer}\nANSWER\n",
        repo.beside("calls").display(),
        repo.beside("broken").display(),
    );
    std::fs::write(repo.beside("counts.sh"), text).unwrap();
    let script = repo.beside("counts.sh").display().to_string();
    let config = format!("[agents.counts]\nadapter = 'command'\ncommand = ['sh', '{script}']\nretries = 0\n");
    (repo, config)
}

/// How often the agent was asked.
fn asked(repo: &Repo) -> usize {
    std::fs::read_to_string(repo.beside("calls")).map_or(0, |calls| calls.lines().count())
}

/// The project has no public pages yet: what a finding leads to is on the user's machine.
#[test]
fn diagnostics_lead_to_the_report_and_to_no_address_of_the_project() {
    // The report is written when a file of the round is open, whichever comes first.
    for is_open_before in [false, true] {
        let repo = Repo::with_topic(&[("a.js", "let a = 1;\n")]);
        repo.write("a.js", "debugger;\nlet a = 1;\n");
        repo.commit("Stop here");
        let mut server = Server::start(&repo, "", std::process::id());
        let uri = format!("file://{}/a.js", repo.path().display());
        let document =
            json!({ "uri": uri, "languageId": "javascript", "version": 1, "text": "debugger;\nlet a = 1;\n" });
        let open =
            json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } });
        if is_open_before {
            server.send(&open);
        }
        assert_eq!(server.review(&json!({ "agents": ["leftovers"] })), 1);
        if !is_open_before {
            server.send(&open);
        }
        let href = loop {
            let message = server.receive();
            assert!(!message.to_string().contains(env!("CARGO_PKG_REPOSITORY")), "{message}");
            if let Some(href) = message["params"]["diagnostics"][0]["codeDescription"]["href"].as_str() {
                break href.to_owned();
            }
        };
        assert!(href.starts_with("file://"), "{href}");
        server.finish();
    }
}

#[test]
fn an_agent_is_asked_again_only_where_the_request_or_another_look_says_so() {
    let (repo, config) = counting();
    let mut server = Server::start(&repo, &config, std::process::id());
    let by = json!({ "agents": ["counts"] });
    assert_eq!((server.review(&by), asked(&repo)), (1, 1));
    assert_eq!((server.review(&by), asked(&repo)), (2, 1), "nothing changed since it answered");
    assert_eq!((server.review(&json!({ "agents": ["counts"], "fresh": true })), asked(&repo)), (3, 2));
    let answer = server.command("deepReview.recheck", &json!({ "id": "I1" }));
    assert_eq!(answer["result"], json!({ "started": true }), "{answer}");
    server.until(|status| status["round"]["number"] == 4 && status["running"] == false);
    assert_eq!(asked(&repo), 3, "to look again is to ask again");
    server.finish();
}

#[test]
fn an_interrupted_round_is_finished_under_its_number() {
    let (repo, config) = counting();
    let mut server = Server::start(&repo, &config, std::process::id());
    let resume = json!({ "agents": ["counts"], "resume": true });
    let refused = |answer: Value| answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert_eq!(
        refused(server.command("deepReview.review", &resume)),
        "there is no interrupted round on this branch: review without `resume` to begin a new round"
    );
    let both = json!({ "fresh": true, "resume": true });
    assert!(refused(server.command("deepReview.review", &both)).contains("say one of them"));
    std::fs::write(repo.beside("broken"), "").unwrap();
    assert_eq!(server.review(&json!({ "agents": ["counts"] })), 1);
    server.until(|status| status["round"]["incomplete"] == true && status["running"] == false);
    std::fs::remove_file(repo.beside("broken")).unwrap();
    assert_eq!((server.review(&resume), asked(&repo)), (1, 2));
    server.until(|status| status["round"]["incomplete"] == false && status["open"]["important"] == 1);
    server.finish();
}

#[test]
fn linters_run_the_code_of_repositories_that_the_user_trusts() {
    let (repo, _) = counting();
    let linter = "[agents.own]\nadapter = 'linter'\nformat = 'rdjson'\ncommand = ['sh', 'lint.sh']\n";
    for (trusted, usable) in [(repo.path().display().to_string(), true), ("/nowhere".into(), false)] {
        let mut server = Server::start(&repo, &format!("trusted = ['{trusted}']\n{linter}"), std::process::id());
        let answer = server.command("deepReview.agents", &json!({}));
        let agents = answer["result"]["agents"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let own = agents.iter().find(|a| a["name"] == "own").unwrap();
        assert_eq!(own["usable"], usable, "{own}");
        assert_eq!(own["detail"].as_str().unwrap().contains("not trusted"), !usable, "{own}");
        server.finish();
    }
}

#[test]
fn a_judge_or_lead_that_is_not_there_is_named() {
    let (repo, config) = counting();
    for (setting, name) in [("[merge]\nadjudicator = 'nobody'\n", "merge.adjudicator"), ("lead = 'nobody'\n", "lead")] {
        let config = if setting.starts_with('[') { format!("{config}{setting}") } else { format!("{setting}{config}") };
        let mut server = Server::start(&repo, &config, std::process::id());
        let answer = server.command("deepReview.review", &json!({ "agents": ["counts"] }));
        let expected = format!("{name} in your configuration: there is no agent 'nobody'");
        assert!(answer["error"]["message"].as_str().is_some_and(|m| m.starts_with(&expected)), "{answer}");
        assert_eq!(asked(&repo), 0);
        server.finish();
    }
}
