//! A client of the protocol, and a repository for it to work on.

use crate::{Settings, serve};
use serde_json::{Value, json};
use std::path::PathBuf;
use test_repo::Repo;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

pub(super) const BEFORE: &str = "fn main() {\n    let n = 1;\n    println!(\"{n}\");\n}\n";
pub(super) const AFTER: &str = "fn main() {\n    let n = first();\n    println!(\"{n}\");\n}\n\nfn first() -> u32 {\n    std::env::args().count() as u32\n}\n";

/// A branch that changes `src/main.rs`, and the user's configuration with one recorded reviewer.
pub(super) struct Bed {
    pub(super) repo: Repo,
}

/// A finding as a reviewer answers it.
pub(super) fn finding(severity: &str, title: &str, line: u32, diff: Option<&str>) -> Value {
    let fixes: Vec<Value> =
        diff.iter().map(|diff| json!({ "note": "", "path": "src/main.rs", "diff": diff })).collect();
    json!({
        "severity": severity, "title": title, "body": format!("{title}, at length."), "evidence": "",
        "classification": "regression", "symbol": "", "fixes": fixes,
        "places": [{ "path": "src/main.rs", "start_line": line, "end_line": line, "quote": "" }],
    })
}

pub(super) const COUNT: &str =
    "-    std::env::args().count() as u32\n+    u32::try_from(std::env::args().count()).unwrap_or(0)";

impl Bed {
    /// The user allows what `allow` says, in TOML.
    pub(super) fn new(allow: &str, findings: &[Value]) -> Self {
        let repo = Repo::with_topic(&[("src/main.rs", BEFORE)]);
        repo.write("src/main.rs", AFTER);
        repo.commit("Count the arguments");
        let bed = Self { repo };
        bed.says(findings, &json!({}));
        let answer = bed.answer_file();
        let config = format!(
            "[mcp]\nallow = {allow}\n[agents.one]\nadapter = 'recorded'\nlabel = 'ONE'\npath = '{}'\n",
            answer.display()
        );
        std::fs::write(bed.config_file(), config).unwrap();
        bed
    }

    /// With everything allowed, and two findings of which the first has a fix.
    pub(super) fn usual() -> Self {
        let findings = [
            finding("critical", "The count is cut", 7, Some(COUNT)),
            finding("suggestion", "The name says little", 6, None),
        ];
        Self::new("['read', 'review', 'apply', 'dismiss']", &findings)
    }

    /// Has the reviewer answer otherwise from now on.
    pub(super) fn says(&self, findings: &[Value], more: &Value) {
        let mut answer = json!({
            "summary": "", "findings": findings, "observations": [], "testing": "", "untested": [], "documentation": "",
            "commit_structure": "", "limitations": [], "covered": [], "verdicts": [],
        });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        std::fs::write(self.answer_file(), answer.to_string()).unwrap();
    }

    fn answer_file(&self) -> PathBuf {
        self.repo.beside("one.json")
    }

    pub(super) fn config_file(&self) -> PathBuf {
        self.repo.beside("config.toml")
    }

    pub(super) fn settings(&self) -> Settings {
        Settings { folder: self.repo.path().to_owned(), user_file: Some(self.config_file()) }
    }

    /// A client that has reviewed.
    pub(super) async fn reviewed(&self) -> Client {
        let mut client = Client::connect(self.settings()).await;
        let done = client.call("review", json!({ "agents": ["one"] })).await.unwrap();
        assert_eq!(done["stage"], "done", "{done}");
        client
    }
}

/// One end of the pipe. Each answer of a tool is held against the tool's own schema.
pub(super) struct Client {
    to: WriteHalf<DuplexStream>,
    from: Lines<BufReader<ReadHalf<DuplexStream>>>,
    next: i64,
    tools: Vec<Value>,
    /// Notifications that came so far.
    pub(super) heard: Vec<Value>,
    pub(super) server: JoinHandle<anyhow::Result<()>>,
}

impl Client {
    /// One that has said nothing yet.
    pub(super) fn raw(settings: Settings) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let server = tokio::spawn(serve(settings, tokio::io::split(theirs)));
        let (from, to) = tokio::io::split(ours);
        let from = BufReader::new(from).lines();
        Self { to, from, next: 0, tools: Vec::new(), heard: Vec::new(), server }
    }

    pub(super) async fn connect(settings: Settings) -> Self {
        let mut client = Self::raw(settings);
        let hello = client.request("initialize", hello()).await;
        assert_eq!(hello["result"]["serverInfo"]["name"], "deep-review", "{hello}");
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        let tools = client.request("tools/list", json!({})).await;
        client.tools = tools["result"]["tools"].as_array().unwrap().clone();
        client
    }

    pub(super) fn tools(&self) -> &[Value] {
        &self.tools
    }

    pub(super) async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(super) async fn send_text(&mut self, line: &str) {
        self.to.write_all(line.as_bytes()).await.unwrap();
        self.to.write_all(b"\n").await.unwrap();
        self.to.flush().await.unwrap();
    }

    /// Sends a request and gives its number.
    pub(super) async fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    /// The next message that the server sends.
    pub(super) async fn message(&mut self) -> Value {
        let line = self.from.next_line().await.unwrap().expect("the server went away");
        serde_json::from_str(&line).unwrap()
    }

    /// The answer to a request.
    pub(super) async fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.message().await;
            if message["id"] == id {
                return message;
            }
            self.heard.push(message);
        }
    }

    pub(super) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// Calls a tool; what it answers as data, or what it says went wrong.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> Result<Value, String> {
        let id = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        self.called(tool, id).await
    }

    /// What came of a call.
    pub(super) async fn called(&mut self, tool: &str, id: i64) -> Result<Value, String> {
        let answer = self.answer(id).await;
        assert!(answer.get("error").is_none(), "{tool}: {answer}");
        let (result, text) = (&answer["result"], answer["result"]["content"][0]["text"].as_str().unwrap());
        assert!(answer.to_string().len() < 100_000, "an answer of {} bytes", answer.to_string().len());
        if result["isError"] == true {
            return Err(text.to_owned());
        }
        let data = result["structuredContent"].clone();
        let offered = self.tools.iter().find(|offered| offered["name"] == tool).unwrap();
        let schema = jsonschema::validator_for(&offered["outputSchema"]).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&data).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{tool} does not keep to its schema: {wrong:?}\n{data:#}");
        Ok(data)
    }

    /// Goes away and waits for the server to end.
    pub(super) async fn leave(mut self) {
        self.to.shutdown().await.unwrap();
        drop((self.to, self.from));
        self.server.await.unwrap().unwrap();
    }
}

pub(super) fn hello() -> Value {
    json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "tester\u{1b}[31m", "version": "1" },
    })
}
